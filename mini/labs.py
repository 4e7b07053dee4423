"""The labs: where they are, how they are set up, how an answer is checked, how they are made.

    python -m mini.labs new lab09_walk walk     begins labs/src/lab09_walk.py, a lab of the study `walk`
    python -m mini.labs build                   makes labs/*.ipynb from labs/src/*.py (needs the extra `teach`)
    python -m mini.labs check                   the same, and fails where a notebook would change
"""

import hashlib
import html
import math
import numbers
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mini.errors import UsageError, unknown, wrong
from mini.files import bundled, write_text
from mini.machine import fast, grading

GRADED = "mini-lab-answer"
READING = """The last number under <i>here</i> is what the criterion is put to; in brackets its 95% interval over the seeds.
Reproduced: the whole interval meets the criterion. Not at this scale: none of it does. Undecided: part of it does.
A <i>margin</i> is how far the tightest of several conditions is met; at 0 or more all are.
<i>Secondary</i>: the published figure was taken from a text that quotes the paper. <i>Recalled</i>: from memory, not looked up.
<i>Read off the plot</i>: as exact as the eye."""


def folder() -> Path:
    """The folder of the labs, in a checkout or in an installed package."""
    return bundled("labs")


def names(where: Path | None = None) -> list[str]:
    """The labs by name, in order."""
    return sorted(source.stem for source in ((where or folder()) / "src").glob("lab*.py"))


def launch(argv: Sequence[str] = ()) -> int:
    """Open the labs in JupyterLab; with an installed package, a copy of them in `./mini-labs`."""
    place, hidden = folder(), ["--ContentsManager.hide_globs=src"]  # the solutions
    if place.name == "_labs":
        place = Path.cwd() / "mini-labs"
        place.mkdir(exist_ok=True)
        for notebook in folder().glob("*.ipynb"):
            if not (place / notebook.name).exists():  # a student's work is never overwritten
                shutil.copy(notebook, place)
    try:
        import jupyterlab  # noqa: F401
    except ImportError:
        raise UsageError("lab: JupyterLab is not installed; pip install 'mini-memorisation[lab]'") from None
    return subprocess.call([sys.executable, "-m", "jupyterlab", str(place), *hidden, *argv])


# In a notebook: the setup, and what an exercise shows.


def setup(minutes: int, compute: str) -> None:
    """Prepare a lab's process and say what it will cost: call it first."""
    import jax

    from mini.engine.store import compile_cache
    from mini.machine import cores, versions

    compile_cache()
    packages = versions()
    print(f"About {minutes} minutes for you, {compute} on two cores; this computer has {cores()}"
          + (" (small settings now)" if fast() else "") + ".")
    print(f"Python {packages['python']}, JAX {packages['jax']} on {jax.default_backend()}.")


class check:
    """Look at an answer: `with labs.check("task"): assert ...`.

    It says so if the exercise is still open, and what is wrong if the answer is not right, without
    stopping the notebook. During grading the same lines raise an error, and so cost the point.
    """

    def __init__(self, task: str):
        self.task = task

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind, error, trace) -> bool:
        if error is None:
            _say("✓", self.task, "passes", "#009E73")
            return False
        if grading() or not isinstance(error, Exception):
            return False
        if isinstance(error, NotImplementedError):
            _say("○", self.task, "not answered yet", "#0072B2")
        elif isinstance(error, AssertionError):
            _say("✗", self.task, f"not right yet. {error}", "#D55E00", role="alert")
        else:
            _say("✗", self.task, f"it stops with {type(error).__name__}: {error}", "#D55E00", role="alert")
        return True


def compare(guess, truth: float, what: str, unit: str = "", choices: Mapping = {}) -> None:
    """Set a prediction beside what came out; call it after the prediction cell.

    Args:
      choices: what the numbers stand for, where a prediction is a choice; it is then either right or wrong.
    """
    if guess is None:
        said = "no prediction yet: write one above, then run this again"
    elif choices:
        said = (f"you predicted {choices[guess]!r}, it came out as {choices[truth]!r}" if guess in tuple(choices) else
                "takes " + ", ".join(f"{value} ({name})" for value, name in choices.items()))
    elif not isinstance(guess, numbers.Real):
        said = f"takes a number, such as 0.7; you wrote {guess!r}"
    elif not math.isfinite(truth):
        said = f"you predicted {guess:g}{unit}; in this run it did not come to it"
    else:
        said = f"you predicted {guess:g}{unit}, it came out as {truth:.3g}{unit}: {_apart(guess, truth)}"
    _say("○" if guess is None else "●", what, said, "#0072B2")


def _apart(guess: float, truth: float) -> str:
    """How far a prediction was off: by a factor, or by a difference where a factor says nothing."""
    if guess * truth <= 0:
        return "right" if guess == truth else f"off by {abs(guess - truth):.2g}"
    ratio = max(guess / truth, truth / guess)
    return "within a tenth" if ratio < 1.1 else f"off by a factor of {ratio:.2g}"


def show(figure, alt: str) -> None:
    """Show a figure with its text alternative, which can be unfolded below."""
    from IPython.display import HTML, display

    from mini.controls import picture

    display(HTML(f"{picture(figure, alt)}<details><summary>The picture in words</summary>{html.escape(alt)}</details>"))


