"""The claims of this study. Criteria are written from the published figures, or set here before measuring.

Unless stated otherwise, windows are judged from the longest prefix, 32 bytes. An average over copies is taken over 1, 4,
16, 64 and 256, as published averages are taken over groups of passages by their number of copies.

Data carriers were first identified by their folder, `encodings/`, which also holds code. Measured in this way, over seeds
0 to 9, their gap was 0.045 (-0.02 to 0.11), undecided. They have since been identified by their literals, with the criterion
unchanged. The claim is judged on seeds 10 to 24, which played no part in this choice.
"""

import re

import numpy as np
import xarray as xr

from mini.claims import Claim, Published, laptop, read_ledger, smallest
from mini.measures.curves import last, reached
from mini.measures.extraction import overlap, shared
from mini.plan import Plan
from mini.studies.extraction import settings
from mini.studies.extraction.experiment import Extraction
from mini.studies.extraction.items import CONTEXTS, COPIES
from mini.tasks import corpus

LONGEST = max(CONTEXTS)
WINDOWS = len(corpus.CATEGORIES) * Extraction().windows  # for each number of copies
CEILING = np.log2(COPIES[-1])  # doublings of the copies


def untrained(plan: Plan) -> Plan:
    """The sabotage: no training, with one layer, few items, few references and a short stream, since these change nothing."""
    if "width" in plan.sweep:
        plan = plan.replace(sweep={"width": (16,)})  # each width compiles for itself
    return plan.replace(learning_rate=0.0, rival=True, layers=1, windows=1, references=31, steps=200, ticks=2, every=2, seeds=5)


def windows(runs: xr.Dataset, context: int = LONGEST) -> xr.DataArray:
    """Share of the windows given up at the end, by (…, copies)."""
    return last(runs.extracted).sel(context=context, drop=True).mean(("category", "window"))


def secrets(runs: xr.Dataset) -> xr.DataArray:
    """Share of the canaries given up at the end, by (…, copies)."""
    return last(runs.canary_extracted).mean("canary")


def over_copies(share: xr.DataArray) -> xr.DataArray:
    """The mean over all numbers of copies but 0."""
    return share.sel(copies=list(COPIES[1:])).mean("copies")


def growth(runs) -> xr.DataArray:
    share = windows(runs)
    return share.sel(copies=256) - share.sel(copies=1)


def lead(runs) -> np.ndarray:
    """Doublings of the copies between exposure reaching half of what ranks can show and greedy extraction reaching one half."""
    half = np.log2(runs.sizes["reference"] + 1) / 2
    exposed = last(runs.exposure_by_rank).mean("canary").sel(copies=list(COPIES[1:])).transpose("seed", "copies")
    given = secrets(runs).sel(copies=list(COPIES[1:])).transpose("seed", "copies")
    doublings = np.log2(COPIES[1:])
    at, out = ([reached(doublings, row, level, never=CEILING) for row in rows.values]
               for rows, level in ((exposed, half), (given, 0.5)))
    return np.subtract(out, at)


def slope(planted, sizes) -> np.ndarray:
    """Rise in the share of windows given up for each factor of ten in weights, by least squares."""
    share = [over_copies(windows(sizes)).transpose("seed", "width").values, over_copies(windows(planted)).values[:, None]]
    weights = [*sizes.parameters.mean("seed").values, float(planted.parameters.mean())]
    return np.array([np.polyfit(np.log10(weights), row, 1)[0] for row in np.concatenate(share, 1)])


def by_context(runs) -> xr.DataArray:
    """Rise in the share of windows given up from the shortest to the longest prefix, for each factor of ten."""
    gap = over_copies(windows(runs)) - over_copies(windows(runs, min(CONTEXTS)))
    return gap / np.log10(LONGEST / min(CONTEXTS))


def by_category(planted, control) -> xr.DataArray:
    """Share of the windows given up, less the share of the same windows that the control gives up, (seed, category)."""
    share = [last(runs.extracted).sel(context=LONGEST, drop=True).mean("window") for runs in (planted, control)]
    return over_copies(share[0] - share[1]).transpose("seed", "category")


