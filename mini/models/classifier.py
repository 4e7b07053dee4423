"""A fully connected classifier of feature vectors, the network of the studies on digits and mixtures.

    f(x) = W_L relu(... relu(W_1 x + b_1) ...) + b_L,   W ~ N(0, 2 / fan-in), b = 0 at the start.

Shape letters: R rows (examples), F features, C classes.
"""

import itertools

import jax
from flax import nnx


class Classifier(nnx.Module):
    """The network.

    Args:
      features: F. width: of each hidden layer. classes: C. depth: hidden layers; 0 is linear.

    >>> import jax.numpy as jnp
    >>> Classifier(64, 32, 10, rngs=nnx.Rngs(0))(jnp.zeros((5, 64))).shape
    (5, 10)
    """

    def __init__(self, features: int, width: int, classes: int, depth: int = 1, *, rngs: nnx.Rngs):
        sizes = [features, *[width] * depth, classes]
        self.layers = nnx.List([
            nnx.Linear(a, b, kernel_init=nnx.initializers.he_normal(), rngs=rngs)
            for a, b in itertools.pairwise(sizes)])

    def __call__(self, x: jax.Array) -> jax.Array:
        """Logits (R, C) of the rows (R, F)."""
        *hidden, last = self.layers
        for layer in hidden:
            x = jax.nn.relu(layer(x))
        return last(x)


def initial(key: jax.Array, features: int, width: int, classes: int, depth: int = 1):
    """The parameters of an untrained classifier, as a pure tree."""
    return nnx.state(Classifier(features, width, classes, depth, rngs=nnx.Rngs(key)), nnx.Param)


def logits(params, x: jax.Array) -> jax.Array:
    """Logits (R, C) of the rows (R, F) under a tree of parameters, whose shapes determine the network.

    >>> import jax.numpy as jnp
    >>> logits(initial(jax.random.key(0), 4, 8, 3), jnp.zeros((2, 4))).shape
    (2, 3)
    """
    kernels = [layer["kernel"][...].shape for _, layer in sorted(params["layers"].items())]
    (features, width), classes, depth = kernels[0], kernels[-1][1], len(kernels) - 1
    graph = nnx.graphdef(nnx.eval_shape(lambda: Classifier(features, width, classes, depth, rngs=nnx.Rngs(0))))
    return nnx.merge(graph, params, copy=True)(x)
