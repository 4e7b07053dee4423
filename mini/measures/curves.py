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
