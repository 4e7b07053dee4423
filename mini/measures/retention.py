"""Forgetting curves: which family a curve of retention over time belongs to, and how sure that is.

    exponential    m exp(-b t)             power         m (1 + t) ** -b
    logarithmic    m (1 - b log(1 + t))    wickelgren    m (1 + h t) ** -b
    hyperbolic     m / (1 + b t)

each but the logarithmic also above an asymptote, c + (m - c) f(t) / m. Time is 0 or more, in any unit (the
1 in the power law is one such unit); scores are shares or savings. Fitted by least squares, compared by

    AICc = n log(RSS / n) + 2 k + 2 k (k + 1) / (n - k - 1),   k = parameters + 1

(Hurvich and Tsai 1989). A curve averaged over learners or items may be of a family that none of them belongs to
(Anderson and Tweney 1997). How sure a curve is comes from resampling learners and items, never the points of one curve,
whose errors are correlated. Shape letters: n points, S seeds (learners), I items, R resamples, G times asked for.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq, least_squares

from mini.errors import UsageError

TIE = 2.0  # units of AICc within which two models cannot be told apart (Burnham and Anderson 2002, section 2.6)
EXACT = 1e-10  # mean squared residual at which a curve is taken to run through its points


class Family(NamedTuple):
    """A curve f(t, *parameters), 1 at t = 0, since the amplitude comes on top; with starting values for its parameters."""

    shape: Callable[..., np.ndarray]
    names: tuple[str, ...]
    starts: tuple[tuple[float, ...], ...]  # a few, since the surface has valleys


RATES = ((0.05,), (0.5,), (3.0,))
FAMILIES = {
    "exponential": Family(lambda t, b: np.exp(-b * t), ("b",), RATES),
    "power": Family(lambda t, b: (1 + t) ** -b, ("b",), RATES),
    "hyperbolic": Family(lambda t, b: 1 / (1 + b * t), ("b",), RATES),
    "wickelgren": Family(lambda t, h, b: (1 + h * t) ** -b, ("h", "b"), ((0.1, 1.0), (1.0, 0.3), (10.0, 0.2), (0.01, 5.0))),
    "logarithmic": Family(lambda t, b: 1 - b * np.log1p(t), ("b",), RATES),
}
MODELS = tuple(name + more for name in FAMILIES for more in ("", " + asymptote")
               if name + more != "logarithmic + asymptote")  # which would be the logarithmic again
LIMIT = 1e4  # the largest rate


class Fit(NamedTuple):
    """One model fitted to one curve; what could not be fitted has a reason and no numbers."""

    model: str
    parameters: dict[str, float]
    rss: float  # sum of squared residuals
    r2: float
    aicc: float
    residuals: tuple[float, ...] = ()
    flags: tuple[str, ...] = ()  # what makes the numbers doubtful
    reason: str = ""  # why there are none


def parameters(model: str) -> tuple[str, ...]:
    """The names of a model's parameters.

    >>> parameters("power + asymptote")
    ('m', 'b', 'c')
    """
    name, _, asymptote = model.partition(" + ")
    return ("m", *FAMILIES[name].names, *(("c",) if asymptote else ()))


def curve(model: str, t, values: Sequence[float]) -> np.ndarray:
    """The model's retention at times t.

    >>> curve("power + asymptote", [0, 1], [0.9, 1.0, 0.1]).round(3).tolist()
    [0.9, 0.5]
    """
    name, _, asymptote = model.partition(" + ")
    m, *rest = values
    c = rest.pop() if asymptote else 0.0
    return c + (m - c) * FAMILIES[name].shape(np.asarray(t, float), *rest)


def fit(model: str, t, y, sigma=None, start: Sequence[float] | None = None) -> Fit:
    """Fit one model by least squares.

    Args:
      t: (n,) times from 0 on. y: (n,) scores; pairs with a missing score are left out.
      sigma: (n,) standard errors by which residuals are weighted, if known.
      start: parameters to begin from, where good ones are known; several starts are tried without.

    Returns:
      the fit; with a reason and no numbers where points are too few, a time is below 0, or nothing varies.

    >>> t = np.arange(8.0)
    >>> found = fit("power", t, 0.9 * (1 + t) ** -0.5)
    >>> {k: round(v, 3) for k, v in found.parameters.items()}, found.flags
    ({'m': 0.9, 'b': 0.5}, ('runs through every point',))
    >>> fit("wickelgren", [0, 1, 2], [1.0, 0.5, 0.4]).reason
    '3 points are fewer than the 5 that 3 parameters take'
    """
    t, y = np.asarray(t, float), np.asarray(y, float)
    weight = np.ones_like(y) if sigma is None else 1 / np.asarray(sigma, float)
    there = np.isfinite(t) & np.isfinite(y) & np.isfinite(weight)
    t, y, weight = t[there], y[there], weight[there]
    names = parameters(model)
    k, n = len(names) + 1, len(y)
    if reason := _refused(t, y, k):
        return Fit(model, {}, np.nan, np.nan, np.nan, reason=reason)
    best, low, high = _search(model, t, y, weight / weight.mean(), start)
    values = best.x
    residuals = y - curve(model, t, values)
    rss = float(2 * best.cost)
    spread = float(np.sum((weight / weight.mean() * (y - np.average(y, weights=weight**2))) ** 2))
    aicc = n * np.log(max(rss / n, EXACT)) + 2 * k + 2 * k * (k + 1) / (n - k - 1)
    return Fit(model, dict(zip(names, map(float, values))), rss, 1 - rss / spread, float(aicc),
               tuple(map(float, residuals)), _flags(best, low, high, names, rss / n) + _degenerate(model, values, t))


def _refused(t, y, k) -> str:
    if len(y) < k + 2:  # below that the correction has no meaning
        return f"{len(y)} points are fewer than the {k + 1} that {k - 1} parameters take" if len(y) < k + 1 else \
            f"{len(y)} points leave no freedom for the small-sample correction of {k - 1} parameters"
    if (t < 0).any():
        return "a time lies below 0"
    if len(np.unique(t)) < k - 1:
        return f"{len(np.unique(t))} different times cannot tell {k - 1} parameters"
    return "the scores do not vary" if np.ptp(y) < 1e-9 else ""


def _search(model, t, y, weight, known=None):
    """The best of several starts, or of one that is known, with the bounds it was held to."""
    name, _, asymptote = model.partition(" + ")
    span = max(1.0, float(np.abs(y).max()))
    low = [0.0, *[0.0] * len(FAMILIES[name].names), *([0.0] if asymptote else [])]
    high = [2 * span, *[LIMIT] * len(FAMILIES[name].names), *([span] if asymptote else [])]
    found = []
    firsts = [[np.clip(y.max(), 1e-3, span), *start, *([max(0.5 * y.min(), 1e-3)] if asymptote else [])]
              for start in FAMILIES[name].starts]
    for first in firsts if known is None else [known]:
        found.append(least_squares(lambda v: weight * (curve(model, t, v) - y), np.clip(first, low, high),
                                   bounds=(low, high), x_scale=np.maximum(np.abs(first), 1e-2),
                                   max_nfev=400 if known is None else 60))
    return min(found, key=lambda f: f.cost), np.array(low), np.array(high)


def _flags(best, low, high, names, mean_square) -> tuple[str, ...]:
    flags = [f"{name} stands at its bound {bound:g}" for name, value, ends in zip(names, best.x, zip(low, high))
             for bound in ends if abs(value - bound) <= 1e-6 * max(1.0, abs(bound))]
    scaled = best.jac * np.maximum(np.abs(best.x), 1e-8)  # relative changes of each parameter
    singular = np.linalg.svd(scaled, compute_uv=False)
    if singular[-1] <= 1e-6 * singular[0]:
        flags.append("its parameters cannot be told apart")
    if mean_square <= EXACT:
        flags.append("runs through every point")
    return tuple(flags)


def _degenerate(model, values, t) -> tuple[str, ...]:
    """Whether Wickelgren's law has here become one of its own limits, which have one parameter fewer."""
    if not model.startswith("wickelgren"):
        return ()
    _, h, b, *_ = values
    if b > 100:
        return ("falls as an exponential: h and b cannot be told apart, only their product",)
    soon = t[t > 0].min()
    return ("falls as a power of t alone: m and h cannot be told apart",) if h * soon > 10 else ()


