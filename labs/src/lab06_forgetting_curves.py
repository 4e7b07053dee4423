# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 6: recognised, recalled, forgotten
#
# **Question.** A language model reads a sentence once. Would it recognise the sentence? Could it repeat it word for word?
# And what is left of either ability after it has read a thousand other things?
#
# **Time** about 160 minutes; sections 1 and 2 take about an hour. **Compute** about three minutes of training in all, on two
# CPU cores; no internet needed.
# **You need** numpy, logarithms, and the normal distribution. Lab 5 helps but is not required.
#
# After this lab you can
# 1. measure recognition and recall so that neither looks better than it is,
# 2. make a foil that tests memory and nothing else, and say how many pairs a score needs before it means anything,
# 3. follow a memory while new material is read, and subtract what would have changed anyway,
# 4. fit forgetting curves, compare them, and say when their families cannot be told apart,
# 5. say what a paraphrase does for a fact that a repetition does not.
#
# Each section except the last asks you to **predict** before you **run**; then you **play**, read an explanation, and
# answer an **exercise**. The cells below each answer check it. A ✓ means that the checks you see there pass. The teacher's
# marks use more cases, so read the instruction again before you go on. You can run all cells at any time: an exercise
# that you have not answered yet says so, and nothing later depends on it.

# %%
from math import comb
from statistics import NormalDist

import jax
import numpy as np
from IPython.display import display

from mini import labs
from mini.engine import default_cache, run
from mini.measures import acquisition, retention
from mini.plotting import BLACK, BLUE, GREEN, ORANGE, SKY, VERMILION, band, log_ticks
from mini.studies.forgetting import Facts, Forgetting, facts_explorer, facts_settings, human
from mini.studies.forgetting.claims import memory
from mini.studies.forgetting.explorer import SMALL, explorer
from mini.studies.forgetting.fitter import Fitter
from mini.studies.forgetting.game import Game
from mini.studies.forgetting.settings import probes
from mini.tasks import facts

labs.setup(minutes=160, compute="about three minutes of training")
SEEDS = 1 if labs.fast() else 3
READ_ON = 20 if labs.fast() else 1000
NARROW = {"width": 16, "layers": 1} if labs.fast() else {}
SIZE = {**SMALL, **NARROW, "items": 16, "study_ends": 66} if labs.fast() else SMALL
QUICK = {"seeds": SEEDS, "progress": not labs.fast(), "cache": default_cache()}


def study(**fields):
    """Runs of a model that reads, studies and reads on."""
    point = Forgetting(**{**SIZE, **fields})
    return run(point, point.study_ends + READ_ON, probes(point, READ_ON), **QUICK)


# %% [markdown]
# ## 1. Recognising and reciting (30 minutes)
#
# **The material** consists of sequences of 24 tokens, from a vocabulary of 64. They come from a Markov chain: after each
# token only a few others are likely. The model, a transformer with two layers, has read a few thousand of them. Now it
# **studies** 32 new sequences, in batches of 8, again and again, in a different order each time.
#
# **Recognition** needs no words. Show the model a studied sequence and another from the same chain, a **foil**, and see
# which of the two surprises it less, that is, has the smaller loss. Chance is one half.
#
# **Recall** asks for the words: given the first half of a sequence, the model continues by itself, and we count how many
# of the twelve tokens of the second half are right.
#
# ### Predict
# How many times, from 1 to 32, must the sequences be studied before nine pairs in ten are recognised? And before nine
# tokens in ten are recalled?

# %%
my_exposures_to_recognise = None
my_exposures_to_recall = None

# %% [markdown]
# ### Run
# Look at where each curve meets the upper dotted line. Two of the curves are variants: *near* foils differ from a studied
# sequence in one token; in *forced* recall the model is corrected after every token.

# %%
runs = study()
SCORES = (("recognition", "recognition", BLUE, "-", "o"), ("near", "recognition, near foils", SKY, "--", "s"),
          ("recall_forced", "recall, forced", ORANGE, "-.", "^"), ("recall", "recall", VERMILION, "-", "v"))


def while_studying(canvas, runs):
    axes, said = canvas.subplots(), []
    for name, label, colour, style, mark in SCORES:
        exposed, rows = memory.studying(memory.with_foils(runs), name)
        axes.plot(exposed, rows.mean("seed"), label=label, color=colour, linestyle=style, marker=mark)
        axes.fill_between(exposed, rows.min("seed"), rows.max("seed"), color=colour, alpha=0.15, lw=0)
        said.append(f"{label} {float(rows.mean('seed')[1]):.2f} after one exposure and {float(rows.mean('seed')[-1]):.2f} at the end")
    axes.axhline(0.5, color=BLACK, linestyle=":", lw=1)
    axes.axhline(0.9, color=BLACK, linestyle=(0, (1, 3)), lw=1)
    axes.set(title="Learning", xlabel="times studied", ylabel="share correct", xscale="symlog", xlim=(-0.1, 36), ylim=(0, 1.03))
    log_ticks(axes.xaxis, [0, 1, 2, 4, 8, 16, 32])
    canvas.legend(loc="outside lower center", ncols=4, fontsize=9)
    return "While studying: " + "; ".join(said) + ". Dotted lines mark one half and nine tenths."


labs.draw(while_studying, runs, size=(7.5, 3.8))
labs.compare(my_exposures_to_recognise, memory.needed(memory.with_foils(runs), "recognition").mean(), "exposures needed to recognise")
labs.compare(my_exposures_to_recall, memory.needed(memory.with_foils(runs), "recall").mean(), "exposures needed to recall")

# %% [markdown]
# ### Play
# Each time you release a slider, a model reads, studies and reads on before your eyes. Look at the right panel first: it
# shows all that recognition has to go by. *Look back* takes you to any step. At which exposure do the two histograms
# separate? Is recall anywhere close by then? *Study rate* is the step length while the model studies; *random strings*
# makes it study tokens drawn at random instead of sequences from the chain.

# %%
explorer(("exposures", "random_strings", "study_rate", "seed"), reading_on=READ_ON, **SIZE)

# %% [markdown]
# ### Explain
# Recognition adds up small differences. A slightly smaller loss on each of 23 tokens is enough to tell a sequence from a
# foil, even if none of these tokens has become the most likely one. Recall has a threshold: the model says a token only if
# it beats all 63 others, and one slip leads a free run astray. So *forced* recall, where the model is corrected after
# every token, always scores higher; a report has to say which of the two it means.
#
# Orhan (2023) found the same order in models thousands to hundreds of thousands of times larger, but after fewer
# exposures: near-perfect recognition after *one*, near-perfect recall after *three*. (`mini figure forgetting/size` shows
# how close to that a wider model of our kind comes.)
#
# ### Exercise 1.1: all pairs
# *difficulty 2/5, importance 5/5, 8 minutes.* If each of 32 studied sequences meets only its own foil, there are 32 pairs;
# if each meets every foil, there are 1024. Return the share of all these pairs in which the studied sequence has the
# *smaller* loss. Ties count half.
# <details><summary>Hint</summary><code>studied[:, None] &lt; foils[None]</code> compares every studied loss with every
# foil's.</details>

