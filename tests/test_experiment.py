"""Fields are typed, ranged and labelled; streams of randomness are named and can be held."""

import dataclasses

import jax
import numpy as np
import pytest
from walk import Walk

from mini.engine import run
from mini.errors import UsageError
from mini.experiment import Experiment, Field, Keys, Variable, canonical, check_value, experiment, fields_of, static, traced
from mini.plan import Plan
from mini.run_command import options_of

REFUSED = {
    "stride: got -1.0, takes a number in [0, inf)": {"stride": -1.0},
    "stride: got 'far', takes a number in [0, inf)": {"stride": "far"},
    "stride: got nan, takes a number in [0, inf)": {"stride": float("nan")},
    "stride: got inf, takes a number in [0, inf)": {"stride": float("inf")},
    "stride: got True, takes a number in [0, inf)": {"stride": True},
    "growth: got 0.0, takes a number in (0, inf)": {"growth": 0.0},
    "walkers: got 0, takes a whole number in [1, 64]": {"walkers": 0},
    "walkers: got 65, takes a whole number in [1, 64]": {"walkers": 65},
    "walkers: got 3.0, takes a whole number in [1, 64]": {"walkers": 3.0},
    "walkers: got None, takes a whole number in [1, 64]": {"walkers": None},
    "gait: got 'hop', takes one of walk, stand": {"gait": "hop"},
    "loud: got 1, takes true or false": {"loud": 1},
    "stride: got 1e+39, takes a number of 32 bits, below 3.4e38": {"stride": 1e39},
    "growth: got 1e-50, takes a number in (0, inf)": {"growth": 1e-50},
    "growth: got -0.3, takes a number in (0, inf)": {"growth": -0.3},
}


@pytest.mark.parametrize("message", REFUSED)
def test_check_names_the_field_what_it_got_and_what_it_takes(message):
    with pytest.raises(UsageError) as caught:
        Walk(**REFUSED[message]).check()
    assert str(caught.value) == message


def test_check_takes_the_ends_that_an_interval_includes_and_numpy_scalars():
    Walk(stride=0.0, walkers=64).check()
    Walk(stride=np.float32(0.5), walkers=np.int64(2), loud=np.bool_(True)).check()
    Walk(stride=2).check()


def test_a_traced_whole_number_has_32_bits_and_an_end_is_rounded_as_the_number_is():
    about = Field("a number", True, "1", "[0, 0.3]", ())
    check_value("x", 0.3, float, about)  # above 0.3 in 32 bits, as is the end
    with pytest.raises(UsageError, match=r"x: got 0.30001, takes"):
        check_value("x", 0.30001, float, about)
    for value in (2**31, -(2**31) - 1):
        with pytest.raises(UsageError, match=f"x: got {value}, takes a whole number of 32 bits"):
            check_value("x", value, int, Field("a count", True, "1", "", ()))


def test_only_traced_fields_are_leaves():
    assert [name for name, field in fields_of(Walk).items() if field.traced] == ["stride", "growth"]
    assert jax.tree.leaves(Walk(stride=2.0, growth=3.0)) == [2.0, 3.0]
    assert jax.tree.structure(Walk(stride=2.0)) == jax.tree.structure(Walk(stride=5.0))
    assert jax.tree.structure(Walk(walkers=2)) != jax.tree.structure(Walk(walkers=3))


def test_two_experiments_of_one_form_are_two_to_jax():
    from contract.injections import Injections
    from contract.memory import Memory

    one, other = Memory(strength=1.0, batches=4), Injections(rate=1.0, facts=4)  # a leaf and a static 4 each
    assert jax.tree.structure(one) != jax.tree.structure(other)
    assert jax.tree.structure(one) == jax.tree.structure(Memory(strength=2.0))


def test_canonical_makes_traced_fields_32_bits_wide_and_leaves_the_others():
    point = canonical(Walk(stride=2, walkers=5))
    assert type(point.stride) is np.float32 and point.walkers == 5 and point == Walk(stride=2, walkers=5)


def test_an_experiment_is_frozen_and_named_by_keyword():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Walk().stride = 2.0
    with pytest.raises(TypeError):
        Walk(2.0)


def test_streams_differ_by_name_and_seed_and_stay_where_held():
    held = {"data": 0}
    asked = (("data", 0, {}), ("init", 0, {}), ("data", 1, {}), ("data", 1, held), ("init", 1, held),
             ("init", 1, {}))
    data = [jax.random.key_data(Keys(seed, held)[stream]).tolist() for stream, seed, held in asked]
    assert data[0] != data[1] and data[0] != data[2]
    assert data[3] == data[0] and data[4] == data[5]


