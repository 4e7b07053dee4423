"""An explorer of the long tail: theory and a network trained live, on one plot."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mini import plotting
from mini.explorer import Explorer
from mini.studies.long_tail.experiment import LongTail
from mini.studies.long_tail.figures.model import NAMED
from mini.tasks.subpopulations import PRIORS

CONTROLS = {
    "prior": list(PRIORS),
    "skew": (0.0, 5.0, 0.25),
    "samples": [250, 500, 1000, 2000],
    "give_up": (0, 5, 1),
    "give_up_share": (0.0, 1.0, 0.1),
    "sigma": (0.0, 1.0, 0.1),
    "weight_decay": (0.0, 0.05, 0.005),
    "seed": (0, 20, 1),
    "ticks": [20, 40, 60, 120],
}


def explorer(controls: Sequence[str] = ("prior", "samples", "give_up", "give_up_share", "sigma", "seed"), *,
             ticks: int = 40, seed: int = 0, **fields) -> Explorer:
    """The explorer of this study.

    Args:
      controls: names of the controls to show, from `CONTROLS`; a worksheet may show fewer.
      ticks: epochs to begin with. seed: the initial seed. fields: initial values of other fields of `LongTail`.
    """
    point = LongTail(**{"width": 128, **fields})
    return Explorer(point, CONTROLS, partial(draw, classes=point.classes), shown=controls, ticks=ticks, every=2, seed=seed)


def draw(figure: Figure, seen: xr.Dataset, classes: int) -> str:
    """Three panels of one run, perhaps unfinished; returns what they show, in words."""
    left, middle, right = figure.subplots(1, 3)
    words = [_error(left, seen), _accuracy(middle, seen.isel(epoch=-1), classes), _parts(right, seen.isel(epoch=-1))]
    return f"After {int(seen['epoch'][-1])} epochs: " + "; ".join(words) + "."


def _error(axes: Axes, seen: xr.Dataset) -> str:
    now = seen.isel(epoch=-1)
    axes.plot(seen["epoch"], seen["test_error"], color=plotting.BLUE, label="network, test")
    axes.plot(seen["epoch"], seen["train_error"], color=plotting.GREEN, linestyle=":", label="network, training")
    axes.axhline(float(now["predicted_error"]), color=plotting.VERMILION, linestyle="--", label="theory, this setting")
    axes.axhline(float(now["optimum"]), color=plotting.BLACK, linestyle=(0, (1, 2)), label="theory, best")
    axes.set(title="error", xlabel="epoch", ylim=(0, 1))
    axes.legend(loc="upper right", fontsize=8)
    return (f"test error {float(now['test_error']):.3f}, where theory says {float(now['predicted_error']):.3f} "
            f"and {float(now['optimum']):.3f} at best; training error {float(now['train_error']):.3f}")


def _accuracy(axes: Axes, now: xr.Dataset, classes: int) -> str:
    place, accuracy = np.arange(len(NAMED)), now["accuracy"].values
    axes.plot(place, accuracy, color=plotting.BLUE, marker="o", label="network")
    best = [1 / classes, *np.ones(len(place) - 1)]
    axes.plot(place, best, color=plotting.BLACK, linestyle=(0, (1, 2)), label="theory, best")
    axes.set(title="accuracy on fresh points", xlabel="times a subpopulation was seen", ylim=(0, 1.05))
    axes.set_xticks(place, NAMED, fontsize=6)
    axes.legend(loc="lower right", fontsize=8)
    return f"accuracy {accuracy[0]:.2f} on what was never seen, {accuracy[1]:.2f} on what was seen once"


def _parts(axes: Axes, now: xr.Dataset) -> str:
    place = np.arange(len(NAMED))
    axes.bar(place - 0.2, now["errors"], width=0.4, color=plotting.BLUE, label="network")
    axes.bar(place + 0.2, now["predicted_errors"], width=0.4, color=plotting.VERMILION, alpha=0.7, hatch="//",
             label="theory, this setting")
    axes.set(title="where the error comes from", xlabel="times a subpopulation was seen")
    axes.set_xticks(place, NAMED, fontsize=6)
    axes.legend(loc="upper right", fontsize=8)
    never, once = (float(x) for x in now["errors"][:2])
    return f"of the error, {never:.3f} is on what was never seen and {once:.3f} on what was seen once"
