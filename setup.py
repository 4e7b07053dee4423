"""The labs and the data travel in the wheel, inside the package; everything else is said in pyproject.toml."""

from setuptools import find_packages, setup

INSIDE = {"mini._data": "data", "mini._labs": "labs", "mini._labs.src": "labs/src"}

setup(packages=[*find_packages(include=["mini*"]), *INSIDE], package_dir=INSIDE)
