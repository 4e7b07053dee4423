"""Feldman's model in closed form: what the best learner gets wrong, and what not memorising costs.

"Does learning require memorization? A short tale about a long tail" (Feldman 2020, arXiv:1906.05271).
Everything is numpy in double precision, to be used from a notebook:

>>> alpha = marginal("zipf", 50_000)
>>> round(50_000 * tau(alpha, 50_000, 1), 3), round(50_000 * float(alpha.min()), 3)
(0.472, 0.088)
>>> round(singles(alpha, 50_000) / 50_000, 3), round(optimum(alpha, 50_000, 10), 4)
(0.17, 0.1534)
>>> round(cost(alpha, 50_000, 10), 3)
0.072

An argument `alpha` is either the prior list itself, (N,), a mean over which stands for an expectation over
one frequency, or several draws of all frequencies, (draws, N), over which results are averaged.

Shape letters: N subpopulations, n samples, K classes, l times seen.
"""

import math

import numpy as np
import scipy.special

from mini.errors import wrong
from mini.tasks.subpopulations import weights


def marginal(prior: str, number: int, skew: float = 1.0, draws: int = 0, seed: int = 0) -> np.ndarray:
    """The frequencies of a prior list, (N,); or `draws` sets of them drawn from it and normalised, (draws, N).

    The paper draws each frequency independently from the list and normalises; the closed
    forms take the list itself. The two differ little:

    >>> one, many = marginal("zipf", 1000), marginal("zipf", 1000, draws=100)
    >>> bool(abs(optimum(many, 1000, 10) / optimum(one, 1000, 10) - 1) < 0.015)
    True
    """
    listed = weights(prior, number, skew)
    if not draws:
        return listed
    drawn = np.random.default_rng(seed).choice(listed, (draws, number))
    return drawn / drawn.sum(1, keepdims=True)


def _moment(alpha: np.ndarray, a: float, b: float) -> float:
    """log of sum alpha^a (1 - alpha)^b over all frequencies."""
    alpha = np.asarray(alpha, float)
    return float(scipy.special.logsumexp(a * np.log(alpha) + scipy.special.xlog1py(b, -alpha)))


def tau(alpha: np.ndarray, n: int, seen: int) -> float:
    """The expected frequency of a subpopulation that was seen `seen` times (Feldman 2020).

        tau_l = E[alpha^(l+1) (1 - alpha)^(n-l)] / E[alpha^l (1 - alpha)^(n-l)]

    >>> round(5000 * tau(marginal("uniform", 5000), 100, 3), 6)  # all alike: nothing to be learned of it
    1.0
    """
    if not 0 <= seen <= n:
        raise wrong("seen", seen, f"a count from 0 to the {n} samples")
    return math.exp(_moment(alpha, seen + 1, n - seen) - _moment(alpha, seen, n - seen))


def optimum(alpha: np.ndarray, n: int, classes: int) -> float:
    """The least expected error of any learner: it guesses what it has never seen.

        opt = (1 - 1/K) sum_i p_i (1 - p_i)^n

    >>> round(optimum(marginal("zipf", 5000), 50_000, 10), 4)
    0.0184
    """
    return (1 - 1 / classes) * expected_mass(alpha, n, 0)


def number_seen(alpha: np.ndarray, n: int, seen: int) -> float:
    """The expected number of subpopulations seen exactly l = `seen` times, sum_i C(n, l) p_i^l (1 - p_i)^(n-l)."""
    return math.exp(_choose(n, seen) + _moment(alpha, seen, n - seen)) / len(np.atleast_2d(alpha))


def expected_mass(alpha: np.ndarray, n: int, seen: int) -> float:
    """The expected total frequency of all subpopulations seen exactly `seen` times.

    >>> alpha = marginal("zipf", 300)
    >>> round(sum(expected_mass(alpha, 20, l) for l in range(21)), 9)
    1.0
    """
    return math.exp(_choose(n, seen) + _moment(alpha, seen + 1, n - seen)) / len(np.atleast_2d(alpha))


def singles(alpha: np.ndarray, n: int) -> float:
    """The expected number of samples that are the only one of their subpopulation, n sum_i p_i (1 - p_i)^(n-1)."""
    return number_seen(alpha, n, 1)


def _choose(n: int, k: int) -> float:
    return float(-np.log(n + 1) - scipy.special.betaln(n - k + 1, k + 1))


def cost(alpha: np.ndarray, n: int, classes: int, gamma: float = 0.0) -> float:
    """The cost of memorising what was seen once by no more than gamma: tau_1 * singles * (1 - 1/K - gamma).

    gamma = 0 means not fitting it at all; mem(i) = P[right | trained on i] - P[right | not] <= gamma
    (Feldman 2020, on memorising to a limit).

    >>> round(cost(marginal("zipf", 5000), 10_000, 10, gamma=0.5), 4)
    0.0353
    """
    return tau(alpha, n, 1) * singles(alpha, n) * max(1 - 1 / classes - gamma, 0.0)


def private_gamma(epsilon: float, delta: float, classes: int) -> float:
    """The most that an (epsilon, delta)-private learner of labels can memorise, as gamma of cost(): (e^eps - 1)/K + delta.

    The cost is then tau_1 * singles * (1 - e^eps/K - delta) (Feldman 2020, on privacy).

    >>> round(private_gamma(math.log(6), 0.0, 10), 3)
    0.5
    """
    return min((math.exp(min(epsilon, 50.0)) - 1) / classes + delta, 1.0)


def given_up(alpha: np.ndarray, n: int, classes: int, most: int, share: float = 1.0) -> float:
    """The expected error when a share of what was seen 1 to `most` times is not fitted, and all else perfectly.

        opt + share (1 - 1/K) sum_{l=1..most} tau_l * number_seen(l)

    >>> alpha = marginal("zipf", 1000)
    >>> round(given_up(alpha, 1000, 10, 0), 4), round(given_up(alpha, 1000, 10, 1), 4)
    (0.1882, 0.2934)
    """
    lost = sum(expected_mass(alpha, n, seen) for seen in range(1, most + 1))
    return optimum(alpha, n, classes) + share * (1 - 1 / classes) * lost


def bound(alpha: np.ndarray, n: int, classes: int, errors, coupling=None) -> float:
    """The least error of a learner that gets errors[l - 1] of the subpopulations seen l times wrong in training.

        err >= opt + sum_l lambda_l tau_l errn(l)

    with coupling[l - 1] = lambda_l, how far a fresh point of a subpopulation is answered as the training
    points are; 1 where all its points coincide (Feldman 2020, the main lower bound, and the same for mixtures).

    >>> alpha = marginal("zipf", 1000)
    >>> round(bound(alpha, 1000, 10, [0.9 * singles(alpha, 1000)]), 4)
    0.2934
    """
    coupling = np.ones(len(errors)) if coupling is None else coupling
    return optimum(alpha, n, classes) + float(sum(
        factor * tau(alpha, n, seen) * wrong_ones
        for seen, (wrong_ones, factor) in enumerate(zip(errors, coupling), 1) if wrong_ones))
