"""Periodicity in weights and in answers. Shape letters: ... any, K residues, F = K // 2 + 1 frequencies."""

import jax
import jax.numpy as jnp

DEAD = 1e-12


def power(x: jax.Array) -> jax.Array:
    """Share of each frequency in the squared discrete Fourier transform: (..., K) -> (..., F).

    The real transform with its constant term; shares sum to one, and are zero for a dead vector.
    """
    size = jnp.abs(x).max(-1, keepdims=True)
    x = jnp.where(size > DEAD, x / jnp.maximum(size, DEAD), 0)  # squares of small weights underflow
    squared = jnp.square(jnp.abs(jnp.fft.rfft(x, axis=-1)))
    return squared / jnp.maximum(squared.sum(-1, keepdims=True), DEAD)


def inverse_participation_ratio(x: jax.Array) -> jax.Array:
    """sum_j |x_j|^4 / (sum_j |x_j|^2)^2 over the real transform: (..., K) -> (...).

    Convention: `rfft` with the constant term, as in the authors' code, so that a pure cosine has 1,
    a one-hot vector 1 / F, and Gaussian noise about 2 / F; the paper's full transform would give a
    cosine 1/2. A dead vector gives NaN (Doshi and others 2024, section 1.1).

    >>> wave = jnp.cos(2 * jnp.pi * 3 * jnp.arange(31) / 31)
    >>> round(float(inverse_participation_ratio(wave)), 3)
    1.0
    """
    share = power(x)
    return jnp.where(share.sum(-1) > 0.5, jnp.square(share).sum(-1), jnp.nan)


def gini(x: jax.Array) -> jax.Array:
    """Inequality of non-negative numbers, sum_ij |x_i - x_j| / (2 n^2 mean): (..., n) -> (...).

    >>> float(gini(jnp.array([0.0, 0.0, 0.0, 1.0])))
    0.75
    """
    n = x.shape[-1]
    rank = (2 * jnp.arange(1, n + 1) - n - 1).astype(x.dtype)
    return (jnp.sort(x, -1) @ rank) / jnp.maximum(n * x.sum(-1), DEAD)


def class_means(logits: jax.Array, groups: jax.Array, classes: int) -> jax.Array:
    """Mean logits over the rows of each group: (R, C), (R,) -> (classes, C); zero for an empty group.

    For addition the group is a + b, and this is the projection on all waves of a + b.
    """
    total = jax.ops.segment_sum(logits, groups, classes)
    count = jax.ops.segment_sum(jnp.ones(groups.shape, logits.dtype), groups, classes)
    return total / jnp.maximum(count, 1)[:, None]
