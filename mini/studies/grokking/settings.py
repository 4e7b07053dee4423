"""The runs that claims and figures of this study share, by preset.

`laptop` is the smallest setting known to show an effect. `paper` is the published one of Doshi and others (2024): for delay,
progress, decay and the share of data, which Power and others and Nanda and others found in transformers, it is their network.
The regimes run 1000 steps each, as the log without decay does; the two with decay stop at 500 there.
"""

from mini.plan import Plan
from mini.studies.grokking.experiment import ClosedForm, Grokking

PAPER_MLP = {"p": 97, "width": 500, "train_fraction": 0.5}
SMALL_MLP = {"p": 31, "width": 128}
CORRUPT_SMALL = {"p": 59, "width": 256, "train_fraction": 0.6, "corruption": 0.25}
CORRUPT_PAPER = {**PAPER_MLP, "corruption": 0.35}

# Clean data. Memorising takes some twenty steps, which are looked at one by one.
EARLY = tuple(range(1, 61))
DELAY = {
    "laptop": Plan(Grokking(**SMALL_MLP, train_fraction=0.4, weight_decay=1.0, progress_measures=True), 3000,
                   (*EARLY, *range(70, 3000, 10))),
    "paper": Plan(Grokking(**PAPER_MLP, weight_decay=0.0, progress_measures=True), 2000, (*EARLY, *range(70, 2000, 10))),
}
DECAYS = (0.5, 1.0, 2.0, 4.0)
WEIGHT_DECAY = {
    "laptop": Plan(Grokking(**SMALL_MLP, train_fraction=0.5, spectrum=False), 1000, 10,
                   sweep={"weight_decay": DECAYS}),
    "paper": Plan(Grokking(**PAPER_MLP, spectrum=False), 400, 4, sweep={"weight_decay": DECAYS}),
}
FRACTIONS = (0.4, 0.5, 0.6, 0.7, 0.8)
DATA_FRACTION = {
    "laptop": Plan(Grokking(**SMALL_MLP, weight_decay=1.0, spectrum=False), 1500, 10,
                   sweep={"train_fraction": FRACTIONS}),
    "paper": Plan(Grokking(p=97, width=500, weight_decay=1.0, spectrum=False), 1000, 4,
                  sweep={"train_fraction": (0.3, 0.4, 0.5, 0.6, 0.7)}),
}
_REFERENCE = Plan(Grokking(**PAPER_MLP, weight_decay=5.0), 100, (*EARLY, 70, 80, 90))
REFERENCE = {"laptop": _REFERENCE, "paper": _REFERENCE}
_CLOSED = Plan(ClosedForm(p=97), sweep={"width": (24, 48, 96, 192, 480, 960)})
CLOSED_FORM = {"laptop": _CLOSED, "paper": _CLOSED}
MULTIPLICATION = {
    "laptop": Plan(Grokking(**SMALL_MLP, operation="multiplication", train_fraction=0.6, weight_decay=5.0), 400, 10),
    "paper": Plan(Grokking(**PAPER_MLP, operation="multiplication", weight_decay=5.0), 200, 5),
}
UNLEARNABLE = {
    "laptop": Plan(Grokking(**SMALL_MLP, operation="unlearnable", weight_decay=1.0, spectrum=False), 1500, 25),
    "paper": Plan(Grokking(**PAPER_MLP, operation="unlearnable", weight_decay=1.0, spectrum=False), 2000, 25),
}
TRANSFORMER = {
    "laptop": Plan(Grokking(model="transformer", p=47, width=64, train_fraction=0.6, activation="relu",
                            loss="cross_entropy", weight_decay=0.5), 1000, 20, seeds=15),  # five left it undecided
    "paper": Plan(Grokking(model="transformer", p=97, width=128, train_fraction=0.5, activation="relu",
                           loss="cross_entropy", weight_decay=0.5), 1000, 20),
}

_FILTERS = {"weight_decay": (0.0, 1.0), "optimiser": ("adamw", "grokfast", "orthogonal")}
OPTIMISERS = (  # at one learning rate each; the second network is that of Nanda and others (2023), made smaller
    Plan(Grokking(**SMALL_MLP, train_fraction=0.4, spectrum=False), 1500, 10, sweep=_FILTERS),
    Plan(Grokking(model="nanda", p=31, width=64, train_fraction=0.6, activation="relu", loss="cross_entropy",
                  learning_rate=0.003, spectrum=False), 800, 10, sweep={**_FILTERS, "weight_decay": (0.0, 2.0)}),
)

# Corrupted labels: one sweep over weight decay holds the first three regimes.
REGIMES = {
    "laptop": Plan(Grokking(**CORRUPT_SMALL, pruning=True), 500, 5, sweep={"weight_decay": (0.0, 5.0, 10.0)}),
    "paper": Plan(Grokking(**CORRUPT_PAPER, pruning=True), 1000, 10, sweep={"weight_decay": (0.0, 5.0, 15.0)}),
}
FRESH = {"seed_start": 5, "seeds": 10}  # for what five seeds left undecided: ten others decide
TWO_STAGES = {**REGIMES, "paper": REGIMES["paper"].replace(**FRESH)}
FORGETTING = {
    "laptop": Plan(Grokking(**CORRUPT_SMALL, weight_decay=20.0, spectrum=False), 2500, 25),
    "paper": Plan(Grokking(**CORRUPT_PAPER, weight_decay=20.0, spectrum=False), 5000, 50),
}
DROPOUT = {
    "laptop": Plan(Grokking(**{**CORRUPT_SMALL, "train_fraction": 0.65}, weight_decay=0.0, spectrum=False),
                   500, 10, sweep={"dropout": (0.0, 0.3)}),
    "paper": Plan(Grokking(**CORRUPT_PAPER, weight_decay=0.0, spectrum=False), 2000, 20,
                  sweep={"dropout": (0.0, 0.3, 0.6)}),  # the data of Fig. 4b; at 0.9, the last of its grid, nothing is learned
}
_BATCHES = {"laptop": Grokking(p=71, width=192, train_fraction=0.65, corruption=0.2, learning_rate=0.005,
                               weight_decay=0.0, batch_size=64),
            "paper": Grokking(p=97, width=500, train_fraction=0.65, corruption=0.2, learning_rate=0.005,
                              weight_decay=0.0, batch_size=64)}
_NORMS = {"batch_norm": (False, True)}
BATCH_NORM = {  # the authors' notebook stops at 2000 steps, their Fig. 5 at about 8000 (appendix A.1)
    "laptop": Plan(_BATCHES["laptop"], 2000, 40, sweep=_NORMS),
    "paper": Plan(_BATCHES["paper"], 8000, 40, sweep=_NORMS, **FRESH),
}
_SQUARED = {"model": "transformer", "activation": "square", "hidden_ratio": 2, "embedding_scale": 0.3,
            "learning_rate": 0.005, "train_fraction": 0.7, "corruption": 0.2}
TRANSFORMER_CORRUPT = Plan(Grokking(**_SQUARED, p=71, width=128), 450, 10, sweep={"weight_decay": (0.3, 2.0)})
