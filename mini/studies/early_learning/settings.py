"""The runs that claims and figures of this study share, in the laptop preset.

The published settings (ResNet-34 on CIFAR-10, hours of GPU time) are out of reach here; what the theory
says can be checked in full.
"""

from mini.plan import Plan
from mini.studies.early_learning.experiment import EarlyLearning
from mini.studies.early_learning.linear import GradientIdentity, Linear, Separability

BOTH = ("cross_entropy", "elr")
LEVELS = (0.2, 0.4, 0.6, 0.8)
# "uniform" is what the paper's code calls symmetric: a redrawn label may be the true one.
NOISE = Plan(EarlyLearning(noise_kind="uniform"), 200, sweep={"objective": BOTH, "noise": LEVELS})
CONTROL = Plan(EarlyLearning(noise_kind="uniform", objective="kl", strength=3.0), 200)
CRITICAL = Plan(EarlyLearning(objective="elr"), 300, 10,
                sweep={"strength": (0.5, 1.0, 1.5, 1.8, 2.0, 2.2, 2.5, 3.0, 5.0)})
# The paper's values for asymmetric noise.
ASYMMETRIC = Plan(EarlyLearning(noise_kind="alternate", target_momentum=0.9, strength=1.0), 200,
                  sweep={"objective": BOTH})
OBJECTIVES = Plan(EarlyLearning(noise_kind="uniform"), 200, 5, sweep={"objective": (
    "cross_entropy", "elr", "soft_bootstrap", "hard_bootstrap", "gce", "sce", "label_smoothing", "mixup", "kl")})
MINDS = Plan(EarlyLearning(records=True), 200, [10, 200])

LINEAR = Plan(Linear())
SEPARABILITY = Plan(Separability())
IDENTITY = Plan(GradientIdentity())
