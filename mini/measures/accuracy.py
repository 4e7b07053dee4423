"""Shares of right answers. Shape letters: R rows."""

import jax
import jax.numpy as jnp


def share(right: jax.Array, among: jax.Array) -> jax.Array:
    """Share of `right` among the rows marked, both (R,) booleans; NaN where none is marked.

    >>> float(share(jnp.array([True, False, True]), jnp.array([True, True, False])))
    0.5
    """
    count = among.sum()
    return jnp.where(count > 0, (right & among).sum() / jnp.maximum(count, 1), jnp.nan)


def phase(train, test, corruption) -> str:
    """The regime of a network trained on corrupted labels, from its two accuracies.

    Test at least 90%: coexistence (train at least 90%), partial inversion (train at least
    100(1.05 - xi)%), else full inversion. Test below 90%: memorisation, or forgetting / confusion
    (Doshi and others 2024, table 2).

    >>> phase(0.98, 0.98, 0.35), phase(0.65, 1.0, 0.35), phase(1.0, 0.2, 0.35)
    ('coexistence', 'full inversion', 'memorisation')
    """
    if test >= 0.9:
        if train >= 0.9:
            return "coexistence"
        return "partial inversion" if train >= 1.05 - corruption else "full inversion"
    return "memorisation" if train >= 0.9 else "forgetting"
