# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 1: first by heart, then by rule
#
# **Question.** A network gets every training example right, and hardly any of the others. Is it finished?
#
# **Time** about 115 minutes; sections 1 and 2 take about an hour. **Compute** about half a minute of training on two CPU
# cores, plus whatever you train yourself under *Play*; no internet needed.
# **You need** numpy, and to have seen a training loop once.
#
# After this lab you can
# 1. read the two moments of *grokking* off a training curve,
# 2. recognise a learned rule in the weights by its spectrum, and write such weights down without training,
# 3. measure what data and weight decay do to the delay,
# 4. say what a spectrum cannot show, and what such a small experiment leaves open.
#
# Each section except the last asks you to **predict** before you **run**; then you **play**, read an explanation, and
# answer an **exercise**. The cells below each answer check it. A ✓ means that the checks you see there pass. The teacher's
# marks use more cases, so read the instruction again before you go on. You can run all cells at any time: an exercise
# that you have not answered yet says so, and nothing later depends on it.

# %%
import numpy as np
import xarray as xr

from mini import labs
from mini.engine import default_cache, run
from mini.measures.curves import first_tick
from mini.plotting import BLUE, GREEN, ORANGE, band
from mini.studies.grokking.experiment import Grokking
from mini.studies.grokking.explorer import explorer

labs.setup(minutes=115, compute="about half a minute of training (plus what you run under Play)")
SEEDS = 1 if labs.fast() else 5
PLAY = {"ticks": 20} if labs.fast() else {}
QUICK = {"seeds": SEEDS, "progress": not labs.fast(), "cache": default_cache()}

# %% [markdown]
# ## 1. The delay (25 minutes)
#
# **The task.** The network is given two residues $a, b$ modulo $p = 31$ and has to answer $a + b \bmod p$. There are
# only $p^2 = 961$ pairs. We train on 40% of them and hold the others out. The network sees a residue as a bare symbol: it
# is never told that 4 comes after 3.
#
# **The network** is as small as can be (Gromov 2023): a table of weights for $a$, one for $b$, their sum squared in
# each of 128 hidden neurons, and a linear read-out. Every step uses all training pairs (AdamW, squared error).
#
# ### Predict
# At which step will the network get 99% of its *training* pairs right, and at which step 95% of the pairs it has
# *never seen*? (We train for 3000 steps.) Write a number of steps in place of each `None`, then run the next two cells.

# %%
my_train_step = None
my_test_step = None

# %% [markdown]
# ### Run
# Look at where each of the two curves rises, and at the distance between them (the step axis is logarithmic).

# %%
delayed = run(Grokking(p=31, width=128, train_fraction=0.4, weight_decay=1.0), 300 if labs.fast() else 3000, 10,
              **QUICK)


def curves(canvas, runs):
    axes = canvas.add_subplot()
    band(axes, runs.train_accuracy, "training", color=BLUE)
    band(axes, runs.test_accuracy, "never seen", color=ORANGE, linestyle="--")
    axes.set(xscale="symlog", xlim=(5, 3000), xlabel="step (logarithmic)", ylabel="accuracy", ylim=(-0.02, 1.04),
             title="Right answers")
    axes.legend(loc="center left")
    at = runs.sel(step=100).mean("seed")
    return (f"Accuracy against step, mean and range over {runs.sizes['seed']} seeds. At step 100 it is "
            f"{float(at.train_accuracy):.0%} on training pairs and {float(at.test_accuracy):.0%} on pairs never seen.")


labs.draw(curves, delayed)


def reached(curve, threshold):
    """The median over seeds of the first step at which a curve reaches a threshold."""
    return float(first_tick(curve, threshold).median())


labs.compare(my_train_step, reached(delayed.train_accuracy, 0.99), "99% of the training pairs", " steps")
labs.compare(my_test_step, reached(delayed.test_accuracy, 0.95), "95% of the pairs never seen", " steps")

# %% [markdown]
# ### Play
# Every slider trains a new network when you let go of it. Left: accuracy. Middle: used in section 2. Right: a colour for
# each answer; once the rule is learned you see straight stripes. Find settings in which (a) the delay vanishes, (b) the
# network does not learn the rule within the steps it has. Which control changes the delay most?

