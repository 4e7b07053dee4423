"""Figures of the estimator: what is memorised, whom it helps, and what false labels look like."""

import numpy as np

from mini.measures.curves import last
from mini.plotting import BLACK, BLUE, GREEN, ORANGE, VERMILION, Figure, alone, band, log_ticks
from mini.studies.long_tail import settings
from mini.tasks import digits

EDGES = np.linspace(-0.325, 1.025, 28)  # bins about 0 and about 1, where most examples are
SHOWN, HELPED = 9, 2


def outline(axes, values, scale: float, label: str, **look) -> None:
    """The outline of a histogram, each count divided by `scale`; empty bins are left out."""
    count, _ = np.histogram(values[np.isfinite(values)], EDGES)
    height = np.where(count > 0, count / scale, np.nan)
    axes.plot(EDGES, [*height, height[-1]], drawstyle="steps-post", label=label, **look)


def histogram(canvas, runs) -> str:
    left, right = canvas.subplots(1, 2, width_ratios=[1.4, 1])
    end = last(runs, "network")
    count, _ = np.histogram(end.memorisation.values.ravel(), EDGES)
    left.bar(EDGES[:-1], count / runs.sizes["seed"], width=np.diff(EDGES), align="edge", color=BLUE, alpha=0.75,
             label="as estimated")
    outline(left, end.null.values.ravel(), runs.sizes["seed"], "null: subsets never trained on", color=BLACK, linestyle="--")
    left.axvline(0.25, color=VERMILION, linestyle=":", label="counts as memorised")
    left.set(yscale="log", xlabel="memorisation", ylabel="digits (mean over seeds)", title="Memorisation of the digits")
    left.legend(loc="upper right", fontsize=9)
    seen = runs.isel(network=slice(1, None))
    band(right, seen.reliability, "agreement of two halves", clock="network", color=GREEN, marker="o")
    band(right, seen.null_deviation, "spread of the null", clock="network", color=BLACK, linestyle="--", marker="s")
    right.set(xscale="log", xlabel="networks", ylim=(0, 1.03), title="How many networks it takes")
    log_ticks(right.xaxis, seen.network.values)
    right.legend(loc="center right", fontsize=9)
    return (f"Left: histogram of memorisation over {runs.sizes['example']} digits, on a logarithmic axis; "
            f"{float(end.memorised_share.mean()):.1%} have 0.25 or more, while the spread over subsets never trained on is "
            f"{float(end.null_deviation.mean()):.3f}. Right: the correlation between two halves of the networks is "
            f"{float(end.reliability.mean()):.3f} with {int(runs.network[-1])} networks.")


def influences(canvas, runs) -> str:
    """Pictures: in each column a memorised digit, below it the test digits that it helps most."""
    run = last(runs.isel(seed=0), "network")
    x = digits.load().x
    pairs = [(int(i), int(j), float(v)) for i, j, v in zip(run.pair_train, run.pair_test, run.pair_influence) if i >= 0]
    columns = list(dict.fromkeys(i for i, *_ in pairs))[:SHOWN]
    panels = canvas.subplots(1 + HELPED, SHOWN, squeeze=False)
    for axes in panels.ravel():
        axes.axis("off")

    def show(axes, number, title, colour):
        axes.imshow(x[int(number)].reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        axes.set_title(title, fontsize=8, color=colour, loc="center", pad=3)

    said = []
    for column, i in enumerate(columns):
        memory = float(run.memorisation[i])
        show(panels[0, column], run.number[i], f"a {int(run.label[i])}, mem {memory:.2f}", VERMILION)
        for row, (_, j, value) in enumerate([p for p in pairs if p[0] == i][:HELPED], 1):
            show(panels[row, column], run.test_number[j], f"+{value:.2f}", BLUE)
        said.append(f"a {int(run.label[i])} memorised {memory:.2f}")
    canvas.suptitle(f"Memorised digits of seed {int(run.seed)} (top), and below each the test digits that it helps most",
                    fontsize=11, fontweight="bold", x=0.01, ha="left")
    return (f"Pictures of {len(columns)} memorised digits of seed {int(run.seed)}, {', '.join(said)}; below each, up to "
            f"{HELPED} test digits whose chance of a right answer it raises most, by {pairs[0][2]:.2f} at most."
            if pairs else "Empty: no pair of high influence was found among these few networks.")


def removal(canvas, runs) -> str:
    axes = canvas.add_subplot()
    accuracy = 100 * runs.retrained_accuracy.mean("copy")
    names = {"none": "nothing", "random": "as many\nat random", "memorised": "the memorised\ndigits"}
    for seed in runs.seed.values:
        axes.plot(range(3), [accuracy.sel(seed=seed, removed=r) for r in names], color=BLUE, alpha=0.4, marker="o",
                  linestyle="-", linewidth=1, label="a line: one split of the digits" if seed == runs.seed.values[0] else "_")
    mean = [float(accuracy.sel(removed=r).mean()) for r in names]
    axes.plot(range(3), mean, color=VERMILION, marker="s", linestyle="--", label="mean")
    axes.set_xticks(range(3), names.values())
    axes.set(xlabel="removed from training", ylabel="test accuracy (%)", xlim=(-0.3, 2.3),
             title="What the memorised digits are worth")
    axes.legend()
    return (f"Test accuracy of networks trained on all {runs.sizes['example']} digits: {mean[0]:.2f}%; without "
            f"{float(runs.removed_examples.mean()):.0f} drawn at random: {mean[1]:.2f}%; without as many memorised ones: "
            f"{mean[2]:.2f}%.")


def false_or_rare(canvas, runs) -> str:
    axes = canvas.add_subplot()
    end = last(runs, "network")
    score, false, seen = (end[n].values.ravel() for n in ("memorisation", "false_label", "sightings"))
    groups = {"true, seen 10 times or more": ((false == 0) & (seen >= 10), BLUE, "-"),
              "true, seen once": ((false == 0) & (seen == 1), ORANGE, "--"),
              "false label": (false == 1, VERMILION, ":")}
    said = []
    for label, (chosen, colour, line) in groups.items():
        values = score[chosen & np.isfinite(score)]
        outline(axes, values, values.size, f"{label} (mean {values.mean():.2f})", linestyle=line, color=colour)
        said.append(f"{label} {values.mean():.2f}")
    axes.set(xlabel="memorisation", ylabel="share of the group", title="Memorisation of false labels and of rare true ones")
    axes.legend(loc="upper center", fontsize=9)
    return "Memorisation of three groups of examples, as histograms; means: " + ", ".join(said) + "."


_RUNS = alone(settings.ESTIMATOR)
FIGURES = (
    Figure("long-tail/memorisation", "What is memorised, and how surely we know", _RUNS, histogram, size=(10, 3.8)),
    Figure("long-tail/influences", "Memorised digits, and test digits that they help", _RUNS, influences, headline=True,
           size=(10, 4)),
    Figure("long-tail/removal", "Training without the memorised digits", _RUNS, removal, size=(6.4, 4)),
    Figure("long-tail/false-or-rare", "False labels and rare true ones", alone(settings.FALSE_OR_RARE), false_or_rare,
           size=(7, 4)),
)
