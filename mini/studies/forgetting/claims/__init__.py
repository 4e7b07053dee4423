"""The claims of this study: recognition and recall of sequences, and facts."""

from mini.studies.forgetting.claims import facts, memory

CLAIMS = (*memory.CLAIMS, *facts.CLAIMS)
