"""The repeated-data study, against counting, loops and closed forms."""

import jax
import numpy as np
import pytest
from matplotlib.figure import Figure

from mini.engine import run, train
from mini.errors import UsageError
from mini.experiment import Keys
from mini.measures.curves import last
from mini.models import language
from mini.studies.repeated_data import Duplicates, RepeatedData
from mini.studies.repeated_data.claims import up_and_down, worst
from mini.studies.repeated_data.explorer import CONTROLS, explorer
from mini.studies.repeated_data.linear import equivalent
from mini.tasks import sequences

SMALL = {"vocabulary": 12, "length": 24, "shortest": 3, "longest": 6, "stream": 300, "batch_size": 8, "held_out": 6,
         "width": 8, "layers": 1, "heads": 2, "warm_up": 2, "maps": True, "pool_size": 5}
POINT = RepeatedData(**SMALL)


def batches(point, steps):
    """The rows of each step and their weights, (S, B) twice."""
    each = jax.vmap(lambda t: point.batch(t, jax.random.fold_in(jax.random.key(0), t)))
    return [np.asarray(x) for x in each(np.arange(steps))]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_the_share_of_the_pool_is_exact_and_no_fresh_row_comes_twice(share):
    point = RepeatedData(**SMALL | {"stream": 5000}, repeated_share=share)
    index, weight = batches(point, 200)
    of_pool = index < 5
    assert of_pool.sum() == round(share * 1600) == float(point.pooled(200))
    fresh = index[~of_pool]
    assert sorted(fresh) == list(range(5, 5 + len(fresh))) and (weight == 1).all()
    if share:
        counts = np.bincount(index[of_pool], minlength=5)
        np.testing.assert_allclose(counts / counts.sum(), 0.2, atol=0.06)


def test_a_stream_that_is_too_short_is_read_again():
    index, _ = batches(RepeatedData(**SMALL), 150)
    fresh = index[index >= 5]
    assert set(fresh) == set(range(5, 300)) and fresh[295] == fresh[0]


def test_the_pool_ends_when_it_is_told_to():
    point = RepeatedData(**SMALL, pool_until=3)
    index, _ = batches(point, 6)
    assert ((index < 5).sum(1) == [4, 4, 4, 0, 0, 0]).all() and float(point.pooled(6)) == 12


def test_the_unique_tokens_alone_are_those_of_the_repeated_run():
    index, weight = batches(RepeatedData(**SMALL, pool_weight=0.0), 20)
    whole, _ = batches(RepeatedData(**SMALL), 20)
    assert (index == whole).all() and (weight == (index >= 5)).all()


@pytest.fixture(scope="module")
def runs():
    return run(POINT, 40, 20, seeds=2, sweep={"repeated_share": [0.0, 0.5]}, progress=False)


def test_labels_and_counts(runs):
    assert runs.prefix_matching.dims == ("repeated_share", "seed", "step", "layer", "head")
    np.testing.assert_allclose(runs.copying_chance, np.log(12), rtol=1e-6)
    np.testing.assert_allclose(runs.repeats.sel(repeated_share=0.5, seed=0), [0, 20 * 4 / 5, 40 * 4 / 5])
    np.testing.assert_allclose(runs.stream_read.sel(repeated_share=0, seed=0), np.array([0, 160, 320]) / 295, rtol=1e-6)
    np.testing.assert_allclose(runs.best_prefix_matching, runs.prefix_matching.max(("layer", "head")), rtol=1e-6)
    np.testing.assert_allclose(runs.attention.sum("key"), 1, rtol=1e-4)
    assert (runs.parameters == 12 * 8 * 2 + 24 * 8 + 4 * 64 + 16).all()
    assert (last(runs.pool_loss).sel(repeated_share=0.5) < runs.pool_loss.isel(step=0).sel(repeated_share=0.5)).all()


def test_losses_and_bits_are_those_of_a_loop():
    state, world = train(POINT, 30)
    seen = jax.jit(POINT.measure)(state, world)
    tokens = sequences.rows(world.stream, np.arange(5), 24)
    losses = np.asarray(jax.jit(lambda params: language.losses(POINT._architecture(), params, tokens))(state.params))
    p, periods = sequences.transitions(world.tickets), np.asarray(world.stream.period, int)
    bits = []
    for i in range(5):
        first, period = np.asarray(world.stream.first[i], int), periods[i]
        known = np.log(p[first[: period - 1], first[1:period]]) if world.stream.chained[i] else np.full(period - 1, -np.log(12))
        bits.append((-known.sum() - losses[i, : period - 1].sum()) / np.log(2))
    weights = np.bincount(np.arange(6) % 5) / 6  # six places show a pool of five
    assert float(seen["memorised_bits"]) == pytest.approx(5 * weights @ bits, rel=1e-3, abs=1e-2)
    assert float(seen["pool_loss"]) == pytest.approx(weights @ losses.mean(1), rel=1e-4)


