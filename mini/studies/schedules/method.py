"""What a method against forgetting is: a few small functions around the step of any optimiser.

Shape letters: B rows of a batch, F features, C classes, T tasks, N training examples a task.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax

from mini.models import classifier
from mini.objectives import cross_entropy


class Batch(NamedTuple):
    """What a step sees; example n of task t stands at place t * N + n in the stream."""

    x: jax.Array  # (B, F)
    y: jax.Array  # (B,)
    place: jax.Array  # (B,)
    stream_x: jax.Array  # (T * N, F) all that a buffer's places may point to
    stream_y: jax.Array  # (T * N,)
    key: jax.Array


class Task(NamedTuple):
    """The task that has just been learned."""

    x: jax.Array  # (N, F) its training examples
    known: jax.Array  # (C,) classes met up to now


class Settings(NamedTuple):
    """What a method is given: numbers of the experiment."""

    strength: Any
    buffer: int
    classes: int


def nothing(*arguments):
    return ()


def kept(settings, memory, *arguments):
    return memory


def plain(settings, memory, params, batch: Batch):
    """The gradient of cross-entropy on the batch, and whatever else a method needs: here nothing."""
    return jax.grad(loss)(params, batch.x, batch.y), ()


class Method(NamedTuple):
    """One way not to forget.

    `begin(settings, params)` returns its first memory; `phase(settings, memory, params)` the memory with which a phase
    begins; `gradient(settings, memory, params, batch)` the gradient to descend, and something to pass to `after`;
    `after(settings, memory, old, new, batch, that something)` the memory after the step;
    `learned(settings, memory, params, task)` the memory after a phase.
    """

    strength: float = 0.0  # its default
    meaning: str = ""  # of the strength
    begin: Callable = nothing
    phase: Callable = kept
    gradient: Callable = plain
    after: Callable = kept
    learned: Callable = kept


def loss(params, x: jax.Array, y: jax.Array) -> jax.Array:
    """Mean cross-entropy of the classifier."""
    return cross_entropy(classifier.logits(params, x), y)
