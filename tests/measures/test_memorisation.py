"""The estimator, against numpy loops, and the identities it must keep."""

import jax.numpy as jnp
import numpy as np
import pytest

from mini.measures import memorisation as m

NETWORKS, EXAMPLES, TESTS = 40, 12, 5


@pytest.fixture
def record():
    """Who was in, who was right, on random networks that remember half of what they saw."""
    rng = np.random.default_rng(0)
    inside = np.stack([rng.permutation(EXAMPLES) < 8 for _ in range(NETWORKS)])
    right = (inside & (rng.random((NETWORKS, EXAMPLES)) < 0.8)) | (rng.random((NETWORKS, EXAMPLES)) < 0.3)
    test = rng.random((NETWORKS, TESTS)) < 0.3 + 0.4 * inside[:, :TESTS]
    ghost = np.stack([rng.permutation(EXAMPLES) < 8 for _ in range(NETWORKS)])
    return inside, right, test, ghost


def counted(record, which=range(NETWORKS)):
    sums = m.blank(EXAMPLES, TESTS)
    for k in which:
        inside, right, test, ghost = (jnp.asarray(x[k]) for x in record)
        sums = m.add(sums, jnp.int32(k % 2), inside, right, test, ghost)
    return sums


def test_memorisation_and_influence_are_those_of_a_loop(record, strict):
    inside, right, test, ghost = record
    s = m.both(counted(record))
    memory, effect, null = m.memorisation(s), m.influence(s), m.null(s)
    for i in range(EXAMPLES):
        had = inside[:, i]
        assert float(memory[i]) == pytest.approx(right[had, i].mean() - right[~had, i].mean(), abs=1e-6)
        assert float(null[i]) == pytest.approx(right[ghost[:, i], i].mean() - right[~ghost[:, i], i].mean(), abs=1e-6)
        for j in range(TESTS):
            assert float(effect[i, j]) == pytest.approx(test[had, j].mean() - test[~had, j].mean(), abs=1e-6)


def test_halves_are_the_even_and_the_odd_networks(record):
    halves = counted(record)
    for half in (0, 1):
        alone = m.both(counted(record, range(half, NETWORKS, 2)))
        for whole, part in zip(halves, alone):
            np.testing.assert_array_equal(whole[half], part)
    expected = np.corrcoef(*np.asarray(m.memorisation(halves)))[0, 1]
    assert float(m.reliability(halves)) == pytest.approx(expected, abs=1e-5)


def test_mean_memorisation_is_the_gap_between_seen_and_left_out():
    """An identity where every example is in equally many subsets: here all rotations of one."""
    rng = np.random.default_rng(1)
    sums, seen, left = m.blank(EXAMPLES, TESTS), [], []
    for k in range(EXAMPLES):
        inside = np.roll(np.arange(EXAMPLES) < 8, k)
        right = rng.random(EXAMPLES) < np.where(inside, 0.9, 0.4)
        seen.append(right[inside].mean())
        left.append(right[~inside].mean())
        sums = m.add(sums, k % 2, *(jnp.asarray(x) for x in (inside, right, np.zeros(TESTS, bool), inside)))
    gap = np.mean(seen) - np.mean(left)
    assert float(m.memorisation(m.both(sums)).mean()) == pytest.approx(gap, abs=1e-6)


def test_an_example_always_in_or_always_out_has_no_estimate():
    inside = jnp.array([True, False, True, False] * 3)
    sums = m.blank(EXAMPLES, TESTS)
    for k in range(4):
        now = inside.at[3].set(k % 2 == 0)
        sums = m.add(sums, k % 2, now, inside, jnp.ones(TESTS, bool), now)
    s = m.both(sums)
    known = np.isfinite(np.asarray(m.memorisation(s)))
    assert known.tolist() == [i == 3 for i in range(EXAMPLES)]
    np.testing.assert_array_equal(np.asarray(m.unseen(s)), ~known)
    for of in (m.difference, m.standard_error):
        np.testing.assert_array_equal(np.isfinite(np.asarray(m.influence(s, of))).all(1), known)


def test_the_standard_error_is_the_spread_over_repetitions():
    rng = np.random.default_rng(2)
    estimates, errors = [], []
    for _ in range(400):
        k = (rng.binomial(70, 0.8), rng.binomial(30, 0.3))
        row = [jnp.float32(x) for x in (k[0], 70, k[0] + k[1], 100)]
        estimates.append(float(m.difference(*row)))
        errors.append(float(m.standard_error(*row)))
    assert np.mean(errors) == pytest.approx(np.std(estimates), rel=0.1)
    assert np.mean(estimates) == pytest.approx(0.5, abs=0.02)


def test_the_null_deviation_is_the_spread_without_influence():
    rng = np.random.default_rng(3)
    values = []
    for _ in range(300):
        right, inside = rng.random(200) < 0.6, rng.permutation(200) < 140
        values.append(right[inside].mean() - right[~inside].mean())
    s = m.both(m.blank(1, 1))._replace(networks=jnp.float32(200), inside=jnp.array([140.0]), test_right=jnp.array([120.0]))
    assert float(m.null_influence_error(s)[0, 0]) == pytest.approx(np.std(values), rel=0.12)


def test_pairs_are_the_high_ones_highest_first(record):
    s = m.both(counted(record))
    memory, effect, null = (np.asarray(x) for x in (m.memorisation(s), m.influence(s), m.null_influence_error(s)))
    found = m.pairs(memory, effect, null, 0.3, 0.2, 1.0)
    expected = {(i, j) for i in range(EXAMPLES) for j in range(TESTS)
                if memory[i] >= 0.3 and effect[i, j] >= 0.2 and effect[i, j] >= null[i, j]}
    assert set(map(tuple, found.tolist())) == expected and expected
    assert (np.diff(effect[tuple(found.T)]) <= 0).all()


def test_the_published_bound_is_wider_than_the_standard_error():
    k = jnp.float32
    worst = max(float(m.standard_error(k(700), k(1400), k(700 + q), k(2000))) for q in (0, 300, 600))
    assert worst < m.expected_error(2000, 0.7) ** 0.5
