# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 4: the long tail
#
# **Question.** A network has learned some of its examples by heart. Is that a fault, or the best it could do?
#
# **Time** about 125 minutes; sections 1 and 2 take about an hour. **Compute** about half a minute of training on two CPU
# cores, plus whatever you train yourself under *Play*; no internet needed.
# **You need** numpy, expectations and binomial probabilities, and Lab 1.
#
# After this lab you can
# 1. compute the least error that any learner can reach in a long-tailed world,
# 2. say what it costs not to fit what was seen only once, and check it on trained networks,
# 3. measure how far each example is memorised, and whom it helps,
# 4. say who pays when memorisation is limited by pruning, by regularisation or by privacy.
#
# Each section except the last asks you to **predict** before you **run**; then you **play**, read an explanation, and
# answer an **exercise**. The cells below each answer check it. A ✓ means that the checks you see there pass. The teacher's
# marks use more cases, so read the instruction again before you go on. You can run all cells at any time: an exercise
# that you have not answered yet says so, and nothing later depends on it.

# %%
import numpy as np

from mini import labs
from mini.engine import default_cache, run
from mini.plotting import BLUE, ORANGE
from mini.studies.long_tail import theory
from mini.studies.long_tail.estimator import Estimator
from mini.studies.long_tail.experiment import LongTail
from mini.studies.long_tail.explorer import explorer
from mini.studies.long_tail.figures.estimator import histogram, influences
from mini.studies.long_tail.figures.model import giving_up, who_pays

labs.setup(minutes=125, compute="about half a minute of training (plus what you run under Play)")
QUICK = {"seeds": 1 if labs.fast() else 5, "progress": not labs.fast(), "cache": default_cache()}

# %% [markdown]
# ## 1. A world with a tail (35 minutes)
#
# **The world** (Feldman 2020). There are $N = 1000$ kinds of things. (The figures call a kind a *subpopulation*; the two words
# mean the same.) Each kind has one of $K = 10$ labels, drawn at random, with no rule behind it. Kinds differ in
# frequency: the $i$-th appears with probability $p_i \propto 1/i$ (Zipf's law, which words, species and photographed objects
# roughly follow). You are shown $n = 1000$ examples. Then you are tested on new ones.
#
# ### Predict
# Of your 1000 training examples, what share are *the only ones of their kind*? And what is the least test error that
# anyone can reach, however clever? Write a number between 0 and 1 in place of each `None`, then run the next two cells.

# %%
my_singles = None
my_optimum = None

# %% [markdown]
# ### Run
# On the left, look at the rank at which the curve crosses the dashed line. On the right, look at the first two bars: never
# seen, and seen once.

# %%
alpha, n = theory.marginal("zipf", 1000), 1000


def tail(canvas):
    left, right = canvas.subplots(1, 2)
    left.plot(np.arange(1, 1001), n * alpha, color=BLUE)
    left.axhline(1, color=ORANGE, linestyle="--", label="seen once on average")
    left.set(xscale="log", yscale="log", xlabel="kind, by rank", ylabel="expected sightings", title="Kinds by frequency")
    left.legend()
    times = np.arange(13)
    right.bar(times, [theory.expected_mass(alpha, n, t) for t in times], color=BLUE)
    right.set(xlabel="times seen in training", ylabel="share of the test examples", title="What the test will ask")
    never, once = (theory.expected_mass(alpha, n, t) for t in (0, 1))
    return (f"Left: expected sightings against rank on logarithmic axes, from {n * alpha[0]:.3g} for the first kind to "
            f"{n * alpha[-1]:.3g} for the last; {(n * alpha > 1).sum()} of 1000 kinds are expected more than once. Right: "
            f"share of the test examples by how often their kind was seen; never {never:.0%}, once {once:.0%}.")


labs.draw(tail, size=(9, 3.4))
asked = theory.marginal("zipf", 1000)  # the world of the predictions, whatever you try under Play
labs.compare(my_singles, theory.singles(asked, 1000) / 1000, "Zipf, 1000 examples: share that are the only ones of their kind")
labs.compare(my_optimum, theory.optimum(asked, 1000, 10), "Zipf, 1000 examples: least test error")

