# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 3: what is true is learned first
#
# **Question.** Four labels in ten are false, and nobody tells the network which. Does it learn the truth, or the lies?
#
# **Time** about 120 minutes; sections 1 and 2 take about an hour. **Compute** about half a minute of training on two CPU
# cores, plus whatever you train yourself under *Play*; no internet needed.
# **You need** numpy, cross-entropy and its gradient, and to have seen a training loop once.
#
# After this lab you can
# 1. read early learning and memorisation off the curves for true and false labels,
# 2. report an accuracy honestly: the value at the last epoch, and beside it the best one, which only an oracle could have
#    chosen,
# 3. derive why early-learning regularisation (ELR) protects an example, and how strong it has to be,
# 4. find false labels by how they were learned, and measure how well this works.
#
# Each section except the last asks you to **predict** before you **run**; then you **play**, read an explanation, and
# answer an **exercise**. The cells below each answer check it. A ✓ means that the checks you see there pass. The teacher's
# marks use more cases, so read the instruction again before you go on. You can run all cells at any time: an exercise
# that you have not answered yet says so, and nothing later depends on it.

# %%
import numpy as np

from mini import labs
from mini.engine import default_cache, run
from mini.plotting import BLACK, BLUE, GREEN, VERMILION, band
from mini.studies.early_learning import EarlyLearning
from mini.studies.early_learning.explorer import explorer

labs.setup(minutes=120, compute="about half a minute of training (plus what you run under Play)")
SEEDS = 1 if labs.fast() else 5
EPOCHS = 10 if labs.fast() else 200
SIZE = {"examples": 300} if labs.fast() else {}
PLAY = {**SIZE, "ticks": EPOCHS} if labs.fast() else {}
QUICK = {"seeds": SEEDS, "progress": not labs.fast(), "cache": default_cache()}

# %% [markdown]
# ## 1. What becomes of false labels (25 minutes)
#
# **The task.** There are 1000 handwritten digits of 8 by 8 pixels to learn from, and 797 are held out. Of the 1000
# training labels, 40% are replaced by one of the nine *other* classes, drawn at random. The held-out labels are true.
#
# **The network** has 256 hidden neurons (ReLU) and is trained for 200 epochs to minimise the cross-entropy with the labels
# it is given (stochastic gradient descent with momentum, batches of 50).
#
# ### Predict
# After 200 epochs, for what share of the digits with a *false* label does the network answer exactly that label
# (*memorised*)? What share of the *held-out* digits does it answer right? Write a number between 0 and 1 in place of each
# `None`.

# %%
my_memorised = None
my_test_accuracy = None

# %% [markdown]
# ### Run
# On the left, look at which of the three curves is on top, from the first epochs to the last. On the right, look at where
# the dashed curve is highest.

# %%
plain = run(EarlyLearning(noise=0.4, **SIZE), EPOCHS, **QUICK)


def fractions(canvas, runs):
    left, right = canvas.subplots(1, 2, sharey=True)
    band(left, runs.restored_fraction, "true class", "epoch", color=GREEN)
    band(left, runs.memorised_fraction, "memorised", "epoch", color=VERMILION, linestyle="--")
    band(left, runs.neither_fraction, "neither", "epoch", color=BLACK, linestyle=":")
    left.set(title="False labels", xlabel="epoch", ylabel="share", ylim=(-0.02, 1.04))
    band(right, runs.clean_accuracy, "true labels", "epoch", color=BLUE)
    band(right, runs.test_accuracy, "held out", "epoch", color=BLACK, linestyle="--")
    right.set(title="Right answers", xlabel="epoch")
    left.legend()
    right.legend()
    end = runs.isel(epoch=-1).mean("seed")
    return (f"Left: at the end a share of {float(end.memorised_fraction):.2f} of the false labels is memorised; for a share "
            f"of {float(end.restored_fraction):.2f} the network answers the true class. Right: held-out accuracy is "
            f"{float(end.oracle_test_accuracy):.2f} at its best epoch, which only an oracle could choose, and ends at "
            f"{float(end.test_accuracy):.2f}.")


labs.draw(fractions, plain)
labs.compare(my_memorised, float(plain.memorised_fraction.isel(epoch=-1).mean()), "share of false labels memorised")
labs.compare(my_test_accuracy, float(plain.test_accuracy.isel(epoch=-1).mean()), "held-out accuracy")

