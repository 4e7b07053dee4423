"""The claims about recognition, recall and retention. Criteria are written from the published figures, before measuring."""

import numpy as np
import xarray as xr

from mini.claims import Claim, Published, laptop, smallest
from mini.measures import retention
from mini.measures.curves import crossing, reached
from mini.plan import Plan
from mini.studies.forgetting import settings

NEAR_PERFECT = 0.9  # share of pairs recognised, or of tokens recalled; set here, since the paper gives no number
COLLAPSE = 10  # steps of reading on over which the paper's recall collapses
SLOW = 100  # steps after which a slow decline still leaves something


def untrained(plan: Plan) -> Plan:
    """The sabotage: no training."""
    return plan.replace(learning_rate=0.0, study_rate=0.0, retention_rate=0.0, items=8, stream=64, exposures=4,
                        study_ends=4, ticks=16, seeds=5, every=(0, 1, 2, 4, 5, 6, 7, 9, 11, 14))


# Pieces of a run.


def studying(runs: xr.Dataset, name: str) -> tuple[np.ndarray, xr.DataArray]:
    """Exposures (n,), and a quantity at each (seed, n, ...), from before studying to its end."""
    part = runs.isel(step=np.flatnonzero(during(*(runs[name].isel(seed=0).values for name in ("exposed", "since")))))
    return part.exposed.isel(seed=0).values, part[name].transpose("seed", "step", ...)


def during(exposed: np.ndarray, since: np.ndarray) -> np.ndarray:
    """Which records run from the last one before studying to its end; only the latest if studying has not begun."""
    there = (exposed > 0) & ~(since > 0)
    first = int(there.argmax()) if there.any() else len(there)
    there[max(first - 1, 0)] = True
    return there


def reading_on(runs: xr.Dataset, name: str) -> tuple[np.ndarray, xr.DataArray]:
    """Steps since the end of studying (n,), and a quantity at each (seed, n, ...)."""
    part = runs.isel(step=np.flatnonzero(np.isfinite(runs.since.isel(seed=0).values)))
    return part.since.isel(seed=0).values, part[name].transpose("seed", "step", ...)


def recognised(runs: xr.Dataset) -> xr.Dataset:
    """The runs with their area for independent foils as `recognition`: the claims are about no other foils."""
    return runs.assign(recognition=runs.area.sel(foil="independent", drop=True))


def with_foils(runs: xr.Dataset) -> xr.Dataset:
    """The same, with their area for near foils as `near`."""
    return recognised(runs).assign(near=runs.area.sel(foil="near", drop=True))


def needed(runs: xr.Dataset, name: str, never: float = 2.0) -> np.ndarray:
    """Exposures (seed,) until a score is near perfect, interpolated between records; `never` times the most if it never is.

    "More than were tried" must not flatter a claim: twice the most stands for it where few exposures are claimed, the most
    itself where many are.
    """
    exposed, scores = studying(runs, name)
    return np.array([reached(exposed, row, NEAR_PERFECT, never=never * exposed[-1]) for row in scores.values])


