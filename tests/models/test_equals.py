"""The transformer with "=" against a plain forward pass that computes every position and masks the future."""

import jax
import numpy as np
import pytest
from flax import nnx

from mini.models.equals import EqualsTransformer

P, WIDTH, HEADS = 7, 12, 3
A, B = (x.ravel().astype(np.int32) for x in np.mgrid[:P, :P])


def build(depth=1, activation="relu", dropout=0.0, seed=0):
    return EqualsTransformer(P, WIDTH, depth, HEADS, 2, activation, dropout, 3.0, rngs=nnx.Rngs(seed))


def plain(model, a, b):
    """Logits of one pair, in float64, by the textbook: all three positions, softmax under a causal mask."""
    def full(x):
        return np.asarray(x[...], np.float64)

    phi = {"square": np.square, "relu": lambda x: np.maximum(x, 0)}
    x = np.concatenate([full(model.embedding)[[a, b]], full(model.equals)]) + full(model.position)  # (T, D)
    for block in model.blocks:
        q, k, v = (x @ full(w) for w in (block.query, block.key, block.value))
        seen = np.zeros_like(x)
        for h in range(HEADS):
            part = slice(h * WIDTH // HEADS, (h + 1) * WIDTH // HEADS)
            score = np.where(np.tri(3, dtype=bool), q[:, part] @ k[:, part].T / np.sqrt(WIDTH // HEADS), -np.inf)
            weight = np.exp(score - score.max(1, keepdims=True))
            seen[:, part] = weight / weight.sum(1, keepdims=True) @ v[:, part]
        x = x + seen @ full(block.out)
        x = x + phi["relu" if block.phi is jax.nn.relu else "square"](x @ full(block.up)) @ full(block.down)
    return x[-1] @ full(model.readout)


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("activation", ["square", "relu"])
def test_it_is_the_full_causal_computation(depth, activation):
    model = build(depth, activation)
    expected = np.stack([plain(model, a, b) for a, b in zip(A, B)])
    np.testing.assert_allclose(model(A, B), expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())
    assert np.abs(expected).std() > 1e-3, "the comparison would hold for a dead network"
    assert np.abs(expected.reshape(P, P, P) - expected.reshape(P, P, P).transpose(1, 0, 2)).max() > 1e-3, "order matters"


@pytest.mark.parametrize("depth", [1, 2])
def test_dropout_acts_in_training_only(depth):
    model = build(depth, dropout=0.5)
    np.testing.assert_array_equal(model(A, B), build(depth)(A, B))
    one, same, other = (np.asarray(model(A, B, nnx.Rngs(dropout=s))) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0 and np.abs(one - np.asarray(model(A, B))).max() > 0


def test_weights_begin_as_published():
    model = EqualsTransformer(97, 64, 1, 4, 4, "relu", 0.0, 1.0, rngs=nnx.Rngs(0))
    for weights, expected in ((model.embedding, 64**-0.5), (model.blocks[0].up, 64**-0.5), (model.readout, 97**-0.5)):
        assert np.std(weights[...]) == pytest.approx(expected, rel=0.05)


def test_a_width_is_a_multiple_of_the_heads():
    with pytest.raises(ValueError, match="width: got 12, takes a multiple of the 5 heads"):
        EqualsTransformer(P, WIDTH, heads=5, rngs=nnx.Rngs(0))
