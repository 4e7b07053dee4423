"""What decides a run's numbers: the files that an experiment imports, and no others."""

import pytest
from walk import Walk

from mini.engine import sources
from mini.experiment import Experiment, experiment, traced
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


def test_a_changed_file_changes_the_hash(tmp_path, monkeypatch):
    before = sources.code_hash(Walk)
    changed = tmp_path / "walk.py"
    changed.write_bytes(sources._module_file(Walk).read_bytes() + b"# another\n")
    monkeypatch.setattr(sources, "_module_file", lambda cls: changed)
    assert sources.code_hash.__wrapped__(Walk) != before


def test_a_class_of_a_notebook_hangs_on_the_whole_ground_floor(monkeypatch):
    @experiment
    class Own(Experiment):
        pace: float = traced(1.0, "any")

    monkeypatch.setattr(sources, "_module_file", lambda cls: None)
    assert {"mini/tasks/digits.py", "mini/models/mlp.py"} <= names(Own)
    assert sources.code_hash.__wrapped__(Own)
