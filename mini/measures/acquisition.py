"""How a fact is learned from a few exposures, and how what was gained is lost again (Chang and others 2024, section 3).

With l(t) the log-probability of the fact's value and t_i the step of injection i,

    t_LAM(i) = argmax of l over (t_i, t_i + w],   effectivity E_i = l(t_LAM(i)) - l(t_i),
    retainability R(t) = (l(t_LAM(K) + t) - l(t_1)) / (l(t_LAM(K)) - l(t_1)),
    R(t) = c - a log10 t,   decay constant a,   learnability threshold 10^(c / a), where R has fallen to 0.

The paper calls the third line a power law; it is a straight line in the logarithm of time. Its window of w = 50 steps is
the time in which Adam's memory of a gradient (0.9^w) is lost. Shape letters: n records, K injections; ... any items.
"""

from typing import NamedTuple

import numpy as np
import scipy.stats

from mini.errors import UsageError, wrong

WINDOW = 50  # steps
FLOOR = 0.1  # nats: a smaller gain cannot serve as a denominator
POINTS = 4  # fewer cannot show how well a line fits


class Steps(NamedTuple):
    """What each injection did; NaN where no record shows it."""

    before: np.ndarray  # (..., K) l(t_i)
    peak: np.ndarray  # (..., K) l(t_LAM(i))
    tick: np.ndarray  # (..., K) t_LAM(i)

    @property
    def effectivity(self) -> np.ndarray:
        """(..., K) the gain of each injection."""
        return self.peak - self.before

    @property
    def lost(self) -> np.ndarray:
        """(..., K - 1) what was lost again before the next injection."""
        return self.peak[..., :-1] - self.before[..., 1:]


def steps(ticks, curve, injected, window: int = WINDOW) -> Steps:
    """Local maxima of the curves after each injection, at the next one at the latest.

    Args:
      ticks: (n,) of the records, increasing. curve: (..., n) log-probabilities.
      injected: (K,) the last tick before each injection is read; NaN for none.

    Raises:
      UsageError: no injection, or ticks that do not increase.

    >>> one = steps([0, 1, 2, 10, 11, 20], [-3.0, -1.0, -2.0, -2.5, -0.5, -1.0], [0, 10])
    >>> one.effectivity.tolist(), one.lost.tolist(), one.tick.tolist()
    ([2.0, 2.0], [1.5], [1.0, 11.0])
    """
    ticks, curve, injected = _checked(ticks, curve, injected)
    ends = np.minimum(injected + window, np.r_[injected[1:], np.inf])
    found = [_one(ticks, curve, start, end) for start, end in zip(injected, ends)]
    return Steps(*(np.stack(part, -1) for part in zip(*found)))


def _one(ticks, curve, start, end):
    none = np.full(curve.shape[:-1], np.nan)
    before = curve[..., ticks == start][..., 0] if (ticks == start).any() else none
    inside = (ticks > start) & (ticks <= end)
    if not inside.any():
        return before, none, none
    part = np.where(np.isnan(curve[..., inside]), -np.inf, curve[..., inside])
    at = part.argmax(-1)
    peak = np.take_along_axis(part, at[..., None], -1)[..., 0]
    known = np.isfinite(peak)
    return before, np.where(known, peak, np.nan), np.where(known, ticks[inside][at], np.nan)


def retainability(ticks, curve, injected, window: int = WINDOW, floor: float = FLOOR) -> tuple[np.ndarray, np.ndarray]:
    """Delay since the last local maximum, and the share of all that was gained that is left then, each (..., n).

    NaN before that maximum, and for items that gained less than `floor`, for which no share can be given.

    >>> delay, left = retainability([0, 1, 2, 11], [-3.0, -1.0, -2.0, -2.5], [0])
    >>> delay.tolist(), left.tolist()
    ([nan, 0.0, 1.0, 10.0], [nan, 1.0, 0.5, 0.25])
    """
    ticks, curve, injected = _checked(ticks, curve, injected)
    found = steps(ticks, curve, injected, window)
    first, last, start = (part[..., None] for part in (found.before[..., 0], found.peak[..., -1], found.tick[..., -1]))
    gain = np.where(last - first >= floor, last - first, np.nan)
    delay = np.where(ticks >= start, ticks - start, np.nan)
    return delay, np.where(np.isfinite(delay), (curve - first) / gain, np.nan)


