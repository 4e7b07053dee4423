"""Claims about facts injected into ongoing training. Criteria are written before measuring.

Curves are means over the people of a group; effectivity, retainability and decay constant are defined as in the paper
(`mini.measures.acquisition`). Training also changes what the model says about people whom it was never told about, and a
maximum over several records exceeds the first of them by chance alone. Effectivity, gains, losses between injections and what
is left at the end are therefore counted beyond those of these people, the group `never`; retainability and the decay constant
are the paper's own, of a group's curve alone.
"""

import numpy as np
import xarray as xr

from mini.claims import Claim, Published, laptop, smallest
from mini.measures import acquisition, retention
from mini.plan import Plan
from mini.studies.forgetting import facts_settings as settings

TOLD = ("duplicate", "paraphrase")
ASKED = ("memorisation", "semantic")
GONE = 1.0  # the decay constant of what is gone within ten steps; stands for what is gone before a line can be fitted


def untrained(plan: Plan) -> Plan:
    """The sabotage: no training, and only two injections."""
    spoiled = plan.replace(learning_rate=0.0, last=2, late=0, exposures=2, interval=1.0, expansion=1.0, ticks=8, every=1)
    return spoiled.replace(stream=1024, width=8, layers=1, heads=2, background=32)


def ticks(runs) -> np.ndarray:
    return runs.injection.isel(seed=0).dropna("exposure").values


def curve(runs, group: str, probe: str) -> np.ndarray:
    """Log-probability of a group's facts, (seed, step)."""
    return runs.log_prob.sel(group=group, probe=probe).mean("person").transpose("seed", "step").values


def steps(runs, group: str, probe: str) -> acquisition.Steps:
    return acquisition.steps(runs.step, curve(runs, group, probe), ticks(runs))


def retainability(runs, group: str, probe: str) -> tuple[np.ndarray, np.ndarray]:
    """Delay and share left, each (seed, step)."""
    return acquisition.retainability(runs.step, curve(runs, group, probe), ticks(runs))


def decays(runs, group: str, probe: str, what: str = "constant") -> np.ndarray:
    """One property of the line fitted to each seed."""
    return np.array([getattr(acquisition.decay(*seed), what) for seed in zip(*retainability(runs, group, probe))])


def mean(runs, of, groups=TOLD, probes=ASKED) -> np.ndarray:
    """One number per seed, averaged over groups and probes."""
    return np.mean([of(runs, group, probe) for group in groups for probe in probes], 0)


def beyond_never(runs, group: str, probe: str, what) -> np.ndarray:
    """A property of each seed's steps, averaged over injections, less the same for the group `never`."""
    told, never = (what(steps(runs, g, probe)) for g in (group, "never"))
    return told.mean(-1) - never.mean(-1)


def effectivity(runs, group: str, probe: str) -> np.ndarray:
    return beyond_never(runs, group, probe, lambda found: found.effectivity)


def lost_between(runs, group: str, probe: str) -> np.ndarray:
    return beyond_never(runs, group, probe, lambda found: found.lost)


def gain(runs, group: str, probe: str) -> np.ndarray:
    """The gain from before the first injection to the local maximum after the last."""
    return beyond_never(runs, group, probe, lambda found: found.peak[..., -1:] - found.before[..., :1])


def above_never(runs, group: str, probe: str) -> np.ndarray:
    """Log-probability at the end, above that of the group `never`."""
    return (curve(runs, group, probe) - curve(runs, "never", probe))[:, -1]


def of_seeds(runs, *numbers) -> xr.DataArray:
    """For each seed, the smallest of several numbers."""
    return smallest(*(xr.DataArray(x, {"seed": runs.seed.values}, "seed") for x in numbers))


def order(runs) -> list[np.ndarray]:
    """Effectivity of each probe, averaged over duplicates and paraphrases."""
    return [mean(runs, effectivity, probes=(probe,)) for probe in (*ASKED, "compositional")]


def saw_tooth(runs) -> xr.DataArray:
    """Jumps, and the losses between them, above a tenth of a nat; the jumps of the probes in the paper's order."""
    first, second, third = order(runs)
    return of_seeds(runs, mean(runs, effectivity) - 0.1, mean(runs, lost_between) - 0.1, first - second, second - third)


def gap(runs, group: str) -> np.ndarray:
    """Memorisation less semantic probe, at their last local maxima."""
    one, other = (steps(runs, group, probe).peak[..., -1] for probe in ASKED)
    return one - other


def gap_closed(runs) -> np.ndarray:
    return gap(runs, "duplicate") - gap(runs, "paraphrase")


def fade(runs) -> np.ndarray:
    return mean(runs, decays, TOLD[:1]) - mean(runs, decays, TOLD[1:])


