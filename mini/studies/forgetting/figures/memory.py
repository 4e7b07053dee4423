"""The figures about recognition, recall and retention."""

FIGURES = ()
