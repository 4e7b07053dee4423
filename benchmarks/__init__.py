"""This code timed beside PyTorch and the machine's own peak: `mini bench`, one module a topic."""
