"""A transformer reads, studies some sequences a number of times, and reads on: what does it recognise, what does it recall?

After Orhan 2023 (arXiv:2303.17557). Training has three phases: reading a stream from a Markov chain; studying the same
sequences again and again, in another order on each pass; and reading on, through new material from the same chain. The
last pass ends at the same tick whatever the number of passes, so that all runs are probed at the same times after it.

Shape letters: B rows of a batch, N studied sequences, T places, V vocabulary, F kinds of foil, H = T // 2 tokens to be
recalled.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from mini.errors import wrong
from mini.experiment import Experiment, Variable, experiment, static, traced
from mini.measures import recall, recognition
from mini.models import language
from mini.models.language import Architecture
from mini.optimisers import optimiser, warm_up
from mini.tasks import foils, sequences

FOILS = ("independent", "near", "scrambled")


class World(NamedTuple):
    tickets: jax.Array  # (V, 256) the chain
    stream: jax.Array  # (S, T) what is read
    studied: jax.Array  # (N, T)
    foils: jax.Array  # (F, N, T)
    fresh: jax.Array  # (N, T) of the chain, never trained on
    order: jax.Array  # (2,) raw key, for the order of study


class State(NamedTuple):
    params: Any
    memory: Any  # the optimiser's
    step: jax.Array


@experiment
class Forgetting(Experiment):
    """A small transformer studies sequences a few times, then reads on; recognition, recall and their fading."""

    exposures: int = traced(32, "times that each sequence is studied", within="[1, 1000000]")
    study_ends: int = traced(1056, "step at which the last pass of studying ends", within="[1, inf)", unit="step")
    random_strings: bool = traced(False, "study strings of random tokens instead of sequences of the chain")
    items: int = static(64, "sequences to study", within="[2, 4096]")
    batch_size: int = static(8, "sequences in a step; divides the items", within="[1, 4096]")
    length: int = static(24, "tokens in a sequence", within="[4, 1024]")
    vocabulary: int = static(64, "tokens", within="[2, 256]")
    concentration: float = traced(0.15, "Dirichlet parameter of the chain's rows; few successors where it is small",
                                  within="(0, inf)")
    stream: int = static(32768, "sequences made ahead for reading; once all are read, they are read again",
                         within="[1, 16777216]")
    width: int = static(32, "width of the residual stream, a multiple of the heads", within="[1, 4096]")
    layers: int = static(2, "blocks", within="[1, 64]")
    heads: int = static(2, "heads of a block", within="[1, 64]")
    hidden_ratio: int = static(4, "hidden width of a block over its width; 0 for attention only", within="[0, 64]")
    learning_rate: float = traced(0.005, "step length of AdamW while first reading", within="[0, inf)")
    study_rate: float = traced(0.005, "step length while studying", within="[0, inf)")
    retention_rate: float = traced(0.005, "step length while reading on", within="[0, inf)")
    fresh_optimiser: bool = traced(True, "each phase begins with an optimiser that remembers nothing")
    weight_decay: float = traced(0.0, "decoupled weight decay", within="[0, inf)")
    warm_up: int = traced(50, "steps in which the first rate rises", within="[0, inf)", unit="step")

    clock = "step"
    ticks = 2056
    every = 50
    variables = {
        "exposed": Variable((), "1", "times that each sequence has been studied"),
        "since": Variable((), "step", "steps read since the last pass of studying; missing before"),
        "studied_loss": Variable((), "nat", "mean loss of a token, studied sequences"),
        "fresh_loss": Variable((), "nat", "mean loss of a token, sequences of the chain never trained on"),
        "item_loss": Variable(("item",), "nat", "mean loss of a token, each studied sequence"),
        "foil_loss": Variable(("foil", "item"), "nat", "mean loss of a token, each foil"),
        "area": Variable(("foil",), "1", "recognition: share of all pairs in which the studied one is less surprising"),
        "forced_choice": Variable(("foil",), "1", "recognition: the same, each studied one beside its own foil"),
        "d_prime": Variable(("foil",), "1", "d' from the area"),
        "recall": Variable((), "1", "recall: share of the second half's tokens, free running"),
        "recall_forced": Variable((), "1", "recall, each token asked for after the true ones"),
        "recall_exact": Variable((), "1", "share of sequences whose second half is recalled whole"),
        "recall_run": Variable((), "1", "longest run of recalled tokens, as a share of the second half"),
        "item_recall": Variable(("item",), "1", "recall of each sequence, free running"),
        "unstudied_recall": Variable((), "1", "the same score on independent foils: what the chain alone gives"),
        "studied": Variable(("item", "place"), "token", "the studied sequences"),
        "foils": Variable(("foil", "item", "place"), "token", "the foils"),
        "source_loss": Variable((), "nat", "mean loss of a token under the chain itself: the least possible on fresh ones"),
        "parameters": Variable((), "1", "numbers in the model"),
    }

    def check(self) -> None:
        super().check()
        language.check(self._architecture())
        if self.items % self.batch_size:
            raise wrong("batch_size", self.batch_size, f"a divisor of the {self.items} items")
        if self.study_begins < 0:
            raise wrong("study_ends", self.study_ends, f"at least {self.exposures * self.passing}: "
                                                       f"{self.exposures} passes of {self.passing} steps come before it")

    def coords(self):
        return {"foil": np.array(FOILS)}

    @property
    def passing(self) -> int:
        """Steps of one pass through the items."""
        return self.items // self.batch_size

    @property
    def study_begins(self):
        return self.study_ends - self.exposures * self.passing

    def world(self, keys, shared):
        tickets = sequences.chain(keys["chain"], self.vocabulary, self.concentration)
        n, t = self.items, self.length
        made = sequences.markov(keys["data"], tickets, self.stream + 3 * n, t)
        read, base, other, fresh = jnp.split(made, [self.stream, self.stream + n, self.stream + 2 * n])
        base, other = (jnp.where(self.random_strings, sequences.random(keys[name], self.vocabulary, n, t), chained)
                       for name, chained in (("strings", base), ("others", other)))
        even = jnp.full((self.vocabulary, self.vocabulary), 1 / self.vocabulary)
        chance = (tickets[:, :, None] == jnp.arange(self.vocabulary, dtype=jnp.uint8)[None, None]).mean(1, dtype=jnp.float32)
        one, near = foils.twins(keys["twins"], jnp.where(self.random_strings, even, chance), base.astype(jnp.int32))
        kinds = jnp.stack([other.astype(jnp.int32), near, foils.scrambled(keys["scrambled"], one)])
        return World(tickets, read, one, kinds, fresh.astype(jnp.int32), jax.random.key_data(keys["order"]))

    def init(self, keys, world):
        params = language.initial(self._architecture(), keys["init"])
        return State(params, self._optimiser(0).init(params), jnp.int32(0))

    def step(self, state, world, t, key):
        tokens = self.batch(world, t)
        begun = self.fresh_optimiser & ((t == self.study_begins) | (t == self.study_ends))
        memory = jax.tree.map(lambda m: jnp.where(begun, jnp.zeros_like(m), m), state.memory)
        gradient = jax.grad(lambda p: language.losses(self._architecture(), p, tokens).mean())(state.params)
        updates, memory = self._optimiser(t).update(gradient, memory, state.params)
        return State(optax.apply_updates(state.params, updates), memory, t + 1)

    def measure(self, state, world):
        n, half, a = self.items, self.length // 2, self._architecture()
        everything = jnp.concatenate([world.studied[None], world.foils, world.fresh[None]])
        said = language.logits(a, state.params, everything.reshape(-1, self.length))
        each = language.surprise(said, everything.reshape(-1, self.length)).mean(1).reshape(-1, n)
        item, foil = each[0], each[1:-1]
        area = recognition.area(item[None], foil)
        probed = everything[:2].reshape(-1, self.length)  # the studied and the independent foils
        start = self.length - half
        free = recall.score(language.generate(a, state.params, probed[:, :start], half), probed[:, start:])
        forced = recall.score(recall.forced(said[:n], world.studied, start), world.studied[:, start:])
        return {
            "exposed": jnp.clip((state.step - self.study_begins) / self.passing, 0, self.exposures),
            "since": jnp.where(state.step >= self.study_ends, state.step - self.study_ends, jnp.nan),
            "studied_loss": item.mean(), "fresh_loss": each[-1].mean(), "item_loss": item, "foil_loss": foil,
            "area": area, "forced_choice": recognition.forced_choice(item[None], foil),
            "d_prime": recognition.d_prime(area, n * n),
            "recall": free.accuracy[:n].mean(), "recall_forced": forced.accuracy.mean(),
            "recall_exact": free.exact[:n].mean(), "recall_run": free.run[:n].mean(),
            "item_recall": free.accuracy[:n], "unstudied_recall": free.accuracy[n:].mean(),
        }

    def examine(self, state, world):
        told = sequences.entropy(world.tickets, self.length) - np.log(self.vocabulary)  # the first token is not scored
        return {"studied": np.asarray(world.studied), "foils": np.asarray(world.foils),
                "source_loss": np.array(told / (self.length - 1)),
                "parameters": np.array(optax.tree.size(state.params))}

    # The pieces.

    def batch(self, world, t) -> jax.Array:
        """What is read at step t, (B, T)."""
        row, done = jnp.arange(self.batch_size), t - self.study_begins
        order = jax.random.permutation(jax.random.fold_in(jax.random.wrap_key_data(world.order), done // self.passing),
                                       self.items)
        item = order[(done % self.passing) * self.batch_size + row]
        reading = world.stream[(t * self.batch_size + row) % self.stream].astype(jnp.int32)
        studying = (done >= 0) & (t < self.study_ends)
        return jnp.where(studying, world.studied[item], reading)

    def _architecture(self) -> Architecture:
        return Architecture(self.vocabulary, self.length, self.width, self.layers, self.heads, self.hidden_ratio)

    def _optimiser(self, t):
        rate = jnp.where(t < self.study_begins, self.learning_rate * warm_up(t, self.warm_up),
                         jnp.where(t < self.study_ends, self.study_rate, self.retention_rate))
        return optimiser("adamw", rate, self.weight_decay)
