"""Forgetting of sequences: what is read when, what is measured, the claims' arithmetic, and what readers touch."""

import itertools

import jax
import numpy as np
import pytest
import xarray as xr

from mini.engine import run, train
from mini.errors import UsageError
from mini.measures import recognition
from mini.models import language
from mini.studies.forgetting import Forgetting, human
from mini.studies.forgetting.claims import memory
from mini.studies.forgetting.explorer import CONTROLS, explorer
from mini.studies.forgetting.fitter import OWN, Fitter, read
from mini.studies.forgetting.game import Game, Round, deal, spell
from mini.studies.forgetting.settings import probes
from mini.tasks import sequences

SMALL = {"items": 8, "batch_size": 4, "length": 8, "vocabulary": 16, "stream": 40, "width": 8, "layers": 1, "heads": 2,
         "exposures": 3, "study_ends": 10, "warm_up": 2}
POINT = Forgetting(**SMALL)


@pytest.fixture(scope="module")
def trained():
    return train(POINT, 14)


@pytest.fixture(scope="module")
def runs():
    return run(POINT, 14, [4, 6, 8, 10, 12], seeds=2, sweep={"random_strings": [False, True]}, progress=False)


def test_each_sequence_is_read_once_a_pass_and_passes_differ_in_order(trained):
    _, world = trained
    read_at = np.asarray(jax.jit(jax.vmap(lambda t: POINT.batch(world, t)))(np.arange(12)))
    studied = np.asarray(world.studied)
    passes = [np.concatenate(read_at[t:t + 2]) for t in (4, 6, 8)]
    for rows in passes:
        assert sorted(map(tuple, rows)) == sorted(map(tuple, studied))
    assert any((a != b).any() for a, b in itertools.pairwise(passes))
    for t in (0, 3, 10, 11):  # otherwise the stream, in its order, starting anew at its end
        assert (read_at[t] == np.asarray(world.stream)[(4 * t + np.arange(4)) % 40]).all()


def test_labels_and_clocks(runs):
    one = runs.sel(random_strings=False).isel(seed=0)
    assert one.exposed.values.tolist() == [0, 0, 1, 2, 3, 3, 3]
    np.testing.assert_allclose(one.since.values, [np.nan] * 4 + [0, 2, 4])
    assert one.foil.values.tolist() == ["independent", "near", "scrambled"] and one.item_loss.dims == ("step", "item")
    np.testing.assert_allclose(one.studied_loss, one.item_loss.mean("item"), rtol=1e-5)
    np.testing.assert_allclose(one.recall, one.item_recall.mean("item"), atol=1e-6)
    assert (np.sort(one.studied, 1) == np.sort(one.foils.sel(foil="scrambled"), 1)).all()
    assert ((one.studied != one.foils.sel(foil="near")).sum("place") == 1).all()


def test_near_foils_go_on_as_the_chain_may(trained):
    _, world = trained
    p = sequences.transitions(world.tickets)
    studied, near, scrambled = np.asarray(world.studied), *np.asarray(world.foils)[1:]
    possible = [(p[rows[:, :-1], rows[:, 1:]] > 0).mean() for rows in (studied, near, scrambled)]
    assert min(possible[:2]) > 0.95 > 0.8 > possible[2]


def test_recognition_is_told_from_the_losses(runs):
    for foil in runs.foil.values:
        told = recognition.area(runs.item_loss.values, runs.foil_loss.sel(foil=foil).values)
        np.testing.assert_allclose(runs.area.sel(foil=foil), told, atol=1e-6)


def test_losses_and_recall_are_those_of_a_loop(trained):
    state, world = trained
    seen = jax.jit(POINT.measure)(state, world)
    a, studied = POINT._architecture(), np.asarray(world.studied)
    ask = jax.jit(lambda tokens: language.logits(a, state.params, tokens))
    logits = np.asarray(ask(studied), float)
    log = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    each = [-np.mean([log[i, t, studied[i, t + 1]] for t in range(7)]) for i in range(8)]
    np.testing.assert_allclose(seen["item_loss"], each, rtol=1e-4)
    said = studied.copy()
    said[:, 4:] = 0
    for t in range(4, 8):  # a free run by whole passes, without a cache
        said[:, t] = np.asarray(ask(said))[:, t - 1].argmax(-1)
    np.testing.assert_allclose(seen["item_recall"], (said[:, 4:] == studied[:, 4:]).mean(1), atol=1e-6)
    forced = logits[:, 3:-1].argmax(-1) == studied[:, 4:]
    assert float(seen["recall_forced"]) == pytest.approx(forced.mean())


def test_a_phase_begins_with_a_fresh_optimiser_if_asked():
    for fresh, count in ((True, 1), (False, 5)):
        state, _ = train(Forgetting(**SMALL, fresh_optimiser=fresh), 5)  # one step into studying
        counts = [int(x) for x in jax.tree.leaves(state.memory) if x.dtype == np.int32 and x.ndim == 0]
        assert counts and set(counts) == {count}


