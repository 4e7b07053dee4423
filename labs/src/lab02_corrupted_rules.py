# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 2: a rule learned from false labels
#
# **Question.** A quarter of what a network is told is false. Can it find the rule, learn the falsehoods by heart, or
# do both? If both, which part of the network holds which?
#
# **Time** about 95 minutes; sections 1 and 2 take about an hour. **Compute** about half a minute of training on two CPU
# cores, plus whatever you train yourself under *Play*; no internet needed.
# **You need** Lab 1, sections 1 and 2 (grokking, the inverse participation ratio).
#
# After this lab you can
# 1. corrupt labels and say exactly how many stay right,
# 2. tell from two accuracies which regime weight decay has led to,
# 3. cut a network in two and show which part holds the rule, with the control that the claim needs,
# 4. say how far such a finding reaches.
#
# Each section except the last asks you to **predict** before you **run**; then you **play**, read an explanation, and
# answer an **exercise**. The cells below each answer check it. A ✓ means that the checks you see there pass. The teacher's
# marks use more cases, so read the instruction again before you go on. You can run all cells at any time: an exercise
# that you have not answered yet says so, and nothing later depends on it.

# %%
import numpy as np

from mini import labs
from mini.engine import default_cache, run
from mini.experiment import Keys
from mini.plotting import BLACK, BLUE, GREEN, ORANGE, VERMILION, band
from mini.studies.grokking.experiment import Grokking
from mini.studies.grokking.explorer import explorer

labs.setup(minutes=95, compute="about half a minute of training (plus what you run under Play)")
SEEDS = 1 if labs.fast() else 5
WIDTH, STEPS = (64, 50) if labs.fast() else (256, 500)
PLAY = {"ticks": 20} if labs.fast() else {}
QUICK = {"seeds": SEEDS, "progress": not labs.fast(), "cache": default_cache()}

# %% [markdown]
# ## 1. False labels (25 minutes)
#
# The task is addition modulo $p = 59$, trained on 60% of all pairs. A share $\xi = 0.25$ of the training labels is
# *redrawn*: replaced by a residue drawn uniformly from all $p$. The held-out pairs keep their true labels.
#
# ### Predict
# Suppose a network finds the rule perfectly and ignores every false label. What is its accuracy on its own *training
# labels*? Write a number between 0 and 1 in place of `None`.

# %%
my_rule_only = None

# %% [markdown]
# ### Run
# No network is trained yet: we corrupt labels and count, over several draws, how many are still true. Look at the two shares:
# one is of the redrawn labels only, the other of all.

# %%
def still_true(p, xi):
    """What share of the redrawn labels, and what share of all training labels, is still true."""
    redrawn, every = [], []
    for seed in range(4 * SEEDS):
        world = Grokking(p=p, train_fraction=0.6, corruption=xi).world(Keys(seed, {}), None)
        true = np.asarray(world.given == world.label[world.train])
        redrawn.append(true[world.corrupted])
        every.append(true)
    return np.concatenate(redrawn).mean(), np.concatenate(every).mean()


P, SHARE = 59, 0.25
of_redrawn, of_all = still_true(P, SHARE)
print(f"still true: {of_redrawn:.1%} of the redrawn labels, {of_all:.1%} of all")
if (P, SHARE) == (59, 0.25):  # the case that you predicted
    labs.compare(my_rule_only, of_all, "training accuracy of the rule alone")

# %% [markdown]
# ### Play
# Set `P` to 11 and then to 5, and run the cell again each time; then set `SHARE` to 1.0. What does the first share depend
# on, and what does the second?

