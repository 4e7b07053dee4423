"""What comes out: by copies, over training, by size, prompt, number of samples, and kind of text."""

from itertools import pairwise

import numpy as np

from mini.measures.curves import last
from mini.measures.extraction import discoverable, skew_normal
from mini.plotting import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION, Figure, band, laptop, log_ticks, spread
from mini.studies.extraction import settings
from mini.studies.extraction.claims import LONGEST, over_copies, secrets, windows
from mini.studies.extraction.figures.shared import by_copies
from mini.studies.extraction.items import COPIES, NATURAL

BINS = (f"{NATURAL[0]}", *(f"{low}–{above - 1}" for low, above in pairwise(NATURAL[1:])), f"{NATURAL[-1]}+")  # occurrences
CATEGORY_LOOK = {"code": (BLUE, "-", "o"), "documentation": (GREEN, "-.", "s"), "data": (VERMILION, "--", "^")}


def copies(canvas, planted, control) -> str:
    left, right = canvas.subplots(1, 2)
    said = [by_copies(left, secrets(planted), "secrets", color=VERMILION, marker="o"),
            by_copies(left, windows(planted), "passages of source", color=BLUE, linestyle="--", marker="s"),
            by_copies(left, windows(control), "passages, control", color=BLACK, linestyle=":", marker="x")]
    left.set(title="Given up whole, greedily", ylabel="share", ylim=(-0.03, 1.05))
    left.legend(loc="upper left", fontsize=9)
    end = last(planted)
    skewed = end.exposure.copy(data=skew_normal(end.canary_log_prob, end.reference_log_prob))
    bits = [by_copies(right, end.exposure_by_rank.median("canary"), "by rank", color=VERMILION, marker="o"),
            by_copies(right, end.exposure.median("canary"), "by a Gaussian", color=GREEN, linestyle="--", marker="^"),
            by_copies(right, skewed.median("canary"), "by a skew normal", color=PURPLE, linestyle="-.", marker="v"),
            by_copies(right, last(control.exposure_by_rank).median("canary"), "control, by rank", color=BLACK, linestyle=":",
                      marker="x")]
    ceiling = np.log2(planted.sizes["reference"] + 1)
    right.axhspan(ceiling, 100, color=ORANGE, alpha=0.1, lw=0)
    right.axhline(64, color=BLACK, lw=1, linestyle=(0, (1, 2)))
    right.text(0, 66, "a secret has no more than 64 bits", fontsize=8)
    right.text(0, 80, f"shaded: extrapolated ({planted.sizes['reference']} references show {ceiling:.0f} bits at most)",
               fontsize=8)
    right.set(title="Exposure of the secrets (median)", ylabel="bits", ylim=(0, 85))
    right.legend(loc="center left", fontsize=8, bbox_to_anchor=(0, 0.45))
    return (f"With {', '.join(map(str, COPIES))} copies, mean and range over seeds. Share given up: " + "; ".join(said)
            + ". Median exposure in bits: " + "; ".join(bits) + ".")


def training(canvas, planted) -> str:
    left, right = canvas.subplots(1, 2)
    said = []
    for number, colour, mark in ((4, SKY, "v"), (16, GREEN, "s"), (64, ORANGE, "^"), (256, VERMILION, "o")):
        exposed, given = (planted[name].sel(copies=number, drop=True).mean("canary")
                          for name in ("exposure_by_rank", "canary_extracted"))
        for axes, curve in ((left, exposed), (right, given)):
            band(axes, curve, f"{number} copies in all", color=colour, marker=mark, linestyle="-")
        said.append(f"{number} copies: exposure {', '.join(f'{float(v):.1f}' for v in exposed.mean('seed'))} bits, extracted "
                    f"{', '.join(f'{float(v):.2f}' for v in given.mean('seed'))}")
    left.axhline(np.log2(planted.sizes["reference"] + 1), color=BLACK, linestyle=":", lw=1)
    left.set(title="Exposure by rank", xlabel="step", ylabel="bits", ylim=(0, 6.4))
    right.set(title="Secrets given up whole", xlabel="step", ylabel="share", ylim=(-0.03, 1.05))
    right.legend(loc="upper left", fontsize=9)
    return (f"At steps {', '.join(str(int(t)) for t in planted.step)} in turn: " + "; ".join(said)
            + ". The dotted line is the most that ranks can show.")


