"""Forgetting curves: each family is found again in its own points; ties, too few points and empty fits are said."""

import numpy as np
import pytest

from mini.errors import UsageError
from mini.measures import retention
from mini.measures.retention import MODELS, TIE, compare, fit

T = np.arange(20.0)
TRUE = {"exponential": (0.9, 0.3), "power": (0.9, 0.6), "hyperbolic": (0.9, 0.4), "wickelgren": (0.9, 3.0, 0.4),
        "logarithmic": (0.9, 0.15), "exponential + asymptote": (0.9, 0.4, 0.2), "power + asymptote": (0.9, 1.5, 0.3),
        "hyperbolic + asymptote": (0.9, 0.8, 0.1), "wickelgren + asymptote": (0.9, 0.5, 2.0, 0.2)}


@pytest.mark.parametrize("model", MODELS)
def test_parameters_are_found_again(model):
    found = fit(model, T, retention.curve(model, T, TRUE[model]))
    assert found.rss < 1e-6 and found.r2 > 0.9999
    if model != "wickelgren + asymptote":  # three shapes that nearly coincide
        np.testing.assert_allclose(list(found.parameters.values()), TRUE[model], rtol=0.02, atol=0.01)


@pytest.mark.parametrize("model", ["exponential", "power", "logarithmic"])
def test_the_family_is_found_again_among_three(model):
    noise = 0.005 * np.sin(7 * T)
    assert compare(T, retention.curve(model, T, TRUE[model]) + noise, ("exponential", "power", "logarithmic")).tied == (model,)


def test_aicc_is_the_formula():
    y = 0.8 * np.exp(-0.2 * T) + 0.02 * np.cos(5 * T)
    found = fit("exponential", T, y)
    residuals = y - retention.curve("exponential", T, found.parameters.values())
    n, k = 20, 3
    assert found.rss == pytest.approx(residuals @ residuals)
    assert found.aicc == pytest.approx(n * np.log(residuals @ residuals / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1))
    assert found.r2 == pytest.approx(1 - residuals @ residuals / ((y - y.mean()) ** 2).sum())
    line = np.polyfit(np.log1p(T), y, 1)  # the logarithmic is a line in log time
    assert fit("logarithmic", T, y).rss == pytest.approx(((y - np.polyval(line, np.log1p(T))) ** 2).sum(), rel=1e-4)


def test_a_tie_is_told_as_a_tie():
    y = 0.9 * (1 + 0.02 * T) ** -1 + 0.03 * np.sin(9 * T)  # slow enough for many families
    found = compare(T, y)
    assert len(found.tied) > 1 and str(found).startswith("a tie of ")
    best = found.fits[0].aicc
    assert set(found.tied) == {f.model for f in found.fits if f.aicc <= best + TIE}
    assert [f.aicc for f in found.fits] == sorted(f.aicc for f in found.fits)


@pytest.mark.parametrize("t, y, reason", [
    ([0, 1, 2], [0.9, 0.5, 0.4], "3 points are fewer than the 4 that 2 parameters take"),
    ([0, 1, np.nan, 3], [0.9, 0.5, 0.4, np.nan], "2 points are fewer"), ([0, 1, 2, 3], [1, 0.5, 0.4, 0.3], "no freedom"),
    ([-1, 0, 1, 2, 3], [1, 0.9, 0.5, 0.4, 0.3], "below 0"), ([0, 1, 2, 3, 4], [0.5] * 5, "do not vary"),
    ([1] * 6, [0.5, 0.4, 0.3, 0.6, 0.5, 0.4], "1 different times")])
def test_what_cannot_be_fitted_says_why(t, y, reason):
    found = fit("power", t, y)
    assert reason in found.reason and not found.parameters and np.isnan(found.aicc)
    assert "no model could be fitted" in str(compare(t, y, ("power",)))


def test_doubtful_fits_are_flagged():
    assert any("bound" in flag for flag in fit("exponential", T, 0.3 + 0.02 * T).flags)  # it grows: no forgetting
    assert "runs through every point" in fit("power", T, 0.9 * (1 + T) ** -0.5).flags
    step = np.where(T == 0, 0.9, 0.0)
    assert fit("wickelgren", T, step).flags


def test_standard_errors_weigh():
    y = 0.9 * np.exp(-0.3 * T)
    y[5] += 0.5
    sigma = np.full(20, 0.01)
    sigma[5] = 10.0
    assert fit("exponential", T, y, sigma).parameters["b"] == pytest.approx(0.3, abs=1e-3)
    assert fit("exponential", T, y).parameters["b"] < 0.25


