"""The figures of this study: what comes out, and from which models."""

from mini.studies.extraction.figures import leak, models

FIGURES = (*leak.FIGURES, *models.FIGURES)