# %% [markdown]
# ### Play
# When you release a slider, a new network is trained. *Look back* takes you to any epoch. The digits on the right are those
# for which the network's answer has changed since half-way to that epoch (false labels in colour). When is held-out
# accuracy at its best? Does that epoch depend on the noise? And on its kind? Each kind replaces a label in a different way:
#
# - `symmetric`: by one of the nine other classes;
# - `uniform`: by any of the ten classes, so that one in ten stays true;
# - `asymmetric`: by the next class;
# - `alternate`: by the next class too, but in every second class only (so only half as many labels become false);
# - `instance`: by the class that the digit looks most like.

# %%
explorer(("noise", "noise_kind", "seed", "ticks"), objective="cross_entropy", strength=-1.0, **PLAY)

# %% [markdown]
# ### Explain
# True labels agree with each other: the gradients of all the threes add up. False labels disagree: one says that this three
# is a seven, another that the next three is a zero, and their gradients nearly cancel. So the truth is learned first, *even
# for the examples whose label is false*. But gradients that nearly cancel do not vanish. Once the examples with true labels
# are answered right, their gradients are small. What remains are the gradients of the false labels, each in its own
# direction, and a network with more weights than examples can follow them all.
#
# ### Exercise 1.1: what becomes of the labels
# *difficulty 2/5, importance 5/5, 8 minutes.* `answer`, `given` and `truth` are arrays of classes. *Among the examples with
# a false label*, return the shares `(restored, memorised, neither)`: those answered with the true class, with the given
# label, and with neither.
# <details><summary>Hint</summary>A label is false where <code>given != truth</code>; the mean of a Boolean array is a
# share.</details>

# %% nbgrader={"grade": false, "grade_id": "fates", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fates(answer, given, truth):
    ### BEGIN SOLUTION
    false = given != truth
    restored, memorised = answer[false] == truth[false], answer[false] == given[false]
    return restored.mean(), memorised.mean(), (~restored & ~memorised).mean()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "fates-sum", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the three shares"):
    truth, given = np.array([0, 1, 2, 3, 4, 5, 6, 7]), np.array([0, 1, 9, 9, 9, 9, 9, 9])
    got = fates(np.array([0, 9, 2, 3, 4, 9, 9, 0]), given, truth)
    assert np.allclose(got, [1 / 2, 1 / 3, 1 / 6]), (
        "of six false labels three are answered with the true class, two as given, one with neither; you have "
        f"{np.round(got, 3)}")
    ### BEGIN HIDDEN TESTS
    rng = np.random.default_rng(0)
    t, g, a = rng.integers(0, 10, (3, 500))
    bad = t != g
    want = [(a[bad] == t[bad]).mean(), (a[bad] == g[bad]).mean()]
    got = fates(a, g, t)
    assert np.allclose(got, [*want, 1 - sum(want)]), (
        f"500 random answers, labels and true classes give {np.round([*want, 1 - sum(want)], 3)}; you have "
        f"{np.round(got, 3)}")
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "fates-true", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("true labels do not count"):
    got = fates(np.array([1, 1, 1, 1]), np.array([1, 1, 1, 2]), np.array([1, 1, 1, 1]))
    assert np.allclose(got, [1, 0, 0]), f"the only false label is answered with its true class; you have {np.round(got, 3)}"
    ### BEGIN HIDDEN TESTS
    got = fates(np.array([1, 2, 2]), np.array([1, 2, 2]), np.array([1, 1, 1]))
    assert np.allclose(got, [0, 1, 0]), f"two false labels, both answered as given: 0, 1, 0; you have {np.round(got, 3)}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 1.2: no oracles
# *difficulty 3/5, importance 5/5, 8 minutes.* Papers on false labels often report the best epoch. Picking that epoch by
# test accuracy takes knowledge that nobody has in practice (an *oracle*). What *can* be used is a validation set
# whose labels are as noisy as the rest. Return `(last, chosen, oracle)`: the test accuracy at the last epoch, the test
# accuracy at the epoch with the highest *validation* accuracy (the first such epoch in a tie), and the highest test
# accuracy of all.

