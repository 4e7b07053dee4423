"""Proves: a static sweep that changes the shape of variables; they are joined, what is missing is marked."""

import jax
import jax.numpy as jnp
import numpy as np

from mini.experiment import Experiment, Variable, experiment, static, traced


@experiment
class Shapes(Experiment):
    """A regression on random features, as many as one likes."""

    width: int = static(3, "features", within="[1, 64]")
    rate: float = traced(0.3, "step length", within="(0, 1]")
    ticks, every = 20, 10
    variables = {"norm": Variable(("neuron",), "1", "size of the weight on a feature"),
                 "order": Variable(("neuron",), "1", "rank of a feature by size at the end"),
                 "live": Variable(("neuron",), "1", "whether a feature answers to any example")}

    def world(self, keys, shared):
        x = jax.random.normal(keys["data"], (24, 5))
        return x, jnp.sin(x[:, 0])

    def init(self, keys, world):
        return {"in": jax.random.normal(keys["init"], (5, self.width)), "out": jnp.zeros(self.width)}

    def features(self, state, world):
        return jax.nn.relu(world[0] @ state["in"] - 1)

    def step(self, state, world, t, key):
        def loss(out):
            return ((self.features(state, world) @ out - world[1]) ** 2).mean()
        return {**state, "out": state["out"] - self.rate * jax.grad(loss)(state["out"])}

    def measure(self, state, world):
        return {"norm": jnp.abs(state["out"])}

    def examine(self, state, world):
        order = np.argsort(np.argsort(np.abs(state["out"])))
        return {"order": order, "live": self.features(state, world).any(0)}

    def coords(self):
        return {"neuron": np.arange(self.width)}