# %% nbgrader={"grade": false, "grade_id": "area", "locked": false, "schema_version": 3, "solution": true, "task": false}
def area(studied, foils):
    ### BEGIN SOLUTION
    studied, foils = np.asarray(studied), np.asarray(foils)
    return ((studied[:, None] < foils[None]) + 0.5 * (studied[:, None] == foils[None])).mean()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "area-pairs", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("all pairs"):
    got = area(np.array([1.0, 3.0]), np.array([2.0, 4.0]))
    assert np.isclose(got, 0.75), f"three of the four pairs; you have {got}"
    ### BEGIN HIDDEN TESTS
    a, b = np.random.default_rng(0).normal(size=(2, 30))
    wanted, got = np.mean([x < y for x in a for y in b[:20]]), area(a, b[:20])
    assert np.isclose(got, wanted), f"30 random losses against 20: {wanted:.4f} of the 600 pairs; you have {got:.4f}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "area-ties", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("ties count half"):
    got = area(np.array([1.0, 1.0]), np.array([1.0, 2.0]))
    assert np.isclose(got, 0.75), f"two wins and two ties; you have {got}"
    ### BEGIN HIDDEN TESTS
    got = area(np.ones(5), np.ones(3))
    assert np.isclose(got, 0.5), f"five against three, all equal: one half; you have {got}"
    c = np.random.default_rng(1).integers(0, 3, 40)
    got = area(c, c)
    assert np.isclose(got, 0.5), f"40 losses against the very same ones: one half; you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 1.2: from a share to a distance
# *difficulty 2/5, importance 4/5, 5 minutes.* Once a share is near 1 it can hardly grow, even if the two distributions of
# losses still move apart. If both distributions are normal with the same standard deviation, a share $p$ of pairs means
# that their centres lie $d' = \sqrt 2\, \Phi^{-1}(p)$ standard deviations apart. A share of exactly 0 or 1 would make $d'$
# infinite: with $n$ pairs, first move it inwards by half a pair, to $1/(2n)$ or $1 - 1/(2n)$. `NormalDist().inv_cdf` is
# $\Phi^{-1}$.

# %% nbgrader={"grade": false, "grade_id": "dprime", "locked": false, "schema_version": 3, "solution": true, "task": false}
def d_prime(share, pairs):
    ### BEGIN SOLUTION
    inside = min(max(share, 0.5 / pairs), 1 - 0.5 / pairs)
    return 2**0.5 * NormalDist().inv_cdf(inside)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "dprime-known", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("d'"):
    got = d_prime(0.5, 100), d_prime(0.76025, 10**6)
    assert np.allclose(got, [0, 1], atol=1e-3), ("a share of 0.5 is distance 0, a share of 0.760 distance 1; you have "
                                                 f"{np.round(got, 3).tolist()}")
    got = d_prime(1.0, 50), d_prime(0.0, 50)
    assert np.allclose(got, [3.290, -3.290], atol=1e-3), ("all of 50 pairs won: 3.290, none: -3.290; you have "
                                                          f"{np.round(got, 3).tolist()}")
    ### BEGIN HIDDEN TESTS
    for share, pairs, wanted in ((1.0, 200, 3.9697), (0.0, 200, -3.9697), (0.2, 50, -1.1902), (0.8, 50, 1.1902)):
        got = d_prime(share, pairs)
        assert np.isclose(got, wanted, atol=1e-3), f"a share of {share} of {pairs} pairs: {wanted}; you have {got:.4f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 1.3: what counts as recalled
# *difficulty 2/5, importance 5/5, 8 minutes.* `said` holds a whole sequence: the prompt as it was given, then the model's
# own tokens. `true` is the true sequence, and `prompt` is the **number** of tokens in the prompt. Return the share of right
# tokens twice: among the tokens *after* the prompt, and among all tokens, prompt included, which is how some public code
# scores recall. What does a model that recalls nothing score by the second measure?

# %% nbgrader={"grade": false, "grade_id": "recall", "locked": false, "schema_version": 3, "solution": true, "task": false}
def recall(said, true, prompt):
    ### BEGIN SOLUTION
    right = np.asarray(said) == np.asarray(true)
    return right[prompt:].mean(), right.mean()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "recall-after", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("after the prompt"):
    got = recall(np.array([5, 6, 7, 8]), np.array([5, 6, 7, 9]), 2)
    assert np.isclose(got[0], 0.5), f"one of two; you have {got[0]}"
    got = recall(np.array([5, 6, 7, 8]), np.array([5, 6, 7, 9]), 1)
    assert np.isclose(got[0], 2 / 3), f"a prompt of one token: two of three; you have {got[0]}"
    ### BEGIN HIDDEN TESTS
    said, true = np.random.default_rng(2).integers(0, 3, (2, 30))
    said[:11] = true[:11]
    wanted, got = np.mean(said[11:] == true[11:]), recall(said, true, 11)[0]
    assert np.isclose(got, wanted), f"30 random tokens, a prompt of 11: {wanted:.4f} of those after it; you have {got:.4f}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "recall-flattered", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("with the prompt included"):
    got = recall(np.array([5, 6, 0, 0]), np.array([5, 6, 7, 9]), 2)
    assert np.allclose(got, [0, 0.5]), ("nothing is recalled, and yet the second share is one half; you have "
                                        f"{np.round(got, 3).tolist()}")
    ### BEGIN HIDDEN TESTS
    got = recall(np.r_[np.ones(12), np.zeros(12)], np.ones(24), 12)[1]
    assert np.isclose(got, 0.5), f"the 12 tokens of the prompt, and none of the 12 after it: one half of all; you have {got}"
    said, true = np.random.default_rng(10).integers(0, 3, (2, 30))
    said[:7] = true[:7]
    wanted, got = np.mean(said == true), recall(said, true, 7)[1]
    assert np.isclose(got, wanted), f"30 random tokens, a prompt of 7: {wanted:.4f} of all are right; you have {got:.4f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 2. You against the model (25 minutes)
#
# You read sixteen strings of ten letters, once. They come from a Markov chain over twenty letters. The model studies the
# same strings, and both of you are asked about the same pairs.
#
# ### Predict
# How many of the 16 pairs, from 0 to 16, will you get right after one reading?

# %%
my_right_answers = None

