"""What is minimised. Shape letters: R rows (examples), C classes."""

import jax
import jax.numpy as jnp
import optax


def squared_error(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Mean over examples and classes of (f - onehot(y))^2; logits (R, C), labels (R,) -> scalar.

    The zero function scores 1 / C.

    >>> float(squared_error(jnp.zeros((2, 4)), jnp.array([1, 3])))
    0.25
    """
    return jnp.square(logits - jax.nn.one_hot(labels, logits.shape[-1], dtype=logits.dtype)).mean()


def cross_entropy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Mean over examples of -log softmax(f)_y, in nats; logits (R, C), labels (R,) -> scalar.

    >>> round(float(cross_entropy(jnp.zeros((2, 4)), jnp.array([1, 3]))), 4)
    1.3863
    """
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


LOSSES = {"squared_error": squared_error, "cross_entropy": cross_entropy}
