"""Claims under corrupted labels. Criteria are written from the published figures, where there are any, and before measuring.

The regimes are those of Doshi and others 2024, table 2, told apart by final accuracies alone; the
published anchors are p = 97, half the data, 35% corrupted, weight decay 0, 5, 15 and 20.
"""

import numpy as np
import xarray as xr

from mini.claims import Claim, Published, everywhere, laptop, smallest
from mini.measures.curves import last
from mini.results import setting
from mini.studies.grokking import settings
from mini.studies.grokking.claims.clean import untrained


def regime(index: int):
    """The runs at the index-th decay of the sweep."""
    def pick(runs):
        return runs.isel(weight_decay=index)
    return pick


COEXIST, PARTIAL, FULL = regime(0), regime(1), regime(2)


def coexists(runs) -> xr.DataArray:
    """Both accuracies at least 90%."""
    end = last(runs)
    return smallest(end.train_accuracy - 0.9, end.test_accuracy - 0.9)


def partly_inverts(runs) -> xr.DataArray:
    """Test at least 90%, train below it and at least 1.05 - xi."""
    end = last(runs)
    return smallest(end.test_accuracy - 0.9, 0.9 - end.train_accuracy,
                    end.train_accuracy - (1.05 - setting(runs, "corruption")))


def inverts(runs) -> xr.DataArray:
    """Test at least 90%, train below 1.05 - xi."""
    end = last(runs)
    return smallest(end.test_accuracy - 0.9, 1.05 - setting(runs, "corruption") - end.train_accuracy)


def forgets(runs) -> xr.DataArray:
    """Test at least 90% at some point, and both accuracies below 90% in the end."""
    end = last(runs)
    return smallest(runs.test_accuracy.max("step") - 0.9, 0.9 - end.test_accuracy, 0.9 - end.train_accuracy)


def two_stages(runs) -> xr.DataArray:
    """Both accuracies at least 90% at the same time; in the end, train within 5 points of 1 - xi + xi / p."""
    full = FULL(runs)
    p, xi = setting(runs, "p"), setting(runs, "corruption")
    both = np.minimum(full.train_accuracy, full.test_accuracy).max("step")
    return smallest(both - 0.9, 0.05 - abs(last(full.train_accuracy) - (1 - xi + xi / p)))


def ends(pick):
    """A function that puts final accuracies into words; `pick` selects, from all that was run, the runs in question."""
    def said(*datasets) -> str:
        end = last(pick(*datasets)).mean("seed")
        return f"train {float(end.train_accuracy):.1%}, test {float(end.test_accuracy):.1%}"
    return said


def beside_the_rule(pick):
    """The same, beside the train accuracy of the rule alone, 1 - xi + xi / p, which depends on the setting."""
    def said(runs) -> str:
        p, xi = setting(runs, "p"), setting(runs, "corruption")
        return f"{ends(pick)(runs)} (the rule alone: train {1 - xi + xi / p:.1%})"
    return said


def forgotten(runs) -> str:
    """Both accuracies where that on the test is best, and the last ones, in words."""
    mean = runs[["train_accuracy", "test_accuracy"]].mean("seed")
    found = (mean.isel(step=i) for i in (int(mean.test_accuracy.argmax("step")), -1))
    return "; ".join(f"train {float(m.train_accuracy):.1%}, test {float(m.test_accuracy):.1%} at step {int(m.step)}"
                     for m in found)


def staged(runs) -> str:
    """Where both accuracies are highest, and where train accuracy ends, in words."""
    mean = FULL(runs)[["train_accuracy", "test_accuracy"]].mean("seed")
    both = np.minimum(mean.train_accuracy, mean.test_accuracy)
    return (f"both {float(both.max()):.1%} at step {int(both.idxmax('step'))}, train "
            f"{float(mean.train_accuracy[-1]):.1%} at the end")


def cut(order: str, share: float):
    """A function that puts into words the accuracies left after pruning."""
    def said(runs) -> str:
        at = {name: float(pruned(runs, order, share, name).mean()) for name in ("corrupted", "test")}
        return f"corrupted {at['corrupted']:.1%}, test {at['test']:.1%} at {share:.0%}"
    return said


def norms(runs) -> str:
    """Final accuracies with and without normalisation, and the two scales, in words."""
    on, off = (runs.sel(batch_norm=x) for x in (True, False))
    low, high = (float(x.mean()) for x in gammas(on))
    return (f"{ends(lambda runs: on)(runs)}; without {ends(lambda runs: off)(runs)}; "
            f"|gamma| {low:.3f} of the less periodic half against {high:.3f}")


