"""Files written whole or not at all."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from mini.errors import UsageError

STALE_SECONDS = 86_400.0  # after which a file that was begun is no longer being written


def write_text(path: Path, text: str) -> None:
    """Write a text whole or not at all; a place that cannot be written is a user's error."""
    with output(path) as beside:
        beside.write_text(text)


@contextlib.contextmanager
def output(path: Path) -> Iterator[Path]:
    """`replaced`, for what a user asked to be written.

    Raises:
      UsageError: the folder, or the file, cannot be written.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():  # what is moved there would take a device's place
            raise OSError("it is no plain file")
        with replaced(path) as beside:
            yield beside
    except OSError as error:
        raise UsageError(f"out: {str(path)!r} could not be written ({error.strerror or error})") from None


def sweep_stale(folder: Path) -> None:
    """Remove what a kill has left half-written anywhere in a folder."""
    for left in Path(folder).rglob(".*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                left.unlink()


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A place beside a file to write to; it takes the file's place at the end, or is gone on an error.

    Raises:
      OSError: the folder, or the file, cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replaced(Path(folder) / "new" / "a.txt") as beside:
    ...         _ = beside.write_text("whole")
    ...     (Path(folder) / "new" / "a.txt").read_text()
    'whole'
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        os.replace(beside, path)
    finally:
        with contextlib.suppress(OSError):  # where the folder is none, nothing was left beside it
            beside.unlink()
