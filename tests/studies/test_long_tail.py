"""The long-tail study, against Monte Carlo, numpy loops and its own invariants."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from matplotlib.figure import Figure

from mini import privacy
from mini.cli import main
from mini.engine import run, train
from mini.errors import UsageError
from mini.experiment import Keys
from mini.models import classifier
from mini.studies.long_tail import ClosedForm, Estimator, LongTail, settings, theory, training
from mini.studies.long_tail.explorer import explorer
from mini.studies.long_tail.figures import FIGURES
from mini.tasks.label_noise import corrupt
from mini.tasks.subpopulations import SIGHTINGS

SMALL = {"subpopulations": 60, "samples": 100, "width": 32, "test_points": 2}
FEW = {"examples": 100, "train_epochs": 15, "batch_size": 10, "width": 16, "retrain": 2, "matrix": True}
QUIET = {"progress": False}


# The calculator.

def simulated(alpha, n, draws=4000):
    return np.random.default_rng(0).multinomial(n, alpha, draws)


@pytest.mark.parametrize("prior, skew", [("zipf", 1.0), ("geometric", 4.0), ("two_tier", 3.0)])
def test_the_closed_form_is_what_a_simulation_says(prior, skew):
    n, k = 60, 5
    alpha = theory.marginal(prior, 80, skew)
    seen = simulated(alpha, n)
    unseen = (alpha * (seen == 0)).sum(1)
    assert theory.optimum(alpha, n, k) == pytest.approx((1 - 1 / k) * unseen.mean(), rel=0.01)
    assert theory.singles(alpha, n) == pytest.approx((seen == 1).sum(1).mean(), rel=0.01)
    for l in (1, 2, 3):
        met = seen == l
        assert theory.tau(alpha, n, l) == pytest.approx((alpha * met).sum() / met.sum(), rel=0.02)
        assert theory.number_seen(alpha, n, l) == pytest.approx(met.sum(1).mean(), rel=0.03)


def test_frequencies_drawn_and_normalised_differ_little_from_the_list():
    one, many = theory.marginal("zipf", 5000), theory.marginal("zipf", 5000, draws=200)
    for what in (lambda a: theory.tau(a, 5000, 1), lambda a: theory.optimum(a, 5000, 10), lambda a: theory.singles(a, 5000)):
        assert what(many) == pytest.approx(what(one), rel=0.02)
    drawn = np.concatenate([a * (s == 1) for a, s in zip(many, (simulated(a, 5000, 1)[0] for a in many))])
    assert drawn[drawn > 0].mean() == pytest.approx(theory.tau(many, 5000, 1), rel=0.02)


def test_tau_is_safe_where_powers_underflow():
    alpha = theory.marginal("zipf", 50_000)
    assert theory.tau(alpha, 10**6, 0) > 0 and theory.tau(alpha, 10**6, 10**6) == pytest.approx(alpha[0], rel=1e-3)
    assert all(theory.tau(alpha, 1000, l) < theory.tau(alpha, 1000, l + 1) for l in range(6))
    with pytest.raises(UsageError, match="seen"):
        theory.tau(alpha, 10, 11)


def test_privacy_is_a_bound_on_memorisation():
    alpha = theory.marginal("zipf", 1000)
    gamma = theory.private_gamma(math.log(6), 0.0, 10)
    assert theory.cost(alpha, 1000, 10, gamma) == pytest.approx(
        theory.tau(alpha, 1000, 1) * theory.singles(alpha, 1000) * (1 - 6 / 10))
    assert theory.cost(alpha, 1000, 10, theory.private_gamma(100.0, 0.0, 10)) == 0


def test_the_calculator_runs_as_an_experiment():
    runs = run(ClosedForm(), sweep={"samples": [1000, 10_000], "draws": [0, 20]}, seeds=2, **QUIET)
    alpha = theory.marginal("zipf", 1000)
    assert float(runs.optimum.sel(samples=10_000, draws=0)[0]) == pytest.approx(theory.optimum(alpha, 10_000, 10))
    assert np.ptp(runs.cost.sel(draws=0).values, axis=-1).max() == 0 < np.ptp(runs.cost.sel(draws=20).values, axis=-1).min()


# The mixture.

def test_measures_are_those_of_a_loop():
    point = LongTail(**SMALL, sigma=0.4, give_up=1)
    runs = run(point, 6, 6, seeds=1, **QUIET).isel(seed=0, epoch=-1)
    state, (mixture, given_up) = train(point, 6)
    answer = np.asarray(classifier.logits(state.params, mixture.fresh.reshape(-1, 64)).argmax(1)).reshape(60, 2)
    right = (answer == np.asarray(mixture.label)[:, None]).mean(1)
    p, seen = np.asarray(mixture.frequency, float), np.asarray(mixture.seen)
    assert float(runs.test_error) == pytest.approx(1 - (p * right).sum(), abs=1e-5)
    for place, (low, high) in enumerate(zip(SIGHTINGS, [*SIGHTINGS[1:], 10**9])):
        of_bin = (seen >= low) & (seen < high)
        if of_bin.any():
            assert float(runs.accuracy[place]) == pytest.approx(right[of_bin].mean(), abs=1e-5)
        else:
            assert np.isnan(runs.accuracy[place])
        assert int(runs.seen[place]) == of_bin.sum() and float(runs.mass[place]) == pytest.approx(p[of_bin].sum(), abs=1e-5)
    trained = np.asarray(classifier.logits(state.params, mixture.x).argmax(1)) != np.asarray(mixture.y)
    assert float(runs.train_error) == pytest.approx(trained.mean(), abs=1e-6)
    assert float(runs.optimum) == pytest.approx(0.9 * p[seen == 0].sum(), abs=1e-5)
    assert float(runs.predicted_error) == pytest.approx(0.9 * p[seen <= 1].sum(), abs=1e-5)
    np.testing.assert_array_equal(given_up, seen == 1)
    for parts, whole in ((runs.errors, runs.test_error), (runs.predicted_errors, runs.predicted_error)):
        assert float(parts.sum()) == pytest.approx(float(whole), abs=1e-5)


def test_what_is_given_up_does_not_move_the_network():
    point = LongTail(**SMALL, give_up=10**6)
    before, _ = train(point, 0)
    after, _ = train(point, 3)
    for a, b in zip(jax.tree.leaves(before.params), jax.tree.leaves(after.params)):
        np.testing.assert_array_equal(a, b)
    whole, none = (run(LongTail(**SMALL, give_up=3, give_up_share=s), 4, 4, seeds=1, **QUIET) for s in (1.0, 0.0))
    assert float(none.predicted_error[0, -1]) == float(none.optimum[0, -1]) < float(whole.predicted_error[0, -1])


def test_the_bound_is_a_bound_and_expectations_are_the_calculators():
    runs = run(LongTail(**SMALL), 20, 20, seeds=3, sweep={"give_up": [0, 1]}, **QUIET)
    alpha = theory.marginal("zipf", 60)
    np.testing.assert_allclose(runs.expected_error.isel(seed=0), [theory.given_up(alpha, 100, 10, g) for g in (0, 1)])
    assert (runs.bound >= runs.expected_optimum - 1e-9).all() and (runs.bound.sel(give_up=1) > runs.bound.sel(give_up=0)).all()


def test_pruning_nothing_changes_nothing_and_all_weights_leave_a_constant():
    runs = run(LongTail(**SMALL), 10, 10, seeds=1, **QUIET).isel(seed=0)
    np.testing.assert_allclose(runs.pruned_error.sel(pruned_fraction=0), runs.test_error[-1], atol=1e-6)
    assert float(runs.pruned_error.sel(pruned_fraction=0.9)) > float(runs.pruned_error.sel(pruned_fraction=0))


# Privacy.

def test_a_private_epoch_without_noise_or_clipping_is_gradient_descent_on_the_sums_drawn():
    rng = np.random.default_rng(1)
    x, y = jnp.asarray(rng.normal(size=(30, 4)), jnp.float32), jnp.asarray(rng.integers(0, 3, 30), jnp.int32)
    params, batch = classifier.initial(jax.random.key(0), 4, 8, 3), 10
    tx = optax.chain(privacy.aggregate(1e6, 0.0, jax.random.key(0), 25, batch), optax.sgd(0.1))
    got, _, _ = training.private_epoch(tx, params, tx.init(params), jax.random.key(5), batch, 25, x, y, jnp.ones(30))

    @jax.jit
    @jax.grad
    def gradient(p, drawn):
        return (optax.softmax_cross_entropy_with_integer_labels(classifier.logits(p, x), y) * drawn).sum() / batch

    for key in jax.random.split(jax.random.key(5), 3):
        drawn = jax.random.bernoulli(key, batch / 30, (30,)).astype(jnp.float32)
        params = jax.tree.map(lambda w, g: w - 0.1 * g, params, gradient(params, drawn))
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(params)):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_private_run_reports_what_it_spent():
    point = LongTail(**SMALL, private=True, batch_size=20, momentum=0.0, learning_rate=0.2)
    runs = run(point, 4, 4, seeds=1, sweep={"noise_multiplier": [0.0, 1.0, 4.0]}, **QUIET).isel(seed=0)
    spent = runs.epsilon.values
    assert np.isinf(spent[0]) and spent[1] > spent[2] > 0
    assert spent[1] == pytest.approx(privacy.epsilon(1.0, 0.2, 20, float(np.float32(1e-4))))
    assert (runs.overflow == 0).all() and (runs.diverged_at == -1).all()


# The estimator.

@pytest.fixture(scope="module")
def estimated():
    return run(Estimator(**FEW, noise=0.2, memorised=0.1), 30, [1, 10, 30], seeds=2, **QUIET)


def test_the_estimator_keeps_the_paper_s_identity_and_its_own_definitions(estimated):
    end = estimated.isel(network=-1)
    assert (end.unseen == 0).all() and np.isfinite(end.memorisation).all()
    np.testing.assert_allclose(end.mean_memorisation, end.memorisation.mean("example"), atol=1e-6)
    np.testing.assert_allclose(end.mean_memorisation, end.inside_accuracy - end.outside_accuracy, atol=0.02)
    np.testing.assert_allclose(end.gap, end.inside_accuracy - end.test_accuracy, atol=1e-6)
    np.testing.assert_allclose(end.inside.mean("example"), 0.7, atol=1e-6)
    assert (end.false_label.sum("example") == 20).all()
    assert (end.retrained_accuracy > 0.2).all() and (end.removed_examples > 0).all()


def test_after_one_network_nothing_can_be_said(estimated):
    first = estimated.sel(network=1)
    assert (first.unseen == 100).all() and first.memorisation.isnull().all() and first.mean_memorisation.isnull().all()


def test_pairs_and_matrix_agree(estimated):
    for seed in (0, 1):
        one = estimated.sel(seed=seed)
        for i, j, value in zip(one.pair_train.values, one.pair_test.values, one.pair_influence.values):
            if i >= 0:
                assert float(one.influence[i, j]) == pytest.approx(value, abs=1e-6) and value >= 0.15
        assert int((one.pair_train >= 0).sum()) == min(int(one.pairs), 60)


def drawn_world(point, seed, **held):
    keys = Keys(np.uint32(seed), {k: np.uint32(v) for k, v in held.items()})
    return jax.jit(point.world)(keys, jax.tree.map(jnp.asarray, point.data()))


def test_seeds_split_anew_unless_the_data_is_held():
    point = Estimator(**FEW)
    one, two, held = (drawn_world(point, seed, **h) for seed, h in ((0, {}), (1, {}), (1, {"data": 0})))
    assert (one.number != two.number).any() and (one.number == held.number).all()
    assert sorted([*one.number.tolist(), *one.test_number.tolist()]) == list(range(1797))
    assert int(one.luck) != int(held.luck)


def test_a_mixture_for_the_estimator_knows_who_is_rare_and_whose_label_is_false():
    one = drawn_world(Estimator(**FEW, task="mixture", subpopulations=50, noise=0.1), 0)
    counts = np.bincount(one.number, minlength=50)
    np.testing.assert_array_equal(one.seen, counts[np.asarray(one.number)])
    assert int((one.given != one.true).sum()) == 10
    assert float(one.test_weight.sum()) == pytest.approx(1, abs=1e-5) and len(one.test_y) == 50


def test_untrained_networks_memorise_nothing():
    runs = run(Estimator(**FEW, learning_rate=0.0), 30, 30, seeds=1, **QUIET).isel(seed=0, network=-1)
    assert abs(float(runs.mean_memorisation)) < 0.03
    assert float(runs.memorisation.std()) == pytest.approx(float(runs.null.std()), rel=0.3)


def test_noise_is_the_common_tasks():
    point = Estimator(**FEW, noise=0.3)
    _, world = train(point, 0)
    given = corrupt(Keys(np.uint32(0), {}), "symmetric", np.float32(0.3), world.x, world.true, 10)
    np.testing.assert_array_equal(world.given, given)


def test_the_explorer_says_what_theory_and_network_do():
    shown = explorer(("give_up", "seed"), ticks=4, **SMALL)
    shown.controls["give_up"].value = 1
    dataset = shown.wait(60)
    assert f"theory says {float(dataset.predicted_error[0, -1]):.3f}" in shown.alt
    shown.close()


def test_the_explorer_guesses_among_as_many_classes_as_there_are():
    shown = explorer((), ticks=2, classes=4, **SMALL)
    shown.start()
    figure = Figure()
    shown.draw(figure, shown.wait(60).isel(seed=0))
    shown.close()
    best = next(line for line in figure.axes[1].lines if line.get_label() == "theory, best")
    assert best.get_ydata().tolist() == [0.25] + [1.0] * (len(SIGHTINGS) - 1)
    assert [tick.get_text() for tick in figure.axes[1].get_xticklabels()] == [
        "never", "1", "2", "3", "4", "5–9", "10–29", "30–99", "100+"]


def test_figures_that_have_a_published_size_offer_it():
    offered = {figure.id: figure.plans["paper"] for figure in FIGURES if "paper" in figure.plans}
    estimator = (settings.ESTIMATOR["paper"],)
    assert offered == {"long-tail/giving-up": (settings.GIVE_UP["paper"],), "long-tail/memorisation": estimator,
                       "long-tail/influences": estimator, "long-tail/removal": estimator}


def test_every_field_is_an_option_and_a_wrong_one_is_told_in_one_line(capsys):
    for name in ("long_tail", "long_tail/estimator", "long_tail/closed-form"):
        assert main(["run", name, "--classes" if name != "long_tail/estimator" else "--subset-share", "2000"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3 and all(line.startswith("mini: ") for line in lines)


@pytest.mark.parametrize("point, said", [
    (LongTail(subpopulations=5), "classes: got 10, takes at most one for each of the 5"),
    (LongTail(batch_size=2000), "at most the 1000 samples"), (LongTail(subpopulations=1), "in \\[2"),
    (LongTail(skew=12.0), "skew: got 12.0, takes a value that leaves no subpopulation empty"),
    (Estimator(task="mixture", skew=12.0), "no subpopulation empty"),
    (LongTail(prior="pareto"), "one of zipf"), (LongTail(private=True, weight_decay=0.1), "0 when private"),
    (LongTail(give_up_share=1.5), "in \\[0, 1\\]"),
    (Estimator(subset_share=0.9999), "all 1000, 0 to 999, would be in every subset"),
    (Estimator(subset_share=0.0001), "out of every subset"), (Estimator(subset_share=1.0), "in \\(0, 1\\)"),
    (Estimator(noise=1.0), "in \\[0, 1\\)"), (Estimator(examples=1797), "fewer than the 1797 digits"),
    (Estimator(examples=50), "at most the 35 examples"), (Estimator(task="mixture", subpopulations=5), "10 classes"),
    (Estimator(task="mixture", noise_kind="instance"), "another kind"),
    (ClosedForm(classes=20, subpopulations=10), "at most one"),
])
def test_what_cannot_be_run_is_refused_in_one_line(point, said):
    with pytest.raises(UsageError, match=said) as error:
        point.check()
    assert "\n" not in str(error.value)
