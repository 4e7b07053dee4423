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
# **Question.** A network has learned every example it was shown and none of those it was not. Is it finished?
#
# **Time** about 115 minutes; sections 1 and 2 make an hour. **Compute** about half a minute of training on two CPU
# cores, and what you play; no network.
# **You need** numpy, and to have seen a training loop once.
#
# After this lab you can
# 1. read the two moments of *grokking* off a training curve,
# 2. recognise a learned rule in the weights by its spectrum, and write such weights down without training,
# 3. measure what data and weight decay do to the delay,
# 4. say what a spectrum cannot show, and what so small an experiment leaves open.
#
# Each section but the last asks you to **predict** before you **run**; then you **play**, read an explanation, and
# answer an **exercise**. Exercises check themselves below the answer. Run all cells whenever you like: an open exercise
# says so, and nothing later depends on it.

# %%
import numpy as np
import xarray as xr

from mini import labs
from mini.engine import default_cache, run
from mini.measures.curves import first_tick
from mini.plotting import BLUE, GREEN, ORANGE, band
from mini.studies.grokking.experiment import Grokking
from mini.studies.grokking.explorer import explorer

labs.setup(minutes=115, compute="about half a minute of training (and what you play)")
SEEDS = 1 if labs.fast() else 5
PLAY = {"ticks": 20} if labs.fast() else {}
QUICK = {"seeds": SEEDS, "progress": not labs.fast(), "cache": default_cache()}

# %% [markdown]
# ## 1. The delay (25 minutes)
#
# **The task.** Two residues $a, b$ modulo $p = 31$ go in; the network is to name $a + b \bmod p$. There are only
# $p^2 = 961$ pairs. We train on 40% of them and hold the others out. The network sees a residue as a bare symbol: it
# is never told that 4 comes after 3.
#
# **The network** is as small as can be (Gromov 2023): a table of weights for $a$, one for $b$, their sum squared in
# each of 128 hidden neurons, and a linear read-out. Every step uses all training pairs (AdamW, squared error).
#
# ### Predict
# At which step will the network answer 99% of its *training* pairs, and at which step 95% of the pairs it has
# *never seen*? (We train 3000 steps.) Write numbers for `None`, then run the next two cells.

# %%
my_train_step = None
my_test_step = None

# %% [markdown]
# ### Run

# %%
delayed = run(Grokking(p=31, width=128, train_fraction=0.4, weight_decay=1.0), 300 if labs.fast() else 3000, 10,
              **QUICK)


def curves(canvas, runs):
    axes = canvas.add_subplot()
    band(axes, runs.train_accuracy, "training pairs", color=BLUE)
    band(axes, runs.test_accuracy, "pairs never seen", color=ORANGE, linestyle="--")
    axes.set(xscale="symlog", xlim=(5, 3000), xlabel="step (logarithmic)", ylabel="accuracy", ylim=(-0.02, 1.04),
             title="Two moments, far apart")
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
# Every slider trains a new network when you let it go. Find settings in which (a) the delay vanishes, (b) the
# network never gets there within the steps it has. Which control is the sharpest?

# %%
explorer(("train_fraction", "weight_decay", "width", "seed", "ticks"), p=31, weight_decay=1.0, **PLAY)

