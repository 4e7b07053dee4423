"""Claims on clean data. Criteria are written from the published figures, where there are any, and before measuring."""

import numpy as np
import scipy.stats
import xarray as xr

from mini.claims import Claim, Published, everywhere, smallest
from mini.measures.curves import first_tick, last
from mini.studies.grokking import settings

NEVER = -1.0  # the margin of a run that never reached the point at which the others are measured


def untrained(plan):
    """The sabotage of most claims: no training, on one small problem for all, since the problem makes no difference."""
    sweep = {name: values[:2] if name == "train_fraction" else values for name, values in plan.sweep.items()}
    return plan.replace(learning_rate=0.0, ticks=1, every=1, p=31, width=32, train_fraction=0.6, sweep=sweep)


def mismatched(plan):
    """The sabotage of the closed form: its phases do not match; only the widths that the claims are about are kept."""
    return plan.replace(matched=False, sweep={"width": (480, 960)})


def unlearnable(plan):
    """The sabotage of what comes with grokking: a task without a rule that this network could find."""
    return plan.replace(operation="unlearnable", ticks=200, every=10)


def delay(runs):
    """Steps to 95% test over steps to 99% train; 0 where the rule was never found."""
    test = first_tick(runs.test_accuracy, 0.95)
    ratio = test / np.maximum(first_tick(runs.train_accuracy, 0.99), 1)
    return xr.where(np.isfinite(ratio), ratio, 0.0)


def trend(runs, name: str):
    """Rank correlation of the steps to 95% test with a swept field; 0 where the steps do not vary."""
    steps = first_tick(runs.test_accuracy, 0.95).transpose("seed", name)
    x = runs[name].values
    steps = np.minimum(steps.values, 1e9)  # "never" counts as later than any step
    return [0.0 if len(set(row)) == 1 else scipy.stats.spearmanr(x, row).statistic for row in steps]


def near_the_log(runs):
    """A quarter, less the larger relative distance from steps 20 (99% train) and 42 (99% test)."""
    train = np.minimum(first_tick(runs.train_accuracy, 0.99), 1e3)
    test = np.minimum(first_tick(runs.test_accuracy, 0.99), 1e3)
    return 0.25 - np.maximum(abs(train / 20 - 1), abs(test / 42 - 1))


def near(runs) -> str:
    """The two moments, in words (medians over seeds)."""
    train, test = (float(first_tick(runs[f"{x}_accuracy"], 0.99).median()) for x in ("train", "test"))
    return f"99% train at step {train:.0f}, 99% test at step {test:.0f}"


def waves(runs) -> str:
    """Mean IPR before and after, in words."""
    mean = runs.mean_ipr.mean("seed")
    return f"{float(mean[0]):.2f} to {float(mean[-1]):.2f}"


def periodic(runs):
    """A tenth, less the larger distance of mean IPR from 0.05 before and 0.83 after 100 steps."""
    ipr = runs.mean_ipr
    return 0.1 - np.maximum(abs(ipr.sel(step=0, drop=True) - 0.05), abs(last(ipr) - 0.83))


def hidden_progress(runs):
    """Share of restricted loss's fall (from its highest point to the end) and of excluded loss's rise
    (from its lowest) that comes before test accuracy reaches 50%; the smaller of the two, less 25%."""
    shares = progress_made(runs)
    return np.where(np.isnan(shares).any(1), NEVER, shares.min(1) - 0.25)


def progress_made(runs) -> np.ndarray:
    """Shares of restricted loss's fall and excluded loss's rise before test accuracy is 50%, (seed, 2); NaN if it never is."""
    shares = []
    for seed in runs.seed:
        run = runs.sel(seed=seed)
        before = np.flatnonzero(run.test_accuracy.values < 0.5)[-1]
        if before + 1 == run.sizes["step"]:
            shares.append((np.nan, np.nan))
            continue
        restricted, excluded = run.restricted_loss.values, run.excluded_loss.values
        fall = (restricted.max() - restricted[before]) / (restricted.max() - restricted[-1])
        rise = (excluded[before] - excluded.min()) / (excluded[-1] - excluded.min())
        shares.append((fall, rise))
    return np.array(shares)


def progress_told(runs) -> str:
    shares = progress_made(runs)
    if np.isnan(shares).all():
        return "the rule was never found"
    fall, rise = np.nanmean(shares, 0)
    return f"{fall:.0%} of restricted loss's fall, {rise:.0%} of excluded loss's rise"


def hidden_in_the_logarithm(runs):
    """Test accuracy high, neurons periodic after reindexing (IPR 0.7 or more), and raw IPR below twice that of noise, 2 / F."""
    twice_noise = 4 / runs.sizes["frequency"]
    end = last(runs)
    return smallest(end.test_accuracy - 0.95, end.mean_ipr - 0.7, twice_noise - end.mean_ipr_raw)


def by_heart_only(runs):
    """Train at 99%, test never above 10%."""
    return smallest(last(runs.train_accuracy) - 0.99, 0.1 - runs.test_accuracy.max("step"))


