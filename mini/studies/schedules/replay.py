"""Methods that keep examples in a reservoir and replay them: ER, A-GEM and DER++.

A buffer holds places in the stream rather than copies. Shape letters: M slots, B rows of a batch, C classes.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from mini.models import classifier
from mini.objectives import cross_entropy
from mini.studies.schedules.method import Batch, Method, Settings, loss


class Buffer(NamedTuple):
    """A fair sample of all examples seen."""

    place: jax.Array  # (M,) where each stands in the stream
    seen: jax.Array  # how many were offered
    logits: Any  # (M, C) what the network said when each came in, or () where that is not kept


def empty(slots: int, classes: int = 0) -> Buffer:
    return Buffer(jnp.zeros(slots, jnp.int32), jnp.int32(0), jnp.zeros((slots, classes)) if classes else ())


def reservoir(buffer: Buffer, key: jax.Array, place: jax.Array, logits=()) -> Buffer:
    """The buffer after B more examples have been offered: each example seen so far is in it with the same chance, M / seen.

    Example number n takes slot n while there are free ones; after that it takes a slot drawn from 0 ... n, if that
    is one of the M (Vitter 1985, algorithm R). If several in one batch take the same slot, the last one stays.
    """
    slots, rows = len(buffer.place), len(place)
    number = buffer.seen + jnp.arange(rows, dtype=jnp.int32)
    drawn = jnp.minimum((jax.random.uniform(key, (rows,)) * (number + 1)).astype(jnp.int32), number)
    slot = jnp.where(number < slots, number, drawn)  # beyond the last slot it is dropped
    last = jnp.full(slots, -1, jnp.int32).at[slot].max(jnp.arange(rows, dtype=jnp.int32), mode="drop")
    taken = last >= 0
    answers = jnp.where(taken[:, None], logits[last], buffer.logits) if len(buffer.logits) else ()
    return Buffer(jnp.where(taken, place[last], buffer.place), buffer.seen + rows, answers)


def recall(buffer: Buffer, key: jax.Array, rows: int) -> jax.Array:
    """Slots of `rows` examples drawn from what the buffer holds."""
    filled = jnp.clip(buffer.seen, 1, len(buffer.place))
    return jnp.minimum((jax.random.uniform(key, (rows,)) * filled).astype(jnp.int32), filled - 1)


def _store(settings: Settings, buffer: Buffer, old, new, batch: Batch, logits) -> Buffer:
    return reservoir(buffer, jax.random.fold_in(batch.key, 1), batch.place, logits)


def _old(settings, buffer, batch, stream: int):
    """Slots of as many old examples as there are new ones, with the examples."""
    slot = recall(buffer, jax.random.fold_in(batch.key, stream), len(batch.y))
    place = buffer.place[slot]
    return slot, batch.stream_x[place], batch.stream_y[place]


def er_gradient(settings: Settings, buffer: Buffer, params, batch: Batch):
    """Cross-entropy on the batch, and on as many examples from the buffer (Chaudhry and others 2019)."""
    _, x, y = _old(settings, buffer, batch, 2)
    weight = settings.strength * (buffer.seen > 0)

    def objective(params):
        return loss(params, batch.x, batch.y) + weight * loss(params, x, y)

    return jax.grad(objective)(params), ()


def project(gradient, reference):
    """The nearest gradient that does not raise the loss on old examples to first order:
    g - (g . r / r . r) r where g . r < 0, else g (Chaudhry and others 2019, A-GEM, eq. 11).

    >>> project(jnp.array([1.0, -1.0]), jnp.array([0.0, 1.0])).tolist()
    [1.0, 0.0]
    """
    product = optax.tree.vdot(gradient, reference)
    share = jnp.where(product < 0, product / jnp.maximum(optax.tree.vdot(reference, reference), 1e-30), 0.0)
    return jax.tree.map(lambda g, r: g - share * r, gradient, reference)


def agem_gradient(settings: Settings, buffer: Buffer, params, batch: Batch):
    _, x, y = _old(settings, buffer, batch, 2)
    gradient, reference = jax.grad(loss)(params, batch.x, batch.y), jax.grad(loss)(params, x, y)
    kept = (buffer.seen > 0).astype(jnp.float32)
    return project(gradient, jax.tree.map(lambda r: kept * r, reference)), ()


def der_gradient(settings: Settings, buffer: Buffer, params, batch: Batch):
    """Dark experience replay: to the loss on the batch it adds the squared distance to the stored logits, weighted by the
    strength, and cross-entropy on a second draw, weight 1 (Buzzega and others 2020, eq. 6)."""
    slot, x, _ = _old(settings, buffer, batch, 2)
    _, again, label = _old(settings, buffer, batch, 3)
    there = (buffer.seen > 0).astype(jnp.float32)

    def objective(params):
        logits = classifier.logits(params, jnp.concatenate([batch.x, x, again]))
        new, old, second = jnp.split(logits, 3)
        dark = jnp.square(old - buffer.logits[slot]).mean()
        return cross_entropy(new, batch.y) + there * (settings.strength * dark + cross_entropy(second, label)), new

    return jax.grad(objective, has_aux=True)(params)


METHODS = {
    "replay": Method(1.0, "weight of the loss on examples from the buffer",
                     lambda settings, params: empty(settings.buffer), gradient=er_gradient, after=_store),
    "a-gem": Method(meaning="not used", begin=lambda settings, params: empty(settings.buffer), gradient=agem_gradient,
                    after=_store),
    "der++": Method(0.5, "weight of the squared distance to the logits kept",
                    lambda settings, params: empty(settings.buffer, settings.classes), gradient=der_gradient, after=_store),
}