def by_batch(runs) -> list:
    return [runs.sel(late_batch=size) for size in (settings.SMALL_BATCH, settings.LARGE_BATCH)]


def batch_effect(runs) -> xr.DataArray:
    """Effectivity of the small batch less that of the large one; decay constant likewise."""
    small, large = by_batch(runs)
    gained, faded = (mean(small, of, TOLD[:1]) - mean(large, of, TOLD[:1]) for of in (effectivity, decays))
    return of_seeds(runs, gained - 0.05, faded)


def straightness(runs) -> xr.DataArray:
    """The smallest R2 of the lines fitted to memorisation and semantic probes, duplicates and paraphrases."""
    return of_seeds(runs, *(np.nan_to_num(decays(runs, g, p, "r2")) for g in TOLD for p in ASKED))


def compositional(runs) -> xr.DataArray:
    """Acquired at all, but less than the semantic probe, and lost more slowly."""
    _, semantic, composed = order(runs)
    gained = mean(runs, gain, probes=("compositional",)) - acquisition.FLOOR
    slow = mean(runs, decays, probes=("semantic",)) - average_of(composed_decays(runs))
    return of_seeds(runs, gained, semantic - composed, np.where(np.isnan(slow) & (gained < 0), np.inf, slow))


def composed_decays(runs) -> np.ndarray:
    """Decay constants of the compositional probe (group, seed): `GONE` where all was gone before a line could be fitted, NaN
    where nothing was acquired that could be lost."""
    found = np.array([decays(runs, group, "compositional") for group in TOLD])
    acquired = np.array([np.isfinite(retainability(runs, group, "compositional")[1]).any(-1) for group in TOLD])
    return np.where(np.isnan(found) & acquired, GONE, found)


def average_of(numbers: np.ndarray) -> np.ndarray:
    """The mean over the first axis, passing over NaN; NaN where there is nothing else."""
    return xr.DataArray(numbers).mean("dim_0", skipna=True).values  # `np.nanmean` warns where there is nothing


def spacing(massed, spaced, expanding) -> xr.DataArray:
    """What is left at the end after spaced and expanding reviews, less what is left after massed ones."""
    least, *others = (mean(runs, above_never) for runs in (massed, spaced, expanding))
    return of_seeds(massed, *(other - least for other in others))


# What the published figures report, as measured here; shown beside a margin.


def several(values, pattern: str = "{:.2f}") -> str:
    return " / ".join(pattern.format(float(np.mean(v))) for v in values)


def saw_tooth_told(runs) -> str:
    return (f"effectivity {several(order(runs))} nats (memorisation / semantic / compositional), "
            f"{float(mean(runs, lost_between).mean()):.2f} lost again before the "
            "next injection; both beyond those of people never mentioned")


def gap_told(runs) -> str:
    return f"gap {several([gap(runs, g) for g in TOLD])} nats (duplicate / paraphrase)"


def fade_told(runs) -> str:
    ends = [np.mean([retainability(runs, g, p)[1][:, -1] for p in ASKED]) for g in TOLD]
    return (f"decay constant {several([mean(runs, decays, (g,)) for g in TOLD])}, left at the end {several(ends)} "
            "(duplicate / paraphrase)")


def batch_told(runs) -> str:
    both = by_batch(runs)
    return (f"effectivity {several([mean(r, effectivity, TOLD[:1]) for r in both])} nats, decay constant "
            f"{several([mean(r, decays, TOLD[:1]) for r in both])} "
            f"(batch of {settings.SMALL_BATCH} / {settings.LARGE_BATCH})")


