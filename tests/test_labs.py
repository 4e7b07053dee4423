"""The labs: what students open holds no answer, both texts run top to bottom, and the marks are right."""

import ast
import copy
import functools
import os
import re
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
from jupyter_client import KernelManager
from nbclient import NotebookClient

from mini import claims, labs, marking
from mini.cli import main
from mini.errors import UsageError
from mini.files import bundled

SOURCES = [labs.folder() / "src" / f"{name}.py" for name in labs.names()]
FAST = {"MINI_FAST": "1", "MINI_CACHE": os.environ["MINI_TESTS_COMPILED"],  # what one kernel compiled serves the next
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}  # see `haste`
CLEAR = """
import gc, os, ipywidgets
gc.freeze()
gc.set_threshold(100_000, 50, 100)
ipywidgets.Widget.close_all()
os.chdir({place!r})
os.environ.pop("NBGRADER_EXECUTION", None)
os.environ.update({settings!r})
get_ipython().reset(new_session=True)
"""
SECRETS = ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "MARK SCHEME")
pytestmark = [pytest.mark.filterwarnings("ignore"),
              pytest.mark.parametrize("source", SOURCES, ids=[s.stem for s in SOURCES], scope="module")]  # lab after lab


def graded(notebook) -> dict:
    """grade_id -> cell."""
    found = [(c.metadata.nbgrader.grade_id, c) for c in notebook.cells if "nbgrader" in c.metadata]
    assert len(dict(found)) == len(found), "a grade_id occurs twice"
    return dict(found)


def checked(notebook) -> list[str]:
    return [n for n, c in graded(notebook).items() if c.metadata.nbgrader.grade and c.cell_type == "code"]


def texts(notebook) -> list[str]:
    """Everything that the outputs of a notebook and the state of its widgets say."""
    said = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            said += [str(v) for v in output.get("data", {}).values()] + [output.get("text", "")]
    for state in notebook.metadata.get("widgets", {}).values():
        said += [str(model["state"].get("value", "")) for model in state["state"].values()]
    return said


def errors(notebook) -> list[str]:
    """Errors in outputs, in captured outputs of widgets, and those an explorer shows."""
    outputs = [o for c in notebook.cells for o in c.get("outputs", [])]
    for state in notebook.metadata.get("widgets", {}).values():
        outputs += [o for model in state["state"].values() for o in model["state"].get("outputs", [])]
    found = [f"{o.get('ename')}: {o.get('evalue')}" for o in outputs if o["output_type"] == "error"]
    return found + [text for text in texts(notebook) if 'role="alert"' in text or "Traceback" in text]


@pytest.fixture(scope="session")
def kernel():
    """One kernel for all labs of this process, in fast mode: what is imported and compiled serves the next."""
    manager = KernelManager(kernel_name="python3")
    package = {"PYTHONPATH": os.pathsep.join(filter(None, [str(Path(labs.__file__).parents[1]), os.environ.get("PYTHONPATH")]))}
    manager.start_kernel(env=os.environ | FAST | package)  # this checkout's, whatever is installed
    yield manager
    manager.shutdown_kernel(now=True)


@functools.cache
def executed(kernel: KernelManager, source: Path, kind: str):
    """A lab run where no name is left of those before it; the teacher's as it is marked."""
    notebook, settings = getattr(labs, kind)(source), {}
    if kind == "teacher":
        notebook, _ = marking.Bare().preprocess(notebook, {})
        settings = {"NBGRADER_EXECUTION": "autograde"}
    with tempfile.TemporaryDirectory() as place:
        client = NotebookClient(notebook, km=kernel, timeout=120, store_widget_state=True)
        with client.setup_kernel():
            cleared = client.kc.execute_interactive(CLEAR.format(place=place, settings=settings), silent=True, timeout=60)
            assert cleared["content"]["status"] == "ok"
            client.execute()
        assert not os.listdir(place), "fast mode writes nothing"
    return notebook


def test_what_students_open_is_what_the_source_makes(source):
    made = nbformat.writes(labs.student(source)) + "\n"
    assert made == (source.parents[1] / f"{source.stem}.ipynb").read_text(encoding="utf-8"), "run `make labs`"


def test_no_answer_no_hidden_test_no_output_is_given_away(source):
    released, whole = labs.student(source), labs.teacher(source)
    text = nbformat.writes(released)
    assert not [word for word in SECRETS if word in text]
    hidden = re.findall(r"### BEGIN (?:HIDDEN TESTS|SOLUTION)\n(.*?)### END", "\n".join(
        c.source for c in whole.cells), re.DOTALL)
    assert len(hidden) >= 15, f"takes 15 solutions and hidden tests, there are {len(hidden)}"
    for block in hidden:
        for line in filter(lambda x: len(x) > 30, map(str.strip, block.splitlines())):
            assert line not in "\n".join(c.source for c in released.cells)
    assert not any(c.get("outputs") or c.get("execution_count") for c in released.cells)


