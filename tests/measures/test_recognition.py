"""Recognition, against scikit-learn, a loop and the normal distribution."""

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics

from mini.errors import UsageError
from mini.measures import recognition

RNG = np.random.default_rng(0)
STUDIED, FOIL = RNG.normal(1.0, 0.5, 40).round(1), RNG.normal(1.5, 0.5, 40).round(1)  # rounded, so that some tie


def test_the_area_is_that_of_the_receiver_operating_characteristic():
    told = sklearn.metrics.roc_auc_score(np.r_[np.ones(40), np.zeros(40)], -np.r_[STUDIED, FOIL])
    assert float(recognition.area(STUDIED, FOIL)) == pytest.approx(told, abs=1e-6)
    with_each = recognition.area(STUDIED[None], np.stack([FOIL, STUDIED]))  # kinds of foil side by side
    np.testing.assert_allclose(with_each, [told, 0.5], atol=1e-6)


def test_forced_choice_is_counted_pair_by_pair():
    won = [1.0 if s < f else 0.5 if s == f else 0.0 for s, f in zip(STUDIED, FOIL)]
    assert float(recognition.forced_choice(STUDIED, FOIL)) == pytest.approx(np.mean(won), abs=1e-6)


def test_d_prime_is_the_distance_of_two_normal_distributions():
    for distance in (0.0, 0.7, 2.0):
        share = scipy.stats.norm.cdf(distance / np.sqrt(2))  # of pairs won
        assert float(recognition.d_prime(share, 10**6)) == pytest.approx(distance, abs=1e-3)
    rng = np.random.default_rng(1)
    assert float(recognition.separation(rng.normal(0, 1, 20000), rng.normal(1.3, 1, 20000))) == pytest.approx(1.3, abs=0.05)
    assert np.isfinite([float(recognition.d_prime(share, 100)) for share in (0.0, 1.0)]).all()


def test_rates_are_shares_below_the_threshold():
    assert recognition.rates(STUDIED, FOIL, 1.2) == (np.mean(STUDIED < 1.2), np.mean(FOIL < 1.2))


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    truth, covered = scipy.stats.norm.cdf(1 / np.sqrt(2)), []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        got = recognition.interval(rng.normal(0, 1, 40), rng.normal(1, 1, 40), 300, seed)
        covered.append(got.low <= truth <= got.high)
        assert got.low <= got.value <= got.high
    assert 0.85 <= np.mean(covered) <= 1.0
    with pytest.raises(UsageError, match="got 1 studied and 40 foils"):
        recognition.interval([1.0], FOIL)
