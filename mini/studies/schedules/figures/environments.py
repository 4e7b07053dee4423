"""Figures of what an environment does: matrices, amounts, need, recurrence, retention."""

import numpy as np

from mini.measures import continual, retention
from mini.measures.curves import last
from mini.plotting import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILION, Figure, band, laptop, log_ticks, spread
from mini.studies.schedules import settings
from mini.studies.schedules.claims import at, mean, power_law

NAIVE, POWER, UNIFORM, STEEP, SLOW = (
    {"color": VERMILION, "linestyle": ":"}, {"color": BLUE, "linestyle": "-"}, {"color": GREEN, "linestyle": "--"},
    {"color": ORANGE, "linestyle": "-."}, {"color": PURPLE, "linestyle": (0, (5, 1))})
MATCHED = "all with the same number of steps"


def heat(axes, matrix, title: str):
    """An accuracy matrix (T + 1, T), rows of phases from the top, the untrained network first."""
    image = axes.imshow(matrix, vmin=0, vmax=1, aspect="auto", extent=(0.5, matrix.shape[1] + 0.5, len(matrix) - 0.5, -0.5))
    axes.grid(False)
    axes.set(title=title, xlabel="task")
    return image


def matrices(canvas, naive, power, uniform, joint) -> str:
    runs = {"sequential": naive, "power law, a quarter": power_law(power), "uniform, a quarter": at(uniform),
            "joint": joint}
    panels = canvas.subplots(1, 4, sharey=True)
    said = []
    for axes, (name, run) in zip(panels, runs.items()):
        scores = run.accuracy.mean("seed").values
        image = heat(axes, scores, name)
        axes.set(xlabel=f"task (mean at the end {scores[-1].mean():.2f})")
        said.append(f"{name}: the first task goes from {scores[1, 0]:.2f} to {scores[-1, 0]:.2f}, mean at the end "
                    f"{scores[-1].mean():.2f}")
    panels[0].set_ylabel("after task (0: untrained)")
    canvas.colorbar(image, ax=panels, label="held-out accuracy")
    return f"Accuracy on each of ten tasks after each phase, {MATCHED}. " + "; ".join(said) + "."


def amounts(canvas, naive, power, exponential, uniform) -> str:
    left, right = canvas.subplots(1, 2)
    curves = [("uniform", uniform, UNIFORM)]
    curves += [(f"power law, exponent {d:g}", power.sel(exponent=d), look) for d, look in zip(
        settings.EXPONENTS, ({**POWER, "alpha": 0.5}, POWER, {**POWER, "linestyle": (0, (1, 1))}))]
    curves += [(f"exponential, constant {tau:g}", exponential.sel(time_constant=tau), look) for tau, look in zip(
        settings.CONSTANTS, (STEEP, SLOW))]
    said = []
    for name, runs, look in curves:
        band(left, mean(runs), name, "rehearsal", marker="o", ms=4, **look)
        oldest = last(runs.accuracy, "after_task").isel(task=0)
        band(right, oldest, name, "rehearsal", marker="o", ms=4, **look)
        said.append(f"{name} " + ", ".join(f"{float(v):.2f}" for v in mean(runs).mean("seed")))
    for axes, value in ((left, mean(naive)), (right, last(naive.accuracy, "after_task").isel(task=0))):
        axes.axhline(float(value.mean()), label="sequential", **NAIVE)
        axes.set(xlabel="share of samples from earlier tasks", xticks=settings.SHARES, ylim=(0, 1))
    left.set(title="Mean over ten tasks at the end", ylabel="held-out accuracy")
    right.set(title="The oldest task at the end")
    canvas.legend(*left.get_legend_handles_labels(), loc="outside right center", fontsize=8,
                  title="steps-matched", title_fontsize=8)
    return (f"Accuracy at the end by share rehearsed (0.1, 0.25, 0.5) and schedule, {MATCHED}: sequential "
            f"{float(mean(naive).mean()):.2f}; " + "; ".join(said) + ".")


def need(canvas, naive, power, uniform) -> str:
    """Need-weighted accuracy against the exponent of need."""
    left, right = canvas.subplots(1, 2)
    exponents = np.linspace(0, 3, 13)
    base = _needed(at(uniform), exponents)
    said = []
    for d, look in zip(settings.EXPONENTS, ({**POWER, "linestyle": ":"}, POWER, {**POWER, "linestyle": "--"})):
        scores = _needed(power_law(power, exponent=d), exponents)
        gain = scores - base  # seed by seed
        left.plot(exponents, scores.mean(0), label=f"power law, exponent {d:g}", **look)
        spread(right, exponents, gain, f"exponent {d:g}", **look)
        place = int(np.argmin(abs(exponents - d)))
        right.plot(exponents[place], gain.mean(0)[place], "o", color=BLACK, ms=5, zorder=5)
        said.append(f"exponent {d:g}: {gain.mean(0)[0]:+.3f} on the flat test, {gain.mean(0)[place]:+.3f} where need has the "
                    f"same exponent, {gain.mean(0)[-1]:+.3f} at an exponent of 3")
    left.plot(exponents, base.mean(0), label="uniform", **UNIFORM)
    left.plot(exponents, _needed(naive, exponents).mean(0), label="sequential", **NAIVE)
    right.axhline(0, label="uniform", **UNIFORM)
    left.set(title="Tested as often as needed", xlabel="exponent of need (0: a flat test)", ylabel="need-weighted accuracy")
    right.set(title="Power law less uniform", xlabel="exponent of need", ylabel="difference")
    left.legend(fontsize=8)
    right.legend(fontsize=8, title="dot: need matches schedule", title_fontsize=8)
    return ("Left: accuracy at the end, weighted by need (lag to the power of minus the exponent), a quarter rehearsed, "
            f"{MATCHED}. Right: power law less uniform, mean and range over seeds. " + "; ".join(said) + ".")


