"""Modular arithmetic: all pairs of residues, a split, and labels of which a share is redrawn.

Shape letters: P = p * p pairs in the order a * p + b; N training pairs; M held-out pairs.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

OPERATIONS = {
    "addition": lambda a, b, p: (a + b) % p,
    "subtraction": lambda a, b, p: (a - b) % p,
    "multiplication": lambda a, b, p: (a * b) % p,
    "division": lambda a, b, p: (a * _inverse(b, p)) % p,
    "unlearnable": lambda a, b, p: (a * b + a + b * b) % p,
}
SYMMETRIC = ("addition", "multiplication")
NEED_PRIME = ("multiplication", "division")


class Split(NamedTuple):
    """One run's draw of a modular task; `label` is -1 where the operation is not defined."""

    label: jax.Array  # (P,) the true answers
    train: jax.Array  # (N,) indices of pairs
    test: jax.Array  # (M,)
    given: jax.Array  # (N,) the training labels, a share of them redrawn
    corrupted: jax.Array  # (N,) whether the label was redrawn (1/p of those stay right)


def is_prime(n: int) -> bool:
    """Whether n is a prime.

    >>> [n for n in range(12) if is_prime(n)]
    [2, 3, 5, 7, 11]
    """
    return n > 1 and all(n % d for d in range(2, int(n**0.5) + 1))


def primitive_root(p: int) -> int:
    """The smallest g whose powers run through 1, ..., p - 1.

    >>> primitive_root(7), primitive_root(31)
    (3, 3)
    """
    return next(g for g in range(1, p) if len({pow(g, k, p) for k in range(p - 1)}) == p - 1)


def discrete_powers(p: int) -> np.ndarray:
    """(g^0, ..., g^(p-2)) mod p: the order in which multiplication becomes addition modulo p - 1.

    >>> discrete_powers(7)
    array([1, 3, 2, 6, 4, 5])
    """
    g = primitive_root(p)
    return np.array([pow(g, k, p) for k in range(p - 1)])


def answers(operation: str, p: int) -> np.ndarray:
    """The table of answers, (P,), -1 where there is none (division by zero).

    >>> answers("addition", 3).reshape(3, 3)
    array([[0, 1, 2],
           [1, 2, 0],
           [2, 0, 1]])
    """
    a, b = np.divmod(np.arange(p * p), p)
    label = OPERATIONS[operation](a, b, p)
    return np.where(b == 0, -1, label) if operation == "division" else label


def domain(operation: str, p: int, unordered: bool = False) -> np.ndarray:
    """Indices of the pairs that have an answer; of (a, b) and (b, a) only one if unordered."""
    a, b = np.divmod(np.arange(p * p), p)
    kept = answers(operation, p) >= 0
    return np.flatnonzero(kept & (a <= b) if unordered else kept)


def train_size(operation: str, p: int, unordered: bool, train_fraction: float) -> tuple[int, int]:
    """Numbers of training and of held-out pairs."""
    pairs = len(domain(operation, p, unordered))
    n = round(train_fraction * pairs)
    return n, pairs - n


def split(keys, operation: str, p: int, unordered: bool, train_fraction: float, corruption) -> Split:
    """Draw a split (stream `data`), which labels are redrawn (`noise`) and to what (`labels`).

    round(corruption * N) training labels are redrawn uniformly over all p classes, so that 1/p of
    them stay right and a network that undoes the corruption scores 1 - xi + xi / p on its training
    labels (Doshi and others 2024, section 1.1). A larger corruption with the same seed redraws a superset.
    """
    n, _ = train_size(operation, p, unordered, train_fraction)
    label = jnp.asarray(answers(operation, p), jnp.int32)
    order = jax.random.permutation(keys["data"], jnp.asarray(domain(operation, p, unordered), jnp.int32))
    train, test = jnp.sort(order[:n]), jnp.sort(order[n:])  # sorted look-ups are kinder to the cache
    rank = jax.random.permutation(keys["noise"], n)
    corrupted = rank < jnp.round(corruption * n).astype(rank.dtype)
    redrawn = jax.random.randint(keys["labels"], (n,), 0, p, jnp.int32)
    return Split(label, train, test, jnp.where(corrupted, redrawn, label[train]), corrupted)


def _inverse(b: np.ndarray, p: int) -> np.ndarray:
    """b^(p-2) mod p, the inverse of b for prime p (0 for 0)."""
    return np.array([pow(int(x), p - 2, p) for x in b.ravel()]).reshape(b.shape)