def test_averaged_exponentials_look_like_a_power_law():
    """Anderson and Tweney 1997: rates drawn from a gamma distribution average to m (1 + h t) ** -f exactly."""
    rates = np.random.default_rng(0).gamma(1.0, 1.0, 200_000)
    mean = np.exp(-rates[:, None] * T).mean(0)
    np.testing.assert_allclose(mean, 1 / (1 + T), atol=0.004)
    assert compare(T, mean + 0.002 * np.sin(5 * T), ("exponential", "power")).tied == ("power",)


def test_half_lives_are_those_of_the_formulas():
    closed = {"exponential": np.log(2) / 0.3, "power": 2 ** (1 / 0.6) - 1, "hyperbolic": 1 / 0.4,
              "wickelgren": (2 ** (1 / 0.4) - 1) / 3.0, "logarithmic": np.expm1(0.5 / 0.15)}
    for model, life in closed.items():
        found = fit(model, T, retention.curve(model, T, TRUE[model]))
        assert retention.half_life(found) == pytest.approx(life, rel=0.02), model
    above = fit("power + asymptote", T, retention.curve("power + asymptote", T, (0.9, 1.5, 0.6)))
    assert np.isinf(retention.half_life(above)) and np.isnan(retention.half_life(fit("power", [0, 1], [1, 0.5])))


def test_weights_are_akaikes():
    found = compare(T, 0.9 * np.exp(-0.3 * T) + 0.01 * np.sin(5 * T))
    weights = found.weights()
    assert sum(weights.values()) == pytest.approx(1) and list(weights) == [f.model for f in found.fits]
    one, other = found.fits[:2]
    assert weights[one.model] / weights[other.model] == pytest.approx(np.exp((other.aicc - one.aicc) / 2))
    assert compare([0, 1], [1, 0.5]).weights() == {}


def test_of_several_models_the_best_is_preferred():
    t, others = np.arange(12.0), ("exponential", "exponential + asymptote")
    y = 0.3 + 0.6 * np.exp(-0.5 * t) + 0.01 * np.cos(9 * t)
    aicc = {f.model: f.aicc for f in retention.compare(t, y, ("power", *others)).fits}
    assert aicc["exponential + asymptote"] < aicc["exponential"]
    assert retention.preference(t, y, "power", others) == aicc["power"] - aicc["exponential + asymptote"]
    assert np.isnan(retention.preference([0, 1], [1, 0.5], "power", others))


def test_wickelgrens_law_says_where_it_is_another():
    noise = 0.001 * np.sin(7 * T)
    assert any("exponential" in flag for flag in fit("wickelgren", T, 0.9 * np.exp(-0.3 * T) + noise).flags)
    late = np.geomspace(1, 1000, 20)
    assert any("power of t alone" in flag for flag in fit("wickelgren", late, 0.9 * late**-0.13).flags)
    assert not fit("wickelgren", T, retention.curve("wickelgren", T, TRUE["wickelgren"]) + noise).flags


def test_the_bootstrap_covers_what_the_items_came_from():
    """The interval of the half-life, over many draws of items whose rate is one."""
    covered = []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        scores = np.exp(-0.3 * T[::2]) + rng.normal(0, 0.1, (40, 10))
        low, high = retention.bootstrap(T[::2], scores, ("exponential",), resamples=60, seed=seed).half_life["exponential"]
        covered.append(low <= np.log(2) / 0.3 <= high)
    assert np.mean(covered) >= 0.8


def test_learners_are_drawn_again_and_not_their_items_alone():
    """Two learners who differ, whose items do not: the spread comes from the learners."""
    scores = np.stack([np.tile(np.exp(-rate * T), (5, 1)) for rate in (0.1, 0.4)])
    found = retention.bootstrap(T, scores, ("exponential",), resamples=60)
    low, high = found.half_life["exponential"]
    assert low == pytest.approx(np.log(2) / 0.4, rel=0.05) and high == pytest.approx(np.log(2) / 0.1, rel=0.05)
    assert found.band["exponential"].shape == (2, 20) and found.best == {"exponential": 1.0}
    one = retention.bootstrap(T, scores[:1], ("exponential",), resamples=20).half_life["exponential"]
    assert one[0] == pytest.approx(one[1])
    with pytest.raises(UsageError, match="takes"):
        retention.bootstrap(T, scores[:1, :1])
    with pytest.raises(UsageError, match="for 19 times"):
        retention.bootstrap(T[1:], scores)


def test_a_bootstrap_of_what_cannot_be_fitted_has_no_numbers():
    found = retention.bootstrap([0, 1], np.ones((3, 2)), ("power",), resamples=5)
    assert np.isnan(found.half_life["power"]).all() and np.isnan(found.band["power"]).all() and found.best == {"power": 0.0}
