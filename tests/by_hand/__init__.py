"""Runs written by hand, one way as published, one way the reverse: a file for each study that needs some.

They are for claims whose sabotage leaves nothing to measure, and for those that are not reproduced, where it says nothing.
A file's `RUNS` maps a claim's id to a function of whether the claim holds, which gives the datasets that the estimate takes,
and to the numbers that the estimate then comes to, where it holds and where it does not (None where only the side is known).
"""

import importlib
import pkgutil

MODULES = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
RUNS = {name: made for module in MODULES for name, made in getattr(module, "RUNS", {}).items()}