# %% [markdown]
# ### Explain
# A network that answers by the rule agrees with the labels that are true, and with no others. *Redrawn* does not mean
# *false*: the draw may hit the true label. With 59 residues that is rare; with 5 it is not. Papers differ here. Some redraw
# from all classes, others from the wrong ones only, so "25%" does not mean the same in both (Lab 3 has both). So count the
# false labels, and report the share that you counted.
#
# ### Exercise 1.1: corrupt
# *difficulty 2/5, importance 4/5, 8 minutes.* Return a copy of `labels` in which exactly `round(xi * n)` of the `n`
# labels, chosen at random without repetition, are redrawn uniformly from $0, \dots, p - 1$, and a Boolean array that
# marks them. Return `(new_labels, marked)`. Leave `labels` itself unchanged, and draw from `rng` alone.
# <details><summary>Hint</summary><code>rng.permutation(n)[:k]</code> chooses; <code>rng.integers(p, size=k)</code>
# draws from 0 to p - 1, both included.</details>

# %% nbgrader={"grade": false, "grade_id": "corrupt", "locked": false, "schema_version": 3, "solution": true, "task": false}
def corrupt(labels, xi, p, rng):
    ### BEGIN SOLUTION
    given, marked = np.array(labels), np.zeros(len(labels), bool)
    marked[rng.permutation(len(labels))[: round(xi * len(labels))]] = True
    given[marked] = rng.integers(p, size=marked.sum())
    return given, marked
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "corrupt-count", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("how many are redrawn"):
    true = np.arange(2000) % 59
    given, marked = corrupt(true, 0.25, 59, np.random.default_rng(0))
    assert isinstance(marked, np.ndarray) and marked.dtype == bool and len(given) == len(marked) == 2000, (
        "return (new labels, a Boolean array of the same length), in this order")
    assert marked.sum() == 500, f"500 of 2000 should be redrawn; you mark {marked.sum()}"
    few = corrupt(true[:38], 0.2, 59, np.random.default_rng(0))[1].sum()
    assert few == 8, f"a fifth of 38 is 7.6, which rounds to 8; you mark {few}"
    assert (np.asarray(given)[~marked] == true[~marked]).all(), "a label that is not marked should not change"
    assert (true == np.arange(2000) % 59).all(), "the labels passed in should not change: redraw in a copy"
    first = marked[:1000].sum()
    assert 190 < first < 310, f"if chosen at random, about 250 of them lie in the first half; yours: {first}"
    again = corrupt(true, 0.25, 59, np.random.default_rng(0))
    assert (again[1] == marked).all() and (again[0] == given).all(), "the same rng should give the same labels and marks"
    ### BEGIN HIDDEN TESTS
    for n, share, wanted in ((2000, 0.0, 0), (30, 1.0, 30), (36, 0.2, 7), (48, 0.2, 10)):
        got = corrupt(true[:n], share, 59, np.random.default_rng(0))[1].sum()
        assert got == wanted, f"a share of {share} of {n} labels should round to {wanted}; you mark {got}"
    other = corrupt(true, 0.25, 59, np.random.default_rng(1))[1]
    assert (other != marked).any(), "another rng should choose other labels; yours are the same"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "corrupt-chance", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("some stay right by luck"):
    true = np.zeros(20000, int)
    given, marked = corrupt(true, 1.0, 5, np.random.default_rng(0))
    assert set(given.tolist()) == {0, 1, 2, 3, 4}, f"all of 0 to 4 should be drawn; you draw {sorted(set(given.tolist()))}"
    right = (given == true).mean()
    assert 0.18 < right < 0.22, f"with p = 5 about 1/5 of the redrawn labels stay right; yours: {right:.2f}"
    ### BEGIN HIDDEN TESTS
    given, marked = corrupt(np.arange(30000) % 11, 0.5, 11, np.random.default_rng(4))
    right = (given == np.arange(30000) % 11)[marked].mean()
    assert abs(right - 1 / 11) < 0.01, f"with p = 11 about 1/11 = 0.091 of the redrawn labels stay right; yours: {right:.3f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 1.2: the rule alone
# *difficulty 2/5, importance 5/5, 5 minutes.* Return the expected accuracy, *on the given training labels*, of a
# network that always answers by the rule.

