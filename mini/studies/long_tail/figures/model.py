"""Figures on Feldman's model, and on who pays when memorisation is limited."""

from itertools import pairwise

import numpy as np

from mini.measures.curves import last
from mini.plotting import BLACK, BLUE, GREEN, ORANGE, VERMILION, Figure, alone, band, laptop, log_ticks
from mini.studies.long_tail import settings, theory
from mini.tasks.subpopulations import SIGHTINGS

CLASSES = 10
COUNTS = {1: ("seen once", VERMILION, ":"), 3: ("3 times", ORANGE, "--"), 10: ("10 to 29", GREEN, "-."),
          30: ("30 to 99", BLUE, "-")}
NAMED = ("never", *(f"{low}–{above - 1}" if above > low + 1 else f"{low}" for low, above in pairwise(SIGHTINGS[1:])),
         f"{SIGHTINGS[-1]}+")
NAMES = {"zipf": "Zipf", "uniform": "uniform", "geometric": "geometric", "two_tier": "two tiers"}


def marks(axes, x, values, label: str, **look) -> None:
    """Mean over seeds as a mark, the range over seeds as a bar."""
    mean = values.mean("seed")
    axes.errorbar(x, mean, [mean - values.min("seed"), values.max("seed") - mean], fmt="o", capsize=3, label=label, **look)


def by_size_and_prior(canvas, sizes, flat, tiers) -> str:
    left, right = canvas.subplots(1, 2, width_ratios=[1.3, 1])
    n = np.geomspace(sizes.samples.min(), sizes.samples.max(), 40).round().astype(int)
    alpha = theory.marginal("zipf", 1000)
    left.plot(n, [theory.optimum(alpha, k, CLASSES) for k in n], color=BLACK, linestyle="--", label="closed form")
    error = last(sizes.test_error, "epoch").transpose("seed", "samples")
    marks(left, sizes.samples, error, "networks, range over seeds", color=BLUE)
    left.set(xscale="log", xlabel="training examples", ylabel="test error", ylim=(0, None),
             title="The best possible, and what networks reach")
    log_ticks(left.xaxis, sizes.samples.values)
    left.legend()
    names, trained, best = [], [], []
    for runs in (flat, tiers):
        for prior in runs.prior.values:
            names.append(NAMES[str(prior)])
            trained.append(last(runs.test_error, "epoch").sel(prior=prior))
            best.append(float(runs.expected_optimum.sel(prior=prior).mean()))
    for i, (values, least) in enumerate(zip(trained, best)):
        marks(right, [i], values.expand_dims("x"), "networks" if not i else "", color=BLUE)
        right.plot([i - 0.3, i + 0.3], [least] * 2, color=BLACK, linestyle="--", label="closed form" if not i else "_")
    right.set_xticks(range(len(names)), names)
    right.set(ylabel="test error", ylim=(0, None), title="By prior (1000 examples)")
    right.legend()
    said = ", ".join(f"{float(e.mean()):.3f} and {theory.optimum(alpha, int(s), CLASSES):.3f} at {int(s)}"
                     for s, e in error.groupby("samples"))
    return (f"Left: test error against number of examples for 1000 Zipf subpopulations, networks and closed form: {said}. "
            f"Right: the same for {len(names)} priors: "
            + ", ".join(f"{m} {float(t.mean()):.3f} and {b:.3f}" for m, t, b in zip(names, trained, best)) + ".")


def giving_up(canvas, runs) -> str:
    left, right = canvas.subplots(1, 2)
    counts = runs.give_up.values
    error = last(runs.test_error, "epoch").transpose("seed", "give_up")
    expected = runs.expected_error.isel(seed=0)
    left.plot(counts, expected, color=BLACK, linestyle="--", label="closed form")
    marks(left, counts, error, "networks, range over seeds", color=BLUE)
    left.axhline(float(expected[0]), color=GREEN, linestyle=":", label="best possible")
    left.set(xlabel="not fitted: seen at most this often", ylabel="test error", ylim=(0, None),
             title="What giving up costs")
    left.set_xticks(counts, ["nothing", *map(str, counts[1:])])
    left.legend(loc="lower right")
    marks(right, counts, 100 * last(runs.train_error, "epoch").transpose("seed", "give_up"), "", color=VERMILION)
    right.set(xlabel="not fitted: seen at most this often", ylabel="training examples answered wrong (%)", ylim=(0, None),
              title="Training examples given up")
    right.set_xticks(counts, ["nothing", *map(str, counts[1:])])
    means = [float(x) for x in error.mean("seed")]
    return ("Left: test error when examples of rarely seen subpopulations are not fitted: "
            + ", ".join(f"{m:.3f} (closed form {float(e):.3f})" for m, e in zip(means, expected))
            + f" for at most {', '.join(map(str, counts))} sightings. Right: share of training examples got wrong.")


