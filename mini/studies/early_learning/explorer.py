"""An explorer of false labels: what becomes of them, and the digits about which the network changed its mind."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mini import plotting
from mini.explorer import Explorer
from mini.objectives import OBJECTIVES
from mini.studies.early_learning.experiment import EarlyLearning
from mini.tasks import digits

CONTROLS = {
    "objective": list(OBJECTIVES),
    "noise": (0.0, 0.8, 0.05),
    "strength": (0.0, 10.0, 0.1),
    "target_momentum": (0.0, 0.99, 0.01),
    "noise_kind": ["symmetric", "uniform", "asymmetric", "alternate", "instance"],
    "seed": (0, 20, 1),
    "ticks": [50, 100, 200, 400],
}
CURVES = {
    "clean_accuracy": ("true labels, right", {"color": plotting.BLUE, "linestyle": "-"}),
    "clean_wrong_fraction": ("true labels, wrong", {"color": plotting.BLUE, "linestyle": ":"}),
    "restored_fraction": ("false labels, true answer", {"color": plotting.GREEN, "linestyle": "-."}),
    "memorised_fraction": ("false labels, memorised", {"color": plotting.VERMILION, "linestyle": "--"}),
    "test_accuracy": ("held-out digits", {"color": plotting.BLACK, "linestyle": "-", "linewidth": 1.0}),
}
SHOWN = (3, 6)  # rows and columns of digits


def explorer(controls: Sequence[str] = ("noise", "strength", "target_momentum", "seed", "ticks"), *, ticks: int = 200,
             seed: int = 0, **fields) -> Explorer:
    """The explorer of this study; by default, ELR with its published values.

    Args:
      controls: names of the controls to show, from `CONTROLS`. ticks: epochs to begin with. seed: the initial seed.
      fields: initial values of other fields of `EarlyLearning`.
    """
    start = {"objective": "elr", "strength": 3.0, **fields}
    point = EarlyLearning(records=True, **start)
    return Explorer(point, CONTROLS, partial(draw, learned=point.dataset), shown=controls, ticks=ticks, seed=seed)


def draw(figure: Figure, seen: xr.Dataset, learned: str = "digits") -> str:
    """Curves of one run, perhaps unfinished, beside digits on which it changed its mind; returns what they show, in words."""
    left, right = figure.subfigures(1, 2, width_ratios=[1.25, 1])
    words = [_fractions(left.subplots(), seen)]
    left.subplots_adjust(left=0.09, right=0.98, bottom=0.3, top=0.9)
    if "picture" in seen:  # measured only once, at the end
        words.append(_minds(right, seen, digits.load(learned).x))
    return f"After {int(seen['epoch'][-1])} epochs: " + "; ".join(words) + "."


def _fractions(axes: Axes, seen: xr.Dataset) -> str:
    words = []
    for name, (label, look) in CURVES.items():
        curve = seen[name]
        if curve.notnull().any():
            axes.plot(seen["epoch"], curve, label=label, **look)
            words.append(f"{label} {float(curve[-1]):.2f}")
    axes.set(title="what becomes of true and false labels", xlabel="epoch", ylim=(-0.02, 1.02), yticks=[0, 0.5, 1])
    axes.legend(loc="upper center", bbox_to_anchor=(0.47, -0.22), ncols=3, fontsize=8, columnspacing=1.2)
    return ", ".join(words)


def _minds(figure: Figure, seen: xr.Dataset, pictures: np.ndarray) -> str:
    """Digits answered differently now than halfway through, false labels first."""
    now, before = seen["answer"].values[-1], seen["answer"].values[len(seen["epoch"]) // 2]
    turned = np.flatnonzero(now != before)
    turned = turned[np.argsort(~seen["false_label"].values[turned].astype(bool), kind="stable")]
    half = int(seen["epoch"][len(seen["epoch"]) // 2])
    figure.suptitle(f"{len(turned)} answers changed since epoch {half} (given label: then → now)", fontsize=9)
    side = round(pictures.shape[1] ** 0.5)
    for axes, i in zip(figure.subplots(*SHOWN).ravel(), [*turned, *[None] * np.prod(SHOWN)]):
        axes.set_axis_off()
        if i is not None:
            axes.imshow(pictures[int(seen["picture"][i])].reshape(side, side), cmap="gray_r", interpolation="nearest")
            false = bool(seen["false_label"][i])
            axes.set_title(f"{int(seen['given'][i])}: {before[i]} → {now[i]}", loc="center", fontsize=8,
                           color=plotting.VERMILION if false else plotting.BLACK)
    figure.subplots_adjust(left=0.02, right=0.98, bottom=0.02, top=0.82, hspace=0.5, wspace=0.1)
    return f"{len(turned)} of {len(now)} digits are answered differently from epoch {half}"
