"""Mixtures of subpopulations, against numpy and their own definition."""

import jax.numpy as jnp
import numpy as np
import pytest

from mini.experiment import Keys
from mini.tasks import subpopulations
from mini.tasks.subpopulations import PRIORS, SIGHTINGS

SIZE = {"number": 40, "samples": 300, "classes": 7, "features": 5, "fresh": 3}


def world(seed=0, prior="zipf", skew=1.0, drawn="list", sigma=0.2, **held):
    keys = Keys(np.uint32(seed), {k: np.uint32(v) for k, v in held.items()})
    return subpopulations.draw(keys, prior, np.float32(skew), drawn, sigma=np.float32(sigma), **SIZE)


@pytest.mark.parametrize("prior", PRIORS)
def test_both_libraries_list_the_same_frequencies(prior):
    ours, theirs = subpopulations.weights(prior, 50, 1.5), subpopulations.weights(prior, 50, 1.5, jnp)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert ours.sum() == pytest.approx(1) and (np.diff(ours) <= 0).all() and ours.min() > 0


def test_the_skew_is_the_exponent_or_the_log_of_the_ratio():
    zipf, tiers, geometric = (subpopulations.weights(p, 100, 2.0) for p in ("zipf", "two_tier", "geometric"))
    assert zipf[0] / zipf[9] == pytest.approx(100)
    assert tiers[0] / tiers[-1] == pytest.approx(np.exp(2)) and (tiers == tiers[0]).sum() == 10
    assert geometric[0] / geometric[-1] == pytest.approx(np.exp(2 * 99 / 100))


def test_a_world_holds_together():
    one = world()
    np.testing.assert_array_equal(one.seen, np.bincount(one.source, minlength=40))
    np.testing.assert_array_equal(one.y, np.asarray(one.label)[np.asarray(one.source)])
    assert set(np.asarray(one.label).tolist()) <= set(range(7))
    centre = np.asarray(one.fresh).mean(1)[np.asarray(one.source)]
    assert np.abs(np.asarray(one.x) - centre).mean() < 0.3  # clouds about common centres, spread 0.2


def test_samples_follow_the_frequencies():
    counts = sum(np.asarray(world(seed).seen) for seed in range(60))
    expected = 60 * 300 * subpopulations.weights("zipf", 40, 1.0)
    assert (np.square(counts - expected) / expected).sum() < 39 + 4 * np.sqrt(2 * 39)  # chi-squared


def test_frequencies_drawn_from_the_list_are_normalised_and_repeat():
    drawn = np.asarray(world(drawn="iid").frequency)
    assert drawn.sum() == pytest.approx(1, abs=1e-5) and len(np.unique(drawn.round(7))) < 40
    ratios = drawn[:, None] / drawn[None]
    listed = subpopulations.weights("zipf", 40, 1.0)
    near = np.abs(ratios[..., None] - (listed[:, None] / listed[None]).ravel()).min(-1)
    assert near.max() < 1e-3  # any two stand in a ratio of two numbers of the list


def test_fresh_points_are_new_and_streams_are_independent():
    one, other = world(0), world(1, data=0)
    assert not np.isin(np.asarray(one.fresh).ravel(), np.asarray(one.x).ravel()).any()
    np.testing.assert_array_equal(one.source, other.source)
    assert (np.asarray(one.label) != np.asarray(other.label)).any()


def test_bins_are_those_of_a_loop():
    seen = np.array([0, 1, 2, 4, 5, 9, 10, 29, 30, 99, 100, 5000])
    expected = [max(b for b in SIGHTINGS if b <= count) for count in seen]
    got = np.asarray(subpopulations.bins(jnp.asarray(seen)))
    assert [SIGHTINGS[i] for i in got.argmax(0)] == expected and (got.sum(0) == 1).all()
