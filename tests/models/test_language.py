"""The language model against loops over places in numpy, and generation against the full forward pass."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mini.errors import UsageError
from mini.models import language
from mini.models.language import NORMS, POSITIONS, Architecture

V, T, D, H = 11, 9, 12, 3
TOKENS = np.random.default_rng(0).integers(0, V, (2, T))
INITIAL, LOGITS = (jax.jit(f, static_argnums=0) for f in (language.initial, language.logits))  # one program each


def made(seed=0, **switches):
    a = Architecture(V, T, D, 2, H, **switches)
    return a, INITIAL(a, jax.random.key(seed))


def full(x):
    return np.asarray(x[...], np.float64)


def normal(x, params, kind):
    if kind == "none":
        return x
    gain = full(params["gain"])
    if kind == "layer":
        x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * gain


def turned(x, place):
    """Rotary positions as a product of complex numbers."""
    half = len(x) // 2
    z = (x[:half] + 1j * x[half:]) * np.exp(1j * place * 10000.0 ** (-np.arange(half) / half))
    return np.r_[z.real, z.imag]


def plain(a, params, tokens):
    """Logits (T, V) of one sequence, place by place and head by head, by the textbook, in float64."""
    place = full(params["position"]) if a.positions != "rotary" else None
    x = full(params["embedding"])[tokens] + (place[: len(tokens)] if a.positions == "additive" else 0)
    for block in (params["blocks"][i] for i in range(a.depth)):
        h = normal(x, block.get("before"), a.norm)
        q, k, v = np.split(full(block["qkv"]), 3, 1)
        moved = h + place[: len(tokens)] if a.positions == "qk" else h
        queries, keys, values = moved @ q, moved @ k, h @ v
        mixed, wide = np.zeros_like(x), D // H
        for t in range(len(tokens)):
            for head in range(H):
                part = slice(head * wide, (head + 1) * wide)
                one, other = queries[t, part], keys[: t + 1, part]
                if a.positions == "rotary":
                    one, other = turned(one, t), np.stack([turned(row, s) for s, row in enumerate(other)])
                e = np.exp(other @ one / np.sqrt(wide))
                mixed[t, part] = e / e.sum() @ values[: t + 1, part]
        x = x + mixed @ full(block["out"])
        if a.hidden:
            h = normal(x, block.get("between"), a.norm)
            x = x + np.maximum(h @ full(block["up"]), 0) @ full(block["down"]).T
    return normal(x, params.get("norm"), a.norm) @ full(params["readout"])


@pytest.mark.parametrize("switches", [
    *({"positions": p} for p in POSITIONS), *({"norm": n} for n in NORMS[1:]), {"hidden": 0}, {"scale": 3.0}], ids=str)
def test_it_is_the_textbooks_network(switches):
    a, params = made(**switches)
    expected = np.stack([plain(a, params, tokens) for tokens in TOKENS])
    np.testing.assert_allclose(LOGITS(a, params, TOKENS), expected, rtol=2e-4, atol=2e-4)
    assert expected.std() > 0.1, "the comparison would hold for a dead network"


def test_a_network_without_norms_has_no_gains():
    sizes = {norm: optax.tree.size(made(norm=norm)[1]) for norm in NORMS}
    assert sizes["rms"] == sizes["layer"] == sizes["none"] + 5 * D


def test_the_written_gradient_is_that_of_plain_softmax():
    q, k, v, g = np.random.default_rng(1).normal(size=(4, 2, H, T, 4)).astype(np.float32)

    def simple(q, k, v):
        return jnp.sum(language.attention(q, k) @ v * g)

    got = jax.grad(lambda *x: jnp.sum(language.attend(*x) * g), (0, 1, 2))(q, k, v)
    for one, other in zip(got, jax.grad(simple, (0, 1, 2))(q, k, v)):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("positions", POSITIONS)
def test_incremental_generation_is_the_full_forward_pass(positions):
    a, params = made(positions=positions)
    tokens = np.c_[TOKENS[:, :3], language.generate(a, params, TOKENS[:, :3], T - 3)]
    likeliest = np.asarray(LOGITS(a, params, tokens)).argmax(-1)  # each place sees those before it alone
    np.testing.assert_array_equal(tokens[:, 3:], likeliest[:, 2:-1])
    assert len(set(tokens[:, 3:].ravel().tolist())) > 2


def test_sampling_follows_the_probabilities_and_the_temperature():
    a, params = made()
    prefix = np.tile(TOKENS[:1, :4], (4000, 1))
    for temperature in (1.0, 0.5):
        drawn = np.asarray(language.generate(a, params, prefix, 1, jax.random.key(3), temperature))[:, 0]
        expected = jax.nn.softmax(LOGITS(a, params, TOKENS[:1, :4])[0, -1] / temperature)
        np.testing.assert_allclose(np.bincount(drawn, minlength=V) / 4000, expected, atol=0.03)


def test_the_future_is_not_seen():
    a, params = made()
    changed = TOKENS.copy()
    changed[:, 5:] = (changed[:, 5:] + 1) % V
    before, after = (np.asarray(LOGITS(a, params, t)) for t in (TOKENS, changed))
    np.testing.assert_allclose(before[:, :5], after[:, :5], atol=1e-5)
    assert np.abs(before[:, 5:] - after[:, 5:]).max() > 0.01


def test_attention_sums_to_one_and_the_heads_sum_to_the_layer():
    a, params = made(hidden=0)
    said, seen = language.look(a, params, TOKENS)
    assert seen.attention.shape == (2, 2, H, T, T) and seen.heads.shape == (2, 2, H, T, D)
    np.testing.assert_allclose(seen.attention.sum(-1), 1, atol=1e-5)
    stream = full(params["embedding"])[TOKENS] + np.asarray(seen.heads).sum((0, 2))  # (B, T, D)
    expected = normal(stream, params["norm"], "rms") @ full(params["readout"])
    np.testing.assert_allclose(said, expected, atol=1e-4)


def test_losses_are_those_of_the_next_token():
    a, params = made()
    p = jax.nn.softmax(LOGITS(a, params, TOKENS))
    expected = [[-np.log(p[b, t, TOKENS[b, t + 1]]) for t in range(T - 1)] for b in range(2)]
    np.testing.assert_allclose(language.losses(a, params, TOKENS), expected, atol=1e-5)


@pytest.mark.parametrize("prefix, count, words", [
    (TOKENS[:, :5], 5, "prefix: got 5, takes at most 4 tokens: the context holds 9, of which 5"),
    (TOKENS[:, :0], 2, "at least one token"), (TOKENS[0], 2, "prefix: got shape"),
    (np.full((1, 2), V), 2, "tokens: got 11, takes whole numbers from 0 to 10"), (np.full((1, 2), -1), 2, "got -1")])
def test_what_cannot_be_continued_is_refused(prefix, count, words):
    a, params = made()
    with pytest.raises(UsageError, match=words):
        language.generate(a, params, prefix, count)


@pytest.mark.parametrize("switches, words", [
    ({"heads": 5}, "multiple of the 5 heads"), ({"positions": "sine"}, "one of qk"), ({"norm": "batch"}, "one of rms"),
    ({"positions": "rotary", "heads": 4}, "even width")])
def test_what_cannot_be_built_is_refused(switches, words):
    with pytest.raises(UsageError, match=words):
        language.check(Architecture(**{"vocabulary": V, "length": T, "width": D, **switches}))
