"""The schedules study: what it reports against its own draws, refusals, and methods that do what they say."""

import dataclasses
import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from mini.cli import main
from mini.engine import run, train
from mini.errors import UsageError
from mini.experiment import Keys
from mini.measures import continual
from mini.models import classifier
from mini.studies.schedules import Knowledge, Schedules, claims, explorer, knowledge, settings
from mini.studies.schedules.claims import CLAIMS
from mini.studies.schedules.experiment import METHODS
from mini.studies.schedules.figures import FIGURES
from mini.tasks import digits, schedules

SMALL = {"tasks": 3, "steps": 30, "examples": 100, "held_out": 50, "buffer": 20, "width": 16, "depth": 1, "batch_size": 16,
         "learning_rate": 0.01}


def small(**fields):
    return Schedules(**SMALL | fields)


@pytest.fixture(scope="module")
def runs():
    return run(small(), seeds=2, progress=False)


def test_the_matrix_has_the_untrained_row_and_one_for_each_task(runs):
    assert runs.accuracy.dims == ("seed", "after_task", "task") and runs.accuracy.shape == (2, 4, 3)
    state, world = train(small(), 0, seed=1)
    for t in range(3):
        said = classifier.logits(state.params, world.stream.test_x[t]).argmax(1)
        assert float(runs.accuracy.sel(seed=1, after_task=0, task=t)) == pytest.approx(
            float((said == world.stream.test_y[t]).mean()), abs=1e-6)


def test_samples_and_recurrence_are_those_of_the_timeline(runs):
    _, world = train(small(), 0, seed=1)
    origin, one = np.asarray(world.timeline), runs.sel(seed=1)
    for i in range(4):
        np.testing.assert_array_equal(one.samples.sel(after_task=i), np.bincount(origin[:i].ravel(), minlength=3))
    old = [(t - j) for t in range(3) for j in origin[t].ravel() if j < t]
    assert float(one.rehearsed) == pytest.approx(len(old) / origin[1:].size)
    np.testing.assert_allclose(one.recurrence, [np.mean(np.array(old) == lag) for lag in (1, 2)], rtol=1e-6)
    assert one.lag.values.tolist() == [1, 2]


def test_examples_come_from_the_task_that_the_timeline_names():
    point = small()
    _, world = train(point, 0)
    place = np.asarray(point.places(world, 2, jax.random.key(1)))
    np.testing.assert_array_equal(place // 100, np.asarray(world.timeline[2]))
    assert len(set(place.ravel() % 100)) > 90


def test_a_loop_of_plain_gradient_steps_ends_at_the_same_weights():
    point = small(optimiser="sgd", learning_rate=0.1)
    before, world = train(point, 0)
    after, _ = train(point, 1)
    key = jax.random.fold_in(Keys(0, {})["steps"], 0)
    x, y = np.asarray(world.stream.train_x).reshape(-1, 64), np.asarray(world.stream.train_y).ravel()
    w1, w2 = (np.asarray(before.params["layers"][i]["kernel"][...], float) for i in (0, 1))
    b1, b2 = (np.asarray(before.params["layers"][i]["bias"][...], float) for i in (0, 1))
    for rows in np.asarray(point.places(world, 0, key)):
        a = x[rows].astype(float)
        h = np.maximum(a @ w1 + b1, 0)
        z = h @ w2 + b2
        p = np.exp(z - z.max(1, keepdims=True))
        d = (p / p.sum(1, keepdims=True) - np.eye(10)[y[rows]]) / 16
        back = d @ w2.T * (h > 0)
        w2, b2, w1, b1 = w2 - 0.1 * h.T @ d, b2 - 0.1 * d.sum(0), w1 - 0.1 * a.T @ back, b1 - 0.1 * back.sum(0)
    np.testing.assert_allclose(after.params["layers"][1]["kernel"][...], w2, atol=1e-5)
    np.testing.assert_allclose(after.params["layers"][0]["kernel"][...], w1, atol=1e-5)


@functools.cache
def stepper(point):
    """One phase, compiled without drawing a world: what is drawn makes long programs."""
    return jax.jit(point.step)


def taught(point, world, phases=3):
    """The states after each phase."""
    states = [jax.jit(point.init)(Keys(0, {}), world)]
    for t in range(phases):
        states.append(stepper(point)(states[-1], world, jnp.int32(t), jax.random.key(t)))
    return states


def matrix(point, world, states):
    look = jax.jit(point.accuracy)
    return np.stack([np.asarray(look(s.params, world)) for s in states])


@pytest.fixture(scope="module")
def world():
    return train(small(), 0).world


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"none", "ewc", "lwf"}))  # which are tested below, or alike
def test_every_method_learns(method, world):
    point = small(method=method)
    states = taught(point, world)
    assert all(np.isfinite(x).all() for x in jax.tree.leaves(states[-1]))
    assert continual.learning_accuracy(matrix(point, world, states)) > 0.3


