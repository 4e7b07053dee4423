"""The studies, one folder per phenomenon, found by scanning this package: to add one, no list need be edited."""

import functools
import importlib
import pkgutil
from dataclasses import dataclass

from mini.errors import UsageError, unknown
from mini.files import bundled


@dataclass(frozen=True)
class Study:
    """One phenomenon; its parts are imported on demand."""

    name: str

    def _part(self, part: str, name: str, default=()):
        try:
            module = importlib.import_module(f"{__name__}.{self.name}{part}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{self.name}{part}":
                raise
            return default
        if not hasattr(module, name):
            raise UsageError(f"{module.__name__}: takes {name}, which it has not")
        return getattr(module, name)

    @property
    def title(self) -> str:
        return (self._part("", "__doc__", "") or self.name).strip().splitlines()[0]

    @property
    def experiments(self) -> dict:
        """Experiment classes by name, the first the default."""
        return self._part("", "EXPERIMENTS", {})

    @property
    def seconds(self) -> dict:
        """Experiment -> about how long `mini run` takes with its own settings and five seeds, on two cores."""
        return getattr(importlib.import_module(f"{__name__}.{self.name}"), "SECONDS", {})

    @property
    def claims(self) -> tuple:
        return self._part(".claims", "CLAIMS")

    @property
    def figures(self) -> tuple:
        return self._part(".figures", "FIGURES")

    @property
    def explorer(self):
        """The function that makes the study's explorer; None if there is none."""
        return self._part(".explorer", "explorer", None)

    def experiment(self, name: str | None = None):
        """An experiment class by name; the default if no name is given."""
        if name is None:
            return next(iter(self.experiments.values()))
        if name not in self.experiments:
            raise unknown(f"experiment of {self.name}", name, self.experiments)
        return self.experiments[name]


@functools.cache
def studies() -> dict[str, Study]:
    """Every study by name, in the order in which the labs take them up; those without a lab come last."""
    labs = [path.read_text(encoding="utf-8") for path in sorted(bundled("labs").glob("lab*.ipynb"))]

    def place(name: str) -> int:
        return next((i for i, text in enumerate(labs) if f"mini.studies.{name}" in text), len(labs))

    found = [m.name for m in pkgutil.iter_modules(__path__) if m.ispkg]
    return {name: Study(name) for name in sorted(found, key=place)}


def find(name: str) -> Study:
    """A study by name; an unknown name is refused, and the nearest known one suggested."""
    if name not in studies():
        raise unknown("study", name, studies())
    return studies()[name]


def all_claims() -> dict:
    """claim id -> (study, claim)."""
    return _by_id("claims")


def all_figures() -> dict:
    """figure id -> (study, figure)."""
    return _by_id("figures")


def _by_id(kind: str) -> dict:
    found = {}
    for study in studies().values():
        for one in getattr(study, kind):
            if one.id in found:
                raise UsageError(f"{kind}: {one.id!r} is in {found[one.id][0].name} and again in {study.name}")
            found[one.id] = study, one
    return found
