"""Modular arithmetic: runs made by hand."""

import json

from by_hand.made import runs


def progress(holds):
    """Two fifths of restricted loss's fall come before the jump, and three quarters of excluded loss's rise, or an eighth."""
    return [runs({"step": [0, 10, 20, 30, 40]}, test_accuracy=(("step",), [0, 0, 0.4, 0.6, 1]),
                 restricted_loss=(("step",), [2, 5, 3, 1, 0]), excluded_loss=(("step",), [3, 0, 6 if holds else 1, 7, 8]))]


def transformer(holds):
    return [runs({"step": [0, 1000]}, test_accuracy=(("step",), [0, 1 if holds else 0.9]))]


def batchnorm(holds):
    """A quarter of the labels are false, so that below 0.8 in training is full inversion: with normalisation only, or without
    it too. The two less periodic neurons have scales of 0.7, the others of 1, on average."""
    dims, train = ("batch_norm", "step"), [[0.95 if holds else 0.65], [0.7]]
    return [runs({"batch_norm": [False, True], "step": [2000]}, train_accuracy=(dims, train), test_accuracy=(dims, [[1], [1]]),
                 ipr=((*dims, "neuron"), [[[0.9, 0.2, 0.8, 0.3]]] * 2),
                 gamma=(("batch_norm", "neuron"), [[1.1, 0.6, 0.9, 0.8]] * 2)
                 ).assign_attrs(configuration=json.dumps({"corruption": 0.25}))]


RUNS = {
    "grokking/progress": (progress, 0.15, -0.125),
    "grokking/transformer": (transformer, 1, 0.9),
    "corrupted/batchnorm": (batchnorm, 0.05, -0.15),
}
