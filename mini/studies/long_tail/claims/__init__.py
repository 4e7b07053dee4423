"""The claims of this study: Feldman's model, the estimator, and the cost of limiting memorisation."""

from mini.studies.long_tail.claims import estimator, limits, model

CLAIMS = (*model.CLAIMS, *estimator.CLAIMS, *limits.CLAIMS)
