"""Two clouds: their draw, and separability against other solvers and a simulation."""

import numpy as np
import pytest
import scipy.stats
from sklearn.svm import LinearSVC

from mini.experiment import Keys
from mini.tasks import gaussians


def cloud(n, p, redrawn=0.4, seed=0):
    return [np.asarray(a) for a in gaussians.draw(Keys(seed, {}), n, p, redrawn, 0.1)]


def test_the_draw_has_its_moments():
    x, truth, given = cloud(4000, 5)
    np.testing.assert_allclose((x * truth[:, None]).mean(0), [1, 0, 0, 0, 0], atol=0.01)
    np.testing.assert_allclose(x[:, 1:].std(0), 0.1, rtol=0.05)
    assert scipy.stats.binomtest(int((given != truth).sum()), 4000, 0.2).pvalue > 1e-4


@pytest.mark.parametrize("dimensions", [4, 20, 30])
def test_separable_agrees_with_a_support_vector_machine(dimensions):
    x, _, given = cloud(40, dimensions)
    machine = LinearSVC(C=1e5, max_iter=200000, tol=1e-6, fit_intercept=False, random_state=0).fit(10 * x, given)
    assert gaussians.separable(x, given) == (machine.score(10 * x, given) == 1)


def test_bisection_finds_the_first_of_a_scan():
    x, _, given = cloud(30, 25, seed=3)
    scan = next(p for p in range(1, 26) if gaussians.separable(x[:, :p], given))
    assert gaussians.fewest_dimensions(x, given) == scan


def test_what_cannot_be_separated_says_so():
    assert gaussians.fewest_dimensions(np.ones((4, 3)), np.array([1, -1, 1, -1])) == 4


@pytest.mark.parametrize("redrawn", [0.2, 0.4, 0.8])
def test_the_threshold_is_that_of_a_simulated_minimum(redrawn):
    rng = np.random.default_rng(0)
    z, g = rng.normal(size=(2, 400_000))
    v = np.where(rng.random(len(z)) < redrawn / 2, -1, 1) * (1 / 0.1 + g)
    best = min(np.square(np.maximum(z - s * v, 0)).mean() for s in np.linspace(0, 0.3, 61))
    assert gaussians.separability_threshold(redrawn, 0.1) == pytest.approx(best, abs=0.005)