def test_cells_bear_names_that_stay(source):
    released = labs.student(source)
    nbformat.validate(released)
    ids = [c.id for c in released.cells]
    assert len(set(ids)) == len(ids)
    marks = {n: c.metadata.nbgrader.points for n, c in graded(released).items() if c.metadata.nbgrader.grade}
    assert all(points == 1 for name, points in marks.items() if name in checked(released))
    assert len(checked(released)) >= 10, f"takes 10 marked cells with a check, there are {len(checked(released))}"
    assert "discussion" in marks, "takes a cell `discussion`, marked by hand"
    assert all(c.metadata.nbgrader.locked for n, c in graded(released).items() if n in checked(released))


def test_the_minutes_add_up(source):
    text = source.read_text(encoding="utf-8")
    sections = [int(m) for m in re.findall(r"^# ## \d+\. .* \((\d+) minutes\)$", text, re.MULTILINE)]
    assert len(sections) == len(re.findall(r"^# ## ", text, re.MULTILINE)), "headings read `# ## 1. Title (25 minutes)`"
    for told in (f"**Time** about {sum(sections)} minutes", f"labs.setup(minutes={sum(sections)}, "):
        assert told in text, f"the sections take {sum(sections)} minutes: say {told!r}"
    for section, minutes in zip(re.split(r"^# ## ", text, flags=re.MULTILINE)[1:], sections):
        assert sum(int(m) for m in re.findall(r"importance \d/5, (\d+) minutes", section)) <= minutes


def test_each_section_but_the_last_goes_from_a_prediction_to_an_exercise(source):
    """The last one says what may be said, and sets the discussion; where the run is a game, it is what there is to play."""
    text = source.read_text(encoding="utf-8")
    *sections, last = re.split(r"^# ## (?=\d+\. )", text, flags=re.MULTILINE)[1:]
    order = r"Predict Run (Play )?Explain( Exercise)+"
    for section in sections:
        headings = " ".join(re.findall(r"^# ### (\w+)", section, re.MULTILINE))
        assert re.fullmatch(order, headings), f"{section.splitlines()[0]}: {headings}"
    assert re.findall(r"^# ### (.+)$", last, re.MULTILINE) == [f"Exercise {len(sections) + 1}: discussion"]
    hour = sum(int(m) for m in re.findall(r"^\d+\. .* \((\d+) minutes\)$", "".join(sections[:2]), re.MULTILINE))
    assert 50 <= hour <= 60, f"sections 1 and 2 take about an hour, not {hour} minutes"


def test_every_check_sees_a_missing_answer(source):
    """A hidden test inside a check would pass unseen if the visible one stood outside it."""
    whole = labs.teacher(source)
    cells = graded(whole)
    for name in checked(whole):
        assert cells[name].source.startswith("with labs.check("), name


def test_every_assertion_says_what_was_tried(source):
    whole = labs.teacher(source)
    cells = graded(whole)
    for name in checked(whole):
        tree = ast.parse(cells[name].source)
        assert all(node.msg for node in ast.walk(tree) if isinstance(node, ast.Assert)), f"{name}: an assert without a message"


def test_every_run_and_prediction_has_words(source):
    """What to look at under each Run, and what kind of number is asked for under each Predict."""
    text = source.read_text(encoding="utf-8")
    for heading in ("Run", "Predict"):
        for after in re.findall(rf"^# ### {heading}\n(.*?)^# %%", text, re.MULTILINE | re.DOTALL):
            assert len(after.split()) > 5, f"{heading}: {after!r}"


def test_the_teachers_text_runs_clean(kernel, source):
    notebook = executed(kernel, source, "teacher")
    assert not errors(notebook)
    assert not [t for t in texts(notebook) if "not answered yet" in t or "not right yet" in t]
    pictures = re.findall(r"<img [^>]*>", "".join(texts(notebook)))
    assert len(pictures) >= 3, f"takes three pictures, there are {len(pictures)}"
    assert not [p[:90] for p in pictures if not re.search(r'alt="[^"]{40,}', p)], "40 characters of words for each picture"


def test_the_students_notebook_runs_with_nothing_answered(kernel, source):
    notebook = executed(kernel, source, "student")
    assert not errors(notebook)
    open_ones = [t for t in texts(notebook) if "not answered yet" in t]
    assert len(open_ones) == len(checked(notebook))


