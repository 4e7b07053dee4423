"""Early learning: on false labels a network first learns what is true, then memorises what is false."""

from mini.studies.early_learning.experiment import EarlyLearning
from mini.studies.early_learning.linear import GradientIdentity, Linear, Separability

EXPERIMENTS = {"early_learning": EarlyLearning, "linear": Linear, "separability": Separability,
               "identity": GradientIdentity}
SECONDS = {"early_learning": 6, "linear": 6, "separability": 6, "identity": 3}  # of `mini run` with five seeds, on two cores