# %% nbgrader={"grade": false, "grade_id": "report", "locked": false, "schema_version": 3, "solution": true, "task": false}
def report(test_accuracy, validation_accuracy):
    ### BEGIN SOLUTION
    return test_accuracy[-1], test_accuracy[np.argmax(validation_accuracy)], np.max(test_accuracy)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "report-order", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("last, chosen, oracle"):
    got = report(np.array([0.1, 0.8, 0.9, 0.6]), np.array([0.1, 0.5, 0.4, 0.3]))
    assert np.allclose(got, [0.6, 0.8, 0.9]), f"last 0.6, chosen 0.8, oracle 0.9; you have {got}"
    ### BEGIN HIDDEN TESTS
    t, v = np.random.default_rng(3).random((2, 50))
    got, want = report(t, v), [t[-1], t[v.argmax()], t.max()]
    assert np.allclose(got, want), f"50 random accuracies give {np.round(want, 3)}; you have {np.round(got, 3)}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "report-ties", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("ties go to the first epoch"):
    got = report(np.array([0.2, 0.7, 0.9]), np.array([0.3, 0.5, 0.5]))
    assert len(got) == 3, f"return three numbers; you return {len(got)}"
    assert np.allclose(got[1], 0.7), f"validation accuracy is highest at epochs 1 and 2: take the first; you have {got[1]}"
    ### BEGIN HIDDEN TESTS
    got = report(np.array([0.2, 0.7, 0.9, 0.4]), np.array([0.1, 0.5, 0.2, 0.5]))
    assert len(got) == 3, f"four epochs, too, should give three numbers; you return {len(got)}"
    assert np.allclose(got[1], 0.7), f"validation accuracy is highest at epochs 1 and 3: the first has 0.7; you have {got[1]}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 2. A memory of earlier answers (30 minutes)
#
# Early on, the network knows better than its labels. **Early-learning regularisation** (ELR, Liu and others 2020) lets it
# remember what it answered. For each example it keeps a running average $t$ of the network's own answers $p$ (the class
# probabilities),
# $$t \leftarrow \beta t + (1 - \beta)\, p, \qquad t = 0 \text{ at first},$$
# and with a given label $y$ the loss rewards the network for agreeing with itself:
# $$L = -\log p_y + \lambda \log(1 - \langle p, t \rangle).$$
# The better $p$ and $t$ agree, the more negative the second logarithm is. The published values for symmetric
# noise on CIFAR-10 are a strength $\lambda = 3$ and a target momentum $\beta = 0.7$.
#
# ### Predict
# Take the same digits and the same 40% of false labels. What will the held-out accuracy be after 200 epochs with ELR, and
# what share of the false labels will be memorised? Write a number between 0 and 1 in place of each `None`.

# %%
my_elr_accuracy = None
my_elr_memorised = None

# %% [markdown]
# ### Run
# Compare this figure with that of section 1, and look above all at the last hundred epochs.

# %%
elr = run(EarlyLearning(noise=0.4, objective="elr", **SIZE), EPOCHS, **QUICK)
labs.draw(fractions, elr)
labs.compare(my_elr_accuracy, float(elr.test_accuracy.isel(epoch=-1).mean()), "held-out accuracy with ELR")
labs.compare(my_elr_memorised, float(elr.memorised_fraction.isel(epoch=-1).mean()), "share memorised with ELR")

# %% [markdown]
# ### Play
# How much noise can ELR withstand? What does a target momentum ($\beta$) of 0 do, and one of 0.99? Is a greater strength
# ($\lambda$) always better?

# %%
explorer(("noise", "strength", "target_momentum", "seed", "ticks"), **PLAY)

# %% [markdown]
# ### Explain
# The gradient at the logits is $p - y + \lambda g$ ($y$ is now the one-hot label) with
# $$g_c = p_c\, \frac{\langle p, t \rangle - t_c}{1 - \langle p, t \rangle}.$$
# Where the label is true and learned, $p \approx y$ and cross-entropy no longer pushes; but $g$ is negative at the
# class that the memory favours, and so keeps pushing the answer towards it. Where the label is false, cross-entropy pulls
# towards that label and $g$ pulls back. With $\beta$ near 1 the memory is slower than early learning: by the time the memory
# knows the truth, the network has already forgotten it.
#
# ### Exercise 2.1: the memory
# *difficulty 1/5, importance 4/5, 5 minutes.* Write the update (`renewed`). Then: if an example has been visited $k$ times
# and the answer was always the same $p$, how much does its memory hold in total (`held`, the sum of $t$ over the classes)?

# %% nbgrader={"grade": false, "grade_id": "memory", "locked": false, "schema_version": 3, "solution": true, "task": false}
def renewed(t, p, beta):
    """The memory after one more answer p."""
    ### BEGIN SOLUTION
    return beta * t + (1 - beta) * p
    ### END SOLUTION


