"""Figures: the numbers saved beside one are those that were drawn, and the same figure is the same file."""

import json

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from mini import plotting

RUNS = xr.Dataset({"y": (("seed", "step"), [[0.0, 1.0, np.nan], [2.0, 3.0, 4.0]])},
                  {"seed": [3, 4], "step": [0, 10, 20]}, {"compute_seconds": 1.5, "configuration": '{"p": 5}'})


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


def test_a_figure_is_saved_with_its_words_and_its_origin(tmp_path):
    plotting.save(drawn(), "a/b", tmp_path, "what it <shows>", [RUNS], title="T")
    record = json.loads((tmp_path / "a-b.json").read_text())
    assert (record["id"], record["alt"], record["title"], record["seconds"]) == ("a/b", "what it <shows>", "T", 1.5)
    assert record["runs"] == [{"compute_seconds": 1.5, "configuration": {"p": 5}, "seeds": [3, 4]}]
    assert "what it &lt;shows&gt;" in (tmp_path / "a-b.svg").read_text()
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
