"""False labels: how many, which, and to what, against counts and a numpy loop."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from mini.experiment import Keys
from mini.tasks import digits
from mini.tasks.label_noise import KINDS, corrupt, lookalikes

X, Y = (jnp.asarray(a[:1000]) for a in digits.load())


def given(kind, rate, seed=0):
    return np.asarray(corrupt(Keys(seed, {}), kind, rate, X, Y, 10))


@pytest.mark.parametrize("kind", KINDS)
def test_the_rate_is_kept_and_a_higher_one_replaces_a_superset(kind):
    y = np.asarray(Y)
    false = {rate: given(kind, rate) != y for rate in (0.0, 0.2, 0.5)}
    assert not false[0.0].any()
    if kind == "uniform":
        assert scipy.stats.binomtest(int(false[0.5].sum()), 500, 0.9).pvalue > 1e-4
    else:
        drawn = {rate: given("asymmetric", rate) != y for rate in false}  # the same, and all of them false
        assert [f.sum() for f in drawn.values()] == [0, 200, 500]
        if kind != "instance":
            assert all((false[rate] == drawn[rate] & ((kind != "alternate") | (y % 2 == 0))).all() for rate in false)
    assert (false[0.5] | ~false[0.2]).all()
    assert (given(kind, 0.5) == given(kind, 0.5)).all() and (given(kind, 0.5) != given(kind, 0.5, seed=1)).any()


def test_symmetric_noise_is_even_over_the_other_classes():
    shift = (given("symmetric", 0.9) - np.asarray(Y))[given("symmetric", 0.9) != np.asarray(Y)] % 10
    assert scipy.stats.chisquare(np.bincount(shift, minlength=10)[1:]).pvalue > 1e-4


def test_asymmetric_noise_is_the_next_class():
    false = given("asymmetric", 0.4) != np.asarray(Y)
    assert (given("asymmetric", 0.4)[false] == (np.asarray(Y)[false] + 1) % 10).all()


def test_alternate_noise_is_that_in_every_second_class():
    y, next_one, half = np.asarray(Y), given("asymmetric", 0.4), given("alternate", 0.4)
    np.testing.assert_array_equal(half, np.where(y % 2 == 0, next_one, y))
    assert 0.15 < (half != y).mean() < 0.25


def test_lookalikes_are_those_of_a_loop():
    x, y = np.asarray(X), np.asarray(Y)
    means = np.array([x[y == c].mean(0) for c in range(10)])
    for i in range(0, 1000, 97):
        distance = np.linalg.norm(x[i] - means, axis=1)
        others = [c for c in range(10) if c != y[i]]
        assert int(lookalikes(X, Y, 10)[0][i]) == others[np.argmin(distance[others])]


def test_instance_noise_falls_where_digits_look_alike():
    other, alike = map(np.asarray, lookalikes(X, Y, 10))
    false = given("instance", 0.3) != np.asarray(Y)
    assert (given("instance", 0.3)[false] == other[false]).all()
    assert alike[false].mean() > alike[~false].mean() + 1
