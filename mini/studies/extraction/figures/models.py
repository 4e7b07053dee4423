"""Which model gives up what, whether having read it is the cause, and what helps against that."""

import numpy as np

from mini.measures.curves import last
from mini.measures.extraction import counterfactual, difference_in_differences
from mini.plotting import BLACK, BLUE, GREEN, ORANGE, SKY, VERMILION, Figure, laptop, ranged, spread, written
from mini.studies.extraction import settings
from mini.studies.extraction.claims import LONGEST, common, sets, windows
from mini.studies.extraction.items import COPIES

LATE = (settings.LATE.experiment.plant_from, settings.LATE.experiment.plant_until)


def architectures(canvas, planted, twin, gru) -> str:
    left, right = canvas.subplots(1, 2, width_ratios=(1, 1.2))
    who = sets(planted, twin, gru)
    short = ["transformer", "transformer,\nother first weights", "GRU", "n-gram"]
    shares = np.array([[common(a, b) for b in who.values()] for a in who.values()])
    written(left, shares, vmin=0, vmax=1)
    left.set(title="Share of the smaller set in common", xticks=range(4), yticks=range(4), yticklabels=short)
    left.set_xticks(range(4), ["transf.", "transf. 2", "GRU", "n-gram"])
    counts, given_up = COPIES[1:], _shares(who, planted)
    for (name, share), colour, style, mark in zip(given_up.items(), (VERMILION, ORANGE, BLUE, GREEN),
                                                  ("-", "--", "-.", ":"), "o^sx"):
        right.plot(range(len(counts)), share, color=colour, linestyle=style, marker=mark, label=name)
    right.set_xticks(range(len(counts)), map(str, counts))
    right.set(title="Items given up whole", xlabel="copies in the training text", ylabel="share", ylim=(-0.03, 1.05))
    right.legend(fontsize=8, loc="center left")
    names = list(who)
    return ("Overlap of the items that two models give up, as a share of the smaller set, mean over seeds: "
            + "; ".join(f"{names[i]} and {names[j]} {shares[i, j]:.2f}" for i in range(4) for j in range(i))
            + f". Share given up at {', '.join(map(str, counts))} copies: "
            + "; ".join(f"{n} {', '.join(f'{v:.2f}' for v in s)}" for n, s in given_up.items()) + ".")


def _shares(who, planted) -> dict[str, np.ndarray]:
    """Share of windows and canaries given up, mean over seeds, by architecture and copies (without 0)."""
    each = planted.sizes["canary"], planted.sizes["window"] * planted.sizes["category"]
    shares = {}
    for name, given in who.items():  # (seed, item), windows first
        cut = (len(COPIES) - 1) * each[1]
        parts = given[:, :cut].reshape(len(given), len(COPIES) - 1, -1), given[:, cut:].reshape(len(given), len(COPIES) - 1, -1)
        shares[name] = np.concatenate(parts, 2).mean((0, 2))
    return shares


