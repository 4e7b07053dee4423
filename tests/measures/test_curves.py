"""Numbers read off curves, against a numpy loop over a fine grid."""

import numpy as np
import pytest

from mini.measures.curves import crossing, reached


def test_a_level_is_reached_where_the_straight_lines_between_the_points_first_are_there():
    rng, grid = np.random.default_rng(0), np.linspace(0, 8, 80001)
    for _ in range(50):
        y, level = rng.uniform(size=5), rng.uniform(0.2, 1.1)
        x = np.array([0.0, 2, 4, 6, 8])
        fine = np.interp(grid, x, y)
        expected = grid[np.argmax(fine >= level)] if (fine >= level).any() else 9.0
        assert reached(x, y, level, never=9.0) == pytest.approx(expected, abs=2e-4)


def test_a_crossing_may_go_either_way_and_none_is_missing():
    x = np.arange(4.0)
    assert crossing(x, np.array([1.0, 0.0, 1.0, 0.0]), 0.25) == 0.75
    assert np.isnan(crossing(x, np.zeros(4), 0.5)) and reached(x, np.zeros(4), 0.5) == np.inf
