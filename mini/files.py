"""Files written whole or not at all."""

import contextlib
import os
import time
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from mini.errors import UsageError

STALE_SECONDS = 86_400.0  # after which a file that was begun is no longer being written


def bundled(kind: str) -> Path:
    """The folder `data` or `labs`, in a checkout or in an installed package."""
    inside = Path(str(resources.files("mini"))) / f"_{kind}"
    return inside if inside.is_dir() else Path(__file__).parents[1] / kind


def stem(name: str) -> str:
    """The name of a figure's files.

    >>> stem("grokking/curves")
    'grokking-curves'
    """
    return name.replace("/", "-")


def write_text(path: Path, text: str) -> None:
    """Write a text whole or not at all; a place that cannot be written is a user's error."""
    with output(path) as beside:
        beside.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def output(path: Path) -> Iterator[Path]:
    """`replaced`, for a file that the user asked for.

    Raises:
      UsageError: the folder, or the file, cannot be written.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():  # moving a file there would replace a device
            raise OSError("it is no plain file")
        with replaced(path) as beside:
            yield beside
    except OSError as error:
        raise UsageError(f"out: {str(path)!r} could not be written ({error.strerror or error})") from None


def check_writable(path: Path) -> None:
    """Refuse an output place that cannot be written, before anything is computed; nothing is left there."""
    path, made = Path(path), []
    try:
        if path.is_dir():
            raise UsageError(f"out: got {str(path)!r}, which is a folder; takes a file to write")
        if path.exists() and not path.is_file():  # moving a result there would replace a device
            raise UsageError(f"out: got {str(path)!r}, which is no plain file; takes a file to write")
        made = [p for p in path.absolute().parents if not p.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        probe = path.with_name(f".{path.name}.{os.getpid()}.probe")
        try:
            probe.write_bytes(b"x" * 4096)
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"out: got {str(path)!r}, takes a place that can be written "
                         f"({error.strerror})") from None
    finally:
        for folder in made:
            with contextlib.suppress(OSError):
                folder.rmdir()


def sweep_stale(folder: Path) -> None:
    """Remove what killed processes have left half-written anywhere in a folder."""
    for left in Path(folder).rglob(".*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                left.unlink()


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A temporary file to write to, beside a given one, which it replaces at the end; on an error it is removed.

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
        with contextlib.suppress(OSError):  # if there is no such folder, nothing was left in it
            beside.unlink()
