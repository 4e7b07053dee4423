"""An epoch of private training of this study's classifier; what is general lies in `mini.privacy`.

Shape letters: n examples.
"""

import jax
import optax

from mini.models import classifier
from mini.privacy import aggregate, capacity, epsilon, poisson_batch

__all__ = ["aggregate", "capacity", "epoch", "epsilon", "poisson_batch", "steps_of"]


def epoch(optimiser, params, memory, key: jax.Array, batch: int, places: int, x, y, weight):
    """n / batch steps of an optimiser that begins with `aggregate`; an example of weight 0 has no gradient.

    Returns:
      parameters, the optimiser's memory, and how many members of batches found no place.
    """
    n = len(x)

    def one(carry, key):
        params, memory = carry
        chosen, taken, lost = poisson_batch(key, n, batch / n, places)
        each = jax.vmap(jax.grad(_loss), (None, 0, 0, 0))(params, x[chosen], y[chosen], taken * weight[chosen])
        updates, memory = optimiser.update(each, memory, params)
        return (optax.apply_updates(params, updates), memory), lost

    (params, memory), lost = jax.lax.scan(one, (params, memory), jax.random.split(key, steps_of(n, batch)))
    return params, memory, lost.sum()


def steps_of(n: int, batch: int) -> int:
    """Steps of an epoch, in which an example is met once on average."""
    return max(round(n / batch), 1)


def _loss(params, x: jax.Array, y: jax.Array, weight: jax.Array) -> jax.Array:
    """Cross-entropy of one example."""
    return weight * optax.softmax_cross_entropy_with_integer_labels(classifier.logits(params, x[None])[0], y)
