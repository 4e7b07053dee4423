"""Real text that every machine has: the source of Python's own standard library, byte by byte.

The files and their order are fixed, and a hash says what was read: it differs from one version of Python to the next, and
so do results. Tests are left out, and so is what a build writes about itself. Bytes beyond ASCII, 1 in 5000, become "?".

Kinds of text: "data" is what a literal of many constants or of many lines holds (tables, dictionaries, encodings),
"documentation" is `pydoc_data/` and docstrings, "code" is all else.

Shape letters: N bytes of the text, F files.
"""

import ast
import collections
import functools
import hashlib
import os
import sysconfig
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mini.errors import UsageError, wrong

VOCABULARY = 128
CATEGORIES = ("code", "documentation", "data")
LEFT_OUT = {"test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__"}
TABLE = 20  # constants, or lines of one text, that make a literal count as data
FILL = ord("?")


class Corpus(NamedTuple):
    text: np.ndarray  # (N,) uint8 below 128
    names: tuple[str, ...]  # of the files, sorted
    starts: np.ndarray  # (F + 1,) where each file begins, and the end
    digest: str  # SHA-256 of names and bytes, 16 hexadecimal digits
    replaced: int  # bytes beyond ASCII


@functools.lru_cache
def load(root: str | None = None) -> Corpus:
    """The Python files under a folder, by default the running Python's standard library; read once per process.

    Raises:
      UsageError: no folder, no Python file in it, one that cannot be read, or nothing in any of them.

    >>> corpus = load()
    >>> corpus.text.dtype, bool((corpus.text < VOCABULARY).all()), "textwrap.py" in corpus.names
    (dtype('uint8'), True, True)
    """
    place = Path(root or sysconfig.get_path("stdlib"))
    names = _files(place)
    digest, parts, replaced = hashlib.sha256(), [], 0
    for name in names:
        try:
            raw = (place / name).read_bytes()
        except OSError as error:
            raise UsageError(f"corpus: {str(place / name)!r} could not be read ({error.strerror})") from None
        digest.update(name.encode() + b"\0" + raw)
        part = np.frombuffer(raw, np.uint8)
        replaced += int((part >= VOCABULARY).sum())
        parts.append(np.where(part < VOCABULARY, part, np.uint8(FILL)))
    if not sum(map(len, parts)):
        raise UsageError(f"corpus: no text in the {len(names)} Python files of {str(place)!r}")
    starts = np.cumsum([0, *map(len, parts)])
    return Corpus(np.concatenate(parts), names, starts, digest.hexdigest()[:16], replaced)


def _files(place: Path) -> tuple[str, ...]:
    if not place.is_dir():
        raise UsageError(f"corpus: no folder {str(place)!r}")
    found = []
    for folder, inner, files in os.walk(place):
        inner[:] = [name for name in inner if name not in LEFT_OUT]
        found += [Path(folder, name).relative_to(place).as_posix() for name in files
                  if name.endswith(".py") and not name.startswith("_sysconfigdata")]
    if not found:
        raise UsageError(f"corpus: no Python file in {str(place)!r}")
    return tuple(sorted(found))


def encode(text: str | bytes) -> np.ndarray:
    """Text as bytes below 128, (N,) uint8.

    Raises:
      UsageError: a character beyond ASCII.

    >>> encode("a = 1").tolist()
    [97, 32, 61, 32, 49]
    """
    raw = np.frombuffer(text.encode() if isinstance(text, str) else bytes(text), np.uint8)
    if (raw >= VOCABULARY).any():
        raise wrong("text", text, f"bytes below {VOCABULARY} (ASCII)")
    return raw


def decode(tokens) -> str:
    """The text of some bytes; what cannot be printed becomes "·", and a line's end "⏎".

    >>> decode([97, 10, 0])
    'a⏎·'
    """
    return "".join("⏎" if t == 10 else chr(t) if 32 <= t < 127 else "·" for t in map(int, tokens))