@pytest.mark.parametrize("stream", ["split", "modular"])
def test_lwf_knows_the_classes_met(stream):
    point = small(stream=stream, method="lwf")
    world = jax.jit(point.world)(Keys(0, {}), jax.tree.map(jnp.asarray, digits.load()))
    state = taught(point, world, 2)[-1]
    met = set(np.unique(np.asarray(world.stream.train_y)[:2]).tolist())
    assert set(np.flatnonzero(np.asarray(state.memory.known)).tolist()) == met


def test_joint_is_better_than_sequential(world):
    acc = {}
    for name in ("sequential", "joint"):
        there = world._replace(timeline=schedules.timeline(jax.random.key(3), name, 3, 30, 16))
        acc[name] = continual.average_accuracy(matrix(small(), there, taught(small(), there)))
    assert acc["joint"] > acc["sequential"] + 0.1


def test_probing_changes_nothing_and_its_last_look_is_the_phase_itself(world):
    plain, probed = (taught(small(probes=p), world) for p in (0, 3))
    np.testing.assert_allclose(*(matrix(small(), world, s) for s in (plain, probed)), atol=1e-6)
    np.testing.assert_allclose([s.within[-1] for s in probed[1:]], matrix(small(), world, probed)[1:], atol=1e-6)


def test_what_is_relearned_and_what_begins_anew():
    runs = run(small(probes=3, restart=True, relearn=True, schedule="sequential"), seeds=1, progress=False).isel(seed=0)
    assert runs.within.dims == ("after_task", "probe", "task") and runs.probe.values.tolist() == [10, 20, 30]
    assert runs.within.isel(after_task=0).isnull().all() and runs.sizes["after_task"] == 5 and runs.diverged_at == -1
    first = runs.accuracy.isel(task=0)
    assert float(first[1]) > 0.5 > float(first[3]) and float(first[4]) > 0.5  # forgotten at once, and learned again
    assert int(runs.samples.isel(after_task=4, task=0) - runs.samples.isel(after_task=3, task=0)) == 30 * 16


@pytest.mark.parametrize("fields, said", [
    ({"tasks": 1}, r"tasks: got 1, takes a whole number in \[2, 1000\]"), ({"exponent": 0.0}, r"exponent: got 0.0.*\(0, inf\)"),
    ({"exponent": float("inf")}, "exponent: got inf"), ({"time_constant": -1.0}, "time_constant: got -1.0"),
    ({"time_constant": float("nan")}, "time_constant: got nan"), ({"rehearsal": 1.0}, r"rehearsal: got 1.0.*\[0, 1\)"),
    ({"rehearsal": 0.999}, "leaves a new sample of the 480 in a phase"),
    ({"buffer": 301}, "at most the 300 training examples of all tasks"), ({"probes": 7}, "a divisor of the 30 steps"),
    ({"schedule": "spaced", "lag": "last-met"}, "introduced in the schedule spaced"), ({"strength": -2.0}, "from 0 on"),
    ({"stream": "split", "tasks": 6}, "at most 5 in the stream split"), ({"examples": 1790}, "at most 1747"),
    ({"held_out": 1800}, "held_out: got 1800, takes at most 1697"),
    ({"method": "gem"}, "one of none, l2, ewc")])
def test_what_cannot_be_run_is_refused(fields, said):
    with pytest.raises(UsageError, match=said) as caught:
        run(small(**fields), progress=False)
    assert "\n" not in str(caught.value)


