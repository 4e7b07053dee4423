"""Schedules: probabilities by hand, and exponents found again in what was drawn."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mini.tasks import schedules
from mini.tasks.schedules import RULES

SHARED = {"exponent": 1.5, "time_constant": 2.0, "rehearsal": 0.4}
TABLE = jax.jit(schedules.table, static_argnums=(0, 1))  # one program each
TIMELINE = jax.jit(schedules.timeline, static_argnums=(1, 2, 3, 4), static_argnames=("lag", "grain"))


@pytest.mark.parametrize("name", RULES)
def test_probabilities_sum_to_one_and_never_call_for_the_future(name):
    table = np.asarray(TABLE(name, 9, *SHARED.values()))
    np.testing.assert_allclose(table.sum(1), 1, atol=1e-6)
    assert (table >= 0).all() and not np.triu(table, 1).any()


@pytest.mark.parametrize("name, weights", [
    ("power-law", [3**-1.5, 2**-1.5, 1]), ("exponential", np.exp([-3 / 2, -2 / 2, -1 / 2])), ("uniform", [1, 1, 1]),
    ("spaced", [0, 1, 0]), ("expanding", [0, 1, 1]), ("primacy", [1, 0, 0]), ("published", [13329, 20867, 33969])])
def test_the_fourth_phase_is_as_by_hand(name, weights):
    row = np.asarray(TABLE(name, 4, *SHARED.values())[3])
    np.testing.assert_allclose(row, [*(0.4 * np.array(weights) / np.sum(weights)), 0.6], rtol=1e-4)


def test_what_is_not_due_is_not_rehearsed_and_joint_shares_alike():
    assert TABLE("spaced", 4, *SHARED.values())[1].tolist() == [0, 1, 0, 0]  # the first review is in phase 2
    np.testing.assert_allclose(TABLE("joint", 4, *SHARED.values())[3], [0.25] * 4, rtol=1e-6)
    np.testing.assert_allclose(TABLE("sequential", 4, *SHARED.values()), np.eye(4))


def test_the_published_matrix_goes_on_as_it_began():
    log = np.asarray(RULES["published"].log_weight(jnp.array([1.0, 5.0, 9.0, 10.0, 20.0]), 0, 1.0, 1.0))
    assert log[0] == 0 and log[2] == pytest.approx(np.log(1592 / 33969), abs=1e-5)
    assert (np.diff(log) < 0).all() and log[3] == pytest.approx(-5.6 * np.log(40 / 22), abs=1e-4)


@pytest.mark.parametrize("extreme", [{"exponent": 80.0}, {"time_constant": 1e-3}])
def test_extreme_settings_call_for_the_latest_alone(extreme):
    for name in ("power-law", "exponential"):
        values = SHARED | {"exponent": 80.0, "time_constant": 1e-3} | extreme
        np.testing.assert_allclose(TABLE(name, 4, *values.values())[3], [0, 0, 0.4, 0.6], atol=1e-6)


def drawn(name, lag="introduced", tasks=8, **fields):
    return np.asarray(TIMELINE(jax.random.key(0), name, tasks, 100, 32, lag=lag, **{
        "rehearsal": 0.5, "exponent": 1.0, "time_constant": 2.0} | fields))


@pytest.mark.parametrize("lag, grain, exponent", [
    ("introduced", "example", 0.5), ("introduced", "example", 2.0), ("last-met", "step", 1.0), ("last-met", "example", 0.7)])
def test_the_exponent_asked_for_is_realised(lag, grain, exponent):
    origin = drawn("power-law", lag, grain=grain, exponent=exponent)
    found = schedules.realised_exponent(*schedules.encounters(origin, 8, lag))
    assert found == pytest.approx(exponent, abs=0.12)


def test_the_share_rehearsed_is_the_one_asked_for():
    for name in ("power-law", "uniform", "exponential", "primacy", "published"):
        origin = drawn(name, rehearsal=0.3)
        assert (origin[1:] < np.arange(1, 8)[:, None, None]).mean() == pytest.approx(0.3, abs=0.02), name
        assert (origin <= np.arange(8)[:, None, None]).all()


def test_a_step_draws_one_task_and_an_example_its_own():
    steps, examples = drawn("uniform", grain="step"), drawn("uniform")
    assert (steps == steps[..., :1]).all() and not (examples == examples[..., :1]).all()


def test_encounters_are_those_of_a_loop():
    origin = drawn("power-law", "last-met", tasks=3, grain="step")[:, :6, :2]
    counts, lags = schedules.encounters(origin, 3, "last-met")
    met = {}
    for n, batch in enumerate(origin.reshape(-1, 2)):
        for j in range(3):
            assert counts[n, j] == (batch == j).sum()
            old = j < n // 6 and j in met
            assert lags[n, j] == n - met[j] if old else np.isnan(lags[n, j])
        met |= dict.fromkeys(batch.tolist(), n)


def test_recurrence_is_a_distribution_by_lag():
    origin = np.array([[[0, 0]], [[0, 1]], [[0, 1]]])  # two old samples at lags 1 and 2, one more at lag 1
    assert schedules.recurrence(origin, 3, np.array([1, 2])).round(3).tolist() == [0.667, 0.333]
    assert np.isnan(schedules.recurrence(np.zeros((1, 1, 2), int), 1, np.array([1]))).all()
    assert np.isnan(schedules.realised_exponent(*schedules.encounters(origin[:2], 3)))