def coupling(canvas, runs) -> str:
    left, right = canvas.subplots(1, 2)
    looks = zip(runs.sigma.values, ((BLUE, "-"), (GREEN, "--"), (ORANGE, "-."), (VERMILION, ":")))
    place = np.arange(1, len(runs["count"]))
    for sigma, (colour, line) in looks:
        curve = runs.coupling.sel(sigma=sigma).mean("seed", skipna=True)
        left.plot(place, curve[1:], color=colour, linestyle=line, marker="o", label=f"spread {sigma:g}")
    left.set_xticks(place, NAMED[1:], fontsize=8)
    left.set(xlabel="times a subpopulation was seen", ylabel="coupling λ", ylim=(0, 1.03),
             title="How far one point speaks for its kind")
    left.legend(loc="lower right", fontsize=9)
    x, error = runs.sigma, last(runs.test_error, "epoch").transpose("seed", "sigma")
    marks(right, x, error, "networks, range over seeds", color=BLUE)
    right.plot(x, runs.bound.mean("seed"), color=BLACK, linestyle="--", label="lower bound")
    right.set(xlabel="spread of a subpopulation", ylabel="test error", ylim=(0, None), title="Wider kinds cost more",
              xticks=x.values)
    right.legend(loc="lower right", fontsize=9)
    once = ", ".join(f"{float(c):.2f} at spread {float(s):g}" for s, c in
                     zip(x, runs.coupling.sel(count=1).transpose("sigma", "seed").mean("seed")))
    return (f"Left: measured coupling by how often a subpopulation was seen; if once, {once}. Right: test error against "
            f"spread, from {float(error.mean('seed')[0]):.3f} to {float(error.mean('seed')[-1]):.3f}, and the lower bound.")


def who_pays(canvas, runs) -> str:
    early, decay, prune = canvas.subplots(1, 3, sharey=True)
    plain = runs.sel(weight_decay=0.0)
    for count, (label, colour, line) in COUNTS.items():
        look = {"color": colour, "linestyle": line}
        band(early, plain.accuracy.sel(count=count), label, clock="epoch", **look)
        band(decay, last(runs.accuracy, "epoch").sel(count=count).transpose("weight_decay", "seed"), label,
             clock="weight_decay", **look)
        band(prune, plain.pruned_accuracy.sel(count=count).transpose("pruned_fraction", "seed"), label,
             clock="pruned_fraction", **look)
    early.set(xlabel="epoch", ylabel="accuracy on fresh points", ylim=(0, 1.03), title="Stopping early")
    decay.set(xlabel="weight decay", title="Regularising strongly", xticks=runs.weight_decay.values)
    prune.set(xlabel="share of weights removed", title="Pruning")
    early.legend(title="a subpopulation", loc="lower right", fontsize=9)
    cases = {f"after epoch {int(runs.epoch[1])}": plain.accuracy.isel(epoch=1), "at the end": last(plain.accuracy, "epoch"),
             f"with a decay of {float(runs.weight_decay[-1]):g}": last(runs.accuracy, "epoch").isel(weight_decay=-1),
             "without 70% of the weights": plain.pruned_accuracy.sel(pruned_fraction=0.7)}
    said = "; ".join(f"{case} " + ", ".join(f"{float(shares.sel(count=c).mean()):.2f}" for c in COUNTS)
                     for case, shares in cases.items())
    return ("Accuracy on fresh points by how often a subpopulation was seen, against epoch, weight decay and share of "
            f"weights removed. In the order {', '.join(label for label, *_ in COUNTS.values())}: {said}.")


def privacy(canvas, runs) -> str:
    axes = canvas.add_subplot()
    accuracy = last(runs.accuracy, "epoch").mean("seed", skipna=True)
    place, said = np.arange(len(NAMED)), []
    looks = zip(runs.noise_multiplier.values, ((BLUE, "-", "o"), (ORANGE, "--", "s"), (VERMILION, ":", "^")))
    for noise, (colour, line, mark) in looks:
        curve = accuracy.sel(noise_multiplier=noise)
        spent = float(runs.epsilon.sel(noise_multiplier=noise).mean())
        label = f"noise {noise:g}, ε = {spent:.0f}" if np.isfinite(spent) else "no noise, no privacy"
        axes.plot(place, curve, color=colour, linestyle=line, marker=mark, label=label)
        said.append(f"{label}: {float(curve.sel(count=1)):.2f} seen once, {float(curve.sel(count=100)):.2f} seen 100 times")
    axes.axhline(1 / CLASSES, color=BLACK, linewidth=0.8, linestyle=(0, (1, 3)), label="guessing")
    axes.set_xticks(place, NAMED)
    axes.set(xlabel="times a subpopulation was seen", ylabel="accuracy on fresh points", ylim=(0, 1.03),
             title="After private training")
    axes.legend(loc="upper left", fontsize=9)
    return "Accuracy by how often a subpopulation was seen, after private training. " + "; ".join(said) + "."


FIGURES = (
    Figure("long-tail/theory", "Trained networks beside the closed form",
           laptop(settings.SIZES["laptop"], settings.PRIORS, settings.TIERS), by_size_and_prior, size=(10, 3.8)),
    Figure("long-tail/giving-up", "What it costs not to memorise", alone(settings.GIVE_UP), giving_up, headline=True,
           size=(9, 3.8)),
    Figure("long-tail/coupling", "The measured coupling, and the bound", laptop(settings.SPREADS), coupling, size=(9.5, 3.8)),
    Figure("long-tail/who-pays", "Stopping, regularising, pruning: who pays",
           laptop(settings.TAIL["laptop"]),  # the published size has a single decay, which makes no curve
           who_pays, size=(10, 3.8)),
    Figure("long-tail/privacy", "Private training by how often a subpopulation was seen", alone(settings.PRIVATE), privacy,
           size=(7, 4.2)),
)
