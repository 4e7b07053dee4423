"""Private gradients, against loops, frequencies and published figures."""

import math

import jax
import numpy as np
import pytest

from mini import privacy


def test_poisson_batches_include_each_example_with_the_probability_asked():
    draw = jax.jit(jax.vmap(lambda key: privacy.poisson_batch(key, 50, 0.2, 30)))
    chosen, taken, lost = (np.asarray(x) for x in draw(jax.random.split(jax.random.key(0), 3000)))
    met = np.zeros((3000, 50))
    np.add.at(met, (np.arange(3000)[:, None], chosen), taken)
    assert met.max() == 1 and lost.sum() == 0
    assert np.abs(met.mean(0) - 0.2).max() < 5 * np.sqrt(0.2 * 0.8 / 3000)
    assert met.sum(1).var() == pytest.approx(50 * 0.2 * 0.8, rel=0.12)  # binomial, not of fixed size


def test_a_batch_without_room_leaves_some_out_and_says_so():
    chosen, taken, lost = privacy.poisson_batch(jax.random.key(0), 20, 1.0, 5)
    assert chosen.tolist() == [0, 1, 2, 3, 4] and float(taken.sum()) == 5 and int(lost) == 15
    assert privacy.capacity(20, 1.0) == 20


def test_the_aggregate_is_a_loop_that_clips_sums_adds_noise_and_divides_by_the_expected_size():
    rng = np.random.default_rng(0)
    each = {"w": rng.normal(size=(7, 3, 2)).astype(np.float32), "b": rng.normal(size=(7, 2)).astype(np.float32)}
    total = {name: np.zeros(x.shape[1:]) for name, x in each.items()}
    for i in range(7):
        norm = np.sqrt(sum(np.square(x[i]).sum() for x in each.values()))
        for name, x in each.items():
            total[name] += x[i] / max(norm / 1.5, 1)
    quiet = privacy.aggregate(1.5, 0.0, jax.random.key(0), 7, 4.0)
    got, _ = quiet.update(each, quiet.init(None))
    for name in each:
        np.testing.assert_allclose(got[name], total[name] / 4, atol=1e-5)
    loud = privacy.aggregate(1.5, 2.0, jax.random.key(0), 7, 4.0)
    state, zeros, drawn = loud.init(None), jax.tree.map(np.zeros_like, each), []
    for _ in range(400):
        update, state = loud.update(zeros, state)
        drawn.append(np.concatenate([np.ravel(x) for x in update.values()]))
    assert np.std(drawn) == pytest.approx(1.5 * 2.0 / 4.0, rel=0.04)


def test_epsilon_is_the_closed_form_of_one_gaussian_and_below_the_published_moments_accountant():
    # one Gaussian release, q = 1: Renyi gives min over orders of a / (2 s^2) + a conversion below log(1/d)/(a - 1)
    noise, delta = 3.0, 1e-5
    crude = min(a / (2 * noise**2) + math.log(1 / delta) / (a - 1) for a in np.linspace(1.01, 100, 5000))
    exact_enough = privacy.epsilon(noise, 1.0, 1, delta)
    assert 0.8 * crude < exact_enough < crude
    assert 0.9 < privacy.epsilon(4.0, 0.01, 10_000, 1e-5) < 1.26  # Abadi and others 2016 report 1.26
    assert privacy.epsilon(0.0, 0.1, 10, 1e-5) == math.inf and privacy.epsilon(1.0, 0.1, 0, 1e-5) == 0
