"""Methods that hold weights, or answers, where they were: EWC, SI, L2 and LwF.

The first three are one quadratic, (strength / 2) sum_k sum_i F_ki (theta_i - theta_ki)^2 over the tasks k
learned so far, whose gradient is strength (A theta - B) with A = sum_k F_k and B = sum_k F_k theta_k: two
trees, however many tasks. Shape letters: R rows, F features, C classes, P parameters.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from mini.models import classifier
from mini.studies.schedules.method import Batch, Method, Settings, Task, kept, loss, plain

FISHER_ROWS = 200
DAMPING = 0.1  # xi of SI, the published value
TEMPERATURE = 2.0  # of LwF, the published value


class Quadratic(NamedTuple):
    """A and B of the module docstring, with the shapes of the parameters."""

    weight: Any
    pull: Any


def start(params) -> Quadratic:
    return Quadratic(optax.tree.zeros_like(params), optax.tree.zeros_like(params))


def add(old: Quadratic, importance, params, keep=1.0) -> Quadratic:
    """One more task held at `params`; of what was held before, a share `keep` remains."""
    weight = jax.tree.map(lambda a, f: keep * a + f, old.weight, importance)
    return Quadratic(weight, jax.tree.map(lambda b, f, p: keep * b + f * p, old.pull, importance, params))


def pull(held: Quadratic, params, strength):
    """The gradient strength (A theta - B)."""
    return jax.tree.map(lambda a, b, p: strength * (a * p - b), held.weight, held.pull, params)


def pulled(settings: Settings, memory, params, batch: Batch):
    """The gradient of cross-entropy plus that of the quadratic, and the former alone."""
    gradient, _ = plain(settings, memory, params, batch)
    held = memory.held if isinstance(memory, Path) else memory
    return jax.tree.map(jnp.add, gradient, pull(held, params, settings.strength)), gradient


def fisher(params, x: jax.Array):
    """The diagonal of the Fisher information: (d log p_c / d theta)^2, averaged over rows and over the model's own answers.

    Exact, and example by example: with J_c the gradient of logit c, it is sum_c p_c J_c^2 - (sum_c p_c J_c)^2, and in
    a layer J_c is the input times the slope at its output, so that two products give the squares for all examples. The
    square of a batch's mean gradient, common in public code, is something else (Kunstner and others 2019).

    Args:
      params: of a classifier, with a bias and a kernel for each layer. x: (R, F). Returns a tree like `params`.
    """
    leaves, tree = jax.tree.flatten(params)
    layers = list(zip(leaves[0::2], leaves[1::2]))

    def forward(taps):
        inputs, h = [], x
        for (bias, kernel), tap in zip(layers, taps):
            inputs.append(h)
            z = h @ kernel + bias[None] + tap
            h = jax.nn.relu(z)
        return z, inputs

    logits, back, inputs = jax.vjp(forward, [jnp.zeros((len(x), len(bias))) for bias, _ in layers], has_aux=True)
    p = jax.nn.softmax(logits)
    slopes = jax.vmap(lambda one: back(jnp.broadcast_to(one[None], p.shape))[0])(jnp.eye(p.shape[1]))
    found = []
    for h, d in zip(inputs, slopes):
        variance = jnp.einsum("rc,cro->ro", p, jnp.square(d)) - jnp.square(jnp.einsum("rc,cro->ro", p, d))
        variance = jnp.maximum(variance, 0) / len(x)
        found += [variance.sum(0), jnp.square(h).T @ variance]
    return jax.tree.unflatten(tree, found)


def ewc(keep: float) -> Method:
    """Elastic weight consolidation, separate (keep 1: each task is held where it was) or online (one running Fisher,
    held at the latest weights): Kirkpatrick and others 2017, eq. 3; Schwarz and others 2018, section 4."""
    def learned(settings, memory, params, task: Task):
        importance = fisher(params, task.x[:FISHER_ROWS])
        if keep == 1.0:
            return add(memory, importance, params)
        weight = jax.tree.map(lambda a, f: keep * a + f, memory.weight, importance)
        return Quadratic(weight, jax.tree.map(jnp.multiply, weight, params))

    return Method(10.0, "weight of half the squared changes by Fisher information",
                  lambda settings, params: start(params), gradient=pulled, learned=learned)


def l2_learned(settings, memory, params, task):
    return Quadratic(jax.tree.map(jnp.ones_like, params), params)


class Path(NamedTuple):
    """What synaptic intelligence carries."""

    held: Quadratic
    work: Any  # -sum of gradient times change, over this phase
    origin: Any  # the parameters when it began


def walk(work, gradient, old, new):
    """The path integral after one step: for each parameter, minus its gradient times its change is added.

    Summed over parameters and small steps, this is the fall in the loss.
    """
    return jax.tree.map(lambda w, g, a, b: w - g * (b - a), work, gradient, old, new)


def si_phase(settings, memory: Path, params):
    return Path(memory.held, optax.tree.zeros_like(params), params)


def si_after(settings, memory: Path, old, new, batch: Batch, gradient):
    return memory._replace(work=walk(memory.work, gradient, old, new))


def si_learned(settings, memory: Path, params, task):
    """Importance work / (change^2 + xi), doubled, as the paper's penalty has no half (Zenke and others 2017, eq. 4, 5)."""
    importance = jax.tree.map(lambda w, a, b: 2 * jnp.maximum(w, 0) / (jnp.square(b - a) + DAMPING),
                              memory.work, memory.origin, params)
    weight = jax.tree.map(jnp.add, memory.held.weight, importance)
    return Path(Quadratic(weight, jax.tree.map(jnp.multiply, weight, params)), memory.work, memory.origin)


