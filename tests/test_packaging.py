"""pyproject.toml, the lock and environment.yml agree, and the wheel's own parts are found."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement

from mini.studies import studies

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def locked() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list] = {}
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        requirement = Requirement(line)
        (pin,) = requirement.specifier
        assert pin.operator == "==", line
        found.setdefault(requirement.name, []).append((pin.version, str(requirement.marker or "")))
    return found


def test_the_lock_holds_every_dependency_within_its_range():
    pins = locked()
    extras = PROJECT["optional-dependencies"]
    for text in [*PROJECT["dependencies"], *extras["lab"], *extras["teach"], *extras["dev"]]:
        wanted = Requirement(text)
        assert wanted.name in pins, f"{wanted.name}: not in the lock; run `make lock`"
        for version, _ in pins[wanted.name]:
            assert wanted.specifier.contains(version), f"{wanted.name} {version} is outside {wanted.specifier}"


def test_the_lock_serves_the_oldest_python_and_newer_ones():
    for python in ("3.11", "3.12", "3.13"):
        environment = default_environment() | {"python_version": python, "python_full_version": f"{python}.1"}
        chosen = [v for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
                  if (r := Requirement(line)).name == "jax" and (r.marker is None or r.marker.evaluate(environment))
                  for v in [str(r.specifier)]]
        assert len(chosen) == 1, (python, chosen)


def test_the_environment_leaves_everything_to_the_project():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, rest = conda["dependencies"]
    assert pip == "pip" and rest == {"pip": ["-e .[lab]"]}
    minimum = re.search(r"[\d.]+", PROJECT["requires-python"]).group()
    assert python == f"python={minimum}"


def test_the_picture_of_the_house_names_every_file_once():
    tree = (ROOT / "README.md").read_text(encoding="utf-8").split("## The house")[1].split("```")[1]
    drawn = re.findall(r"^ +(\w+\.py) ", tree, re.MULTILINE)
    there = [p.name for p in (ROOT / "mini").rglob("*.py") if "studies" not in p.parts and p.name != "__init__.py"]
    assert sorted(drawn) == sorted(there)


def test_every_study_has_its_tests_and_the_readme_names_it_and_its_lab():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tree = readme.split("## The house")[1].split("```")[1]
    rows = re.findall(r"^\| `(\w+)` \| .* \| ([\d, ]+) \|$", readme, re.MULTILINE)
    assert [name for name, _ in rows] == list(studies()), "the table of studies in README.md, in the order of the labs"
    labs = sorted(int(path.stem[3:5]) for path in (ROOT / "labs").glob("lab*.ipynb"))
    assert sorted(int(n) for _, told in rows for n in told.split(",")) == labs
    for name in studies():
        assert f"{name}/ " in tree, f"{name}: not in the tree of README.md"
        assert list((ROOT / "tests" / "studies").glob(f"test_{name}*.py")), f"{name}: no tests/studies/test_{name}*.py"


def test_no_file_names_a_registry_or_this_machine():
    words = ["py" + "pi.org", "registry.npm" + "js", "conda.ana" + "conda", "/ro" + "ot/", "/wo" + "rk/", "/ho" + "me/"]
    kinds = {".py", ".md", ".toml", ".yml", ".lock", ".ipynb", ".json", ".html"}
    for folder in ("mini", "labs", "tests", "benchmarks", "data"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in kinds:
                assert not [w for w in words if w in path.read_text(encoding="utf-8")], path


def test_the_wheel_brings_labs_and_data(tmp_path):
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("mini", "labs", "data"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    build = [sys.executable, "-c", "from setuptools import build_meta; build_meta.build_wheel('made')"]
    subprocess.run(build, cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "made").glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    for folder, inside, pattern in (("data", "_data", "*.*"), ("labs", "_labs", "*.ipynb"), ("labs", "_labs", "src/*.py")):
        wanted = {f"mini/{inside}/{p.relative_to(ROOT / folder)}" for p in (ROOT / folder).glob(pattern)}
        assert wanted and wanted <= held


def test_texts_are_utf8_on_a_system_that_writes_ascii(tmp_path):
    environment = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    program = ("import sys, locale, pathlib; from mini.files import write_text; from mini.engine import sources\n"
               "place = pathlib.Path(sys.argv[1])\n"
               "write_text(place, 'import math  # \\u03bb \\u2192 \\u2713'); sources._imported(place)\n"
               "print(locale.getencoding())")
    said = subprocess.run([sys.executable, "-c", program, tmp_path / "a.py"], env=environment, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert said.stdout.strip() != "UTF-8" and (tmp_path / "a.py").read_bytes().endswith("λ → ✓".encode())
