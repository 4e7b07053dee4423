"""Claims: intervals against closed forms, verdicts, and a sabotage that turns every claim."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
import xarray as xr
from by_hand import RUNS
from walk import Walk

from mini import claims
from mini.claims import Claim, Interval, Published, Setting
from mini.errors import UsageError
from mini.files import bundled
from mini.plan import Plan
from mini.reproduce import Runner, line
from mini.studies import all_claims

ALL = all_claims()


def test_t_interval_is_scipys():
    x = [1.0, 2.5, 3.0, 2.2, 1.9]
    low, high = scipy.stats.t.interval(0.95, 4, np.mean(x), scipy.stats.sem(x))
    assert claims.t_interval(x) == pytest.approx((np.mean(x), low, high))


@pytest.mark.parametrize("right, trials", [(0, 10), (7, 10), (10, 10)])
def test_binomial_interval_is_clopper_and_pearson(right, trials):
    low = scipy.stats.beta.ppf(0.025, right, trials - right + 1) if right else 0.0
    high = scipy.stats.beta.ppf(0.975, right + 1, trials - right) if right < trials else 1.0
    assert claims.binomial_interval(right, trials) == pytest.approx((right / trials, low, high))


@pytest.mark.parametrize("interval, criterion, expected", [
    ((2, 1, 3), (0, None), "reproduced"), ((2, 1, 3), (None, 0), "not at this scale"),
    ((2, 1, 3), (2, None), "undecided"), ((2, 1, 3), (1, 3), "reproduced"), ((2, 1, 3), (1.5, 2.5), "undecided"),
    ((5, -np.inf, np.inf), (0, None), "undecided"),
])
def test_verdicts(interval, criterion, expected):
    assert claims.verdict(Interval(*interval), criterion) == expected


def test_seeds_to_decide_is_the_first_number_that_would():
    x = np.array([0.2, -0.1, 0.3, 0.1, -0.2])
    n = claims.seeds_to_decide(x, (0, None))
    def half(n):
        return scipy.stats.t.ppf(0.975, n - 1) * x.std(ddof=1) / np.sqrt(n)
    assert half(n) < x.mean() < half(n - 1)


def example(numbers, unit="1", **kind):
    made = Claim("a/b", "s", Published("1", "power2022", "Fig. 1"), unit, {"laptop": Setting((), (0, None))},
                 lambda data: data.x, lambda plan: plan, **kind)
    data = xr.Dataset({"x": ("seed", numbers)}, attrs={"compute_seconds": 1.0})
    return claims.judge(made, "study", "laptop", [data])


def test_a_plan_may_say_how_many_seeds_it_needs():
    plan = Plan(Walk(), seeds=7, ticks=2)
    assert Runner(cache=None).run(plan).sizes["seed"] == 7
    assert Runner(seeds=2, cache=None).run(plan).sizes["seed"] == 2
    assert [Runner(seed_start=at).asked(plan.replace(seed_start=5)).seed_start for at in (None, 0, 7)] == [5, 0, 7]


def test_fewer_than_five_seeds_decide_nothing():
    assert example([1.0, 1.0, 1.0, 1.0]).verdict == "undecided"
    assert example([1.0, 1.0, 1.0, 1.0]).seeds_needed == 5
    assert example([1.0] * 5).verdict == "reproduced"


@pytest.mark.parametrize("seeds, items, criterion, expected", [
    (5, 12, (None, 0.05), "undecided"), (10, 12, (None, 0.05), "reproduced"),  # none of 60 allows for 0.0596, of 120 for 0.0303
    (5, 64, (0.01, None), "undecided"), (10, 64, (0.01, None), "not at this scale"),
])
def test_that_all_seeds_agree_is_no_certainty_where_items_were_sampled(seeds, items, criterion, expected):
    interval = claims.share_interval([0.0] * seeds, items)
    assert interval.high == pytest.approx(scipy.stats.beta.ppf(0.975, 1, seeds * items))
    assert claims.verdict(interval, criterion) == expected


def test_an_interval_ends_where_a_correlation_does():
    numbers = [-1.0, -1.0, -1.0, -0.98, -1.0]
    assert claims.t_interval(numbers).low < -1
    entry = example(numbers, unit="rank correlation")
    assert entry.low == -1 and entry.high == pytest.approx(claims.t_interval(numbers).high, rel=1e-4)


def test_seeds_that_differ_are_judged_as_ever():
    assert claims.share_interval([0.0, 0.1, 0.2, 0.1, 0.0], 12) == claims.t_interval([0.0, 0.1, 0.2, 0.1, 0.0])


def test_what_hangs_on_no_seed_is_judged_by_one_run():
    entry = example([1.0], exact=True)
    assert (entry.verdict, entry.seeds, entry.low, entry.high) == ("reproduced", 1, 1.0, 1.0)
    assert "1, exactly" in claims.table([entry])
    assert example([-1.0] * 5, exact=True).verdict == "not at this scale"
    assert example([np.nan], exact=True).verdict == "undecided"


@pytest.mark.parametrize("shape", [(2, 5), (3,)])
def test_what_is_swept_or_measured_again_is_not_counted_as_seeds(shape):
    data = xr.Dataset({"x": (("step", "seed")[-len(shape):], np.ones(shape))}, attrs={"compute_seconds": 1.0})
    claim = Claim("a/b", "s", Published("1", "power2022", "Fig. 1"), "1", {"laptop": Setting((), (0, None))},
                  lambda data: data.x.broadcast_like(data.x) if len(shape) == 2 else data.x[:2], lambda plan: plan)
    with pytest.raises(UsageError, match=r"a/b: the estimate has (10|2) numbers .* takes one for each of (5|3) seeds"):
        claims.judge(claim, "study", "laptop", [data])


def test_some_claims_measured_anew_leave_the_others_in_the_ledger():
    from mini.readme import merged

    old = claims.read_ledger()
    new = [dataclasses.replace(old[3], value=-1.0), dataclasses.replace(old[0], id="no/claim")]
    found = merged(old, new)
    assert [e.id for e in found] == [e.id for e in old] and found[3].value == -1.0 and found[4] == old[4]


def test_a_ledger_of_too_few_seeds_is_refused(tmp_path):
    from mini import readme

    (entry,) = (e for e in claims.read_ledger() if e.id == "grokking/delay")
    claims.write_ledger([dataclasses.replace(entry, seeds=2)], tmp_path / "claims.json")
    with pytest.raises(UsageError, match="grokking/delay: measured over 2 seeds; a ledger takes 5 or more"):
        readme.main(str(tmp_path))


def test_a_study_without_headlines_is_asked_for_whole(monkeypatch, tmp_path):
    from mini import reproduce

    for kind in ("choose_claims", "choose_figures"):
        monkeypatch.setattr(reproduce, kind, lambda *asked: [])
    with pytest.raises(UsageError, match="grokking: no headline; takes --all as well"):
        reproduce.reproduce(["grokking"], out=tmp_path)
    with pytest.raises(UsageError, match="grokking: no claim and no figure yet"):
        reproduce.reproduce(["grokking"], everything=True, out=tmp_path)


def test_an_id_of_two_claims_is_refused(monkeypatch):
    from mini import studies

    (study, claim) = next(iter(ALL.values()))
    twin = dataclasses.make_dataclass("Twin", ["name", "claims"])("twin", (claim,))
    monkeypatch.setattr(studies, "studies", lambda: {study.name: study, "twin": twin})
    with pytest.raises(UsageError, match=f"claims: '{claim.id}' is in {study.name} and again in twin"):
        studies.all_claims()


def test_a_count_over_nothing_is_undecided():
    assert claims.verdict(claims.binomial_interval(0, 0), (0.5, None)) == "undecided"


def test_a_condition_that_is_missing_is_not_met():
    margins = [xr.DataArray(x, dims="seed") for x in ([0.1, np.nan, 0.3], [0.2, 0.2, 0.2])]
    np.testing.assert_array_equal(claims.smallest(*margins), [0.1, np.nan, 0.2])


def test_a_missing_number_is_never_reproduced():
    entry = example([1.0, 1.0, 1.0, 1.0, np.nan])
    assert entry.verdict == "undecided" and entry.per_seed[-1] is None


def test_a_table_has_six_cells_in_every_row_whatever_the_text():
    entry = dataclasses.replace(example([1.0, 2.0, 3.0, 2.0, 1.0]), statement="the scale |gamma|")
    rows = claims.table([entry, entry]).splitlines()
    assert [len(row.replace("\\|", "").split("|")) for row in rows] == [8] * 4


def test_the_ledger_reads_back(tmp_path):
    entries = [example([1.0, 2.0, 3.0, 2.0, 1.0])]
    claims.write_ledger(entries, tmp_path / "claims.json")
    assert claims.read_ledger(tmp_path / "claims.json") == entries
    (tmp_path / "bad.json").write_text('[{"id": 1}]')
    with pytest.raises(UsageError, match="not a list of claims"):
        claims.read_ledger(tmp_path / "bad.json")


def test_what_stands_beside_an_estimate_is_told_wherever_it_is_shown():
    made = Claim("a/b", "s", Published("1", "power2022", "Fig. 1"), "margin", {"laptop": Setting((), (0, None))},
                 lambda data: data.x, lambda plan: plan, beside=lambda data: f"twice {2 * float(data.x.mean()):g}")
    data = xr.Dataset({"x": ("seed", [1.0] * 5)}, attrs={"compute_seconds": 1.0})
    entry = claims.judge(made, "study", "laptop", [data])
    assert entry.measured == "twice 2"
    assert "twice 2; 1 in each of 5 seeds" in claims.table([entry]) and "(twice 2)" in line(entry)


def test_every_claim_is_well_formed():
    bibliography = (bundled("data") / "papers.bib").read_text(encoding="utf-8")
    for name, (_, claim) in ALL.items():
        assert name == claim.id and name.count("/") == 1
        key = claim.published.paper
        assert f"{{{key}," in bibliography, f"{name}: add {key!r} to data/papers.bib"
        assert "laptop" in claim.settings
        for setting in claim.settings.values():
            assert setting.criterion != (None, None)
            for plan in setting.plans:
                plan.check()
                claim.sabotage(plan).check()


def test_the_committed_ledgers_hold_every_claim_and_the_readme_agrees():
    from mini.readme import LEDGERS, with_tables

    ledgers = {kind: claims.read_ledger(bundled("data") / name) for kind, name in LEDGERS.items()}
    lacking = set(ALL) - {e.id for e in ledgers["laptop"]}
    assert not lacking, f"measure {lacking}: mini reproduce STUDY --all --out out && python -m mini.readme out"
    assert {e.id for e in ledgers["laptop"]} == set(ALL)
    undecided = {e.id: e for e in ledgers["laptop"] if e.verdict == claims.UNDECIDED}
    for kind, e in ((kind, e) for kind, entries in ledgers.items() for e in entries):
        study, claim = ALL[e.id]
        assert e.study == study.name
        assert e.preset == ("laptop" if kind == "fresh" else kind)
        assert kind != "fresh" or e.id in undecided, f"{e.id} is decided: drop it from {LEDGERS[kind]}"
        assert e.criterion == claim.setting(e.preset).criterion
        assert (e.statement, e.published) == (claim.statement, claim.published.figure)
        plans = [plan.text() for plan in claim.setting(e.preset).plans]
        assert [text.split(", seeds ")[0] for text in e.plans] == plans, f"{e.id}: measure it anew"
        if not claim.count:
            numbers, interval = claims.with_interval(claim, [np.nan if x is None else x for x in e.per_seed])
            assert claims.verdict(interval, e.criterion) == e.verdict
            assert len(numbers) == e.seeds
    readme = Path(__file__).parents[1] / "README.md"
    assert with_tables(readme.read_text(encoding="utf-8"), *ledgers.values()) == readme.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def bench():
    """Claims that spoil the same plan in the same way share its runs, in whichever process."""
    return Runner(cache=Path(os.environ["MINI_TESTS_COMPILED"]))


@pytest.mark.parametrize("name", ALL)
def test_sabotage_turns_the_verdict(name, bench):
    study, claim = ALL[name]
    datasets = [bench.run(claim.sabotage(plan)) for plan in claim.setting("laptop").plans]
    entry = claims.judge(claim, study.name, "laptop", datasets)
    assert entry.verdict != "reproduced"
    assert any(x is not None for x in entry.per_seed) or name in RUNS, "what leaves nothing needs runs made by hand"


@pytest.mark.parametrize("name", RUNS)
def test_an_estimate_is_right_on_runs_made_by_hand(name):
    """Where nothing was learned nothing can be lost, saved or compared: there a wrong sign would pass the sabotage."""
    claim, (made, *expected) = ALL[name][1], RUNS[name]
    for holds, value in zip((True, False), expected):
        numbers, interval = claims.with_interval(claim, claim.estimate(*made(holds)))
        verdict = claims.verdict(interval, claim.setting("laptop").criterion)
        assert verdict == ("reproduced" if holds else "not at this scale")
        assert value is None or numbers == pytest.approx(value)


def test_what_is_not_reproduced_has_runs_made_by_hand():
    """There the sabotage says nothing: its verdict is not "reproduced" whatever it breaks."""
    entries = claims.read_ledger(bundled("data") / "claims.json")
    lacking = [e.id for e in entries if e.verdict != claims.REPRODUCED and e.id not in RUNS]
    assert not lacking, f"add runs made by hand to tests/by_hand: {lacking}"
