"""An explorer of studying and forgetting: recognition and recall by a small transformer, live."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mini import plotting
from mini.explorer import Explorer
from mini.studies.forgetting.claims.memory import during, with_foils
from mini.studies.forgetting.experiment import Forgetting
from mini.studies.forgetting.figures.memory import LOOK, in_exposures, in_time
from mini.studies.forgetting.settings import SINCE

CONTROLS = {
    "exposures": [1, 2, 3, 4, 6, 8, 12, 16, 24, 32],
    "random_strings": [False, True],
    "study_rate": (0.0, 0.02, 0.001),
    "retention_rate": (0.0, 0.02, 0.001),
    "fresh_optimiser": [False, True],
    "concentration": (0.05, 1.0, 0.05),
    "width": [16, 32, 48],
    "seed": (0, 20, 1),
}
MOST = 32  # exposures for which there is time before studying ends
# Half of the study's items, and less reading: training takes about two seconds.
SMALL = {"items": 32, "study_ends": 528}
READING_ON = 1000


def explorer(controls: Sequence[str] = ("exposures", "random_strings", "study_rate", "retention_rate", "seed"), *,
             reading_on: int = READING_ON, seed: int = 0, **fields) -> Explorer:
    """The explorer of studying, reading on, and what is left.

    Args:
      controls: names of the controls to show, from `CONTROLS`. reading_on: steps after studying. seed: the initial seed.
      fields: initial values of other fields of `Forgetting`.
    """
    point = Forgetting(**{**SMALL, **fields})
    most = min(MOST, point.study_ends // point.passing)
    looked = sorted({point.study_ends - n * point.passing for n in range(most + 1)}  # each pass, wherever studying begins
                    | {point.study_ends + n for n in SINCE if n <= reading_on})
    return Explorer(point, CONTROLS, draw, shown=controls, ticks=point.study_ends + reading_on, every=looked, seed=seed,
                    size=(12.0, 3.6))


def draw(figure: Figure, dataset: xr.Dataset) -> str:
    """One run, perhaps unfinished: scores while studying, scores while reading on, and the losses behind them now."""
    panels = figure.subplots(1, 3, width_ratios=[1, 1.2, 1])
    figure.subplots_adjust(bottom=0.26, wspace=0.14)
    seen = with_foils(dataset)
    now = seen.isel(step=-1)
    _studying(panels[0], seen)
    _reading_on(panels[1], seen)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="lower left", ncols=4, fontsize=9, bbox_to_anchor=(0.12, 0))
    words = _losses(panels[2], now)
    phase = (f"{float(now.since):.0f} steps after studying ended" if float(now.since) >= 0
             else f"studied {float(now.exposed):.0f} times so far")
    return (f"Step {int(now.step)}, {phase}: recognition {float(now.recognition):.2f} (near foils {float(now.near):.2f}), "
            f"recall {float(now.recall):.2f} (forced {float(now.recall_forced):.2f}; {float(now.unstudied_recall):.2f} of "
            f"sequences never studied); {words}.")


def _scores(axes: Axes, x, seen: xr.Dataset) -> None:
    for name, (label, look) in LOOK.items():
        axes.plot(x, seen[name], label=label, ms=3, **look)
    axes.axhline(0.5, color=plotting.BLACK, linestyle=":", lw=1)
    axes.set(ylim=(0, 1.04))


def _studying(axes: Axes, seen: xr.Dataset) -> None:
    part = seen.isel(step=np.flatnonzero(during(seen.exposed.values, seen.since.values)))
    _scores(axes, part.exposed, part)
    in_exposures(axes, MOST)
    axes.set(title="while studying", xlim=(-0.1, 36))


def _reading_on(axes: Axes, seen: xr.Dataset) -> None:
    part = seen.isel(step=np.flatnonzero(np.isfinite(seen.since)))
    _scores(axes, part.since, part)
    in_time(axes, SINCE[-1])
    axes.set(title="while reading on", xlabel="steps since studying")


def _losses(axes: Axes, now: xr.Dataset) -> str:
    """How far the losses of studied sequences lie from those of foils: all that recognition has to go by."""
    item, foil = now.item_loss.values, now.foil_loss.sel(foil="independent").values
    edges = np.linspace(min(item.min(), foil.min()) - 0.05, max(item.max(), foil.max()) + 0.05, 18)
    axes.hist(item, edges, color=plotting.BLUE, alpha=0.65, label="studied")
    axes.hist(foil, edges, color=plotting.ORANGE, alpha=0.65, hatch="//", label="foils")
    axes.set(title="what recognition goes by, now", xlabel="loss of a sequence, nats a token", yticks=[])
    axes.legend(fontsize=8)
    return (f"a studied sequence costs {item.mean():.2f} nats a token, a foil {foil.mean():.2f}, d' "
            f"{float(now.d_prime.sel(foil='independent')):.1f}")
