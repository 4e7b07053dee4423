"""What is known about each example, updated at the end of every epoch. Shape letters: N training examples, C classes."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax


class Record(NamedTuple):
    epochs: jax.Array  # how many are finished
    answer: jax.Array  # (N,) what each example is answered now
    loss: jax.Array  # (N,) cross-entropy with its given label
    margin: jax.Array  # (N,) logit of the given label less the largest other
    margins: jax.Array  # (N,) sum of the margins after each epoch
    early_loss: jax.Array  # (N,) the loss at the early epoch; until then, the latest loss
    early_margins: jax.Array  # (N,) sum of margins up to the early epoch
    first: jax.Array  # (N,) the first epoch at which the given label was answered, -1 if none yet
    forgotten: jax.Array  # (N,) how often it was answered at one epoch and not at the next
    test_accuracy: jax.Array
    test_loss: jax.Array
    oracle: jax.Array  # the highest test accuracy so far


def begin(logits: jax.Array, given: jax.Array, test_logits: jax.Array, test_labels: jax.Array) -> Record:
    """The record of an untrained network."""
    n = len(given)
    zero, none = jnp.zeros(n), jnp.zeros(n, jnp.int32)
    blank = Record(jnp.int32(-1), none, zero, zero, zero, zero, zero, none - 1, none, jnp.zeros(()), jnp.zeros(()),
                   jnp.zeros(()))
    return renew(blank, logits, given, test_logits, test_labels, jnp.int32(1))


def renew(old: Record, logits: jax.Array, given: jax.Array, test_logits: jax.Array, test_labels: jax.Array,
          early_epoch: jax.Array) -> Record:
    """The record after one more epoch; logits (N, C) of the training examples and of the held-out ones."""
    epochs = old.epochs + 1
    answer = logits.argmax(-1).astype(jnp.int32)
    right, before = answer == given, old.answer == given
    loss, margin = _cross_entropy(logits, given), _margin(logits, given)
    trained = (epochs > 0).astype(margin.dtype)  # the untrained margin belongs to no epoch
    early = (epochs <= early_epoch).astype(margin.dtype)
    test_accuracy = (test_logits.argmax(-1) == test_labels).mean()
    return Record(
        epochs, answer, loss, margin,
        margins=old.margins + trained * margin,
        early_loss=jnp.where(epochs <= early_epoch, loss, old.early_loss),
        early_margins=old.early_margins + trained * early * margin,
        first=jnp.where((old.first < 0) & right, epochs, old.first),
        forgotten=old.forgotten + (before & ~right & (epochs > 0)),
        test_accuracy=test_accuracy,
        test_loss=_cross_entropy(test_logits, test_labels).mean(),
        oracle=jnp.maximum(old.oracle, test_accuracy))


def per_example(record: Record, early_epoch: int) -> dict[str, np.ndarray]:
    """The final record, on the host, under the names used in the results."""
    r = Record(*map(np.asarray, record))
    epochs = max(int(r.epochs), 1)
    return {"first_learned": r.first, "forgetting_events": r.forgotten, "mean_margin": r.margins / epochs,
            "early_margin": r.early_margins / min(epochs, int(early_epoch)), "early_loss": r.early_loss,
            "last_loss": r.loss}


def _cross_entropy(logits, labels):
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels)


def _margin(logits, given):
    own = jax.nn.one_hot(given, logits.shape[-1], dtype=bool)
    return jnp.where(own, logits, -jnp.inf).max(-1) - jnp.where(own, -jnp.inf, logits).max(-1)
