"""The engine: killed, cancelled, diverged, damaged and resumed runs; seeds, streams and compilations."""

import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from contract.memory import Memory
from walk import Walk

from mini import machine
from mini.engine import Cancelled, lanes, live, program, run, run_plan, train
from mini.engine.group import Group
from mini.engine.table import Table
from mini.errors import UsageError
from mini.experiment import Experiment, Variable, experiment, static, traced
from mini.plan import Plan

pytestmark = pytest.mark.earnest
QUIET = {"progress": False, "strategy": "threads"}
LONG = Plan(Walk(), ticks=3000, every=100, seeds=4)
CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from test_engine import LONG, QUIET
from mini.engine import lanes, live
lanes.CHECKPOINT_SECONDS = 0.0
for partial in live(LONG, cache=Path(sys.argv[2]), chunk_seconds=1e-9, **QUIET):
    pass
"""


def same(a, b):
    a, b = a.drop_vars("run_seconds"), b.drop_vars("run_seconds")
    return a.identical(b.assign_attrs(a.attrs))


def wait_for(found, seconds=60):
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def test_a_process_killed_from_outside_resumes_to_the_same_bits(tmp_path):
    tests = str(Path(__file__).parent)
    with subprocess.Popen([sys.executable, "-c", CHILD, tests, str(tmp_path)]) as child:
        wait_for(lambda: len(list(tmp_path.rglob("*.part.npz"))) > 1 or child.poll() is not None)
        time.sleep(0.05)
        child.kill()
    assert child.returncode == -signal.SIGKILL, "the child was done before it was killed"
    ticks = [int(np.load(f)["_tick"]) for f in tmp_path.rglob("*.part.npz") if not f.name.startswith(".")]
    assert ticks and 0 < max(ticks) < 3000
    resumed = run_plan(LONG, cache=tmp_path, **QUIET)
    assert same(resumed, run_plan(LONG, **QUIET))
    assert not list(tmp_path.rglob("*.part.npz"))


def test_resuming_takes_the_work_up_where_it_stood(tmp_path, monkeypatch):
    monkeypatch.setattr(lanes, "CHECKPOINT_SECONDS", 0.0)
    stream = live(LONG, cache=tmp_path, chunk_seconds=1e-9, **QUIET)
    for _ in range(20):
        next(stream)
    stream.close()
    part = np.load(next(tmp_path.rglob("*.part.npz")))
    assert part["_tick"] > 0
    kept, done = lanes.Lane.advance, []
    monkeypatch.setattr(lanes.Lane, "advance", lambda *a: done.append(kept(*a)) or done[-1])
    run_plan(LONG, cache=tmp_path, **QUIET)
    assert 0 < sum(done) < 4 * 3000 - 20 + 4


@pytest.mark.parametrize("seeds, begun", [(3, 3), (4, 2), (5, 2)])
def test_the_last_runs_take_turns_so_that_no_core_is_left_alone(monkeypatch, seeds, begun):
    """Before the first of them is done, three runs on two cores have all begun; of four each core has its own."""
    plan, make, kept, seen = LONG.replace(seeds=seeds), lanes.make_lane, lanes.Lane.advance, []

    def begin(*settings):
        seen.append("begun")
        return make(*settings)

    def advance(lane, *settings):
        ticks = kept(lane, *settings)
        seen.extend(["done"] * lane.done)
        return ticks

    monkeypatch.setattr(lanes, "cores", lambda: 2)
    monkeypatch.setattr(sys.modules["mini.engine.group"], "make_lane", begin)
    monkeypatch.setattr(lanes.Lane, "advance", advance)
    shared = run_plan(plan, **QUIET)
    assert seen.index("done") == begun and seen.count("begun") == seeds
    monkeypatch.setattr(lanes, "cores", lambda: 1)
    assert same(shared, run_plan(plan, **QUIET))


def test_cancel_stops_within_a_chunk_and_keeps_what_is_finished(tmp_path):
    plan, cancel = Plan(Walk(), ticks=30, every=10, seeds=40), threading.Event()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "cores", lambda: 2)  # with forty, all would be done before the word is heard
        patch.setattr(sys.modules["mini.engine.stream"], "BATCH_SECONDS", 0.0)  # lane after lane, a tick a chunk
        stream = live(plan, cache=tmp_path, cancel=cancel, chunk_seconds=0.0, **QUIET)
        wait_for(lambda: next(stream) and len(list(tmp_path.rglob("*.npz"))) >= 2)
        cancel.set()
        with pytest.raises(Cancelled):
            for _ in range(2):  # the other thread's chunk, where it was done at the same moment, is still handed over
                next(stream)
    kept = len(list(tmp_path.rglob("*.npz")))
    assert 2 <= kept < 40
    again = run_plan(plan, cache=tmp_path, **QUIET)
    assert again.attrs["runs_found"] == kept and same(again, run_plan(plan, **QUIET))


def test_cancel_from_another_thread_takes_no_longer_than_a_chunk():
    plan, cancel = Plan(Walk(), ticks=2**31 - 1, every=2**30, seeds=2), threading.Event()
    threading.Timer(0.5, cancel.set).start()
    start = time.monotonic()
    with pytest.raises(Cancelled):
        run_plan(plan, cancel=cancel, **QUIET)
    assert time.monotonic() - start < 10
    assert threading.active_count() < 20


@pytest.fixture
def interruptible():
    """A process begun in the background of a shell ignores Ctrl-C until it is told otherwise."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_keeps_what_is_finished(tmp_path, monkeypatch, interruptible):
    plan = Plan(Walk(), ticks=200, every=50, seeds=8)
    kept, sent = lanes.Lane.advance, []

    def advance(lane, *settings):
        if not sent and any(tmp_path.rglob("*.npz")):
            sent.append(lane)
            os.kill(os.getpid(), signal.SIGINT)
        return kept(lane, *settings)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(lanes, "cores", lambda: 2)
        patch.setattr(lanes.Lane, "advance", advance)
        run_plan(plan, cache=tmp_path, **QUIET)
        time.sleep(5)
    kept = len(list(tmp_path.rglob("*.npz")))
    assert 0 < kept < 8
    again = run_plan(plan, cache=tmp_path, **QUIET)
    assert again.attrs["runs_found"] == kept and same(again, run_plan(plan, **QUIET))