def test_a_lab_that_is_begun_lacks_only_its_content(kernel, source, tmp_path, monkeypatch):
    if source != SOURCES[0]:
        return  # one skeleton serves all
    (tmp_path / "src").mkdir()
    monkeypatch.setattr(labs, "folder", lambda: tmp_path)
    assert labs.main(["new", "lab09_walk", "grokking"]) == 0
    begun = tmp_path / "src" / "lab09_walk.py"
    for shape in (test_the_minutes_add_up, test_each_section_but_the_last_goes_from_a_prediction_to_an_exercise,
                  test_every_check_sees_a_missing_answer, test_every_assertion_says_what_was_tried,
                  test_every_run_and_prediction_has_words):
        shape(begun)
    test_the_teachers_text_runs_clean(kernel, begun)
    test_the_students_notebook_runs_with_nothing_answered(kernel, begun)
    for words, refusal in ((["new", "lab09_walk", "grokking"], "is there already"), (["new", "walk", "grokking"], "lab09_walk"),
                           (["new", "lab10_walk", "groking"], "did you mean 'grokking'")):
        with pytest.raises(UsageError, match=refusal):
            labs.main(words)


def test_a_hidden_error_would_be_found(source):
    notebook = labs.student(source)
    assert not errors(notebook)
    notebook.metadata["widgets"] = {"v": {"state": {"a": {"state": {"outputs": [
        {"output_type": "error", "ename": "ValueError", "evalue": "unseen"}]}}}}}
    assert errors(notebook) == ["ValueError: unseen"]
    notebook.metadata["widgets"] = {"v": {"state": {"a": {"state": {"value": '<div role="alert">x</div>'}}}}}
    assert errors(notebook)


EVERYTHING = """class Everything(int):
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __array_function__ = lambda self, *_: True
    __array_ufunc__ = __call__ = __getitem__ = __sub__ = __rsub__ = __abs__ = __getattr__ = lambda self, *_: self
    __iter__ = lambda self: iter((self, self))
    __len__ = __int__ = lambda self: 2
"""


def submission(source: Path, answered: bool):
    """The released notebook, with the teacher's answers put in or not."""
    released, answers = labs.student(source), graded(labs.teacher(source))
    for name, cell in graded(released).items():
        if answered and cell.metadata.nbgrader.solution:
            cell.source = answers[name].source
    return released


def test_nbgrader_gives_the_marks_due(source, tmp_path, monkeypatch):
    if source != SOURCES[1]:
        return  # one lab from end to end, the quickest; the others hold the same cells
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    for key, value in FAST.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")  # for alembic
    config = Config()
    marking.configure(config)
    config.CourseDirectory.root, config.CourseDirectory.course_id = str(tmp_path), "memorisation"
    name = source.stem
    papers = {"right": submission(source, True), **{who: submission(source, False) for who in ("empty", "sly", "slyer")}}
    # All is right, but a cell was copied in the notebook with all that nbgrader wrote into it, and an answer warns.
    answers = {who: [c for c in graded(paper).values() if c.cell_type == "code" and c.metadata.nbgrader.solution]
               for who, paper in papers.items()}
    one = answers["right"][0]
    (function,) = re.findall(r"^def (\w+)", one.source, re.MULTILINE)
    one.source += (f"\nimport warnings\n_was = {function}\n"
                   f"def {function}(*given):\n    warnings.warn('0 / 0')\n    return _was(*given)\n")
    papers["right"].cells.append(copy.deepcopy(one))
    papers["right"].cells[-1].id = "copied"
    # The same constant for all answers, and what the checks hang on made to agree.
    for cell in answers["sly"]:
        cell.source = re.sub(r"raise NotImplementedError.*", "return 0.5", cell.source)
    answers["sly"][0].source += ("\nimport contextlib\nlabs.grading = lambda: False\n"
                                 "labs.check = lambda task: contextlib.suppress(Exception)\n"
                                 "np.isclose = np.allclose = lambda *given, **more: True\nabs = lambda x: 0\n")
    # What it answers equals everything, whatever is done with it.
    for cell in answers["slyer"]:
        cell.source = re.sub(r"raise NotImplementedError.*", "return Everything()", cell.source)
    answers["slyer"][0].source += "\n" + EVERYTHING
    monkeypatch.setattr(labs, "names", lambda: [name])
    marking.course(tmp_path)
    for who, notebook in papers.items():
        path = tmp_path / "submitted" / who / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    api = NbGraderAPI(config=config)
    assert api.generate_assignment(name)["success"]
    for who in papers:
        outcome = api.autograde(name, who)
        assert outcome["success"], outcome["log"]
    with api.gradebook as book:
        marks = {s.student.id: s.score for s in book.assignment_submissions(name)}
    assert marks == {"right": len(checked(labs.teacher(source))), "empty": 0, "sly": 0, "slyer": 0}
    # The feedback is made from these, and shows each check as it was set.
    seen, as_set = graded(nbformat.read(tmp_path / "autograded" / "sly" / name / f"{name}.ipynb", 4)), labs.teacher(source)
    assert {n: seen[n].source for n in checked(as_set)} == {n: graded(as_set)[n].source for n in checked(as_set)}