CLAIMS = (
    Claim(
        "grokking/delay", "Training is perfect long before testing: steps to 95% test over steps to 99% train, at least a "
        "hundredth of the published ratio.",
        Published("about 1000 (division, half of the pairs, Adam without decay)", "power2022",
                  "section 3.1, Fig. 1 left; without decay: appendix A.1.2 (secondary)"), "ratio",
        everywhere(settings.DELAY, (10, None)), delay, unlearnable,
        headline=True, seconds=12),
    Claim(
        "grokking/weight-decay", "More weight decay, from 0.5 to 4, shortens the delay: rank correlation of decay with steps "
        "to 95% test.",
        Published("decay more than halves the data needed, compared to most other interventions (S5); no figure for steps, "
                  "bound set here before measuring", "power2022", "section 3.3 and Fig. 2 left"),
        "rank correlation", everywhere(settings.WEIGHT_DECAY, (None, -0.5)),
        lambda runs: trend(runs, "weight_decay"), untrained, seconds=8),
    Claim(
        "grokking/data-fraction", "Less data lengthens the delay: rank correlation of the share with steps to 95% test.",
        Published("1% less data adds 40 to 50% to the median steps to 99% (S5, near 25 to 30% of the data); bound set here "
                  "before measuring", "power2022", "section 3.1.1 and Fig. 1 centre"),
        "rank correlation", everywhere(settings.DATA_FRACTION, (None, -0.5)),
        lambda runs: trend(runs, "train_fraction"), untrained, seconds=20),
    Claim(
        "grokking/reference-run", "The reference run memorises at step 20 and generalises at step 42, each within a quarter.",
        Published("99% train at step 20, 99% test at step 42", "doshi2024", "the authors' notebook log"), "margin",
        everywhere(settings.REFERENCE, (0, None)), near_the_log, untrained, headline=True, seconds=12,
        beside=near),
    Claim(
        "grokking/closed-form-accuracy", "Weights written down, not trained, add modulo 97 (480 neurons; share of pairs).",
        Published("100% for a wide enough network", "gromov2023", "sections 2 and 3.1, Fig. 4b (secondary)"), "1",
        everywhere(settings.CLOSED_FORM, (0.999, None)),
        lambda runs: _counted(runs.accuracy), mismatched, headline=True, count=True,
        seconds=3),
    Claim(
        "grokking/closed-form-error", "The closed form's mean squared error is 4 / N (error times N / 4, at N = 960).",
        Published("1 (derived here from the paper's weights, with the exponent +1/3 that gives outputs of unit size)",
                  "doshi2024", "Eq. 2"), "1",
        everywhere(settings.CLOSED_FORM, (0.8, 1.25)),
        lambda runs: last(runs.scaled_error).sel(width=960), mismatched, seconds=3),
    Claim(
        "grokking/fourier", "Neurons become waves: mean IPR goes from 0.05 to 0.83 in 100 steps, each within 0.1.",
        Published("0.05 to 0.83", "doshi2024", "Fig. 2a (read off the plot)"), "margin",
        everywhere(settings.REFERENCE, (0, None)), periodic, untrained, headline=True, seconds=12,
        beside=waves),
    Claim(
        "grokking/progress", "At least a quarter of restricted loss's fall and of excluded loss's rise come before test "
        "accuracy reaches 50%.",
        Published("both improve continuously before the jump; no share given, bound set here before measuring", "nanda2023",
                  "sections 1 and 5.2, Fig. 7 (secondary)"), "margin",
        everywhere(settings.DELAY, (0, None)), hidden_progress,
        unlearnable, headline=True, seconds=12,
        beside=progress_told),
    Claim(
        "grokking/multiplication", "Multiplication is learned as addition of discrete logarithms (test 95% or more): waves "
        "only after reindexing (mean IPR at least 0.7; before it at most 4 over the number of frequencies, twice that of "
        "noise).",
        Published("sorted by the logarithm, multiplication is addition, and networks learn similar weights", "doshi2024b",
                  "sections 3.1 and 3.3"), "margin",
        everywhere(settings.MULTIPLICATION, (0, None)), hidden_in_the_logarithm, untrained, seconds=6),
    Claim(
        "grokking/unlearnable", "a b + a + b b is learned by heart only: train at 99%, test never above 10%.",
        Published("(4 a + b b)^3 + a b: train 100%, test 2.27% (p = 97); a slight change to a rule h(g(a) + g'(b)) makes it "
                  "one that is not learned", "doshi2024b", "hypothesis 5.1 and appendix C"),
        "margin", everywhere(settings.UNLEARNABLE, (0, None)), by_heart_only,
        lambda plan: plan.replace(operation="addition", weight_decay=5.0, ticks=400), seconds=8),
    Claim(
        "grokking/transformer", "A one-layer transformer finds the rule within 1000 steps (test accuracy).",
        Published("100% train and test within 1000 steps", "doshi2024", "the authors' transformer notebook"), "1",
        everywhere(settings.TRANSFORMER, (0.99, None)), lambda runs: last(runs.test_accuracy), untrained, seconds=30),
)


def _counted(accuracy: xr.DataArray):
    """Numbers of right answers and of questions for each seed, at a width of 480 over all 97 x 97 pairs."""
    pairs = 97**2
    right = np.round(last(accuracy).sel(width=480).values * pairs)
    return right, np.full(right.shape, pairs)