def draw(how: Callable[..., str], *datasets, size: tuple[float, float] = (8.0, 3.6)) -> None:
    """Draw and show a figure: `how(canvas, *datasets)` draws it and returns its text alternative."""
    from mini import plotting

    with plotting.style():
        canvas = plotting.canvas(size)
        show(canvas, how(canvas, *datasets))


def ledger(*ids: str) -> None:
    """Show what the committed ledger holds on some claims, so that no number is ever copied by hand."""
    from IPython.display import HTML, display

    from mini import claims
    from mini.studies import all_claims

    entries, fresh = ({e.id: e for e in claims.read_ledger(path)} if path.exists() else {}
                      for path in (bundled("data") / name for name in ("claims.json", "claims-fresh.json")))
    rows = [("claim", "published", "here (95% interval)", "criterion", "verdict")]
    for e in (entries[i] for i in ids if i in entries):
        rows.append((f"{e.id}: {e.statement}", f"{e.published}; {e.published_source}", claims.here_text(e),
                     claims.criterion_text(e), e.verdict))
        if e.id in fresh:
            rows.append(("the same on fresh seeds alone", "", claims.here_text(fresh[e.id]), "", fresh[e.id].verdict))
    body = "".join("<tr>" + "".join(f'<{tag} style="text-align:left">{html.escape(cell)}</{tag}>' for cell in row)
                   + "</tr>" for tag, row in zip(["th", *["td"] * len(rows)], rows))
    if len(rows) > 1:
        display(HTML(f"<details><summary>How to read this table</summary>{READING}</details><table>{body}</table>"))
    for name in (i for i in ids if i not in entries):
        if name not in all_claims():
            raise unknown("claim", name, all_claims())
        _say("○", name, "not measured in this copy yet (`mini reproduce --all` measures it)", "#0072B2")


def _say(mark: str, task: str, text: str, colour: str, role: str = "status") -> None:
    from IPython.display import HTML, display

    bundle = (f'<div role="{role}" class="{GRADED}" style="border-left:4px solid {colour};padding:.2em .8em">'
              f"{mark} <b>{html.escape(task)}</b>: {html.escape(text)}</div>")
    display(HTML(bundle))


# How the student's notebook is made from the teacher's text.


def teacher(source: Path):
    """The teacher's notebook: solutions and hidden tests, as the source has them, with stable cell ids."""
    import jupytext

    notebook = jupytext.read(source)
    taken: dict[str, int] = {}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        name = name or hashlib.sha256(cell.source.encode()).hexdigest()[:12]
        taken[name] = taken.get(name, 0) + 1
        cell["id"] = name if taken[name] == 1 else f"{name}-{taken[name]}"
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                         "language_info": {"name": "python"}}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def student(source: Path):
    """The student's notebook: no solution, no hidden test, no output, by nbgrader's own steps."""
    from nbgrader import preprocessors

    notebook, resources_ = teacher(source), {}
    for name in ("LockCells", "ClearSolutions", "ClearOutput", "CheckCellMetadata", "ComputeChecksums",
                 "ClearHiddenTests", "ClearMarkScheme", "ComputeChecksums", "CheckCellMetadata"):
        notebook, resources_ = getattr(preprocessors, name)().preprocess(notebook, resources_)
    notebook.metadata.pop("celltoolbar", None)
    return notebook


def build(where: Path | None = None, write: bool = True) -> list[Path]:
    """Make all student notebooks anew; returns those that differ from what was there."""
    import nbformat

    where, changed = where or folder(), []
    for name in names(where):
        text = nbformat.writes(student(where / "src" / f"{name}.py")) + "\n"
        target = where / f"{name}.ipynb"
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            changed.append(target)
            if write:
                write_text(target, text)
    return changed


def begin(name: str, study: str) -> Path:
    """Write the skeleton of a lab, which has all that a lab must have but its content."""
    import jinja2

    from mini.studies import find

    found = re.fullmatch(r"lab(\d\d)_[a-z0-9_]+", name)
    if not found:
        raise wrong("lab", name, "a name such as lab09_walk")
    target = folder() / "src" / f"{name}.py"
    if target.exists():
        raise UsageError(f"lab: {target.name} is there already; choose another name, or edit it")
    cls = find(study).experiment()
    variable = next((v for v in cls.variables if not cls.variables[v].dims), "VARIABLE")
    text = jinja2.Template((Path(__file__).parent / "templates" / "lab.txt").read_text(encoding="utf-8")).render(
        number=int(found[1]), study=study, module=cls.__module__, experiment=cls.__name__, clock=cls.clock, variable=variable,
        meaning=variable.replace("_", " "), claims=",\n            ".join(f'"{c.id}"' for c in find(study).claims))
    write_text(target, text + "\n")
    return target


def main(argv: Sequence[str]) -> int:
    if len(argv) == 3 and argv[0] == "new":
        print(f"begun: src/{begin(*argv[1:]).name}; write it, then `make labs`")
        return 0
    if list(argv) not in (["build"], ["check"]):
        raise wrong("labs", " ".join(argv), "new LAB STUDY, build, or check")
    changed = build(write=argv[0] == "build")
    for path in changed:
        print(("made " if argv[0] == "build" else "would change: ") + path.name)
    return int(bool(changed) and argv[0] == "check")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UsageError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
