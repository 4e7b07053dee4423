"""Two Gaussian clouds with false labels, the setting of the theory of early learning.

    x = e* v + sigma z,   e* = +-1,   |v| = 1,   z ~ N(0, I_P);

the given label e is e* with probability 1 - D and a fair coin otherwise, so that a share D / 2 is false
(Liu and others 2020, section 3). Shape letters: N examples, P dimensions.
"""

import bisect
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize
import scipy.stats


class Clouds(NamedTuple):
    """One draw; v is the first axis, which loses no generality, since all else looks alike in every direction."""

    x: jax.Array  # (N, P)
    truth: jax.Array  # (N,) -1 or 1
    given: jax.Array  # (N,) -1 or 1


def draw(keys, samples: int, dimensions: int, redrawn, spread) -> Clouds:
    """Points (stream `data`) and their given labels (streams `noise`, `labels`)."""
    signs, cloud = jax.random.split(keys["data"])
    truth = jax.random.rademacher(signs, (samples,), jnp.float32)
    x = spread * jax.random.normal(cloud, (samples, dimensions))
    x = x.at[:, 0].add(truth)
    coin = jax.random.rademacher(keys["labels"], (samples,), jnp.float32)
    kept = jax.random.uniform(keys["noise"], (samples,)) >= redrawn
    return Clouds(x, truth, jnp.where(kept, truth, coin))


def separable(x: np.ndarray, given: np.ndarray) -> bool:
    """Whether some direction w has given x.w >= 1 for every point, by linear programming.

    >>> separable(np.array([[1.0], [2.0]]), np.array([1, 1])), separable(np.array([[1.0], [2.0]]), np.array([1, -1]))
    (True, False)
    """
    signed = np.asarray(given)[:, None] * np.asarray(x, float)  # (N, P)
    found = scipy.optimize.linprog(np.zeros(x.shape[1]), -signed, -np.ones(len(x)), bounds=(None, None),
                                   method="highs")
    return found.status == 0


def fewest_dimensions(x: np.ndarray, given: np.ndarray) -> int:
    """The fewest leading dimensions in which the points are separable, by bisection; P + 1 if never.

    More dimensions never hurt, so that there is one such number.
    """
    counts = range(1, x.shape[1] + 1)
    return 1 + bisect.bisect_left(counts, True, key=lambda count: separable(x[:, :count], given))


def separability_threshold(redrawn: float, spread: float) -> float:
    """Dimensions over samples from which the given labels can all be fitted, in the limit of many samples.

        P / N = min_s E[(Z - s V)_+^2],   Z ~ N(0, 1),   V = e e* (1 + spread g) / spread, g ~ N(0, 1):

    the share of a point's margin that the direction v gives is V, and the other dimensions have to make
    up for the rest (derived here, after Candes and Sur 2020, theorem 1). Without any signal this is 1/2,
    Cover's number.

    >>> round(separability_threshold(0.4, 0.1), 3), round(separability_threshold(1.0, 0.1), 2)
    (0.376, 0.5)
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(101)
    weights = weights / weights.sum()
    margin = 1 / spread + nodes  # of a point with its true label

    def shortfall(s, v):  # E[(Z - s v)_+^2], which has a closed form
        a = s * v
        return (1 + a**2) * scipy.stats.norm.sf(a) - a * scipy.stats.norm.pdf(a)

    def mean(s):
        false = redrawn / 2
        return (1 - false) * weights @ shortfall(s, margin) + false * weights @ shortfall(s, -margin)

    return float(scipy.optimize.minimize_scalar(mean, bounds=(0, 20 * spread), method="bounded").fun)
