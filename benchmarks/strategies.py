"""How runs share a CPU: threads over a single-run program against `vmap` in blocks, by size of the network.

These figures decide TINY in `mini/engine/lanes.py`: below a size `vmap` is the rule.
"""

import time

from benchmarks.timing import row
from mini.engine import run as train
from mini.engine.group import Group
from mini.plan import Plan
from mini.studies.grokking.experiment import Grokking

SIZES = ((5, 4), (7, 8), (7, 16), (11, 16), (11, 32), (17, 32), (23, 64), (31, 128), (59, 256))  # p, N
RUNS = (4, 16, 32, 64)
QUICK = ((5, 4), (31, 128))


def numbers(p: int, width: int) -> int:
    """Numbers in a state: three matrices, twice again in the optimiser, and its count. A world adds a few for each pair."""
    return 9 * p * width + 1


def run(quick: bool) -> list[dict]:
    """Milliseconds a step and run of both; the row says which one the rule takes."""
    table = []
    for p, width in QUICK if quick else SIZES:
        for runs in (16,) if quick else RUNS:
            if 9 * p * width > 1e5 and runs > 4:
                continue
            times = _race(p, width, runs)
            point = Grokking(p=p, width=width, spectrum=False)
            rule = Group(Plan(point, seeds=runs), [point], "auto", None).strategy.name
            best = min(times, key=times.get)
            other = "vmap" if rule == "threads" else "threads"
            table.append(row(f"{runs} runs of p={p} N={width}, {numbers(p, width)} numbers: the rule, {rule}",
                             times[rule], other, times[other], at_most=1.25, note=f"faster: {best}",
                             numbers=numbers(p, width), runs=runs, threads_ms=times["threads"],
                             vmap_ms=times["vmap"]))
    return table


def _race(p: int, width: int, runs: int, rounds: int = 3) -> dict[str, float]:
    """Through the engine's own `run`, a warm-up first; the ticks are chosen to last."""
    point = Grokking(p=p, width=width, spectrum=False)
    ticks = max(50, min(2000, int(4e8 / (p**3 * width * runs))))
    best = dict.fromkeys(("threads", "vmap"), float("inf"))
    for turn in range(rounds + 1):
        for strategy in best:
            start = time.perf_counter()
            train(point, ticks, ticks, seeds=runs, strategy=strategy, progress=False)
            spent = 1e3 * (time.perf_counter() - start) / (ticks * runs)
            if turn:
                best[strategy] = min(best[strategy], spent)
    return best
