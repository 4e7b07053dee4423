"""The figures about recognition, recall and retention."""

from functools import partial

import numpy as np

from mini.measures import retention
from mini.plotting import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION, Figure, laptop, log_ticks, spread
from mini.studies.forgetting import human, settings
from mini.studies.forgetting.claims import memory

EXPOSED = (0, 1, 2, 4, 8, 16, 32)
LOOK = {  # score: name, how it is drawn
    "recognition": ("recognition", {"color": BLUE, "linestyle": "-", "marker": "o"}),
    "near": ("recognition, near foils", {"color": SKY, "linestyle": "--", "marker": "s"}),
    "recall_forced": ("recall, forced", {"color": ORANGE, "linestyle": "-.", "marker": "^"}),
    "recall": ("recall", {"color": VERMILION, "linestyle": "-", "marker": "v"}),
}


line = partial(spread, markersize=3.5)


def in_time(axes, last: float, start: bool = True) -> None:
    """A logarithmic axis of steps that shows 0 as well."""
    axes.set_xscale("symlog", linthresh=1, linscale=0.5)
    ticks = [t for t in (0, 1, 10, 100, 1000) if t <= last]
    log_ticks(axes.xaxis, ticks if start else ticks[1:])
    axes.set(xlim=(-0.1 if start else 0.8, last * 1.15), xlabel="steps of reading on")


def in_exposures(axes, last: float) -> None:
    axes.set_xscale("symlog", base=2, linthresh=1, linscale=0.7)
    log_ticks(axes.xaxis, [e for e in EXPOSED if e <= last])
    axes.set(xlim=(-0.1, last * 1.1), xlabel="times studied")


def dissociation(canvas, runs) -> str:
    left, right = canvas.subplots(1, 2, sharey=True, width_ratios=[1, 1.2])
    runs = memory.with_foils(runs)
    for name, (label, look) in LOOK.items():
        exposed, rows = memory.studying(runs, name)
        line(left, exposed, rows, label, **look)
        since, rows = memory.reading_on(runs, name)
        line(right, since, rows, label, **look)
    floor = float(runs.unstudied_recall.mean())
    for axes in (left, right):
        axes.axhline(0.5, color=BLUE, linestyle=":", lw=1)
        axes.axhline(floor, color=VERMILION, linestyle=":", lw=1)
        axes.axhline(memory.NEAR_PERFECT, color=BLACK, linestyle=(0, (1, 3)), lw=0.8)
    in_exposures(left, exposed[-1])
    in_time(right, since[-1])
    left.set(title="While studying", ylabel="share right", ylim=(0, 1.03))
    right.set(title="While reading on")
    canvas.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    first, then = (memory.needed(runs, name).mean() for name in ("recognition", "recall"))
    lost = {name: np.nanmean(memory.halved(runs, name)) for name in ("recognition", "recall")}
    rest = {name: np.clip(np.nanmean(memory.kept(runs, name)[1], 0), 0, None) for name in lost}
    soon, later = (int(np.abs(since - steps).argmin()) for steps in (memory.COLLAPSE, memory.SLOW))
    return (f"Recognition reaches nine tenths after {first:.1f} exposures, recall after {then:.1f}. Reading on, half of recall "
            f"is lost after {lost['recall']:.0f} steps and half of recognition after {lost['recognition']:.0f}. After "
            f"{int(since[soon])} and {int(since[later])} steps {rest['recall'][soon]:.0%} and {rest['recall'][later]:.0%} of "
            f"recall above its floor are left, and {rest['recognition'][soon]:.0%} and {rest['recognition'][later]:.0%} of "
            f"recognition above chance, at this step length. Dotted: chance for recognition, 0.5, and recall of sequences "
            f"never studied, {floor:.2f}. Mean and range over seeds.")


def items(canvas, runs) -> str:
    """When each item of one seed is lost."""
    axes = canvas.subplots()
    since, scores = memory.reading_on(runs, "item_recall")
    rows = scores.isel(seed=0).values.T  # (item, n)
    lost = np.argmax(rows < memory.NEAR_PERFECT, 1)  # the first record below
    lost[(rows >= memory.NEAR_PERFECT).all(1)] = len(since)
    image = axes.pcolormesh(np.arange(len(since) + 1), np.arange(len(rows) + 1), rows[np.lexsort((rows.sum(1), lost))],
                            vmin=0, vmax=1, cmap="viridis")
    shown = [i for i, t in enumerate(since) if t in (0, 1, 3, 10, 30, 100, 300, 1000, 2000)]
    axes.set_xticks(np.array(shown) + 0.5, [str(int(since[i])) for i in shown])
    axes.set(title="Each row is one sequence", xlabel="steps of reading on (not to scale)",
             ylabel="sequence, soonest lost at the bottom", yticks=[])
    axes.grid(False)
    canvas.colorbar(image, ax=axes, label="share of the second half recalled")
    whole = (rows >= memory.NEAR_PERFECT).sum(0)
    shown = [i for i, t in enumerate(since) if t in (0, 5, 10, 100, since[-1])]
    return (f"Recall of each of {len(rows)} sequences of seed {int(runs.seed[0])}; number recalled near-perfectly: "
            + ", ".join(f"{whole[i]} after {int(since[i])} steps" for i in shown) + ".")


