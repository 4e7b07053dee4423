"""Planted secrets: runs made by hand."""

import numpy as np

from by_hand.made import runs
from mini.studies.extraction.claims import LONGEST
from mini.studies.extraction.items import COPIES


def architectures_differ(holds):
    """Two transformers give up the first two of four windows, the others the second and third, or the other way round."""
    alike, apart = np.array([1, 1, 0, 0]), np.array([0, 1, 1, 0])
    twin, others = (alike, apart) if holds else (apart, alike)
    coords = {"copies": list(COPIES), "context": [LONGEST], "step": [0]}

    def learner(windows, rival):
        given = [np.tile(x, (len(COPIES), 1)) for x in (windows, rival)]
        none = np.zeros((len(COPIES), 1))
        return runs(coords, extracted=(("copies", "window", "context", "step"), given[0][..., None, None]),
                    canary_extracted=(("copies", "canary", "step"), none[..., None]),
                    rival_extracted=(("copies", "window"), given[1]), rival_canary_extracted=(("copies", "canary"), none))

    return [learner(alike, others), learner(twin, others), learner(others, others)]


RUNS = {
    "extraction/architectures-differ": (architectures_differ, 0.5, -0.5),
}
