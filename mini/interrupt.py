"""Ctrl-C, heard wherever it comes.

Python raises it in whatever is running. A callback of the garbage collector, such as JAX's, swallows it, and an import that it
cuts short fails in ways of its own; so it is noted as well, and the engine stops at the end of its chunk.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

heard = threading.Event()
_loading = threading.Event()


@contextmanager
def heeded() -> Iterator[None]:
    """Note each Ctrl-C and raise it; in the main thread, which alone may ask for it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, _note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        heard.clear()


@contextmanager
def loading() -> Iterator[None]:
    """Raise a Ctrl-C only once what is imported within is whole."""
    _loading.set()
    try:
        yield
    finally:
        _loading.clear()
    if heard.is_set():
        raise KeyboardInterrupt


def _note(number, frame) -> None:
    heard.set()
    if not _loading.is_set():
        raise KeyboardInterrupt
