"""The source that decides a run's numbers: an experiment, what it imports of the library, and the engine."""

import ast
import functools
import hashlib
import sys
import time
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
GROUND = ("experiment.py", "objectives.py", "optimisers.py", "privacy.py", "tasks", "models", "measures", "engine")
BEGAN = time.time()
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
LABELLED = ("traced", "static", "Variable")  # calls whose first argument computes, and whose others say what it is


def unsettled(cls) -> str:
    """Why nobody can say which source runs, so that nothing may be kept under its name; empty where it is known."""
    if None in _homes(cls):
        return "it is written in a notebook, whose cells may change"
    changed = [f.name for f in sources(cls) if f.stat().st_mtime > BEGAN]
    return f"{', '.join(changed)} changed since this process began" if changed else ""


@functools.lru_cache
def code_hash(cls) -> str:
    """A hash of the source that computes; claims, figures, other studies, and words for readers are no part of it."""
    texts = sorted(computing(file.read_text(encoding="utf-8")) for file in sources(cls))  # wherever the files lie
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def computing(text: str) -> str:
    """Source without what decides no number: comments, docstrings, the words of labels and errors, and how its lines are set.

    >>> computing('def f(x):\\n    "Twice."\\n    return 2 * x  # or x + x')
    'def f(x):\\n    return 2 * x'
    >>> computing('p: int = static(97, "modulus", within="[2, inf)")')
    "p: int = static(97, within='[2, inf)')"
    """
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in LABELLED:
            node.args = node.args[:1]
            node.keywords = [word for word in node.keywords if word.arg not in ("meaning", "unit", "long_name")]
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
    return ast.unparse(tree)


@functools.lru_cache
def sources(cls) -> tuple[Path, ...]:
    """The files, in order: those of the engine, and all that the experiment's modules import, from file to file.

    Imports are followed into the ground floor, into the folders of the experiment and of those it is made from, and,
    from a file outside the library, into whatever it imports from the library or from its own folder.
    """
    homes = [home for home in _homes(cls) if home]
    every = {f for part in GROUND for f in ([PACKAGE / part] if (PACKAGE / part).is_file() else (PACKAGE / part).rglob("*.py"))}
    near, open_, found = {home.parent for home in homes}, [*homes, *(f for f in every if f.parent.name == "engine")], set()
    while open_:
        file = open_.pop()
        if file not in found:
            found.add(file)
            foreign = PACKAGE not in file.parents
            open_ += [f for f in _imported(file) if foreign or f in every or f.parent in near]
    return tuple(sorted(found))


@functools.lru_cache
def _imported(file: Path) -> tuple[Path, ...]:
    """The files that a file imports, anywhere in its text: those of the library, and those in its own folder."""
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            first, *rest = name.split(".")
            place = PACKAGE.joinpath(*rest) if first == PACKAGE.name else file.parent.joinpath(first, *rest)
            found += [f for f in (place.with_suffix(".py"), place / "__init__.py") if f.is_file()]
    return tuple(found)


def _homes(cls) -> list[Path | None]:
    """The files of an experiment and of those it is made from; None for one that is in no file."""
    own = [c for c in cls.__mro__ if c is not object and c.__module__ != "mini.experiment"]
    return [_module_file(c) for c in own]


def _module_file(cls) -> Path | None:
    name = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return Path(name).resolve() if name and Path(name).suffix == ".py" else None
