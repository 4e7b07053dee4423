"""Data sets: the bundled digits whole, the others only with a network, and said in one line without."""

import types
from urllib.error import URLError

import numpy as np
import pytest
import sklearn.datasets

from mini.errors import UsageError
from mini.tasks import digits


@pytest.fixture
def fetched(monkeypatch):
    """What OpenML is made to answer: an error, or a data set."""
    def answer(what):
        def fetch(*args, **options):
            if isinstance(what, Exception):
                raise what
            return what
        monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
        digits.load.cache_clear()
    yield answer
    digits.load.cache_clear()


def test_the_digits_are_those_of_scikit_learn_in_another_order():
    bunch = sklearn.datasets.load_digits()
    x, y = digits.load()
    assert sorted(map(tuple, (x * 16).astype(int))) == sorted(map(tuple, bunch.data.astype(int)))
    rows = {tuple(row): label for row, label in zip(bunch.data.astype(int), bunch.target)}
    assert all(rows[tuple(row)] == label for row, label in zip((x * 16).astype(int), y))
    assert np.bincount(y[:1000]).min() > 70, "the classes are mixed"


@pytest.mark.parametrize("error, words", [
    (URLError("no route"), "could not be reached"), (EOFError("ended early"), "damaged"),
    (OSError("Not a gzipped file"), "damaged"), (ValueError("md5 checksum does not match"), "arrived damaged")])
def test_a_set_that_cannot_be_had_is_refused_in_one_line(fetched, error, words):
    fetched(error)
    with pytest.raises(UsageError, match=words) as caught:
        digits.load("mnist")
    assert str(caught.value).startswith("dataset: mnist") and "\n" not in str(caught.value)


def test_a_set_of_the_wrong_size_is_refused(fetched):
    fetched(types.SimpleNamespace(data=np.zeros((20, 784)), target=np.arange(20) % 10))
    with pytest.raises(UsageError, match="not 70000 of 784"):
        digits.load("mnist")


def test_a_fetched_set_is_scaled_and_labelled(fetched, monkeypatch):
    monkeypatch.setitem(digits.SIZES, "mnist", 30)
    fetched(types.SimpleNamespace(data=np.full((30, 784), 255), target=np.array([str(i % 10) for i in range(30)])))
    x, y = digits.load("mnist")
    assert x.shape == (30, 784) and (x == 1).all() and np.bincount(y).tolist() == [3] * 10


def test_an_unknown_set_is_refused():
    with pytest.raises(UsageError, match="dataset: got 'letters', takes one of digits, mnist, cifar10"):
        digits.load("letters")
