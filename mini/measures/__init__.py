"""What is looked at: pure functions of arrays."""