@pytest.mark.parametrize("fields, words", [
    ({"exposures": 0}, r"exposures: got 0, takes a whole number in \[1"), ({"batch_size": 5}, "a divisor of the 64 items"),
    ({"exposures": 200}, "at least 1600: 200 passes of 8 steps come before it"), ({"width": 33}, "multiple of the 2 heads"),
    ({"items": 1}, r"items: got 1, takes a whole number in \[2"), ({"length": 3}, r"\[4, 1024\]")])
def test_what_cannot_be_run_is_refused(fields, words):
    with pytest.raises(UsageError, match=words):
        Forgetting(**fields).check()


# The claims' arithmetic, on runs made by hand.


def made(recognised, recalled, unstudied=0.0, items=4):
    """Runs of two equal seeds, studied 0, 1, 2, 4, 8 times and looked at 0, 1, 10, 100 steps after."""
    exposed, since = np.r_[0, 0, 1, 2, 4, 8, 8, 8, 8.0], np.r_[[np.nan] * 5, 0, 1, 10, 100.0]
    n = len(exposed)
    rows = np.tile(np.asarray(recalled, float), (2, 1))
    area = np.stack([np.tile(np.asarray(recognised, float), (2, 1)), np.full((2, n), 0.5)], -1)
    return xr.Dataset({
        "exposed": (("seed", "step"), np.tile(exposed, (2, 1))), "since": (("seed", "step"), np.tile(since, (2, 1))),
        "area": (("seed", "step", "foil"), area), "recall": (("seed", "step"), rows),
        "unstudied_recall": (("seed", "step"), np.full((2, n), unstudied)),
        "item_recall": (("seed", "step", "item"), np.repeat(rows[..., None], items, 2))},
        {"seed": [0, 1], "step": np.arange(n), "foil": ["independent", "near"]})


RUNS = made([0.3, 0.5, 0.8, 1.0, 1.0, 1.0, 1.0, 1.0, 0.6], [0, 0, 0, 0.2, 0.6, 1.0, 0.5, 0.2, 0.1], unstudied=0.0)


def test_exposures_needed_are_read_between_records():
    runs = memory.recognised(RUNS)
    np.testing.assert_allclose(memory.needed(runs, "recognition"), 1.5)  # 0.8 at 1, 1.0 at 2
    np.testing.assert_allclose(memory.needed(runs, "recall"), 7.0)  # 0.6 at 4, 1.0 at 8
    np.testing.assert_allclose(memory.before_recall(RUNS), 7 / 1.5)
    never = memory.recognised(made([0.5] * 9, [0] * 9))
    assert (memory.needed(never, "recognition") == 16).all() and (memory.needed(never, "recall") == 16).all()


def test_what_is_kept_and_when_half_is_lost():
    since, left = memory.kept(RUNS, "recall")
    assert since.tolist() == [0, 1, 10, 100]
    np.testing.assert_allclose(left[0], [1, 0.5, 0.2, 0.1])
    for last, margin in ((0.15, 0.05), (0.05, -0.05)):  # 0.2 left after ten steps, and so much after a hundred
        runs = made([0.5] * 9, [0, 0, 0, 0.2, 0.6, 1.0, 0.5, 0.2, last])
        np.testing.assert_allclose(memory.collapse(runs), margin, atol=1e-12)
    np.testing.assert_allclose(memory.collapse(made([0.5] * 9, [0, 0, 0, 0.2, 0.6, 1.0, 0.9, 0.8, 0.7])), -0.3)  # no collapse
    runs = memory.recognised(RUNS)
    between = np.log1p(10) + (np.log1p(100) - np.log1p(10)) * (1 - 0.5) / (1 - 0.2)  # from 1.0 to 0.2 of what was learned
    np.testing.assert_allclose(memory.halved(runs, "recognition"), np.expm1(between))
    assert np.isnan(memory.collapse(made([1] * 9, [0.1] * 9))).all()  # nothing learned, nothing to lose


def test_survivors_are_counted_among_those_that_were_learned():
    runs = RUNS.copy(deep=True)
    runs["item_recall"].values[:, -1, 0] = 1.0  # one of four is still there
    still, learned = memory.survivors(runs)
    assert still.tolist() == [1, 1] and learned.tolist() == [4, 4]
    assert memory.survivors(made([1] * 9, [0.1] * 9))[1].tolist() == [0, 0]


def test_the_gain_is_a_difference_in_differences(runs):
    one = runs.sel(random_strings=False)
    since, saved = memory.gain(one)
    before = one.isel(step=1)  # the record before the first pass
    for s, t, i in np.ndindex(2, len(since), 8):
        now = one.isel(step=4 + t, seed=s)
        foils = before.foil_loss.isel(seed=s, foil=0).values - now.foil_loss.isel(foil=0).values
        own = float(before.item_loss[s, i] - now.item_loss[i])
        assert saved[s, i, t] == pytest.approx(own - foils.mean(), abs=1e-5)


