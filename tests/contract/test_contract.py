"""Every way of running gives every experiment of the contract the same numbers, rightly labelled."""

import inspect
import signal
import subprocess
import sys
from collections import deque
from functools import cache
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from haste import hasty

from mini.engine import lanes, live, run_plan
from mini.experiment import Keys, fields_of
from mini.results import blank

from . import EXPERIMENTS

pytestmark = pytest.mark.earnest
OWN = ("run_seconds", "diverged_at", "measured_until")
STRATEGIES = ("threads", "vmap", "sharded")
CHILD = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from contract import EXPERIMENTS
from mini.engine import lanes, live
lanes.CHECKPOINT_SECONDS = 0.0
streams = []
for case in EXPERIMENTS.values():
    stream = live(case.plan(), strategy="threads", cache=Path(sys.argv[2]), progress=False,
                  chunk_seconds=1e-9)
    streams.append(stream)  # kept, so that none is closed in good order
    for _ in range(8):
        next(stream)
os.kill(os.getpid(), signal.SIGKILL)
"""


def drink(plan, strategy, chunk_seconds, folder=None):
    """All partial results; a generator's last one is the whole."""
    return live(plan, strategy=strategy, cache=folder, progress=False, chunk_seconds=chunk_seconds)


@cache
def whole(name, strategy):
    """A case run in as few chunks as the engine takes; only the usual strategy is compiled in earnest."""
    with hasty(strategy != "threads"):
        (last,) = deque(drink(EXPERIMENTS[name].plan(), strategy, 1e9), maxlen=1)
    return last


def assert_same(a, b):
    """Bit for bit, with labels; only the seconds may differ."""
    a, b = a.drop_vars("run_seconds"), b.drop_vars("run_seconds")
    assert a.identical(b.assign_attrs(a.attrs))
    for name in a.variables:
        assert a[name].dtype == b[name].dtype, name
        assert a[name].values.tobytes() == b[name].values.tobytes(), name


def assert_close(a, b):
    """Equal to rounding, what is missing in the same places."""
    assert set(a.variables) == set(b.variables)
    for name in set(a.variables) - {"run_seconds"}:
        assert a[name].dims == b[name].dims and a[name].dtype == b[name].dtype, name
        np.testing.assert_allclose(a[name], b[name], rtol=2e-5, atol=2e-6, err_msg=name)


def chunked(name, strategy, folder):
    *partial, last = drink(EXPERIMENTS[name].plan(), strategy, 1e-9)
    assert len(partial) > 1
    return last


def saved_and_found(name, strategy, folder):
    plan = EXPERIMENTS[name].plan()
    first = run_plan(plan, strategy=strategy, cache=folder, progress=False)
    again = run_plan(plan, strategy=strategy, cache=folder, progress=False)
    runs = again["diverged_at"].size
    assert first.attrs["runs_computed"] == runs and again.attrs["runs_found"] == runs
    assert_same(first, again)
    return again


def left_and_resumed(name, strategy, folder):
    plan = EXPERIMENTS[name].plan()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "CHECKPOINT_SECONDS", 0.0)
        stream = drink(plan, strategy, 1e-9, folder)
        for _ in range(2):
            next(stream)
        stream.close()
    assert list(folder.rglob("*.part.npz")), "nothing to resume from"
    last = run_plan(plan, strategy=strategy, cache=folder, progress=False)
    assert not list(folder.rglob("*.part.npz"))
    return last


WAYS = {"chunked": chunked, "cached": saved_and_found, "resumed": left_and_resumed}


@pytest.mark.parametrize("name", EXPERIMENTS)
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("way", ["whole", *WAYS])
def test_every_way_of_running_agrees(name, strategy, way, tmp_path):
    result = whole(name, strategy)
    if way == "whole":
        assert result.attrs["strategy"] == strategy
        assert_close(result, whole(name, "threads"))
    else:
        with hasty(strategy != "threads"):
            again = WAYS[way](name, strategy, tmp_path)
        assert_same(again, result)