def held(k, beta):
    """The sum over the classes of a memory after k answers."""
    ### BEGIN SOLUTION
    return 1 - beta**k
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "memory-update", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("one update"):
    got = renewed(np.array([0.5, 0.0]), np.array([0.2, 0.8]), 0.75)
    assert np.allclose(got, [0.425, 0.2]), f"three quarters of the old memory, a quarter of the new answer; you have {got}"
    ### BEGIN HIDDEN TESTS
    t = np.zeros(3)
    for p in np.eye(3):
        t = renewed(t, p, 0.5)
    assert np.allclose(t, [0.125, 0.25, 0.5]), (
        "three one-hot answers, each for another class, leave 0.125, 0.25, 0.5 with beta = 0.5: later answers weigh more; you "
        f"have {t}")
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "memory-held", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("what it holds"):
    assert np.isclose(held(1, 0.7), 0.3), f"after one visit it holds 0.3; you have {held(1, 0.7):.4g}"
    assert np.isclose(held(2, 0.7), 0.51), f"after two visits 0.7 * 0.3 + 0.3 = 0.51; you have {held(2, 0.7):.4g}"
    ### BEGIN HIDDEN TESTS
    for k, beta, wanted in ((0, 0.7, 0.0), (3, 0.9, 0.271), (200, 0.7, 1.0)):
        got = held(k, beta)
        assert np.isclose(got, wanted), f"after {k} visits with beta = {beta} it holds {wanted}; you have {got:.4g}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 2.2: the loss and its gradient
# *difficulty 3/5, importance 4/5, 12 minutes.* For one example, write the loss `elr_loss(f, y, t, strength)` from the
# logits `f`, the given class `y` (a number), the memory `t` and the `strength` $\lambda$. Then write its gradient with
# respect to `f`, `elr_gradient`, with $t$ held constant as above. The next cell defines `softmax`.
# <details><summary>Hint</summary>Compute <code>p = softmax(f)</code> once; the one-hot label is
# <code>np.eye(len(f))[y]</code>.</details>

# %% nbgrader={"grade": false, "grade_id": "given-softmax", "locked": true, "schema_version": 3, "solution": false, "task": false}
def softmax(f):
    e = np.exp(f - f.max())
    return e / e.sum()

# %% nbgrader={"grade": false, "grade_id": "elr", "locked": false, "schema_version": 3, "solution": true, "task": false}
def elr_loss(f, y, t, strength):
    ### BEGIN SOLUTION
    p = softmax(f)
    return -np.log(p[y]) + strength * np.log(1 - p @ t)
    ### END SOLUTION


def elr_gradient(f, y, t, strength):
    ### BEGIN SOLUTION
    p = softmax(f)
    agreement = p @ t
    return p - np.eye(len(f))[y] + strength * p * (agreement - t) / (1 - agreement)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "elr-loss", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the loss"):
    got = elr_loss(np.log([1.0, 2.0, 1.0]), 1, np.array([0.1, 0.6, 0.1]), 2.0)
    assert np.isclose(got, np.log(2) + 2 * np.log(0.65)), (
        "p = (1/4, 1/2, 1/4) and t = (0.1, 0.6, 0.1) have the inner product 0.35, so the loss is "
        f"log 2 + 2 log 0.65 = -0.168; you have {got:.3f}")
    ### BEGIN HIDDEN TESTS
    f, t = np.array([1.0, -0.5, 0.2]), np.array([0.1, 0.7, 0.1])
    p = np.exp(f) / np.exp(f).sum()
    for strength in (0.0, 1.7):
        wanted = -np.log(p[2]) + strength * np.log(1 - (p * t).sum())
        got = elr_loss(f, 2, t, strength)
        assert np.isclose(got, wanted, atol=1e-5), f"with a strength of {strength} it is {wanted:.3f}; you have {got:.3f}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "elr-gradient", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the gradient"):
    f, t = np.array([0.3, -0.2, 0.9]), np.array([0.2, 0.1, 0.6])
    p = np.exp(f) / sum(np.exp(f))
    got = elr_gradient(f, 1, t, 0.0)
    assert np.allclose(got, p - np.eye(3)[1], atol=1e-5), f"at a strength of 0 it is p - y; you have {np.round(got, 4)}"
    got = elr_gradient(f, 1, t, 3.0)
    assert np.allclose(got, [0.57346, -0.56448, -0.00898], atol=1e-4), (
        "at a strength of 3, add a little to each logit in turn and see how much the loss changes: by 0.573, -0.564 and "
        f"-0.009 per unit; your gradient is {np.round(got, 3)}")
    ### BEGIN HIDDEN TESTS
    for strength in (1.0, 3.0):
        for y in range(3):
            pt = sum(p[c] * t[c] for c in range(3))
            wanted = [p[c] - (c == y) + strength * p[c] * (pt - t[c]) / (1 - pt) for c in range(3)]
            got = np.asarray(elr_gradient(f, y, t, strength))
            assert got.shape == (3,), f"the gradient has one number for each logit; yours has the shape {got.shape}"
            assert np.allclose(got, wanted, atol=1e-5), (
                f"label {y}, strength {strength}: wanted p - y + strength * g = {np.round(wanted, 4)}; you have "
                f"{np.round(got, 4)}")
    ### END HIDDEN TESTS

