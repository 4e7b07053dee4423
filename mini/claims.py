"""Claims: statements of papers as numbers measured here, with an interval and a verdict; the ledger."""

import dataclasses
import datetime
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.stats
import xarray as xr

from mini.errors import UsageError
from mini.files import bundled, write_text
from mini.plan import Plan

REPRODUCED, NOT_HERE, UNDECIDED = "reproduced", "not at this scale", "undecided"
MIN_SEEDS = 5
POSSIBLE = {"rank correlation": (-1.0, 1.0)}  # unit -> bounds that no number and no interval may pass


class Published(NamedTuple):
    """The figure that a paper gives, and where it stands; marks say how it was read."""

    figure: str
    paper: str  # key in data/papers.bib
    place: str  # section, figure or table, with "(recalled)" or "(read off the plot)" where that holds


class Setting(NamedTuple):
    """What a preset runs for a claim, and the criterion there; None is an open end."""

    plans: tuple[Plan, ...]
    criterion: tuple[float | None, float | None]


@dataclass(frozen=True)
class Claim:
    """One statement of a paper.

    Args:
      id: theme/name. statement: in our own words. unit: of the estimate; "margin" where the estimate
        is the smallest signed margin of several conditions.
      settings: preset -> what is run there and the criterion, written before measuring.
      estimate: the settings' datasets -> one number per seed; for a `count`, (right, trials) per seed.
      sabotage: a plan -> the same plan, so spoiled that the verdict must change.
      seconds: about how long it computes in the laptop preset, summed over cores; the ledger's own number goes before it.
      beside: the settings' datasets -> the quantities that the published figure gives, as measured
        here, in words; for claims whose estimate is a margin, which says little by itself.
      items: how many sampled items a seed's number is a share of, where the share may come out the same for
        every seed; the interval is then not a point but that of a count of zero (`share_interval`).
      exact: nothing in it depends on a seed: one run, no interval.
    """

    id: str
    statement: str
    published: Published
    unit: str
    settings: Mapping[str, Setting]
    estimate: Callable[..., xr.DataArray | tuple]
    sabotage: Callable[[Plan], Plan]
    headline: bool = False
    count: bool = False
    items: int = 0
    exact: bool = False
    seconds: float = 10.0
    beside: Callable[..., str] | None = None

    def setting(self, preset: str) -> Setting:
        if preset not in self.settings:
            raise UsageError(f"preset: {self.id} has no {preset!r}, takes {', '.join(self.settings)}")
        return self.settings[preset]


def everywhere(plans: Mapping, criterion) -> dict[str, Setting]:
    """One criterion for every preset of a plan; a tuple of plans goes to the estimator in its order."""
    return {preset: Setting(plan if isinstance(plan, tuple) else (plan,), criterion) for preset, plan in plans.items()}


def laptop(criterion, *plans) -> dict[str, Setting]:
    """A criterion that only the laptop preset has; the plans go to the estimator in their order."""
    return everywhere({"laptop": plans}, criterion)


def smallest(*margins: xr.DataArray) -> xr.DataArray:
    """Each seed's smallest margin, of several conditions (…, seed); missing where any of them is."""
    return xr.concat(margins, "condition", join="outer").min("condition", skipna=False)


class Interval(NamedTuple):
    value: float
    low: float
    high: float


def t_interval(numbers: Sequence[float]) -> Interval:
    """Mean and its 95% interval by Student's t; infinite where a number is missing.

    >>> low, high = t_interval([1.0, 2.0, 3.0])[1:]
    >>> round(low, 3), round(high, 3)
    (-0.484, 4.484)
    """
    x = np.asarray(numbers, float)
    if not np.isfinite(x).all() or len(x) < 2:
        return Interval(float(x.mean()), -math.inf, math.inf)
    half = scipy.stats.t.ppf(0.975, len(x) - 1) * x.std(ddof=1) / math.sqrt(len(x))
    return Interval(float(x.mean()), float(x.mean() - half), float(x.mean() + half))


def binomial_interval(right: int, trials: int) -> Interval:
    """Share and its exact 95% interval (Clopper and Pearson 1934), for a count over many items.

    >>> round(binomial_interval(100, 100).low, 4)
    0.9638
    """
    if not trials:
        return Interval(math.nan, -math.inf, math.inf)
    test = scipy.stats.binomtest(int(right), int(trials))
    low, high = test.proportion_ci(0.95, method="exact")
    return Interval(float(right / trials), float(low), float(high))


