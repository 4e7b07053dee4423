"""What such runs are made of."""

import numpy as np
import xarray as xr

SEEDS = 5


def runs(coords: dict, **variables) -> xr.Dataset:
    """The same numbers in each seed; a variable is (dims, values)."""
    return xr.Dataset({name: (dims, np.asarray(values, float)) for name, (dims, values) in variables.items()},
                      coords).expand_dims(seed=np.arange(SEEDS))
