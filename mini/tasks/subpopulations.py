"""Mixtures of subpopulations of very different frequency: the world of the long tail.

Feldman 2020: N subpopulations, the frequency of each from a prior list, each with one label
of K drawn at random, and n independent samples. Here a subpopulation is a cloud around its own centre.

Shape letters: N subpopulations, S samples, F features, K classes, T fresh points of a subpopulation, B bins.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from mini.errors import wrong

PRIORS = ("zipf", "uniform", "geometric", "two_tier")
SIGHTINGS = (0, 1, 2, 3, 4, 5, 10, 30, 100)  # the bins: seen at least this often, and less often than the next
NEVER = 1e-9  # expected samples of a subpopulation that might as well not be there


class Mixture(NamedTuple):
    """One run's world; `fresh` are points never trained on, T of each subpopulation."""

    frequency: jax.Array  # (N,) sums to one
    label: jax.Array  # (N,) int32
    source: jax.Array  # (S,) the subpopulation of each sample
    x: jax.Array  # (S, F)
    y: jax.Array  # (S,)
    seen: jax.Array  # (N,) how often each was sampled
    fresh: jax.Array  # (N, T, F)


def weights(prior: str, number: int, skew, library=np):
    """The prior list, (N,), normalised: the most frequent first.

    - zipf: 1 / i^skew for i = 1, ..., N (Feldman's example has skew 1);
    - uniform: all alike;
    - geometric: e^(-skew i / N), so that the first is e^skew times as frequent as the last;
    - two_tier: a tenth of the subpopulations e^skew times as frequent as each of the rest.

    Args:
      library: numpy (double precision), or jax.numpy where the skew is traced.

    >>> weights("zipf", 3, 1.0).round(3).tolist()
    [0.545, 0.273, 0.182]
    """
    i = library.arange(1, number + 1, dtype=float)
    listed = {
        "zipf": lambda: -skew * library.log(i),
        "uniform": lambda: 0.0 * i,
        "geometric": lambda: -skew * i / number,
        "two_tier": lambda: library.where(i <= max(number // 10, 1), skew, 0.0 * i),
    }[prior]()
    w = library.exp(listed - listed.max())
    return w / w.sum()


def check(prior: str, number: int, skew, samples: int) -> None:
    """Refuse a prior under which the rarest subpopulation would never occur in anybody's lifetime.

    >>> check("zipf", 1000, 12.0, 1000)
    Traceback (most recent call last):
    mini.errors.UsageError: skew: got 12.0, takes a value that leaves no subpopulation empty
    """
    if samples * float(weights(prior, number, float(skew)).min()) < NEVER:
        raise wrong("skew", float(skew), "a value that leaves no subpopulation empty")


def draw(keys, prior: str, skew, drawn: str, number: int, samples: int, classes: int, features: int, sigma,
         fresh: int) -> Mixture:
    """Draw a world (streams `frequencies`, `truth`, `centres`, `data`, `fresh`).

    Centres are N(0, I), points N(centre, sigma^2 I). With `drawn` = "list" the frequencies are the prior
    list itself; with "iid" each is drawn from the list, and all are normalised (Feldman 2020).

    >>> from mini.experiment import Keys
    >>> world = jax.eval_shape(lambda: draw(Keys(0, {}), "zipf", 1.0, "list", 50, 100, 10, 4, 0.1, 2))
    >>> world.x.shape, world.seen.shape, world.fresh.shape
    ((100, 4), (50,), (50, 2, 4))
    """
    frequency = weights(prior, number, skew, jnp)
    if drawn == "iid":
        frequency = frequency[jax.random.randint(keys["frequencies"], (number,), 0, number)]
        frequency = frequency / frequency.sum()
    label = jax.random.randint(keys["truth"], (number,), 0, classes, jnp.int32)
    centre = jax.random.normal(keys["centres"], (number, features))
    which, near = jax.random.split(keys["data"])
    source = jax.random.choice(which, number, (samples,), p=frequency).astype(jnp.int32)
    x = centre[source] + sigma * jax.random.normal(near, (samples, features))
    around = sigma * jax.random.normal(keys["fresh"], (number, fresh, features))
    seen = jnp.zeros(number, jnp.int32).at[source].add(1)
    return Mixture(frequency, label, source, x, label[source], seen, centre[:, None] + around)


def bins(seen: jax.Array) -> jax.Array:
    """Membership of each subpopulation in the bins of `SIGHTINGS`: (N,) -> (B, N) of 0 and 1.

    >>> bins(jnp.array([0, 7, 500])).argmax(0).tolist()
    [0, 5, 8]
    """
    place = jnp.searchsorted(jnp.array(SIGHTINGS), seen, side="right") - 1
    return jax.nn.one_hot(place, len(SIGHTINGS), axis=0)