# %% nbgrader={"grade": false, "grade_id": "rule-only", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rule_only(xi, p):
    ### BEGIN SOLUTION
    return 1 - xi + xi / p
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "rule-only-all", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the rule alone"):
    got = rule_only(0.4, 10)
    assert abs(got - 0.64) < 1e-9, f"0.6 untouched, plus a tenth of the other 0.4 right by luck: 0.64; you say {got}"
    ### BEGIN HIDDEN TESTS
    for xi, p, wanted in ((0.0, 31, 1.0), (1.0, 31, 0.03225806), (0.35, 97, 0.65360825)):
        got = rule_only(xi, p)
        assert abs(got - wanted) < 1e-6, f"with {xi} redrawn among {p} residues {wanted:.4f} stay true; you say {got:.4f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 2. Three regimes (25 minutes)
#
# ### Predict
# We train the same network with weight decay 0, 5 and 10. What will its accuracy on the given training labels be
# after 500 steps, for each? Write a number between 0 and 1 in place of each `None`. (Your answer to 1.2 may help: a network
# that follows the rule alone has that accuracy, and one that fits every label has 1.)

# %%
my_train_accuracy = {0.0: None, 5.0: None, 10.0: None}

# %% [markdown]
# ### Run
# Look at where the four curves end in each panel. *Training* is the accuracy on the training labels as given. The two
# *redrawn* curves show how often the network answers a redrawn pair with the label it was given, and how often with the
# true one. The thin black line is the training accuracy that the rule alone would have.

# %%
XI = 0.25
regimes = run(Grokking(p=59, width=WIDTH, train_fraction=0.6, corruption=XI, pruning=True), STEPS, 5,
              sweep={"weight_decay": (0.0, 5.0, 10.0)}, **QUICK)


def panels(canvas, runs):
    said, row = [], canvas.subplots(1, 3, sharey=True)
    row[0].set_ylabel("accuracy")
    for axes, decay in zip(row, runs.weight_decay.values):
        one = runs.sel(weight_decay=decay)
        band(axes, one.train_accuracy, "training", color=BLUE)
        band(axes, one.test_accuracy, "never seen", color=ORANGE, linestyle="--")
        band(axes, one.corrupted_accuracy, "redrawn, as given", color=VERMILION, linestyle=":")
        band(axes, one.restored_accuracy, "redrawn, true answer", color=GREEN, linestyle="-.")
        axes.axhline(1 - XI + XI / 59, color=BLACK, lw=0.8, label="the rule alone")
        axes.set(title=f"weight decay {decay:g}", xlabel="step", ylim=(-0.02, 1.04))
        end = one.isel(step=-1).mean("seed")
        said.append(f"decay {decay:g}: training {float(end.train_accuracy):.2f}, never seen "
                    f"{float(end.test_accuracy):.2f}, redrawn as given {float(end.corrupted_accuracy):.2f}")
    axes.legend(fontsize=8, loc="center right")
    return "Accuracies against step. At the end, " + "; ".join(said) + "."


labs.draw(panels, regimes, size=(10, 3.6))
end = regimes.train_accuracy.isel(step=-1).mean("seed")
for decay, guess in my_train_accuracy.items():
    labs.compare(guess, float(end.sel(weight_decay=decay)), f"training accuracy at weight decay {decay:g}")

# %% [markdown]
# ### Play
# Colours and lines are those of the figure above: the dotted line shows the share of redrawn labels answered *as given*.
# With the weight decay slider alone, find a setting in which the network (a) fits its training labels, and one in which it
# (b) gives up the false ones. Then raise the corruption until no decay helps.

# %%
explorer(("weight_decay", "corruption", "train_fraction", "width", "seed"), p=31, width=256, train_fraction=0.7,
         corruption=0.2, weight_decay=5.0, **PLAY)