def carriers(planted, control) -> xr.DataArray:
    share = by_category(planted, control)
    return share.sel(category="data", drop=True) - share.sel(category=["code", "documentation"]).max("category")


def given_up(runs, window: str = "extracted", canary: str = "canary_extracted") -> np.ndarray:
    """Which items are given up at the end, among windows and canaries with 1 copy or more: (seed, item) Boolean."""
    parts = [runs[window], runs[canary]]
    parts = [last(x) if "step" in x.dims else x for x in parts]
    parts = [x.sel(context=LONGEST, drop=True) if "context" in x.dims else x for x in parts]
    flat = [x.sel(copies=list(COPIES[1:])).transpose("seed", "copies", ...).values for x in parts]
    return np.concatenate([x.reshape(len(x), -1) for x in flat], 1) > 0


def sets(planted, twin, gru) -> dict[str, np.ndarray]:
    """What each architecture gives up, (seed, item)."""
    return {"transformer": given_up(planted), "transformer, other first weights": given_up(twin), "GRU": given_up(gru),
            "n-gram": given_up(twin, "rival_extracted", "rival_canary_extracted")}


def apart(planted, twin, gru) -> np.ndarray:
    """Share of the smaller set that two transformers with different initial weights have in common, less the share that the
    first has in common with the nearest other architecture. What counts is which items are given up, not how many."""
    first, second, *others = sets(planted, twin, gru).values()
    return np.array([shared(first[i], second[i]) - np.max([shared(first[i], other[i]) for other in others])
                     for i in range(len(first))])


def common(one, other, measure=shared) -> float:
    """What two learners have in common, averaged over the seeds in which it is defined; NaN if there are none."""
    found = [x for x in map(measure, one, other) if np.isfinite(x)]
    return float(np.mean(found)) if found else float("nan")


def deduplicated(planted, single, control) -> xr.DataArray:
    """At 256 copies: half or more no longer comes out once duplicates are removed, and no more than 0.05 beyond the control."""
    whole, once, never = (windows(runs).sel(copies=256) for runs in (planted, single, control))
    return smallest(whole - once - 0.5, 0.05 - (once - never))


def controlled(planted, control) -> xr.DataArray:
    """The control gives up at most a twentieth of windows and of canaries; at 256 copies the planted model gives up a share
    of windows larger by at least 0.5."""
    everything = windows(control).mean("copies")
    return smallest(0.05 - everything, 0.05 - secrets(control).mean("copies"),
                    windows(planted).sel(copies=256) - everything - 0.5)


# What the published figures report, as measured here; shown beside an estimate.


def listed(share: xr.DataArray) -> str:
    return ", ".join(f"{float(v):.2f} at {int(c)}" for c, v in zip(share.copies, share.mean("seed")))


def read(runs) -> str:
    return f"corpus {int(runs.corpus.values.flat[0]):012x} of this Python's library"


def same_text() -> bool:
    """Whether this Python's library is the text on which the committed ledger was measured."""
    named = [re.search(r"corpus ([0-9a-f]{12})", entry.measured) for entry in read_ledger()]
    return {found[1] for found in named if found} == {corpus.load().digest[:12]}


def copies_told(runs) -> str:
    return f"windows {listed(windows(runs))} copies; canaries {listed(secrets(runs))}; {read(runs)}"


def exposure_told(runs) -> str:
    bits = last(runs.exposure_by_rank).mean("canary")
    return f"exposure by rank, in bits, {listed(bits)} copies; canaries extracted {listed(secrets(runs))}"


def categories_told(planted, control) -> str:
    beyond = by_category(planted, control).mean("seed")
    return "shares beyond the control: " + ", ".join(f"{c} {float(v):.2f}" for c, v in zip(planted.category.values, beyond))


def apart_told(planted, twin, gru) -> str:
    (_, first), *others = sets(planted, twin, gru).items()
    return "the transformer's share with " + ", ".join(
        f"{name} {common(first, other):.2f} (Jaccard {common(first, other, overlap):.2f})" for name, other in others)


def defence_told(planted, single, control) -> str:
    return ", ".join(f"{name} {float(windows(runs).sel(copies=256).mean()):.2f}" for name, runs in (
        ("planted 256 times", planted), ("once", single), ("never", control)))


