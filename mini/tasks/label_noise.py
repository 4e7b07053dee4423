"""False labels of several kinds, at a rate that is always reported as it was realised.

Shape letters: N examples, F features, C classes.
"""

import jax
import jax.numpy as jnp

KINDS = ("symmetric", "uniform", "asymmetric", "alternate", "instance")


def corrupt(keys, kind: str, rate, x: jax.Array, y: jax.Array, classes: int) -> jax.Array:
    """Given labels (N,), of which round(rate N) were drawn to be replaced (streams `noise`, `labels`).

    - symmetric: by one of the other classes, so that all of them are false;
    - uniform: by any class, the true one included, so that 1/C of them stay right (what the code of many
      papers does, so that their "40%" is 36%);
    - asymmetric: by the class after it, y + 1 modulo C;
    - alternate: the same in every second class, while the others stay true, so that half of the rate becomes false (as in
      the code of Liu and others 2020, where 40% asymmetric noise is in 5 of CIFAR-10's 10 classes);
    - instance: by the other class that it looks most like, the likelier the more alike they look (see `lookalikes`).

    A higher rate with the same seed replaces a superset. Compare with y for the rate realised.

    >>> from mini.experiment import Keys
    >>> y = jnp.arange(1000) % 10
    >>> given = corrupt(Keys(0, {}), "symmetric", 0.3, jnp.zeros((1000, 2)), y, 10)
    >>> int((given != y).sum())
    300
    """
    chosen = rate * len(y)
    luck = jax.random.uniform(keys["noise"], y.shape, minval=1e-6, maxval=1.0)
    other = {
        "symmetric": lambda: (y + jax.random.randint(keys["labels"], y.shape, 1, classes, y.dtype)) % classes,
        "uniform": lambda: jax.random.randint(keys["labels"], y.shape, 0, classes, y.dtype),
        "asymmetric": lambda: (y + 1) % classes,
        "alternate": lambda: jnp.where(y % 2 == 0, (y + 1) % classes, y),
        "instance": lambda: lookalikes(x, y, classes)[0],
    }[kind]()
    if kind == "instance":  # the largest of Gumbel-shifted scores: drawn without replacement, by score
        luck = -(lookalikes(x, y, classes)[1] - jnp.log(-jnp.log(luck)))
    rank = jnp.argsort(jnp.argsort(luck))
    return jnp.where(rank < jnp.round(chosen).astype(rank.dtype), other, y)


def lookalikes(x: jax.Array, y: jax.Array, classes: int) -> tuple[jax.Array, jax.Array]:
    """The other class whose mean is nearest to each example, (N,), and how alike they are, (N,), as a log-weight.

    Likeness is (d_own - d_other) over its standard deviation, times 2: an example one deviation
    nearer to the other class's mean is chosen about e^2 times as often.
    """
    member = jax.nn.one_hot(y, classes, dtype=x.dtype)  # (N, C)
    means = (member.T @ x) / jnp.maximum(member.sum(0), 1)[:, None]  # (C, F)
    distance = jnp.linalg.norm(x[:, None] - means[None], axis=-1)  # (N, C)
    own = (distance * member).sum(1)
    others = jnp.where(member > 0, jnp.inf, distance)
    alike = own - others.min(1)
    return others.argmin(1).astype(y.dtype), 2 * alike / jnp.maximum(alike.std(), 1e-6)