# %% [markdown]
# ### Explain
# Right answers are not the end. Over the next two hundred steps the loss on the training pairs still falls thirtyfold,
# and the weights go on growing, while hardly anything shows on either accuracy. All along the waves grow too
# (section 2). Weight decay taxes what serves single pairs more than what serves all of them; how much that decides,
# section 3 measures. It is *not necessary* for grokking (Gromov 2023 sees it under plain gradient descent without
# any), and with plenty of data both moments coincide.
#
# ### Exercise 1.1: two moments
# *difficulty 1/5, importance 5/5, 8 minutes.* Complete `first_step`: the first of `steps` at which `curve` is at
# least `threshold`, or `None` if it never is.
# <details><summary>Hint</summary>The first true value of a Boolean array is at its <code>argmax</code>; ask first
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
    assert got == 20, f"0.9 is reached at step 20, you say {got}; give the step, not its place in the list"
    ### BEGIN HIDDEN TESTS
    assert first_step([3, 7, 8], [0.5, 0.2, 0.9], 0.5) == 3, "reaching the threshold exactly counts"
    assert first_step(np.arange(0, 50, 5), np.linspace(0, 1, 10), 0.6) == 30
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "first-step-never", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("a curve that never gets there"):
    got = first_step([0, 10, 20], [0.1, 0.2, 0.3], 0.9), first_step([0, 10, 20], [0.1, 0.2, 0.95], 0.9)
    assert got[0] is None, f"a curve below the threshold has no first step; you say {got[0]}"
    assert got[1] == 20, f"one that gets there at its very end has: 20; you say {got[1]}"
    ### BEGIN HIDDEN TESTS
    assert first_step([0, 1], [0.0, 0.949], 0.95) is None and first_step([2, 4], [0.95, 0.0], 0.95) == 2
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
    got = luck(10, 0.5)[1]
    assert abs(got - 0.1) < 1e-9, f"one of ten answers at random is right a tenth of the time; you say {got}"
    ### BEGIN HIDDEN TESTS
    assert abs(luck(31, 0.4)[1] - 1 / 31) < 1e-9, "the share does not depend on the training share"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "luck-all", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("luck on all pairs"):
    got = luck(10, 0.5)[0]
    assert abs(got - 0.55) < 1e-9, f"half known and half guessed is 0.55; you say {got}"
    ### BEGIN HIDDEN TESTS
    assert abs(luck(31, 0.4)[0] - (0.4 + 0.6 / 31)) < 1e-9
    assert abs(luck(97, 0.9)[0] - (0.9 + 0.1 / 97)) < 1e-9
    ### END HIDDEN TESTS

# %% [markdown]
# ## 2. What was learned (35 minutes)
#
# ### Predict
# Take the row of weights that one hidden neuron has for $a = 0, 1, \dots, 30$. Untrained it is noise. Its *inverse
# participation ratio* (IPR) is 1 if a single frequency carries all its power and small if all frequencies share it.
# What will the mean over the neurons be before and after training?

# %%
my_ipr_before = None
my_ipr_after = None

# %% [markdown]
# ### Run

# %%
def spectra(canvas, runs):
    left, right = canvas.subplots(1, 2)
    band(left, runs.mean_ipr, "mean over neurons", color=GREEN)
    left.set(xscale="symlog", xlim=(5, 3000), ylim=(0, 1), xlabel="step (logarithmic)", ylabel="IPR",
             title="Weights become waves")
    left.legend()
    image = right.imshow(runs.spectrum_power.isel(seed=0).mean("matrix").T, aspect="auto", origin="lower",
                         interpolation="nearest", vmin=0, vmax=1)
    right.set(xlabel="neuron", ylabel="frequency", title="Share of each frequency, at the end")
    right.grid(False)
    canvas.colorbar(image)
    used = np.unique(runs.key_frequency.isel(seed=0))
    return (f"Left: mean IPR against step, {float(runs.mean_ipr[:, 0].mean()):.2f} to "
            f"{float(runs.mean_ipr[:, -1].mean()):.2f}. Right: power by neuron and frequency for one seed; "
            f"the neurons' strongest frequencies are {', '.join(map(str, used))}.")


labs.draw(spectra, delayed)
labs.compare(my_ipr_before, float(delayed.mean_ipr.isel(step=0).mean()), "mean IPR before")
labs.compare(my_ipr_after, float(delayed.mean_ipr.isel(step=-1).mean()), "mean IPR after")

# %% [markdown]
# ### Play
# Watch the middle panel: which comes first, the waves or the accuracy on pairs never seen?

# %%
explorer(("p", "train_fraction", "seed", "ticks"), weight_decay=2.0, **PLAY)

# %% [markdown]
# ### Explain
# Waves add: $\cos x \cos y$ knows about $x + y$. With $u_a = \cos(2\pi s a/p + \varphi)$ and
# $v_b = \cos(2\pi s b/p + \psi)$ the square $(u_a + v_b)^2$ holds the product $2 u_a v_b$, and that the wave of
# $a + b$. A read-out wave of phase $\varphi + \psi$ compares it with every candidate $q$. Many neurons with different
# frequencies and phases add up where $q = a + b$ and cancel elsewhere.
#
# ### Exercise 2.1: the inverse participation ratio
# *difficulty 2/5, importance 5/5, 10 minutes.* Write it for one vector:
# $\mathrm{IPR}(x) = \sum_j |\hat x_j|^4 \big/ \big(\sum_j |\hat x_j|^2\big)^2$ with $\hat x$ = `np.fft.rfft(x)`.
#
# Conventions matter: with `rfft` (as here and in the authors' code) a pure cosine has 1; with the full transform, as
# the paper's formula has it, the same cosine has 1/2.
# <details><summary>Hint</summary>The squared absolute value of the transform is the power of each frequency; both
# sums need that alone.</details>

