"""Rows of a table by their indices: an embedding, or a product with one-hot vectors written as what it is.

Shape letters: K rows of the table, D width.
"""

import jax


def look_up(table: jax.Array, index: jax.Array) -> jax.Array:
    """The rows of a table (K, D) at indices (...) below K: (..., D).

    On an accelerator it is the product with one-hot vectors after all, which gives the same numbers: the gradient of a
    look-up adds many rows into one, and an accelerator does that either in a varying order or one row after another.

    >>> import jax.numpy as jnp
    >>> look_up(jnp.arange(6.0).reshape(3, 2), jnp.array([2, 0])).tolist()
    [[4.0, 5.0], [0.0, 1.0]]
    """
    if jax.default_backend() == "cpu":
        return table.at[index].get(mode="promise_in_bounds")
    return jax.nn.one_hot(index, len(table), dtype=table.dtype) @ table
