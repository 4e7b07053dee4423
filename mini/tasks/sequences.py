"""Sequences of a small vocabulary whose entropy is known: Markov chains, random tokens, and planted repeats.

A chain is a table of tickets: the successor of token a is tickets[a, j] with j drawn uniformly, so that every transition
has a whole number of tickets, P(b | a) = #{j: tickets[a, j] = b} / K, and every entropy is exact.

A stream is made in bulk, before anything is trained on it: each of its sequences is a first period, of a chain or of
random tokens, repeated again and again. Only the first period carries information.

Shape letters: V vocabulary, K tickets, N sequences of a stream, P longest period, B sequences asked for, T places.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

TICKETS = 256


class Stream(NamedTuple):
    """Sequences by their first period; bytes, since a stream is long."""

    first: jax.Array  # (N, P) uint8, of which the first `period` places count
    period: jax.Array  # (N,) uint8
    chained: jax.Array  # (N,) whether it is of the chain; otherwise it is random


@partial(jax.jit, static_argnames="vocabulary")
def chain(key: jax.Array, vocabulary: int, concentration) -> jax.Array:
    """A random chain's tickets (V, K) uint8; the smaller the concentration, the fewer successors a token has.

    Rows are proportional to E U^(1/c), E exponential and U uniform on (0, 1): for a small concentration c nearly those of
    a Dirichlet distribution, whose gamma variables are Gamma(1 + c) U^(1/c).

    >>> chain(jax.random.key(0), 8, 0.15).shape
    (8, 256)
    """
    u = jax.random.uniform(key, (2, vocabulary, vocabulary), minval=1e-30)
    log = jnp.log(-jnp.log(u[0])) + jnp.log(u[1]) / concentration  # of the weights
    rows = jax.nn.softmax(log, 1)  # (V, V)
    middle = (jnp.arange(TICKETS) + 0.5) / TICKETS
    reached = jnp.cumsum(rows, 1)[:, None, :] < middle[None, :, None]  # (V, K, V)
    return jnp.minimum(reached.sum(-1), vocabulary - 1).astype(jnp.uint8)


def transitions(tickets: np.ndarray) -> np.ndarray:
    """P(b | a) as (V, V), in double precision.

    >>> transitions(np.array([[0, 0, 0, 1], [1, 1, 0, 0]], np.uint8)).tolist()
    [[0.75, 0.25], [0.5, 0.5]]
    """
    tickets = np.asarray(tickets)
    counts = np.stack([np.bincount(row, minlength=len(tickets)) for row in tickets])
    return counts / tickets.shape[1]


def entropy(tickets: np.ndarray, length: int) -> float:
    """Entropy in nats of `length` tokens of a chain whose first token is drawn uniformly.

        H = log V + sum_t sum_a mu_t(a) H(P(. | a)),   mu_0 = 1 / V,   mu_(t+1) = mu_t P.

    >>> round(entropy(np.array([[0, 1], [1, 0]], np.uint8), 3), 4)  # three bits
    2.0794
    """
    p = transitions(tickets)
    each = -np.sum(p * np.log(np.where(p > 0, p, 1.0)), 1)  # (V,)
    share, total = np.full(len(p), 1 / len(p)), np.log(len(p))
    for _ in range(length - 1):
        total, share = total + share @ each, share @ p
    return float(total)


@partial(jax.jit, static_argnames=("sequences", "length"))
def markov(key: jax.Array, tickets: jax.Array, sequences: int, length: int) -> jax.Array:
    """Sequences (B, T) uint8 of a chain, the first token drawn uniformly.

    >>> markov(jax.random.key(0), chain(jax.random.key(1), 8, 0.15), 3, 5).shape
    (3, 5)
    """
    return _walk(jax.random.bits(key, (sequences, length)), tickets)


def random(key: jax.Array, vocabulary: int, sequences: int, length: int) -> jax.Array:
    """Sequences (B, T) uint8 of tokens drawn uniformly and independently."""
    return _even(jax.random.bits(key, (sequences, length)), vocabulary).astype(jnp.uint8)


def _even(bits: jax.Array, number: int) -> jax.Array:
    """Whole numbers below `number` from 32 bits each, of which the upper half counts: uniform to 1 part in 65536."""
    return (bits >> 16) * jnp.uint32(number) >> 16


def _walk(bits: jax.Array, tickets: jax.Array) -> jax.Array:
    """Walks (B, T) on the chain: the upper half of the first number chooses the start, the lowest byte each ticket."""
    start = _even(bits[:, 0], len(tickets)).astype(jnp.uint8)

    def follow(token, drawn):
        token = tickets[token.astype(jnp.int32), drawn]
        return token, token

    _, rest = jax.lax.scan(follow, start, (bits.T[1:] & 255).astype(jnp.int32))
    return jnp.concatenate([start[None], rest]).T


@partial(jax.jit, static_argnames=("sequences", "shortest", "longest"))
def stream(key: jax.Array, tickets: jax.Array, sequences: int, shortest: int, longest: int, chained) -> Stream:
    """A stream of sequences with periods drawn uniformly from `shortest` to `longest`, a share `chained` from the chain.

    >>> made = stream(jax.random.key(0), chain(jax.random.key(1), 8, 0.15), 4, 2, 6, 0.5)
    >>> made.first.shape, made.period.dtype
    ((4, 6), dtype('uint8'))
    """
    bits = jax.random.bits(key, (sequences, longest + 2))
    of_chain = _even(bits[:, -1], 65536) < chained * 65536
    first = jnp.where(of_chain[:, None], _walk(bits[:, :-2], tickets),
                      _even(bits[:, :-2], len(tickets)).astype(jnp.uint8))
    period = shortest + _even(bits[:, -2], longest - shortest + 1)
    return Stream(first, period.astype(jnp.uint8), of_chain)


def rows(source: Stream, index: jax.Array, length: int) -> jax.Array:
    """The sequences with these numbers (B,), written out to `length` places: (B, T) int32.

    >>> made = Stream(jnp.array([[7, 5, 3]], jnp.uint8), jnp.array([2], jnp.uint8), jnp.array([True]))
    >>> rows(made, jnp.array([0]), 5).tolist()
    [[7, 5, 7, 5, 7]]
    """
    at = jnp.arange(length)[None] % source.period[index].astype(jnp.int32)[:, None]
    return jnp.take_along_axis(source.first[index].astype(jnp.int32), at, 1)


def information(source: Stream, index: jax.Array, tickets: jax.Array) -> jax.Array:
    """The information in the first periods of these sequences, in nats, under the true source: -log p, (B,).

    A random token carries log V; so does a chain's first token, and each later one -log P(token | the one before).
    """
    first = source.first[index].astype(jnp.int32)  # (B, P)
    same = tickets[first[:, :-1]] == first[:, 1:, None].astype(tickets.dtype)  # (B, P - 1, K)
    surprise = -jnp.log(jnp.maximum(same.mean(-1), 0.5 / TICKETS))
    even = jnp.log(jnp.float32(len(tickets)))
    each = jnp.where(source.chained[index][:, None], surprise, even)
    counted = jnp.arange(1, first.shape[1])[None] < source.period[index].astype(jnp.int32)[:, None]
    return even + jnp.sum(each, 1, where=counted)


def planted(key: jax.Array, vocabulary: int, sequences: int, period: int, length: int) -> jax.Array:
    """Random tokens repeated again and again with one period: (B, T) int32. Nothing but the context predicts them.

    >>> planted(jax.random.key(0), 8, 2, 3, 7).shape
    (2, 7)
    """
    return jnp.tile(random(key, vocabulary, sequences, period), (1, -(-length // period)))[:, :length].astype(jnp.int32)
