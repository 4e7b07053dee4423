"""What the README says of adding a phenomenon, done as it says."""

import json
import re
from pathlib import Path

import pytest

from mini import studies
from mini.cli import main

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def walk(tmp_path, monkeypatch):
    """A folder of studies beside the package's own, with the README's study in it."""
    blocks = re.findall(r"```python\n# mini/studies/(walk/\w+\.py)\n(.*?)```", README, re.DOTALL)
    (tmp_path / "walk").mkdir()
    for path, text in blocks:
        (tmp_path / path).write_text(text, encoding="utf-8")
    monkeypatch.setattr(studies, "__path__", [*studies.__path__, str(tmp_path)])
    monkeypatch.setenv("MINI_CACHE", str(tmp_path / "cache"))
    studies.studies.cache_clear()
    yield [path for path, _ in blocks]
    studies.studies.cache_clear()


@pytest.mark.filterwarnings("ignore:runs of Walk are not kept")
def test_a_new_study_is_a_new_folder(walk, tmp_path, capsys):
    assert walk == ["walk/experiment.py", "walk/__init__.py", "walk/claims.py", "walk/figures.py"]
    assert main(["run", "walk", "--scale", "2", "--sweep", "walkers=10,100", "--seeds", "2", "--steps", "20"]) == 0
    assert "distance" in capsys.readouterr().out
    assert main(["reproduce", "walk", "--all", "--out", str(tmp_path / "out")]) == 0
    (entry,) = json.loads((tmp_path / "out" / "claims.json").read_text(encoding="utf-8"))
    assert (entry["id"], entry["verdict"]) == ("walk/square-root", "reproduced")
    assert (tmp_path / "out" / "figures" / "walk-distance.svg").exists()
    assert main(["list"]) == 0 and "walk/square-root" in capsys.readouterr().out
