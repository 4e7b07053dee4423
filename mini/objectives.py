"""What is minimised. Shape letters: R rows (examples), C classes.

The objectives for false labels share one interface, `Objective`: the loss of each row from its logits,
its given label, its memory (a running average of the network's own answers, which some ignore) and one
strength. A network's answer is p = softmax(f), clipped to [1e-4, 1 - 1e-4] where a logarithm follows.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

CLIP = 1e-4  # from the authors' code (Liu and others 2020); it bounds a regulariser that has no lower bound


def squared_error(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Mean over examples and classes of (f - onehot(y))^2; logits (R, C), labels (R,) -> scalar.

    The zero function scores 1 / C.

    >>> float(squared_error(jnp.zeros((2, 4)), jnp.array([1, 3])))
    0.25
    """
    return jnp.square(logits - jax.nn.one_hot(labels, logits.shape[-1], dtype=logits.dtype)).mean()


def cross_entropy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Mean over examples of -log softmax(f)_y, in nats; logits (R, C), labels (R,) -> scalar.

    >>> round(float(cross_entropy(jnp.zeros((2, 4)), jnp.array([1, 3]))), 4)
    1.3863
    """
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


LOSSES = {"squared_error": squared_error, "cross_entropy": cross_entropy}


class Objective(NamedTuple):
    """One way to learn from labels of which some are false.

    `loss` maps logits (R, C), given labels (R, C), memory (R, C) and the strength to (R,); the labels
    and the memory are shares that sum to one (to less in a memory that has only just begun).
    """

    loss: Callable[..., jax.Array]
    strength: float  # the published value
    within: str  # what the strength may be
    meaning: str  # of the strength


def answers(logits: jax.Array) -> jax.Array:
    """softmax(f), clipped and scaled to sum to one again: (R, C) -> (R, C).

    >>> answers(jnp.array([[0.0, 100.0]])).round(4).tolist()
    [[9.999999747378752e-05, 0.9998999834060669]]
    """
    p = jnp.clip(jax.nn.softmax(logits), CLIP, 1 - CLIP)
    return p / p.sum(-1, keepdims=True)


def against(labels: jax.Array, logits: jax.Array) -> jax.Array:
    """Cross-entropy -sum_c y_c log p_c of each row with shares y: (R, C) twice -> (R,)."""
    return optax.softmax_cross_entropy(logits, labels)


def plain(logits, given, memory, strength):
    """Cross-entropy with the given labels; the strength is not used."""
    return against(given, logits)


def early_learning(logits, given, memory, strength):
    """ELR: cross-entropy + lambda log(1 - <p, t>) (Liu and others 2020, eq. 6).

    The logarithm is negative, so that agreement with the memory t is rewarded. The gradient at the
    logits is p - y + lambda g with g_c = p_c (<p, t> - t_c) / (1 - <p, t>) (lemma 2).

    >>> row = jnp.array([[2.0, 0.0]])
    >>> float(early_learning(row, jnp.eye(2)[:1], jnp.zeros((1, 2)), 3.0)[0]) == float(against(jnp.eye(2)[:1], row)[0])
    True
    """
    agreement = (answers(logits) * memory).sum(-1)
    return against(given, logits) + strength * jnp.log1p(-agreement)


def kl_control(logits, given, memory, strength):
    """The control that fails: cross-entropy - lambda sum_c t_c log p_c (Liu and others 2020, app. C).

    Agreement with the memory is rewarded here too, but by a term whose gradient vanishes as they agree.
    """
    return against(given, logits) + strength * against(memory, logits)


def soft_bootstrap(logits, given, memory, strength):
    """Cross-entropy with (1 - s) y + s p (Reed and others 2015, eq. 6; their beta is 1 - s)."""
    p = jax.nn.softmax(logits)
    return against((1 - strength) * given + strength * p, logits)


def hard_bootstrap(logits, given, memory, strength):
    """Cross-entropy with (1 - s) y + s onehot(argmax p) (Reed and others 2015, eq. 7)."""
    chosen = jax.nn.one_hot(logits.argmax(-1), logits.shape[-1], dtype=logits.dtype)
    return against((1 - strength) * given + strength * chosen, logits)


def generalised(logits, given, memory, strength):
    """GCE: (1 - p_y^q) / q, from cross-entropy (q -> 0) to absolute error (q = 1) (Zhang and Sabuncu 2018, eq. 6)."""
    right = (jax.nn.softmax(logits) * given).sum(-1)
    return (1 - jnp.power(jnp.maximum(right, 1e-7), strength)) / strength


def symmetric(logits, given, memory, strength):
    """SCE: 0.1 cross-entropy + s reverse cross-entropy -sum_c p_c log y_c, with log 0 read as -4
    (Wang and others 2019, eq. 7; the 0.1, and s = 1, are theirs for CIFAR-10, and the -4 is recalled)."""
    reverse = 4 * (jax.nn.softmax(logits) * (1 - given)).sum(-1)
    return 0.1 * against(given, logits) + strength * reverse


def smoothed(logits, given, memory, strength):
    """Cross-entropy with (1 - s) y + s / C (Szegedy and others 2016, section 7)."""
    return against(optax.smooth_labels(given, strength), logits)


OBJECTIVES = {
    "cross_entropy": Objective(plain, 0.0, "[0, inf)", "not used"),
    "elr": Objective(early_learning, 3.0, "[0, inf)", "weight lambda of the regulariser"),
    "soft_bootstrap": Objective(soft_bootstrap, 0.05, "[0, 1]", "share of the network's own answer in its label"),
    "hard_bootstrap": Objective(hard_bootstrap, 0.2, "[0, 1]", "share of the network's own choice in its label"),
    "gce": Objective(generalised, 0.7, "(0, 1]", "exponent q"),
    "sce": Objective(symmetric, 1.0, "[0, inf)", "weight of the reverse cross-entropy"),
    "label_smoothing": Objective(smoothed, 0.1, "[0, 1]", "share spread over all classes"),
    "mixup": Objective(plain, 1.0, "(0, inf)", "alpha of Beta(alpha, alpha), by which pairs are mixed"),
    "kl": Objective(kl_control, 3.0, "[0, inf)", "weight of agreeing with the memory"),
}


def mix(key: jax.Array, alpha, x: jax.Array, given: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Mixup: each row and its label mixed with another's, by one Beta(alpha, alpha) share per batch
    (Zhang and others 2018, eq. 1); x (R, F), given (R, C)."""
    share, order = jax.random.split(key)
    share = jax.random.beta(share, alpha, alpha)
    other = jax.random.permutation(order, len(x))
    return share * x + (1 - share) * x[other], share * given + (1 - share) * given[other]
