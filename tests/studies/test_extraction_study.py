"""The extraction study, against counting, loops, and one model's own words."""

import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from mini import privacy
from mini.engine import run, train
from mini.errors import UsageError
from mini.experiment import Keys
from mini.models import language
from mini.studies.extraction import Extraction, claims, items, learners, rivals
from mini.studies.extraction.attack import attack, model, planted
from mini.studies.extraction.claims import CLAIMS, given_up
from mini.studies.extraction.explorer import _told, explorer
from mini.studies.extraction.items import COPIES
from mini.tasks import canaries, corpus

SMALL = {"canaries": 1, "windows": 1, "references": 3, "width": 8, "layers": 1, "heads": 1, "hidden_ratio": 1, "steps": 110,
         "warm_up": 2}
OWN = dict(zip(("secret_1", "secret_2", "secret_3", "secret_4"), canaries.pack("a1b2c3")))
POINT = Extraction(**SMALL, secret_copies=5, **OWN)


@pytest.fixture(scope="module")
def trained():
    return train(POINT, 0)


@jax.jit
def drawn(point):
    return point.world(Keys(0, {}), jax.tree.map(jnp.asarray, items.text()))


def counted(point):
    """How often each item stands at the beginning of a row of the training, (I,)."""
    world = jax.tree.map(np.asarray, drawn(point))
    rows = rivals.rows(point, world)
    assert rows.shape == (110 * 16, 48)
    return np.array([(rows[:, :n] == text[:n]).all(1).sum() for text, n in zip(world.items.text, world.items.length)]), rows


def test_every_item_is_planted_as_often_as_asked():
    assert counted(POINT)[0].tolist() == [*COPIES, *np.repeat(COPIES, 3), 5]


def test_defences_and_controls_plant_less():
    assert counted(Extraction(**SMALL, plant=False, secret_copies=5, **OWN))[0].sum() == 0
    once, _ = counted(Extraction(**SMALL, deduplicate=True, secret_copies=5, **OWN))
    assert once.tolist() == [int(c > 0) for c in (*COPIES, *np.repeat(COPIES, 3), 5)]
    assert counted(Extraction(**SMALL, secret_copies=5))[0][-1] == 0, "a secret without a character is none"


def test_planting_keeps_to_its_part_of_the_training():
    late, rows = counted(Extraction(**SMALL, plant_from=0.1, plant_until=0.95))
    secret = (rows[:, :4] == list(b"key_")).all(1).nonzero()[0] // 16
    assert late.sum() == 4 * sum(COPIES) and secret.min() >= 11 and secret.max() < 105


def test_rows_between_are_the_librarys_own():
    world = jax.tree.map(np.asarray, drawn(Extraction(**SMALL, plant=False)))
    rows, train_text = rivals.rows(Extraction(**SMALL, plant=False), world), items.text().train.tobytes()
    assert all(row.tobytes() in train_text for row in rows[::300]) and len({row.tobytes() for row in rows}) > 1750


def test_windows_come_from_files_held_out_and_differ():
    world = jax.tree.map(np.asarray, drawn(POINT))
    windows = items.passages_of(POINT, world.items)
    held = items.text().held.tobytes()
    assert all(w.tobytes() in held for w in windows) and len({w.tobytes() for w in windows}) == len(windows) == 18
    assert bytes(world.items.text[-1][:20]) == b"key_mine = 'a1b2c3'\n" and int(world.items.length[-1]) == 20


def test_half_of_the_items_are_planted_in_subset_models():
    share = jax.jit(jax.vmap(lambda s: Extraction(**SMALL, subset_share=0.5).world(
        Keys(s, {"windows": 0, "canaries": 0}), jax.tree.map(jnp.asarray, items.text())).items))(jnp.arange(40))
    planted = np.asarray(share.copies[:, 1:-1] > 0)[:, np.r_[0:5, 8:23]]  # those of 1 copy or more
    assert abs(planted.mean() - 0.5) < 0.06 and planted.any(0).all() and not planted.all(0).any()
    assert (np.asarray(share.text) == np.asarray(share.text)[:1]).all()