def half_life(found: Fit) -> float:
    """The time at which a fitted curve is down to half of its start; infinite where it never is, NaN without a fit.

    >>> t = np.arange(8.0)
    >>> round(half_life(fit("exponential", t, 0.9 * np.exp(-0.1 * t))), 3)  # log 2 / 0.1
    6.931
    >>> half_life(fit("exponential + asymptote", t, 0.3 * np.exp(-t) + 0.6))
    inf
    """
    if found.reason:
        return float("nan")
    values = tuple(found.parameters.values())

    def above(t):
        return float(curve(found.model, t, values)) - values[0] / 2

    late = 1.0
    while above(late) > 0:
        late *= 4
        if late > 1e12:
            return float("inf")
    return float(brentq(above, 0.0, late)) if values[0] > 0 else float("nan")


class Comparison(NamedTuple):
    """Fits from the best to the worst, those without numbers last."""

    fits: tuple[Fit, ...]
    tied: tuple[str, ...]  # the models within `TIE` of the best, which cannot be told apart

    def of(self, model: str) -> Fit:
        return next(f for f in self.fits if f.model == model)

    def weights(self) -> dict[str, float]:
        """Akaike weights exp(-d / 2) over their sum, d the AICc in excess of the best; of the models that have one."""
        aicc = {f.model: f.aicc for f in self.fits if not f.reason}
        raw = {model: float(np.exp(-(value - min(aicc.values())) / 2)) for model, value in aicc.items()}
        return {model: value / sum(raw.values()) for model, value in raw.items()}

    def __str__(self) -> str:
        if not self.tied:
            return "no model could be fitted: " + "; ".join(sorted({f.reason for f in self.fits}))
        return self.tied[0] if len(self.tied) == 1 else "a tie of " + ", ".join(self.tied)


