"""Figures on clean data."""

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.ticker import LogLocator

from mini.measures.curves import first_tick
from mini.plan import Plan
from mini.plotting import BLUE, GREEN, ORANGE, VERMILION, Figure, alone, band, laptop, written
from mini.studies.grokking import settings
from mini.studies.grokking.experiment import Grokking

FILTERS = {
    "adamw": ("AdamW", {"color": BLUE}), "grokfast": ("Grokfast", {"color": ORANGE, "linestyle": "--"}),
    "orthogonal": ("orthogonal gradient", {"color": GREEN, "linestyle": "-."})}
DELAY_MAP = laptop(Plan(Grokking(**settings.SMALL_MLP, spectrum=False), 1000, 10, sweep={
    "train_fraction": settings.FRACTIONS, "weight_decay": (0.25, *settings.DECAYS)}))


def curves(canvas, runs) -> str:
    axes = canvas.add_subplot()
    band(axes, runs.train_accuracy, "training pairs", color=BLUE)
    band(axes, runs.test_accuracy, "held-out pairs", color=ORANGE, linestyle="--")
    axes.set(xscale="symlog", xlim=(5, runs.step[-1]), ylim=(-0.02, 1.04), xlabel="step", ylabel="accuracy",
             title="First by heart, then by rule")
    axes.legend()
    train = first_tick(runs.train_accuracy, 0.99).median().item()
    test = first_tick(runs.test_accuracy, 0.95).median().item()
    return (f"Accuracy against step on a logarithmic axis, {runs.sizes['seed']} seeds. Training accuracy reaches "
            f"99% at step {train:.0f}, accuracy on held-out pairs 95% at step {test:.0f} (medians).")


def progress(canvas, runs) -> str:
    left, right = canvas.subplots(1, 2)
    band(left, runs.train_loss, "training", color=BLUE)
    band(left, runs.test_loss, "held out", color=ORANGE, linestyle="--")
    band(left, runs.restricted_loss, "restricted", color=GREEN, linestyle="-.")
    band(left, runs.excluded_loss, "excluded", color=VERMILION, linestyle=":")
    along = {"xscale": "symlog", "xlim": (1, runs.step[-1]), "xlabel": "step"}
    left.set(ylabel="squared error", title="Hidden progress", **along)
    left.legend()
    band(right, runs.test_accuracy, "held out", color=ORANGE, linestyle="--")
    right.set(ylabel="accuracy", title="What accuracy shows meanwhile", ylim=(-0.02, 1.04), **along)
    half = first_tick(runs.test_accuracy, 0.5).median().item()
    at = runs.sel(step=half, method="nearest").mean("seed")
    end = runs.isel(step=-1).mean("seed")
    return ("Left: training, held-out, restricted and excluded loss against step (logarithmic). Right: held-out accuracy, 50% "
            f"at step {half:.0f} (median). At that step and at the end, restricted loss is {float(at.restricted_loss):.3f} and "
            f"{float(end.restricted_loss):.3f}, excluded loss {float(at.excluded_loss):.3f} and "
            f"{float(end.excluded_loss):.3f}.")


def delay_map(canvas, runs) -> str:
    axes = canvas.add_subplot()
    steps = first_tick(runs.test_accuracy, 0.95).transpose("weight_decay", "train_fraction", "seed").median("seed")

    def said(step) -> str:
        return f"{step:.0f}" if np.isfinite(step) else "never"

    image = written(axes, steps, said, size=9, norm=LogNorm(), origin="lower", aspect="auto", cmap="cividis")
    axes.set_xticks(range(steps.sizes["train_fraction"]), [f"{x:g}" for x in steps.train_fraction.values])
    axes.set_yticks(range(steps.sizes["weight_decay"]), [f"{x:g}" for x in steps.weight_decay.values])
    axes.set(xlabel="share of pairs trained on", ylabel="weight decay", title="Steps to 95% on held-out pairs")
    canvas.colorbar(image, label="median step", ticks=LogLocator(subs=(1, 2, 5)), format="{x:.0f}").minorticks_off()
    finite = steps.values[np.isfinite(steps.values)]
    return (f"Map of the median step at which held-out accuracy reaches 95%, from {finite.min():.0f} to "
            f"{finite.max():.0f}, over share of training pairs and weight decay; {np.isinf(steps.values).sum()} of "
            f"{steps.size} cells do not reach it within {int(runs.step[-1])} steps. Medians: "
            + "; ".join(", ".join(f"{said(float(v))} at a {axis.replace('_', ' ')} of {float(v[axis]):g}"
                                  for v in steps.median(other))
                        for axis, other in (("train_fraction", "weight_decay"), ("weight_decay", "train_fraction"))) + ".")


def histograms(canvas, runs) -> str:
    steps = [0, 20, 40, 100]
    panels = canvas.subplots(1, len(steps), sharey=True)
    edges = np.linspace(0, 1, 21)
    for axes, step in zip(panels, steps):
        ipr = runs.ipr.sel(step=step).values.ravel()
        count, _ = np.histogram(ipr[np.isfinite(ipr)], edges)
        axes.bar(edges[:-1], count / runs.sizes["seed"], width=0.05, align="edge", color=BLUE)
        axes.axvline(np.nanmean(ipr), color=VERMILION, linestyle="--")
        axes.set(title=f"step {step}", xlabel="IPR", xlim=(0, 1), xticks=[0, 0.5, 1])
    panels[0].set_ylabel("neurons (mean over seeds)")
    means = [float(runs.mean_ipr.sel(step=s).mean()) for s in steps]
    return ("Histograms of the neurons' inverse participation ratio at steps 0, 20, 40 and 100; the mean (dashed) is "
            + ", ".join(f"{m:.2f}" for m in means) + ".")


