"""The runs that claims and figures of this study share, in the laptop preset.

All runs of a comparison have the same number of steps (steps-matched): rehearsed samples take the place of new ones.
The settings of the closest public code, a course project (MNIST, 100 epochs a task), take hours.
"""

from mini.plan import Plan
from mini.studies.schedules.experiment import Schedules
from mini.studies.schedules.knowledge import Knowledge

SHARES, EXPONENTS, CONSTANTS = (0.1, 0.25, 0.5), (0.5, 1.0, 2.0), (1.0, 3.0)
SHARE = 0.25  # where one share is enough
NAIVE = Plan(Schedules(schedule="sequential"))
POWER = Plan(Schedules(schedule="power-law"), sweep={"rehearsal": SHARES, "exponent": EXPONENTS})
EXPONENTIAL = Plan(Schedules(schedule="exponential"), sweep={"rehearsal": SHARES, "time_constant": CONSTANTS})
UNIFORM = Plan(Schedules(schedule="uniform"), sweep={"rehearsal": SHARES})
JOINT = Plan(Schedules(schedule="joint"))

# What five seeds left undecided takes the number of seeds that the ledger asked for, rounded up to a multiple of five.
ONE = {"rehearsal": (SHARE,)}
LONG_POWER, LONG_EXPONENTIAL = (plan.replace(seeds=25, sweep=ONE | more) for plan, more in (
    (POWER, {"exponent": (1.0,)}), (EXPONENTIAL, {"time_constant": CONSTANTS})))
NEED = (NAIVE.replace(seeds=10), LONG_POWER.replace(seeds=10), UNIFORM.replace(seeds=10, sweep=ONE))
# RETENTION, and SAVINGS, which 25 seeds had left undecided, use fresh seeds only: another look at the same ones would err more
# often.
RETENTION = tuple(plan.replace(seed_start=5, seeds=10, sweep={"rehearsal": (0.1,)} | more) for plan, more in (
    (POWER, {"exponent": (1.0,)}), (UNIFORM, {})))

# Three strengths each, of which the best is not at either end.
REGULARISERS = tuple(Plan(Schedules(schedule="sequential"), sweep={"method": methods, "strength": strengths})
                     for methods, strengths in ((("ewc", "ewc-online", "si"), (1.0, 10.0, 100.0)),
                                                (("lwf",), (0.003, 0.03, 0.3)), (("l2",), (0.01, 0.1, 1.0))))
BUFFERS = Plan(Schedules(schedule="sequential"), sweep={"method": ("a-gem", "replay", "der++")})

BOTH = ("sequential", "power-law")
NUMBER = Plan(Schedules(), sweep={"tasks": (3, 6, 12), "schedule": BOTH})
SIZE = Plan(Schedules(), sweep={"width": (32, 128, 256), "schedule": BOTH})
SPLIT = {"stream": "split", "tasks": 5, "rehearsal": 0.05}
CLASSES = Plan(Schedules(**SPLIT), sweep={"schedule": ("sequential", "power-law", "exponential", "uniform")})
COMBINED = Plan(Schedules(**SPLIT), sweep={"method": ("none", "lwf"), "schedule": BOTH})

PROBED = {"tasks": 5, "held_out": 200, "probes": 50}
FACILITATION = Plan(Schedules(**PROBED), sweep={"schedule": BOTH})
SAVINGS = Plan(Schedules(**PROBED, schedule="sequential", relearn=True), seed_start=25, seeds=35)
LEARNED = 0.8  # accuracy at which a task counts as learned, where effort is measured

KNOWLEDGE = Plan(Knowledge(), sweep={"method": ("none", "lssd", "distil")})
REHEARSED = Plan(Knowledge(rehearsal=SHARE))
