"""The command line: mini list | run | reproduce | figure | lab | course | cache | bench.

The parsers are built from the experiments' own fields, so that `--help` says what the code knows.
"""

import contextlib
import dataclasses
import importlib.util
import itertools
import json
import os
import shutil
import sys
import warnings
from pathlib import Path
from typing import Literal

from mini import interrupt
from mini.errors import UsageError, unknown, wrong
from mini.options import option, parse
from mini.run_command import run

USAGE = """mini: a laboratory of memorisation

  mini list [STUDY ...] [--json]        studies, experiments, claims with their time, figures
  mini run STUDY[/EXPERIMENT] [...]     train; every field is an option, see mini run STUDY --help
  mini reproduce [STUDY ...] [...]      measure claims, write a ledger, a report and figures
  mini figure ID [...]                  draw one figure
  mini lab                              open the labs in JupyterLab
  mini course FOLDER                    make a course of the labs for nbgrader, to release, collect and mark them
  mini cache [--clear]                  what is kept of earlier runs, and how much room it takes
  mini bench [--json FILE]              time this code beside PyTorch and the machine's own peak

Each has its own --help. Begin with: mini reproduce
"""
TRAINING = ("run", "reproduce", "figure")


def main(argv: list[str] | None = None) -> int:
    """Run one command; a user's error is one line and status 2, an interruption one line and status 130."""
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] in ("-h", "--help"):
        print(USAGE)
        return 0
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_MININTERVAL", "10")  # seconds; in a log each state of a bar is a line
    with interrupt.heeded(), _plain_warnings():
        try:
            return _command(argv)
        except KeyboardInterrupt:
            return _interrupted(argv[0])
        except Exception:
            if interrupt.heard.is_set():  # whatever came of it
                return _interrupted(argv[0])
            raise


@contextlib.contextmanager
def _plain_warnings():
    """A warning in one line, without the line of code that gave it."""
    before, warnings.formatwarning = warnings.formatwarning, lambda message, *where, **more: f"mini: {message}\n"
    try:
        yield
    finally:
        warnings.formatwarning = before


def _interrupted(command: str) -> int:
    kept = "; finished runs are kept, the same command goes on from there" if command in TRAINING else ""
    print(f"\nmini: interrupted{kept}", file=sys.stderr)
    return 130