# %% [markdown]
# ### Explain
# Two solutions share one network. Without decay there is room for both: the rule answers unseen pairs, and spare neurons put
# the false labels back (**coexistence**). Decay makes the second solution much more costly, because each false label needs
# weight of its own. With a little decay the network gives up some of the false labels (**partial inversion**); with more it
# gives up all of them (**full inversion**): it then *disagrees with its own training labels wherever they are false*. With
# too much decay it loses the rule as well (**forgetting**).
#
# Here, training accuracy going *down* is a sign of success. On its own it would not tell success from forgetting: look at
# the pairs never seen as well.
#
# ### Exercise 2: name the regime
# *difficulty 3/5, importance 4/5, 10 minutes.* Doshi and others (2024, Table 2) name the regime by two accuracies.
# If unseen accuracy is at least 0.9: `"coexistence"` if train is at least 0.9; else `"partial inversion"` if train is at
# least $1.05 - \xi$; else `"full inversion"`. If it is below 0.9: `"memorisation"` if train is at least 0.9, else
# `"forgetting"`. (For the last case the table says *forgetting* or *confusion*: the network had the rule and lost it, or
# never found it. Two accuracies at the end cannot tell these apart; we call both `"forgetting"`.)

# %% nbgrader={"grade": false, "grade_id": "regime", "locked": false, "schema_version": 3, "solution": true, "task": false}
def regime(train, test, xi):
    ### BEGIN SOLUTION
    if test >= 0.9:
        if train >= 0.9:
            return "coexistence"
        return "partial inversion" if train >= 1.05 - xi else "full inversion"
    return "memorisation" if train >= 0.9 else "forgetting"
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "regime-found", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("regimes with the rule"):
    for train, test, xi, name in ((0.98, 0.98, 0.35, "coexistence"), (0.79, 1.0, 0.35, "partial inversion"),
                                  (0.65, 1.0, 0.35, "full inversion"), (0.79, 1.0, 0.2, "full inversion")):
        got = regime(train, test, xi)
        assert got == name, (
            f"train {train}, unseen {test}, xi {xi} is {name} (here 1.05 - xi is {1.05 - xi:.2f}); you say {got}")
    ### BEGIN HIDDEN TESTS
    for train, test, xi, name in ((0.90, 0.90, 0.35, "coexistence"), (0.8, 0.95, 0.25, "partial inversion"),
                                  (0.88, 0.97, 0.1, "full inversion")):
        got = regime(train, test, xi)
        assert got == name, f"train {train}, unseen {test}, xi {xi} is {name}; you say {got}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "regime-lost", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("regimes without the rule"):
    for train, test, name in ((1.0, 0.2, "memorisation"), (0.01, 0.01, "forgetting")):
        got = regime(train, test, 0.35)
        assert got == name, f"train {train}, unseen {test} is {name}; you say {got}"
    ### BEGIN HIDDEN TESTS
    got = regime(0.9, 0.899, 0.1), regime(0.89, 0.5, 0.1)
    assert got == ("memorisation", "forgetting"), (
        f"train 0.9 with unseen 0.899 is memorisation, 0.89 with 0.5 is forgetting; you say {got}")
    ### END HIDDEN TESTS

# %% [markdown]
# ## 3. Where is which? (30 minutes)
#
# The network without decay holds both the rule and the falsehoods. The rule is made of waves (Lab 1): neurons with a high
# inverse participation ratio (IPR). If the falsehoods sit in the other neurons, we can cut them out.
#
# ### Predict
# We remove 60% of the neurons, without retraining. What is the accuracy on *unseen pairs*, and on the *redrawn
# training labels as given*, when the neurons with the **lowest** IPR go? And when 60% go **at random**? Write a number
# between 0 and 1 in place of each `None`.

# %%
my_low = {"unseen pairs": None, "redrawn labels as given": None}
my_random = {"unseen pairs": None, "redrawn labels as given": None}

# %% [markdown]
# ### Run
# Look at 0.6 on the horizontal axis: how high is each of the two curves there, in the left panel and in the right?

# %%
DECAY = 0.0


