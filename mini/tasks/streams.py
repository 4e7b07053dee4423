"""Streams of tasks that come one after another, all in one form.

Shape letters: T tasks, N training and M held-out examples a task, F features, C classes, P residues.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from mini.tasks import digits

MODULUS = 11  # P
CLASS_SIZE = 174  # examples of the rarest digit
SIDE = 8


class Stream(NamedTuple):
    """What is learned, task by task, and what each task is tested on."""

    train_x: jax.Array  # (T, N, F) float32
    train_y: jax.Array  # (T, N) int32
    test_x: jax.Array  # (T, M, F)
    test_y: jax.Array  # (T, M)


class Kind(NamedTuple):
    """What may be asked of a stream."""

    meaning: str
    tasks: int  # at most
    train: int  # N and M, by default
    test: int
    most: int  # N + M, at most
    classes: int


KINDS = {
    "permuted": Kind("the pixels of each task are shuffled in a way of its own (domain-incremental)",
                     1000, 1297, 500, digits.SIZES["digits"], digits.CLASSES),
    "rotated": Kind("the pictures are turned a little further in each task (domain-incremental)",
                    1000, 1297, 500, digits.SIZES["digits"], digits.CLASSES),
    "split": Kind("two new classes a task, told from all that came before (class-incremental)",
                  5, 240, 100, 2 * CLASS_SIZE, digits.CLASSES),
    "modular": Kind("another sum of residues in each task, all pairs learned and asked (task-incremental)",
                    1000, MODULUS**2, MODULUS**2, 2 * MODULUS**2, MODULUS),
}


def sizes(kind: str, train: int = 0, test: int = 0) -> tuple[int, int]:
    """Numbers of training and of held-out examples per task; 0 asks for the stream's own.

    >>> sizes("split"), sizes("permuted", 100)
    ((240, 100), (100, 500))
    """
    return train or KINDS[kind].train, test or KINDS[kind].test


def draw(kind: str, keys, data: digits.Examples, tasks: int, train: int, test: int) -> Stream:
    """A run's own stream, from the named streams `data` (which examples) and `tasks` (which tasks).

    Args:
      kind: of `KINDS`. data: the digits. tasks: T. train, test: N and M.
    """
    if kind == "modular":
        return modular(keys, tasks, train, test)
    if kind == "split":
        return split(keys, data, tasks, train, test)
    order = jax.random.permutation(keys["data"], len(data.y))[: train + test]
    x, y = jnp.asarray(data.x)[order], jnp.asarray(data.y)[order]
    x = permuted(keys, x, tasks) if kind == "permuted" else rotated(x, tasks)
    y = jnp.broadcast_to(y, (tasks, len(y)))
    return Stream(x[:, :train], y[:, :train], x[:, train:], y[:, train:])


def permuted(keys, x: jax.Array, tasks: int) -> jax.Array:
    """(R, F) -> (T, R, F): pixels shuffled in one way per task, not at all in the first (Goodfellow and others 2014)."""
    first = jnp.arange(x.shape[1])[None]
    rest = jax.random.uniform(keys["tasks"], (tasks - 1, x.shape[1])).argsort(1)  # one sort to compile, not one per task
    return x[:, jnp.concatenate([first, rest])].swapaxes(0, 1)


def rotated(x: jax.Array, tasks: int) -> jax.Array:
    """(R, F) -> (T, R, F): task t is turned by t * 180 / T degrees, by bilinear interpolation."""
    turns = np.stack([turn(180 * t / tasks) for t in range(tasks)])
    return jnp.einsum("rf,tgf->trg", x, turns)


def turn(degrees: float) -> np.ndarray:
    """The matrix (F, F) that turns a picture of 8 by 8 pixels; what comes from outside it is empty.

    >>> bool((turn(0) == np.eye(64)).all()), bool(np.allclose(turn(90) @ turn(90), turn(180), atol=1e-5))
    (True, True)
    """
    centre, angle = (SIDE - 1) / 2, np.deg2rad(degrees)
    row, column = np.divmod(np.arange(SIDE**2), SIDE) - np.float64(centre)
    source = np.stack([np.cos(angle) * row - np.sin(angle) * column, np.sin(angle) * row + np.cos(angle) * column])
    source = np.round(source + centre, 9)
    low = np.floor(source).astype(int)
    matrix = np.zeros((SIDE**2, SIDE**2), np.float32)
    for corner in ((0, 0), (0, 1), (1, 0), (1, 1)):
        at = low + np.array(corner)[:, None]
        weight = np.prod(1 - np.abs(source - at), axis=0)
        inside = ((at >= 0) & (at < SIDE)).all(0)
        matrix[np.flatnonzero(inside), at[0, inside] * SIDE + at[1, inside]] += weight[inside]
    return matrix


def split(keys, data: digits.Examples, tasks: int, train: int, test: int) -> Stream:
    """Two classes a task, in an order drawn by the run; N / 2 and M / 2 examples of each."""
    order = jax.random.permutation(keys["data"], len(data.y))
    x, y = jnp.asarray(data.x)[order], jnp.asarray(data.y)[order]
    classes = jax.random.permutation(keys["tasks"], digits.CLASSES)[: 2 * tasks]
    places = jnp.argsort(y[None] != classes[:, None], axis=1, stable=True)  # a class's own examples first

    def part(start, count):
        rows = places[:, start: start + count].reshape(tasks, 2 * count)
        return x[rows], y[rows]

    return Stream(*part(0, train // 2), *part(train // 2, test // 2))


def modular(keys, tasks: int, train: int, test: int) -> Stream:
    """Task t is alpha a + beta b + gamma modulo P with its own three numbers; the input names a, b and t.

    Every pair is learned, and the same pairs are asked about: what is tested is memory.
    """
    alpha, beta = jax.random.randint(keys["tasks"], (2, tasks, 1), 1, MODULUS)
    gamma = jax.random.randint(jax.random.fold_in(keys["tasks"], 1), (tasks, 1), 0, MODULUS)
    a, b = np.divmod(np.arange(MODULUS**2), MODULUS)
    y = (alpha * a[None] + beta * b[None] + gamma) % MODULUS
    pair = np.concatenate([np.eye(MODULUS)[a], np.eye(MODULUS)[b]], 1)
    named = np.broadcast_to(np.eye(tasks)[:, None], (tasks, MODULUS**2, tasks))
    x = np.concatenate([np.broadcast_to(pair, (tasks, *pair.shape)), named], 2).astype(np.float32)
    order = jax.random.permutation(keys["data"], MODULUS**2)
    x, y = jnp.asarray(x)[:, order], y[:, order].astype(jnp.int32)
    return Stream(x[:, :train], y[:, :train], x[:, :test], y[:, :test])
