"""The same curve where it can be written down: ridge regression in which some rows occur many times.

    y = x . beta + s e,   x ~ N(0, I_D),   |beta| = 1;   of N rows, a share f are m different ones, each r = f N / m times.

With weights w (1 for the others, r for the pool's m) and q, d such that d = D q, 1 / q = l + sum_i w_i / (1 + w_i d),

    A = sum_i w_i^2 / (1 + w_i d)^2,   risk = q^2 (l^2 + s^2 D A) / (1 - q^2 D A),
    error on the pool = (risk + s^2) / (1 + r d)^2,

for many rows and dimensions. The derivation, which is ours, takes the deterministic equivalent of (X' W X + l)^-1, its
derivative with respect to l, and leaves out each row in turn. The follow-up (2606.24998, abstract) says that a misspecified
regression shows this curve. Shape letters: D dimensions, P pool sizes, S simulated draws.
"""

import numpy as np
import scipy.optimize

from mini.errors import wrong
from mini.experiment import Experiment, Variable, experiment, static, traced


def equivalent(weights, counts, dimensions: int, noise: float, ridge: float) -> tuple[float, np.ndarray]:
    """Risk |b - beta|^2, and mean squared error on the rows of each weight.

    Args:
      weights, counts: the different weights, and how many rows have each.

    >>> risk, _ = equivalent([1.0], [400], 100, 0.5, 1e-9)
    >>> round(risk, 4), round(0.25 * 100 / 300, 4)  # least squares: s^2 D / (N - D)
    (0.0833, 0.0833)
    """
    w, n = np.asarray(weights, float), np.asarray(counts, float)

    def gap(log_q):
        return 1 - np.exp(log_q) * (ridge + np.sum(n * w / (1 + w * dimensions * np.exp(log_q))))

    q = np.exp(scipy.optimize.brentq(gap, -60, np.log(1 / ridge), xtol=1e-12))
    d = dimensions * q
    a = np.sum(n * (w / (1 + w * d)) ** 2)
    risk = q**2 * (ridge**2 + noise**2 * dimensions * a) / (1 - q**2 * dimensions * a)
    return float(risk), (risk + noise**2) / (1 + w * d) ** 2


@experiment
class Duplicates(Experiment):
    """Ridge regression with duplicated rows: its risk simulated, and in closed form."""

    rows: int = static(600, "rows in all, duplicates counted", within="[10, 100000]")
    dimensions: int = static(20, "dimensions", within="[2, 2000]")
    repeated_share: float = static(0.5, "share of the rows that are drawn from the pool", within="(0, 1)")
    noise: float = traced(0.5, "standard deviation of the noise, the weights being of length 1", within="[0, inf)")
    ridge: float = traced(1e-3, "ridge", within="(0, inf)")
    draws: int = static(300, "simulated draws of each pool", within="[1, 10000]")
    counted: bool = static(True, "whether the closed form counts how often a row is repeated")

    ticks = 0
    variables = {
        "risk": Variable(("pool",), "1", "squared distance of the fitted weights from the true ones, mean of the draws"),
        "pool_error": Variable(("pool",), "1", "mean squared error on the pool's rows"),
        "derived_risk": Variable(("pool",), "1", "the risk in closed form"),
        "derived_pool_error": Variable(("pool",), "1", "the pool's error in closed form"),
        "clean_risk": Variable((), "1", "risk in closed form when all rows differ"),
    }

    def pools(self) -> np.ndarray:
        """Sixteen log-spaced pool sizes, up to the one at which each row occurs once; rounded, equal ones merged."""
        return np.unique(np.geomspace(1, self.repeated_share * self.rows, 16).round()).astype(int)

    def coords(self) -> dict:
        return {"pool": self.pools()}

    def check(self) -> None:
        super().check()
        if not 1 <= round(self.repeated_share * self.rows) < self.rows:
            raise wrong("repeated_share", self.repeated_share, f"a share of {self.rows} rows that leaves some of each kind")

    def world(self, keys, shared):
        return keys.seed

    def examine(self, state, world):
        rng = np.random.default_rng(int(world))
        noise, ridge = float(self.noise), float(self.ridge)
        unique = self.rows - round(self.repeated_share * self.rows)
        simulated, derived = [], []
        for m in self.pools():
            repeats = (self.rows - unique) / m
            simulated.append(np.mean([self._draw(rng, m, unique, repeats, noise, ridge) for _ in range(self.draws)], 0))
            risk, errors = equivalent([1.0, repeats if self.counted else 1.0], [unique, m], self.dimensions, noise, ridge)
            derived.append((risk, errors[1]))
        (risk, error), (derived_risk, derived_error) = np.transpose(simulated), np.transpose(derived)
        clean, _ = equivalent([1.0], [self.rows], self.dimensions, noise, ridge)
        return {"risk": risk, "pool_error": error, "derived_risk": derived_risk, "derived_pool_error": derived_error,
                "clean_risk": np.array(clean)}

    def _draw(self, rng, m: int, unique: int, repeats: float, noise: float, ridge: float) -> tuple[float, float]:
        """Risk and the pool's error of one simulated fit; true weights lie on the first axis, without loss of generality."""
        x = rng.normal(size=(unique + m, self.dimensions))
        y = x[:, 0] + noise * rng.normal(size=len(x))
        weight = np.r_[np.ones(unique), np.full(m, repeats)]
        fitted = np.linalg.solve((x.T * weight) @ x + ridge * np.eye(self.dimensions), (x.T * weight) @ y)
        residual = y[unique:] - x[unique:] @ fitted
        return float(np.sum(fitted**2) - 2 * fitted[0] + 1), float(np.mean(residual**2))