def pruned(runs, order: str, share: float, subset: str) -> xr.DataArray:
    return COEXIST(runs).pruned_accuracy.sel(order=order, pruned_fraction=share, subset=subset, drop=True)


def low_ipr_memorise(runs) -> xr.DataArray:
    """Without the least periodic 60% of the neurons: corrupted labels at most 10%, test at least 95%."""
    return smallest(0.1 - pruned(runs, "low_ipr", 0.6, "corrupted"), pruned(runs, "low_ipr", 0.6, "test") - 0.95)


def high_ipr_generalise(runs) -> xr.DataArray:
    """Without the most periodic 30% of the neurons: test at most 20%, corrupted labels at least 85%."""
    return smallest(0.2 - pruned(runs, "high_ipr", 0.3, "test"), pruned(runs, "high_ipr", 0.3, "corrupted") - 0.85)


def random_spares_neither(runs) -> xr.DataArray:
    """Without 60% at random: test at least 30 points below that of low-IPR pruning, and within 20 of corrupted labels."""
    test, false = pruned(runs, "random", 0.6, "test"), pruned(runs, "random", 0.6, "corrupted")
    return smallest(pruned(runs, "low_ipr", 0.6, "test") - test - 0.3, 0.2 - abs(test - false))


def dropout_inverts(runs) -> xr.DataArray:
    """Without decay: coexistence without dropout, full inversion with the most dropout that was tried."""
    none, most = (runs.isel(dropout=i, drop=True) for i in (0, -1))
    return smallest(coexists(none), inverts(most))


def norm_inverts(runs) -> xr.DataArray:
    """With normalisation: full inversion, and |gamma| of the less periodic half of the neurons at most 3/4 of the
    other half's. With the same minibatches but without normalisation: no full inversion."""
    on, off = (runs.sel(batch_norm=x) for x in (True, False))
    return smallest(inverts(on), 0.75 - gamma_ratio(on), last(off.train_accuracy) - (1.05 - setting(runs, "corruption")))


def gamma_ratio(runs) -> xr.DataArray:
    """Mean |gamma| of the half of neurons with lower IPR over that of the other half."""
    low, high = gammas(runs)
    return low / high


def gammas(runs) -> tuple[xr.DataArray, xr.DataArray]:
    """Mean |gamma| of the half of neurons with lower IPR, and of the other half."""
    ipr, gamma = last(runs.ipr), runs.gamma
    middle = ipr.median("neuron")  # dead neurons have no IPR, and are in neither half
    return gamma.where(ipr <= middle).mean("neuron"), gamma.where(ipr > middle).mean("neuron")


def transformer_regimes(runs) -> xr.DataArray:
    """Coexistence at the smaller decay, full inversion at the larger."""
    little, more = (runs.isel(weight_decay=i, drop=True) for i in (0, 1))
    return smallest(coexists(little), inverts(more))