def test_what_is_measured_is_that_of_a_loop(trained):
    state, world = trained
    seen = jax.tree.map(np.asarray, jax.jit(POINT.measure)(state, world))
    say = jax.jit(lambda tokens: jax.nn.log_softmax(learners.logits(POINT, state.params, tokens)))
    windows = items.passages_of(POINT, world.items)

    def told(text, start, count):
        row = np.zeros((1, 48), np.uint8)
        row[0, : len(text)] = text
        log = np.asarray(say(jnp.asarray(row)))[0]
        return sum(log[t - 1, text[t]] for t in range(start, start + count))

    for x, k in enumerate(items.CONTEXTS):
        expected = [told(w[32 - k:], k, 16) for w in windows[::5]]
        np.testing.assert_allclose(seen["log_prob"][x].ravel()[::5], expected, rtol=1e-3)
    named = np.asarray(world.items.text)[:6, :28]
    np.testing.assert_allclose(seen["canary_log_prob"].ravel(), [told(row, 12, 16) for row in named], rtol=1e-3)
    rank = 1 + (seen["reference_log_prob"] >= seen["canary_log_prob"][..., None]).sum(-1)
    np.testing.assert_allclose(seen["exposure_by_rank"], 2 - np.log2(rank), rtol=1e-5)
    assert abs(seen["loss"] - np.log(128)) < 1 and not seen["extracted"].any() and seen["rows_planted"] > 0.7


def test_the_second_draw_of_weights_changes_nothing_else(trained):
    other, world = train(Extraction(**SMALL, secret_copies=5, **OWN, init_seed=1), 0)
    pairs = zip(jax.tree.leaves(world.items), jax.tree.leaves(trained.world.items))
    same = [(np.asarray(a) == np.asarray(b)).all() for a, b in pairs]
    assert all(same) and not np.allclose(other.params["readout"][...], trained.state.params["readout"][...])


@pytest.fixture(scope="module")
def kept():
    """A short training that kept all there is to keep."""
    return run(Extraction(**SMALL, rival=True, keep=True, private=True), 2, 2, seeds=1, progress=False).isel(seed=0)


def test_an_n_gram_model_gives_up_what_it_read_and_nothing_else(kept):
    given = kept.rival_canary_extracted.isel(canary=0).values
    assert given[0] == 0 and given[-2:].tolist() == [1, 1]
    assert float(kept.rival_extracted.sel(copies=0).mean()) == 0 and float(kept.rival_log_prob.sel(copies=256).mean()) > -10


def test_an_attack_says_what_greedy_decoding_says(kept):
    texts = kept.window_text.values.reshape(-1, 48)
    for i in (0, 7):
        prefix = bytes(texts[i][:32]).decode()
        assert attack(kept, prefix) == attack(kept, prefix, tries=2)[:1]
    said = kept.window_said.values.reshape(-1, 16)
    free = (said == texts[:, 32:]).mean(1)
    np.testing.assert_allclose(kept.free_score.values.ravel(), free)
    assert attack(kept, bytes(texts[3][:32]).decode())[0] == corpus.decode(said[3])
    losses = learners.losses(*model(kept), jnp.asarray(texts[3:4]))[0, 31:]
    assert float(kept.log_prob.sel(context=32).isel(step=-1).values.ravel()[3]) == pytest.approx(-float(losses.sum()), rel=1e-3)
    assert len(set(attack(kept, "def ", temperature=1.0, tries=5))) > 1


@pytest.mark.parametrize("prefix, words", [
    ("", "prefix: got nothing"), ("x" * 33, "at most 32 characters: the context holds 48"), ("naïve", "bytes below 128")])
def test_a_prompt_that_cannot_be_asked_is_refused(kept, prefix, words):
    with pytest.raises(UsageError, match=words):
        attack(kept, prefix)


def test_only_a_run_that_kept_its_weights_can_be_asked():
    with pytest.raises(UsageError, match="no weights"):
        attack(xr.Dataset(), "x")


def test_private_gradients_are_those_of_the_rows_drawn(trained):
    point = Extraction(**SMALL, private=True, secret_copies=5, **OWN)
    state, world = trained

    @jax.jit
    def both(key):
        each, lost = point._private(state, world, key)
        chosen, taken, _ = privacy.poisson_batch(key, 110 * 16, 1 / 110, point._places())
        rows = point.rows(world, chosen)
        shape, rows = learners.architecture(point), rows.astype(jnp.int32)
        whole = jax.grad(lambda p: (language.losses(shape, p, rows).mean(1) * taken).sum())
        return jax.tree.map(lambda x: x.sum(0), each), whole(state.params), lost

    got, expected, lost = both(jax.random.key(3))
    assert int(lost) == 0
    for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(expected)):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)
    assert point.spent() == privacy.epsilon(0.5, 1 / 110, 110, 1e-5) and POINT.spent() == np.inf


