"""How long people remember: the savings of Ebbinghaus and of those who repeated his experiment, and Bahrick's plateau.

Savings are the share of the effort of first learning that relearning spares. They measure neither recall nor recognition,
so only the shape of a curve may be set beside a model's. Every series says how its figures were read.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from mini.errors import UsageError
from mini.files import bundled

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
      UsageError: other columns, or a time or value that is not a number.

    >>> curves()["Ebbinghaus"].value.tolist()
    [0.582, 0.442, 0.358, 0.337, 0.278, 0.254, 0.211]
    """
    table = pd.read_csv(path or bundled("data") / "human_retention.csv")
    if list(table.columns) != COLUMNS:
        raise UsageError(f"human curves: got columns {list(table.columns)}, takes {COLUMNS}")
    found = {}
    for subject, mine in table.groupby("subject", sort=False):
        try:
            minutes, value = (mine[name].to_numpy(float) for name in ("minutes", "value"))
        except ValueError as error:
            raise UsageError(f"human curves: {subject}: {error}") from None
        found[subject] = Curve(subject, *mine[["paper", "measure"]].iloc[0], minutes, value, mine["mark"].iloc[0])
    return found
