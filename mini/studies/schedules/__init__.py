"""Schedules: how new tasks make a network forget old ones, and how an environment that brings the old ones back undoes it."""

from mini.studies.schedules.experiment import Schedules
from mini.studies.schedules.knowledge import Knowledge

EXPERIMENTS = {"schedules": Schedules, "knowledge": Knowledge}
SECONDS = {"schedules": 5, "knowledge": 7}  # of `mini run` with five seeds, on two cores
