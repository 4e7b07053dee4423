"""What the figures of this study share."""

import numpy as np
import xarray as xr

from mini.plotting import spread
from mini.studies.extraction.items import COPIES

PLACES = np.arange(len(COPIES))


def by_copies(axes, share: xr.DataArray, label: str, **look) -> str:
    """Mean and range over seeds by number of copies, and the numbers in words."""
    share = share.transpose("seed", "copies")
    spread(axes, PLACES, share, label, **look)
    axes.set_xticks(PLACES, [str(c) for c in COPIES])
    axes.set_xlabel("copies in the training text")
    return f"{label} " + ", ".join(f"{float(v):.2f}" for v in share.mean("seed"))
