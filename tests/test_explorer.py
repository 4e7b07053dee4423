"""The explorer: what its callbacks do, how it stops, what it shows of errors, and that old results are dropped."""

import threading
import time

import ipywidgets as widgets
import jax.numpy as jnp
import numpy as np
import pytest
from haste import hasty
from walk import Walk

from mini import explorer as module
from mini.errors import UsageError
from mini.experiment import Experiment, Variable, experiment
from mini.explorer import NOTE, Explorer
from mini.studies import studies
from mini.studies.early_learning import explorer as early_learning
from mini.studies.grokking import explorer as grokking

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.earnest]
CONTROLS = {"stride": (0.0, 3.0, 0.5), "walkers": [1, 3], "gait": ["walk", "stand"], "seed": (0, 9, 1),
            "ticks": [20, 40, 100_000_000]}


def draw(figure, dataset):
    figure.subplots().plot(dataset["distance"])
    return f"walkers <{dataset.sizes.get('walker', 0)}>"


@pytest.fixture
def shown():
    made = []

    def make(how=draw, **options):
        made.append(Explorer(Walk(), CONTROLS, how, warm=False, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("name", studies())
def test_every_study_has_an_explorer_whose_controls_are_explained(name):
    made = studies()[name].explorer()
    one = getattr(made, "explorer", made)
    assert one.controls and all(control.tooltip for control in one.controls.values())
    one.plan.check()
    one.close()
    with pytest.raises(UsageError, match="control: no 'sed'; did you mean 'seed'"):
        studies()[name].explorer(controls=["sed"])


def test_a_change_trains_with_the_new_value(shown):
    one = shown()
    one.controls["stride"].value = 2.0
    first = one.wait(60)
    one.controls["walkers"].value = 1
    second = one.wait(60)
    assert '"stride": 2.0' in first.attrs["configuration"] and '"walkers": 3' in first.attrs["configuration"]
    assert '"walkers": 1' in second.attrs["configuration"] and second.sizes["walker"] == 1


def test_seed_and_ticks_are_controls_too(shown):
    one = shown()
    one.controls["seed"].value = 4
    one.wait(60)
    one.controls["ticks"].value = 20
    result = one.wait(60)
    assert result["seed"].item() == 4 and result["step"].values[-1] == 20


def test_what_is_shown_has_words(shown):
    one = shown()
    one.start()
    one.wait(60)
    assert one.image.value.startswith('<img alt="walkers &lt;3&gt;"') and one.bar.value == 1
    assert "walkers &lt;3&gt;" in one.text.value and "40 steps in" in one.status.value
    assert 'role="status"' in one.status.value
    for name, slider in one.controls.items():
        assert slider.tooltip and slider.description and getattr(slider, "continuous_update", False) is False, name
    assert "standard deviation of a stride" in one.controls["stride"].tooltip
    assert isinstance(one.controls["walkers"], widgets.SelectionSlider)
    assert isinstance(one.controls["gait"], widgets.Dropdown)


def test_stop_is_at_once_and_keeps_the_picture(shown):
    one = shown()
    one.start()
    one.wait(60)
    before = one.image.value
    one.controls["ticks"].value = 100_000_000
    time.sleep(0.5)
    start = time.perf_counter()
    one.halt.click()
    said = time.perf_counter() - start
    one.job.thread.join(10)
    assert said < 0.2 and not one.job.thread.is_alive() and time.perf_counter() - start < 2
    assert "stopped" in one.status.value and one.halt.disabled and one.image.value
    assert one.wait(1) is None and one.dataset is not None  # what was trained before is no answer to what was stopped
    assert before.startswith("<img")


def test_a_new_setting_drops_the_old_one(shown):
    gate, seen = threading.Event(), []

    def slow(figure, dataset):
        seen.append(dataset["distance"].sizes)
        if len(seen) == 1:
            gate.wait(20)  # the first training is drawn only after the second was asked for
            return "stale"
        return "fresh"

    one = shown(slow)
    one.start()
    old = one.job
    while not seen:
        time.sleep(0.01)
    one.controls["seed"].value = 3
    gate.set()
    one.wait(60)
    old.thread.join(20)
    assert one.alt == "fresh" and "stale" not in one.image.value
    assert one.dataset["seed"].item() == 3 and one.error is None


def test_an_error_is_shown_and_raised(shown):
    def broken(figure, dataset):
        raise KeyError("no <such> curve")

    one = shown(broken)
    one.start()
    with pytest.raises(KeyError):
        one.wait(60)
    assert 'role="alert"' in one.alert.value and "no &lt;such&gt; curve" in one.alert.value
    assert one.halt.disabled and "training" not in one.status.value
    one.draw = draw
    one.again.click()
    assert one.wait(60) is not None and one.alert.value == ""


def test_a_refused_value_is_said_in_one_line_and_nothing_starts():
    one = grokking.explorer(("p", "train_fraction"), operation="multiplication", p=31)
    one.warm = False
    one.controls["p"].options = [("31", 31), ("33", 33)]
    one.controls["p"].value = 33
    with pytest.raises(UsageError):
        one.wait(60)
    assert "p: got 33, takes a prime for multiplication" in one.alert.value
    one.close()


@pytest.mark.parametrize("name, values, words", [
    ("pace", [1], "control: no 'pace'"), ("walkers", (1, 5, 1), "list of values"), ("stride", (0.0, 1.0), "low, high")])
def test_a_wrong_control_is_refused(name, values, words):
    with pytest.raises(UsageError, match=words):
        Explorer(Walk(), {name: values}, draw)


def test_without_a_front_end_a_picture_says_so(shown):
    bundle = shown()._repr_mimebundle_()
    assert "<img alt=" in bundle["text/html"] and NOTE in bundle["text/html"]
    assert "walkers <3>" in bundle["text/plain"]


def test_static_values_are_compiled_in_the_background(shown):
    module._compiled.clear()
    one = shown()
    one.warm = True
    one._repr_mimebundle_()
    for thread in one._threads:
        thread.join(60)
    assert len(module._compiled) >= 3  # (walkers, gait) at the start and one change of each


def test_what_cannot_be_compiled_beforehand_stops_nothing_else(shown, monkeypatch):
    whole, tried = module.live, []

    def live(plan, **options):
        tried.append(plan.experiment.walkers)
        if plan.experiment.walkers == 1:
            raise RuntimeError("out of memory")
        return whole(plan, **options)

    monkeypatch.setattr(module, "live", live)
    module._compiled.clear()
    one = shown()
    one._warm_up()
    assert 1 in tried and len(module._compiled) == 2  # both gaits


def test_closing_ends_every_thread(shown):
    one = shown()
    one.controls["ticks"].value = 100_000_000
    one.close()
    assert not any(thread.is_alive() for thread in one._threads)


@hasty()
def test_the_grokking_explorer_tells_what_it_draws():
    one = grokking.explorer(corruption=0.2, ticks=30, operation="division")
    one.warm = False
    one.start()
    result = one.wait(120)
    one.close()
    assert result["step"].values[-1] == 30
    for words in ("After 30 steps", "training ", "never seen ", "redrawn, as given ", "redrawn, true answer ",
                  "inverse participation ratio"):
        assert words in one.alt
    table = result["prediction_table"].isel(step=-1).squeeze().values
    right = sum(table[a, b] * b % 31 == a for a in range(31) for b in range(1, 31))  # a / b is what times b gives a
    assert f"; {right / 930:.0%} of all 930 pairs answered right (division modulo 31)" in one.alt
    assert set(one.controls) == set(grokking.CONTROLS)


def test_looking_back_shows_what_was_and_trains_nothing(shown):
    one = shown(lambda figure, dataset: f"at {int(dataset['step'][-1])}, {float(dataset['distance'][-1]):.6f}")
    assert one.back.disabled
    one.start()
    result = one.wait(60)
    job = one.job
    assert one.back.value == 40 and not one.back.disabled and one.alt.startswith("at 40")
    one.back.value = 20
    for thread in one._threads:
        thread.join(60)
    assert one.alt == f"at 20, {float(result['distance'].sel(step=20).isel(seed=0)):.6f}" and one.job is job


@pytest.mark.parametrize("value, expected", [
    (lambda count: count, [0, 1, 2, 3, 4]), (lambda count: jnp.where(count > 0, 1.0, jnp.nan), [np.nan, 1, 1, 1, 1])])
def test_whole_numbers_and_what_is_not_known_at_first_are_drawn_to_the_end(value, expected):
    """Whether a record has come is not told by its value."""
    counting = experiment(type("Counting", (Experiment,), {
        "variables": {"seen": Variable((), "1", "a thing")},
        "init": lambda self, keys, world: jnp.int32(0), "step": lambda self, state, world, t, key: state + 1,
        "measure": lambda self, state, world: {"seen": value(state)}}))
    drawn = []
    one = Explorer(counting(), {"seed": (0, 9, 1)}, lambda figure, run: drawn.append(run) or f"{run.sizes['step']} records",
                   ticks=4, warm=False)
    one.start()
    one.wait(60)
    assert one.alt == "5 records" and one.bar.value == 1
    np.testing.assert_array_equal(drawn[-1]["seen"], expected)
    one.back.value = 2
    for thread in one._threads:
        thread.join(60)
    assert one.alt == "3 records"
    one.close()


def test_a_wait_too_short_returns_nothing(shown):
    one = shown()
    one.start()
    assert one.wait(60) is one.dataset
    one.controls["ticks"].value = 100_000_000
    assert one.wait(0.1) is None


def test_an_error_on_looking_back_is_shown_and_goes_with_the_next_look(shown):
    def broken_early(figure, dataset):
        if dataset["step"][-1] == 20:
            raise KeyError("no <such> curve")
        return draw(figure, dataset)

    one = shown(broken_early)
    one.start()
    one.wait(60)
    for tick, words in ((20, "Not drawn.</b> KeyError: &#x27;no &lt;such&gt; curve&#x27;"), (30, "")):
        one.back.value = tick
        for thread in one._threads:
            thread.join(60)
        assert words in one.alert.value and bool(words) == bool(one.alert.value)
    assert one.wait() is one.dataset  # the training itself went well


@hasty()
def test_the_early_learning_explorer_tells_what_it_draws():
    one = early_learning.explorer(ticks=4, examples=100)
    one.warm = False
    one.start()
    result = one.wait(120)
    one.close()
    assert result["epoch"].values[-1] == 4
    for words in ("After 4 epochs", "false labels, memorised", "held-out digits",
                  "of 100 digits are answered differently from epoch 2"):
        assert words in one.alt
    assert set(one.controls) < set(early_learning.CONTROLS)
