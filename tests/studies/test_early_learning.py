"""The early-learning study, against numpy loops and its own invariants."""

import jax.numpy as jnp
import numpy as np
import pytest

from mini.engine import program, run, train
from mini.errors import UsageError
from mini.models import classifier
from mini.objectives import OBJECTIVES, answers
from mini.studies.early_learning import EarlyLearning, GradientIdentity, Linear, Separability
from mini.tasks import digits

SMALL = {"examples": 60, "held_out": 40, "width": 16, "batch_size": 20, "learning_rate": 0.1}
ELR = {"objective": "elr", "target_momentum": 0.6}


def test_fractions_are_those_of_a_loop():
    runs = run(EarlyLearning(**SMALL, noise=0.5, records=True), 5, 5, seeds=1, progress=False).isel(seed=0, epoch=-1)
    rows = list(zip(runs.answer.values, runs.truth.values, runs.given.values))
    clean = [(a, t, g) for a, t, g in rows if t == g]
    false = [(a, t, g) for a, t, g in rows if t != g]
    assert len(false) == 30 == int(runs.false_label.sum()) and float(runs.realised_noise) == 0.5
    expected = {"clean_accuracy": np.mean([a == t for a, t, _ in clean]),
                "clean_wrong_fraction": np.mean([a != t for a, t, _ in clean]),
                "restored_fraction": np.mean([a == t for a, t, _ in false]),
                "memorised_fraction": np.mean([a == g for a, _, g in false]),
                "neither_fraction": np.mean([a not in (t, g) for a, t, g in false]),
                "train_accuracy": np.mean([a == g for a, _, g in rows])}
    for name, value in expected.items():
        assert float(runs[name]) == pytest.approx(value, abs=1e-6), name