def test_a_long_run_shows_the_time_left_and_a_short_one_nothing(capsys):
    run(Walk(), seeds=1, strategy="threads")
    assert "Walk" not in capsys.readouterr().err
    plan = Plan(Walk(), ticks=2**31 - 1, every=2**30, seeds=2)
    start, partial, said = time.monotonic(), live(plan, strategy="threads", chunk_seconds=0.05), []

    def shown():
        next(partial)
        said.extend(re.findall(r"Walk: +\d+%.*<(.*), .*step/s\]", capsys.readouterr().err))
        return said and "?" not in said[-1]

    wait_for(shown)
    partial.close()
    assert time.monotonic() - start > 2, "sooner than promised"
    assert 0 < seconds(said[-1]) < 1e7


def seconds(clock):
    """A time as the bar writes it, such as 01:02:03, as a number."""
    return sum(float(part) * 60**i for i, part in enumerate(reversed(clock.split(":"))))


def test_divergence_is_data_and_said_aloud():
    sweep = {"growth": [1.0, 100.0]}
    with pytest.warns(UserWarning, match=r"^2 of 4 runs diverged \(see `diverged_at`\)"):
        result = run(Walk(), ticks=60, every=5, seeds=2, sweep=sweep, **QUIET)
    assert result["diverged_at"].values.tolist() == [[-1, -1], [20, 20]]
    assert np.isfinite(result["distance"].isel(growth=0)).all()
    assert np.isfinite(result["distance"].isel(growth=1).sel(step=slice(0, 15))).all()


def test_a_damaged_file_is_computed_again(tmp_path):
    first = run(Walk(), seeds=3, cache=tmp_path, **QUIET)
    one, two, _ = sorted(tmp_path.rglob("*.npz"))
    one.write_bytes(one.read_bytes()[:300])
    two.write_text("")
    again = run(Walk(), seeds=3, cache=tmp_path, **QUIET)
    assert again.attrs["runs_found"] == 1 and again.attrs["runs_computed"] == 2 and same(first, again)
    assert run(Walk(), seeds=3, cache=tmp_path, **QUIET).attrs["runs_found"] == 3


def test_more_seeds_and_values_only_add(tmp_path):
    run(Walk(), seeds=2, seed_start=1, cache=tmp_path, **QUIET)
    more = run(Walk(), seeds=4, cache=tmp_path, sweep={"stride": [0.5, 1.0]}, **QUIET)
    assert more.attrs["runs_found"] == 2 and more.attrs["runs_computed"] == 6
    assert same(more, run(Walk(), seeds=4, sweep={"stride": [0.5, 1.0]}, **QUIET))


