"""Figures under corrupted labels."""

import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch

from mini.measures.accuracy import phase
from mini.plan import Plan
from mini.plotting import BLUE, GREEN, ORANGE, SKY, VERMILION, YELLOW, Figure, alone, band, laptop
from mini.studies.grokking import settings
from mini.studies.grokking.experiment import Grokking

PHASES = {"coexistence": SKY, "partial inversion": YELLOW, "full inversion": GREEN, "memorisation": VERMILION,
          "forgetting": "#bbbbbb"}
_GRID = {"train_fraction": (0.5, 0.6, 0.7, 0.8, 0.9), "corruption": (0.0, 0.1, 0.2, 0.3, 0.4)}
_POINT = Grokking(**settings.SMALL_MLP, spectrum=False, weight_decay=0.0)
_NORMED = Grokking(**settings.SMALL_MLP, spectrum=False, weight_decay=0.0, batch_norm=True, batch_size=64,
                   learning_rate=0.005)
PHASE_DIAGRAM = laptop(
    Plan(_POINT, 300, 50, sweep={**_GRID, "weight_decay": (0.0, 5.0, 10.0)}),
    Plan(_POINT, 300, 50, sweep={**_GRID, "dropout": (0.3,)}),
    Plan(_NORMED, 1000, 100, sweep=_GRID),
)


def regimes(canvas, runs) -> str:
    panels = canvas.subplots(1, runs.sizes["weight_decay"], sharey=True)
    said = []
    for axes, decay in zip(panels, runs.weight_decay.values):
        run = runs.sel(weight_decay=decay)
        band(axes, run.train_accuracy, "training, as given", color=BLUE)
        band(axes, run.test_accuracy, "held out", color=ORANGE, linestyle="--")
        band(axes, run.corrupted_accuracy, "corrupted, as given", color=VERMILION, linestyle=":")
        band(axes, run.restored_accuracy, "corrupted, true answer", color=GREEN, linestyle="-.")
        axes.set(title=f"decay {decay:g}", xlabel="step", ylim=(-0.02, 1.04))
        end = run.isel(step=-1).mean("seed")
        said.append(f"decay {decay:g}: train {float(end.train_accuracy):.2f}, test {float(end.test_accuracy):.2f}, "
                    f"corrupted as given {float(end.corrupted_accuracy):.2f}")
    panels[0].set_ylabel("accuracy")
    panels[0].legend(fontsize=8, loc="center right")
    return "Accuracies against step for three weight decays; at the end " + "; ".join(said) + "."


def pruning(canvas, runs) -> str:
    panels = canvas.subplots(1, 3, sharey=True)
    titles = {"low_ipr": "least periodic first", "high_ipr": "most periodic first", "random": "at random"}
    net = runs.pruned_accuracy.isel(weight_decay=0)
    for axes, order in zip(panels, net.order.values):
        for subset, label, look in (("test", "held out", {"color": ORANGE, "linestyle": "--"}),
                                    ("clean", "uncorrupted", {"color": BLUE, "linestyle": "-"}),
                                    ("corrupted", "corrupted, as given", {"color": VERMILION, "linestyle": ":"})):
            band(axes, net.sel(order=order, subset=subset), label, clock="pruned_fraction", **look)
        axes.set(title=titles[str(order)], xlabel="share of neurons removed", ylim=(-0.02, 1.04))
    panels[0].set_ylabel("accuracy")
    panels[2].legend(fontsize=8)
    at = net.mean("seed").sel(pruned_fraction=0.6)
    return ("Accuracy against share of neurons removed from a network in which rule and false labels coexist. At 60%: "
            + "; ".join(f"{titles[str(o)]}, held out {float(at.sel(order=o, subset='test')):.2f} and corrupted "
                        f"{float(at.sel(order=o, subset='corrupted')):.2f}" for o in at.order.values) + ".")


