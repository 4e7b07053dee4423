"""Files written whole or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def write_text(path: Path, text: str) -> None:
    """Write a text whole or not at all."""
    with replaced(Path(path)) as beside:
        beside.write_text(text)


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
