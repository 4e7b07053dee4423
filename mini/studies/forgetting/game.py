"""The two-alternative game, the reader against the model: which of two strings was studied?

Both study the same strings, the reader once and the model 0 to 32 times, and both are asked about the same pairs.
"""

import html
from collections.abc import Callable
from typing import NamedTuple

import ipywidgets as widgets
import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from mini import plotting
from mini.claims import binomial_interval
from mini.controls import alert, picture
from mini.engine import default_cache, run
from mini.errors import UsageError, wrong
from mini.studies.forgetting import human
from mini.studies.forgetting.experiment import FOILS, Forgetting
from mini.studies.forgetting.figures.memory import in_exposures
from mini.studies.forgetting.settings import PASSES

LETTERS = "aeiourstlnmdkpbgfvhz"
SETTING = {"vocabulary": len(LETTERS), "items": 16, "length": 10, "study_ends": 364, "stream": 4096, "concentration": 0.3}


class Round(NamedTuple):
    """One game: what is asked, and what has been answered so far."""

    studied: tuple[str, ...]
    foils: tuple[str, ...]
    left: tuple[bool, ...]  # whether the studied one stands on the left
    answers: tuple[bool, ...] = ()  # whether the left one was chosen

    @property
    def asked(self) -> int:
        return len(self.answers)

    @property
    def right(self) -> int:
        """How many answers are right.

        >>> Round(("ab", "cd"), ("ae", "ce"), (True, False), (True, True)).right
        1
        """
        return sum(a == b for a, b in zip(self.answers, self.left))

    @property
    def over(self) -> bool:
        return self.asked == len(self.studied)

    def pair(self) -> tuple[str, str]:
        """The two strings of the current question, left and right."""
        one, other = self.studied[self.asked], self.foils[self.asked]
        return (one, other) if self.left[self.asked] else (other, one)

    def answer(self, left: bool) -> "Round":
        if self.over:
            raise UsageError(f"answer: got one more than the {len(self.studied)} pairs, takes no more")
        return self._replace(answers=(*self.answers, bool(left)))


def spell(tokens) -> str:
    """Tokens as letters.

    >>> spell([0, 5, 1])
    'are'
    """
    return "".join(LETTERS[int(t)] for t in tokens)


def deal(runs: xr.Dataset, foil: str = "independent", pairs: int | None = None, seed: int = 0) -> Round:
    """A game with the strings of a run; the seed decides their order and their sides."""
    if foil not in FOILS:
        raise wrong("foil", foil, "one of " + ", ".join(FOILS))
    total = runs.sizes["item"]
    pairs = total if pairs is None else pairs
    if not 1 <= pairs <= total:
        raise wrong("pairs", pairs, f"a whole number from 1 to {total}")
    rng = np.random.default_rng(seed)
    order = rng.permutation(total)[:pairs]
    studied, foils = runs.studied.values[order], runs.foils.sel(foil=foil).values[order]
    return Round(tuple(map(spell, studied)), tuple(map(spell, foils)), tuple(map(bool, rng.integers(0, 2, pairs))))


def draw(figure: Figure, runs: xr.Dataset, foil: str, played: Round | None) -> str:
    """The model's forced choice by number of exposures, with the reader's drawn over it; returns both in words."""
    axes = figure.subplots()
    studied = runs.isel(step=slice(1, None)).sel(foil=foil)  # without the untrained model
    axes.plot(studied.exposed, studied.forced_choice, color=plotting.BLUE, marker="o", label="the model, on the same pairs")
    axes.axhline(0.5, color=plotting.BLACK, linestyle=":", lw=1, label="guessing")
    axes.axhline(human.SENTENCES, color=plotting.GREEN, linestyle="-.", lw=1, label="people on 600 sentences, 1967 (secondary)")
    words = ", ".join(f"{float(v):.2f} after {int(e)}" for e, v in zip(studied.exposed, studied.forced_choice)
                      if int(e) in (0, 1, 2, 4, 8, 16, 32))
    said = f"The model chooses right in these shares of pairs: {words} exposures"
    if played is not None and played.asked:
        sure = binomial_interval(played.right, played.asked)
        axes.axhline(sure.value, color=plotting.VERMILION, lw=2, label="you, after one reading")
        axes.axhspan(sure.low, sure.high, color=plotting.VERMILION, alpha=0.12, lw=0)
        said += (f"; you in {played.right} of {played.asked}, {sure.value:.2f} (95% interval {sure.low:.2f} to "
                 f"{sure.high:.2f}), {_alike(studied, sure.value)}")
    in_exposures(axes, 32)
    axes.set(ylabel="share of right choices", xlim=(-0.15, 36), ylim=(0.2, 1.03))
    axes.legend(loc="lower right", fontsize=8)
    return said + "."


