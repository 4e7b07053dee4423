"""Figures: the numbers saved beside one are those that were drawn, and the same figure is the same file."""

import json
import re
import threading

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import LogNorm
from PIL import Image

from mini import plotting

RUNS = xr.Dataset({"y": (("seed", "step"), [[0.0, 1.0, np.nan], [2.0, 3.0, 4.0]])},
                  {"seed": [3, 4], "step": [0, 10, 20]}, {"compute_seconds": 1.5, "configuration": '{"p": 5}', "code": ""})


def drawn():
    canvas = plotting.canvas((6, 3))
    left, right = canvas.subplots(1, 2)
    plotting.band(left, RUNS.y, "mean", linestyle="--")
    left.set(title="left", xlabel="step", ylabel="y")
    left.scatter([1, 2], [3, 4], label="dots")
    right.bar([0, 1], [5, 6], width=0.5)
    right.hist([1, 1, 2], bins=[0, 1, 2, 3], histtype="step", label="outline")
    right.imshow([[1, 2], [3, 4]])
    return canvas


def test_the_numbers_are_those_drawn():
    left, right = plotting.numbers(drawn())
    assert (left["title"], left["x"], left["y"]) == ("left", "step", "y")
    assert left["lines"] == [{"label": "mean", "x": [0, 10, 20], "y": [1, 2, 4]}]
    assert left["points"][0]["xy"] == [[1, 3], [2, 4]] and len(left["bands"]) == 1
    assert [bar["height"] for bar in right["bars"]] == [5, 6]
    assert right["outlines"][0]["label"] == "outline" and [1.0, 2.0] in right["outlines"][0]["xy"]
    assert right["images"][0]["values"] == [[1, 2], [3, 4]]


def of(draw) -> dict:
    """The numbers of one panel."""
    canvas = plotting.canvas()
    draw(canvas.subplots())
    return plotting.numbers(canvas)[0]


def test_every_error_bar_is_kept():
    found = of(lambda axes: axes.errorbar([0, 1, 2], [1, 2, 3], [[0.5, 1, 0], [1, 1, 2]], label="three"))
    assert found["segments"] == [{"label": "three", "xy": [[[0, 0.5], [0, 2]], [[1, 1], [1, 3]], [[2, 3], [2, 5]]]}]
    assert found["lines"][0]["label"] == "three"
    found = of(lambda axes: axes.vlines([1, 2], 0, [3, 4], label="strokes"))
    assert found["segments"] == [{"label": "strokes", "xy": [[[1, 0], [1, 3]], [[2, 0], [2, 4]]]}]


def test_every_part_of_a_split_band_is_kept():
    found = of(lambda axes: axes.fill_between([0, 1, 2, 3, 4], [0, 0, np.nan, 0, 0], [1, 2, 3, 4, 5], label="range"))
    assert [band["label"] for band in found["bands"]] == ["range", "range"]
    first, second = (band["vertices"] for band in found["bands"])
    assert [1, 2] in first and [4, 5] in second and "segments" not in found


def test_a_mesh_is_kept_with_its_values_and_its_scale_is_not():
    canvas = plotting.canvas()
    axes = canvas.subplots()
    canvas.colorbar(axes.pcolormesh([0, 1, 3], [0, 1], np.ma.masked_equal([[5, 6]], 6)), ax=axes, label="height")
    mesh, scale = plotting.numbers(canvas)
    assert mesh["meshes"] == [{"values": [[5, None]], "corners": [[[0, 0], [1, 0], [3, 0]], [[0, 1], [1, 1], [3, 1]]]}]
    assert scale == {"title": "", "x": "", "y": "height"}


def test_bars_keep_place_size_and_name():
    found = of(lambda axes: axes.barh([2, 4], [5, 6], height=1, label="lying"))
    assert found["bars"] == [{"label": "lying", "x": 0, "y": 1.5, "width": 5, "height": 1},
                             {"label": "lying", "x": 0, "y": 3.5, "width": 6, "height": 1}]