# %%
explorer(("train_fraction", "weight_decay", "width", "seed", "ticks"), p=31, weight_decay=1.0, **PLAY)

# %% [markdown]
# ### Explain
# The late rise on pairs never seen, long after the training pairs are right, is called *grokking*. Training is not over
# when the training pairs are right. Over the next two hundred steps the loss on them still falls thirtyfold and the
# weights go on growing, while the two accuracies hardly change. Meanwhile a periodic pattern grows in the weights
# (section 2).
#
# Weight decay makes large weights costly. For what they achieve, weights that help one pair cost more than weights that
# help all pairs. Section 3 measures how much this matters. Weight decay is *not necessary* for grokking: Gromov (2023) sees
# grokking under plain gradient descent without it. With plenty of data the two rises coincide.
#
# ### Exercise 1.1: two moments
# *difficulty 1/5, importance 5/5, 8 minutes.* Complete `first_step`: it returns the first of `steps` at which `curve` is
# at least `threshold`, or `None` if it never is.
# <details><summary>Hint</summary>The first true value of a Boolean array is at its <code>argmax</code>; check first
# whether there is one at all.</details>

# %% nbgrader={"grade": false, "grade_id": "first-step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def first_step(steps, curve, threshold):
    ### BEGIN SOLUTION
    above = np.asarray(curve) >= threshold
    return int(np.asarray(steps)[above.argmax()]) if above.any() else None
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "first-step-reached", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("a curve that gets there"):
    got = first_step([0, 10, 20, 30], [0.1, 0.5, 0.99, 1.0], 0.9)
    assert got == 20, f"0.9 is reached at step 20; you say {got}. Return the step, not its place in the list"
    ### BEGIN HIDDEN TESTS
    got = first_step([3, 7, 8], [0.5, 0.2, 0.9], 0.5)
    assert got == 3, f"the curve is exactly 0.5 at step 3, and its fall after that changes nothing: 3; you say {got}"
    got = first_step(np.arange(0, 50, 5), np.linspace(0, 1, 10), 0.6)
    assert got == 30, f"a straight line from 0 at step 0 to 1 at step 45 is at 0.6 or more from step 30 on; you say {got}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "first-step-never", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("a curve that never gets there"):
    got = first_step([0, 10, 20], [0.1, 0.2, 0.3], 0.9), first_step([0, 10, 20], [0.1, 0.2, 0.8], 0.8)
    assert got[0] is None, f"a curve that stays below the threshold has no such step: None; you say {got[0]}"
    assert got[1] == 20, f"0.1, 0.2, 0.8 at steps 0, 10, 20 is at least 0.8 from step 20 on; you say {got[1]}"
    ### BEGIN HIDDEN TESTS
    got = first_step([0, 1], [0.0, 0.949], 0.95), first_step([2, 4], [0.95, 0.0], 0.95)
    assert got == (None, 2), f"0.949 is below 0.95, and a curve may start at the threshold: None and 2; you say {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 1.2: what luck is worth
# *difficulty 2/5, importance 4/5, 7 minutes.* A network knows its training pairs by heart and answers every other
# pair with one of the $p$ residues at random. What share of *all* pairs does it get right, on average? And what share
# of the pairs never seen?

# %% nbgrader={"grade": false, "grade_id": "luck", "locked": false, "schema_version": 3, "solution": true, "task": false}
def luck(p, train_fraction):
    """(expected share right of all pairs, expected share right of the pairs never seen)"""
    ### BEGIN SOLUTION
    return train_fraction + (1 - train_fraction) / p, 1 / p
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "luck-held-out", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("luck on pairs never seen"):
    for p, wanted in ((10, 0.1), (5, 0.2)):
        got = luck(p, 0.4)[1]
        assert abs(got - wanted) < 1e-9, f"on average one in {p} random answers is right: a share of {wanted}; you say {got}"
    ### BEGIN HIDDEN TESTS
    for share in (0.4, 0.9):
        got = luck(31, share)[1]
        assert abs(got - 1 / 31) < 1e-9, f"one guess in 31 is right (training share {share:.0%} or any other); you say {got:.4f}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "luck-all", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("luck on all pairs"):
    got = luck(10, 0.4)[0]
    assert abs(got - 0.46) < 1e-9, f"0.4 known, plus a tenth of the other 0.6 guessed right, makes 0.46; you say {got}"
    ### BEGIN HIDDEN TESTS
    for p, share, wanted in ((31, 0.4, 0.4193548387), (97, 0.9, 0.9010309278)):
        got = luck(p, share)[0]
        assert abs(got - wanted) < 1e-9, f"{share:.0%} known plus guesses among {p} make {wanted:.6f}; you say {got:.6f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 2. What was learned (35 minutes)
