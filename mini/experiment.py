"""The contract: what an experiment is.

An experiment is a frozen dataclass with a few small pure functions. It says what is drawn once
(`world`), what learns (`init`), one tick of learning (`step`) and what is looked at (`measure`,
`examine`). Seeds, sweeps, progress, cancelling, resuming, devices and saving are left to the engine.
Arrays of different rank are brought together in writing, as in `x[None]`: the tests refuse what JAX would do silently.

>>> import jax.numpy as jnp
>>> @experiment
... class Walk(Experiment):
...     '''A random walk.'''
...     scale: float = traced(1.0, "length of a stride", within="(0, inf)")
...     walkers: int = static(3, "walkers side by side", within="[1, inf)")
...     variables = {"distance": Variable((), "1", "mean distance from the start")}
...     def init(self, keys, world): return jnp.zeros(self.walkers)
...     def step(self, state, world, t, key):
...         return state + self.scale * jax.random.normal(key, state.shape)
...     def measure(self, state, world): return {"distance": jnp.abs(state).mean()}
>>> Walk(scale=2.0).check()
>>> Walk(scale=-1.0).check()
Traceback (most recent call last):
mini.errors.UsageError: scale: got -1.0, takes a number in (0, inf)
"""

import dataclasses
import math
import re
import typing
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

import jax
import numpy as np
import xarray as xr

from mini.errors import UsageError, wrong

if jax.config.jax_default_matmul_precision is None:  # or a GPU would round the factors of every product to ten bits
    jax.config.update("jax_default_matmul_precision", "float32")


OPTIONS = ("experiment", "seeds", "seed_start", "sweep", "hold", "strategy", "out", "fresh")  # a plan's, and `mini run`'s


INTERVAL = r"[\[(] *-?(inf|[\d.e-]+) *, *-?(inf|[\d.e-]+) *[\])]"


class Variable(NamedTuple):
    """How one measured quantity is labelled in a result, where what is missing is NaN, or -1, or False, by its type."""

    dims: tuple[str, ...]  # its own, after the swept names, `seed` and the clock
    unit: str
    long_name: str


ABOUT_RUNS = {  # what the engine adds to every result
    "run_seconds": Variable((), "s", "wall time spent on this run"),
    "diverged_at": Variable((), "tick", "first recorded tick at which the state was not finite, -1 if none"),
    "measured_until": Variable((), "tick", "last tick that has been measured so far, -1 if none"),
}


class Field(NamedTuple):
    """What is known of one field of an experiment besides its default."""

    meaning: str
    traced: bool
    unit: str
    within: str  # an interval such as "(0, 1]"; empty for any value
    choices: tuple


def traced(default, meaning: str, *, within: str = "", unit: str = "1"):
    """A field that may vary without a new compilation (weight decay, noise, a data seed)."""
    return _field(default, Field(meaning, True, unit, within, ()))


def static(default, meaning: str, *, within: str = "", choices: tuple = (), unit: str = "1"):
    """A field that fixes a shape or a choice of code: each of its values is compiled separately."""
    return _field(default, Field(meaning, False, unit, within, tuple(choices)))


def _field(default, about: Field):
    if about.within and not re.fullmatch(INTERVAL, about.within):
        raise UsageError(f"within: got {about.within!r}, takes an interval of two numbers such as '(0, 1]' or '[1, inf)'")
    return dataclasses.field(default=default, metadata={"mini": about})


@typing.dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(traced, static))
def experiment(cls):
    """Make a class a frozen dataclass that JAX sees as a tree of its traced fields."""
    cls = dataclass(frozen=True, kw_only=True)(cls)
    _check_names(cls)
    about = fields_of(cls)
    traced, static = (tuple(name for name, field in about.items() if field.traced is kind) for kind in (True, False))

    def flatten(point):
        return tuple(getattr(point, name) for name in traced), tuple(getattr(point, name) for name in static)

    def unflatten(meta, leaves):
        return cls(**dict(zip(static, meta)), **dict(zip(traced, leaves)))

    # Not `register_dataclass`: JAX 0.10 takes two dataclasses of the same form as equal, whatever their class, and where
    # their hashes collide, about once in a hundred times, one would be given the other's program.
    jax.tree_util.register_pytree_node(cls, flatten, unflatten)
    return cls


