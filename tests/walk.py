"""The smallest experiment that has everything: the tests of the engine run it."""

import jax
import jax.numpy as jnp
import numpy as np

from mini.experiment import Experiment, Variable, experiment, static, traced


@experiment
class Walk(Experiment):
    """Random walkers, who remember which data they were given."""

    stride: float = traced(1.0, "standard deviation of a stride", within="[0, inf)", unit="m")
    growth: float = traced(1.0, "factor on the place at each tick", within="(0, inf)")
    walkers: int = static(3, "walkers side by side", within="[1, 64]")
    gait: str = static("walk", "how they go", choices=("walk", "stand"))
    loud: bool = static(False, "no influence")
    clock, ticks, every = "step", 40, 10
    variables = {"distance": Variable((), "m", "mean distance from 0"),
                 "place": Variable(("walker",), "m", "places"),
                 "started": Variable(("walker",), "m", "places at the start"),
                 "right": Variable(("walker",), "1", "whether right of 0 at the end"),
                 "order": Variable(("walker",), "1", "order at the end")}

    def data(self):
        return {"ground": np.linspace(0, 1, 1000)}

    def world(self, keys, shared):
        return {**shared, "start": jax.random.normal(keys["data"], (self.walkers,))}

    def init(self, keys, world):
        return world["start"] + 0.0 * jax.random.normal(keys["init"], (self.walkers,))

    def step(self, state, world, t, key):
        stride = jax.random.normal(key, state.shape) * (0.0 if self.gait == "stand" else self.stride)
        return self.growth * state + stride + 0.0 * world["ground"].sum()

    def measure(self, state, world):
        return {"distance": jnp.abs(state).mean(), "place": state}

    def examine(self, state, world):
        place = np.asarray(state)
        return {"started": world["start"], "right": place > 0, "order": np.argsort(np.argsort(place))}

    def coords(self):
        return {"walker": np.arange(1, self.walkers + 1)}
