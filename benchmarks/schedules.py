"""Streams of tasks: the pilot's 26 schedules, methods beside plain PyTorch loops, and growth with the number of tasks."""

import time
from collections.abc import Callable

import numpy as np

from benchmarks.timing import find_torch, one_by_one, row
from mini.engine import run_plan
from mini.machine import cores
from mini.plan import Plan
from mini.studies.schedules import Schedules
from mini.studies.schedules.experiment import METHODS

SEEDS, SHARES = 5, (0.1, 0.25, 0.5)
SWEEPS = (
    Plan(Schedules(schedule="sequential")), Plan(Schedules(schedule="joint")),
    Plan(Schedules(schedule="uniform"), sweep={"rehearsal": SHARES}),
    Plan(Schedules(schedule="power-law"), sweep={"rehearsal": SHARES, "exponent": (0.5, 1.0, 2.0)}),
    Plan(Schedules(schedule="exponential"), sweep={"rehearsal": SHARES, "time_constant": (1.0, 3.0)}),
    Plan(Schedules(schedule="primacy"), sweep={"rehearsal": SHARES}),
    Plan(Schedules(schedule="spaced")), Plan(Schedules(schedule="expanding")), Plan(Schedules(schedule="published")),
)
RACED = ("none", "ewc", "replay")


def seconds(work: Callable, *arguments) -> float:
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


def ours(*plans: Plan) -> None:
    for plan in plans:
        run_plan(plan, progress=False)


def run(quick: bool) -> list[dict]:
    """The rows of the table; everything is compiled before it is timed."""
    return [*_sweep(), *_race(quick), *_growth()]


def _sweep() -> list[dict]:
    ours(*(plan.replace(seeds=1, ticks=1) for plan in SWEEPS))
    schedules = sum(int(np.prod([len(v) for v in plan.sweep.values()] or [1])) for plan in SWEEPS)
    taken = seconds(ours, *(plan.replace(seeds=SEEDS) for plan in SWEEPS))
    return [row(f"{schedules} schedules, {SEEDS} seeds of 10 tasks of 150 steps", 1e3 * taken, at_most=30_000, of="ours")]


def _race(quick: bool) -> list[dict]:
    """Five seeds of each method, in turn with the same in PyTorch, of which one seed of some tasks is timed and scaled."""
    part, rounds = (2, 1) if quick else (10, 2)
    plans = {m: Plan(Schedules(schedule="sequential", method=m), seeds=SEEDS) for m in RACED}
    ours(*(plan.replace(seeds=1, ticks=1) for plan in plans.values()))
    loops = _rivals(part) if find_torch() else {}
    table = []
    for method, plan in plans.items():
        times: dict[str, list[float]] = {}
        for _ in range(rounds):
            times.setdefault("ours", []).append(seconds(ours, plan))
            for name, loop in loops.items():
                times.setdefault(name, []).append(seconds(loop, method) * SEEDS * 10 / part)
        least = {name: 1e3 * min(t) for name, t in times.items()}
        title = f"{method}, {SEEDS} seeds of 10 tasks of 150 steps"
        best = min(loops, key=least.get) if loops else None
        table += [row(title, least["ours"], name, least[name], at_most=0.2 if name == best else None,
                      note=one_by_one() if name == best else "") for name in loops]
        table += [] if loops else [row(title, least["ours"])]
    return table


def _growth() -> list[dict]:
    """Time a task where one looks only at the end: at 40 tasks against 10."""
    plans = {t: Plan(Schedules(tasks=t, held_out=100), every=[], seeds=2) for t in (10, 40)}
    ours(*(plan.replace(seeds=1, ticks=1) for plan in plans.values()))
    each = {t: min(seconds(ours, plan) for _ in range(2)) / t for t, plan in plans.items()}
    return [row("a task of 40, looked at once at the end", 1e3 * each[40], "a task of 10", 1e3 * each[10], at_most=1.25)]


def _rivals(tasks: int) -> dict:
    import jax
    import torch

    from benchmarks import rivals_continual as rivals
    from mini.experiment import Keys
    from mini.tasks import digits

    point = Schedules(strength=METHODS["ewc"].strength)
    world = point.world(Keys(0, {}), jax.tree.map(jax.numpy.asarray, digits.load()))
    stream = [torch.from_numpy(np.array(a)) for a in world.stream]
    stream = [a.long() if a.dtype == torch.int32 else a for a in stream]
    _agree(rivals)

    def loop(threads):
        def go(method):
            torch.set_num_threads(threads)
            rivals.learn(stream, point, method, tasks)
            torch.set_num_threads(cores())
        return go

    return {f"PyTorch, {n} thread{'s' if n > 1 else ''}": loop(n) for n in sorted({1, cores()})}


def _agree(rivals) -> None:
    """Both Fishers are the same numbers, or their times would say nothing."""
    import jax
    import torch

    from mini.models import classifier
    from mini.studies.schedules.penalties import fisher

    params = classifier.initial(jax.random.key(0), 64, 16, 10, 2)
    network, x = rivals.model(64, 16), np.random.default_rng(0).normal(size=(20, 64)).astype(np.float32)
    leaves = [torch.from_numpy(np.array(leaf).T) for leaf in jax.tree.leaves(params)]
    for i, layer in enumerate(m for m in network if hasattr(m, "weight")):
        layer.bias.data, layer.weight.data = leaves[2 * i], leaves[2 * i + 1]
    theirs = rivals.fisher(network, torch.from_numpy(x))
    mine = [np.asarray(leaf).T for leaf in jax.tree.leaves(fisher(params, jax.numpy.asarray(x)))]
    for i in range(3):
        np.testing.assert_allclose(mine[2 * i + 1], theirs[2 * i], rtol=1e-3, atol=1e-7)
        np.testing.assert_allclose(mine[2 * i], theirs[2 * i + 1], rtol=1e-3, atol=1e-7)
