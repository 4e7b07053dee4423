"""A transformer reads a stream of which a share is drawn, again and again, from a small pool.

After Hernandez and others 2022, on sequences whose entropy is known. Half of them are random tokens, and each repeats itself
within its own context, so that a copying ("induction") head is worth having. Shape letters: B rows of a batch, T places,
N held-out sequences, V vocabulary, D width, H heads, L layers.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from mini.errors import wrong
from mini.experiment import Experiment, Variable, experiment, static, traced
from mini.measures import induction
from mini.models import language
from mini.models.language import NORMS, POSITIONS, Architecture
from mini.optimisers import cosine, optimiser, warm_up
from mini.tasks import sequences
from mini.tasks.sequences import Stream

DIMS = ("layer", "head")
PERIOD = 16  # of the random tokens on which copying is measured


class World(NamedTuple):
    tickets: jax.Array  # (V, 256) the Markov chain
    stream: Stream  # the pool is its beginning; the rest is fresh, in order
    held_out: Stream  # never trained on
    planted: jax.Array  # (N, T) random tokens, repeated


class State(NamedTuple):
    params: Any
    memory: Any  # the optimiser's
    step: jax.Array


@experiment
class RepeatedData(Experiment):
    """A small transformer reads a stream of which a share is drawn from a small pool."""

    repeated_share: float = traced(0.5, "share of a batch that is drawn from the pool; 0: the same tokens, all unique",
                                   within="[0, 1]")
    pool_size: int = traced(64, "sequences in the pool", within="[1, inf)")
    pool_weight: float = traced(1.0, "weight of the pool's rows in the loss; 0: the unique tokens alone", within="[0, 1]")
    pool_until: int = traced(0, "step from which the pool's place is taken by fresh sequences; 0 for never",
                             within="[0, inf)")
    chain_share: float = traced(0.5, "share of sequences from a Markov chain; the rest are random tokens",
                                within="[0, 1]")
    concentration: float = traced(0.15, "Dirichlet parameter of the chain's rows; few successors where it is small",
                                  within="(0, inf)")
    vocabulary: int = static(64, "tokens", within="[2, 256]")
    length: int = static(64, "tokens in a sequence", within="[3, 4096]")
    shortest: int = static(8, "shortest period with which a sequence repeats itself", within="[1, 255]")
    longest: int = static(24, "longest period", within="[1, 255]")
    stream: int = static(65536, "sequences made ahead; once all are read, the fresh ones are read again",
                         within="[2, 16777216]")
    batch_size: int = static(32, "sequences in a step", within="[1, 65536]")
    held_out: int = static(64, "sequences on which is measured", within="[1, 65536]")
    width: int = static(32, "width of the residual stream, a multiple of the heads", within="[1, 4096]")
    layers: int = static(2, "blocks", within="[1, 64]")
    heads: int = static(2, "heads of a block", within="[1, 64]")
    hidden_ratio: int = static(0, "hidden width of a block over its width; 0 for attention only", within="[0, 64]")
    positions: str = static("qk", "where positions enter: queries and keys only, rotary, or the embedding",
                            choices=POSITIONS)
    norm: str = static("rms", "normalisation before each part", choices=NORMS)
    init_scale: float = traced(1.0, "of the first dense weights, over fan-in^-1/2", within="(0, inf)")
    learning_rate: float = traced(0.005, "highest step length of AdamW", within="[0, inf)")
    weight_decay: float = traced(0.0, "decoupled weight decay", within="[0, inf)")
    warm_up: int = traced(50, "steps in which the rate rises", within="[0, inf)")
    decay_steps: int = traced(0, "steps in which the rate falls to a tenth by a cosine; 0 for none", within="[0, inf)")
    maps: bool = static(False, "keep where each head looks, on one planted sequence")

    clock = "step"
    ticks = 1000
    every = 50
    variables = {
        "fresh_loss": Variable((), "nat", "mean loss on sequences never trained on"),
        "novel_loss": Variable((), "nat", "the same, on their first periods, which nothing foretells but the chain"),
        "pool_loss": Variable((), "nat", "mean loss on the pool"),
        "copying_loss": Variable((), "nat", "mean loss on the second and later copies of random tokens"),
        "copying_chance": Variable((), "nat", "what a model that does not copy cannot beat there: log vocabulary"),
        "prefix_matching": Variable(DIMS, "1", "mean attention to what followed earlier occurrences, random tokens"),
        "best_prefix_matching": Variable((), "1", "its largest value over layers and heads"),
        "copying_score": Variable(DIMS, "1", "sum of eigenvalues of a head's circuit over the sum of their sizes"),
        "memorised_bits": Variable((), "bit", "bits of the pool's first periods that the model saves over the true source"),
        "repeats": Variable((), "1", "how often a sequence of the pool has been read, on average"),
        "stream_read": Variable((), "1", "share of the fresh stream that was read; above 1 it was read again"),
        "parameters": Variable((), "1", "numbers in the model"),
        "entropy": Variable((), "nat", "entropy of a held-out first period over its length, on average"),
        "attention": Variable((*DIMS, "query", "key"), "1", "attention on one planted sequence"),
        "planted": Variable(("query",), "token", "that sequence"),
    }

    def check(self) -> None:
        super().check()
        language.check(self._architecture())
        if self.shortest > self.longest:
            raise wrong("shortest", self.shortest, f"at most longest, {self.longest}")
        if self.length < max(self.longest, PERIOD + 2):
            raise wrong("length", self.length, f"at least {max(self.longest, PERIOD + 2)}: the longest period, and a "
                                               f"token that a period of {PERIOD} foretells")
        if self.pool_size >= self.stream:
            raise wrong("pool_size", self.pool_size, f"fewer than the stream's {self.stream} sequences")
        if self.repeated_share == 1 and self.pool_weight == 0:
            raise wrong("pool_weight", self.pool_weight, "more than 0 where all is drawn from the pool")

    def world(self, keys, shared):
        tickets = sequences.chain(keys["chain"], self.vocabulary, self.concentration)

        made = sequences.stream(keys["data"], tickets, self.stream + self.held_out, self.shortest, self.longest,
                                self.chain_share)
        source, held_out = (Stream(*parts) for parts in zip(*(jnp.split(x, [self.stream]) for x in made)))
        return World(tickets, source, held_out,
                     sequences.planted(keys["planted"], self.vocabulary, self.held_out, PERIOD, self.length))

    def init(self, keys, world):
        params = language.initial(self._architecture(), keys["init"])
        return State(params, self._optimiser(0).init(params), jnp.int32(0))

    def step(self, state, world, t, key):
        index, weight = self.batch(t, key)
        tokens = sequences.rows(world.stream, index, self.length)

        def objective(params):
            each = language.losses(self._architecture(), params, tokens).mean(1)  # (B,)
            return (each * weight).sum() / jnp.maximum(weight.sum(), 1e-30)

        updates, memory = self._optimiser(t).update(jax.grad(objective)(state.params), state.memory, state.params)
        return State(optax.apply_updates(state.params, updates), memory, t + 1)

    def measure(self, state, world):
        number = jnp.arange(self.held_out)
        pool = number % self.pool_size
        fresh, of_pool = (sequences.rows(s, i, self.length) for s, i in ((world.held_out, number), (world.stream, pool)))
        losses = language.losses(self._architecture(), state.params, jnp.concatenate([fresh, of_pool]))
        fresh, of_pool = losses[: self.held_out], losses[self.held_out:]
        first = self.first(world.held_out, number)
        said, seen = language.look(self._architecture(), state.params, world.planted)
        matching = induction.prefix_matching(seen.attention, world.planted)  # (L, H)
        about = {"attention": seen.attention[:, 0]} if self.maps else {}
        return about | {
            "fresh_loss": fresh.mean(), "pool_loss": of_pool.mean(),
            "novel_loss": jnp.sum(fresh, where=first) / first.sum(),
            "copying_loss": induction.copying_loss(language.surprise(said, world.planted), PERIOD),
            "copying_chance": jnp.float32(induction.copying_chance(self.vocabulary)),
            "prefix_matching": matching, "best_prefix_matching": matching.max(),
            "memorised_bits": self.memorised(of_pool, world, pool),
            "repeats": self.pooled(state.step) / self.pool_size,
            "stream_read": (state.step * self.batch_size - self.pooled(state.step)) / (self.stream - self.pool_size),
        }

    def examine(self, state, world):
        a = self._architecture()
        blocks = [state.params["blocks"][i] for i in range(self.layers)]
        value = np.stack([np.asarray(b["qkv"][...])[:, 2 * a.width:].reshape(a.width, a.heads, -1) for b in blocks])
        out = np.stack([np.asarray(b["out"][...]).reshape(a.heads, -1, a.width) for b in blocks])
        held_out = np.asarray(world.held_out.period, int)
        lengths, numbers = np.unique(held_out, return_counts=True)
        chained = np.array([sequences.entropy(world.tickets, n) for n in lengths]) / lengths
        even = induction.copying_chance(self.vocabulary)
        end = {
            "copying_score": induction.copying_score(state.params["embedding"][...], value.transpose(0, 2, 1, 3), out,
                                                     state.params["readout"][...]),
            "parameters": np.array(optax.tree.size(state.params)),
            "entropy": np.array((self.chain_share * chained + (1 - self.chain_share) * even) @ numbers / numbers.sum()),
        }
        return end | ({"planted": np.asarray(world.planted[0])} if self.maps else {})

    # The pieces.

    def pooled(self, t) -> jax.Array:
        """How many rows were drawn from the pool before step t."""
        until = jnp.where(self.pool_until > 0, jnp.minimum(t, self.pool_until), t)
        return jnp.floor(until * self.batch_size * self.repeated_share + 1e-3)

    def batch(self, t, key) -> tuple[jax.Array, jax.Array]:
        """Where in the stream the rows of step t stand (B,), and their weights; the pool's rows come first."""
        row, before = jnp.arange(self.batch_size), self.pooled(t).astype(jnp.int32)
        of_pool = row < self.pooled(t + 1).astype(jnp.int32) - before
        drawn = jax.random.randint(key, (self.batch_size,), 0, self.pool_size)
        fresh = t * self.batch_size - before + row - of_pool.sum()
        fresh = self.pool_size + fresh % (self.stream - self.pool_size)
        return jnp.where(of_pool, drawn, fresh), jnp.where(of_pool, self.pool_weight, 1.0)

    def first(self, source: Stream, index) -> jax.Array:
        """Which tokens from the second on belong to the first period: (N, T - 1) Boolean."""
        return jnp.arange(1, self.length)[None] < source.period[index].astype(jnp.int32)[:, None]

    def memorised(self, losses, world, index) -> jax.Array:
        """Bits of the whole pool that the model knows: what its first periods say, less what the model still pays for them."""
        paid = jnp.sum(losses, 1, where=self.first(world.stream, index)) + jnp.log(float(self.vocabulary))
        told = sequences.information(world.stream, index, world.tickets)
        return (told - paid).mean() * self.pool_size / jnp.log(2.0)

    def _architecture(self) -> Architecture:
        return Architecture(self.vocabulary, self.length, self.width, self.layers, self.heads, self.hidden_ratio,
                            self.positions, self.norm, self.init_scale)

    def _optimiser(self, t):
        fall = jnp.where(self.decay_steps > 0, cosine(t, jnp.maximum(self.decay_steps, 1)), 1.0)
        return optimiser("adamw", self.learning_rate * warm_up(t, self.warm_up) * fall, self.weight_decay)