# %% [markdown]
# ### Run and play
# Read the strings, press the button, and choose: that is the run. Then play again with *near* foils, which differ from a
# studied string in one letter.

# %%
game = Game(**NARROW)
display(game)

# %%
if game.round.over:
    labs.compare(my_right_answers, game.round.right, "right answers")
else:
    print("The game is not over yet: finish it, then run this cell again.")

# %% [markdown]
# ### Explain
# People recognise about nine in ten of 600 sentences that they saw once (Shepard 1967; from a secondary source). You are
# used to words and sentences, but these strings are neither. Somebody who only guesses will often get anything from 5 to
# 11 of the 16 pairs right. This holds for you and for the model: look at its score *before* it has studied anything.
#
# A foil tests memory only if nothing else gives it away. A *scrambled* string has the same letters in another order, but
# an order that the chain would hardly ever produce: even a model that never studied anything picks the right string. A
# string with *one* letter replaced at random has the same fault. Our near foils are **twins**. The two strings of a pair
# differ in one letter, and both letters are drawn from the same distribution, given their neighbours. So before any
# studying neither string is more likely than the other.
#
# ### Exercise 2.1: could it be guessing?
# *difficulty 2/5, importance 4/5, 6 minutes.* Return the probability that somebody who only guesses gets *at least* `right`
# of `asked` pairs right: $\sum_{k \ge r} \binom{n}{k} 2^{-n}$. How many of 16 must be right before this falls below one in
# twenty?

# %% nbgrader={"grade": false, "grade_id": "guess", "locked": false, "schema_version": 3, "solution": true, "task": false}
def by_guessing(right, asked):
    ### BEGIN SOLUTION
    return sum(comb(asked, k) for k in range(right, asked + 1)) / 2**asked
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "guess-tail", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("at least this many"):
    got = by_guessing(2, 2), by_guessing(1, 2), by_guessing(0, 2)
    assert np.allclose(got, [0.25, 0.75, 1]), ("both of two: 0.25, at least one: 0.75, at least none: 1; you have "
                                               f"{np.round(got, 3).tolist()}")
    ### BEGIN HIDDEN TESTS
    coins = np.random.default_rng(3).integers(0, 2, (40000, 16)).sum(1)
    for right in (11, 12):
        wanted, got = np.mean(coins >= right), by_guessing(right, 16)
        assert np.isclose(got, wanted, atol=0.01), f"at least {right} of 16: coins gave {wanted:.3f}; you have {got:.3f}"
    assert by_guessing(12, 16) < 0.05 < by_guessing(11, 16), "at least 12 of 16 is rarer than one in twenty, at least 11 is not"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 2.2: twins
# *difficulty 3/5, importance 3/5, 8 minutes.* A token stands between neighbours a and c. `q` holds the probability of each
# token in that place. Two *different* tokens x and y are drawn, with probability proportional to $q_x q_y$. Return the
# matrix of these probabilities. Why does it not matter which of x and y is studied and which is the foil?
# <details><summary>Hint</summary>An outer product, without its diagonal, scaled to sum to one.</details>

# %% nbgrader={"grade": false, "grade_id": "twins", "locked": false, "schema_version": 3, "solution": true, "task": false}
def twins(q):
    ### BEGIN SOLUTION
    joint = np.outer(q, q)
    np.fill_diagonal(joint, 0)
    return joint / joint.sum()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "twins-even", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("different, and exchangeable"):
    got = np.asarray(twins(np.array([0.5, 0.25, 0.25])))
    assert np.isclose(got.sum(), 1) and np.allclose(np.diag(got), 0), "the matrix should sum to 1, and its diagonal be 0"
    assert np.allclose(got, got.T), "exchanging x and y must change nothing"
    assert np.isclose(got[0, 1], 0.2), f"entry [0, 1] is 0.125 / 0.625; you have {got[0, 1]}"
    ### BEGIN HIDDEN TESTS
    q = np.random.default_rng(4).dirichlet(np.ones(6))
    for x, y in np.ndindex(6, 6):
        wanted, got = 0 if x == y else q[x] * q[y] / (1 - (q**2).sum()), twins(q)[x][y]
        assert np.isclose(got, wanted), f"six tokens, x = {x}, y = {y}: {wanted:.4f}; you have {got:.4f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 3. Reading on (30 minutes)
#
# After 32 exposures both scores are perfect. Now the model reads on: new sequences from the same chain, never the same one
# twice, as many per step as before.
#
# ### Predict
# After how many of the 1000 steps of reading on is half of recall lost? And half of recognition? Half means half of what
# lay above chance: for recognition that is a share of 0.75. (For recall, chance is the score of the same model on sequences
# that it never studied.)

# %%
my_half_of_recall = None
my_half_of_recognition = None

# %% [markdown]
# ### Run
# Look at where recognition meets the dashed line at 0.75, and at what the four curves do in the first ten steps and after.

# %%
def while_reading_on(canvas, runs):
    axes, said = canvas.subplots(), []
    for name, label, colour, style, mark in SCORES:
        since, rows = memory.reading_on(memory.with_foils(runs), name)
        axes.plot(since, rows.mean("seed"), label=label, color=colour, linestyle=style, marker=mark, ms=4)
        axes.fill_between(since, rows.min("seed"), rows.max("seed"), color=colour, alpha=0.15, lw=0)
        at = int(np.abs(since - 10).argmin())
        said.append(f"{label} {float(rows.mean('seed')[at]):.2f} after {int(since[at])} steps and "
                    f"{float(rows.mean('seed')[-1]):.2f} after {int(since[-1])}")
    axes.axhline(0.5, color=BLACK, linestyle=":", lw=1)
    axes.axhline(0.75, color=BLACK, linestyle="--", lw=1, label="half of recognition lost")
    axes.set_xscale("symlog", linthresh=1, linscale=0.5)
    log_ticks(axes.xaxis, [t for t in (0, 1, 10, 100, 1000) if t <= since[-1]])
    axes.set(title="Forgetting", xlabel="steps of reading on", ylabel="share correct", xlim=(-0.1, None), ylim=(0, 1.03))
    canvas.legend(loc="outside lower center", ncols=3, fontsize=9)
    return ("While reading on: " + "; ".join(said) + ". A dotted line marks one half, a dashed one 0.75, where half of "
            "recognition is lost.")


labs.draw(while_reading_on, runs, size=(7.5, 3.8))
labs.compare(my_half_of_recall, memory.halved(memory.with_foils(runs), "recall").mean(), "half of recall lost", " steps")
labs.compare(my_half_of_recognition, memory.halved(memory.with_foils(runs), "recognition").mean(), "half of recognition lost", " steps")

# %% [markdown]
# ### Play
# Let the model study less, or longer than perfect recall needs: does overlearning protect the memory? What does a smaller
# `retention rate` (the step length while reading on) do? What if `fresh optimiser` is off, so that the optimiser is *not*
# reset when reading on begins?

