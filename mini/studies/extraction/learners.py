"""The models that learn: a transformer or a recurrent network, behind the same four functions."""

import jax

from mini.models import language, recurrent
from mini.models.language import Architecture
from mini.tasks.corpus import VOCABULARY

MODELS = ("transformer", "gru")


def architecture(point) -> Architecture:
    """Rotary positions: what counts is how far back something is, so that a prompt may begin anywhere."""
    return Architecture(VOCABULARY, point.length, point.width, point.layers, point.heads, point.hidden_ratio, "rotary")


def check(point) -> None:
    """Refuse a network that cannot be built."""
    if point.model == "transformer":
        language.check(architecture(point))


def initial(point, key: jax.Array):
    """The parameters of an untrained model."""
    if point.model == "gru":
        return recurrent.initial(VOCABULARY, point.width, key)
    return language.initial(architecture(point), key)


def logits(point, params, tokens: jax.Array) -> jax.Array:
    """Logits (B, T, V) of the next byte at each place."""
    tokens = tokens.astype("int32")
    return recurrent.logits(params, tokens) if point.model == "gru" else language.logits(architecture(point), params, tokens)


def losses(point, params, tokens: jax.Array) -> jax.Array:
    """Cross-entropy in nats of each byte from the second on: (B, T) -> (B, T - 1)."""
    return language.surprise(logits(point, params, tokens), tokens)


def generate(point, params, prefix: jax.Array, count: int, key: jax.Array | None = None, temperature: float = 1.0) -> jax.Array:
    """Continue prefixes (B, P) by `count` bytes each, greedily, or sampled where a key is given."""
    prefix = prefix.astype("int32")
    if point.model == "gru":
        language.check_prefix(architecture(point), prefix, count)
        return recurrent.generate(params, prefix, count, key, temperature)
    return language.generate(architecture(point), params, prefix, count, key, temperature)
