"""Make claims and figures again: run their plans, judge, print the ledger, write report and figures."""

import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import xarray as xr
from tqdm.auto import tqdm

from mini import claims, interrupt, plotting, report
from mini.engine import default_cache, run_plan
from mini.engine.store import compile_cache
from mini.errors import UsageError, unknown, wrong
from mini.files import check_writable, stem
from mini.machine import versions
from mini.plan import Plan
from mini.studies import all_claims, all_figures, find, studies


@dataclass
class Runner:
    """Runs plans with some seeds, each at most once, and counts what was found and computed.

    Where no number of seeds is asked for, each plan takes its own number, and begins with its own first seed.
    """

    seeds: int | None = None
    seed_start: int | None = None
    cache: Path | None = field(default_factory=default_cache)
    fresh: bool = False
    cancel: Event | None = None
    found: int = 0
    computed: int = 0
    done: dict[str, xr.Dataset] = field(default_factory=dict)  # by the plan's text

    def asked(self, plan: Plan) -> Plan:
        """The plan with the seeds that are asked for."""
        return plan.replace(seeds=self.seeds or plan.seeds,
                            seed_start=plan.seed_start if self.seed_start is None else self.seed_start)

    def check(self, plans: Sequence[Plan]) -> None:
        """Refuse what cannot be run, before anything runs."""
        for name, value, low in (("seeds", self.seeds, 1), ("seed_start", self.seed_start, 0)):
            if value is not None and value < low:
                raise wrong(name, value, f"a whole number from {low} on")
        for plan in plans:
            self.asked(plan).check()

    def run(self, plan: Plan) -> xr.Dataset:
        plan = self.asked(plan)
        name = f"{type(plan.experiment).__module__} {plan!r}"
        if name not in self.done:
            self.done[name] = dataset = run_plan(plan, cache=self.cache, fresh=self.fresh, cancel=self.cancel)
            self.found += dataset.attrs["runs_found"]
            self.computed += dataset.attrs["runs_computed"]
        return self.done[name]


def reproduce(names: Sequence[str] = (), *, everything: bool = False, preset: str = "laptop", seeds: int | None = None,
              seed_start: int | None = None, only: Sequence[str] = (), fresh: bool = False, out: Path = Path("out")) -> int:
    """Measure claims, study by study; write `claims.json`, `report.html` and `figures/` into a folder after each.

    Args:
      names: studies, all if empty. everything: every claim and figure, not the headlines alone.
      seeds, seed_start: for every claim; None for each claim's own, 5 or more, from 0 or later.
      only: claim ids; no figure comes with them.
      fresh: compute even what is kept from an earlier call.
    """
    chosen = choose_claims(names, everything, only, preset)
    figures = [] if only else choose_figures(names, everything, preset)
    if not chosen and not figures:
        who = ", ".join(names)
        if preset != "laptop":
            raise wrong("preset", preset, f"laptop: nothing of {who} has another setting")
        raise UsageError(f"{who}: no claim and no figure yet" if everything else f"{who}: no headline; takes --all as well")
    runner = Runner(seeds, seed_start, fresh=fresh, cancel=interrupt.heard)
    for plans in (*(claim.setting(preset).plans for _, claim in chosen), *(figure.plans[preset] for _, figure in figures)):
        runner.check(plans)
    for path in (out / "claims.json", out / "report.html", *drawings(figures, out / "figures")):
        check_writable(path)
    compile_cache()
    start, entries, drawn = time.perf_counter(), [], []
    asked = len(chosen) + len(figures)
    with tqdm(total=asked, desc="claims and figures", unit="", leave=False, disable=None) as bar:  # no bar in a log
        for name in dict.fromkeys(study.name for study, _ in (*chosen, *figures)):
            for _, claim in _of(chosen, name, bar):
                entries.append(measure(claim, name, preset, runner))
            for _, figure in _of(figures, name, bar):
                drawn.append(draw(figure, preset, runner, out / "figures"))
            claims.write_ledger(entries, out / "claims.json")
            seconds, left = time.perf_counter() - start, asked - len(entries) - len(drawn)
            report.write(entries, drawn, out / "report.html", seconds=seconds, preset=preset, versions=versions(), left=left)
            if left:
                tqdm.write(f"{name} is in {out / 'report.html'} now; still to come: {left} of {asked} claims and figures")
    print(closing(entries, runner, seconds, out, drawn))
    return 0


def _of(pairs: Sequence[tuple], name: str, bar: tqdm):
    """Those of a study, each named on the bar while it is at work."""
    for study, one in pairs:
        if study.name == name:
            bar.set_postfix_str(one.id)
            yield study, one
            bar.update()