def test_the_number_of_seeds_decides_no_bits(tmp_path):
    few = run(Walk(), seeds=3, cache=tmp_path, progress=False)
    many = run(Walk(), seeds=40, cache=tmp_path, progress=False)
    assert many.attrs["runs_found"] == 3 and few.attrs["strategy"] == many.attrs["strategy"] == "vmap"
    assert same(many.isel(seed=slice(3)), few)


def test_what_a_later_compilation_lacks_is_said_before_the_first_is_trained(tmp_path, monkeypatch):
    @experiment
    class Fetched(Walk):
        """Data that only walkers have."""

        def data(self):
            if self.gait == "stand":
                raise UsageError("gait: stand cannot be had")
            return super().data()

    monkeypatch.setattr(Group, "stream", lambda *a, **k: pytest.fail("training began"))
    with pytest.raises(UsageError, match="stand cannot be had"):
        run(Fetched(), sweep={"gait": ["walk", "stand"]}, **QUIET)


def test_the_last_result_alone_makes_one_table(monkeypatch):
    made, dataset = [], Table.dataset
    monkeypatch.setattr(Table, "dataset", lambda self: made.append(self) or dataset(self))
    monkeypatch.setattr("mini.engine.stream.BATCH_SECONDS", 0.0)
    run(Walk(), seeds=6, **QUIET)
    assert len(made) == 1


def test_a_held_stream_stays_while_the_others_vary():
    free, held = run(Walk(), seeds=3, **QUIET), run(Walk(), seeds=3, hold={"data": 7}, **QUIET)
    start, place = held["started"].values, held["place"].isel(step=-1).values
    assert (start == start[0]).all() and len(np.unique(place[:, 0])) == 3
    assert (start[0] == run(Walk(), seeds=1, seed_start=7, **QUIET)["started"].values).all()
    assert len(np.unique(free["started"].values[:, 0])) == 3
    moved = place - start
    np.testing.assert_allclose(moved, free["place"].isel(step=-1) - free["started"], atol=1e-5)


def test_a_stream_that_nothing_is_drawn_from_cannot_be_held():
    with pytest.raises(UsageError, match="stream: no 'dta'; did you mean 'data'"):
        run(Walk(), seeds=1, hold={"dta": 1}, **QUIET)
    run(Walk(), ticks=1, seeds=1, hold={"init": 1, "steps": 2}, **QUIET)


def test_dims_and_coords():
    sweep = {"stride": [2.0, 0.5], "walkers": [2, 4], "gait": ["walk", "stand"]}
    result = run(Walk(), every=[3], seeds=2, seed_start=9, sweep=sweep, **QUIET)
    assert result["place"].dims == ("stride", "walkers", "gait", "seed", "step", "walker")
    assert result["order"].dims == ("stride", "walkers", "gait", "seed", "walker")
    for name, values in {**sweep, "seed": [9, 10], "step": [0, 3, 40], "walker": [1, 2, 3, 4]}.items():
        assert result[name].values.tolist() == values
    few = result.sel(walkers=2)
    assert np.isfinite(few["place"].sel(walker=[1, 2])).all()
    assert np.isnan(few["place"].sel(walker=[3, 4])).all()
    single = run(Walk(stride=0.5, walkers=4), every=[3], seeds=1, seed_start=10, **QUIET)
    same_run = result.sel(stride=0.5, walkers=4, gait="walk", seed=[10])
    assert (same_run["place"].values == single["place"].values).all()
    stand = result.sel(gait="stand")
    assert (stand["distance"] == stand["distance"].isel(step=0)).all()


def test_partial_results_only_grow():
    plan = Plan(Walk(), every=5, seeds=3)
    *partial, last = live(plan, chunk_seconds=0.0, **QUIET)
    known = [np.isfinite(p["place"].values) for p in partial]
    assert not known[0].all() and len(partial) > 3
    for a, b in itertools.pairwise(known):
        assert (b | ~a).all()
    for p, k in zip(partial, known):
        assert (p["place"].values[k] == last["place"].values[k]).all()


def test_a_float_sweep_compiles_once_and_an_integer_compiles_anew():
    plan = Plan(Walk(walkers=7), ticks=33, seeds=3, sweep={"stride": [1, 2.0, np.float32(3)], "growth": [0.5, 1]})
    before = program.advance._cache_size(), program.prepare._cache_size()
    run_plan(plan, **QUIET)
    run_plan(plan.replace(ticks=50, every=[1, 2, 30], seeds=1, seed_start=5), **QUIET)
    list(live(plan, chunk_seconds=1e-9, **QUIET))
    assert (program.advance._cache_size(), program.prepare._cache_size()) == (before[0] + 1, before[1] + 1)
    run_plan(plan.replace(walkers=8), **QUIET)
    assert program.advance._cache_size() == before[0] + 2