def size_and_context(canvas, planted, sizes) -> str:
    left, middle, right = canvas.subplots(1, 3)
    rows = [(float(s.parameters.mean()), over_copies(windows(s))) for s in
            (sizes.sel(width=settings.WIDTHS[0]), planted, sizes.sel(width=settings.WIDTHS[1]))]
    spread(left, [w for w, _ in rows], np.transpose([s for _, s in rows]), color=BLUE, marker="o")
    left.set(title="By size", xlabel="weights", ylabel="share given up, mean over copies", xscale="log")
    log_ticks(left.xaxis, [w for w, _ in rows], [f"{w / 1000:.0f}k" for w, _ in rows])
    contexts = planted.context.values
    shares = [over_copies(windows(planted, k)) for k in contexts]
    spread(middle, contexts, np.transpose(shares), color=BLUE, marker="o")
    middle.set(title="By length of the prompt", xlabel="bytes", xscale="log")
    log_ticks(middle.xaxis, contexts)
    for axes in (left, middle):
        axes.set_ylim(0, None)
    tries = np.logspace(0, 6, 61)
    needed = discoverable(last(planted.log_prob).sel(context=LONGEST, drop=True).transpose("copies", ...))
    said = []
    for c, colour, style in ((0, BLACK, ":"), (4, SKY, "-"), (16, GREEN, "-."), (64, ORANGE, "--"), (256, VERMILION, "-")):
        share = (needed[COPIES.index(c)].ravel()[:, None] <= tries).mean(0)
        right.plot(tries, share, color=colour, linestyle=style, label=f"{c} copies")
        said.append(f"{c} copies {share[0]:.2f} in one sample, {share[-1]:.2f} in a million")
    right.set(title="By number of samples", xlabel="samples (to find it with chance 1/2)", xscale="log", ylim=(-0.03, 1.05))
    right.set_xticks([1, 100, 10**4, 10**6], ["1", "100", "10 thousand", "a million"])
    right.legend(fontsize=8, loc="center right", bbox_to_anchor=(1, 0.6))
    return ("Share of the passages given up, mean over copies: by number of weights, "
            + ", ".join(f"{float(s.mean()):.2f} at {w:.0f}" for w, s in rows) + "; by bytes of prompt, "
            + ", ".join(f"{float(s.mean()):.2f} at {k}" for k, s in zip(contexts, shares))
            + ". Share that comes out by sampling: " + "; ".join(said) + ".")


def categories(canvas, planted, control) -> str:
    left, middle, right = canvas.subplots(1, 3)
    said = []
    for name, (colour, style, mark) in CATEGORY_LOOK.items():
        look = {"color": colour, "linestyle": style, "marker": mark}
        for axes, measured in ((left, "extracted"), (middle, "score")):
            share = last(planted[measured]).sel(context=LONGEST, category=name, drop=True).mean("window")
            words = by_copies(axes, share, name, **look)
            if measured == "extracted":
                said.append(words)
    never = last(control.extracted).sel(context=LONGEST, drop=True).mean(("window", "copies", "seed"))
    left.set(title="Given up whole", ylabel="share", ylim=(-0.03, 1.05))
    middle.set(title="Bytes right (memorisation score)", ylim=(-0.03, 1.05))
    left.legend(loc="upper left", fontsize=9)
    natural = last(planted.natural_score)
    place = np.arange(natural.sizes["occurrences"])
    spread(right, place, natural.transpose("seed", "occurrences"), color=BLUE, marker="o")
    right.set_xticks(place, BINS)
    right.set(title="Natural duplicates, bytes right", xlabel="how often a line occurs in the library", ylim=(-0.03, 1.05))
    return (f"Share given up with {', '.join(map(str, COPIES))} copies: " + "; ".join(said) + "; by the control: "
            + ", ".join(f"{c} {float(v):.2f}" for c, v in zip(control.category.values, never))
            + ". Share of bytes right in natural lines, by number of occurrences: "
            + ", ".join(f"{n}: {float(v):.2f}" for n, v in zip(BINS, natural.mean("seed"))) + ".")


FIGURES = (
    Figure("extraction/copies", "What comes out, by how often it went in", laptop(settings.PLANTED, settings.CONTROL), copies,
           headline=True, size=(9.5, 3.8)),
    Figure("extraction/training", "Exposed first, extracted later", laptop(settings.PLANTED), training, headline=True,
           size=(9.5, 3.6)),
    Figure("extraction/size-and-context", "Larger models, longer prompts, more samples",
           laptop(settings.PLANTED, settings.SIZES), size_and_context, size=(11, 3.6)),
    Figure("extraction/categories", "Which kind of text is given up", laptop(settings.PLANTED, settings.CONTROL), categories,
           headline=True, size=(12, 3.8)),
)