def test_probes_are_after_each_pass_and_log_spaced():
    got = probes(Forgetting(), 100)
    assert got[:3] == (800, 808, 816) and got[-1] == 1156 and list(got) == sorted(set(got))


# People, the game, the fitter, the explorer.


def test_peoples_curves_say_where_they_come_from():
    curves = human.curves()
    assert all(c.mark and c.paper for c in curves.values()) and np.isnan(curves["Spanish at school"].value).all()
    assert len(curves["Dros"].minutes) == 7 and (curves["Dros"].value[[0, -1]] == [0.472, 0.041]).all()
    predicted = 1.84 / (np.log10(curves["Ebbinghaus"].minutes) ** 1.25 + 1.84)  # his own equation of 1885
    np.testing.assert_allclose(curves["Ebbinghaus"].value, predicted, atol=0.035)


def test_a_foreign_table_of_people_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match="human curves: got columns"):
        human.curves(tmp_path / "a.csv")


def test_a_game_is_counted_and_ends():
    game = Round(("ab", "cd"), ("ae", "ce"), (True, False))
    assert game.pair() == ("ab", "ae")
    game = game.answer(True)
    assert game.pair() == ("ce", "cd") and game.right == 1
    game = game.answer(True)
    assert game.over and (game.right, game.asked) == (1, 2)
    with pytest.raises(UsageError, match="one more than the 2 pairs"):
        game.answer(True)


def test_the_dealt_strings_are_those_of_the_run(runs):
    one = runs.sel(random_strings=False).isel(seed=0)
    game = deal(one, "near", 5, seed=3)
    assert len(game.left) == 5 and set(game.studied) <= {spell(row) for row in one.studied.values}
    assert all(sum(a != b for a, b in zip(s, f)) == 1 for s, f in zip(game.studied, game.foils))
    assert deal(one, "near", 5, seed=3) == game != deal(one, "near", 5, seed=4)
    for wrong in ({"foil": "far"}, {"pairs": 9}, {"pairs": 0}):
        with pytest.raises(UsageError):
            deal(one, **wrong)


def test_the_game_is_played_to_its_end():
    game = Game(pairs=4, **SMALL)
    assert all(b.disabled for b in game.choices)
    game.begin.click()
    for left in game.round.left:
        assert tuple(b.description for b in game.choices) == game.round.pair()
        game.choices[0 if left else 1].click()
    assert "you in 4 of 4, 1.00" in game.text.value and "<img alt=" in game.image.value
    game.again.click()
    assert not game.round.asked and "Read these 4 strings" in game.text.value
    assert "The model chooses right" in game._repr_mimebundle_()["text/html"]


def test_what_stops_the_game_is_said():
    game = Game(pairs=1, **SMALL)
    game.begin.click()
    game.runs = game.runs.drop_vars("forced_choice")
    game.choices[0].click()
    assert 'role="alert"' in game.alert.value and "forced_choice" in game.alert.value
    game.again.click()
    assert not game.alert.value and "Read these 1 strings" in game.text.value


@pytest.mark.parametrize("text, words", [
    ("", "points: got none"), ("1 2\n3 x", "line 2: got '3 x', takes numbers"), ("1", "line 1: got 1 number, takes a time"),
    ("0 1\n1 2 3", "line 2: got 3 numbers, takes 2 numbers"), ("-1 2", "line 1: got '-1 2', takes a time from 0 on"),
    ("1 inf", "finite scores"), ("nan 1", "a time from 0 on")])
def test_unreadable_points_are_named(text, words):
    with pytest.raises(UsageError, match=words):
        read(text)


def test_the_fitter_fits_what_it_is_given():
    fitter = Fitter({"mine": (np.arange(8.0), 0.9 * np.exp(-0.3 * np.arange(8)))}, start="mine")
    assert "best: exponential" in fitter.text.value and "No bands" in fitter.text.value
    fitter.points.value = "1 2\n3 x"
    assert 'role="alert"' in fitter.alert.value and "best: exponential" in fitter.text.value
    fitter.points.value = "0 1\n1 0.5"
    assert not fitter.alert.value and "cannot be told" in fitter.text.value and "no model could be fitted" in fitter.text.value
    fitter.choice.value = "Dros"
    assert read(fitter.points.value)[1][0, -1] == 0.041
    fitter.choice.value = OWN
    fitter.points.value = "0 1 .9\n1 .6 .5\n2 .3 .35\n3 .2 .2\n4 .1 .15\n5 .05 .1\n6 nan nan"
    assert "Bands: 95%" in fitter.text.value


@pytest.mark.earnest
def test_the_explorer_tells_what_it_draws():
    one = explorer(reading_on=5, **SMALL)
    one.warm = False
    one.start()
    result = one.wait(120)
    one.close()
    assert result.step.values.tolist()[-1] == 15
    for words in ("5 steps after studying ended", "recognition ", "near foils", "of sequences never studied", "d' "):
        assert words in one.alt
    assert set(one.controls) < set(CONTROLS)
