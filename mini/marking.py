"""How a class is marked: a course for nbgrader, whose marks do not depend on what a student's notebook does to `labs.check`.

In a student's notebook a check says what is wrong without stopping the notebook; it is a Python object, which a cell above
could replace. During marking the assertions are therefore run bare, once it is clear that the names they depend on still
tell false from true, and answers whose class decides for itself what it equals are refused. `mini course` makes a course;
it needs the extra `teach`.
"""

import textwrap
from pathlib import Path

from nbgrader.converters import Autograde
from nbgrader.preprocessors import DeduplicateIds, NbGraderPreprocessor

from mini import labs
from mini.errors import UsageError
from mini.files import write_text

CHECK, AS_SET = "with labs.check(", "mini_check_as_set"
PROBE = """import functools as _functools
import sys as _sys
import types as _types
import numpy as _np
try:
    assert _np.isclose(0, 1) or _np.allclose([0], [1]) or abs(-1) != 1 or all([0]) or any([0]) or sorted([2, 1]) != [1, 2]
except AssertionError:
    pass
else:
    raise RuntimeError("a name that the marks hang on was replaced in this notebook")

def _plain(value):  # whatever its class says of itself
    for _class in type(value).__mro__:
        if _class.__module__ == "__main__" and not vars(_class).keys().isdisjoint(_TELLING):
            raise AssertionError(f"an answer is of the class {_class.__name__}, which decides itself what it equals")
    for part in value if isinstance(value, (tuple, list)) else ():
        _plain(part)
    return value

def _watched(function):
    function = getattr(function, "_watched", function)  # by the check before
    watched = _functools.wraps(function)(lambda *given, **named: _plain(function(*given, **named)))
    watched._watched = function
    return watched

_TELLING = {name for name in (*dir(float), *dir(_np.ndarray)) if name.startswith("__")} - {
    "__doc__", "__init__", "__new__", "__getnewargs__", "__repr__", "__str__", "__hash__"}  # a named tuple writes these
globals().update({name: _watched(value) for name, value in list(globals().items())
                  if isinstance(value, _types.FunctionType) and value.__module__ == "__main__" and name[:1] != "_"})
_sys.setrecursionlimit(3000)  # an answer that calls itself is called through what watches it
"""
CONFIGURATION = """from mini import marking

c = get_config()
c.CourseDirectory.course_id = "memorisation"
c.ExecutePreprocessor.timeout = 120  # seconds a cell; labs are small while they are marked
marking.configure(c)
"""


class Bare(NbGraderPreprocessor):
    """Takes the assertions of each marked cell out of `with labs.check(...):`."""

    def preprocess_cell(self, cell, resources, index):
        if marked(cell) and cell.source.startswith(CHECK):
            cell.metadata[AS_SET], cell.source = cell.source, PROBE + bare(cell.source)
        return cell, resources


class Tidy(NbGraderPreprocessor):
    """Puts each check back as it was set, for the feedback, and removes what it wrote to stderr.

    nbgrader gives 0 for what is written there, though a right answer may warn, say of 0 / 0.
    """

    def preprocess_cell(self, cell, resources, index):
        if marked(cell):
            cell.source = cell.metadata.pop(AS_SET, cell.source)
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        return cell, resources


class Copies(NbGraderPreprocessor):
    """Makes a copied cell an ordinary one: nbgrader leaves it empty metadata, then refuses it and the rest of the class."""

    def preprocess_cell(self, cell, resources, index):
        if not cell.metadata.get("nbgrader", True):
            del cell.metadata["nbgrader"]
        return cell, resources


def marked(cell) -> bool:
    """Whether a cell of code carries a mark."""
    return cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade", False)


def bare(source: str) -> str:
    """A check's own lines.

    >>> bare('with labs.check("sum"):' + chr(10) + '    assert total == 3')
    'assert total == 3'
    """
    _, _, body = source.partition("\n")
    return textwrap.dedent(body)


def configure(config) -> None:
    """Have nbgrader run the assertions bare, ignore warnings, and carry on where a cell was copied."""
    traits = Autograde.class_traits()
    execute, *steps = traits["autograde_preprocessors"].default()
    config.Autograde.autograde_preprocessors = [Bare, execute, Tidy, *steps]
    tidy = traits["sanitize_preprocessors"].default()
    after = tidy.index(DeduplicateIds) + 1
    config.Autograde.sanitize_preprocessors = [*tidy[:after], Copies, *tidy[after:]]


def course(folder: Path) -> list[Path]:
    """Make a course's folder; returns what was written.

    Raises:
      UsageError: part of it is there already.
    """
    import nbformat

    made = {folder / "nbgrader_config.py": CONFIGURATION}
    for name in labs.names():
        source = labs.folder() / "src" / f"{name}.py"
        made[folder / "source" / name / f"{name}.ipynb"] = nbformat.writes(labs.teacher(source)) + "\n"
    for path in made:
        if path.exists():
            raise UsageError(f"folder: {str(path)!r} is there already; takes a folder without a course")
    for path, text in made.items():
        write_text(path, text)
    return list(made)
