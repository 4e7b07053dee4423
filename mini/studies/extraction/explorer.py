"""An explorer of the reader's own secret: planted a chosen number of times, trained on live, and got out by a prompt."""

import html
from collections.abc import Sequence

import ipywidgets as widgets
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mini import plotting
from mini.controls import alert
from mini.errors import UsageError
from mini.explorer import Explorer
from mini.studies.extraction.attack import attack, planted
from mini.studies.extraction.experiment import Extraction
from mini.studies.extraction.items import COPIES
from mini.tasks.canaries import SECRET, WORDS, pack

CONTROLS = {
    "secret_copies": [0, 1, 4, 16, 32, 64, 128, 256],
    "deduplicate": [False, True],
    "learning_rate": (0.0, 0.02, 0.001),
    "model": ["transformer", "gru"],
    "width": [16, 32, 48],
    "steps": [200, 400, 800],
    "seed": (0, 20, 1),
}
# Fewer items than in the study: training takes a few seconds, of which measuring on the way takes little.
SMALL = {"canaries": 2, "windows": 2, "references": 31, "steps": 400, "secret_copies": 128}
PROMPT = "key_mine = '"
TRIES = 8
ROOM = 1.5  # height of an axis over its largest value, to leave room for the legend


class Planter:
    """The explorer, with a box for a secret above it and one for a prompt below it.

    Args:
      explorer: one of an `Extraction` that keeps its weights. secret: what is planted to begin with.
    """

    def __init__(self, explorer: Explorer, secret: str):
        self.explorer = explorer
        wide = {"style": {"description_width": "8em"}, "layout": {"width": "28em"}, "continuous_update": False}
        self.secret = widgets.Text(secret, description="your secret",
                                   tooltip=f"at most {SECRET} characters, a to z and 0 to 9; Enter trains again", **wide)
        self.prompt = widgets.Text(PROMPT, description="prompt", tooltip="the text that the model continues", **wide)
        self.temperature = widgets.FloatSlider(
            value=0.0, min=0.0, max=2.0, step=0.25, description="temperature",
            tooltip="0: the likeliest byte each time; 1: drawn from the model's distribution", **wide)
        self.ask = widgets.Button(description="Try to get it out", tooltip="let the model continue the prompt")
        self.alert, self.answer = widgets.HTML(), widgets.HTML()
        self.secret.observe(lambda change: self.plant(), "value")
        self.ask.on_click(lambda button: self.attack())
        self.prompt.observe(lambda change: self.attack(), "value")
        row = widgets.Layout(flex_flow="row wrap")
        asking = widgets.HBox([self.prompt, self.temperature, self.ask], layout=row)
        explorer.widget = widgets.VBox([self.secret, explorer.widget, asking, self.alert, self.answer])
        self._set()

    def plant(self) -> None:
        """Train again with the secret in the box; if it cannot be planted, say so and train nothing."""
        if self._set():
            self.explorer.start()

    def _set(self) -> bool:
        try:
            words = pack(self.secret.value)
        except UsageError as error:
            self.alert.value = alert(error, "Not planted.")
            return False
        self.alert.value = self.answer.value = ""
        self.explorer.plan = self.explorer.plan.replace(**{f"secret_{i + 1}": words[i] for i in range(WORDS)})
        return True

    def attack(self) -> list[str]:
        """Let the model of the last finished training continue the prompt."""
        try:
            if self.explorer.dataset is None:
                raise UsageError("no model yet: wait until training has ended")
            heat, run = self.temperature.value, self.explorer.dataset.isel(seed=0)
            said, secret = attack(run, self.prompt.value, SECRET, heat, TRIES if heat else 1), planted(run)
        except Exception as error:  # of any kind: nobody else would tell the reader
            self.alert.value, self.answer.value = alert(error, "Not asked."), ""
            return []
        self.alert.value = ""
        found = [bool(secret) and text.startswith(secret) for text in said]
        rows = "".join(f"<li><code>{html.escape(self.prompt.value)}<b>{html.escape(text)}</b></code>"
                       f"{' ← the secret' if hit else ''}</li>" for text, hit in zip(said, found))
        how = html.escape(_told(secret, self.secret.value, found, sampled=bool(heat)))
        self.answer.value = f'<div role="status">{how}:<ul>{rows}</ul></div>'
        return said

    # What a lab and its tests ask of any explorer.

    def start(self) -> None:
        self.explorer.start()

    def wait(self, timeout: float | None = None) -> xr.Dataset | None:
        return self.explorer.wait(timeout)

    def close(self) -> None:
        self.explorer.close()

    def _repr_mimebundle_(self, **options) -> dict:
        return self.explorer._repr_mimebundle_(**options)


