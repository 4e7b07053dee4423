"""`live` streams partial results of a plan; `run` is `live` drunk to the end; `train` keeps the state."""

import dataclasses
import time
import warnings
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import jax
import numpy as np
import xarray as xr
from tqdm.auto import tqdm

from mini import results
from mini.engine import program, store
from mini.engine.lanes import Lane, Pace, Run, Strategy, choose, make_lane
from mini.engine.sources import code_hash, unsettled
from mini.errors import UsageError, unknown
from mini.experiment import Experiment, Keys, Variable, canonical
from mini.plan import Plan

BATCH_SECONDS, LIVE_SECONDS = 0.2, 0.04
TURNS = 8  # at least, of each of the last lanes
DIVERGED = Variable((), "tick", "first recorded tick at which the state was not finite, -1 if none")


class Cancelled(Exception):
    """A run was asked to stop; what was finished is kept where a cache was given."""


class Trained(NamedTuple):
    """One trained network with what it was trained on."""

    state: Any
    world: Any


def run(experiment: Experiment, ticks=None, every=None, *, seeds=5, seed_start=0, sweep=None, hold=None,
        **options) -> xr.Dataset:
    """Run an experiment over seeds and swept values; see `Plan` and `live` for the arguments."""
    plan = Plan(experiment, ticks, every, seeds, seed_start, sweep or {}, hold or {})
    return run_plan(plan, **options)


def run_plan(plan: Plan, **options) -> xr.Dataset:
    """`live` drunk to the end, with nothing on the way."""
    (whole,) = live(plan, chunk_seconds=BATCH_SECONDS, partial=False, **options)
    return whole


def live(plan: Plan, *, strategy: str = "auto", cache: Path | None = None, fresh: bool = False, progress: bool = True,
         cancel: Event | None = None, chunk_seconds: float = LIVE_SECONDS, partial: bool = True) -> Iterator[xr.Dataset]:
    """Partial results of a plan, the last one whole.

    Args:
      plan: what to run.
      strategy: auto, threads, vmap or sharded: how the runs share the hardware.
      cache: folder in which finished runs are kept and looked for; None keeps nothing.
      fresh: compute also what is kept there, and keep it in its place.
      progress: show a bar with the time left once this takes over two seconds.
      cancel: when set, `Cancelled` is raised within a chunk's time.
      chunk_seconds: the time between partial results.
      partial: whether there are any before the whole; each is a table of all runs.

    Yields:
      datasets with dims (swept names, `seed`, clock, the variable's own); what is not computed yet
      is NaN, or -1 in whole numbers.
    """
    plan.check()
    kept = _store(plan, cache) if cache is not None else None
    start, groups, found, ways = time.perf_counter(), {}, 0, set()
    total = sum(dataclasses.replace(plan, experiment=point).length for point in plan.points()) * plan.seeds
    with tqdm(total=total, unit=plan.experiment.clock, unit_scale=True, delay=2.0, leave=False,
              desc=type(plan.experiment).__name__, disable=not progress, smoothing=0.05) as bar:
        waiting = deque((values, Group(dataclasses.replace(plan, experiment=points[0]), points, strategy, kept, fresh))
                        for values, points in _static_groups(plan).items())  # all of them, before the first is trained
        while waiting:
            values, group = waiting.popleft()
            bar.update(group.found * group.plan.length)
            found += group.found
            ways.add(group.strategy.name)
            stream = group.stream(chunk_seconds, cancel, deep=chunk_seconds >= BATCH_SECONDS)
            last = time.perf_counter()
            for i, ticks in enumerate(stream):
                if i < 2:  # up to here it was compiled, which says nothing of the time left
                    bar.unpause()
                bar.update(ticks)
                begun = group.measured and not group.whole
                if partial and begun and time.perf_counter() - last >= chunk_seconds:
                    last = time.perf_counter()
                    yield results.join(plan, groups | {values: group.dataset()})
            groups[values] = group.dataset()
            if partial and len(groups) > 1:
                yield results.join(plan, groups)
    dataset = results.join(plan, groups)
    dataset.attrs = results.provenance(
        plan, code=code_hash(type(plan.experiment)) if kept else "", strategy=", ".join(sorted(ways)),
        seconds=time.perf_counter() - start,
        compute_seconds=float(dataset["run_seconds"].sum()), runs_found=found,
        runs_computed=int(np.prod(dataset["diverged_at"].shape)) - found)
    _warn(dataset)
    yield dataset


def _store(plan: Plan, cache: Path) -> store.Store | None:
    """The folder of kept runs, or None, said aloud, where nobody can say which source will have computed them."""
    if why := unsettled(type(plan.experiment)):
        warnings.warn(f"runs of {type(plan.experiment).__name__} are not kept: {why}", stacklevel=3)
        return None
    kept = store.Store(cache)
    kept.check()
    return kept


