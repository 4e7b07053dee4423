"""A look-up is a product with one-hot vectors; networks are the same function in either form, and so are their gradients."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from mini.models import language, recurrent
from mini.models.look_up import look_up
from mini.models.mlp import ModularMLP
from mini.models.transformer import ModularTransformer

P, WAYS = 7, ("cpu", "gpu")
A, B = (jnp.asarray(x, jnp.int32) for x in np.random.default_rng(0).integers(0, P, (2, 30)))
TOKENS = jnp.stack([A, B])


def of_pairs(make):
    graph, params = jax.jit(lambda: nnx.split(make(rngs=nnx.Rngs(0))))()
    return params, lambda params: nnx.merge(graph, params)(A, B)


def decoder(**settings):
    architecture = language.Architecture(P, 30, width=8, **settings)
    params = jax.jit(partial(language.initial, architecture))(jax.random.key(0))
    return params, lambda params: language.logits(architecture, params, TOKENS)


def gated():
    params = jax.jit(partial(recurrent.initial, P, 8))(jax.random.key(0))
    return params, lambda params: recurrent.logits(params, TOKENS)


NETWORKS = {
    "mlp": lambda: of_pairs(partial(ModularMLP, P, 6)),
    "transformer": lambda: of_pairs(partial(ModularTransformer, P, 8, heads=2)),
    "two blocks": lambda: of_pairs(partial(ModularTransformer, P, 8, heads=2, depth=2)),
    "language": decoder,
    "language, positions added": lambda: decoder(positions="additive"),
    "recurrent": gated,
}


@pytest.mark.parametrize("way", WAYS)
def test_rows_are_those_of_numpy(monkeypatch, strict, way):
    monkeypatch.setattr(jax, "default_backend", lambda: way)
    table = np.random.default_rng(1).normal(size=(P, 3)).astype(np.float32)
    np.testing.assert_array_equal(look_up(jnp.asarray(table), TOKENS), table[np.asarray(TOKENS)])


@pytest.mark.parametrize("name", NETWORKS)
def test_both_forms_are_one_network(monkeypatch, name):
    params, logits = NETWORKS[name]()
    seen = {}
    for way in WAYS:
        monkeypatch.setattr(jax, "default_backend", lambda way=way: way)
        made = jax.make_jaxpr(lambda params: logits(params))(params)  # a function is traced but once
        assert ("gather" in str(made)) == (way == "cpu")
        seen[way] = jax.jit(jax.value_and_grad(lambda params: jnp.sin(logits(params)).sum()))(params)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5), *seen.values())
