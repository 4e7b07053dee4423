"""What is measured: how a model predicts the items, natural lines and files that were never read.

A `point` is an `Extraction`; `say` maps tokens (B, T) to logits (B, T, V). Shape letters as in `experiment`: G numbers of
copies, C canaries, K kinds, W windows, R references; m bytes of a suffix.
"""

from collections.abc import Callable

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np

from mini.measures import extraction
from mini.studies.extraction import learners
from mini.studies.extraction.items import (
    CONTEXTS,
    COPIES,
    LINE,
    LINES,
    NATURAL,
    SUFFIX,
    WINDOW,
    Items,
    by_window,
    layout,
    passages_of,
)
from mini.tasks import canaries, corpus
from mini.tasks.canaries import PREFIX, SECRET

SLICES = 64  # of held-out text, on which the loss is measured


def of_windows(point, say: Callable, world) -> dict:
    """Windows from each context, natural lines, and the loss on files never trained on, in one forward pass."""
    secrets, passages = layout(point)
    windows = world.items.text[secrets: secrets + passages, :WINDOW]
    ahead = WINDOW - SUFFIX
    asked = [jnp.pad(windows[:, ahead - k:], ((0, 0), (0, ahead - k))) for k in CONTEXTS]
    lines = jnp.pad(world.text.natural.reshape(-1, LINE), ((0, 0), (0, WINDOW - LINE)))
    starts = np.linspace(0, len(world.text.held) - WINDOW, SLICES).astype(int)
    held = world.text.held[starts[:, None] + np.arange(WINDOW)]
    tokens = jnp.concatenate([*asked, lines, held])
    place = np.arange(WINDOW)
    counted = np.repeat([(place >= k) & (place < k + SUFFIX) for k in (*CONTEXTS, LINE - SUFFIX)],
                        [passages] * len(CONTEXTS) + [len(lines)], axis=0)
    counted = np.r_[counted, np.ones((SLICES, WINDOW), bool)]
    got = extraction.read_suffix(say(tokens), tokens, jnp.asarray(counted))
    shape = (len(CONTEXTS), len(COPIES), len(corpus.CATEGORIES), point.windows)
    right, extracted, log_prob = (x[: len(CONTEXTS) * passages].reshape(shape) for x in got)
    line_score = got.right[len(CONTEXTS) * passages: -SLICES].reshape(len(NATURAL), LINES)
    return {"extracted": extracted.astype(jnp.float32), "log_prob": log_prob, "score": right,
            "natural_score": line_score.mean(1), "loss": -got.log_prob[-SLICES:].mean() / (WINDOW - 1)}


def of_canaries(point, say: Callable, world) -> dict:
    """Canaries, each ranked among its references, and the user's own secret among references of its own."""
    secrets, _ = layout(point)
    named = jnp.concatenate([world.items.text[:secrets], world.items.text[-1:]])[:, : canaries.LENGTH]  # (C + 1, L)
    alphabet = jnp.append(jnp.full(secrets, len(canaries.HEX)), world.items.alphabet)
    others = canaries.references(jax.random.key(world.luck), named, point.references, alphabet)
    tokens = jnp.concatenate([named[:, None], others], 1)[..., : PREFIX + SECRET]  # (C + 1, R + 1, T)
    place = jnp.arange(PREFIX + SECRET)
    size = jnp.append(jnp.full(secrets, SECRET), world.items.length[-1] - PREFIX - 2)
    counted = (place >= PREFIX)[None] & (place[None] < PREFIX + size[:, None])  # (C + 1, T)
    counted = jnp.broadcast_to(counted[:, None], tokens.shape)
    flat = tokens.reshape(-1, tokens.shape[-1])
    got = extraction.read_suffix(say(flat), flat, counted.reshape(flat.shape))
    right, extracted, log_prob = (x.reshape(tokens.shape[:2]) for x in got)
    shape = (len(COPIES), point.canaries)
    rank, bits = (how(log_prob[:, 0], log_prob[:, 1:]) for how in (extraction.ranked, extraction.gaussian))
    exposure = bits[:-1].reshape(shape)
    told = jnp.where(size[-1] > 0, 1.0, jnp.nan)  # nothing can be said of a secret that is not there
    return {
        "canary_extracted": extracted[:-1, 0].reshape(shape).astype(jnp.float32),
        "canary_log_prob": log_prob[:-1, 0].reshape(shape),
        "reference_log_prob": log_prob[:-1, 1:].reshape(*shape, -1),
        "exposure_by_rank": rank[:-1].reshape(shape), "exposure": exposure,
        "extrapolated": extraction.extrapolated(exposure, point.references).astype(jnp.float32),
        "secret_right": told * right[-1, 0], "secret_extracted": told * extracted[-1, 0],
        "secret_by_rank": told * rank[-1], "secret_exposure": told * bits[-1],
    }


# What is reported once, at the end.


def planted(point, drawn: Items) -> dict:
    """Whether each canary and each window was planted."""
    secrets, passages = layout(point)
    there = np.asarray(drawn.copies) > 0
    return {"canary_planted": there[:secrets].reshape(len(COPIES), -1).astype(np.float32),
            "planted": there[secrets: secrets + passages].reshape(by_window(point)).astype(np.float32)}


def said(point, params, drawn: Items) -> np.ndarray:
    """What greedy decoding says after the prefixes of the windows, (G K W, m)."""
    prefix = passages_of(point, drawn)[:, : WINDOW - SUFFIX]
    return np.asarray(learners.generate(point, params, jnp.asarray(prefix), SUFFIX)).astype(np.uint8)


def texts(point, params, drawn: Items, spoken: np.ndarray) -> dict:
    """The items, what was said, and the weights."""
    secrets, _ = layout(point)
    shape = by_window(point)
    return {
        "window_text": passages_of(point, drawn).reshape(*shape, -1), "window_said": spoken.reshape(*shape, -1),
        "canary_text": np.asarray(drawn.text)[:secrets, : canaries.LENGTH].reshape(len(COPIES), point.canaries, -1),
        "weights": np.asarray(jax.flatten_util.ravel_pytree(params)[0]),
    }
