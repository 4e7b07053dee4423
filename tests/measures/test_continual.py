"""Measures of a matrix of scores: identities, and a reason for what is not defined."""

import numpy as np
import pytest
import xarray as xr

from mini.errors import UsageError
from mini.measures import continual
from mini.measures.continual import Undefined

MATRIX_MEASURES = (continual.average_accuracy, continual.incremental_accuracy, continual.learning_accuracy,
                   continual.backward_transfer, continual.forward_transfer, continual.forgetting, continual.need_weighted)


@pytest.mark.parametrize("seed", range(20))
def test_forgetting_is_never_less_than_minus_backward_transfer(seed):
    r = np.random.default_rng(seed).random((7, 6))
    assert continual.forgetting(r) >= -continual.backward_transfer(r) - 1e-12


def test_each_measure_is_that_of_a_loop():
    r, t = np.random.default_rng(1).random((6, 5)), 5
    assert continual.average_accuracy(r) == pytest.approx(sum(r[t, j] for j in range(t)) / t)
    assert continual.learning_accuracy(r) == pytest.approx(sum(r[j + 1, j] for j in range(t)) / t)
    assert continual.incremental_accuracy(r) == pytest.approx(
        sum(sum(r[i, j] for j in range(i)) / i for i in range(1, t + 1)) / t)
    assert continual.backward_transfer(r) == pytest.approx(sum(r[t, j] - r[j + 1, j] for j in range(t - 1)) / (t - 1))
    assert continual.forward_transfer(r) == pytest.approx(sum(r[j, j] - r[0, j] for j in range(1, t)) / (t - 1))
    assert continual.forgetting(r) == pytest.approx(
        sum(max(r[l, j] for l in range(j + 1, t)) - r[t, j] for j in range(t - 1)) / (t - 1))
    weights = [(t - j) ** -2.0 for j in range(t)]
    assert continual.need_weighted(r, 2.0) == pytest.approx(sum(w * x for w, x in zip(weights, r[t])) / sum(weights))
    assert continual.need_weighted(r, 0.0) == pytest.approx(continual.average_accuracy(r))
    for lag, value in enumerate(continual.retention(r)):
        assert value == pytest.approx(np.mean([r[j + 1 + lag, j] for j in range(t - lag)]))
    assert continual.intransigence(r, np.ones(5)) == pytest.approx(1 - continual.learning_accuracy(r))


def test_the_stability_gap_is_the_dip_within_phases():
    r, w = np.random.default_rng(2).random((5, 4)), np.random.default_rng(3).random((5, 6, 4))
    dips = [r[i - 1, j] - min(w[i, k, j] for k in range(6)) for i in range(2, 5) for j in range(i - 1)]
    assert continual.stability_gap(r, w) == pytest.approx(np.mean(dips))
    assert "moments within" in continual.stability_gap(r, w[:, :0]).reason


@pytest.mark.parametrize("measure", MATRIX_MEASURES)
def test_a_missing_entry_gives_a_reason_and_no_number(measure):
    r = np.random.default_rng(0).random((4, 3))
    assert isinstance(measure(r), float)
    gap = r.copy()
    gap[3, 1] = gap[2, 1] = gap[0, 1] = gap[1, 1] = np.nan
    found = measure(gap)
    assert isinstance(found, Undefined) and "task 1" in found.reason and "missing" in str(found) and np.isnan(float(found))
    assert "one row more" in measure(r[:3]).reason


def test_what_is_not_read_may_be_missing():
    r = np.full((4, 3), np.nan)
    r[3] = [0.1, 0.2, 0.9]
    assert continual.average_accuracy(r) == pytest.approx(0.4) and isinstance(continual.forgetting(r), Undefined)


@pytest.mark.parametrize("value, reason", [
    (continual.backward_transfer([[0.1], [0.9]]), "at least 2 tasks, there is 1"),
    (continual.forgetting([[0.1], [0.9]]), "at least 2 tasks"),
    (continual.intransigence(np.ones((4, 3)), [1.0]), "each of the 3 tasks"),
    (continual.facilitation([50.0]), "two tasks"), (continual.facilitation([50.0, Undefined("never")]), "never"),
    (continual.savings(0.0, 1.0), "no effort"), (continual.fuar(1, 0, -1, 0), "nothing was updated"),
    (continual.stale_rate([1], [1], [1]), "no fact has changed"), (continual.retention([[1.0]]), "one row more")])
def test_what_is_not_defined_says_why(value, reason):
    assert isinstance(value, Undefined) and reason in value.reason


def test_runs_of_fewer_tasks_are_cut_to_their_own():
    r = np.full((2, 5, 4), np.nan)
    r[0], r[1, :4, :3] = 0.5, 0.25
    found = continual.over(xr.DataArray(r, dims=("tasks", "after_task", "task")), continual.average_accuracy)
    assert found.values.tolist() == [0.5, 0.25]


def test_what_is_not_known_before_the_first_task_cuts_nothing_off():
    r = np.full((4, 3), np.nan)
    for i in (1, 2, 3):
        r[i, :i] = 0.9 / i
    scores = xr.DataArray(r, dims=("after_pattern", "pattern"))
    found = continual.over(scores, continual.average_accuracy, dims=scores.dims)
    assert float(found) == pytest.approx(0.3) == float(continual.average_accuracy(r))
    with pytest.raises(UsageError, match="the dim 'after_task'"):
        continual.over(scores, continual.average_accuracy)
