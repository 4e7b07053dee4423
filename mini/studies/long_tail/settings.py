"""The runs that claims and figures of this study share, by preset.

`laptop` is the smallest setting known to show an effect, `paper` a published one: the row of Feldman's
table with 5,000 subpopulations and 10,000 samples, and 2,000 networks for the estimator.
"""

from mini.plan import Plan
from mini.studies.long_tail.closed_form import ClosedForm
from mini.studies.long_tail.estimator import Estimator
from mini.studies.long_tail.experiment import LongTail

_FORM = Plan(ClosedForm(), sweep={"subpopulations": (5_000, 25_000, 50_000), "samples": (10_000, 50_000)}, seeds=1)
CLOSED_FORM = {"laptop": _FORM, "paper": _FORM}

# Trained networks, clouds so narrow that a subpopulation seen is a subpopulation known.
LARGE = {"subpopulations": 5_000, "width": 1024}
SIZES = {
    "laptop": Plan(LongTail(), 60, 60, sweep={"samples": (500, 1_000, 2_000)}),
    "paper": Plan(LongTail(**LARGE), 60, 60, sweep={"samples": (10_000,)}),
}
PRIORS = Plan(LongTail(skew=1.0), 60, 60, sweep={"prior": ("zipf", "uniform")})
TIERS = Plan(LongTail(skew=4.0), 60, 60, sweep={"prior": ("geometric", "two_tier")})
GIVE_UP = {
    "laptop": Plan(LongTail(), 60, 60, sweep={"give_up": (0, 1, 2, 3)}),
    "paper": Plan(LongTail(**LARGE, samples=10_000), 60, 60, sweep={"give_up": (0, 1)}),
}

# Wider clouds, in which what was seen once is only partly known: what limits memorisation, and who pays.
TAIL = {
    "laptop": Plan(LongTail(sigma=0.5), 60, 2, sweep={"weight_decay": (0.0, 0.01, 0.03)}),
    "paper": Plan(LongTail(**LARGE, samples=10_000, sigma=0.5), 60, 10, sweep={"weight_decay": (0.0,)}),
}
SPREADS = Plan(LongTail(), 60, 60, sweep={"sigma": (0.1, 0.3, 0.5, 0.7)})
NOISES = (0.0, 0.5, 1.0)
PRIVATE = {
    "laptop": Plan(LongTail(sigma=0.5, private=True, samples=2_000, batch_size=100, width=64, momentum=0.0,
                            learning_rate=0.5), 60, 10, sweep={"noise_multiplier": NOISES}),
}

# The estimator.
ESTIMATOR = {
    "laptop": Plan(Estimator(retrain=20), 400, [50, 100, 200, 400]),
    "paper": Plan(Estimator(retrain=50), 2_000, [50, 100, 200, 500, 1_000, 2_000]),
}
FALSE_OR_RARE = {
    "laptop": Plan(Estimator(task="mixture", sigma=0.5, noise=0.1, width=128, train_epochs=80), 100, 100),
}