#
# ### Predict
# Take the row of weights that one hidden neuron has for $a = 0, 1, \dots, 30$. Before training it is noise. Its *inverse
# participation ratio* (IPR) is 1 if a single frequency carries all of the row's power, and small if all frequencies share
# that power. What will the mean IPR over the neurons be before and after training? Write a number between 0 and 1 in place
# of each `None`.

# %%
my_ipr_before = None
my_ipr_after = None

# %% [markdown]
# ### Run
# On the left, look at when the curve changes, and compare this with the two steps in section 1. On the right, each column
# is one neuron: look at how many frequencies it uses.

# %%
def spectra(canvas, runs):
    left, right = canvas.subplots(1, 2)
    band(left, runs.mean_ipr, "mean over neurons", color=GREEN)
    left.set(xscale="symlog", xlim=(5, 3000), ylim=(0, 1), xlabel="step (logarithmic)", ylabel="IPR",
             title="Inverse participation ratio")
    left.legend()
    image = right.imshow(runs.spectrum_power.isel(seed=0).mean("matrix").T, aspect="auto", origin="lower",
                         interpolation="nearest", vmin=0, vmax=1)
    right.set(xlabel="neuron", ylabel="frequency", title="Share of power, at the end")
    right.grid(False)
    canvas.colorbar(image)
    used = np.unique(runs.key_frequency.isel(seed=0))
    return (f"Left: mean IPR against step, from {float(runs.mean_ipr[:, 0].mean()):.2f} to "
            f"{float(runs.mean_ipr[:, -1].mean()):.2f}. Right: power by neuron and frequency for one seed; "
            f"the neurons' strongest frequencies are {', '.join(map(str, used))}.")


labs.draw(spectra, delayed)
labs.compare(my_ipr_before, float(delayed.mean_ipr.isel(step=0).mean()), "mean IPR before training")
labs.compare(my_ipr_after, float(delayed.mean_ipr.isel(step=-1).mean()), "mean IPR after training")

# %% [markdown]
# ### Play
# Move *look back* slowly from left to right. Which comes first: bright cells in the middle panel, or accuracy on unseen
# pairs?

# %%
explorer(("p", "train_fraction", "seed", "ticks"), weight_decay=2.0, **PLAY)

# %% [markdown]
# ### Explain
# Waves can add numbers: $\cos x \cos y$ contains $\cos(x + y)$. With $u_a = \cos(2\pi s a/p + \varphi)$ and
# $v_b = \cos(2\pi s b/p + \psi)$ the square $(u_a + v_b)^2$ contains the product $2 u_a v_b$, and this product contains the
# wave of $a + b$. A read-out wave of phase $\varphi + \psi$ compares that wave with every candidate answer $q$. The outputs
# of many neurons with different frequencies and phases add up where $q = a + b$ and cancel elsewhere.
#
# ### Exercise 2.1: the inverse participation ratio
# *difficulty 2/5, importance 5/5, 10 minutes.* Complete `ipr` for one vector:
# $\mathrm{IPR}(x) = \sum_j |\hat x_j|^4 \big/ \big(\sum_j |\hat x_j|^2\big)^2$ with $\hat x$ = `np.fft.rfft(x)`.
#
# Conventions matter: with `rfft` (as here and in the code of Doshi and others, arXiv:2310.13061) a pure cosine has an IPR
# of 1; with the full transform, as in the formula of their paper, the same cosine has 1/2.
# <details><summary>Hint</summary>The squared absolute value of the transform is the power of each frequency; the two
# sums need nothing else.</details>