def test_entropy_is_told_for_the_held_out_periods():
    state, world = train(POINT, 0)
    told = float(POINT.examine(state, world)["entropy"])
    chain = [sequences.entropy(world.tickets, int(n)) / int(n) for n in world.held_out.period]
    assert told == pytest.approx(np.mean([(h + np.log(12)) / 2 for h in chain]), rel=1e-5)


def test_the_same_seed_draws_the_same_world_whatever_the_share():
    one, other = (jax.jit(lambda s: RepeatedData(**SMALL, repeated_share=s).world(Keys(3, {}), ()))(s) for s in (0.0, 0.9))
    assert all((a == b).all() for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other)))


@pytest.mark.parametrize("fields, words", [
    ({"pool_size": 70000}, "pool_size: got 70000, takes fewer than the stream's 65536 sequences"),
    ({"pool_size": 0}, r"pool_size: got 0, takes a whole number in \[1, inf\)"), ({"repeated_share": 1.5}, "repeated_share"),
    ({"repeated_share": 1.0, "pool_weight": 0.0}, "more than 0 where all is drawn from the pool"),
    ({"width": 33}, "multiple of the 2 heads"), ({"shortest": 30}, "at most longest, 24"), ({"length": 16}, "at least 24"),
    ({"vocabulary": 300}, r"\[2, 256\]"), ({"positions": "sine"}, "one of qk, rotary, additive")])
def test_what_cannot_be_run_is_refused(fields, words):
    with pytest.raises(UsageError, match=words):
        run(RepeatedData(**fields), 1, progress=False)


def test_without_duplicates_the_closed_form_is_that_of_least_squares():
    risk, (error,) = equivalent([1.0], [2000], 500, 0.7, 1e-9)
    assert risk == pytest.approx(0.49 * 500 / 1500, rel=1e-4) and error == pytest.approx(0.49 * 1500 / 2000, rel=1e-4)


def test_ridge_alone_shrinks_everything():
    risk, _ = equivalent([1.0], [10], 5, 0.5, 1e9)
    assert risk == pytest.approx(1, rel=1e-4)


def test_rows_that_stand_twice_everywhere_change_nothing_but_the_ridge():
    once, _ = equivalent([1.0], [60], 20, 0.5, 1.0)
    twice, _ = equivalent([2.0], [60], 20, 0.5, 2.0)
    assert once == pytest.approx(twice, rel=1e-6)


def test_the_closed_form_is_that_of_many_fits():
    got = run(Duplicates(rows=1000, dimensions=50, draws=40), seeds=1, progress=False).isel(seed=0)
    large = got.sel(pool=got.pool >= 20)  # few rows of great weight vary too much for these draws
    np.testing.assert_allclose(large.risk, large.derived_risk, rtol=0.1)
    np.testing.assert_allclose(large.pool_error, large.derived_pool_error, rtol=0.1)
    assert int(got.pool[got.derived_risk.values.argmax()]) < 50 < int(got.pool[-1])


def test_no_seed_chooses_its_own_worst_pool(runs):
    values = runs.pool_loss.isel(repeated_share=0, step=0).expand_dims(pool_size=3).transpose("seed", "pool_size").copy()
    values.values[:] = [[0.0, 9.0, 1.0], [5.0, 0.0, 1.0]]
    assert worst(values).tolist() == [0, 1] and worst(values, inner=True).tolist() == [1, 1]


def test_one_descent_is_no_double_descent():
    assert up_and_down(np.linspace(5, 1, 20)) == pytest.approx(0, abs=1e-12)
    assert up_and_down(np.r_[np.linspace(5, 2, 9), np.linspace(2, 3, 9), np.linspace(3, 1, 9)]) == pytest.approx(1, abs=0.15)


def test_the_explorer_tells_what_it_draws():
    one = explorer(**SMALL | {"pool_size": 4}, ticks=4)
    one.warm = False
    one.start()
    result = one.wait(120)
    one.close()
    assert result.step.values[-1] == 4 and result.attention.dims[-4:] == ("layer", "head", "query", "key")
    for words in ("After 4 steps, the pool read 4 times", "copying ", "chance 2.48", "prefix matching of the best head"):
        assert words in one.alt
    assert set(one.controls) < set(CONTROLS)
    unique = one.draw(Figure(), result.isel(seed=0).assign(repeats=0.0 * result.repeats.isel(seed=0)))
    assert "no pool" in unique and "the pool" not in unique, "where all is unique there is no pool to show"
