"""Forgetting: what a small language model recognises, recalls and knows, and how each of them fades."""

from mini.studies.forgetting.experiment import Forgetting

EXPERIMENTS = {"forgetting": Forgetting}