# %% nbgrader={"grade": false, "grade_id": "ipr", "locked": false, "schema_version": 3, "solution": true, "task": false}
def ipr(x):
    ### BEGIN SOLUTION
    power = np.abs(np.fft.rfft(x)) ** 2
    return (power**2).sum() / power.sum() ** 2
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "ipr-cosine", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("a pure wave"):
    wave = np.cos(2 * np.pi * 3 * np.arange(31) / 31 + 0.7)
    assert abs(ipr(wave) - 1) < 1e-5, f"with rfft a pure wave has an IPR of 1; you have {ipr(wave):.3f}"
    two = wave + np.cos(2 * np.pi * 7 * np.arange(31) / 31)
    assert abs(ipr(two) - 0.5) < 1e-5, f"two waves with equal power have an IPR of 1/2; you have {ipr(two):.3f}"
    ### BEGIN HIDDEN TESTS
    for p, s, phase in ((47, 20, -2.0), (97, 1, 0.1)):
        got = ipr(5 * np.cos(2 * np.pi * s * np.arange(p) / p + phase))
        assert abs(got - 1) < 1e-5, f"a wave of frequency {s} modulo {p}, times 5, is still pure: 1; you have {got:.3f}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "ipr-one-hot", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("a single spike"):
    spike = np.eye(31)[4]
    assert abs(ipr(spike) - 1 / 16) < 1e-5, f"a spike has the same power at all 16 frequencies: 1/16; you have {ipr(spike):.3f}"
    ### BEGIN HIDDEN TESTS
    got = ipr(-3 * np.eye(97)[0])
    assert abs(got - 1 / 49) < 1e-5, f"a spike of -3 among 97 numbers has the same power at all 49: 1/49; you have {got:.4f}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "ipr-noise", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("noise"):
    noise = np.random.default_rng(0).normal(size=(2000, 97))
    mean = np.mean([ipr(x) for x in noise])
    assert 0.035 < mean < 0.045, f"97 random numbers have a mean IPR of about 2/49 = 0.04; you have {mean:.3f}"
    ### BEGIN HIDDEN TESTS
    x = np.random.default_rng(1).normal(size=59)
    power = np.abs(np.fft.rfft(x)) ** 2
    got, wanted = ipr(x), np.square(power / power.sum()).sum()
    assert abs(got / wanted - 1) < 1e-4, f"the mean is not 0, and frequency 0 counts: {wanted:.5f}; you have {got:.5f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 2.2: a network that was never trained
# *difficulty 4/5, importance 4/5, 15 minutes.* Write the weights down: for neuron $k$ with frequency $s_k$ and phases
# $\varphi_k, \psi_k$,
# $$u_{ka} = \cos(2\pi s_k a/p + \varphi_k),\quad v_{kb} = \cos(2\pi s_k b/p + \psi_k),\quad
# w_{kq} = \cos(2\pi s_k q/p + \varphi_k + \psi_k).$$
# Spread the $s_k$ evenly over $1, \dots, (p-1)/2$, and draw every phase from `rng`, independently and uniformly over a
# whole turn. Return three arrays of shape `(width, p)`. The checks use `accuracy`, which the next cell defines.
# <details><summary>Hint</summary><code>np.resize(np.arange(1, (p + 1) // 2), width)</code> spreads the frequencies;
# <code>np.outer(s, np.arange(p))</code> makes every product of a frequency and a residue at once.</details>

# %% nbgrader={"grade": false, "grade_id": "given-accuracy", "locked": true, "schema_version": 3, "solution": false, "task": false}
def accuracy(u, v, w):
    """Share of all pairs for which the largest output is a + b modulo p."""
    p = u.shape[1]
    a, b = np.divmod(np.arange(p * p), p)
    outputs = ((u[:, a] + v[:, b]) ** 2).T @ w  # (p * p, p)
    return (outputs.argmax(1) == (a + b) % p).mean()

