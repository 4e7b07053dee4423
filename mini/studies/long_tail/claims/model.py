"""Claims on Feldman's model. Criteria are written from the published figures, before measuring."""

import numpy as np
import xarray as xr

from mini.claims import Claim, Published, everywhere
from mini.measures.curves import last
from mini.studies.long_tail import settings

# (subpopulations, samples, what, as printed, unit of the last digit printed); Feldman 2020, read from secondary sources
PRINTED = (
    (50_000, 50_000, "tau_1", 0.47, 0.01), (50_000, 50_000, "least_frequency", 0.09, 0.01),
    (50_000, 50_000, "singles", 0.17, 0.01), (50_000, 50_000, "optimum", 0.15, 0.01),
    (50_000, 50_000, "cost_unfitted", 0.07, 0.01),
    (5_000, 50_000, "optimum", 0.018, 0.001), (5_000, 50_000, "cost", 0.015, 0.001),
    (5_000, 10_000, "optimum", 0.113, 0.001), (5_000, 10_000, "cost", 0.035, 0.001),
    (25_000, 50_000, "optimum", 0.107, 0.001), (25_000, 50_000, "cost", 0.031, 0.001),
)


def untrained(plan):
    """The sabotage of most claims on trained networks: no training, few neurons, few samples."""
    return plan.replace(learning_rate=0.0, ticks=1, every=1, width=16, samples=500)


def untrained_once(plan):
    """The same, at one sample size only."""
    return untrained(plan).replace(sweep={"samples": plan.sweep["samples"][:1]})


def printed_digits(runs):
    """One, less the largest distance from a printed figure in units of its last digit (rounded or cut off)."""
    distances = [abs(runs[what].sel(subpopulations=n, samples=s, drop=True) - figure) / unit
                 for n, s, what, figure, unit in PRINTED]
    return 1 - xr.concat(distances, "figure").max("figure")


def printed(runs) -> str:
    """The same figures as they come out here, in words."""
    return ", ".join(f"{float(runs[what].sel(subpopulations=n, samples=s).mean()):.3g}" for n, s, what, *_ in PRINTED)


def errors(runs) -> str:
    """Test error and least possible error, in words."""
    end = last(runs[["test_error", "optimum"]], "epoch").mean("seed")
    return "; ".join(f"{float(e):.3f} against {float(o):.3f} at {int(n)}"
                     for n, e, o in zip(end.samples, end.test_error, end.optimum))


def near_the_optimum(runs):
    """A hundredth, less the largest distance of test error from the least possible for what was seen."""
    return 0.01 - abs(last(runs.test_error, "epoch") - last(runs.optimum, "epoch")).max("samples")


def cost_over_theory(runs):
    """Error added by not fitting what was seen once, over tau_1 times its expected number times 1 - 1/K."""
    error = last(runs.test_error, "epoch")
    added = error.sel(give_up=1, drop=True) - error.sel(give_up=0, drop=True)
    theory = runs.expected_error.sel(give_up=1, drop=True) - runs.expected_error.sel(give_up=0, drop=True)
    return added / np.maximum(theory, 1e-9)


CLAIMS = (
    Claim(
        "long-tail/closed-form-table",
        "The paper's eleven figures for Zipf frequencies come out of the closed form, to a unit of the last digit.",
        Published("tau_1 n .47, least p n .09, singles 17%, opt 15%, unfitted 7% (50,000 of each); opt / cost of memorising to "
                  "at most .5: .018 / .015, .113 / .035, .107 / .031", "feldman2020", "sections 2 and 4.4 (secondary)"),
        "margin",
        everywhere(settings.CLOSED_FORM, (0, None)), printed_digits, lambda plan: plan.replace(prior="uniform"),
        headline=True, exact=True, seconds=1, beside=printed),
    Claim(
        "long-tail/networks-match-theory",
        "Trained networks err as the best learner must: test error within 0.01 of the least possible for what each happened "
        "to see.",
        Published("err >= opt, reached by fitting every example", "feldman2020", "section 2, main lower bound (secondary)"),
        "margin",
        everywhere(settings.SIZES, (0, None)), near_the_optimum, untrained_once, headline=True, seconds=6,
        beside=errors),
    Claim(
        "long-tail/cost-of-not-memorising",
        "Not fitting what was seen once costs tau_1 for each error on such an example: error added, over the closed form.",
        Published("err >= opt + sum of tau_l errn(l); 7 points for what was seen once, at 50,000", "feldman2020",
                  "section 2, main lower bound and example (secondary)"), "ratio", everywhere(settings.GIVE_UP, (0.75, 1.25)),
        cost_over_theory, untrained, headline=True, seconds=5),
)
