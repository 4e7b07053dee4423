"""The claims of this study. Criteria are written from the published figures, before measuring."""

import numpy as np
import xarray as xr

from mini.claims import Claim, Published, laptop, smallest
from mini.measures.curves import crossing, last
from mini.measures.effective_size import effective_size
from mini.plan import Plan
from mini.studies.repeated_data import settings
from mini.studies.repeated_data.linear import Duplicates

MEMORISED = 0.1  # nats a token: the pool's loss "near zero"


def untrained(plan: Plan) -> Plan:
    """The sabotage: no training, with a short stream and few held-out sequences, since these make no difference."""
    if isinstance(plan.experiment, Duplicates):
        return plan
    if "width" in plan.sweep:
        plan = plan.replace(sweep={"width": (16,)})  # each width compiles for itself
    return plan.replace(learning_rate=0.0, ticks=2, every=1, stream=2048, batch_size=4, held_out=8)


def by_pool(pools: xr.Dataset, name: str) -> xr.DataArray:
    """A quantity at the last step, by (seed, pool_size)."""
    return last(pools[name]).transpose("seed", "pool_size")


def worst(values: xr.DataArray, inner: bool = False) -> np.ndarray:
    """For each seed, the index of the pool at which the other seeds' mean is largest, so that no seed chooses its own.

    Args:
      inner: choose among the pools that are neither the smallest nor the largest.
    """
    v = values.values
    others = (v.sum(0) - v) / max(len(v) - 1, 1)
    return 1 + others[:, 1:-1].argmax(1) if inner else others.argmax(1)


def picked(values: xr.DataArray, at: np.ndarray) -> xr.DataArray:
    """Each seed's value at the pool chosen for it."""
    return xr.DataArray(np.take_along_axis(values.values, at[:, None], 1)[:, 0], {"seed": values.seed.values}, "seed")


def hump(pools) -> xr.DataArray:
    """Loss on fresh data at the worst pool between the ends, less the larger loss at the two ends."""
    loss = by_pool(pools, "fresh_loss")
    return picked(loss, worst(loss, inner=True)) - loss.isel(pool_size=[0, -1]).max("pool_size")


def apart(pools, unique) -> np.ndarray:
    """Doublings between the pool that does most damage and the largest pool that is memorised, by interpolation."""
    damage = by_pool(pools, "fresh_loss") - last(unique.fresh_loss)
    sizes, learned = np.log2(pools.pool_size.values), by_pool(pools, "pool_loss").values
    return np.array([sizes[row.argmax()] - crossing(sizes, loss, MEMORISED) for row, loss in zip(damage.values, learned)])


def copying_damage(pools, unique, alone, clean) -> xr.DataArray:
    """Copying loss at the worst pool less that of both controls, and of a clean model of a third of the size."""
    loss = by_pool(pools, "copying_loss")
    there = picked(loss, worst(loss))
    third = last(clean.copying_loss).sel(width=16, drop=True)
    return smallest(*(there - control for control in (last(unique.copying_loss), last(alone.copying_loss), third)))


def matching_lost(pools, unique) -> xr.DataArray:
    """Share of the best head's prefix matching that is lost at the pool that is worst for copying."""
    at = worst(by_pool(pools, "copying_loss"))
    return 1 - picked(by_pool(pools, "best_prefix_matching"), at) / last(unique.best_prefix_matching)


def sizes_and_losses(unique, clean, name: str = "fresh_loss") -> tuple[np.ndarray, xr.DataArray]:
    """Weights of the clean models, and their losses (seed, size)."""
    sizes = [*clean.parameters.mean("seed").values, float(unique.parameters.mean())]
    losses = xr.concat([last(clean[name]).rename(width="size").drop_vars("size"), last(unique[name]).expand_dims("size")],
                       "size", coords="minimal", compat="override", join="outer")
    return np.array(sizes), losses.transpose("seed", "size")


def relative_size(tenth, unique, clean) -> np.ndarray:
    """Effective size over true size for each seed, from its own loss on fresh data and its own clean models."""
    sizes, losses = sizes_and_losses(unique, clean)
    return np.array([effective_size(sizes, row, float(loss)).value / sizes[-1]
                     for row, loss in zip(losses.values, last(tenth.fresh_loss).values)])


def second_descent(runs) -> np.ndarray:
    """How far the loss on fresh data rises above an earlier value, and how far it then falls again: the smaller of the two."""
    return np.array([up_and_down(row) for row in runs.fresh_loss.transpose("seed", "step").values])


def up_and_down(curve: np.ndarray) -> float:
    """The largest over t of min(L(t) - min before, L(t) - min after), of the running mean of three records.

    >>> up_and_down(np.array([5.0, 2.0, 2.0, 2.0, 4.0, 4.0, 4.0, 3.0, 3.0, 3.0]))
    1.0
    """
    if len(curve) < 5:
        return 0.0
    smooth = np.convolve(curve, np.ones(3) / 3, "valid")
    before = np.minimum.accumulate(smooth)
    after = np.minimum.accumulate(smooth[::-1])[::-1]
    return float(np.minimum(smooth - before, smooth - after).max())


def recovered(long, unique) -> xr.DataArray:
    """At a third of the steps, damaged by half a nat of copying loss; at the end, within half a nat of clean, and copying."""
    clean, end = last(unique.copying_loss), last(long.copying_loss)
    early = long.copying_loss.isel(step=int(np.abs(long.step.values - long.step.values[-1] / 3).argmin()), drop=True)
    return smallest(early - clean - 0.5, 0.5 - (end - clean), last(long.copying_chance) - 1 - end)