# %% [markdown]
# ### Play
# Change the world in the first line of the cell above and run it again. Try `theory.marginal("uniform", 1000)`, then
# `theory.marginal("two_tier", 1000, 3.0)`, in which a tenth of the kinds are twenty times as frequent as the others, then
# go back to Zipf's world with `n` at 100 and at 10000. In which world does most of the test fall on kinds seen once or
# never? Do such kinds disappear with ten times the data?

# %% [markdown]
# ### Explain
# What was never seen can only be guessed, and a guess is wrong with probability $1 - 1/K$. No other error is unavoidable:
# $$\mathrm{opt} = \Big(1 - \tfrac1K\Big) \sum_i p_i (1 - p_i)^n.$$
# No learner, of any size, does better. (Turing and Good knew that the chance of meeting something new is about the
# share of examples that are the only ones of their kind. Compare the two numbers above: the second is nearly $1 - 1/K$ times
# the first.)
#
# Now take a kind that you saw **once**. Is it one of the many that are too rare to matter? You cannot tell. The expected
# frequency of a kind that you saw $\ell$ times is
# $$\tau_\ell = \frac{\sum_i p_i^{\ell+1} (1 - p_i)^{n-\ell}}{\sum_i p_i^{\ell} (1 - p_i)^{n-\ell}}.$$
# With a long tail, $\tau_1$ is of the order of $1/n$; in the world above it is a little more than $0.5/n$, and a guess at
# such a kind is nearly always wrong. So **each example that you refuse to memorise costs about half a wrong answer in every
# $n$ test questions**. And there are very many such examples.
#
# ### Exercise 1.1: the least error
# *difficulty 1/5, importance 5/5, 6 minutes.* Return opt, by the formula above, for frequencies `p`, `n` training examples
# and K = `classes` labels. (`p` is an array that sums to one.)

# %% nbgrader={"grade": false, "grade_id": "least", "locked": false, "schema_version": 3, "solution": true, "task": false}
def least_error(p, n, classes):
    ### BEGIN SOLUTION
    return (1 - 1 / classes) * np.sum(p * (1 - p) ** n)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "least-two", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("two kinds, one example"):
    got = least_error(np.array([0.75, 0.25]), 1, 4)
    assert abs(got - 0.28125) < 1e-5, (
        f"a share of 0.375 of the test is on a kind not seen, and 3/4 of that is guessed wrong: 0.28125; you have {got}")
    ### BEGIN HIDDEN TESTS
    got = least_error(np.array([0.2, 0.3, 0.5]), 0, 4)
    assert abs(got - 0.75) < 1e-5, f"with no examples all is guessed, and with four labels 3/4 is wrong: 0.75; you have {got}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "least-zipf", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the world above"):
    p = 1 / np.arange(1, 1001) / np.sum(1 / np.arange(1, 1001))
    got = least_error(p, 1000, 10)
    assert abs(got / 0.188158 - 1) < 1e-4, f"summed over all kinds it is 0.18816; you have {got:.5f}"
    ### BEGIN HIDDEN TESTS
    geometric = np.exp(-np.arange(300) / 100)
    geometric = geometric / geometric.sum()
    wanted = sum(x * (1 - x) ** 77 for x in geometric.tolist()) * 2 / 3
    got = least_error(geometric, 77, 3)
    assert abs(got / wanted - 1) < 1e-4, f"another world, 300 kinds, 3 labels: {wanted:.5f}; you have {got:.5f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 1.2: how frequent is what you saw once?
# *difficulty 3/5, importance 5/5, 10 minutes.* Write $\tau_\ell$, with $\ell$ = `seen`. Take care: with $n$ in the thousands
# both sums can be smaller than the smallest number a computer can hold, and zero divided by zero is no answer.
# <details><summary>Hint</summary>Work with logarithms, $\ell \log p + (n - \ell) \log(1 - p)$, and subtract their largest
# value before you exponentiate: it cancels in the ratio.</details>

