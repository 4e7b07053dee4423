"""What an n-gram model gives up, having counted the very rows that the network was trained on."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from mini.models import ngram
from mini.studies.extraction import items
from mini.studies.extraction.items import SUFFIX, WINDOW
from mini.tasks import corpus
from mini.tasks.canaries import LENGTH, PREFIX, SECRET

ORDER = 7  # contexts of up to six bytes


@partial(jax.jit, static_argnames="count")
def _rows(point, world, count: int) -> jax.Array:
    return jax.lax.map(lambda t: point.rows(world, t * point.batch_size + jnp.arange(point.batch_size)), jnp.arange(count))


def rows(point, world) -> np.ndarray:
    """Every row of the training, (steps B, T) uint8."""
    return np.asarray(_rows(point, world, point.steps)).reshape(-1, point.length)


def ngram_extraction(point, world) -> dict:
    """Which windows and canaries the n-gram model gives up, given the same prompts."""
    model = ngram.fit(rows(point, world), corpus.VOCABULARY, ORDER)
    secrets, _ = items.layout(point)
    named = np.asarray(world.items.text)[:secrets, :LENGTH]
    windows = items.passages_of(point, world.items)
    log, right = _suffix(model, windows, WINDOW - SUFFIX, SUFFIX)
    _, known = _suffix(model, named, PREFIX, SECRET)
    shape = items.by_window(point)
    return {"rival_extracted": right.reshape(shape).astype(np.float32), "rival_log_prob": log.reshape(shape),
            "rival_canary_extracted": known.reshape(len(items.COPIES), -1).astype(np.float32)}


def _suffix(model, texts: np.ndarray, start: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Log-probability of each suffix, and whether each of its bytes is the likeliest; contexts reach `ORDER` - 1 bytes back."""
    part = texts[:, max(start - ORDER, 0): start + count].astype(int)
    p = ngram.probabilities(model, part[:, :-1])[:, -count:]
    target = part[:, -count:]
    chosen = np.take_along_axis(p, target[..., None], -1)[..., 0]
    return np.log(chosen).sum(1).astype(np.float32), (p.argmax(-1) == target).all(1)