# %% nbgrader={"grade": false, "grade_id": "closed-form", "locked": false, "schema_version": 3, "solution": true, "task": false}
def closed_form(p, width, rng):
    ### BEGIN SOLUTION
    s = np.resize(np.arange(1, (p + 1) // 2), width)
    phi, psi = rng.uniform(-np.pi, np.pi, (2, width, 1))
    angle = 2 * np.pi * np.outer(s, np.arange(p)) / p
    return np.cos(angle + phi), np.cos(angle + psi), np.cos(angle + phi + psi)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "closed-form-waves", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the weights are waves"):
    weights = closed_form(31, 60, np.random.default_rng(0))
    assert [x.shape for x in weights] == [(60, 31)] * 3, f"shapes {[x.shape for x in weights]}, wanted (60, 31) each"
    purity = [np.square(q / q.sum()).sum() for x in weights for q in np.abs(np.fft.rfft(x)) ** 2]
    assert min(purity) > 0.999, "every row should be one pure wave"
    assert not np.allclose(weights[0], weights[1]), "phi and psi should be drawn independently; your u and v are the same"
    counts = np.bincount(np.abs(np.fft.rfft(weights[0])).argmax(1), minlength=16)
    assert (counts[1:] == 4).all(), f"60 neurons make 4 for each frequency from 1 to 15; your counts: {counts[1:].tolist()}"
    ### BEGIN HIDDEN TESTS
    keys = np.abs(np.fft.rfft(closed_form(43, 42, np.random.default_rng(3))[0])).argmax(1)
    assert sorted(set(keys.tolist())) == list(range(1, 22)), (
        f"modulo 43, with 42 neurons, all frequencies from 1 to 21 should be used; you use {sorted(set(keys.tolist()))}")
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "closed-form-accuracy", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the weights add"):
    got = accuracy(*closed_form(31, 240, np.random.default_rng(0)))
    assert got > 0.99, f"with 240 neurons nearly every pair should be answered right; with your weights {got:.1%} are"
    (u, v, _), (_, _, other) = (closed_form(31, 240, np.random.default_rng(seed)) for seed in (1, 2))
    got = accuracy(u, v, other)
    assert got < 0.2, f"with a read-out from another rng (other phases) most answers should be wrong; {got:.1%} are right"
    again = closed_form(31, 240, np.random.default_rng(1))[0]
    assert np.allclose(u, again), "the same rng should give the same weights: draw from rng alone"
    ### BEGIN HIDDEN TESTS
    got = accuracy(*closed_form(47, 368, np.random.default_rng(5)))
    assert got > 0.99, f"modulo 47, with 368 neurons, nearly every answer should be right; with your weights {got:.1%} are"

    ### END HIDDEN TESTS

# %% [markdown]
# ## 3. Data and decay (20 minutes)
#
# ### Predict
# We train on 40%, 50%, 60%, 70% and 80% of the pairs. The *delay* is the step at which 95% of the unseen pairs are right
# minus the step at which 99% of the training pairs are. By what factor does it shrink from 50% to 70%? Write a number in
# place of `None` (2 would mean that the delay at 70% is half as long).

# %%
my_factor = None

# %% [markdown]
# ### Run
# Look at where each curve crosses 0.95.

# %%
shares = run(Grokking(p=31, width=128, weight_decay=1.0, spectrum=False), 400 if labs.fast() else 1500, 10,
             sweep={"train_fraction": (0.5, 0.7) if labs.fast() else (0.4, 0.5, 0.6, 0.7, 0.8)}, **QUICK)


def by_share(canvas, runs):
    axes = canvas.add_subplot()
    said = []
    for share in runs.train_fraction.values:
        one = runs.sel(train_fraction=share)
        band(axes, one.test_accuracy, f"{share:.0%}")
        said.append(f"{share:.0%}: {reached(one.test_accuracy, 0.95):.0f}")
    axes.set(xscale="symlog", xlim=(5, 1500), xlabel="step (logarithmic)", ylabel="accuracy on pairs never seen",
             title="Right answers by training share")
    axes.legend(title="trained on")
    return "Accuracy on unseen pairs against step, for each training share. Median steps to 95%: " + "; ".join(said) + "."


labs.draw(by_share, shares)
delay = {x: reached(shares.test_accuracy.sel(train_fraction=x), 0.95)
         - reached(shares.train_accuracy.sel(train_fraction=x), 0.99) for x in (0.5, 0.7)}
labs.compare(my_factor, delay[0.5] / max(delay[0.7], 1), "delay at 50% divided by delay at 70%")

# %% [markdown]
# ### Play
# Is there a share below which waiting does not help? Does more decay always shorten the delay? Train on half of the pairs
# and raise the decay up to 20. Then train on 30% of the pairs for 1000 steps, with a decay of 1 and then of 5.

# %%
explorer(("train_fraction", "weight_decay", "seed", "ticks"), p=31, weight_decay=5.0, train_fraction=0.5, **PLAY)

# %% [markdown]
# ### Explain
# Memorising needs extra weight for every pair. The waves need the same amount of weight however many pairs there are. So
# more pairs favour the rule. With too few pairs the rule is not found. How few is too few depends on the decay: with 30% of
# the pairs the network finds the rule in some five hundred steps at a decay of 5, but not in two thousand at a decay of 1.
# With 20% (add it to the sweep above) it did not find the rule in four thousand steps at any decay that we tried.
#
# More decay shortens the delay *up to a point*. With half of the pairs, a decay of 5 needs about half as many steps as
# a decay of 1. At 10 the steps go up again, at 15 some seeds never find the rule, and at 20 none does: so much decay
# makes the waves too costly as well. "More decay, less delay" holds only within a range: see the ledger (section 5).
#
# ### Exercise 3: reading a sweep
# *difficulty 3/5, importance 3/5, 10 minutes.* A sweep comes as an `xarray.Dataset`; its dims here are
# `train_fraction`, `seed`, `step`. Complete `delays`: it returns, for each training share, the *median over seeds* of
# (first step with test accuracy at least 0.95) minus (first step with train accuracy at least 0.99). In this exercise
# every curve reaches its threshold.
# <details><summary>Hint</summary><code>(curve &gt;= x).argmax("step")</code> gives positions along <code>step</code>;
# index <code>curve.step</code> with them. Return a DataArray over <code>train_fraction</code>.</details>
#
# The next cell makes sweeps for the checks.

# %% nbgrader={"grade": false, "grade_id": "given-staged", "locked": true, "schema_version": 3, "solution": false, "task": false}
def staged(train_at, test_at, steps):
    """A made-up sweep in stairs (0.7, 0.97, 1): train reaches 1 and test 0.97 at the given steps (shares by seeds)."""
    def stairs(low, middle, high):
        return np.select([steps >= high, steps >= middle, steps >= low], [1.0, 0.97, 0.7], 0.0)

    train, test, one = (np.asarray(x)[..., None] for x in (train_at, test_at, steps[1] - steps[0]))
    curves = {"train_accuracy": stairs(train - 2 * one, train - one, train),
              "test_accuracy": stairs(test - 4 * one, test, test + one)}
    return xr.Dataset({name: (("train_fraction", "seed", "step"), curve) for name, curve in curves.items()},
                      {"train_fraction": np.linspace(0.4, 0.8, len(train_at)), "step": steps})

# %% nbgrader={"grade": false, "grade_id": "delays", "locked": false, "schema_version": 3, "solution": true, "task": false}
def delays(runs):
    ### BEGIN SOLUTION
    test = runs.step[(runs.test_accuracy >= 0.95).argmax("step")]
    train = runs.step[(runs.train_accuracy >= 0.99).argmax("step")]
    return (test.drop_vars("step") - train.drop_vars("step")).median("seed")
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "delays-one", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("delays of a made-up sweep"):
    got = delays(staged([[40, 10, 20]], [[50, 60, 100]], np.arange(0, 201, 10)))
    assert np.allclose(got, [50]), (
        f"three seeds reach 0.99 in training at steps 40, 10, 20 and 0.95 in the test at 50, 60, 100: the delays are 10, 50, "
        f"80 and their median is 50; you say {np.asarray(got)}")
    ### BEGIN HIDDEN TESTS
    got = delays(staged([[10, 30, 20], [0, 5, 5]], [[50, 60, 100], [5, 5, 10]], np.arange(0, 201, 5)))
    assert np.allclose(got, [40, 5]), (
        f"two shares with delays of 40, 30, 80 and of 5, 0, 5 have medians of 40 and 5; you say {np.asarray(got)}")
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "delays-labelled", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the result keeps its labels"):
    got = delays(staged([[10, 10], [20, 20]], [[50, 60], [70, 80]], np.arange(0, 201, 10)))
    assert got.dims == ("train_fraction",), f"dims {got.dims}, wanted ('train_fraction',)"
    assert np.allclose(got, [45, 55]), f"delays of 40, 50 and of 50, 60 have medians of 45 and 55; you say {np.asarray(got)}"
    ### BEGIN HIDDEN TESTS
    got = delays(staged([[20, 10], [10, 30], [40, 20]], [[50, 60], [70, 40], [90, 80]], np.arange(0, 201, 10)))
    got = [float(got.sel(train_fraction=share)) for share in (0.8, 0.4)]
    assert np.allclose(got, [55, 40]), f"selected by label, 0.8 should give 55 here and 0.4 should give 40; you say {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 4. Multiplication (20 minutes)
#
# ### Predict
# Now the answer is $a \cdot b \bmod p$. The network will learn it as before. Will the weights be waves over
# $a = 0, 1, 2, \dots$ again? Write `True` or `False` in place of `None`.

# %%
my_waves = None

# %% [markdown]
# ### Run
# Look at the two IPR curves. Both describe the same weights; only the order in which the residues are listed differs
# (*Explain* says what their *logarithm* is).

# %%
OPERATION = "multiplication"
times = run(Grokking(p=31, width=128, operation=OPERATION, train_fraction=0.6, weight_decay=5.0), 400, 10, **QUICK)


def purity(canvas, runs):
    axes = canvas.add_subplot()
    band(axes, runs.test_accuracy, "accuracy, never seen", color=ORANGE, linestyle="--")
    band(axes, runs.mean_ipr_raw, "mean IPR, residues in natural order", color=BLUE)
    band(axes, runs.mean_ipr, "mean IPR, residues in order of their logarithm", color=GREEN, linestyle="-.")
    axes.set(xlabel="step", ylim=(-0.02, 1.04), title=OPERATION.capitalize())
    axes.legend(loc="center right")
    end = runs.isel(step=-1).mean("seed")
    return (f"{OPERATION.capitalize()}: accuracy on unseen pairs {float(end.test_accuracy):.2f}, mean IPR "
            f"{float(end.mean_ipr_raw):.2f} in natural order and {float(end.mean_ipr):.2f} in order of the logarithm.")


labs.draw(purity, times)
if OPERATION == "multiplication":  # the case that you predicted
    labs.compare(my_waves, bool(times.mean_ipr_raw.isel(step=-1).mean() > 0.5), "multiplication, residues in natural order",
                 choices={True: "waves", False: "no waves"})

# %% [markdown]
# ### Play
# Set `OPERATION` to `"division"` in the cell above and run it again: in which order do you expect waves now? Then try
# `"subtraction"`, for which the order is not changed, so that the two IPR curves are the same; then `"unlearnable"`, which
# is $ab + a + b^2$.

# %% [markdown]
# ### Explain
# Modulo a prime, every residue except 0 is a power of one number, a *primitive root* $g$: $a = g^i$, $b = g^j$, and
# $ab = g^{i+j}$. To multiply is to add the exponents (the *discrete logarithms*), modulo $p - 1$. Sorted by exponent, the
# weights are waves; in natural order the same weights look like noise. **A measure that finds no structure may be looking
# in the wrong order.**
#
# ### Exercise 4: the discrete logarithm
# *difficulty 3/5, importance 3/5, 8 minutes.* Return the residues $g^0, g^1, \dots, g^{p-2}$ modulo $p$ for the
# *smallest* primitive root $g$: the smallest number whose powers run through all of $1, \dots, p - 1$.

# %% nbgrader={"grade": false, "grade_id": "powers", "locked": false, "schema_version": 3, "solution": true, "task": false}
def powers(p):
    ### BEGIN SOLUTION
    for g in range(1, p):
        found = [pow(g, k, p) for k in range(p - 1)]
        if len(set(found)) == p - 1:
            return np.array(found)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "powers-seven", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("powers modulo 7"):
    got = [int(x) for x in powers(7)]
    assert got == [1, 3, 2, 6, 4, 5], f"3 is the smallest primitive root modulo 7: 1, 3, 2, 6, 4, 5; you have {got}"
    got = [int(x) for x in powers(11)]
    assert got[:5] == [1, 2, 4, 8, 5], f"2 is the smallest primitive root modulo 11: 1, 2, 4, 8, 5 and so on; you have {got}"
    ### BEGIN HIDDEN TESTS
    got = [int(x) for x in powers(23)]
    assert sorted(got) == list(range(1, 23)), f"modulo 23 each of 1 to 22 should occur once; you have {got}"
    got = int(powers(41)[1])
    assert got == 6, f"6 is the smallest primitive root modulo 41; your powers are those of {got}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "powers-wave", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("products become sums"):
    order = [int(x) for x in powers(31)]
    assert sorted(order) == list(range(1, 31)), "every residue except 0 should occur once"
    wrong = [(i, j) for i in range(30) for j in range(30) if order[i] * order[j] % 31 != order[(i + j) % 30]]
    assert not wrong, f"entry i times entry j (mod 31) should be entry i + j (mod 30); not so for i, j = {wrong[0]}"
    ### BEGIN HIDDEN TESTS
    got = [int(x) for x in powers(97)]
    assert got == [pow(5, k, 97) for k in range(96)], (
        f"5 is the smallest primitive root modulo 97: 96 powers, 1, 5, 25, 28 and so on; you have {len(got)}: {got[:4]} ...")
    ### END HIDDEN TESTS

# %% [markdown]
# ## 5. What may be said (15 minutes)
#
# For each claim, this project's ledger gives the number measured here, over several seeds, beside the published one:

# %%
labs.ledger("grokking/delay", "grokking/weight-decay", "grokking/data-fraction", "grokking/fourier",
            "grokking/progress", "grokking/multiplication", "grokking/unlearnable")

# %% [markdown]
# **One of these was not reproduced.** `progress` asks whether one can see the rule grow before accuracy jumps. Split the
# outputs into the part that depends on $a + b$ alone (the mean over the unseen pairs with the same sum, which is all waves
# of $a + b$ together) and the rest. **Restricted loss** is the loss of that part by itself, on pairs never seen: it shows
# how far the rule has come. **Excluded loss** is the loss on the training pairs when that part is *taken away*: it shows
# what memory still does alone. Restricted loss should fall, and excluded loss rise, before the jump. Restricted loss does
# so; excluded loss rises too late. One reason may be the squared error: if the rule gives a share $s$ of the right output
# and memory the rest, restricted loss is proportional to $(1 - s)^2$ and excluded loss to $s^2$. While $s$ is small, the
# first falls steeply as $s$ grows and the second hardly moves. Nanda and others used cross-entropy, and a transformer.
#
# **What this toy does not show.** All pairs of a task fit in one batch; labels are exact; the rule is one that suits
# waves. With $ab + a + b^2$ the same network learns nothing but its examples (`unlearnable` above). Doshi and others (2024,
# on polynomials) report the same of other rules: a slight change, such as a term in $ab$, and a rule is learned no more.
# There are exceptions: $a + b + ab$ *is* learned. Why? (Multiply out $(a + 1)(b + 1)$: the rule is a multiplication,
# shifted.) Nothing here says that large language models grok, nor that a sudden rise needs a sudden cause: look again at the
# IPR, which rises smoothly.
#
# ### Exercise 5: discussion
# *difficulty 3/5, importance 5/5, 10 minutes, marked by hand.* A colleague stops training when validation accuracy
# has been at chance for 500 steps while training accuracy is 100%. In at most 150 words: what would you measure to
# decide whether waiting is worth it, and what in your own runs above (name a figure and a number) speaks for or
# against waiting?

# %% [markdown] nbgrader={"grade": true, "grade_id": "discussion", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# *A good answer* names a measure that moves before validation accuracy does (mean IPR, weight norm, restricted loss),
# cites a number with its seeds, and says that below a certain share of the data waiting did not help, within the steps and decays tried.
# One point each. Restricted loss is the half of `grokking/progress` that holds; excluded loss gives no warning here (the
# ledger above has both shares).

# %% [markdown]
# **References.** Power and others 2022, arXiv:2201.02177. Gromov 2023, arXiv:2301.02679 (the network, the weights
# without training). Nanda and others 2023, arXiv:2301.05217 (progress measures). Doshi and others 2024,
# arXiv:2310.13061 (the participation ratio). Doshi and others 2024, arXiv:2406.03495 (which polynomials can be learned).
