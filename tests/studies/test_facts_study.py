"""Facts injected into ongoing training, against reading the batches and the probes one by one."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from mini.engine import run, train
from mini.errors import UsageError
from mini.experiment import Keys
from mini.models import language
from mini.studies.forgetting import Facts, facts_settings
from mini.studies.forgetting.claims import facts as claims
from mini.studies.forgetting.facts_explorer import CONTROLS, explorer
from mini.tasks.facts import SENTENCE

SMALL = {"names": 8, "attributes": 2, "values": 5, "templates": 4, "length": 12, "people": 2, "background": 12, "batch_size": 8,
         "stream": 256, "width": 8, "layers": 1, "heads": 2, "hidden_ratio": 2, "last": 10, "interval": 3.0, "exposures": 3,
         "late": 2, "warm_up": 2, "learning_rate": 0.01}
POINT = Facts(**SMALL)


@pytest.fixture(scope="module")
def world():
    return jax.jit(lambda: POINT.world(Keys(3, {}), ()))()


def names(tokens) -> set:
    """The full names in a sequence."""
    tokens = list(map(int, tokens))
    return {(a, b - 8) for a, b in itertools.pairwise(tokens) if a < 8 <= b < 16}


def test_injections_are_where_they_are_told_to_be(world):
    assert world.ticks.tolist() == [4, 7, 10] + [-1] * 29
    new = [tuple(map(int, name)) for name in world.folk.name[12:]]
    batches = np.asarray(jax.jit(jax.vmap(lambda t: POINT.batch(world, t)))(jnp.arange(14)))
    for t, batch in enumerate(batches):
        told = [new[i] in names(row) for i, row in enumerate(batch[:6])]
        assert told == {4: [True] * 6, 7: [True] * 4 + [False] * 2, 10: [True] * 4 + [False] * 2}.get(t, [False] * 6)
        assert not set(new[6:]) & set().union(*map(names, batch)), "the last group is never mentioned"
    background = np.asarray(world.stream, int)
    assert (batches[5] == background[40:48]).all() and (batches[4, 6:] == background[38:40]).all()
    assert (batches[4, :2, :10] == batches[7, :2, :10]).all() and (batches[4, 2:4, :10] != batches[7, 2:4, :10]).any()
    assert (batches[4, :6, 10:] == background[32:38, 10:]).all(), "a passage leaves the rest of the context as it was"


@pytest.mark.parametrize("fields, ticks", [
    ({"last": 30, "interval": 5.0, "exposures": 4, "expansion": 1.0}, [15, 20, 25, 30]),
    ({"last": 30, "interval": 1.0, "exposures": 4}, [27, 28, 29, 30]), ({"last": 30, "exposures": 1}, [30]),
    ({"last": 30, "interval": 9.0, "exposures": 4, "expansion": 2.0}, [3, 6, 15, 30])])
def test_schedules_end_on_the_same_step(fields, ticks):
    point = Facts(**SMALL | {"late": 0} | fields)
    point.check()
    assert point.schedule(np).tolist() == ticks
    traced = jax.jit(lambda k: Facts(**SMALL | fields | {"exposures": k}).schedule(jnp))(fields["exposures"])
    assert traced[: len(ticks)].tolist() == ticks


def test_probes_ask_what_was_told_and_what_was_not(world):
    probes, passages = np.asarray(world.probes), np.asarray(world.passages, int)
    for person in range(2):
        said = {tuple(passages[k, person, i:i + SENTENCE]) for k in range(3) for i in (0, 5)}
        assert {tuple(s) for s in probes[0, person, :2]} == said
    for person in range(2, 4):  # paraphrased: each template but the last once in three exposures
        said = {tuple(passages[k, person, i:i + SENTENCE]) for k in range(3) for i in (0, 5)}
        assert len(said) == 6 and {tuple(s) for s in probes[1, person - 2, :2]} < said
    for row in probes.reshape(8, -1, SENTENCE):
        everything = {tuple(p) for p in passages.reshape(-1, SENTENCE)}
        assert not {tuple(s) for s in row[2:]} & everything
        town = world.folk.town[row[0, -1] - POINT._lexicon().value]
        assert (row[4:, -1] == POINT._lexicon().value + 2 * 5 + int(town)).all()


@pytest.fixture(scope="module")
def trained():
    return train(POINT, 14)


def test_log_probabilities_are_those_of_the_network(trained):
    state, world = trained
    got = jax.jit(POINT.measure)(state, world)["log_prob"]
    said = jax.jit(lambda params, tokens: language.logits(POINT._architecture(), params, tokens))
    for group in range(4):
        for person in range(2):
            tokens = np.asarray(world.probes[group, person])
            logits = np.asarray(said(state.params, tokens), float)[:, SENTENCE - 2]
            known = [row[t[-1]] - np.log(np.exp(row).sum()) for row, t in zip(logits, tokens)]
            np.testing.assert_allclose(got[group, person], [np.mean(known[:2]), np.mean(known[2:4]), np.mean(known[4:])],
                                       rtol=1e-4, atol=1e-5)


def test_only_the_first_rows_count_where_the_late_batch_is_small(trained):
    state, world = trained
    small = Facts(**SMALL, late_batch=6)
    spoiled = world._replace(stream=world.stream.at[102:104].set(0))  # the last two rows of step 12

    def after(point, world):
        return jax.jit(lambda s, w: point.step(s, w, 12, jax.random.key(0)))(state, world).params["readout"][...]

    np.testing.assert_array_equal(after(small, world), after(small, spoiled))
    assert (after(POINT, world) != after(POINT, spoiled)).any()


def test_labels():
    runs = run(POINT, 14, [4, 5, 7, 8], seeds=2, progress=False)
    assert runs.log_prob.dims == ("seed", "step", "group", "person", "probe")
    assert runs.group.values.tolist() == ["duplicate", "paraphrase", "once", "never"]
    np.testing.assert_allclose(runs.chance, -np.log(5), rtol=1e-6)
    assert claims.ticks(runs).tolist() == [4, 7, 10]
    assert Facts(**SMALL, manner="once").coords()["group"].tolist() == ["once", "never"]


@pytest.mark.parametrize("fields, words", [
    ({"exposures": 0}, r"exposures: got 0, takes a whole number in \[1, 32\]"), ({"templates": 1}, "at least 2"),
    ({"templates": 2}, "at least 3 where there are paraphrases"), ({"length": 9}, "length: got 9, takes at least 10"),
    ({"people": 16}, "people: got 16.*make 64"), ({"batch_size": 5}, "batch_size: got 5, takes at least 6"),
    ({"late_batch": 5}, "late_batch: got 5"), ({"last": 5}, "last: got 5, takes at least 6"), ({"late": 5}, "late: got 5"),
    ({"interval": 1.0, "expansion": 2.0}, "expansion"), ({"stream": 4}, "stream: got 4"), ({"width": 9}, "multiple of the 2"),
    ({"manner": "sung"}, "one of all, duplicate, paraphrase, once"), ({"values": 64, "attributes": 4, "length": 20}, "of 256")])
def test_what_cannot_be_run_is_refused(fields, words):
    with pytest.raises(UsageError, match=words):
        run(Facts(**SMALL | fields), 1, progress=False)


def made(curves: dict, step, injection) -> xr.Dataset:
    """A result with the log-probabilities (group, probe) -> curve."""
    groups, probes = ("duplicate", "paraphrase", "never"), ("memorisation", "semantic", "compositional")
    values = np.stack([np.stack([curves[g, p] for p in probes], -1) for g in groups], 1)[None, :, :, None]
    return xr.Dataset({"log_prob": (("seed", "step", "group", "person", "probe"), values),
                       "injection": (("seed", "exposure"), np.array(injection, float)[None])},
                      {"seed": [0], "step": step, "group": list(groups), "probe": list(probes)})


def test_estimators_read_known_curves():
    step, injection = np.r_[0, 10, 11, 20, 21, 22, 31, 121, 1021], [10, 20]
    rise = np.array([0, 0, 1, 0.5, 2, 2, 1.5, 1, 0.5])  # a quarter of the gain is lost with every tenfold of time
    slow = np.array([0, 0, 1, 0.5, 2, 2, 1.9, 1.8, 1.7])  # a twentieth
    size = {"memorisation": 1.0, "semantic": 0.8, "compositional": 0.5}
    shape = {"duplicate": rise, "paraphrase": slow}
    curves = {(g, p): -4 + s * shape[g] for g in shape for p, s in size.items()}
    runs = made(curves | {("never", p): np.full(9, -4.0) for p in size}, step, injection)
    later = made(curves | {("never", p): np.full(9, -4.5) for p in size}, step, injection)
    assert claims.effectivity(runs, "duplicate", "memorisation").item() == pytest.approx(1.25)
    assert claims.saw_tooth(runs).item() == pytest.approx(0.25)  # memorisation less semantic, 1.25 times 1 - 0.8
    assert claims.gap_closed(runs).item() == pytest.approx(0, abs=1e-12)
    assert claims.fade(runs).item() == pytest.approx(0.25 - 0.05)
    assert claims.straightness(runs).item() == pytest.approx(1)
    assert claims.compositional(runs).item() == pytest.approx(0, abs=1e-12)  # it decays as the semantic one does
    assert claims.spacing(runs, later, later).item() == pytest.approx(0.5)


def test_people_never_told_of_are_no_evidence():
    """A curve that wanders alike for all gains and loses nothing, and what was never acquired has no decay."""
    step, injection = np.r_[0, 10, 11, 20, 21, 22, 31, 121, 1021], [10, 20]
    wander = np.array([0, 0, 1, 0.5, 1, 0.4, 0.8, 0.2, 0.6])
    told = {(g, p): -4 + wander for g in claims.TOLD for p in ("memorisation", "semantic")}
    groups = (*claims.TOLD, "never")
    runs = made({(g, p): -4 + wander for g in groups for p in ("memorisation", "semantic", "compositional")}, step, injection)
    for found in (claims.effectivity, claims.lost_between, claims.gain):
        assert found(runs, "paraphrase", "semantic").item() == 0
    assert claims.saw_tooth(runs).item() == pytest.approx(-0.1)
    never = {("never", p): np.full(9, -4.0) for p in ("memorisation", "semantic", "compositional")}
    flat, gone = np.zeros(9), np.array([0, 0, 1, 0.5, 1, 0, 0, 0, 0])
    cases = {"neither": (flat, flat), "one": (gone, flat), "both": (gone, gone)}
    found = {name: made(told | never | {(g, "compositional"): -4 + curve for g, curve in zip(claims.TOLD, curves)}, step,
                        injection) for name, curves in cases.items()}
    np.testing.assert_array_equal([claims.composed_decays(runs)[:, 0] for runs in found.values()],
                                  [[np.nan, np.nan], [claims.GONE, np.nan], [claims.GONE, claims.GONE]])
    assert claims.compositional(found["neither"]).item() == pytest.approx(-0.1)  # it was not acquired: nothing to fade
    assert np.isfinite(claims.compositional(found["one"]).item())
    assert "of 2 of the latter 1 gone too soon for a line, 1 never acquired" in claims.compositional_told(
        found["one"].assign(chance=xr.DataArray([-2.0], dims="seed")))


def test_records_hold_every_injection_and_the_end():
    for plan in (facts_settings.SPACED, facts_settings.MASSED, facts_settings.EXPANDING, facts_settings.BATCHES):
        times = plan.experiment.schedule(np).astype(int)
        assert {*times, *(times + 1), facts_settings.TICKS} <= set(plan.every) and plan.every == sorted(set(plan.every))
        assert times[-1] == facts_settings.SPACED.experiment.last and len(times) == 10


def test_the_explorer_tells_what_it_draws():
    one = explorer(**SMALL | {"manner": "duplicate"}, ticks=100)
    one.warm = False
    one.start()
    result = one.wait(120)
    one.close()
    assert result.step.values[-1] == 100 and result.group.values.tolist() == ["duplicate", "never"]
    for words in ("After 100 steps: log-probability memorisation -", "of people never mentioned -", "of the background"):
        assert words in one.alt
    assert set(one.controls) < set(CONTROLS)