# %%
explorer(("exposures", "retention_rate", "fresh_optimiser", "random_strings", "seed"), reading_on=READ_ON, **SIZE)

# %% [markdown]
# ### Explain
# Recall stands on a threshold, and falls off it: as soon as its tokens have become slightly less likely, others win.
# Recognition has much further to fall. How many steps each of them takes depends on the step length (try a retention rate
# of 0.001). That recall goes first does not depend on the step length. What goes first is not the memory itself, but the
# ability to say it.
#
# In the paper, too, recall collapses over the first ten steps; but there it then declines slowly, whereas here hardly any
# is left after a hundred steps. Some sentences were recalled even after 100,000 steps, which the author compares to
# Bahrick's **permastore**. Is there anything of the kind here? The ledger in section 6 has the answer.
#
# ### Exercise 3.1: what studying changed
# *difficulty 3/5, importance 5/5, 10 minutes.* The loss on *any* sequence changes while a model studies and reads on. To see
# what studying did, take the fall in the loss of each studied sequence and subtract the mean fall for the foils:
# $g_i = (L_i^{before} - L_i^{now}) - \operatorname{mean}_j (F_j^{before} - F_j^{now})$. Return $g_i$ for each item.

# %% nbgrader={"grade": false, "grade_id": "gain", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gain(studied_before, studied_now, foil_before, foil_now):
    ### BEGIN SOLUTION
    return (studied_before - studied_now) - (foil_before - foil_now).mean()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "gain-foils", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("beyond the foils"):
    got = gain(np.array([3.0, 4.0]), np.array([2.0, 2.0]), np.array([3.0, 5.0]), np.array([4.0, 5.0]))
    assert np.allclose(got, [1.5, 2.5]), f"the foils' losses rose by 0.5 on average; you have {got}"
    ### BEGIN HIDDEN TESTS
    a, b, c, d = np.random.default_rng(5).random((4, 9))
    wanted, got = np.array([x - y - np.mean(c - d) for x, y in zip(a, b)]), gain(a, b, c, d)
    assert np.allclose(got, wanted), f"nine random items: {wanted.round(3)}; you have {np.round(got, 3)}"
    got = gain(a, a + 0.3, c, c + 0.3)
    assert np.allclose(got, 0), f"all losses, the foils' too, rise by 0.3: no gain for any item; you have {np.round(got, 3)}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 3.2: half-life
# *difficulty 3/5, importance 4/5, 10 minutes.* `t` holds increasing times from 0, `score` the scores measured at these
# times, and `floor` the score at chance. Return the *first* time at which half of what lay above the floor at the start is
# lost. Between two measurements the score follows a straight line in $\log(1 + t)$. Return `inf` if half is never lost.
# <details><summary>Hint</summary>Find the first measurement at or below the half-way level; the crossing lies between it
# and the one before.</details>

# %% nbgrader={"grade": false, "grade_id": "halflife", "locked": false, "schema_version": 3, "solution": true, "task": false}
def half_life(t, score, floor):
    ### BEGIN SOLUTION
    left = (np.asarray(score) - floor) / (score[0] - floor)
    below = np.flatnonzero(left <= 0.5)
    if not below.size:
        return float("inf")
    i, x = below[0], np.log1p(t)
    share = (left[i - 1] - 0.5) / (left[i - 1] - left[i])
    return float(np.expm1(x[i - 1] + share * (x[i] - x[i - 1])))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "halflife-between", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("between two measurements"):
    t = np.array([0, 3, 15])
    got = half_life(t, np.array([1.0, 0.75, 0.25]), 0.0)
    assert np.isclose(got, 7), f"half-way between log 4 and log 16 is log 8; you have {got}"
    got = half_life(t, np.array([1.0, 0.9, 0.6]), 0.5)
    assert np.isclose(got, np.expm1(np.log(4) + 0.5 * np.log(4))), f"the floor of 0.5 matters; you have {got}"
    got = half_life(np.array([0, 1, 3, 7, 15, 31, 63]), np.array([1.0, 0.7, 0.9, 0.7, 0.2, 0.8, 0.2]), 0.0)
    assert np.isclose(got, 9.556, atol=1e-2), f"it falls below half twice: the first time, 9.56, counts; you have {got:.2f}"
    ### BEGIN HIDDEN TESTS
    t = np.r_[0, np.geomspace(1, 1000, 400)]
    got = half_life(t, 0.5 + 0.4 * (1 + t) ** -0.5, 0.5)
    assert np.isclose(got, 3, rtol=0.02), f"above a floor of 0.5 the score falls as 1 / sqrt(1 + t): 3; you have {got:.3f}"
    wanted, got = np.expm1(np.log(2) * 0.5 / 0.7), half_life(np.array([0, 1, 2, 5]), np.array([1, 0.3, 0.9, 0.1]), 0.0)
    assert np.isclose(got, wanted), f"scores 1, 0.3, 0.9, 0.1 at 0, 1, 2, 5: {wanted:.3f}; you have {got:.3f}"
    rng = np.random.default_rng(11)
    for _ in range(5):  # a noisy curve crosses the level several times: the first time counts
        noisy = np.r_[1, np.linspace(0.8, 0.2, 30) + 0.15 * rng.normal(size=30)]
        i = next(i for i, left in enumerate(noisy) if left <= 0.5)
        share = (noisy[i - 1] - 0.5) / (noisy[i - 1] - noisy[i])
        wanted, got = i * (1 + 1 / i) ** share - 1, half_life(np.arange(31), noisy, 0.0)
        assert np.isclose(got, wanted), f"a noisy curve that crosses its half several times: {wanted:.3f}; you have {got:.3f}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "halflife-never", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("never"):
    got = half_life(np.array([0, 10, 100]), np.array([1.0, 0.8, 0.7]), 0.0)
    assert got == float("inf"), f"it never falls to half; you have {got}"
    ### BEGIN HIDDEN TESTS
    got = half_life(np.array([0, 10]), np.array([0.9, 0.76]), 0.5)
    assert got == float("inf"), f"from 0.9 to 0.76 above a floor of 0.5: more than half is left, infinity; you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 4. Which curve? (30 minutes)
#
# Since 1885 people have asked which law forgetting follows.
# $$\text{exponential } m e^{-bt} \quad \text{power } m (1 + t)^{-b} \quad \text{hyperbolic } \frac{m}{1 + bt} \quad
# \text{logarithmic } m - b \log(1 + t) \quad \text{Wickelgren } m (1 + ht)^{-b}$$
# Each of them except the logarithmic may also have an asymptote: a level towards which it falls. Wickelgren's law
# contains three of the others: with $h = 1$ it is the power law, with $b = 1$ the hyperbolic, and with $h \to 0$ and $hb$
# fixed, the exponential.
#
# ### Predict
# Ebbinghaus learned lists of syllables by heart, and later noted how much *less* effort it took to relearn them: his
# **savings** were 58% after 19 minutes. How many per cent were left after 31 days?

