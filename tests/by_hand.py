"""Runs written by hand, one way as published, one way the reverse: for claims whose sabotage leaves nothing to measure.

`RUNS` maps a claim's id to a function of whether it holds; it gives the datasets that the estimate takes.
"""

import json

import numpy as np
import xarray as xr

from mini.measures import retention
from mini.studies.extraction.claims import LONGEST
from mini.studies.extraction.items import COPIES
from mini.studies.forgetting.facts_settings import LARGE_BATCH, SMALL_BATCH
from mini.studies.schedules.settings import SHARE

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


def decay_form(holds):
    """All that is left falls in lines; or what one probe left stays, and drops at the last of four records: R2 is 3/5."""
    bent = 0.25 if holds else np.array([0, 0, 0, 0.2])
    return [facts(lambda *of: (2, bent if of == ("paraphrase", "semantic") else 0.25))]


def progress(holds):
    """Two fifths of restricted loss's fall come before the jump, and three quarters of excluded loss's rise, or an eighth."""
    return [runs({"step": [0, 10, 20, 30, 40]}, test_accuracy=(("step",), [0, 0, 0.4, 0.6, 1]),
                 restricted_loss=(("step",), [2, 5, 3, 1, 0]), excluded_loss=(("step",), [3, 0, 6 if holds else 1, 7, 8]))]


def transformer(holds):
    return [runs({"step": [0, 1000]}, test_accuracy=(("step",), [0, 1 if holds else 0.9]))]


def batchnorm(holds):
    """A quarter of the labels are false, so that below 0.8 in training is full inversion: with normalisation only, or without
    it too. The two less periodic neurons have scales of 0.7, the others of 1, on average."""
    dims, train = ("batch_norm", "step"), [[0.95 if holds else 0.65], [0.7]]
    return [runs({"batch_norm": [False, True], "step": [2000]}, train_accuracy=(dims, train), test_accuracy=(dims, [[1], [1]]),
                 ipr=((*dims, "neuron"), [[[0.9, 0.2, 0.8, 0.3]]] * 2),
                 gamma=(("batch_norm", "neuron"), [[1.1, 0.6, 0.9, 0.8]] * 2)
                 ).assign_attrs(configuration=json.dumps({"corruption": 0.25}))]


def linear_theory(holds):
    """The turn is at the third of four records; before it the descent points to the truth, or once away from it. In the end
    all is fitted: no margin is larger than that one's 0."""
    curves = {"alignment": [0, 0.05, 0.2, 1], "cosine": [0.5, 0.5 if holds else -1 / 3, -1, -1],
              "restored_fraction": [0.5, 0.7, 1, 0], "clean_residual": [1, 1, 0.9, 0], "false_residual": [1, 1, 1.1, 0],
              "train_accuracy": [0.5, 0.6, 0.7, 1]}
    return [runs({"step": [0, 1, 2, 3]}, **{name: (("step",), values) for name, values in curves.items()})]


def asymmetric(holds):
    plain, elr = (0.8, 0.9) if holds else (0.9, 0.8)
    return [runs({"objective": ["cross_entropy", "elr"], "epoch": [0, 200]},
                 test_accuracy=(("objective", "epoch"), [[0.1, plain], [0.1, elr]]))]


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


def peak_at_memorisation(holds):
    """Memorised up to 64 sequences; the damage is largest at 32, or at 2."""
    damage = [0.1, 0.2, 0.9, 0.3] if holds else [0.9, 0.2, 0.1, 0.0]
    pools = {"pool_size": [2, 8, 32, 128], "step": [0]}
    return [runs(pools, fresh_loss=(("pool_size", "step"), 2 + np.array(damage)[:, None]),
                 pool_loss=(("pool_size", "step"), [[0.0], [0.0], [0.05], [0.15]])),
            runs({"step": [0]}, fresh_loss=(("step",), [2]))]


def effective_size(holds):
    """Clean models with 1, 2 and 4 hundred weights lose 4, 3 and 2 nats; the one in question as much as the second or third."""
    return [runs({"step": [0]}, fresh_loss=(("step",), [3 if holds else 2])),
            runs({"step": [0]}, fresh_loss=(("step",), [2]), parameters=((), 400)),
            runs({"width": [8, 16], "step": [0]}, fresh_loss=(("width", "step"), [[4], [3]]),
                 parameters=(("width",), [100, 200]))]


