"""Attacking one trained model by hand: a prompt of any length, greedy or sampled. Shape letters: B tries, T places."""

import json
from functools import partial

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
import xarray as xr

from mini.errors import UsageError, wrong
from mini.studies.extraction import learners
from mini.studies.extraction.experiment import Extraction
from mini.tasks import canaries, corpus


def attack(run: xr.Dataset, prefix: str, count: int = 16, temperature: float = 0.0, tries: int = 1, seed: int = 0) -> list[str]:
    """What a model says after a prefix, one answer per try.

    Args:
      run: one seed of a result that kept its `weights` (see the field `keep`). prefix: the prompt, ASCII.
      count: bytes to generate. temperature: 0 for the likeliest byte each time, 1 to draw from the model's distribution.

    Raises:
      UsageError: a run without weights, an empty prefix, one too long for the context, bytes beyond ASCII.
    """
    point, params = model(run)
    given = corpus.encode(prefix)
    if not len(given):
        raise UsageError("prefix: got nothing, takes at least one character")
    if len(given) + count > point.length:
        raise wrong("prefix", prefix, f"at most {point.length - count} characters: the context holds {point.length}, of which "
                                      f"{count} are to be said")
    tokens = np.zeros((tries, point.length), np.uint8)
    tokens[:, : len(given)] = given
    said = _go_on(point, params, jnp.asarray(tokens), len(given), count, jax.random.key(seed), float(temperature))
    return [corpus.decode(row[len(given): len(given) + count]) for row in np.asarray(said)]


def planted(run: xr.Dataset) -> str:
    """The user's own secret that a run was trained with; empty if there was none."""
    point = Extraction(**json.loads(run.attrs["configuration"]))
    letters = np.asarray(canaries.unpack([getattr(point, f"secret_{i + 1}") for i in range(canaries.WORDS)]))
    return bytes(letters[letters > 0]).decode() if point.plant and point.secret_copies else ""


def model(run: xr.Dataset) -> tuple[Extraction, object]:
    """The experiment and the parameters of a result that kept them."""
    if "weights" not in run or "configuration" not in run.attrs:
        raise UsageError("run: it has no weights; takes a finished result with the field `keep`")
    if run.weights.ndim != 1:
        raise wrong("run", dict(run.weights.sizes), "one run: choose a seed, and a value of what was swept")
    point = Extraction(**json.loads(run.attrs["configuration"]))
    shapes = jax.eval_shape(lambda: learners.initial(point, jax.random.key(0)))
    blank = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
    return point, jax.flatten_util.ravel_pytree(blank)[1](jnp.asarray(run.weights.values))


@partial(jax.jit, static_argnames="count")
def _go_on(point, params, tokens, start, count: int, key, temperature):
    """Rows (B, T) continued from place `start`; one compilation serves prefixes of every length, but there is no cache."""

    def one(i, tokens):
        said = learners.logits(point, params, tokens)[:, start + i - 1]  # (B, V)
        drawn = jax.random.categorical(jax.random.fold_in(key, i), said / jnp.maximum(temperature, 1e-6))
        return tokens.at[:, start + i].set(jnp.where(temperature > 0, drawn, said.argmax(-1)).astype(tokens.dtype))

    return jax.lax.fori_loop(0, count, one, tokens)