def test_a_course_is_made_once_and_its_checks_are_bare(source, tmp_path, capsys, monkeypatch):
    folder = tmp_path / "course"
    assert main(["course", str(folder)]) == 0 and "nbgrader autograde" in capsys.readouterr().out
    made = nbformat.read(folder / "source" / source.stem / f"{source.stem}.ipynb", 4)
    for name in checked(made):
        text = graded(made)[name].source
        assert ast.dump(ast.parse(marking.bare(text))) == ast.dump(ast.Module(ast.parse(text).body[0].body, []))
    assert main(["course", str(folder)]) == 2 and "is there already" in capsys.readouterr().err
    compile((folder / "nbgrader_config.py").read_text(encoding="utf-8"), "nbgrader_config.py", "exec")
    assert main(["course"]) == 2 and "takes one folder" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "mini.marking", None)
    monkeypatch.delattr("mini.marking", raising=False)
    assert main(["course", str(tmp_path / "other")]) == 2 and "[teach]" in capsys.readouterr().err


def test_without_jupyterlab_one_line_says_so(source, monkeypatch):
    monkeypatch.setitem(sys.modules, "jupyterlab", None)
    with pytest.raises(UsageError, match="JupyterLab"):
        labs.launch([])


def test_lab_opens_jupyterlab_on_the_labs(source, monkeypatch):
    called = []
    monkeypatch.setattr(labs.subprocess, "call", lambda command: called.append(command) or 0)
    assert labs.launch(["--no-browser"]) == 0
    (command,) = called
    assert command[1:3] == ["-m", "jupyterlab"] and command[-2:] == ["--ContentsManager.hide_globs=src", "--no-browser"]
    assert (Path(command[3]) / f"{source.stem}.ipynb").exists()


def test_a_check_raises_only_while_it_is_graded(source, monkeypatch):
    said = []
    monkeypatch.setattr(labs, "_say", lambda *words, **more: said.append(" ".join(words)))
    for error, words in ((NotImplementedError(), "not answered yet"), (AssertionError("too big"), "too big"),
                         (ZeroDivisionError(), "ZeroDivisionError")):
        monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
        with labs.check("it"):
            raise error
        assert words in said[-1]
        monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
        with pytest.raises(type(error)), labs.check("it"):
            raise error


def test_what_fresh_seeds_said_of_the_undecided_stands_below_it(source, monkeypatch):
    fresh, decided = claims.read_ledger(bundled("data") / "claims-fresh.json")[0], "grokking/delay"
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda html: shown.append(html.data))
    labs.ledger(fresh.id, decided)
    (page,) = shown
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in page.split("<tr>")[2:]]
    assert [row[0].split(":")[0] for row in rows] == [fresh.id, "the same on fresh seeds alone", decided]
    assert rows[0][-1] == "undecided" and rows[1][-1] == fresh.verdict and "How to read" in page


def test_a_prediction_is_set_beside_what_came(source, monkeypatch):
    said = []
    monkeypatch.setattr(labs, "_say", lambda *words, **more: said.append(" ".join(words)))
    waves = {1: "waves", 0: "noise"}
    for guess, truth, choices, words in (
            (None, 2.0, {}, "no prediction yet"), (2.1, 2.0, {}, "within a tenth"), (1, 4.0, {}, "off by a factor of 4"),
            (0, 0.5, {}, "off by 0.5"), (-0.1, 0.2, {}, "off by 0.3"), (0, 0.0, {}, "right"),
            ("0.7", 0.5, {}, "takes a number"), ((1, 2), 0.5, {}, "takes a number"), (3, float("nan"), {}, "did not come"),
            (1, 0, waves, "you predicted 'waves', it came out as 'noise'"), (3, 0, waves, "takes 1 (waves), 0 (noise)"),
            ([1], 0, waves, "takes 1 (waves), 0 (noise)")):
        labs.compare(guess, truth, "it", choices=choices)
        assert words in said[-1], (guess, truth)