class Teacher(NamedTuple):
    """What learning without forgetting carries: the network before this phase, and the classes it knew."""

    params: Any
    known: jax.Array  # (C,)


def distillation(logits: jax.Array, teacher: jax.Array, known: jax.Array) -> jax.Array:
    """T^2 KL(teacher || network), softened by T, over the classes known before; (R, C) twice -> scalar.

    0 where none was known (Li and Hoiem 2016, eq. 2; Hinton and others 2015 for T^2).

    >>> z = jnp.array([[1.0, 2.0, 3.0]])
    >>> float(distillation(z, z, jnp.ones(3, bool))), float(distillation(z, -z, jnp.zeros(3, bool)))
    (0.0, 0.0)
    """
    def log_answers(z):
        return jax.nn.log_softmax(jnp.where(known[None], z / TEMPERATURE, -1e9))

    theirs, ours = log_answers(teacher), log_answers(logits)
    each = jnp.where(known[None], jnp.exp(theirs) * (theirs - ours), 0.0).sum(-1)
    return jnp.where(known.any(), TEMPERATURE**2 * each.mean(), 0.0)


def lwf_gradient(settings: Settings, memory: Teacher, params, batch: Batch):
    def objective(params):
        drift = distillation(classifier.logits(params, batch.x), classifier.logits(memory.params, batch.x), memory.known)
        return loss(params, batch.x, batch.y) + settings.strength * drift

    return jax.grad(objective)(params), ()


METHODS = {
    "none": Method(),
    "l2": Method(0.1, "weight of half the squared changes since the last phase",
                 lambda settings, params: start(params), gradient=pulled, learned=l2_learned),
    "ewc": ewc(1.0),
    "ewc-online": ewc(0.95),
    "si": Method(1.0, "weight of the squared changes by what they were worth",
                 lambda settings, params: si_phase(settings, Path(start(params), (), ()), params),
                 si_phase, pulled, si_after, si_learned),
    "lwf": Method(1.0, "weight of staying with the answers of the network before this phase",
                  lambda settings, params: Teacher(params, jnp.zeros(settings.classes, bool)), gradient=lwf_gradient,
                  after=kept, learned=lambda settings, memory, params, task: Teacher(params, task.known)),
}
