"""How runs share the hardware: the written rule, and a lane of runs that advances chunk by chunk.

The rule, from measurements on two cores (`benchmarks/` repeats them): on a CPU a compiled single-run
program called from as many threads as there are cores is the fastest at every size but the smallest;
`vmap` pays where dispatch dominates, for tiny networks, and on an accelerator; on several accelerators
the vmapped axis is sharded.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from mini.engine import program, store
from mini.errors import wrong
from mini.experiment import Experiment, Keys, canonical
from mini.machine import cores

STRATEGIES = ("auto", "threads", "vmap", "sharded")
TINY = 2048  # numbers in a state and its world below which vmap is the way on a CPU, however many runs are asked for
FEW, FULL = 8, 128  # runs that an accelerator advances in one call: the latter where that many are asked for and fit
ROOM = 2**26  # numbers in their states
CHECKPOINT_SECONDS = 20.0


class Strategy(NamedTuple):
    """How many runs one call of the program advances, and from how many threads it is called."""

    name: str
    width: int
    workers: int

    @property
    def stacked(self) -> bool:
        return self.name != "threads"

    @property
    def layout(self) -> str:
        """The part of it that decides the numbers, in their last bits."""
        return f"{self.name}, {self.width} abreast"


def choose(asked: str, numbers: int, runs: int) -> Strategy:
    """The rule, for this many runs of one shape, each with this many numbers of its own.

    On a CPU the number of runs plays no part, or it would decide the last bits; more seeds only add lanes.
    """
    if asked not in STRATEGIES:
        raise wrong("strategy", asked, "one of " + ", ".join(STRATEGIES))
    on_cpu, devices = jax.default_backend() == "cpu", len(jax.devices())
    if asked == "auto":
        asked = ("vmap" if numbers <= TINY else "threads") if on_cpu else ("sharded" if devices > 1 else "vmap")
    if asked == "threads":
        return Strategy("threads", 1, cores())
    abreast = FULL if runs >= FULL and numbers * FULL <= ROOM else FEW
    if asked == "vmap":
        return Strategy("vmap", 16 if on_cpu else abreast, cores() if on_cpu else 1)
    return Strategy("sharded", devices * (8 if on_cpu else abreast), 1)


class Run(NamedTuple):
    """One point of the sweep with one seed, and its place in the result."""

    place: tuple[int, int]  # (point of the group, seed)
    point: Experiment
    seed: int
    identity: dict


@dataclass
class Pace:
    """Seconds per tick, learned as chunks come back; shared by all lanes of one program."""

    seconds: float | None = None
    longest: int = 1  # ticks of the longest chunk so far

    def ticks(self, budget: float) -> int:
        if self.seconds is None:
            return 1
        return int(np.clip(budget / self.seconds, 1, 4 * self.longest))

    def learn(self, ticks: int, seconds: float) -> None:
        if ticks:
            self.seconds = max(seconds / ticks, 1e-9)
            self.longest = max(self.longest, ticks)


@dataclass
class Lane:
    """Runs that advance together: one of them, or `width` stacked ones."""

    runs: Sequence[Run]
    strategy: Strategy
    shared: Any
    records: np.ndarray
    inputs: program.Lane
    state: Any
    tick: int = 0
    seen: int = 0  # records taken so far
    logs: list[dict[str, np.ndarray]] = field(default_factory=list)  # (runs, records, ...)
    absorbed: int = 0  # how many of these are in the table of results
    seconds: float = 0.0
    saved: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> bool:
        return self.seen == len(self.records)

    def advance(self, pace: Pace, budget: float) -> int:
        """One chunk of about `budget` seconds; returns the number of ticks that it took."""
        start = time.perf_counter()
        stops, flags = stops_until(self.tick, self.records[self.seen:], pace.ticks(budget))
        padding = program.CAPACITY - len(stops)
        self.state, log = program.advance(
            self.inputs, self.shared, self.state, np.int32(self.tick),
            np.pad(np.array(stops, np.int32), (0, padding)), np.pad(flags, (0, padding)),
            np.int32(len(stops)), stacked=self.strategy.stacked)
        rows = np.flatnonzero(flags)
        log = {k: np.asarray(v) if self.strategy.stacked else np.asarray(v)[None] for k, v in log.items()}
        self.logs.append({k: v[: len(self.runs), rows] for k, v in log.items()})
        ticks, self.tick, self.seen = stops[-1] - self.tick, stops[-1], self.seen + len(rows)
        spent = time.perf_counter() - start
        pace.learn(ticks, spent)
        self.seconds += spent
        return int(ticks) * len(self.runs)

    def log(self, j: int, first: int = 0) -> dict[str, np.ndarray]:
        """What run j has measured, from the chunk `first` on: name -> (records, ...)."""
        return {k: np.concatenate([log[k][j] for log in self.logs[first:]]) for k in self.logs[0]}

    def state_of(self, j: int):
        return _one(self.state, j) if self.strategy.stacked else self.state

    def world_of(self, j: int):
        world = self.inputs.world
        return (_one(world, j) if self.strategy.stacked else world).join(self.shared)

    def checkpoint(self, kept: store.Store) -> None:
        """Save every run's state and log, so that after a kill the next process can go on from here."""
        if time.monotonic() - self.saved < CHECKPOINT_SECONDS:
            return
        for j, run in enumerate(self.runs):
            arrays = {"_tick": np.array(self.tick), "_seconds": np.array(self.seconds / len(self.runs))}
            kept.save_part(run.identity, arrays | store.pack(self.state_of(j))
                           | {f"log_{k}": v for k, v in self.log(j).items()})
        self.saved = time.monotonic()


