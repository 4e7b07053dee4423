"""Methods against forgetting, each against a computation of its own."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from mini.models import classifier
from mini.studies.schedules import penalties, replay
from mini.studies.schedules.method import Settings, Task, loss

X = jax.random.normal(jax.random.key(0), (30, 5))
Y = jax.random.randint(jax.random.key(1), (30,), 0, 3)


FISHER, SLOPE = jax.jit(penalties.fisher), jax.jit(jax.grad(loss))  # one program each
INITIAL = jax.jit(classifier.initial, static_argnums=(1, 2, 3, 4))


def network(depth, seed=2):
    return INITIAL(jax.random.key(seed), 5, 7, 3, depth)


def leaves(tree):
    return [np.asarray(x, float) for x in jax.tree.leaves(tree)]


def test_fisher_of_logistic_regression_is_the_closed_form():
    """Two classes with logits (0, x . w): F = mean p (1 - p) x^2, for the weights of either class."""
    params = INITIAL(jax.random.key(3), 5, 7, 2, 0)
    w = np.asarray(params["layers"][0]["kernel"][...], float)
    p = 1 / (1 + np.exp(-np.asarray(X, float) @ (w[:, 1] - w[:, 0])))
    expected = ((p * (1 - p))[:, None] * np.asarray(X, float) ** 2).mean(0)
    bias, kernel = leaves(FISHER(params, X))
    np.testing.assert_allclose(kernel, np.stack([expected, expected], 1), rtol=1e-4)
    np.testing.assert_allclose(bias, [(p * (1 - p)).mean()] * 2, rtol=1e-4)


@pytest.mark.parametrize("depth", [0, 2])
def test_fisher_is_the_mean_of_squares_example_by_example(depth):
    params = network(depth)

    def said(params, row, c):
        return jax.nn.log_softmax(classifier.logits(params, row[None])[0])[c]

    slope, answers = jax.jit(jax.grad(said)), jax.jit(lambda *at: jax.nn.softmax(classifier.logits(*at)))
    expected = [np.zeros(np.shape(p)) for p in leaves(params)]
    for row in X:
        p = answers(params, row[None])[0]
        for c in range(3):
            expected = [e + float(p[c]) * g**2 / len(X) for e, g in zip(expected, leaves(slope(params, row, c)))]
    for ours, theirs in zip(leaves(FISHER(params, X)), expected):
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=1e-7)


def test_it_is_not_the_square_of_the_mean_gradient():
    params = network(1)
    wrong = sum((g**2).sum() for g in leaves(SLOPE(params, X, Y)))
    assert sum(f.sum() for f in leaves(FISHER(params, X))) > 2 * wrong


def test_two_trees_hold_as_many_tasks_as_there_are():
    held, many = penalties.start(network(1)), []
    for seed in range(4):
        theta, importance = network(1, seed), jax.tree.map(jnp.square, network(1, seed + 10))
        held, many = penalties.add(held, importance, theta), [*many, (importance, theta)]
    now = network(1, 99)
    ours = penalties.pull(held, now, 3.0)
    explicit = jax.grad(lambda t: 1.5 * sum(
        (f * (a - b) ** 2).sum() for imp, th in many
        for f, a, b in zip(jax.tree.leaves(imp), jax.tree.leaves(t), jax.tree.leaves(th))))(now)
    for a, b in zip(leaves(ours), leaves(explicit)):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", ["ewc", "ewc-online", "l2", "si"])
def test_what_has_just_been_learned_pulls_nowhere_and_a_step_away_back(method):
    m, settings = penalties.METHODS[method], Settings(2.0, 0, 3)
    params = network(1)
    memory = m.phase(settings, m.begin(settings, params), params)
    moved = jax.tree.map(lambda p: p + 0.1, params)
    gradient = SLOPE(params, X, Y)
    memory = m.after(settings, memory, params, moved, None, jax.tree.map(jnp.negative, gradient))
    memory = m.learned(settings, memory, moved, Task(X, jnp.ones(3, bool)))
    held = memory.held if method == "si" else memory
    assert max(abs(g).max() for g in leaves(penalties.pull(held, moved, 2.0))) < 1e-5
    away = leaves(penalties.pull(held, jax.tree.map(lambda p: p + 1.0, moved), 2.0))
    assert all((g >= -1e-5).all() for g in away) and max(g.max() for g in away) > 0


def test_sis_path_integral_sums_to_the_fall_of_the_loss():
    params = network(1)
    start = float(loss(params, X, Y))

    def step(_, at):
        work, params = at
        gradient = SLOPE(params, X, Y)
        new = jax.tree.map(lambda p, g: p - 0.005 * g, params, gradient)
        return penalties.walk(work, gradient, params, new), new

    work, params = jax.lax.fori_loop(0, 300, step, (optax.tree.zeros_like(params), params))
    fall = start - float(loss(params, X, Y))
    assert fall > 0.1 and sum(w.sum() for w in leaves(work)) == pytest.approx(fall, rel=0.01)


def test_distillation_is_kullback_and_leiblers_over_known_classes():
    ours, theirs = jax.random.normal(jax.random.key(5), (2, 6, 4))
    known = jnp.array([True, False, True, True])
    p, q = (np.exp(np.asarray(z)[:, [0, 2, 3]] / 2) for z in (theirs, ours))
    p, q = p / p.sum(1, keepdims=True), q / q.sum(1, keepdims=True)
    expected = 4 * (p * np.log(p / q)).sum(1).mean()
    assert float(penalties.distillation(ours, theirs, known)) == pytest.approx(expected, rel=1e-4)
    slope = jax.grad(lambda z: penalties.distillation(z, theirs, jnp.zeros(4, bool)))(ours)
    assert np.isfinite(slope).all() and not slope.any()


@pytest.mark.parametrize("seed", range(5))
def test_the_projected_gradient_never_opposes_the_reference(seed):
    g, r = (jax.tree.map(lambda p: p, network(1, s)) for s in (seed, seed + 50))
    for sign in (1, -1):
        signed = jax.tree.map(lambda x: sign * x, g)  # noqa: B023
        out = replay.project(signed, r)
        product = sum((a * b).sum() for a, b in zip(leaves(out), leaves(r)))
        before = sum((a * b).sum() for a, b in zip(leaves(signed), leaves(r)))
        assert product >= -1e-4
        if before >= 0:
            assert all((a == b).all() for a, b in zip(leaves(out), leaves(signed)))
        else:  # the nearest such gradient: what is taken away lies along the reference
            away = [b - a for a, b in zip(leaves(out), leaves(signed))]
            ratio = [x / y for x, y in zip(away, leaves(r)) if (abs(y) > 1e-2).all()]
            assert all(np.ptp(q) < 1e-3 for q in ratio)


def test_the_reservoir_is_uniform():
    """After 60 examples in batches of 7 each is held with chance 10 / 60; 2000 reservoirs, chi-squared of 60 cells."""
    def fill(key):
        buffer = replay.empty(10)
        for i in range(0, 60, 6):
            buffer = replay.reservoir(buffer, jax.random.fold_in(key, i), jnp.arange(i, i + 6, dtype=jnp.int32))
        return buffer.place

    held = np.asarray(jax.jit(jax.vmap(fill))(jax.random.split(jax.random.key(7), 2000)))
    assert all(len(set(row)) == 10 for row in held.tolist())
    count = np.bincount(held.ravel(), minlength=60)
    expected = 2000 * 10 / 60
    assert ((count - expected) ** 2 / expected).sum() < 100  # the 99.9% quantile for 59 degrees is 98.3


def test_the_first_examples_fill_it_in_order_with_their_logits():
    logits = jax.random.normal(jax.random.key(1), (4, 3))
    buffer = replay.reservoir(replay.empty(6, 3), jax.random.key(0), jnp.arange(10, 14, dtype=jnp.int32), logits)
    assert buffer.place.tolist() == [10, 11, 12, 13, 0, 0] and int(buffer.seen) == 4
    np.testing.assert_array_equal(buffer.logits[:4], logits)
    slots = np.asarray(replay.recall(buffer, jax.random.key(2), 500))
    assert set(slots) == {0, 1, 2, 3}
