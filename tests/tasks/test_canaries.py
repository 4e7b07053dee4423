"""Canaries: what they look like, and when they are planted."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mini.errors import UsageError
from mini.tasks import canaries

KEY = jax.random.key(0)


def test_a_canary_is_a_line_of_source():
    for line in np.asarray(canaries.draw(KEY, 20)):
        text = bytes(line).decode()
        scope = {}
        exec(text, scope)
        name, = (n for n in scope if n.startswith("key_"))
        assert len(text) == canaries.LENGTH and text.index(scope[name]) == canaries.PREFIX
        int(scope[name], 16)


def test_references_have_the_same_name_and_other_secrets():
    own = canaries.draw(KEY, 3)
    others = np.asarray(canaries.references(KEY, own, 200, jnp.array([16, 16, 36])))
    secret = slice(canaries.PREFIX, canaries.PREFIX + canaries.SECRET)
    rest = np.delete(others, np.r_[secret], 2)
    assert (rest == np.delete(np.asarray(own), np.r_[secret], 1)[:, None]).all()
    kinds = [set(bytes(x.ravel())) for x in others[:, :, secret]]
    assert kinds == [set(canaries.HEX), set(canaries.HEX), set(canaries.CHARACTERS)]
    shares = np.bincount(others[0, :, secret].ravel(), minlength=128)[list(canaries.HEX)] / 3200
    assert abs(shares - 1 / 16).max() < 0.02


@pytest.mark.parametrize("secret", ["", "a", "correcthorsebatt", "0123456789abcdef"])
def test_a_secret_of_ones_own_is_packed_and_unpacked(secret):
    words = canaries.pack(secret)
    assert all(0 <= w < 2**28 for w in words)
    assert bytes(np.asarray(canaries.unpack(words))).rstrip(b"\0").decode() == secret


@pytest.mark.parametrize("secret", ["x" * 17, "Secret", "a b", "é"])
def test_other_secrets_are_refused(secret):
    with pytest.raises(UsageError, match=r"secret: got .* takes at most 16 characters of a to z and 0 to 9"):
        canaries.pack(secret)


def test_every_copy_is_planted_once_in_its_own_stretch():
    copies = jnp.array([4, 0, 1, 16])
    plan = canaries.schedule(KEY, copies, np.array([4, 4, 1, 20]))
    order = np.asarray(plan.order)[: int(plan.number)]
    assert int(plan.number) == 21 and np.bincount(order, minlength=4).tolist() == [4, 0, 1, 16]
    places = np.flatnonzero(order == 3)  # 16 of 21, one in each sixteenth of the time
    assert np.abs(places / 21 - (np.arange(16) + 0.5) / 16).max() < 0.2


def test_planting_is_even_and_whole():
    before = np.array([int(canaries.planted(t, 100, 10, 40)) for t in range(60)])
    steps = np.diff(before)
    assert before[10] == 0 and before[40] == before[-1] == 100
    assert set(steps[10:40]) == {3, 4} and not steps[:10].any() and not steps[40:].any()