# %% nbgrader={"grade": false, "grade_id": "ipr", "locked": false, "schema_version": 3, "solution": true, "task": false}
def ipr(x):
    ### BEGIN SOLUTION
    power = np.abs(np.fft.rfft(x)) ** 2
    return (power**2).sum() / power.sum() ** 2
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "ipr-cosine", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("a pure wave"):
    wave = np.cos(2 * np.pi * 3 * np.arange(31) / 31 + 0.7)
    assert abs(ipr(wave) - 1) < 1e-5, f"a pure wave has 1 with rfft; you have {ipr(wave):.3f}"
    ### BEGIN HIDDEN TESTS
    for p, s, phase in ((47, 20, -2.0), (97, 1, 0.1)):
        assert abs(ipr(5 * np.cos(2 * np.pi * s * np.arange(p) / p + phase)) - 1) < 1e-5, "any scale, phase, frequency"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "ipr-one-hot", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("a single spike"):
    spike = np.eye(31)[4]
    assert abs(ipr(spike) - 1 / 16) < 1e-5, f"a spike holds all 16 frequencies alike: 1/16; you have {ipr(spike):.3f}"
    ### BEGIN HIDDEN TESTS
    assert abs(ipr(-3 * np.eye(97)[0]) - 1 / 49) < 1e-5
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "ipr-noise", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("noise"):
    noise = np.random.default_rng(0).normal(size=(2000, 97))
    mean = np.mean([ipr(x) for x in noise])
    assert 0.035 < mean < 0.045, f"noise of 97 numbers has about 2/49 = 0.04; you have {mean:.3f}"
    ### BEGIN HIDDEN TESTS
    x = np.random.default_rng(1).normal(size=59)
    power = np.abs(np.fft.rfft(x)) ** 2
    assert abs(ipr(x) / np.square(power / power.sum()).sum() - 1) < 1e-4, "the constant term belongs to it"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 2.2: a network that was never trained
# *difficulty 4/5, importance 4/5, 15 minutes.* Write the weights down: for neuron $k$ with frequency $s_k$ and phases
# $\varphi_k, \psi_k$,
# $$u_{ka} = \cos(2\pi s_k a/p + \varphi_k),\quad v_{kb} = \cos(2\pi s_k b/p + \psi_k),\quad
# w_{kq} = \cos(2\pi s_k q/p + \varphi_k + \psi_k),$$
# the $s_k$ spread evenly over $1, \dots, (p-1)/2$, the phases drawn from `rng`, each for itself and uniformly over a
# whole turn. Return three arrays of shape `(width, p)`.
# <details><summary>Hint</summary><code>np.resize(np.arange(1, (p + 1) // 2), width)</code> spreads the frequencies;
# <code>np.outer(s, np.arange(p))</code> makes all angles at once.</details>

