"""Numbers read off curves, against a numpy loop over a fine grid."""

from functools import partial

import numpy as np
import pytest
import xarray as xr

from mini.errors import UsageError
from mini.measures.curves import crossing, first_tick, last, reached


def test_a_level_is_reached_where_the_straight_lines_between_the_points_first_are_there():
    rng, grid = np.random.default_rng(0), np.linspace(0, 8, 80001)
    for _ in range(50):
        y, level = rng.uniform(size=5), rng.uniform(0.2, 1.1)
        x = np.array([0.0, 2, 4, 6, 8])
        fine = np.interp(grid, x, y)
        expected = grid[np.argmax(fine >= level)] if (fine >= level).any() else 9.0
        assert reached(x, y, level, never=9.0) == pytest.approx(expected, abs=2e-4)


def test_a_curve_along_another_clock_says_which():
    curve = xr.DataArray([0.0, 1.0], dims="epoch", coords={"epoch": [0, 9]})
    assert float(last(curve, "epoch")) == 1.0
    for read in (last, partial(first_tick, threshold=0.5)):
        with pytest.raises(UsageError, match=r"clock: no 'step' \(epoch\)"):
            read(curve)


def test_a_crossing_may_go_either_way_and_none_is_missing():
    x = np.arange(4.0)
    assert crossing(x, np.array([1.0, 0.0, 1.0, 0.0]), 0.25) == 0.75
    assert np.isnan(crossing(x, np.zeros(4), 0.5)) and reached(x, np.zeros(4), 0.5) == np.inf
