"""The source that decides a run's numbers: an experiment, what it imports of the library, and the engine."""

import ast
import functools
import hashlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
GROUND = ("experiment.py", "objectives.py", "optimisers.py", "privacy.py", "tasks", "models", "measures", "engine")


@functools.lru_cache
def code_hash(cls) -> str:
    """A hash of the source that computes; claims, figures and other studies are no part of it."""
    digest = hashlib.sha256()
    for file in sources(cls):
        digest.update(file.read_bytes())
    if _module_file(cls) is None:  # defined in a notebook
        digest.update(_class_source(cls).encode())
    return digest.hexdigest()[:16]


def sources(cls) -> list[Path]:
    """The files, in order: those of the engine, and all that the experiment's module imports, from file to file.

    For a class that no file holds, the whole ground floor, since nobody knows what its notebook imports.
    """
    home, ground = _module_file(cls), [PACKAGE / part for part in GROUND]
    every = [f for part in ground for f in ([part] if part.is_file() else part.rglob("*.py"))]
    if home is None:
        return sorted(every)
    open_, found = [home, *(f for f in every if f.parent.name == "engine")], set()
    while open_:
        file = open_.pop()
        if file not in found:
            found.add(file)
            open_ += [f for f in _imported(file) if f in every or f.parent == home.parent]
    return sorted(found)


def _imported(file: Path) -> Iterator[Path]:
    """The library's own files that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            first, *rest = name.split(".")
            place = PACKAGE.joinpath(*rest)
            if first == PACKAGE.name:
                yield from (f for f in (place.with_suffix(".py"), place / "__init__.py") if f.is_file())


def _module_file(cls) -> Path | None:
    module = sys.modules.get(cls.__module__)
    name = getattr(module, "__file__", None)
    return Path(name).resolve() if name and Path(name).suffix == ".py" else None


def _class_source(cls) -> str:
    try:
        return inspect.getsource(cls)
    except (OSError, TypeError):
        return cls.__qualname__ + "".join(
            f.__code__.co_code.hex() + repr(f.__code__.co_consts)
            for f in vars(cls).values() if inspect.isfunction(f)
        )
