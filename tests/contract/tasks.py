"""Proves: a matrix over tasks; a phase is a tick with a scan inside, ended by Fisher and buffer."""

import jax
import jax.numpy as jnp

from mini.experiment import Experiment, Variable, experiment, static, traced


@experiment
class Tasks(Experiment):
    """Regressions one after another, rehearsed from a buffer and held by a Fisher penalty."""

    strength: float = traced(1.0, "weight of the penalty", within="[0, inf)")
    replay: float = traced(0.5, "weight of the buffer", within="[0, inf)")
    tasks: int = static(4, "tasks", within="[2, 4]")
    clock, ticks, every = "after_task", 4, 1
    variables = {"error": Variable(("task",), "1", "squared error on each task")}

    def world(self, keys, shared):
        x = jax.random.normal(keys["data"], (self.tasks, 16, 6))
        return x, jnp.einsum("tnd,td->tn", x, jax.random.normal(keys["teacher"], (self.tasks, 6)))

    def init(self, keys, world):
        zeros = jnp.zeros(6)
        buffer = jnp.zeros((self.tasks, 2, 6)), jnp.zeros((self.tasks, 2))
        return {"weights": zeros, "anchor": zeros, "fisher": zeros, "buffer": buffer}

    def loss(self, weights, x, y, state):
        old, answers = state["buffer"]
        penalty = (state["fisher"] * (weights - state["anchor"]) ** 2).sum()
        again = ((old @ weights - answers) ** 2).mean()
        return ((x @ weights - y) ** 2).mean() + self.strength / 2 * penalty + self.replay * again

    def step(self, state, world, t, key):
        x, y = world[0][t], world[1][t]

        def update(weights, rows):
            return weights - 0.05 * jax.grad(self.loss)(weights, x[rows], y[rows], state), None
        weights, _ = jax.lax.scan(update, state["weights"], jax.random.randint(key, (30, 8), 0, 16))
        buffer = tuple(b.at[t].set(new[:2]) for b, new in zip(state["buffer"], (x, y)))
        fisher = state["fisher"] + (((x @ weights - y)[:, None] * x) ** 2).mean(0)
        return {"weights": weights, "anchor": weights, "fisher": fisher, "buffer": buffer}

    def measure(self, state, world):
        return {"error": ((world[0] @ state["weights"] - world[1]) ** 2).mean(1)}
