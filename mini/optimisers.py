"""How it is minimised: optax chains built from traced numbers.

All but plain gradient descent are AdamW at their core, with decoupled decay: a step multiplies every weight by 1 - lr * wd.
"""

import jax
import jax.numpy as jnp
import optax


def grokfast(alpha: float = 0.98, strength: float = 2.0) -> optax.GradientTransformation:
    """Amplify the slow part of the gradient: g + strength * ema_alpha(g) (Lee and others 2024, alg. 2).

    The average starts from zero and is not debiased. Here the sum is divided by 1 + strength, so that a gradient that never
    changes comes out as it went in. Training with Adam is the same with or without this: its steps do not depend on the
    gradient's scale.

    >>> tx = grokfast(0.5, 1.0)
    >>> g, _ = tx.update(jnp.ones(1), tx.init(jnp.zeros(1)))
    >>> float(g[0])
    0.75
    """

    def init(params):
        return jax.tree.map(jnp.zeros_like, params)

    def update(updates, slow, params=None):
        del params
        slow = jax.tree.map(lambda m, g: alpha * m + (1 - alpha) * g, slow, updates)
        return jax.tree.map(lambda g, m: (g + strength * m) / (1 + strength), updates, slow), slow

    return optax.GradientTransformation(init, update)


def orthogonal_gradient() -> optax.GradientTransformation:
    """Remove from each tensor's gradient its part along the weights: g - (g.w / w.w) w.

    Weights then cannot lower the loss by growing alone (Prieto and others 2025, section 5).

    >>> tx = orthogonal_gradient()
    >>> g, _ = tx.update(jnp.array([1.0, 1.0]), tx.init(None), jnp.array([0.0, 2.0]))
    >>> g.tolist()
    [1.0, 0.0]
    """

    def update(updates, state, params):
        def project(g, w):
            return g - w * (jnp.vdot(g, w) / jnp.maximum(jnp.vdot(w, w), 1e-30))

        return jax.tree.map(project, updates, params), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def sgd(learning_rate, momentum, weight_decay=0.0) -> optax.GradientTransformation:
    """Gradient descent with momentum; the decay is a term weight_decay |w|^2 / 2 in the loss."""
    return optax.chain(optax.add_decayed_weights(weight_decay), optax.sgd(learning_rate, momentum))


def optimiser(name: str, learning_rate, weight_decay) -> optax.GradientTransformation:
    """AdamW with betas (0.9, 0.98), after the filter that the name asks for."""
    core = optax.adamw(learning_rate, b1=0.9, b2=0.98, weight_decay=weight_decay)
    return FILTERS[name](core)


def warm_up(t, steps):
    """The share of the learning rate at tick t while it rises: min((t + 1) / steps, 1).

    >>> [float(warm_up(t, 4)) for t in (0, 1, 3, 9)], float(warm_up(0, 0))
    ([0.25, 0.5, 1.0, 1.0], 1.0)
    """
    return jnp.minimum((t + 1) / jnp.maximum(steps, 1), 1.0)


def cosine(t, steps):
    """The share of the learning rate at tick t while it falls to a tenth: 0.55 + 0.45 cos(pi min(t / steps, 1)).

    The same as `optax.cosine_decay_schedule`, which does not accept a traced number of steps.

    >>> [round(float(cosine(t, 4)), 2) for t in (0, 2, 4, 9)]
    [1.0, 0.55, 0.1, 0.1]
    """
    return 0.55 + 0.45 * jnp.cos(jnp.pi * jnp.minimum(t / steps, 1.0))


FILTERS = {
    "adamw": lambda core: core,
    "grokfast": lambda core: optax.chain(grokfast(), core),
    "orthogonal": lambda core: optax.chain(orthogonal_gradient(), core),
}