def _needed(runs, exponents) -> np.ndarray:
    """(seeds, exponents)"""
    return np.array([[continual.need_weighted(m, e) for e in exponents] for m in runs.accuracy.values])


def recurrence(canvas, power, exponential, uniform) -> str:
    axes = canvas.add_subplot()
    runs = {"power law, exponent 1": (power_law(power), POWER), "power law, exponent 2": (power_law(power, exponent=2.0),
            {**POWER, "linestyle": ":"}), "exponential, constant 1": (at(exponential, time_constant=1.0), STEEP),
            "uniform": (at(uniform), UNIFORM)}
    said = []
    for name, (run, look) in runs.items():
        share, found = run.recurrence, float(run.realised_exponent.mean())
        band(axes, share, name, "lag", marker="o", ms=4, **look)
        said.append(f"{name}: best described by an exponent of {found:.2f}")
    axes.set(xscale="log", yscale="log", ylim=(1e-4, 1), xlabel="phases since the task was introduced",
             ylabel="share of rehearsed samples", title="What came up again, and when")
    log_ticks(axes.xaxis, [1, 2, 3, 5, 9])
    axes.legend(fontsize=8)
    return ("Realised share of rehearsed samples by phases since their task was introduced, both axes logarithmic; few tasks "
            "are old enough for a long lag. " + "; ".join(said) + ".")


def retained(canvas, naive, power, uniform) -> str:
    panels = canvas.subplots(1, 3, sharey=True)
    said = []
    for axes, (name, run) in zip(panels, {"sequential": naive, "power law, a tenth": power_law(power, 0.1),
                                          "uniform, a tenth": at(uniform, 0.1)}.items()):
        curves = np.array([continual.retention(m) for m in run.accuracy.values])
        lags, y = np.arange(curves.shape[1]), curves.mean(0)
        axes.errorbar(lags, y, curves.std(0, ddof=1) / len(curves) ** 0.5 if len(curves) > 1 else None, fmt="o",
                      color=BLACK, ms=4, label="mean, standard error")
        found = retention.compare(lags, y)
        dense = np.linspace(0, lags[-1], 100)
        for model, look in (("exponential", STEEP), ("power", POWER), ("wickelgren", UNIFORM)):
            one = found.of(model)
            axes.plot(dense, retention.curve(model, dense, one.parameters.values()), **look,
                      label=f"{model}, AICc {one.aicc:.0f}")
        axes.set(title=name, xlabel="phases since it was learned")
        axes.legend(fontsize=8, loc="lower left")
        said.append(f"{name}: from {y[0]:.2f} to {y[-1]:.2f}, best {found}, exponential less power "
                    f"{found.of('exponential').aicc - found.of('power').aicc:+.1f}")
    panels[0].set(ylabel="held-out accuracy", ylim=(0, 1))
    return ("Accuracy on a task by phases since it was learned, mean over tasks and seeds, with fits and their AICc (lower is "
            "better; the points are not independent, so small differences mean nothing). " + "; ".join(said) + ".")


FIGURES = (
    Figure("schedules/matrices", "What is left of each task after each of the others",
           laptop(settings.NAIVE, settings.POWER, settings.UNIFORM, settings.JOINT), matrices, headline=True, size=(11, 3.4)),
    Figure("schedules/amounts", "How much is rehearsed, and how old it is",
           laptop(settings.NAIVE, settings.POWER, settings.EXPONENTIAL, settings.UNIFORM), amounts, headline=True,
           size=(11, 3.8)),
    Figure("schedules/need", "Tested evenly, as in school, or as often as life needs",
           laptop(settings.NAIVE, settings.POWER, settings.UNIFORM), need, size=(9.5, 3.8)),
    Figure("schedules/recurrence", "The recurrence that each schedule produced",
           laptop(settings.POWER, settings.EXPONENTIAL, settings.UNIFORM), recurrence, size=(6.5, 4)),
    Figure("schedules/retention", "Forgetting curves by schedule",
           laptop(settings.NAIVE, settings.POWER, settings.UNIFORM), retained, size=(11, 3.8)),
)
