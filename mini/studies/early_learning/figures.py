"""The figures of this study."""

import numpy as np

from mini.measures import detection
from mini.measures.curves import crossing, last
from mini.plotting import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION, Figure, band, laptop
from mini.studies.early_learning import settings
from mini.studies.early_learning.claims import TABLE, at, theorem_margins
from mini.tasks import digits

NAMES = {"cross_entropy": "cross-entropy", "elr": "ELR", "soft_bootstrap": "soft bootstrap",
         "hard_bootstrap": "hard bootstrap", "gce": "generalised CE", "sce": "symmetric CE",
         "label_smoothing": "label smoothing", "mixup": "mixup", "kl": "KL control"}
LOOK = {"cross_entropy": {"color": VERMILION, "linestyle": "--"}, "elr": {"color": BLUE, "linestyle": "-"}}


def fractions(canvas, runs) -> str:
    """Figure 1 of Liu and others 2020: what becomes of true and of false labels."""
    panels = canvas.subplots(2, 2, sharex=True, sharey=True)
    panels[0, 0].set_title("True labels")
    panels[0, 1].set_title("False labels")
    said = []
    for row, objective in zip(panels, settings.BOTH):
        run = at(runs, objective)
        band(row[0], run.clean_accuracy, "answered right", "epoch", color=GREEN)
        band(row[0], run.clean_wrong_fraction, "answered wrong", "epoch", color=BLACK, linestyle=":")
        band(row[1], run.restored_fraction, "answered with the true class", "epoch", color=GREEN)
        band(row[1], run.memorised_fraction, "memorised", "epoch", color=VERMILION, linestyle="--")
        band(row[1], run.neither_fraction, "answered with neither", "epoch", color=BLACK, linestyle=":")
        row[0].set(ylabel=f"{NAMES[objective]}\nshare")
        end = last(run, "epoch").mean("seed")
        said.append(f"{NAMES[objective]}: at the end {float(end.memorised_fraction):.2f} of the false labels are memorised and "
                    f"{float(end.restored_fraction):.2f} answered with the true class")
    for axes in panels[1]:
        axes.set(xlabel="epoch", xscale="symlog", xlim=(0, None), xticks=[0, 1, 3, 10, 30, 100, 200],
                 xticklabels=["0", "1", "3", "10", "30", "100", "200"])
    panels[1, 0].legend(loc="center right")
    panels[1, 1].legend(loc="center right")
    return "What becomes of the labels over training, at 40% noise, mean and range over seeds. " + "; ".join(said) + "."


def noise_levels(canvas, runs) -> str:
    left, right = canvas.subplots(1, 2, sharey=True)
    x = np.array(settings.LEVELS)
    said = []
    for objective in settings.BOTH:
        run, look = runs.sel(objective=objective), LOOK[objective]
        end, peak = (last(run[name], "epoch") for name in ("test_accuracy", "oracle_test_accuracy"))
        band(left, end, f"{NAMES[objective]}, last epoch", "noise", marker="o", **look)
        left.plot(x, peak.mean("seed"), color=look["color"], linestyle="", marker="^", mfc="none",
                  label=f"{NAMES[objective]}, oracle peak")
        right.plot(x, np.array(TABLE[objective]) / 100, marker="o", label=NAMES[objective], **look)
        said.append(f"{NAMES[objective]} ends at " + ", ".join(f"{float(v):.2f}" for v in end.mean("seed")))
    left.set(title="Digits, here", xlabel="share of labels redrawn", ylabel="test accuracy", ylim=(0, 1.02), xticks=x)
    right.set(title="CIFAR-10, published", xlabel="share of labels redrawn", xticks=x)
    left.legend(loc="lower left", fontsize=8)
    right.legend(loc="lower left", fontsize=8)
    return ("Test accuracy against label noise of 20, 40, 60 and 80%, here on digits and as published on CIFAR-10. "
            + "; ".join(said) + ". The oracle peak is chosen by looking at the test labels.")


