"""Streams of tasks: what each shares with the others, and what not."""

import numpy as np
import pytest

from mini.experiment import Keys
from mini.tasks import digits, streams

DATA = digits.load()


def drawn(kind, tasks=4, train=100, test=60, seed=0):
    return streams.Stream(*map(np.asarray, streams.draw(kind, Keys(seed, {}), DATA, tasks, train, test)))


@pytest.mark.parametrize("kind", streams.KINDS)
def test_every_stream_has_one_form(kind):
    s = drawn(kind)
    features = s.train_x.shape[2]
    assert s.train_x.shape == (4, 100, features) and s.test_x.shape == (4, 60, features)
    assert s.train_y.shape == (4, 100) and s.test_y.shape == (4, 60) and s.train_y.dtype == np.int32
    assert s.train_x.dtype == np.float32 and s.train_y.min() >= 0 and s.train_y.max() < streams.KINDS[kind].classes
    other = drawn(kind, seed=1)
    assert not (other.train_x == s.train_x).all()


def test_permuted_tasks_are_one_picture_shuffled():
    s = drawn("permuted")
    first = {tuple(row) for row in np.round(DATA.x, 4)}
    assert all(tuple(row) in first for row in np.round(s.train_x[0], 4))  # the first is as it is
    for t in range(1, 4):
        np.testing.assert_array_equal(np.sort(s.train_x[t], 1), np.sort(s.train_x[0], 1))
        assert not (s.train_x[t] == s.train_x[0]).all()
        np.testing.assert_array_equal(s.train_y[t], s.train_y[0])
    together = {tuple(row) for row in s.train_x[0]} & {tuple(row) for row in s.test_x[0]}
    assert not together


def test_rotated_tasks_turn_by_equal_angles():
    s = drawn("rotated", tasks=2)  # half of 180 degrees
    pictures = s.train_x.reshape(2, -1, 8, 8)
    turned = np.rot90(pictures[0], axes=(1, 2))
    assert min(abs(pictures[1] - turned).max(), abs(pictures[1] - np.rot90(turned, 2, (1, 2))).max()) < 1e-5


def test_split_tasks_have_two_classes_each_and_share_none():
    s = drawn("split", tasks=5)
    classes = [set(y) for y in s.train_y]
    assert all(len(c) == 2 for c in classes) and len(set.union(*classes)) == 10
    assert [set(y) for y in s.test_y] == classes
    assert all((np.bincount(y)[np.bincount(y) > 0] == 50).all() for y in s.train_y)
    for t in range(5):
        assert not {tuple(x) for x in s.train_x[t]} & {tuple(x) for x in s.test_x[t]}


def test_split_takes_the_rarest_class_whole():
    assert np.bincount(DATA.y).min() == streams.CLASS_SIZE


def test_modular_tasks_are_linear_and_named():
    s = drawn("modular", tasks=3, train=121, test=121)
    p = streams.MODULUS
    for t in range(3):
        a, b, name = (s.train_x[t][:, :p].argmax(1), s.train_x[t][:, p: 2 * p].argmax(1), s.train_x[t][:, 2 * p:].argmax(1))
        assert (name == t).all() and len(set(zip(a.tolist(), b.tolist()))) == p * p
        table = np.zeros((p, p), int)
        table[a, b] = s.train_y[t]
        for axis in (0, 1):
            assert len(set((np.diff(table, axis=axis) % p).ravel())) == 1
    np.testing.assert_array_equal(s.train_y, s.test_y)