FAMILY_LOOK = {"exponential": (BLUE, "-"), "power": (ORANGE, "--"), "hyperbolic": (GREEN, "-."), "wickelgren": (VERMILION, "-"),
               "logarithmic": (PURPLE, ":")}


def families(canvas, runs) -> str:
    left, right = canvas.subplots(1, 2, width_ratios=[1.3, 1])
    since, saved = memory.gain(runs)  # (seed, item, n)
    mean = saved.mean((0, 1))
    fine = np.r_[0, np.geomspace(0.5, since[-1], 120)]
    found = retention.compare(since, mean)
    sure = retention.bootstrap(since, saved, at=fine, resamples=100)
    for name, (colour, style) in FAMILY_LOOK.items():
        left.plot(fine, retention.curve(name, fine, tuple(found.of(name).parameters.values())), style, color=colour, label=name)
        left.fill_between(fine, *sure.band[name], color=colour, alpha=0.15, lw=0)
    best = found.fits[0]
    if best.model not in FAMILY_LOOK:
        left.plot(fine, retention.curve(best.model, fine, tuple(best.parameters.values())), color=BLACK, lw=1, label=best.model)
    left.plot(since, mean, "o", color=BLACK, ms=4, label="measured")
    in_time(left, since[-1])
    left.set(title="What studying saved", ylabel="nats a token")
    left.legend(fontsize=8)
    order = [f.model for f in found.fits][::-1]
    place = np.arange(len(order))
    right.barh(place, [sure.best[model] for model in order],
               color=[FAMILY_LOOK[model.partition(" + ")[0]][0] for model in order], alpha=0.85)
    right.set_yticks(place, [f"{model} ({found.of(model).aicc - found.fits[0].aicc:.0f})" for model in order], fontsize=8)
    right.set(title="Best, or tied with the best", xlabel="share of resamples of seeds and items", xlim=(0, 1))
    low, high = sure.half_life[found.fits[0].model]
    return (f"What studying saved on each token, {mean[0]:.1f} nats at first, fitted by five families, with bands from "
            f"resampled seeds and items. Best on the mean: {found}; the numbers in brackets are AICc above the best. Half of "
            f"what was saved is lost after {low:.0f} to {high:.0f} steps. Share of resamples in which a model is best or tied: "
            + ", ".join(f"{m} {sure.best[m]:.2f}" for m in order[::-1] if sure.best[m] > 0) + ".")


def beside_people(canvas, runs) -> str:
    """Only the shapes may be compared: what is measured differs, and so does the unit of time."""
    axes = canvas.subplots()
    runs = memory.recognised(runs)
    for name, colour, label in (("recognition", BLUE, "model, recognition"), ("recall", VERMILION, "model, recall")):
        since, left = memory.kept(runs, name)
        line(axes, since[1:], np.clip(left[:, 1:], 0, None), label, color=colour, linestyle="-")
    in_time(axes, since[-1], start=False)
    ends = 0.8, since[-1] * 1.5  # room for people's last mark
    axes.set(ylabel="share kept", xlim=ends, ylim=(0, 1.03))
    above = axes.twiny()
    people = human.curves()
    marks = {"Ebbinghaus": ("o", BLACK), "Dros": ("s", GREEN), "Mack": ("^", ORANGE), "Seitz": ("v", PURPLE)}
    for subject, (mark, colour) in marks.items():
        above.plot(people[subject].minutes, people[subject].value, marker=mark, color=colour, linestyle=":", lw=1, ms=5,
                   label=f"{subject}, savings")
    low = people["Ebbinghaus"].minutes[0] * 0.8
    above.set_xscale("log")
    above.set(xlim=(low, low * ends[1] / ends[0]), xlabel="time since learning, people")
    log_ticks(above.xaxis, [20, 60, 540, 1440, 8640, 44640], ["20 min", "1 h", "9 h", "1 d", "6 d", "31 d"])
    above.grid(False)
    handles = [h + l for h, l in zip(axes.get_legend_handles_labels(), above.get_legend_handles_labels())]
    canvas.legend(*handles, loc="outside right center", fontsize=8)
    axes.text(0.22, 0.74, "Bahrick 1984: Spanish learned at\nschool is unchanged from year 6\nto 30 (level not given)",
              transform=axes.transAxes, fontsize=8)
    told = {s: "{:.2f} and {:.2f}".format(*people[s].value[[0, -1]]) for s in ("Ebbinghaus", "Dros")}
    recall, recognition = (np.nanmean(memory.kept(runs, name)[1], 0) for name in ("recall", "recognition"))
    at = int(np.abs(since - memory.COLLAPSE).argmin())
    return (f"After 19 minutes and 31 days Ebbinghaus saved {told['Ebbinghaus']}, Dros {told['Dros']} (secondary). The model "
            f"keeps {recall[at]:.2f} of its recall after {int(since[at])} steps and {recognition[-1]:.2f} of its recognition "
            f"after {int(since[-1])}. Both time axes are logarithmic; how they are aligned is arbitrary.")