def _alike(studied, share: float) -> str:
    """After how many exposures the model is as good, in words."""
    good = studied.exposed.values[studied.forced_choice.values >= share]
    return f"as well as the model after {int(good.min())} exposures" if len(good) else "better than the model ever is"


class Game:
    """The game as a widget: read the strings once, then choose; the score is set beside the model's.

    Args:
      foil: how the other string of a pair is made, one of `FOILS`. pairs: how many are asked, by default all.
      seed: decides which strings, and on which side. fields: of `Forgetting`, added to `SETTING` or overriding it.
    """

    def __init__(self, foil: str = "independent", pairs: int | None = None, seed: int = 0, **fields):
        point = Forgetting(**{**SETTING, **fields})
        ticks = [point.study_begins + n * point.passing for n in PASSES if n <= point.exposures]
        self.runs = run(point, point.study_ends, ticks, seeds=1, seed_start=seed, progress=False,
                        cache=default_cache()).isel(seed=0)
        self.seed, self.round = seed, deal(self.runs, foil, pairs, seed)
        self.foil = widgets.Dropdown(options=list(FOILS), value=foil, description="foils",
                                     tooltip="how the other string of a pair is made")
        self.begin = widgets.Button(description="I have read them", tooltip="hide the strings and ask")
        self.again = widgets.Button(description="Play again", tooltip="the same strings, other sides")
        self.choices = [widgets.Button(layout={"width": "14em"}, tooltip=f"the one on the {side} was studied", disabled=True)
                        for side in ("left", "right")]
        self.alert, self.text, self.image = (widgets.HTML() for _ in range(3))
        self.begin.on_click(lambda button: self._play(self.ask))
        self.again.on_click(lambda button: self._play(self.restart))
        self.foil.observe(lambda change: self._play(self.restart), "value")
        for button, left in zip(self.choices, (True, False)):
            button.on_click(lambda button, left=left: self._play(self.choose, left))
        self.widget = widgets.VBox([widgets.HBox([self.foil, self.begin, self.again]), self.alert, self.text,
                                    widgets.HBox(self.choices), self.image])
        self.show()

    def _play(self, move: Callable, *arguments) -> None:
        """Do what a control asks; if that fails, say why and leave what was shown."""
        try:
            move(*arguments)
            self.alert.value = ""
        except Exception as error:  # nobody else would tell the reader
            self.alert.value = alert(error, "Not played.")

    def show(self) -> None:
        """The strings, to be read once."""
        shown = " &nbsp; ".join(f"<code>{html.escape(s)}</code>" for s in sorted(self.round.studied))
        self.text.value = (f'<div role="status"><p>Read these {len(self.round.studied)} strings once, at your own pace. Then '
                           f"you will see pairs, one of them a string that you have read.</p><p>{shown}</p></div>")
        self.image.value, self.begin.disabled = "", False
        for button in self.choices:
            button.disabled, button.description = True, "…"

    def ask(self) -> None:
        self.begin.disabled = True
        if self.round.over:
            return self.finish()
        for button, string in zip(self.choices, self.round.pair()):
            button.disabled, button.description = False, string
        self.text.value = (f'<div role="status"><p>Pair {self.round.asked + 1} of {len(self.round.studied)}: which one have '
                           "you read?</p></div>")

    def choose(self, left: bool) -> None:
        self.round = self.round.answer(left)
        self.ask()

    def finish(self) -> None:
        for button in self.choices:
            button.disabled, button.description = True, "…"
        drawn, said = self.drawn()
        self.image.value = drawn
        self.text.value = f'<div role="status"><p>{html.escape(said)}</p></div>'

    def restart(self) -> None:
        self.seed += 1
        self.round = deal(self.runs, self.foil.value, len(self.round.studied), self.seed)
        self.show()

    def drawn(self) -> tuple[str, str]:
        with plotting.style():
            canvas = plotting.canvas((7.0, 3.4))
            said = draw(canvas, self.runs, self.foil.value, self.round)
            return picture(canvas, said), said

    def _repr_mimebundle_(self, **options) -> dict:
        """The widget and, for front ends without widgets, the strings and the model's score."""
        drawn, said = self.drawn()
        note = "To play, run this cell in Jupyter."
        bundle = self.widget._repr_mimebundle_(**options) or {}
        shown = f"{self.text.value}{drawn}<p>{html.escape(said)} {note}</p>"
        return bundle | {"text/plain": f"{said}\n{note}", "text/html": shown}