def pruned(canvas, runs):
    titles = {"low_ipr": "lowest IPR first", "high_ipr": "highest IPR first", "random": "at random"}
    net, said, row = runs.pruned_accuracy.sel(weight_decay=DECAY), [], canvas.subplots(1, 3, sharey=True)
    row[0].set_ylabel("accuracy")
    for axes, order in zip(row, titles):
        one = net.sel(order=order)
        band(axes, one.sel(subset="test"), "never seen", clock="pruned_fraction", color=ORANGE, linestyle="--")
        band(axes, one.sel(subset="corrupted"), "redrawn, as given", clock="pruned_fraction", color=VERMILION,
             linestyle=":")
        axes.set(title=titles[order], xlabel="share of neurons removed", ylim=(-0.02, 1.04))
        at = one.sel(pruned_fraction=0.6, method="nearest").mean("seed")
        said.append(f"{titles[order]}: never seen {float(at.sel(subset='test')):.2f}, redrawn as given "
                    f"{float(at.sel(subset='corrupted')):.2f}")
    axes.legend(fontsize=8)
    return "Accuracy against share of neurons removed. At 60%, " + "; ".join(said) + "."


labs.draw(pruned, regimes, size=(10, 3.6))
asked = regimes.pruned_accuracy.sel(weight_decay=0.0).sel(pruned_fraction=0.6, method="nearest").mean("seed")
for order, how, mine in (("low_ipr", "lowest IPR removed", my_low), ("random", "removed at random", my_random)):
    for subset, name in (("test", "unseen pairs"), ("corrupted", "redrawn labels as given")):
        labs.compare(mine[name], float(asked.sel(order=order, subset=subset)), f"decay 0, {how}, {name}")

# %% [markdown]
# ### Play
# Set `DECAY` to 5.0 and run the cell again. (Your predictions are still compared with the network without decay.) Look at
# the middle panel: what happens to the false labels while the *rule* is cut away? Then set it to 10.0.

# %% [markdown]
# ### Explain
# The left panel is one half of the argument. Without the right panel it would be worth little: a network can often
# lose many neurons, no matter *which*. The paper shows the first two panels; the control is ours.
#
# At a decay of 5 the network gives up most of the false labels. Yet they come *back* when the most periodic neurons are
# removed (as in the paper's Fig. 17b): they were still stored, and the rule outvoted them. So a network may hold more than its answers show. At a decay
# of 10 little comes back.
#
# ### Exercise 3.1: which neurons stay
# *difficulty 3/5, importance 5/5, 10 minutes.* Return a Boolean array, true for the neurons that *stay* when
# `round(fraction * n)` of the `n` are removed. Remove those with the lowest IPR (`order="low"`), those with the highest
# (`"high"`), or a random choice (`"random"`). A dead neuron has IPR `nan` and counts as the lowest.
# <details><summary>Hint</summary>Replace <code>nan</code> by <code>-np.inf</code>; then <code>np.argsort</code> gives the
# order in which they are removed.</details>

