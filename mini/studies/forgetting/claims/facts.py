"""The claims about facts."""

CLAIMS = ()