def _check_names(cls) -> None:
    """Refuse fields without a meaning, and names that a plan, the contract or a result uses for something else."""
    taken = {*OPTIONS, *vars(Experiment), cls.clock, *([] if fixed_length(cls) else [f"{cls.clock}s"])}
    for field in dataclasses.fields(cls):
        if "mini" not in field.metadata:
            raise UsageError(f"{cls.__name__}: the field {field.name!r} takes traced(...) or static(...), with its meaning")
        if field.name in taken:
            raise UsageError(f"{cls.__name__}: the field {field.name!r} takes another name; a plan or the contract has it")
        if field.metadata["mini"].traced and isinstance(field.default, str):
            raise UsageError(f"{cls.__name__}: the field {field.name!r} takes static(...); numbers and truth values are traced")
    for name, about in cls.variables.items():
        if cls.clock in {name, *about.dims}:
            raise UsageError(f"{cls.__name__}: the variable {name!r} takes a name and dims other than {cls.clock!r}, "
                             f"which is the clock; a clock that counts them is called 'after_{cls.clock}'")
        if "seed" in {name, *about.dims} or name in about.dims:
            raise UsageError(f"{cls.__name__}: the variable {name!r} takes a name, and dims, other than its own and 'seed'")
        if name in ABOUT_RUNS:
            raise UsageError(f"{cls.__name__}: the variable {name!r} takes another name; every result has one of this name")
        if hasattr(xr.Dataset, name):
            raise UsageError(f"{cls.__name__}: the variable {name!r} takes another name; runs.{name} is a method of xarray's")


def fields_of(cls) -> dict[str, Field]:
    """The fields of an experiment, each with its meaning."""
    if not dataclasses.is_dataclass(cls):
        raise UsageError(f"{cls.__name__}: takes the decorator @experiment")
    return {f.name: f.metadata["mini"] for f in dataclasses.fields(cls)}


def unit_of(cls) -> str:
    """What the clock counts, in a plain word: a clock named `after_task` counts tasks."""
    return cls.clock.removeprefix("after_")


def fixed_length(cls) -> bool:
    """Whether an experiment's length follows from its fields, as it does where each tick is one of its tasks."""
    return isinstance(cls.ticks, property)


@partial(jax.tree_util.register_dataclass, data_fields=["seed", "held"], meta_fields=[])
@dataclass(frozen=True)
class Keys:
    """Named streams of randomness, each folded from the seed unless it is held at another seed.

    >>> a, b = Keys(0, {}), Keys(1, {"data": 0})
    >>> bool(a["data"] == b["data"]), bool(a["init"] == b["init"])
    (True, False)
    """

    seed: Any
    held: Mapping[str, Any]

    def __getitem__(self, stream: str) -> jax.Array:
        root = jax.random.key(zlib.crc32(stream.encode()))
        return jax.random.fold_in(root, self.held.get(stream, self.seed))


