"""Every topic in turn, a table, and the same as JSON: `mini bench`, or `python -m benchmarks.report`."""

import argparse
import importlib
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mini.errors import UsageError, unknown
from mini.files import check_writable
from mini.machine import cores, processor, versions

TOPICS = ("mlp", "transformer", "language", "slider", "seeds", "strategies", "early_learning", "long_tail", "schedules",
          "claims", "every_claim")
BUSY = 0.25  # of a core in use by others, for each core


def main(json_file: str | None = None, quick: bool = False, only: Sequence[str] = ()) -> int:
    """Run the topics; 0 whatever the verdicts, which are for reading."""
    for name in only:
        if name not in TOPICS:
            raise unknown("topic", name, TOPICS)
    if json_file:
        check_writable(Path(json_file))
    about = machine()
    if (about["load_before"] or 0) > BUSY * about["cores"]:
        print(f"the machine is busy (load {about['load_before']:.1f}): times and ratios are worth little", file=sys.stderr)
    rows = []
    for topic in only or TOPICS:
        start = time.perf_counter()
        got = importlib.import_module(f"benchmarks.{topic}").run(quick)
        rows += [{"topic": topic, **line} for line in got]
        print(f"\n{topic} ({time.perf_counter() - start:.0f} s)\n{table(got)}", flush=True)
    if json_file:
        result = {"machine": about, "versions": versions("torch"), "quick": quick, "rows": rows}
        Path(json_file).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        print(f"\nwritten: {json_file}", file=sys.stderr)
    return 0


def table(rows: Sequence[dict]) -> str:
    """The rows as text, one line each.

    >>> print(table([{"name": "a step", "ours_ms": 2.0, "rival": "theirs", "rival_ms": 4.0, "ratio": 0.5,
    ...               "target": "ratio <= 0.5", "met": True, "note": ""}]))
    a step: 2 ms; theirs 4 ms; ratio 0.5; target ratio <= 0.5: met
    """
    return "\n".join(_line(row) for row in rows)


def _line(row: dict) -> str:
    parts = []
    if row["ours_ms"] is not None:
        parts.append(_ms(row["ours_ms"]))
    if row["rival"]:
        parts += [f"{row['rival']} {_ms(row['rival_ms'])}", f"ratio {row['ratio']:.3g}"]
    if row["target"]:
        verdict = {True: "met", False: "NOT MET", None: "not measured"}[row["met"]]
        parts.append(f"target {row['target']}: {verdict}")
    if row["note"]:
        parts.append(row["note"])
    return f"{row['name']}: " + "; ".join(parts)


def _ms(value: float) -> str:
    return f"{value / 1e3:.3g} s" if value >= 1e3 else f"{value:.3g} ms"


def machine() -> dict:
    """What the times are worth comparing with."""
    return {"system": platform.system(), "architecture": platform.machine(), "processor": processor(), "cores": cores(),
            "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", help="file to write the table to")
    parser.add_argument("--quick", action="store_true", help="fewer repeats and sizes")
    parser.add_argument("--only", nargs="*", default=[], metavar="TOPIC", help=", ".join(TOPICS))
    asked = parser.parse_args()
    try:
        sys.exit(main(asked.json, asked.quick, asked.only))
    except UsageError as problem:
        print(f"bench: {problem}", file=sys.stderr)
        sys.exit(2)
