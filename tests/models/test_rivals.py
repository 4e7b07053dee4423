"""The transformer's rivals: the recurrent network and the n-gram model, against loops in numpy."""

from collections import Counter

import jax
import numpy as np
import pytest

from mini.errors import UsageError
from mini.models import ngram, recurrent

V, T, D = 7, 9, 5
TOKENS = np.random.default_rng(0).integers(0, V, (3, T))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_the_recurrent_network_is_the_textbooks():
    params = recurrent.initial(V, D, jax.random.key(0))
    w, b = (np.asarray(params["cell"]["dense_i"][n][...], float) for n in ("kernel", "bias"))
    u = np.asarray(params["cell"]["dense_h"]["kernel"][...], float)
    embedding = np.asarray(params["embedding"]["embedding"][...], float)
    readout, got = np.asarray(params["readout"]["kernel"][...], float), np.asarray(recurrent.logits(params, TOKENS))
    for i, tokens in enumerate(TOKENS):
        h = np.zeros(D)
        for t, token in enumerate(tokens):
            ir, iz, inner = np.split(embedding[token] @ w + b, 3)
            hr, hz, hn = np.split(h @ u, 3)
            r, z = sigmoid(ir + hr), sigmoid(iz + hz)
            h = (1 - z) * np.tanh(inner + r * hn) + z * h
            np.testing.assert_allclose(got[i, t], h @ readout, atol=1e-5)


def test_its_generation_is_the_full_pass():
    params = recurrent.initial(V, D, jax.random.key(1))
    tokens = np.c_[TOKENS[:, :3], recurrent.generate(params, TOKENS[:, :3], 6)]
    likeliest = np.asarray(recurrent.logits(params, tokens)).argmax(-1)
    np.testing.assert_array_equal(tokens[:, 3:], likeliest[:, 2:-1])


def counted(text, history, order):
    """Witten and Bell's probabilities after a history, by counting with a dictionary."""
    p = np.full(V, 1 / V)
    for length in range(order):
        if length > len(history):
            break
        context = tuple(history[len(history) - length:])
        after = Counter(row[i + length] for row in text for i in range(len(row) - length)
                        if tuple(row[i: i + length]) == context)
        if after:
            c = np.array([after[w] for w in range(V)])
            p = (c + len(after) * p) / (c.sum() + len(after))
    return p


@pytest.mark.parametrize("order", [1, 2, 4])
def test_the_n_gram_model_is_a_dictionary_of_counts(order):
    text = np.random.default_rng(1).integers(0, V, (4, 30))
    text[:, 10:20] = text[:, :10]
    got = ngram.probabilities(ngram.fit(text, V, order), TOKENS)
    np.testing.assert_allclose(got.sum(-1), 1)
    for (b, t), _ in np.ndenumerate(TOKENS):
        np.testing.assert_allclose(got[b, t], counted(text.tolist(), TOKENS[b, : t + 1].tolist(), order))


def test_its_losses_are_those_of_its_probabilities():
    model = ngram.fit(TOKENS, V, 3)
    p = ngram.probabilities(model, TOKENS)
    expected = [[-np.log(p[b, t, TOKENS[b, t + 1]]) for t in range(T - 1)] for b in range(3)]
    np.testing.assert_allclose(ngram.losses(model, TOKENS), expected)


def test_it_gives_back_what_it_has_read():
    text = np.random.default_rng(2).permutation(V)[None]
    assert ngram.generate(ngram.fit(text, V, 2), text[:, :1], V - 1).tolist() == text[:, 1:].tolist()


@pytest.mark.parametrize("text, order, words", [
    (np.zeros((1, 0), int), 2, "text: got no tokens"), ([[0, V]], 2, "tokens: got 7"), ([[0, -1]], 2, "tokens: got -1"),
    ([[0, 1]], 0, "order: got 0"), ([[0, 1]], 40, "from 1 to 22 for 7 tokens")])
def test_what_cannot_be_counted_is_refused(text, order, words):
    with pytest.raises(UsageError, match=words):
        ngram.fit(np.asarray(text), V, order)
