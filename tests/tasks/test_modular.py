"""Modular tasks, against plain Python."""

import jax
import numpy as np
import pytest

from mini.experiment import Keys
from mini.tasks import modular

PLAIN = {
    "addition": lambda a, b, p: (a + b) % p,
    "subtraction": lambda a, b, p: (a - b) % p,
    "multiplication": lambda a, b, p: a * b % p,
    "unlearnable": lambda a, b, p: (a * b + a + b * b) % p,
}


@pytest.mark.parametrize("operation", PLAIN)
def test_answers_are_those_of_a_loop(operation):
    p = 7
    expected = [PLAIN[operation](a, b, p) for a in range(p) for b in range(p)]
    np.testing.assert_array_equal(modular.answers(operation, p), expected)


def test_division_undoes_multiplication():
    p = 13
    table = modular.answers("division", p).reshape(p, p)
    assert (table[:, 0] == -1).all()
    for a in range(p):
        for b in range(1, p):
            assert table[a, b] * b % p == a


def test_every_operation_has_a_domain_that_avoids_missing_answers():
    for operation in modular.OPERATIONS:
        assert (modular.answers(operation, 11)[modular.domain(operation, 11)] >= 0).all()


def test_unordered_pairs_hold_each_pair_once():
    p = 9
    a, b = np.divmod(modular.domain("addition", p, unordered=True), p)
    assert len(a) == p * (p + 1) // 2 and (a <= b).all()


@pytest.mark.parametrize("corruption", [0.0, 0.25, 1.0])
def test_a_split_parts_all_pairs_and_redraws_the_asked_share(corruption):
    keys = Keys(np.uint32(3), {})
    split = modular.split(keys, "addition", 31, False, 0.6, np.float32(corruption))
    n = round(0.6 * 31**2)
    assert len(split.train) == n
    assert sorted([*split.train.tolist(), *split.test.tolist()]) == list(range(31**2))
    assert int(split.corrupted.sum()) == round(corruption * n)
    clean = ~np.asarray(split.corrupted)
    np.testing.assert_array_equal(split.given[clean], split.label[split.train][clean])


def test_one_in_p_of_redrawn_labels_stay_right():
    p, right = 23, []
    for seed in range(40):
        split = modular.split(Keys(np.uint32(seed), {}), "addition", p, False, 0.5, np.float32(1.0))
        right.append(np.mean(np.asarray(split.given) == np.asarray(split.label[split.train])))
    trials = 40 * round(0.5 * p * p)
    assert abs(np.mean(right) - 1 / p) < 4 * np.sqrt(1 / p * (1 - 1 / p) / trials)
    assert set(np.asarray(split.given).tolist()) == set(range(p))  # no class is left out


def test_more_corruption_of_one_seed_redraws_a_superset():
    few, many = (modular.split(Keys(np.uint32(0), {}), "addition", 11, False, 0.5, np.float32(x)).corrupted
                 for x in (0.2, 0.5))
    assert not (np.asarray(few) & ~np.asarray(many)).any()


def test_discrete_powers_turn_products_into_sums():
    p = 31
    powers = modular.discrete_powers(p)
    logarithm = {int(x): k for k, x in enumerate(powers)}
    assert sorted(powers) == list(range(1, p))
    for a in (2, 7, 30):
        for b in (3, 11, 29):
            assert logarithm[a * b % p] == (logarithm[a] + logarithm[b]) % (p - 1)


def test_streams_are_independent():
    a = modular.split(Keys(np.uint32(0), {"data": np.uint32(9)}), "addition", 11, False, 0.5, np.float32(0.3))
    b = modular.split(Keys(np.uint32(9), {}), "addition", 11, False, 0.5, np.float32(0.3))
    np.testing.assert_array_equal(a.train, b.train)
    assert (np.asarray(a.corrupted) != np.asarray(b.corrupted)).any()
    assert jax.random.key_data(Keys(0, {})["data"]).tolist() != jax.random.key_data(Keys(0, {})["noise"]).tolist()
