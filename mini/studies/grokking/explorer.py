"""An explorer of grokking: accuracies, the spectrum and every answer of a network trained live."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mini import plotting
from mini.explorer import Explorer
from mini.studies.grokking.experiment import Grokking
from mini.tasks.modular import answers

CONTROLS = {
    "p": [23, 31, 47, 59],
    "train_fraction": [0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
    "weight_decay": (0.0, 20.0, 0.5),
    "corruption": (0.0, 0.6, 0.05),
    "width": [32, 64, 128, 256],
    "seed": (0, 20, 1),
    "ticks": [100, 200, 400, 1000, 2000],
}
CURVES = {
    "train_accuracy": ("training", {"color": plotting.BLUE, "linestyle": "-"}),
    "test_accuracy": ("never seen", {"color": plotting.ORANGE, "linestyle": "--"}),
    "corrupted_accuracy": ("redrawn, as given", {"color": plotting.VERMILION, "linestyle": ":"}),
    "restored_accuracy": ("redrawn, true answer", {"color": plotting.GREEN, "linestyle": "-."}),
}


def explorer(controls: Sequence[str] = tuple(CONTROLS), *, ticks: int = 400, seed: int = 0,
             **fields) -> Explorer:
    """The explorer of this study.

    Args:
      controls: names of the controls to show, from `CONTROLS`; a worksheet may show fewer.
      ticks: steps to begin with. seed: the initial seed. fields: initial values of other fields of `Grokking`.
    """
    point = Grokking(table=True, **fields)
    return Explorer(point, CONTROLS, partial(draw, operation=point.operation), shown=controls, ticks=ticks, seed=seed)


def draw(figure: Figure, seen: xr.Dataset, operation: str = "addition") -> str:
    """Three panels of one run, perhaps unfinished; returns what they show, in words."""
    left, middle, right = figure.subplots(1, 3, width_ratios=[1.5, 1.1, 1])
    words = [_accuracies(left, seen), _spectrum(middle, seen), _table(right, seen, operation)]
    return f"After {int(seen['step'][-1])} steps: " + "; ".join(words) + "."


def _accuracies(axes: Axes, seen: xr.Dataset) -> str:
    words = []
    for name, (label, look) in CURVES.items():
        curve = seen[name]
        if curve.notnull().any():
            axes.plot(seen["step"], curve, label=label, **look)
            words.append(f"{label} {float(curve[-1]):.2f}")
    axes.set(title="accuracy", xlabel="step", ylim=(-0.02, 1.02), yticks=[0, 0.5, 1])
    axes.locator_params(axis="x", nbins=5)
    axes.legend(loc="center right")
    return "accuracy " + ", ".join(words)


def _spectrum(axes: Axes, seen: xr.Dataset) -> str:
    power = seen["spectrum"].values[-1]  # (neurons, frequencies)
    order = np.argsort(power.argmax(1), kind="stable")
    axes.imshow(power[order].T, aspect="auto", origin="lower", vmin=0, vmax=1, interpolation="nearest")
    axes.grid(False)
    first, now = (ipr[np.isfinite(ipr)] for ipr in (seen["ipr"].values[0], seen["ipr"].values[-1]))
    purity = f", mean IPR {now.mean():.2f}" if now.size else ""
    axes.set(title=f"spectra{purity}", xlabel="neuron, sorted by strongest frequency", ylabel="frequency")
    axes.locator_params(axis="x", nbins=4)
    dead = seen.sizes["neuron"] - now.size
    mean = f"mean inverse participation ratio {now.mean():.2f}, at first {first.mean():.2f}" if now.size else ""
    alive = power.sum(1) > 0.5
    used = f"neurons use {len(np.unique(power[alive].argmax(1)))} of {power.shape[1]} frequencies" if alive.any() else ""
    return ", ".join(filter(None, [mean, used, f"{dead} neurons dead" if dead else ""]))


def _table(axes: Axes, seen: xr.Dataset, operation: str) -> str:
    table = seen["prediction_table"].values[-1]
    p = len(table)
    truth = answers(operation, p).reshape(p, p)  # -1 where there is none
    axes.imshow(table, cmap="twilight", vmin=0, vmax=p, origin="lower", interpolation="nearest")
    axes.grid(False)
    axes.set(title="the answer to every pair", xlabel="b", ylabel="a", xticks=[0, p - 1],
             yticks=[0, p - 1])
    right = float((table == truth)[truth >= 0].mean())
    return f"{right:.0%} of all {(truth >= 0).sum()} pairs answered right ({operation} modulo {p})"
