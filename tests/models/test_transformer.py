"""The transformer against a plain forward pass that computes every position and masks the future."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from mini.models.transformer import Block, ModularTransformer

P, WIDTH, HEADS = 7, 12, 3
A, B = (x.ravel().astype(np.int32) for x in np.mgrid[:P, :P])


def build(depth=1, activation="square", dropout=0.0, seed=0, scale=1.0):
    return ModularTransformer(P, WIDTH, depth, HEADS, 2, activation, dropout, scale, rngs=nnx.Rngs(seed))


def plain(model, a, b):
    """Logits of one pair, in float64, by the textbook: all positions, softmax under a causal mask."""
    def full(x):
        return np.asarray(x[...], np.float64)

    phi = {"square": np.square, "relu": lambda x: np.maximum(x, 0)}
    x = full(model.embedding)[[a, b]] + full(model.position)  # (T, D)
    for block in model.blocks:
        q, k, v = (x @ full(w) for w in (block.query, block.key, block.value))
        seen = np.zeros_like(x)
        for h in range(HEADS):
            part = slice(h * WIDTH // HEADS, (h + 1) * WIDTH // HEADS)
            score = q[:, part] @ k[:, part].T / (WIDTH // HEADS)
            score = np.where(np.tri(2, dtype=bool), score, -np.inf)
            weight = np.exp(score - score.max(1, keepdims=True))
            seen[:, part] = weight / weight.sum(1, keepdims=True) @ v[:, part]
        x = x + seen @ full(block.out)
        act = phi["relu" if block.phi is jax.nn.relu else "square"]
        x = x + act(x @ full(block.up)) @ full(block.down)
    return x[-1] @ full(model.readout) / WIDTH


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("activation", ["square", "relu"])
def test_it_is_the_full_causal_computation(depth, activation):
    model = build(depth, activation)
    expected = np.stack([plain(model, a, b) for a, b in zip(A, B)])
    got = np.asarray(model(A, B))
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())
    assert np.abs(expected).std() > 1e-3, "the comparison would hold for a dead network"


def test_gradients_are_those_of_the_plain_function():
    """Directional derivatives along a random direction, against central differences in float64."""
    model = build(2)
    graph, params = nnx.split(model)
    rng = np.random.default_rng(0)
    way = jax.tree.map(lambda x: jnp.asarray(rng.normal(size=x.shape), x.dtype), params)
    target = rng.normal(size=(4, P)).astype(np.float32)

    def loss(params):
        return (nnx.merge(graph, params)(A[8:12], B[8:12]) * target).sum()

    _, got = jax.jvp(loss, (params,), (way,))

    def plain_loss(step):
        moved = jax.tree.map(lambda x, d: np.float64(x) + step * np.float64(d), params, way)
        model = nnx.merge(graph, moved)
        return sum(float(plain(model, a, b) @ t) for a, b, t in zip(A[8:12], B[8:12], target))

    slope = (plain_loss(1e-5) - plain_loss(-1e-5)) / 2e-5
    assert float(got) == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize("depth", [1, 2])
def test_dropout_acts_in_training_only(depth):
    model, sober = build(depth, dropout=0.5), build(depth)
    np.testing.assert_array_equal(model(A, B), model(A, B))
    np.testing.assert_array_equal(model(A, B), sober(A, B))
    one, same, other = (np.asarray(model(A, B, nnx.Rngs(dropout=s))) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0 and np.abs(one - np.asarray(model(A, B))).max() > 0


@pytest.mark.parametrize("depth", [1, 2])
def test_every_pair_has_its_own_noise(depth):
    model = build(depth, dropout=0.5)
    same = jnp.full(64, 3, jnp.int32)
    assert len(np.unique(np.asarray(model(same, same, nnx.Rngs(dropout=0))), axis=0)) == 64


@pytest.mark.parametrize("training, rows", [(True, P * P), (False, P)])
def test_the_first_position_has_a_row_a_residue_unless_there_is_noise(monkeypatch, training, rows):
    seen = []
    first = Block.first
    monkeypatch.setattr(Block, "first", lambda self, x, rngs: seen.append(len(x)) or first(self, x, rngs))
    build(2, dropout=0.5)(A, B, nnx.Rngs(dropout=0) if training else None)
    assert seen == [rows]


def test_initial_scales():
    model = ModularTransformer(64, 128, 1, 4, 4, "relu", 0.0, 0.3, rngs=nnx.Rngs(0))
    block = model.blocks[0]
    for parameter, std in ((model.embedding, 0.3), (model.readout, 128**-0.5), (block.query, 128**-0.5),
                           (block.up, 128**-0.5), (block.down, 512**-0.5)):
        assert float(parameter[...].std()) == pytest.approx(std, rel=0.05)
    assert model.embedding.shape == model.readout.shape[::-1] == (64, 128)


def test_merged_inside_jit_scan_and_vmap_with_a_traced_scale():
    def logits(scale, seed):
        graph, params = nnx.split(ModularTransformer(P, WIDTH, 2, HEADS, 2, "relu", 0.0, scale,
                                                     rngs=nnx.Rngs(params=jax.random.key(seed))))

        def body(params, _):
            return params, nnx.merge(graph, params, copy=True)(A, B)

        return jax.lax.scan(body, params, None, length=2)[1]

    scales = jnp.array([0.5, 1.0])
    many = jax.jit(jax.vmap(logits, in_axes=(0, None)))(scales, 0)
    assert many.shape == (2, 2, P * P, P)
    for scale, got in zip((0.5, 1.0), many):
        model = ModularTransformer(P, WIDTH, 2, HEADS, 2, "relu", 0.0, scale,
                                   rngs=nnx.Rngs(params=jax.random.key(0)))
        np.testing.assert_allclose(got[1], model(A, B), rtol=1e-4, atol=1e-6)


def test_strict_types_and_ranks():
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        for depth in (1, 2):
            model = build(depth, dropout=0.1, scale=jnp.float32(0.5))
            out = jax.jit(lambda a, b, model=model: model(a, b, nnx.Rngs(dropout=0)))(A, B)
            assert out.dtype == jnp.float32 and out.shape == (P * P, P)


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(ValueError, match="multiple of the 5 heads"):
        ModularTransformer(P, WIDTH, 1, 5, rngs=nnx.Rngs(0))
