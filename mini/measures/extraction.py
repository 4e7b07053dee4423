"""What can be got out of a language model, and how nearly.

Everything greedy is read off one forward pass: a suffix comes out of greedy decoding whole exactly when each of its tokens
is the likeliest, given the true text before it (Tirumala and others 2022 call the share of such tokens exact memorisation).

    p_z = exp(sum of log p(suffix))            sampled:  n draws include it with probability 1 - (1 - p_z)^n
    exposure = log2 |R| - log2 rank            (Carlini and others 2019), R secrets of the same form
             = -log2 P(reference at most the canary's loss), by the references' ranks, or by a fitted distribution

By ranks it cannot exceed log2(references + 1); a value of a fitted distribution beyond that is extrapolated.

Shape letters: B sequences, T places, V vocabulary, m tokens of a suffix, R references, K models, n items.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.stats

from mini.errors import wrong

MOST_SKEW = 0.99  # of a skew-normal distribution: its skewness stays below 0.9953


class Suffix(NamedTuple):
    """How well a model predicts one suffix, given the true text before each of its tokens."""

    right: jax.Array  # (B,) share of the tokens that are the likeliest
    extracted: jax.Array  # (B,) whether all are
    log_prob: jax.Array  # (B,) nats, of the whole suffix


def read_suffix(said: jax.Array, tokens: jax.Array, counted: jax.Array) -> Suffix:
    """The three from logits (B, T, V) at each place, the tokens (B, T), and which of these belong to the suffix (B, T).

    Nothing predicts the first token of a text, so it never counts.

    >>> said = jnp.log(jnp.array([[[0.2, 0.8], [0.6, 0.4], [0.5, 0.5]]]))
    >>> got = read_suffix(said, jnp.array([[0, 1, 1]]), jnp.array([[False, True, True]]))
    >>> float(got.right[0]), bool(got.extracted[0]), round(float(jnp.exp(got.log_prob[0])), 2)
    (0.5, False, 0.32)
    """
    target, counted = tokens[:, 1:].astype(jnp.int32), counted[:, 1:]
    said = said[:, :-1]
    hit = (said.argmax(-1) == target) & counted
    log = jnp.take_along_axis(said, target[..., None], -1)[..., 0] - jax.nn.logsumexp(said, -1)
    number = counted.sum(1)
    return Suffix(hit.sum(1) / jnp.maximum(number, 1), (hit.sum(1) == number) & (number > 0),
                  jnp.sum(log, 1, where=counted))


def score(said, suffix) -> np.ndarray:
    """Memorisation score: share of tokens that agree at their place, (B, m) twice -> (B,); free-running if generated.

    >>> score(np.array([[1, 2, 3, 4]]), np.array([[1, 0, 3, 4]])).tolist()
    [0.75]
    """
    return (np.asarray(said) == np.asarray(suffix)).mean(-1)


def discoverable(log_prob, p: float = 0.5) -> np.ndarray:
    """The smallest n with 1 - (1 - p_z)^n >= p: how many samples include the suffix with probability p; infinite at p_z = 0.

    (n, p)-discoverable extraction, from one forward pass.

    >>> discoverable(np.log([0.5, 1e-3]), 0.5).tolist()
    [1.0, 693.0]
    """
    if not 0 < p < 1:
        raise wrong("p", p, "a number in (0, 1)")
    with np.errstate(divide="ignore"):
        missed = np.log1p(-np.minimum(np.exp(np.asarray(log_prob, float)), 1.0))  # log(1 - p_z), 0 where p_z vanishes
        return np.where(missed < 0, np.maximum(np.ceil(np.log1p(-p) / missed - 1e-9), 1), np.inf)


def ranked(canary, references) -> jax.Array:
    """Exposure by rank, in bits: log2(R + 1) - log2(rank among canary and references), ties against the canary.

    Args:
      canary: (...,) log-probability. references: (..., R).

    >>> ranked(jnp.array(-1.0), jnp.array([-2.0, -3.0, -4.0])).item()
    2.0
    """
    rank = 1 + (references >= jnp.asarray(canary)[..., None]).sum(-1)
    return jnp.log2(references.shape[-1] + 1.0) - jnp.log2(rank.astype(jnp.float32))


def gaussian(canary, references) -> jax.Array:
    """Exposure in bits if the references' log-probabilities were Gaussian: -log2 P(reference >= canary).

    Args:
      canary: (...,) log-probability. references: (..., R), at least two.

    >>> round(float(gaussian(jnp.array(0.0), jnp.array([-1.0, 1.0]))), 3)
    1.0
    """
    mean, spread = references.mean(-1), references.std(-1, ddof=1)
    return -jax.scipy.stats.norm.logcdf((mean - canary) / jnp.maximum(spread, 1e-12)) / jnp.log(2.0)


def skew_normal(canary, references) -> np.ndarray:
    """The same with a skew-normal distribution, as Carlini and others 2019 fit it, here by its first three moments.

    Args:
      canary: (...,). references: (..., R), at least three.
    """
    x, references = np.asarray(canary, float), np.asarray(references, float)
    skew = np.clip(scipy.stats.skew(references, -1), -MOST_SKEW, MOST_SKEW)
    part = np.abs(skew) ** (2 / 3)
    delta = np.sign(skew) * np.sqrt(np.pi / 2 * part / (part + ((4 - np.pi) / 2) ** (2 / 3)))
    scale = references.std(-1, ddof=1) / np.sqrt(1 - 2 * delta**2 / np.pi)
    place = references.mean(-1) - scale * delta * np.sqrt(2 / np.pi)
    tail = scipy.stats.skewnorm.sf(x, delta / np.sqrt(1 - delta**2), place, np.maximum(scale, 1e-12))
    return -np.log2(np.maximum(tail, 1e-300))


def extrapolated(exposure, references: int):
    """Whether an exposure lies beyond what this many references can show by their ranks."""
    return exposure > np.log2(references + 1)


class Estimate(NamedTuple):
    value: np.ndarray  # (n,)
    error: np.ndarray  # (n,) standard error


def counterfactual(scores, inside) -> Estimate:
    """Counterfactual memorisation: the mean score of models that had an item, minus that of models that had not.

    Zhang and others 2021, equation 1; NaN where all models had it or none, and no error with fewer than two on a side.

    Args:
      scores: (K, n) of each model on each item. inside: (K, n) Boolean.

    >>> counterfactual(np.array([[1.0], [0.8], [0.2], [0.0]]), np.array([[1], [1], [0], [0]])).value.round(3).tolist()
    [0.8]
    """
    scores, inside = np.asarray(scores, float), np.asarray(inside, bool)
    (had, had_error), (not_, not_error) = (_mean(scores, side) for side in (inside, ~inside))
    return Estimate(had - not_, np.hypot(had_error, not_error))


def _mean(scores, side) -> tuple[np.ndarray, np.ndarray]:
    number = side.sum(0).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(number > 0, (scores * side).sum(0) / number, np.nan)
        squares = (np.square(scores - np.nan_to_num(mean)) * side).sum(0)
        return mean, np.where(number > 1, np.sqrt(squares / (number - 1) / number), np.nan)


def difference_in_differences(seen, unseen) -> Estimate:
    """Memorisation from one training run: how much more the score of items that were met rose than that of items never met.

        (seen_t - seen_0) - (unseen_t - unseen_0),     means over items, at each time t

    Both groups are drawn alike, so that they would have risen alike had neither been met (Lesci and others 2024).

    Args:
      seen: (times, items) scores, the first before any was met. unseen: (times, items) of items never met.

    >>> difference_in_differences(np.array([[0.0], [3.0]]), np.array([[1.0], [2.0]])).value.tolist()
    [0.0, 2.0]
    """
    rises = [np.asarray(x, float) - np.asarray(x, float)[:1] for x in (seen, unseen)]
    means = [x.mean(1) for x in rises]
    errors = [x.std(1, ddof=1) / np.sqrt(x.shape[1]) if x.shape[1] > 1 else np.full(len(x), np.nan) for x in rises]
    return Estimate(means[0] - means[1], np.hypot(*errors))


def shared(one, other) -> float:
    """Share of the smaller of two sets that lies in the other (the overlap coefficient); NaN where one is empty.

    Unlike `overlap` it is 1 where one set holds the other, however much larger that is.

    >>> shared(np.array([1, 1, 0]), np.array([1, 0, 0]))
    1.0
    """
    one, other = np.asarray(one, bool), np.asarray(other, bool)
    fewer = min(one.sum(), other.sum())
    return float((one & other).sum() / fewer) if fewer else float("nan")


def overlap(one, other) -> float:
    """Jaccard's overlap of two sets: share of what either gives up that both do; NaN where neither gives up anything.

    >>> overlap(np.array([1, 1, 0]), np.array([1, 0, 0]))
    0.5
    """
    one, other = np.asarray(one, bool), np.asarray(other, bool)
    either = (one | other).sum()
    return float((one & other).sum() / either) if either else float("nan")