# %%
my_savings_after_a_month = None

# %% [markdown]
# ### Run
# Look at the shapes: which of the curves are steep at first and flat later? The two time axes have nothing to do with each
# other.

# %%
def beside_people(canvas, runs):
    axes = canvas.subplots()
    for name, label, colour, style, _ in (SCORES[0], SCORES[3]):
        since, left = memory.kept(memory.with_foils(runs), name)
        axes.plot(since[1:], left[:, 1:].mean(0), label=f"model, {label}", color=colour, linestyle=style)
    axes.set(xscale="log", xlabel="steps of reading on", ylabel="share kept", ylim=(-0.1, 1.05))
    above = axes.twiny()
    for (subject, curve), colour, mark in zip(human.curves().items(), (BLACK, ORANGE, SKY, GREEN), "o^vs"):
        above.plot(curve.minutes, curve.value, color=colour, marker=mark, linestyle=":", label=f"{subject}, savings")
    above.set(xscale="log", xlabel="time since learning, people")
    log_ticks(above.xaxis, [20, 60, 540, 1440, 8640, 44640], ["20 min", "1 h", "9 h", "1 d", "6 d", "31 d"])
    above.grid(False)
    handles = [h + l for h, l in zip(axes.get_legend_handles_labels(), above.get_legend_handles_labels())]
    canvas.legend(*handles, loc="outside right center", fontsize=8)
    own = human.curves()["Ebbinghaus"].value
    return (f"Ebbinghaus' savings fall from {own[0]:.2f} after 19 minutes to {own[-1]:.2f} after 31 days; the model's recall and "
            "recognition, as shares of what they were, fall to nearly nothing. How the two time axes are aligned is arbitrary.")


labs.draw(beside_people, runs, size=(9, 3.8))
labs.compare(my_savings_after_a_month, 100 * float(human.curves()["Ebbinghaus"].value[-1]), "savings after a month", "%")
print("Sources: Ebbinghaus's own tables (translation of 1913); for the others table 3 of Murre and Dros 2015, copied from "
      "another publication (for Dros, the first and last values were checked twice).")

# %% [markdown]
# ### Play
# Every family is fitted to the points in the box. Choose a person, or the model, or type **your own points**. What happens
# to the Akaike weights if you remove the last point? And if you count time in days instead of minutes? (Two of the families
# depend on the unit of time. Which two, and why?)

# %%
since, saved = memory.gain(runs)  # (seed, item, n)
Fitter({"the model's gain": (since, saved.mean(1))})

# %% [markdown]
# ### Explain
# The Akaike weight of a curve says how strongly the points support it among all the curves that were fitted. There are
# three traps. First, seven points can hardly tell nine curves apart; a *tie* is a result, and should be reported. Second,
# which curve wins depends on which ones take part. Among the five families without an asymptote, the model's gain mostly
# supports Wickelgren's law, and otherwise gives a tie; with asymptotes allowed, an exponential with an asymptote is best or
# tied in most seeds. Third, an average curve may have a shape that no single item has: exponentials with different rates
# average to something near a power law (Anderson and Tweney 1997), as exercise 4.3 shows. The bands come from resampling
# learners and items. Resampling the *points* of one curve would treat them as independent, but they come from the same
# memories.
#
# ### Exercise 4.1: the logarithmic law by hand
# *difficulty 2/5, importance 3/5, 6 minutes.* $y = m - b \log(1 + t)$ is a straight line in $\log(1 + t)$. Fit it by least
# squares and return `(m, b)`.

# %% nbgrader={"grade": false, "grade_id": "loglaw", "locked": false, "schema_version": 3, "solution": true, "task": false}
def logarithmic(t, y):
    ### BEGIN SOLUTION
    slope, start = np.polyfit(np.log1p(t), y, 1)
    return start, -slope
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "loglaw-found", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("a line in log time"):
    t = np.array([0, 1, 3, 7])
    got = logarithmic(t, 0.9 - 0.2 * np.log1p(t))
    assert np.allclose(got, [0.9, 0.2]), f"m = 0.9, b = 0.2; you have {np.round(got, 3).tolist()}"
    ### BEGIN HIDDEN TESTS
    t, noise = np.arange(12.0), np.random.default_rng(6).normal(0, 0.05, 12)
    y = 0.8 - 0.1 * np.log1p(t) + noise
    m, b = logarithmic(t, y)
    rest = y - (m - b * np.log1p(t))
    assert np.isclose(rest.sum(), 0, atol=1e-8), f"12 noisy points: residuals of a best fit sum to 0, yours to {rest.sum():.2g}"
    tilt = rest @ np.log1p(t)
    assert np.isclose(tilt, 0, atol=1e-8), f"12 noisy points: a line of another slope fits better ({tilt:.2g})"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 4.2: how strongly do the points support it?
# *difficulty 3/5, importance 5/5, 10 minutes.* Given a sum of squared residuals, a number $n$ of points and a number of
# fitted parameters, return $\mathrm{AICc} = n \log(\mathrm{RSS}/n) + 2k + \frac{2k(k+1)}{n-k-1}$, where $k$ is the number
# of parameters *plus one* for the noise. If $n < k + 2$ there are too few points: return `nan`. Then turn a list of AICc
# values into weights $e^{-\Delta_i/2} / \sum_j e^{-\Delta_j/2}$, where $\Delta_i$ is how far value $i$ lies above the best
# (smallest) one; a `nan` gets weight 0.

# %% nbgrader={"grade": false, "grade_id": "aicc", "locked": false, "schema_version": 3, "solution": true, "task": false}
def aicc(rss, n, parameters):
    ### BEGIN SOLUTION
    k = parameters + 1
    if n < k + 2:
        return float("nan")
    return n * np.log(rss / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1)
    ### END SOLUTION