# %% nbgrader={"grade": false, "grade_id": "tau", "locked": false, "schema_version": 3, "solution": true, "task": false}
def tau(p, n, seen):
    ### BEGIN SOLUTION
    log = seen * np.log(p) + (n - seen) * np.log1p(-p)
    weight = np.exp(log - log.max())
    return np.sum(p * weight) / np.sum(weight)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "tau-value", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("tau for the world above"):
    p = 1 / np.arange(1, 1001) / np.sum(1 / np.arange(1, 1001))
    got = 1000 * tau(p, 1000, 1)
    assert abs(got - 0.5588) < 1e-3, f"1000 tau_1 is about 0.559; you have {got:.4f}"
    got = tau(np.array([0.75, 0.25]), 2, 2)
    assert abs(got - 0.7) < 1e-5, f"frequencies 3/4 and 1/4, seen twice in two: 28/64 over 10/16 is 0.7; you have {got}"
    ### BEGIN HIDDEN TESTS
    for seen in (0, 2, 7):
        above = sum(x ** (seen + 1) * (1 - x) ** (1000 - seen) for x in p.tolist())
        below = sum(x**seen * (1 - x) ** (1000 - seen) for x in p.tolist())
        got = tau(p, 1000, seen)
        assert abs(got * below / above - 1) < 1e-4, f"seen {seen} times: {above / below:.6f}; you have {got:.6f}"
    got = tau(np.full(20, 0.05), 50, 3)
    assert abs(got - 0.05) < 1e-5, f"if all kinds are equally frequent, tau is that frequency: 0.05; you have {got:.6f}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "tau-safe", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("tau where powers underflow"):
    p = 1 / np.arange(1, 1001) / np.sum(1 / np.arange(1, 1001))
    got = tau(p, 20_000, 5_000)
    assert np.isfinite(got), f"p^5000 is rounded to zero, but its logarithm is finite; you have {got}"
    assert abs(got / p[0] - 1) < 1e-2, (
        f"a kind seen 5000 times in 20000 can only be the most frequent one, with p = {p[0]:.4f}; you have {got:.4g}")
    ### BEGIN HIDDEN TESTS
    for seen, wanted in ((5_000, 0.133592), (300, 0.0149119)):  # from sums with fifty decimals
        got = tau(p, 20_000, seen)
        assert abs(got / wanted - 1) < 1e-3, f"seen {seen} times in 20000: {wanted}; you have {got:.6f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 1.3: the price of not memorising
# *difficulty 2/5, importance 5/5, 6 minutes.* A learner refuses to learn by heart: it guesses at kinds that it saw once as
# if it had never seen them, and is wrong with probability $1 - 1/K$. How much error does that *add*, in expectation? Return
# $\tau_1$ times the expected number of such kinds, $\sum_i n p_i (1 - p_i)^{n-1}$, times $1 - 1/K$.

# %% nbgrader={"grade": false, "grade_id": "price", "locked": false, "schema_version": 3, "solution": true, "task": false}
def price(p, n, classes):
    ### BEGIN SOLUTION
    alone = p * (1 - p) ** (n - 1)
    return n * np.sum(p * alone) * (1 - 1 / classes)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "price-zipf", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the price in the world above"):
    p = 1 / np.arange(1, 1001) / np.sum(1 / np.arange(1, 1001))
    got = price(p, 1000, 10)
    assert abs(got / 0.105203 - 1) < 1e-4, f"summed over all kinds it is 0.10520; you have {got:.5f}"
    got = price(np.full(4, 0.25), 2, 2)
    assert abs(got - 0.1875) < 1e-5, (
        f"two examples, four equally frequent kinds, two labels: tau_1 = 1/4, times 1.5 kinds, times 1/2, is 0.1875; "
        f"you have {got}")
    ### BEGIN HIDDEN TESTS
    wanted, got = 0.01 * 30 * 0.99**29 * 0.8, price(np.full(100, 0.01), 30, 5)
    assert abs(got / wanted - 1) < 1e-4, f"30 examples, 100 equal kinds, 5 labels: {wanted:.5f}; you have {got:.5f}"
    got = price(p, 10**6, 10)
    assert got < 1e-3, f"with a million examples hardly any kind is seen just once: below 0.001; you have {got:.5f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 2. Networks in that world (20 minutes)
#
# **The world of the network.** A kind is now a small cloud of points in 64 dimensions, and the test uses fresh points from
# the clouds. A network with one hidden layer is trained on the 1000 examples. Nobody tells it which kinds are rare.
#
# ### Predict
# The network fits every example. What will its test error be? (The least possible error is that of section 1.) And what
# will it be if the examples that are the only ones of their kind are left out of the loss? Write a number between 0 and 1 in
# place of each `None`.

# %%
my_error = None
my_error_without_singles = None

# %% [markdown]
# ### Run
# On the left, look at how far the points lie from the dashed line, and at the step from "nothing" to 1.

