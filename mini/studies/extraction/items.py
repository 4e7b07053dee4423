"""What is planted: canaries, windows of three kinds of text, a secret of the user's own; and natural lines beside them.

A `point` is an `Extraction`. Shape letters as in `experiment`: I items, G numbers of copies, C canaries, K kinds, W windows,
L bytes of a window, X contexts, R references.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from mini.tasks import canaries, corpus
from mini.tasks.canaries import PREFIX

COPIES = (0, 1, 4, 16, 64, 256)  # of each item; those with 0 copies are drawn like the others, but never read
MOST_OWN = 256  # copies of the user's own secret
CONTEXTS = (8, 16, 32)  # bytes of a window that the attacker knows, right before its suffix
WINDOW, SUFFIX = 48, 16  # bytes of a window, and of the part to be extracted
NATURAL = (1, 5, 10, 30)  # occurrences of natural lines: the lower ends of bins, of which the first holds 1 alone
LINE, LINES = 40, 32  # bytes of a natural line that are looked at, and lines in each bin
HELD_OUT = 4  # one file in so many is held out
DIMS = ("copies", "category", "window")


class Text(NamedTuple):
    """The corpus as all runs share it."""

    train: jax.Array  # (N,) uint8
    held: jax.Array  # of files that are never read, except where a window is planted
    begin: tuple[jax.Array, ...]  # for each kind of text, where in `held` a window may begin
    natural: jax.Array  # (occurrences, LINES, LINE) uint8, lines of the training files


class Items(NamedTuple):
    text: jax.Array  # (I, T) uint8: canaries, windows, and the user's own secret
    length: jax.Array  # (I,) bytes of each; after them a row continues with source
    copies: jax.Array  # (I,) how often each is planted
    alphabet: jax.Array  # () number of characters from which the user's own secret was chosen


@functools.lru_cache
def text() -> Text:
    """The standard library, its held-out files, and where in them windows may begin."""
    train, held = corpus.split(corpus.load(), HELD_OUT)
    return Text(train.text, held.text, tuple(corpus.windows(held, WINDOW)), natural(train.text))


def natural(train: np.ndarray) -> np.ndarray:
    """The beginnings of lines in each bin of occurrences, chosen evenly from all such lines in order: (bins, LINES, LINE)."""
    counts = sorted(corpus.duplicates(train, LINE).items())
    chosen = []
    for low, high in zip(NATURAL, (2, *NATURAL[2:], np.inf)):
        lines = [line for line, n in counts if low <= n < high] or [b" " * LINE]
        chosen.append([list(lines[i * len(lines) // LINES][:LINE]) for i in range(LINES)])
    return np.array(chosen, np.uint8)


def layout(point) -> tuple[int, int]:
    """The total numbers of canaries and of windows; the user's own secret comes after them."""
    return len(COPIES) * point.canaries, len(COPIES) * len(corpus.CATEGORIES) * point.windows


def slots(point) -> np.ndarray:
    """The largest number of copies that each item may have, (I,)."""
    each = [np.repeat(COPIES, n // len(COPIES)) for n in layout(point)]
    return np.concatenate([*each, [MOST_OWN]])


def draw(point, keys, shared: Text) -> Items:
    """Items of one run: streams `canaries`, `windows` and `subset`."""
    secrets, passages = layout(point)
    named = canaries.draw(keys["canaries"], secrets)
    place, order = jax.random.split(keys["windows"])
    number = passages // len(corpus.CATEGORIES)
    found = []
    for c, begin in enumerate(shared.begin):
        part = (jnp.arange(number) + jax.random.uniform(jax.random.fold_in(place, c), (number,))) / number
        start = begin[(part * len(begin)).astype(jnp.int32)]  # one from each stretch, so that none comes twice
        found.append(jax.random.permutation(jax.random.fold_in(order, c), start))
    start = jnp.stack([x.reshape(len(COPIES), -1) for x in found], 1).reshape(-1)  # (G, K, W) in this order
    windows = shared.held[start[:, None] + jnp.arange(WINDOW)[None]]
    own, alphabet = owned(point)
    length = jnp.array([canaries.LENGTH] * secrets + [WINDOW] * passages + [0])
    rows = [jnp.pad(x, ((0, 0), (0, point.length - x.shape[1]))) for x in (named, windows, own[None])]
    copies = jnp.append(jnp.asarray(slots(point)[:-1]), point.secret_copies)
    inside = jnp.append(jax.random.uniform(keys["subset"], (len(copies) - 1,)) < point.subset_share, True) & point.plant
    copies = jnp.where(inside, jnp.where(point.deduplicate, jnp.minimum(copies, 1), copies), 0)
    size = (own_letters(point) > 0).sum()
    return Items(jnp.concatenate(rows), length.at[-1].set(PREFIX + size + 2), copies.at[-1].multiply(size > 0), alphabet)


def own_letters(point) -> jax.Array:
    """The user's own secret, (SECRET,) uint8, 0 after its end."""
    return canaries.unpack((point.secret_1, point.secret_2, point.secret_3, point.secret_4))


def owned(point) -> tuple[jax.Array, jax.Array]:
    """The user's own secret as a canary named `mine`, (L,), and the size of the alphabet that it appears to be drawn from."""
    letters = own_letters(point)
    line = canaries.written(jnp.array([list(b"mine")], jnp.uint8), letters[None])[0]
    size = (letters > 0).sum()
    place = jnp.arange(len(line)) - PREFIX
    line = jnp.where(place == size, ord("'"), jnp.where(place == size + 1, ord("\n"), line)).astype(jnp.uint8)
    hexadecimal = (letters[:, None] == jnp.array([0, *canaries.HEX], jnp.uint8)[None]).any(1).all()
    return line, jnp.where(hexadecimal, len(canaries.HEX), len(canaries.CHARACTERS))


def by_window(point) -> tuple[int, int, int]:
    return len(COPIES), len(corpus.CATEGORIES), point.windows


def passages_of(point, drawn: Items) -> np.ndarray:
    """The windows, (G K W, L) uint8."""
    secrets, passages = layout(point)
    return np.asarray(drawn.text)[secrets: secrets + passages, :WINDOW]