# %% [markdown]
# ## 3. How strong is strong enough? (30 minutes)
#
# Take two classes. The network gives the false label the probability $q$ and the true one $1 - q$, and the memory has
# caught up with the network, $t = p$. Then the gradient at the false label's logit is
# $$q - 1 + \lambda\, q\, \frac{\langle p, p\rangle - q}{1 - \langle p, p\rangle}, \qquad
#   \langle p, p\rangle = 1 - 2 q (1 - q).$$
# Simplify it. Where this gradient is negative, $q$ grows; where it is positive, $q$ falls.
#
# ### Predict
# Below a certain strength *every* false label is memorised in the end, however long it takes. What is that strength? Write
# a number in place of `None`.

# %%
my_critical_strength = None

# %% [markdown]
# ### Run
# The digits have ten classes, and training ends after 300 epochs. Look at the strength at which half of the false labels
# are memorised, and compare it with the dashed line, which is derived for two classes.

# %%
strengths = (1.0, 3.0) if labs.fast() else (1.0, 1.5, 2.0, 2.5, 3.0)
swept = run(EarlyLearning(noise=0.4, objective="elr", **SIZE), EPOCHS * 3 // 2, 10, sweep={"strength": strengths},
            **{**QUICK, "seeds": min(SEEDS, 3)})


def turn(q=1e-6):
    """The strength at which the gradient above is zero, for a very small probability q of the false label."""
    agreement = 1 - 2 * q * (1 - q)
    return (1 - q) * (1 - agreement) / (q * (agreement - q))


def by_strength(canvas, runs):
    axes = canvas.add_subplot()
    share = runs.memorised_fraction.isel(epoch=-1)
    band(axes, share, "measured, range over seeds", "strength", color=BLUE, marker="o")
    axes.axvline(turn(), color=VERMILION, linestyle="--", label="derived for two classes")
    axes.set(xlabel="strength", ylabel="share of false labels", ylim=(-0.02, 1.04), title="Memorised, by strength")
    axes.legend()
    return "Share of false labels memorised at the end, for each strength: " + "; ".join(
        f"{x:g}: {float(v):.2f}" for x, v in zip(runs.strength, share.mean("seed"))) + "."


labs.draw(by_strength, swept)
labs.compare(my_critical_strength, turn(), "critical strength, two classes (derived)")

# %% [markdown]
# ### Play
# Move the strength slowly from 1.5 to 3. Near the dashed line of the figure above, train longer: what does the extra time
# do at a strength below that line, and what above it?

# %%
explorer(("strength", "noise", "seed", "ticks"), strength=2.2, **PLAY)

# %% [markdown]
# ### Explain
# The gradient simplifies to $q - 1 + \lambda (1 - 2q)/2$. At $q = 0$ it is $\lambda/2 - 1$: negative for
# $\lambda < 2$, so that even the smallest $q$ grows. For $\lambda > 2$ it is positive up to
# $q^* = \frac{\lambda - 2}{2(\lambda - 1)}$, a barrier. An example whose $q$ starts below the barrier is protected; one
# whose $q$ is pushed over it is memorised after all. At $\lambda = 3$ the barrier is 1/4, at 2.2 only 1/12, and
# minibatches do push $q$ about: a little above 2, half of the false labels can still get over the barrier. (How many do
# depends on the steps: with a learning rate a quarter as large, hardly any does in as many epochs.) Besides, 2 is the value
# for *two* classes. With ten classes, the eight others have a probability $r$ of their own, which raises the value (exercise
# 3.2). So the *measured* critical strength lies somewhat above the *derived* one. The project's ledger,
# whose bounds were set before its runs, says so:

# %%
labs.ledger("early-learning/critical-strength", "early-learning/gradient-identity", "early-learning/kl-control")

# %% [markdown]
# (The first row has the noise of your runs, `symmetric`: 40% of the labels are false. The last row has `uniform` noise:
# 40% of the labels are redrawn from all ten classes, so that 36% are false.)
#
# ### Exercise 3.1: the barrier
# *difficulty 3/5, importance 4/5, 10 minutes.* `pull(q, strength)` returns the simplified gradient at the false label's
# logit. `barrier(strength)` returns the $q^*$ up to which an example is protected, and 0 where there is no protection at
# all.