def critical(canvas, runs) -> str:
    left, right = canvas.subplots(1, 2)
    share = last(runs.memorised_fraction, "epoch")
    band(left, share, "measured", "strength", color=BLUE, marker="o")
    half = crossing(runs.strength.values, share.mean("seed").values, 0.5)
    left.axvline(2, color=VERMILION, linestyle="--", label="derived for two classes")
    left.set(title="Memorised in the end", xlabel="strength", ylabel="share of false labels", ylim=(-0.02, 1.04))
    left.legend()
    q = np.linspace(0, 0.6, 200)
    for strength, look in ((1, ":"), (2, "--"), (3, "-"), (5, "-.")):
        right.plot(q, q - 1 + strength * (1 - 2 * q) / 2, color=BLACK, linestyle=look, label=f"strength {strength}")
    right.axhline(0, color=VERMILION, lw=1)
    right.text(0.59, 0.08, "share falls: protected", ha="right", color=VERMILION, fontsize=8)
    right.text(0.01, -0.9, "share grows: memorised", ha="left", color=VERMILION, fontsize=8)
    right.set(title="Gradient at the false label", xlabel="share the network gives it", ylabel="gradient")
    right.legend(fontsize=8)
    return (f"Left: share of false labels memorised against the strength of the regulariser; it passes one half at {half:.2f} "
            "(with two classes, at 2). Right: the gradient at the false label's logit against the share that the network gives "
            "this label, for two classes: above a strength of 2 small shares shrink, below it every share grows.")


def objectives(canvas, runs) -> str:
    axes = canvas.add_subplot()
    end = last(runs.test_accuracy, "epoch")
    peak = last(runs.oracle_test_accuracy, "epoch").mean("seed")
    order = end.mean("seed").argsort().values
    for place, i in enumerate(order):
        values = end.isel(objective=i).values
        axes.plot([values.min(), values.max()], [place, place], color=BLUE, linestyle="-", lw=5, alpha=0.3)
        axes.plot(values.mean(), place, "o", color=BLUE, label="last epoch, range over seeds" if place == 0 else None)
        axes.plot(peak[i], place, "^", color=ORANGE, mfc="none", label="oracle peak" if place == 0 else None)
    names = [NAMES[n] for n in end.objective.values[order]]
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="test accuracy", title="40% noise, published strengths")
    axes.legend(loc="upper left")
    return ("Test accuracy at the last epoch, with its range over seeds, and at the oracle peak, under 40% noise: "
            + "; ".join(f"{n} {float(end.isel(objective=i).mean()):.2f} (peak {float(peak[i]):.2f})"
                        for n, i in zip(names, order)) + ".")


def roc(canvas, runs) -> str:
    panels = canvas.subplots(1, 2, sharex=True, sharey=True)
    said = []
    looks = dict(zip(detection.SCORES, ((BLUE, "-"), (SKY, "--"), (GREEN, "-"), (ORANGE, "--"), (PURPLE, ":"), (BLACK, "-."))))
    shown, count = int(runs.seed[0]), runs.sizes["seed"]
    for axes, objective in zip(panels, settings.BOTH):
        run = at(runs, objective).isel(seed=0)
        scores = detection.scores({name: run[name].values for name in (
            "first_learned", "early_loss", "last_loss", "early_margin", "mean_margin", "forgetting_events")})
        area = at(runs, objective).detection_auc.mean("seed")
        for name, (colour, line) in looks.items():
            axes.plot(*detection.curve(scores[name], run.false_label.values), color=colour, linestyle=line,
                      label=f"{name}, {float(area.sel(score=name)):.3f}")
        axes.set(title=f"Trained with {NAMES[objective]}", xlabel="true labels flagged")
        axes.legend(title=f"curve: seed {shown}; area: mean of {count} seeds", loc="lower right", fontsize=8, title_fontsize=8)
        said.append(f"{NAMES[objective]}: " + ", ".join(f"{n} {float(area.sel(score=n)):.3f}" for n in detection.SCORES))
    panels[0].set_ylabel("false labels flagged")
    return (f"Receiver operating characteristics of {len(looks)} scores that flag false labels at 40% noise, in the run with "
            f"seed {shown}. Areas, averaged over {count} seeds: " + "; ".join(said) + ".")