# %% nbgrader={"grade": false, "grade_id": "stay", "locked": false, "schema_version": 3, "solution": true, "task": false}
def stay(ipr, fraction, order, rng):
    ### BEGIN SOLUTION
    score = np.where(np.isnan(ipr), -np.inf, ipr)
    first = {"low": np.argsort(score), "high": np.argsort(-score), "random": rng.permutation(len(score))}[order]
    kept = np.ones(len(score), bool)
    kept[first[: round(fraction * len(score))]] = False
    return kept
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "stay-low", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("lowest first"):
    got = np.asarray(stay(np.array([0.9, 0.1, 0.5, 0.2]), 0.5, "low", np.random.default_rng(0))).tolist()
    assert got == [True, False, True, False], f"of 0.9, 0.1, 0.5, 0.2 the 0.1 and the 0.2 go; you return {got}"
    got = np.asarray(stay(np.array([0.3, np.nan, 0.2, 0.9]), 0.25, "low", np.random.default_rng(0))).tolist()
    assert got == [True, False, True, True], f"one of 0.3, nan, 0.2, 0.9 goes; a dead neuron goes first; you return {got}"
    ### BEGIN HIDDEN TESTS
    got = np.asarray(stay(np.array([np.nan, 0.3, 0.2, 0.9, 0.8]), 0.4, "low", np.random.default_rng(0))).tolist()
    assert got == [False, True, False, True, True], f"two of nan, 0.3, 0.2, 0.9, 0.8 go, nan and 0.2; you return {got}"
    for n, wanted in ((38, 8), (36, 7)):
        gone = n - stay(np.linspace(0, 1, n), 0.2, "low", np.random.default_rng(0)).sum()
        assert gone == wanted, f"a fifth of {n} neurons should round to {wanted}; you remove {gone}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "stay-high", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("highest first"):
    got = np.asarray(stay(np.array([0.9, 0.1, 0.5, 0.2]), 0.25, "high", np.random.default_rng(0))).tolist()
    assert got == [False, True, True, True], f"of 0.9, 0.1, 0.5, 0.2 the 0.9 goes; you return {got}"
    got = np.asarray(stay(np.array([0.3, np.nan, 0.2, 0.9]), 0.25, "high", np.random.default_rng(0))).tolist()
    assert got == [True, True, True, False], f"of 0.3, nan, 0.2, 0.9 the 0.9 goes; a dead neuron goes last; you return {got}"
    ### BEGIN HIDDEN TESTS
    got = np.asarray(stay(np.array([0.3, np.nan, 0.2, 0.9]), 0.75, "high", np.random.default_rng(0))).tolist()
    assert got == [False, True, False, False], f"of 0.3, nan, 0.2, 0.9 three go, and nan stays; you return {got}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "stay-random", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("at random"):
    score = np.linspace(0, 1, 40)
    draws = np.array([stay(score, 0.5, "random", np.random.default_rng(i)) for i in range(200)])
    assert (draws.sum(1) == 20).all(), "20 of 40 neurons should stay in every draw"
    assert draws.mean(0).min() > 0.3 and draws.mean(0).max() < 0.7, "every neuron should have the same chance"
    assert (draws[7] == stay(score, 0.5, "random", np.random.default_rng(7))).all(), "the same rng should keep the same neurons"
    ### BEGIN HIDDEN TESTS
    for fraction, wanted in ((0.0, 40), (1.0, 0), (0.3, 28)):
        got = np.sum(stay(score, fraction, "random", np.random.default_rng(0)))
        assert got == wanted, f"when a share of {fraction} of 40 neurons goes, {wanted} stay; you keep {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 3.2: what was cut out?
# *difficulty 2/5, importance 4/5, 6 minutes.* Given the accuracies on unseen pairs and on redrawn labels before and
# after a cut, say what went: `"falsehoods"` if accuracy fell by more than `0.5` on the redrawn labels and by no more than
# `0.1` on the unseen pairs; `"rule"` if it fell by more than `0.5` on the unseen pairs and by no more than `0.1` on the
# redrawn labels; `"both"` if it fell by more than `0.1` on both; else `"neither"`. (Test these conditions in this order.)

