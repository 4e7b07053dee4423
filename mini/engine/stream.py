"""`live` streams partial results of a plan; `run` gives only the last; `train` keeps the state."""

import dataclasses
import time
import warnings
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import numpy as np
import xarray as xr
from tqdm.auto import tqdm

from mini import results
from mini.engine import store
from mini.engine.group import Group, Trained
from mini.engine.sources import code_hash, unsettled
from mini.experiment import Experiment, unit_of
from mini.plan import Plan

BATCH_SECONDS, LIVE_SECONDS = 0.2, 0.04


def run(experiment: Experiment, ticks=None, every=None, *, seeds=5, seed_start=0, sweep=None, hold=None,
        **options) -> xr.Dataset:
    """Run an experiment over seeds and swept values; see `Plan` and `live` for the arguments."""
    plan = Plan(experiment, ticks, every, seeds, seed_start, sweep or {}, hold or {})
    return run_plan(plan, **options)


def run_plan(plan: Plan, **options) -> xr.Dataset:
    """Only the last result of `live`."""
    (whole,) = live(plan, chunk_seconds=BATCH_SECONDS, partial=False, **options)
    return whole


def live(plan: Plan, *, strategy: str = "auto", cache: Path | None = None, fresh: bool = False, progress: bool = True,
         cancel: Event | None = None, chunk_seconds: float = LIVE_SECONDS, partial: bool = True) -> Iterator[xr.Dataset]:
    """Partial results of a plan, the last one complete.

    Args:
      plan: what to run.
      strategy: auto, threads, vmap or sharded: how the runs share the hardware.
      cache: folder in which finished runs are kept and looked for; None keeps nothing.
      fresh: compute even what is kept there, and keep the new runs in its place.
      progress: show a bar with the time left once this takes over two seconds.
      cancel: when set, `Cancelled` is raised within a chunk's time.
      chunk_seconds: the time between partial results.
      partial: whether any results come before the complete one; each is a table of all runs.

    Yields:
      datasets with dims (swept names, `seed`, clock, the variable's own); what is not computed yet
      is NaN, or -1 in whole numbers.
    """
    plan.check()
    kept = _store(plan, cache) if cache is not None else None
    start, groups, found, ways = time.perf_counter(), {}, 0, set()
    total = sum(dataclasses.replace(plan, experiment=point).length for point in plan.points()) * plan.seeds
    with tqdm(total=total, unit=unit_of(type(plan.experiment)), unit_scale=True, delay=2.0, leave=False,
              desc=type(plan.experiment).__name__, disable=not progress, smoothing=0.05) as bar:
        waiting = deque((values, Group(dataclasses.replace(plan, experiment=points[0]), points, strategy, kept, fresh))
                        for values, points in _static_groups(plan).items())  # all of them, before the first is trained
        while waiting:
            values, group = waiting.popleft()
            bar.update(group.found * group.plan.length)
            found += group.found
            ways.add(group.strategy.name)
            stream = group.stream(chunk_seconds, cancel, deep=chunk_seconds >= BATCH_SECONDS)
            last = time.perf_counter()
            for i, ticks in enumerate(stream):
                if i < 2:  # compilation comes before this, and says nothing about the time left
                    bar.unpause()
                bar.update(ticks)
                begun = group.table.measured and not group.whole
                if partial and begun and time.perf_counter() - last >= chunk_seconds:
                    last = time.perf_counter()
                    yield results.join(plan, groups | {values: group.table.dataset()})
            groups[values] = group.table.dataset()
            if partial and len(groups) > 1:
                yield results.join(plan, groups)
    dataset = results.join(plan, groups)
    dataset.attrs = results.provenance(
        plan, code=code_hash(type(plan.experiment)) if kept else "", strategy=", ".join(sorted(ways)),
        seconds=time.perf_counter() - start,
        compute_seconds=float(dataset["run_seconds"].sum()), runs_found=found,
        runs_computed=int(np.prod(dataset["diverged_at"].shape)) - found)
    _warn(dataset)
    yield dataset


def _store(plan: Plan, cache: Path) -> store.Store | None:
    """The folder of kept runs, or None, with a warning, where nobody can say which source will have computed them."""
    if why := unsettled(type(plan.experiment)):
        warnings.warn(f"runs of {type(plan.experiment).__name__} are not kept: {why}", stacklevel=3)
        return None
    kept = store.Store(cache)
    kept.check()
    return kept


def train(experiment: Experiment, ticks: int | None = None, seed: int = 0, hold=None) -> Trained:
    """Train one run and keep its state."""
    plan = Plan(experiment, ticks, every=[0], seeds=1, seed_start=seed, hold=hold or {})
    plan.check()
    group = Group(plan, [experiment], "threads", None)
    for _ in group.stream(BATCH_SECONDS, None, deep=True):
        pass
    return group.trained


def _static_groups(plan: Plan) -> dict[tuple, list[Experiment]]:
    """Points of the sweep by the values of its static names."""
    static = plan.swept(traced=False)
    groups: dict[tuple, list[Experiment]] = {}
    for point in plan.points():
        groups.setdefault(tuple(getattr(point, n) for n in static), []).append(point)
    return groups


def _warn(dataset: xr.Dataset) -> None:
    """Divergence is data; it also gets a warning."""
    bad = int((dataset["diverged_at"] >= 0).sum())
    if bad:
        warnings.warn(f"{bad} of {dataset['diverged_at'].size} runs diverged (see `diverged_at`); "
                      "where it learns, a smaller learning rate is the usual cure", stacklevel=3)