# %%
given_up = run(LongTail(width=128), 20 if labs.fast() else 60, 60 if not labs.fast() else 20,
               sweep={"give_up": (0, 1, 2, 3)}, **QUICK)
labs.draw(giving_up, given_up, size=(9, 3.6))
last = given_up.test_error.isel(epoch=-1).mean("seed")
labs.compare(my_error, float(last.sel(give_up=0)), "test error, all fitted")
labs.compare(my_error_without_singles, float(last.sel(give_up=1)), "test error, kinds seen once not fitted")

# %% [markdown]
# ### Play
# With `give up` at 2, examples of kinds seen at most twice are not fitted; `give up share` is the share of these kinds to
# which this applies. The dashed line is the error that theory gives for what *this* network saw and gave up. Which of the
# controls can move the network away from that line? Try a large `sigma` (the spread of a cloud): a fresh point may then lie
# far from the one that was learned.

# %%
explorer(("samples", "give_up", "give_up_share", "sigma", "seed"), give_up=1)

# %% [markdown]
# ### Explain
# The network reaches the optimum *because* it fits everything, even the examples that are the only ones of their kind.
# Leaving them out looks prudent ("do not overfit"), but then another tenth of all test questions is answered wrong. This
# holds where labels of different kinds have nothing to do with one another. Where one rule covers several kinds, the rule
# helps, and less needs to be learned by heart.
#
# ### Exercise 2: where the error comes from
# *difficulty 2/5, importance 4/5, 8 minutes.* For each kind you are given its `frequency`, how often it was `seen`, and
# the share of its fresh points that are answered `right`. Return three numbers that sum to the test error: the parts due to
# kinds never seen, seen once, and seen more often.

# %% nbgrader={"grade": false, "grade_id": "parts", "locked": false, "schema_version": 3, "solution": true, "task": false}
def parts(frequency, seen, right):
    ### BEGIN SOLUTION
    lost = frequency * (1 - right)
    return np.array([lost[seen == 0].sum(), lost[seen == 1].sum(), lost[seen > 1].sum()])
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "parts-each", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the parts of a small error"):
    got = parts(np.array([0.5, 0.3, 0.2]), np.array([4, 1, 0]), np.array([0.8, 0.5, 0.1]))
    assert np.allclose(got, [0.18, 0.15, 0.1]), f"never seen 0.18, seen once 0.15, more often 0.1; you have {got}"
    ### BEGIN HIDDEN TESTS
    got = parts(np.array([0.4, 0.3, 0.2, 0.1]), np.array([0, 1, 1, 2]), np.array([0.0, 0.5, 0.0, 0.3]))
    assert np.allclose(got, [0.4, 0.35, 0.07]), (
        f"four kinds, seen 0, 1, 1 and 2 times: never seen 0.4, seen once 0.35, more often 0.07; you have {got}")
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "parts-sum", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the parts make the whole"):
    rng = np.random.default_rng(0)
    p, right = rng.dirichlet(np.ones(50)), rng.random(50)
    got = parts(p, rng.integers(0, 5, 50), right)
    assert len(got) == 3 and abs(sum(got) - (1 - p @ right)) < 1e-9, (
        f"return three parts that sum to the test error; yours sum to {sum(got):.4f}")
    ### BEGIN HIDDEN TESTS
    got = parts(p, np.zeros(50, int), right)[1:]
    assert np.allclose(got, 0), f"if no kind was seen, the parts for kinds seen are 0; you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 3. What do real networks memorise? (35 minutes)
#
# In the world above we *knew* which kinds were rare. For real data nobody tells us. Feldman and Zhang (2020) measure what is
# memorised: train many networks, each on a random 70% of the examples, and compare those that had example $i$ with those
# that did not,
# $$\mathrm{mem}(i) = P[\text{right on } i \mid i \text{ in}] - P[\text{right on } i \mid i \text{ out}].$$
# The same networks also show whom example $i$ helps: $\mathrm{infl}(i, j)$ is the same difference for being right on a
# *test* example $j$.
#
# They trained thousands of large networks. Ours have only 32 hidden neurons and learn 1000 digits of 8 by 8 pixels, so we
# can train a few hundred of them in some seconds.
#
# ### Predict
# For what share of the digits is $\mathrm{mem} \ge 0.25$? By how much, at most, can a single training digit raise the
# chance that one particular test digit is answered right? Write a number between 0 and 1 in place of each `None`.

