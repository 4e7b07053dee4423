"""Canaries: secrets planted in training text, each a given number of times, to see whether the model gives them up.

A canary is a line of source, `key_abcd = 'fd23…'`: a prefix that names it and a secret of 16 characters. Its copies are
spread evenly over training, each at a random moment of its own stretch.

Shape letters: C canaries, I items planted, Q slots for copies, L bytes of a canary, K bytes of a secret, R references.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from mini.errors import wrong

PREFIX, SECRET = 12, 16  # bytes of the prefix and of the secret
LENGTH = PREFIX + SECRET + 2  # with a quotation mark and the line's end
HEX = b"0123456789abcdef"
CHARACTERS = b"0123456789abcdefghijklmnopqrstuvwxyz"  # of a secret that the user chooses
WORDS, BITS = 4, 7  # such a secret is four whole numbers, each of four characters of 7 bits


class Schedule(NamedTuple):
    """Which copy is planted when."""

    order: jax.Array  # (Q,) item of each planting, first to last
    number: jax.Array  # () how many of them count; the rest are empty slots


def draw(key: jax.Array, number: int) -> jax.Array:
    """Canaries with random names and secrets, (C, L) uint8.

    >>> bytes(np.asarray(draw(jax.random.key(0), 1))[0, :4]), draw(jax.random.key(0), 3).shape
    (b'key_', (3, 30))
    """
    name, secret = jax.random.split(key)
    letters = 97 + jax.random.randint(name, (number, 4), 0, 26)
    return written(letters, spell(secret, (number, SECRET), len(HEX)))


def written(letters: jax.Array, secrets: jax.Array) -> jax.Array:
    """Names (C, 4) and secrets (C, K) as lines, (C, L) uint8."""
    number = len(letters)
    parts = (_same(b"key_", number), letters, _same(b" = '", number), secrets, _same(b"'\n", number))
    return jnp.concatenate([part.astype(jnp.uint8) for part in parts], 1)


def _same(text: bytes, number: int) -> jax.Array:
    return jnp.tile(jnp.array(list(text), jnp.uint8)[None], (number, 1))


def spell(key: jax.Array, shape: tuple[int, ...], alphabet) -> jax.Array:
    """Characters drawn uniformly from the first `alphabet` of `CHARACTERS`, uint8; the first 16 are the hexadecimal digits."""
    return jnp.array(list(CHARACTERS), jnp.uint8)[jax.random.randint(key, shape, 0, alphabet)]


def references(key: jax.Array, canaries: jax.Array, number: int, alphabet=None) -> jax.Array:
    """The same canaries with other secrets, (C, R, L): what a planted one is ranked among.

    Args:
      canaries: (C, L). number: R. alphabet: (C,) how many of `CHARACTERS` a secret is made of; 16 if None.
    """
    size = len(canaries)
    alphabet = jnp.full(size, len(HEX)) if alphabet is None else alphabet
    secrets = spell(key, (size, number, SECRET), alphabet[:, None, None])
    spread = jnp.broadcast_to(canaries[:, None], (size, number, canaries.shape[1]))
    return spread.at[:, :, PREFIX: PREFIX + SECRET].set(secrets)


def pack(secret: str) -> tuple[int, ...]:
    """A secret that the user chooses, as four whole numbers, which fields of an experiment can hold.

    Raises:
      UsageError: more than 16 characters, or others than a to z and 0 to 9.

    >>> pack("hello")
    (228274920, 111, 0, 0)
    """
    if len(secret) > SECRET or not set(secret.encode()) <= set(CHARACTERS):
        raise wrong("secret", secret, f"at most {SECRET} characters of a to z and 0 to 9")
    padded = secret.encode().ljust(SECRET, b"\0")
    return tuple(sum(padded[4 * w + i] << BITS * i for i in range(4)) for w in range(WORDS))


def unpack(words) -> jax.Array:
    """The inverse: (K,) uint8, 0 where the secret has ended.

    >>> bytes(np.asarray(unpack(pack("hello")))[:5])
    b'hello'
    """
    words = jnp.stack([jnp.asarray(word, jnp.int32) for word in words])
    return (words[:, None] >> BITS * jnp.arange(4)[None] & 127).reshape(-1).astype(jnp.uint8)


def schedule(key: jax.Array, copies: jax.Array, most: np.ndarray) -> Schedule:
    """When each copy is planted: copy j of c at time (j + U) / c, U uniform on (0, 1), all sorted.

    Args:
      copies: (I,) of each item, 0 for none. most: (I,) the most there may be, which fixes the number of slots.

    >>> plan = schedule(jax.random.key(0), jnp.array([2, 0]), np.array([3, 1]))
    >>> plan.order[:2].tolist(), int(plan.number)
    ([0, 0], 2)
    """
    item = np.repeat(np.arange(len(most)), most)  # (Q,)
    copy = np.concatenate([np.arange(m) for m in most]) if len(item) else np.zeros(0, int)
    luck = jax.random.uniform(key, item.shape)
    count = copies[item]
    there = copy < count
    time = jnp.where(there, (copy + luck) / jnp.maximum(count, 1), jnp.inf)
    return Schedule(jnp.asarray(item, jnp.int32)[jnp.argsort(time)], there.sum())


def planted(step, number, first, last) -> jax.Array:
    """How many have been planted before a step, evenly from step `first` to `last`; whole numbers.

    >>> [int(planted(t, 5, 0, 2)) for t in range(4)]
    [0, 2, 5, 5]
    """
    span = jnp.maximum(last - first, 1)
    return jnp.clip(step - first, 0, span) * number // span
