"""A small causal transformer that reads two tokens a, b and answers at the second.

    x_0 = E_a + P_0,  x_1 = E_b + P_1;  each block: x += attention(x),  x += W' phi(W x);
    logits = x_1 R / D,

without biases or normalisation. Embeddings and positions begin at N(0, e^2), the rest at
N(0, 1 / fan-in); scores are divided by the width of a head and logits by the model's, so that one
learning rate serves every width (Yang and others 2022, table 8; the settings of Doshi and others
2024, app. G). Only what the answer needs is computed, and the function stays the same:

- the first position sees itself alone, so all of it is a function of a: K rows, not one per pair;
- the second sees both, and a softmax over two scores is a logistic function of their difference;
- before the first attention the second is a function of b: products on K rows, which are then looked up;
- in the last block, the first position needs keys and values only.

Shape letters: R rows (pairs), K residues, D width, H heads, E = D / H, M hidden width of a block.
"""

import jax
import jax.numpy as jnp
from flax import nnx

from mini.models.look_up import look_up
from mini.models.mlp import ACTIVATIONS


class Block(nnx.Module):
    """Attention and a two-layer network, each added to what it reads.

    The positions are updated separately, by `first` and `second`. Dropout acts on the attention's output
    and on the hidden layer.
    """

    def __init__(self, width: int, heads: int, hidden: int, activation: str, dropout: float,
                 rngs: nnx.Rngs):
        def normal(rows, columns):
            return nnx.Param(rows**-0.5 * jax.random.normal(rngs.params(), (rows, columns)))

        self.query, self.key = normal(width, width), normal(width, width)  # (D, D)
        self.value, self.out = normal(width, width), normal(width, width)  # (D, D)
        self.up, self.down = normal(width, hidden), normal(hidden, width)  # (D, M), (M, D)
        self.heads, self.phi = heads, ACTIVATIONS[activation]
        self.dropout = nnx.Dropout(dropout) if dropout else None

    def first(self, x: jax.Array, rngs: nnx.Rngs | None) -> jax.Array:
        """The first position, which attends to itself alone; x (rows, D)."""
        return self.add(x, x @ self.value[...], rngs)

    def second(self, first: jax.Array, second: jax.Array, a, b, rngs: nnx.Rngs | None) -> jax.Array:
        """The second position (R, D), from both; a and b as in `_rows`."""
        keys, values = first @ self.key[...], first @ self.value[...]  # (K or R, D)
        query, key, value = (second @ w[...] for w in (self.query, self.key, self.value))
        other = self._scores(query, keys, a, b)  # (R, H)
        weight = jax.nn.sigmoid(_rows(self._dot(query, key), b) - other)  # (R, H)
        weight = jnp.repeat(weight, value.shape[1] // self.heads, axis=1)  # (R, D)
        values = _rows(values, a)
        seen = values + weight * (_rows(value, b) - values)  # (R, D)
        return self.add(_rows(second, b), seen, rngs)

    def _scores(self, query, keys, a, b) -> jax.Array:
        """Scores (R, H) of the second position's queries with the first one's keys."""
        if b is None or jax.default_backend() != "cpu":  # where a table of all pairs saves nothing
            return self._dot(_rows(query, b), _rows(keys, a))
        residues, width = query.shape
        split = (residues, self.heads, width // self.heads)
        table = jnp.einsum("ahe,bhe->abh", keys.reshape(split), query.reshape(split))  # (K, K, H)
        return _rows(table.reshape(-1, self.heads), a * residues + b) * (self.heads / width)

    def _dot(self, x: jax.Array, y: jax.Array) -> jax.Array:
        """Products by head, over its width: (rows, D) twice -> (rows, H)."""
        return (x * y).reshape(len(x), self.heads, -1).mean(-1)

    def add(self, x, seen, rngs) -> jax.Array:
        """Attention's output, from what is seen (rows, D), and then the hidden layer's, added to x (rows, D)."""
        x = x + self._drop(seen @ self.out[...], rngs)
        return x + self._drop(self.phi(x @ self.up[...]), rngs) @ self.down[...]

    def _drop(self, x, rngs):
        if self.dropout is None:
            return x
        return self.dropout(x, deterministic=rngs is None, rngs=rngs)


class ModularTransformer(nnx.Module):
    """The network; called like `ModularMLP`.

    Args:
      p: residues, hence classes. width: of the model, a multiple of `heads`. depth: blocks.
      hidden_ratio: hidden width of a block over `width`. activation: square or relu.
      dropout: share dropped. embedding_scale: the e above, a number or a tracer.

    >>> model = ModularTransformer(5, 8, 1, 2, 4, "relu", 0.0, 1.0, rngs=nnx.Rngs(0))
    >>> model(jnp.array([0, 4, 2]), jnp.array([1, 1, 3])).shape
    (3, 5)
    """

    def __init__(self, p: int, width: int, depth: int = 1, heads: int = 4, hidden_ratio: int = 4,
                 activation: str = "relu", dropout: float = 0.0, embedding_scale=1.0, *, rngs: nnx.Rngs):
        if width % heads:
            raise ValueError(f"width: got {width}, takes a multiple of the {heads} heads")

        def normal(rows, columns, scale):
            return nnx.Param(scale * jax.random.normal(rngs.params(), (rows, columns)))

        self.embedding = normal(p, width, embedding_scale)  # (K, D)
        self.position = normal(2, width, embedding_scale)  # (2, D)
        self.blocks = nnx.List([Block(width, heads, hidden_ratio * width, activation, dropout, rngs)
                                for _ in range(depth)])
        self.readout = normal(width, p, width**-0.5)  # (D, K)
        self.width, self.noisy = width, dropout > 0

    def __call__(self, a: jax.Array, b: jax.Array, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Logits (R, K) of the pairs (a, b), each (R,); `rngs` are given when training."""
        place = self.position[...]
        first = self.embedding[...] + place[:1]  # (K, D)
        second = self.embedding[...] + place[1:]  # (K, D)
        *early, last = self.blocks
        for block in early:
            updated = block.second(first, second, a, b, rngs)
            if self.noisy and rngs is not None:  # each pair has its own noise, hence its own row
                first, a = _rows(first, a), None
            first, second, b = block.first(first, rngs), updated, None
        x = last.second(first, second, a, b, rngs)  # (R, D)
        return x @ self.readout[...] / self.width


def _rows(table: jax.Array, index: jax.Array | None) -> jax.Array:
    """The rows of a table by index; with None, the table itself, which already has one row per pair."""
    return table if index is None else look_up(table, index)
