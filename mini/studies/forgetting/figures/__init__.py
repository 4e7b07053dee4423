"""The figures of this study: recognition and recall of sequences, and facts."""

from mini.studies.forgetting.figures import facts, memory

FIGURES = (*memory.FIGURES, *facts.FIGURES)
