"""Runs written by hand, one way as published, one way the reverse: for claims whose sabotage leaves nothing to measure.

`RUNS` maps a claim's id to a function of whether it holds; it gives the datasets that the estimate takes.
"""

import numpy as np
import xarray as xr

from mini.measures import retention
from mini.studies.extraction.claims import LONGEST
from mini.studies.extraction.items import COPIES
from mini.studies.forgetting.facts_settings import LARGE_BATCH, SMALL_BATCH

SEEDS, STEPS = 5, np.array([0, 1, 2, 11, 101, 1001])  # told at step 0, best at 1, and then looked at after 1, 10, 100, 1000
GROUPS, PROBES = ("duplicate", "paraphrase"), ("memorisation", "semantic", "compositional")


def runs(coords: dict, **variables) -> xr.Dataset:
    """The same numbers in each seed; a variable is (dims, values)."""
    return xr.Dataset({name: (dims, np.asarray(values, float)) for name, (dims, values) in variables.items()},
                      coords).expand_dims(seed=np.arange(SEEDS))


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


def critical_strength(holds):
    shares = [1, 0.75, 0.25, 0] if holds else [1, 1, 0.75, 0.25]
    return [runs({"strength": [1.0, 1.5, 2.5, 3.0], "epoch": [0, 200]},
                 memorised_fraction=(("strength", "epoch"), [[0, share] for share in shares]))]


def architectures_differ(holds):
    """Two transformers give up the first two of four windows, the others the second and third, or the other way round."""
    alike, apart = np.array([1, 1, 0, 0]), np.array([0, 1, 1, 0])
    twin, others = (alike, apart) if holds else (apart, alike)
    coords = {"copies": list(COPIES), "context": [LONGEST], "step": [0]}

    def learner(windows, rival):
        given = [np.tile(x, (len(COPIES), 1)) for x in (windows, rival)]
        none = np.zeros((len(COPIES), 1))
        return runs(coords, extracted=(("copies", "window", "context", "step"), given[0][..., None, None]),
                    canary_extracted=(("copies", "canary", "step"), none[..., None]),
                    rival_extracted=(("copies", "window"), given[1]), rival_canary_extracted=(("copies", "canary"), none))

    return [learner(alike, others), learner(twin, others), learner(others, others)]


def memory(since, **variables) -> xr.Dataset:
    """A record before studying, one within, then those after so many steps of reading on; variables begin with the last."""
    since = [np.nan, np.nan, *since]
    padded = {name: (("step", *dims), np.concatenate([np.zeros((2, *np.shape(values)[1:])), values]))
              for name, (dims, values) in variables.items()}
    return runs({"step": np.arange(len(since)), "foil": ["independent"]}, since=(("step",), since),
                exposed=(("step",), [0, 1, *[32] * (len(since) - 2)]), **padded)


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


def peak_at_memorisation(holds):
    """Memorised up to 64 sequences; the damage is largest at 32, or at 2."""
    damage = [0.1, 0.2, 0.9, 0.3] if holds else [0.9, 0.2, 0.1, 0.0]
    pools = {"pool_size": [2, 8, 32, 128], "step": [0]}
    return [runs(pools, fresh_loss=(("pool_size", "step"), 2 + np.array(damage)[:, None]),
                 pool_loss=(("pool_size", "step"), [[0.0], [0.0], [0.05], [0.15]])),
            runs({"step": [0]}, fresh_loss=(("step",), [2]))]


def dropping_memorised_hurts(holds):
    accuracy = [0.95, 0.8, 0.9] if holds else [0.95, 0.9, 0.8]
    return [runs({"removed": ["none", "memorised", "random"]}, removed_examples=((), 30),
                 retrained_accuracy=(("removed", "copy"), np.tile(accuracy, (4, 1)).T))]


def privacy_hits_the_rare(holds):
    rare, common = ([0.8, 0.3], [1.0, 0.9]) if holds else ([0.8, 0.7], [1.0, 0.5])
    return [runs({"count": [1, 100], "noise_multiplier": [0.0, 1.0], "epoch": [60]},
                 accuracy=(("count", "noise_multiplier", "epoch"), np.array([rare, common])[..., None]))]


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


RUNS = {  # id: (runs, what they come to where the claim holds, and where it does not; None where only the side is known)
    "facts/duplicates-fade-faster": (duplicates_fade_faster, 0.2, -0.2),
    "facts/batch-size": (batch_size, 0.2, -1.05),
    "facts/compositional": (compositional, 0.2, -0.2),
    "early-learning/critical-strength": (critical_strength, 2.0, 2.75),
    "extraction/architectures-differ": (architectures_differ, 0.5, -0.5),
    "forgetting/steep-then-slow": (steep_then_slow, 0.05, -0.3),
    "forgetting/recognition-outlasts-recall": (recognition_outlasts_recall, 11, 1 / 11),
    "forgetting/retention-form": (retention_form, None, None),
    "forgetting/permastore": (permastore, 1 / 3, 0),
    "repeated/peak-at-memorisation": (peak_at_memorisation, -1, -5),
    "long-tail/dropping-memorised-hurts": (dropping_memorised_hurts, 10, -10),
    "long-tail/privacy-hits-the-rare": (privacy_hits_the_rare, 0.4, -0.4),
    "schedules/forward-facilitation": (forward_facilitation, 2 / 3, -2),
    "schedules/no-savings": (no_savings, 0, 0.5),
    "continual/fuar": (fuar, 0.1, -0.4),
}