def linear(canvas, runs) -> str:
    panels = canvas.subplots(1, 3)
    for name, label, look in (("cosine", "cosine with the truth", {"color": BLUE}),
                              ("alignment", "theta . v", {"color": ORANGE, "linestyle": "--"})):
        band(panels[0], runs[name], label, **look)
    panels[0].axhline(1 / 6, color=BLACK, lw=1, linestyle=":", label="1/6")
    band(panels[1], runs.restored_fraction, "false, true class", color=GREEN)
    band(panels[1], runs.memorised_fraction, "false, memorised", color=VERMILION, linestyle="--")
    band(panels[1], runs.test_accuracy, "new points", color=BLUE, linestyle="-.")
    band(panels[2], runs.clean_residual, "true labels", color=BLUE)
    band(panels[2], runs.false_residual, "false labels", color=VERMILION, linestyle="--")
    for axes, title in zip(panels, ("Direction of descent", "Answers", "Mean squared residual")):
        axes.set(title=title, xlabel="step", xscale="symlog", xlim=(0, None), xticks=[0, 10, 100, 1000, 10000])
        axes.legend(fontsize=8)
    margins = theorem_margins(runs).mean("seed")
    return ("The linear model over training. Margins of the theorem's statements, 0 or more where the bound holds: "
            + "; ".join(f"{s} {float(margins.sel(statement=s)):.3f}" for s in margins.statement.values) + ".")


def separability(canvas, runs) -> str:
    axes = canvas.add_subplot()
    needed = np.sort(runs.needed.values.ravel())
    axes.step(np.r_[0, needed, 1], np.r_[0, np.arange(1, len(needed) + 1), len(needed)] / len(needed), where="post", color=BLUE,
              label="draws in which all labels can be fitted")
    derived, enough = float(runs.derived[0]), float(runs.sufficient[0])
    axes.axvline(derived, color=GREEN, linestyle="--", label=f"derived, {derived:.3f}")
    axes.axvline(enough, color=VERMILION, linestyle=":", label=f"the theorem asks for {enough:g}")
    axes.set(xlabel="dimensions over points", ylabel="share of draws", title="When every label can be fitted", xlim=(0, 1))
    canvas.legend(loc="outside lower center", ncols=3, fontsize=9)
    return (f"Share of {len(needed)} draws in which all labels can be fitted, against dimensions over points: half of them "
            f"need {np.median(needed):.3f} or less; {derived:.3f} is derived for many points; the theorem asks for {enough:g}.")


def minds(canvas, runs) -> str:
    """Digits answered with the true class at epoch 10 and with their false label at the end."""
    run = runs.isel(seed=0)
    early, end = run.answer.sel(epoch=10), run.answer.sel(epoch=200)
    turned = np.flatnonzero((run.false_label & (early == run.truth) & (end == run.given)).values)
    panels = canvas.subplots(2, 8)
    pictures = digits.load().x
    for axes, i in zip(panels.ravel(), turned):
        axes.imshow(pictures[int(run.picture[i])].reshape(8, 8), cmap="gray_r", interpolation="nearest")
        axes.set_title(f"{int(early[i])} → {int(end[i])}", loc="center")
    for axes in panels.ravel():
        axes.set_axis_off()
    canvas.suptitle("Answered with the true class at epoch 10 → with the false label at epoch 200", fontsize=11,
                    fontweight="bold", x=0.01, ha="left")
    share = len(turned) / int(run.false_label.sum())
    return (f"{min(len(turned), panels.size)} digits with false labels, from the run with seed {int(run.seed)}: each is "
            "answered with the true class at epoch 10 and with its false label at epoch 200. The same holds for "
            f"{share:.0%} of all falsely labelled digits in this run.")


FIGURES = (
    Figure("early-learning/fractions", "True labels first, false labels later, unless held back",
           laptop(settings.NOISE), fractions, headline=True, size=(9, 5.4)),
    Figure("early-learning/noise-levels", "Accuracy by level of noise, beside the published table",
           laptop(settings.NOISE), noise_levels, headline=True, size=(9, 3.8)),
    Figure("early-learning/critical-strength", "How strong is strong enough",
           laptop(settings.CRITICAL), critical, headline=True, size=(9, 3.8)),
    Figure("early-learning/objectives", "Nine objectives under 40% noise",
           laptop(settings.OBJECTIVES), objectives, size=(8, 4.2)),
    Figure("early-learning/detection", "Finding the false labels", laptop(settings.NOISE), roc, size=(9, 4.4)),
    Figure("early-learning/linear", "The linear theory, quantity by quantity",
           laptop(settings.LINEAR), linear, size=(11, 3.8)),
    Figure("early-learning/separability", "When every label can be fitted",
           laptop(settings.SEPARABILITY), separability),
    Figure("early-learning/minds", "Digits about which the network changed its mind",
           laptop(settings.MINDS), minds, size=(9, 3.2)),
)
