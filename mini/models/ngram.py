"""An n-gram model with Witten and Bell's smoothing (1991): it remembers what followed each context how often, nothing else.

    p_k(w | h) = (c(h w) + T(h) p_(k-1)(w | h')) / (c(h) + T(h)),   p_(-1)(w) = 1 / V,

where c is a count, T(h) is the number of different successors of the context h of k tokens, and h' is h without its
first token. A context never seen (c = T = 0) leaves the answer to the shorter one.

Shape letters: N tokens of a text, B sequences, T places, V vocabulary.
"""

from typing import NamedTuple

import numpy as np

from mini.errors import UsageError, wrong


class Table(NamedTuple):
    """What is known of contexts of one length; contexts and grams are sorted by code."""

    contexts: np.ndarray  # (C,) codes
    count: np.ndarray  # (C,) how often each was seen with a successor
    kinds: np.ndarray  # (C,) how many different successors
    grams: np.ndarray  # (G,) codes of a context with its successor
    seen: np.ndarray  # (G,)


class NGram(NamedTuple):
    vocabulary: int
    tables: tuple[Table, ...]  # by length of the context, from 0 on


def fit(sequences, vocabulary: int, order: int) -> NGram:
    """Count the n-grams of sequences (B, T), none of them spanning two; contexts of up to order - 1 tokens.

    Raises:
      UsageError: an empty text, tokens outside the vocabulary, an order too long to be coded in 63 bits.

    >>> model = fit(np.array([[0, 1, 0, 1]]), 2, 2)
    >>> probabilities(model, np.array([[1, 0]]))[0, 1].round(3).tolist()  # after a 0: twice 1, nothing else
    [0.167, 0.833]
    """
    text = np.atleast_2d(np.asarray(sequences)).astype(np.int64)
    if text.size == 0:
        raise UsageError("text: got no tokens, takes at least one")
    if text.min() < 0 or text.max() >= vocabulary:
        raise wrong("tokens", int(text.max() if text.max() >= vocabulary else text.min()),
                    f"whole numbers from 0 to {vocabulary - 1}")
    if order < 1 or order * np.log2(vocabulary) > 63:
        raise wrong("order", order, f"a whole number from 1 to {int(63 // np.log2(vocabulary))} for {vocabulary} tokens")
    tables = []
    for length in range(min(order, text.shape[1])):
        grams, seen = np.unique(_codes(text, length + 1, vocabulary), return_counts=True)
        contexts, first, kinds = np.unique(grams // vocabulary, return_index=True, return_counts=True)
        tables.append(Table(contexts, np.add.reduceat(seen, first), kinds, grams, seen))
    return NGram(vocabulary, tuple(tables))


def probabilities(model: NGram, tokens) -> np.ndarray:
    """P(next token) at each place of the sequences (B, T): (B, T, V)."""
    tokens = np.atleast_2d(np.asarray(tokens)).astype(np.int64)
    p = np.full((*tokens.shape, model.vocabulary), 1 / model.vocabulary)
    for length, table in enumerate(model.tables):
        if length > tokens.shape[1]:
            break
        code = _codes(tokens, length, model.vocabulary) if length else np.zeros_like(tokens)
        at = slice(max(length - 1, 0), None)  # the places by which that many tokens are read
        count, kinds = (_looked_up(table.contexts, values, code) for values in (table.count, table.kinds))
        seen = _looked_up(table.grams, table.seen, code[..., None] * model.vocabulary + np.arange(model.vocabulary))
        mixed = (seen + kinds[..., None] * p[:, at]) / np.maximum(count + kinds, 1)[..., None]
        p[:, at] = np.where((count > 0)[..., None], mixed, p[:, at])
    return p


def losses(model: NGram, tokens) -> np.ndarray:
    """Cross-entropy in nats of each token from the second on, given those before it: (B, T) -> (B, T - 1)."""
    tokens = np.atleast_2d(np.asarray(tokens)).astype(np.int64)
    p = probabilities(model, tokens[:, :-1])
    return -np.log(np.take_along_axis(p, tokens[:, 1:, None], -1)[..., 0])


def generate(model: NGram, prefix, count: int) -> np.ndarray:
    """Continue prefixes (B, P) by the likeliest tokens, (B, count).

    >>> generate(fit(np.array([[0, 1, 2, 0, 1, 2]]), 3, 3), np.array([[0, 1]]), 4).tolist()
    [[2, 0, 1, 2]]
    """
    tokens = np.atleast_2d(np.asarray(prefix)).astype(np.int64)
    reach, start = max(len(model.tables) - 1, 1), tokens.shape[1]
    for _ in range(count):
        tokens = np.c_[tokens, probabilities(model, tokens[:, -reach:])[:, -1].argmax(-1)]
    return tokens[:, start:]


def _codes(tokens: np.ndarray, length: int, vocabulary: int) -> np.ndarray:
    """Each run of `length` tokens as one whole number, (B, T - length + 1)."""
    code = np.zeros((len(tokens), tokens.shape[1] - length + 1), np.int64)
    for i in range(length):
        code = code * vocabulary + tokens[:, i: i + code.shape[1]]
    return code


def _looked_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The values of the keys wanted, 0 for a key that is not there."""
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0)
