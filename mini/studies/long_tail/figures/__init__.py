"""The figures of this study: Feldman's model, who pays, and what the estimator sees."""

from mini.studies.long_tail.figures import estimator, model

FIGURES = (*model.FIGURES, *estimator.FIGURES)
