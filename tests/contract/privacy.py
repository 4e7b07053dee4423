"""Proves: differentially private gradients; one for every example, and a key carried in the state."""

import jax
import jax.numpy as jnp
import optax
from optax.contrib import differentially_private_aggregate

from mini.experiment import Experiment, Variable, experiment, traced


@experiment
class Private(Experiment):
    """Logistic regression whose gradients are clipped and noised one by one."""

    clip: float = traced(1.0, "largest norm of an example's gradient", within="(0, inf)")
    noise: float = traced(0.5, "standard deviation of the noise, in clips", within="[0, inf)")
    ticks, every = 20, 5
    variables = {"loss": Variable((), "nat", "mean cross-entropy"),
                 "margin": Variable(("example",), "1", "signed margin of each example")}

    def optimiser(self, key):
        return optax.chain(differentially_private_aggregate(self.clip, self.noise, key), optax.sgd(0.3))

    def world(self, keys, shared):
        x = jax.random.normal(keys["data"], (32, 6))
        return x, jnp.sign(x[:, 0])

    def init(self, keys, world):
        weights = {"slope": jnp.zeros(6), "offset": jnp.zeros(())}
        return weights, self.optimiser(keys["noise"]).init(weights)

    def loss(self, weights, x, y):
        return jax.nn.softplus(-y * (x @ weights["slope"] + weights["offset"]))

    def step(self, state, world, t, key):
        each = jax.vmap(jax.grad(self.loss), (None, 0, 0))(state[0], *world)
        updates, memory = self.optimiser(jax.random.key(0)).update(each, state[1])  # its key is in the state
        return optax.apply_updates(state[0], updates), memory

    def measure(self, state, world):
        (x, y), weights = world, state[0]
        return {"loss": self.loss(weights, x, y).mean(),
                "margin": y * (x @ weights["slope"] + weights["offset"])}