def test_what_an_experiment_must_write_is_asked_for_by_name():
    @experiment
    class Bare(Experiment):
        width: int = static(1, "nothing")

    for call, name in ((lambda e: e.init(None, None), "init"), (lambda e: e.step(0, 0, 0, 0), "step"),
                       (lambda e: e.measure(0, 0), "measure")):
        with pytest.raises(NotImplementedError, match=rf"Bare needs {name}\("):
            call(Bare())
    assert Bare().data() == () and Bare().world(None, "shared") == "shared" and Bare().examine(0, 0) == {}


def test_an_experiment_of_no_ticks_needs_only_what_it_examines():
    @experiment
    class Counted(Experiment):
        ticks = 0
        variables = {"drawn": Variable((), "1", "a number"), "twice": Variable((), "1", "the double")}

        def world(self, keys, shared):
            return jax.random.uniform(keys["data"])

        def examine(self, state, world):
            return {"drawn": np.asarray(world), "twice": 2 * np.asarray(world)}

    found = run(Counted(), seeds=3, progress=False)
    assert found.drawn.dims == ("seed",) and len(np.unique(found.drawn)) == 3
    np.testing.assert_array_equal(found.twice, 2 * found.drawn)


def test_a_field_without_a_meaning_is_refused():
    with pytest.raises(UsageError, match="Plain: the field 'n' takes traced"):
        @experiment
        class Plain(Experiment):
            n: int = 3


@pytest.mark.parametrize("name, dims", [("seed", ()), ("step", ()), ("place", ("seed",)), ("place", ("place",))])
def test_a_variable_that_no_result_could_hold_is_refused(name, dims):
    with pytest.raises(UsageError, match=f"the variable '{name}'"):
        experiment(type("Wrong", (Experiment,), {"variables": {name: Variable(dims, "1", "a thing")}}))


def test_a_dim_with_the_clocks_name_is_told_how_the_clock_could_be_called():
    variables = {"recall": Variable(("pattern",), "1", "a thing")}
    with pytest.raises(UsageError, match=r"'pattern', which is the clock; .* called 'after_pattern'"):
        experiment(type("Wrong", (Experiment,), {"clock": "pattern", "variables": variables}))
    experiment(type("Right", (Experiment,), {"clock": "after_pattern", "variables": variables}))


@pytest.mark.parametrize("within", ["[2, MOST]", ">= 2", "0, 1", "{0, 1}", "[0; 1]"])
def test_an_interval_that_is_none_is_refused_where_it_is_written(within):
    with pytest.raises(UsageError, match=r"within: got .*, takes an interval"):
        traced(1.0, "a thing", within=within)


def test_a_name_is_never_traced():
    wrong = type("Wrong", (Experiment,), {"__annotations__": {"rule": str}, "rule": traced("oldest", "which one goes")})
    with pytest.raises(UsageError, match="the field 'rule' takes static"):
        experiment(wrong)


def test_a_class_that_is_no_experiment_yet_says_what_it_lacks():
    with pytest.raises(UsageError, match="Bare: takes the decorator @experiment"):
        type("Bare", (Experiment,), {})().check()


def test_a_choice_is_of_its_own_type():
    about = Field("how many", False, "1", "", (1, 2))
    check_value("n", np.int64(2), int, about)
    for value in (1.0, True, 3):
        with pytest.raises(UsageError, match="takes one of 1, 2"):
            check_value("n", value, int, about)


@pytest.mark.parametrize("name", [*(f.name for f in dataclasses.fields(Plan)),
                                  *(f.name for f in dataclasses.fields(options_of(Walk)) if f.name not in fields_of(Walk)),
                                  "world", "step", "variables"])
def test_a_field_that_a_plan_the_command_or_the_contract_has_is_refused(name):
    wrong = type("Wrong", (Experiment,), {"__annotations__": {name: float}, name: traced(1.0, "a thing")})
    with pytest.raises(UsageError, match=f"the field '{name}' takes another name"):
        experiment(wrong)


@pytest.mark.parametrize("name", ["load", "rank", "mean"])
def test_a_variable_that_hides_a_method_of_a_dataset_is_refused(name):
    with pytest.raises(UsageError, match=f"runs.{name} is a method"):
        experiment(type("Wrong", (Experiment,), {"variables": {name: Variable((), "1", "a thing")}}))
