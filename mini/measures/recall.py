"""Recall: given the beginning of a sequence, does a model go on as the sequence did?

Only what comes after the prompt is scored: if the prompt were counted too, its share of the whole would be the floor.
Free-running recall continues from the model's own tokens; teacher-forced recall asks for each token after the true ones,
and so forgives a slip. Shape letters: N sequences, M tokens after the prompt.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from mini.errors import UsageError


class Recall(NamedTuple):
    """Scores of each sequence, (N,)."""

    accuracy: jax.Array  # share of tokens right, each in its place
    exact: jax.Array  # 1 where all are
    run: jax.Array  # longest run of right tokens, as a share of all


def score(said: jax.Array, true: jax.Array) -> Recall:
    """How much of the true continuations (N, M) there is in what was said (N, M).

    Raises:
      UsageError: other shapes, or nothing after the prompt.

    >>> scored = score(jnp.array([[1, 2, 9, 4, 5]]), jnp.array([[1, 2, 3, 4, 5]]))
    >>> [round(float(x[0]), 2) for x in scored]
    [0.8, 0.0, 0.4]
    """
    if said.shape != true.shape or said.ndim != 2 or not said.shape[1]:
        raise UsageError(f"recall: got {tuple(said.shape)} said of {tuple(true.shape)}, takes two equal shapes "
                         "(sequences, at least one token)")
    right = said == true
    return Recall(right.mean(1, dtype=jnp.float32), right.all(1).astype(jnp.float32), longest_run(right) / right.shape[1])


def longest_run(right: jax.Array) -> jax.Array:
    """The longest run of true values in each row, (N, M) -> (N,).

    Each place counts back to the last false one: place - max over earlier places of (place where false).

    >>> longest_run(jnp.array([[1, 1, 0, 1], [0, 0, 0, 0]], bool)).tolist()
    [2, 0]
    """
    place = jnp.arange(1, right.shape[1] + 1)
    broken = jax.lax.cummax(jnp.where(right, 0, place[None]), axis=1)
    return (place[None] - broken).max(1)


def forced(logits: jax.Array, tokens: jax.Array, start: int) -> jax.Array:
    """The likeliest token at each place from `start` on, after the true ones: logits (N, T, V) -> (N, T - start)."""
    if not 1 <= start < tokens.shape[1]:
        raise UsageError(f"start: got {start}, takes a place from 1 to {tokens.shape[1] - 1}")
    return logits[:, start - 1:-1].argmax(-1).astype(tokens.dtype)
