"""A plan refuses what cannot be run, in one line, and knows its ticks and points."""

import dataclasses

import numpy as np
import pytest
from walk import Walk

from mini.engine import run
from mini.errors import UsageError
from mini.experiment import experiment
from mini.plan import Plan, log_spaced
from mini.run_command import check_length, options_of

WHOLE, TICKS = "a whole number from 0 on, below 2**31", "a whole number from 1 on, or a list of ticks"
REFUSED = [
    ({"ticks": -1}, f"ticks: got -1, takes {WHOLE}"),
    ({"ticks": 2**31}, f"ticks: got 2147483648, takes {WHOLE}"),
    ({"ticks": 10.0}, f"ticks: got 10.0, takes {WHOLE}"),
    ({"ticks": True}, f"ticks: got True, takes {WHOLE}"),
    ({"every": 0}, f"every: got 0, takes {TICKS}"),
    ({"every": True}, f"every: got True, takes {TICKS}"),
    ({"every": 2.5}, f"every: got 2.5, takes {TICKS}"),
    ({"every": "often"}, f"every: got 'often', takes {TICKS}"),
    ({"every": [1, 2.5]}, "every: got [1, 2.5], takes whole numbers"),
    ({"every": [2, 1]}, "every: got [2, 1], takes an increasing list of ticks from 0 on"),
    ({"every": [1, 1]}, "every: got [1, 1], takes an increasing list of ticks from 0 on"),
    ({"every": [-1, 1]}, "every: got [-1, 1], takes an increasing list of ticks from 0 on"),
    ({"every": [1, 41]}, "every: got 41, takes ticks up to the last one, 40"),
    ({"ticks": 2**31 - 1, "every": 1}, "every: got 1, takes 2148 or more: 1,000,000 records of a run are the most"),
    ({"seeds": 10**6, "sweep": {"stride": [1.0, 2.0]}},
     "seeds: got 1000000, takes fewer: with what is swept they make 2,000,000 runs, and 1,000,000 are the most"),
    ({"seeds": 0}, "seeds: got 0, takes a whole number from 1 on"),
    ({"seeds": 2.0}, "seeds: got 2.0, takes a whole number from 1 on"),
    ({"seed_start": -1}, "seed_start: got -1, takes a whole number from 0 on"),
    ({"seed_start": 2**32, "seeds": 1}, "seed_start: got 4294967296, takes seeds that end below 2**32"),
    ({"hold": {"data": -1}}, "hold data: got -1, takes a whole number from 0 on, below 2**32"),
    ({"hold": {"data": 0.5}}, "hold data: got 0.5, takes a whole number from 0 on, below 2**32"),
    ({"sweep": {"strid": [1.0]}},
     "field: no 'strid'; did you mean 'stride'? (gait, growth, loud, stride, walkers)"),
    ({"sweep": {"stride": []}}, "sweep stride: got [], takes a list of different values"),
    ({"sweep": {"stride": 1.0}}, "sweep stride: got 1.0, takes a list of different values"),
    ({"sweep": {"gait": "walk"}}, "sweep gait: got 'walk', takes a list of different values"),
    ({"sweep": {"stride": [1.0, 1.0]}}, "sweep stride: got [1.0, 1.0], takes a list of different values"),
    ({"sweep": {"stride": [1.0, -2.0]}}, "stride: got -2.0, takes a number in [0, inf)"),
    ({"sweep": {"walkers": [1, 2.5]}}, "walkers: got 2.5, takes a whole number in [1, 64]"),
]


@pytest.mark.parametrize(("settings", "message"), REFUSED, ids=lambda x: x if isinstance(x, str) else "")
def test_check_refuses_in_one_line(settings, message):
    with pytest.raises(UsageError) as caught:
        Plan(Walk(), **settings).check()
    assert str(caught.value) == message


@pytest.mark.parametrize(("every", "expected"), [
    (None, [0, 10, 20, 30, 40]), (40, [0, 40]), (1000, [0, 40]), (15, [0, 15, 30, 40]), ([], [0, 40]),
    ([3, 7], [0, 3, 7, 40]), ([0, 40], [0, 40]), (np.array([1, 2]), [0, 1, 2, 40]),
    (range(5, 40, 20), [0, 5, 25, 40]),
])
def test_tick_0_and_the_last_are_always_recorded(every, expected):
    plan = Plan(Walk(), every=every)
    plan.check()
    assert plan.records().tolist() == expected


def test_no_ticks_at_all_is_one_record():
    plan = Plan(Walk(), ticks=0)
    plan.check()
    assert plan.records().tolist() == [0]


def test_points_are_the_product_with_the_last_name_fastest():
    plan = Plan(Walk(), sweep={"stride": [1.0, 2.0], "walkers": [3, 4]})
    assert [(p.stride, p.walkers) for p in plan.points()] == [(1.0, 3), (1.0, 4), (2.0, 3), (2.0, 4)]


def test_replace_reaches_through_to_the_experiment():
    plan = Plan(Walk()).replace(stride=2.0, seeds=3)
    assert plan.experiment.stride == 2.0 and plan.seeds == 3 and plan.seed_values().tolist() == [0, 1, 2]
    with pytest.raises(UsageError, match="no 'strides'; did you mean 'stride'"):
        plan.replace(strides=2.0)


def test_log_spaced_ticks_increase_from_1_to_the_last():
    for last in (1, 2, 10, 4000):
        ticks = log_spaced(last)
        assert ticks[0] == 1 and ticks[-1] == last and ticks == sorted(set(ticks))
    with pytest.raises(UsageError):
        log_spaced(0)


def test_an_experiments_own_list_is_cut_where_the_training_is_shorter():
    class Rare(Walk):
        every = (1, 10, 40)

    assert Plan(Rare(), ticks=20).records().tolist() == [0, 1, 10, 20]


@experiment
class Courses(Walk):
    """As long as it has walkers."""

    @property
    def ticks(self):
        return 2 * self.walkers


def test_a_length_may_follow_from_the_fields():
    plan = Plan(Courses(walkers=4))
    plan.check()
    assert plan.length == 8 and plan.records().tolist() == [0, 8] and plan.replace(walkers=2).length == 4
    with pytest.raises(UsageError, match="ticks: got 9, takes at most the 8 that the experiment's fields allow"):
        Plan(Courses(walkers=4), ticks=9).check()


def test_points_of_different_length_are_joined():
    runs = run(Courses(), every=2, seeds=1, sweep={"walkers": [1, 3]}, progress=False)
    assert runs.step.values.tolist() == [0, 2, 4, 6]
    assert runs.distance.isnull().sum("step").values.tolist() == [[2], [0]]


def test_its_command_has_no_option_for_the_length():
    names = [f.name for f in dataclasses.fields(options_of(Courses))]
    assert "steps" not in names and "walkers" in names
    assert "steps" in [f.name for f in dataclasses.fields(options_of(Walk))]
    for word in ("--steps=3", "--ticks"):
        with pytest.raises(UsageError, match="how many steps it runs follows from its fields"):
            check_length(Courses, [word, "3"])
    check_length(Walk, ["--steps", "3"])
