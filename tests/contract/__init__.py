"""Six experiments that prove the contract: whatever the engine does, it must do for all of them."""

from typing import NamedTuple

from mini.experiment import Experiment
from mini.plan import Plan

from .ensemble import Ensemble
from .injections import Injections
from .memory import Memory
from .privacy import Private
from .shapes import Shapes
from .tasks import Tasks


class Case(NamedTuple):
    """One experiment, what is swept, and the sizes of its variables' own dims."""

    experiment: Experiment
    sweep: dict
    sizes: dict[str, tuple[int, ...]]

    def plan(self, **options) -> Plan:
        return Plan(self.experiment, sweep=self.sweep, **{"seeds": 3, "seed_start": 4} | options)


EXPERIMENTS = {
    "ensemble": Case(Ensemble(), {"share": [0.2, 0.7]},
                     {"accuracy": (), "member": (200,), "correct": (200,)}),
    "memory": Case(Memory(), {"strength": [0.0, 3.0]}, {"target": (48, 2), "loss": ()}),
    "privacy": Case(Private(), {"noise": [0.0, 0.5], "clip": [0.5, 2.0]}, {"loss": (), "margin": (32,)}),
    "injections": Case(Injections(), {"rate": [0.2, 0.9]}, {"error": (4,), "shown": (4,), "first": (4,)}),
    "tasks": Case(Tasks(), {"strength": [0.0, 1.0]}, {"error": (4,)}),
    "shapes": Case(Shapes(), {"rate": [0.1, 0.3], "width": [5, 2]},
                   {"norm": (5,), "order": (5,), "live": (5,)}),
}
