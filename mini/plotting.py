"""One style for every figure, and a figure saved with the numbers behind it."""

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection, QuadMesh
from matplotlib.figure import Figure as Canvas
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from mini.files import output, stem
from mini.measures.curves import check_clock
from mini.plan import Plan

# Okabe and Ito's colours, told apart by colour-blind readers; line styles differ as well.
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, YELLOW, BLACK = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000")
STYLE = {
    "figure.constrained_layout.use": True, "figure.dpi": 120, "savefig.dpi": 160, "font.size": 10,
    "axes.titlesize": 11, "axes.titleweight": "bold", "axes.titlelocation": "left",
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.25,
    "legend.frameon": False, "lines.linewidth": 1.8, "image.cmap": "viridis", "svg.hashsalt": "mini",
    "svg.fonttype": "path", "axes.formatter.min_exponent": 5,  # 1000 rather than a power of ten
    "axes.prop_cycle": mpl.cycler(color=[BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY],
                                  linestyle=["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1))]),
}


@dataclass(frozen=True)
class Figure:
    """One figure of a study, made again by one command.

    Args:
      id: theme/name. title: what it shows. plans: preset -> what is run for it.
      draw: (canvas, *datasets) -> alt text that says what the figure shows, with its numbers.
      headline: whether `mini reproduce` draws it without `--all`.
    """

    id: str
    title: str
    plans: Mapping[str, tuple[Plan, ...]]
    draw: Callable[..., str]
    headline: bool = False
    size: tuple[float, float] = (7.0, 4.0)


_drawing = threading.RLock()


@contextmanager
def style():
    """The project's look, for the duration of the block; the settings are matplotlib's own, so only one thread draws at a time.

    Do not wait within the block for another thread to draw.
    """
    with _drawing, mpl.rc_context(STYLE):
        yield


def canvas(size: tuple[float, float] = (7.0, 4.0)) -> Canvas:
    """An empty figure that no window manager knows, safe in any thread."""
    figure = Canvas(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def laptop(*plans) -> dict:
    """The plans of a figure that only the laptop preset has."""
    return {"laptop": plans}


def alone(plans: Mapping[str, Plan]) -> dict:
    """The plans of a figure that has a single plan in each of its presets."""
    return {preset: (plan,) for preset, plan in plans.items()}


def spread(axes: Axes, x, rows, label: str | None = None, **look) -> None:
    """The mean of rows (seed, n) as a line, and their range as a band; missing values are skipped."""
    rows = xr.DataArray(np.asarray(rows), dims=("seed", "place"))
    (line,) = axes.plot(x, rows.mean("seed"), label=label, **look)
    axes.fill_between(x, rows.min("seed"), rows.max("seed"), color=line.get_color(), alpha=0.18, lw=0)


def band(axes: Axes, curve: xr.DataArray, label: str, clock: str = "step", **look) -> None:
    """The mean over seeds as a line, and the range over seeds as a band."""
    check_clock(curve, clock)
    x = curve[clock].values
    if "seed" in curve.dims and curve.sizes["seed"] > 1:
        spread(axes, x, curve.transpose("seed", clock), label, **look)
    else:
        axes.plot(x, curve.mean("seed") if "seed" in curve.dims else curve, label=label, **look)


def written(axes: Axes, values, say: Callable[[float], str] = "{:.2f}".format, size: float | None = None, **look) -> AxesImage:
    """A heat map of values (rows, columns), each written into its cell as `say` puts it; `look` goes to `imshow`."""
    image = axes.imshow(values, **look)
    axes.grid(False)
    for (row, column), value in np.ndenumerate(np.asarray(values, float)):
        axes.text(column, row, say(value), ha="center", va="center", fontsize=size,
                  color="white" if image.norm(value) < 0.5 else "black")  # missing values are on white
    return image


def log_ticks(axis: Axis, values: Sequence, labels: Sequence[str] | None = None) -> None:
    """Ticks of a logarithmic axis at these values and nowhere else, as plain numbers."""
    axis.set_ticks(values, [f"{v:g}" for v in values] if labels is None else labels)
    axis.set_ticks([], minor=True)


def ranged(axes: Axes, place: float, values: xr.DataArray, colour: str, lying: bool = False) -> None:
    """A bar as long as the mean of values (seed,), and over its end a line for their range."""
    ends, across = [float(values.min()), float(values.max())], [place, place]
    (axes.barh if lying else axes.bar)(place, float(values.mean()), color=colour, alpha=0.75)
    axes.plot(*((ends, across) if lying else (across, ends)), color=BLACK, linestyle="-", lw=2)


def numbers(figure: Canvas) -> list[dict]:
    """The numbers drawn, read back from the figure itself, axes by axes."""
    return [{"title": _title(axes), "x": axes.get_xlabel(), "y": axes.get_ylabel(), **_drawn(axes)}
            for axes in figure.axes]


def _title(axes: Axes) -> str:
    return axes.get_title(loc="left") or axes.get_title()


def _drawn(axes: Axes) -> dict:
    if axes.get_label() == "<colorbar>":  # a scale; its numbers are with the picture beside it
        return {}
    names = {part: group.get_label() for group in axes.containers for part in group.get_children()}

    def label(artist) -> str:  # for bars and for points with error bars the group has the name, not its parts
        name = names.get(artist, "_")
        return str(artist.get_label()) if name.startswith("_") else name

    shapes = [c for c in axes.collections if not isinstance(c, (PathCollection, LineCollection, QuadMesh))]
    found = {
        "lines": [{"label": label(line), "x": _list(line.get_xdata(orig=False)), "y": _list(line.get_ydata(orig=False))}
                  for line in axes.lines],
        "points": [{"label": label(c), "xy": _list(c.get_offsets())} for c in axes.collections
                   if isinstance(c, PathCollection)],
        "segments": [{"label": label(c), "xy": [_list(s) for s in c.get_segments()]} for c in axes.collections
                     if isinstance(c, LineCollection)],
        "bands": [{"label": label(c), "vertices": _list(path.vertices)} for c in shapes for path in c.get_paths()],
        "meshes": [{"values": _list(c.get_array()), "corners": _list(c.get_coordinates())} for c in axes.collections
                   if isinstance(c, QuadMesh)],
        "bars": [{"label": label(b), **{name: float(getattr(b, f"get_{name}")()) for name in ("x", "y", "width", "height")}}
                 for b in axes.patches if isinstance(b, Rectangle)],
        "outlines": [{"label": label(p), "xy": _list(p.get_path().vertices)} for p in axes.patches
                     if not isinstance(p, Rectangle)],
        "images": [{"values": _list(image.get_array()), "extent": _list(image.get_extent())} for image in axes.images],
        "arrows": [{"from": _list(t.xyann), "to": _list(t.xy)} for t in axes.texts if getattr(t, "arrow_patch", None)],
        "texts": [t.get_text() for t in axes.texts],
    }
    return {name: value for name, value in found.items() if value}


def _list(array) -> list:
    array = np.ma.asarray(array)
    if array.dtype.kind not in "fiub":
        return [str(x) for x in np.asarray(array).ravel()]
    plain = array.astype(float).filled(np.nan)  # whole numbers have no value for what is masked
    rounded = np.round(np.where(np.isfinite(plain), plain, np.nan), 6)
    return json.loads(json.dumps(rounded.tolist()).replace("NaN", "null"))


def save(figure: Canvas, name: str, folder: Path, alt: str, about: Sequence[xr.Dataset], **more) -> dict:
    """Write `name`.svg, .png and .json (numbers drawn, configuration, seeds, versions, seconds, alt)."""
    place = folder / stem(name)
    record = {
        "id": name, "alt": alt, **more,
        "runs": [{key: _unpacked(value) for key, value in d.attrs.items()} | {"seeds": d["seed"].values.tolist()}
                 for d in about],
        "seconds": round(float(sum(d.attrs.get("compute_seconds", 0.0) for d in about)), 2),
        "numbers": numbers(figure),
    }
    with ExitStack() as all_or_none:
        svg, png, text = (all_or_none.enter_context(output(place.with_suffix(kind))) for kind in (".svg", ".png", ".json"))
        figure.savefig(svg, format="svg", metadata={"Date": None, "Description": alt})
        figure.savefig(png, format="png", metadata={"Description": alt})
        text.write_text(_indented(record) + "\n", encoding="utf-8")
    return record


def _indented(record: dict) -> str:
    """JSON with a line for each thing said, and for each list of numbers."""
    return re.sub(r'\[\s+[^][{}"]*\]', lambda row: f"[{' '.join(row[0][1:-1].split())}]", json.dumps(record, indent=1))


def _unpacked(value):
    if isinstance(value, str) and value.startswith(("{", "[")):
        return json.loads(value)
    return value.item() if isinstance(value, np.generic) else value