@cache
@hasty()
def by_hand(name):
    """The last point of a case's sweep with its last seed, in a plain loop of Python."""
    plan = EXPERIMENTS[name].plan()
    *_, point = plan.points()
    seed = int(plan.seed_values()[-1])
    keys, shared = Keys(seed, {}), jax.tree.map(jnp.asarray, point.data())
    world = jax.jit(point.world)(keys, shared)
    state, log = jax.jit(point.init)(keys, world), {}
    measure = jax.jit(point.measure)
    step = jax.jit(lambda state, t: point.step(state, world, t, jax.random.fold_in(keys["steps"], t)))
    for t in range(plan.length + 1):
        if t in plan.records():
            for variable, value in measure(state, world).items():
                log.setdefault(variable, []).append(np.asarray(value))
        state = step(state, jnp.int32(t)) if t < plan.length else state
    return {k: np.stack(v) for k, v in log.items()}, point.examine(state, world)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_plain_loop_gives_the_same_numbers(name):
    result = whole(name, "threads")
    run = result.isel(dict.fromkeys((*EXPERIMENTS[name].sweep, "seed"), -1))
    log, end = by_hand(name)
    assert set(log) | set(end) | set(OWN) == set(result.data_vars)
    for variable, value in {**log, **end}.items():
        seen = run[variable].values[tuple(slice(n) for n in value.shape)]
        np.testing.assert_allclose(seen, value, rtol=1e-5, atol=1e-6, err_msg=variable)
        rest = np.delete(run[variable].values, np.arange(value.shape[-1]), -1) if value.ndim else np.empty(0)
        np.testing.assert_array_equal(rest, blank(rest.shape, rest.dtype), err_msg=variable)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_results_are_labelled(name):
    result, (experiment, sweep, sizes) = whole(name, "threads"), EXPERIMENTS[name]
    cls, log = type(experiment), by_hand(name)[0]
    assert set(result.data_vars) == {*cls.variables, *OWN} and set(sizes) == set(cls.variables)
    for variable, about in cls.variables.items():
        clock = (cls.clock,) if variable in log else ()
        assert result[variable].dims == (*sweep, "seed", *clock, *about.dims)
        assert result[variable].shape[result[variable].ndim - len(about.dims):] == sizes[variable]
        assert result[variable].attrs == {"units": about.unit, "long_name": about.long_name}
        assert result[variable].dtype != object, variable
    assert result["seed"].values.tolist() == [4, 5, 6]
    assert result[cls.clock].values.tolist() == sorted({0, *EXPERIMENTS[name].plan().records(), cls.ticks})
    for field, values in sweep.items():
        assert result[field].values.tolist() == values
        assert result[field].attrs["long_name"] == fields_of(cls)[field].meaning
    assert (result["diverged_at"] == -1).all() and result["diverged_at"].dims == (*sweep, "seed")


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A cache left by a process that was killed with every case begun and none finished."""
    folder = tmp_path_factory.mktemp("killed")
    tests = str(Path(__file__).parents[1])
    child = subprocess.run([sys.executable, "-c", CHILD, tests, str(folder)], timeout=120)
    assert child.returncode == -signal.SIGKILL
    return folder


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_killed_run_goes_on(name, killed):
    plan = EXPERIMENTS[name].plan()
    kind = type(plan.experiment).__name__.lower()
    assert list((killed / "runs" / kind).glob("*.part.npz"))
    assert_same(run_plan(plan, strategy="threads", cache=killed, progress=False), whole(name, "threads"))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_is_written_in_under_forty_lines(name):
    lines = inspect.getsource(type(EXPERIMENTS[name].experiment)).splitlines()
    assert 10 < len(lines) < 40


def test_on_a_cpu_sharded_is_over_two_devices():
    assert len(jax.devices()) == 2 or jax.default_backend() != "cpu"
