"""Proves: a memory for every example, renewed by epoch (targets as in early-learning regularisation)."""

import jax
import jax.numpy as jnp

from mini.experiment import Experiment, Variable, experiment, static, traced


@experiment
class Memory(Experiment):
    """Linear classifier of half-false labels; its target for an example is an average of its own answers."""

    strength: float = traced(3.0, "weight of agreeing with the memory", within="[0, inf)")
    batches: int = static(4, "minibatches in an epoch", within="[1, 48]")
    clock, ticks, every = "epoch", 6, 2
    variables = {"target": Variable(("example", "class"), "1", "the memory"),
                 "loss": Variable((), "nat", "cross-entropy with the given labels")}

    def world(self, keys, shared):
        x = jax.random.normal(keys["data"], (48, 8))
        false = jax.random.randint(keys["noise"], (48,), 0, 3)
        return x, jax.nn.one_hot(jnp.where(false == 0, x[:, 0] > 0, false > 1).astype(jnp.int32), 2)

    def init(self, keys, world):
        return jnp.zeros((8, 2)), jnp.zeros((48, 2))

    def loss(self, weights, x, y, target):
        answer = jnp.clip(jax.nn.softmax(x @ weights), 1e-4, 1 - 1e-4)
        agree = (answer * target).sum(1)
        return -(y * jnp.log(answer)).sum(1).mean() + self.strength * jnp.log(1 - agree).mean()

    def step(self, state, world, t, key):
        def batch(state, rows):
            weights, target = state
            x, y = world[0][rows], world[1][rows]
            target = target.at[rows].set(0.7 * target[rows] + 0.3 * jax.nn.softmax(x @ weights))
            return (weights - 0.5 * jax.grad(self.loss)(weights, x, y, target[rows]), target), None
        return jax.lax.scan(batch, state, jax.random.permutation(key, 48).reshape(self.batches, -1))[0]

    def measure(self, state, world):
        return {"target": state[1], "loss": self.loss(state[0], *world, jnp.zeros((48, 2)))}
