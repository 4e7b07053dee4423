"""Modular arithmetic, learned by a small network: first by heart, then by rule.

Power and others 2022 named this grokking; the settings here are those of Gromov 2023 and, with
corrupted labels, of Doshi and others 2024. Shape letters: P = p * p pairs, N training pairs,
K = p classes, H hidden neurons, F frequencies.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from mini.errors import wrong
from mini.experiment import Experiment, Variable, experiment, static, traced
from mini.measures import fourier, pruning
from mini.measures.accuracy import share
from mini.models.equals import EqualsTransformer
from mini.models.mlp import ModularMLP, closed_form
from mini.models.transformer import ModularTransformer
from mini.objectives import LOSSES
from mini.optimisers import FILTERS, optimiser
from mini.tasks import modular

MODELS = {"mlp": ModularMLP, "transformer": ModularTransformer, "nanda": EqualsTransformer}


class State(NamedTuple):
    params: Any
    stats: Any  # running averages of batch normalisation
    optimiser: Any


@experiment
class Grokking(Experiment):
    """A small network learns modular arithmetic from a share of all pairs."""

    p: int = static(31, "modulus; a prime for multiplication and division", within="[3, 512]")
    operation: str = static("addition", "what is computed of a and b", choices=tuple(modular.OPERATIONS))
    pairs: str = static("ordered", "whether (a, b) and (b, a) are two pairs", choices=("ordered", "unordered"))
    train_fraction: float = static(0.5, "share of all pairs that is trained on", within="(0, 1)")
    corruption: float = traced(0.0, "share of training labels redrawn at random (1/p stay right)",
                               within="[0, 1]")
    model: str = static("mlp", "what learns: the MLP; transformer, two tokens, scaled to serve every width; nanda, one that "
                               "reads a third, '=', in the standard scaling", choices=tuple(MODELS))
    width: int = static(128, "hidden neurons of the MLP, or width of a transformer", within="[1, 16384]")
    depth: int = static(1, "hidden layers of the MLP, or blocks of a transformer", within="[1, 8]")
    activation: str = static("square", "non-linearity of the hidden layer", choices=("square", "relu"))
    dropout: float = static(0.0, "share of inputs to the non-linearity dropped while training", within="[0, 1)")
    batch_norm: bool = static(False, "batch normalisation after the non-linearity (MLP)")
    heads: int = static(4, "attention heads (transformers)", within="[1, 64]")
    hidden_ratio: int = static(4, "hidden width over width (transformers)", within="[1, 16]")
    embedding_scale: float = traced(1.0, "standard deviation of the first embeddings (transformer), or that over "
                                         "width^-1/2 (nanda)", within="(0, inf)")
    loss: str = static("squared_error", "what is minimised", choices=tuple(LOSSES))
    optimiser: str = static("adamw", "AdamW, or AdamW after a filter of the gradient", choices=tuple(FILTERS))
    learning_rate: float = traced(0.01, "step length", within="[0, inf)")
    weight_decay: float = traced(1.0, "decoupled decay: a step multiplies weights by 1 - lr * wd", within="[0, inf)")
    batch_size: int = static(0, "training pairs in a step, drawn with replacement; 0 for all", within="[0, 1048576]")
    spectrum: bool = static(True, "measure the inverse participation ratio of every neuron")
    progress_measures: bool = static(False, "measure restricted and excluded loss (MLP)")
    table: bool = static(False, "keep the prediction for every pair, and every neuron's spectrum, along the way")
    pruning: bool = static(False, "at the end, prune neurons by rank (MLP)")

    ticks = 400
    every = 5
    variables = {
        "train_accuracy": Variable((), "1", "share of training pairs answered as their given label"),
        "test_accuracy": Variable((), "1", "share of held-out pairs answered right"),
        "train_loss": Variable((), "1", "loss on the training pairs with their given labels"),
        "test_loss": Variable((), "1", "loss on the held-out pairs"),
        "corrupted_accuracy": Variable((), "1", "share of corrupted training pairs answered as given"),
        "clean_accuracy": Variable((), "1", "share of uncorrupted training pairs answered as given"),
        "restored_accuracy": Variable((), "1", "share of corrupted training pairs given their true answer"),
        "weight_norm": Variable((), "1", "root of the sum of squared weights"),
        "ipr": Variable(("neuron",), "1", "inverse participation ratio of a neuron, reindexed by the discrete "
                                          "logarithm for multiplication and division"),
        "mean_ipr": Variable((), "1", "mean inverse participation ratio of the neurons alive"),
        "mean_ipr_raw": Variable((), "1", "the same without reindexing"),
        "restricted_loss": Variable((), "1", "test loss of the part that depends on the answer alone"),
        "excluded_loss": Variable((), "1", "training loss without that part"),
        "prediction_table": Variable(("a", "b"), "residue", "answer to every pair"),
        "spectrum": Variable(("neuron", "frequency"), "1", "share of a frequency in a neuron, mean over the matrices"),
        "spectrum_power": Variable(("matrix", "neuron", "frequency"), "1", "share of a frequency in a neuron"),
        "key_frequency": Variable(("neuron",), "1", "strongest frequency of a neuron"),
        "gini": Variable((), "1", "Gini coefficient of the power by frequency, summed over neurons"),
        "pruned_accuracy": Variable(("order", "pruned_fraction", "subset"), "1", "accuracy after pruning"),
        "gamma": Variable(("neuron",), "1", "scale of a neuron's batch normalisation"),
    }

    def coords(self) -> dict:
        matrices = ["U", "V", "W"][: 2 if self.depth > 1 else 3] if self.model == "mlp" else ["embedding", "readout"]
        labels = {"matrix": np.array(matrices)}
        if self.pruning:
            labels |= {"order": np.array(pruning.ORDERS), "pruned_fraction": pruning.FRACTIONS,
                       "subset": np.array(["test", "train", "clean", "corrupted"])}
        return labels

    def check(self) -> None:
        super().check()
        if self.operation in modular.NEED_PRIME and not modular.is_prime(self.p):
            raise wrong("p", self.p, f"a prime for {self.operation}")
        if self.pairs == "unordered" and self.operation not in modular.SYMMETRIC:
            raise wrong("pairs", self.pairs, f"ordered for {self.operation}, which is not symmetric")
        n, held_out = modular.train_size(self.operation, self.p, self.pairs == "unordered", self.train_fraction)
        if n < 1 or held_out < 1:
            raise wrong("train_fraction", self.train_fraction,
                        f"a share that leaves training and held-out pairs (it leaves {n} and {held_out})")
        if self.model != "mlp" and self.width % self.heads:
            raise wrong("width", self.width, f"a multiple of the {self.heads} heads")
        for name in ("batch_norm", "progress_measures", "pruning"):
            if self.model != "mlp" and getattr(self, name):
                raise wrong(name, True, "false for a transformer")
        if self.depth > 1 and self.pruning:
            raise wrong("depth", self.depth, "1 where neurons are pruned: those of several layers have no common spectrum")

    def world(self, keys, shared):
        return modular.split(keys, self.operation, self.p, self.pairs == "unordered",
                             self.train_fraction, self.corruption)

    def init(self, keys, world):
        _, params, stats = nnx.split(self.build(nnx.Rngs(params=keys["init"])), nnx.Param, ...)
        return State(params, stats, self._optimiser().init(params))

    def step(self, state, world, t, key):
        order, noise = jax.random.split(key)
        pair, given = world.train, world.given
        if self.batch_size:
            rows = jax.random.randint(order, (self.batch_size,), 0, len(pair))
            pair, given = pair[rows], given[rows]

        def objective(params):
            logits, stats = self.forward(params, state.stats, pair, nnx.Rngs(dropout=noise))
            return LOSSES[self.loss](logits, given), stats

        gradient, stats = jax.grad(objective, has_aux=True)(state.params)
        updates, memory = self._optimiser().update(gradient, state.optimiser, state.params)
        return State(optax.apply_updates(state.params, updates), stats, memory)

    def measure(self, state, world):
        logits, _ = self.forward(state.params, state.stats, jnp.arange(self.p**2))
        answer = logits.argmax(-1)
        loss = LOSSES[self.loss]
        seen = {
            **self.accuracies(answer, world),
            "train_loss": loss(logits[world.train], world.given),
            "test_loss": loss(logits[world.test], world.label[world.test]),
            "weight_norm": optax.tree.norm(state.params),
        }
        if self.spectrum:
            seen |= self.spectra(state)
        if self.progress_measures:
            seen |= self.progress(logits, world)
        if self.table:
            seen |= {"prediction_table": answer.reshape(self.p, self.p),
                     "spectrum": fourier.power(jnp.stack(self.vectors(state))).mean(0)}
        return seen

    @jax.jit  # dozens of small operations, each of which would otherwise be compiled on its own
    def examine(self, state, world):
        end = {}
        if self.spectrum:
            share = fourier.power(jnp.stack(self.vectors(state)))  # (3, H, F)
            total = share.sum((0, 1))
            end |= {"spectrum_power": share, "key_frequency": share.mean(0).argmax(-1),
                    "gini": fourier.gini(total[1:])}
        if self.batch_norm:
            end["gamma"] = jnp.abs(state.params["norm"]["scale"][...])
        if self.pruning:
            end["pruned_accuracy"] = self.prune(state, world)
        return end

    # The pieces, for those who examine a trained network by hand.

    def build(self, rngs: nnx.Rngs) -> nnx.Module:
        """The untrained module."""
        if self.model == "mlp":
            return ModularMLP(self.p, self.width, self.depth, self.activation, self.dropout,
                              self.batch_norm, rngs=rngs)
        return MODELS[self.model](self.p, self.width, self.depth, self.heads, self.hidden_ratio,
                                  self.activation, self.dropout, self.embedding_scale, rngs=rngs)

    def forward(self, params, stats, pair, rngs: nnx.Rngs | None = None):
        """Logits (R, K) of the pairs with these indices (R,), and the new running averages."""
        graph, *_ = nnx.split(nnx.eval_shape(lambda: self.build(nnx.Rngs(0))), nnx.Param, ...)
        model = nnx.merge(graph, params, stats, copy=True)
        logits = model(pair // self.p, pair % self.p, rngs)
        return logits, nnx.split(model, nnx.Param, ...)[2]

    def accuracies(self, answer, world) -> dict:
        """The five shares, from the answers (P,) to all pairs."""
        trained = answer[world.train]
        as_given, truly = trained == world.given, trained == world.label[world.train]
        return {
            "train_accuracy": as_given.mean(),
            "test_accuracy": (answer[world.test] == world.label[world.test]).mean(),
            "corrupted_accuracy": share(as_given, world.corrupted),
            "clean_accuracy": share(as_given, ~world.corrupted),
            "restored_accuracy": share(truly, world.corrupted),
        }

    def vectors(self, state) -> tuple[jax.Array, ...]:
        """The vectors over residues whose periodicity is measured, each (H, K); of several layers, the first one's."""
        if self.model == "mlp":
            into = state.params["u"][...].T, state.params["v"][...].T
            return into if self.depth > 1 else (*into, state.params["w"][...])
        return state.params["embedding"][...].T, state.params["readout"][...]

    def spectra(self, state) -> dict:
        """The inverse participation ratio of every neuron, and its means."""
        vectors = jnp.stack(self.vectors(state))  # (matrices, H, K)
        raw = fourier.inverse_participation_ratio(vectors).mean(0)
        ipr = raw
        if self.operation in modular.NEED_PRIME:
            powers = vectors[..., modular.discrete_powers(self.p)]
            ipr = fourier.inverse_participation_ratio(powers).mean(0)
        return {"ipr": ipr, "mean_ipr": jnp.nanmean(ipr), "mean_ipr_raw": jnp.nanmean(raw)}

    def progress(self, logits, world) -> dict:
        """Restricted and excluded loss (Nanda and others 2023, section 5), over all frequencies.

        Restricted: the part of the logits that is a function of the true answer alone (for addition:
        the projection on the waves of a + b). It is estimated on the held-out pairs, whose labels the
        network has never seen: over all pairs, memorised answers would count as structure. Excluded:
        the logits on the training pairs, from which that part is taken away, except for its mean.
        """
        true = world.label[world.test]
        means = fourier.class_means(logits[world.test], true, self.p)
        structure = means - means.mean(0, keepdims=True)
        loss = LOSSES[self.loss]
        return {"restricted_loss": loss(means[true], true),
                "excluded_loss": loss(logits[world.train] - structure[world.label[world.train]], world.given)}

    def prune(self, state, world) -> jax.Array:
        """Accuracy after removing neurons: (order, fraction, subset), no retraining."""
        ipr = self.spectra(state)["ipr"]
        random = jax.random.permutation(jax.random.key(0), self.width)

        def after(keep):
            params = jax.tree.map(lambda x: x, state.params)
            params["w"][...] = params["w"][...] * keep[:, None]
            answer = self.forward(params, state.stats, jnp.arange(self.p**2))[0].argmax(-1)
            seen = self.accuracies(answer, world)
            return jnp.stack([seen[f"{name}_accuracy"] for name in self.coords()["subset"]])

        return jax.lax.map(lambda keeps: jax.lax.map(after, keeps), pruning.masks(ipr, random))

    def _optimiser(self):
        return optimiser(self.optimiser, self.learning_rate, self.weight_decay)


