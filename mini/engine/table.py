"""The table of one compilation's runs: what was measured along the way and looked at when each was done, place by place."""

import numpy as np
import xarray as xr

from mini import results
from mini.errors import UsageError
from mini.experiment import ABOUT_RUNS, Experiment
from mini.plan import Plan


class Table:
    """Arrays (point, seed, ...) by name, blank where nothing has been computed yet."""

    def __init__(self, plan: Plan, points: list[Experiment]):
        self.plan, self.points, self.lead = plan, points, (len(points), plan.seeds)
        self.records = plan.records()
        self.measured: dict[str, np.ndarray] = {}
        self.examined: dict[str, np.ndarray] = {}
        self.until = results.blank(self.lead, self.records.dtype)

    def measure(self, place: tuple[int, int], log: dict, seen: int) -> None:
        """Write what a run has measured, up to the first `seen` records."""
        self.until[place] = self.records[seen - 1]
        for name, array in log.items():
            if name not in self.measured:
                self.measured[name] = results.blank((*self.lead, len(self.records), *array.shape[1:]), array.dtype)
            self.measured[name][place][seen - len(array): seen] = array

    def examine(self, place: tuple[int, int], end: dict) -> None:
        """Write what was looked at when a run was done."""
        for name, array in end.items():
            if name not in self.examined:
                self.examined[name] = results.blank((*self.lead, *array.shape), array.dtype)
            table = self.examined[name]
            if (array.shape, array.dtype) != (table.shape[2:], table.dtype):
                who = type(self.points[0]).__name__
                raise UsageError(f"{who}: `examine` gives {name!r} as {array.dtype} {array.shape} here, as {table.dtype} "
                                 f"{table.shape[2:]} in another run; takes one, with NaN where there is nothing")
            table[place] = array

    def dataset(self) -> xr.Dataset:
        """The table as it is now, labelled."""
        cls = type(self.points[0])
        traced = {n: self.plan.sweep[n] for n in self.plan.swept(traced=True)}
        lead = tuple(len(v) for v in traced.values())

        def unfold(arrays):
            return {k: a.reshape(*lead, *a.shape[1:]).copy() for k, a in arrays.items() if k in cls.variables}

        dataset = results.label(self.plan, self.points[0], traced, unfold(self.measured), unfold(self.examined))
        unknown = results.blank(self.lead, np.dtype(float))
        for name, variable in ABOUT_RUNS.items():
            array = self.until if name == "measured_until" else self.examined.get(name, unknown)
            dataset[name] = ((*traced, "seed"), array.reshape(*lead, -1).copy(),
                             {"units": variable.unit, "long_name": variable.long_name})
        return dataset
