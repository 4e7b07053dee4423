"""How far a network's answer to an example depends on having been trained on it.

Feldman and Zhang 2020 (arXiv:2008.03703): train many networks, each on a random subset of m of the n
examples, and compare those that had an example with those that had not,

    mem(i)      = P[right on i | i in] - P[right on i | i out],
    infl(i, j)  = P[right on test j | i in] - P[right on test j | i out].

Both come from the same networks. Sums are kept in two halves, of even-numbered and odd-numbered networks,
so that one half can be compared with the other. A second subset drawn beside the true one, and never
trained on, gives the null distribution.

Shape letters: n training examples, T test examples, 2 halves.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class Sums(NamedTuple):
    """What is counted over networks, in whole numbers held as floats (exact up to 2^24 networks)."""

    networks: jax.Array  # (2,)
    inside: jax.Array  # (2, n) networks that had the example
    right: jax.Array  # (2, n) networks right on it
    right_inside: jax.Array  # (2, n) of those that had it
    test_right: jax.Array  # (2, T)
    test_right_inside: jax.Array  # (2, n, T) right on test example j, of those that had i
    ghost: jax.Array  # (2, n) as `inside`, for the subset that was never trained on
    right_ghost: jax.Array  # (2, n)


def blank(n: int, tests: int) -> Sums:
    """Nothing counted yet."""
    row, test = jnp.zeros((2, n)), jnp.zeros((2, tests))
    return Sums(jnp.zeros(2), row, row, row, test, jnp.zeros((2, n, tests)), row, row)


def add(sums: Sums, half: jax.Array, inside: jax.Array, right: jax.Array, test_right: jax.Array,
        ghost: jax.Array) -> Sums:
    """Count one network: which examples it had (n,), and where it is right, (n,) and (T,), all Boolean.

    >>> one = add(blank(2, 1), 0, *(jnp.array(x, bool) for x in ([1, 0], [1, 1], [0], [0, 1])))
    >>> one.right_inside.sum(0).tolist(), one.inside.sum(0).tolist()
    ([1.0, 0.0], [1.0, 0.0])
    """
    inside, right, test_right, ghost = (x.astype(jnp.float32) for x in (inside, right, test_right, ghost))
    new = (jnp.float32(1), inside, right, inside * right, test_right, inside[:, None] * test_right[None],
           ghost, ghost * right)
    return Sums(*(total.at[half].add(x) for total, x in zip(sums, new)))


def both(sums: Sums) -> Sums:
    """The two halves as one."""
    return Sums(*(x.sum(0) for x in sums))


def difference(right_inside, inside, right, networks):
    """Share right among those that had the example, minus share right among the rest; NaN where either is empty.

    >>> float(difference(jnp.array(3.0), jnp.array(4.0), jnp.array(4.0), jnp.array(8.0)))
    0.5
    """
    outside = networks - inside
    seen = (inside > 0) & (outside > 0)
    gap = right_inside / jnp.maximum(inside, 1) - (right - right_inside) / jnp.maximum(outside, 1)
    return jnp.where(seen, gap, jnp.nan)


def standard_error(right_inside, inside, right, networks):
    """The standard error of `difference`, from two binomial shares; NaN where one of them is empty.

    Each share is taken as (k + 1) / (n + 2) here, so that a few networks that agree do not pass for certainty.
    """
    outside = networks - inside

    def variance(k, n):
        p = (k + 1) / (n + 2)
        return p * (1 - p) / jnp.maximum(n, 1)

    var = variance(right_inside, inside) + variance(right - right_inside, outside)
    return jnp.where((inside > 0) & (outside > 0), jnp.sqrt(var), jnp.nan)


def memorisation(s: Sums, of=difference) -> jax.Array:
    """mem(i), (..., n), of sums with or without halves; or its standard error."""
    return of(s.right_inside, s.inside, s.right, s.networks[..., None])


def influence(s: Sums, of=difference) -> jax.Array:
    """infl(i, j), (..., n, T); or its standard error. A row is NaN where the example was always in or out."""
    return of(s.test_right_inside, s.inside[..., None], s.test_right[..., None, :], s.networks[..., None, None])


def null(s: Sums) -> jax.Array:
    """mem(i) of the subset that no network was trained on, (..., n): what chance alone makes of it."""
    return difference(s.right_ghost, s.ghost, s.right, s.networks[..., None])


def null_influence_error(s: Sums) -> jax.Array:
    """The standard deviation of infl(i, j) if there were no influence, (..., n, T), from one common share."""
    p = ((s.test_right + 1) / (s.networks[..., None] + 2))[..., None, :]
    inside, outside = s.inside[..., None], (s.networks[..., None] - s.inside)[..., None]
    return jnp.sqrt(p * (1 - p) * (1 / jnp.maximum(inside, 1) + 1 / jnp.maximum(outside, 1)))


def unseen(s: Sums) -> jax.Array:
    """Which examples were always in or always out, so that nothing can be said of them: (..., n)."""
    return (s.inside == 0) | (s.inside == s.networks[..., None])


def correlation(a: jax.Array, b: jax.Array) -> jax.Array:
    """Pearson's correlation of two arrays where both are numbers; NaN where one does not vary.

    >>> round(float(correlation(jnp.array([1.0, 2, 3, jnp.nan]), jnp.array([2.0, 4, 6, 0]))), 3)
    1.0
    """
    known = jnp.isfinite(a) & jnp.isfinite(b)
    count = jnp.maximum(known.sum(), 1)
    a, b = (jnp.where(known, x, 0) for x in (a, b))
    a, b = (jnp.where(known, x - x.sum() / count, 0) for x in (a, b))
    scale = jnp.sqrt(jnp.square(a).sum() * jnp.square(b).sum())
    return jnp.where(scale > 1e-12, (a * b).sum() / jnp.maximum(scale, 1e-12), jnp.nan)


def reliability(s: Sums) -> jax.Array:
    """How well one half of the networks predicts the other's mem(i): their correlation over examples.

    The whole has 2r / (1 + r) (Spearman and Brown).
    """
    first, second = memorisation(s)
    return correlation(first, second)


def expected_error(networks: int, share: float) -> float:
    """A bound on the mean squared error of one entry (Feldman and Zhang 2020).

        exp(-p t / 16) / 2 + 1 / (p t) + 1 / ((1 - p) t),   p = min(share, 1 - share), t networks

    >>> round(expected_error(2000, 0.7) ** 0.5, 3)
    0.049
    """
    p = min(share, 1 - share)
    return float(np.exp(-p * networks / 16) / 2 + 1 / (p * networks) + 1 / ((1 - p) * networks))


def pairs(memory: np.ndarray, effect: np.ndarray, deviation: np.ndarray, memorised: float, influential: float,
          deviations: float) -> np.ndarray:
    """Index pairs (i, j) of high influence, (P, 2), the highest first.

    Args:
      memory: mem(i), (n,). effect: infl(i, j), (n, T). deviation: standard deviation of its null, (n, T).
      memorised, influential: the least mem(i) and infl(i, j) (0.25 and 0.15 in Feldman and Zhang 2020).
      deviations: the least infl(i, j) in standard deviations of its null.

    >>> pairs(np.array([0.1, 0.5]), np.array([[0.9, 0.9], [0.2, 0.4]]), np.full((2, 2), 0.05), 0.25, 0.15, 4.0).tolist()
    [[1, 1], [1, 0]]
    """
    with np.errstate(invalid="ignore"):  # a comparison with NaN is false
        chosen = (memory >= memorised)[:, None] & (effect >= influential) & (effect >= deviations * deviation)
    found = np.argwhere(chosen)
    return found[np.argsort(-effect[tuple(found.T)], kind="stable")]