@experiment
class ClosedForm(Experiment):
    """The untrained solution: weights written down, and how well they add."""

    p: int = static(59, "odd modulus", within="[3, 512]")
    width: int = static(256, "hidden neurons", within="[1, 16384]")
    matched: bool = static(True, "whether the read-out's phase is the sum of the two others")

    ticks = 0
    variables = {
        "accuracy": Variable((), "1", "share of all pairs answered right"),
        "error": Variable((), "1", "mean squared error over all pairs and classes"),
        "scaled_error": Variable((), "1", "mean squared error times width / 4"),
        "ipr": Variable((), "1", "mean inverse participation ratio"),
    }

    def check(self) -> None:
        super().check()
        if self.p % 2 == 0:
            raise wrong("p", self.p, "an odd modulus")

    def init(self, keys, world):
        return nnx.split(closed_form(keys["init"], self.p, self.width, self.matched))[1]

    def measure(self, state, world):
        graph = nnx.split(nnx.eval_shape(lambda: ModularMLP(self.p, self.width, rngs=nnx.Rngs(0))))[0]
        a, b = jnp.divmod(jnp.arange(self.p**2), self.p)
        logits = nnx.merge(graph, state, copy=True)(a, b)
        label = (a + b) % self.p
        error = LOSSES["squared_error"](logits, label)
        tables = jnp.stack([state["u"][...].T, state["v"][...].T, state["w"][...]])
        return {"accuracy": (logits.argmax(-1) == label).mean(), "error": error,
                "scaled_error": error * self.width / 4,
                "ipr": fourier.inverse_participation_ratio(tables).mean()}
