"""Proves: a timeline of injections drawn by the run, looked at ever more rarely (`every` is a list)."""

import jax
import jax.numpy as jnp

from mini.experiment import Experiment, Variable, experiment, static, traced
from mini.plan import log_spaced


@experiment
class Injections(Experiment):
    """A linear memory of facts, each shown at ticks of its own among random others."""

    rate: float = traced(0.5, "step length", within="(0, 2)")
    facts: int = static(4, "facts that are injected", within="[1, 16]")
    ticks, every = 64, tuple(log_spaced(64, 8))
    variables = {"error": Variable(("fact",), "1", "squared error on each fact"),
                 "shown": Variable(("fact",), "1", "times shown so far"),
                 "first": Variable(("fact",), "step", "first tick at which a fact is shown")}

    def world(self, keys, shared):
        facts = jax.random.normal(keys["data"], (self.facts, 12)) / 12**0.5
        return {"fact": facts, "when": jax.random.bernoulli(keys["order"], 0.1, (self.ticks, self.facts))}

    def init(self, keys, world):
        return {"weights": jnp.zeros(12), "shown": jnp.zeros(self.facts, jnp.int32)}

    def step(self, state, world, t, key):
        weights, now = state["weights"], world["when"][t]
        other = jax.random.normal(key, (12,)) / 12**0.5
        pull = ((1 - world["fact"] @ weights) * now.astype(jnp.float32)) @ world["fact"]
        weights = weights + self.rate * (pull - (other @ weights) * other)
        return {"weights": weights, "shown": state["shown"] + now.astype(jnp.int32)}

    def measure(self, state, world):
        return {"error": (1 - world["fact"] @ state["weights"]) ** 2, "shown": state["shown"]}

    def examine(self, state, world):
        return {"first": jnp.where(world["when"].any(0), jnp.argmax(world["when"], 0), -1)}
