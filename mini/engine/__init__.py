"""The engine: runs any experiment over seeds and hyperparameters, in chunks, resumable."""

from mini.engine.group import Cancelled
from mini.engine.store import default_cache
from mini.engine.stream import live, run, run_plan, train

__all__ = ["Cancelled", "default_cache", "live", "run", "run_plan", "train"]
