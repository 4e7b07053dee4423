"""The two compiled programs of the engine: `prepare` a run, and `advance` it.

Both take the experiment itself as an argument, so that all runs that agree in their static fields
share one compilation. `advance` loops over a fixed number of stops of which only the first `count`
are used: whether a run is whole, in chunks, live or resumed, the same machine code gives the same bits.
"""

import contextlib
import gc
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from mini.errors import UsageError
from mini.experiment import Keys
from mini.machine import crowded

USED_AS_STATIC = (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError,
                  jax.errors.TracerIntegerConversionError)
CAPACITY = 32  # stops in one call of `advance`


@partial(jax.tree_util.register_dataclass, data_fields=["drawn"], meta_fields=["tree", "origin"])
@dataclass(frozen=True)
class World:
    """A run's world taken apart, so that what it merely passes on of the data that all runs share is never copied per run."""

    drawn: tuple  # the leaves that the run drew
    tree: Any  # the form of the whole
    origin: tuple  # for each of its leaves: index into the shared leaves, or None where it was drawn

    def join(self, shared):
        """The whole again."""
        common, own = jax.tree.leaves(shared), iter(self.drawn)
        return jax.tree.unflatten(self.tree, [next(own) if at is None else common[at] for at in self.origin])


class Lane(NamedTuple):
    """What the programs need of one run, or of several stacked ones; what they share is passed beside it."""

    experiment: Any
    keys: Any
    world: World


def draw(experiment, keys, shared) -> World:
    """One run's world."""
    common = jax.tree.leaves(shared)
    leaves, tree = jax.tree.flatten(experiment.world(keys, shared))
    origin = tuple(next((i for i, c in enumerate(common) if c is leaf), None) for leaf in leaves)
    return World(tuple(jnp.asarray(leaf) for leaf, at in zip(leaves, origin) if at is None), tree, origin)


def _prepare(experiment, keys, shared):
    world = draw(experiment, keys, shared)
    state = experiment.init(keys, world.join(shared))
    # A weak type in the initial state would change in the loop, which needs a fixed type.
    return world, jax.tree.map(lambda x: x if is_key(x) else jax.lax.convert_element_type(x, x.dtype),
                               jax.tree.map(jnp.asarray, state))


def streams(experiment, shared) -> set[str]:
    """The streams of randomness that a run draws from, by name."""
    heard = {"steps"}

    class Listening(Keys):
        def __getitem__(self, stream):
            heard.add(stream)
            return super().__getitem__(stream)

    jax.eval_shape(lambda e, s: _prepare(e, Listening(0, {}), s), experiment, shared)
    return heard


def make_room() -> None:
    """Forget the compiled programs that nothing is using, before the memory maps of the process run out.

    Each shape costs some four hundred maps, of the 65530 that Linux grants: after about 150 shapes LLVM would find no memory
    and end the process. A program that is asked for again is compiled again, or read from the compilation cache.
    """
    if crowded():
        jax.clear_caches()
        gc.collect()


@contextlib.contextmanager
def explained():
    """Where a traced field is used as if it were static, or a step changes the state's form, add what to change."""
    try:
        yield
    except TypeError as error:
        if isinstance(error, USED_AS_STATIC) or "concrete values" in str(error):
            error.add_note("Here a traced field decides a shape, a branch or a number of Python's: declare it static. "
                           "If it is the tick, the state or the world that decides, use jnp.where or jax.lax.cond.")
        elif "carry" in str(error):
            error.add_note("`step` returns a state of the same form, shapes and types as `init` does.")
        raise


def is_key(x) -> bool:
    """Whether an array holds random keys, which are not numbers and cannot be saved as they are."""
    return jnp.issubdtype(x.dtype, jax.dtypes.prng_key)


def check_declared(experiment, seen, by: str = "measures") -> None:
    """Refuse a measured quantity that has no label."""
    for name in seen:
        if name not in experiment.variables:
            raise UsageError(f"{type(experiment).__name__}: {by} {name!r}; declare it in `variables`")


@partial(jax.jit, inline=True)  # traced once, for the shape of the log and for the loop
def _look(experiment, state, world) -> dict:
    """What the experiment measures, and whether its state is still finite."""
    seen = {name: jnp.asarray(value) for name, value in experiment.measure(state, world).items()}
    check_declared(experiment, seen)
    floats = [x for x in jax.tree.leaves(state) if not is_key(x) and jnp.issubdtype(x.dtype, jnp.inexact)]
    finite = [jnp.isfinite(x).all() for x in floats]
    return {**seen, "_finite": jnp.stack(finite).all() if finite else jnp.array(True)}


def _advance(lane: Lane, shared, state, t, stops, record, count):
    """From tick t through stops[:count], measuring at those marked in `record`.

    Args:
      stops: (CAPACITY,) int32, not decreasing; record: (CAPACITY,) bool; count: how many are used.

    Returns:
      the state at the last stop, and the log: name -> (CAPACITY, ...).
    """
    experiment, keys, world = lane.experiment, lane.keys, lane.world.join(shared)
    root = keys["steps"]

    def tick(t, state):
        return experiment.step(state, world, t, jax.random.fold_in(root, t))

    def look(state):
        return _look(experiment, state, world)

    blank = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), jax.eval_shape(look, state))

    def visit(i, carry):
        t, state, log = carry
        state = jax.lax.fori_loop(t, stops[i], tick, state)
        seen = jax.lax.cond(record[i], look, lambda state: blank, state)
        return stops[i], state, jax.tree.map(lambda log, x: log.at[i].set(x), log, seen)

    empty = jax.tree.map(lambda x: jnp.zeros((CAPACITY, *x.shape), x.dtype), blank)
    _, state, log = jax.lax.fori_loop(0, count, visit, (t, state, empty))
    return state, log


# On a GPU sums are taken in a fixed order, and no kernel is chosen by timing: a repeated run is the same to the bit.
EXACT = {"xla_gpu_deterministic_ops": True}
# For `prepare`, which is called once per run and is mostly random draws, which are long programs: half of its compilation
# is saved; the numbers are the same to rounding.
BRIEF = {**EXACT, "xla_backend_optimization_level": 0 if jax.config.read("jax_disable_most_optimizations") else 1,
         **({"xla_cpu_use_fusion_emitters": False} if jax.__version_info__ < (0, 11) else {})}  # unknown to later versions


@partial(jax.jit, static_argnames="stacked", compiler_options=BRIEF)
def prepare(experiment, keys, shared, *, stacked: bool):
    """Draw a run's world and its initial state, stacked over lanes if asked."""
    return (jax.vmap(_prepare, in_axes=(0, 0, None)) if stacked else _prepare)(experiment, keys, shared)


@partial(jax.jit, static_argnames="stacked", compiler_options=EXACT)
def advance(lane, shared, state, t, stops, record, count, *, stacked: bool):
    """`_advance`, for one run or stacked over lanes; the clock is common, so its loops stay loops."""
    axes = (0, None, 0, None, None, None, None)
    return (jax.vmap(_advance, in_axes=axes) if stacked else _advance)(lane, shared, state, t, stops, record, count)