def double_descent(holds):
    """Down to 2, up by half a nat, and down by one nat or further up; each level lasts for three records."""
    levels = [5, 2, 2.5, 1.5 if holds else 3]
    return [runs({"step": np.arange(12)}, fresh_loss=(("step",), np.repeat(levels, 3)))]


def recovery(holds):
    """Copying is worse than the control's by 0.75 at a third of the steps, and in the end as good, or worse by 2."""
    return [runs({"step": [0, 10, 20, 30]}, copying_loss=(("step",), [4, 1.75, 3, 1 if holds else 3]),
                 copying_chance=(("step",), [4, 4, 4, 4])),
            runs({"step": [0, 10]}, copying_loss=(("step",), [4, 1]))]


def dropping_memorised_hurts(holds):
    accuracy = [0.95, 0.8, 0.9] if holds else [0.95, 0.9, 0.8]
    return [runs({"removed": ["none", "memorised", "random"]}, removed_examples=((), 30),
                 retrained_accuracy=(("removed", "copy"), np.tile(accuracy, (4, 1)).T))]


def privacy_hits_the_rare(holds):
    rare, common = ([0.8, 0.3], [1.0, 0.9]) if holds else ([0.8, 0.7], [1.0, 0.5])
    return [runs({"count": [1, 100], "noise_multiplier": [0.0, 1.0], "epoch": [60]},
                 accuracy=(("count", "noise_multiplier", "epoch"), np.array([rare, common])[..., None]))]


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


RUNS = {  # id: (runs, what they come to where the claim holds, and where it does not; None where only the side is known)
    "facts/duplicates-fade-faster": (duplicates_fade_faster, 0.2, -0.2),
    "facts/batch-size": (batch_size, 0.2, -1.05),
    "facts/compositional": (compositional, 0.2, -0.2),
    "facts/decay-form": (decay_form, 1, 0.6),
    "grokking/progress": (progress, 0.15, -0.125),
    "grokking/transformer": (transformer, 1, 0.9),
    "corrupted/batchnorm": (batchnorm, 0.05, -0.15),
    "early-learning/linear-theory": (linear_theory, 0, -0.5),
    "early-learning/asymmetric": (asymmetric, 0.05, -0.15),
    "early-learning/critical-strength": (critical_strength, 2.0, 2.75),
    "extraction/architectures-differ": (architectures_differ, 0.5, -0.5),
    "forgetting/exposures-to-recognise": (exposures_to_recognise, 0.8, 2.6),
    "forgetting/exposures-to-recall": (exposures_to_recall, 2.8, 9.3),
    "forgetting/structure-helps": (structure_helps, 0.1, -0.2),
    "forgetting/steep-then-slow": (steep_then_slow, 0.05, -0.3),
    "forgetting/recognition-outlasts-recall": (recognition_outlasts_recall, 11, 1 / 11),
    "forgetting/retention-form": (retention_form, None, None),
    "forgetting/permastore": (permastore, 1 / 3, 0),
    "repeated/peak-at-memorisation": (peak_at_memorisation, -1, -5),
    "repeated/effective-size": (effective_size, 0.5, 1),
    "repeated/double-descent": (double_descent, 0.5, 0),
    "repeated/recovery": (recovery, 0.25, -1.5),
    "long-tail/dropping-memorised-hurts": (dropping_memorised_hurts, 10, -10),
    "long-tail/privacy-hits-the-rare": (privacy_hits_the_rare, 0.4, -0.4),
    "schedules/need-weighted": (need_weighted, 0.1, -0.1),
    "schedules/model-size": (model_size, 0.4, 0.1),
    "schedules/combined": (combined, 0.2, -0.05),
    "schedules/forward-facilitation": (forward_facilitation, 2 / 3, -2),
    "schedules/no-savings": (no_savings, 0, 0.5),
    "continual/fuar": (fuar, 0.1, -0.4),
    "continual/vertical-horizontal": (vertical_horizontal, 0.05, -0.35),
}
