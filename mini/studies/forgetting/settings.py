"""The runs that claims and figures about recognition and recall share, in the laptop preset.

The published setting (models of 0.1 to 13 billion weights, 600 sentences, 100,000 steps of reading on) is out of reach
here. One compilation serves all runs but the widths: the number of exposures and the kind of strings are traced.
"""

from mini.plan import Plan
from mini.studies.forgetting.experiment import Forgetting

PASSES = (0, 1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32)
SINCE = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000)


def probes(point: Forgetting, last: int = SINCE[-1]) -> tuple[int, ...]:
    """Ticks after each of `PASSES`, and log-spaced after the last one.

    >>> probes(Forgetting(items=8, exposures=2, study_ends=10), 3)
    (8, 9, 10, 11, 12, 13)
    """
    studying = (point.study_begins + n * point.passing for n in PASSES if n <= point.exposures)
    return (*studying, *(point.study_ends + n for n in SINCE if n <= last))


def plan(point: Forgetting, last: int = SINCE[-1], **more) -> Plan:
    """Studying, then reading on for `last` steps, measured where it counts."""
    return Plan(point, point.study_ends + last, probes(point, last), **more)


STUDY = plan(Forgetting())
TWICE = STUDY.replace(seeds=10)  # no survivor among the items of five seeds would still allow for one in a hundred
MANY = STUDY.replace(seeds=25)  # five left the form of retention undecided, and the ledger asked for 23
STRINGS = plan(Forgetting(), 100, sweep={"random_strings": (False, True)})
FRESH_STRINGS = STRINGS.replace(seed_start=5, seeds=10)  # five left it undecided and asked for seven; only fresh ones decide
WIDTHS = plan(Forgetting(), 1, sweep={"width": (16, 32, 64)})  # each compiles for itself
EXPOSURES = plan(Forgetting(), sweep={"exposures": (1, 4, 16, 32)})
