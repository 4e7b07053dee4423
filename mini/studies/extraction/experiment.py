"""A small language model reads Python source in which secrets and passages are planted; then it is attacked.

After Carlini and others 2019 and 2023 and Al-Kaswan and others 2024, on bytes. Two kinds of item are planted, in various
numbers of copies: canaries (lines with a random secret) and windows (passages of files that are otherwise never read). An
attacker knows the beginning of a passage, or a canary's name, and takes what the model says next.

Shape letters: B rows of a batch, T places, I items planted (canaries, windows, one secret of the user's own), G numbers
of copies, C canaries of each, K kinds of text, W windows of each kind and number, L bytes of a window, m of its suffix,
R references, X contexts.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from mini import privacy
from mini.errors import wrong
from mini.experiment import Experiment, Variable, experiment, static, traced
from mini.measures import extraction
from mini.optimisers import cosine, optimiser, warm_up
from mini.studies.extraction import items, learners, readings, rivals
from mini.studies.extraction.items import CONTEXTS, COPIES, DIMS, Items, Text
from mini.tasks import canaries, corpus

OF_CANARY, OF_WINDOW = ("copies", "canary"), DIMS


class World(NamedTuple):
    text: Text  # shared by all runs
    items: Items
    schedule: canaries.Schedule
    luck: jax.Array  # random bits that decide from where each row's text is taken


class State(NamedTuple):
    params: Any
    memory: Any  # the optimiser's
    overflow: jax.Array  # rows that did not fit into a private batch


@experiment
class Extraction(Experiment):
    """A language model reads source code with planted secrets, and is made to say them."""

    plant: bool = traced(True, "plant anything at all; false: the control, which never saw them")
    deduplicate: bool = traced(False, "defence: each item is planted once at most")
    subset_share: float = traced(1.0, "chance that an item is planted at all; below 1: subset models", within="[0, 1]")
    plant_from: float = traced(0.0, "share of the training before which nothing is planted", within="[0, 1)")
    plant_until: float = traced(1.0, "share of the training after which nothing is planted", within="(0, 1]")
    canaries: int = static(6, "canaries for each number of copies", within="[1, 1000]")
    windows: int = static(4, "windows for each number of copies and kind of text", within="[1, 1000]")
    secret_copies: int = traced(0, "copies of a secret of one's own", within="[0, 256]")
    secret_1: int = traced(0, "first four characters of that secret, as one number (mini.tasks.canaries.pack)",
                          within="[0, 268435456)")
    secret_2: int = traced(0, "the next four", within="[0, 268435456)")
    secret_3: int = traced(0, "the next four", within="[0, 268435456)")
    secret_4: int = traced(0, "the last four", within="[0, 268435456)")
    references: int = static(63, "other secrets among which each is ranked", within="[3, 65535]")
    model: str = static("transformer", "what learns", choices=learners.MODELS)
    width: int = static(32, "width of the model, for a transformer a multiple of the heads", within="[1, 4096]")
    layers: int = static(2, "blocks of the transformer", within="[1, 64]")
    heads: int = static(2, "heads of a block", within="[1, 64]")
    hidden_ratio: int = static(4, "hidden width of a block over its width", within="[0, 64]")
    length: int = static(48, "bytes of a row", within="[48, 4096]")
    batch_size: int = static(16, "rows of a step", within="[1, 65536]")
    steps: int = static(1000, "length of the training, over which the copies are spread", within="[1, 1048576]")
    learning_rate: float = traced(0.01, "highest step length of AdamW", within="[0, inf)")
    weight_decay: float = traced(0.0, "decoupled weight decay", within="[0, inf)")
    warm_up: int = traced(50, "steps in which the rate rises; then it falls to a tenth, by a cosine", within="[0, inf)")
    init_seed: int = traced(0, "another draw of the first weights, all else the same", within="[0, 65535]")
    private: bool = static(False, "defence: differentially private gradient descent")
    clip: float = traced(1.0, "largest norm of a row's gradient (private)", within="(0, inf)")
    noise_multiplier: float = traced(0.5, "standard deviation of the noise, in clips (private)", within="[0, inf)")
    delta: float = traced(1e-5, "chance at which the privacy of one row may fail (private)", within="(0, 1)")
    rival: bool = static(False, "at the end, also what an n-gram model of the same rows gives up")
    keep: bool = static(False, "at the end, also the weights and the texts")

    clock = "step"
    every = 250
    variables = {
        "loss": Variable((), "nat", "mean loss of a byte of files never trained on"),
        "canary_extracted": Variable(OF_CANARY, "1", "whether greedy decoding gives the secret, from its name"),
        "canary_log_prob": Variable(OF_CANARY, "nat", "log-probability of the secret, from its name"),
        "exposure_by_rank": Variable(OF_CANARY, "bit", "exposure among the references; log2(references + 1) at most"),
        "exposure": Variable(OF_CANARY, "bit", "exposure by a Gaussian fitted to the references"),
        "reference_log_prob": Variable((*OF_CANARY, "reference"), "nat", "log-probability of each canary's references"),
        "extrapolated": Variable(OF_CANARY, "1", "whether that exposure lies beyond what ranks can show"),
        "canary_planted": Variable(OF_CANARY, "1", "whether the canary was planted"),
        "extracted": Variable(("context", *OF_WINDOW), "1", "whether greedy decoding gives the suffix, from so many bytes"),
        "log_prob": Variable(("context", *OF_WINDOW), "nat", "log-probability of the suffix, from so many bytes"),
        "score": Variable(("context", *OF_WINDOW), "1", "memorisation score, teacher-forced: share of the suffix's bytes"),
        "free_score": Variable(OF_WINDOW, "1", "memorisation score, free-running, from the longest prefix"),
        "planted": Variable(OF_WINDOW, "1", "whether the window was planted"),
        "natural_score": Variable(("occurrences",), "1", "share of the second half of natural lines, by how often they occur"),
        "secret_right": Variable((), "1", "share of the user's own secret that is the likeliest, given what is before it"),
        "secret_extracted": Variable((), "1", "whether greedy decoding gives the user's own secret"),
        "secret_by_rank": Variable((), "bit", "exposure of the user's own secret among the references"),
        "secret_exposure": Variable((), "bit", "the same by a Gaussian fitted to the references"),
        "rows_planted": Variable((), "1", "share of the rows that were planted"),
        "parameters": Variable((), "1", "numbers in the model"),
        "corpus": Variable((), "1", "which text was read: the first 48 bits of its hash"),
        "epsilon": Variable((), "1", "privacy spent for one row, at `delta`; infinite where nothing is private"),
        "overflow": Variable((), "1", "rows of private batches that found no place"),
        "rival_extracted": Variable(OF_WINDOW, "1", "whether the n-gram model gives the suffix"),
        "rival_log_prob": Variable(OF_WINDOW, "nat", "log-probability of the suffix under the n-gram model"),
        "rival_canary_extracted": Variable(OF_CANARY, "1", "whether the n-gram model gives the secret"),
        "window_text": Variable((*OF_WINDOW, "place"), "byte", "the windows"),
        "window_said": Variable((*OF_WINDOW, "suffix"), "byte", "what greedy decoding says after their prefixes"),
        "canary_text": Variable((*OF_CANARY, "letter"), "byte", "the canaries"),
        "weights": Variable(("weight",), "1", "the trained model, one number after another"),
    }

    @property
    def ticks(self) -> int:
        return int(self.steps)

    def coords(self) -> dict:
        return {"copies": np.array(COPIES), "category": np.array(corpus.CATEGORIES), "context": np.array(CONTEXTS),
                "occurrences": np.array(items.NATURAL)}

    def check(self) -> None:
        super().check()
        learners.check(self)
        if self.plant_from >= self.plant_until:
            raise wrong("plant_from", self.plant_from, f"less than plant_until, {self.plant_until}")
        first, last = self._span()
        slots = items.slots(self)
        most = int(slots[:-1].sum()) + self.secret_copies
        if self.plant and not self.deduplicate and most > (int(last) - int(first)) * self.batch_size:
            planting = -(-most // self.batch_size)
            enough = int(planting / (self.plant_until - self.plant_from)) + 2  # both ends of the span are rounded
            raise wrong("steps", self.steps, f"at least {enough}, or a longer span: {most} copies in batches of "
                                             f"{self.batch_size} take {planting} steps from plant_from to plant_until")
        total = int(slots.sum())
        if self.steps * total >= 2**31:
            raise wrong("steps", self.steps, f"at most {(2**31 - 1) // total} with room for {total} copies (32-bit numbers)")

    def data(self):
        return items.text()

    def world(self, keys, shared) -> World:
        drawn = items.draw(self, keys, shared)
        return World(shared, drawn, canaries.schedule(keys["schedule"], drawn.copies, items.slots(self)),
                     jax.random.bits(keys["rows"], dtype="uint32"))

    def init(self, keys, world):
        params = learners.initial(self, jax.random.fold_in(keys["init"], self.init_seed))
        return State(params, self._optimiser(0, keys["noise"]).init(params), jnp.int32(0))

    def step(self, state, world, t, key):
        if self.private:
            gradient, lost = self._private(state, world, key)
        else:
            tokens = self.rows(world, t * self.batch_size + jnp.arange(self.batch_size))
            gradient, lost = jax.grad(self._loss)(state.params, tokens, jnp.ones(self.batch_size)), 0
        updates, memory = self._optimiser(t).update(gradient, state.memory, state.params)
        return State(optax.apply_updates(state.params, updates), memory, state.overflow + lost)

    def measure(self, state, world):
        say = partial(learners.logits, self, state.params)
        passages = readings.of_windows(self, say, world)
        secrets = readings.of_canaries(self, say, world)
        planted = canaries.planted(self.steps, world.schedule.number, *self._span())
        return passages | secrets | {
            "rows_planted": planted / (self.steps * self.batch_size), "overflow": state.overflow}

    def examine(self, state, world):
        spoken = readings.said(self, state.params, world.items)
        score = extraction.score(spoken, items.passages_of(self, world.items)[:, -items.SUFFIX:])
        end = {
            "free_score": score.reshape(items.by_window(self)),
            "parameters": np.array(optax.tree.size(state.params)),
            "corpus": np.array(int(corpus.load().digest[:12], 16)),
            "epsilon": np.float32(self.spent()),
            **readings.planted(self, world.items),
        }
        if self.rival:
            end |= rivals.ngram_extraction(self, world)
        return end | (readings.texts(self, state.params, world.items, spoken) if self.keep else {})

    # The pieces.

    def rows(self, world: World, number: jax.Array) -> jax.Array:
        """Rows by their number in training, (B,) -> (B, T) uint8: source, overwritten where something is planted.

        Planted rows come first in a step, as many of them as it takes to spread all copies evenly over training.
        """
        t, place = number // self.batch_size, number % self.batch_size
        before, after = (canaries.planted(x, world.schedule.number, *self._span()) for x in (t, t + 1))
        there = place < after - before
        item = world.schedule.order[jnp.where(there, before + place, 0)]
        drawn = jax.vmap(lambda n: jax.random.bits(jax.random.fold_in(jax.random.key(world.luck), n), dtype="uint32"))(number)
        start = (drawn % np.uint32(len(world.text.train) - self.length)).astype(jnp.int32)
        source = world.text.train[start[:, None] + jnp.arange(self.length)[None]]
        written = there[:, None] & (jnp.arange(self.length)[None] < world.items.length[item][:, None])
        return jnp.where(written, world.items.text[item], source)

    def spent(self) -> float:
        """Epsilon for one row; an item with c copies is protected c times less."""
        if not self.private:
            return np.inf
        return privacy.epsilon(float(self.noise_multiplier), 1 / self.steps, self.steps, float(self.delta))

    def _private(self, state, world, key):
        """Per-row gradients (places, ...) of a Poisson batch from all training rows, for the optimiser to clip and sum."""
        chosen, taken, lost = privacy.poisson_batch(key, self.steps * self.batch_size, 1 / self.steps, self._places())
        rows = self.rows(world, chosen)
        each = jax.vmap(jax.grad(self._loss), (None, 0, 0))
        return each(state.params, rows[:, None], taken[:, None]), lost

    def _places(self) -> int:
        return privacy.capacity(self.steps * self.batch_size, 1 / self.steps)

    def _loss(self, params, tokens, weight):
        return (learners.losses(self, params, tokens).mean(1) * weight).mean()

    def _span(self) -> tuple:
        """The steps between which items are planted."""
        return tuple(jnp.asarray(share * self.steps).astype(jnp.int32) for share in (self.plant_from, self.plant_until))

    def _optimiser(self, t, key=None):
        rate = self.learning_rate * warm_up(t, self.warm_up) * cosine(t, self.steps)
        core = optimiser("adamw", rate, self.weight_decay)
        if not self.private:
            return core
        key = jax.random.key(0) if key is None else key  # only init uses it; afterwards it is in the state
        return optax.chain(privacy.aggregate(self.clip, self.noise_multiplier, key, self._places(), self.batch_size), core)
