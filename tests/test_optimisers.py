"""Optimisers, against numpy and a published rule."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mini.optimisers import FILTERS, cosine, grokfast, optimiser, orthogonal_gradient, warm_up


def adamw(w, gradients, lr, wd, b1=0.9, b2=0.98, eps=1e-8):
    """AdamW by hand (Loshchilov and Hutter 2019, algorithm 2)."""
    m = v = np.zeros_like(w)
    for t, g in enumerate(gradients, 1):
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        w = w - lr * (m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps) + wd * w)
    return w


def test_adamw_is_the_rule_by_hand():
    rng = np.random.default_rng(0)
    w, gradients = rng.normal(size=4).astype(np.float32), rng.normal(size=(5, 4)).astype(np.float32)
    tx, params = optimiser("adamw", 0.01, 5.0), jnp.asarray(w)
    state = tx.init(params)
    for g in gradients:
        updates, state = tx.update(jnp.asarray(g), state, params)
        params = optax.apply_updates(params, updates)
    np.testing.assert_allclose(params, adamw(w, gradients, 0.01, 5.0), rtol=1e-5)


def test_decay_is_decoupled():
    for name in FILTERS:
        tx = optimiser(name, 0.1, 2.0)
        updates, _ = tx.update(jnp.zeros(3), tx.init(jnp.ones(3)), jnp.ones(3))
        np.testing.assert_allclose(updates, -0.2 * np.ones(3), rtol=1e-6)


def test_grokfast_is_a_running_mean():
    tx, slow = grokfast(0.9, 3.0), 0.0
    state = tx.init(jnp.zeros(()))
    for g in (1.0, -2.0, 0.5):
        slow = 0.9 * slow + 0.1 * g
        out, state = tx.update(jnp.asarray(g), state)
        assert float(out) == pytest.approx((g + 3 * slow) / 4, rel=1e-6)


def test_orthogonal_gradient_is_orthogonal():
    w, g = jax.random.normal(jax.random.key(0), (2, 5, 3))
    out, _ = orthogonal_gradient().update(g, None, w)
    assert abs(float(jnp.vdot(out, w))) < 1e-5
    assert not np.allclose(out, g)


def test_rates_rise_and_fall_as_optaxs_do():
    t = jnp.arange(12)
    rise = optax.linear_schedule(1 / 8, 1.0, 7)
    np.testing.assert_allclose(warm_up(t, 8), jax.vmap(rise)(t), rtol=1e-6)
    np.testing.assert_allclose(cosine(t, 8), jax.vmap(optax.cosine_decay_schedule(1.0, 8, alpha=0.1))(t), rtol=1e-6)
