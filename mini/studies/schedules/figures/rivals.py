"""Figures of methods beside the schedule, of later tasks, of scale and of the knowledge base."""

import numpy as np

from mini.measures import continual
from mini.plotting import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILION, Figure, band, laptop, ranged, spread
from mini.studies.schedules import settings
from mini.studies.schedules.claims import at, drops, efforts, facilitation, fuar, mean, power_law
from mini.studies.schedules.figures.environments import MATCHED, NAIVE, POWER

NAMES = {"ewc": "EWC", "ewc-online": "online EWC", "si": "SI", "lwf": "LwF", "l2": "L2", "a-gem": "A-GEM, buffer 200",
         "replay": "replay, buffer 200", "der++": "DER++, buffer 200"}


def methods(canvas, naive, power, uniform, joint, buffers, *regularisers) -> str:
    """ACC, and learning accuracy beside it: what stays, and what was ever learned."""
    axes = canvas.add_subplot()
    rows = [("sequential", naive, VERMILION)]
    for runs in (rivals.sel({"method": name}) for rivals in regularisers for name in rivals.method.values):
        name = runs.method.item()
        best = mean(runs).mean("seed").argmax("strength")
        rows.append((f"{NAMES[name]} ({float(runs.strength[best]):g})", runs.isel(strength=best), ORANGE))
    rows += [(NAMES[name], buffers.sel({"method": name}), GREEN) for name in buffers.method.values]
    rows += [("power-law schedule, a quarter", power_law(power), BLUE), ("uniform schedule, a quarter", at(uniform), BLUE),
             ("joint", joint, BLACK)]
    rows.sort(key=lambda row: float(mean(row[1]).mean()))
    for place, (_, runs, colour) in enumerate(rows):
        acc, learned = mean(runs), continual.over(runs.accuracy, continual.learning_accuracy)
        ranged(axes, place, acc, colour, lying=True)
        axes.plot(float(learned.mean()), place, "d", color=BLACK, mfc="none",
                  label="each task just after it was learned" if place == 0 else None)
    axes.set_yticks(range(len(rows)), [name for name, *_ in rows])
    axes.set(xlim=(0, 1), xlabel="held-out accuracy, mean over ten tasks at the end (line: range over seeds)",
             title="Steps-matched")
    canvas.legend(loc="outside upper right", fontsize=8)
    said = "; ".join(f"{name} {float(mean(runs).mean()):.2f}" for name, runs, _ in rows)
    return (f"Mean accuracy at the end, {MATCHED} (methods with a buffer see as many old samples in addition), each "
            f"regulariser at the best of three strengths: {said}.")


def forward(canvas, runs) -> str:
    panels = canvas.subplots(1, 2)
    said = []
    for axes, axis, unit in zip(panels, ("steps", "samples"), ("steps", "new samples")):
        for schedule, look in (("sequential", NAIVE), ("power-law", POWER)):
            run = runs.sel(schedule=schedule)
            each = np.array([[float(e) for e in efforts(run.sel(seed=s), axis)] for s in run.seed])
            tasks = np.arange(1, each.shape[1] + 1)
            spread(axes, tasks, each, schedule, marker="o", **look)
            saved = float(facilitation(run, axis).mean())
            first, later = each.mean(0)[0], each.mean(0)[1:].mean()
            said.append(f"{schedule}, {unit}: first {first:.0f}, later {later:.0f}, saved {saved:+.0%}")
        axes.set(title=f"Effort in {unit}", xlabel="task", ylabel=f"{unit} to reach 0.8", xticks=tasks, ylim=(0, None))
    panels[0].legend(fontsize=8)
    return ("Effort until each of five tasks is learned (0.8), mean and range over seeds, a quarter rehearsed, counted in "
            "steps and in new samples. " + "; ".join(said) + ".")


def growth(canvas, number, size) -> str:
    panels = canvas.subplots(1, 2, sharey=True)
    said = []
    labels = {"tasks": "number of tasks", "width": "neurons a layer"}
    for axes, runs, (name, label) in zip(panels, (number, size), labels.items()):
        for schedule, look in (("sequential", NAIVE), ("power-law", POWER)):
            acc = mean(runs.sel(schedule=schedule))
            band(axes, acc, schedule, name, marker="o", **look)
            said.append(f"{schedule} at {', '.join(str(int(v)) for v in runs[name])} {label}: "
                        + ", ".join(f"{float(v):.2f}" for v in acc.mean("seed")))
        axes.set(xlabel=label, xticks=runs[name].values, title=f"By {label}", ylim=(0, 1))
    panels[0].set_ylabel("mean accuracy at the end")
    panels[0].legend(fontsize=8)
    return f"Mean accuracy at the end, a quarter rehearsed, {MATCHED}. " + "; ".join(said) + "."


