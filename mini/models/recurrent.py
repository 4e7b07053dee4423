"""A gated recurrent network (GRU; Cho and others 2014), a rival of the transformer: it has a memory, and no attention.

    r, z = sigmoid(W_r [x, h]), sigmoid(W_z [x, h]);   n = tanh(W_n x + r * (U_n h));   h <- (1 - z) n + z h.

What the inputs contribute is one two-dimensional product over all places; only the state's product is taken place by place.

Shape letters: B sequences, T places, V vocabulary, D width.
"""

from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx

from mini.models.look_up import look_up


class Recurrent(nnx.Module):
    """The network; flax's own cell between an embedding and a read-out.

    >>> Recurrent(16, 8, rngs=nnx.Rngs(0))(jnp.zeros((3, 5), jnp.int32)).shape
    (3, 5, 16)
    """

    def __init__(self, vocabulary: int, width: int, *, rngs: nnx.Rngs):
        self.embedding = nnx.Embed(vocabulary, width, rngs=rngs)
        self.cell = nnx.GRUCell(width, width, rngs=rngs)
        self.readout = nnx.Linear(width, vocabulary, use_bias=False, rngs=rngs)
        self.width = width

    def __call__(self, tokens: jax.Array) -> jax.Array:
        """Logits (B, T, V) of the next token at each place of the sequences (B, T)."""
        return self.read(tokens)[0]

    def read(self, tokens: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Logits, and the state (B, D) after the last place."""
        batch, length = tokens.shape
        given = self.cell.dense_i(self._embed(tokens.T.reshape(-1))).reshape(length, batch, -1)  # (T, B, 3D)
        last, states = jax.lax.scan(self._move, jnp.zeros((batch, self.width)), given)
        said = self.readout(states.reshape(-1, self.width)).reshape(length, batch, -1)
        return said.transpose(1, 0, 2), last

    def next(self, token: jax.Array, state: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Logits (B, V) after one more token (B,), and the new state."""
        state, _ = self._move(state, self.cell.dense_i(self._embed(token)))
        return self.readout(state), state

    def _embed(self, tokens):
        return look_up(self.embedding.embedding[...], tokens)

    def _move(self, state, given):
        ir, iz, inner = jnp.split(given, 3, -1)
        hr, hz, own = jnp.split(self.cell.dense_h(state), 3, -1)
        z = jax.nn.sigmoid(iz + hz)
        candidate = jnp.tanh(inner + jax.nn.sigmoid(ir + hr) * own)
        state = (1 - z) * candidate + z * state
        return state, state


def initial(vocabulary: int, width: int, key: jax.Array):
    """The parameters of an untrained network, as a pure tree."""
    return nnx.state(Recurrent(vocabulary, width, rngs=nnx.Rngs(key)), nnx.Param)


def module(params) -> Recurrent:
    """The network under a tree of parameters, whose shapes determine it."""
    vocabulary, width = params["embedding"]["embedding"][...].shape
    graph = nnx.graphdef(nnx.eval_shape(lambda: Recurrent(vocabulary, width, rngs=nnx.Rngs(0))))
    return nnx.merge(graph, params, copy=True)


def logits(params, tokens: jax.Array) -> jax.Array:
    """Logits (B, T, V) of the next token.

    >>> logits(initial(16, 8, jax.random.key(0)), jnp.zeros((2, 5), jnp.int32)).shape
    (2, 5, 16)
    """
    return module(params)(tokens)


@partial(jax.jit, static_argnames="count")
def generate(params, prefix: jax.Array, count: int, key: jax.Array | None = None, temperature: float = 1.0) -> jax.Array:
    """Continue prefixes (B, P) by `count` tokens each, (B, count): the likeliest ones, or sampled where a key is given."""
    model = module(params)
    said, state = model.read(prefix)

    def one(carry, i):
        said, state = carry
        if key is None:
            token = said.argmax(-1).astype(jnp.int32)
        else:
            token = jax.random.categorical(jax.random.fold_in(key, i), said / temperature).astype(jnp.int32)
        return model.next(token, state), token

    _, tokens = jax.lax.scan(one, (said[:, -1], state), jnp.arange(count))
    return tokens.T