# %% nbgrader={"grade": false, "grade_id": "closed-form", "locked": false, "schema_version": 3, "solution": true, "task": false}
def closed_form(p, width, rng):
    ### BEGIN SOLUTION
    s = np.resize(np.arange(1, (p + 1) // 2), width)
    phi, psi = rng.uniform(-np.pi, np.pi, (2, width, 1))
    angle = 2 * np.pi * np.outer(s, np.arange(p)) / p
    return np.cos(angle + phi), np.cos(angle + psi), np.cos(angle + phi + psi)
    ### END SOLUTION


def accuracy(u, v, w):
    """Share of all pairs for which the largest output is a + b modulo p."""
    p = u.shape[1]
    a, b = np.divmod(np.arange(p * p), p)
    outputs = ((u[:, a] + v[:, b]) ** 2).T @ w  # (p * p, p)
    return (outputs.argmax(1) == (a + b) % p).mean()

# %% nbgrader={"grade": true, "grade_id": "closed-form-waves", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the weights are waves"):
    weights = closed_form(31, 60, np.random.default_rng(0))
    assert [x.shape for x in weights] == [(60, 31)] * 3, f"shapes {[x.shape for x in weights]}, wanted (60, 31) each"
    purity = [np.square(q / q.sum()).sum() for x in weights for q in np.abs(np.fft.rfft(x)) ** 2]
    assert min(purity) > 0.999, "every row should be one pure wave"
    ### BEGIN HIDDEN TESTS
    keys = np.abs(np.fft.rfft(closed_form(43, 42, np.random.default_rng(3))[0])).argmax(1)
    assert sorted(set(keys.tolist())) == list(range(1, 22)), "all frequencies from 1 to (p - 1) / 2 are wanted"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "closed-form-accuracy", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the weights add"):
    got = accuracy(*closed_form(31, 240, np.random.default_rng(0)))
    assert got > 0.99, f"with 240 neurons the answer is right for nearly every pair; yours is for {got:.1%}"
    ### BEGIN HIDDEN TESTS
    assert accuracy(*closed_form(47, 368, np.random.default_rng(5))) > 0.99
    u, v, _ = closed_form(31, 240, np.random.default_rng(1))
    assert accuracy(u, v, closed_form(31, 240, np.random.default_rng(2))[2]) < 0.2, "other luck, other phases: draw them from rng"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 3. Data and decay (20 minutes)
#
# ### Predict
# We train on 40%, 50%, 60%, 70% and 80% of the pairs. By which factor does the *delay* (95% of the unseen minus 99%
# of the seen) shrink from 50% to 70%?

# %%
my_factor = None

# %% [markdown]
# ### Run

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
             title="More data, less delay")
    axes.legend(title="trained on")
    return "Accuracy on unseen pairs against step by training share. Median steps to 95%: " + "; ".join(said) + "."


labs.draw(by_share, shares)
delay = {x: reached(shares.test_accuracy.sel(train_fraction=x), 0.95)
         - reached(shares.train_accuracy.sel(train_fraction=x), 0.99) for x in (0.5, 0.7)}
labs.compare(my_factor, delay[0.5] / max(delay[0.7], 1), "delay at 50% over delay at 70%")

# %% [markdown]
# ### Play
# Is there a share below which waiting does not help? Does more decay always shorten the delay? Go up to 20, half of
# the pairs being trained on; then try 30% at a decay of 1 and of 5, with 1000 steps.

# %%
explorer(("train_fraction", "weight_decay", "seed", "ticks"), p=31, weight_decay=5.0, train_fraction=0.5, **PLAY)

# %% [markdown]
# ### Explain
# What is learned by heart costs weight for every pair, the waves cost the same for all of them: the more pairs, the
# more there is to be gained by the rule. With too few pairs it is not found. Where that is depends on the decay. At 30%
# a decay of 5 gets there in some five hundred steps, and a decay of 1 does not in two thousand; at 20% (put it into the
# sweep above) no decay that we tried got there in four thousand.
#
# More decay shortens the delay *up to a point*. With half of the pairs, a decay of 5 needs about half as many steps as
# a decay of 1. At 10 it takes longer again, at 15 some seeds never get there, and at 20 none does: the tax falls on the
# waves too. A statement such as "more decay, less delay" needs its range, and the ledger's (section 5) has one.
#
# ### Exercise 3: reading a sweep
# *difficulty 3/5, importance 3/5, 10 minutes.* A sweep comes as an `xarray.Dataset`; its dims here are
# `train_fraction`, `seed`, `step`. Complete `delays`: for each training share the *median over seeds* of (first step
# with test accuracy at least 0.95) minus (first step with train accuracy at least 0.99). In this exercise every curve
# gets there.
# <details><summary>Hint</summary><code>(curve &gt;= x).argmax("step")</code> gives places along <code>step</code>;
# index <code>curve.step</code> with them. Give the result as a DataArray over <code>train_fraction</code>.</details>

# %% nbgrader={"grade": false, "grade_id": "delays", "locked": false, "schema_version": 3, "solution": true, "task": false}
def delays(runs):
    ### BEGIN SOLUTION
    test = runs.step[(runs.test_accuracy >= 0.95).argmax("step")]
    train = runs.step[(runs.train_accuracy >= 0.99).argmax("step")]
    return (test.drop_vars("step") - train.drop_vars("step")).median("seed")
    ### END SOLUTION


def staged(train_at, test_at, steps):
    """A made-up sweep in stairs of 0.7, 0.97 and 1: train reaches 1, and test 0.97, at the given steps, (shares, seeds)."""
    def stairs(low, middle, high):
        return np.select([steps >= high, steps >= middle, steps >= low], [1.0, 0.97, 0.7], 0.0)

    train, test, one = (np.asarray(x)[..., None] for x in (train_at, test_at, steps[1] - steps[0]))
    curves = {"train_accuracy": stairs(train - 2 * one, train - one, train),
              "test_accuracy": stairs(test - 4 * one, test, test + one)}
    return xr.Dataset({name: (("train_fraction", "seed", "step"), curve) for name, curve in curves.items()},
                      {"train_fraction": np.linspace(0.4, 0.8, len(train_at)), "step": steps})

# %% nbgrader={"grade": true, "grade_id": "delays-one", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("delays of a made-up sweep"):
    got = delays(staged([[10, 10, 10]], [[50, 60, 100]], np.arange(0, 201, 10)))
    assert np.allclose(got, [50]), (f"0.99 in training comes at 10, 0.95 in the test at 50, 60, 100: delays of 40, 50, 90, "
                                    f"their median 50; you say {np.asarray(got)}")
    ### BEGIN HIDDEN TESTS
    got = delays(staged([[10, 30, 20], [0, 5, 5]], [[50, 60, 100], [5, 5, 10]], np.arange(0, 201, 5)))
    assert np.allclose(got, [40, 5]), "take the difference in each seed first, then the median"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "delays-labelled", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the result keeps its labels"):
    got = delays(staged([[10, 10], [20, 20]], [[50, 60], [70, 80]], np.arange(0, 201, 10)))
    assert got.dims == ("train_fraction",), f"dims {got.dims}, wanted ('train_fraction',)"
    ### BEGIN HIDDEN TESTS
    assert np.allclose(got.sel(train_fraction=0.8), 55) and np.allclose(got.sel(train_fraction=0.4), 45)
    ### END HIDDEN TESTS

# %% [markdown]
# ## 4. Multiplication (20 minutes)
#
# ### Predict
# Now the answer is $a \cdot b \bmod p$. Accuracy will come as before. Will the weights be waves over
# $a = 0, 1, 2, \dots$ again? Put `True` or `False`.

# %%
my_waves = None

# %% [markdown]
# ### Run

# %%
OPERATION = "multiplication"
times = run(Grokking(p=31, width=128, operation=OPERATION, train_fraction=0.6, weight_decay=5.0), 400, 10, **QUICK)


def purity(canvas, runs):
    axes = canvas.add_subplot()
    band(axes, runs.test_accuracy, "accuracy, pairs never seen", color=ORANGE, linestyle="--")
    band(axes, runs.mean_ipr_raw, "mean IPR, residues in natural order", color=BLUE)
    band(axes, runs.mean_ipr, "mean IPR, residues in order of their logarithm", color=GREEN, linestyle="-.")
    axes.set(xlabel="step", ylim=(-0.02, 1.04), title="The same rule in another order")
    axes.legend(loc="center right")
    end = runs.isel(step=-1).mean("seed")
    return (f"{OPERATION.capitalize()}: accuracy on unseen pairs {float(end.test_accuracy):.2f}, mean IPR "
            f"{float(end.mean_ipr_raw):.2f} in natural order and {float(end.mean_ipr):.2f} in order of the logarithm.")


labs.draw(purity, times)
labs.compare(None if my_waves is None else float(my_waves), float(times.mean_ipr_raw.isel(step=-1).mean() > 0.5),
             "waves in natural order (1 yes, 0 no)")

# %% [markdown]
# ### Play
# Put `"division"` for `OPERATION` in the cell above and run it again: in which order do you expect waves now? Then
# `"subtraction"`, for which no order is changed, so that the two curves of the IPR are one; then `"unlearnable"`, which
# is $ab + a + b^2$.

# %% [markdown]
# ### Explain
# Modulo a prime, every residue but 0 is a power of one *primitive root* $g$: $a = g^i$, $b = g^j$, and
# $ab = g^{i+j}$. Multiplication is addition of the exponents, modulo $p - 1$. Sorted by exponent, the weights are
# waves; in natural order the same weights look like noise. **A measure that finds no structure may be looking in the
# wrong order.**
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
    assert got == [1, 3, 2, 6, 4, 5], f"3 is the smallest root of 7: 1, 3, 2, 6, 4, 5; you have {got}"
    ### BEGIN HIDDEN TESTS
    assert [int(x) for x in powers(11)][:4] == [1, 2, 4, 8]
    assert sorted(int(x) for x in powers(23)) == list(range(1, 23))
    assert int(powers(41)[1]) == 6, "6 is the smallest root of 41"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "powers-wave", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("products become sums"):
    order = [int(x) for x in powers(31)]
    assert sorted(order) == list(range(1, 31)), "every residue but 0 should come once"
    wrong = [(i, j) for i in range(30) for j in range(30) if order[i] * order[j] % 31 != order[(i + j) % 30]]
    assert not wrong, f"what stands at place i times what stands at j should stand at i + j, modulo 30; not so at {wrong[0]}"
    ### BEGIN HIDDEN TESTS
    assert [int(x) for x in powers(97)] == [pow(5, k, 97) for k in range(96)], "5 is the smallest root of 97"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 5. What may be said (15 minutes)
#
# The committed ledger of this project holds each statement as a number measured over several seeds, beside the
# published one:

# %%
labs.ledger("grokking/delay", "grokking/weight-decay", "grokking/data-fraction", "grokking/fourier",
            "grokking/progress", "grokking/multiplication", "grokking/unlearnable")

# %% [markdown]
# **One of these did not come out.** `progress` asks whether one can see the rule grow before accuracy jumps. Split the
# outputs into the part that depends on $a + b$ alone (the mean over the unseen pairs of the same sum, which is all waves
# of $a + b$ together) and the rest. **Restricted loss** is the loss of that part by itself, on pairs never seen: how far
# the rule has come. **Excluded loss** is the loss on the training pairs when that part is *taken away*: what memory
# still does alone. Restricted loss should fall, and excluded loss rise, before the jump. The first does so; the second
# rises too late. One reason may be the squared error: if the rule gives a share $s$ of the right output and memory the
# rest, restricted loss goes as $(1 - s)^2$ and excluded loss as $s^2$. While $s$ is small the one falls steeply, and the
# other barely moves. Nanda and others had cross-entropy, and a transformer.
#
# **What this toy does not show.** All pairs of a task fit in one batch; labels are exact; the rule is one that waves
# suit. Of $ab + a + b^2$ the same network learns nothing but its examples (`unlearnable` above), and in general a term
# in $ab$ added to a rule that is learned makes one that is not. Not always: $a + b + ab$ *is* learned. Why? (Write out
# $(a + 1)(b + 1)$: it is a multiplication, shifted.) Nothing here says that large language models grok, nor that a
# sudden rise needs a sudden cause: look at the IPR again, which rises smoothly.
#
# ### Exercise 5: discussion
# *difficulty 3/5, importance 5/5, 10 minutes, marked by hand.* A colleague stops training when validation accuracy
# has been at chance for 500 steps while training accuracy is 100%. In at most 150 words: what would you measure to
# decide whether waiting is worth it, and what in your own runs above (name a figure and a number) speaks for or
# against it?

# %% [markdown] nbgrader={"grade": true, "grade_id": "discussion", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# *A good answer* names a measure that moves before validation accuracy does (mean IPR, weight norm, restricted loss),
# cites a number with its seeds, and says that below a certain share of the data nothing comes however long one waits.
# One point each. Restricted loss is the half of `grokking/progress` that holds; excluded loss gives no warning here (the
# ledger above has both shares).

# %% [markdown]
# **References.** Power and others 2022, arXiv:2201.02177. Gromov 2023, arXiv:2301.02679 (the network, the weights
# without training). Nanda and others 2023, arXiv:2301.05217 (progress measures). Doshi and others 2024,
# arXiv:2310.13061 (the participation ratio). Doshi and others 2024, arXiv:2406.03495 (which polynomials can be learned).