def split(corpus: Corpus, every: int) -> tuple[Corpus, Corpus]:
    """The files for training, and the held-out ones, one in `every`; both keep the digest of the whole."""
    number = np.arange(len(corpus.names))
    return tuple(_take(corpus, np.flatnonzero(side)) for side in (number % every != every - 1, number % every == every - 1))


def _take(corpus: Corpus, files: np.ndarray) -> Corpus:
    parts = [corpus.text[corpus.starts[f]: corpus.starts[f + 1]] for f in files]
    text = np.concatenate(parts) if parts else np.zeros(0, np.uint8)
    return corpus._replace(text=text, names=tuple(corpus.names[f] for f in files), starts=np.cumsum([0, *map(len, parts)]))


def categories(corpus: Corpus) -> np.ndarray:
    """The kind of each byte, (N,) uint8 index into `CATEGORIES`.

    A file that this Python cannot parse (a template, another version's syntax) is taken as code.
    """
    parts = [corpus.text[a:b].tobytes() for a, b in zip(corpus.starts, corpus.starts[1:])]
    return np.concatenate([np.zeros(0, np.uint8), *map(_kinds, corpus.names, parts)])


def _kinds(name: str, source: bytes) -> np.ndarray:
    kinds = np.full(len(source), name.startswith("pydoc_data/"), np.uint8)
    if kinds.any():
        return kinds
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return kinds
    lines = np.r_[0, np.cumsum([len(line) for line in source.splitlines(keepends=True)])]
    nodes = list(ast.walk(tree))
    for kind, found in ((2, filter(_is_table, nodes)), (1, _docstrings(nodes))):
        for node in found:
            kinds[lines[node.lineno - 1] + node.col_offset: lines[node.end_lineno - 1] + node.end_col_offset] = kind
    return kinds


def _docstrings(nodes: list[ast.AST]) -> list[ast.AST]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [n.body[0].value for n in nodes if isinstance(n, documented) and ast.get_docstring(n, clean=False) is not None]


def _is_table(node: ast.AST) -> bool:
    """Whether a literal holds many constants, and little else, or is one text written over many lines."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
        return node.end_lineno - node.lineno >= TABLE
    if not isinstance(node, (ast.Dict, ast.List, ast.Tuple, ast.Set)):
        return False
    inner = list(ast.walk(node))
    constants = sum(isinstance(child, ast.Constant) for child in inner)
    return constants >= TABLE and 2 * constants >= sum(isinstance(child, ast.expr) for child in inner)


def windows(corpus: Corpus, length: int, distinct: int = 8) -> list[np.ndarray]:
    """Where windows begin that lie in one file and are of one kind: for each category the places, (M,), up to 40000.

    Args:
      distinct: the fewest different bytes in a window's second half, so that none is a ruler or blank.
    """
    text, kinds = corpus.text, categories(corpus)
    turns = np.r_[True, kinds[1:] != kinds[:-1]]
    turns[corpus.starts[:-1][corpus.starts[:-1] < len(text)]] = True
    run = np.cumsum(turns, dtype=np.int32)
    whole = np.flatnonzero(run[: max(len(text) - length + 1, 0)] == run[length - 1:])
    found = []
    for c in range(len(CATEGORIES)):
        at = whole[kinds[whole] == c]
        at = at[::max(len(at) // 20000, 1)]  # enough to draw from
        second = np.sort(text[at[:, None] + np.arange(length // 2, length)], 1)
        found.append(at[(np.diff(second, axis=1) > 0).sum(1) + 1 >= distinct])
    return found


def duplicates(text: np.ndarray, shortest: int = 40) -> dict[bytes, int]:
    """How often each line of at least `shortest` characters occurs, spaces at its ends left out.

    >>> duplicates(encode("x" * 40 + "\\nshort\\n  " + "x" * 40))
    {b'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx': 2}
    """
    lines = map(bytes.strip, text.tobytes().split(b"\n"))
    return dict(collections.Counter(line for line in lines if len(line) >= shortest))