def test_records_are_those_of_a_loop_over_epochs():
    runs = run(EarlyLearning(**SMALL, noise=0.4, early_epoch=4, records=True), 12, 1, seeds=1, progress=False).isel(seed=0)
    right = runs.answer.values == runs.given.values  # (epochs, examples)
    for i in range(60):
        first = np.flatnonzero(right[:, i])
        assert int(runs.first_learned[i]) == (first[0] if first.size else -1)
        assert int(runs.forgetting_events[i]) == sum(right[:-1, i] & ~right[1:, i])
    np.testing.assert_allclose(runs.mean_margin, runs.margin[1:].mean("epoch"), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(runs.early_margin, runs.margin[1:5].mean("epoch"), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(runs.early_loss, runs.loss.sel(epoch=4), rtol=1e-5)
    np.testing.assert_allclose(runs.last_loss, runs.loss.sel(epoch=12), rtol=1e-5)
    np.testing.assert_allclose(runs.oracle_test_accuracy, np.maximum.accumulate(runs.test_accuracy.values), rtol=1e-6)
    assert ((runs.margin > 0) == right).mean() > 0.99


def full_batch(**fields):
    """One batch an epoch, so that the memory can be followed from state to state."""
    return EarlyLearning(**{**SMALL, "batch_size": 60}, **ELR, **fields)


def said(network, world, average=False):
    params = network.average if average else network.params
    return np.asarray(answers(classifier.logits(params, world.x[world.train])))


def test_the_memory_is_a_running_average_of_answers_before_the_update():
    expected = np.zeros((60, 10))
    for epoch in range(3):
        state, world = train(full_batch(), epoch)
        np.testing.assert_allclose(state.networks[0].target, expected, atol=1e-5)
        expected = 0.6 * expected + 0.4 * said(state.networks[0], world)
    assert expected.sum(1) == pytest.approx(1 - 0.6**3, abs=1e-5)


def test_two_networks_feed_each_others_memory_and_answer_together():
    before, world = train(full_batch(networks=2), 0)
    after, _ = train(full_batch(networks=2), 1)
    a, b = before.networks
    np.testing.assert_allclose(after.networks[0].target, 0.4 * said(b, world), atol=1e-5)
    # the second is updated after the first in the same batch, and reads it as it was before
    np.testing.assert_allclose(after.networks[1].target, 0.4 * said(a, world), atol=1e-5)
    point, x = full_batch(networks=2), world.x[world.train]
    mean = np.mean([np.asarray(jnp.exp(z) / jnp.exp(z).sum(1, keepdims=True)) for z in (
        classifier.logits(n.params, x) for n in after.networks)], 0)
    np.testing.assert_allclose(np.exp(point.outputs(after.networks, x)), mean, atol=1e-5)


def test_averaged_weights_follow_slowly_and_feed_the_memory():
    point = full_batch(weight_average=0.75)
    before, _ = train(point, 0)
    after, _ = train(point, 1)
    later, world = train(point, 2)
    kernel = [np.asarray(s.networks[0].params["layers"][0]["kernel"][...]) for s in (before, after)]
    average = np.asarray(after.networks[0].average["layers"][0]["kernel"][...])
    np.testing.assert_allclose(average, 0.75 * kernel[0] + 0.25 * kernel[1], atol=1e-6)
    expected = 0.6 * np.asarray(after.networks[0].target) + 0.4 * said(after.networks[0], world, average=True)
    np.testing.assert_allclose(later.networks[0].target, expected, atol=1e-5)


@pytest.mark.parametrize("variant", [
    *({"objective": name} for name in OBJECTIVES), {"objective": "elr", "networks": 2, "weight_average": 0.9},
    {"depth": 2}, {"depth": 2, "weight_decay": 0.001}], ids=str)
def test_every_variant_learns(variant):
    runs = run(EarlyLearning(**SMALL, noise=0.2, **variant), 15, 15, seeds=1, progress=False).isel(seed=0)
    assert (runs.diverged_at == -1).all() and float(runs.clean_accuracy[-1]) > 0.5
    assert float(runs.train_loss[-1]) < float(runs.train_loss[0])


def test_without_noise_nothing_is_said_of_false_labels():
    runs = run(EarlyLearning(**SMALL, noise=0.0), 1, seeds=1, progress=False)
    assert runs.memorised_fraction.isnull().all() and runs.detection_auc.isnull().all()
    np.testing.assert_allclose(runs.clean_accuracy, runs.train_accuracy, rtol=1e-6)


def test_strength_and_momentum_share_a_compilation():
    point = EarlyLearning(**SMALL, **{**ELR, "target_momentum": 0.7})
    before = program.advance._cache_size()
    run(point, 2, seeds=1, sweep={"strength": [0.0, 3.0], "target_momentum": [0.5, 0.9], "noise": [0.1]}, progress=False)
    assert program.advance._cache_size() <= before + 1


def test_a_fetched_data_set_is_learned_by_the_same_study(monkeypatch):
    x, y = digits.load()
    larger = digits.Examples(np.repeat(x, 3, axis=1), y)
    monkeypatch.setattr(digits, "load", lambda name: larger if name == "mnist" else pytest.fail(name))
    runs = run(EarlyLearning(**SMALL, dataset="mnist", noise=0.2), 15, 15, seeds=1, progress=False).isel(seed=0)
    assert float(runs.clean_accuracy[-1]) > 0.5


@pytest.mark.parametrize("fields, said", [
    ({"noise": 1.0}, r"noise: got 1.0, takes a number in \[0, 1\)"), ({"noise": -0.1}, "noise"),
    ({"examples": 1500}, "at most 1000: digits has 1797"), ({"held_out": 1797}, "held_out: got 1797, takes less"),
    ({"batch_size": 2000}, "at most the 1000 examples"),
    ({"objective": "gce", "strength": 3.0}, r"strength: got 3.0, takes a number in \(0, 1\] for gce"),
    ({"objective": "hinge"}, "one of cross_entropy, elr"), ({"networks": 3}, "one of 1, 2"),
    ({"target_momentum": 1.0}, "target_momentum"), ({"noise_kind": "pair"}, "one of symmetric")])
def test_what_cannot_be_run_is_refused(fields, said):
    with pytest.raises(UsageError, match=said):
        run(EarlyLearning(**fields), 1, progress=False)


def test_the_linear_model_descends_the_logistic_loss():
    point = Linear(samples=30, dimensions=20, learning_rate=0.3)
    before, world = train(point, 0)
    after, _ = train(point, 1)
    x, e = np.asarray(world.x, float), np.asarray(world.given, float)
    theta = np.asarray(before.direction, float)
    gradient = (x * (np.tanh(x @ theta / 2) - e)[:, None] / 2).mean(0)  # half of it is missing in the paper's appendix
    np.testing.assert_allclose(after.direction, theta - 0.3 * gradient, atol=1e-5)
    assert np.linalg.norm(theta) == pytest.approx(2, abs=1e-5)


def test_its_test_accuracy_is_that_of_many_new_points():
    runs = run(Linear(samples=50, dimensions=20, spread=0.5), 20, [20], seeds=1, progress=False).isel(seed=0, step=-1)
    state, _ = train(Linear(samples=50, dimensions=20, spread=0.5), 20)
    rng = np.random.default_rng(0)
    x = 0.5 * rng.normal(size=(100_000, 20))
    x[:, 0] += 1
    assert float(runs.test_accuracy) == pytest.approx((x @ np.asarray(state.direction) > 0).mean(), abs=0.006)


def test_the_identity_holds_and_its_opposite_does_not():
    runs = run(GradientIdentity(rows=100), seeds=1, sweep={"signed": [True, False]}, progress=False)
    assert float(runs.difference.sel(signed=True).max()) < 1e-5 < float(runs.difference.sel(signed=False).min())


def test_needed_dimensions_are_shares_of_the_points():
    runs = run(Separability(samples=20, draws=3), seeds=1, progress=False)
    assert runs.needed.shape == (1, 3) and (np.round(runs.needed * 20) == runs.needed * 20).all()
    assert float(runs.sufficient[0]) == pytest.approx(0.8)
