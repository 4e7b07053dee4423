"""What is kept is read whole or not at all, and is named by what decides the numbers."""

import os
import resource
from contextlib import contextmanager

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from walk import Walk

from mini.engine import default_cache, store
from mini.errors import UsageError
from mini.plan import Plan


def who(seed=0, layout="threads, 1 abreast", data="", **settings):
    plan = Plan(Walk()).replace(**settings)
    return store.identity(plan, next(plan.points()), seed, layout, data)


@contextmanager
def full_disk(size=1000):
    """No file may grow past so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


ARRAYS = {"log_place": np.arange(6.0).reshape(2, 3), "end_rank": np.array([2, 0, 1]), "flag": np.array(True)}


def test_what_is_saved_is_loaded_and_its_checkpoint_goes(tmp_path):
    kept = store.Store(tmp_path)
    assert kept.load(who()) is None and kept.load_part(who()) is None
    kept.save_part(who(), ARRAYS)
    assert set(kept.load_part(who())) == set(ARRAYS) and kept.load(who()) is None
    kept.save(who(), ARRAYS)
    loaded = kept.load(who())
    assert set(loaded) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert loaded[name].dtype == array.dtype and (loaded[name] == array).all()
    assert [f.name for f in tmp_path.rglob("*.npz")] == [kept.path(who()).name]


def test_all_that_decides_the_numbers_names_the_file(tmp_path):
    kept = store.Store(tmp_path)
    others = [who(), who(seed=1), who(layout="vmap"), who(stride=2.0), who(walkers=4), who(gait="stand"),
              who(ticks=41), who(every=5), who(hold={"data": 0})]
    assert len({kept.path(w) for w in others}) == len(others)
    assert kept.path(who(seeds=9, seed_start=0)) == kept.path(who()), "the other seeds are other runs"
    assert kept.path(who(stride=np.float64(1.0), walkers=np.int64(3))) == kept.path(who())


def test_other_cores_give_other_bits_and_so_another_name(tmp_path, monkeypatch):
    before = store.Store(tmp_path).path(who())
    monkeypatch.setattr(store, "cores", lambda: 1000)
    assert store.Store(tmp_path).path(who()) != before


@pytest.mark.parametrize("spoil", [
    lambda m: m.setenv("XLA_FLAGS", "--xla_cpu_max_isa=SSE4_2"), lambda m: m.setattr(store, "_processor", lambda: "another"),
    lambda m: m.setattr(store, "_versions", lambda: {"scipy": "0"})])
def test_what_shows_in_the_last_bits_gives_another_name(spoil, monkeypatch):
    before = store.Store("cache").path(who())
    spoil(monkeypatch)
    assert store.Store("cache").path(who()) != before


@pytest.mark.parametrize("name, value", [("jax_default_prng_impl", "rbg"), ("jax_default_matmul_precision", "highest"),
                                         ("jax_threefry_partitionable", False)])
def test_settings_of_jax_give_another_name(name, value):
    before, old = store.Store("cache").path(who()), getattr(jax.config, name)
    jax.config.update(name, value)
    try:
        assert store.Store("cache").path(who()) != before
    finally:
        jax.config.update(name, old)


def test_another_runs_file_is_never_taken(tmp_path):
    kept = store.Store(tmp_path)
    kept.save(who(), ARRAYS)
    kept.save_part(who(seed=2), ARRAYS)
    kept.path(who()).rename(kept.path(who(seed=1)))
    kept.path(who(seed=2)).with_suffix(".part.npz").rename(kept.path(who(seed=3)).with_suffix(".part.npz"))
    assert kept.load(who(seed=1)) is None and kept.load_part(who(seed=3)) is None


def test_what_a_kill_left_half_written_goes_after_a_day(tmp_path):
    kept = store.Store(tmp_path)
    kept.save(who(), ARRAYS)
    old, young = (kept.path(who()).with_name(f".{name}.npz.1.tmp") for name in ("old", "young"))
    for left in (old, young):
        left.write_bytes(b"PK")
    os.utime(old, (0, 0))
    kept.check()
    assert not old.exists() and young.exists() and kept.load(who()) is not None


def test_damage_anywhere_is_never_taken_for_numbers(tmp_path):
    kept = store.Store(tmp_path)
    kept.save(who(), ARRAYS)
    path = kept.path(who())
    whole, good = path.read_bytes(), kept.load(who())
    for at in range(0, len(whole), 7):
        for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1:]):
            path.write_bytes(damaged)
            found = kept.load(who())
            assert found is None or all((found[k] == good[k]).all() for k in good), at
    path.write_text("<html>Not found</html>")
    assert kept.load(who()) is None


def test_a_full_or_unwritable_cache_is_said_in_one_line_and_keeps_what_was_there(tmp_path):
    kept = store.Store(tmp_path / "cache")
    kept.save(who(), ARRAYS)
    before = kept.path(who()).read_bytes()
    with full_disk(), pytest.raises(UsageError, match=r"^cache: .*File too large.*MINI_CACHE") as caught:
        kept.save(who(), {"log_place": np.zeros(1000)})
    assert "\n" not in str(caught.value)
    assert [f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()] == [before]
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"^cache: .*Not a directory"):
        store.Store(tmp_path / "file" / "below").save(who(), ARRAYS)


def test_states_are_packed_and_unpacked_with_their_keys():
    state = {"a": jnp.arange(3), "key": jax.random.key(5), "b": (jnp.ones(2), jnp.array(True))}
    like = {"a": jnp.zeros(3, jnp.int32), "key": jax.random.key(0), "b": (jnp.zeros(2), jnp.array(False))}
    again = store.unpack(like, store.pack(state))
    assert jax.tree.structure(again) == jax.tree.structure(state)
    assert (jax.random.key_data(again["key"]) == jax.random.key_data(state["key"])).all()
    assert (again["a"] == state["a"]).all() and (again["b"][0] == 1).all() and bool(again["b"][1])


def test_the_cache_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("MINI_CACHE", str(tmp_path))
    assert default_cache() == tmp_path
    monkeypatch.delenv("MINI_CACHE")
    assert default_cache().name == "mini"


def test_a_whole_number_names_the_same_run_as_its_float():
    kept = store.Store("cache")
    assert kept.path(who(stride=1)) == kept.path(who(stride=1.0)) != kept.path(who(stride=1.5))