# %% nbgrader={"grade": false, "grade_id": "barrier", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pull(q, strength):
    ### BEGIN SOLUTION
    return q - 1 + strength * (1 - 2 * q) / 2
    ### END SOLUTION


def barrier(strength):
    ### BEGIN SOLUTION
    return (strength - 2) / (2 * (strength - 1)) if strength > 2 else 0.0
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "barrier-pull", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the gradient for two classes"):
    assert np.isclose(pull(0.0, 2.0), 0), f"at q = 0 and a strength of 2 the gradient is 0; you have {pull(0.0, 2.0)}"
    for strength, wanted in ((2.0, -0.25), (4.0, 0.25)):
        got = pull(0.25, strength)
        assert np.isclose(got, wanted), f"the gradient at q = 1/4 and a strength of {strength} is {wanted}; you have {got}"
    ### BEGIN HIDDEN TESTS
    for q in (0.05, 0.3, 0.8):
        pp = 1 - 2 * q * (1 - q)
        for strength in (0.5, 3.0):
            got, wanted = pull(q, strength), q - 1 + strength * q * (pp - q) / (1 - pp)
            assert np.isclose(got, wanted), f"at q = {q}, strength {strength}, it is {wanted:.4f}; you have {got:.4f}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "barrier-share", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the barrier"):
    for strength, wanted in ((3.0, 0.25), (5.0, 0.375)):
        got = barrier(strength)
        assert np.isclose(got, wanted), f"at a strength of {strength} the barrier is {wanted}; you have {got}"
    assert barrier(1.5) == 0, f"below 2 nothing is protected, so the barrier is 0; at 1.5 you have {barrier(1.5)}"
    ### BEGIN HIDDEN TESTS
    for strength, wanted in ((2.2, 1 / 12), (11.0, 0.45), (2.0, 0.0), (1.0, 0.0), (0.5, 0.0)):
        got = barrier(strength)
        assert np.isclose(got, wanted), f"at a strength of {strength} the barrier is {wanted:.4f}; you have {got:.4f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 3.2: more than two classes
# *difficulty 4/5, importance 3/5, 8 minutes.* Now let the other classes together have the probability $r$, with both $q$
# and $r$ small. Show that $g$ at the false label is about $\frac{q}{2(q + r)}$, and return the strength at which the
# gradient there, about $-1 + \lambda g$, is zero.
# <details><summary>Hint</summary>$\langle p, p\rangle \approx (1 - q - r)^2 \approx 1 - 2(q + r)$, which is much
# larger than $q$.</details>

# %% nbgrader={"grade": false, "grade_id": "critical", "locked": false, "schema_version": 3, "solution": true, "task": false}
def critical_strength(q, r):
    ### BEGIN SOLUTION
    return 2 * (1 + r / q)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "critical-two", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("two classes again"):
    got = critical_strength(0.01, 0.0)
    assert np.isclose(got, 2), f"with no other class the strength is 2; you have {got}"
    got = critical_strength(0.01, 0.02)
    assert np.isclose(got, 6), f"with q = 0.01 and r = 0.02, g is about 1/6, so the strength is 6; you have {got}"
    ### BEGIN HIDDEN TESTS
    for q, r, wanted in ((0.01, 0.01, 4.0), (0.02, 0.005, 2.5)):
        got = critical_strength(q, r)
        assert np.isclose(got, wanted), f"with q = {q} and r = {r} the strength is {wanted}; you have {got}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "critical-exact", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("against the gradient itself"):
    q, r = 1e-4, 2e-5
    p = np.array([1 - q - r, q, r / 2, r / 2])
    g = p[1] * (p @ p - p[1]) / (1 - p @ p)
    got = critical_strength(q, r)
    assert abs(got * g - 1) < 0.01, f"strength times g should be 1; with your strength it is {got * g:.3f}"
    ### BEGIN HIDDEN TESTS
    q, r = 1e-4, 3e-4
    p = np.array([1 - q - r, q, *[r / 8] * 8])
    back = critical_strength(q, r) * p[1] * (p @ p - p[1]) / (1 - p @ p)
    assert abs(back - 1) < 0.01, f"ten classes, q = 1e-4, r = 3e-4: strength times g should be 1 too; it is {back:.3f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 4. Which labels are false? (20 minutes)
