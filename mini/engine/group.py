"""The runs of one compilation: those already kept are looked up, the others trained, chunk by chunk."""

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from threading import Event
from typing import Any, NamedTuple

import jax
import numpy as np

from mini.engine import program, store
from mini.engine.lanes import Lane, Pace, Run, Strategy, choose, make_lane
from mini.engine.table import Table
from mini.errors import UsageError, unknown
from mini.experiment import Experiment, Keys, canonical
from mini.plan import Plan

TURNS = 8  # that each of the last lanes takes, at least


class Cancelled(Exception):
    """A run was asked to stop; what was finished is kept where a cache was given."""


class Trained(NamedTuple):
    """One trained network with what it was trained on."""

    state: Any
    world: Any


class Group:
    """These runs: which of them are found, and which are computed."""

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
        self.table = Table(plan, points)
        self.pending: list[tuple[Run, dict | None]] = []
        self.found = 0
        self.trained: Trained | None = None
        self._look_up()
        self.left = len(self.pending)

    def _check_streams(self, sample: Experiment) -> None:
        """Refuse to hold a stream that nothing is drawn from, which would have no effect."""
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
                    self._place(run, *(_named(arrays, kind) for kind in ("log_", "end_")), len(self.records))
                    self.found += 1
                else:
                    self.pending.append((run, self.kept.load_part(who) if self.kept else None))

    def stream(self, budget: float, cancel: Event | None, deep: bool) -> Iterator[int]:
        """Compute what is pending, in chunks; yields the ticks that each chunk took.

        `deep` finishes a lane before it begins the next, which bounds the memory; otherwise all
        lanes advance together, which is what a viewer wants. The last lanes, when there are more than one per
        core but fewer than two, take turns, so that no core stands idle while another computes alone.
        """
        if self.pending:
            program.make_room()
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
        """Pending runs in lanes of equal width, all the runs of a lane at the same tick."""
        at: dict[int, list] = {}
        for run, part in self.pending:
            at.setdefault(0 if part is None else int(part["_tick"]), []).append((run, part))
        for runs in at.values():
            for i in range(0, len(runs), self.strategy.width):
                yield runs[i: i + self.strategy.width]

    def _chunk(self, lane: Lane, pace: Pace, budget: float) -> tuple[int, list[dict]]:
        """In a thread: advance a lane, then save a checkpoint or, once it is done, examine its runs."""
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
        program.check_declared(point, end, "examines")
        if twice := end.keys() & lane.logs[0].keys():
            raise UsageError(f"{type(point).__name__}: measures and examines {min(twice)!r}; takes two names")
        looked = time.perf_counter() - start
        return end | {"run_seconds": np.array(lane.seconds / len(lane.runs) + looked),
                      "diverged_at": _diverged_at(lane.log(j)["_finite"], self.records)}

    def _place(self, run: Run, log: dict, end: dict, seen: int) -> None:
        self.table.measure(run.place, {name: array for name, array in log.items() if name != "_finite"}, seen)
        self.table.examine(run.place, end)

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


def _named(arrays: dict, kind: str) -> dict:
    """Those of a kept run's arrays that are of one kind, under their own names."""
    return {name.removeprefix(kind): array for name, array in arrays.items() if name.startswith(kind)}


def _diverged_at(finite: np.ndarray, records: np.ndarray) -> np.ndarray:
    return np.array(-1 if finite.all() else int(records[np.argmin(finite)]))
