"""The estimator of Feldman and Zhang 2020: thousands of networks on random subsets.

A tick is one network, trained from scratch on a subset; only sums are kept, so that memory does not grow
with the number of networks. Each seed draws another split of the digits, or another mixture. With the
stream `data` held (and `labels` and `noise` where labels are false), the sums of all seeds are over the
same data: `run(Estimator(), 1000, seeds=2, hold={"data": 0})` uses two cores for 2000 networks.

Shape letters: n training examples, M test examples, m of a subset, R removals, P pairs.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from mini.errors import wrong
from mini.experiment import Experiment, Variable, experiment, static, traced
from mini.measures import memorisation
from mini.models import classifier
from mini.optimisers import sgd
from mini.studies.long_tail import training
from mini.tasks import digits, subpopulations
from mini.tasks.label_noise import KINDS, corrupt
from mini.tasks.subpopulations import PRIORS

REMOVALS = ("none", "memorised", "random")
INFLUENTIAL = 0.15  # Feldman and Zhang 2020
DEVIATIONS = 4.0  # of the null; with thousands of networks, as in the papers, any pair above 0.15 lies that far out


class Data(NamedTuple):
    """What all networks of a run share; `number` is the place in digits.load(), or the subpopulation."""

    x: jax.Array  # (n, F)
    given: jax.Array  # (n,) labels as trained on
    true: jax.Array  # (n,)
    number: jax.Array  # (n,)
    seen: jax.Array  # (n,) how often the subpopulation of an example was sampled; 0 for digits
    test_x: jax.Array  # (M, F)
    test_y: jax.Array  # (M,)
    test_number: jax.Array  # (M,)
    test_weight: jax.Array  # (M,) sums to one
    luck: jax.Array  # seeds what is drawn at the end


@experiment
class Estimator(Experiment):
    """Memorisation and influence of every example, from networks trained on random subsets."""

    task: str = static("digits", "what is learned: scikit-learn's digits, or a mixture of subpopulations",
                       choices=("digits", "mixture"))
    examples: int = static(1000, "training examples", within="[2, 100000]")
    subset_share: float = static(0.7, "share of the examples in a subset", within="(0, 1)")
    noise: float = traced(0.0, "share of false training labels", within="[0, 1)")
    noise_kind: str = static("symmetric", "how false labels are drawn", choices=KINDS)
    width: int = static(32, "hidden neurons", within="[1, 16384]")
    train_epochs: int = static(40, "epochs of each network", within="[0, 100000]", unit="epoch")
    batch_size: int = static(50, "examples in a step", within="[1, 100000]")
    learning_rate: float = traced(0.02, "step length", within="[0, inf)")
    momentum: float = traced(0.9, "momentum of gradient descent", within="[0, 1)")
    subpopulations: int = static(1000, "subpopulations of the mixture", within="[2, 100000]")
    prior: str = static("zipf", "list that the mixture's frequencies come from", choices=PRIORS)
    skew: float = traced(1.0, "how unequal: the exponent of zipf; else the log of the largest ratio", within="[0, 12]")
    sigma: float = traced(0.1, "spread of a subpopulation about its centre", within="[0, 10]")
    memorised: float = traced(0.25, "memorisation from which an example counts as memorised", within="(0, 1]")
    top: int = static(60, "pairs of highest influence that are kept", within="[0, 10000]")
    matrix: bool = static(False, "keep the whole matrix of influences")
    retrain: int = static(0, "networks trained at the end on all, without the memorised, without as many others",
                          within="[0, 1000]")

    clock, ticks, every = "network", 400, 50
    variables = {
        "mean_memorisation": Variable((), "1", "mean over the examples"),
        "gap": Variable((), "1", "accuracy on the subset less accuracy on the test examples"),
        "inside_accuracy": Variable((), "1", "share right (as given) of examples in the subset"),
        "outside_accuracy": Variable((), "1", "share right (as given) of examples left out"),
        "test_accuracy": Variable((), "1", "share right of the test examples"),
        "memorised_share": Variable((), "1", "share of the examples that count as memorised"),
        "reliability": Variable((), "1", "correlation of the memorisations from two halves of the networks"),
        "null_deviation": Variable((), "1", "spread of the memorisation of subsets never trained on"),
        "unseen": Variable((), "1", "examples that were always in, or always out, and have no estimate"),
        "memorisation": Variable(("example",), "1", "P[right | in] - P[right | out]"),
        "memorisation_error": Variable(("example",), "1", "standard error of the memorisation"),
        "null": Variable(("example",), "1", "memorisation of subsets never trained on"),
        "inside": Variable(("example",), "1", "share of the networks that had the example"),
        "number": Variable(("example",), "1", "place in mini.tasks.digits.load(), or subpopulation"),
        "label": Variable(("example",), "1", "label as trained on"),
        "false_label": Variable(("example",), "1", "whether that label is false"),
        "sightings": Variable(("example",), "1", "how often its subpopulation was sampled (mixture)"),
        "test_number": Variable(("test_example",), "1", "place in mini.tasks.digits.load(), or subpopulation"),
        "pair_train": Variable(("pair",), "1", "training example of a pair of high influence, -1 for none"),
        "pair_test": Variable(("pair",), "1", "its test example"),
        "pair_influence": Variable(("pair",), "1", "P[right on test | in] - P[right on test | out]"),
        "pair_error": Variable(("pair",), "1", "standard error of the influence"),
        "pairs": Variable((), "1", "number of pairs of high influence"),
        "fresh_influence": Variable((), "1", "mean influence, in one half of the networks, of the pairs found in the other"),
        "influence_reliability": Variable((), "1", "correlation of the influences of the memorised, from two halves"),
        "influence": Variable(("example", "test_example"), "1", "P[right on test | in] - P[right on test | out]"),
        "retrained_accuracy": Variable(("removed", "copy"), "1", "test accuracy of networks trained on what is left"),
        "removed_examples": Variable((), "1", "how many were removed"),
    }

    def coords(self) -> dict:
        return {"removed": np.array(REMOVALS)}

    def check(self) -> None:
        super().check()
        m = self.subset_size
        if not 0 < m < self.examples:
            side = "in every subset" if m else "out of every subset"
            raise wrong("subset_share", self.subset_share, f"a share that leaves some examples in and some out (all "
                        f"{self.examples}, 0 to {self.examples - 1}, would be {side}, and cannot be seen)")
        if self.batch_size > m:
            raise wrong("batch_size", self.batch_size, f"at most the {m} examples of a subset")
        if self.task == "digits" and self.examples >= digits.SIZES["digits"]:
            raise wrong("examples", self.examples, f"fewer than the {digits.SIZES['digits']} digits, to leave some for testing")
        if self.task == "mixture":
            self._check_mixture()

    def _check_mixture(self) -> None:
        if self.subpopulations < digits.CLASSES:
            raise wrong("subpopulations", self.subpopulations, f"at least one for each of the {digits.CLASSES} classes")
        if self.noise_kind == "instance":
            raise wrong("noise_kind", self.noise_kind, "another kind for a mixture, whose classes have no common look")
        subpopulations.check(self.prior, self.subpopulations, self.skew, self.examples)

    @property
    def subset_size(self) -> int:
        return round(self.subset_share * self.examples)

    def data(self):
        return tuple(digits.load()) if self.task == "digits" else ()

    def world(self, keys, shared) -> Data:
        data = self._digits(keys, *shared) if self.task == "digits" else self._mixture(keys)
        given = corrupt(keys, self.noise_kind, self.noise, data.x, data.true, digits.CLASSES)
        return data._replace(given=given, luck=jax.random.bits(keys["end"], dtype="uint32"))

    def init(self, keys, world):
        return memorisation.blank(self.examples, len(world.test_y))

    def step(self, state, world, t, key):
        """One network trained on one subset, and another subset that plays no part in its training."""
        subset, fit, ghost = jax.random.split(key, 3)
        rows = jax.random.permutation(subset, self.examples)[: self.subset_size]
        other = jax.random.permutation(ghost, self.examples)[: self.subset_size]
        params = self._fit(fit, rows, world, jnp.ones(self.examples))
        return memorisation.add(state, t % 2, self._marked(rows), self._answers(params, world.x) == world.given,
                                self._answers(params, world.test_x) == world.test_y, self._marked(other))

    def measure(self, state, world):
        s = memorisation.both(state)
        value = memorisation.memorisation(s)
        trained, total = s.networks * self.subset_size, jnp.maximum(s.networks, 1) * self.examples
        left_out = jnp.maximum(total - trained, 1)
        inside = s.right_inside.sum() / jnp.maximum(trained, 1)
        tested = (s.test_right @ world.test_weight) / jnp.maximum(s.networks, 1)
        known, chance = jnp.isfinite(value), memorisation.null(s)
        return {
            "mean_memorisation": jnp.nanmean(value),
            "inside_accuracy": inside,
            "outside_accuracy": (s.right - s.right_inside).sum() / left_out,
            "test_accuracy": tested,
            "gap": inside - tested,
            "memorised_share": jnp.where(known.any(), (value >= self.memorised).sum() / jnp.maximum(known.sum(), 1), jnp.nan),
            "reliability": memorisation.reliability(state),
            "null_deviation": jnp.sqrt(jnp.nanmean(jnp.square(chance))),
            "unseen": memorisation.unseen(s).sum().astype(jnp.float32),
            "memorisation": value,
            "memorisation_error": memorisation.memorisation(s, memorisation.standard_error),
            "null": chance,
        }

    def examine(self, state, world):
        networks = max(float(state.networks.sum()), 1)
        seen = {name: np.asarray(value) for name, value in _influences(state).items()}
        end = {
            "inside": np.asarray(state.inside).sum(0) / networks, "number": world.number, "label": world.given,
            "false_label": np.asarray(world.given) != np.asarray(world.true), "sightings": world.seen,
            "test_number": world.test_number, **self._pairs(seen), **self._fresh(seen),
        }
        if self.matrix:
            end["influence"] = seen["effect"]
        if self.retrain:
            end |= _retrain(self, seen["memory"] >= self.memorised, world)
        return end

    # The pieces.

    def _digits(self, keys, x, y) -> Data:
        """A split of the digits (stream `data`)."""
        order = jax.random.permutation(keys["data"], len(y))
        train, test = order[: self.examples], order[self.examples:]
        return Data(x[train], y[train], y[train], train, jnp.zeros(self.examples, jnp.int32), x[test], y[test], test,
                    jnp.full(len(test), 1 / len(test)), jnp.uint32(0))

    def _mixture(self, keys) -> Data:
        """A mixture (see subpopulations.draw), tested on one fresh point of each subpopulation."""
        one = subpopulations.draw(keys, self.prior, self.skew, "list", self.subpopulations, self.examples,
                                  digits.CLASSES, digits.FEATURES["digits"], self.sigma, 1)
        return Data(one.x, one.y, one.y, one.source, one.seen[one.source], one.fresh[:, 0], one.label,
                    jnp.arange(self.subpopulations), one.frequency, jnp.uint32(0))

    def _fit(self, key, rows, world, weight):
        return training.fit(key, rows, world.x, world.given, weight, width=self.width, classes=digits.CLASSES,
                            epochs=self.train_epochs, batch=self.batch_size,
                            optimiser=sgd(self.learning_rate, self.momentum))

    def _answers(self, params, x) -> jax.Array:
        return classifier.logits(params, x).argmax(-1)

    def _marked(self, rows) -> jax.Array:
        return jnp.zeros(self.examples, bool).at[rows].set(True)

    def _high(self, memory, effect, deviation) -> np.ndarray:
        return memorisation.pairs(memory, effect, deviation, float(self.memorised), INFLUENTIAL, DEVIATIONS)

    def _pairs(self, seen) -> dict:
        """The `top` pairs of highest influence; -1 and NaN where there are fewer."""
        found = self._high(seen["memory"], seen["effect"], seen["deviation"])
        shown = found[: self.top]
        missing = self.top - len(shown)
        train, test = np.pad(shown.T, ((0, 0), (0, missing)), constant_values=-1)
        value, error = (np.pad(seen[name][tuple(shown.T)], (0, missing), constant_values=np.nan)
                        for name in ("effect", "error"))
        return {"pair_train": train, "pair_test": test, "pair_influence": value, "pair_error": error,
                "pairs": np.float32(len(found))}

    def _fresh(self, seen) -> dict:
        """Influence, in one half of the networks, of the pairs found in the other (0 if none is found), and how well the halves
        agree."""
        memory, effect, deviation = (seen[f"half_{name}"] for name in ("memory", "effect", "deviation"))
        fresh = [effect[1 - h][tuple(self._high(memory[h], effect[h], deviation[h]).T)] for h in (0, 1)]
        fresh = np.concatenate([x[np.isfinite(x)] for x in fresh])
        first, second = (x[seen["memory"] >= self.memorised].ravel() for x in effect)
        known = np.isfinite(first) & np.isfinite(second)
        alike = np.corrcoef(first[known], second[known])[0, 1] if known.sum() > 2 and first[known].std() else np.nan
        return {"fresh_influence": np.float32(fresh.mean() if len(fresh) else 0.0),
                "influence_reliability": np.float32(alike)}


@jax.jit
def _influences(state: memorisation.Sums) -> dict:
    """Everything that is reported about pairs, from all networks and from each half."""
    whole = memorisation.both(state)
    return {
        "memory": memorisation.memorisation(whole), "effect": memorisation.influence(whole),
        "error": memorisation.influence(whole, memorisation.standard_error),
        "deviation": memorisation.null_influence_error(whole),
        "half_memory": memorisation.memorisation(state), "half_effect": memorisation.influence(state),
        "half_deviation": memorisation.null_influence_error(state),
    }


@jax.jit
def _retrain(point: Estimator, high: jax.Array, world: Data) -> dict:
    """Networks trained on all examples, without the memorised ones, and without as many drawn at random."""
    root = jax.random.key(world.luck)
    count = high.sum()

    def copy(i):
        key, luck = jax.random.split(jax.random.fold_in(root, i))
        random = jnp.argsort(jnp.argsort(jax.random.uniform(luck, high.shape))) < count

        def arm(gone):
            params = point._fit(key, jnp.arange(point.examples), world, 1.0 - gone.astype(jnp.float32))
            return ((point._answers(params, world.test_x) == world.test_y) * world.test_weight).sum()

        return jax.lax.map(arm, jnp.stack([jnp.zeros_like(high), high, random]))

    accuracy = jax.lax.map(copy, jnp.arange(point.retrain))  # (copy, R)
    return {"retrained_accuracy": accuracy.T, "removed_examples": count.astype(jnp.float32)}
