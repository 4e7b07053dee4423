"""Extraction: getting out of a language model what it has read often enough, and the prompts that do it."""

from mini.studies.extraction.experiment import Extraction

EXPERIMENTS = {"extraction": Extraction}
SECONDS = {"extraction": 21}  # of `mini run` with five seeds, on two cores
