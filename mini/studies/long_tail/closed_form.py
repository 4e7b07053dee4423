"""Feldman's figures without a network: the calculator as an experiment, so that claims can name its runs."""

import jax
import numpy as np

from mini.errors import wrong
from mini.experiment import Experiment, Variable, experiment, static, traced
from mini.studies.long_tail import theory
from mini.tasks.subpopulations import PRIORS


@experiment
class ClosedForm(Experiment):
    """Feldman's closed form: the optimum, and the cost of not fitting what was seen once."""

    subpopulations: int = traced(1000, "subpopulations", within="[2, 1000000]")
    samples: int = traced(1000, "training examples", within="[2, 10000000]")
    classes: int = traced(10, "labels", within="[2, 1000]")
    prior: str = static("zipf", "list that the frequencies come from", choices=PRIORS)
    skew: float = traced(1.0, "how unequal: the exponent of zipf; else the log of the largest ratio", within="[0, 12]")
    gamma: float = traced(0.5, "how far what was seen once may be memorised at most", within="[0, 1]")
    draws: int = traced(0, "draws of all frequencies, normalised; 0 for the list itself", within="[0, 1000]")

    ticks = 0
    variables = {
        "tau_1": Variable((), "1", "expected frequency of what was seen once, times the samples"),
        "least_frequency": Variable((), "1", "frequency of the rarest subpopulation, times the samples"),
        "singles": Variable((), "1", "samples alone of their subpopulation, as a share"),
        "optimum": Variable((), "1", "least expected error"),
        "cost": Variable((), "1", "error added where memorisation is limited to gamma"),
        "cost_unfitted": Variable((), "1", "error added where what was seen once is not fitted at all"),
    }

    def check(self) -> None:
        super().check()
        if self.classes > self.subpopulations:
            raise wrong("classes", self.classes, f"at most one for each of the {self.subpopulations} subpopulations")
        if self.draws * self.subpopulations > 10**7:
            raise wrong("draws", self.draws, f"at most {10**7 // self.subpopulations} of so many subpopulations")

    def world(self, keys, shared):
        return jax.random.bits(keys["frequencies"], dtype="uint32")

    def examine(self, state, world):
        alpha = theory.marginal(self.prior, int(self.subpopulations), float(self.skew), int(self.draws), int(world))
        n, k = int(self.samples), int(self.classes)
        return {name: np.float64(value) for name, value in {
            "tau_1": n * theory.tau(alpha, n, 1), "least_frequency": n * alpha.min(-1).mean(),
            "singles": theory.singles(alpha, n) / n, "optimum": theory.optimum(alpha, n, k),
            "cost": theory.cost(alpha, n, k, float(self.gamma)), "cost_unfitted": theory.cost(alpha, n, k),
        }.items()}
