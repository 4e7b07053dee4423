"""False labels: runs made by hand."""

from by_hand.made import runs


def linear_theory(holds):
    """The turn is at the third of four records; before it the descent points to the truth, or once away from it. In the end
    all is fitted: no margin is larger than that one's 0."""
    curves = {"alignment": [0, 0.05, 0.2, 1], "cosine": [0.5, 0.5 if holds else -1 / 3, -1, -1],
              "restored_fraction": [0.5, 0.7, 1, 0], "clean_residual": [1, 1, 0.9, 0], "false_residual": [1, 1, 1.1, 0],
              "train_accuracy": [0.5, 0.6, 0.7, 1]}
    return [runs({"step": [0, 1, 2, 3]}, **{name: (("step",), values) for name, values in curves.items()})]


def asymmetric(holds):
    plain, elr = (0.8, 0.9) if holds else (0.9, 0.8)
    return [runs({"objective": ["cross_entropy", "elr"], "epoch": [0, 200]},
                 test_accuracy=(("objective", "epoch"), [[0.1, plain], [0.1, elr]]))]


def critical_strength(holds):
    shares = [1, 0.75, 0.25, 0] if holds else [1, 1, 0.75, 0.25]
    return [runs({"strength": [1.0, 1.5, 2.5, 3.0], "epoch": [0, 200]},
                 memorised_fraction=(("strength", "epoch"), [[0, share] for share in shares]))]


RUNS = {
    "early-learning/linear-theory": (linear_theory, 0, -0.5),
    "early-learning/asymmetric": (asymmetric, 0.05, -0.15),
    "early-learning/critical-strength": (critical_strength, 2.0, 2.75),
}