class Experiment:
    """What every experiment has. It must write those methods that raise here, unless it has 0 ticks and learns nothing."""

    clock: ClassVar[str] = "step"  # `after_task` where tasks are counted and `task` is a dim of what is measured
    ticks: ClassVar[int] = 100  # the usual length; a property where it follows from the fields
    every: ClassVar[int] = 1
    variables: ClassVar[Mapping[str, Variable]] = {}

    def data(self):
        """What all runs share, made once on the host (such as a bundled data set); any tree of arrays."""
        return ()

    def world(self, keys: Keys, shared):
        """What one run draws once and never changes: a split, false labels, a stream."""
        return shared

    def init(self, keys: Keys, world):
        """What learns: parameters, optimiser, memories, buffers; an infinity in it counts as divergence."""
        self._learns("init(keys, world)")
        return ()

    def step(self, state, world, t: jax.Array, key: jax.Array):
        """One tick, from t to t + 1; the key is folded from the run's own key and t."""
        self._learns("step(state, world, t, key)")
        return state

    def measure(self, state, world) -> dict[str, jax.Array]:
        """What is looked at along the way, under names declared in `variables`.

        Any randomness that it needs is drawn in `world`; what it needs to know of the time, `step` counts in the state.
        """
        self._learns("measure(state, world)")
        return {}

    def _learns(self, lacking: str) -> None:
        if self.ticks:
            raise NotImplementedError(f"{type(self).__name__} needs {lacking}, or 0 ticks")

    def examine(self, state, world) -> dict[str, np.ndarray]:
        """What is looked at once, at the end, under names that `measure` does not use; plain numpy will do.

        Runs with the same static fields must give equal shapes.
        """
        return {}

    def coords(self) -> dict[str, np.ndarray]:
        """Labels for the variables' own dims, where counting from 0 says too little."""
        return {}

    def check(self) -> None:
        """Refuse values outside their range; extend this for rules that involve several fields."""
        kinds = typing.get_type_hints(type(self))
        for name, about in fields_of(type(self)).items():
            check_value(name, getattr(self, name), kinds[name], about)


def check_value(name: str, value, kind: type, about: Field) -> None:
    """Refuse a value of the wrong type, outside its interval or not among its choices."""
    if about.choices:
        if not any(value == choice and type(plain(value)) is type(choice) for choice in about.choices):  # 1.0 and True aren't 1
            raise wrong(name, value, "one of " + ", ".join(map(str, about.choices)))
        return
    if kind is bool or kind is str:
        if not isinstance(value, (bool, np.bool_) if kind is bool else str):
            raise wrong(name, value, "true or false" if kind is bool else "a name")
        return
    noun = {int: "a whole number", float: "a number"}.get(kind)
    if noun is None:
        return
    takes = f"{noun} in {about.within}" if about.within else noun
    numbers = (int, np.integer) if kind is int else (int, float, np.integer, np.floating)
    if isinstance(value, bool) or not isinstance(value, numbers) or not math.isfinite(value):
        raise wrong(name, value, takes)
    runs_as = _in_32_bits(name, value, kind) if about.traced or kind is float else value
    if about.within and not (inside(value, about.within) and inside(runs_as, about.within)):
        raise wrong(name, value, takes)


def _in_32_bits(name: str, value, kind: type) -> np.int32 | np.float32:
    """A traced number as the run will use it, in 32 bits, where a large one does not fit and 1 - 1e-9 is 1."""
    if kind is int and not -(2**31) <= value < 2**31:
        raise wrong(name, value, "a whole number of 32 bits, below 2**31")
    with np.errstate(over="ignore"):
        found = np.int32(value) if kind is int else np.float32(value)
    if not np.isfinite(found):
        raise wrong(name, value, "a number of 32 bits, below 3.4e38")
    return found


def inside(value: float, interval: str) -> bool:
    """Whether a number lies in an interval written as in a textbook.

    >>> inside(1.0, "(0, 1]"), inside(0.0, "(0, 1]"), inside(7.0, "[3, inf)")
    (True, False, True)
    """
    low, high = (float(end) for end in interval[1:-1].split(","))
    above = value > low or (interval[0] == "[" and value == low)
    below = value < high or (interval[-1] == "]" and value == high)
    return above and below


def plain(value):
    """A numpy or JAX scalar as Python's own; anything else as it is."""
    return value.item() if isinstance(value, (np.generic, jax.Array)) else value


def canonical(point: Experiment) -> Experiment:
    """The same experiment with traced fields as strongly typed 32-bit scalars, so that compilations are shared."""
    kinds = {int: np.int32, float: np.float32, bool: np.bool_}
    hints = typing.get_type_hints(type(point))
    values = {
        name: kinds[hints[name]](getattr(point, name))
        for name, about in fields_of(type(point)).items()
        if about.traced
    }
    return dataclasses.replace(point, **values)
