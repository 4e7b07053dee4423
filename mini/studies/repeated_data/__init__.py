"""Repeated data: a model that reads a few sequences too often memorises them, and forgets how to copy."""

from mini.studies.repeated_data.experiment import RepeatedData
from mini.studies.repeated_data.linear import Duplicates

EXPERIMENTS = {"repeated_data": RepeatedData, "linear": Duplicates}
SECONDS = {"repeated_data": 21, "linear": 5}  # of `mini run` with five seeds, on two cores