def stops_until(tick: int, records: np.ndarray, ticks: int) -> tuple[list[int], np.ndarray]:
    """The stops of one chunk: the records within reach, or one unrecorded stop on the way.

    >>> stops_until(0, np.array([0, 10, 20, 90]), 25)
    ([0, 10, 20, 25], array([ True,  True,  True, False]))
    """
    reach = tick + ticks
    stops = [int(r) for r in records[: program.CAPACITY] if r <= reach]
    flags = [True] * len(stops)
    if len(stops) < min(program.CAPACITY, len(records)) and (not stops or stops[-1] < reach):
        stops, flags = [*stops, reach], [*flags, False]
    return stops, np.array(flags)


def make_lane(runs: Sequence[Run], parts: Sequence[dict | None], shared, strategy: Strategy,
              records: np.ndarray, hold) -> Lane:
    """Draw the worlds of some runs, and draw their initial states or resume from the saved ones."""
    padded = [*runs, *[runs[-1]] * (strategy.width - len(runs))]
    points = [canonical(run.point) for run in padded]
    keys = [Keys(np.uint32(run.seed), {k: np.uint32(v) for k, v in hold.items()}) for run in padded]
    if strategy.stacked:
        point, key = _stack(points, np), _stack(keys, np)
    else:
        (point,), (key,) = points, keys
    if strategy.name == "sharded":
        point, key, shared = *_spread((point, key), "runs"), _spread(shared)
    world, state = program.prepare(point, key, shared, stacked=strategy.stacked)
    if strategy.name == "sharded":  # the compiler leaves constants whole on every device
        world, state = _spread((world, state), "runs")
    lane = Lane(runs, strategy, shared, records, program.Lane(point, key, world), state)
    return lane if parts[0] is None else _resume(lane, parts)


def _resume(lane: Lane, parts: Sequence[dict]) -> Lane:
    states = [store.unpack(lane.state_of(j), part) for j, part in enumerate(parts)]
    states += [states[-1]] * (lane.strategy.width - len(states))
    lane.state = _stack(states, jnp) if lane.strategy.stacked else states[0]
    if lane.strategy.name == "sharded":  # laid out as it was, or another program would run
        lane.state = _spread(lane.state, "runs")
    names = [name for name in parts[0] if name.startswith("log_")]
    lane.logs = [{name[4:]: np.stack([part[name] for part in parts]) for name in names}]
    lane.tick, lane.seconds = int(parts[0]["_tick"]), float(sum(part["_seconds"] for part in parts))
    lane.seen = len(parts[0]["log__finite"])
    return lane


def _stack(trees, library):
    return jax.tree.map(lambda *leaves: library.stack(leaves), *trees)


@jax.jit
def _one(trees, j: int):
    """Run j's part of what stacked runs have."""
    return jax.tree.map(lambda x: x[j], trees)


def _spread(tree, *axes: str):
    """A tree on all devices, whole on each, or shared out among them along the axes named."""
    mesh = jax.make_mesh((len(jax.devices()),), ("runs",), axis_types=(AxisType.Auto,))
    return jax.device_put(tree, NamedSharding(mesh, PartitionSpec(*axes)))
