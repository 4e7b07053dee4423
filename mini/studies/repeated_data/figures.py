"""The figures of this study."""

import numpy as np
import xarray as xr

from mini.measures.curves import last
from mini.measures.effective_size import effective_size
from mini.plotting import BLACK, BLUE, GREEN, ORANGE, VERMILION, Figure, band, laptop, log_ticks, spread, written
from mini.studies.repeated_data import settings
from mini.studies.repeated_data.claims import MEMORISED, sizes_and_losses

UNIQUE_LOOK = {"color": BLUE, "linestyle": "--"}
ALONE_LOOK = {"color": GREEN, "linestyle": "-."}


def controls(axes, name: str, unique, alone) -> None:
    """Both controls as horizontal lines."""
    axes.axhline(float(last(unique[name]).mean()), label="as many tokens, all unique", **UNIQUE_LOOK)
    axes.axhline(float(last(alone[name]).mean()), label="unique tokens alone", **ALONE_LOOK)


def told(values: xr.DataArray, dim: str = "pool_size") -> str:
    return ", ".join(f"{int(x)}: {float(v):.2f}" for x, v in zip(values[dim], values.mean("seed")))


def inverted_u(canvas, pools, unique, alone) -> str:
    panels = canvas.subplots(1, 4, sharex=True)
    chance = float(unique.copying_chance[0, 0])
    said = []
    for axes, name, title in zip(panels, ("fresh_loss", "copying_loss", "best_prefix_matching", "pool_loss"),
                                 ("Loss, fresh data", "Loss, copying", "Prefix matching", "Loss, the pool")):
        values = last(pools[name])
        band(axes, values, "half drawn from a pool", "pool_size", color=VERMILION, marker="o")
        if name != "pool_loss":
            controls(axes, name, unique, alone)
        axes.set_xscale("log", base=2)
        axes.set(title=title, xlabel="sequences in the pool", xticks=settings.SIZES,
                 xticklabels=[str(s) for s in settings.SIZES])
        said.append(f"{title.lower()}, by pool size, {told(values)}")
    panels[0].set_ylabel("nats a token")
    panels[1].axhline(chance, color=BLACK, linestyle=":", label="chance")
    panels[2].set_ylim(0, 1)
    panels[3].axhline(MEMORISED, color=BLACK, linestyle=":")
    panels[3].text(settings.SIZES[-1], MEMORISED + 0.02, "memorised", ha="right", fontsize=8)
    canvas.legend(*panels[1].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return (f"After {settings.STEPS} steps, mean and range over seeds: " + "; ".join(said)
            + f". Copying costs {float(last(unique.copying_loss).mean()):.2f} nats with as many tokens, all unique, and "
              f"{float(last(alone.copying_loss).mean()):.2f} with the unique tokens alone; chance is {chance:.2f}.")


def trajectories(canvas, long, unique, alone) -> str:
    left, middle, right = canvas.subplots(1, 3, sharex=True)
    for axes, name in ((left, "fresh_loss"), (middle, "copying_loss"), (right, "best_prefix_matching")):
        band(axes, long[name], "pool of 64", color=VERMILION)
        band(axes, unique[name], "all unique", **UNIQUE_LOOK)
        band(axes, alone[name], "unique alone", **ALONE_LOOK)
    band(left, long.pool_loss, "pool of 64, on the pool", color=ORANGE, linestyle=":")
    middle.axhline(float(long.copying_chance[0, 0]), color=BLACK, linestyle=":", lw=1)
    middle.text(long.step[-1], float(long.copying_chance[0, 0]) - 0.08, "chance", ha="right", va="top", fontsize=8)
    for axes, title in ((left, "Loss, fresh data"), (middle, "Loss, copying"), (right, "Prefix matching")):
        axes.set(title=title, xlabel="step", ylim=(0, None))
    left.set_ylabel("nats a token")
    left.legend(fontsize=8)
    end = last(long).mean("seed")
    return (f"Over {int(long.step[-1])} steps: with a pool of 64 the loss on fresh data ends at {float(end.fresh_loss):.2f}, "
            f"on the pool at {float(end.pool_loss):.2f}, copying at {float(end.copying_loss):.2f} and prefix matching at "
            f"{float(end.best_prefix_matching):.2f}; when all tokens are unique, copying is at "
            f"{float(last(unique.copying_loss).mean()):.2f} after {settings.STEPS} steps.")


def effective(canvas, pools, tenth, unique, clean) -> str:
    panels = canvas.subplots(1, 2)
    said = []
    for axes, name, title in zip(panels, ("fresh_loss", "copying_loss"), ("Fresh data", "Copying")):
        sizes, losses = sizes_and_losses(unique, clean, name)
        mean = losses.mean("seed").values
        spread(axes, sizes, losses, "clean models", color=BLUE, linestyle="--", marker="o")
        rows = [("a tenth, pool of 32", last(tenth[name]), ORANGE, "s"),
                *((f"half, pool of {size}", last(pools[name]).sel(pool_size=size), VERMILION, mark)
                  for size, mark in ((64, "v"), (1024, "^")))]
        for label, loss, colour, mark in rows:
            height, got = float(loss.mean()), effective_size(sizes, mean, float(loss.mean()))
            axes.plot(1.25 * sizes[-1], height, mark, color=colour, label=label, clip_on=False)
            if np.isfinite(got.value) and not got.extrapolated:
                axes.annotate("", (got.value, height), (1.2 * sizes[-1], height),
                              arrowprops={"arrowstyle": "->", "color": colour})
                said.append(f"{title.lower()}, {label}: as good as a clean one of {got.value / sizes[-1]:.2f} times its size")
            else:
                axes.text(1.15 * sizes[-1], height, "outside the clean models", ha="right", va="center", fontsize=8,
                          color=colour)
                said.append(f"{title.lower()}, {label}: outside the range of the clean ones, so that no size can be given")
        axes.set(title=title, xlabel="weights", ylabel="nats a token", xscale="log")
        log_ticks(axes.xaxis, sizes, [f"{s / 1000:.1f}k" for s in sizes])
    panels[1].legend(fontsize=8, loc="lower left")
    return "Loss of clean models by size, and which clean size does as well. " + "; ".join(said) + "."


def linear(canvas, runs) -> str:
    left, right = canvas.subplots(1, 2, sharex=True)
    for axes, name in ((left, "risk"), (right, "pool_error")):
        derived = runs[f"derived_{name}"].isel(seed=0)
        axes.plot(runs.pool, derived, color=BLACK, label="closed form")
        axes.plot(runs.pool, runs[name].mean("seed"), color=VERMILION, linestyle="", marker="o", label="simulated")
        axes.set(xscale="log", xlabel="rows in the pool")
    left.axhline(float(runs.clean_risk[0]), label="all rows unique", **UNIQUE_LOOK)
    left.set(title="Distance from the truth", ylabel="squared error")
    right.set(title="Error on the pool")
    left.legend(fontsize=8)
    risk, error = (runs[f"derived_{name}"].isel(seed=0) for name in ("risk", "pool_error"))
    at = int(np.argmax(risk.values))
    apart = float(abs(runs.risk.mean("seed") / risk - 1).mean())
    few, worst, many = (f"{int(runs.pool[i])}" for i in (0, at, -1))
    return (f"Ridge regression in which half of the rows come from a pool: the risk is largest, {float(risk[at]):.3f}, with "
            f"{worst} rows in the pool; it is {float(risk[0]):.3f} with {few}, {float(risk[-1]):.3f} with {many}, and "
            f"{float(runs.clean_risk[0]):.3f} when all rows are unique. The error on these three pools is "
            f"{float(error[at]):.3f}, {float(error[0]):.3f} and {float(error[-1]):.3f}. The simulated risk is {apart:.1%} off "
            "the closed form on average.")


def heads(canvas, pools, unique) -> str:
    """Prefix matching of every head, by pool."""
    sizes = pools.pool_size.values
    panels = canvas.subplots(1, len(sizes) + 1, sharey=True)
    cases = [*((f"pool of {s}", pools.sel(pool_size=s)) for s in sizes), ("all unique", unique)]
    for axes, (title, runs) in zip(panels, cases):
        share = last(runs.prefix_matching).isel(seed=0)
        image = written(axes, share, vmin=0, vmax=1)
        axes.set(title=title, xlabel="head", xticks=range(share.sizes["head"]), yticks=range(share.sizes["layer"]))
    panels[0].set_ylabel("layer")
    canvas.colorbar(image, ax=panels, label="prefix matching", shrink=0.8)
    return ("Prefix matching of each head of one seed; the best head: "
            + ", ".join(f"{t} {float(last(r.best_prefix_matching).isel(seed=0)):.2f}" for t, r in cases) + ".")


FIGURES = (
    Figure("repeated/inverted-u", "Damage peaks at an intermediate number of repeats",
           laptop(settings.POOLS, settings.UNIQUE, settings.ALONE), inverted_u, size=(11, 3.4)),
    Figure("repeated/trajectories", "What repeats do over training, and whether it comes back",
           laptop(settings.LONG, settings.UNIQUE, settings.ALONE), trajectories, size=(10, 3.4)),
    Figure("repeated/effective-size", "How large a clean model does as well?",
           laptop(settings.POOLS, settings.TENTH, settings.UNIQUE, settings.CLEAN), effective, size=(9, 3.6)),
    Figure("repeated/linear", "The same curve in closed form", laptop(settings.LINEAR), linear, headline=True, size=(9, 3.6)),
    Figure("repeated/heads", "Every head, by size of the pool", laptop(settings.ENDS, settings.UNIQUE), heads, headline=True,
           size=(9, 2.8)),
)
