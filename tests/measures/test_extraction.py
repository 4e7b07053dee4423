"""Measures of extraction, against loops, sampling and scipy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
import scipy.stats

from mini.errors import UsageError
from mini.measures import extraction, memorisation
from mini.models import language
from mini.models.language import Architecture

RNG = np.random.default_rng(0)
SMALL = Architecture(5, 12, width=8, depth=1, heads=1, hidden=1, positions="rotary")


@pytest.fixture(scope="module")
def params():
    return jax.jit(lambda key: jax.tree.map(lambda x: 3 * x, language.initial(SMALL, key)))(jax.random.key(1))


def test_one_forward_pass_tells_what_greedy_decoding_gives(params):
    """Whole suffixes agree with free-running generation, and a suffix taken from it is extracted by definition."""
    prefix = jax.random.randint(jax.random.key(2), (40, 6), 0, 5)
    said = language.generate(SMALL, params, prefix, 6)
    other = said.at[::2, 3].add(1) % 5
    tokens = jnp.concatenate([prefix, other], 1)
    got = extraction.read_suffix(language.logits(SMALL, params, tokens), tokens, jnp.arange(12)[None] >= jnp.full((40, 1), 6))
    assert np.asarray(got.extracted).tolist() == (np.asarray(said) == np.asarray(other)).all(1).tolist()
    assert (extraction.score(said, other) <= np.asarray(got.right) + 0.5).all()


def test_probabilities_and_shares_are_those_of_a_loop():
    said, tokens = RNG.normal(size=(3, 6, 4)).astype(np.float32), RNG.integers(0, 4, (3, 6))
    counted = np.zeros((3, 6), bool)
    counted[0, 2:], counted[1, 4:], counted[2, :0] = True, True, True
    got = extraction.read_suffix(jnp.asarray(said), jnp.asarray(tokens), jnp.asarray(counted))
    for i, places in enumerate([range(2, 6), range(4, 6), range(0)]):
        log = [scipy.special.log_softmax(said[i, t - 1])[tokens[i, t]] for t in places]
        hits = [said[i, t - 1].argmax() == tokens[i, t] for t in places]
        assert float(got.log_prob[i]) == pytest.approx(sum(log), rel=1e-5)
        assert float(got.right[i]) == pytest.approx(np.mean(hits) if hits else 0)
        assert bool(got.extracted[i]) == (bool(hits) and all(hits))


def test_so_many_samples_hold_the_suffix_so_often():
    p_z = 0.07
    n = int(extraction.discoverable(np.log(p_z), 0.9))
    def held(n):
        return 1 - (1 - p_z) ** n
    assert held(n) >= 0.9 > held(n - 1)
    found = (RNG.random((4000, n)) < p_z).any(1).mean()
    assert found == pytest.approx(held(n), abs=0.02)
    assert extraction.discoverable([-np.inf, 0.0, -2000.0]).tolist() == [np.inf, 1, np.inf]
    assert extraction.discoverable(-40.0) == pytest.approx(np.log(2) * np.exp(40), rel=1e-6)


def test_no_probability_of_success_outside_0_and_1():
    with pytest.raises(UsageError, match=r"p: got 1, takes a number in \(0, 1\)"):
        extraction.discoverable(-1.0, 1)


def test_a_random_secret_has_the_exposure_of_chance():
    """By ranks, mean log2(n) - log2(rank) over even ranks; the Gaussian agrees where the references are Gaussian."""
    x = RNG.normal(size=(5000, 64)).astype(np.float32)
    ranks = np.log2(64) - np.log2(np.arange(1, 65))
    got = extraction.ranked(x[:, 0], jnp.asarray(x[:, 1:]))
    assert float(got.mean()) == pytest.approx(ranks.mean(), abs=0.06)
    fitted = extraction.gaussian(jnp.asarray(x[:, 0]), jnp.asarray(x[:, 1:]))
    assert float(fitted.mean()) == pytest.approx(1 / np.log(2), abs=0.06)
    assert float(got.max()) == 6 and float(extraction.ranked(jnp.array(0.0), jnp.zeros(63))) == 0, "a tie is no exposure"


def test_fitted_exposures_are_scipys():
    references, canary = RNG.normal(-50, 3, 4000), -38.0
    told = float(extraction.gaussian(jnp.float32(canary), jnp.asarray(references, jnp.float32)))
    true = scipy.stats.norm.logsf(canary, references.mean(), references.std(ddof=1))
    assert told == pytest.approx(-true / np.log(2), rel=1e-3)
    law = scipy.stats.skewnorm(4, -50, 6)
    references = law.rvs(20000, random_state=1)
    got = extraction.skew_normal(np.array([-35.0]), references[None])
    assert got[0] == pytest.approx(-np.log2(law.sf(-35.0)), rel=0.1)
    symmetric = RNG.normal(size=20000)
    assert extraction.skew_normal(np.array(3.0), symmetric) == pytest.approx(-np.log2(scipy.stats.norm.sf(3.0)), rel=0.1)


def test_what_ranks_cannot_show_is_flagged():
    assert [bool(extraction.extrapolated(x, 63)) for x in (5.9, 6.0, 6.1)] == [False, False, True]


def test_counterfactual_is_that_of_sums_and_has_welchs_error():
    inside, right = RNG.random((40, 7)) < 0.5, RNG.random((40, 7)) < 0.6
    got = extraction.counterfactual(right, inside)
    sums = [jnp.asarray(x, jnp.float32) for x in ((right & inside).sum(0), inside.sum(0), right.sum(0), np.full(7, 40))]
    np.testing.assert_allclose(got.value, memorisation.difference(*sums), atol=1e-6)
    scores = RNG.normal(size=(40, 7))
    got = extraction.counterfactual(scores, inside)
    for i in range(7):
        test = scipy.stats.ttest_ind(scores[inside[:, i], i], scores[~inside[:, i], i], equal_var=False)
        assert got.value[i] / got.error[i] == pytest.approx(test.statistic)


def test_without_both_kinds_of_models_nothing_is_told():
    got = extraction.counterfactual(np.ones((3, 2)), np.array([[1, 1], [1, 0], [1, 0]]))
    assert np.isnan(got.value[0]) and got.value[1] == 0 and np.isnan(got.error[1])


def test_difference_in_differences_takes_out_what_both_groups_share():
    common = np.array([0.0, 1.0, 5.0])[:, None]
    seen, unseen = (RNG.normal(size=(1, 400)) * 3 + common + 0.1 * RNG.normal(size=(3, 400)) for _ in range(2))
    seen[2] += 2
    got = extraction.difference_in_differences(seen, unseen)
    np.testing.assert_allclose(got.value, [0, 0, 2], atol=4 * got.error.max())
    assert got.error[0] == 0 < got.error[1]
    assert np.isnan(extraction.difference_in_differences(seen[:, :1], unseen).error).all()


def test_overlap_counts_what_either_gives_up():
    assert np.isnan(extraction.overlap([0, 0], [0, 0]))
    assert extraction.overlap([1, 1, 0, 0], [0, 1, 1, 0]) == pytest.approx(1 / 3)
