"""A pool that is read too often: runs made by hand."""

import numpy as np

from by_hand.made import runs


def peak_at_memorisation(holds):
    """Memorised up to 64 sequences; the damage is largest at 32, or at 2."""
    damage = [0.1, 0.2, 0.9, 0.3] if holds else [0.9, 0.2, 0.1, 0.0]
    pools = {"pool_size": [2, 8, 32, 128], "step": [0]}
    return [runs(pools, fresh_loss=(("pool_size", "step"), 2 + np.array(damage)[:, None]),
                 pool_loss=(("pool_size", "step"), [[0.0], [0.0], [0.05], [0.15]])),
            runs({"step": [0]}, fresh_loss=(("step",), [2]))]


def effective_size(holds):
    """Clean models with 1, 2 and 4 hundred weights lose 4, 3 and 2 nats; the one in question as much as the second or third."""
    return [runs({"step": [0]}, fresh_loss=(("step",), [3 if holds else 2])),
            runs({"step": [0]}, fresh_loss=(("step",), [2]), parameters=((), 400)),
            runs({"width": [8, 16], "step": [0]}, fresh_loss=(("width", "step"), [[4], [3]]),
                 parameters=(("width",), [100, 200]))]


def double_descent(holds):
    """Down to 2, up by half a nat, and down by one nat or further up; each level lasts for three records."""
    levels = [5, 2, 2.5, 1.5 if holds else 3]
    return [runs({"step": np.arange(12)}, fresh_loss=(("step",), np.repeat(levels, 3)))]


def recovery(holds):
    """Copying is worse than the control's by 0.75 at a third of the steps, and in the end as good, or worse by 2."""
    return [runs({"step": [0, 10, 20, 30]}, copying_loss=(("step",), [4, 1.75, 3, 1 if holds else 3]),
                 copying_chance=(("step",), [4, 4, 4, 4])),
            runs({"step": [0, 10]}, copying_loss=(("step",), [4, 1]))]


RUNS = {
    "repeated/peak-at-memorisation": (peak_at_memorisation, -1, -5),
    "repeated/effective-size": (effective_size, 0.5, 1),
    "repeated/double-descent": (double_descent, 0.5, 0),
    "repeated/recovery": (recovery, 0.25, -1.5),
}
