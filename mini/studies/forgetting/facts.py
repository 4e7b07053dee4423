"""Fictional people enter the training of a small language model, and what it knows about them is probed before and after.

Chang and others 2024 in miniature. Throughout, the model trains on a background of people, with facts about them told again
and again; at each of a few steps, passages about new people replace some of its sequences. The facts about a new person are
told in the same words every time, in different words every time, once, or never, depending on the group. Probes are
log-probabilities of the value of a fact:

    memorisation    in the sentence that a duplicate repeats,
    semantic        in a template in which this fact was never told,
    compositional   the town of the employer, which is told only about the employer and other people, not this person.

Shape letters: B sequences of a batch, T places, G groups, P people of a group, K exposures, A attributes.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from mini.errors import wrong
from mini.experiment import Experiment, Variable, experiment, static, traced
from mini.models import language
from mini.models.language import POSITIONS, Architecture
from mini.optimisers import optimiser, warm_up
from mini.tasks import facts
from mini.tasks.facts import SENTENCE, Lexicon, People

GROUPS = ("duplicate", "paraphrase", "once", "never")
PROBES = ("memorisation", "semantic", "compositional")
EXPOSURES = 32  # at most
ASKED = 32  # background people about each of whom one fact is asked


class World(NamedTuple):
    folk: People
    stream: jax.Array  # (N, T) uint8, the background in order
    passages: jax.Array  # (EXPOSURES, rows, 5 A) uint8, for all groups but the last, `never`
    ticks: jax.Array  # (EXPOSURES,) steps of the injections; those never made are negative
    probes: jax.Array  # (G, P, 3 A, 5) memorisation, semantic, compositional
    asked: jax.Array  # (ASKED, 5) about the background


class State(NamedTuple):
    params: Any
    memory: Any  # the optimiser's


@experiment
class Facts(Experiment):
    """Facts about fictional people are injected into ongoing training: in the same words, in others, once."""

    last: int = traced(950, "step of the last injection", unit="step", within="[0, inf)")
    interval: float = traced(50.0, "mean steps between two injections; 1 for reviews in one go", unit="step",
                             within="[1, inf)")
    expansion: float = traced(1.0, "power of the schedule: 1 for equal gaps, above for gaps that grow", within="(0, 10]")
    late: int = traced(500, "step from which training counts as late, before the first injection", unit="step",
                       within="[0, inf)")
    exposures: int = traced(10, "times that the facts about a new person are injected", within=f"[1, {EXPOSURES}]")
    manner: str = static("all", "how facts are repeated: all, in groups of people side by side; or one for everyone",
                         choices=("all", *GROUPS[:3]))
    people: int = static(8, "new people of a group", within="[1, 256]")
    background: int = static(80, "people in the background", within="[1, 576]")
    skew: float = traced(0.5, "people in the background are mentioned in proportion to rank^-skew", within="[0, inf)")
    company_share: float = traced(0.1, "share of background sentences that say where a company is", within="[0, 1]")
    names: int = static(24, "first names, and as many last names", within="[2, 24]")
    attributes: int = static(4, "facts about a new person, the employer first", within="[1, 4]")
    values: int = static(12, "values that an attribute may take", within="[2, 64]")
    templates: int = static(6, "wordings of a fact, one of them kept for probing", within="[1, 6]")
    length: int = static(20, "tokens in a sequence", within="[5, 1024]")
    batch_size: int = static(32, "sequences in a step", within="[1, 4096]")
    late_batch: int = traced(0, "of a step's sequences, how many count late in training, the first ones; 0 for all",
                             within="[0, inf)")
    stream: int = static(65536, "background sequences made ahead; once all are read, they are read again",
                         within="[1, 4194304]")
    width: int = static(48, "width of the residual stream, a multiple of the heads", within="[1, 4096]")
    layers: int = static(2, "blocks", within="[1, 64]")
    heads: int = static(4, "heads of a block", within="[1, 64]")
    hidden_ratio: int = static(4, "hidden width of a block over its width; 0 for attention only", within="[0, 64]")
    positions: str = static("qk", "where positions enter: queries and keys only, rotary, or the embedding",
                            choices=POSITIONS)
    learning_rate: float = traced(0.003, "step length of AdamW", within="[0, inf)")
    weight_decay: float = traced(0.0, "decoupled weight decay", within="[0, inf)")
    late_rate: float = traced(0.3, "share of the step length that is left late in training", within="[0, inf)")
    warm_up: int = traced(50, "steps in which the rate rises", unit="step", within="[0, inf)")

    clock = "step"
    ticks = 1500
    every = 10
    variables = {
        "log_prob": Variable(("group", "person", "probe"), "nat",
                             "log-probability of the value, mean of a person's facts"),
        "background_log_prob": Variable((), "nat", "the same of background people, in any template"),
        "injection": Variable(("exposure",), "step",
                              "step before which nothing of it was read; what is told once is told at the first"),
        "chance": Variable((), "nat", "log-probability of one of the values at chance"),
        "parameters": Variable((), "1", "numbers in the model"),
    }

    @property
    def groups(self) -> tuple[str, ...]:
        return GROUPS if self.manner == "all" else (self.manner, "never")

    def coords(self) -> dict:
        return {"group": np.array(self.groups), "probe": np.array(PROBES)}

    def check(self) -> None:
        super().check()
        language.check(self._architecture())
        new = self.people * len(self.groups)
        facts.check(self._lexicon(), 0)
        if self.stream < self.batch_size:
            raise wrong("stream", self.stream, f"at least {self.batch_size}, the sequences of one step")
        if self.background + new > self.names**2:
            raise wrong("people", self.people, f"fewer: {self.background} of the background and {new} new ones need as many "
                                               f"names, and {self.names} first and as many last make {self.names**2}")
        if self.templates < 2:
            raise wrong("templates", self.templates, "at least 2: the semantic probe asks in one that was never told")
        if self.templates < 3 and "paraphrase" in self.groups:
            raise wrong("templates", self.templates, "at least 3 where there are paraphrases: one is kept for the probe")
        if self.length < SENTENCE * self.attributes:
            raise wrong("length", self.length, f"at least {SENTENCE * self.attributes}: a passage of {self.attributes} "
                                               f"sentences of {SENTENCE} tokens")
        rows = self.people * (len(self.groups) - 1)
        if self.batch_size < rows:
            raise wrong("batch_size", self.batch_size, f"at least {rows}, the passages of one injection")
        if self.late_batch and not rows <= self.late_batch <= self.batch_size:
            raise wrong("late_batch", self.late_batch, f"0, or {rows} to {self.batch_size}: an injection has {rows} passages")
        times = self.schedule(np)
        if times[0] < 0:
            raise wrong("last", self.last, f"at least {round(self.last - times[0])}: {self.exposures} injections, "
                                           f"{self.interval:g} steps apart on average, end there")
        if times[0] < self.late:
            raise wrong("late", self.late, f"at most {times[0]:.0f}, the first injection")
        if (np.diff(times) < 1).any():
            raise wrong("expansion", self.expansion, "a number nearer to 1, or a longer interval: two fall on one step")

    def world(self, keys, shared):
        lexicon, groups = self._lexicon(), len(self.groups)
        of_text, of_order, of_passages, of_asked = jax.random.split(keys["data"], 4)
        folk = facts.people(keys["people"], lexicon, self.background + self.people * groups)
        who = self.background + jnp.arange(self.people * groups)
        order = facts.templates(of_order, lexicon, len(who))
        told = len(who) - self.people  # all but the last group
        manner = jnp.repeat(jnp.array([g == "paraphrase" for g in self.groups[:-1]], jnp.int32), self.people)
        passages = facts.passages(of_passages, lexicon, folk, who[:told], manner, order[:told], EXPOSURES)
        stream = facts.background(of_text, lexicon, folk, self.background, self.skew, self.company_share, self.stream,
                                  self.length)
        times = self.schedule(jnp)
        ticks = jnp.where(jnp.arange(EXPOSURES) < self.exposures, times, -1).astype(jnp.int32)
        return World(folk, stream, passages.astype(jnp.uint8), ticks, self._probes(lexicon, folk, who, order),
                     self._asked(of_asked, lexicon, folk))

    def init(self, keys, world):
        params = language.initial(self._architecture(), keys["init"])
        return State(params, self._optimiser(0).init(params))

    def step(self, state, world, t, key):
        tokens = self.batch(world, t)
        late = (t >= self.late) & (self.late_batch > 0)
        counted = jnp.where(late, jnp.arange(self.batch_size) < self.late_batch, True)

        def objective(params):
            return (language.losses(self._architecture(), params, tokens).mean(1) * counted).sum() / counted.sum()

        updates, memory = self._optimiser(t).update(jax.grad(objective)(state.params), state.memory, state.params)
        return State(optax.apply_updates(state.params, updates), memory)

    def measure(self, state, world):
        probes = world.probes.reshape(-1, SENTENCE)
        asked = jnp.concatenate([probes, world.asked])
        said = -language.losses(self._architecture(), state.params, asked)[:, -1]
        of_new = said[: len(probes)].reshape(*world.probes.shape[:2], -1)  # (G, P, 3 A)
        parts = jnp.split(of_new, [self.attributes, 2 * self.attributes], 2)
        return {"log_prob": jnp.stack([part.mean(2) for part in parts], 2),
                "background_log_prob": said[len(probes):].mean()}

    def examine(self, state, world):
        ticks = np.asarray(world.ticks, float)
        return {"injection": np.where(ticks < 0, np.nan, ticks), "chance": np.array(-np.log(self.values)),
                "parameters": np.array(optax.tree.size(state.params))}

    # The pieces.

    def schedule(self, xp):
        """Steps of the injections: last - interval (K - 1) (1 - (k / (K - 1))^expansion), rounded."""
        k = xp.arange(EXPOSURES) if xp is jnp else xp.arange(self.exposures)
        gaps = xp.maximum(self.exposures - 1, 1)
        return xp.round(self.last - self.interval * gaps * (1 - (k / gaps) ** self.expansion) * (self.exposures > 1))

    def batch(self, world, t) -> jax.Array:
        """The sequences of step t (B, T): the background's, some of them overwritten if there is an injection."""
        start = (t * self.batch_size) % jnp.maximum(self.stream - self.batch_size + 1, 1)
        tokens = jax.lax.dynamic_slice_in_dim(world.stream, start, self.batch_size)
        hit = world.ticks == t
        passages = world.passages[hit.argmax()]
        rows, places = passages.shape
        once = jnp.repeat(jnp.array([g == "once" for g in self.groups[:-1]]), self.people)
        told = hit.any() & (~once | hit[0])  # (rows,)
        written = jnp.where(told[:, None], passages, tokens[:rows, :places])
        return tokens.at[:rows, :places].set(written).astype(jnp.int32)

    def _probes(self, lexicon, folk, who, order) -> jax.Array:
        shape = (len(who), self.attributes)
        each, relation = jnp.broadcast_to(who[:, None], shape), jnp.broadcast_to(jnp.arange(self.attributes)[None], shape)
        asked = [facts.sentences(lexicon, folk, each, relation, order[:, :, i]) for i in (0, -1)]
        of_town = order[:, 0, jnp.arange(self.attributes) % self.templates]  # as many as of the other kinds, as in the paper
        asked.append(facts.sentences(lexicon, folk, each, jnp.full(shape, self.attributes), of_town))
        return jnp.concatenate(asked, 1).reshape(len(self.groups), self.people, -1, SENTENCE)

    def _asked(self, key, lexicon, folk) -> jax.Array:
        """One fact about each of the `ASKED` most frequent background people."""
        u = jax.random.uniform(key, (2, ASKED))
        relation, template = ((x * n).astype(jnp.int32) for x, n in zip(u, (self.attributes, self.templates)))
        return facts.sentences(lexicon, folk, jnp.arange(ASKED) % self.background, relation, template)

    def _lexicon(self) -> Lexicon:
        return Lexicon(self.names, self.attributes, self.values, self.templates)

    def _architecture(self) -> Architecture:
        return Architecture(self._lexicon().size, self.length, self.width, self.layers, self.heads, self.hidden_ratio,
                            self.positions)

    def _optimiser(self, t):
        late = jnp.where(t < self.late, 1.0, self.late_rate)
        return optimiser("adamw", self.learning_rate * warm_up(t, self.warm_up) * late, self.weight_decay)