def closed_form(runs) -> xr.DataArray:
    """Risk at the worst pool over twice that at either end, less 1; and a tenth, less the mean error of the closed form."""
    ends = runs.derived_risk.isel(pool=[0, -1]).max("pool")
    wrong = (abs(runs.risk / runs.derived_risk - 1)).mean("pool")
    return smallest(runs.derived_risk.max("pool") / ends / 2 - 1, 0.1 - wrong)


# What the published figures report, as measured here; shown beside a margin.


def copying_told(pools, unique, alone, clean) -> str:
    loss = by_pool(pools, "copying_loss").mean("seed")
    at = int(loss.argmax("pool_size"))
    sizes, losses = sizes_and_losses(unique, clean, "copying_loss")
    got = effective_size(sizes, losses.mean("seed").values, float(loss[at]))
    size = "less than the smallest clean one" if got.extrapolated else f"{got.value / sizes[-1]:.2g} of its size"
    every, alone = (float(last(control.copying_loss).mean()) for control in (unique, alone))
    return (f"{float(loss[at]):.2f} nats at a pool of {int(pools.pool_size[at])}, {every:.2f} all unique, "
            f"{alone:.2f} the unique alone; effective size {size}")


def linear_told(runs) -> str:
    ratio = (runs.derived_risk / runs.clean_risk).isel(seed=0).values
    places = (0, int(ratio.argmax()), -1)
    return ", ".join(f"{ratio[i]:.2g} times the clean risk with {int(runs.pool[i])}" for i in places) + " rows in the pool"


def recovery_told(long, unique) -> str:
    return (f"copying loss {float(last(long.copying_loss).mean()):.2f} nats after {int(long.step[-1])} steps, "
            f"{float(last(unique.copying_loss).mean()):.2f} all unique after {int(unique.step[-1])}")


PAPER = "hernandez2022"
CLAIMS = (
    Claim(
        "repeated/inverted-u",
        "Repeating does most damage at an intermediate number of repeats: loss on fresh data at 200 repeats, less the "
        "larger loss at 12 and 3200.",
        Published("an inverted U; no figure for its height at this scale, bound set here before measuring", PAPER,
                  "section 1.1, Fig. 2 (secondary)"), "nat",
        laptop((0.05, None), settings.ENDS), hump, untrained, headline=True, seconds=80),
    Claim(
        "repeated/peak-at-memorisation",
        "The damage is largest where the pool's loss comes near zero (doublings between the worst pool and the "
        "largest one memorised to 0.1 nat).",
        Published("the peak is where training loss on the repeated subset approaches zero", PAPER,
                  "section 1.1, Fig. 2 (secondary); suspected in the abstract"), "doublings of the pool",
        laptop((-2, 2), settings.POOLS, settings.UNIQUE), apart, untrained, seconds=180),
    Claim(
        "repeated/copying-damage",
        "With half of the tokens repeated, copying from the context suffers: at the worst pool its loss is above that of both "
        "controls and of a clean model of a third of the size.",
        Published("up to a threefold loss of effective size on copying, against 15% on test loss, at a repeated share of 3%",
                  PAPER, "section 1.1, Fig. 5 (secondary)"), "margin, nat",
        laptop((0.1, None), settings.POOLS, settings.UNIQUE, settings.ALONE, settings.CLEAN), copying_damage, untrained,
        seconds=250, beside=copying_told),
    Claim(
        "repeated/prefix-matching",
        "With half of the tokens repeated, induction heads suffer: share of the best head's prefix matching lost at the worst "
        "pool.",
        Published("32% of effective model size by this score, on average, at a repeated share of 3%; no figure for the score "
                  "itself, the same bound set here before measuring", PAPER, "section 1.1, Fig. 6 (secondary)"), "1",
        laptop((0.32, None), settings.ENDS, settings.UNIQUE), matching_lost, untrained, headline=True, seconds=100),
    Claim(
        "repeated/effective-size",
        "With a tenth of the tokens drawn from a pool that is read 80 times, a model does as well as a clean one of "
        "half its size (effective size over true size).",
        Published("0.5 (800 million weights as good as 400 million, with 0.1% of the data read 100 times)", PAPER, "abstract"),
        "1",
        laptop((0.35, 0.71), settings.TENTH, settings.UNIQUE, settings.CLEAN), relative_size, untrained, seconds=120),
    Claim(
        "repeated/double-descent",
        "Over training the loss on fresh data falls, rises and falls again (the smaller of rise and second fall of a running "
        "mean over three records).",
        Published("double descent over training (literally so with 90% repeated, with 50% a long plateau); no figure, bound "
                  "set here before measuring", PAPER, "abstract; the shares: section 2, Fig. 3 (secondary)"), "nat",
        laptop((0.1, None), settings.LONG), second_descent, untrained, seconds=90),
    Claim(
        "repeated/linear-model",
        "A regression with duplicated rows has the same curve in closed form: risk at the worst pool is twice that at "
        "either end, and simulation agrees within a tenth on average.",
        Published("a non-monotone curve, for a misspecified regression; derived here for a well-specified one with noise",
                  "repetition2026", "abstract"), "margin",
        laptop((0, None), settings.LINEAR), closed_form, lambda plan: plan.replace(counted=False, draws=5), headline=True,
        seconds=12, beside=linear_told),
    Claim(
        "repeated/recovery",
        "A loss of half a nat at a third of the steps is made good: in the end the model copies, a nat below chance or more, "
        "within half a nat of one that read only unique tokens for a third as long.",
        Published("training past the peak helps; no figure, bounds set here before measuring", PAPER, "section 2 (secondary)"),
        "margin, nat",
        laptop((0, None), settings.LONG, settings.UNIQUE), recovered, untrained, seconds=120, beside=recovery_told),
)
