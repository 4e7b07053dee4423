"""Foils: what they keep, and that nothing tells beforehand which twin was studied."""

import jax
import numpy as np
import pytest

from mini.tasks import foils, sequences


@pytest.fixture(scope="module")
def made():
    tickets = sequences.chain(jax.random.key(0), 12, 0.3)
    p = sequences.transitions(tickets)
    base = sequences.markov(jax.random.key(1), tickets, 4000, 8).astype(np.int32)
    one, other = foils.twins(jax.random.key(2), p.astype(np.float32), base)
    return p, np.asarray(base), np.asarray(one), np.asarray(other)


def surprise(p, tokens):
    return -np.log(p[tokens[:, :-1], tokens[:, 1:]] + 1e-9).sum(1)


def test_twins_differ_in_one_token_inside(made):
    _, base, one, other = made
    assert ((one != other).sum(1) == 1).all()
    place = (one != other).argmax(1)
    assert place.min() >= 1 and place.max() <= 6
    rest = np.arange(8)[None] != place[:, None]
    assert (one[rest] == base[rest]).all() and (other[rest] == base[rest]).all()


def test_nothing_tells_the_twins_apart(made):
    p, _, one, other = made
    less, more = surprise(p, one), surprise(p, other)
    won = (less < more).mean() + 0.5 * (less == more).mean()
    assert won == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(4000))
    assert np.isfinite(less).all() and np.median(more) < 30  # a chain that goes on as it may


def test_twins_have_the_probability_that_their_neighbours_leave(made):
    """Both are drawn from q(x) q(y) without x = y: counted for the most frequent pair of neighbours."""
    p, _, one, other = made
    place = (one != other).argmax(1)
    rows = np.arange(len(one))
    a, c, x = one[rows, place - 1], one[rows, place + 1], one[rows, place]
    pairs, number = np.unique(np.c_[a, c], axis=0, return_counts=True)
    a0, c0 = pairs[number.argmax()]
    q = p[a0] * p[:, c0]
    q = q / q.sum()
    joint = np.outer(q, q) * (1 - np.eye(12))
    expected = joint.sum(1) / joint.sum()
    there = (a == a0) & (c == c0)
    got = np.bincount(x[there], minlength=12) / there.sum()
    assert there.sum() > 60 and np.abs(got - expected).max() < 4 * 0.5 / np.sqrt(there.sum())


def test_scrambled_keeps_the_tokens_and_not_their_order():
    tokens = sequences.random(jax.random.key(3), 12, 50, 8)
    mixed = np.asarray(foils.scrambled(jax.random.key(4), tokens))
    assert (np.sort(mixed, 1) == np.sort(tokens, 1)).all() and (mixed != np.asarray(tokens)).any(1).mean() > 0.9