def causes(canvas, subsets, late) -> str:
    left, right = canvas.subplots(1, 2)
    said = []
    inside = subsets.planted.transpose("seed", "copies", "category", "window").values > 0
    start, end = (subsets.log_prob.sel(context=LONGEST).isel(step=i).transpose("seed", "copies", "category", "window").values
                  for i in (0, -1))
    never = ~inside
    for g, (c, mark, colour) in enumerate(zip(COPIES[1:], "v<s^o", (SKY, BLUE, GREEN, ORANGE, VERMILION)), 1):
        many = counterfactual(end[:, g].reshape(len(end), -1), inside[:, g].reshape(len(end), -1))
        once = [float(difference_in_differences(np.stack([start[k, g][inside[k, g]], end[k, g][inside[k, g]]]),
                                                np.stack([start[k][never[k]], end[k][never[k]]])).value[-1])
                for k in range(len(end)) if inside[k, g].any()]
        value = float(np.nanmean(many.value))
        error = float(np.sqrt(np.nansum(many.error**2)) / np.isfinite(many.error).sum())
        left.errorbar(value, np.mean(once), xerr=error, yerr=np.std(once), color=colour, marker=mark, linestyle="",
                      label=_copies(c))
        said.append(f"{_copies(c)} {value:.1f} and {np.mean(once):.1f} ± {np.std(once):.1f} nats")
    top = max(left.get_xlim()[1], left.get_ylim()[1])
    left.plot([0, top], [0, top], color=BLACK, linestyle=":", lw=1)
    left.set(title="Two estimates of memorisation", xlabel=f"counterfactual, {len(end)} models, nats",
             ylabel="difference in differences, one model, nats")
    left.legend(fontsize=8, loc="upper left")
    after = _profiles(late)
    for c, colour, style in ((1, BLUE, "-."), (16, GREEN, "--"), (64, ORANGE, (0, (5, 1))), (256, VERMILION, "-")):
        spread(right, late.step, after[c], _copies(c), color=colour, linestyle=style)
    right.axvspan(*(share * settings.STEPS for share in LATE), color=BLACK, alpha=0.06, lw=0)
    right.text(sum(LATE) / 2 * settings.STEPS, right.get_ylim()[0], "planted here", ha="center", va="bottom", fontsize=9)
    right.set(title="Profile: before, during, after", xlabel="step", ylabel="difference in differences, nats")
    right.legend(fontsize=8, loc="upper left")
    return ("Counterfactual memorisation and difference in differences, in log-probability of a suffix: " + "; ".join(said)
            + ". Planted only in the middle of training, passages with 256 copies stand at "
            + ", ".join(f"{after[256].mean(0)[i]:.1f} nats at step {int(late.step[i])}"
                        for i in (0, len(late.step) * 7 // 10, -1))
            + ", counted from the last step before planting.")


def _copies(number: int) -> str:
    return f"{number} cop{'y' if number == 1 else 'ies'}"


def _profiles(late) -> dict[int, np.ndarray]:
    """Difference in differences by copies, (seed, step), counted from the last step before planting; controls: 0 copies."""
    log = late.log_prob.sel(context=LONGEST).stack(item=("category", "window"))
    log = log.transpose("seed", "copies", "step", "item").values
    start = np.flatnonzero(late.step.values <= LATE[0] * settings.STEPS)[-1]
    found = {}
    for g, c in enumerate(COPIES[1:], 1):
        value = np.array([difference_in_differences(one[g], one[0]).value for one in log])
        found[c] = value - value[:, start, None]
    return found


def defences(canvas, planted, control, single, private) -> str:
    panels = canvas.subplots(1, 3)
    cases = {"none": planted, "deduplicated": single}
    for noise in settings.NOISES:
        cases[f"private, noise {noise:g}\n({_epsilon(private, noise)})"] = private.sel(noise_multiplier=noise)
    cases["control"] = control
    measured = (("Passages given up", lambda runs: windows(runs).sel(copies=256)),
                ("Exposure of secrets, bits", lambda runs: last(runs.exposure).mean("canary").sel(copies=256)),
                ("Loss on fresh source, nats", lambda runs: last(runs.loss)))
    said = []
    for axes, (title, of) in zip(panels, measured):
        values = [of(runs) for runs in cases.values()]
        for i, (v, colour) in enumerate(zip(values, (VERMILION, BLUE, GREEN, GREEN, BLACK))):
            ranged(axes, i, v, colour, lying=True)
            axes.text(max(float(v.max()), 0), i, f" {float(v.mean()):.2f}", va="center", fontsize=9)
        axes.set(title=title, yticks=range(len(cases)), xlim=(0, 1.25 * max(float(v.max()) for v in values)))
        axes.set_yticklabels(list(cases) if axes is panels[0] else [])
        axes.invert_yaxis()
        said.append(f"{title.lower()}: "
                    + ", ".join(f"{n.splitlines()[0]} {float(v.mean()):.2f}" for n, v in zip(cases, values)))
    return "At 256 copies, by defence: " + "; ".join(said) + "."


def _epsilon(private, noise) -> str:
    spent = float(private.epsilon.sel(noise_multiplier=noise).isel(seed=0))
    return f"ε = {spent:.2g} a row" if spent < 1000 else "ε over 1000: no promise"


FIGURES = (
    Figure("extraction/architectures", "Who gives up what", laptop(settings.PLANTED, settings.TWIN, settings.GRU),
           architectures, size=(10, 3.8)),
    Figure("extraction/causes", "Memorised because it was read? Estimates from many models, and from one",
           laptop(settings.SUBSETS, settings.LATE), causes, size=(10, 4)),
    Figure("extraction/defences", "Two defences",
           laptop(settings.PLANTED, settings.CONTROL, settings.DEDUPLICATED, settings.PRIVATE), defences, size=(12, 3.6)),
)
