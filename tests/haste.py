"""Programs compiled in haste: half the time to compile, then two to three times slower to run.

Most tests run a program for a moment only. What is computed is the same but for the last bit; tests
of the bits themselves, and those that train for long, are marked `earnest`.
"""

from contextlib import contextmanager

import jax

from mini.engine import program

PREPARE = {False: program.prepare,  # which asks for a level of its own
           True: jax.jit(program.prepare.__wrapped__, static_argnames="stacked")}


@contextmanager
def hasty(wanted: bool = True):
    """Compile what is compiled within in haste, or as it is for users."""
    before = jax.config.read("jax_disable_most_optimizations")
    compile_in_haste(wanted)
    try:
        yield
    finally:
        compile_in_haste(before)


def compile_in_haste(wanted: bool) -> None:
    """From now on, until it is said otherwise."""
    jax.config.update("jax_disable_most_optimizations", wanted)
    program.prepare = PREPARE[wanted]
