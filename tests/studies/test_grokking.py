"""The grokking study, against the published log, numpy and its own invariants."""


import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mini.engine import run, train
from mini.errors import UsageError
from mini.measures.curves import first_tick
from mini.measures.fourier import inverse_participation_ratio
from mini.studies.grokking import ClosedForm, Grokking
from mini.tasks.modular import OPERATIONS

SMALL = {"p": 11, "width": 16}


@pytest.mark.earnest  # long enough to be worth it
def test_the_published_log():
    """99% train near step 20 and 99% test near step 42 (notebook of Doshi and others)."""
    runs = run(Grokking(p=97, width=500, weight_decay=5.0, spectrum=False), 50, range(10, 50), seeds=2, progress=False)
    assert (abs(first_tick(runs.train_accuracy, 0.99) - 20) <= 3).all()
    assert (abs(first_tick(runs.test_accuracy, 0.99) - 42) <= 6).all()


def test_a_step_is_adamw_on_the_squared_error_of_one_hot_products():
    point = Grokking(**SMALL, weight_decay=3.0, learning_rate=0.02)
    before, world = train(point, 0)
    after, _ = train(point, 1)
    a, b = np.divmod(np.asarray(world.train), 11)
    eye = np.eye(11)

    def loss(tables):
        u, v, w = tables
        return jnp.square(jnp.square(eye[a] @ u + eye[b] @ v) @ w - eye[np.asarray(world.given)]).mean()

    weights = [np.asarray(before.params[k][...], np.float64).astype(np.float32) for k in "uvw"]
    with jax.numpy_dtype_promotion("standard"):
        gradients = jax.grad(loss)(weights)
    for name, w, g in zip("uvw", weights, gradients):
        g = np.asarray(g)
        expected = w - 0.02 * (g / (np.abs(g) + 1e-8) + 3.0 * w)  # the first step of AdamW
        np.testing.assert_allclose(after.params[name][...], expected, atol=2e-4)


def test_of_several_layers_the_first_ones_neurons_have_a_spectrum():
    runs = run(Grokking(**SMALL, depth=2, table=True), 2, 2, seeds=1, progress=False).isel(seed=0, step=-1)
    params = train(Grokking(**SMALL, depth=2), 2).state.params
    assert runs.matrix.values.tolist() == ["U", "V"]
    both = [inverse_participation_ratio(params[name][...].T) for name in "uv"]
    np.testing.assert_allclose(runs.ipr, np.mean(both, 0), rtol=1e-5)


def test_measures_are_those_of_a_loop():
    point = Grokking(**SMALL, corruption=0.4, table=True)
    runs = run(point, 30, 30, seeds=1, progress=False).isel(seed=0, step=-1)
    _, world = train(point, 30)
    answer = runs.prediction_table.values.ravel()
    rows = list(zip(np.asarray(world.train), np.asarray(world.given), np.asarray(world.corrupted)))
    assert float(runs.train_accuracy) == pytest.approx(np.mean([answer[i] == y for i, y, _ in rows]))
    assert float(runs.corrupted_accuracy) == pytest.approx(np.mean([answer[i] == y for i, y, bad in rows if bad]))
    assert float(runs.clean_accuracy) == pytest.approx(np.mean([answer[i] == y for i, y, bad in rows if not bad]))
    truth = [sum(divmod(int(i), 11)) % 11 for i, _, _ in rows]
    restored = [answer[i] == t for (i, _, bad), t in zip(rows, truth) if bad]
    assert float(runs.restored_accuracy) == pytest.approx(np.mean(restored))
    held_out = [answer[i] == sum(divmod(int(i), 11)) % 11 for i in np.asarray(world.test)]
    assert float(runs.test_accuracy) == pytest.approx(np.mean(held_out))


def test_without_corruption_its_measures_are_missing():
    runs = run(Grokking(**SMALL), 2, 1, seeds=1, progress=False)
    assert runs.corrupted_accuracy.isnull().all() and runs.restored_accuracy.isnull().all()


VARIANTS = [
    *({"operation": name} for name in OPERATIONS), {"pairs": "unordered"}, {"activation": "relu"}, {"depth": 2},
    {"loss": "cross_entropy"}, {"dropout": 0.3}, {"batch_norm": True, "batch_size": 16},
    {"optimiser": "grokfast"}, {"optimiser": "orthogonal"}, {"progress_measures": True, "pruning": True, "table": True},
    {"model": "nanda"}, {"model": "nanda", "depth": 2, "activation": "relu", "loss": "cross_entropy"},
    {"model": "transformer"}, {"model": "transformer", "depth": 2, "dropout": 0.1, "activation": "relu"},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: ",".join(f"{k}={x}" for k, x in v.items()))
def test_every_variant_learns_its_training_pairs_better_than_chance(variant):
    point = Grokking(**SMALL, weight_decay=0.5, **variant)
    runs = run(point, 60, 20, seeds=1, progress=False)
    train_loss = runs.train_loss.isel(seed=0).values
    assert np.isfinite(train_loss).all() and train_loss[-1] < train_loss[0]
    assert float(runs.train_accuracy[0, -1]) > 2 / 11
    assert (runs.diverged_at == -1).all()


def test_pruning_nothing_changes_nothing():
    runs = run(Grokking(**SMALL, corruption=0.2, pruning=True), 40, 40, seeds=1, progress=False).isel(seed=0)
    for subset, name in (("test", "test_accuracy"), ("corrupted", "corrupted_accuracy")):
        whole = runs.pruned_accuracy.sel(pruned_fraction=0, subset=subset)
        np.testing.assert_allclose(whole, float(runs[name][-1]), atol=1e-6)


def test_the_closed_form_is_judged_by_the_same_measures():
    runs = run(ClosedForm(p=31), sweep={"width": [150], "matched": [True, False]}, seeds=3, progress=False)
    end = runs.isel(step=0, width=0)
    assert (end.accuracy.sel(matched=True) == 1).all() and (end.accuracy.sel(matched=False) < 0.3).all()
    np.testing.assert_allclose(end.ipr, 1, atol=1e-4)


def test_untrained_is_chance_and_shuffled_labels_are_not_generalised():
    runs = run(Grokking(p=23, width=64, corruption=1.0, weight_decay=1.0), 200, 100, seeds=3, progress=False)
    assert float(runs.train_accuracy.isel(step=-1).min()) > 0.9
    assert float(runs.test_accuracy.isel(step=-1).max()) < 0.12


@pytest.mark.parametrize("fields, said", [
    ({"operation": "division", "p": 33}, "a prime"), ({"operation": "subtraction", "pairs": "unordered"}, "symmetric"),
    ({"train_fraction": 0.9999}, "held-out"), ({"model": "transformer", "width": 10}, "multiple of the 4 heads"),
    ({"model": "transformer", "pruning": True}, "pruning"), ({"model": "nanda", "batch_norm": True}, "batch_norm"),
    ({"depth": 2, "pruning": True}, "depth: got 2, takes 1 where neurons are pruned"),
    ({"loss": "hinge"}, "one of squared_error"), ({"width": 12.5}, "a whole number"), ({"batch_norm": 1}, "true or false"),
])
def test_what_cannot_be_run_is_refused(fields, said):
    with pytest.raises(UsageError, match=said):
        run(Grokking(**fields), 1, progress=False)
