"""Measures of induction heads against loops, closed forms and heads built by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mini.measures import induction
from mini.measures.effective_size import effective_size
from mini.models import language
from mini.tasks import sequences


def test_followers_are_those_of_a_loop():
    tokens = np.random.default_rng(0).integers(0, 4, (3, 12))
    got = np.asarray(induction.followers(tokens))
    for b, t, s in np.ndindex(got.shape):
        assert got[b, t, s] == (1 <= s <= t and tokens[b, s - 1] == tokens[b, t])


def test_prefix_matching_is_the_mean_of_a_loop():
    rng = np.random.default_rng(1)
    tokens = rng.integers(0, 5, (2, 10))
    attention = np.tril(rng.random((3, 2, 4, 10, 10)))  # (L, B, H, T, T)
    attention /= attention.sum(-1, keepdims=True)
    got = induction.prefix_matching(attention, tokens)
    for layer, head in np.ndindex(3, 4):
        looked = []
        for b, t in np.ndindex(2, 10):
            before = [s for s in range(t) if tokens[b, s] == tokens[b, t]]
            if before:
                looked.append(sum(attention[layer, b, head, t, s + 1] for s in before))
        assert float(got[layer, head]) == pytest.approx(np.mean(looked), abs=1e-5)


def test_to_attend_to_the_same_token_is_not_induction():
    tokens = jnp.tile(jnp.arange(6), 2)[None]
    duplicate = jnp.eye(12).at[6:, :].set(jnp.eye(12)[:6])[None, None]
    induct = jnp.eye(12).at[6:, :].set(jnp.eye(12)[1:7])[None, None]
    assert float(induction.prefix_matching(duplicate, tokens)[0]) == 0
    assert float(induction.prefix_matching(induct, tokens)[0]) == 1


def test_even_attention_has_its_closed_form():
    """Of t + 1 places the even head gives each 1 / (t + 1); with period P floor(t / P) of them follow."""
    period, length = 4, 20
    tokens = jnp.tile(jnp.arange(period), 5)[None]
    even = jnp.tril(jnp.ones((length, length))) / jnp.arange(1, length + 1)[:, None]
    expected = np.mean([(t // period) / (t + 1) for t in range(period, length)])
    assert float(induction.prefix_matching(even[None, None], tokens)[0]) == pytest.approx(expected, rel=1e-5)


def test_chance_is_what_an_ignorant_model_pays_and_a_copier_pays_nothing():
    tokens = sequences.planted(jax.random.key(0), 8, 5, 4, 14)
    ignorant = language.surprise(jnp.zeros((5, 14, 8)), tokens)
    assert float(induction.copying_loss(ignorant, 4)) == pytest.approx(induction.copying_chance(8), rel=1e-6)
    said = np.full((5, 14, 8), 0.0)
    for b, t in np.ndindex(5, 13):
        if t >= 4:  # an induction head can tell from here on
            said[b, t, tokens[b, t - 3]] = 50.0
    losses = language.surprise(jnp.asarray(said), tokens)
    assert float(induction.copying_loss(losses, 4)) < 1e-6
    assert float(losses[:, :4].mean()) == pytest.approx(np.log(8), rel=1e-6)


def test_the_copying_score_is_that_of_the_whole_circuit():
    rng = np.random.default_rng(2)
    embedding, readout = rng.normal(size=(9, 6)), rng.normal(size=(6, 9))
    value, out = rng.normal(size=(2, 3, 6, 2)), rng.normal(size=(2, 3, 2, 6))
    got = induction.copying_score(embedding, value, out, readout)
    for i in np.ndindex(2, 3):
        values = np.linalg.eigvals(embedding @ value[i] @ out[i] @ readout)
        assert got[i] == pytest.approx(values.real.sum() / np.abs(values).sum(), abs=1e-6)


SIZES = np.array([10.0, 30.0, 100.0, 300.0])


def test_a_clean_model_has_its_own_size():
    losses = 5 * SIZES**-0.2
    for size, loss in zip(SIZES, losses):
        got = effective_size(SIZES, losses, loss)
        assert got.value == pytest.approx(size) and not got.extrapolated


def test_a_power_law_is_inverted_within_its_grid():
    sizes = np.geomspace(10, 1000, 41)
    got = effective_size(sizes, 3 * sizes**-0.3, 3 * 77.0**-0.3)
    assert got.value == pytest.approx(77, rel=0.001) and not got.extrapolated


@pytest.mark.parametrize("loss", [9.0, 0.1])
def test_beyond_the_ends_it_says_so_and_stops_at_a_factor_of_ten(loss):
    got = effective_size([10, 100], [3.0, 2.0], loss)
    assert got.extrapolated and got.value == pytest.approx(1 if loss > 3 else 1000)


@pytest.mark.parametrize("losses, loss", [([2.0, 2.0], 2.0), ([1.0, 2.0], 1.5), ([3.0, np.nan], 2.0), ([3.0, 2.0], np.nan)])
def test_what_cannot_be_told_is_not_told(losses, loss):
    got = effective_size([10, 100], losses, loss)
    assert np.isnan(got.value) and got.extrapolated


def test_a_bump_in_the_clean_curve_is_ironed_out():
    got = effective_size([10, 30, 100], [3.0, 3.1, 1.0], 2.0)
    assert 10 < got.value < 100 and not got.extrapolated
