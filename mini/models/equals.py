"""A small causal transformer that reads a, b and "=", and answers at the "=", in the standard scaling.

    x_0 = E_a + P_0,  x_1 = E_b + P_1,  x_2 = E_= + P_2;  each block: x += attention(x),  x += W' phi(W x);
    logits = x_2 R,

without biases or normalisation, scores over the root of a head's width: the network of Nanda and others 2023
(section 3), whose read-out begins at N(0, 1 / K) and all else at N(0, 1 / D); here a block's `down` begins at
N(0, 1 / M), as its other matrices do by their number of rows. Only what the answer needs is computed, and the function
stays the same:

- before the first attention each position is a function of a, of b or of nothing: K rows or one, not one per pair;
- the first position stays a function of a, since it sees itself alone;
- in the last block, the first two positions need keys and values only.

Shape letters: R rows (pairs), K residues, D width, H heads, M hidden width of a block.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from mini.models.look_up import look_up
from mini.models.transformer import Block


class Place(NamedTuple):
    """One position of every pair: the rows of a table (K, D), by an index (R,); without one, the table has a row per pair
    (R, D), or a single row (1, D) for all."""

    table: jax.Array
    index: jax.Array | None = None

    def rows(self) -> jax.Array:
        return self.table if self.index is None else look_up(self.table, self.index)

    def times(self, matrix) -> "Place":
        return Place(self.table @ matrix[...], self.index)


class EqualsTransformer(nnx.Module):
    """The network; called like `ModularMLP`.

    Args:
      p: residues, hence classes. width: of the model, a multiple of `heads`. depth: blocks.
      hidden_ratio: hidden width of a block over `width`. activation: square or relu.
      dropout: share dropped. embedding_scale: of the first embeddings, over D^-1/2; a number or a tracer.

    >>> model = EqualsTransformer(5, 8, 1, 2, 4, "relu", 0.0, 1.0, rngs=nnx.Rngs(0))
    >>> model(jnp.array([0, 4, 2]), jnp.array([1, 1, 3])).shape
    (3, 5)
    """

    def __init__(self, p: int, width: int, depth: int = 1, heads: int = 4, hidden_ratio: int = 4,
                 activation: str = "relu", dropout: float = 0.0, embedding_scale=1.0, *, rngs: nnx.Rngs):
        if width % heads:
            raise ValueError(f"width: got {width}, takes a multiple of the {heads} heads")

        def normal(rows, columns, scale):
            return nnx.Param(scale * jax.random.normal(rngs.params(), (rows, columns)))

        self.embedding = normal(p, width, embedding_scale * width**-0.5)  # (K, D)
        self.equals = normal(1, width, embedding_scale * width**-0.5)  # (1, D)
        self.position = normal(3, width, embedding_scale * width**-0.5)  # (3, D)
        self.blocks = nnx.List([Block(width, heads, hidden_ratio * width, activation, dropout, rngs)
                                for _ in range(depth)])
        self.readout = normal(width, p, p**-0.5)  # (D, K)
        self.noisy = dropout > 0

    def __call__(self, a: jax.Array, b: jax.Array, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Logits (R, K) of the pairs (a, b), each (R,); `rngs` are given when training."""
        place = self.position[...]
        places = [Place(self.embedding[...] + place[:1], a), Place(self.embedding[...] + place[1:2], b),
                  Place(self.equals[...] + place[2:])]
        *early, last = self.blocks
        for block in early:
            if self.noisy and rngs is not None:  # each pair has its own noise, hence its own row
                places[0] = Place(places[0].rows())
            places = [_updated(block, places[: i + 1], rngs) for i in range(3)]
        return _updated(last, places, rngs).table @ self.readout[...]


def _updated(block: Block, places: list[Place], rngs: nnx.Rngs | None) -> Place:
    """The last of these places after a block, in which it attends to all of them."""
    *_, place = places
    values = [x.times(block.value) for x in places]
    if len(places) == 1:
        return Place(block.add(place.table, values[0].table, rngs), place.index)
    query, keys = place.times(block.query), [x.times(block.key) for x in places]
    scores = jnp.broadcast_arrays(*(_scores(query, key, block.heads) for key in keys))  # each (R, H)
    weights = jax.nn.softmax(jnp.stack(scores), 0)  # (places, R, H)
    spread = jnp.repeat(weights, place.table.shape[1] // block.heads, axis=2)  # (places, R, D)
    seen = sum(weight * value.rows() for weight, value in zip(spread, values))
    return Place(block.add(place.rows(), seen, rngs))


def _scores(query: Place, key: Place, heads: int) -> jax.Array:
    """Scores by head (R, H) or (1, H), over the root of its width; on the key's table where the query is one for all."""
    once = len(query.table) == 1
    x, y = (query.table, key.table) if once else (query.rows(), key.rows())
    products = (x * y).reshape(len(y), heads, -1)
    scores = products.sum(-1) / products.shape[-1] ** 0.5
    return Place(scores, key.index).rows() if once else scores
