"""Claims on who pays when memorisation is limited. Criteria are written before measuring."""

from mini.claims import Claim, Published, everywhere
from mini.measures.curves import last
from mini.studies.long_tail import settings
from mini.studies.long_tail.claims.model import untrained

PRUNED = 0.7  # share of the weights removed
HEAD = 100  # sightings of the most frequent subpopulations, at least


def pruning_gap(runs):
    """Accuracy lost on what was seen once, less that lost on what was seen 10 to 29 times, with 70% of weights pruned."""
    accuracy = runs.pruned_accuracy.sel(weight_decay=0.0)
    lost = accuracy.sel(pruned_fraction=0.0) - accuracy.sel(pruned_fraction=PRUNED)
    return lost.sel(count=1, drop=True) - lost.sel(count=10, drop=True)


def privacy_gap(runs):
    """Accuracy lost to the noise on what was seen once, less that lost on what was seen a hundred times or more."""
    accuracy = last(runs.accuracy, "epoch")
    lost = accuracy.sel(noise_multiplier=0.0) - accuracy.sel(noise_multiplier=1.0)
    return lost.sel(count=1, drop=True) - lost.sel(count=HEAD, drop=True)


def without_a_tail(plan):
    """The sabotage: all subpopulations alike, so that none is rare and none is frequent; and few neurons."""
    return plan.replace(prior="uniform", ticks=1, every=1, width=16)


CLAIMS = (
    Claim(
        "long-tail/compression-hits-the-rare",
        "Pruning takes more from what was seen once than from what was seen often (accuracy lost, 70% of weights gone).",
        Published("the underrepresented long tail of the data is hit disproportionately", "hooker2019",
                  "abstract (arXiv versions 2 and 3)"), "1",
        everywhere(settings.TAIL, (0, None)), pruning_gap, untrained, seconds=4),
    Claim(
        "long-tail/privacy-hits-the-rare",
        "The noise of private training takes more from what was seen once than from what was seen often.",
        Published("accuracy drops much more for the underrepresented classes and subgroups", "bagdasaryan2019", "abstract"),
        "1", everywhere(settings.PRIVATE, (0, None)), privacy_gap, without_a_tail, seconds=25),
)
