"""What computes: packages, processor, cores; whether there is room for more programs, and whether anybody is watching."""

import importlib.metadata
import os
import platform
from pathlib import Path

MAPS_USED, MAPS_GRANTED = Path("/proc/self/maps"), Path("/proc/sys/vm/max_map_count")
PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "scipy", "scikit-learn", "xarray", "dp-accounting",
            "mini-memorisation")


def versions(*more: str) -> dict[str, str]:
    """Versions of the packages that compute, and of any others named, where they are installed."""
    found = {"python": platform.python_version()}
    for name in (*PACKAGES, *more):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def processor() -> str:
    """The processor's name, as far as the system gives it."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text(encoding="utf-8").splitlines() if about.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def crowded(most: float = 0.5) -> bool:
    """Whether this process has used up half of the memory maps that Linux grants it; elsewhere there is no such limit.

    By then, after some seventy shapes, it takes about 1.7 GB of memory as well.
    """
    if not (MAPS_USED.exists() and MAPS_GRANTED.exists()):
        return False
    return MAPS_USED.read_bytes().count(b"\n") > most * int(MAPS_GRANTED.read_text(encoding="utf-8"))


def grading() -> bool:
    """Whether nbgrader runs this process's notebook, to grade it or to validate it."""
    return bool(os.environ.get("NBGRADER_EXECUTION"))


def fast() -> bool:
    """Whether nobody is watching, so that everything is to be small: in the tests, and while nbgrader runs a notebook."""
    return bool(os.environ.get("MINI_FAST")) or grading()