def share_interval(numbers: Sequence[float], items: int) -> Interval:
    """Student's t for shares of `items` sampled items per seed. Where all seeds agree, it would have no width; the half width
    is then the exact upper end for a count of zero among all these items, which is right if the share agreed on is 0 or 1.

        1 - 0.025^(1 / (seeds * items))

    >>> round(share_interval([0.0] * 5, 64).high, 4), round(binomial_interval(0, 320).high, 4)
    (0.0115, 0.0115)
    """
    interval = t_interval(numbers)
    if interval.low < interval.high:
        return interval
    reach = binomial_interval(0, len(numbers) * items).high
    return Interval(interval.value, interval.value - reach, interval.value + reach)


def verdict(interval: Interval, criterion: tuple[float | None, float | None]) -> str:
    """Inside the criterion: reproduced; outside: not at this scale; astride: undecided.

    >>> verdict(Interval(3, 2, 4), (1, None)), verdict(Interval(3, 2, 4), (None, 1)), verdict(Interval(3, 2, 4), (3, None))
    ('reproduced', 'not at this scale', 'undecided')
    """
    low, high = _ends(criterion)
    if low <= interval.low and interval.high <= high:
        return REPRODUCED
    if interval.high < low or interval.low > high:
        return NOT_HERE
    return UNDECIDED


def seeds_to_decide(numbers: Sequence[float], criterion: tuple[float | None, float | None]) -> int | None:
    """About how many seeds would decide if mean and spread stayed as they are; None where no number would."""
    x = np.asarray(numbers, float)
    ends = [end for end in _ends(criterion) if math.isfinite(end)]
    if not np.isfinite(x).all() or len(x) < 2 or not ends:
        return None
    gap, spread = min(abs(x.mean() - end) for end in ends), x.std(ddof=1)
    for n in range(MIN_SEEDS, 1001):
        if scipy.stats.t.ppf(0.975, n - 1) * spread / math.sqrt(n) < gap:
            return n
    return None


def _ends(criterion) -> tuple[float, float]:
    low, high = criterion
    return (-math.inf if low is None else low), (math.inf if high is None else high)


@dataclass(frozen=True)
class Entry:
    """One line of the ledger, as `claims.json` holds it."""

    id: str
    study: str
    paper: str
    statement: str
    published: str
    published_source: str
    unit: str
    criterion: tuple[float | None, float | None]
    value: float | None
    low: float | None
    high: float | None
    seeds: int
    per_seed: list[float | None]
    verdict: str
    seeds_needed: int | None
    preset: str
    headline: bool
    seconds: float
    measured: str = ""
    plans: list[str] = field(default_factory=list)
    made: dict = field(default_factory=dict)  # hashes of the code that computed, versions, machine, date


def judge(claim: Claim, study: str, preset: str, datasets: Sequence[xr.Dataset]) -> Entry:
    """Estimate, interval and verdict of a claim from the runs of one of its settings."""
    setting = claim.setting(preset)
    estimate = claim.estimate(*datasets)
    _check_seeds(claim, estimate, datasets)
    numbers, interval = with_interval(claim, estimate)
    enough = claim.count or claim.exact or len(numbers) >= MIN_SEEDS
    outcome = verdict(interval, setting.criterion) if enough else UNDECIDED
    return Entry(
        id=claim.id, study=study, paper=claim.published.paper, statement=claim.statement,
        published=claim.published.figure, published_source=claim.published.place, unit=claim.unit,
        criterion=setting.criterion, value=_finite(interval.value), low=_finite(interval.low),
        high=_finite(interval.high), seeds=len(numbers), per_seed=[_finite(x) for x in numbers],
        verdict=outcome, preset=preset, headline=claim.headline,
        seeds_needed=_needed(numbers, setting.criterion) if outcome == UNDECIDED else None,
        seconds=round(float(sum(d.attrs["compute_seconds"] for d in datasets)), 2),
        measured=claim.beside(*datasets) if claim.beside else "",
        plans=[_with_seeds(plan, runs) for plan, runs in zip(setting.plans, datasets)], made=_made(datasets))


def _with_seeds(plan: Plan, runs: xr.Dataset) -> str:
    """A plan in one line, with the seeds that were run."""
    return f"{plan.text()}, seeds {int(runs.seed[0])} to {int(runs.seed[-1])}"