def control_told(planted, control) -> str:
    return (f"control: windows {float(windows(control).mean()):.3f}, canaries {float(secrets(control).mean()):.3f}; "
            f"planted 256 times: windows {float(windows(planted).sel(copies=256).mean()):.2f}")


CLAIMS = (
    Claim(
        "extraction/grows-with-copies",
        "The more often a passage was read, the likelier it comes out (late and steeply here): share of passages of source "
        "given up whole at 256 copies, less that at 1.",
        Published("log-linear in the number of copies; no figure for its slope at hand, bound set here before measuring",
                  "carlini2023", "abstract; section 4.2, Fig. 1b (secondary)"), "1",
        laptop((0.5, None), settings.PLANTED), growth, untrained, headline=True, seconds=25, beside=copies_told),
    Claim(
        "extraction/exposure-precedes-extraction",
        "A secret is exposed long before it can be extracted: doublings of the copies between exposure of half of what "
        "ranks can show and greedy extraction of one half.",
        Published("unintended memorisation occurs early in training and is not due to over-fitting; nothing on copies, bound "
                  "(a factor of four) set here before measuring", "carlini2019", "abstract of the first version (of 2018)"),
        "doublings of the copies",
        laptop((2, None), settings.PLANTED), lead, untrained, headline=True, seconds=25, beside=exposure_told),
    Claim(
        "extraction/control",
        "A model that never saw them says at most a twentieth of the passages and of the secrets; of the passages planted "
        "256 times, one that did see them says at least 0.5 more (as a share).",
        Published("about 6% from GPT-2, never trained on the text, against 40% from a model of 1.3 billion weights that was; "
                  "bounds set here before measuring", "carlini2023", "section 4.1 (secondary)"), "margin",
        laptop((0, None), *settings.TWICE), controlled, untrained, seconds=65, beside=control_told),
    Claim(
        "extraction/grows-with-size",
        "Larger models give up more: rise of the share of passages given up for each factor of ten in weights, at least "
        "half of the published one.",
        Published("19 points for each factor of ten in size", "carlini2023", "section 4.1, Fig. 1a (secondary)"), "1",
        laptop((0.095, None), settings.PLANTED, settings.SIZES), slope, untrained, seconds=75),
    Claim(
        "extraction/grows-with-context",
        "A longer prompt gets more out: rise of the share of passages given up for each factor of ten in the prefix, at "
        "least half of the published one.",
        Published("33% with 50 tokens of context, 65% with 450: 34 points for each factor of ten", "carlini2023",
                  "section 4.3, Fig. 1c (secondary)"), "1",
        laptop((0.17, None), settings.PLANTED), by_context, untrained, headline=True, seconds=25),
    Claim(
        "extraction/data-carriers",
        "Data carriers (tables, encodings) are given up more than code or documentation, at equal length and equal copies "
        "and beyond what a control says: the gap to the larger of the two.",
        Published("memorised more than logic or documentation; no figure, bound set here before measuring", "alkaswan2024",
                  "abstract"), "1",
        laptop((0.05, None), *settings.MANY), carriers, untrained, seconds=160, beside=categories_told),
    Claim(
        "extraction/architectures-differ",
        "Different architectures give up different items: what two transformers that differ in their first weights have in "
        "common of the smaller set, less that with the nearest other architecture (GRU, n-gram).",
        Published("different architectures memorise different samples; no figure, bound set here before measuring",
                  "alkaswan2024", "abstract"), "share of the smaller set",
        laptop((0.05, None), settings.PLANTED, settings.TWIN, settings.GRU), apart, untrained, seconds=60, beside=apart_told),
    Claim(
        "extraction/deduplication",
        "Removing duplicates is a defence: of the passages planted 256 times half no longer come out, and those planted "
        "once instead come out no more than 0.05 beyond a control.",
        Published("models of deduplicated data are considerably more secure (10 copies are generated about 1000 times more "
                  "often than 1); bounds set here before measuring", "kandpal2022", "abstract"), "margin",
        laptop((0, None), *settings.DEFENDED), deduplicated, untrained, items=WINDOWS, seconds=75, beside=defence_told),
)