DOSHI = "doshi2024"
LOG = "the authors' notebook log"
CLAIMS = (
    Claim("corrupted/coexistence", "Without decay, false labels and the rule live in one network: both accuracies 90% or more.",
          Published("train 97.8%, test 98.3% (decay 0)", DOSHI, LOG), "margin",
          everywhere(settings.REGIMES, (0, None)), lambda runs: coexists(COEXIST(runs)), untrained,
          headline=True, seconds=20, beside=ends(COEXIST)),
    Claim("corrupted/partial-inversion", "With some decay the network corrects part of the false labels it was given: test at "
          "least 90%, train below that and at least 5 points above 1 - xi.",
          Published("train 78.6%, test 100% (decay 5)", DOSHI, LOG), "margin",
          everywhere(settings.REGIMES, (0, None)), lambda runs: partly_inverts(PARTIAL(runs)),
          untrained, seconds=20, beside=beside_the_rule(PARTIAL)),
    Claim("corrupted/full-inversion", "With more decay the network gives the true answer where it was taught a false one: "
          "test at least 90%, train less than 5 points above 1 - xi.",
          Published("train 65.4%, test 100% (decay 15)", DOSHI, LOG), "margin",
          everywhere(settings.REGIMES, (0, None)), lambda runs: inverts(FULL(runs)),
          untrained, headline=True, seconds=20, beside=beside_the_rule(FULL)),
    Claim("corrupted/forgetting", "With too much decay the network finds the rule (test 90%) and then loses it (in the end "
          "both accuracies below 90%).",
          Published("test 100% at step 300, chance by 2300; at 5000 train 0.9%, test 1.1% (decay 20)", DOSHI, LOG), "margin",
          everywhere(settings.FORGETTING, (0, None)), forgets,
          lambda plan: plan.replace(weight_decay=5.0, ticks=200, every=50, seeds=2), seconds=25, beside=forgotten),
    Claim("corrupted/two-stages", "With enough decay (10 here, 15 in the published setting) both accuracies are first 90% or "
          "more, then train accuracy falls to within 5 points of 1 - xi + xi / p.",
          Published("both above 91% at step 120, train 65.4% from step 280", DOSHI, LOG), "margin",
          everywhere(settings.TWO_STAGES, (0, None)), two_stages, untrained, seconds=20, beside=staged),
    Claim("corrupted/prune-low-ipr", "The least periodic neurons hold the false labels: without 60% of all neurons, these "
          "first, at most 10% of the false labels are left, and the rule at 95% or more.",
          Published("corrupted about 1%, test about 100% at 60%", DOSHI, "pruning figure (read off the plot)"), "margin",
          everywhere(settings.REGIMES, (0, None)), low_ipr_memorise, untrained, headline=True, seconds=20,
          beside=cut("low_ipr", 0.6)),
    Claim("corrupted/prune-high-ipr", "The most periodic neurons hold the rule: without 30% of all neurons, these first, it is "
          "at 20% or less, and at least 85% of the false labels are left.",
          Published("test about 1%, corrupted about 97% at 30%", DOSHI, "pruning figure (read off the plot)"), "margin",
          everywhere(settings.REGIMES, (0, None)), high_ipr_generalise, untrained, seconds=20,
          beside=cut("high_ipr", 0.3)),
    Claim("corrupted/prune-random", "The control: with 60% pruned at random, rule and false labels fade together (within 20 "
          "points), the rule 30 points or more below where the least periodic go.",
          Published("no control in the paper; bounds set here", DOSHI, "added here"), "margin",
          everywhere(settings.REGIMES, (0, None)), random_spares_neither, untrained, headline=True, seconds=20,
          beside=cut("random", 0.6)),
    Claim("corrupted/dropout", "Dropout inverts without any decay (0.3 here, 0.6 in the published setting: test at least 90%, "
          "train less than 5 points above 1 - xi), where without dropout both accuracies end at 90% or more.",
          Published("dropout brings full inversion, where without it both are high", DOSHI, "Fig. 4b and section 2.1"),
          "margin", everywhere(settings.DROPOUT, (0, None)), dropout_inverts, untrained, seconds=25,
          beside=lambda runs: "; ".join(f"{ends(lambda r, share=share: r.sel(dropout=share))(runs)} (dropout {share:g})"
                                        for share in runs.dropout.values)),
    Claim("corrupted/batchnorm", "Batch normalisation inverts fully where the same minibatch without it does not, by "
          "scales for the less periodic half of the neurons that are at most 3/4 of the other half's.",
          Published("full inversion, together with the minibatches, which alone enhance inversion too; the notebook calls one "
                    "full and the other partial, though its train 80.4% and 81.8% are both full by this bound; |gamma| .01-.03 "
                    "against .04-.06 where IPR is above 0.9", DOSHI,
                    "section 2.1, Figs. 5 (|gamma|: read off the plot) and 10; the authors' notebook log"),
          "margin", everywhere(settings.BATCH_NORM, (0, None)), norm_inverts, untrained, seconds=40, beside=norms),
    Claim("corrupted/transformer", "A transformer coexists with little decay (both accuracies at least 90%) and inverts with "
          "more (test at least 90%, train less than 5 points above 1 - xi), all else equal.",
          Published("coexistence at decay 10, full inversion at decay 50 (both at a learning rate of 0.001)", DOSHI,
                    "section 2.2, Fig. 7a"),
          "margin", laptop((0, None), settings.TRANSFORMER_CORRUPT),
          transformer_regimes, untrained, seconds=120,
          beside=lambda runs: "; ".join(f"{ends(regime(i))(runs)} (decay {float(runs.weight_decay[i]):g})" for i in (0, 1))),
)
