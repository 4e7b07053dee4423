"""A curve fitter that takes the reader's own points: every family, its weight, its half-life, and what is doubtful about it."""

import html
import math
import re

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure

from mini import plotting
from mini.controls import alert, picture
from mini.errors import UsageError
from mini.measures import retention
from mini.plotting import BLACK
from mini.studies.forgetting import human
from mini.studies.forgetting.figures.memory import FAMILY_LOOK

OWN = "my own points"
HELP = ("One line for each time: the time, from 0 on, then a score for each learner or item. Write decimals with a point, and "
        "separate numbers by spaces, commas or semicolons; anything after a # is skipped.")


def read(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Times (n,) and scores (columns, n) from lines of text; missing scores are NaN.

    Raises:
      UsageError: nothing to read, a line that is no list of numbers, or of another length; it names the line.

    >>> t, y = read("0 1.0 0.9\\n1, 0.5, 0.6  # a day\\n\\n2; nan; 0.3")
    >>> t.tolist(), y.tolist()
    ([0.0, 1.0, 2.0], [[1.0, 0.5, nan], [0.9, 0.6, 0.3]])
    """
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        words = re.split(r"[\s,;]+", line.partition("#")[0].strip())
        if words == [""]:
            continue
        try:
            row = [float(word) for word in words]
        except ValueError:
            raise UsageError(f"line {number}: got {line.strip()!r}, takes numbers: a time, then scores") from None
        if len(row) < 2 or (rows and len(row) != len(rows[0])):
            wanted = "a time and at least one score" if not rows else f"{len(rows[0])} numbers, as the lines above"
            raise UsageError(f"line {number}: got {len(row)} number{'s' * (len(row) > 1)}, takes {wanted}")
        if not math.isfinite(row[0]) or row[0] < 0 or any(math.isinf(value) for value in row):
            raise UsageError(f"line {number}: got {line.strip()!r}, takes a time from 0 on and finite scores")
        rows.append(row)
    if not rows:
        raise UsageError("points: got none, takes at least one line")
    table = np.array(rows).T
    return table[0], table[1:]


def write(t, scores) -> str:
    """The lines that `read` takes."""
    return "\n".join(" ".join(f"{value:.6g}" for value in row) for row in np.c_[t, np.atleast_2d(scores).T])


def draw(figure: Figure, t: np.ndarray, scores: np.ndarray, resamples: int = 60) -> tuple[str, str]:
    """Points, curves and weights; returns what they show in words, and a table as HTML."""
    left, right = figure.subplots(1, 2, width_ratios=[1.4, 1])
    scored = np.isfinite(scores).any(0)
    t, scores = t[scored], scores[:, scored]
    if not len(t):
        raise UsageError("points: got no score, takes at least one")
    mean = np.nanmean(scores, 0)
    found = retention.compare(t, mean)
    best = {f.model.partition(" + ")[0]: f for f in reversed(found.fits) if not f.reason}  # the better fit of each family
    weights = found.weights() if found.tied else {}
    whole = len(scores) > 1 and np.isfinite(scores).all()
    positive = t[t > 0]
    wide = bool(len(positive)) and t.max() > 50 * positive.min()
    between = np.geomspace(positive.min() / 2, t.max(), 150) if wide else np.linspace(t.min(), t.max(), 150)
    fine = np.unique(np.r_[t.min(), between[between >= t.min()]])
    sure = None
    if whole and best:
        sure = retention.bootstrap(t, scores, [f.model for f in best.values()], fine, resamples)
    for name, found_best in best.items():
        colour, style = FAMILY_LOOK[name]
        left.plot(fine, retention.curve(found_best.model, fine, tuple(found_best.parameters.values())), linestyle=style,
                  color=colour, label=found_best.model)
        if sure is not None:
            left.fill_between(fine, *sure.band[found_best.model], color=colour, alpha=0.13, lw=0)
    left.plot(t, mean, "o", color=BLACK, ms=5, label="points" if len(scores) == 1 else f"mean of {len(scores)}")
    if wide:
        left.set_xscale("symlog", linthresh=positive.min())
    left.set(title="each family at its best", xlabel="time", ylabel="score")
    left.legend(fontsize=8)
    order = list(weights)[::-1]
    right.barh(range(len(order)), [weights[m] for m in order], color=[FAMILY_LOOK[m.partition(" + ")[0]][0] for m in order])
    right.set_yticks(range(len(order)), order, fontsize=8)
    right.set(title="Akaike weight", xlim=(0, 1))
    note = ("Bands: 95% of the curves fitted to resampled learners." if sure is not None else
            "No bands: they come from resampling learners or items, so give a column for each.")
    return f"{len(t)} points; best: {found}. {note}", table(found, weights)


def table(found: retention.Comparison, weights) -> str:
    """The fits as a table, the best first; for what could not be fitted, the reason."""
    columns = ("model", "parameters", "AICc above best", "weight", "half-life", "doubts")
    head = "".join(f'<th style="text-align:left">{name}</th>' for name in columns)
    rows = []
    for f in found.fits:
        values = ", ".join(f"{k} = {v:.3g}" for k, v in f.parameters.items())
        life = retention.half_life(f)
        cells = ((f.model, "cannot be told", "", "", "", f.reason) if f.reason else
                 (f.model, values, f"{f.aicc - found.fits[0].aicc:.1f}", f"{weights[f.model]:.2f}",
                  "never" if math.isinf(life) else f"{life:.4g}", "; ".join(f.flags)))
        rows.append("".join(f'<td style="text-align:left">{html.escape(c)}</td>' for c in cells))
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in (head, *rows)) + "</table>"


class Fitter:
    """A text area for points, and below it every family fitted to them.

    Args:
      examples: name -> (times, scores), offered beside the bundled curves of people. start: the example to begin with.
    """

    def __init__(self, examples: dict | None = None, start: str = "Ebbinghaus"):
        people = {name: (c.minutes, c.value) for name, c in human.curves().items() if np.isfinite(c.value).all()}
        self.examples = people | dict(examples or {})
        if start not in self.examples:
            raise UsageError(f"start: got {start!r}, takes one of " + ", ".join(self.examples))
        self.choice = widgets.Dropdown(options=[*self.examples, OWN], value=start, description="points",
                                       tooltip="an example, or your own")
        self.points = widgets.Textarea(value=write(*self.examples[start]), rows=9, description="time, score",
                                       continuous_update=False, tooltip=HELP, layout={"width": "24em"})
        self.alert, self.image, self.text = (widgets.HTML() for _ in range(3))
        self.choice.observe(self._chosen, "value")
        self.points.observe(lambda change: self.fit(), "value")
        self.widget = widgets.VBox([widgets.HBox([self.choice, self.points]), widgets.HTML(f"<p>{HELP}</p>"), self.alert,
                                    self.image, self.text])
        self.fit()

    def _chosen(self, change) -> None:
        if change["new"] in self.examples:
            self.points.value = write(*self.examples[change["new"]])

    def fit(self) -> None:
        """Fit the points in the text area; if they cannot be read, say why and keep the last picture."""
        try:
            t, scores = read(self.points.value)
            with plotting.style():
                canvas = plotting.canvas((10.0, 3.6))
                said, rows = draw(canvas, t, scores)
                self.image.value = picture(canvas, said)
            self.text.value, self.alert.value = f'<p role="status">{html.escape(said)}</p>{rows}', ""
        except Exception as error:  # nobody else would tell the reader
            self.alert.value = alert(error, "Not fitted.")

    def _repr_mimebundle_(self, **options) -> dict:
        """The widget and, for front ends without widgets, its picture and table."""
        bundle = self.widget._repr_mimebundle_(**options) or {}
        return bundle | {"text/plain": "Curves fitted to points; run this cell in Jupyter.",
                         "text/html": f"{self.alert.value}{self.image.value}{self.text.value}"}
