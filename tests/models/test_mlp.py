"""The two-layer network, against numpy and its closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from mini.models import mlp
from mini.models.mlp import ModularMLP, closed_form


def one_hot(index, p):
    return np.eye(p)[np.asarray(index)]


@pytest.mark.parametrize("activation, phi", [("square", np.square), ("relu", lambda x: np.maximum(x, 0))])
@pytest.mark.parametrize("depth", [1, 2])
def test_logits_are_those_of_one_hot_products(activation, phi, depth):
    p, n = 7, 12
    model = ModularMLP(p, n, depth, activation, rngs=nnx.Rngs(0))
    a, b = np.divmod(np.arange(p * p), p)
    x = phi(one_hot(a, p) @ np.asarray(model.u[...]) + one_hot(b, p) @ np.asarray(model.v[...]))
    for matrix in model.deeper:
        x = phi(x @ np.asarray(matrix[...]))
    np.testing.assert_allclose(model(a, b), x @ np.asarray(model.w[...]), rtol=2e-4, atol=1e-6)


def test_gradients_are_those_of_one_hot_products():
    p, n = 5, 6
    model = ModularMLP(p, n, rngs=nnx.Rngs(1))
    u, v, w = (model.u[...], model.v[...], model.w[...])
    a, b = jnp.array([0, 3, 3]), jnp.array([4, 4, 1])

    def looked_up(u, v):
        return jnp.square(jnp.square(u[a] + v[b]) @ w).sum()

    def model_loss(u, v):
        m = ModularMLP(p, n, rngs=nnx.Rngs(1))
        m.u[...], m.v[...] = u, v
        return jnp.square(m(a, b)).sum()

    for ours, theirs in zip(jax.grad(model_loss, (0, 1))(u, v), jax.grad(looked_up, (0, 1))(u, v)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("block", [60, 48, 7 * 6])
def test_blocks_of_rows_change_nothing(monkeypatch, depth, block):
    """Also where the last block is not full, and under `vmap`, as stacked runs are."""
    p, n = 7, 6
    graph, params = jax.jit(lambda: nnx.split(ModularMLP(p, n, depth, rngs=nnx.Rngs(2))))()
    a, b = (jnp.asarray(x, jnp.int32) for x in np.divmod(np.arange(p * p), p))
    way = jax.random.normal(jax.random.key(0), (p * p, p))

    def both(params):
        return jax.value_and_grad(lambda q: (nnx.merge(graph, q)(a, b) * way).sum())(params)

    whole = jax.jit(lambda params: both(params))(params)  # a function is traced but once
    monkeypatch.setattr(jax, "default_backend", lambda: "cpu")
    monkeypatch.setattr(mlp, "BLOCK", block)
    assert "scan" in str(jax.make_jaxpr(both)(params)), "the rows were not taken in blocks"
    blocks, stacked = jax.jit(lambda p: (both(p), jax.vmap(both)(jax.tree.map(lambda x: jnp.stack([x, x]), p))))(params)
    for got in (blocks, jax.tree.map(lambda x: np.asarray(x)[1], stacked)):
        jax.tree.map(lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-6), got, whole)


def test_initial_weights_have_the_published_spread():
    model = ModularMLP(97, 500, rngs=nnx.Rngs(0))
    for table in (model.u, model.v, model.w):
        assert abs(float(table[...].std()) - (16 * 500) ** (-1 / 3)) < 5e-4


def test_closed_form_adds_and_scrambled_phases_do_not():
    p, n = 59, 290
    a, b = np.divmod(np.arange(p * p), p)
    right = closed_form(jax.random.key(0), p, n)(a, b)
    assert (np.argmax(right, -1) == (a + b) % p).all()
    error = np.square(np.asarray(right) - one_hot((a + b) % p, p)).mean()
    assert 0.7 < error * n / 4 < 1.4
    wrong = closed_form(jax.random.key(0), p, n, matched=False)(a, b)
    assert (np.argmax(wrong, -1) == (a + b) % p).mean() < 0.2


def test_dropout_and_norm_act_only_in_training():
    a, b = jnp.arange(5), jnp.arange(5)
    model = ModularMLP(5, 40, dropout=0.5, batch_norm=True, rngs=nnx.Rngs(0))
    np.testing.assert_array_equal(model(a, b), model(a, b))
    assert not np.allclose(model(a, b, nnx.Rngs(1)), model(a, b, nnx.Rngs(2)))


def test_norm_follows_the_activation():
    model = ModularMLP(5, 8, batch_norm=True, rngs=nnx.Rngs(0))
    a, b = jnp.array([0, 1, 2, 3]), jnp.array([4, 4, 1, 0])
    x = np.square(np.asarray(model.u[...])[a] + np.asarray(model.v[...])[b])
    normed = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)
    np.testing.assert_allclose(model(a, b, nnx.Rngs(0)), normed @ np.asarray(model.w[...]), rtol=1e-2, atol=1e-3)


def test_an_even_modulus_has_no_closed_form():
    with pytest.raises(ValueError, match="odd"):
        closed_form(jax.random.key(0), 10, 20)
