"""An explorer of repeated data: losses, and where every head looks, while a small transformer trains."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mini import plotting
from mini.explorer import Explorer
from mini.studies.repeated_data.experiment import PERIOD, RepeatedData

CONTROLS = {
    "repeated_share": (0.0, 1.0, 0.05),
    "pool_size": [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
    "pool_weight": (0.0, 1.0, 1.0),
    "pool_until": [0, 100, 200, 400, 600],
    "learning_rate": (0.0, 0.02, 0.001),
    "chain_share": (0.0, 1.0, 0.1),
    "positions": ["qk", "rotary", "additive"],
    "width": [16, 32, 48],
    "seed": (0, 20, 1),
    "ticks": [200, 400, 800, 1600],
}
CURVES = {
    "fresh_loss": ("fresh data", {"color": plotting.BLUE, "linestyle": "-"}),
    "pool_loss": ("the pool", {"color": plotting.VERMILION, "linestyle": "--"}),
    "copying_loss": ("copying", {"color": plotting.GREEN, "linestyle": "-."}),
}
# Shorter sequences and smaller batches than in the study: training takes a few seconds, and the copying head comes sooner.
SMALL = {"length": 48, "longest": 16, "shortest": 6, "batch_size": 24, "vocabulary": 32, "held_out": 32, "stream": 32768,
         "learning_rate": 0.008, "warm_up": 30}


def explorer(controls: Sequence[str] = ("repeated_share", "pool_size", "pool_weight", "seed", "ticks"), *, ticks: int = 400,
             seed: int = 0, **fields) -> Explorer:
    """The explorer of this study.

    Args:
      controls: names of the controls to show, from `CONTROLS`. ticks: steps to begin with. seed: the initial seed.
      fields: initial values of other fields of `RepeatedData`.
    """
    start = {**SMALL, "pool_size": 32, "maps": True, **fields}
    return Explorer(RepeatedData(**start), CONTROLS, draw, shown=controls, ticks=ticks, seed=seed)


def draw(figure: Figure, seen: xr.Dataset) -> str:
    """Losses of one run, perhaps unfinished, every head's prefix matching, and where the best one looks."""
    left, middle, right = figure.subplots(1, 3, width_ratios=[1.6, 0.7, 1])
    words = [_losses(left, seen), _heads(middle, seen), _attention(right, seen)]
    times = float(seen["repeats"][-1])
    pool = f"the pool read {times:.0f} times" if times else "no pool"
    return f"After {int(seen['step'][-1])} steps, {pool}: " + "; ".join(words) + "."


def _losses(axes: Axes, seen: xr.Dataset) -> str:
    axes.figure.subplots_adjust(bottom=0.26)
    words, pooled = [], bool(seen["repeats"][-1])
    for name, (label, look) in CURVES.items():
        if name == "pool_loss" and not pooled:
            continue
        axes.plot(seen["step"], seen[name], label=label, **look)
        words.append(f"{label} {float(seen[name][-1]):.2f}")
    chance = float(seen["copying_chance"][-1])
    axes.axhline(chance, color=plotting.BLACK, linestyle=":", lw=1, label="chance")
    axes.set(title="loss, nats a token", xlabel="step", ylim=(0, 1.25 * chance))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=4, fontsize=8)
    return "loss " + ", ".join(words) + f", chance {chance:.2f}"


def _heads(axes: Axes, seen: xr.Dataset) -> str:
    share = seen["prefix_matching"].values[-1]
    plotting.written(axes, share, vmin=0, vmax=1)
    axes.set(title="prefix matching", xlabel="head", ylabel="layer", xticks=range(share.shape[1]), yticks=range(share.shape[0]))
    return f"prefix matching of the best head {share.max():.2f}"


def _attention(axes: Axes, seen: xr.Dataset) -> str:
    """The best head on one planted sequence; an induction head shows as lines one period back, less one place."""
    best = np.unravel_index(seen["prefix_matching"].values[-1].argmax(), seen["prefix_matching"].shape[1:])
    axes.imshow(seen["attention"].values[-1][best], vmin=0, vmax=1, cmap="magma")
    axes.set(title=f"where head {best[1]} of layer {best[0]} looks", xlabel="place looked at", ylabel="place")
    axes.grid(False)
    return f"head {best[1]} of layer {best[0]} is shown on tokens that repeat every {PERIOD} places"
