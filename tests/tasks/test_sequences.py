"""Sequences of known entropy, against counting and simulation."""

import itertools

import jax
import numpy as np
import pytest

from mini.tasks import sequences

CHAIN = sequences.chain(jax.random.key(0), 6, 0.3)


def probability(tokens, p):
    return np.prod([1 / len(p), *(p[a, b] for a, b in itertools.pairwise(tokens))])


def test_entropy_is_the_sum_over_all_sequences():
    p = sequences.transitions(CHAIN)
    each = np.array([probability(x, p) for x in itertools.product(range(6), repeat=4)])
    assert each.sum() == pytest.approx(1)
    kept = each[each > 0]
    assert sequences.entropy(CHAIN, 4) == pytest.approx(-(kept * np.log(kept)).sum())


def test_walks_follow_the_transitions():
    walks = np.asarray(sequences.markov(jax.random.key(1), CHAIN, 20000, 3))
    p = sequences.transitions(CHAIN)
    np.testing.assert_allclose(np.bincount(walks[:, 0], minlength=6) / 20000, 1 / 6, atol=0.02)
    for a in range(6):
        after = walks[:, 2][walks[:, 1] == a]
        if len(after) > 500:
            np.testing.assert_allclose(np.bincount(after, minlength=6) / len(after), p[a], atol=0.05)


def test_entropy_is_the_mean_surprise_of_simulated_walks():
    p = sequences.transitions(CHAIN)
    walks = np.asarray(sequences.markov(jax.random.key(2), CHAIN, 20000, 5)).astype(int)
    surprise = np.log(6) - np.log(p[walks[:, :-1], walks[:, 1:]]).sum(1)
    assert surprise.mean() == pytest.approx(sequences.entropy(CHAIN, 5), abs=4 * surprise.std() / np.sqrt(20000))


def test_a_small_concentration_leaves_few_successors():
    few, many = (np.asarray(sequences.chain(jax.random.key(3), 64, c)) for c in (0.05, 5.0))
    assert np.mean([len(set(row)) for row in few.tolist()]) < 16 < np.mean([len(set(row)) for row in many.tolist()])
    rate = (sequences.entropy(np.asarray(sequences.chain(jax.random.key(4), 64, 0.15)), 50) - np.log(64)) / 49
    assert 1.5 < rate < 3  # Dirichlet(0.15) has 2.1 on average: psi(10.6) - psi(1.15)


def test_a_stream_repeats_its_first_periods():
    made = sequences.stream(jax.random.key(5), CHAIN, 400, 2, 5, 0.25)
    tokens = np.asarray(sequences.rows(made, np.arange(400), 13))
    periods = np.asarray(made.period, int)
    assert set(periods.tolist()) == {2, 3, 4, 5} and abs(np.mean(made.chained) - 0.25) < 0.07
    for row, period in zip(tokens, periods):
        assert (row[period:] == row[:-period]).all()
    p = sequences.transitions(CHAIN)
    walked = [probability(row[:period], p) > 0 for row, period, c in zip(tokens, periods, made.chained) if c]
    assert all(walked)


def test_information_is_the_surprise_of_the_first_period():
    made = sequences.stream(jax.random.key(6), CHAIN, 50, 2, 5, 0.5)
    told, p = sequences.information(made, np.arange(50), CHAIN), sequences.transitions(CHAIN)
    for i, (row, period, chained) in enumerate(zip(np.asarray(made.first), np.asarray(made.period), np.asarray(made.chained))):
        expected = -np.log(probability(row[:period], p)) if chained else period * np.log(6)
        assert float(told[i]) == pytest.approx(expected, rel=1e-5)


def test_planted_tokens_are_even_and_come_back():
    tokens = np.asarray(sequences.planted(jax.random.key(7), 10, 3000, 4, 11))
    assert tokens.shape == (3000, 11) and (tokens[:, 4:] == tokens[:, :-4]).all()
    np.testing.assert_allclose(np.bincount(tokens[:, :4].ravel(), minlength=10) / 12000, 0.1, atol=0.015)