def classes(canvas, split, both) -> str:
    left, right = canvas.subplots(1, 2, sharey=True)
    said = []
    for axes, runs, title in ((left, split, "A twentieth rehearsed"), (right, both, "With LwF")):
        if runs is split:
            rows = [(s, mean(runs.sel(schedule=s))) for s in runs.schedule.values]
        else:
            rows = [(" + ".join(filter(None, (s, "LwF" if m == "lwf" else ""))), mean(runs.sel({"schedule": s, "method": m})))
                    for s in runs.schedule.values for m in runs.method.values]
        for place, (name, acc) in enumerate(rows):
            ranged(axes, place, acc, (VERMILION, BLUE, ORANGE, GREEN)[place])
            said.append(f"{name} {float(acc.mean()):.2f}")
        axes.set_xticks(range(len(rows)), [name.replace(" + ", "\n+ ") for name, _ in rows], fontsize=8)
        axes.set(title=title, ylim=(0, 1))
    left.set_ylabel("mean accuracy at the end")
    return ("Two new classes a task, five tasks, a twentieth rehearsed where the schedule rehearses, steps-matched; bars are "
            "means, lines ranges over seeds: " + "; ".join(said) + ".")


def knowledge(canvas, runs, rehearsed) -> str:
    panels = canvas.subplots(1, 3, width_ratios=[1.2, 1.2, 1])
    plain = runs.sel({"method": "none"})
    slices = [f"slice {i}" for i in plain.slice.values]
    stages = ["untrained", "pre-training", *slices, "domain", "tuning"]
    curves = {"kept": (BLUE, "-"), "updated": (GREEN, "--"), "acquired": (PURPLE, "-."), "stale": (VERMILION, ":"),
              "domain_questions": (ORANGE, (0, (5, 1)))}
    names = {"kept": "facts that stay", "updated": "changed facts, new value", "acquired": "new facts",
             "stale": "changed facts, old value", "domain_questions": "domain, questions not tuned on"}
    for axes, run, title in ((panels[0], plain, "Plain training"), (panels[1], rehearsed, "A quarter rehearsed")):
        for name, (colour, line) in curves.items():
            band(axes, run[name], names[name], "after_stage", color=colour, linestyle=line, marker="o", ms=3)
        axes.set(title=title, ylim=(-0.02, 1.04))
        axes.set_xticks(range(len(stages)), stages, rotation=45, ha="right", fontsize=8)
    panels[0].set_ylabel("share answered this way")
    canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=8)
    ratio = {name: fuar(runs.sel({"method": name})) for name in runs.method.values} | {"rehearsal": fuar(rehearsed)}
    for place, values in enumerate(ratio.values()):
        ranged(panels[2], place, values, BLUE)
    panels[2].set_xticks(range(len(ratio)), ["plain" if n == "none" else n for n in ratio], rotation=45, ha="right", fontsize=8)
    panels[2].set(title="Forgotten over learned", ylabel="FUAR, of shares")
    horizontal, vertical = (float(d.mean()) for d in drops(plain))
    stale = runs.stale.isel(after_stage=-3).mean("seed")
    return ("A knowledge base through its stages. FUAR: " + ", ".join(f"{n} {float(v.mean()):.2f}" for n, v in ratio.items())
            + f". Plain training: later slices cost the first slice {horizontal:.2f}, domain and tuning cost the general facts "
            f"{vertical:.2f}. Share of changed facts still answered with the old value after the slices: "
            + ", ".join(f"{n} {float(rate):.2f}" for n, rate in zip(runs.method.values, stale)) + ".")


FIGURES = (
    Figure("schedules/methods", "What protects old tasks, and what that costs in learning",
           laptop(settings.NAIVE, settings.POWER, settings.UNIFORM, settings.JOINT, settings.BUFFERS,
                  *settings.REGULARISERS),
           methods, size=(8.5, 4.6)),
    Figure("schedules/facilitation", "Are later tasks easier? In steps, and in new samples", laptop(settings.FACILITATION),
           forward, size=(8.5, 3.6)),
    Figure("schedules/growth", "More tasks, larger networks", laptop(settings.NUMBER, settings.SIZE), growth, size=(8.5, 3.6)),
    Figure("schedules/classes", "New classes instead of new pictures", laptop(settings.CLASSES, settings.COMBINED), classes,
           size=(9, 3.6)),
    Figure("schedules/knowledge", "Facts that stay, change and are added", laptop(settings.KNOWLEDGE, settings.REHEARSED),
           knowledge, size=(11.5, 4)),
)