def test_arrows_keep_their_ends():
    found = of(lambda axes: axes.annotate("", (1, 2), (3, 4), arrowprops={"arrowstyle": "->"}))
    assert found["arrows"] == [{"from": [3, 4], "to": [1, 2]}]


def test_two_threads_style_one_after_the_other():
    before, seen = mpl.rcParams["font.size"], []
    inside, other_inside, left = threading.Event(), threading.Event(), threading.Event()

    def first():
        with plotting.style():
            inside.set()
            seen.append(other_inside.wait(0.3))  # the other has all the time to come in, and may not
        left.set()

    def second():
        inside.wait(5)
        with plotting.style():
            other_inside.set()
            left.wait(5)  # the first has put back what it found
            seen.append(mpl.rcParams["axes.titlelocation"])

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert seen == [False, "left"] and mpl.rcParams["axes.titlelocation"] == "center" and mpl.rcParams["font.size"] == before


def test_a_figure_is_saved_with_its_words_and_its_origin(tmp_path):
    plotting.save(drawn(), "a/b", tmp_path, "what it <shows>", [RUNS], title="T")
    record = json.loads((tmp_path / "a-b.json").read_text(encoding="utf-8"))
    assert (record["id"], record["alt"], record["title"], record["seconds"]) == ("a/b", "what it <shows>", "T", 1.5)
    assert record["runs"] == [{"compute_seconds": 1.5, "configuration": {"p": 5}, "code": "", "seeds": [3, 4]}]
    assert not re.search(r"^ *-?[\d.]+,?$", (tmp_path / "a-b.json").read_text(encoding="utf-8"), re.MULTILINE)
    assert "what it &lt;shows&gt;" in (tmp_path / "a-b.svg").read_text(encoding="utf-8")
    assert Image.open(tmp_path / "a-b.png").text["Description"] == "what it <shows>"


def test_the_same_figure_is_the_same_file(tmp_path):
    for name in ("one", "two"):
        with plotting.style():
            plotting.save(drawn(), name, tmp_path, "alt", [RUNS])
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


@pytest.mark.parametrize("value, plain", [
    (np.array([1.0, np.inf]), [1.0, None]), (np.ma.masked_array([1, 2], [0, 1]), [1, None])])
def test_what_is_not_a_number_is_null(value, plain):
    assert plotting._list(value) == plain


def test_a_written_map_says_its_values_where_they_are_and_in_a_colour_that_can_be_read():
    axes = plotting.canvas().subplots()
    values = [[0.1, 0.9], [np.nan, 0.4]]
    image = plotting.written(axes, values, lambda v: f"{v:.1f}" if np.isfinite(v) else "none", vmin=0, vmax=1)
    assert {t.get_text(): (t.get_position(), t.get_color()) for t in axes.texts} == {
        "0.1": ((0, 0), "white"), "0.9": ((1, 0), "black"), "none": ((0, 1), "black"), "0.4": ((1, 1), "white")}
    assert image.get_array().filled(-1).tolist() == [[0.1, 0.9], [-1, 0.4]]
    plotting.written(axes := plotting.canvas().subplots(), [[10, 90, 1000, np.inf]], norm=LogNorm())
    assert [t.get_color() for t in axes.texts] == ["white", "white", "black", "black"]  # 90 is below the middle, 100


@pytest.mark.parametrize("lying, bar, line", [(False, {"x": 1.6, "y": 0, "width": 0.8, "height": 3}, ([2, 2], [1, 6])),
                                              (True, {"x": 0, "y": 1.6, "width": 3, "height": 0.8}, ([1, 6], [2, 2]))])
def test_a_bar_with_its_range_is_the_mean_and_both_ends(lying, bar, line):
    found = of(lambda axes: plotting.ranged(axes, 2, xr.DataArray([1.0, 2.0, 6.0], dims="seed"), plotting.BLUE, lying))
    assert {name: found["bars"][0][name] for name in bar} == pytest.approx(bar)
    assert (found["lines"][0]["x"], found["lines"][0]["y"]) == line
