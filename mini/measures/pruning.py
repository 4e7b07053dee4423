"""Which neurons go first. Shape letters: H neurons, S shares pruned."""

import jax
import jax.numpy as jnp
import numpy as np

ORDERS = ("low_ipr", "high_ipr", "random")
FRACTIONS = np.round(np.linspace(0, 0.95, 20), 2)


def masks(score: jax.Array, random: jax.Array, fractions=FRACTIONS) -> jax.Array:
    """Which neurons are kept: lowest score first, highest first, or at random; (3, S, H) of 0 and 1.

    Args:
      score: (H,); dead neurons (NaN) count as the lowest. random: (H,) a permutation, the control.

    >>> masks(jnp.array([0.1, 0.9]), jnp.array([1, 0]), np.array([0.5]))[:2, 0].tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    score = jnp.where(jnp.isnan(score), -jnp.inf, score)
    low = jnp.argsort(jnp.argsort(score))  # rank of each neuron, 0 goes first
    high = jnp.argsort(jnp.argsort(-score))
    gone = jnp.asarray(np.round(np.asarray(fractions) * score.size), low.dtype)  # (S,)
    ranks = jnp.stack([low, high, random.astype(low.dtype)])  # (3, H)
    return (ranks[:, None, :] >= gone[None, :, None]).astype(jnp.float32)
