"""How large a clean model would do as well? The loss curve of clean models of several sizes, inverted."""

from typing import NamedTuple

import numpy as np


class EffectiveSize(NamedTuple):
    value: float  # in the unit of the sizes; NaN where no curve can be made
    extrapolated: bool  # whether it lies outside the clean models' sizes, or could not be found at all


def effective_size(sizes, clean_losses, loss: float) -> EffectiveSize:
    """Size of an unrepeated model with the same loss (Hernandez and others 2022, section 2).

    The curve is linear in (log size, loss) between clean models, and made to fall by taking its running minimum; beyond
    the ends it continues along its outermost piece, by at most a factor of 10, and the result says so.

    Args:
      sizes: increasing. clean_losses: of clean models of these sizes. loss: of the model in question.

    >>> effective_size([10, 100, 1000], [3.0, 2.0, 1.0], 1.5)
    EffectiveSize(value=316.22776601683796, extrapolated=False)
    >>> effective_size([10, 100, 1000], [3.0, 2.0, 1.0], 3.5).extrapolated
    True
    """
    log, curve = np.log10(np.asarray(sizes, float)), np.minimum.accumulate(np.asarray(clean_losses, float))
    if len(log) < 2 or not np.isfinite(loss) or not np.isfinite(curve).all() or curve[0] <= curve[-1]:
        return EffectiveSize(float("nan"), True)
    falls = np.r_[True, np.diff(curve) < 0]  # where it is flat, the smallest size will do
    log, curve = log[falls], curve[falls]
    if curve[-1] <= loss <= curve[0]:
        return EffectiveSize(float(10 ** np.interp(-loss, -curve, log)), False)
    end, inner = (0, 1) if loss > curve[0] else (-1, -2)
    slope = (log[end] - log[inner]) / (curve[end] - curve[inner])
    beyond = np.clip((loss - curve[end]) * slope, -1, 1)
    return EffectiveSize(float(10 ** (log[end] + beyond)), True)
