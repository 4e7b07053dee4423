"""Proves: an ensemble over subsets of one fixed data set; who is in a subset is drawn, nothing is copied."""

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.datasets import load_digits

from mini.experiment import Experiment, Variable, experiment, static, traced


@experiment
class Ensemble(Experiment):
    """Softmax regression on a random subset of the digits; what it gets right, example by example."""

    share: float = traced(0.5, "share of the examples in a subset", within="(0, 1]")
    examples: int = static(200, "digits in the data set", within="[10, 1797]")
    ticks, every = 12, 4
    variables = {"accuracy": Variable((), "1", "accuracy on the subset"),
                 "member": Variable(("example",), "1", "whether in the subset"),
                 "correct": Variable(("example",), "1", "whether answered rightly at the end")}

    def data(self):
        digits = load_digits()
        return digits.data[: self.examples] / 16, digits.target[: self.examples]

    def world(self, keys, shared):
        return {"data": shared, "member": jax.random.bernoulli(keys["data"], self.share, (self.examples,))}

    def init(self, keys, world):
        return 0.01 * jax.random.normal(keys["init"], (64, 10))

    def step(self, state, world, t, key):
        (x, y), member = world["data"], world["member"].astype(jnp.float32)
        wrong = jax.nn.softmax(x @ state) - jax.nn.one_hot(y, 10)
        return state - x.T @ (wrong * member[:, None]) / member.sum()

    def measure(self, state, world):
        right = jnp.argmax(world["data"][0] @ state, 1) == world["data"][1]
        return {"accuracy": jnp.mean(right, where=world["member"])}

    def examine(self, state, world):
        x, y = world["data"]
        return {"member": world["member"], "correct": np.argmax(x @ state, 1) == np.asarray(y)}
