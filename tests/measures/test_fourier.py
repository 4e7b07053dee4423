"""Periodicity, against closed forms and numpy loops."""

import jax.numpy as jnp
import numpy as np
import pytest

from mini.measures import fourier, pruning
from mini.measures.accuracy import phase, share


@pytest.mark.parametrize("p", [11, 31, 97])
def test_ipr_of_known_vectors(p):
    f = p // 2 + 1
    wave = np.cos(2 * np.pi * 3 * np.arange(p) / p + 0.7)
    one_hot = np.eye(p)[2]
    noise = np.random.default_rng(0).normal(size=(4000, p))
    ipr = fourier.inverse_participation_ratio(jnp.asarray(np.stack([wave, one_hot, *noise]), jnp.float32))
    assert ipr[0] == pytest.approx(1, abs=1e-4)
    assert ipr[1] == pytest.approx(1 / f, rel=1e-3)
    assert float(ipr[2:].mean()) == pytest.approx(2 / f, rel=0.15)


def test_ipr_is_that_of_a_direct_sum_and_knows_no_scale():
    x = np.random.default_rng(1).normal(size=13)
    power = [abs(sum(x[n] * np.exp(-2j * np.pi * k * n / 13) for n in range(13))) ** 2 for k in range(7)]
    expected = sum(q**2 for q in power) / sum(power) ** 2
    for scale in (1.0, 1e-9, 1e9):
        got = fourier.inverse_participation_ratio(jnp.asarray(scale * x, jnp.float32))
        assert float(got) == pytest.approx(expected, rel=1e-3)


def test_a_dead_neuron_has_no_ipr():
    assert np.isnan(fourier.inverse_participation_ratio(jnp.zeros(11)))
    assert float(fourier.power(jnp.zeros(11)).sum()) == 0


def test_gini_is_the_mean_difference():
    x = np.random.default_rng(2).uniform(size=20)
    expected = np.abs(x[:, None] - x[None]).sum() / (2 * 20**2 * x.mean())
    assert float(fourier.gini(jnp.asarray(x, jnp.float32))) == pytest.approx(expected, rel=1e-5)


def test_class_means_are_the_projection_on_waves_of_the_sum():
    p = 7
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(p, p, p))
    transform = np.fft.fft2(logits, axes=(0, 1))
    diagonal = np.zeros_like(transform)
    for k in range(p):
        diagonal[k, k] = transform[k, k]
    projected = np.fft.ifft2(diagonal, axes=(0, 1)).real.reshape(p * p, p)
    a, b = np.divmod(np.arange(p * p), p)
    means = fourier.class_means(jnp.asarray(logits.reshape(p * p, p), jnp.float32), jnp.asarray((a + b) % p), p)
    np.testing.assert_allclose(np.asarray(means)[(a + b) % p], projected, atol=1e-5)


def test_masks_remove_the_right_neurons():
    score = jnp.array([0.3, 0.1, jnp.nan, 0.9, 0.5])
    low, high, random = pruning.masks(score, jnp.array([4, 0, 1, 2, 3]), np.array([0.4]))[:, 0]
    assert low.tolist() == [1, 0, 0, 1, 1]
    assert high.tolist() == [1, 1, 1, 0, 0]
    assert random.tolist() == [1, 0, 0, 1, 1]


def test_share_and_phase():
    right = jnp.array([True, True, False, False])
    assert float(share(right, jnp.array([True, True, True, False]))) == pytest.approx(2 / 3)
    assert np.isnan(share(right, jnp.zeros(4, bool)))
    assert phase(0.8, 0.95, 0.35) == "partial inversion"
    assert phase(0.5, 0.2, 0.35) == "forgetting"