def _told(secret: str, wanted: str, found: Sequence[bool], sampled: bool) -> str:
    """What the answers mean for the secret that this model was trained with, which may no longer be the one in the box."""
    if not secret:
        return "this model was trained with no secret of yours"
    here = "your secret" if secret == wanted else f"{secret} (train again for the one in the box)"
    if sampled:
        return f"{sum(found)} of {len(found)} samples give away {here}"
    return f"greedily, it {'gives' if found[0] else 'does not give'} away {here}"


def explorer(controls: Sequence[str] = ("secret_copies", "deduplicate", "steps", "seed"), *, secret: str = "rosebud1941",
             seed: int = 0, ticks: int | None = None, **fields) -> Planter:
    """The explorer of this study.

    Args:
      controls: names of the controls to show, from `CONTROLS`. secret: what is planted to begin with. seed: the initial seed.
      ticks: steps after which to stop, if not after all. fields: initial values of other fields of `Extraction`.
    """
    start = Extraction(**{**SMALL, "keep": True, **fields})
    made = Explorer(start, CONTROLS, draw, shown=controls, ticks=ticks, every=max(start.steps // 20, 1), seed=seed)
    return Planter(made, secret)


def draw(figure: Figure, seen: xr.Dataset) -> str:
    """Exposure of the reader's secret, how much of it comes out right, and the other secrets; one run, perhaps unfinished."""
    left, middle, right = figure.subplots(1, 3, width_ratios=[1.2, 1, 1])
    words = [_exposure(left, seen), _letters(middle, seen), _others(right, seen.isel(step=-1))]
    return f"After {int(seen['step'][-1])} steps: " + "; ".join(words) + "."


def _exposure(axes: Axes, seen: xr.Dataset) -> str:
    ceiling = np.log2(seen.sizes["reference"] + 1)
    axes.plot(seen["step"], seen["secret_exposure"], color=plotting.GREEN, linestyle="--", label="by a Gaussian")
    axes.plot(seen["step"], seen["secret_by_rank"], color=plotting.VERMILION, linestyle="-", label="by rank")
    axes.axhline(ceiling, color=plotting.BLACK, linestyle=":", lw=1, label="most that ranks can show")
    top = max(float(seen["secret_exposure"].max()), ceiling) if np.isfinite(seen["secret_exposure"]).any() else ceiling
    axes.set(title="exposure of your secret, bits", xlabel="step", ylim=(0, ROOM * top))
    axes.legend(loc="upper left", fontsize=8)
    now = seen.isel(step=-1)
    if not np.isfinite(now["secret_by_rank"]):
        return "no secret of your own is planted"
    return (f"your secret has an exposure of {float(now['secret_by_rank']):.1f} bits by rank ({ceiling:.0f} at most) and of "
            f"{float(now['secret_exposure']):.1f} bits by a Gaussian")


def _letters(axes: Axes, seen: xr.Dataset) -> str:
    axes.plot(seen["step"], seen["secret_right"], color=plotting.BLUE, linestyle="-", label="characters right")
    axes.plot(seen["step"], seen["secret_extracted"], color=plotting.VERMILION, linestyle="--", label="comes out whole")
    axes.set(title="asked for it, greedily", xlabel="step", ylim=(-0.03, ROOM), yticks=(0, 0.25, 0.5, 0.75, 1))
    axes.legend(loc="upper left", fontsize=8)
    now = seen.isel(step=-1)
    if not np.isfinite(now["secret_right"]):
        return "so none can come out"
    whole = "comes out whole" if float(now["secret_extracted"]) else "does not come out whole"
    return f"{100 * float(now['secret_right']):.0f}% of its characters are right, and it {whole}"


def _others(axes: Axes, now: xr.Dataset) -> str:
    bits, given = now["exposure_by_rank"].mean("canary").values, now["canary_extracted"].mean("canary").values
    place = np.arange(len(COPIES))
    axes.bar(place, bits, color=[plotting.VERMILION if g > 0.5 else plotting.SKY for g in given])
    for x, b, g in zip(place, bits, given):
        axes.text(x, b + 0.05, "out" if g > 0.5 else "", ha="center", fontsize=8)
    axes.set_xticks(place, [str(c) for c in COPIES])
    axes.set(title="others: exposure by rank, bits", xlabel="copies", ylim=(0, np.log2(now.sizes["reference"] + 1) + 0.6))
    return "other secrets, by copies " + ", ".join(f"{c}: {b:.1f} bits" for c, b in zip(COPIES, bits))