def compare(t, y, models: Sequence[str] = MODELS, sigma=None) -> Comparison:
    """Fit several models and rank them by AICc.

    >>> t = np.arange(10.0)
    >>> str(compare(t, 0.9 * np.exp(-0.3 * t) + 0.003 * np.cos(9 * t), ("exponential", "power", "logarithmic")))
    'exponential'
    >>> str(compare([0, 1], [1, 0.5], ("power",)))
    'no model could be fitted: 2 points are fewer than the 4 that 2 parameters take'
    """
    fits = sorted((fit(model, t, y, sigma) for model in models), key=lambda f: (bool(f.reason), f.aicc))
    ranked = [f for f in fits if not f.reason]
    return Comparison(tuple(fits), tuple(f.model for f in ranked if f.aicc <= ranked[0].aicc + TIE))


def preference(t, y, these: str | Sequence[str], those: str | Sequence[str], sigma=None) -> float:
    """AICc of one model minus that of another (the best, of several): below 0 if the first is better; NaN if either has none.

    >>> t = np.arange(10.0)
    >>> preference(t, 0.9 * np.exp(-0.3 * t), "exponential", ("power", "power + asymptote")) < -10
    True
    """
    return _best(t, y, these, sigma) - _best(t, y, those, sigma)


def _best(t, y, models: str | Sequence[str], sigma) -> float:
    fits = [fit(model, t, y, sigma) for model in ([models] if isinstance(models, str) else models)]
    return min((found.aicc for found in fits if not found.reason), default=np.nan)


class Bootstrap(NamedTuple):
    """What resampling learners and items makes of each model's fit; 95% intervals between percentiles."""

    best: dict[str, float]  # share of resamples in which a model is within `TIE` of the best; ties count for each
    half_life: dict[str, tuple[float, float]]  # infinite where the curve never falls to half
    band: dict[str, np.ndarray]  # (2, G) of the curve at the times asked for
    resamples: int


def bootstrap(t, scores, models: Sequence[str] = MODELS, at=None, resamples: int = 200, seed: int = 0) -> Bootstrap:
    """Fit again to means over learners and items drawn with replacement.

    Args:
      t: (n,) times. scores: (S, I, n), or (I, n) of one learner. at: (G,) times of the band, by default t.

    Raises:
      UsageError: scores of other shapes, or a single item of a single learner, which cannot be resampled.

    >>> t = np.arange(8.0)
    >>> items = np.random.default_rng(0).uniform(0.5, 1, (30, 1)) * np.exp(-0.3 * t)
    >>> low, high = bootstrap(t, items, ("exponential", "power"), resamples=40).half_life["exponential"]
    >>> bool(low <= np.log(2) / 0.3 + 1e-3 and high >= np.log(2) / 0.3 - 1e-3)
    True
    """
    t, scores = np.asarray(t, float), np.asarray(scores, float)
    scores = scores[None] if scores.ndim == 2 else scores
    if scores.ndim != 3 or scores.shape[2] != len(t) or scores.shape[0] * scores.shape[1] < 2:
        raise UsageError(f"scores: got shape {scores.shape} for {len(t)} times, takes (learners, items, times), at least "
                         "two learners or items")
    at, rng = t if at is None else np.asarray(at, float), np.random.default_rng(seed)
    whole = {model: fit(model, t, scores.mean((0, 1))) for model in models}
    drawn = []
    for _ in range(resamples):
        learners = rng.integers(0, len(scores), len(scores))
        mean = np.mean([scores[i][rng.integers(0, scores.shape[1], scores.shape[1])].mean(0) for i in learners], 0)
        drawn.append({model: fit(model, t, mean, start=tuple(found.parameters.values()))
                      for model, found in whole.items() if not found.reason})
    return _summary(models, drawn, at)


def _summary(models, drawn, at) -> Bootstrap:
    kept = {model: [d[model] for d in drawn if model in d and not d[model].reason] for model in models}
    least = [min((f.aicc for f in d.values() if not f.reason), default=np.nan) for d in drawn]
    best = {model: float(np.mean([model in d and not d[model].reason and d[model].aicc <= low + TIE
                                  for d, low in zip(drawn, least)])) for model in models}
    ends = [2.5, 97.5]
    lives = {model: tuple(np.percentile([half_life(f) for f in fits], ends, method="nearest").tolist()) if fits
             else (np.nan, np.nan) for model, fits in kept.items()}
    bands = {model: np.percentile([curve(model, at, tuple(f.parameters.values())) for f in fits], ends, axis=0)
             if fits else np.full((2, len(at)), np.nan) for model, fits in kept.items()}
    return Bootstrap(best, lives, bands, len(drawn))