TINY = {"entities": 20, "domain_entities": 6, "relations": 2, "values": 6, "changed": 8, "added": 8, "steps": 90, "width": 32,
        "batch_size": 32, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def told():
    return run(Knowledge(**TINY), seeds=1, progress=False).isel(seed=0)


def test_the_stages_teach_what_they_should(told):
    runs, first = told, told.isel(after_stage=1)
    assert runs.after_stage.values.tolist() == [0, 1, 2, 3, 4, 5]
    assert float(first.kept) > 0.95 and float(first.stale) > 0.95 and float(first.general_questions) > 0.95
    assert float(runs.slice_accuracy.isel(after_stage=2, slice=0)) > 0.95
    assert float(runs.slice_accuracy.isel(after_stage=3, slice=1)) > 0.95
    assert float(runs.domain_statements.isel(after_stage=4)) > 0.95
    assert (runs.updated + runs.stale <= 1 + 1e-6).all()


def test_the_world_of_facts_is_consistent():
    _, w = train(Knowledge(**TINY), 0)
    value, changed = np.asarray(w.value), np.asarray(w.changed)
    for stage in range(5):
        turned = value[stage] != value[0]
        np.testing.assert_array_equal(turned, changed <= stage)
    assert (changed < 1000).sum() == 8 == (np.asarray(w.added) < 1000).sum()
    assert np.asarray(w.count).tolist() == [2 * 32, 2 * 8, 2 * 8, 12, 6] and np.asarray(w.old_count)[0] == 0
    assert not (np.asarray(w.domain) & ((changed < 1000) | (np.asarray(w.added) < 1000))).any()


@pytest.mark.parametrize("method", ["lssd", "distil"])
def test_self_distillation_learns_and_holds(method, told):
    point = Knowledge(**TINY, method=method)
    world = jax.jit(point.world)(Keys(0, {}), ())
    seen = jax.jit(point.measure)(taught(point, world)[-1], world)
    assert float(seen["acquired"]) > 0.4  # of six values
    if method == "distil":
        assert float(seen["kept"]) > float(told.kept.isel(after_stage=3))


def test_swapping_keeps_the_rest_and_the_divergence_is_kullback_and_leiblers():
    z = jax.random.normal(jax.random.key(0), (5, 4))
    truth = jnp.array([0, 1, 2, 3, 0])
    swapped = np.asarray(knowledge.swapped(z, truth))
    assert (swapped.argmax(1) == np.asarray(truth)).all()
    np.testing.assert_allclose(np.sort(swapped, 1), np.sort(np.asarray(z), 1))
    p, q = jax.nn.softmax(z), jax.nn.softmax(-z)
    assert float(knowledge.divergence(z, -z)) == pytest.approx(float((p * jnp.log(p / q)).sum(1).mean()), rel=1e-5)


@pytest.mark.parametrize("fields, said", [
    ({"changed": 32}, "entities: got 20, takes at least 21"), ({"changed": 1}, "each of 2 slices"),
    ({"rehearsal": 1.0}, "rehearsal")])
def test_a_knowledge_base_that_cannot_be_is_refused(fields, said):
    with pytest.raises(UsageError, match=said):
        run(Knowledge(**TINY | fields), progress=False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("stream", [None, *explorer.CONTROLS["stream"]])
def test_all_that_the_explorer_offers_can_be_trained(stream):
    one = explorer.explorer(("tasks", "seed"), stream=stream) if stream else explorer.explorer(("tasks", "stream", "seed"))
    offered = {name: [value for _, value in control.options] for name, control in one.controls.items() if name != "seed"}
    for values in itertools.product(*offered.values()):
        dataclasses.replace(one.plan.experiment, **dict(zip(offered, values))).check()
    one.close()


def test_the_explorer_tells_what_it_draws():
    one = explorer.explorer(**SMALL)
    one.warm = False
    one.start()
    result = one.wait(120)
    one.close()
    assert result["after_task"].values.tolist() == [0, 1, 2, 3] and set(one.controls) < set(explorer.CONTROLS)
    for words in ("After 3 of 3 tasks", "of the last phase's samples were old", "mean accuracy on all 3 tasks",
                  "kept after 2 more phases", "tested by need"):
        assert words in one.alt
    scores = result.accuracy.isel(seed=0).values
    assert ", ".join(f"{continual.need_weighted(scores, e):.2f} at exponent {e:g}" for e in explorer.NEED) in one.alt
    early = one.draw(Figure(), result.isel(seed=0, after_task=slice(0, 1)))
    assert early.startswith("After 0 of 3 tasks")
    assert "3 tasks in" in one.status.value and "an earlier task;" in one.back.tooltip, "its clock, in a plain word"


def test_the_command_sets_the_length_by_the_number_of_tasks(tmp_path):
    out = tmp_path / "runs.nc"
    words = (f"run schedules --schedule power-law --exponent 1 --rehearsal 0.25 --tasks 3 --method none --seeds 2 --out {out} "
             "--steps 30 --examples 100 --held-out 50 --buffer 20 --width 16 --depth 1 --batch-size 16")
    assert main(words.split()) == 0
    assert xr.open_dataset(out, engine="h5netcdf").accuracy.shape == (2, 4, 3)
    assert main(["run", "schedules", "--tasks", "1"]) == 2 == main(["run", "schedules", "--after-tasks", "3"])


@pytest.mark.parametrize("figure", FIGURES, ids=lambda f: f.id)
def test_every_figure_shares_the_claims_runs(figure):
    known = [plan for claim in CLAIMS for plan in claim.settings["laptop"].plans]
    known += [settings.JOINT, settings.BUFFERS, settings.EXPONENTIAL]
    assert all(plan in known for plan in figure.plans["laptop"])


def test_what_is_told_of_plain_training_is_of_plain_training():
    """`sel(method=...)` would choose a way to interpolate, and leave all methods in the mean."""
    slices = np.array([[[0, 0], [0, 0], [1, 0], [end, 1], [0, 0], [0, 0]] for end in (0.5, 1.0)])  # by method, stage, slice
    runs = xr.Dataset({"slice_accuracy": (("seed", "method", "after_stage", "slice"), slices[None]),
                       "kept": (("seed", "method", "after_stage"), np.array([[[1, 1, 1, 1, 1, 0.25], [1] * 6]]))},
                      {"seed": [0], "method": ["none", "lssd"]})
    assert claims.forgetting_told(runs, runs.sel({"method": "lssd"})) == (
        "plain: slices 0.50, domain and questions 0.75 of the general facts, 1.00 of the last slice's; "
        "rehearsed: slices 0.00, domain and questions 0.00 of the general facts, 1.00 of the last slice's")