def measure(claim: claims.Claim, study: str, preset: str, runner: Runner) -> claims.Entry:
    """Run a claim's plans and judge it, in a line of the terminal."""
    entry = claims.judge(claim, study, preset, [runner.run(plan) for plan in claim.setting(preset).plans])
    tqdm.write(line(entry))
    return entry


def choose_claims(names, everything: bool, only, preset: str) -> list[tuple]:
    """The claims asked for, each with its study."""
    known = all_claims()
    for name in only:
        if name not in known:
            raise unknown("claim", name, known)
    wanted = {find(name).name for name in names} or set(studies())
    for name in only:
        if known[name][0].name not in wanted:
            raise wrong("only", name, f"claims of {', '.join(sorted(wanted))}; this one is of {known[name][0].name}")
    chosen = [(study, claim) for study, claim in known.values() if study.name in wanted
              and (claim.id in only if only else everything or claim.headline)]
    lacking = [claim.id for _, claim in chosen if preset not in claim.settings]
    if lacking and only:
        raise UsageError(f"preset: {', '.join(lacking)} has no {preset!r} setting, takes laptop")
    kept = [(study, claim) for study, claim in chosen if preset in claim.settings]
    for name in lacking if kept else ():
        print(f"{name}: no {preset} setting, left out", file=sys.stderr)
    return kept


def choose_figures(names, everything: bool, preset: str) -> list[tuple]:
    wanted = {find(name).name for name in names} or set(studies())
    return [(s, f) for s, f in all_figures().values()
            if s.name in wanted and preset in f.plans and (everything or f.headline)]


def drawings(figures, folder: Path) -> list[Path]:
    """The files of some figures, each with its study."""
    return [folder / (stem(figure.id) + kind) for _, figure in figures for kind in (".svg", ".png", ".json")]


def draw(figure: plotting.Figure, preset: str, runner: Runner, folder: Path) -> dict:
    """Draw one figure and save it with its numbers; returns what was saved beside it."""
    start = time.perf_counter()
    datasets = [runner.run(plan) for plan in figure.plans[preset]]
    with plotting.style():
        canvas = plotting.canvas(figure.size)
        alt = figure.draw(canvas, *datasets)
        if not alt:
            raise UsageError(f"{figure.id}: `draw` returns what the figure shows, in words; it returned {alt!r}")
        return plotting.save(canvas, figure.id, folder, alt, datasets, title=figure.title, preset=preset,
                             wall_seconds=round(time.perf_counter() - start, 2))


def one_figure(name: str, preset: str, seeds: int | None, seed_start: int | None, fresh: bool, folder: Path) -> None:
    """Draw one figure by its id."""
    if name not in all_figures():
        raise unknown("figure", name, all_figures())
    _, figure = all_figures()[name]
    if preset not in figure.plans:
        raise wrong("preset", preset, "one of " + ", ".join(figure.plans))
    runner = Runner(seeds, seed_start, fresh=fresh, cancel=interrupt.heard)
    runner.check(figure.plans[preset])
    for path in drawings([(None, figure)], folder):
        check_writable(path)
    compile_cache()
    record = draw(figure, preset, runner, folder)
    print(f"{record['alt']}\nwritten: {folder / stem(name)}.svg, .png, .json "
          f"({runner.computed} runs computed, {runner.found} already there)")


def line(entry: claims.Entry) -> str:
    """One claim on one line of a terminal."""
    value = f"{claims.number(entry.value)} [{claims.number(entry.low)}, {claims.number(entry.high)}]"
    more = f", about {entry.seeds_needed} seeds would tell" if entry.seeds_needed else ""
    beside = f" ({entry.measured})" if entry.measured else ""
    return f"{entry.verdict:<17} {entry.id:<38} {value:<28} {claims.criterion_text(entry)}{beside}{more}"


def closing(entries: Sequence[claims.Entry], runner: Runner, seconds: float, out: Path, drawn: Sequence) -> str:
    count = {v: sum(e.verdict == v for e in entries)
             for v in (claims.REPRODUCED, claims.NOT_HERE, claims.UNDECIDED)}
    verdicts = ", ".join(f"{n} {v}" for v, n in count.items() if n)
    kept = f" ({runner.found} runs were already computed for this configuration and code)" if runner.found else ""
    width = min(shutil.get_terminal_size().columns, 100)
    return (f"{'-' * width}\n{len(entries)} claims: {verdicts}; {seconds:.0f} s, {runner.computed} runs computed{kept}\n"
            f"report: {out / 'report.html'}   ledger: {out / 'claims.json'}"
            + (f"   figures: {out / 'figures'}" if drawn else ""))
