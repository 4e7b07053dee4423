"""The runs that claims and figures about facts share, in the laptop preset.

The published setting (7 billion weights, 2048 sequences a step, 120 passages) is out of reach here. As in the paper, there
are ten injections, after which training goes on for about as long again. Late in training the step length falls to a third,
and only then are facts injected, as into a model whose training is resumed, not one at its beginning. All plans but
`BATCHES` share one compilation.
"""

import numpy as np

from mini.plan import Plan
from mini.studies.forgetting.facts import Facts

TICKS = 1500
AFTER = (0, 1, 2, 3, 5, 8, 13, 20, 35)  # steps after an injection at which to measure


def records(point: Facts, ticks: int = TICKS) -> list[int]:
    """Ticks at which to measure: now and then before the first injection, densely after each, log-spaced after the last."""
    times = point.schedule(np).astype(int)
    near = np.add.outer(times, AFTER).ravel()
    far = times[-1] + np.geomspace(1, max(ticks - times[-1], 1), 30).round().astype(int)
    found = np.unique(np.r_[np.arange(0, times[0], 100), near, far])
    return [int(t) for t in found if t <= ticks]


def plan(point: Facts, **more) -> Plan:
    return Plan(point, TICKS, records(point), **more)


SPACED = plan(Facts())
MORE = SPACED.replace(seeds=15)  # for what five seeds left undecided; those five are included
MASSED = plan(Facts(interval=1.0))
EXPANDING = plan(Facts(expansion=2.5))
SMALL_BATCH, LARGE_BATCH = 8, 32
BATCHES = plan(Facts(manner="duplicate"), sweep={"late_batch": (SMALL_BATCH, LARGE_BATCH)})
