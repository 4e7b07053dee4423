"""The claims of this study: clean data, and corrupted labels."""

from mini.studies.grokking.claims import clean, corrupted

CLAIMS = (*clean.CLAIMS, *corrupted.CLAIMS)