def by_exposures(canvas, runs) -> str:
    panels = canvas.subplots(1, 2, sharey=True)
    runs, said = memory.recognised(runs), []
    looks = zip(runs.exposures.values, ((SKY, ":"), (GREEN, "-."), (ORANGE, "--"), (VERMILION, "-")))
    for exposures, (colour, style) in looks:
        one = runs.sel(exposures=exposures)
        for axes, name in zip(panels, ("recognition", "recall")):
            since, rows = memory.reading_on(one, name)
            line(axes, since, rows, f"studied {int(exposures)}×", color=colour, linestyle=style)
            at = int(np.abs(since - 100).argmin())
            said.append(f"{name} after {int(exposures)} exposures: {float(rows.mean('seed')[0]):.2f} at once, "
                        f"{float(rows.mean('seed')[at]):.2f} after {int(since[at])} steps")
    for axes, title in zip(panels, ("Recognition", "Recall")):
        in_time(axes, since[-1])
        axes.set_title(title)
    panels[0].axhline(0.5, color=BLACK, linestyle=":", lw=1)
    panels[0].set(ylabel="share right", ylim=(0, 1.03))
    panels[1].legend(fontsize=8)
    return "By how often the sequences were studied: " + "; ".join(said) + "."


def strings(canvas, runs) -> str:
    panels = canvas.subplots(1, 2, sharey=True)
    runs, said = memory.recognised(runs), []
    for kind, label, colour, style in ((False, "sequences of the chain", BLUE, "-"), (True, "random strings", ORANGE, "--")):
        for axes, name in zip(panels, ("recognition", "recall")):
            exposed, rows = memory.studying(runs.sel(random_strings=kind), name)
            line(axes, exposed, rows, label, color=colour, linestyle=style, marker="o")
            in_exposures(axes, exposed[-1])
            said.append(f"{name} of {label} {float(rows[:, 1:].mean()):.2f}")
    panels[0].set(title="Recognition", ylabel="share right", ylim=(0, 1.03))
    panels[0].axhline(0.5, color=BLACK, linestyle=":", lw=1)
    panels[1].set_title("Recall")
    panels[1].legend()
    return "Mean over exposures: " + "; ".join(said) + "."


def by_size(canvas, runs) -> str:
    """Exposures needed, by size of the model; all sizes share one step length, which suits some better than others."""
    axes, said = canvas.subplots(), []
    runs = memory.with_foils(runs)
    size, most = runs.parameters.mean("seed").values, float(runs.exposed.max())
    published = {"recognition": (1, "recognition, even with hard foils"), "recall": (3, "recall")}
    for name in ("recognition", "near", "recall"):
        label, look = LOOK[name]
        rows = np.array([memory.needed(runs.sel(width=width), name) for width in runs.width.values]).T  # (seed, width)
        line(axes, size, rows, label, **look)
        if name in published:
            exposures, of = published[name]
            axes.axhline(exposures, color=look["color"], linestyle=":", lw=1)
            axes.text(size[-1], exposures * 1.06, f"published, {of}", ha="right", color=look["color"], fontsize=8)
        said.append(f"{label} " + ", ".join(f"{value:.1f} at {int(s)} weights" for s, value in zip(size, rows.mean(0))))
    axes.axhspan(most, 2.2 * most, color=BLACK, alpha=0.06, lw=0)
    axes.text(size[-1], 1.5 * most, f"not within {most:.0f}", ha="right", fontsize=8)
    axes.set(xscale="log", yscale="log", xlabel="weights", ylabel="exposures to reach nine tenths", ylim=(0.8, 2.2 * most))
    log_ticks(axes.xaxis, size, [f"{s / 1000:.0f}k" for s in size])
    log_ticks(axes.yaxis, EXPOSED[1:])
    canvas.legend(loc="outside lower center", ncols=3)
    return (f"Exposures until nine tenths are right ({2 * most:.0f} stands for more than {most:.0f}): " + "; ".join(said)
            + ". Published for far larger models: 1 to recognise, 3 to recall.")


FIGURES = (
    Figure("forgetting/dissociation", "Recognised long before it is recalled, and long after", laptop(settings.STUDY),
           dissociation, headline=True, size=(10, 4)),
    Figure("forgetting/items", "When each sequence is lost", laptop(settings.STUDY), items, headline=True, size=(8, 4)),
    Figure("forgetting/families", "Which curve does forgetting follow?", laptop(settings.STUDY), families, size=(10.5, 3.8)),
    Figure("forgetting/people", "The model's forgetting beside people's", laptop(settings.STUDY), beside_people, size=(9, 4)),
    Figure("forgetting/exposures", "Forgetting after more or less studying", laptop(settings.EXPOSURES), by_exposures,
           size=(10, 3.6)),
    Figure("forgetting/size", "Exposures needed, by size of the model", laptop(settings.WIDTHS), by_size, size=(7.5, 4)),
    Figure("forgetting/structure", "Sequences with structure, and random strings", laptop(settings.STRINGS), strings,
           size=(9, 3.6)),
)
