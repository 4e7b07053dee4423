"""The claims about recognition, recall and retention."""

CLAIMS = ()
