"""An explorer of injected facts about new people: told in the same words, in different words, or once."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mini import plotting
from mini.explorer import Explorer
from mini.measures import acquisition
from mini.studies.forgetting.facts import Facts
from mini.studies.forgetting.figures.facts import LOOK

CONTROLS = {
    "manner": ["duplicate", "paraphrase", "once"],
    "exposures": (1, 12, 1),
    "interval": (1.0, 40.0, 1.0),
    "expansion": (0.5, 3.0, 0.5),
    "late_rate": (0.0, 1.0, 0.1),
    "late_batch": [0, 8, 16],
    "last": [720, 840, 960],
    "hidden_ratio": [0, 2, 4],
    "seed": (0, 20, 1),
    "ticks": [960, 1200, 1500],
}
# Fewer people and a narrower model than in the study: training takes about five seconds. Facts are injected sooner; even
# with the most exposures at the longest interval, the first injection still comes late in training.
SMALL = {"background": 40, "width": 40, "batch_size": 24, "late": 280, "last": 720, "interval": 40.0, "learning_rate": 0.005,
         "stream": 32768}


def explorer(controls: Sequence[str] = ("manner", "exposures", "interval", "late_rate", "seed"), *, ticks: int = 960,
             seed: int = 0, **fields) -> Explorer:
    """The explorer of facts.

    Args:
      controls: names of the controls to show, from `CONTROLS`. ticks: steps to begin with. seed: the initial seed.
      fields: initial values of other fields of `Facts`.
    """
    start = {"manner": "duplicate", **SMALL, **fields}
    return Explorer(Facts(**start), CONTROLS, draw, shown=controls, ticks=ticks, every=8, seed=seed)


def draw(figure: Figure, seen: xr.Dataset) -> str:
    """Log-probabilities of one run, perhaps unfinished, beside those of the group `never`, and what is left in log time."""
    left, right = figure.subplots(1, 2, width_ratios=[1.9, 1])
    words = [_timeline(left, seen), _left(right, seen)]
    return f"After {int(seen['step'][-1])} steps: " + "; ".join(words) + "."


def _curve(seen: xr.Dataset, group: str, probe: str) -> np.ndarray:
    return seen["log_prob"].sel(group=group, probe=probe).mean("person").values


def _told(seen: xr.Dataset) -> np.ndarray:
    """Steps of the injections made so far; unknown until the end of training, when all of them become known."""
    times = seen["injection"].dropna("exposure").values if "injection" in seen else np.array([])
    return times[times < float(seen["step"][-1])]


def _timeline(axes: Axes, seen: xr.Dataset) -> str:
    group, words = str(seen["group"].values[0]), []
    for probe, (label, look) in LOOK.items():
        curve = _curve(seen, group, probe)
        axes.plot(seen["step"], curve, lw=1.4, label=label, **look)
        words.append(f"{label} {curve[-1]:.2f}")
    axes.plot(seen["step"], _curve(seen, "never", "memorisation"), color=plotting.BLACK, lw=1, alpha=0.5,
              label="never mentioned")
    axes.plot(seen["step"], seen["background_log_prob"], color=plotting.PURPLE, lw=1, linestyle=":", label="background")
    times = _told(seen)[: 1 if group == "once" else None]
    axes.plot(times, np.full(len(times), 0.03), "^", color=plotting.BLACK, markersize=5, transform=axes.get_xaxis_transform(),
              label="an injection")
    axes.set(title="log-probability of a fact, nats", xlabel="step", ylim=(None, 1.6))  # room for the legend
    axes.legend(loc="upper left", fontsize=7, ncols=3)
    words += [f"of people never mentioned {_curve(seen, 'never', 'memorisation')[-1]:.2f}",
              f"of the background {float(seen['background_log_prob'][-1]):.2f}"]
    return "log-probability " + ", ".join(words)


def _left(axes: Axes, seen: xr.Dataset) -> str:
    """Retainability once all injections are made, with the paper's line."""
    group, times = str(seen["group"].values[0]), _told(seen)
    axes.set(title="what is left of the gain", xlabel="steps since the last maximum", xscale="log", xlim=(1, 600),
             ylim=(0, 1.1))
    if not times.size or float(seen["step"][-1]) <= times[-1] + acquisition.WINDOW:
        axes.text(0.5, 0.5, "told once the training ends", ha="center", transform=axes.transAxes, fontsize=9)
        return "what is left is not known yet"
    times, words = times[: 1 if group == "once" else None], []
    for probe in ("memorisation", "semantic"):
        label, look = LOOK[probe]
        delay, left = acquisition.retainability(seen["step"], _curve(seen, group, probe), times)
        found = acquisition.decay(delay, left)
        if found.reason:
            words.append(f"{label} cannot be told ({found.reason})")
            continue
        axes.plot(delay, left, ".", color=look["color"], markersize=3)
        t = np.geomspace(1, np.nanmax(delay), 50)
        axes.plot(t, found.start - found.constant * np.log10(t), lw=1.2, label=f"{label}, R² {found.r2:.2f}", **look)
        words.append(f"{label} loses {found.constant:.2f} of the gain with every tenfold of time (R2 {found.r2:.2f})")
    if axes.lines:
        axes.legend(loc="lower left", fontsize=8)
    return ", ".join(words)
