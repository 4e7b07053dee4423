"""What is learned: tasks as pure functions of keys and sizes."""
