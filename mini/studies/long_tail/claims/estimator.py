"""Claims of the estimator. Criteria are written from the published figures, before measuring."""

import numpy as np

from mini.claims import Claim, Published, everywhere
from mini.measures import detection
from mini.measures.curves import last
from mini.studies.long_tail import settings

LEARNED = 0.5  # accuracy on ten classes that no untrained network has
COMMON = 10  # sightings from which on a subpopulation counts as well known


def untrained(plan):
    """The sabotage: no training, and few networks."""
    return plan.replace(learning_rate=0.0, ticks=10, every=10, train_epochs=1, retrain=min(plan.experiment.retrain, 2))


def memorisation_over_gap(runs):
    """Mean memorisation over the generalisation gap on digits that are in no subset."""
    end = last(runs, "network")
    return end.mean_memorisation / end.gap


def points_lost(runs):
    """Percentage points lost by removing the memorised examples, less those lost by removing as many at random.

    Missing where nothing was removed, or where nothing was learned that could be lost.
    """
    accuracy = runs.retrained_accuracy.mean("copy")
    lost = 100 * (accuracy.sel(removed="random", drop=True) - accuracy.sel(removed="memorised", drop=True))
    return lost.where((runs.removed_examples > 0) & (accuracy.sel(removed="none", drop=True) > LEARNED))


def telling(runs) -> np.ndarray:
    """AUC with which memorisation tells false labels from true ones seen once, and from well-known ones; (seed, 2)."""
    rows = []
    for seed in runs.seed:
        run = last(runs.sel(seed=seed), "network")
        score, false, seen = run.memorisation.values, run.false_label.values.astype(bool), run.sightings.values
        groups = (np.isfinite(score) & (false | ~false & other) for other in (seen == 1, seen >= COMMON))
        rows.append([detection.area(score[group], false[group]) for group in groups])
    return np.array(rows)


def false_or_rare(runs):
    """False labels look more like true ones seen once (AUC below 0.75) than like well-known ones (AUC above)."""
    rare, common = telling(runs).T
    return np.minimum(0.75 - rare, common - 0.75)


def areas(runs) -> str:
    rare, common = telling(runs).mean(0)
    return f"AUC {rare:.2f} from true labels seen once, {common:.2f} from well-known ones"


CLAIMS = (
    Claim(
        "long-tail/mean-memorisation-is-the-gap",
        "Mean memorisation is the generalisation gap: their ratio, the gap measured on digits kept apart.",
        Published("equal in expectation (test error with one example fewer)", "feldman2020", "Lemma 4.2 (secondary)"), "ratio",
        everywhere(settings.ESTIMATOR, (0.75, 1.25)), memorisation_over_gap, untrained, seconds=40),
    Claim(
        "long-tail/dropping-memorised-hurts",
        "Training without the memorised examples loses more accuracy than training without as many drawn at random.",
        Published("3.4 against 2.6 points (ImageNet, the 32% with mem at least .3)", "feldman2020b",
                  "Fig. 2 (secondary)"), "points", everywhere(settings.ESTIMATOR, (0, None)), points_lost,
        untrained, headline=True, seconds=40),
    Claim(
        "long-tail/influence-pairs",
        "Single examples decide single test examples: influence, in fresh networks, of the pairs found at .15 or more.",
        Published("at least .15 (memorised at .25 or more, same class) for 35 pairs on MNIST, 1015 on CIFAR-100, 1641 on "
                  "ImageNet", "feldman2020b", "Fig. 3 (secondary)"), "1",
        everywhere(settings.ESTIMATOR, (0.15, None)),
        lambda runs: runs.fresh_influence, untrained, seconds=40),
    Claim(
        "long-tail/noise-looks-like-the-rare",
        "Memorisation tells false labels from what is well known (AUC above .75), but far less well from true labels seen once "
        "(below .75).",
        Published("even labels of outliers and noisy labels need to be memorised; no figure", "feldman2020",
                  "abstract (arXiv version 4)"),
        "margin", everywhere(settings.FALSE_OR_RARE, (0, None)), false_or_rare, untrained,
        seconds=25, beside=areas),
)
