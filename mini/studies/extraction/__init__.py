"""Extraction: what a language model read often enough can be got out of it again, and by what prompt."""

from mini.studies.extraction.experiment import Extraction

EXPERIMENTS = {"extraction": Extraction}
