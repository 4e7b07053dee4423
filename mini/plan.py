"""A plan: one experiment, how long to run it, how often to look, over which seeds and swept values."""

import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mini.errors import UsageError, unknown, wrong
from mini.experiment import Experiment, fields_of, fixed_length, unit_of

MOST = 10**6  # records in a run, and runs in a plan


@dataclass(frozen=True)
class Plan:
    """What the engine is asked to run; every run in it is one (point of the sweep, seed).

    Args:
      experiment: the experiment, with its fields set.
      ticks: how many ticks to train; the experiment's own length if None.
      every: a tick interval or an increasing list of ticks at which to measure. Tick 0, untrained,
        and the last tick are always measured.
      seeds: number of seeds, from `seed_start` on.
      sweep: field name -> values; several names give their product.
      hold: stream name -> seed, for streams that stay fixed while the others vary.
    """

    experiment: Experiment
    ticks: int | None = None
    every: int | Sequence[int] | None = None
    seeds: int = 5
    seed_start: int = 0
    sweep: Mapping[str, Sequence] = field(default_factory=dict)
    hold: Mapping[str, int] = field(default_factory=dict)

    @property
    def length(self) -> int:
        return self.experiment.ticks if self.ticks is None else self.ticks

    def records(self) -> np.ndarray:
        """The ticks at which to measure, 0 and the last among them."""
        every = type(self.experiment).every if self.every is None else self.every
        inner = range(0, self.length, every) if isinstance(every, (int, np.integer)) else every
        inner = [t for t in inner if t <= self.length]  # an experiment's own list may outrun a shorter training
        return np.unique([0, *(int(t) for t in inner), self.length]).astype(np.int32)

    def seed_values(self) -> np.ndarray:
        return np.arange(self.seed_start, self.seed_start + self.seeds)

    def points(self) -> Iterator[Experiment]:
        """Every point of the sweep, the last swept name varying fastest."""
        for values in itertools.product(*self.sweep.values()):
            yield dataclasses.replace(self.experiment, **dict(zip(self.sweep, values)))

    def swept(self, traced: bool) -> list[str]:
        """The swept names whose values share a compilation, or those whose values are each compiled separately."""
        about = fields_of(type(self.experiment))
        return [name for name in self.sweep if about[name].traced == traced]

    def replace(self, **changes) -> "Plan":
        """The same plan with other settings; names of the experiment's fields are passed on to it.

        What the plan sweeps keeps its swept values.

        >>> from mini.studies.grokking import Grokking
        >>> plan = Plan(Grokking(), seeds=5).replace(weight_decay=0.0, seeds=3)
        >>> plan.experiment.weight_decay, plan.seeds
        (0.0, 3)
        """
        own = {f.name for f in dataclasses.fields(self)}
        inner = {k: v for k, v in changes.items() if k not in own}
        outer = {k: v for k, v in changes.items() if k in own}
        known = fields_of(type(self.experiment))
        for name in inner:
            if name not in known:
                raise unknown("field", name, known)
        if inner:
            outer["experiment"] = dataclasses.replace(self.experiment, **inner)
        return dataclasses.replace(self, **outer)

    def text(self) -> str:
        """The plan in one line: fields that differ from their defaults, how long it runs, and what else was asked for.

        >>> from mini.studies.grokking import Grokking
        >>> Plan(Grokking(p=43, width=64), 400, sweep={"weight_decay": (0.5, 1.0)}, hold={"data": 0}).text()
        'Grokking(p=43, width=64), 400 steps, sweep weight_decay=0.5,1, hold data=0'
        """
        cls = type(self.experiment)
        own = [f"{f.name}={_short(getattr(self.experiment, f.name))}" for f in dataclasses.fields(cls)
               if getattr(self.experiment, f.name) != f.default]
        swept = [f"sweep {name}={','.join(map(_short, values))}" for name, values in self.sweep.items()]
        held = [f"hold {name}={seed}" for name, seed in self.hold.items()]
        return ", ".join([f"{cls.__name__}({', '.join(own)})", f"{self.length} {unit_of(cls)}s", *self._looks(), *swept, *held])

    def _looks(self) -> list[str]:
        """When it measures, if that is not the experiment's own rule."""
        if self.every is None:
            return []
        if not _is_list(self.every):
            return [f"every {self.every}"]
        at = [str(t) for t in self.records()]
        return [f"every {','.join(at) if len(at) <= 8 else f'{at[0]},{at[1]},...,{at[-1]} ({len(at)} of them)'}"]

    def check(self) -> None:
        """Refuse what cannot be run, before anything runs."""
        self._check_clock()
        for name, value in (("seeds", self.seeds), ("seed_start", self.seed_start)):
            low = 1 if name == "seeds" else 0
            if not _is_whole(value) or value < low:
                raise wrong(name, value, f"a whole number from {low} on")
        if self.seed_start + self.seeds > 2**32:
            raise wrong("seed_start", self.seed_start, "seeds that end below 2**32")
        for stream, seed in self.hold.items():
            if not _is_whole(seed) or not 0 <= seed < 2**32:
                raise wrong(f"hold {stream}", seed, "a whole number from 0 on, below 2**32")
        known = fields_of(type(self.experiment))
        for name, values in self.sweep.items():
            if name not in known:
                raise unknown("field", name, known)
            if not _is_list(values) or len(values) == 0 or len(set(values)) != len(values):
                raise wrong(f"sweep {name}", values, "a list of different values")
        runs = math.prod(map(len, self.sweep.values())) * self.seeds
        if runs > MOST:
            raise wrong("seeds", self.seeds, f"fewer: with what is swept they make {runs:,} runs, and {MOST:,} are the most")
        cls = type(self.experiment)
        dims = {cls.clock, "seed", *cls.variables, *(dim for about in cls.variables.values() for dim in about.dims)}
        for name in set(self.sweep) & dims:
            raise UsageError(f"sweep {name}: the result has a dimension or variable of this name; run its values one by one")
        for point in self.points():
            point.check()
            if self.ticks is not None and fixed_length(cls) and self.ticks > point.ticks:
                raise wrong("ticks", self.ticks, f"at most the {point.ticks} that the experiment's fields allow")

    def _check_clock(self) -> None:
        if not _is_whole(self.length) or not 0 <= self.length < 2**31:
            raise wrong("ticks", self.length, "a whole number from 0 on, below 2**31")
        every = type(self.experiment).every if self.every is None else self.every
        if _is_whole(every) and 1 <= every < self.length / MOST:
            raise wrong("every", every, f"{-(-self.length // MOST)} or more: {MOST:,} records of a run are the most")
        if self.every is None:
            return
        if not _is_list(self.every):
            if not _is_whole(self.every) or self.every < 1:
                raise wrong("every", self.every, "a whole number from 1 on, or a list of ticks")
            return
        ticks = list(self.every)
        if not all(map(_is_whole, ticks)):
            raise wrong("every", ticks, "whole numbers")
        if any(b <= a for a, b in itertools.pairwise(ticks)) or (ticks and ticks[0] < 0):
            raise wrong("every", ticks, "an increasing list of ticks from 0 on")
        if ticks and ticks[-1] > self.length:
            raise wrong("every", ticks[-1], f"ticks up to the last one, {self.length}")


def _short(value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _is_whole(value) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _is_list(value) -> bool:
    return isinstance(value, (list, tuple, range)) or (isinstance(value, np.ndarray) and value.ndim == 1)


def log_spaced(last: int, points: int = 40) -> list[int]:
    """Increasing whole ticks, evenly spaced in their logarithm, from 1 to the last.

    >>> log_spaced(1000, 4)
    [1, 10, 100, 1000]
    """
    if last < 1:
        raise UsageError(f"log_spaced: got {last}, takes a last tick from 1 on")
    return np.unique(np.geomspace(1, last, points).round().astype(int)).tolist()
