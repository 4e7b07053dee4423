"""How a class is marked: a course for nbgrader, whose marks do not hang on what a student's notebook does to `labs.check`.

In a student's notebook a check says what is wrong without stopping it; it is a Python object, which a cell above could
replace. While marks are given, the assertions are therefore run bare. `mini course` makes a course; it needs the extra `teach`.
"""

import textwrap
from pathlib import Path

from nbgrader.converters import Autograde
from nbgrader.preprocessors import NbGraderPreprocessor

from mini import labs
from mini.errors import UsageError
from mini.files import write_text

CHECK = "with labs.check("
CONFIGURATION = """from mini import marking

c = get_config()
c.CourseDirectory.course_id = "memorisation"
c.ExecutePreprocessor.timeout = 600  # seconds a cell; labs are small while they are marked
marking.configure(c)
"""


class Bare(NbGraderPreprocessor):
    """Takes the assertions of each marked cell out of `with labs.check(...):`."""

    def preprocess_cell(self, cell, resources, index):
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.source.startswith(CHECK):
            cell.source = bare(cell.source)
        return cell, resources


def bare(source: str) -> str:
    """A check's own lines.

    >>> bare('with labs.check("sum"):' + chr(10) + '    assert total == 3')
    'assert total == 3'
    """
    _, _, body = source.partition("\n")
    return textwrap.dedent(body)


def configure(config) -> None:
    """Have nbgrader run the assertions bare, before it executes a submission."""
    steps = Autograde.class_traits()["autograde_preprocessors"].default()
    config.Autograde.autograde_preprocessors = [Bare, *steps]


def course(folder: Path) -> list[Path]:
    """Make a course's folder; returns what was written.

    Raises:
      UsageError: something of it is there already.
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
