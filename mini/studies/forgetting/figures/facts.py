"""The figures about facts."""

FIGURES = ()