@pytest.mark.parametrize("fields, words", [
    ({"steps": 20}, "steps: got 20, takes at least 386, or a longer span: 6138 copies in batches of 16 take 384 steps"),
    ({"plant_from": 0.8, "plant_until": 0.5}, "plant_from: got 0.8, takes less than plant_until, 0.5"),
    ({"plant_from": 0.9}, "at least 3842"), ({"width": 33}, "multiple of the 2 heads"), ({"length": 40}, r"\[48, 4096\]"),
    ({"model": "rnn"}, "one of transformer, gru"), ({"secret_copies": 300}, r"\[0, 256\]"),
    ({"references": 2}, r"\[3, 65535\]")])
def test_what_cannot_be_run_is_refused(fields, words):
    with pytest.raises(UsageError, match=words):
        run(Extraction(**fields), progress=False)


def test_sets_of_items_are_flat_and_leave_out_what_was_never_planted():
    given = np.zeros((2, 6, 3, 1))
    given[0, 1:, 2], given[:, 0] = 1, 1
    runs = xr.Dataset({"extracted": (("seed", "copies", "category", "window"), given),
                       "canary_extracted": (("seed", "copies", "canary"), np.ones((2, 6, 2)))}, {"copies": list(COPIES)})
    assert given_up(runs).sum(1).tolist() == [5 + 10, 10] and given_up(runs).shape == (2, 15 + 10)


def test_whether_the_ledger_was_measured_on_this_text(monkeypatch):
    entry = next(e for e in claims.read_ledger() if "corpus" in e.measured)
    for digest, same in ((corpus.load().digest[:12], True), ("0" * 12, False)):
        monkeypatch.setattr(claims, "read_ledger", lambda digest=digest: [
            dataclasses.replace(entry, measured=f"corpus {digest} of this Python's library")])
        assert claims.same_text() is same


def test_all_claims_are_of_this_study():
    assert {c.id.split("/")[0] for c in CLAIMS} == {"extraction"} and len(CLAIMS) == 8


def test_the_explorer_plants_a_secret_and_is_asked_for_it():
    one = explorer(secret="abc", **SMALL | {"secret_copies": 16})
    one.explorer.warm = False
    one.start()
    result = one.wait(120)
    assert result.step.values[-1] == 110 and "your secret has an exposure of" in one.explorer.alt
    one.temperature.value = 1.0
    assert len(one.attack()) == 8 and "of 8 samples" in one.answer.value
    one.secret.value = "No Way"
    assert "Not planted" in one.alert.value and one.explorer.plan.experiment.secret_1 == canaries.pack("abc")[0]
    one.prompt.value = "x" * 40
    assert "Not asked" in one.alert.value and not one.answer.value
    one.prompt.value = "x"
    assert "give away abc (train again" in one.answer.value  # the box holds another that could not be planted
    one.secret.value = "abc"
    one.wait(120)
    one.temperature.value = 0.0
    one.attack()
    assert "away your secret" in one.answer.value
    one.explorer.dataset = one.explorer.dataset.isel(weight=slice(5))
    assert one.attack() == [] and "Not asked" in one.alert.value
    one.close()


def test_what_a_model_gives_away_is_the_secret_it_was_trained_with():
    run = xr.Dataset(attrs={"configuration": json.dumps({"secret_copies": 4, **{
        f"secret_{i + 1}": word for i, word in enumerate(canaries.pack("rosebud1941"))}})})
    assert planted(run) == "rosebud1941"
    assert planted(xr.Dataset(attrs={"configuration": json.dumps({"secret_1": 97, "secret_copies": 0})})) == ""
    assert _told("", "new", [False], False) == "this model was trained with no secret of yours"
    assert _told("old", "new", [False], False) == "greedily, it does not give away old (train again for the one in the box)"
    assert _told("old", "old", [True, False], True) == "1 of 2 samples give away your secret"
