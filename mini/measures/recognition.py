"""Recognition: does a model find what it has studied less surprising than what it has not?

A probe is scored by its loss; the smaller, the more familiar. With L the loss of a studied sequence, F that of a foil,

    two-alternative forced choice   P[L_i < F_i], studied i beside its own foil
    all-pairs area                  P[L_i < F_j] over all i, j: the area under the receiver operating characteristic
    d' from the area                sqrt(2) Phi^-1(area)          (Green and Swets 1966)
    d' from the losses              (mean F - mean L) / sqrt((var L + var F) / 2)

ties counting half. The area uses all pairs and so has a smaller error; the first needs foils that belong to an item.
Shape letters: N studied, M foils, R resamples.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from mini.errors import UsageError


def forced_choice(studied: jax.Array, foil: jax.Array) -> jax.Array:
    """Share of pairs in which the studied one has the smaller loss: (..., N) twice -> (...).

    >>> float(forced_choice(jnp.array([1.0, 2.0, 3.0]), jnp.array([2.0, 2.0, 2.0])))
    0.5
    """
    return _wins(studied, foil).mean(-1)


def area(studied: jax.Array, foil: jax.Array) -> jax.Array:
    """The same over all pairs: (..., N) and (..., M) -> (...).

    >>> float(area(jnp.array([1.0, 3.0]), jnp.array([2.0, 4.0])))
    0.75
    """
    return _wins(studied[..., :, None], foil[..., None, :]).mean((-1, -2))


def _wins(studied, foil):
    return (studied < foil).astype(jnp.float32) + 0.5 * (studied == foil).astype(jnp.float32)


def d_prime(share, pairs: int) -> jax.Array:
    """sqrt(2) Phi^-1 of a share of pairs won, kept within half a pair of 0 and 1, where it would be infinite.

    >>> float(d_prime(jnp.array(0.5), 100)), round(float(d_prime(jnp.array(1.0), 100)), 2)
    (0.0, 3.64)
    """
    return jnp.sqrt(2.0) * jax.scipy.stats.norm.ppf(jnp.clip(share, 0.5 / pairs, 1 - 0.5 / pairs))


def separation(studied: jax.Array, foil: jax.Array) -> jax.Array:
    """d' from means and variances of the losses: (..., N) and (..., M) -> (...); 0 where nothing varies."""
    spread = jnp.sqrt((studied.var(-1) + foil.var(-1)) / 2)
    return (foil.mean(-1) - studied.mean(-1)) / jnp.maximum(spread, 1e-12)


def rates(studied, foil, threshold: float) -> tuple[float, float]:
    """Hits and false alarms of a yes-or-no test: shares of studied and of foils with a loss below a threshold.

    >>> rates([1.0, 3.0], [2.0, 4.0, 5.0, 6.0], 2.5)
    (0.5, 0.25)
    """
    return float((np.asarray(studied) < threshold).mean()), float((np.asarray(foil) < threshold).mean())


class Share(NamedTuple):
    value: float
    low: float
    high: float


def interval(studied, foil, resamples: int = 1000, seed: int = 0) -> Share:
    """The all-pairs area with its 95% interval, by resampling studied items and foils separately (percentile bootstrap).

    Raises:
      UsageError: fewer than two studied items or foils, too few to resample.

    >>> tuple(round(x, 6) for x in interval([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]))
    (1.0, 1.0, 1.0)
    """
    studied, foil = np.asarray(studied, float), np.asarray(foil, float)
    if min(studied.size, foil.size) < 2:
        raise UsageError(f"items: got {studied.size} studied and {foil.size} foils, takes at least two of each")
    rng = np.random.default_rng(seed)
    won = (studied[:, None] < foil[None]) + 0.5 * (studied[:, None] == foil[None])  # (N, M)
    rows, columns = (rng.multinomial(n, np.full(n, 1 / n), resamples) / n for n in won.shape)  # how often each is drawn
    drawn = np.clip(np.einsum("rn,nm,rm->r", rows, won, columns), 0, 1)  # rounding may pass 1
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Share(float(won.mean()), float(low), float(high))
