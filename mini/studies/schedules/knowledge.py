"""A small knowledge base whose facts stay, change and are added, stage by stage.

The stages are those of the survey of continual learning by Shi and others 2024: pre-training, continual pre-training on
slices of time (horizontal), adaptation to a domain and fine-tuning on its questions (vertical). A fact is an entity, a
relation and a value; it is put as a statement and as a question, which use different words for the relation.
Shape letters: K facts, I = 2 K items (all statements, then all questions), V values, L slices, G = L + 3 stages,
B items a step.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from mini.errors import wrong
from mini.experiment import Experiment, Variable, experiment, static, traced
from mini.measures.accuracy import share
from mini.models import classifier
from mini.objectives import cross_entropy

METHODS = ("none", "lssd", "distil")
NEVER = 1000


class World(NamedTuple):
    entity: jax.Array  # (K,)
    relation: jax.Array  # (K,)
    value: jax.Array  # (G, K) what is true in each stage
    changed: jax.Array  # (K,) the slice that changes a fact, or NEVER
    added: jax.Array  # (K,) the slice that adds it, or NEVER
    domain: jax.Array  # (K,) whether it belongs to the domain
    tuned: jax.Array  # (K,) whether fine-tuning asks for it
    order: jax.Array  # (G, I) items, those taught in a stage first
    count: jax.Array  # (G,) how many of them there are
    old_order: jax.Array  # (G, I) the same for all items taught in earlier stages
    old_count: jax.Array  # (G,)


class State(NamedTuple):
    params: Any
    stage: jax.Array  # how many are finished


@experiment
class Knowledge(Experiment):
    """A network is told facts, then news of which some contradict them, then a domain, then questions about it."""

    entities: int = static(200, "entities of general facts", within="[4, 5000]")
    domain_entities: int = static(40, "entities of the domain", within="[2, 5000]")
    relations: int = static(5, "relations, hence facts about an entity", within="[1, 50]")
    values: int = static(50, "values a fact may have", within="[2, 1000]")
    changed: int = static(200, "facts that change, over all slices", within="[1, inf)")
    added: int = static(200, "general facts that are new, over all slices", within="[1, inf)")
    slices: int = static(2, "slices of time in which facts change and are added", within="[1, 20]")
    steps: int = static(500, "steps a stage; pre-training has as many", within="[1, inf)")
    rehearsal: float = traced(0.0, "share of a batch that repeats the facts of earlier stages, as they are true now",
                              within="[0, 1)")
    method: str = static("none", "what else is done: lssd, keep the ranking of the model before the stage but with the "
                                 "true value first; distil, its answers on any question", choices=METHODS)
    strength: float = traced(1.0, "weight of the method", within="[0, inf)")
    width: int = static(128, "hidden neurons a layer, of two", within="[1, 16384]")
    learning_rate: float = traced(2e-3, "step length of Adam, which begins anew with each stage", within="[0, inf)")
    batch_size: int = static(64, "items in a step", within="[1, inf)")

    clock = "after_stage"
    variables = {
        "kept": Variable((), "1", "share of general facts that never change answered right, as statements"),
        "updated": Variable((), "1", "share of facts due to change answered as true after the change"),
        "stale": Variable((), "1", "share of facts due to change answered as true before it"),
        "acquired": Variable((), "1", "share of facts due to be added answered right"),
        "slice_accuracy": Variable(("slice",), "1", "share of what a slice tells answered as it tells it"),
        "domain_statements": Variable((), "1", "share of domain facts answered right as statements"),
        "domain_questions": Variable((), "1", "the same as questions, of facts that fine-tuning does not ask for"),
        "general_questions": Variable((), "1", "share of facts that never change answered right as questions"),
    }

    @property
    def ticks(self) -> int:
        return self.slices + 3

    def check(self) -> None:
        super().check()
        general = self.entities * self.relations
        if self.changed + self.added >= general:
            enough = (self.changed + self.added) // self.relations + 1
            raise wrong("entities", self.entities, f"at least {enough}, or less to be changed or added: of {general} facts "
                                                   f"{self.changed} are changed and {self.added} added, and some have to stay")
        for name, number in (("changed", self.changed), ("added", self.added)):
            if number < self.slices:
                raise wrong(name, number, f"at least one for each of {self.slices} slices")

    def world(self, keys, shared):
        k = (self.entities + self.domain_entities) * self.relations
        general = self.entities * self.relations
        fact = jnp.arange(k)
        rank = jnp.where(fact < general, jax.random.permutation(keys["roles"], general)[jnp.minimum(fact, general - 1)], k)
        changed = jnp.where(rank < self.changed, 1 + rank % self.slices, NEVER)
        added = jnp.where((rank >= self.changed) & (rank < self.changed + self.added), 1 + rank % self.slices, NEVER)
        domain = fact >= general
        tuned = domain & (fact // self.relations % 2 == 0)
        first = jax.random.randint(keys["data"], (k,), 0, self.values)
        second = (first + jax.random.randint(keys["news"], (k,), 1, self.values)) % self.values
        stage = jnp.arange(self.ticks)[:, None]
        value = jnp.where(stage >= changed[None], second[None], first[None])
        base = (~domain) & (added == NEVER)
        told = jnp.where(stage == 0, base[None], (changed[None] == stage) | (added[None] == stage))
        statements = told | (domain[None] & (stage == self.slices + 1))
        questions = told | (tuned[None] & (stage == self.slices + 2))
        taught = jnp.concatenate([statements, questions], 1)
        before = jnp.concatenate([jnp.zeros_like(taught[:1]), jnp.cumsum(taught, 0)[:-1] > 0])
        return World(fact // self.relations, fact % self.relations, value, changed, added, domain, tuned,
                     jnp.argsort(~taught, axis=1, stable=True), taught.sum(1),
                     jnp.argsort(~before, axis=1, stable=True), before.sum(1))

    def init(self, keys, world):
        inputs = self.entities + self.domain_entities + 2 * self.relations
        return State(classifier.initial(keys["init"], inputs, self.width, self.values, 2), jnp.int32(0))

    def step(self, state, world, t, key):
        teacher = state.params

        def update(carry, key):
            params, momentum = carry
            gradient = jax.grad(self.loss)(params, teacher, world, t, key)
            updates, momentum = optimiser.update(gradient, momentum, params)
            return (optax.apply_updates(params, updates), momentum), None

        optimiser = optax.adam(self.learning_rate)
        carry = teacher, optimiser.init(teacher)
        (params, _), _ = jax.lax.scan(update, carry, jax.random.split(key, self.steps))
        return State(params, t + 1)

    def measure(self, state, world):
        facts = jnp.arange(len(world.entity))
        said = self.logits(state.params, world, facts).argmax(1)
        asked = self.logits(state.params, world, facts + len(facts)).argmax(1)
        first, now = world.value[0], world.value[-1]
        due, new, stays = world.changed < NEVER, world.added < NEVER, (world.changed == NEVER) & (world.added == NEVER)
        kept = stays & ~world.domain
        slices = [share(said == now, (world.changed == i) | (world.added == i)) for i in range(1, self.slices + 1)]
        return {"kept": share(said == now, kept), "updated": share(said == now, due), "stale": share(said == first, due),
                "acquired": share(said == now, new), "slice_accuracy": jnp.stack(slices),
                "domain_statements": share(said == now, world.domain),
                "domain_questions": share(asked == now, world.domain & ~world.tuned),
                "general_questions": share(asked == now, kept)}

    def coords(self) -> dict:
        return {"slice": np.arange(1, self.slices + 1)}

    # The pieces.

    def logits(self, params, world, items) -> jax.Array:
        """What the network says to items (B,), as logits (B, V)."""
        k = len(world.entity)
        word = world.relation[items % k] + self.relations * (items >= k)
        entity = jax.nn.one_hot(world.entity[items % k], self.entities + self.domain_entities)
        return classifier.logits(params, jnp.concatenate([entity, jax.nn.one_hot(word, 2 * self.relations)], 1))

    def loss(self, params, teacher, world, t, key):
        """Cross-entropy on a batch of the stage, partly rehearsed, and what the method adds."""
        which, new, old, probe = jax.random.split(key, 4)

        def drawn(key, order, count):
            place = (jax.random.uniform(key, (self.batch_size,)) * count).astype(jnp.int32)
            return order[t][jnp.minimum(place, count - 1)]

        again = (jax.random.uniform(which, (self.batch_size,)) < self.rehearsal) & (world.old_count[t] > 0)
        items = jnp.where(again, drawn(old, world.old_order, jnp.maximum(world.old_count[t], 1)),
                          drawn(new, world.order, world.count[t]))
        truth = world.value[t][items % len(world.entity)]
        logits = self.logits(params, world, items)
        total = cross_entropy(logits, truth)
        if self.method == "none":
            return total
        if self.method == "distil":
            items = jax.random.randint(probe, (self.batch_size,), 0, 2 * len(world.entity))
            logits, theirs = self.logits(params, world, items), self.logits(teacher, world, items)
        else:
            theirs = swapped(self.logits(teacher, world, items), truth)
        return total + jnp.where(t > 0, self.strength, 0.0) * divergence(theirs, logits)


def swapped(logits: jax.Array, truth: jax.Array) -> jax.Array:
    """A teacher's logits (R, V), with the logit of its first choice and that of the truth (R,) exchanged, so that it ranks
    the truth first and all else as before (logit swap self-distillation, Jiang and others 2025).

    >>> swapped(jnp.array([[3.0, 1.0, 2.0]]), jnp.array([1])).tolist()
    [[1.0, 3.0, 2.0]]
    """
    row, top = jnp.arange(len(truth)), logits.argmax(1)
    return logits.at[row, top].set(logits[row, truth]).at[row, truth].set(logits.max(1))


def divergence(teacher: jax.Array, logits: jax.Array) -> jax.Array:
    """Mean of KL(teacher || network) over rows, both logits (R, V)."""
    return optax.losses.kl_divergence(jax.nn.log_softmax(logits), jax.nn.softmax(teacher)).mean()
