"""Training a small classifier with minibatches: in one go, epoch by epoch, or privately; shared by this study's experiments.

Shape letters: S samples, F features, K classes.
"""

import jax
import jax.numpy as jnp
import optax

from mini.models import classifier
from mini.privacy import poisson_batch


def loss(params, x: jax.Array, y: jax.Array, weight: jax.Array) -> jax.Array:
    """Cross-entropy of the rows (S, F), a mean over those of weight 1; those of weight 0 are not fitted."""
    each = optax.softmax_cross_entropy_with_integer_labels(classifier.logits(params, x), y)
    return (each * weight).sum() / jnp.maximum(weight.sum(), 1)


def epoch(optimiser, params, memory, key: jax.Array, rows: jax.Array, batch: int, x, y, weight):
    """One pass over the rows (indices into x, y, weight) in a random order; those that fill no batch are left out.

    Returns:
      the parameters and the optimiser's memory after len(rows) // batch steps, at least one.
    """
    batch = min(batch, len(rows))
    steps = len(rows) // batch
    order = rows[jax.random.permutation(key, len(rows))[: steps * batch]].reshape(steps, batch)

    def step(carry, chosen):
        params, memory = carry
        gradient = jax.grad(loss)(params, x[chosen], y[chosen], weight[chosen])
        updates, memory = optimiser.update(gradient, memory, params)
        return (optax.apply_updates(params, updates), memory), None

    return jax.lax.scan(step, (params, memory), order)[0]


def fit(key: jax.Array, rows: jax.Array, x, y, weight, *, width: int, classes: int, epochs: int, batch: int,
        optimiser):
    """A network trained from scratch on the rows; its parameters."""
    first, order = jax.random.split(key)
    params = classifier.initial(first, x.shape[1], width, classes)

    def one(carry, key):
        return epoch(optimiser, *carry, key, rows, batch, x, y, weight), None

    return jax.lax.scan(one, (params, optimiser.init(params)), jax.random.split(order, epochs))[0][0]


def private_epoch(optimiser, params, memory, key: jax.Array, batch: int, places: int, x, y, weight):
    """n / batch steps of an optimiser that begins with `aggregate`; an example of weight 0 has no gradient.

    Returns:
      parameters, the optimiser's memory, and how many members of batches did not fit.
    """
    n = len(x)

    def one(carry, key):
        params, memory = carry
        chosen, taken, lost = poisson_batch(key, n, batch / n, places)
        each = jax.vmap(jax.grad(_one), (None, 0, 0, 0))(params, x[chosen], y[chosen], taken * weight[chosen])
        updates, memory = optimiser.update(each, memory, params)
        return (optax.apply_updates(params, updates), memory), lost

    (params, memory), lost = jax.lax.scan(one, (params, memory), jax.random.split(key, steps_of(n, batch)))
    return params, memory, lost.sum()


def steps_of(n: int, batch: int) -> int:
    """Steps of an epoch, in which an example is met once on average."""
    return max(round(n / batch), 1)


def _one(params, x: jax.Array, y: jax.Array, weight: jax.Array) -> jax.Array:
    """Cross-entropy of one example."""
    return weight * optax.softmax_cross_entropy_with_integer_labels(classifier.logits(params, x[None])[0], y)
