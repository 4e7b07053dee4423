"""Recall, against a loop over tokens."""

import itertools

import numpy as np
import pytest

from mini.errors import UsageError
from mini.measures import recall


def test_scores_are_those_of_a_loop():
    rng = np.random.default_rng(0)
    true, said = rng.integers(0, 2, (2, 50, 7))
    said[0] = true[0]
    scored = recall.score(said, true)
    for i, right in enumerate(said == true):
        assert float(scored.accuracy[i]) == pytest.approx(right.mean())
        assert float(scored.exact[i]) == right.all()
        runs = [sum(1 for _ in group) for value, group in itertools.groupby(right) if value]
        assert float(scored.run[i]) == pytest.approx(max(runs, default=0) / 7)


def test_forced_answers_stand_one_place_after_the_true_tokens():
    tokens = np.array([[3, 1, 2, 0, 1]])
    logits = np.eye(4)[np.array([[1, 2, 0, 1, 3]])]  # what is likeliest after each place
    assert recall.forced(logits, tokens, 2).tolist() == [[2, 0, 1]]
    assert float(recall.score(recall.forced(logits, tokens, 2), tokens[:, 2:]).exact[0]) == 1


def test_the_prompt_is_never_scored():
    with pytest.raises(UsageError, match="from 1 to 4"):
        recall.forced(np.zeros((1, 5, 4)), np.zeros((1, 5), int), 0)
    with pytest.raises(UsageError, match="at least one token"):
        recall.score(np.zeros((2, 0)), np.zeros((2, 0)))
    with pytest.raises(UsageError, match="two equal shapes"):
        recall.score(np.zeros((2, 3)), np.zeros((2, 4)))
