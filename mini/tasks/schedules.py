"""Schedules: which task an environment brings up again, and when.

A schedule gives, at each moment, probabilities over the tasks met so far, from the time since each was
introduced or last met. A timeline, drawn from these, says which task every example comes from; it depends
on no network, so that an environment can be looked at before anything is trained in it.

    P(task j) = r w_j / sum_i w_i  for the earlier tasks,   1 - r  for the new one,

with r the share rehearsed. Times are in phases; phase t = 0, 1, ... introduces task t.
Shape letters: T tasks (and phases), S steps a phase, B examples a step, N moments (phases or steps).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize_scalar

LAGS = ("introduced", "last-met")
GRAINS = ("example", "step")
# Samples of a task at lag 1, 2, ... in the course project that precedes the paper, of 57,927 at lag 0.
PUBLISHED = (33969, 20867, 13329, 8802, 5981, 4167, 2968, 2155, 1592)


class Rule(NamedTuple):
    """How strongly an earlier task is called for: (lag, place of the task, exponent, time constant) -> log weight."""

    log_weight: Callable[..., jax.Array]
    meaning: str
    lags: tuple[str, ...] = LAGS


def _due(events) -> jax.Array:
    """Log weight 0 where a review is due, none elsewhere."""
    return jnp.where(events, 0.0, -jnp.inf)


def _published(lag):
    table = jnp.log(jnp.array(PUBLISHED) / PUBLISHED[0])
    beyond = -5.6 * jnp.log((20 + 2 * lag) / 22)  # what the table follows
    place = jnp.clip(lag.astype(jnp.int32) - 1, 0, len(PUBLISHED) - 1)
    return jnp.where(lag <= len(PUBLISHED), table[place], beyond)


RULES = {
    "sequential": Rule(lambda lag, j, d, tau: _due(lag < 0), "no earlier task"),
    "power-law": Rule(lambda lag, j, d, tau: -d * jnp.log(lag), "lag ** -exponent"),
    "exponential": Rule(lambda lag, j, d, tau: -lag / tau, "exp(-lag / time_constant)"),
    "uniform": Rule(lambda lag, j, d, tau: jnp.zeros_like(lag), "all alike"),
    "joint": Rule(lambda lag, j, d, tau: jnp.zeros_like(lag), "all alike, and like the new one, whatever the rehearsal"),
    "spaced": Rule(lambda lag, j, d, tau: _due(jnp.floor(lag / tau) > jnp.floor((lag - 1) / tau)),
                   "reviews every time_constant phases", LAGS[:1]),
    "expanding": Rule(lambda lag, j, d, tau: _due(jnp.exp2(jnp.round(jnp.log2(lag))) == lag),
                      "reviews after 1, 2, 4, 8, ... phases", LAGS[:1]),
    "primacy": Rule(lambda lag, j, d, tau: _due(j == 0), "the first task alone"),
    "published": Rule(lambda lag, j, d, tau: _published(lag), "the matrix of counts of a published project", LAGS[:1]),
}


def probabilities(name: str, phase, lag: jax.Array, exponent, time_constant, rehearsal) -> jax.Array:
    """The probability of each task at one moment, (T,); they sum to one.

    Args:
      name: of `RULES`. phase: which task is new, a whole number. lag: (T,) phases since each earlier task
        was introduced or last met, above 0; the entries of later tasks are not read.
      exponent, time_constant: of the rule. rehearsal: share r of the earlier tasks; where no task is due
        it is 0, and in the joint schedule t / (t + 1).

    >>> p = probabilities("power-law", 2, jnp.array([2.0, 1.0, 0.0, 0.0]), 1.0, 3.0, 0.3)
    >>> [round(float(x), 3) for x in p]
    [0.1, 0.2, 0.7, 0.0]
    """
    place = jnp.arange(len(lag))
    earlier = place < phase
    weight = RULES[name].log_weight(jnp.where(earlier, lag, 1.0), place, exponent, time_constant)
    weight = jnp.where(earlier, weight, -jnp.inf)
    called = jnp.isfinite(weight).any()
    share = jnp.asarray(phase / (phase + 1) if name == "joint" else rehearsal, jnp.float32)
    share = jnp.where(called, share, 0.0)
    odds = jnp.exp(weight - jnp.where(called, weight.max(), 0.0))
    odds = odds / jnp.maximum(odds.sum(), 1e-30)
    return jnp.where(place == phase, 1 - share, share * odds)


def table(name: str, tasks: int, exponent, time_constant, rehearsal) -> jax.Array:
    """Probabilities (T, T) of each task in each phase, by the time since it was introduced.

    >>> table("uniform", 3, 1.0, 3.0, 0.5).tolist()
    [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.25, 0.25, 0.5]]
    """
    phase = jnp.arange(tasks)
    lag = (phase[:, None] - phase[None]).astype(jnp.float32)
    return jax.vmap(lambda t, l: probabilities(name, t, l, exponent, time_constant, rehearsal))(phase, lag)


def timeline(key, name: str, tasks: int, steps: int, batch: int, *, exponent=1.0, time_constant=3.0, rehearsal=0.25,
             lag: str = "introduced", grain: str = "example") -> jax.Array:
    """Which task each example comes from, (T, S, B) int32.

    Args:
      grain: each `example` draws its own task, or all of a `step` one together.

    >>> timeline(jax.random.key(0), "sequential", 3, 1, 2).tolist()
    [[[0, 0]], [[1, 1]], [[2, 2]]]
    """
    width = batch if grain == "example" else 1
    draws = jax.random.uniform(key, (tasks, steps, width))
    if lag == "introduced":
        each = jnp.cumsum(table(name, tasks, exponent, time_constant, rehearsal), 1)
        origin = (draws[..., None] >= each[:, None, None, :]).sum(-1)
    else:
        origin = _since_last_met(draws, name, tasks, exponent, time_constant, rehearsal)
    origin = jnp.minimum(origin, jnp.arange(tasks, dtype=origin.dtype)[:, None, None])  # a sum may round to just below one
    return jnp.broadcast_to(origin, (tasks, steps, batch)).astype(jnp.int32)


def _since_last_met(draws, name, tasks, exponent, time_constant, rehearsal):
    steps = draws.shape[1]

    def step(met, at):
        now, draw = at
        p = probabilities(name, now // steps, (now - met) / steps, exponent, time_constant, rehearsal)
        origin = jnp.minimum((draw[:, None] >= jnp.cumsum(p)[None]).sum(-1), now // steps)
        return met.at[origin].set(now), origin

    never = jnp.full(tasks, -1, jnp.int32)
    _, origin = jax.lax.scan(step, never, (jnp.arange(tasks * steps, dtype=jnp.int32), draws.reshape(tasks * steps, -1)))
    return origin.reshape(draws.shape)


# What a timeline has realised.


def encounters(origin: np.ndarray, tasks: int, lag: str = "introduced") -> tuple[np.ndarray, np.ndarray]:
    """What was drawn at each moment, and from what lags: counts and lags, both (N, T), lags NaN where a task is not old.

    Moments are phases, and lags phases since a task was introduced; or they are steps, and lags steps since
    it was last met.
    """
    t, s, _ = origin.shape
    counts = (origin[..., None] == np.arange(tasks)).sum(2)  # (T, S, T)
    phase, place = np.arange(t), np.arange(tasks)
    if lag == "introduced":
        counts, lags = counts.sum(1), (phase[:, None] - place).astype(float)
        return counts, np.where(lags > 0, lags, np.nan)
    counts = counts.reshape(t * s, tasks)
    now = np.arange(t * s)[:, None]
    met = np.maximum.accumulate(np.where(counts > 0, now, -1), axis=0)
    before = np.concatenate([np.full((1, tasks), -1), met[:-1]])
    old = (place < now // s) & (before >= 0)
    return counts, np.where(old, now - before, np.nan)


def recurrence(origin: np.ndarray, tasks: int, edges: np.ndarray, lag: str = "introduced") -> np.ndarray:
    """Share of the rehearsed examples whose task had been away for a lag in (edge before, edge]; see `encounters`."""
    counts, lags = encounters(origin, tasks, lag)
    old = np.isfinite(lags)
    place = np.searchsorted(edges, lags[old])
    found = np.bincount(place, counts[old], minlength=len(edges) + 1)[: len(edges)]
    return found / found.sum() if found.sum() else np.full(len(edges), np.nan)


def edges(lag: str, tasks: int, steps: int) -> np.ndarray:
    """The lags by which recurrence is reported: every phase, or octaves of steps.

    >>> edges("introduced", 4, 100), edges("last-met", 2, 10)
    (array([1, 2, 3]), array([ 1,  2,  4,  8, 16, 32]))
    """
    return np.arange(1, tasks) if lag == "introduced" else 2 ** np.arange(int(np.ceil(np.log2(tasks * steps))) + 1)


def realised_exponent(counts: np.ndarray, lags: np.ndarray) -> float:
    """The exponent d that makes the draws most likely, if each is chosen with odds lag ** -d; NaN without a choice.

    The conditional likelihood sum n_ij log(l_ij^-d / sum_k l_ik^-d) over moments i with two or more old tasks.

    >>> round(realised_exponent(np.array([[20, 10, 0]]), np.array([[1.0, 2.0, np.nan]])), 2)
    1.0
    """
    n = np.where(np.isfinite(lags), counts, 0)
    chosen = (np.isfinite(lags).sum(1) > 1) & (n.sum(1) > 0)
    if not chosen.any():
        return float("nan")
    n, log = n[chosen], np.log(np.where(np.isfinite(lags), lags, 1.0))[chosen]
    there = np.isfinite(lags)[chosen]

    def cost(d):
        total = np.log(np.where(there, np.exp(-d * log), 0).sum(1))
        return float((n * (d * log + total[:, None])).sum())

    return float(minimize_scalar(cost, bounds=(-5, 20), method="bounded").x)
