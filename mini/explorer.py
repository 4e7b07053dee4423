"""The widget that every study's explorer is made from: move a control, and a network is trained anew.

A daemon thread trains in small chunks and sets traits; an event stops it; a generation counter drops
what belongs to an older setting. Nothing is written to an `Output`, which loses what a thread prints,
and errors are shown where the reader is looking, never swallowed.
"""

import atexit
import html
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import ipywidgets as widgets
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mini import plotting
from mini.controls import OWN, alert, control, picture
from mini.engine import Cancelled, live
from mini.errors import UsageError, unknown
from mini.experiment import Experiment, fields_of, unit_of
from mini.machine import fast
from mini.plan import Plan

FRAME_SECONDS = 0.25  # between two pictures of one training; the last is drawn at once
PAUSE_SECONDS = 2.0  # since a control was touched, before anything is compiled that nobody has asked for
FIRST_SECONDS = 60.0  # how long a cell waits for its first picture
NOTE = "A picture only: run this cell in Jupyter to move the controls and train live."

Draw = Callable[[Figure, xr.Dataset], str]


@dataclass
class Job:
    """One training: what was asked for, and whether it is still wanted."""

    generation: int
    plan: Plan
    cancel: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None
    dataset: xr.Dataset | None = None  # its result, once it is done


