"""A decoder-only transformer for sequences of a small vocabulary, with the switches that the studies compare.

    x = E[token] (+ P[place] if additive);   x <- x + attention(norm x);   x <- x + mlp(norm x);   logits = norm(x) U.

Where positions enter is a switch: "qk" adds P to what queries and keys are computed from, but to nothing that is carried
on ("shortformer", Press and others 2021), and makes induction heads form soonest; "rotary" rotates queries and keys
(Su and others 2021); "additive" adds P to the embedding (Vaswani and others 2017).

On a CPU every dense product is kept two-dimensional, over all places of all sequences at once; only attention sees
sequences and heads.

Shape letters: B sequences, T places, R = B T rows, V vocabulary, D width, H heads, E = D / H, L blocks, M hidden.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from mini.errors import UsageError, wrong
from mini.models.look_up import look_up

POSITIONS = ("qk", "rotary", "additive")
NORMS = ("rms", "layer", "none")
EPSILON = 1e-6


class Architecture(NamedTuple):
    """What a network looks like; static except for the scale of its initial weights."""

    vocabulary: int
    length: int  # places at most
    width: int = 32  # a multiple of the heads
    depth: int = 2
    heads: int = 2
    hidden: int = 4  # hidden width of the mlp over the width; 0 for attention only
    positions: str = "qk"
    norm: str = "rms"
    scale: float = 1.0  # of the dense layers' initial weights, over fan-in^-1/2; a number or a tracer


class Seen(NamedTuple):
    """What was looked at in one forward pass."""

    attention: jax.Array  # (L, B, H, T, T) weights, from the query's place (second last) to the key's
    heads: jax.Array  # (L, B, H, T, D) what each head adds to the stream


class Cache(NamedTuple):
    """Keys and values of the places read so far."""

    keys: jax.Array  # (L, B, H, T, E)
    values: jax.Array  # (L, B, H, T, E)


def check(architecture: Architecture) -> None:
    """Refuse what cannot be built, in one line."""
    for name, choices in (("positions", POSITIONS), ("norm", NORMS)):
        if getattr(architecture, name) not in choices:
            raise wrong(name, getattr(architecture, name), "one of " + ", ".join(choices))
    if architecture.width % architecture.heads:
        raise wrong("width", architecture.width, f"a multiple of the {architecture.heads} heads")
    if architecture.positions == "rotary" and architecture.width // architecture.heads % 2:
        raise wrong("width", architecture.width, f"an even width for each of the {architecture.heads} heads (rotary)")


class Norm(nnx.Module):
    """Each row divided by its root mean square ("rms"), or brought to mean 0 and variance 1 ("layer"), times a gain.

    The same numbers as nnx's RMSNorm and LayerNorm give; a step with those takes a twentieth longer on a CPU.
    """

    def __init__(self, width: int, kind: str):
        self.gain, self.kind = None if kind == "none" else nnx.Param(jnp.ones(width)), kind

    def __call__(self, x: jax.Array) -> jax.Array:
        if self.kind == "none":
            return x
        if self.kind == "layer":
            x = x - x.mean(-1, keepdims=True)
        return x * jax.lax.rsqrt(jnp.square(x).mean(-1, keepdims=True) + EPSILON) * self.gain[...][None]


class Block(nnx.Module):
    """Attention by all heads, then a hidden layer (unless there is none), each added to the stream."""

    def __init__(self, a: Architecture, rngs: nnx.Rngs):
        width, hidden = a.width, a.hidden * a.width
        drawn = a.scale * width**-0.5 * jax.random.normal(rngs.params(), (width, 4 * width + 2 * hidden))
        qkv, out, up, down = jnp.split(drawn, [3 * width, 4 * width, 4 * width + hidden], 1)  # one draw compiles faster
        self.before, self.qkv, self.out = Norm(width, a.norm), nnx.Param(qkv), nnx.Param(out)
        self.between = Norm(width, a.norm) if hidden else None
        self.up = nnx.Param(up) if hidden else None  # (D, M)
        self.down = nnx.Param(down * a.hidden**-0.5) if hidden else None  # (D, M): its gradient is then the faster product

    def project(self, x: jax.Array, position: jax.Array | None) -> jax.Array:
        """Queries, keys and values (R, 3D) of the rows (R, D); positions (T, D) enter the first two."""
        projected = self.before(x) @ self.qkv[...]
        if position is None:
            return projected
        width = x.shape[1]
        shift = position @ self.qkv[...][:, : 2 * width]  # (T, 2D): as if added before the product, at less cost
        shift = jnp.pad(shift, ((0, 0), (0, width))).reshape(1, -1)
        rows = projected.reshape(-1, shift.shape[1])  # one sequence each
        return (rows + jnp.ones((len(rows), 1)) @ shift).reshape(projected.shape)  # the gradient's sum is then a product too

    def think(self, x: jax.Array) -> jax.Array:
        """The stream (R, D) after the hidden layer."""
        if self.up is None:
            return x
        return x + jax.nn.relu(self.between(x) @ self.up[...]) @ self.down[...].T


class Decoder(nnx.Module):
    """The network.

    >>> model = Decoder(Architecture(16, 8), rngs=nnx.Rngs(0))
    >>> model(jnp.zeros((3, 8), jnp.int32)).shape
    (3, 8, 16)
    """

    def __init__(self, architecture: Architecture, *, rngs: nnx.Rngs):
        a = self.architecture = architecture._replace(scale=1.0)  # a tracer must not be kept
        drawn = jax.random.normal(rngs.params(), (2 * a.vocabulary + a.length, a.width))
        embedding, readout, position = jnp.split(drawn, [a.vocabulary, 2 * a.vocabulary])
        self.embedding = nnx.Param(0.5 * embedding)  # (V, D)
        self.position = nnx.Param(position) if a.positions != "rotary" else None  # (T, D)
        self.blocks = nnx.List([Block(architecture, rngs) for _ in range(a.depth)])
        self.norm = Norm(a.width, a.norm)
        self.readout = nnx.Param(a.width**-0.5 * readout.T)  # (D, V)

    def __call__(self, tokens: jax.Array) -> jax.Array:
        """Logits (B, T, V) of the next token at each place of the sequences (B, T)."""
        return self.read(tokens)[0]

    def read(self, tokens: jax.Array, look: bool = False) -> tuple[jax.Array, Seen | None, Cache]:
        """Logits, what was looked at if asked for, and the keys and values of all places."""
        a, (batch, length) = self.architecture, tokens.shape
        places = jnp.arange(length)
        x = self._embed(tokens.reshape(-1), jnp.tile(places, batch))
        seen, kept = [], []
        for block in self.blocks:
            query, key, value = self._split(block.project(x, self._shift(length)), batch, places)
            mixed = attend(query, key, value)  # (B, H, T, E)
            if look:
                out = block.out[...].reshape(a.heads, -1, a.width)  # (H, E, D)
                seen.append((attention(query, key), jnp.einsum("bhte,hed->bhtd", mixed, out)))
            x = x + mixed.transpose(0, 2, 1, 3).reshape(-1, a.width) @ block.out[...]
            x = block.think(x)
            kept.append((key, value))
        logits = (self.norm(x) @ self.readout[...]).reshape(batch, length, -1)
        return logits, Seen(*map(jnp.stack, zip(*seen))) if look else None, Cache(*map(jnp.stack, zip(*kept)))

    def next(self, token: jax.Array, place: jax.Array, cache: Cache) -> tuple[jax.Array, Cache]:
        """Logits (B, V) after one more token (B,) at a place, with what was kept of those before it."""
        batch, keys, values = len(token), [], []
        x = self._embed(token, jnp.full(batch, place))
        reach = jnp.arange(cache.keys.shape[3]) <= place  # (T,)
        for i, block in enumerate(self.blocks):
            at = None if self.architecture.positions != "qk" else jax.lax.dynamic_slice_in_dim(self.position[...], place, 1)
            query, key, value = self._split(block.project(x, at), batch, place[None])  # (B, H, 1, E)
            keys.append(jax.lax.dynamic_update_slice_in_dim(cache.keys[i], key, place, 2))
            values.append(jax.lax.dynamic_update_slice_in_dim(cache.values[i], value, place, 2))
            weight = attention(query, keys[-1], reach[None])
            x = x + (weight @ values[-1]).reshape(batch, -1) @ block.out[...]
            x = block.think(x)
        return self.norm(x) @ self.readout[...], Cache(jnp.stack(keys), jnp.stack(values))

    def _embed(self, tokens, places):
        x = look_up(self.embedding[...], tokens)  # (R, D)
        if self.architecture.positions == "additive":
            x = x + look_up(self.position[...], places)
        return x

    def _shift(self, length: int):
        return self.position[:length] if self.architecture.positions == "qk" else None

    def _split(self, projected, batch: int, places) -> tuple:
        """Queries, scaled by E^-1/2, keys and values, each (B, H, T, E)."""
        a = self.architecture
        wide = a.width // a.heads
        query, key, value = projected.reshape(batch, -1, 3, a.heads, wide).transpose(2, 0, 3, 1, 4)
        if a.positions == "rotary":
            query, key = turn(query, places), turn(key, places)
        return query * wide**-0.5, key, value


def attention(query: jax.Array, key: jax.Array, reach: jax.Array | None = None) -> jax.Array:
    """Softmax of the products over the keys within reach, by default those up to the query's own place.

    Args:
      query: (B, H, Q, E), scaled. key: (B, H, T, E). reach: (Q, T) Boolean.
    """
    if reach is None:
        reach = np.tri(key.shape[2], dtype=bool)
    return jax.nn.softmax(jnp.where(reach[None, None], query @ key.mT, -1e30))


@jax.custom_vjp
def attend(query: jax.Array, key: jax.Array, value: jax.Array) -> jax.Array:
    """softmax(Q K') V over the places up to each query's own; queries are scaled; all (B, H, T, E).

    The gradient is written out: with P the weights, O the output and G its gradient,

        dV = P' G,   dS = P * (G V' - sum_e G * O),   dQ = dS K,   dK = dS' Q,

    so that the only T by T array kept is exp(S), and its row sums come out of the same products, by a column of ones. Left
    to automatic differentiation, a step takes up to 1.6 times as long on a CPU.
    """
    return _attend(query, key, value)[0]


def _attend(query, key, value):
    score = jnp.where(np.tri(key.shape[2], dtype=bool)[None, None], query @ key.mT, -1e30)
    e = jnp.exp(score - score.max(-1, keepdims=True))  # (B, H, T, T)
    summed = e @ _with_ones(value)
    scale = 1 / summed[..., -1:]
    out = summed[..., :-1] * scale
    return out, (query, key, value, e, scale, out)


def _attend_back(kept, gradient):
    query, key, value, e, scale, out = kept
    g = gradient * scale
    inner = (g * out).sum(-1, keepdims=True)
    ds = e * (jnp.concatenate([g, -inner], -1) @ _with_ones(value).mT)
    return ds @ key, ds.mT @ query, e.mT @ g


def _with_ones(x):
    return jnp.concatenate([x, jnp.ones_like(x[..., :1])], -1)


attend.defvjp(_attend, _attend_back)


def turn(x: jax.Array, places: jax.Array) -> jax.Array:
    """Rotary positions: the pair (x_i, x_{i + E/2}) is rotated by place * 10000^(-2i/E); (B, H, T, E)."""
    half = x.shape[-1] // 2
    angle = places[:, None] * 10000.0 ** (-jnp.arange(half)[None] / half)  # (T, E/2)
    cos, sin = jnp.cos(angle)[None, None], jnp.sin(angle)[None, None]
    a, b = x[..., :half], x[..., half:]
    return jnp.concatenate([a * cos - b * sin, a * sin + b * cos], -1)


# Pure functions of a tree of parameters, for experiments.


def initial(architecture: Architecture, key: jax.Array):
    """The parameters of an untrained network, as a pure tree."""
    return nnx.state(Decoder(architecture, rngs=nnx.Rngs(key)), nnx.Param)


def module(architecture: Architecture, params) -> Decoder:
    """The network under a tree of parameters."""
    graph = nnx.graphdef(nnx.eval_shape(lambda: Decoder(architecture, rngs=nnx.Rngs(0))))
    return nnx.merge(graph, params, copy=True)


def logits(architecture: Architecture, params, tokens: jax.Array) -> jax.Array:
    """Logits (B, T, V) of the next token.

    >>> a = Architecture(16, 8, positions="rotary")
    >>> logits(a, initial(a, jax.random.key(0)), jnp.zeros((2, 5), jnp.int32)).shape
    (2, 5, 16)
    """
    return module(architecture, params)(tokens)


def look(architecture: Architecture, params, tokens: jax.Array) -> tuple[jax.Array, Seen]:
    """Logits, attention and what each head adds; the heads' parts sum to the attention layer's whole."""
    return module(architecture, params).read(tokens, look=True)[:2]


def losses(architecture: Architecture, params, tokens: jax.Array) -> jax.Array:
    """Cross-entropy in nats of each token from the second on, given those before it: (B, T) -> (B, T - 1)."""
    return surprise(logits(architecture, params, tokens), tokens)


def surprise(said: jax.Array, tokens: jax.Array) -> jax.Array:
    """The same from the logits (B, T, V) at every place.

    >>> round(float(surprise(jnp.zeros((1, 2, 4)), jnp.array([[0, 3]]))[0, 0]), 4)
    1.3863
    """
    said, target = said[:, :-1], tokens[:, 1:, None].astype(jnp.int32)
    return jax.nn.logsumexp(said, -1) - jnp.take_along_axis(said, target, -1)[..., 0]


def generate(architecture: Architecture, params, prefix: jax.Array, count: int, key: jax.Array | None = None,
             temperature: float = 1.0) -> jax.Array:
    """Continue prefixes (B, P) by `count` tokens each, (B, count): the likeliest ones, or sampled where a key is given.

    All prefixes are continued side by side, and thanks to the cache each token costs one place.

    Raises:
      UsageError: an empty prefix, one that leaves no room in the context, tokens outside the vocabulary.

    >>> a = Architecture(16, 8)
    >>> generate(a, initial(a, jax.random.key(0)), jnp.zeros((2, 3), jnp.int32), 5).shape
    (2, 5)
    """
    check_prefix(architecture, prefix, count)
    return _generate(architecture._replace(scale=1.0), params, prefix, count, key, temperature)


def check_prefix(architecture: Architecture, prefix, count: int) -> None:
    """Refuse what cannot be continued."""
    if prefix.ndim != 2 or not prefix.shape[1]:
        raise UsageError(f"prefix: got shape {tuple(prefix.shape)}, takes (sequences, at least one token)")
    if prefix.shape[1] + count > architecture.length:
        raise wrong("prefix", prefix.shape[1], f"at most {architecture.length - count} tokens: the context holds "
                                               f"{architecture.length}, of which {count} are to be generated")
    if not isinstance(prefix, jax.core.Tracer):
        check_tokens(prefix, architecture.vocabulary)


def check_tokens(tokens, vocabulary: int) -> None:
    """Refuse tokens outside the vocabulary, which a look-up would silently take for others."""
    tokens = np.asarray(tokens)
    outside = tokens[(tokens < 0) | (tokens >= vocabulary)]
    if outside.size:
        raise wrong("tokens", int(outside.flat[0]), f"whole numbers from 0 to {vocabulary - 1}")


@partial(jax.jit, static_argnames=("architecture", "count"))
def _generate(architecture, params, prefix, count: int, key, temperature):
    model, start = module(architecture, params), prefix.shape[1]
    said, _, cache = model.read(prefix)
    room = [(0, 0)] * 3 + [(0, count), (0, 0)]
    cache = Cache(jnp.pad(cache.keys, room), jnp.pad(cache.values, room))

    def choose(said, i):
        if key is None:
            return said.argmax(-1).astype(jnp.int32)
        return jax.random.categorical(jax.random.fold_in(key, i), said / temperature).astype(jnp.int32)

    def one(carry, i):
        said, cache = carry
        token = choose(said, i)
        return model.next(token, start + i, cache), token

    _, tokens = jax.lax.scan(one, (said[:, -1], cache), jnp.arange(count))
    return tokens.T
