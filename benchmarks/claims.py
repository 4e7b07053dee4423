"""What the claims of each study cost by the clock, compiling and drawing included, and the memory they take.

The `claims` topic times the headline claims; `every_claim` all of them, which takes half an hour.
`python -m benchmarks.claims STUDY ... [--all]` is what the fresh processes run.
"""

import contextlib
import io
import json
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.seeds import peak_mib
from benchmarks.timing import child, row
from mini.studies import studies

TARGETS = {  # studies -> seconds for the headline claims, seconds for every claim, on two cores
    ("grokking",): (90, 480), ("early_learning", "long_tail"): (90, 360),
    ("repeated_data", "forgetting", "extraction"): (180, 900), ("schedules",): (45, 240),
}
QUICK = ("schedules",)
MEMORY_MIB = 2048


def run(quick: bool, everything: bool = False) -> list[dict]:
    """One row for each group of studies that has a target, and each study that has none; a fresh process each, nothing kept."""
    kind = "every claim" if everything else "headline claims"
    table = []
    others = {(name,): None for name in studies() if not any(name in names for names in TARGETS)}
    for names, seconds in (TARGETS | others).items():
        if quick and names != QUICK:
            continue
        got = child("benchmarks.claims", *names, *(["--all"] if everything else []))
        within = "within" if got["mib"] < MEMORY_MIB else "NOT within"
        note = f"{got['claims']} claims; peak {got['mib']:.0f} MiB, {within} {MEMORY_MIB} MiB"
        at_most = 1e3 * seconds[everything] if seconds else None
        table.append(row(f"{kind}, {' + '.join(names)}", 1e3 * got["seconds"], at_most=at_most, of="ours",
                         note=note, peak_mib=got["mib"]))
    return table


def fresh(names: list[str], everything: bool) -> dict:
    """The command itself, in this process; the compiler's cache is empty too."""
    from mini.reproduce import reproduce

    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        start = time.perf_counter()
        reproduce(names, everything=everything, out=Path(folder))
        spent = time.perf_counter() - start
        claims = len(json.loads((Path(folder) / "claims.json").read_text(encoding="utf-8")))
    return {"seconds": spent, "mib": peak_mib(), "claims": claims}


if __name__ == "__main__":
    words = sys.argv[1:]
    print(json.dumps(fresh([w for w in words if w != "--all"], "--all" in words)))