#
# If the truth is learned first, then *how* an example was learned tells us whether its label is true. We use six scores:
#
# - its loss at epoch 10 (*early loss*) and at the end (*last loss*);
# - its *margin*: the logit of the given label minus the largest other logit, averaged over the first 10 epochs (*early
#   margin*) or over all of them (*mean margin*); a small margin suggests a false label, so the score is minus the margin;
# - how often it was forgotten (*forgetting events*), and the epoch at which it was first answered as given (*first learned*).
#
# The area under the receiver operating characteristic (AUC) is the chance that a false label scores higher than a true one:
# 1 means that the score tells them apart perfectly, 0.5 that it does no better than chance.
#
# ### Predict
# After plain training, which score separates false labels from true ones better: the loss at epoch 10, or the loss at epoch
# 200? Write your guess for the AUC of each, a number between 0.5 and 1, in place of `None`.

# %%
my_early_auc = None
my_last_auc = None

# %% [markdown]
# ### Run
# Each bar starts at 0.5, which is chance. Look at the orange bars first: which score has the longest bar, and which the
# shortest? Then compare orange with blue.

# %%
def areas(canvas, plain, elr):
    axes = canvas.add_subplot()
    place = np.arange(plain.sizes["score"])
    for shift, runs, label, colour in ((-0.2, plain, "cross-entropy", VERMILION), (0.2, elr, "ELR", BLUE)):
        axes.barh(place + shift, runs.detection_auc.mean("seed") - 0.5, 0.38, left=0.5, color=colour, label=label)
    axes.set_yticks(place, plain.score.values)
    axes.axvline(0.5, color=BLACK, lw=0.8)
    axes.set(xlabel="AUC, 0.5 is chance", title="Telling false labels from true ones")
    axes.set_xlim(right=1.0)
    canvas.legend(loc="outside upper right", ncols=2)
    return "Area under the ROC curve (AUC) of six scores. " + "; ".join(
        f"{s}: {float(a):.3f} after cross-entropy, {float(b):.3f} after ELR" for s, a, b in zip(
            plain.score.values, plain.detection_auc.mean("seed"), elr.detection_auc.mean("seed"))) + "."


labs.draw(areas, plain, elr)
auc = plain.detection_auc.mean("seed")
labs.compare(my_early_auc, float(auc.sel(score="early loss")), "AUC of the loss at epoch 10")
labs.compare(my_last_auc, float(auc.sel(score="last loss")), "AUC of the loss at the last epoch")

# %% [markdown]
# ### Play
# Try another kind of noise (section 1 lists the five): set `KIND` to its name and run the cell. Which kind makes the false
# labels hardest to find, and why?

# %%
KIND = "asymmetric"
other = [run(EarlyLearning(noise=0.4, noise_kind=KIND, objective=objective, **SIZE), EPOCHS, **QUICK)
         for objective in ("cross_entropy", "elr")]
labs.draw(areas, *other)

# %% [markdown]
# ### Explain
# At epoch 10 the network still gives a false label little probability. By epoch 200 the label has been memorised: its loss
# is nearly as small as that of a true label, and tells us much less. ELR's memory points to false labels directly: where
# its largest entry is not the given label, the label is suspect. All of this works less well where errors agree with each
# other, as the last figure shows: if *all* threes by one writer are called eights, that is a rule too, and it is learned
# early.
#
# ### Exercise 4: the area
# *difficulty 3/5, importance 4/5, 8 minutes.* Compute the AUC from its definition: among all pairs of one false and one
# true label, it is the share in which the false one scores higher; a tie counts as one half. `score` has one number for each
# example, and `false` is a Boolean array.
# <details><summary>Hint</summary><code>score[false][:, None] &gt; score[~false][None, :]</code> compares all pairs at
# once.</details>

