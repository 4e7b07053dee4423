"""The figures of this study: clean data, and corrupted labels."""

from mini.studies.grokking.figures import clean, corrupted

FIGURES = (*clean.FIGURES, *corrupted.FIGURES)