# %% nbgrader={"grade": false, "grade_id": "went", "locked": false, "schema_version": 3, "solution": true, "task": false}
def what_went(test_before, test_after, false_before, false_after):
    ### BEGIN SOLUTION
    rule, falsehoods = test_before - test_after, false_before - false_after
    if falsehoods > 0.5 and rule <= 0.1:
        return "falsehoods"
    if rule > 0.5 and falsehoods <= 0.1:
        return "rule"
    return "both" if rule > 0.1 and falsehoods > 0.1 else "neither"
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "went-one", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("one of the two went"):
    got = what_went(0.98, 0.99, 0.94, 0.02), what_went(0.98, 0.20, 0.94, 0.96)
    assert got == ("falsehoods", "rule"), f"in the first case the falsehoods went, in the second the rule; you say {got}"
    ### BEGIN HIDDEN TESTS
    got = what_went(1.0, 0.95, 0.9, 0.3), what_went(0.9, 0.1, 0.9, 0.85)
    assert got == ("falsehoods", "rule"), (
        f"unseen 1.0 to 0.95 and redrawn 0.9 to 0.3: falsehoods; 0.9 to 0.1 and 0.9 to 0.85: rule; you say {got}")
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "went-both", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("both went, or neither"):
    got = what_went(0.98, 0.30, 0.94, 0.35), what_went(0.98, 0.97, 0.94, 0.90)
    assert got == ("both", "neither"), f"in the first case both went, in the second neither; you say {got}"
    got = what_went(0.98, 0.95, 0.9, 0.5)
    assert got == "neither", f"redrawn labels fell by 0.4 (not more than 0.5), unseen pairs by 0.03: neither; you say {got}"
    ### BEGIN HIDDEN TESTS
    got = what_went(0.98, 0.5, 0.9, 0.2), what_went(0.95, 0.6, 0.9, 0.88)
    assert got == ("both", "neither"), (
        f"unseen 0.98 to 0.5 and redrawn 0.9 to 0.2: both; 0.95 to 0.6 and 0.9 to 0.88: neither; you say {got}")
    ### END HIDDEN TESTS

# %% [markdown]
# ## 4. What may be said (15 minutes)
#
# From this project's ledger, with its seeds and intervals:

# %%
labs.ledger("corrupted/coexistence", "corrupted/partial-inversion", "corrupted/full-inversion",
            "corrupted/forgetting", "corrupted/two-stages", "corrupted/prune-low-ipr", "corrupted/prune-high-ipr",
            "corrupted/prune-random", "corrupted/dropout", "corrupted/batchnorm")

# %% [markdown]
# Two of these are about methods other than decay. *Dropout* leads to inversion without any decay. The paper's explanation
# (section 3.2): several neurons share each wave, so the rule survives when some of them are dropped; what is learned by heart
# has no such reserve. *Batch normalisation* leads to inversion too; but its control, training on the same minibatches
# without it, ends with nearly the same training accuracy. The paper says that the two act together, and that small batches
# alone enhance inversion (section 2.1). Our claim requires a difference between them, and does not hold at this scale. In the
# paper's own setting, with four times as many steps, a small one appears (see the larger settings in the README).
#
# **What this toy does not show.** The false labels here are drawn at random; systematic errors have a rule of their own
# and would not look like spare weight. The rule is one that single neurons can carry as waves, which is why ranking
# neurons by a spectrum works at all. Our smaller setting needs a larger share of its pairs than the paper's ($p = 97$,
# half of the pairs). Pruning shows which neurons are *needed*, not that the others hold nothing.
#
# ### Exercise 4: discussion
# *difficulty 4/5, importance 5/5, 10 minutes, marked by hand.* "High-IPR neurons generalise, low-IPR neurons
# memorise." In at most 150 words: which of the three pruning panels supports which half of the sentence, what would
# the sentence be worth without the random control, and which result would have made you give it up?

# %% [markdown] nbgrader={"grade": true, "grade_id": "discussion", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# *A good answer* says that removing low-IPR neurons lowers accuracy on the redrawn labels and not on the unseen pairs, and
# removing high-IPR neurons does the reverse (1); that without the control any loss, or absence of loss, could be due
# merely to the number of neurons removed (1); and names a result that would refute the sentence, such as random pruning
# with the same curves as low-IPR pruning (1).

# %% [markdown]
# **References.** Doshi, Das, He and Gromov 2024, *To grok or not to grok*, arXiv:2310.13061: section 2 and Table 2
# (regimes), section 2.1 (pruning by IPR), section 3 (what regularisation does). Gromov 2023, arXiv:2301.02679 (the network).
