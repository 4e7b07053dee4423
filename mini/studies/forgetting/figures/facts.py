"""The figures about facts."""

import numpy as np

from mini.measures import acquisition, retention
from mini.plotting import BLACK, BLUE, GREEN, ORANGE, VERMILION, Figure, laptop, log_ticks, spread
from mini.studies.forgetting import facts_settings as settings
from mini.studies.forgetting.claims import facts

GROUPS = {"duplicate": "the same words", "paraphrase": "other words", "once": "once", "never": "never mentioned"}
LOOK = {  # probe: label, how it is drawn
    "memorisation": ("memorisation", {"color": BLUE, "linestyle": "-"}),
    "semantic": ("semantic", {"color": ORANGE, "linestyle": "--"}),
    "compositional": ("compositional", {"color": GREEN, "linestyle": "-."}),
}
MANNER = {"duplicate": {"color": BLUE, "marker": "o"}, "paraphrase": {"color": VERMILION, "marker": "s"}}
DELAYS = (1, 10, 100, 500)


def timeline(canvas, runs) -> str:
    panels = canvas.subplots(1, 4, sharey=True)
    times, told = facts.ticks(runs), []
    runs = runs.sel(step=slice(times[0] - 60, None))
    for axes, (group, title) in zip(panels, GROUPS.items()):
        for probe, (label, look) in LOOK.items():
            spread(axes, runs.step, facts.curve(runs, group, probe), label, **look | {"lw": 1.3})
        axes.axhline(float(runs.chance.mean()), color=BLACK, linestyle=":", lw=1, label="chance")
        shown = {"once": times[:1], "never": []}.get(group, times)
        if len(shown):  # an empty line that is not clipped upsets the layout
            axes.plot(shown, np.full(len(shown), 1.02), "v", color=BLACK, markersize=4, clip_on=False,
                      transform=axes.get_xaxis_transform(), label="an injection")
        axes.set_title(title, pad=12)
        axes.set(xlabel="step", xticks=(500, 1000, 1500))
        peaks = [facts.steps(runs, group, p).peak[..., -1].mean() for p in LOOK]
        told.append(f"{title}: {facts.several(peaks)}")
    panels[0].set_ylabel("log-probability of a fact, nats")
    canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    gained, lost = (float(np.mean(facts.mean(runs, of))) for of in (facts.effectivity, facts.lost_between))
    return ("Log-probability of facts about new people, mean and range over seeds. Averaged over facts told more than once, "
            f"an injection adds {gained:.2f} nats, and {lost:.2f} are lost before the next. Maximum after the last "
            "injection, memorisation / semantic / compositional: " + "; ".join(told)
            + f". Chance is {float(runs.chance.mean()):.2f}.")


def decay(canvas, runs) -> str:
    panels = canvas.subplots(1, 2, sharey=True)
    words = []
    for axes, probe in zip(panels, facts.ASKED):
        for group, look in MANNER.items():
            delay, left = facts.average(runs, group, probe)
            axes.plot(delay, left, linestyle="", markersize=4, label=f"{GROUPS[group]}, measured", **look)
            found, best = acquisition.decay(delay, left), retention.compare(delay, left)
            t = np.geomspace(1, delay[-1], 100)
            axes.plot(t, found.start - found.constant * np.log10(t), color=look["color"], lw=1.2, linestyle="-",
                      label=f"line in log time, R² {found.r2:.2f}")
            first = best.fits[0]
            axes.plot(t, retention.curve(first.model, t, list(first.parameters.values())), color=look["color"], lw=1.2,
                      linestyle="--", label=f"best by AICc: {first.model}")
            words.append(f"{probe}, {GROUPS[group]}: {found.constant:.2f} lost with every factor of ten in time "
                         f"(R2 {found.r2:.2f}), best {best}")
        axes.set(title=f"{probe.capitalize()} probes", xscale="log", xlabel="steps since the last local maximum",
                 ylim=(0, 1.08))
        log_ticks(axes.xaxis, DELAYS)
        axes.legend(fontsize=8, loc="lower left")
    panels[0].set_ylabel("retainability")
    return "What is left of all that was gained, mean over seeds. " + "; ".join(words) + "."


