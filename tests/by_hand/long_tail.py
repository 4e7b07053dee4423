"""Rare examples: runs made by hand."""

import numpy as np

from by_hand.made import runs


def dropping_memorised_hurts(holds):
    accuracy = [0.95, 0.8, 0.9] if holds else [0.95, 0.9, 0.8]
    return [runs({"removed": ["none", "memorised", "random"]}, removed_examples=((), 30),
                 retrained_accuracy=(("removed", "copy"), np.tile(accuracy, (4, 1)).T))]


def privacy_hits_the_rare(holds):
    rare, common = ([0.8, 0.3], [1.0, 0.9]) if holds else ([0.8, 0.7], [1.0, 0.5])
    return [runs({"count": [1, 100], "noise_multiplier": [0.0, 1.0], "epoch": [60]},
                 accuracy=(("count", "noise_multiplier", "epoch"), np.array([rare, common])[..., None]))]


RUNS = {
    "long-tail/dropping-memorised-hurts": (dropping_memorised_hurts, 10, -10),
    "long-tail/privacy-hits-the-rare": (privacy_hits_the_rare, 0.4, -0.4),
}
