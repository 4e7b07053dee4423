"""Induction heads: does a head look at what followed the present token before, and does it copy what it finds?

Olsson and others 2022, Elhage and others 2021. Shape letters: B sequences, H heads, T places, V vocabulary, D width,
E width of a head, L blocks.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np


def followers(tokens: jax.Array) -> jax.Array:
    """For each place, the places that follow an earlier occurrence of its token: (B, T) -> (B, T, T) Boolean.

    Place s + 1 follows an occurrence at s < t of the token at t. To attend to s itself is to find a duplicate, which
    is not induction.

    >>> followers(jnp.array([[5, 6, 5]]))[0].astype(int).tolist()
    [[0, 0, 0], [0, 0, 0], [0, 1, 0]]
    """
    length = tokens.shape[1]
    same = (tokens[:, :, None] == tokens[:, None, :]) & np.tri(length, k=-1, dtype=bool)[None]  # (B, T, S)
    return jnp.pad(same, ((0, 0), (0, 0), (1, 0)))[:, :, :length]


def prefix_matching(attention: jax.Array, tokens: jax.Array) -> jax.Array:
    """Mean attention to the places that follow earlier occurrences, over places that have some.

    Args:
      attention: (..., B, H, T, T). tokens: (B, T).

    Returns:
      (..., H): 1 for a head that looks nowhere else.

    >>> even = jnp.tril(jnp.ones((1, 1, 3, 3))) / jnp.arange(1, 4)[None, None, :, None]
    >>> round(float(prefix_matching(even, jnp.array([[5, 6, 5]]))[0]), 4)
    0.3333
    """
    there = followers(tokens)  # (B, T, T)
    counted = there.any(-1)  # (B, T)
    looked = jnp.sum(attention, -1, where=there[:, None])  # (..., B, H, T)
    total = jnp.sum(looked, (-3, -1), where=counted[:, None])
    return total / jnp.maximum(counted.sum(), 1)


def copying_loss(losses: jax.Array, period: int) -> jax.Array:
    """Mean loss in nats of the tokens that a planted repeat predicts.

    The token at place t is predicted from t = period + 1 on: only then has the token before it an earlier occurrence.

    Args:
      losses: (B, T - 1), of the tokens from the second on.
    """
    return losses[:, period:].mean()


def copying_chance(vocabulary: int) -> float:
    """What a model that does not copy cannot beat on planted random tokens, in nats: log V.

    >>> round(copying_chance(64), 3)
    4.159
    """
    return math.log(vocabulary)


def copying_score(embedding, value, out, readout) -> np.ndarray:
    """Does a head raise the logit of what it attends to? The sum of its circuit's eigenvalues over the sum of their sizes.

        M = W_E W_V W_O W_U,   score = sum_i Re lambda_i / sum_i |lambda_i|, from -1 to 1

    (Elhage and others 2021, "summarizing OV and QK matrices"). The eigenvalues of M other than 0 are those of
    W_O W_U W_E W_V, which is only E by E.

    Args:
      embedding: (V, D). value: (L, H, D, E). out: (L, H, E, D). readout: (D, V).

    Returns:
      (L, H); a head that copies every token has 1.

    >>> eye = np.eye(3)
    >>> copying_score(eye, eye[None, None], np.stack([[eye, -eye]]), eye).tolist()
    [[1.0, -1.0]]
    """
    readout, embedding = np.asarray(readout, float), np.asarray(embedding, float)
    inner = np.asarray(out, float) @ (readout @ embedding) @ np.asarray(value, float)  # (L, H, E, E)
    values = np.linalg.eigvals(inner)
    return values.real.sum(-1) / np.maximum(np.abs(values).sum(-1), 1e-30)