def kept(runs: xr.Dataset, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Steps since studying (n,), and the share that is left of a score's height above its floor (seed, n).

    The floor is one half for recognition, and for recall what the same model recalls of sequences that it never studied.
    NaN in seeds in which too little was learned to be lost.
    """
    since, scores = reading_on(runs, name)
    floor = 0.5 if name == "recognition" else reading_on(runs, "unstudied_recall")[1].values
    above = scores.values - floor
    learned = scores.values[:, :1] >= (0.75 if name == "recognition" else 0.5)
    return since, np.where(learned, above / np.where(learned, above[:, :1], 1.0), np.nan)


def halved(runs: xr.Dataset, name: str) -> np.ndarray:
    """Steps of reading on until a score has lost half of its height above its floor (seed,); the last step if it never does."""
    since, left = kept(runs, name)
    return np.array([np.nan if np.isnan(row).any() else
                     float(np.expm1(crossing(np.log1p(since), row, 0.5))) if row.min() < 0.5 else since[-1] for row in left])


def gain(runs: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Steps since studying (n,), and what studying saved on each item (seed, item, n), by difference in differences.

        (L_i before - L_i now) - mean over independent foils of (F before - F now), in nats a token.
    """
    since, item = reading_on(runs, "item_loss")
    foil = reading_on(runs, "foil_loss")[1].sel(foil="independent")
    before = [studying(runs, name)[1].isel(step=0) for name in ("item_loss", "foil_loss")]
    saved = before[0].values[:, None] - item.values
    apart = before[1].sel(foil="independent").values[:, None] - foil.values
    return since, (saved - apart.mean(-1, keepdims=True)).transpose(0, 2, 1)


# Estimates.


def before_recall(runs) -> np.ndarray:
    """Exposures to recall over exposures to recognise."""
    runs = recognised(runs)
    first = needed(runs, "recognition")
    return np.where(first > 0, needed(runs, "recall", never=1.0) / np.where(first > 0, first, 1.0), np.nan)


def left_at(runs, steps: int) -> np.ndarray:
    """Share of recall above its floor that is left after a number of steps of reading on, (seed,)."""
    since, left = kept(runs, "recall")
    return left[:, int(np.abs(since - steps).argmin())]


def collapse(runs) -> np.ndarray:
    """More than half is lost over the first ten steps of reading on, and a tenth is left after a hundred."""
    return np.minimum(0.5 - left_at(runs, COLLAPSE), left_at(runs, SLOW) - 0.1)


def outlasts(runs) -> np.ndarray:
    """Steps until half of recognition is lost, over those until half of recall is."""
    runs = recognised(runs)
    return halved(runs, "recognition") / halved(runs, "recall")


def structure(runs) -> xr.DataArray:
    """Sequences of the chain less random strings, mean over exposures: the smaller of recognition and recall."""
    runs = recognised(runs)
    parts = [recognised(runs.sel(random_strings=kind)) for kind in (False, True)]
    (_, chain), (_, strings) = (studying(part, "recognition") for part in parts)
    (_, chain_recall), (_, strings_recall) = (studying(part, "recall") for part in parts)
    return smallest(*((one - other).isel(step=slice(1, None)).mean("step")
                      for one, other in ((chain, strings), (chain_recall, strings_recall))))


def form(runs) -> np.ndarray:
    """AICc of Wickelgren's law less that of the best other model of the standard set, on the mean gain of each seed."""
    since, saved = gain(runs)
    others = [name for name in retention.MODELS if not name.startswith("wickelgren")]
    return np.array([retention.preference(since, curve, "wickelgren", others) for curve in saved.mean(1)])


def survivors(runs) -> tuple[np.ndarray, np.ndarray]:
    """Of the items recalled near-perfectly after studying, how many still are at the end, and how many there were; (seed,)."""
    _, items = reading_on(runs, "item_recall")
    fine = items.values >= NEAR_PERFECT
    return (fine[:, 0] & fine[:, -1]).sum(1), fine[:, 0].sum(1)


# The estimates, in words.


def needed_told(runs) -> str:
    recognition, near, recall = (needed(with_foils(runs), name).mean() for name in ("recognition", "near", "recall"))
    return f"{recognition:.2g} exposures to recognise ({near:.2g} with near foils), {recall:.2g} to recall"


def kept_told(runs) -> str:
    runs = recognised(runs)
    return "; ".join(f"half of {name} lost after {np.mean(halved(runs, name)):.3g} steps" for name in ("recall", "recognition"))


def collapse_told(runs) -> str:
    lost, left = 1 - np.mean(left_at(runs, COLLAPSE)), np.mean(left_at(runs, SLOW))
    return f"{lost:.0%} lost over {COLLAPSE} steps, {left:.0%} left after {SLOW}"


def structure_told(runs) -> str:
    parts = {kind: recognised(runs.sel(random_strings=kind)) for kind in (False, True)}
    return "; ".join(f"{name} {np.mean(studying(parts[False], name)[1].values[:, 1:]):.3f} for the chain, "
                     f"{np.mean(studying(parts[True], name)[1].values[:, 1:]):.3f} for strings"
                     for name in ("recognition", "recall"))


def survivors_told(runs) -> str:
    still, learned = survivors(runs)
    return f"{still.sum()} of {learned.sum()} items"


def form_told(runs) -> str:
    """Among the families alone, and with asymptotes: an exponential above one has as many parameters and may do as well."""
    since, saved = gain(runs)
    curves = saved.mean(1)
    alone = [retention.compare(since, curve, tuple(retention.FAMILIES)) for curve in curves]
    every = [retention.compare(since, curve) for curve in curves]
    best, tied = (sum(found.tied == ("wickelgren",) for found in alone),
                  sum("wickelgren" in found.tied and len(found.tied) > 1 for found in alone))
    rival = sum("exponential + asymptote" in found.tied for found in every)
    return (f"without asymptotes best alone in {best} and tied in {tied} of {len(curves)} seeds; with them, an exponential "
            f"above one is best or tied in {rival}")


PAPER = "orhan2023"
CLAIMS = (
    Claim(
        "forgetting/recognition-before-recall",
        "Recognition comes long before recall: exposures until nine tenths of the tokens are recalled, over those until "
        "nine tenths of pairs are recognised (independent foils).",
        Published("3 (near-perfect recall after 3 exposures, recognition after 1, even for hard foils)", PAPER, "abstract"),
        "ratio",
        laptop((3, None), settings.STUDY), before_recall, untrained, headline=True, seconds=13, beside=needed_told),
    Claim(
        "forgetting/exposures-to-recognise",
        "One exposure is enough to recognise: exposures until a studied sequence is told from an unstudied one in nine "
        "tenths of all pairs (independent foils).",
        Published("1, even for hard foils", PAPER, "abstract"), "exposures",
        laptop((None, 1), settings.STUDY), lambda runs: needed(recognised(runs), "recognition"), untrained, seconds=13),
    Claim(
        "forgetting/exposures-to-recall",
        "Three exposures are enough to recall: exposures until nine tenths of the second half are recalled from the first "
        "(64 stands for more than 32).",
        Published("3 for most models", PAPER, "abstract"), "exposures",
        laptop((None, 3), settings.STUDY), lambda runs: needed(runs, "recall"), untrained, seconds=13),
    Claim(
        "forgetting/steep-then-slow",
        "Recall collapses at first, then declines slowly: half of it is lost over the first 10 steps of reading on, and a "
        "tenth is left after 100.",
        Published("a collapse over the first 10 of 100,000 steps, then a slow decline; no figure, bounds set here before "
                  "measuring", PAPER, "abstract"), "margin",
        laptop((0, None), settings.STUDY), collapse, untrained, headline=True, seconds=13, beside=collapse_told),
    Claim(
        "forgetting/recognition-outlasts-recall",
        "Recognition outlasts recall: steps until half of it is lost, over those until half of recall is.",
        Published("recognition is far more robust; no figure, bound set here before measuring", PAPER, "abstract"), "ratio",
        laptop((10, None), settings.STUDY), outlasts, untrained, headline=True, seconds=13, beside=kept_told),
    Claim(
        "forgetting/structure-helps",
        "Sequences with structure are both recognised and recalled better than random strings (mean over 1 to 32 "
        "exposures, the smaller advantage).",
        Published("real sentences generally better than stimuli without structure; no figure", PAPER, "abstract"), "margin",
        laptop((0, None), settings.FRESH_STRINGS), structure, untrained, seconds=16, beside=structure_told),
    Claim(
        "forgetting/retention-form",
        "What studying saved fades by Wickelgren's law m (1 + h t)^-b rather than by an exponential, power, logarithm or "
        "hyperbola, with or without an asymptote (AICc less that of the best other; beyond 2 is no tie).",
        Published("recognition by people follows m (1 + h t)^-b; no figure for the comparison, a tie is 2 units of AICc",
                  "wickelgren1974", "as later authors give it (secondary)"), "AICc",
        laptop((None, -retention.TIE), settings.MANY), form, untrained, seconds=50, beside=form_told),
    Claim(
        "forgetting/permastore",
        "Some items are never forgotten: of those recalled near-perfectly after studying, the share that still is after "
        "2000 steps of reading on.",
        Published("some items near-perfect after 100,000 steps; no figure, bound of 1 in 100 set here before measuring",
                  PAPER, "abstract"), "1",
        laptop((0.01, None), settings.TWICE), survivors, untrained, count=True, seconds=25, beside=survivors_told),
)
