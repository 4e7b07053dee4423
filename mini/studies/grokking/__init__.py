"""Grokking: networks that learn modular arithmetic by heart, then by rule, and under false labels."""

from mini.studies.grokking.experiment import ClosedForm, Grokking

EXPERIMENTS = {"grokking": Grokking, "closed-form": ClosedForm}
SECONDS = {"grokking": 4, "closed-form": 3}  # of `mini run` with five seeds, on two cores
