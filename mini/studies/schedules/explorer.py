"""An explorer of environments: bend the schedule, and see what is met, kept and needed."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mini import plotting
from mini.explorer import Explorer
from mini.measures import continual, retention
from mini.studies.schedules.experiment import METHODS, Schedules
from mini.tasks import schedules, streams

CONTROLS = {
    "schedule": list(schedules.RULES),
    "exponent": (0.1, 4.0, 0.1),
    "time_constant": (0.5, 6.0, 0.5),
    "rehearsal": (0.0, 0.9, 0.05),
    "tasks": [3, 5, 8, 10],
    "method": list(METHODS),
    "stream": ["permuted", "rotated", "split", "modular"],
    "seed": (0, 20, 1),
}
NEED = (0.0, 0.5, 1.0, 2.0)
MODELS = ("exponential", "power")


def explorer(controls: Sequence[str] = ("exponent", "rehearsal", "tasks", "seed"), *, seed: int = 0, **fields) -> Explorer:
    """The explorer of this study; small enough to train again in a second or two after a change.

    Args:
      controls: names of the controls to show, from `CONTROLS`; of the numbers of tasks, only those that every stream on
        offer has. seed: the initial seed.
      fields: initial values of other fields of `Schedules`. By default, as many examples are held out as a stream has.
    """
    start = Schedules(**{"tasks": 5, "steps": 100, "width": 64, "buffer": 100, **fields})
    most = min(streams.KINDS[name].tasks for name in (CONTROLS["stream"] if "stream" in controls else [start.stream]))
    offered = CONTROLS | {"tasks": [number for number in CONTROLS["tasks"] if number <= most]}
    return Explorer(start, offered, draw, shown=controls, every=1, seed=seed, size=(13.0, 3.4))


def draw(figure: Figure, dataset: xr.Dataset) -> str:
    """Four panels of one run, perhaps unfinished; returns what they show, in words."""
    panels = figure.subplots(1, 4, width_ratios=[1.2, 1.2, 1, 1])
    figure.subplots_adjust(wspace=0.34)
    scores, met = dataset["accuracy"].values, np.diff(dataset["samples"].values.astype(float), axis=0)
    words = [_timeline(panels[0], met, dataset.sizes["task"]), _matrix(panels[1], scores), _retention(panels[2], scores),
             _need(panels[3], scores)]
    return f"After {len(scores) - 1} of {dataset.sizes['task']} tasks: " + "; ".join(filter(None, words)) + "."


def _timeline(axes: Axes, met: np.ndarray, tasks: int) -> str:
    """What was met in each phase: a dot's area is its share of the samples."""
    axes.set(title="encounters", xlabel="phase", ylabel="task", xlim=(0.4, tasks + 0.6), ylim=(tasks + 0.6, 0.4))
    ticks = np.arange(1, tasks + 1)
    axes.set(xticks=ticks, yticks=ticks)
    if not len(met):
        return ""
    share = met / met.sum(1, keepdims=True)
    phase, task = np.nonzero(share)
    new = phase == task
    for chosen, colour in ((new, plotting.BLUE), (~new, plotting.ORANGE)):
        axes.scatter(phase[chosen] + 1, task[chosen] + 1, s=1200 / tasks * share[phase[chosen], task[chosen]], color=colour)
    return f"{1 - share[-1, min(len(share), tasks) - 1]:.0%} of the last phase's samples were old"


def _matrix(axes: Axes, scores: np.ndarray) -> str:
    tasks = scores.shape[1]
    shown = np.full((tasks + 1, tasks), np.nan)
    shown[: len(scores)] = scores[: tasks + 1]
    look = {"vmin": 0, "vmax": 1, "aspect": "auto", "interpolation": "nearest"}
    plotting.written(axes, shown, lambda v: f"{100 * v:.0f}" if tasks <= 8 and np.isfinite(v) else "", size=7, **look)
    axes.set(title="accuracy, by task", xlabel="task", ylabel="after phase (0: untrained)")
    axes.set_xticks(range(tasks), range(1, tasks + 1))
    return f"mean accuracy on all {tasks} tasks {scores[-1].mean():.2f}, on the first {scores[-1, 0]:.2f}"


def _retention(axes: Axes, scores: np.ndarray) -> str:
    """Retention by lag, from the phases finished so far, with two curves if there are enough points."""
    axes.set(title="retention", xlabel="phases since learned", ylim=(-0.02, 1.02), yticks=[0, 0.5, 1])
    done = len(scores) - 1
    curve = continual.retention(scores[: done + 1, :done]) if 1 <= done <= scores.shape[1] else None
    if curve is None or isinstance(curve, continual.Undefined):
        return ""
    lags = np.arange(len(curve))
    axes.plot(lags, curve, "o", color=plotting.BLACK, linestyle="")
    axes.locator_params(axis="x", integer=True)
    words = f"kept after {lags[-1]} more phases {curve[-1]:.2f}"
    dense = np.linspace(0, lags[-1], 50)
    found = retention.compare(lags, curve, MODELS)
    for model, colour, look in zip(MODELS, (plotting.ORANGE, plotting.BLUE), ("--", "-")):
        one = found.of(model)
        if not one.reason:
            axes.plot(dense, retention.curve(model, dense, one.parameters.values()), color=colour, linestyle=look,
                      label=f"{model}, AICc {one.aicc:.0f}")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, loc="lower left")
        words += f", best described by {found}"
    return words


def _need(axes: Axes, scores: np.ndarray) -> str:
    end = np.full((scores.shape[1] + 1, scores.shape[1]), np.nan)  # only the end of the matrix is read
    end[-1] = scores[-1]
    values = [float(continual.need_weighted(end, e)) for e in NEED]
    axes.bar(range(len(NEED)), values, color=plotting.GREEN, alpha=0.75)
    for place, value in enumerate(values):
        axes.text(place, value + 0.02, f"{value:.2f}", ha="center", fontsize=8)
    axes.set_xticks(range(len(NEED)), [f"{e:g}" for e in NEED])
    axes.set(title="tested by need", xlabel="exponent of need (0: flat)", ylim=(0, 1.1), yticks=[0, 0.5, 1])
    return "tested by need " + ", ".join(f"{v:.2f} at exponent {e:g}" for e, v in zip(NEED, values))
