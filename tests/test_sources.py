"""What decides a run's numbers: the files that an experiment imports, and no others."""

import sys
import types

import numpy as np
import pytest
from walk import Walk

from mini.engine import run, sources
from mini.studies import studies
from mini.studies.early_learning import EarlyLearning
from mini.studies.grokking import Grokking


def names(cls):
    return {"/".join(f.relative_to(sources.PACKAGE.parent).parts) for f in sources.sources(cls)}


def test_what_is_imported_counts_and_what_shows_does_not():
    found = names(Grokking)
    assert {"mini/tasks/modular.py", "mini/models/mlp.py", "mini/objectives.py", "mini/optimisers.py",
            "mini/engine/program.py", "mini/experiment.py", "mini/studies/grokking/experiment.py"} <= found
    assert not {"mini/tasks/digits.py", "mini/claims.py", "mini/plotting.py", "mini/engine/../cli.py"} & found


def test_files_are_followed_from_import_to_import():
    assert {"mini/studies/early_learning/record.py", "mini/measures/accuracy.py"} <= names(EarlyLearning)


@pytest.mark.parametrize("study", studies().values(), ids=str)
def test_claims_figures_and_other_studies_never_count(study):
    for cls in study.experiments.values():
        own = {n for n in names(cls) if n.startswith("mini/studies/")}
        assert own and all(n.startswith(f"mini/studies/{study.name}/") for n in own)
        assert not [n for n in own if {"claims", "figures", "explorer", "settings"} & set(n.removesuffix(".py").split("/"))]


def test_what_a_label_says_is_no_part_of_what_computes_and_its_default_its_range_and_its_dims_are():
    def label(default="3", meaning="walkers", within="[1, 9]", dims="('walker',)", unit="m", name="places"):
        return (f"class W:\n    n: int = static({default}, {meaning!r}, within={within!r}, unit={unit!r})\n"
                f"    variables = {{'place': Variable({dims}, {unit!r}, {name!r})}}")

    def changes(**words):
        return sources.computing(label(**words)) != sources.computing(label())

    assert not any([changes(meaning="people"), changes(unit="km"), changes(name="where")])
    assert all([changes(default="4"), changes(within="[1, 8]"), changes(dims="()")])


def test_what_an_error_says_is_no_part_of_what_computes_and_when_it_is_raised_is():
    told, otherwise, earlier = (sources.computing(f"if n > {most}:\n    raise wrong('n', n, {words!r})") for most, words in
                                ((9, "at most 9"), (9, "9 or less"), (8, "at most 9")))
    assert told == otherwise != earlier


@pytest.fixture
def forget():
    """What was read of a class is not remembered from one look to the next."""
    def all_of_it():
        sources.sources.cache_clear()
        sources.code_hash.cache_clear()
    all_of_it()
    yield all_of_it
    all_of_it()


COMPUTING = {"scale = 2\n": True, "# another word\n": False, "\n\n": False,
             'def f():\n    """Another."""\n': True, "@experiment\nclass Other(Experiment): pass\n": True}


@pytest.mark.parametrize("more", COMPUTING)
def test_what_computes_changes_the_hash_and_words_about_it_do_not(more, tmp_path, monkeypatch, forget):
    before = sources.code_hash(Walk)
    changed = tmp_path / "walk.py"
    changed.write_text(sources._module_file(Walk).read_text(encoding="utf-8") + more, encoding="utf-8")
    monkeypatch.setattr(sources, "_module_file", lambda cls: changed)
    forget()
    assert (sources.code_hash(Walk) != before) == COMPUTING[more]


def test_a_docstring_is_no_part_of_what_computes_wherever_it_stands_and_a_string_in_use_is():
    with_words = """'Module.'
class A:
    'Class.'
    def f(self, x):
        'Method.'
        def g():
            'Inner, and alone.'
        return 'kept'
"""
    without = ["class A:", "    def f(self, x):", "        def g():", "            pass", "        return 'kept'"]
    assert [line for line in sources.computing(with_words).splitlines() if line] == without


def test_what_one_is_made_from_counts_and_what_lies_beside_it(tmp_path, monkeypatch, forget):
    (tmp_path / "own.py").write_text("import helper\nfrom mini.studies.grokking import Grokking\n"
                                     "from mini.tasks import digits\nclass Own(Grokking): pass\n")
    (tmp_path / "helper.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    import own
    found = set(sources.sources(own.Own))
    assert {tmp_path / "own.py", tmp_path / "helper.py"} <= found
    assert {sources.PACKAGE / "studies/grokking/experiment.py", sources.PACKAGE / "tasks/digits.py"} <= found


def cell(text):
    """A class as a notebook has it: in a module without a file."""
    names = {"__name__": "cells"}
    sys.modules["cells"] = types.ModuleType("cells")
    exec("import jax.numpy as jnp\nfrom mini.experiment import *\n@experiment\nclass Own(Experiment):\n"
         "    variables = {'place': Variable((), '1', 'where')}\n    def init(self, keys, world): return jnp.zeros(())\n"
         "    def measure(self, state, world): return {'place': state}\n"
         f"    def step(self, state, world, t, key): return jnp.{text}(state + 1)", names)
    return names["Own"]


def test_runs_of_a_notebook_s_class_are_never_taken_for_those_of_another_cell(tmp_path):
    for text, value in (("sin", np.sin(1)), ("cos", np.cos(1))):
        with pytest.warns(UserWarning, match="runs of Own are not kept: it is written in a notebook"):
            result = run(cell(text)(), 1, seeds=1, cache=tmp_path, progress=False)
        assert float(result["place"].isel(seed=0, step=-1)) == pytest.approx(value)
    assert not list(tmp_path.rglob("*.npz"))


def test_nothing_is_kept_of_a_file_that_changed_since_it_was_imported(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "BEGAN", 0.0)
    with pytest.warns(UserWarning, match="runs of Walk are not kept: .*walk.py.* changed since this process began"):
        run(Walk(), 1, seeds=1, cache=tmp_path, progress=False)
    assert not list(tmp_path.rglob("*.npz"))
