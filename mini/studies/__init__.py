"""The studies, one folder a phenomenon, found by scanning this package: a new folder needs no list edited."""

import functools
import importlib
import pkgutil
from dataclasses import dataclass

from mini.errors import unknown


@dataclass(frozen=True)
class Study:
    """One phenomenon; its parts are imported when they are asked for."""

    name: str

    def _part(self, part: str, name: str, default=()):
        try:
            module = importlib.import_module(f"{__name__}.{self.name}{part}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{self.name}{part}":
                raise
            return default
        return getattr(module, name, default)

    @property
    def title(self) -> str:
        return (self._part("", "__doc__", "") or self.name).strip().splitlines()[0]

    @property
    def experiments(self) -> dict:
        """Experiment classes by name, the first the default."""
        return self._part("", "EXPERIMENTS", {})

    @property
    def claims(self) -> tuple:
        return self._part(".claims", "CLAIMS")

    @property
    def figures(self) -> tuple:
        return self._part(".figures", "FIGURES")

    def experiment(self, name: str | None = None):
        """An experiment class by name; the default without one."""
        if name is None:
            return next(iter(self.experiments.values()))
        if name not in self.experiments:
            raise unknown(f"experiment of {self.name}", name, self.experiments)
        return self.experiments[name]


@functools.cache
def studies() -> dict[str, Study]:
    """Every study by name."""
    return {m.name: Study(m.name) for m in pkgutil.iter_modules(__path__) if m.ispkg}


def find(name: str) -> Study:
    """A study by name; an unknown one is refused with the nearest."""
    if name not in studies():
        raise unknown("study", name, studies())
    return studies()[name]


def all_claims() -> dict:
    """claim id -> (study, claim)."""
    return {c.id: (s, c) for s in studies().values() for c in s.claims}


def all_figures() -> dict:
    """figure id -> (study, figure)."""
    return {f.id: (s, f) for s in studies().values() for f in s.figures}
