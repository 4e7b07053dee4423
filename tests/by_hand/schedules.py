"""Task after task: runs made by hand."""

import numpy as np
import xarray as xr

from by_hand.made import runs
from mini.studies.schedules.settings import SHARE


def ending(coords: dict, scores) -> xr.Dataset:
    """Runs that end with such scores, by all coordinates and task, and score nothing before."""
    scores = np.asarray(scores, float)[..., None, :]
    before = np.zeros((*scores.shape[:-2], scores.shape[-1], scores.shape[-1]))
    return runs(coords, accuracy=((*coords, "after_task", "task"), np.concatenate([before, scores], -2)))


def need_weighted(holds):
    """The newer of two tasks is needed twice as often. Two runs have the same mean; one is better on it, one on the older."""
    newer, older = [0.6, 0.9], [0.9, 0.6]
    power, uniform = (newer, older) if holds else (older, newer)
    return [ending({}, [0, 0.9]), ending({"rehearsal": [SHARE], "exponent": [1.0]}, [[power]]),
            ending({"rehearsal": [SHARE]}, [uniform])]


def model_size(holds):
    """The smallest of three networks gains least, but enough, or too little."""
    gains = [0.4 if holds else 0.1, 0.5, 0.6]
    return [ending({"width": [32, 128, 256], "schedule": ["sequential", "power-law"]}, [[[0.2], [0.2 + g]] for g in gains])]


def combined(holds):
    """Rehearsal alone ends at 0.6, LwF alone at 0.5, and both together at 0.8, or below the better of them."""
    both = 0.8 if holds else 0.55
    return [ending({"method": ["none", "lwf"], "schedule": ["sequential", "power-law"]}, [[[0.2], [0.6]], [[0.5], [both]]])]


def within(steps) -> np.ndarray:
    """Accuracy at the probes after 10, 20 and 30 steps of a phase in which 0.8 is reached after so many."""
    return np.where(np.array([10, 20, 30]) >= steps, 0.9, 0.1)


def forward_facilitation(holds):
    """The first of three tasks takes 30 steps and the others 10, or the other way round, each of 300 samples a phase."""
    first, later = (30, 10) if holds else (10, 30)
    curves = np.zeros((4, 3, 3))
    for task, steps in enumerate((first, later, later)):
        curves[task + 1, task] = within(steps)
    samples = 300 * np.tril(np.ones((4, 3)), -1)
    return [runs({"schedule": ["power-law"], "probe": [10, 20, 30]},
                 within=(("schedule", "after_task", "task", "probe"), curves[None]),
                 samples=(("schedule", "after_task", "task"), samples[None]))]


def no_savings(holds):
    again = [within(0), within(20), within(0), within(20 if holds else 10)]
    return [runs({"probe": [10, 20, 30]}, within=(("after_task", "task", "probe"), np.array(again)[:, None]))]


def fuar(holds):
    """Of 0.8 known 0.4 stay, with self-distillation 0.7 or 0.2; one fact in two is updated, one in two acquired."""
    ends = np.array([0.4, 0.7 if holds else 0.2])
    news = np.array([0.0, 0.0, 0.5, 0.0, 0.0])
    return [runs({"method": ["none", "lssd"]},
                 kept=(("method", "after_stage"), [[0, 0.8, end, 0, 0] for end in ends]),
                 **{name: (("method", "after_stage"), [news, news]) for name in ("updated", "acquired")})]


def vertical_horizontal(holds):
    """A slice costs the first 0.15 and the domain the general facts 0.4, or 0 and 0.1; rehearsed it is the other way round."""
    def told(by_slice, by_domain):
        slices = [[0, 0, 0.9, 0.9 - by_slice, 0, 0], [0, 0, 0, 0.9, 0.9, 0.9]]
        return runs({}, slice_accuracy=(("slice", "after_stage"), slices),
                    kept=(("after_stage",), [0, 0.9, 0.9, 0.8, 0.8 - by_domain / 2, 0.8 - by_domain]))

    plain, rehearsed = (told(0.15, 0.4), told(0, 0.1)) if holds else (told(0, 0.1), told(0.15, 0.4))
    return [plain.expand_dims(method=["none"]), rehearsed]


RUNS = {
    "schedules/need-weighted": (need_weighted, 0.1, -0.1),
    "schedules/model-size": (model_size, 0.4, 0.1),
    "schedules/combined": (combined, 0.2, -0.05),
    "schedules/forward-facilitation": (forward_facilitation, 2 / 3, -2),
    "schedules/no-savings": (no_savings, 0, 0.5),
    "continual/fuar": (fuar, 0.1, -0.4),
    "continual/vertical-horizontal": (vertical_horizontal, 0.05, -0.35),
}
