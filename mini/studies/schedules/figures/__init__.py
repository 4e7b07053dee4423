"""The figures of this study."""

from mini.studies.schedules.figures import environments, rivals

FIGURES = (*environments.FIGURES, *rivals.FIGURES)
