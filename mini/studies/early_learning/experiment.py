"""Training on false labels: a network first learns what is true, then memorises what is false.

After Liu and others 2020 (early-learning regularisation, ELR), with digits instead of photographs and an MLP instead of
a residual network. Shape letters: N training examples, M held-out ones, F features, C classes, R rows of a batch.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from mini.errors import wrong
from mini.experiment import Experiment, Variable, experiment, inside, static, traced
from mini.measures import detection
from mini.measures.accuracy import share
from mini.models import classifier
from mini.objectives import OBJECTIVES, answers, mix
from mini.optimisers import sgd
from mini.studies.early_learning import record
from mini.studies.early_learning.record import Record
from mini.tasks import digits
from mini.tasks.label_noise import KINDS, corrupt

CLASSES = digits.CLASSES


class World(NamedTuple):
    x: Any  # the whole data set, shared by all runs
    y: Any
    train: jax.Array  # (N,) indices
    test: jax.Array  # (M,)
    given: jax.Array  # (N,) labels that are taught
    false: jax.Array  # (N,) whether they are false


class Network(NamedTuple):
    params: Any
    average: Any  # a running average of the weights, or () where none is kept
    momentum: Any
    target: jax.Array  # (N, C) the memory: a running average of answers to each example


class State(NamedTuple):
    networks: tuple[Network, ...]
    record: Record


@experiment
class EarlyLearning(Experiment):
    """A small classifier learns digits of which a share bears a false label."""

    dataset: str = static("digits", "what is learned; the others are fetched once", choices=tuple(digits.SIZES))
    examples: int = static(1000, "training examples", within="[10, 60000]")
    held_out: int = static(797, "held-out examples", within="[1, 60000]")
    noise: float = traced(0.4, "share of training labels drawn to be replaced", within="[0, 1)")
    noise_kind: str = static("symmetric", "what replaces a label: another class, any class, the next class, the next in every "
                                          "second class alone, the class that it looks most like", choices=KINDS)
    objective: str = static("cross_entropy", "what is minimised", choices=tuple(OBJECTIVES))
    strength: float = traced(-1.0, "its strength: " + "; ".join(
        f"{name}, {o.meaning} ({o.strength:g})" for name, o in OBJECTIVES.items() if o.strength)
        + "; -1 for the value in brackets")
    target_momentum: float = traced(0.7, "share of its past that the memory of answers keeps (elr, kl)", within="[0, 1)")
    networks: int = static(1, "networks; with 2, the memory of each is fed by the other, and both answer together",
                           choices=(1, 2))
    weight_average: float = static(0.0, "share that a running average of the weights, which then feeds the memory, "
                                        "keeps at a step; 0 for none", within="[0, 1)")
    width: int = static(256, "hidden neurons", within="[1, 16384]")
    depth: int = static(1, "hidden layers", within="[1, 8]")
    learning_rate: float = traced(0.02, "step length", within="[0, inf)")
    momentum: float = traced(0.9, "share of the last step that the next one keeps", within="[0, 1)")
    weight_decay: float = traced(0.0, "weight of half the squared weights in the loss", within="[0, inf)")
    batch_size: int = static(50, "examples in a step", within="[1, inf)")
    early_epoch: int = traced(10, "epoch at which the early loss and margin are taken", within="[1, inf)")
    records: bool = static(False, "keep answer, loss and margin of every example at every recorded epoch")

    clock = "epoch"
    ticks = 200
    variables = {
        "test_accuracy": Variable((), "1", "share of held-out examples answered right"),
        "oracle_test_accuracy": Variable((), "1", "highest test accuracy up to this epoch: an oracle, chosen by "
                                                  "looking at the test labels"),
        "train_accuracy": Variable((), "1", "share of training examples answered as their given label"),
        "clean_accuracy": Variable((), "1", "share of true labels answered right"),
        "clean_wrong_fraction": Variable((), "1", "share of true labels answered wrong"),
        "restored_fraction": Variable((), "1", "share of false labels whose example is given its true class"),
        "memorised_fraction": Variable((), "1", "share of false labels answered as given"),
        "neither_fraction": Variable((), "1", "share of false labels whose example is given neither class"),
        "train_loss": Variable((), "nat", "mean cross-entropy with the given labels"),
        "test_loss": Variable((), "nat", "mean cross-entropy on held-out examples"),
        "realised_noise": Variable((), "1", "share of training labels that are false"),
        "answer": Variable(("example",), "class", "what an example is answered"),
        "loss": Variable(("example",), "nat", "cross-entropy with an example's given label"),
        "margin": Variable(("example",), "1", "logit of the given label less the largest other"),
        "picture": Variable(("example",), "1", "place of an example in the data set"),
        "truth": Variable(("example",), "class", "true label"),
        "given": Variable(("example",), "class", "given label"),
        "false_label": Variable(("example",), "1", "whether the given label is false"),
        "target_class": Variable(("example",), "class", "the class that the memory of an example names"),
        "first_learned": Variable(("example",), "epoch", "first epoch at which the given label is answered, -1 if none"),
        "forgetting_events": Variable(("example",), "1", "how often the given label was answered, and then not"),
        "mean_margin": Variable(("example",), "1", "area under the margin: its mean over epochs"),
        "early_margin": Variable(("example",), "1", "its mean up to the early epoch"),
        "early_loss": Variable(("example",), "nat", "loss at the early epoch"),
        "last_loss": Variable(("example",), "nat", "loss at the last epoch"),
        "detection_auc": Variable(("score",), "1", "chance that a false label scores higher than a true one"),
        "relabel_precision": Variable((), "1", "share of labels with which the memory disagrees that are false"),
        "relabel_recall": Variable((), "1", "share of false labels with which the memory disagrees"),
    }

    def coords(self) -> dict:
        return {"score": np.array(detection.SCORES)}

    def check(self) -> None:
        super().check()
        about = OBJECTIVES[self.objective]
        if self.strength != -1 and not inside(float(self.strength), about.within):
            raise wrong("strength", self.strength, f"a number in {about.within} for {self.objective} ({about.meaning}), "
                                                   f"or -1 for {about.strength:g}")
        size = digits.SIZES[self.dataset]
        if self.held_out >= size:
            raise wrong("held_out", self.held_out, f"less than the {size} of {self.dataset}, some of which are for training")
        if self.examples + self.held_out > size:
            raise wrong("examples", self.examples, f"at most {size - self.held_out}: {self.dataset} has {size}, "
                                                   f"of which {self.held_out} are held out")
        if self.batch_size > self.examples:
            raise wrong("batch_size", self.batch_size, f"at most the {self.examples} examples")

    def data(self):
        return digits.load(self.dataset)

    def world(self, keys, shared):
        order = jax.random.permutation(keys["data"], len(shared.y))[: self.examples + self.held_out]
        train, test = order[: self.examples], order[self.examples:]
        truth = shared.y[train]
        given = corrupt(keys, self.noise_kind, self.noise, shared.x[train], truth, CLASSES)
        return World(shared.x, shared.y, train, test, given, given != truth)

    def init(self, keys, world):
        def one(m):
            key = jax.random.fold_in(keys["init"], m)
            params = classifier.initial(key, world.x.shape[1], self.width, CLASSES, self.depth)
            return Network(params, params if self.weight_average else (), self._optimiser().init(params),
                           jnp.zeros((self.examples, CLASSES)))

        networks = tuple(one(m) for m in range(self.networks))
        return State(networks, record.begin(*self.seen(networks, world)))

    def step(self, state, world, t, key):
        order, noise = jax.random.split(key)
        batches = self.examples // self.batch_size
        rows = jax.random.permutation(order, self.examples)[: batches * self.batch_size].reshape(batches, -1)

        def batch(networks, drawn):
            rows, key = drawn
            return tuple(self.update(networks, m, world, rows, key) for m in range(self.networks)), None

        networks, _ = jax.lax.scan(batch, state.networks, (rows, jax.random.split(noise, batches)))
        return State(networks, record.renew(state.record, *self.seen(networks, world), self.early_epoch))

    def measure(self, state, world):
        known, truth = state.record, world.y[world.train]
        as_given, truly = known.answer == world.given, known.answer == truth
        seen = {
            "test_accuracy": known.test_accuracy, "oracle_test_accuracy": known.oracle,
            "train_accuracy": as_given.mean(), "train_loss": known.loss.mean(), "test_loss": known.test_loss,
            "clean_accuracy": share(truly, ~world.false), "clean_wrong_fraction": share(~truly, ~world.false),
            "restored_fraction": share(truly, world.false), "memorised_fraction": share(as_given, world.false),
            "neither_fraction": share(~truly & ~as_given, world.false),
        }
        if self.records:
            seen |= {"answer": known.answer, "loss": known.loss, "margin": known.margin}
        return seen

    def examine(self, state, world):
        given, false = np.asarray(world.given), np.asarray(world.false)
        known = record.per_example(state.record, self.early_epoch)
        named = np.asarray(sum(network.target for network in state.networks)).argmax(1).astype(np.int32)
        scores = detection.scores(known)
        precision, recall = detection.precision_recall(named != given, false)
        return known | {
            "picture": np.asarray(world.train), "truth": np.asarray(world.y)[np.asarray(world.train)], "given": given,
            "false_label": false, "target_class": named, "realised_noise": false.mean(),
            "detection_auc": np.array([detection.area(scores[name], false) for name in detection.SCORES]),
            "relabel_precision": np.array(precision), "relabel_recall": np.array(recall)}

    # The pieces.

    def update(self, networks, m: int, world, rows, key) -> Network:
        """Network m after one batch (R,): its memory of these examples is updated before its loss is computed."""
        own, other = networks[m], networks[(m + 1) % self.networks]
        x, given = world.x[world.train[rows]], jax.nn.one_hot(world.given[rows], CLASSES)
        if self.objective == "mixup":
            x, given = mix(key, self._strength(), x, given)
        source = other.average if self.weight_average else other.params
        apart = source is not own.params
        fed = answers(classifier.logits(source, x)) if apart else None

        def objective(params):
            logits = classifier.logits(params, x)
            now = fed if apart else jax.lax.stop_gradient(answers(logits))
            memory = self.target_momentum * own.target[rows] + (1 - self.target_momentum) * now
            return OBJECTIVES[self.objective].loss(logits, given, memory, self._strength()).mean(), memory

        gradient, memory = jax.grad(objective, has_aux=True)(own.params)
        updates, momentum = self._optimiser().update(gradient, own.momentum, own.params)
        params = optax.apply_updates(own.params, updates)
        average = optax.incremental_update(params, own.average, 1 - self.weight_average) if self.weight_average else ()
        return Network(params, average, momentum, own.target.at[rows].set(memory))

    def outputs(self, networks, x) -> jax.Array:
        """Logits (R, C); for two networks, the logarithm of their mean answer."""
        each = [classifier.logits(network.params, x) for network in networks]
        return each[0] if len(each) == 1 else jnp.log(sum(map(jax.nn.softmax, each)) / len(each))

    def seen(self, networks, world) -> tuple:
        """What a record is made from: logits and labels, for the training examples (labels as given) and the held-out ones."""
        return (self.outputs(networks, world.x[world.train]), world.given,
                self.outputs(networks, world.x[world.test]), world.y[world.test])

    def _strength(self):
        return jnp.where(self.strength < 0, OBJECTIVES[self.objective].strength, self.strength)

    def _optimiser(self):
        return sgd(self.learning_rate, self.momentum, self.weight_decay)
