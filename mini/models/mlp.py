"""The two-layer network that learns modular arithmetic, and its closed-form solution.

    f(a, b) = W phi(U e_a + V e_b),   phi(x) = x^2 or ReLU,

without biases (Gromov 2023; Doshi and others 2024, eq. 1), initialised from N(0, (16 N)^(-2/3)) (Doshi, appendix A).
Products with one-hot vectors are written as look-ups of rows, which is what they are.

On a CPU the rows are taken in blocks that stay in a core's cache, and the hidden layer is recomputed
in the backward pass rather than kept: the same function, with less to fetch from memory.

Shape letters: R rows (pairs), K classes, N hidden neurons, B rows of a block.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from mini.models.look_up import look_up

ACTIVATIONS = {"square": jnp.square, "relu": jax.nn.relu}
BLOCK = 2**18  # numbers in the hidden layer of one block, 1 MiB


class ModularMLP(nnx.Module):
    """The network; dropout acts before the activation, batch normalisation after it (Doshi and others, eq. 5).

    Args:
      p: residues, hence classes. width: hidden neurons. depth: hidden layers.
      activation: square or relu. dropout: share dropped. batch_norm: whether to normalise.
    """

    def __init__(self, p: int, width: int, depth: int = 1, activation: str = "square",
                 dropout: float = 0.0, batch_norm: bool = False, *, rngs: nnx.Rngs):
        std = (16 * width) ** (-1 / 3)

        def normal(rows, columns, scale):
            return nnx.Param(scale * jax.random.normal(rngs.params(), (rows, columns)))

        self.u = normal(p, width, std)  # (K, N)
        self.v = normal(p, width, std)  # (K, N)
        self.deeper = nnx.List([normal(width, width, width**-0.5) for _ in range(depth - 1)])
        self.w = normal(width, p, std)  # (N, K)
        self.phi = ACTIVATIONS[activation]
        self.dropout = nnx.Dropout(dropout) if dropout else None
        self.norm = nnx.BatchNorm(width, momentum=0.9, rngs=rngs) if batch_norm else None

    def __call__(self, a: jax.Array, b: jax.Array, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Logits (R, K) of the pairs (a, b), each (R,); `rngs` are given when training."""
        if self.dropout is None and self.norm is None:  # then the rows are independent
            return _in_blocks(self._logits, a, b, self.u.shape[1])
        return self._logits(a, b, rngs)

    def _logits(self, a, b, rngs=None):
        x = look_up(self.u[...], a) + look_up(self.v[...], b)  # (R, N)
        if self.dropout is not None:
            x = self.dropout(x, deterministic=rngs is None, rngs=rngs)
        x = self.phi(x)
        for matrix in self.deeper:
            x = self.phi(x @ matrix[...])
        if self.norm is not None:
            x = self.norm(x, use_running_average=rngs is None)
        return x @ self.w[...]


def _in_blocks(logits: Callable, a: jax.Array, b: jax.Array, width: int) -> jax.Array:
    """`logits(a, b)`, block by block where the hidden layer (R, N) is larger than one block."""
    rows = len(a)
    count = -(-rows * width // BLOCK) if jax.default_backend() == "cpu" else 1
    if count == 1:
        return logits(a, b)
    size = -(-rows // count)
    a, b = (jnp.pad(x, (0, count * size - rows)).reshape(count, size) for x in (a, b))  # (R / B, B)
    blocks = jax.lax.map(jax.checkpoint(lambda pair: logits(*pair)), (a, b))  # (R / B, B, K)
    return blocks.reshape(count * size, -1)[:rows]


def closed_form(key: jax.Array, p: int, width: int, matched: bool = True) -> ModularMLP:
    """Weights that add modulo p without any training (Gromov 2023; Doshi and others 2024, eq. 2).

        U_ka = A cos(2 pi s_k a / p + phi_k),   V_kb = A cos(2 pi s_k b / p + psi_k),
        W_qk = A cos(2 pi s_k q / p + phi_k + psi_k),   A = (2 / N)^(1/3),

    with the frequencies s_k spread evenly over 1, ..., (p - 1) / 2 and uniform phases. The paper
    prints A with exponent -1/3; only +1/3 gives outputs of size one (the answer is the same). The
    mean squared error is about 4 / N, from the terms that carry phases.

    Args:
      matched: whether W's phase is the sum of the other two; if not, it is drawn independently.
    """
    if p % 2 == 0 or p < 3:
        raise ValueError(f"p: got {p}, takes an odd modulus from 3 on")
    s = np.resize(np.arange(1, (p + 1) // 2), width)  # (N,)
    phases = jax.random.uniform(key, (3, width), minval=-np.pi, maxval=np.pi)
    phi, psi = phases[0], phases[1]
    chi = phi + psi if matched else phases[2]
    angle = jnp.asarray(2 * np.pi * np.outer(np.arange(p), s) / p, jnp.float32)  # (K, N)
    size = (2 / width) ** (1 / 3)
    model = ModularMLP(p, width, rngs=nnx.Rngs(0))
    model.u[...] = size * jnp.cos(angle + phi[None])
    model.v[...] = size * jnp.cos(angle + psi[None])
    model.w[...] = size * jnp.cos(angle + chi[None]).T
    return model
