"""How things are timed: contenders take turns in one run, so that a busy moment of the machine hits all."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from mini.engine import program
from mini.experiment import Experiment, Keys, canonical
from mini.machine import cores

Contender = Callable[[int], None]  # does its work so many times, and returns when all is done
PEAK_SIZE = 2048


class Timed(NamedTuple):
    """Milliseconds a step."""

    least: float
    median: float


def race(contenders: Mapping[str, Contender], rounds: int, seconds: float = 0.2) -> dict[str, Timed]:
    """Time each in turn, `rounds` times, in bursts of about `seconds`."""
    bursts, times = {}, {name: [] for name in contenders}
    for name, work in contenders.items():
        work(2)  # compiles and warms up
        bursts[name] = max(1, round(seconds / max(_clock(work, 2) / 2, 1e-6)))
    for _ in range(rounds):
        for name, work in contenders.items():
            times[name].append(1e3 * _clock(work, bursts[name]) / bursts[name])
    return {name: Timed(min(t), float(np.median(t))) for name, t in times.items()}


def _clock(work: Contender, count: int) -> float:
    start = time.perf_counter()
    work(count)
    return time.perf_counter() - start


def stepper(experiment: Experiment, stacked: int = 0) -> Contender:
    """The engine's own steps of one run, or of `stacked` runs under `vmap`, without measuring."""
    point, keys = canonical(experiment), Keys(np.uint32(0), {})
    shared = jax.tree.map(jax.numpy.asarray, point.data())
    if stacked:
        seeds = np.arange(stacked, dtype=np.uint32)
        point = jax.tree.map(lambda x: np.stack([x] * stacked), point)
        keys = Keys(seeds, {})
    world, start = program.prepare(point, keys, shared, stacked=bool(stacked))
    lane = program.Lane(point, keys, world)
    unused = np.zeros(program.CAPACITY, bool)

    def go(count: int) -> None:
        stops = np.full(program.CAPACITY, count, np.int32)
        state, _ = program.advance(lane, shared, start, np.int32(0), stops, unused, np.int32(1),
                                   stacked=bool(stacked))
        jax.block_until_ready(state)

    return go


def repeat(function: Callable, *arguments) -> Contender:
    """A compiled function, called again and again."""
    compiled = jax.jit(function)

    def go(count: int) -> None:
        for _ in range(count):
            jax.block_until_ready(compiled(*arguments))

    return go


def peak() -> dict[str, Contender]:
    """Single-precision products of two large square matrices, by each library that is here."""
    square = np.random.default_rng(0).normal(size=(PEAK_SIZE, PEAK_SIZE)).astype(np.float32)
    matrix = jax.numpy.asarray(square)
    found = {"peak (XLA)": repeat(lambda m: m @ m, matrix)}
    if torch := find_torch():
        with beside_jax():
            tensor = torch.tensor(square)

        def go(count: int) -> None:
            for _ in range(count):
                tensor @ tensor
            if tensor.is_cuda:
                torch.cuda.synchronize()

        found["peak (PyTorch)"] = go
    return found


def peak_speed(times: Mapping[str, Timed]) -> float:
    """Floating-point operations a millisecond, from the faster library of `peak`."""
    return 2 * PEAK_SIZE**3 / min(t.least for name, t in times.items() if name.startswith("peak"))


def one_by_one() -> str:
    """What a row has to say where PyTorch's seeds were timed one after another, and ours on all cores."""
    return f"PyTorch one seed after another; a process a core would divide its time by {cores()} at most"


def find_torch():
    """PyTorch on all cores, or None, said once."""
    try:
        import torch
    except ImportError:
        if not find_torch.said:
            print('PyTorch is missing: its rows are left out; pip install "mini-memorisation[bench]" adds it',
                  file=sys.stderr)
            find_torch.said = True
        return None
    torch.set_num_threads(cores())
    return torch


find_torch.said = False


def beside_jax():
    """A context that makes PyTorch's tensors where JAX computes: on the same GPU, if it is on one."""
    import torch

    return torch.device("cuda" if jax.default_backend() == "gpu" else "cpu")


def row(name: str, ours: float | None, rival: str | None = None, rival_ms: float | None = None, *,
        at_most: float | None = None, of: str = "ratio", unit: str = "ms", note: str = "", **more) -> dict:
    """One line of the table; `ratio` is ours over the rival's, and `at_most` bounds it, or `ours` itself."""
    ratio = ours / rival_ms if ours is not None and rival_ms else None
    value = ratio if of == "ratio" else ours
    target = None if at_most is None else (f"ratio <= {at_most:g}" if of == "ratio" else f"<= {at_most:g} {unit}")
    met = None if at_most is None or value is None else bool(value <= at_most)
    return {"name": name, "ours_ms": ours, "rival": rival, "rival_ms": rival_ms, "ratio": ratio,
            "target": target, "met": met, "note": note, **more}


def child(module: str, *arguments: str) -> dict:
    """Run `python -m module ...` in a fresh process, whose last line is JSON; its cache is a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return child_in(Path(folder), module, *arguments)


def child_in(folder: Path, module: str, *arguments: str) -> dict:
    """The same with a given cache folder."""
    done = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True,
                          cwd=Path(__file__).parents[1], env={**os.environ, "MINI_CACHE": str(folder)})
    if done.returncode:
        raise RuntimeError(f"{module} {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])
