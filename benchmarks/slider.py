"""The explorer's setting, p=31, N=128, 400 steps: from call to finished curve, and the first compile.

`python -m benchmarks.slider` is what the fresh processes run: it prints its times as JSON.
"""

import json
import tempfile
import time
from pathlib import Path

from benchmarks.timing import child_in, row

TICKS = 400


def curve(weight_decay: float) -> float:
    """Seconds from call to finished curve, drawn in the rhythm of an explorer."""
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
    return {"import": imported, "first": first, "again": min(again), "worst": max(again),
            "compile": first - min(again)}


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
        row(f"{setting}: call to finished curve", least(cold + warm, "again"), at_most=300, of="ours",
            note=f"slowest of all {1e3 * max(r['worst'] for r in cold + warm):.0f} ms"),
        row(f"{setting}: first compile", least(cold, "compile"), at_most=2000, of="ours"),
        row(f"{setting}: first compile, cached", least(warm, "compile"), at_most=1000, of="ours"),
        row("import of the library", least(warm, "import")),
    ]


if __name__ == "__main__":
    print(json.dumps(fresh()))
