"""Objectives for false labels: each against its formula in numpy, and what every one must do."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mini.objectives import LOSSES, OBJECTIVES, mix

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(6, 4))
P = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
Y = np.eye(4)[[0, 1, 2, 3, 0, 2]]
T = RNG.dirichlet(np.ones(4), 6) * 0.8
LOG = np.log(P)
FORMULA = {
    "cross_entropy": lambda s: -(Y * LOG).sum(1),
    "elr": lambda s: -(Y * LOG).sum(1) + s * np.log(1 - (P * T).sum(1)),
    "kl": lambda s: -((Y + s * T) * LOG).sum(1),
    "soft_bootstrap": lambda s: -(((1 - s) * Y + s * P) * LOG).sum(1),
    "hard_bootstrap": lambda s: -(((1 - s) * Y + s * np.eye(4)[P.argmax(1)]) * LOG).sum(1),
    "gce": lambda s: (1 - (P * Y).sum(1) ** s) / s,
    "sce": lambda s: -0.1 * (Y * LOG).sum(1) - s * (P * np.where(Y > 0, 0, -4)).sum(1),
    "label_smoothing": lambda s: -(((1 - s) * Y + s / 4) * LOG).sum(1),
    "mixup": lambda s: -(Y * LOG).sum(1),
}
NAMES = pytest.mark.parametrize("name", OBJECTIVES)


def loss(name, logits=LOGITS, strength=None):
    strength = OBJECTIVES[name].strength if strength is None else strength
    return OBJECTIVES[name].loss(*(jnp.asarray(a, jnp.float32) for a in (logits, Y, T)), jnp.float32(strength))


@NAMES
def test_it_is_its_formula(name, strict):
    for strength in (OBJECTIVES[name].strength, 0.3):
        np.testing.assert_allclose(loss(name, strength=strength), FORMULA[name](strength), rtol=1e-4)


@NAMES
def test_a_saturated_network_has_finite_losses_and_gradients(name):
    for scale in (100.0, -100.0):
        logits = jnp.asarray(scale * Y, jnp.float32)
        value, gradient = jax.value_and_grad(lambda f: loss(name, f).sum())(logits)
        assert np.isfinite(value) and np.isfinite(gradient).all()


@pytest.mark.parametrize("name", [n for n, o in OBJECTIVES.items() if o.within.startswith("[0") and n != "sce"])
def test_without_strength_it_is_cross_entropy(name):
    np.testing.assert_allclose(loss(name, strength=0.0), FORMULA["cross_entropy"](0), rtol=1e-5)


def test_generalised_cross_entropy_runs_from_cross_entropy_to_absolute_error():
    np.testing.assert_allclose(loss("gce", strength=1e-3), FORMULA["cross_entropy"](0), rtol=0.01)
    np.testing.assert_allclose(loss("gce", strength=1.0), np.abs(P - Y).sum(1) / 2, rtol=1e-5)


def test_mixup_stays_between_two_rows():
    x = jnp.asarray(np.eye(6), jnp.float32)
    mixed, labels = mix(jax.random.key(1), 1.0, x, jnp.asarray(Y, jnp.float32))
    np.testing.assert_allclose(mixed.sum(1), 1, rtol=1e-6)
    np.testing.assert_allclose(labels, mixed @ Y, atol=1e-6)
    assert ((np.asarray(mixed) > 0).sum(1) <= 2).all() and len(np.unique(np.round(mixed, 5))) <= 4


def test_losses_are_those_of_loops():
    rng = np.random.default_rng(0)
    f, y = rng.normal(size=(6, 4)).astype(np.float32), rng.integers(0, 4, 6)
    squared = np.mean([(f[i, c] - (c == y[i])) ** 2 for i in range(6) for c in range(4)])
    entropy = np.mean([np.log(np.exp(f[i]).sum()) - f[i, y[i]] for i in range(6)])
    assert float(LOSSES["squared_error"](jnp.asarray(f), jnp.asarray(y))) == pytest.approx(squared, rel=1e-5)
    assert float(LOSSES["cross_entropy"](jnp.asarray(f), jnp.asarray(y))) == pytest.approx(entropy, rel=1e-5)
