"""mini run: every field of an experiment is an option, beside the engine's own."""

import dataclasses
import os
import sys
import typing
from pathlib import Path
from typing import Literal

from mini import interrupt
from mini.errors import UsageError, unknown, wrong
from mini.files import check_writable
from mini.options import convert, option, parse


def run(argv: list[str]) -> None:
    """mini run: train an experiment over seeds and swept values."""
    from mini.studies import find, studies

    if not argv or argv[0].startswith("-"):
        print(f"usage: mini run STUDY[/EXPERIMENT] [options]\nstudies: {', '.join(studies())}\n"
              "mini run STUDY --help lists every option")
        if argv and argv[0] in ("-h", "--help"):
            return
        raise UsageError("run: takes the name of a study first")
    study, _, experiment = argv[0].partition("/")
    cls = find(study).experiment(experiment or None)
    check_length(cls, argv[1:])
    asked = parse(options_of(cls), f"mini run {argv[0]}", argv[1:], _about(cls))
    _execute(asked, cls)


def check_length(cls, argv: list[str]) -> None:
    """Refuse a length where it follows from the fields."""
    from mini.experiment import fields_of, fixed_length, unit_of

    lengths = {f"{name}s" for name in ("tick", cls.clock, unit_of(cls))} - set(fields_of(cls)) if fixed_length(cls) else set()
    for word in argv:
        if (name := word.partition("=")[0].removeprefix("--").replace("-", "_")) in lengths:
            raise UsageError(f"{name}: takes no value here; {_length(cls)}")


def _length(cls) -> str:
    from mini.experiment import unit_of

    return f"how many {unit_of(cls)}s it runs follows from its fields"


def _about(cls) -> str:
    from mini.experiment import fixed_length

    length = f" {_length(cls).capitalize()}." if fixed_length(cls) else ""
    return f"{cls.__doc__}{length} Every option below has its default; --sweep name=v1,v2 runs several values."


def options_of(cls):
    """A dataclass of the engine's options and the experiment's fields."""
    from mini.experiment import fields_of, fixed_length

    hints = typing.get_type_hints(cls)
    ticks = f"{cls.clock}s"
    options = [] if fixed_length(cls) else [option(ticks, int, cls.ticks, f"how long to train, in {ticks}")]
    options += [
        option("every", str, str(cls.every) if isinstance(cls.every, int) else "own",
                "measure every so many, or at an increasing list: 1,10,100; own: the experiment's own list"),
        option("seeds", int, 5, "number of seeds"),
        option("seed_start", int, 0, "the first seed"),
        option("sweep", tuple[str, ...], (), "name=v1,v2,...; several give their product"),
        option("hold", tuple[str, ...], (),
               "stream=seed: hold a stream of randomness (data, init, ...) at one seed; a wrong name is told the right ones"),
        option("strategy", Literal["auto", "threads", "vmap", "sharded"], "auto", "how runs share the hardware"),
        option("out", str, "", "file to write (NetCDF); without it a summary is printed"),
        option("fresh", bool, False, "compute also what is kept from an earlier call"),
    ]
    for name, about in fields_of(cls).items():
        kind = Literal[about.choices] if about.choices else hints[name]
        within = f"; in {about.within}" if about.within else ""
        unit = "" if about.unit == "1" else f", {about.unit}"
        default = next(f.default for f in dataclasses.fields(cls) if f.name == name)
        options.append(option(name, kind, default, f"{about.meaning}{within}{unit}"))
    return dataclasses.make_dataclass("Run", options, frozen=True)


def _execute(asked, cls) -> None:
    from mini import results
    from mini.engine import default_cache, run_plan
    from mini.engine.store import compile_cache
    from mini.experiment import fields_of
    from mini.plan import Plan

    point = cls(**{name: getattr(asked, name) for name in fields_of(cls)})
    point.check()
    ticks = f"{cls.clock}s"
    plan = Plan(point, getattr(asked, ticks, None), _every(asked.every), asked.seeds, asked.seed_start,
                _sweep(cls, asked.sweep), _hold(asked.hold))
    try:
        plan.check()
    except UsageError as error:  # the option is named after the clock
        raise UsageError(str(error).replace("ticks: ", f"{ticks}: ", 1)) from None
    if asked.out:
        if asked.out.endswith(("/", os.sep)):
            raise wrong("out", asked.out, "a file to write, not a folder")
        check_writable(Path(asked.out))
    compile_cache()
    dataset = run_plan(plan, strategy=asked.strategy, cache=default_cache(), fresh=asked.fresh,
                       cancel=interrupt.heard)
    found, computed = dataset.attrs["runs_found"], dataset.attrs["runs_computed"]
    kept = f"; {found} were already computed for this configuration and code" if found else ""
    print(f"{computed} runs computed in {dataset.attrs['seconds']:.1f} s{kept}", file=sys.stderr)
    if asked.out:
        results.save(dataset, Path(asked.out))
        print(f"written: {asked.out}", file=sys.stderr)
    else:
        print(results.summary(dataset, cls))


def _every(text: str) -> int | list[int] | None:
    if text == "own":
        return None
    try:
        ticks = [int(word) for word in text.split(",")]
    except ValueError:
        raise wrong("every", text, "a whole number, an increasing list such as 1,10,100, or own") from None
    return ticks if len(ticks) > 1 else ticks[0]


def _sweep(cls, words) -> dict:
    from mini.experiment import fields_of

    hints, sweep = typing.get_type_hints(cls), {}
    for word in words:
        name, equals, values = word.partition("=")
        name = name.replace("-", "_")
        if not equals:
            raise wrong("sweep", word, "name=v1,v2,...")
        if name not in fields_of(cls):
            raise unknown("field", name, fields_of(cls))
        if name in sweep:
            raise wrong("sweep", word, f"each field once; {name} is there already")
        sweep[name] = [convert(f"sweep {name}", text, hints[name]) for text in values.split(",")]
    return sweep


def _hold(words) -> dict:
    held = {}
    for word in words:
        stream, equals, seed = word.partition("=")
        if not equals:
            raise wrong("hold", word, "stream=seed, such as data=0")
        if stream in held:
            raise wrong("hold", word, f"each stream once; {stream} is there already")
        held[stream] = convert(f"hold {stream}", seed, int)
    return held
