"""Acquisition and decay of facts, against loops, known lines and scipy."""

import numpy as np
import pytest
import scipy.stats

from mini.errors import UsageError
from mini.measures import acquisition

TICKS = np.arange(0, 400, 5)
INJECTED = np.array([50, 100, 150])


def curves(seed=0):
    return np.random.default_rng(seed).normal(-3, 1, (2, 4, len(TICKS)))


def test_steps_are_those_of_a_loop():
    curve = curves()
    found = acquisition.steps(TICKS, curve, INJECTED, 60)
    for index in np.ndindex(2, 4):
        for i, start in enumerate(INJECTED):
            end = min(start + 60, INJECTED[i + 1] if i < 2 else np.inf)
            window = {int(t): curve[index][j] for j, t in enumerate(TICKS) if start < t <= end}
            best = max(window, key=window.get)
            assert found.tick[index][i] == best and found.peak[index][i] == window[best]
            assert found.effectivity[index][i] == pytest.approx(window[best] - curve[index][list(TICKS).index(start)])
    np.testing.assert_allclose(found.lost[..., 0], found.peak[..., 0] - curve[..., TICKS == 100][..., 0])


def test_what_no_record_tells_is_missing():
    found = acquisition.steps([0, 10, 20], [-3.0, -2.0, -1.0], [5, 20])
    assert np.isnan(found.before[0]) and found.peak[0] == -1 and np.isnan(found.peak[1])
    found = acquisition.steps([0, 10, 20], [-3.0, np.nan, -1.0], [0])
    assert found.peak[0] == -1 and found.tick[0] == 20


def test_all_is_left_at_the_maximum_and_nothing_at_the_start():
    curve = np.interp(TICKS, [0, 50, 55, 155, 395], [-4, -4, -3, -1, -5])
    delay, left = acquisition.retainability(TICKS, curve, INJECTED)
    there = np.isfinite(delay)
    assert TICKS[there][0] == 155 and left[there][0] == 1
    np.testing.assert_allclose(left[there], (curve[there] + 4) / 3)


def test_no_share_is_told_of_a_gain_too_small():
    small = np.where(TICKS > 50, -2.95, -3.0)
    assert np.isnan(acquisition.retainability(TICKS, small, [50])[1]).all()
    assert np.isfinite(acquisition.retainability(TICKS, small, [50], floor=0.01)[1]).any()
    falling = np.where(TICKS > 50, -4.0, -3.0)
    assert np.isnan(acquisition.retainability(TICKS, falling, [50], floor=0.0)[1]).all()


def test_the_line_is_that_of_scipy():
    rng = np.random.default_rng(1)
    t = np.geomspace(1, 500, 30)
    left = 0.95 - 0.2 * np.log10(t) + 0.02 * rng.normal(size=30)
    found, known = acquisition.decay(t, left), scipy.stats.linregress(np.log10(t), left)
    assert (found.constant, found.start) == pytest.approx((-known.slope, known.intercept))
    assert found.r2 == pytest.approx(known.rvalue**2)
    assert np.log10(found.threshold) == pytest.approx(-known.intercept / known.slope)


def test_what_is_gone_is_censored_and_what_comes_back_by_chance_too():
    t = np.geomspace(1, 1e6, 13)
    left = np.r_[1 - 0.25 * np.log10(t[:8]), 0.0, 0.3, -0.2, 0.1, 0.4]
    found = acquisition.decay(t, left)
    assert found.censored == 5 and found.threshold == pytest.approx(1e4)
    assert acquisition.decay(t, np.r_[0.5, 0.4, 0.3, -1.0, left[4:]]).reason.startswith("3 records")


def test_what_does_not_fade_has_no_threshold():
    assert acquisition.decay(np.arange(1, 9), np.linspace(0.5, 0.6, 8)).threshold == np.inf
    assert np.isnan(acquisition.decay(np.arange(1, 9), np.full(8, 0.5)).r2)


@pytest.mark.parametrize("factor", [0.0, 1.5, 2.0])
def test_outliers_are_tukeys(factor):
    x = np.random.default_rng(2).standard_cauchy(80)
    low, high = np.percentile(x, [25, 75])
    reach = factor * scipy.stats.iqr(x)
    assert (acquisition.kept(x, factor) == ((x >= low - reach) & (x <= high + reach))).all()
    assert not acquisition.kept([np.nan, np.inf], factor).any()


def test_the_threshold_of_many_items_leaves_outliers_out():
    t = np.tile(np.geomspace(1, 300, 20), (6, 1))
    rates = np.array([0.25, 0.24, 0.26, 0.25, 0.25, 0.01])[:, None]
    left = 1 - rates * np.log10(t)
    one = [4, 1 / 0.24, 1 / 0.26, 4, 4]
    assert np.log10(acquisition.learnability(t, left)) == pytest.approx(np.mean(one), rel=1e-3)
    assert np.isnan(acquisition.learnability(t, np.full(t.shape, np.nan)))


@pytest.mark.parametrize("call, words", [
    (lambda: acquisition.steps(TICKS, TICKS, []), "no injection"),
    (lambda: acquisition.steps(TICKS, TICKS, [50, 50]), "injected: got ticks that do not increase"),
    (lambda: acquisition.steps(TICKS[::-1], TICKS, [50]), "ticks: got"),
    (lambda: acquisition.retainability(TICKS, TICKS[1:], [50]), "80 records"),
    (lambda: acquisition.kept([1.0], -1), "factor")])
def test_what_cannot_be_used_is_refused(call, words):
    with pytest.raises(UsageError, match=words):
        call()
