"""Results go through NetCDF unchanged; files that cannot be read or written are refused in one line."""

import functools
import json
import os

import numpy as np
import pytest
import xarray as xr
from test_store import full_disk
from walk import Walk

from mini import results
from mini.engine import live, run
from mini.errors import UsageError
from mini.files import check_writable
from mini.plan import Plan

pytestmark = pytest.mark.earnest  # as all that run a `Walk`, which is compared bit by bit with other processes


@functools.cache
def walked():
    sweep = {"stride": [0.5, 2.0]}
    return run(Walk(), every=[3, 7], seeds=2, sweep=sweep, strategy="threads", progress=False)


def refused(call, *args):
    with pytest.raises(UsageError) as caught:
        call(*args)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_result_goes_through_netcdf_unchanged(tmp_path):
    path = tmp_path / "new" / "runs.nc"
    results.save(walked(), path)
    assert results.open_result(path).identical(walked())
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        assert dict(opened.sizes) == {"stride": 2, "seed": 2, "step": 4, "walker": 3}
        assert opened["step"].values.tolist() == [0, 3, 7, 40]
        assert opened["place"].attrs == {"units": "m", "long_name": "places"}
        assert opened["right"].dtype == bool
    assert [f.name for f in path.parent.iterdir()] == ["runs.nc"]


def test_a_result_says_where_it_comes_from():
    about = walked().attrs
    assert about["experiment"] == "walk.Walk" and about["strategy"] == "threads"
    assert json.loads(about["configuration"]) == {
        "stride": 1.0, "growth": 1.0, "walkers": 3, "gait": "walk", "loud": False}
    assert json.loads(about["sweep"]) == {"stride": [0.5, 2.0]} and json.loads(about["hold"]) == {}
    assert {"python", "jax", "numpy", "xarray"} <= set(json.loads(about["versions"]))
    assert about["runs_computed"] == 4 and about["runs_found"] == 0 and about["seconds"] > 0


def test_a_truncated_or_foreign_file_is_refused(tmp_path):
    path = tmp_path / "runs.nc"
    results.save(walked(), path)
    whole = path.read_bytes()
    for size in (0, 7, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        expected = f"results: {str(path)!r} is not a whole NetCDF file"
        assert refused(results.open_result, path).startswith(expected)
    path.write_text("stride,seed\n1,2\n")
    assert "is not a whole NetCDF file" in refused(results.open_result, path)
    xr.Dataset({"x": 1}).to_netcdf(path, engine="h5netcdf")
    assert "was not written by `mini run`" in refused(results.open_result, path)
    assert refused(results.open_result, tmp_path / "none.nc").startswith("results: no file ")
    assert "results: " in refused(results.open_result, tmp_path)


def test_a_place_that_cannot_be_written_is_refused_and_left_clean(tmp_path):
    assert "which is a folder" in refused(check_writable, tmp_path)
    (tmp_path / "file").write_text("kept")
    for call in (check_writable, lambda path: results.save(walked(), path)):
        assert refused(call, tmp_path / "file" / "runs.nc").startswith("out: ")
        with full_disk():
            assert refused(call, tmp_path / "new" / "runs.nc").startswith("out: ")
    check_writable(tmp_path / "fine" / "runs.nc")
    assert not [f for f in tmp_path.rglob("*") if f.is_file() and f.name != "file"]


def test_a_full_place_keeps_the_result_that_was_there(tmp_path):
    path = tmp_path / "runs.nc"
    path.write_text("the older result")
    with full_disk():
        assert str(path) in refused(results.save, walked(), path)
    assert path.read_text(encoding="utf-8") == "the older result" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(("dtype", "expected"), [
    (np.float32, np.nan), (np.int32, -1), (bool, False), (np.uint8, 0)])
def test_what_is_not_computed_is_marked(dtype, expected):
    blank = results.blank((2,), np.dtype(dtype))
    assert blank.dtype == dtype
    np.testing.assert_array_equal(blank, np.full(2, expected, dtype))


def test_where_shapes_differ_whole_numbers_and_truth_values_stay_so(tmp_path):
    result = run(Walk(), seeds=2, sweep={"walkers": [2, 4]}, strategy="threads", progress=False)
    assert {name: result[name].dtype.kind for name in ("place", "order", "right")} == {
        "place": "f", "order": "i", "right": "b"}
    assert (result["order"].sel(walkers=2, walker=[3, 4]) == -1).all()
    assert not result["right"].sel(walkers=2, walker=[3, 4]).any()
    results.save(result, tmp_path / "out.nc")
    xr.testing.assert_identical(results.open_result(tmp_path / "out.nc"), result)


def test_partial_results_of_a_static_sweep_have_the_final_labels():
    sweep = {"walkers": [2, 3], "stride": [0.0, 1.0], "gait": ["walk", "stand"]}
    plan = Plan(Walk(), 10, seeds=1, sweep=sweep)
    *partial, last = live(plan, strategy="threads", progress=False, chunk_seconds=0.0)
    for one in partial:
        assert one["diverged_at"].dims == last["diverged_at"].dims
        assert one.attrs["configuration"] == last.attrs["configuration"]
        assert all(one[name].equals(last[name]) for name in plan.sweep)


def test_a_result_says_how_far_each_run_has_come():
    plan = Plan(Walk(), 10, every=[2, 3, 7], seeds=2)
    *partial, last = live(plan, strategy="threads", progress=False, chunk_seconds=0.0)
    for one in (*partial, last):
        there = one["distance"].notnull()
        for seed in one["seed"]:
            known = one["step"].values[there.sel(seed=seed)]
            assert int(one["measured_until"].sel(seed=seed)) == (known[-1] if len(known) else -1)
    assert (last["measured_until"] == 10).all()


def test_a_swept_field_is_read_from_its_dim_and_another_from_the_configuration():
    runs = run(Walk(), 2, seeds=1, sweep={"walkers": [2, 3]}, progress=False)
    assert results.setting(runs, "walkers").values.tolist() == [2, 3] and results.setting(runs, "gait") == "walk"
    with pytest.raises(UsageError, match="field: no 'walker'; did you mean 'walkers'"):
        results.setting(runs, "walker")


def test_where_nothing_is_a_single_number_the_summary_says_what_is_kept():
    runs = run(Walk(), 2, seeds=1, progress=False)
    about = {name: v for name, v in Walk.variables.items() if v.dims}
    said = results.summary(runs, type("Walk", (), {"variables": about, "clock": "step"}))
    assert said.startswith("nothing measured here is a single number; with --out FILE") and "(walker)" in said


def test_a_device_is_never_replaced_by_a_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "no plain file" in refused(check_writable, pipe)
    assert "no plain file" in refused(results.save, walked(), pipe)
    assert pipe.is_fifo() and list(tmp_path.iterdir()) == [pipe]


def test_a_held_seed_may_be_of_numpy():
    assert json.loads(results.provenance(Plan(Walk(), hold={"data": np.int64(3)}))["hold"]) == {"data": 3}