def by_batch(canvas, runs) -> str:
    left, right = canvas.subplots(1, 2, width_ratios=[1.6, 1])
    names = [f"batch of {size}" for size in (settings.SMALL_BATCH, settings.LARGE_BATCH)]
    looks = ({"color": VERMILION, "linestyle": "-"}, {"color": BLUE, "linestyle": "--"})
    both = facts.by_batch(runs)
    start = facts.ticks(both[0])[0] - 60
    for part, name, look in zip(both, names, looks):
        shown = part.sel(step=slice(start, None))
        spread(left, shown.step, facts.curve(shown, "duplicate", "memorisation"), name, **look | {"lw": 1.3})
    left.set(title="Memorisation, in the same words", xlabel="step", ylabel="log-probability of a fact, nats")
    left.legend(loc="lower right")
    numbers = [[facts.mean(part, of, facts.TOLD[:1]) for part in both] for of in (facts.effectivity, facts.decays)]
    for place, pair in enumerate(numbers):
        for shift, values, name, look in zip((-0.18, 0.18), pair, names, looks):
            right.bar(place + shift, values.mean(), 0.32, color=look["color"], alpha=0.75, label=name if not place else None)
            right.plot(np.full(len(values), place + shift), values, "o", color=BLACK, markersize=3)
    right.set_xticks([0, 1], ["effectivity,\nnats", "decay constant,\nshare per decade"])
    right.set(title="Gained and lost", ylim=(0, None))
    right.legend(loc="upper right")
    return ("Facts told in the same words, with batches of two sizes late in training. " + facts.batch_told(runs)
            + "; dots are seeds.")


def reviews(canvas, massed, spaced, expanding) -> str:
    left, right = canvas.subplots(1, 2, width_ratios=[1.8, 1])
    looks = {"massed": ({"color": VERMILION, "linestyle": ":"}, massed), "spaced": ({"color": BLUE, "linestyle": "-"}, spaced),
             "expanding": ({"color": GREEN, "linestyle": "--"}, expanding)}
    ends = []
    for row, (name, (look, runs)) in enumerate(looks.items()):
        times = facts.ticks(runs)
        shown = runs.sel(step=slice(400, None))
        over = np.mean([facts.curve(shown, g, p) - facts.curve(shown, "never", p) for g in facts.TOLD for p in facts.ASKED], 0)
        spread(left, shown.step, over, name, **look | {"lw": 1.4})
        left.plot(times, np.full(len(times), 0.97 - 0.045 * row), "|", color=look["color"], markersize=7,
                  transform=left.get_xaxis_transform())
        ends.append(facts.mean(runs, facts.above_never))
        right.bar(row, ends[-1].mean(), 0.6, color=look["color"], alpha=0.75)
    right.plot(range(3), np.array(ends), color=BLACK, linestyle="-", lw=0.7, marker="o", markersize=3)
    low, high = left.get_ylim()
    left.set(title="Ten reviews, ending together", xlabel="step (strokes along the top: reviews)",
             ylim=(low, high + 0.2 * (high - low)), ylabel="log-probability above that of\npeople never mentioned, nats")
    left.legend(loc="lower right")
    right.set_xticks(range(3), list(looks))
    right.axhline(0, color=BLACK, lw=0.8)
    right.set(title=f"After {int(spaced.step[-1] - facts.ticks(spaced)[-1])} more steps", ylabel="nats")
    return ("Ten reviews that end on the same step: in one go, evenly spaced, or with growing gaps. Log-probability at the "
            f"end, above that of people never mentioned: {facts.several(ends)} nats (massed / spaced / expanding); "
            "dots joined by a line belong to one seed.")


FIGURES = (
    Figure("facts/timeline", "Facts are acquired in steps, and lost between them", laptop(settings.SPACED), timeline,
           headline=True, size=(12, 3.8)),
    Figure("facts/decay", "What is left, in logarithmic time", laptop(settings.SPACED), decay, headline=True, size=(10, 4)),
    Figure("facts/batch-size", "What a smaller batch does", laptop(settings.BATCHES), by_batch, size=(10, 3.8)),
    Figure("facts/spacing", "Massed, spaced and expanding reviews",
           laptop(settings.MASSED, settings.SPACED, settings.EXPANDING), reviews, size=(10, 3.8)),
)
