"""How long people remember: savings of Ebbinghaus and those who did as he did, and Bahrick's plateau.

Savings are the share of the first learning's effort that relearning spares. They are no recall and no recognition, so
that only the shape of a curve may be set beside a model's. Every series says how its figures were read.
"""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mini.claims import data_file
from mini.errors import UsageError

SENTENCES = 0.89  # two-alternative recognition of about 600 sentences seen once, Shepard 1967 (secondary: 0.88 to 0.90)
COLUMNS = ["subject", "paper", "measure", "minutes", "value", "mark"]


class Curve(NamedTuple):
    """One person's, or one study's, retention over time."""

    subject: str
    paper: str  # key in data/papers.bib
    measure: str
    minutes: np.ndarray  # (n,)
    value: np.ndarray  # (n,) NaN where the source gives none
    mark: str  # how the figures were read


def curves(path: Path | None = None) -> dict[str, Curve]:
    """The bundled curves by subject, or those of a file with the same columns.

    Raises:
      UsageError: other columns, or a time or value that is no number.

    >>> curves()["Ebbinghaus"].value.tolist()
    [0.582, 0.442, 0.358, 0.337, 0.278, 0.254, 0.211]
    """
    path = Path(path) if path else data_file("human_retention.csv")
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != COLUMNS:
            raise UsageError(f"human curves: got columns {reader.fieldnames}, takes {COLUMNS}")
        rows = list(reader)
    found = {}
    for subject in dict.fromkeys(row["subject"] for row in rows):
        mine = [row for row in rows if row["subject"] == subject]
        try:
            minutes, value = (np.array([float(row[name] or "nan") for row in mine]) for name in ("minutes", "value"))
        except ValueError as error:
            raise UsageError(f"human curves: {subject}: {error}") from None
        found[subject] = Curve(subject, mine[0]["paper"], mine[0]["measure"], minutes, value, mine[0]["mark"])
    return found
