"""Finding false labels: scores of examples, and how well they find them. Shape letters: N examples.

A higher score means more likely false. What is known of an example comes from training on it: its loss, its
margin, when it was learned and how often it was forgotten.
"""

from collections.abc import Mapping

import numpy as np
import sklearn.metrics

SCORES = ("early loss", "last loss", "early margin", "mean margin", "forgetting events", "first learned")


def scores(record: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Score name -> (N,), from per-example records; an example never learned counts as learned last.

    The mean margin, negated, is the area under the margin (Pleiss and others 2020, eq. 1); forgetting
    events are those of Toneva and others 2019, definition 2.1.
    """
    first = np.asarray(record["first_learned"], float)
    return {
        "early loss": record["early_loss"], "last loss": record["last_loss"],
        "early margin": -np.asarray(record["early_margin"]), "mean margin": -np.asarray(record["mean_margin"]),
        "forgetting events": np.asarray(record["forgetting_events"], float),
        "first learned": np.where(first < 0, np.inf, first),
    }


def area(score: np.ndarray, false: np.ndarray) -> float:
    """Area under the receiver operating characteristic: the chance that a false label scores higher than
    a true one, ties counting half; NaN where there is only one kind.

    >>> area(np.array([3.0, 1.0, 2.0]), np.array([True, False, False]))
    1.0
    """
    false = np.asarray(false, bool)
    if false.all() or not false.any():
        return float("nan")
    return float(sklearn.metrics.roc_auc_score(false, _ranked(score)))


def curve(score: np.ndarray, false: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares of true and of false labels flagged, as the threshold falls."""
    flagged_true, flagged_false, _ = sklearn.metrics.roc_curve(np.asarray(false, bool), _ranked(score))
    return flagged_true, flagged_false


def precision_recall(flagged: np.ndarray, false: np.ndarray) -> tuple[float, float]:
    """Share of the flagged that are false, and of the false that are flagged; NaN where there are none.

    >>> precision_recall(np.array([True, True, False]), np.array([True, False, False]))
    (0.5, 1.0)
    """
    flagged, false = np.asarray(flagged, bool), np.asarray(false, bool)
    both = (flagged & false).sum()
    return (float(both / flagged.sum()) if flagged.any() else float("nan"),
            float(both / false.sum()) if false.any() else float("nan"))


def _ranked(score: np.ndarray) -> np.ndarray:
    return np.unique(np.asarray(score), return_inverse=True)[1]  # infinities are ranks too
