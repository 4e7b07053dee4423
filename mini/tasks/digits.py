"""Pictures with a class: scikit-learn's bundled digits, and larger sets for those with an internet connection.

Shape letters: N examples, F features, C classes.
"""

import functools
import warnings
from typing import NamedTuple

import numpy as np

from mini.errors import UsageError, wrong

CLASSES = 10
SIZES = {"digits": 1797, "mnist": 70000, "cifar10": 60000}
FEATURES = {"digits": 64, "mnist": 784, "cifar10": 3072}
_OPENML = {"mnist": ("mnist_784", 1), "cifar10": ("CIFAR_10", 1)}


class Examples(NamedTuple):
    """Examples in an order drawn once and for all; a study takes those it needs from the front and the back."""

    x: np.ndarray  # (N, F) float32 in [0, 1]
    y: np.ndarray  # (N,) int32


@functools.cache
def load(name: str = "digits") -> Examples:
    """A data set by name, shuffled with a fixed seed.

    Raises:
      UsageError: an unknown name; a set that has to be fetched and cannot be, or arrived damaged.

    >>> digits = load()
    >>> digits.x.shape, digits.y[:5].tolist()
    ((1797, 64), [6, 6, 6, 2, 5])
    """
    if name not in SIZES:
        raise wrong("dataset", name, "one of " + ", ".join(SIZES))
    x, y = _digits() if name == "digits" else _fetch(name)
    if x.shape != (SIZES[name], FEATURES[name]) or set(np.unique(y)) != set(range(CLASSES)):
        raise UsageError(f"dataset: {name} has {x.shape[0]} examples of {x.shape[1]} features, not "
                         f"{SIZES[name]} of {FEATURES[name]}; delete the copy in scikit-learn's data folder")
    order = np.random.default_rng(0).permutation(len(y))
    return Examples(x[order].astype(np.float32), y[order].astype(np.int32))


def _digits() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return bunch.data / 16, bunch.target


def _fetch(name: str) -> tuple[np.ndarray, np.ndarray]:
    """From OpenML through scikit-learn, which keeps a copy and checks its sum."""
    from sklearn.datasets import fetch_openml

    title, version = _OPENML[name]
    try:
        with warnings.catch_warnings():  # one for each try that failed; the last is reported below
            warnings.simplefilter("ignore", UserWarning)
            bunch = fetch_openml(title, version=version, as_frame=False, parser="liac-arff", n_retries=1, delay=0.5)
        return np.asarray(bunch.data, np.float32) / 255, np.asarray(bunch.target).astype(int)
    except (OSError, EOFError) as error:  # no network; a copy cut short is an EOFError or a BadGzipFile
        reason = "the copy on disk is damaged" if isinstance(error, EOFError) or "gzip" in str(error).lower() \
            else "it is fetched once from OpenML, which could not be reached"
        raise UsageError(f"dataset: {name} cannot be had: {reason}; digits comes with the installation") from None
    except ValueError as error:
        raise UsageError(f"dataset: {name} arrived damaged ({error}); delete the copy in scikit-learn's data folder "
                         "and try again") from None
