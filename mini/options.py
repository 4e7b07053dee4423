"""Options of the command line: words made into a dataclass, and one line of error for words that cannot be used."""

import dataclasses
import typing
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import tyro

from mini.errors import UsageError, unknown, wrong

NOUNS = {int: "a whole number", float: "a number", bool: "true or false"}


def option(name: str, kind, default, help: str) -> tuple:
    """A field for `dataclasses.make_dataclass`, with its meaning."""
    return name, Annotated[kind, tyro.conf.arg(help=help)], dataclasses.field(default=default)


def parse(cls, prog: str, argv: Sequence[str], description: str):
    """A dataclass from options; `--help` prints what there is and exits.

    Raises:
      UsageError: an unknown option, a value that is missing or of the wrong type, a stray word.
    """
    if not {"-h", "--help"} & set(argv):
        argv = tidy(cls, prog, argv)
    return tyro.cli(cls, prog=prog, args=list(argv), description=description)


def tidy(cls, prog: str, argv: Sequence[str]) -> list[str]:
    """The words as a general parser takes them, each option once; mistakes are refused here, as it would report them at length.

    >>> cls = dataclasses.make_dataclass("Run", [option("sweep", tuple[str, ...], (), ""), option("p", int, 3, "")])
    >>> tidy(cls, "mini run", ["--sweep", "a=1", "--p=5", "--sweep", "b=2"])
    ['--p=5', '--sweep', 'a=1', 'b=2']
    >>> tidy(cls, "mini run", ["--p", "--sweep", "a=1"])
    Traceback (most recent call last):
    mini.errors.UsageError: p: got no value, takes a whole number
    """
    kinds = {f.name: typing.get_args(f.type)[0] for f in dataclasses.fields(cls)}
    words, single, several = deque(argv), [], {}
    while words:
        word = words.popleft()
        if not word.startswith("--"):
            raise UsageError(f"option: got {word!r}, takes names that begin with --; see {prog} --help")
        name, equals, value = word[2:].partition("=")
        field = name.replace("-", "_")
        kind = _kind(field, kinds, prog)
        follows = [value] if equals else _values(words, kind)
        _check(field, follows, kind)
        if typing.get_origin(kind) is tuple:
            several.setdefault(name, []).extend(follows)
        else:
            single.append(f"--{name}={follows[0]}" if follows else f"--{name}")
    return single + [w for name, values in several.items() for w in (f"--{name}", *values)]


def _kind(field: str, kinds: Mapping[str, type], prog: str):
    """The type of an option; `no_x` has the type of the switch `x`."""
    if field in kinds:
        return kinds[field]
    if kinds.get(field.removeprefix("no_")) is bool:
        return bool
    raise unknown("option", field.replace("_", "-"), [k.replace("_", "-") for k in kinds], f"{prog} --help")


def _values(words: deque, kind) -> list[str]:
    """Take the values that follow an option: several for a list; for a switch there should be none."""
    taken = []
    while words and not words[0].startswith("--"):
        taken.append(words.popleft())
        if typing.get_origin(kind) is not tuple:
            break
    return taken


def _check(field: str, values: Sequence[str], kind) -> None:
    """Refuse values of the wrong type, and a missing value where one is needed."""
    kind = int if kind == int | None else kind
    choices = typing.get_args(kind) if typing.get_origin(kind) is Literal else ()
    takes = "one of " + ", ".join(map(str, choices)) if choices else NOUNS.get(kind, "a value")
    if kind is bool:
        if values:
            raise wrong(field, values[0], f"no value: --{field.replace('_', '-')} is a switch")
        return
    if not values:
        raise UsageError(f"{field}: got no value, takes {takes}")
    if choices and values[0] not in map(str, choices):
        raise wrong(field, values[0], takes)
    if kind in (int, float):
        convert(field, values[0], kind)


def convert(name: str, text: str, kind: type):
    """A word as a value of a type.

    >>> convert("p", "31", int), convert("spectrum", "false", bool)
    (31, False)
    """
    try:
        if kind is bool:
            return {"true": True, "false": False, "1": True, "0": False}[text.lower()]
        return kind(text)
    except (ValueError, KeyError):
        raise wrong(name, text, NOUNS.get(kind, "a name")) from None