# %%
my_memorised = None
my_influence = None

# %% [markdown]
# ### Run
# First figure, left: look at the bars to the right of the dotted line, and at how far the dashed outline reaches. (The outline
# is what the same arithmetic gives for random subsets that no network was trained on: chance alone. The axis of counts is
# logarithmic.) Second figure: compare each memorised digit in the top row with the test digits below it.

# %%
NETWORKS, NOISE = 24 if labs.fast() else 400, 0.0
digits = run(Estimator(noise=NOISE), NETWORKS, [NETWORKS // 8, NETWORKS // 4, NETWORKS // 2, NETWORKS],
             **{**QUICK, "seeds": 1 if labs.fast() else 2})
labs.draw(histogram, digits, size=(10, 3.6))
labs.draw(influences, digits, size=(10, 4))
if not NOISE:  # the predictions were about true labels
    labs.compare(my_memorised, float(digits.memorised_share.isel(network=-1).mean()), "share memorised")
    labs.compare(my_influence, float(digits.pair_influence.max()), "largest influence of one training digit on one test digit")

# %% [markdown]
# ### Play
# Change the 400 in `NETWORKS` to 50 and run the cell again: what happens to the dashed outline, and what can you still read
# off the bars? Then go back to 400 and set `NOISE` to 0.1, so that one label in ten is false. Are one in ten more digits
# memorised now?

# %% [markdown]
# ### Explain
# Most digits are answered right whether or not they were in the training set, because others very like them were in it. A
# few are unusual, and are answered right only if they were in it themselves: these are memorised. And a test digit that is
# unusual *in the same way* is answered right because of that one memorised example. The dashed outline is the null: the same
# arithmetic on subsets that no network was trained on. Never read a memorisation score without it. The score also depends
# *on the learner*: networks as small as these, stopped after 40 epochs, do not fit most false labels, and so have not
# memorised them.
#
# ### Exercise 3.1: the estimator
# *difficulty 3/5, importance 5/5, 10 minutes.* `inside[k, i]` says whether network $k$ was trained on example $i$, and
# `right[k, i]` whether it answers that example right; both are Boolean arrays of shape (networks, examples). Return
# $\mathrm{mem}(i)$ for every example, with `nan` for an example that was always in or always out.
# <details><summary>Hint</summary><code>(inside &amp; right).sum(0) / inside.sum(0)</code> is one of the two shares. Dividing
# zero by zero gives <code>nan</code> with a warning; <code>np.errstate</code> silences it.</details>
#
# The next cell makes up networks for the checks.

# %% nbgrader={"grade": false, "grade_id": "given-staged", "locked": true, "schema_version": 3, "solution": false, "task": false}
def staged(networks=60, examples=20, seed=0):
    """Made-up networks: right on an example of the first half only if they had it, on the others always."""
    rng = np.random.default_rng(seed)
    inside = np.stack([rng.permutation(examples) < 0.7 * examples for _ in range(networks)])
    return inside, inside | (np.arange(examples) >= examples // 2)

# %% nbgrader={"grade": false, "grade_id": "mem", "locked": false, "schema_version": 3, "solution": true, "task": false}
def memorisation(inside, right):
    ### BEGIN SOLUTION
    with np.errstate(invalid="ignore", divide="ignore"):
        return (inside & right).sum(0) / inside.sum(0) - (~inside & right).sum(0) / (~inside).sum(0)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "mem-value", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("memorisation of made-up networks"):
    got = memorisation(*staged())
    assert np.allclose(got, [1] * 10 + [0] * 10), f"it is 1 for the first ten, 0 for the others; you have {np.round(got, 2)}"
    got = memorisation(np.array([[1], [1], [0], [0], [0], [0]]) > 0, np.array([[1], [0], [1], [0], [0], [0]]) > 0)
    assert np.allclose(got, [0.25]), f"1 of 2 networks with the example is right, 1 of 4 without it: 0.5 - 0.25; you have {got}"
    ### BEGIN HIDDEN TESTS
    rng = np.random.default_rng(4)
    inside, right = rng.random((2, 50, 9)) < 0.5
    loop = [right[inside[:, i], i].mean() - right[~inside[:, i], i].mean() for i in range(9)]
    score = memorisation(inside, right)
    assert np.allclose(score, loop), f"50 random networks give {np.round(loop, 2)}; you have {np.round(score, 2)}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "mem-unseen", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("examples always in or always out"):
    inside, right = staged()
    inside = inside.copy()
    inside[:, 3] = True
    got = memorisation(inside, right)
    assert np.isnan(got[3]), f"example 3 was always in, so there is nothing to compare with: nan; you have {got[3]}"
    got = np.isnan(got).nonzero()[0].tolist()
    assert got == [3], f"only example 3 has nan, the others were sometimes in and sometimes out; you have nan for {got}"
    ### BEGIN HIDDEN TESTS
    inside[:, 15] = False
    got = np.isnan(memorisation(inside, right)).nonzero()[0].tolist()
    assert got == [3, 15], f"example 3 was always in and 15 always out, so both have nan; yours has nan for {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 3.2: whom it helps
# *difficulty 3/5, importance 4/5, 8 minutes.* `right_test[k, j]` says whether network $k$ answers test example $j$ right.
# Return the matrix $\mathrm{infl}(i, j)$ of shape (examples, test examples), without a loop. You may assume that every
# example was sometimes in and sometimes out.
# <details><summary>Hint</summary>The numbers of networks that had $i$ and are right on $j$, for all $i$ and $j$, are a product
# of two matrices.</details>

# %% nbgrader={"grade": false, "grade_id": "infl", "locked": false, "schema_version": 3, "solution": true, "task": false}
def influence(inside, right_test):
    ### BEGIN SOLUTION
    had, not_had, right = inside.astype(float), 1.0 - inside, right_test.astype(float)
    return had.T @ right / had.sum(0)[:, None] - not_had.T @ right / not_had.sum(0)[:, None]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "infl-value", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("influence of made-up networks"):
    inside, _ = staged()
    got = influence(inside, inside[:, :4])
    assert got.shape == (20, 4), f"the shape should be (20, 4); yours is {got.shape}"
    assert np.allclose(np.diag(got), 1), "test example j is answered right just where training example j was in: influence 1"
    got = influence(np.array([[1, 0], [1, 1], [0, 1], [0, 1]]) > 0, np.array([[1], [0], [0], [1]]) > 0)
    assert np.allclose(got, [[0], [-2 / 3]]), (
        "1 of 2 networks with example 0 is right and 1 of 2 without it, 1 of 3 with example 1 and 1 of 1 without it: "
        f"0 and -2/3; you have {np.round(got, 3).tolist()}")
    ### BEGIN HIDDEN TESTS
    rng = np.random.default_rng(5)
    inside, right = rng.random((40, 6)) < 0.6, rng.random((40, 3)) < 0.5
    loop = [[right[inside[:, i], j].mean() - right[~inside[:, i], j].mean() for j in range(3)] for i in range(6)]
    got = influence(inside, right)
    assert np.allclose(got, loop), (
        f"40 random networks: example 0 has influence {np.round(loop[0], 3)} on 3 test examples; you have "
        f"{np.round(got[0], 3)}")
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 3.3: are there enough networks?
# *difficulty 2/5, importance 4/5, 5 minutes.* Estimate memorisation once from the even-numbered networks and once from the
# odd-numbered ones, and return the correlation of the two estimates over examples. Do not use your answer above: your
# function is given a function `estimate(inside, right)`.

# %% nbgrader={"grade": false, "grade_id": "halves", "locked": false, "schema_version": 3, "solution": true, "task": false}
def reliability(inside, right, estimate):
    ### BEGIN SOLUTION
    even, odd = (estimate(inside[start::2], right[start::2]) for start in (0, 1))
    return np.corrcoef(even, odd)[0, 1]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "halves-value", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("two halves"):
    def lucky(inside, right):
        """The share of right answers among the networks that did not have the example."""
        return (right & ~inside).sum(0) / (~inside).sum(0)

    got = reliability(*staged(600), lucky)
    assert got > 0.9, f"the two halves of these networks agree almost perfectly; you have {got:.2f}"
    inside, right = np.random.default_rng(8).random((2, 60, 40)) < 0.5
    got = reliability(inside, right, lucky)
    assert abs(got) < 0.6, f"networks that answer at random do not agree: about 0; you have {got:.2f}"
    ### BEGIN HIDDEN TESTS
    rng = np.random.default_rng(6)
    inside, right = rng.random((30, 8)) < 0.5, rng.random((30, 8)) < 0.5
    even, odd = ([right[s::2, i][~inside[s::2, i]].mean() for i in range(8)] for s in (0, 1))
    wanted = np.corrcoef(even, odd)[0, 1]
    value = reliability(inside, right, lucky)
    assert abs(value - wanted) < 1e-5, f"even and odd networks (split both arrays) give {wanted:.3f}; you have {value:.3f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 4. Who pays (20 minutes)
#
# Memorisation can be limited: stop early, penalise large weights, remove small ones, or train with *differential privacy*,
# which promises that no single example changes the network much. The average accuracy says how much this costs. Look also
# at who pays.
#
# ### Predict
# We remove the smallest 70% of the weights from networks trained on wider clouds (`sigma` 0.5). By how much does accuracy
# fall for kinds seen once, and by how much for kinds seen 10 to 29 times? Write a number between 0 and 1 in place of each
# `None`: 0.2 means a fall from 0.9 to 0.7, say.

# %%
my_fall_once = None
my_fall_often = None

# %% [markdown]
# ### Run
# In each panel, compare the curve for kinds seen once with those for frequent kinds. For your prediction, look at 0.7 in the
# right-hand panel.

# %%
wide = run(LongTail(width=128, sigma=0.5), 20 if labs.fast() else 60, 2, sweep={"weight_decay": (0.0, 0.01, 0.03)}, **QUICK)
labs.draw(who_pays, wide, size=(10, 3.6))
pruned = wide.pruned_accuracy.sel(weight_decay=0.0).mean("seed")
fall = pruned.sel(pruned_fraction=0.0) - pruned.sel(pruned_fraction=0.7)
labs.compare(my_fall_once, float(fall.sel(count=1)), "fall for kinds seen once")
labs.compare(my_fall_often, float(fall.sel(count=10)), "fall for kinds seen 10 to 29 times")
for seen, count in (("once", 1), ("twice", 2), ("3 times", 3), ("4 times", 4), ("5 to 9 times", 5), ("10 to 29 times", 10)):
    before, lost = float(pruned.sel(pruned_fraction=0.0, count=count)), float(fall.sel(count=count))
    print(f"seen {seen}: accuracy is {before:.2f} before pruning and falls by {lost:.2f}")

# %% [markdown]
# ### Play
# Raise the weight decay until training error appears (left, dotted). Which kinds do these wrongly answered examples belong
# to? The bars on the right show the *test* error by how often a kind was seen: watch which of them grow.

# %%
explorer(("weight_decay", "sigma", "samples", "seed"), sigma=0.5)

# %% [markdown]
# ### Explain
# A kind seen a hundred times is stored in many weights and survives the loss of some; a kind seen once depends on a few
# small ones. Rare kinds lose more than frequent ones. Among rare kinds it is not so simple: those seen two to four times
# lose *more* than those seen once, which have less to lose. (The ledger's claim compares "once" with "10 to 29 times" only.)
# Nor is this a law: with ten times the samples, pruning took more from kinds seen 10 to 29 times than from those seen
# once. So measure it each time.
#
# Private training hurts the rare by design. It bounds how much a single example may change the network, so what only one
# example shows can hardly be learned: here $\mathrm{mem} \le (e^\varepsilon - 1)/K + \delta$ ($\varepsilon$, $\delta$: the privacy
# parameters; smaller is more private). As section 1 showed, that costs test error. This is not a fault of the algorithm:
# *privacy, compression and fairness to the rare pull in different directions*, and how hard they pull depends on the tail.
#
# ### Exercise 4: one private step
# *difficulty 3/5, importance 4/5, 10 minutes.* `gradients` has one row for each example of a batch. Scale each row that is
# longer than `clip` down to norm `clip`, and leave the others as they are. Sum the rows, add Gaussian noise of standard
# deviation `noise * clip` to each entry of the sum, and divide by the `expected` batch size, not by the number of rows.
# Batches are drawn at random, and one may be empty, of shape `(0, d)`: then only the noise is left, `d` numbers. Draw the
# noise from `rng`.
# <details><summary>Hint</summary>Divide each row by <code>max(norm / clip, 1)</code>. <code>rng.normal(size=...)</code> draws
# the noise.</details>

# %% nbgrader={"grade": false, "grade_id": "private", "locked": false, "schema_version": 3, "solution": true, "task": false}
def private_gradient(gradients, clip, noise, expected, rng):
    ### BEGIN SOLUTION
    norms = np.linalg.norm(gradients, axis=1, keepdims=True)
    total = np.sum(gradients / np.maximum(norms / clip, 1), axis=0)
    return (total + noise * clip * rng.normal(size=total.shape)) / expected
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "private-clip", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("clipping"):
    got = private_gradient(np.array([[3.0, 4.0], [0.3, 0.4]]), 2.0, 0.0, 4, np.random.default_rng(0))
    assert np.allclose(got, [0.375, 0.5]), (
        f"(3, 4) is clipped to (1.2, 1.6), (0.3, 0.4) stays; their sum over an expected 4 is (0.375, 0.5); you have {got}")
    ### BEGIN HIDDEN TESTS
    rows = np.random.default_rng(7).normal(size=(12, 5))
    got = private_gradient(rows, 0.5, 0.0, 10, np.random.default_rng(0))
    want = sum(r / max(np.linalg.norm(r) / 0.5, 1) for r in rows) / 10
    assert np.allclose(got, want), f"12 random rows, clip 0.5, expected 10: {np.round(want, 3)}; you have {np.round(got, 3)}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "private-noise", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("noise"):
    got = private_gradient(np.zeros((4, 5000)), 2.0, 1.5, 10, np.random.default_rng(0))
    assert abs(got.std() - 0.3) < 0.02, f"the noise has a standard deviation of 1.5 * 2 / 10 = 0.3; yours has {got.std():.3f}"
    again = private_gradient(np.zeros((4, 5000)), 2.0, 1.5, 10, np.random.default_rng(0))
    assert np.allclose(got, again), "the same rng should give the same noise"
    got = np.shape(private_gradient(np.zeros((0, 5)), 2.0, 1.5, 10, np.random.default_rng(0)))
    assert got == (5,), f"an empty batch of shape (0, 5) should give 5 numbers of noise; yours has the shape {got}"
    ### BEGIN HIDDEN TESTS
    got = private_gradient(np.zeros((0, 5000)), 1.0, 3.0, 6, np.random.default_rng(1))
    assert abs(got.std() - 0.5) < 0.03, (
        "an empty batch needs its noise too, or the result would reveal that it is empty: a standard deviation of "
        f"3 / 6 = 0.5; yours has {got.std():.3f}")
    ### END HIDDEN TESTS

# %% [markdown]
# ## 5. What may be said (15 minutes)
#
# For each claim, this project's ledger gives the number measured here, over several seeds, beside the published one:

# %%
labs.ledger("long-tail/closed-form-table", "long-tail/networks-match-theory", "long-tail/cost-of-not-memorising",
            "long-tail/mean-memorisation-is-the-gap", "long-tail/dropping-memorised-hurts", "long-tail/influence-pairs",
            "long-tail/compression-hits-the-rare", "long-tail/privacy-hits-the-rare",
            "long-tail/noise-looks-like-the-rare")

# %% [markdown]
# **What this does not show.** Labels of different kinds are independent here, which leaves memorising as the *only* way; in
# the real world there are rules as well. The last claim is the uncomfortable one: the memorisation score tells false labels
# from examples of well-known kinds almost without fail, but from rare true ones only poorly (both areas under
# the ROC curve, AUC, are in the table above). If you remove what is memorised in order to remove the errors, you remove many
# of the rare examples with them.
#
# ### Exercise 5: discussion
# *difficulty 3/5, importance 5/5, 10 minutes, marked by hand.* A colleague finds that the model has memorised 5% of its
# training set and wants to delete these examples, "to reduce overfitting and protect privacy". In at most 150 words: what
# would you measure first? What in your own runs (name a figure and a number) speaks for or against deleting them? And who
# would pay?

# %% [markdown] nbgrader={"grade": true, "grade_id": "discussion", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# *A good answer* asks for accuracy by group or by rarity and for the null of the memorisation score, cites the loss from
# giving up what was seen once (or from removing the memorised examples) with its number, and says that the score tells
# false labels from rare examples only poorly, so that the rare pay. One point for each.

# %% [markdown]
# **References.** Feldman 2020, arXiv:1906.05271 (the model). Feldman and Zhang 2020, arXiv:2008.03703 (the estimator).
# Hooker and others 2019, arXiv:1911.05248 (compression). Bagdasaryan and others 2019, arXiv:1905.12101 (privacy). Abadi
# and others 2016, arXiv:1607.00133 (private training).