def weights(scores):
    ### BEGIN SOLUTION
    scores = np.asarray(scores, float)
    raw = np.nan_to_num(np.exp(-(scores - np.nanmin(scores)) / 2), nan=0.0)
    return raw / raw.sum()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "aicc-formula", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("AICc"):
    got = aicc(0.1, 10, 2)
    assert np.isclose(got, 10 * np.log(0.01) + 6 + 4), f"k = 3: 10 log 0.01 + 6 + 24 / 6; you have {got}"
    assert np.isnan(aicc(0.1, 4, 2)), "four points, k = 3: too few, so nan"
    assert np.isfinite(aicc(0.1, 5, 2)), "five points, k = 3: just enough for a number"
    ### BEGIN HIDDEN TESTS
    t = np.arange(12.0)
    found = retention.fit("power", t, 0.9 * (1 + t) ** -0.5 + 0.02 * np.sin(5 * t))
    got = aicc(found.rss, 12, 2)
    assert np.isclose(got, found.aicc), f"a power law fitted to 12 points: the library has {found.aicc:.3f}; you have {got:.3f}"
    got = aicc(0.2, 4, 1), aicc(0.2, 3, 1)
    assert np.isfinite(got[0]) and np.isnan(got[1]), f"one parameter: 4 points give a number, 3 nan; not {np.round(got, 3)}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "aicc-weights", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("weights"):
    got = weights(np.array([10.0, 10.0, float("nan")]))
    assert np.allclose(got, [0.5, 0.5, 0]), f"two equal values, and a nan; you have {got}"
    got = weights(np.array([12.0, 10.0]))
    assert np.allclose(got, [0.269, 0.731], atol=1e-3), f"an AICc 2 worse weighs e times less: 0.269 and 0.731; you have {got}"
    ### BEGIN HIDDEN TESTS
    got = weights(np.array([-100.0, -98.0, -90.0]))
    assert np.isclose(np.sum(got), 1), f"AICc of -100, -98, -90: weights should sum to 1; yours sum to {np.sum(got):.4f}"
    for i, factor in ((0, np.e), (1, np.e**4)):
        ratio = got[i] / got[i + 1]
        assert np.isclose(ratio, factor), f"AICc -100, -98, -90: weight {i} over {i + 1} is {factor:.2f}; you have {ratio:.2f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 4.3: an average unlike any of its items
# *difficulty 2/5, importance 4/5, 6 minutes.* Every item fades exponentially, each at its own rate. Return the mean curve at
# times `t`. Then see in the cell below which law it is taken for.

# %% nbgrader={"grade": false, "grade_id": "average", "locked": false, "schema_version": 3, "solution": true, "task": false}
def average(t, rates):
    ### BEGIN SOLUTION
    return np.exp(-np.outer(rates, t)).mean(0)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "average-mean", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the mean of exponentials"):
    got = average(np.array([0.0, 1.0]), np.array([0.0, np.log(2)]))
    assert np.allclose(got, [1, 0.75]), f"one stays, one halves; you have {got}"
    ### BEGIN HIDDEN TESTS
    rates = np.random.default_rng(7).gamma(1.0, 1.0, 50000)
    wanted, got = 1 / (1 + np.arange(9.0)), average(np.arange(9.0), rates)
    assert np.allclose(got, wanted, atol=0.01), f"50,000 rates, t = 0 to 8: {wanted.round(2)}; you have {np.round(got, 2)}"
    ### END HIDDEN TESTS

# %%
times = np.arange(30.0)
try:
    mean = average(times, np.random.default_rng(8).gamma(1.0, 1.0, 2000))
    print("Each item is exponential. Of an exponential and a power law, their mean is fitted best by:",
          retention.compare(times, mean, ("exponential", "power")))
except NotImplementedError:
    print("Answer exercise 4.3, and this cell will show which law the mean is taken for.")
except Exception as error:
    print(f"With your answer to exercise 4.3 the fit fails ({type(error).__name__}: {error}). Correct the answer, then run "
          "this cell again.")

# %% [markdown]
# ## 5. Facts, injected (30 minutes)
#
# A fact is more than a string. "Ada Ash works for firm 3" and "firm 3 employs Ada Ash" are two strings but one fact.
# Somebody who knows the fact can also answer a question in words that they have never heard. Chang and others (2024) told
# large models, in the middle of training, about things that do not exist (governments, towns, series), and watched what
# happened. Here the things are people.
#
# **The text** is about 40 fictional people: their employer, birthplace, trade, hobby and the town where they work, each
# fact in one of six wordings. It also says where companies are. The model reads such text throughout. Into it we
# **inject**, ten times, passages about *new* people: eight people in the **same words** every time (a *duplicate*), eight
# in **other words**, several wordings in turn (a *paraphrase*), and eight only **once**; eight more are **never**
# mentioned.
#
# **Three probes** ask for the log-probability of a fact's value. *Memorisation* asks in the very words that a duplicate
# repeats. *Semantic* asks in a wording in which this fact was never told. *Compositional* asks for the town
# where a new person works, which the text never states: it follows from the employer and the company's town.

# %%
TINY = {"width": 16, "layers": 1, "heads": 2, "background": 16, "last": 40, "interval": 4.0, "exposures": 4, "late": 10,
        "stream": 2048, "manner": "all"}
FACTS = {**facts_explorer.SMALL, **(TINY if labs.fast() else {})}
FACTS_STEPS = 100 if labs.fast() else 960


def in_words(fields):
    point = Facts(**fields)
    lexicon = facts.Lexicon(point.names, point.attributes, point.values, point.templates)
    folk = facts.people(jax.random.key(7), lexicon, 2)
    for template in range(point.templates):
        print(facts.words(lexicon, facts.sentences(lexicon, folk, 0, 0, jax.numpy.array(template))))
    print(facts.words(lexicon, facts.companies(lexicon, folk, folk.value[:1, 0], jax.numpy.array([3]))[0]))


in_words(FACTS)

# %% [markdown]
# ### Predict
# At chance a value has log-probability $-\log 12 = -2.5$ nats; 0 is the most possible. After ten exposures in the *same
# words*, by how many nats will the memorisation probe, at its best, be above the semantic one? And after ten in *other
# words*?

# %%
my_gap_same_words = None
my_gap_other_words = None

# %% [markdown]
# ### Run
# Look at what happens at each triangle and between one triangle and the next, and at how far apart the blue and orange
# curves run in each panel. Look at the last panel too: nobody told the model anything about these people.

# %%
injected = Facts(**FACTS)
told = run(injected, FACTS_STEPS, facts_settings.records(injected, FACTS_STEPS), **QUICK)
injections = told.injection.isel(seed=0).dropna("exposure").values
PROBES = {"memorisation": (BLUE, "-"), "semantic": (ORANGE, "--"), "compositional": (GREEN, "-.")}


def of_group(group, probe):
    """Mean over people: (seed, step)."""
    return told.log_prob.sel(group=group, probe=probe).mean("person")


