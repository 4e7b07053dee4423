"""The explorer's setting, p=31, N=128, 400 steps: from click to finished picture, and the first compile.

`python -m benchmarks.slider` is what the fresh processes run: it prints its times as JSON.
"""

import json
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.timing import child_in, row

TICKS = 400


def clicks() -> list[float]:
    """Seconds from a move of the slider to the finished picture, in the explorer as it is shown."""
    from mini.studies.grokking.explorer import explorer

    one, seconds = explorer(("weight_decay",)), []
    one.start()
    one.wait()
    for weight_decay in (0.5, 1.5, 2.5, 3.5, 4.5, 5.0, 4.0, 3.0):
        start = time.perf_counter()
        one.controls["weight_decay"].value = weight_decay
        one.wait()
        seconds.append(time.perf_counter() - start)
    one.close()
    return seconds


def curve(weight_decay: float) -> float:
    """Seconds from call to finished curve, in the rhythm of an explorer, without a picture."""
    from mini.engine import live
    from mini.plan import Plan
    from mini.studies.grokking.experiment import Grokking

    start = time.perf_counter()
    for _ in live(Plan(Grokking(weight_decay=weight_decay), TICKS, seeds=1), progress=False):
        pass
    return time.perf_counter() - start


def fresh() -> dict:
    """In a fresh process: the imports, the first call, and the calls after it."""
    start = time.perf_counter()
    import jax

    from mini.engine.store import compile_cache
    from mini.studies.grokking import experiment  # noqa: F401

    compile_cache()
    jax.block_until_ready(jax.numpy.zeros(1) + 1)
    imported = time.perf_counter() - start
    first = curve(1.0)
    again = [curve(0.5 + 0.1 * i) for i in range(5)]  # as a slider would, without a new compilation
    clicked = clicks()
    return {"import": imported, "first": first, "again": min(again), "worst": max(again), "compile": first - min(again),
            "click": statistics.median(clicked), "slowest": max(clicked)}


def run(quick: bool) -> list[dict]:
    """Processes whose compilation cache is empty, and then full."""
    cold, warm = [], []
    for _ in range(1 if quick else 3):
        with tempfile.TemporaryDirectory() as folder:
            cold.append(child_in(Path(folder), "benchmarks.slider"))
            warm.append(child_in(Path(folder), "benchmarks.slider"))

    def least(runs, name):
        return 1e3 * min(r[name] for r in runs)

    setting = f"slider p=31 N=128, {TICKS} steps"
    return [
        row(f"{setting}: click to finished picture", least(cold + warm, "click"), at_most=300, of="ours",
            note=f"median of eight; slowest of all {1e3 * max(r['slowest'] for r in cold + warm):.0f} ms"),
        row(f"{setting}: call to finished curve", least(cold + warm, "again"), at_most=300, of="ours",
            note=f"slowest of all {1e3 * max(r['worst'] for r in cold + warm):.0f} ms"),
        row(f"{setting}: first compile", least(cold, "compile"), at_most=2000, of="ours"),
        row(f"{setting}: first compile, cached", least(warm, "compile"), at_most=1000, of="ours"),
        row("import of the library", least(warm, "import")),
    ]


if __name__ == "__main__":
    print(json.dumps(fresh()))
