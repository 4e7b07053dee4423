"""Numbers read off training curves, on labelled results."""

import numpy as np
import xarray as xr


def first_tick(curve: xr.DataArray, threshold: float, clock: str = "step") -> xr.DataArray:
    """The first recorded tick at which a curve reaches a threshold; infinity where it never does.

    >>> curve = xr.DataArray([0.1, 0.5, 0.99, 1.0], dims="step", coords={"step": [0, 10, 20, 30]})
    >>> float(first_tick(curve, 0.9)), float(first_tick(curve, 2.0))
    (20.0, inf)
    """
    reached = curve >= threshold
    ticks = reached[clock][reached.argmax(clock)].drop_vars(clock)
    return xr.where(reached.any(clock), ticks.astype(float), np.inf)


def last(dataset: xr.Dataset | xr.DataArray, clock: str = "step"):
    """The values at the last tick."""
    return dataset.isel({clock: -1}, drop=True)


def crossing(x: np.ndarray, y: np.ndarray, level: float) -> float:
    """Where a curve through the points (x, y) first crosses a level, by linear interpolation; NaN if it does not.

    >>> crossing(np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.8, 0.0]), 0.4)
    2.5
    """
    above = np.asarray(y) >= level
    (turns,) = np.nonzero(above[1:] != above[:-1])
    if not turns.size:
        return float("nan")
    i = turns[0]
    return float(x[i] + (level - y[i]) * (x[i + 1] - x[i]) / (y[i + 1] - y[i]))