def average(runs, group: str, probe: str, points: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Log-spaced delays, and the mean over seeds of what is left at each, interpolated between records."""
    seeds = [(d[np.isfinite(d)], r[np.isfinite(d)]) for d, r in zip(*retainability(runs, group, probe))]
    delay = np.geomspace(1, max(min((d.max() for d, _ in seeds if d.size), default=1), 2), points)
    left = [np.interp(np.log1p(delay), np.log1p(d), r) if d.size else np.full(points, np.nan) for d, r in seeds]
    return delay, np.mean(left, 0)


def forms_told(runs) -> str:
    """Which families win by AICc on the mean over seeds, and the delay at which nothing is left according to the line."""
    found = [f"{g} {p}: {retention.compare(*average(runs, g, p))}" for g in TOLD for p in ASKED]
    threshold = [acquisition.learnability(*retainability(runs, g, "memorisation")) for g in TOLD]
    longest = np.nanmax(retainability(runs, TOLD[0], ASKED[0])[0]) if np.isfinite(threshold).any() else 0
    return (f"learnability threshold of memorisation {several(threshold, '{:.2g}')} steps (duplicate / paraphrase; "
            f"extrapolated from {longest:.0f}); by AICc " + "; ".join(found))


def compositional_told(runs) -> str:
    peaks = [np.mean([steps(runs, g, p).peak[..., -1].mean() for g in TOLD]) for p in (*ASKED, "compositional")]
    composed = composed_decays(runs)
    constants = mean(runs, decays, probes=("semantic",)), average_of(composed.ravel())
    return (f"log-probability at best {several(peaks)} nats (memorisation / semantic / compositional), chance "
            f"{float(runs.chance.mean()):.2f}; effectivity beyond people never mentioned {several(order(runs)[1:])}, decay "
            f"constant {several(constants)} (semantic / compositional; of {composed.size} of the latter "
            f"{np.sum(composed == GONE)} gone too soon for a line, {np.isnan(composed).sum()} never acquired)")


def spacing_told(massed, spaced, expanding) -> str:
    left = [mean(runs, above_never) for runs in (massed, spaced, expanding)]
    return f"{several(left)} nats above people never mentioned (massed / spaced / expanding)"


PAPER = "chang2024"
CLAIMS = (
    Claim(
        "facts/steps-of-acquisition",
        "Facts are acquired in steps: each injection raises their log-probability, part of it is lost before the next, and "
        "the jumps are in the order memorisation, semantic, compositional (smallest of the four margins; jump and loss "
        "0.1 nat beyond those of people never mentioned).",
        Published("a saw-tooth, with jumps in that order; no figure, bounds set here before measuring", PAPER,
                  "section 4.1, Fig. 2"), "margin, nat",
        laptop((0, None), settings.MORE), saw_tooth, untrained, seconds=90, beside=saw_tooth_told),
    Claim(
        "facts/duplication-gap",
        "Paraphrasing narrows the gap between memorisation and semantic probes: gap at the last injection under "
        "duplication, less the gap under paraphrase.",
        Published("the gap almost disappears; no figure, bound set here before measuring", PAPER, "section 4.1, Fig. 2"), "nat",
        laptop((0.4, None), settings.SPACED), gap_closed, untrained, headline=True, seconds=30, beside=gap_told),
    Claim(
        "facts/duplicates-fade-faster",
        "What was told in the same words fades faster than what was paraphrased: decay constant (share lost with every "
        "tenfold of time), duplicate less paraphrase.",
        Published("duplication tends to be forgotten faster; the constants were not at hand", PAPER,
                  "abstract; section 4.3, Table 2"),
        "share a decade", laptop((0, None), settings.MORE), fade, untrained, seconds=90, beside=fade_told),
    Claim(
        "facts/batch-size",
        "A smaller batch raises effectivity and makes facts fade faster: effectivity and decay constant, a batch of 8 less "
        "one of 32 (the smaller margin; effectivity less that of people never mentioned, and beyond 0.05 nat).",
        Published("128 against 2048: effectivity is higher, and the decay constant tends to be; no figure at hand, bounds set "
                  "here before measuring", PAPER, "section 4.3, Fig. 5 and Table 10"), "margin",
        laptop((0, None), settings.BATCHES), batch_effect, untrained, seconds=50, beside=batch_told),
    Claim(
        "facts/decay-form",
        "Retainability is a straight line in the logarithm of time (the paper's \"power law\"): R2, the smallest of "
        "memorisation and semantic probes, duplicates and paraphrases (0 where there is no line to fit).",
        Published("R2 > 0.80 (memorisation and semantic; > 0.65 compositional)", PAPER, "section 4.3, Fig. 4"), "1",
        laptop((0.8, None), settings.MORE), straightness, untrained, seconds=90, beside=forms_told),
    Claim(
        "facts/compositional",
        "The compositional probe (name, employer, town) is acquired, less than the semantic one, and decays more slowly "
        "(smallest of the three margins; acquired 0.1 nat beyond people never mentioned; a constant of 1 stands for what is "
        "gone before a line can be fitted to it).",
        Published("least improvement, slowest decay; no figure at hand", PAPER, "sections 4.1 and 4.3, Table 2"), "margin",
        laptop((0, None), settings.MORE), compositional, untrained, seconds=90, beside=compositional_told),
    Claim(
        "facts/spacing",
        "Spaced and expanding reviews leave more than massed ones, long after as many exposures that end on the same step: "
        "log-probability above people never mentioned, the lesser of both less massed.",
        Published("13 sessions at 56 days about equal 26 at 14 days; no figure for language models, bound set here before "
                  "measuring", "bahrick1993", "abstract"), "nat",
        laptop((0.1, None), settings.MASSED, settings.SPACED, settings.EXPANDING), spacing, untrained, seconds=80,
        beside=spacing_told),
)