class Decay(NamedTuple):
    """The line R = c - a log10 t; NaN with a reason where it cannot be fitted."""

    constant: float  # a, lost with every tenfold of time
    start: float  # c, left after one step
    r2: float
    threshold: float  # steps until nothing is left; infinity where nothing is lost
    censored: int  # records left out because nothing was left
    reason: str = ""


def decay(delay, left) -> Decay:
    """Fit the line to one curve of retainability.

    From the first record at which nothing is left (R <= 0), all are censored: what wanders about zero is no memory.

    >>> t = np.array([0, 1, 10, 100, 1000, 10000])
    >>> found = decay(t, [1.0, 0.9, 0.6, 0.3, 0.0, 0.1])
    >>> found.censored, found.reason
    (2, '3 records leave no line to be judged, takes 4')
    >>> found = decay(t, 0.9 - 0.2 * np.log10(np.maximum(t, 1)))
    >>> round(found.constant, 3), round(found.start, 3), round(found.threshold), found.censored
    (0.2, 0.9, 31623, 0)
    """
    delay, left = np.asarray(delay, float), np.asarray(left, float)
    there = np.isfinite(delay) & np.isfinite(left) & (delay > 0)
    delay, left = delay[there], left[there]
    gone = np.flatnonzero(left <= 0)
    still = gone[0] if gone.size else len(left)
    censored = int(len(left) - still)
    delay, left = delay[:still], left[:still]
    if len(left) < POINTS:
        nothing = [np.nan] * 4
        return Decay(*nothing, censored, f"{len(left)} records leave no line to be judged, takes {POINTS}")
    line = scipy.stats.linregress(np.log10(delay), left)
    with np.errstate(over="ignore"):
        threshold = np.float64(10.0) ** (-line.intercept / line.slope) if line.slope < 0 else np.inf
    r2 = line.rvalue**2 if np.ptp(left) > 0 else np.nan
    return Decay(float(-line.slope), float(line.intercept), float(r2), float(threshold), censored)


def kept(values, factor: float = 1.5) -> np.ndarray:
    """Which values are not outliers: within `factor` interquartile ranges of the quartiles (Tukey); NaN is never kept.

    >>> kept([1.0, 2.0, 3.0, 4.0, 100.0, np.nan]).tolist()
    [True, True, True, True, False, False]
    """
    if factor < 0:
        raise wrong("factor", factor, "a number in [0, inf)")
    values = np.asarray(values, float)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return np.zeros(values.shape, bool)
    low, high = np.quantile(finite, [0.25, 0.75])
    reach = factor * (high - low)
    return np.isfinite(values) & (values >= low - reach) & (values <= high + reach)


def learnability(delays, lefts, factor: float = 1.5) -> float:
    """Learnability threshold in steps: the geometric mean over items (items, n), leaving out outliers of the logarithm.

    A fact that is read at longer intervals than that accumulates nothing. NaN where no item has a threshold.

    >>> t = np.tile([1.0, 10, 100, 1000], (3, 1))
    >>> round(learnability(t, 1 - 0.25 * np.log10(t)))
    10000
    """
    each = np.array([decay(t, r).threshold for t, r in zip(delays, lefts)])
    logs = np.log10(np.where(np.isfinite(each) & (each > 0), each, np.nan))
    there = kept(logs, factor)
    return float(10 ** logs[there].mean()) if there.any() else float("nan")


def _checked(ticks, curve, injected):
    ticks, curve = np.asarray(ticks, float), np.asarray(curve, float)
    injected = np.asarray(injected, float)
    injected = injected[np.isfinite(injected)]
    if not injected.size:
        raise UsageError("injected: got no injection, takes at least one tick")
    for name, values in (("ticks", ticks), ("injected", injected)):
        if (np.diff(values) <= 0).any():
            raise UsageError(f"{name}: got ticks that do not increase, takes increasing ones")
    if curve.shape[-1:] != ticks.shape:
        raise wrong("curve", curve.shape, f"{len(ticks)} records, as many as ticks, along its last axis")
    return ticks, curve, injected
