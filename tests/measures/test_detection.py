"""Scores of false labels, against counting pairs."""

import itertools

import numpy as np
import pytest

from mini.measures import detection


def pairs(score, false):
    won = [(a > b) + 0.5 * (a == b) for a, b in itertools.product(score[false], score[~false])]
    return np.mean(won)


@pytest.mark.parametrize("seed", range(3))
def test_the_area_is_the_share_of_pairs_won(seed):
    rng = np.random.default_rng(seed)
    score, false = rng.integers(0, 5, 40).astype(float), rng.random(40) < 0.3
    score[:3] = np.inf
    assert detection.area(score, false) == pytest.approx(pairs(score, false))


def test_one_kind_alone_has_no_area():
    assert np.isnan(detection.area(np.arange(3.0), np.zeros(3, bool)))


def test_scores_point_to_what_is_false():
    record = {"first_learned": np.array([1, -1]), "early_loss": np.array([0.0, 5.0]), "last_loss": np.array([0.0, 5.0]),
              "early_margin": np.array([3.0, -3.0]), "mean_margin": np.array([3.0, -3.0]),
              "forgetting_events": np.array([0, 4])}
    found = detection.scores(record)
    assert tuple(found) == detection.SCORES and all(low < high for low, high in found.values())


def test_precision_and_recall_without_a_flag():
    precision, recall = detection.precision_recall(np.zeros(4, bool), np.array([True, False, True, False]))
    assert np.isnan(precision) and recall == 0