def phase_diagram(canvas, decays, dropped, normed) -> str:
    maps = {f"decay {d:g}": decays.sel(weight_decay=d) for d in decays.weight_decay.values}
    maps["dropout 0.3"] = dropped.isel(dropout=0)
    maps["batch norm, batches of 64"] = normed
    panels = canvas.subplots(1, len(maps), sharey=True)
    names, colours, said = list(PHASES), ListedColormap(list(PHASES.values())), []
    for axes, (title, runs) in zip(panels, maps.items()):
        end = runs.isel(step=-1).median("seed").transpose("train_fraction", "corruption", ...)
        code = np.array([[names.index(phase(float(c.train_accuracy), float(c.test_accuracy), float(c.corruption)))
                          for c in (row.isel(corruption=j) for j in range(row.sizes["corruption"]))]
                         for row in (end.isel(train_fraction=i) for i in range(end.sizes["train_fraction"]))])
        axes.imshow(code, origin="lower", cmap=colours, norm=BoundaryNorm(np.arange(len(names) + 1) - 0.5, len(names)))
        found = [f"{(code == i).sum()} {name}" for i, name in enumerate(names) if (code == i).any()]
        said.append(f"{title}: {', '.join(found)}")
        axes.set_xticks(range(end.sizes["corruption"]), [f"{x:g}" for x in end.corruption.values])
        axes.set_yticks(range(end.sizes["train_fraction"]), [f"{x:g}" for x in end.train_fraction.values])
        axes.set(title=title, xlabel="share corrupted")
        axes.title.set_fontsize(9)
        axes.grid(False)
        axes.set_xticks(np.arange(1, code.shape[1]) - 0.5, minor=True)  # each cell is one setting
        axes.set_yticks(np.arange(1, len(code)) - 0.5, minor=True)
        axes.grid(which="minor", color="white", alpha=1)
        axes.tick_params(which="minor", length=0)
    panels[0].set_ylabel("share trained on")
    canvas.legend(handles=[Patch(color=c, label=n) for n, c in PHASES.items()], loc="outside lower center", ncols=5)
    return (f"Phases, by median accuracies over seeds, for each share of training pairs and share of corrupted labels. Number "
            f"of settings in each phase, out of {code.size}: " + "; ".join(said) + ".")


def gamma(canvas, runs) -> str:
    left, right = canvas.subplots(1, 2)
    for on, label, colour in ((True, "with batch norm", GREEN), (False, "same batches, without", ORANGE)):
        band(left, runs.sel(batch_norm=on).train_accuracy, f"train, {label}", color=colour, linestyle="-")
        band(left, runs.sel(batch_norm=on).test_accuracy, f"test, {label}", color=colour, linestyle="--")
    left.set(xlabel="step", ylabel="accuracy", title="With and without batch norm", ylim=(-0.02, 1.04))
    left.legend(fontsize=8)
    on = runs.sel(batch_norm=True)
    ipr, scale = on.ipr.isel(step=-1).values.ravel(), on.gamma.values.ravel()
    right.scatter(ipr, scale, s=7, alpha=0.5, color=BLUE)
    right.set(xlabel="IPR of a neuron", ylabel="|gamma|", title="Scale by periodicity")
    right.set_ylim(bottom=0)
    end = runs.isel(step=-1).mean("seed")
    kept = np.isfinite(ipr)
    return (f"Left: train accuracy ends at {float(end.train_accuracy.sel(batch_norm=True)):.2f} with batch normalisation "
            f"and {float(end.train_accuracy.sel(batch_norm=False)):.2f} without, on the same minibatches. Right: |gamma| "
            f"of each neuron against its IPR, correlation {np.corrcoef(ipr[kept], scale[kept])[0, 1]:.2f}.")


FIGURES = (
    Figure("corrupted/regimes", "Three regimes under false labels", alone(settings.REGIMES), regimes, headline=True,
           size=(10, 3.6)),
    Figure("corrupted/pruning", "Which neurons hold what: pruning by periodicity", alone(settings.REGIMES), pruning,
           headline=True, size=(10, 3.6)),
    Figure("corrupted/phase-diagram", "Phases by regulariser, modulo 31", PHASE_DIAGRAM, phase_diagram, size=(13, 3.6)),
    Figure("corrupted/batchnorm", "Batch normalisation, beside the same minibatches without it",
           alone(settings.BATCH_NORM), gamma, size=(9, 3.8)),
)