@pytest.mark.parametrize("strategy", ["vmap", "sharded"])
def test_a_stacked_sweep_compiles_once(strategy):
    if strategy == "sharded" and len(jax.devices()) == 1:
        pytest.skip("there is nothing to share one device among")
    plan = Plan(Memory(batches=3), seeds=20, sweep={"strength": [1.0, 2.0]})  # begins with zeros, not drawn
    before = program.advance._cache_size()
    run_plan(plan, strategy=strategy, progress=False)
    assert program.advance._cache_size() == before + 1


def test_a_run_is_traced_once(monkeypatch):
    """What is traced to learn the form of a world, a state and a record serves the programs."""
    traced = []
    for name in ("world", "init", "step", "measure"):
        kept = getattr(Walk, name)
        monkeypatch.setattr(Walk, name, lambda *a, name=name, kept=kept: traced.append(name) or kept(*a))
    run(Walk(walkers=9), seeds=2, strategy="threads", progress=False)
    assert sorted(traced) == ["init", "measure", "step", "world"]


@pytest.mark.parametrize("strategy", ["threads", "vmap"])
def test_what_is_shared_is_not_copied_for_a_run(strategy):
    point, chosen = Walk(), lanes.choose(strategy, 10**6, 4)
    shared = jax.tree.map(jnp.asarray, point.data())
    runs = [lanes.Run((0, seed), point, seed, {}) for seed in range(chosen.width)]
    lane = lanes.make_lane(runs, [None] * len(runs), shared, chosen, np.array([0]), {})
    assert [leaf.shape[-1:] for leaf in lane.inputs.world.drawn] == [(3,)], "only the start is drawn"
    ground = {lane.world_of(j)["ground"].unsafe_buffer_pointer() for j in range(len(runs))}
    assert ground == {shared["ground"].unsafe_buffer_pointer()}
    assert lane.world_of(0)["start"].shape == (3,)


def test_train_keeps_the_state_that_run_measures():
    state, world = train(Walk(), ticks=25, seed=2)
    result = run(Walk(), ticks=25, seeds=1, seed_start=2, **QUIET)
    assert (np.asarray(state) == result["place"].isel(seed=0, step=-1).values).all()
    assert set(world) == {"ground", "start"}


def test_more_records_than_one_call_holds():
    result = run(Walk(), ticks=100, every=1, seeds=1, **QUIET)
    assert result.sizes["step"] == 101 and np.isfinite(result["place"]).all()
    sparse = run(Walk(), ticks=100, every=[50], seeds=1, **QUIET)
    assert (sparse["place"].values == result["place"].sel(step=[0, 50, 100]).values).all()


def test_no_ticks_give_the_untrained_record():
    result = run(Walk(), ticks=0, seeds=2, **QUIET)
    assert result["step"].values.tolist() == [0]
    assert (result["place"].isel(step=0).values == result["started"].values).all()


def test_what_is_measured_must_be_declared():
    @experiment
    class Loose(Experiment):
        late: bool = static(False, "whether the name is unknown only at the end")
        variables = {"known": Variable((), "1", "known")}

        def init(self, keys, world):
            return jnp.zeros(2)

        def step(self, state, world, t, key):
            return state

        def measure(self, state, world):
            return {"known": state.sum()} if self.late else {"hidden": state.sum()}

        def examine(self, state, world):
            return {"hidden": state.sum()}

    for late, does in ((False, "measures"), (True, "examines")):
        with pytest.raises(UsageError, match=f"Loose: {does} 'hidden'; declare it in `variables`"):
            run(Loose(late=late), ticks=1, seeds=1, **QUIET)


@pytest.mark.parametrize("numbers, runs, width", [(10**5, 5, 8), (10**5, 127, 8), (10**5, 128, 128), (10**6, 512, 8)])
def test_an_accelerator_advances_no_more_runs_abreast_than_are_asked_for_and_fit(monkeypatch, numbers, runs, width):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    for devices, name in ((1, "vmap"), (2, "sharded")):
        monkeypatch.setattr(jax, "devices", lambda count=devices: range(count))
        assert lanes.choose("auto", numbers, runs) == lanes.Strategy(name, devices * width, 1)


def test_strategies_are_chosen_by_size_alone_on_a_cpu(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "cpu")
    for runs in (1, 3, 100):
        assert lanes.choose("auto", 10**6, runs) == lanes.choose("auto", 10**6, 5)
        assert lanes.choose("auto", 10**6, runs).name == "threads" and lanes.choose("auto", 100, runs).name == "vmap"
    with pytest.raises(UsageError, match="strategy: got 'pmap', takes one of auto, threads, vmap, sharded"):
        run(Walk(), strategy="pmap", progress=False)


