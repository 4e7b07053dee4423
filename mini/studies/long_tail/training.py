"""Training a small classifier with minibatches, whole or epoch by epoch; shared by this study's experiments.

Shape letters: S samples, F features, K classes.
"""

import jax
import jax.numpy as jnp
import optax

from mini.models import classifier


def sgd(learning_rate, momentum, weight_decay=0.0) -> optax.GradientTransformation:
    """Gradient descent with momentum; the decay is a term weight_decay |w|^2 / 2 of the loss."""
    return optax.chain(optax.add_decayed_weights(weight_decay), optax.sgd(learning_rate, momentum))


def loss(params, x: jax.Array, y: jax.Array, weight: jax.Array) -> jax.Array:
    """Cross-entropy of the rows (S, F), a mean over those of weight 1; those of weight 0 are not fitted."""
    each = optax.softmax_cross_entropy_with_integer_labels(classifier.logits(params, x), y)
    return (each * weight).sum() / jnp.maximum(weight.sum(), 1)


def epoch(optimiser, params, memory, key: jax.Array, rows: jax.Array, batch: int, x, y, weight):
    """One pass over the rows (indices into x, y, weight) in a random order; those left over sit it out.

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