def timeline(canvas, told):
    panels = canvas.subplots(1, 4, sharey=True)
    for axes, group, title in zip(panels, told.group.values, ("the same words", "other words", "once", "never mentioned")):
        for probe, (colour, style) in PROBES.items():
            curve = of_group(group, probe).sel(step=slice(injections[0] - 40, None))
            band(axes, curve, probe, color=colour, linestyle=style, lw=1.3)
        shown = {"once": injections[:1], "never": []}.get(group, injections)
        axes.plot(shown, np.full(len(shown), 0.03), "^", color=BLACK, markersize=4, transform=axes.get_xaxis_transform(),
                  label="an injection")
        axes.axhline(float(told.chance.mean()), color=BLACK, linestyle=":", lw=1, label="chance")
        axes.set(title=title, xlabel="step")
    panels[0].set_ylabel("log-probability of a fact, nats")
    canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return "Log-probability of facts about new people over the steps, mean over the seeds. At the end: " + "; ".join(
        f"{group} " + ", ".join(f"{probe} {float(of_group(group, probe).isel(step=-1).mean()):.2f}" for probe in PROBES)
        for group in told.group.values) + "."


def best(group, probe):
    return acquisition.steps(told.step, of_group(group, probe).values, injections).peak[..., -1].mean()


labs.draw(timeline, told, size=(11, 3.8))
for group, words, guess in (("duplicate", "same words", my_gap_same_words), ("paraphrase", "other words", my_gap_other_words)):
    labs.compare(guess, float(best(group, "memorisation") - best(group, "semantic")), f"gap, {words}", " nats")

# %% [markdown]
# ### Play
# Choose one manner at a time; each time you move a slider, a model is trained afresh. *Interval* is the number of steps
# between two exposures: at 1 they come in one go, and all schedules end on the same step. *Late rate* is the share of the
# step length that is left from shortly before the first injection onwards. What do you gain by spreading the exposures out,
# and when do you see the gain: at the last exposure or long after it? Can you find a setting in which what was told
# **once** is still there after 200 steps?

# %%
facts_explorer.explorer(ticks=FACTS_STEPS, **FACTS)

# %% [markdown]
# ### Explain
# Facts are acquired **in steps**. Each exposure raises the log-probability within ten steps or so, much of this gain is
# lost again before the next exposure, and the rest stays. Knowledge accumulates if the next exposure comes before the gain
# has faded; the paper calls the longest such interval the **learnability threshold**, and offers it as the reason why large
# models know little about what is written in only a few places.
#
# A fact told in the same words is tied to these words: the memorisation probe runs ahead of the semantic one. When it is
# told in several wordings, most of the gap is gone. That is the whole case for paraphrasing, in one figure.
#
# Look at the people who were **never mentioned**. Nobody says a word about them, and yet the model's answers about them
# change all the time: the surer it becomes of the people it knows, the more confidently it is wrong about strangers, far
# below chance. It has learned to answer, not to say "I do not know". This is why the study counts jumps, the losses between
# them, and what is left at the end *against* these people: the difference between a score before and after is a gain only if
# the score would otherwise have stayed the same. (The decay constants below are the paper's own, of one curve alone.)
#
# The paper fits "power laws" to what is left, and draws straight lines with only the *time* axis logarithmic. A straight
# line there is $R = c - a \log_{10} t$, which is logarithmic decay; a power law would be straight with *both* axes
# logarithmic. The words and the figure say different things: look at the axes.
#
# ### Exercise 5.1: one jump
# *difficulty 3/5, importance 5/5, 8 minutes.* `ticks` are the steps at which we measured, `curve` the log-probabilities
# there, `start` the last of these steps before the injection is read. Return `(effectivity, tick)`: how far the largest value
# in the window `start < t <= start + window` lies above the value at `start`, and the step at which it is reached.

# %% nbgrader={"grade": false, "grade_id": "facts-jump", "locked": false, "schema_version": 3, "solution": true, "task": false}
def effectivity(ticks, curve, start, window=50):
    ### BEGIN SOLUTION
    inside = (ticks > start) & (ticks <= start + window)
    at = np.where(inside, curve, -np.inf).argmax()
    return curve[at] - curve[ticks == start][0], ticks[at]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "facts-jump-by-hand", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("a jump by hand"):
    got = effectivity(np.array([0, 10, 11, 15, 60, 61]), np.array([-9.0, -3.0, -2.0, -1.0, -1.5, 0.0]), 10)
    assert np.isclose(got[0], 2) and got[1] == 15, ("from -3 to -1, at step 15; step 61 lies outside; you have "
                                                    f"{got[0]:.3f} at step {got[1]}")
    got = effectivity(np.array([0, 10, 12, 30]), np.array([0.0, -1.0, -3.0, -2.0]), 10, window=20)
    assert np.isclose(got[0], -1) and got[1] == 30, ("from -1 to -2, at step 30, the last of the window: an injection may do "
                                                     f"harm; you have {got[0]:.3f} at step {got[1]}")
    ### BEGIN HIDDEN TESTS
    got = effectivity(np.array([0, 10, 11, 60]), np.array([0.0, -3.0, -4.0, -3.5]), 10)
    assert np.isclose(got[0], -0.5) and got[1] == 60, ("0, -3, -4, -3.5 at steps 0, 10, 11, 60, start 10: -0.5 at step 60; you "
                                                       f"have {got[0]:.3f} at step {got[1]}")
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "facts-jump-library", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the jumps above"):
    ticks_here, curve_here = told.step.values, of_group("duplicate", "memorisation").values[0]
    got = effectivity(ticks_here, curve_here, injections[-1])
    known = acquisition.steps(ticks_here, curve_here, injections[-1:])
    assert np.allclose(got, (known.effectivity[0], known.tick[0])), ("the library finds a different jump; you have "
                                                                     f"{got[0]:.3f} at step {got[1]}")
    ### BEGIN HIDDEN TESTS
    rng = np.random.default_rng(4)
    some, values = np.arange(0, 200, 5), rng.normal(size=40)
    for first in (20, 100, 150):
        known = acquisition.steps(some, values, [first], 30)
        wanted, got = (known.effectivity[0], known.tick[0]), effectivity(some, values, first, 30)
        assert np.allclose(got, wanted), (f"random curve, start {first}, window 30: {wanted[0]:.3f} at step {wanted[1]:.0f}; "
                                          f"you have {got[0]:.3f} at step {got[1]}")
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 5.2: how long it lasts
# *difficulty 3/5, importance 4/5, 8 minutes.* `left` is the share of the gain that is left `delay` steps after the last
# maximum (all delays above 0). Fit $R = c - a \log_{10} t$ by least squares. Return `(a, threshold)`: the share that is lost
# each time the delay grows tenfold, and the delay at which nothing is left (infinity if nothing is ever lost).
# <details><summary>Hint</summary><code>np.polyfit(x, y, 1)</code> returns slope and intercept.</details>