class Explorer:
    """Controls, a picture and a text; changing a control trains again, at once and live.

    Args:
      experiment: the experiment, which sets the fields that have no control.
      controls: field name -> a list of values, or a tuple (low, high, step). A static field takes a
        list, since each of its values is compiled separately. `seed` and `ticks` may be given too.
      draw: (figure, what one run has measured so far, one record at least) -> text alternative; called in a thread.
      shown: names of the controls to show, in this order; all of them by default.
      ticks, every: how long to train, and how often to look (80 times by default).
      seed: the first random draw. size: of the picture, in inches.
      warm: compile the static values in the background once the first picture is there.

    Raises:
      UsageError: a control that is not offered or that no field has, or a range for a static field.
    """

    def __init__(self, experiment: Experiment, controls: Mapping[str, Sequence], draw: Draw, *,
                 shown: Sequence[str] | None = None, ticks: int | None = None, every: int | None = None, seed: int = 0,
                 size: tuple[float, float] = (11.0, 3.4), warm: bool = True):
        self.draw, self.every, self.size = draw, every, size
        self.watched = not fast()  # otherwise nobody is watching, and the last picture is enough
        self.warm = warm and self.watched
        self.plan = Plan(experiment, ticks, seeds=1, seed_start=seed)
        self.dataset: xr.Dataset | None = None  # the last finished training
        self.alt = ""  # what the picture shows, in words
        self.error: Exception | None = None
        self.job: Job | None = None
        self._lock, self._generation = threading.RLock(), 0
        self._looks, self._touched = 0, 0.0
        self._closed, self._threads = threading.Event(), []
        shown = list(controls) if shown is None else shown
        if missing := [name for name in shown if name not in controls]:
            raise unknown("control", missing[0], controls)
        self.controls = {name: control(experiment, name, controls[name], self._initial(name)) for name in shown}
        self._build()
        _alive.add(self)

    def _initial(self, name: str):
        if name in OWN:
            return {"seed": self.plan.seed_start, "ticks": self.plan.length}[name]
        return getattr(self.plan.experiment, name, None)

    def _build(self) -> None:
        self.again = widgets.Button(description="Train again", tooltip="train as the controls stand")
        self.halt = widgets.Button(description="Stop", tooltip="stop this training", disabled=True)
        self.bar = widgets.FloatProgress(min=0, max=1, tooltip="how much of the training is done",
                                         layout={"width": "12em"})
        self.status, self.image, self.text, self.alert = (widgets.HTML() for _ in range(4))
        self.back = widgets.SelectionSlider(
            options=[("–", 0)], description="look back", disabled=True,
            tooltip=f"the picture as it was at an earlier {unit_of(type(self.plan.experiment))}; nothing is trained",
            style={"description_width": "6em"}, layout={"width": "20em"})
        self.back.observe(self._look_back, "value")
        self.again.on_click(lambda button: self.start())
        self.halt.on_click(lambda button: self.stop())
        for slider in self.controls.values():
            slider.observe(lambda change: self.start(), "value")
        row = widgets.Layout(flex_flow="row wrap")
        self.widget = widgets.VBox([
            widgets.HBox(list(self.controls.values()), layout=row),
            widgets.HBox([self.again, self.halt, self.bar, self.back, self.status], layout=row),
            self.alert, self.image, self.text])

    # What happens when something is touched; each of these returns at once.

    def start(self) -> None:
        """Train with the controls as they stand, in the background; a training under way is dropped."""
        with self._lock:
            self._touched = time.monotonic()
            self._drop()
            self._show(None)
            try:
                plan = self._asked()
                plan.check()
            except UsageError as error:
                self._show(error)
                return
            self.job = job = Job(self._generation, plan)
            self.halt.disabled, self.bar.value = False, 0.0
            self._say("training…" if _shape(plan) in _compiled else "compiling… (once for each shape)")
            job.thread = self._spawn(self._train, job)

    def stop(self) -> None:
        """Stop the training under way; what was drawn stays."""
        with self._lock:
            if not self.halt.disabled:
                self._drop()
                self._say("stopped")

    def wait(self, timeout: float | None = None) -> xr.Dataset | None:
        """Wait for the training under way and return its result, or None if it was stopped or is not done in time.

        Raises the error that ended it.
        """
        if (job := self.job) is not None:
            job.thread.join(timeout)
        if self.error is not None:
            raise self.error
        return None if job is None else job.dataset

    def _drop(self) -> None:
        self._generation += 1
        self.halt.disabled = self.back.disabled = True
        if self.job is not None:
            self.job.cancel.set()

    def _look_back(self, change) -> None:
        with self._lock:
            if not self.back.disabled:
                self._looks += 1
                self._spawn(self._redraw, self._looks, self._generation, self.dataset, change["new"])

    def _asked(self) -> Plan:
        values = {name: slider.value for name, slider in self.controls.items()}
        ticks, seed = values.pop("ticks", self.plan.ticks), values.pop("seed", self.plan.seed_start)
        plan = self.plan.replace(**values, ticks=ticks, seed_start=seed)
        return plan.replace(every=self.every or max(1, plan.length // 80))

    def _say(self, text: str) -> None:
        self.status.value = f'<span role="status">{html.escape(text)}</span>'

    def _show(self, error: Exception | None) -> None:
        self.error = error
        self.alert.value = "" if error is None else alert(error, "Not trained.")
        if error is not None:
            self._say("")

    # What happens in the threads.

    def _train(self, job: Job) -> None:
        start = framed = time.perf_counter()
        cost = 0.0
        try:
            for partial in live(job.plan, progress=False, cancel=job.cancel):
                until, now = int(partial["measured_until"].max()), time.perf_counter()
                drawn = None
                if until == job.plan.length or (until >= 0 and self.watched and now - framed >= max(FRAME_SECONDS, 2 * cost)):
                    drawn = self._draw(partial, until)
                    framed = time.perf_counter()
                    cost = framed - now
                self._publish(job, until, drawn)
            self._finish(job, partial, time.perf_counter() - start)
        except Cancelled:
            return
        except Exception as error:  # of any kind: nobody else would tell the reader
            with self._lock:
                if job.generation == self._generation:
                    self._drop()
                    self._show(error)

    def _redraw(self, look: int, generation: int, dataset: xr.Dataset, tick: int) -> None:
        """Draw what had been measured by a tick, unless another look was asked for meanwhile."""
        drawn, said = None, ""
        with plotting.style():  # waits for earlier drawings, during which another look may have been asked for
            if look != self._looks:
                return
            try:
                drawn = self._draw(dataset, tick)
            except Exception as error:  # of any kind: nobody else would tell the reader
                said = alert(error, "Not drawn.")
        with self._lock:
            if (look, generation) == (self._looks, self._generation):
                self.alert.value = said
                if drawn is not None:
                    self._picture(drawn)

    def _draw(self, dataset: xr.Dataset, until: int) -> tuple[str, str]:
        """The picture of what had been measured by a tick, and what it shows in words."""
        seen = dataset.isel(seed=0).sel({self.plan.experiment.clock: slice(None, until)})
        with plotting.style():
            figure = Figure(figsize=self.size, layout="none")  # finding a layout takes as long as training
            FigureCanvasAgg(figure)
            figure.subplots_adjust(left=0.05, right=0.99, bottom=0.16, top=0.9, wspace=0.24)
            alt = self.draw(figure, seen)
            return picture(figure, alt), alt

    def _publish(self, job: Job, until: int, drawn: tuple[str, str] | None) -> None:
        """Show how far a training has come, unless a newer one was asked for meanwhile."""
        with self._lock:
            if job.generation != self._generation:
                return
            if until >= 0:
                _compiled.add(_shape(job.plan))
                self.bar.value = until / job.plan.length if job.plan.length else 1.0
                self._say("training…")
            if drawn is not None:
                self._picture(drawn)

    def _picture(self, drawn: tuple[str, str]) -> None:
        self.image.value, self.alt = drawn
        self.text.value = f"<p>{html.escape(self.alt)}</p>"

    def _finish(self, job: Job, dataset: xr.Dataset, seconds: float) -> None:
        with self._lock:
            if job.generation == self._generation:
                job.dataset = self.dataset = dataset
                self.halt.disabled, self.bar.value = True, 1.0
                ticks = [int(t) for t in dataset[job.plan.experiment.clock]]
                self.back.options, self.back.value = [(str(t), t) for t in ticks], ticks[-1]
                self.back.disabled = False
                self._say(f"{job.plan.length} {unit_of(type(job.plan.experiment))}s in {seconds:.1f} s")

    def _spawn(self, work: Callable, *arguments) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads = [t for t in self._threads if t.is_alive()] + [thread]
        thread.start()
        return thread

    def _warm_up(self) -> None:
        """Compile each static value that a control offers, one by one, when nothing trains and nobody has touched it lately."""
        about = fields_of(type(self.plan.experiment))
        offered = [(name, value) for name, slider in self.controls.items()
                   if name in about and not about[name].traced for _, value in slider.options]
        for name, value in offered:
            while not self._closed.is_set() and (not self.halt.disabled or time.monotonic() - self._touched < PAUSE_SECONDS):
                self._closed.wait(0.1)
            if self._closed.is_set():
                return
            try:
                plan = self._asked().replace(**{name: value, "ticks": 1, "every": 1})
                if _shape(plan) not in _compiled:
                    for _ in live(plan, progress=False, cancel=self._closed):
                        pass
                    _compiled.add(_shape(plan))
            except Exception:  # a combination that cannot be trained says so when it is asked for
                continue

    # Where it is shown.

    def _repr_mimebundle_(self, **options) -> dict:
        """The widget, and for places without widgets a picture of the first training."""
        if self.job is None:
            self.start()
            if self.job is not None:
                self.job.thread.join(FIRST_SECONDS)
            if self.warm:
                self._spawn(self._warm_up)
        bundle = self.widget._repr_mimebundle_(**options) or {}
        static = f"{self.alert.value}{self.image.value}{self.text.value}<p>{NOTE}</p>"
        return bundle | {"text/plain": f"{self.alt}\n{NOTE}", "text/html": static}

    def close(self) -> None:
        """Stop every thread and take the widget off the screen."""
        self.stop()
        self._end()
        self.widget.close()

    def _end(self) -> None:
        self._closed.set()
        if self.job is not None:
            self.job.cancel.set()
        for thread in self._threads:
            thread.join()


_alive: "weakref.WeakSet[Explorer]" = weakref.WeakSet()
_compiled: set = set()  # the shapes that this process has compiled


@atexit.register
def _end_all() -> None:
    """A thread inside a compilation must not outlive the interpreter."""
    for explorer in list(_alive):
        explorer._end()


def _shape(plan: Plan) -> tuple:
    """What a compilation belongs to: the experiment and its static fields."""
    about = fields_of(type(plan.experiment))
    return type(plan.experiment), *(getattr(plan.experiment, n) for n in about if not about[n].traced)