def spectra(canvas, runs) -> str:
    run = runs.isel(seed=0)
    power = run.spectrum_power
    order = np.argsort(power.mean("matrix").argmax("frequency").values, kind="stable")
    panels = canvas.subplots(1, 3, sharey=True)
    for axes, matrix in zip(panels, power.matrix.values):
        image = axes.imshow(power.sel(matrix=matrix).values[order], aspect="auto", vmin=0, vmax=1,
                            interpolation="nearest")
        axes.set(title=f"{matrix}", xlabel="frequency")
        axes.grid(False)
    panels[0].set_ylabel(f"neuron of seed {int(run.seed)}, sorted by frequency")
    canvas.colorbar(image, ax=panels, label="share of power")
    strongest = power.argmax("frequency")
    pure = ((power.max("frequency") > 0.5) & (strongest == strongest.isel(matrix=0, drop=True))).all("matrix")
    return (f"Share of each frequency in every neuron of U, V and W after training, seed {int(run.seed)}: "
            f"{float(pure.mean()):.0%} of the neurons have more than half of their power at one frequency, the same in all "
            f"three matrices; {len(np.unique(run.key_frequency))} different frequencies are the strongest of some neuron.")


def optimisers(canvas, mlp, transformer) -> str:
    """Held-out accuracy by filter of the gradient, a row for each network, a column without and with decay."""
    said = []
    rows = canvas.subplots(2, 2, sharex="row", sharey=True)
    for row, (network, runs) in zip(rows, (("Quadratic network", mlp), ("Transformer", transformer))):
        for axes, decay in zip(row, runs.weight_decay.values):
            for name, (label, look) in FILTERS.items():
                curve = runs.test_accuracy.sel(weight_decay=decay, optimiser=name)
                band(axes, curve, label, **look)
                found = first_tick(curve, 0.95)
                said.append(f"{network.lower()}, decay {decay:g}, {label}: 95% "
                            + (f"at step {float(found.median()):.0f} (median)" if np.isfinite(found.median()) else "never")
                            + f", {float(curve[:, -1].mean()):.0%} in the end")
            axes.set(xscale="symlog", xlim=(5, runs.step[-1]), ylim=(-0.02, 1.04), title=f"{network}, decay {decay:g}")
    for axes in rows[:, 0]:
        axes.set_ylabel("held-out accuracy")
    for axes in rows[-1]:
        axes.set_xlabel("step")
    canvas.legend(*rows[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return ("Held-out accuracy against step (logarithmic), mean and range over seeds, at equal learning rates. "
            + "; ".join(said) + ". Without the gradient's part along the weights nothing makes up for what decay takes away.")


def closed_form(canvas, runs) -> str:
    left, right = canvas.subplots(1, 2)
    end = runs.isel(step=-1)
    for axes, name in ((left, "accuracy"), (right, "error")):
        mean = end[name].mean("seed")
        axes.errorbar(end.width, mean, [mean - end[name].min("seed"), end[name].max("seed") - mean], marker="o",
                      color=BLUE, label="measured, range over seeds")
    right.plot(end.width, 4 / end.width, color=ORANGE, linestyle="--", label="4 / N")
    right.axhline(1 / 97, color=GREEN, linestyle=":", label="the zero function, 1 / p")
    left.set(xscale="log", xlabel="neurons N", ylabel="accuracy", title="Right answers")
    right.set(xscale="log", yscale="log", xlabel="neurons N", ylabel="mean squared error", title="Error")
    right.legend()
    values = ", ".join(f"{float(a):.3f} at {int(w)}" for w, a in zip(end.width, end.accuracy.mean("seed")))
    ratio = end.error.mean("seed") * end.width / 4
    return (f"The untrained closed form modulo 97. Left: accuracy by width, {values}. Right: error by width, "
            f"{float(ratio.min()):.2f} to {float(ratio.max()):.2f} times 4 / N.")


FIGURES = (
    Figure("grokking/curves", "Grokking: accuracy over training", alone(settings.DELAY), curves, headline=True),
    Figure("grokking/progress", "Progress measures, beside accuracy", alone(settings.DELAY), progress,
           headline=True, size=(9, 3.8)),
    Figure("grokking/delay-map", "The delay against train fraction and weight decay", DELAY_MAP, delay_map),
    Figure("grokking/optimisers", "Three optimisers at equal learning rates", laptop(*settings.OPTIMISERS), optimisers,
           size=(9, 6)),
    Figure("grokking/ipr-histograms", "Neurons become waves", alone(settings.REFERENCE), histograms, headline=True,
           size=(9, 3)),
    Figure("grokking/spectra", "The spectra of U, V and W", alone(settings.REFERENCE), spectra, headline=True,
           size=(9, 4)),
    Figure("grokking/closed-form", "The closed form by width", alone(settings.CLOSED_FORM), closed_form, headline=True,
           size=(9, 3.8)),
)