# %% nbgrader={"grade": false, "grade_id": "facts-decay", "locked": false, "schema_version": 3, "solution": true, "task": false}
def decay_constant(delay, left):
    ### BEGIN SOLUTION
    slope, c = np.polyfit(np.log10(delay), left, 1)
    return -slope, 10 ** (-c / slope) if slope < 0 else np.inf
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "facts-decay-line", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("a line in the logarithm of time"):
    delay = np.array([1.0, 10, 100, 1000])
    got = decay_constant(delay, np.array([1.0, 0.75, 0.5, 0.25]))
    assert np.allclose(got, (0.25, 1e4)), ("a quarter lost with every tenfold delay, nothing left after 10,000 steps; you have "
                                           f"{np.round(got, 3).tolist()}")
    got = decay_constant(np.array([1.0, 10, 100]), np.array([1.0, 0.2, 0.5]))
    assert np.allclose(got, (0.25, 1847.85), rtol=1e-3), ("three points off a line, by least squares: 0.25 and 1848 steps; you "
                                                          f"have {np.round(got, 3).tolist()}")
    ### BEGIN HIDDEN TESTS
    rng = np.random.default_rng(5)
    noisy = 0.9 - 0.2 * np.log10(delay) + 0.02 * rng.normal(size=4)
    known = acquisition.decay(delay, noisy)
    wanted, got = (known.constant, known.threshold), decay_constant(delay, noisy)
    assert np.allclose(got, wanted), f"four noisy points: {np.round(wanted, 3).tolist()}; you have {np.round(got, 3).tolist()}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "facts-decay-none", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("what does not fade"):
    got = decay_constant(np.array([1.0, 10, 100]), np.array([0.5, 0.6, 0.7]))
    assert np.isclose(got[0], -0.1) and got[1] == np.inf, ("it rises by 0.1 with every tenfold delay, so nothing is ever lost: "
                                                           f"-0.1 and inf; you have {np.round(got, 3).tolist()}")
    ### BEGIN HIDDEN TESTS
    got = decay_constant(np.array([1.0, 1e3]), np.array([0.9, 0.0]))
    assert np.allclose(got, (0.3, 1e3)), f"0.9 at 1 step, 0 at 1000: 0.3 and 1000; you have {np.round(got, 3).tolist()}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 5.3: when to review
# *difficulty 2/5, importance 4/5, 6 minutes.* Ten reviews may come in one go, evenly spaced, or with growing gaps. Return
# the steps of $n$ = `count` reviews in increasing order, each rounded to the nearest whole number. The last review is at
# `last`, the first is `span` steps before it, and review $k$, for $k = 0 \dots n - 1$, comes after a share
# $(k / (n - 1))^\text{power}$ of the span.

# %% nbgrader={"grade": false, "grade_id": "facts-reviews", "locked": false, "schema_version": 3, "solution": true, "task": false}
def reviews(last, span, count, power=1.0):
    ### BEGIN SOLUTION
    share = (np.arange(count) / (count - 1)) ** power
    return np.round(last - span * (1 - share)).astype(int)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "facts-reviews-gaps", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("gaps"):
    got = reviews(100, 90, 4)
    assert np.array_equal(got, [10, 40, 70, 100]), f"even gaps of 30; you have {got}"
    got = reviews(10, 8, 4)
    assert np.array_equal(got, [2, 5, 7, 10]), f"2, 4.67, 7.33, 10, rounded: 2, 5, 7, 10; you have {got}"
    grown = np.diff(reviews(100, 90, 4, 2.0))
    assert (np.diff(grown) > 0).all(), f"with a power of 2 each gap is larger than the one before; you have {grown}"
    ### BEGIN HIDDEN TESTS
    got = reviews(100, 90, 4, 2.0)
    assert np.array_equal(got, [10, 20, 50, 100]), f"last 100, span 90, four reviews, power 2: 10, 20, 50, 100; you have {got}"
    for fields in ({"interval": 40.0}, {"interval": 1.0}, {"interval": 30.0, "expansion": 2.0}):
        point = Facts(exposures=9, last=900, **fields)
        wanted, got = point.schedule(np), reviews(900, 8 * point.interval, 9, point.expansion)
        assert np.array_equal(got, wanted), (f"last 900, span {8 * point.interval:g}, nine reviews, power {point.expansion:g}: "
                                             f"{wanted}; you have {got}")
    ### END HIDDEN TESTS

# %%
labs.ledger("facts/steps-of-acquisition", "facts/duplication-gap", "facts/duplicates-fade-faster", "facts/batch-size",
            "facts/decay-form", "facts/compositional", "facts/spacing")

# %% [markdown]
# ## 6. What may be said (15 minutes)
#
# For each claim, this project's ledger gives the number measured here, over several seeds, beside the published one:

# %%
labs.ledger("forgetting/recognition-before-recall", "forgetting/exposures-to-recognise", "forgetting/exposures-to-recall",
            "forgetting/steep-then-slow", "forgetting/recognition-outlasts-recall", "forgetting/structure-helps",
            "forgetting/retention-form", "forgetting/permastore")

# %% [markdown]
# **Structure helps in part.** Sequences from the chain are *recalled* much better than random strings: a model that knows
# the chain can guess well where memory fails. But they are *recognised* a little less well, unlike in the paper. Here a
# random string is more surprising at first, so studying it changes its loss more, and it is easier to recognise.
#
# **What this toy does not show.** A model of thirty thousand weights has no room to learn without unlearning: it must study
# several times as often as a large one, and keeps nothing for good. A chain of tokens has no meaning, so nothing that is
# read later could remind the model of what it studied. And savings, recognition and recall are three different measures:
# only the shapes of their curves may be compared.
#
# ### Exercise 6: discussion
# *difficulty 3/5, importance 5/5, 10 minutes, marked by hand.* A company gives its model the first half of each of a
# thousand private letters that the model was once trained on, and asks it to continue. Not one letter comes out, and the
# company states that the model "has forgotten them". In at most 150 words: what would you measure instead, with which
# foils, and what would you say about a letter that is recognised but not recalled? Cite a figure and a number from your
# own runs.

# %% [markdown] nbgrader={"grade": true, "grade_id": "discussion", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# *A good answer* says that recall is the least sensitive of the measures, and is lost long before recognition; compares
# losses on the letters with those on foils that a model that never saw the letters could not tell from them (letters of the
# same kind, or twins), over all pairs and with an interval; says that a recognised letter is still in the weights, so
# membership can be shown and a little training may bring it back; and cites a number with its seeds. One point each for
# three of these.

# %% [markdown]
# **References.** Orhan 2023, arXiv:2303.17557 (recognition, recall, retention). Chang and others 2024, arXiv:2406.11813
# (facts). Ebbinghaus 1885; Murre and Dros 2015 (savings). Shepard 1967 (recognition). Wickelgren 1974; Anderson and Tweney
# 1997 (curves). Bahrick 1984 (permastore). Green and Swets 1966 (d').
