"""Differentially private gradient descent as its accountant assumes it (Abadi and others 2016, algorithm 1).

Every example is in a batch with probability q, independently of all others; its gradient is clipped, and the
sum is given Gaussian noise and divided by the expected batch size q n (never by the realised one).

Shape letters: n examples, C places in a batch.
"""

import functools
import math

import jax
import jax.numpy as jnp
import optax
import scipy.stats
from optax.contrib import differentially_private_aggregate

ORDERS = (*range(2, 65), 80, 96, 128, 192, 256, 512, 1024)  # of Renyi divergence; whole ones, whose sums are finite
OVERFLOW = 1e-9  # the chance that a batch has more members than places


def capacity(n: int, q: float) -> int:
    """Places enough for a Poisson batch except with a chance of 1e-9, when the last of its members are left out.

    >>> capacity(1000, 0.1), capacity(10, 0.99)
    (162, 10)
    """
    return min(n, int(scipy.stats.binom.isf(OVERFLOW, n, q)) + 1)


def poisson_batch(key: jax.Array, n: int, q, places: int) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Indices (C,) of the examples drawn, which places are taken, (C,) of 0 and 1, and how many examples found none."""
    drawn = jax.random.bernoulli(key, q, (n,))
    (chosen,) = jnp.nonzero(drawn, size=places, fill_value=0)
    taken = (jnp.arange(places) < drawn.sum()).astype(jnp.float32)
    return chosen, taken, jnp.maximum(drawn.sum() - places, 0)


def aggregate(clip, noise, key: jax.Array, places: int, expected: float) -> optax.GradientTransformation:
    """Per-example gradients (C, ...) to their clipped, noised sum over the expected batch size.

    optax divides by the number of places in the batch; the factor after it puts the expected size in its stead.
    """
    return optax.chain(differentially_private_aggregate(clip, noise, key), optax.scale(places / expected))


@functools.lru_cache
def epsilon(noise: float, q: float, steps: int, delta: float) -> float:
    """The epsilon that this many steps spend at this delta, by Renyi accounting; infinite without noise.

    The setting of Abadi and others 2016 (q = 0.01, noise 4, 10,000 steps, delta = 1e-5), for which they
    report 1.26; the conversion has become tighter since:

    >>> round(epsilon(4.0, 0.01, 10_000, 1e-5), 2)
    1.04
    """
    import dp_accounting  # half a second, for which only those who ask for privacy should have to wait
    from dp_accounting import rdp

    if noise <= 0:
        return math.inf
    if steps == 0:
        return 0.0
    event = dp_accounting.PoissonSampledDpEvent(q, dp_accounting.GaussianDpEvent(noise))
    return float(rdp.RdpAccountant(ORDERS).compose(event, steps).get_epsilon(delta))
