"""The parts of an explorer: a control for a field, and a figure with its text alternative."""

import base64
import html
import io
from collections.abc import Sequence

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from mini.errors import UsageError, unknown, wrong
from mini.experiment import Experiment, fields_of, unit_of

OWN = {"seed": "which random draw: of the data, the first weights and all else that chance decides",
       "ticks": "length of the training"}


def picture(figure: Figure, alt: str) -> str:
    """A figure as an `<img>` that carries its own text alternative, which front ends keep.

    >>> from mini.plotting import canvas
    >>> picture(canvas((1, 1)), "an <empty> square")[:43]
    '<img alt="an &lt;empty&gt; square" style="m'
    """
    if not alt:
        raise UsageError(f"draw: returns what the picture shows, in words; it returned {alt!r}")
    figure.set_dpi(100)
    figure.canvas.draw()  # once; `savefig` draws twice, and the viewer has to wait for it
    pixels = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")
    with io.BytesIO() as file:
        pixels.save(file, "png", compress_level=1)
        data = base64.b64encode(file.getvalue()).decode()
    return f'<img alt="{html.escape(alt)}" style="max-width:100%" src="data:image/png;base64,{data}">'


def alert(error: Exception, lead: str) -> str:
    """An error shown where the reader is looking, announced by screen readers; a user's own mistake in one line."""
    name = "" if isinstance(error, UsageError) else f"{type(error).__name__}: "
    return ('<div role="alert" style="border-left:4px solid #D55E00;padding:.3em .8em">'
            f"<b>{html.escape(lead)}</b> {html.escape(name + str(error))}</div>")


def control(experiment: Experiment, name: str, values: Sequence, now) -> widgets.Widget:
    """A slider for one field (or for `seed` or `ticks`), or a menu where its values are names; the tooltip gives its meaning.

    Args:
      values: a list of values that the slider snaps to, or a tuple (low, high, step). A static field
        takes a list, since each of its values is compiled separately.
      now: where the slider stands.

    Raises:
      UsageError: a name that no field has, or a range for a static field.
    """
    about = fields_of(type(experiment))
    if name not in about and name not in OWN:
        raise unknown("control", name, [*about, *OWN])
    ranged = isinstance(values, tuple)
    if ranged and len(values) != 3:
        raise wrong(f"control {name}", values, "(low, high, step), or a list of values")
    if ranged and name in about and not about[name].traced:
        raise wrong(f"control {name}", values, "a list of values, since it is a static field")
    label = f"{unit_of(type(experiment))}s" if name == "ticks" else name.replace("_", " ")
    meaning = about[name].meaning if name in about else OWN[name]
    look = {"description": label, "tooltip": f"{label}: {meaning}",
            "style": {"description_width": "8.8em"}, "layout": {"width": "24.8em"}}
    if ranged:
        low, high, step = values
        kind = widgets.IntSlider if isinstance(now, int) else widgets.FloatSlider
        return kind(value=now, min=min(low, now), max=max(high, now), step=step, continuous_update=False,
                    **look)
    if now not in values:
        values = [now, *values] if isinstance(now, str) else sorted([*values, now])
    options = [(f"{v:g}" if isinstance(v, float) else str(v), v) for v in values]
    if isinstance(now, (bool, str)):
        return widgets.Dropdown(options=options, value=now, **look)
    return widgets.SelectionSlider(options=options, value=now, continuous_update=False, **look)
