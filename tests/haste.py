"""Programs compiled in haste: half the time to compile, then two to three times slower to run.

Most tests run a program for a moment only. What is computed is the same but for the last bit; tests
of the bits themselves, and those that train for long, are marked `earnest`.
"""

from contextlib import contextmanager

import jax


@contextmanager
def hasty(wanted: bool = True):
    """Compile what is compiled within in haste, or as it is for users."""
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", wanted)
    try:
        yield
    finally:
        jax.config.update("jax_disable_most_optimizations", before)