def train(experiment: Experiment, ticks: int | None = None, seed: int = 0, hold=None) -> Trained:
    """Train one run and keep its state."""
    plan = Plan(experiment, ticks, every=[0], seeds=1, seed_start=seed, hold=hold or {})
    plan.check()
    group = Group(plan, [experiment], "threads", None)
    for _ in group.stream(BATCH_SECONDS, None, deep=True):
        pass
    return group.trained


def _static_groups(plan: Plan) -> dict[tuple, list[Experiment]]:
    """Points of the sweep by the values of its static names."""
    static = plan.swept(traced=False)
    groups: dict[tuple, list[Experiment]] = {}
    for point in plan.points():
        groups.setdefault(tuple(getattr(point, n) for n in static), []).append(point)
    return groups


class Group:
    """The runs of one compilation: what is found, what is computed, and their table of results."""

    def __init__(self, plan: Plan, points: list[Experiment], strategy: str, kept: store.Store | None, fresh: bool = False):
        self.plan, self.points, self.kept, self.fresh = plan, points, kept, fresh
        self.records = plan.records()
        self.shared = jax.tree.map(jax.numpy.asarray, points[0].data())
        sample = canonical(points[0])
        keys = Keys(np.uint32(0), {k: np.uint32(0) for k in plan.hold})
        if plan.hold:
            self._check_streams(sample)
        with program.explained():
            own = program.prepare.eval_shape(sample, keys, self.shared, stacked=False)  # a world and a state
        numbers = sum(int(np.prod(x.shape)) for x in jax.tree.leaves(own))
        self.strategy: Strategy = choose(strategy, numbers, len(points) * plan.seeds)
        self.measured: dict[str, np.ndarray] = {}
        self.examined: dict[str, np.ndarray] = {}
        self.pending: list[tuple[Run, dict | None]] = []
        self.found = 0
        self.trained: Trained | None = None
        self._look_up()
        self.left = len(self.pending)

    def _check_streams(self, sample: Experiment) -> None:
        """Refuse to hold a stream that nothing is drawn from, which would be without effect."""
        known = program.streams(sample, self.shared)
        for name in self.plan.hold:
            if name not in known:
                raise unknown("stream", name, known)

    @property
    def whole(self) -> bool:
        return not self.left

    def _look_up(self) -> None:
        """Take from the store what is finished, and note what is to be computed."""
        data = store.digest(self.shared) if self.kept else ""
        for i, point in enumerate(self.points):
            for j, seed in enumerate(self.plan.seed_values()):
                who = store.identity(self.plan, point, seed, self.strategy.layout, data) if self.kept else {}
                run = Run((i, j), point, int(seed), who)
                if self.kept and not self.fresh and (arrays := self.kept.load(who)) is not None:
                    self._place(run, {k[4:]: v for k, v in arrays.items() if k.startswith("log_")},
                                {k[4:]: v for k, v in arrays.items() if k.startswith("end_")}, len(self.records))
                    self.found += 1
                else:
                    self.pending.append((run, self.kept.load_part(who) if self.kept else None))

    def stream(self, budget: float, cancel: Event | None, deep: bool) -> Iterator[int]:
        """Compute what is pending, in chunks; yields the ticks that each chunk took.

        `deep` finishes a lane before it begins the next, which bounds the memory; otherwise all
        lanes advance together, which is what an eye wants. The last lanes, too few to go round, take
        turns, so that no core stands idle while another computes alone.
        """
        waiting = deque(self._batches())
        pace, flying = Pace(), {}
        pool, workers = ThreadPoolExecutor(self.strategy.workers), self.strategy.workers
        try:
            while waiting or flying:
                turns = deep and workers < len(waiting) + len(flying) < 2 * workers
                while waiting and len(flying) < workers:
                    lane = waiting.popleft()
                    if not isinstance(lane, Lane):
                        lane = make_lane(*zip(*lane), self.shared, self.strategy, self.records, self.plan.hold)
                        yield lane.tick * len(lane.runs)
                    if pace.seconds is None:  # the first calls compile, once, before threads share them
                        with program.explained():
                            ticks = lane.advance(pace, budget)
                        yield ticks
                    turn = min(budget, (pace.seconds or 0.0) * self.plan.length / TURNS) if turns else budget
                    flying[pool.submit(self._chunk, lane, pace, turn)] = lane
                done, _ = wait(flying, return_when=FIRST_COMPLETED)
                for future in done:
                    lane = flying.pop(future)
                    ticks, ends = future.result()
                    self._absorb(lane, ends)
                    if not lane.done:
                        (waiting.appendleft if deep and not turns else waiting.append)(lane)
                    yield ticks
                if cancel is not None and cancel.is_set():
                    raise Cancelled("stopped as asked")
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _batches(self) -> Iterator[list]:
        """Pending runs in lanes of one width, each lane at one tick."""
        at: dict[int, list] = {}
        for run, part in self.pending:
            at.setdefault(0 if part is None else int(part["_tick"]), []).append((run, part))
        for runs in at.values():
            for i in range(0, len(runs), self.strategy.width):
                yield runs[i: i + self.strategy.width]

    def _chunk(self, lane: Lane, pace: Pace, budget: float) -> tuple[int, list[dict]]:
        """In a thread: advance a lane, then keep where it stands or look at what it came to."""
        ticks = 0 if lane.done else lane.advance(pace, budget)
        if lane.done:
            return ticks, [self._examine(lane, j) for j in range(len(lane.runs))]
        if self.kept:
            lane.checkpoint(self.kept)
        return ticks, []

    def _examine(self, lane: Lane, j: int) -> dict[str, np.ndarray]:
        """What is looked at once, when run j of a lane is done."""
        point, start = canonical(lane.runs[j].point), time.perf_counter()
        end = {k: np.asarray(v) for k, v in point.examine(lane.state_of(j), lane.world_of(j)).items()}
        program.check_declared(point, end)
        looked = time.perf_counter() - start
        return end | {"run_seconds": np.array(lane.seconds / len(lane.runs) + looked),
                      "diverged_at": _diverged_at(lane.log(j)["_finite"], self.records)}

    def _absorb(self, lane: Lane, ends: list[dict]) -> None:
        """Take over what a lane has measured since the last time, and close its runs when it is done."""
        for j, run in enumerate(lane.runs):
            self._place(run, lane.log(j, lane.absorbed), ends[j] if ends else {}, lane.seen)
            if ends and self.kept:
                self.kept.save(run.identity, {f"log_{k}": v for k, v in lane.log(j).items()}
                               | {f"end_{k}": v for k, v in ends[j].items()})
        lane.absorbed = len(lane.logs)
        if ends:
            self.left -= len(lane.runs)
            self.trained = Trained(lane.state_of(0), lane.world_of(0))

    def _place(self, run: Run, log: dict, end: dict, seen: int) -> None:
        """Write into the table what was measured up to record `seen`, and at the end."""
        lead = (len(self.points), self.plan.seeds)
        for name, array in log.items():
            if name != "_finite":
                if name not in self.measured:
                    shape = (*lead, len(self.records), *array.shape[1:])
                    self.measured[name] = results.blank(shape, array.dtype)
                self.measured[name][run.place][seen - len(array): seen] = array
        for name, array in end.items():
            if name not in self.examined:
                self.examined[name] = results.blank((*lead, *array.shape), array.dtype)
            table = self.examined[name]
            if (array.shape, array.dtype) != (table.shape[2:], table.dtype):
                raise UsageError(f"{type(run.point).__name__}: `examine` gives {name!r} as {array.dtype} {array.shape} here, "
                                 f"as {table.dtype} {table.shape[2:]} in another run; takes one, with NaN for nothing")
            table[run.place] = array

    def dataset(self) -> xr.Dataset:
        """The table as it is now, labelled."""
        cls = type(self.points[0])
        traced = {n: self.plan.sweep[n] for n in self.plan.swept(traced=True)}
        lead = tuple(len(v) for v in traced.values())

        def unfold(arrays):
            return {k: a.reshape(*lead, *a.shape[1:]).copy() for k, a in arrays.items() if k in cls.variables}

        dataset = results.label(self.plan, self.points[0], traced, unfold(self.measured),
                                unfold(self.examined))
        about = {"run_seconds": Variable((), "s", "wall time spent on this run"), "diverged_at": DIVERGED}
        for name, variable in about.items():
            unknown = results.blank((len(self.points), self.plan.seeds), np.dtype(float))
            array = self.examined.get(name, unknown)
            dataset[name] = ((*traced, "seed"), array.reshape(*lead, -1),
                             {"units": variable.unit, "long_name": variable.long_name})
        return dataset


def _diverged_at(finite: np.ndarray, records: np.ndarray) -> np.ndarray:
    return np.array(-1 if finite.all() else int(records[np.argmin(finite)]))


def _warn(dataset: xr.Dataset) -> None:
    """Divergence is data; it is also said aloud."""
    bad = int((dataset["diverged_at"] >= 0).sum())
    if bad:
        warnings.warn(f"{bad} of {dataset['diverged_at'].size} runs diverged (see `diverged_at`); "
                      "a smaller learning rate is the usual cure", stacklevel=3)