def _command(argv: list[str]) -> int:
    try:
        if argv[0] not in COMMANDS:
            raise unknown("command", argv[0], COMMANDS)
        if argv[0] in TRAINING:
            with interrupt.loading():
                import mini.engine  # noqa: F401
        status = COMMANDS[argv[0]](argv[1:]) or 0
        sys.stdout.flush()
        return status
    except UsageError as error:
        print(f"mini: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        _mute()
        return 0
    except OSError as error:
        _mute()
        print(f"mini: {error.filename or 'output'}: {error.strerror or error}", file=sys.stderr)
        return 2
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and "RESOURCE_EXHAUSTED" not in str(error):  # as XLA says it
            raise
        print(f"mini: {argv[0]}: more than the memory holds; fewer seeds, records or a smaller network take less",
              file=sys.stderr)
        return 2


def _mute() -> None:
    """Discard what standard output no longer accepts, or its last flush would fail again."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _list(argv: list[str]) -> None:
    """mini list [STUDY ...]: what there is."""
    from mini.claims import read_ledger
    from mini.studies import find, studies

    named = list(itertools.takewhile(lambda word: not word.startswith("-"), argv))

    options = dataclasses.make_dataclass("List", [option("json", bool, False, "print JSON")], frozen=True)
    asked = parse(options, "mini list [STUDY ...]", argv[len(named):], "Studies, experiments, claims and figures.")
    try:
        measured = {e.id: e.seconds for e in read_ledger()}
    except (UsageError, OSError):
        measured = {}
    listing = [{
        "study": s.name, "title": s.title, "seconds": round(sum(measured.get(c.id, c.seconds) for c in s.claims), 1),
        "experiments": [{"name": n, "title": (c.__doc__ or "").strip().splitlines()[0], "clock": c.clock,
                         "ticks": c().ticks, "seconds": s.seconds.get(n)} for n, c in s.experiments.items()],
        "claims": [{"id": c.id, "statement": c.statement, "headline": c.headline, "presets": list(c.settings),
                    "seconds": round(measured.get(c.id, c.seconds), 1)} for c in s.claims],
        "figures": [{"id": f.id, "title": f.title, "headline": f.headline} for f in s.figures],
    } for s in ([find(name) for name in named] or studies().values())]
    print(json.dumps(listing, indent=1) if asked.json else _listing(listing))


def _listing(listing: list[dict]) -> str:
    lines = []
    for s in listing:
        lines += [f"{s['study']}: {s['title']}", "", "  experiments (mini run STUDY[/EXPERIMENT]), with seconds on two cores"]
        for i, e in enumerate(s["experiments"]):
            name = s["study"] if i == 0 else f"{s['study']}/{e['name']}"
            lines.append(f"    {name:<40} {_seconds(e['seconds'])}  {e['title']}")
        if s["claims"]:
            lines += ["", "  claims (mini reproduce --only ID), * headline, with processor seconds: "
                          f"{s['seconds']:.0f} in all, less what they share"]
        lines += [f"    {'*' if c['headline'] else ' '} {c['id']:<38} {c['seconds']:>5.0f} s  {c['statement']}"
                  for c in s["claims"]]
        if s["figures"]:
            lines += ["", "  figures (mini figure ID)"]
        lines += [f"    {'*' if f['headline'] else ' '} {f['id']:<38} {f['title']}" for f in s["figures"]]
        lines.append("")
    return "\n".join(lines)


def _seconds(number: float | None) -> str:
    return " " * 7 if number is None else f"{number:>5.0f} s"


def _reproduce(argv: list[str]) -> int:
    """mini reproduce: measure claims and write down the outcome."""
    from mini import reproduce

    studies = []
    while argv and not argv[0].startswith("-"):
        studies.append(argv[0])
        argv = argv[1:]
    options = dataclasses.make_dataclass("Reproduce", [
        option("all", bool, False, "every claim and figure, not the headlines alone"),
        option("preset", Literal["laptop", "paper"], "laptop", "the smallest setting that shows it, or a larger one"),
        option("seeds", int | None, None, "number of seeds; a verdict takes 5; without it, what each claim needs"),
        option("seed_start", int | None, None, "the first seed; without it, each claim's own, which is mostly 0"),
        option("only", tuple[str, ...], (), "claim ids"),
        option("fresh", bool, False, "compute also what is kept from an earlier call"),
        option("out", str, "out", "folder for claims.json, report.html and, unless --only is given, figures/"),
    ], frozen=True)
    asked = parse(options, "mini reproduce [STUDY ...]", argv, "Measure claims; write a ledger, a report, figures.")
    return reproduce.reproduce(studies, everything=asked.all, preset=asked.preset, seeds=asked.seeds,
                               seed_start=asked.seed_start, only=asked.only, fresh=asked.fresh, out=Path(asked.out))


def _figure(argv: list[str]) -> None:
    """mini figure: draw one figure."""
    from mini import reproduce
    from mini.studies import all_figures

    options = dataclasses.make_dataclass("Draw", [
        option("preset", Literal["laptop", "paper"], "laptop", "the smallest setting that shows it, or a larger one"),
        option("seeds", int | None, None, "number of seeds; without it, as many as the figure needs"),
        option("seed_start", int | None, None, "the first seed; without it, the figure's own, which is mostly 0"),
        option("fresh", bool, False, "compute also what is kept from an earlier call"),
        option("out", str, "out/figures", "folder for the SVG, the PNG and the JSON of its numbers"),
    ], frozen=True)
    if not argv or argv[0].startswith("-"):
        print("usage: mini figure ID [options]\n" + "\n".join(f"  {i:<30} {f.title}" for i, (_, f) in all_figures().items()))
        if argv and argv[0] in ("-h", "--help"):
            return
        raise UsageError("figure: takes an id first")
    asked = parse(options, f"mini figure {argv[0]}", argv[1:], "Draw one figure, with the numbers behind it.")
    reproduce.one_figure(argv[0], asked.preset, asked.seeds, asked.seed_start, asked.fresh, Path(asked.out))


def _lab(argv: list[str]) -> int:
    """mini lab: open the labs."""
    from mini import labs

    return labs.launch(argv)


def _course(argv: list[str]) -> None:
    """mini course: what a teacher needs."""
    if set(argv) & {"-h", "--help"}:
        print("usage: mini course FOLDER\n\nMake a course for nbgrader: the teacher's notebooks, and its configuration. Then,\n"
              "in that folder: nbgrader generate_assignment LAB; once collected, nbgrader autograde LAB")
        return
    if len(argv) != 1 or argv[0].startswith("-"):
        raise wrong("course", " ".join(argv), "one folder, such as memorisation")
    try:
        from mini import marking
    except ImportError:
        raise UsageError("course: nbgrader is not installed; pip install 'mini-memorisation[teach]'") from None
    made = marking.course(Path(argv[0]))
    print(f"{len(made)} files in {argv[0]}; there: nbgrader generate_assignment LAB; once collected, nbgrader autograde LAB")


def _cache(argv: list[str]) -> None:
    """mini cache: what is kept between calls."""
    from mini.engine import default_cache

    options = dataclasses.make_dataclass("Cache", [option("clear", bool, False, "remove it all")], frozen=True)
    asked = parse(options, "mini cache", argv, "Finished runs and compiled programs; MINI_CACHE names another folder.")
    place = default_cache()
    for name, what in (("runs", "finished runs and checkpoints"), ("xla", "compiled programs")):
        files = [f for f in (place / name).rglob("*") if f.is_file()]
        size = sum(f.stat().st_size for f in files) / 2**20
        if asked.clear:
            shutil.rmtree(place / name, ignore_errors=True)
            if left := sum(f.is_file() for f in (place / name).rglob("*")):
                raise UsageError(f"cache: {left} of {len(files)} files in {str(place / name)!r} cannot be removed")
        print(f"{len(files):>7} {what}, {size:.1f} MiB, in {place / name}" + (": removed" if asked.clear and files else ""))


def _bench(argv: list[str]) -> int | None:
    """mini bench: time this code beside others."""
    options = dataclasses.make_dataclass("Bench", [
        option("json", str, "", "file to write the table to, as JSON"),
        option("quick", bool, False, "fewer repeats"),
        option("only", tuple[str, ...], (), "names of topics"),
    ], frozen=True)
    asked = parse(options, "mini bench", argv, "Time this code beside PyTorch and the machine's own peak.")
    sys.path.insert(0, str(Path(__file__).parents[1]))
    if importlib.util.find_spec("benchmarks") is None:
        raise UsageError("bench: takes a checkout of the repository; `benchmarks/` is not in the package")
    from benchmarks import report

    return report.main(json_file=asked.json or None, quick=asked.quick, only=asked.only)


COMMANDS = {"list": _list, "run": run, "reproduce": _reproduce, "figure": _figure, "lab": _lab, "course": _course,
            "cache": _cache, "bench": _bench}

if __name__ == "__main__":
    sys.exit(main())
