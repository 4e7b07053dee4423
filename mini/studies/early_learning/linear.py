"""The theory of early learning, where it can be written down: a linear model, a gradient, a count of dimensions.

Liu and others 2020, section 3. Shape letters: N examples, P dimensions, R rows, C classes, D draws.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from mini.experiment import Experiment, Variable, experiment, static, traced
from mini.measures.accuracy import share
from mini.objectives import OBJECTIVES, answers
from mini.plan import log_spaced
from mini.tasks import gaussians


class State(NamedTuple):
    direction: jax.Array  # (P,) theta
    memory: jax.Array  # (N, 2)


@experiment
class Linear(Experiment):
    """Logistic regression by gradient descent on two clouds of points with false labels."""

    samples: int = static(1000, "points", within="[10, 20000]")
    dimensions: int = static(900, "dimensions; the theorem asks for between 1 - D/2 of the points and all",
                             within="[2, 20000]")
    redrawn: float = traced(0.4, "share D of labels redrawn by a fair coin, so that D/2 are false", within="[0, 1)")
    spread: float = traced(0.1, "standard deviation of a cloud, the distance of whose centre is 1", within="(0, inf)")
    radius: float = traced(2.0, "length of the first weights", within="(0, inf)")
    learning_rate: float = traced(0.5, "step length", within="(0, 1)")
    strength: float = traced(0.0, "weight of early-learning regularisation; 0 for none", within="[0, inf)")
    target_momentum: float = traced(0.7, "share of its past that the memory keeps", within="[0, 1)")

    clock = "step"
    ticks = 10000
    every = (*range(40), *(t for t in log_spaced(10000, 80) if t >= 40))
    variables = {
        "alignment": Variable((), "1", "theta . v"),
        "cosine": Variable((), "1", "cosine of the descent direction with v, the direction of the truth"),
        "test_accuracy": Variable((), "1", "share of new points on the right side, in closed form"),
        "clean_accuracy": Variable((), "1", "share of true labels answered right"),
        "restored_fraction": Variable((), "1", "share of false labels whose point is given its true class"),
        "memorised_fraction": Variable((), "1", "share of false labels answered as given"),
        "train_accuracy": Variable((), "1", "share of points answered as given"),
        "clean_residual": Variable((), "1", "mean squared residual tanh(theta . x / 2) - e of true labels"),
        "false_residual": Variable((), "1", "the same of false labels"),
        "realised_noise": Variable((), "1", "share of labels that are false"),
    }

    def world(self, keys, shared):
        return gaussians.draw(keys, self.samples, self.dimensions, self.redrawn, self.spread)

    def init(self, keys, world):
        start = jax.random.normal(keys["init"], (self.dimensions,))
        return State(self.radius * start / jnp.linalg.norm(start), jnp.zeros((self.samples, 2)))

    def loss(self, direction, memory, world):
        """Mean objective, and the updated memory; a point's logits are (0, theta . x)."""
        score = world.x @ direction
        logits = jnp.stack([jnp.zeros_like(score), score], 1)
        given = jax.nn.one_hot((world.given > 0).astype(jnp.int32), 2)
        memory = self.target_momentum * memory + (1 - self.target_momentum) * jax.lax.stop_gradient(answers(logits))
        return OBJECTIVES["elr"].loss(logits, given, memory, self.strength).mean(), memory

    def step(self, state, world, t, key):
        gradient, memory = jax.grad(self.loss, has_aux=True)(state.direction, state.memory, world)
        return State(state.direction - self.learning_rate * gradient, memory)

    def measure(self, state, world):
        theta, score = state.direction, world.x @ state.direction
        side, false = jnp.sign(score), world.given != world.truth
        residual = jnp.square(jnp.tanh(score / 2) - world.given)
        descent = -jax.grad(self.loss, has_aux=True)(theta, state.memory, world)[0]
        return {
            "alignment": theta[0],
            "cosine": descent[0] / jnp.linalg.norm(descent),
            "test_accuracy": jax.scipy.stats.norm.cdf(theta[0] / (self.spread * jnp.linalg.norm(theta))),
            "clean_accuracy": share(side == world.truth, ~false),
            "restored_fraction": share(side == world.truth, false),
            "memorised_fraction": share(side == world.given, false),
            "train_accuracy": (side == world.given).mean(),
            "clean_residual": jnp.mean(residual, where=~false), "false_residual": jnp.mean(residual, where=false),
        }

    def examine(self, state, world):
        return {"realised_noise": np.mean(np.asarray(world.given) != np.asarray(world.truth))}


@experiment
class Separability(Experiment):
    """In how many dimensions the labels of a noisy mixture can all be fitted by a line, found by linear programming."""

    samples: int = static(200, "points in a draw", within="[10, 2000]")
    draws: int = static(10, "draws of a run", within="[1, 1000]")
    redrawn: float = traced(0.4, "share D of labels redrawn by a fair coin, so that D/2 are false", within="[0, 1]")
    spread: float = traced(0.1, "standard deviation of a cloud, the distance of whose centre is 1", within="(0, inf)")

    ticks = 0
    variables = {
        "needed": Variable(("draw",), "1", "fewest dimensions over points in which all labels can be fitted"),
        "mean_needed": Variable((), "1", "its mean over draws"),
        "derived": Variable((), "1", "the same for many points, derived"),
        "sufficient": Variable((), "1", "1 - D/2, which the theorem asks for"),
    }

    def world(self, keys, shared):
        return gaussians.draw(keys, self.samples * self.draws, self.samples, self.redrawn, self.spread)

    def examine(self, state, world):
        xs = np.asarray(world.x).reshape(self.draws, self.samples, -1)  # (D, N, P)
        labels = np.asarray(world.given).reshape(self.draws, -1)
        needed = np.array([gaussians.fewest_dimensions(x, y) for x, y in zip(xs, labels)]) / self.samples
        derived = gaussians.separability_threshold(float(self.redrawn), float(self.spread))
        return {"needed": needed, "mean_needed": needed.mean(), "derived": np.array(derived),
                "sufficient": np.array(1 - float(self.redrawn) / 2)}


@experiment
class GradientIdentity(Experiment):
    """The gradient of the loss with early-learning regularisation as the lemma has it, against automatic differentiation."""

    rows: int = static(1000, "random rows", within="[1, 1000000]")
    classes: int = static(10, "classes", within="[2, 1000]")
    strength: float = traced(3.0, "weight lambda", within="[0, inf)")
    signed: bool = static(True, "whether the regulariser's part is added, as in the lemma, or taken away")

    ticks = 0
    variables = {"difference": Variable((), "1", "largest difference in any row and class")}

    def world(self, keys, shared):
        def shares(stream):
            return jax.nn.softmax(jax.random.normal(keys[stream], (self.rows, self.classes)))  # no share is clipped

        label = jax.random.randint(keys["labels"], (self.rows,), 0, self.classes)
        return jnp.log(shares("data")), jax.nn.one_hot(label, self.classes), 0.9 * shares("memory")

    def measure(self, state, world):
        logits, given, memory = world
        automatic = jax.grad(lambda f: OBJECTIVES["elr"].loss(f, given, memory, self.strength).sum())(logits)
        p = jax.nn.softmax(logits)
        agreement = (p * memory).sum(1, keepdims=True)
        pull = p * (agreement - memory) / (1 - agreement)  # g of lemma 2
        written = p - given + (1 if self.signed else -1) * self.strength * pull
        return {"difference": jnp.abs(automatic - written).max()}