# %% nbgrader={"grade": false, "grade_id": "auc", "locked": false, "schema_version": 3, "solution": true, "task": false}
def area(score, false):
    ### BEGIN SOLUTION
    high, low = score[false][:, None], score[~false][None, :]
    return ((high > low) + 0.5 * (high == low)).mean()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "auc-pairs", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("an area by counting"):
    got = area(np.array([0.9, 0.4, 0.5, 0.1]), np.array([True, True, False, False]))
    assert np.isclose(got, 0.75), f"three of the four pairs are in order: 0.75; you have {got}"
    ### BEGIN HIDDEN TESTS
    rng = np.random.default_rng(1)
    score, false = rng.normal(size=200), rng.random(200) < 0.3
    rank = score.argsort().argsort() + 1
    want = (rank[false].sum() - false.sum() * (false.sum() + 1) / 2) / (false.sum() * (~false).sum())
    got = area(score, false)
    assert np.isclose(got, want), f"these 200 random scores have an area of {want:.4f}; you have {got:.4f}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "auc-ties", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("ties"):
    got = area(np.zeros(4), np.array([True, False, False, False]))
    assert np.isclose(got, 0.5), f"a score that is the same for all examples has an area of 1/2; you have {got}"
    got = area(np.array([1.0, 1.0, 0.0]), np.array([True, False, False]))
    assert np.isclose(got, 0.75), f"of two pairs, one is a tie and one is in order: 0.75; you have {got}"
    ### BEGIN HIDDEN TESTS
    got = area(np.array([2, 1, 1, 0]), np.array([True, True, False, False]))
    assert np.isclose(got, 0.875), f"of four pairs, one is a tie and three are in order: 0.875; you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 5. What may be said (15 minutes)
#
# For each claim, this project's ledger gives the number measured here, over several seeds, beside the published one:

# %%
labs.ledger("early-learning/peak-then-fall", "early-learning/all-memorised", "early-learning/elr-holds",
            "early-learning/elr-noise-levels", "early-learning/detection", "early-learning/asymmetric",
            "early-learning/linear-theory", "early-learning/separability")

# %% [markdown]
# **The kinds of noise differ.** Your runs replace 40% of the labels by *another* class (`symmetric`), so 40% are false. The
# first five rows redraw labels from *all* classes (`uniform`, as the authors' code does), so "40%" means that 36% are
# false; the sixth row has `alternate`.
#
# **What this toy experiment does not show.** A thousand digits are not CIFAR-10, and ten clear classes with random errors
# make things easy for early learning. Where errors have a pattern, ask how many classes they affect: the paper's 40% of
# asymmetric noise affects only half of the classes, so that one label in five is false. If every class were mistaken for
# the next, it would be two in five. The ledger says whether the paper's own values also work at this scale, on noise like
# the paper's.
#
# <details><summary>For readers of the paper: the row <code>linear-theory</code></summary>
#
# Theorem 1 of Liu and others, whose numbers stand in their Appendix A, is about two clouds of points and a linear classifier
# with weights $\theta$ (of length 2 at first). Some labels are redrawn by tossing a fair coin; $v$ is the direction of the
# truth, $\sigma$ the spread of a cloud, and the *turn* is the first step at which $\theta \cdot v$ reaches 0.1. The theorem
# says the following. Up to the turn, the direction of descent has a cosine of at least 1/6 with $v$, and mean squared residuals fall on true labels and rise on
# false ones, by at least 0.05 each. Of the points with a false label, a share of at most .5001 is answered with the true
# class at the start, and more than .9999 at the turn. In the end all labels are fitted.
#
# The theorem holds for many dimensions and a small enough spread. For a given $\theta$ of length 2, a share of about
# $\Phi(\theta \cdot v / 2\sigma)$ of the points with a false label is answered with the true class. With a spread of 0.1, as
# here, that is $\Phi(1/2) = 0.69$ at the turn. (We measure about eight in ten, because the steps are long and overshoot
# 0.1.) The theorem's .9999 would take $\theta \cdot v = 0.74$, so its statement about the turn *cannot* hold here. The one
# about the start holds for the seeds whose initial weights happen to lean away from the truth, and not for the others. The
# bounds on the direction of descent and on the final fit hold; those on the residuals hold for the seeds whose turn does
# not already come at step 0.
#
# </details>
#
# And a method that trusts what was learned early cannot know what is *rare but true*: that is the subject of the next lab.
#
# ### Exercise 5: discussion
# *difficulty 3/5, importance 5/5, 10 minutes, marked by hand.* A hospital's images were labelled by two tired doctors,
# who were wrong on one image in five, and more often on rare findings. In at most 150 words: would you train with ELR?
# What would you measure first, and on which labels? What in your own runs above (name a figure and a number) speaks
# for or against ELR?

# %% [markdown] nbgrader={"grade": true, "grade_id": "discussion", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# *A good answer* says that errors depend on the image and fall on rare findings, where no early learning can be
# expected; asks for a small set with true labels, evaluated class by class; reports the last epoch and not the best; and
# cites a number together with its seeds. One point for each of these, up to three.

# %% [markdown]
# **References.** Liu and others 2020, arXiv:2007.00151 (early-learning regularisation, the theorem). Pleiss and others
# 2020, arXiv:2001.10528 (area under the margin). Toneva and others 2019, arXiv:1812.05159 (forgetting events).
