"""Memory of sequences and of facts: runs made by hand."""

import numpy as np
import xarray as xr

from by_hand.made import runs
from mini.measures import retention
from mini.studies.forgetting.facts_settings import LARGE_BATCH, SMALL_BATCH

STEPS = np.array([0, 1, 2, 11, 101, 1001])  # told at step 0, best at 1, and then looked at after 1, 10, 100, 1000
GROUPS, PROBES = ("duplicate", "paraphrase"), ("memorisation", "semantic", "compositional")


def curve(gain: float, fading: float) -> np.ndarray:
    """Three nats below 0, then all that is gained, of which so much is lost with each tenfold of time."""
    return -3 + gain * np.array([0, 1, *(0.9 - fading * np.log10(STEPS[2:] - 1))])


def facts(of) -> xr.Dataset:
    """Told once; `of` gives (gain, fading) by group and probe."""
    log_prob = [[[curve(*of(group, probe))] for probe in PROBES] for group in GROUPS]
    log_prob.append([[curve(0, 0)]] * len(PROBES))
    return runs({"step": STEPS, "group": [*GROUPS, "never"], "probe": list(PROBES)},
                log_prob=(("group", "probe", "person", "step"), log_prob), injection=(("exposure",), [0]))


def duplicates_fade_faster(holds):
    slow, fast = (0.05, 0.25) if holds else (0.25, 0.05)
    return [facts(lambda group, probe: (2, fast if group == "duplicate" else slow))]


def batch_size(holds):
    small, large = facts(lambda *of: (2, 0.25)), facts(lambda *of: (1, 0.05))
    sizes = (SMALL_BATCH, LARGE_BATCH) if holds else (LARGE_BATCH, SMALL_BATCH)
    return [xr.concat([small, large], "late_batch").assign_coords(late_batch=list(sizes))]


def compositional(holds):
    told, inferred = (0.25, 0.05) if holds else (0.05, 0.25)
    return [facts(lambda group, probe: (1, inferred) if probe == "compositional" else (2, told))]


def decay_form(holds):
    """All that is left falls in lines; or what one probe left stays, and drops at the last of four records: R2 is 3/5."""
    bent = 0.25 if holds else np.array([0, 0, 0, 0.2])
    return [facts(lambda *of: (2, bent if of == ("paraphrase", "semantic") else 0.25))]


def memory(since, **variables) -> xr.Dataset:
    """A record before studying, one within, then those after so many steps of reading on; variables begin with the last."""
    since = [np.nan, np.nan, *since]
    padded = {name: (("step", *dims), np.concatenate([np.zeros((2, *np.shape(values)[1:])), values]))
              for name, (dims, values) in variables.items()}
    return runs({"step": np.arange(len(since)), "foil": ["independent"]}, since=(("step",), since),
                exposed=(("step",), [0, 1, *[32] * (len(since) - 2)]), **padded)


def studying(recognition, recall) -> xr.Dataset:
    """Scores after 0, 1, 3 and 10 exposures, and long after, when all is lost."""
    return runs({"step": np.arange(5), "foil": ["independent"]}, exposed=(("step",), [0, 1, 3, 10, 10]),
                since=(("step",), [np.nan, np.nan, np.nan, 0, 1000]), recall=(("step",), [*recall, 0]),
                area=(("step", "foil"), np.transpose([[*recognition, 0.5]])))


def exposures_to_recognise(holds):
    """Four fifths of the way from 0 to 1 exposure, or from 1 to 3."""
    return [studying([0.5, 1, 1, 1] if holds else [0.5, 0.5, 1, 1], [0, 0, 0, 0])]


def exposures_to_recall(holds):
    """Nine tenths of the way from 1 to 3 exposures, or from 3 to 10."""
    return [studying([1, 1, 1, 1], [0, 0, 1, 1] if holds else [0, 0, 0, 1])]


def structure_helps(holds):
    """The chain or strings are recognised better by 0.2 and recalled better by 0.1; what is guessed before does not count."""
    better, worse = studying([0.5, 0.8, 0.9, 1], [0.7, 0.3, 0.6, 0.9]), studying([0.5, 0.6, 0.7, 0.8], [0, 0.2, 0.5, 0.8])
    return [xr.concat([better, worse], "random_strings").assign_coords(random_strings=[not holds, holds])]


def steep_then_slow(holds):
    left = [1, 0.2, 0.15] if holds else [1, 0.8, 0.7]
    return [memory([0, 10, 100], recall=((), left), unstudied_recall=((), [0, 0, 0]))]


def recognition_outlasts_recall(holds):
    """Half of one is lost after 9 steps, half of the other after 99."""
    early, late = np.array([1, 0.5, 0, 0]), np.array([1, 1, 0.5, 0])
    recall, recognition = (early, late) if holds else (late, early)
    return [memory([0, 9, 99, 999], recall=((), recall), unstudied_recall=((), np.zeros(4)),
                   area=(("foil",), (0.5 + 0.5 * recognition)[:, None]))]


def retention_form(holds):
    since = np.array([0, 1, 3, 10, 30, 100, 300, 1000, 2000])
    saved = retention.curve(*(("wickelgren", since, (2.0, 3.0, 0.25)) if holds else ("exponential", since, (2.0, 0.01))))
    saved = saved + 0.003 * np.cos(9 * np.arange(9))
    return [memory(since, item_loss=(("item",), -saved[:, None]), foil_loss=(("foil", "other"), np.zeros((9, 1, 3))))]


def permastore(holds):
    left = [[1, 1, 1, 0], [0, float(holds), 0, 0]]
    return [memory([0, 2000], item_recall=(("item",), np.tile(left, 100)))]


RUNS = {
    "facts/duplicates-fade-faster": (duplicates_fade_faster, 0.2, -0.2),
    "facts/batch-size": (batch_size, 0.2, -1.05),
    "facts/compositional": (compositional, 0.2, -0.2),
    "facts/decay-form": (decay_form, 1, 0.6),
    "forgetting/exposures-to-recognise": (exposures_to_recognise, 0.8, 2.6),
    "forgetting/exposures-to-recall": (exposures_to_recall, 2.8, 9.3),
    "forgetting/structure-helps": (structure_helps, 0.1, -0.2),
    "forgetting/steep-then-slow": (steep_then_slow, 0.05, -0.3),
    "forgetting/recognition-outlasts-recall": (recognition_outlasts_recall, 11, 1 / 11),
    "forgetting/retention-form": (retention_form, None, None),
    "forgetting/permastore": (permastore, 1 / 3, 0),
}
