"""Foils: sequences that were not studied, more or less like one that was.

A foil that a model could recognise beforehand as the odd one out tests no memory. Twins differ in one token, and both
tokens are drawn from the same distribution, so that before studying nothing tells which twin will be studied.

Shape letters: N sequences, T places, V vocabulary.
"""

import jax
import jax.numpy as jnp


@jax.jit
def twins(key: jax.Array, transitions: jax.Array, tokens: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Pairs of sequences of a Markov chain that differ in one token: (N, T) -> (N, T) twice.

    At the place whose neighbours a, c leave it most freedom, the tokens of both are drawn anew from

        P(x, y) ~ q(x) q(y) [x != y],   q(b) = P(b | a) P(c | b),

    which is symmetric: exchanging the two changes no probability. Neither the first place nor the last is chosen.

    Args:
      transitions: (V, V), P(b | a); uniform for random tokens. tokens: at least 3 places.

    >>> one, other = twins(jax.random.key(0), jnp.full((4, 4), 0.25), jnp.zeros((2, 5), jnp.int32))
    >>> (one != other).sum(1).tolist()
    [1, 1]
    """
    before, after = tokens[:, :-2], tokens[:, 2:]
    log = jnp.log(transitions[before] + 1e-9) + jnp.log(transitions.T[after] + 1e-9)  # (N, T - 2, V)
    share = jax.nn.softmax(log, -1)
    place = (1 - jnp.square(share).sum(-1)).argmax(1)  # (N,) most likely to differ
    q = jnp.take_along_axis(log, place[:, None, None], 1)[:, 0]  # (N, V)
    size = q.shape[1]
    joint = jnp.where(jnp.eye(size, dtype=bool)[None], -jnp.inf, q[:, :, None] + q[:, None, :])
    drawn = jax.random.categorical(key, joint.reshape(len(tokens), -1))
    here = jnp.arange(tokens.shape[1])[None] == place[:, None] + 1  # (N, T)

    def put(token):
        return jnp.where(here, token[:, None].astype(tokens.dtype), tokens)

    return put(drawn // size), put(drawn % size)


def scrambled(key: jax.Array, tokens: jax.Array) -> jax.Array:
    """The tokens of each sequence in another order: (N, T) -> (N, T).

    >>> scrambled(jax.random.key(0), jnp.arange(4)[None]).sort().tolist()
    [[0, 1, 2, 3]]
    """
    return jax.random.permutation(key, tokens, axis=1, independent=True)