def test_nothing_runs_before_the_plan_is_checked(tmp_path):
    with pytest.raises(UsageError):
        run(Walk(), sweep={"stride": [1.0, -1.0]}, cache=tmp_path, **QUIET)
    assert not list(tmp_path.iterdir())


def test_a_cache_that_cannot_be_written_is_refused_before_anything_runs(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(Walk, "data", lambda self: pytest.fail("it ran"))
    with pytest.raises(UsageError, match="cannot be written"):
        run(Walk(), seeds=1, cache=tmp_path / "file", progress=False)


@experiment
class Ragged(Walk):
    """A walk that looks at as many walkers as it is told."""

    seen: int = traced(2, "walkers looked at", within="[1, 3]")
    variables = Walk.variables | {"some": Variable(("chosen",), "m", "some of the places at the start")}

    def examine(self, state, world):
        return {"some": np.asarray(world["start"])[: int(self.seen)]}


def test_what_is_looked_at_in_the_end_is_of_one_form():
    assert run(Ragged(), 2, seeds=2, progress=False)["some"].shape == (2, 2)
    with pytest.raises(UsageError, match=r"gives 'some' as float32 \(3,\) here, as float32 \(2,\) in another"):
        run(Ragged(), 2, seeds=1, sweep={"seen": [2, 3]}, progress=False)


@experiment
class Twice(Walk):
    """A walk that gives two things one name."""

    def examine(self, state, world):
        return {"place": state}


def test_one_name_is_measured_or_examined():
    with pytest.raises(UsageError, match="Twice: measures and examines 'place'"):
        run(Twice(), 2, seeds=1, progress=False)


@experiment
class Branching(Walk):
    """A walk whose number of strides is Python's."""

    strides: int = traced(2, "strides a tick", within="[1, 3]")

    def step(self, state, world, t, key):
        for _ in range(self.strides):
            state = super().step(state, world, t, key)
        return state


def test_a_traced_field_used_as_a_number_of_pythons_is_explained():
    with pytest.raises(TypeError) as caught:
        run(Branching(), 2, seeds=1, progress=False)
    assert any("declare it static" in note for note in caught.value.__notes__)


@experiment
class Growing(Walk):
    """A walk whose state does not keep its form."""

    def step(self, state, world, t, key):
        return jnp.append(super().step(state, world, t, key), 0)


def test_a_state_that_changes_its_form_is_explained():
    with pytest.raises(TypeError) as caught:
        run(Growing(), 2, seeds=1, progress=False)
    assert any("same form, shapes and types as `init`" in note for note in caught.value.__notes__)


@experiment
class Uneven(Walk):
    """A walk that looks at fewer places in the end than along the way."""

    def examine(self, state, world):
        return {"started": np.asarray(world["start"])[:2]}


def test_one_dim_has_one_length():
    with pytest.raises(UsageError, match="Uneven: 'started' has 2 places along 'walker', another variable or `coords` 3"):
        run(Uneven(), 2, seeds=1, progress=False)


@pytest.mark.skipif(not machine.MAPS_USED.exists(), reason="only Linux limits a process's memory maps")
def test_programs_are_forgotten_before_the_memory_maps_run_out(monkeypatch):
    def held():
        return len(machine.MAPS_USED.read_text(encoding="utf-8").splitlines())

    before = held()
    first = run(Walk(walkers=5), seeds=2, **QUIET)
    run(Walk(walkers=6), seeds=2, **QUIET)
    full = held()
    monkeypatch.setattr(program, "crowded", lambda: True)
    again = run(Walk(walkers=5), seeds=2, **QUIET)
    assert program.advance._cache_size() == program.prepare._cache_size() == 1, "all but the last shape is forgotten"
    assert full > before and held() < full
    assert same(first, again)


def test_a_process_is_crowded_when_it_holds_more_than_half_of_the_maps_granted(tmp_path, monkeypatch):
    used, granted = tmp_path / "maps", tmp_path / "max_map_count"
    monkeypatch.setattr(machine, "MAPS_USED", used)
    monkeypatch.setattr(machine, "MAPS_GRANTED", granted)
    assert not machine.crowded(), "a system without the limit"
    granted.write_text("100\n")
    for lines, answer in ((50, False), (51, True)):
        used.write_text("a map\n" * lines)
        assert machine.crowded() is answer
