"""Numbers read off training curves, on labelled results."""

import numpy as np
import xarray as xr

from mini.errors import unknown


def first_tick(curve: xr.DataArray, threshold: float, clock: str = "step") -> xr.DataArray:
    """The first recorded tick at which a curve reaches a threshold; infinity where it never does.

    >>> curve = xr.DataArray([0.1, 0.5, 0.99, 1.0], dims="step", coords={"step": [0, 10, 20, 30]})
    >>> float(first_tick(curve, 0.9)), float(first_tick(curve, 2.0))
    (20.0, inf)
    """
    check_clock(curve, clock)
    reached = curve >= threshold
    ticks = reached[clock][reached.argmax(clock)].drop_vars(clock)
    return xr.where(reached.any(clock), ticks.astype(float), np.inf)


def last(dataset: xr.Dataset | xr.DataArray, clock: str = "step"):
    """The values at the last tick."""
    check_clock(dataset, clock)
    return dataset.isel({clock: -1}, drop=True)


def check_clock(curve: xr.Dataset | xr.DataArray, clock: str) -> None:
    """Refuse a curve that runs along another clock, whose name is passed: `last(curve, "epoch")`."""
    if clock not in curve.dims:
        raise unknown("clock", clock, map(str, curve.dims))


def reached(x: np.ndarray, y: np.ndarray, level: float, never: float = np.inf) -> float:
    """Where a curve through the points (x, y) first reaches a level, by linear interpolation; `never` if it does not.

    >>> x = np.array([1.0, 2.0, 3.0])
    >>> reached(x, np.array([0.0, 0.2, 1.0]), 0.6), reached(x, np.ones(3), 0.6), reached(x, np.zeros(3), 0.6)
    (2.5, 1.0, inf)
    """
    if y[0] >= level:
        return float(x[0])
    found = crossing(x, y, level)
    return never if np.isnan(found) else found


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
