"""Forgetting: what a small language model recognises, recalls and knows, and how each of them fades."""

from mini.studies.forgetting.experiment import Forgetting
from mini.studies.forgetting.facts import Facts

EXPERIMENTS = {"forgetting": Forgetting, "facts": Facts}
SECONDS = {"forgetting": 12, "facts": 28}  # of `mini run` with five seeds, on two cores
