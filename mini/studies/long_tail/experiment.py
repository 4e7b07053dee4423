"""Networks trained on a mixture of subpopulations, beside Feldman's closed form.

What is seen once must be learned by heart, or its subpopulation is got wrong whenever it comes up again
(Feldman 2020). Accuracy is reported by how often a subpopulation was seen: while the network is trained,
and when it is pruned, regularised or made private.

Shape letters: N subpopulations, S samples, T fresh points of a subpopulation, B bins of sightings.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from mini import privacy
from mini.errors import wrong
from mini.experiment import Experiment, Variable, experiment, static, traced
from mini.models import classifier
from mini.optimisers import sgd
from mini.studies.long_tail import theory, training
from mini.tasks import subpopulations
from mini.tasks.subpopulations import PRIORS, SIGHTINGS

PRUNED = np.array([0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9])
BY_COUNT = ("count",)


class State(NamedTuple):
    params: Any
    optimiser: Any
    epochs: jax.Array
    overflow: jax.Array


@experiment
class LongTail(Experiment):
    """A network learns a mixture of subpopulations of very different frequency."""

    subpopulations: int = static(1000, "subpopulations, each a cloud with one label", within="[2, 100000]")
    samples: int = static(1000, "training examples, drawn from the mixture", within="[2, 100000]")
    classes: int = static(10, "labels", within="[2, 1000]")
    features: int = static(64, "dimensions of a point", within="[1, 4096]")
    prior: str = static("zipf", "list that the frequencies come from", choices=PRIORS)
    skew: float = traced(1.0, "how unequal: the exponent of zipf; else the log of the largest ratio", within="[0, 12]")
    drawn: str = static("list", "frequencies: the list itself, or drawn from it and normalised", choices=("list", "iid"))
    sigma: float = traced(0.1, "spread of a subpopulation about its centre", within="[0, 10]")
    test_points: int = static(4, "fresh points of each subpopulation that it is tested on", within="[1, 100]")
    width: int = static(256, "hidden neurons", within="[1, 16384]")
    batch_size: int = static(50, "examples in a step (expected, when private)", within="[1, 100000]")
    learning_rate: float = traced(0.02, "step length", within="[0, inf)")
    momentum: float = traced(0.9, "momentum of gradient descent", within="[0, 1)")
    weight_decay: float = traced(0.0, "strength of the penalty on squared weights", within="[0, inf)")
    give_up: int = traced(0, "subpopulations seen this often or less are not fitted", within="[0, inf)")
    give_up_share: float = traced(1.0, "share of those subpopulations that is given up", within="[0, 1]")
    private: bool = static(False, "differentially private gradient descent")
    clip: float = traced(1.0, "largest norm of an example's gradient (private)", within="(0, inf)")
    noise_multiplier: float = traced(1.0, "standard deviation of the noise, in clips (private)", within="[0, inf)")
    delta: float = traced(1e-4, "chance at which the privacy may fail (private)", within="(0, 1)")

    clock, ticks, every = "epoch", 60, 5
    variables = {
        "test_error": Variable((), "1", "share of the mixture got wrong, each subpopulation by its frequency"),
        "train_error": Variable((), "1", "share of the training examples got wrong"),
        "accuracy": Variable(BY_COUNT, "1", "accuracy on fresh points, mean over the subpopulations of a bin"),
        "train_errors": Variable(BY_COUNT, "1", "subpopulations of a bin whose training examples are got wrong"),
        "errors": Variable(BY_COUNT, "1", "part of the test error that a bin makes"),
        "predicted_errors": Variable(BY_COUNT, "1", "the same in theory: guessing what was never seen or is given up"),
        "optimum": Variable((), "1", "least expected error, for what this run happened to see"),
        "predicted_error": Variable((), "1", "the same, with what is given up added"),
        "expected_optimum": Variable((), "1", "least expected error over all draws, in closed form"),
        "expected_error": Variable((), "1", "the same, with what is given up added"),
        "bound": Variable((), "1", "Feldman's lower bound, from train_errors and the measured coupling"),
        "coupling": Variable(BY_COUNT, "1", "how far fresh points are answered as the training examples, less chance"),
        "tau": Variable(BY_COUNT, "1", "expected frequency of a subpopulation seen as often as the bin begins"),
        "seen": Variable(BY_COUNT, "1", "number of subpopulations in a bin"),
        "mass": Variable(BY_COUNT, "1", "frequency of all subpopulations of a bin together"),
        "pruned_accuracy": Variable(("pruned_fraction", "count"), "1", "accuracy without the smallest weights"),
        "pruned_error": Variable(("pruned_fraction",), "1", "test error without the smallest weights"),
        "epsilon": Variable((), "1", "privacy spent, at `delta`; infinite where nothing is private"),
        "overflow": Variable((), "1", "members of private batches that found no place so far"),
    }

    def coords(self) -> dict:
        return {"count": np.array(SIGHTINGS), "pruned_fraction": PRUNED}

    def check(self) -> None:
        super().check()
        if self.classes > self.subpopulations:
            raise wrong("classes", self.classes, f"at most one for each of the {self.subpopulations} subpopulations")
        if self.batch_size > self.samples:
            raise wrong("batch_size", self.batch_size, f"at most the {self.samples} samples")
        subpopulations.check(self.prior, self.subpopulations, self.skew, self.samples)
        if self.private and self.weight_decay:
            raise wrong("weight_decay", self.weight_decay, "0 when private")

    def world(self, keys, shared):
        """The mixture, and which subpopulations are given up (stream `given_up`)."""
        mixture = subpopulations.draw(keys, self.prior, self.skew, self.drawn, self.subpopulations, self.samples,
                                      self.classes, self.features, self.sigma, self.test_points)
        luck = jax.random.uniform(keys["given_up"], (self.subpopulations,)) < self.give_up_share
        return mixture, luck & (mixture.seen > 0) & (mixture.seen <= self.give_up)

    def init(self, keys, world):
        params = classifier.initial(keys["init"], self.features, self.width, self.classes)
        return State(params, self._optimiser(keys["noise"]).init(params), jnp.int32(0), jnp.int32(0))

    def step(self, state, world, t, key):
        mixture, given_up = world
        fitted = 1.0 - given_up[mixture.source].astype(jnp.float32)
        batch, examples = self.batch_size, (mixture.x, mixture.y, fitted)
        if self.private:
            params, memory, lost = training.private_epoch(self._optimiser(), *state[:2], key, batch, self._places(), *examples)
        else:
            rows, lost = jnp.arange(self.samples), 0
            params, memory = training.epoch(self._optimiser(), *state[:2], key, rows, batch, *examples)
        return State(params, memory, state.epochs + 1, state.overflow + lost)

    def measure(self, state, world):
        mixture, given_up = world
        bins, right = subpopulations.bins(mixture.seen), self._right(state.params, mixture)
        wrong_ones = self._train_wrong(state.params, mixture)
        guessed = (1 - 1 / self.classes) * mixture.frequency  # what is lost where one can only guess
        unseen = mixture.seen == 0
        return {
            "test_error": 1 - (mixture.frequency * right).sum(),
            "train_error": (wrong_ones * mixture.seen).sum() / self.samples,
            "accuracy": _mean(bins, right),
            "train_errors": bins @ wrong_ones,
            "errors": bins @ (mixture.frequency * (1 - right)),
            "predicted_errors": bins @ (guessed * (unseen | given_up)),
            "optimum": (guessed * unseen).sum(),
            "predicted_error": (guessed * (unseen | given_up)).sum(),
            "overflow": state.overflow,
        }

    def examine(self, state, world):
        end = {name: np.asarray(value) for name, value in self._end(state, world[0]).items()}
        errors, agreement, seen = (end.pop(name) for name in ("errors_of", "agreement_of", "seen_of"))
        return end | self._theory(seen, errors, agreement) | {"epsilon": self._spent(int(state.epochs))}

    # The pieces.

    def _right(self, params, mixture) -> jax.Array:
        """Share of the fresh points of each subpopulation answered right, (N,)."""
        return (self._answers(params, mixture) == mixture.label[:, None]).mean(1)

    def _answers(self, params, mixture) -> jax.Array:
        """The answers to all fresh points, (N, T)."""
        points = mixture.fresh.reshape(-1, self.features)
        return classifier.logits(params, points).argmax(-1).reshape(mixture.fresh.shape[:2])

    def _train_wrong(self, params, mixture) -> jax.Array:
        """Share of the training examples of each subpopulation got wrong, (N,); 0 where it was never seen."""
        missed = (classifier.logits(params, mixture.x).argmax(-1) != mixture.y).astype(jnp.float32)
        return jnp.zeros(self.subpopulations).at[mixture.source].add(missed) / jnp.maximum(mixture.seen, 1)

    def _agreement(self, params, mixture) -> jax.Array:
        """How often a fresh point of a subpopulation is answered as its training examples are, (N,), less chance.

        The coupling of Feldman 2020, for mixtures of subpopulations, as (share - 1/K) / (1 - 1/K); 0 for those never seen.
        """
        trained = classifier.logits(params, mixture.x).argmax(-1)  # (S,)
        same = (self._answers(params, mixture)[mixture.source] == trained[:, None]).mean(1)
        share = jnp.zeros(self.subpopulations).at[mixture.source].add(same) / jnp.maximum(mixture.seen, 1)
        return jnp.where(mixture.seen > 0, (share - 1 / self.classes) / (1 - 1 / self.classes), 0)

    @jax.jit
    def _end(self, state, mixture) -> dict:
        """What is read off the trained network; pruning sets the smallest weights to zero and keeps biases."""
        bins = subpopulations.bins(mixture.seen)
        sizes = jnp.concatenate([jnp.abs(w).ravel() for w in jax.tree.leaves(state.params) if w.ndim == 2])
        agreement = self._agreement(state.params, mixture)

        def after(share):
            least = jnp.where(share > 0, jnp.quantile(sizes, share), -1.0)
            params = jax.tree.map(lambda w: jnp.where(jnp.abs(w) > least, w, 0) if w.ndim == 2 else w, state.params)
            right = self._right(params, mixture)
            return _mean(bins, right), 1 - (mixture.frequency * right).sum()

        accuracy, error = jax.lax.map(after, jnp.asarray(PRUNED, jnp.float32))
        return {"pruned_accuracy": accuracy, "pruned_error": error, "seen": bins.sum(1), "mass": bins @ mixture.frequency,
                "coupling": _mean(bins, agreement).at[0].set(jnp.nan), "agreement_of": agreement,
                "errors_of": self._train_wrong(state.params, mixture), "seen_of": mixture.seen}

    def _theory(self, seen, errors, agreement) -> dict:
        """The closed forms, and the bound with the errors (N,) and the coupling (N,) that the network shows."""
        alpha = theory.marginal(self.prior, self.subpopulations, float(self.skew))
        n, k = self.samples, self.classes
        counts = range(1, int(seen.max()) + 1)
        missed = [float(errors[seen == l].sum()) for l in counts]
        coupling = [float(np.clip(agreement[seen == l].mean(), 0, 1)) if (seen == l).any() else 0.0 for l in counts]
        return {
            "expected_optimum": theory.optimum(alpha, n, k),
            "expected_error": theory.given_up(alpha, n, k, min(int(self.give_up), n), float(self.give_up_share)),
            "bound": theory.bound(alpha, n, k, missed, coupling),
            "tau": np.array([theory.tau(alpha, n, l) if l <= n else np.nan for l in SIGHTINGS]),
        }

    def _optimiser(self, key=None) -> optax.GradientTransformation:
        if not self.private:
            return sgd(self.learning_rate, self.momentum, self.weight_decay)
        key = jax.random.key(0) if key is None else key  # only init uses it; afterwards it is in the state
        return optax.chain(privacy.aggregate(self.clip, self.noise_multiplier, key, self._places(), self.batch_size),
                           optax.sgd(self.learning_rate, self.momentum))

    def _spent(self, epochs: int) -> float:
        if not self.private:
            return np.inf
        q, steps = self.batch_size / self.samples, epochs * training.steps_of(self.samples, self.batch_size)
        return privacy.epsilon(float(self.noise_multiplier), q, steps, float(self.delta))

    def _places(self) -> int:
        return privacy.capacity(self.samples, self.batch_size / self.samples)


def _mean(bins: jax.Array, values: jax.Array) -> jax.Array:
    """The mean over the subpopulations of each bin, (B,); NaN where it is empty."""
    count = bins.sum(1)
    return jnp.where(count > 0, (bins @ values) / jnp.maximum(count, 1), jnp.nan)
