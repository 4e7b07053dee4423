"""Tasks one after another, in an environment that brings the old ones up again or does not.

After Gandhi and others 2024, with digits of 8 by 8 pixels instead of MNIST, a smaller network, and minutes instead of hours.
Shape letters: T tasks, N training and M held-out examples a task, F features, C classes, S steps a phase,
B examples a step, K probes within a phase.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from mini.errors import wrong
from mini.experiment import Experiment, Variable, experiment, static, traced
from mini.models import classifier
from mini.studies.schedules import penalties, replay
from mini.studies.schedules.method import Batch, Settings, Task
from mini.tasks import digits, schedules, streams

METHODS = penalties.METHODS | replay.METHODS
OPTIMISERS = {"adam": optax.adam, "sgd": optax.sgd}


class World(NamedTuple):
    stream: streams.Stream
    timeline: jax.Array  # (phases, S, B) which task each example comes from
    fresh: Any  # the parameters before any training


class State(NamedTuple):
    params: Any
    memory: Any  # of the method
    samples: jax.Array  # (T,) number of examples met from each task
    within: jax.Array  # (K, T) held-out accuracy at moments within the last phase, -1 before the first phase


@experiment
class Schedules(Experiment):
    """A small classifier learns task after task, while a schedule says how often earlier ones come up again."""

    stream: str = static("permuted", "what the tasks are: " + "; ".join(
        f"{name}, {kind.meaning}" for name, kind in streams.KINDS.items()), choices=tuple(streams.KINDS))
    tasks: int = static(10, "tasks, one a phase", within="[2, 1000]")
    steps: int = static(150, "steps a phase", within="[1, inf)")
    schedule: str = static("power-law", "how strongly an earlier task is called for: " + "; ".join(
        f"{name}, {rule.meaning}" for name, rule in schedules.RULES.items()), choices=tuple(schedules.RULES))
    exponent: float = traced(1.0, "exponent of the power law", within="(0, inf)")
    time_constant: float = traced(3.0, "time constant of the exponential, or phases between spaced reviews",
                                  within="(0, inf)", unit="phases")
    rehearsal: float = traced(0.25, "expected share of samples from earlier tasks", within="[0, 1)")
    lag: str = static("introduced", "what time is counted from: when a task was introduced, or when it was last met",
                      choices=schedules.LAGS)
    grain: str = static("example", "what draws its task: each example, or each step as a whole", choices=schedules.GRAINS)
    method: str = static("none", "what else is done against forgetting", choices=tuple(METHODS))
    strength: float = traced(-1.0, "its strength: " + "; ".join(
        f"{name}, {m.meaning} ({m.strength:g})" for name, m in METHODS.items() if m.strength)
        + "; -1 for the value in brackets")
    buffer: int = static(200, "examples kept by replay, a-gem and der++", within="[1, inf)")
    examples: int = static(0, "training examples a task; 0 for all that the stream has", within="[0, 60000]")
    held_out: int = static(0, "held-out examples a task; 0 for all that the stream has", within="[0, 60000]")
    width: int = static(128, "hidden neurons a layer", within="[1, 16384]")
    depth: int = static(2, "hidden layers", within="[0, 8]")
    learning_rate: float = traced(1e-3, "step length", within="[0, inf)")
    batch_size: int = static(64, "examples in a step, old and new together", within="[1, inf)")
    optimiser: str = static("adam", "optimiser, which begins anew with each phase", choices=tuple(OPTIMISERS))
    probes: int = static(0, "evaluations within a phase, evenly spaced", within="[0, inf)")
    relearn: bool = static(False, "learn the first task once more in a last phase")
    restart: bool = static(False, "begin each phase with untrained weights: neither forgetting nor transfer")

    clock = "after_task"
    variables = {
        "accuracy": Variable(("task",), "1", "held-out accuracy on each task"),
        "within": Variable(("probe", "task"), "1", "held-out accuracy at moments within the phase before"),
        "samples": Variable(("task",), "1", "examples met of each task so far"),
        "rehearsed": Variable((), "1", "realised share of samples from earlier tasks, from the second phase on"),
        "recurrence": Variable(("lag",), "1", "realised share of the rehearsed samples by lag: phases since the task was "
                                              "introduced, or octaves of steps since it was last met"),
        "realised_exponent": Variable((), "1", "exponent of the power law under which the draws are most likely"),
    }

    @property
    def ticks(self) -> int:
        return self.tasks + self.relearn

    def coords(self) -> dict:
        every = self.steps // max(self.probes, 1)
        return {"lag": schedules.edges(self.lag, self.tasks, self.steps),
                "probe": every * np.arange(1, self.probes + 1)}

    def check(self) -> None:
        super().check()
        kind, (train, test) = streams.KINDS[self.stream], self.sizes()
        if self.tasks > kind.tasks:
            raise wrong("tasks", self.tasks, f"at most {kind.tasks} in the stream {self.stream}")
        if train + test > kind.most:
            name, value, other, use = (("examples", train, test, "held out") if self.examples and test < kind.most else
                                       ("held_out", test, train, "for training"))
            raise wrong(name, value, f"at most {kind.most - other}: {self.stream} has {kind.most} a task, "
                                     f"of which {other} are {use}")
        if self.buffer > self.tasks * train:
            raise wrong("buffer", self.buffer, f"at most the {self.tasks * train} training examples of all tasks")
        if self.probes and self.steps % self.probes:
            raise wrong("probes", self.probes, f"a divisor of the {self.steps} steps, or 0")
        if self.lag not in schedules.RULES[self.schedule].lags:
            raise wrong("lag", self.lag, f"introduced in the schedule {self.schedule}")
        if self.strength != -1 and self.strength < 0:
            raise wrong("strength", self.strength, "a number from 0 on, or -1 for the method's own")
        if self.rehearsal > 0 and (1 - self.rehearsal) * self.batch_size * self.steps < 1:
            raise wrong("rehearsal", self.rehearsal, f"a share that leaves a new sample of the "
                                                     f"{self.batch_size * self.steps} in a phase")

    def sizes(self) -> tuple[int, int]:
        return streams.sizes(self.stream, self.examples, self.held_out)

    def data(self):
        return digits.load()

    def world(self, keys, shared):
        stream = streams.draw(self.stream, keys, shared, self.tasks, *self.sizes())
        origin = schedules.timeline(
            keys["timeline"], self.schedule, self.tasks, self.steps, self.batch_size, exponent=self.exponent,
            time_constant=self.time_constant, rehearsal=self.rehearsal, lag=self.lag, grain=self.grain)
        if self.relearn:
            origin = jnp.concatenate([origin, jnp.zeros_like(origin[:1])])
        return World(stream, origin, self.fresh(keys, stream) if self.restart else ())

    def fresh(self, keys, stream):
        return classifier.initial(keys["init"], stream.train_x.shape[-1], self.width, self.classes(), self.depth)

    def init(self, keys, world):
        params = self.fresh(keys, world.stream)
        nothing = jnp.full((self.probes, self.tasks), -1.0)
        return State(params, METHODS[self.method].begin(self.settings(), params), jnp.zeros(self.tasks, jnp.int32), nothing)

    def step(self, state, world, t, key):
        method, settings = METHODS[self.method], self.settings()
        params = world.fresh if self.restart else state.params
        memory = method.phase(settings, state.memory, params)
        places = self.places(world, t, key)
        keys = jax.random.split(jax.random.fold_in(key, 1), self.steps)
        stage = max(self.probes, 1)
        parts = jax.tree.map(lambda a: a.reshape(stage, self.steps // stage, *a.shape[1:]), (places, keys))

        def part(carry, drawn):
            carry, _ = jax.lax.scan(lambda c, d: (self.update(c, d, world), None), carry, drawn)
            return carry, (self.accuracy(carry[0], world) if self.probes else ())

        carry = params, self.descent().init(params), memory
        (params, _, memory), seen = jax.lax.scan(part, carry, parts)
        memory = method.learned(settings, memory, params, self.task(world, t))
        met = jnp.zeros_like(state.samples).at[world.timeline[t].ravel()].add(1)
        return State(params, memory, state.samples + met, seen if self.probes else state.within)

    def measure(self, state, world):
        seen = {"accuracy": self.accuracy(state.params, world), "samples": state.samples}
        within = jnp.where(state.within < 0, jnp.nan, state.within)
        return seen | ({"within": within} if self.probes else {})

    def examine(self, state, world):
        origin = np.asarray(world.timeline)[: self.tasks]
        old = origin < np.arange(self.tasks)[:, None, None]
        edges = schedules.edges(self.lag, self.tasks, self.steps)
        found = schedules.encounters(origin, self.tasks, self.lag)
        return {"rehearsed": old[1:].mean(), "recurrence": schedules.recurrence(origin, self.tasks, edges, self.lag),
                "realised_exponent": np.array(schedules.realised_exponent(*found))}

    # The pieces.

    def places(self, world, t, key) -> jax.Array:
        """Where in the stream the examples of a phase stand, (S, B), drawn with replacement from each task."""
        n = world.stream.train_y.shape[1]
        row = jax.random.randint(key, world.timeline.shape[1:], 0, n)
        return world.timeline[t] * n + row

    def update(self, carry, drawn, world):
        """Parameters, optimiser and memory after one step."""
        params, momentum, memory = carry
        place, key = drawn
        method, settings, stream = METHODS[self.method], self.settings(), world.stream
        x, y = stream.train_x.reshape(-1, stream.train_x.shape[-1]), stream.train_y.ravel()
        batch = Batch(x[place], y[place], place, x, y, key)
        gradient, more = method.gradient(settings, memory, params, batch)
        updates, momentum = self.descent().update(gradient, momentum, params)
        new = optax.apply_updates(params, updates)
        return new, momentum, method.after(settings, memory, params, new, batch, more)

    def task(self, world, t) -> Task:
        """The task that phase t has taught, and the classes known after it."""
        new = jnp.minimum(t, self.tasks - 1)
        met = jnp.arange(self.tasks)[:, None] <= new
        one_hot = world.stream.train_y[..., None] == jnp.arange(self.classes())[None, None]
        return Task(world.stream.train_x[new], (one_hot.any(1) & met).any(0))

    def accuracy(self, params, world) -> jax.Array:
        """Share of held-out examples answered right, (T,)."""
        x, y = world.stream.test_x, world.stream.test_y
        answers = classifier.logits(params, x.reshape(-1, x.shape[-1])).argmax(-1)
        return (answers.reshape(y.shape) == y).mean(1)

    def classes(self) -> int:
        return streams.KINDS[self.stream].classes

    def settings(self) -> Settings:
        strength = jnp.where(self.strength < 0, METHODS[self.method].strength, self.strength)
        return Settings(strength, self.buffer, self.classes())

    def descent(self) -> optax.GradientTransformation:
        # As one vector: fewer loops, and a quarter less to compile.
        return optax.flatten(OPTIMISERS[self.optimiser](self.learning_rate))
