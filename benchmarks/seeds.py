"""What 1, 8, 64 and 512 seeds of the small network cost, in time and in memory at its highest.

`python -m benchmarks.seeds COUNT` is what the fresh processes run.
"""

import json
import resource
import sys
import time
from pathlib import Path

from benchmarks.timing import child, row

COUNTS, TICKS = (1, 8, 64, 512), 100
MARGIN = 1.1  # of time a seed against fewer seeds, which a busy machine may add
MEMORY_MIB = 512  # that 512 seeds may add to one


def fresh(count: int) -> dict:
    """Milliseconds and MiB of so many seeds, compiled before the clock starts."""
    from mini.engine import run as train
    from mini.studies.grokking.experiment import Grokking

    train(Grokking(), TICKS, seeds=1, progress=False)
    times = []
    for _ in range(3 if count < 512 else 1):
        start = time.perf_counter()
        train(Grokking(), TICKS, seeds=count, progress=False)
        times.append(time.perf_counter() - start)
    return {"ms": 1e3 * min(times), "mib": peak_mib()}


def peak_mib() -> float:
    """This process's highest resident memory; on Linux its ru_maxrss would begin at its parent's."""
    status = Path("/proc/self/status")
    if status.exists() and "VmHWM:" in (text := status.read_text(encoding="utf-8")):
        return int(text.split("VmHWM:")[1].split()[0]) / 2**10
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def run(quick: bool) -> list[dict]:
    """One row a count; time against as many times one seed, memory against that of one seed."""
    counts = COUNTS[:-1] if quick else COUNTS
    seen = {count: child("benchmarks.seeds", str(count)) for count in counts}
    one, table = seen[1], []
    for count, got in seen.items():
        note = f"{got['ms'] / count:.1f} ms a seed, peak {got['mib']:.0f} MiB"
        rival = (f"{count} times one seed", count * one["ms"]) if count > 1 else (None, None)
        table.append(row(f"{count} seeds, p=31 N=128, {TICKS} steps", got["ms"], *rival,
                         at_most=MARGIN if count > 1 else None, note=note, peak_mib=got["mib"]))
    extra = seen[counts[-1]]["mib"] - one["mib"]
    table.append(row(f"memory that {counts[-1]} seeds add to one", None, note=f"{extra:.0f} MiB", peak_mib=extra)
                 | {"target": f"<= {MEMORY_MIB} MiB", "met": extra <= MEMORY_MIB})
    return table


if __name__ == "__main__":
    print(json.dumps(fresh(int(sys.argv[1]))))
