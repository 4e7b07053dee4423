"""What the claims cost: the headline ones by the clock, all of them by the committed ledger."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.timing import row
from mini.engine.lanes import cores

LEDGER = Path(__file__).parents[1] / "data" / "claims.json"
HEADLINE_SECONDS = 90


def run(quick: bool) -> list[dict]:
    """The ledger's seconds are those of computing, over all runs; only the clock is held to a target."""
    return [*_ledger(), *([] if quick else [_clock()])]


def _ledger() -> list[dict]:
    if not LEDGER.exists():
        return [row("claims: no ledger in data/", None, note="mini reproduce --all writes one")]
    claims = [c for c in json.loads(LEDGER.read_text()) if c["preset"] == "laptop"]
    parts = {"headline": [c for c in claims if c["headline"]], "all": claims}
    return [row(f"{name} claims ({len(chosen)}), computing by the ledger over {cores()} cores",
                1e3 * sum(c["seconds"] for c in chosen) / cores(),
                note="without drawing; runs that claims share count once a claim")
            for name, chosen in parts.items()]


def _clock() -> dict:
    """The command itself, in a fresh process, nothing kept from before but compiled programs."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "mini.cli", "reproduce", "--fresh", "--out", folder],
                       check=True, capture_output=True, cwd=LEDGER.parents[1])
        spent = time.perf_counter() - start
    return row("mini reproduce --fresh, by the clock", 1e3 * spent, at_most=1e3 * HEADLINE_SECONDS, of="ours")