def _check_seeds(claim: Claim, estimate, datasets: Sequence[xr.Dataset]) -> None:
    """Refuse an estimate in which swept values or ticks would pass for seeds and make its interval falsely narrow."""
    for part in estimate if claim.count else [estimate]:
        found, seeds = np.size(part), datasets[0].sizes.get("seed", 1)
        if found != seeds and not claim.exact:
            shape = dict(part.sizes) if isinstance(part, xr.DataArray) else np.shape(part)
            raise UsageError(f"{claim.id}: the estimate has {found} numbers ({shape}), takes one for each of {seeds} seeds")


def with_interval(claim: Claim, estimate) -> tuple[np.ndarray, Interval]:
    """The numbers of each seed, and the interval that is right for the claim's kind of number."""
    if claim.count:
        right, trials = (np.asarray(x).ravel() for x in estimate)
        return right / np.where(trials > 0, trials, np.nan), binomial_interval(right.sum(), trials.sum())
    numbers = np.asarray(estimate, float).ravel()
    if claim.exact:
        return numbers[:1], t_interval(numbers[:1]) if np.isnan(numbers[0]) else Interval(*3 * (float(numbers[0]),))
    interval = share_interval(numbers, claim.items) if claim.items else t_interval(numbers)
    least, most = POSSIBLE.get(claim.unit, (-math.inf, math.inf))
    return numbers, interval._replace(low=max(interval.low, least), high=min(interval.high, most))


def _made(datasets: Sequence[xr.Dataset]) -> dict:
    """Where an entry comes from: the code of each plan's runs, and what they were computed with and on."""
    about = datasets[0].attrs
    return {"code": [d.attrs.get("code", "") for d in datasets], "versions": json.loads(about.get("versions", "{}")),
            "machine": about.get("machine", ""), "date": datetime.date.today().isoformat()}


def _needed(numbers, criterion) -> int | None:
    return MIN_SEEDS if len(numbers) < MIN_SEEDS else seeds_to_decide(numbers, criterion)


def _finite(x: float) -> float | None:
    return float(f"{x:.6g}") if math.isfinite(x) else None


def write_ledger(entries: Sequence[Entry], path: Path) -> None:
    write_text(path, json.dumps([dataclasses.asdict(e) for e in entries], indent=1) + "\n")


def read_ledger(path: Path | None = None) -> list[Entry]:
    """The ledger of a file, or the committed one."""
    source = Path(path) if path else bundled("data") / "claims.json"
    try:
        return [Entry(**{**e, "criterion": tuple(e["criterion"])}) for e in json.loads(source.read_text(encoding="utf-8"))]
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError(f"ledger: {str(source)!r} is not a list of claims ({error})") from None


def number(x: float | None) -> str:
    """A number as the tables print it; a dash where there is none.

    >>> number(0.98765), number(None), number(40.0)
    ('0.988', '–', '40')
    """
    return "–" if x is None else f"{x:.3g}"


def here_text(entry: Entry) -> str:
    """What was measured here, in words: the estimate with its interval, and what stands beside it."""
    interval = f"{number(entry.value)} ({number(entry.low)} to {number(entry.high)}), {entry.seeds} seeds"
    if entry.low == entry.high:
        interval = number(entry.value) + (f" in each of {entry.seeds} seeds" if entry.seeds > 1 else ", exactly")
    return f"{entry.measured}; {interval}" if entry.measured else interval


def criterion_text(entry: Entry) -> str:
    """The criterion in words, with its unit."""
    low, high = entry.criterion
    unit = "" if entry.unit == "1" else f" ({entry.unit})"
    if low is not None and high is not None:
        return f"{number(low)} to {number(high)}{unit}"
    return f"at least {number(low)}{unit}" if high is None else f"at most {number(high)}{unit}"


def table(entries: Sequence[Entry]) -> str:
    """The ledger as a Markdown table."""
    rows = [("claim", "statement", "published", "here (95% interval)", "criterion", "verdict"), ("---",) * 6]
    for e in entries:
        cells = (f"`{e.id}`", e.statement, f"{e.published}; {e.paper}, {e.published_source}", here_text(e),
                 criterion_text(e), f"**{e.verdict}**")
        rows.append(tuple(cell.replace("|", "\\|") for cell in cells))  # a bar would end the cell
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
