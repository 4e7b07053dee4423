# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 8: the environment rehearses
#
# **Question.** A network that learns one task after another forgets the old ones. People hardly do. Is the brain better, or
# does the world help, by bringing old things up again?
#
# **Time** about 110 minutes; sections 1 and 2 take about an hour. **Compute** two to three minutes of training in all, on two
# CPU cores; no internet needed.
# **You need** numpy, cross-entropy, and to have seen a training loop once.
#
# After this lab you can
# 1. read learning, forgetting and transfer off an accuracy matrix,
# 2. write an environment as a schedule: how likely each earlier task is to come back, given how long it has been away,
# 3. tell which family a forgetting curve belongs to, and why an average may belong to a family that no learner belongs to,
# 4. judge a method by the test that its world would set, and by the axis on which its effort is counted.
#
# Each section except the last asks you to **predict** before you **run**; then you **play**, read an explanation, and
# answer an **exercise**. The cells below each answer check it. A ✓ means that the checks you see there pass. The teacher's
# marks use more cases, so read the instruction again before you go on. You can run all cells at any time: an exercise
# that you have not answered yet says so, and nothing later depends on it.

# %%
import numpy as np

from mini import labs
from mini.engine import default_cache, run
from mini.measures import continual, retention
from mini.plotting import BLACK, BLUE, GREEN, ORANGE, VERMILION
from mini.studies.schedules import Schedules
from mini.studies.schedules.explorer import explorer

labs.setup(minutes=110, compute="two to three minutes of training")
SEEDS = 1 if labs.fast() else 5
SIZE = {"tasks": 5, "steps": 20, "width": 32, "examples": 120, "held_out": 50, "buffer": 100} if labs.fast() else {"tasks": 10}
PLAY = SIZE if labs.fast() else {}
QUICK = {"seeds": SEEDS, "progress": not labs.fast(), "cache": default_cache()}


def mean_accuracy(runs):
    """Mean over all tasks at the end, of each run."""
    return continual.over(runs.accuracy, continual.average_accuracy)

# %% [markdown]
# ## 1. One task after another (20 minutes)
#
# **The tasks.** Handwritten digits of 8 by 8 pixels. In each task the 64 pixels are shuffled in a different way (in the
# first, not at all): the same question, seen in a new way. There are ten tasks of 150 steps with 64 examples each, and one
# network for all, with two layers of 128 neurons and a single read-out.
#
# ### Predict
# After the tenth task, what is the mean accuracy on all ten, from 0 to 1? And on the first? (Guessing gives 0.1.)

# %%
my_mean_accuracy = None
my_first_task = None

# %% [markdown]
# ### Run
# Look along the diagonal, where each task has just been learned, and then down each column: what becomes of that task? The
# bottom row is the end of training.

# %%
naive = run(Schedules(schedule="sequential", **SIZE), **QUICK)


def matrices(canvas, **runs):
    panels = np.atleast_1d(canvas.subplots(1, len(runs), sharey=True))
    said = []
    for axes, (name, one) in zip(panels, runs.items()):
        scores = one.accuracy.mean("seed").values
        image = axes.imshow(scores, vmin=0, vmax=1, aspect="auto", interpolation="nearest",
                            extent=(0.5, scores.shape[1] + 0.5, len(scores) - 0.5, -0.5))
        axes.set(title=name.replace("_", " "), xlabel="task")
        axes.grid(False)
        said.append(f"{name.replace('_', ' ')}: mean at the end {scores[-1].mean():.2f}, first task {scores[-1, 0]:.2f}")
    panels[0].set_ylabel("after task (0: untrained)")
    canvas.colorbar(image, ax=list(panels), label="accuracy")
    return "Held-out accuracy on each task after each phase. " + "; ".join(said) + "."


labs.draw(lambda canvas, runs: matrices(canvas, sequential=runs), naive, size=(5.5, 3.6))
labs.compare(my_mean_accuracy, float(mean_accuracy(naive).mean()), "mean accuracy at the end")
labs.compare(my_first_task, float(naive.accuracy.isel(after_task=-1, task=0).mean()), "accuracy on the first task")

# %% [markdown]
# ### Play
# The explorers of this lab train a smaller network, of 64 neurons a layer, on fewer tasks of 100 steps each, so that a
# change takes a second or two. Their numbers differ from those of the runs above. The heat map fills as the network
# learns; *look back* shows it after any task. Which is forgotten faster: a task whose pixels are shuffled (*permuted*),
# or one whose pictures are turned a little further than the last (*rotated*)? In *split* each task brings two new digits.
# *Modular* has no pictures: each task is a different sum of two small numbers.

# %%
explorer(("tasks", "stream", "seed"), schedule="sequential", **PLAY)

# %% [markdown]
# ### Explain
# Each step goes downhill on the current task, and on that task only. The gradient knows nothing of the others: weights that
# served them are free to be used again. The diagonal shows that every task was *learned*; the lower left shows that it was
# *overwritten*. In 1989 McCloskey and Cohen called this catastrophic interference.
#
# Let $R_{ij}$ be the accuracy on task $j$ (counted from 0) after phase $i$. Row 0 is the untrained network, so task $j$ is
# learned in phase $j + 1$.
#
# ### Exercise 1.1: three numbers
# *difficulty 2/5, importance 5/5, 8 minutes.* `R` has one more row than columns. Return the mean accuracy at the end;
# **backward transfer**, which is the accuracy at the end minus the accuracy just after learning, averaged over all tasks
# *but the last*; and **forgetting** (Chaudhry and others 2018), which is the *best* accuracy after the task was learned
# and before the last phase, minus the accuracy at the end, averaged over the same tasks.
# <details><summary>Hint</summary>Accuracy just after learning stands at <code>R[j + 1, j]</code>; for forgetting take the
# maximum of <code>R[j + 1:-1, j]</code>.</details>

# %% nbgrader={"grade": false, "grade_id": "matrix", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mean_at_end(R):
    ### BEGIN SOLUTION
    return R[-1].mean()
    ### END SOLUTION


def backward_transfer(R):
    ### BEGIN SOLUTION
    tasks = range(R.shape[1] - 1)
    return np.mean([R[-1, j] - R[j + 1, j] for j in tasks])
    ### END SOLUTION


def forgetting(R):
    ### BEGIN SOLUTION
    tasks = range(R.shape[1] - 1)
    return np.mean([R[j + 1:-1, j].max() - R[-1, j] for j in tasks])
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "matrix-mean", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the mean at the end"):
    small = np.array([[0.1, 0.1, 0.1], [0.9, 0.1, 0.2], [0.7, 0.9, 0.2], [0.5, 0.8, 0.8]])
    assert np.isclose(mean_at_end(small), 0.7), f"(0.5 + 0.8 + 0.8) / 3 = 0.7; you have {mean_at_end(small)}"
    ### BEGIN HIDDEN TESTS
    R = np.random.default_rng(0).random((9, 8))
    wanted, got = continual.average_accuracy(R), mean_at_end(R)
    assert np.isclose(got, wanted), f"a random matrix of eight tasks: {wanted:.4f}; you have {got:.4f}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "matrix-bwt", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("backward transfer"):
    got = backward_transfer(small)
    assert np.isclose(got, -0.25), f"((0.5 - 0.9) + (0.8 - 0.9)) / 2 = -0.25; you have {got}"
    ### BEGIN HIDDEN TESTS
    R = np.random.default_rng(1).random((7, 6))
    wanted, got = continual.backward_transfer(R), backward_transfer(R)
    assert np.isclose(got, wanted), f"a random matrix of six tasks: {wanted:.4f}; you have {got:.4f}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "matrix-forgetting", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("forgetting"):
    got = forgetting(small)
    assert np.isclose(got, 0.25), f"here each task is best just after learning: 0.25; you have {got}"
    rising = np.array([[0, 0, 0], [0.5, 0.7, 0], [0.9, 0.5, 0], [0.8, 0.6, 0.5]])
    got = forgetting(rising)
    assert np.isclose(got, 0.0), ("the first task falls from 0.9, its best, to 0.8; the second rises from 0.5 to 0.6 (0.7 "
                                  f"was before it was learned): 0 on average; you have {got:.3f}")
    ### BEGIN HIDDEN TESTS
    for seed in range(5):
        R = np.random.default_rng(seed).random((7, 6))
        wanted, got = continual.forgetting(R), forgetting(R)
        assert np.isclose(got, wanted), f"a random matrix of six tasks: {wanted:.4f}; you have {got:.4f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 2. A world that comes back (30 minutes)
#
# Anderson and Schooler (1991) looked at headlines, the speech of parents and e-mail. In each they counted how often a
# word or a sender comes up again after a given time. The odds that it is needed fall with time as a **power law**,
# $\text{odds} \propto t^{-d}$, and they rise with how often it came up before. Human forgetting has the same shape. Their
# interpretation: memory is not bad at keeping things, it is good at guessing which of them will be needed.
#
# Their exponents, recalled from memory and still to be checked against the paper: about 0.7 to 0.8 for the three sources.

# %%
ANDERSON_SCHOOLER = {"headlines": 0.73, "speech of parents": 0.77, "e-mail": 0.83}  # recalled, not read


def odds(canvas):
    axes = canvas.add_subplot()
    time = np.geomspace(1, 100, 50)
    for (name, d), look in zip(ANDERSON_SCHOOLER.items(), ("-", "--", ":")):
        axes.plot(time, time**-d, color=BLUE, linestyle=look, label=f"{name}, exponent {d}")
    axes.plot(time, np.exp(-(time - 1) / 10), color=VERMILION, linestyle="-.", label="an exponential, for comparison")
    axes.set(xscale="log", yscale="log", ylim=(1e-3, 1.5), xlabel="time since it last came up (days, or utterances)",
             ylabel="odds that it comes up (1 at 1)", title="What the world asks for again (recalled exponents)")
    axes.legend()
    return ("Odds of need against time away, both axes logarithmic: three straight lines, with exponents "
            + ", ".join(f"{d} ({name})" for name, d in ANDERSON_SCHOOLER.items()) + "; an exponential bends down.")


labs.draw(odds, size=(6.5, 3.8))

# %% [markdown]
# **The schedule.** So let our network live in such a world. In phase $t$ (from here on counted from 0, like the tasks) a
# share $1 - r$ of all examples comes from the new task and a share $r$ from earlier ones, of which task $j$ is drawn with
# probability proportional to $(t - j)^{-d}$. The number of steps stays the same: each rehearsed example takes the place of
# a new one.
#
# ### Predict
# A quarter of all examples comes from earlier tasks, with exponent 1. What is the mean accuracy at the end, from 0 to 1?
# Now let all earlier tasks share the quarter *equally* (uniform): what is the mean accuracy under uniform minus that
# under the power law? (Below 0: uniform is worse.)

# %%
my_power_law = None
my_uniform_minus_power_law = None

# %% [markdown]
# ### Run
# Look at the bottom row of each panel: which tasks are kept, the oldest or the newest? Then look at the diagonal again.

# %%
power = run(Schedules(schedule="power-law", exponent=1.0, rehearsal=0.25, **SIZE), **QUICK)
uniform = run(Schedules(schedule="uniform", rehearsal=0.25, **SIZE), **QUICK)
labs.draw(lambda canvas, *runs: matrices(canvas, **dict(zip(("sequential", "power_law", "uniform"), runs))), naive, power,
          uniform, size=(10, 3.6))
labs.compare(my_power_law, float(mean_accuracy(power).mean()), "mean accuracy, power law")
difference = mean_accuracy(uniform) - mean_accuracy(power)
labs.compare(my_uniform_minus_power_law, float(difference.mean()), "uniform minus power law")

# %% [markdown]
# ### Play
# Change the schedule and watch the first panel: the area of a dot is the task's share of the samples in that phase. At an
# exponent of 4 almost only the latest of the earlier tasks comes back; near 0 all come back equally often. How much
# rehearsal is enough? What happens to the *newest* task when there is too much?

# %%
explorer(("exponent", "rehearsal", "tasks", "seed"), **PLAY)

# %% [markdown]
# ### Explain
# With a few old examples in each batch, the gradient takes the old tasks into account. A few examples are enough, since
# the weights need only be *held* where they are, not found. There is no buffer to manage, and nobody has to say which
# task an example belongs to: the world does the rehearsing. The ledger of this project records how much that gains (more
# of its rows follow in section 5):

# %%
labs.ledger("schedules/naive-forgets", "schedules/power-law-mitigates", "schedules/rehearsal-amount")

# %% [markdown]
# ### Exercise 2.1: the schedule
# *difficulty 3/5, importance 5/5, 10 minutes.* Return the probabilities of tasks $0, \ldots, t$ in phase $t$ (an array of
# length $t + 1$, the new task last). In phase 0 there is nothing to rehearse.

# %% nbgrader={"grade": false, "grade_id": "schedule", "locked": false, "schema_version": 3, "solution": true, "task": false}
def probabilities(t, r, d):
    ### BEGIN SOLUTION
    if t == 0:
        return np.array([1.0])
    weights = (t - np.arange(t)) ** -float(d)
    return np.append(r * weights / weights.sum(), 1 - r)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "schedule-phase", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("one phase"):
    got = probabilities(2, 0.3, 1.0)
    assert np.allclose(got, [0.1, 0.2, 0.7]), f"weights 1/2 and 1 share 0.3; you have {got}"
    got = probabilities(2, 0.5, 2.0)
    assert np.allclose(got, [0.1, 0.4, 0.5]), f"exponent 2: weights 1/4 and 1 share 0.5, as 0.1 and 0.4; you have {got}"
    ### BEGIN HIDDEN TESTS
    for t, r, d in ((5, 0.25, 0.5), (9, 0.9, 2.0)):
        w = np.arange(t, 0, -1) ** -d
        wanted, got = np.array([*(r * w / w.sum()), 1 - r]), probabilities(t, r, d)
        assert np.allclose(got, wanted), f"phase {t}, share {r}, exponent {d}: {wanted.round(3)}; you have {np.round(got, 3)}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "schedule-first", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the first phase"):
    got = probabilities(0, 0.3, 1.0)
    assert np.shape(got) == (1,) and np.allclose(got, 1), f"everything is new: an array with a single 1; you have {got}"
    ### BEGIN HIDDEN TESTS
    for t in range(6):
        got = probabilities(t, 0.4, 1.3)
        assert len(got) == t + 1 and np.isclose(np.sum(got), 1), f"phase {t}: {t + 1} numbers that sum to 1; you have {got}"
    got = probabilities(1, 0.4, 1.3)
    assert np.allclose(got, [0.4, 0.6]), f"phase 1 has one earlier task, share 0.4: 0.4 and 0.6; you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 2.2: was it the exponent asked for?
# *difficulty 3/5, importance 3/5, 10 minutes.* A schedule should be checked by what it *did*. In one phase, tasks at
# lags 1 and $l$ came up $n_1$ and $n_l$ times. Return the exponent $d$ under which counts in this proportion are expected.

# %% nbgrader={"grade": false, "grade_id": "exponent", "locked": false, "schema_version": 3, "solution": true, "task": false}
def exponent_from(n_1, n_l, l):
    ### BEGIN SOLUTION
    return np.log(n_1 / n_l) / np.log(l)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "exponent-exact", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("an exponent from two counts"):
    got = exponent_from(100, 25, 2)
    assert np.isclose(got, 2), f"twice the lag, a quarter as often: 2; you have {got}"
    got = exponent_from(30, 10, 3)
    assert np.isclose(got, 1), f"three times the lag, a third as often: 1; you have {got}"
    ### BEGIN HIDDEN TESTS
    for counts, wanted in (((70, 10, 7), 1), ((5, 5, 3), 0), ((10, 20, 2), -1)):
        got = exponent_from(*counts)
        assert np.isclose(got, wanted), f"n_1, n_l, l of {counts}: {wanted} (old things may come up more often); you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 3. The shape of forgetting (25 minutes)
#
# Averaging the matrix along its diagonals gives the accuracy on what was learned $0, 1, 2, \ldots$ phases ago: the
# network's forgetting curve. Ebbinghaus's question was: which family does such a curve belong to? An **exponential**
# $m\,e^{-bt}$ loses the same share of what is left in each unit of time. A **power law** $m\,(1 + t)^{-b}$ loses a
# smaller share each time. Both are fitted to the points. AICc measures the misfit and adds a penalty for each parameter;
# lower is better, and a difference below 2 counts as a tie.
#
# ### Predict
# A tenth of all examples is rehearsed. Under which schedule, power law or uniform, does the forgetting curve look more
# like a power law than like an exponential? Answer with 1 for power law, 2 for uniform.

# %%
my_family = None

# %% [markdown]
# ### Run
# Look at where each fitted curve misses the points: at the start, in the middle or at the end? Compare the two AICc
# values in each legend.

# %%
tenth = {name: run(Schedules(schedule=name, rehearsal=0.1, **SIZE), **QUICK) for name in ("power-law", "uniform")}


def curves(canvas, **runs):
    panels = canvas.subplots(1, len(runs), sharey=True)
    said = []
    for axes, (name, one) in zip(panels, runs.items()):
        y = np.mean([continual.retention(m) for m in one.accuracy.values], axis=0)
        t, dense = np.arange(len(y)), np.linspace(0, len(y) - 1, 80)
        axes.plot(t, y, "o", color=BLACK, label="mean over seeds")
        for model, colour, look in (("exponential", ORANGE, "--"), ("power", BLUE, "-")):
            fit = retention.fit(model, t, y)
            axes.plot(dense, retention.curve(model, dense, fit.parameters.values()), color=colour, linestyle=look,
                      label=f"{model}, AICc {fit.aicc:.0f}")
            said.append(f"{name}: {model} AICc {fit.aicc:.1f}")
        axes.set(title=f"a tenth rehearsed, {name}", xlabel="phases since it was learned", ylim=(0, 1))
        axes.legend(loc="lower left")
    panels[0].set_ylabel("accuracy")
    return "Retention by lag with two fitted curves; the one with the lower AICc fits better. " + "; ".join(said) + "."


labs.draw(lambda canvas, *runs: curves(canvas, **dict(zip(tenth, runs))), *tenth.values())
lean = [np.mean([retention.preference(np.arange(m.shape[1]), continual.retention(m), "exponential", "power")
                 for m in one.accuracy.values]) for one in tenth.values()]
labs.compare(my_family, 1 + int(np.argmax(lean)), "schedule that leans towards a power law",
             choices={1: "power law", 2: "uniform"})

# %% [markdown]
# ### Play
# The third panel fits both curves to whatever you train. Ten tasks give the clearest picture. Can you find a setting in
# which the two tie? Here are the schedules that you do not know yet. In *exponential* a task's share falls with its lag,
# with a time constant of three phases. *Spaced* reviews a task every three phases, *expanding* after 1, 2, 4, ... phases.
# *Primacy* brings back only the first task. *Joint* mixes all tasks, old and new, equally. *Published* uses the shares of
# a project that came before the paper of Gandhi and others (2024). The exponent affects the power law only.

# %%
explorer(("schedule", "exponent", "rehearsal", "tasks", "seed"), **{"tasks": 8, "rehearsal": 0.1, **PLAY})

# %% [markdown]
# ### Explain
# Under uniform rehearsal every old task gets the same small share, however old: accuracy falls at first and then
# *settles*, well above zero. Of the two curves fitted here only the power law can flatten like that, and so it leads. But
# an exponential that falls to an asymptote above zero fits the points just as well. It has one more parameter, which AICc
# penalises, so the power law keeps a small lead in most seeds (the ledger's first row below). Under power-law rehearsal
# the share itself shrinks with age, accuracy goes on falling, and the exponential leads clearly. So the *schedule*
# decides whether the curve settles; which family fits it best is then a finer question. A caution: these are ten
# correlated points from one network, and in any single network a lead below 2 is a tie.

# %%
labs.ledger("schedules/retention-family", "schedules/no-savings")

# %% [markdown]
# The second row claims that a network saves hardly any steps when it learns the first task again. This claim *was not
# reproduced*: on average over the seeds, the network saves about as much as Ebbinghaus did after a month, though single
# seeds differ widely. A task whose accuracy has fallen far is not erased from the weights. (Exercise 4.2 has the
# formula.)
#
# ### Exercise 3.1: an average unlike any learner
# *difficulty 3/5, importance 5/5, 10 minutes.* Anderson and Tweney (1997) give a warning about averages. Suppose every
# learner forgets *exponentially*, $e^{-\lambda t}$, each at their own rate. If rates are distributed as
# $p(\lambda) = e^{-\lambda}$, what is the average over learners, $\int_0^\infty e^{-\lambda t} e^{-\lambda} d\lambda$?
# Return it for an array `t`. Then let `average(t, rates)` return the average over learners with the given rates.

# %% nbgrader={"grade": false, "grade_id": "average", "locked": false, "schema_version": 3, "solution": true, "task": false}
def expected_average(t):
    ### BEGIN SOLUTION
    return 1 / (1 + t)
    ### END SOLUTION


def average(t, rates):
    ### BEGIN SOLUTION
    return np.exp(-np.outer(rates, t)).mean(0)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "average-closed", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the integral"):
    got = expected_average(np.array([1.0, 3.0]))
    assert np.isclose(got[0], 0.5), f"at t = 1 it is one half; you have {got[0]}"
    assert np.isclose(got[1], 0.25), f"at t = 3 it is one quarter; you have {got[1]}"
    ### BEGIN HIDDEN TESTS
    got = expected_average(np.array([0.0, 4.0, 9.0]))
    assert np.allclose(got, [1, 0.2, 0.1]), f"at t = 0, 4, 9 it is 1, 0.2, 0.1; you have {got}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "average-sample", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("learners with given rates"):
    got = average(np.array([0.0, 1.0]), np.array([0.0, np.log(4)]))
    assert np.allclose(got, [1.0, 0.625]), f"one forgets nothing, one keeps a quarter; you have {got}"
    ### BEGIN HIDDEN TESTS
    rates, t = np.random.default_rng(0).exponential(size=100_000), np.arange(6.0)
    wanted, got = 1 / (1 + t), average(t, rates)
    assert np.allclose(got, wanted, atol=0.01), f"100,000 learners, t = 0 to 5: {wanted.round(2)}; you have {np.round(got, 2)}"
    wanted, got = np.exp(-t / 2), average(t, np.array([0.5]))
    assert np.allclose(got, wanted), f"one learner of rate 0.5, t = 0 to 5: {wanted.round(3)}; you have {np.round(got, 3)}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 3.2: which family?
# *difficulty 3/5, importance 4/5, 8 minutes.* Use `retention.fit(model, t, y).aicc` to decide between `"exponential"` and
# `"power"`; return `"tie"` where the two differ by less than 2, and also where there are too few points (then `aicc` is
# NaN).

# %% nbgrader={"grade": false, "grade_id": "family", "locked": false, "schema_version": 3, "solution": true, "task": false}
def family(t, y):
    ### BEGIN SOLUTION
    gap = retention.fit("exponential", t, y).aicc - retention.fit("power", t, y).aicc
    if not abs(gap) >= 2:
        return "tie"
    return "power" if gap > 0 else "exponential"
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "family-clear", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("clear cases"):
    t = np.arange(10.0)
    wobble = 0.002 * np.sin(7 * t)
    got = family(t, 0.9 * np.exp(-0.3 * t) + wobble)
    assert got == "exponential", f"these points come from an exponential; you have {got!r}"
    got = family(t, 0.8 * (1 + t) ** -0.5 + wobble)
    assert got == "power", f"these points come from a power law; you have {got!r}"
    ### BEGIN HIDDEN TESTS
    for b in (0.3, 0.6, 1.0):
        got = family(t, 0.9 * (1 + t) ** -b + wobble), family(t, 0.9 * np.exp(-b * t) + wobble)
        assert got == ("power", "exponential"), f"points of a power law, and of an exponential, with b = {b}; you have {got}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "family-tie", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("ties"):
    got = family(np.arange(3.0), np.array([0.9, 0.5, 0.4]))
    assert got == "tie", f"three points decide nothing; you have {got!r}"
    t = np.arange(10.0)
    half = 0.9 * (0.425 * np.exp(-0.3 * t) + 0.575 * (1 + t) ** -0.6) + 0.01 * np.sin(7 * t)
    got = family(t, half)
    assert got == "tie", f"these points lie between the two, and the AICc values differ by less than 1; you have {got!r}"
    ### BEGIN HIDDEN TESTS
    noisy = 0.5 + 0.2 * np.random.default_rng(2).normal(size=10)
    gap = retention.fit("exponential", t, noisy).aicc - retention.fit("power", t, noisy).aicc
    wanted, got = "tie" if abs(gap) < 2 else "power" if gap > 0 else "exponential", family(t, noisy)
    assert got == wanted, f"ten noisy points, AICc differs by {gap:.2f}: {wanted!r}; you have {got!r}"
    for share, wanted in ((0.387, "power"), (0.412, "tie"), (0.439, "tie"), (0.465, "exponential")):  # gaps of 3, 1, -1, -3
        got = family(t, 0.9 * (share * np.exp(-0.3 * t) + (1 - share) * (1 + t) ** -0.6) + 0.01 * np.sin(7 * t))
        assert got == wanted, f"points between the two, a share of {share} exponential: {wanted!r}; you have {got!r}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 4. Tested as the world tests (20 minutes)
#
# Uniform rehearsal was as good or better, at every amount measured. Does that refute Anderson and Schooler's account of memory,
# their *rational analysis*? The test, though, was *flat*: all tasks counted equally, as at school. The world asks most
# for the newest things. So weight task $j$ by the odds that it is needed next: lag to the power $-d$, where the newest
# task has lag 1.
#
# ### Predict
# By how much is uniform better than the power law, in accuracy weighted by need (exponent 1)? (Below 0: uniform is worse.
# Both accuracies lie between 0 and 1.)

# %%
my_needed_difference = None

# %% [markdown]
# ### Run
# Look, from left to right, at the gap between the two networks that rehearse: does it grow, shrink or change sign?

# %%
def needed(runs, exponent):
    return continual.over(runs.accuracy, continual.need_weighted, exponent)


def by_need(canvas, **runs):
    axes = canvas.add_subplot()
    exponents, said = np.linspace(0, 3, 7), []
    for (name, one), (colour, look) in zip(runs.items(), ((VERMILION, ":"), (BLUE, "-"), (GREEN, "--"))):
        y = [float(needed(one, e).mean()) for e in exponents]
        axes.plot(exponents, y, color=colour, linestyle=look, marker="o", label=name.replace("_", " "))
        said.append(f"{name.replace('_', ' ')} {y[0]:.2f} on a flat test and {y[-1]:.2f} at an exponent of 3")
    axes.set(xlabel="exponent of need (0: a flat test)", ylabel="need-weighted accuracy", title="The test decides")
    axes.legend()
    return "Need-weighted accuracy by the exponent of need: " + "; ".join(said) + "."


labs.draw(lambda canvas, *runs: by_need(canvas, **dict(zip(("sequential", "power_law", "uniform"), runs))), naive, power,
          uniform, size=(6.5, 3.8))
difference = needed(uniform, 1.0) - needed(power, 1.0)
labs.compare(my_needed_difference, float(difference.mean()), "uniform minus power law, by need")

# %% [markdown]
# ### Play
# The last panel tests the same network four times. Which schedules gain most from a steeper test? Then compare
# *power-law* (exponent 1) with *uniform*, one seed after another. At an exponent of need of 2, how much does the same
# schedule differ between seeds? It differs by more than the two schedules do, so no single run can tell which of them
# leads.

# %%
explorer(("schedule", "exponent", "rehearsal", "seed"), **PLAY)

# %% [markdown]
# ### Explain
# As the test leans towards the new, the gap closes: what power-law rehearsal neglects is what its world seldom asks for.
# Does the gap close *entirely* at the environment's own exponent? For exponent 1 the ledger says no: there uniform is
# still ahead, by very little. On a steeper test, with exponent 2, ten seeds left the question undecided; thirty seeds,
# which are not in the ledger, put the power law ahead by less than a percentage point.
#
# Effort must be measured with the same care. Do later tasks become *easier*? On the axis of steps, rehearsal takes a
# share of each step; on the axis of new samples it does not count. Here the first task, learned from fresh weights, stays
# the easiest on both. But compared with a network that does not rehearse, one that does takes more *steps* and fewer *new
# samples* for the same task (`mini figure schedules/facilitation`). The answer depends on the axis:

# %%
labs.ledger("schedules/uniform-control", "schedules/need-weighted", "schedules/forward-facilitation")

# %% [markdown]
# ### Exercise 4.1: need
# *difficulty 2/5, importance 4/5, 6 minutes.* `last_row` holds the accuracies on tasks $0, \ldots, T - 1$ at the end,
# the newest last. Return their mean, weighted by need with exponent `d`.

# %% nbgrader={"grade": false, "grade_id": "need", "locked": false, "schema_version": 3, "solution": true, "task": false}
def need_weighted(last_row, d):
    ### BEGIN SOLUTION
    weights = np.arange(len(last_row), 0, -1.0) ** -d
    return (weights * last_row).sum() / weights.sum()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "need-two", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("two tasks"):
    got = need_weighted(np.array([0.3, 0.9]), 1.0)
    assert np.isclose(got, 0.7), f"weights 1/2 and 1: 0.7; you have {got}"
    got = need_weighted(np.array([0.4, 0.9]), 2.0)
    assert np.isclose(got, 0.8), f"exponent 2: weights 1/4 and 1: 0.8; you have {got}"
    ### BEGIN HIDDEN TESTS
    row = np.random.default_rng(0).random(8)
    for d in (0.0, 1.7, 60.0):
        wanted, got = continual.need_weighted(np.tile(row, (9, 1)), d), need_weighted(row, d)
        assert np.isclose(got, wanted), f"eight random accuracies, exponent {d}: {wanted:.4f}; you have {got:.4f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 4.2: savings and new samples
# *difficulty 3/5, importance 4/5, 8 minutes.* `savings(first, again)` is Ebbinghaus's measure: the share of the first
# effort that is saved when a task is learned again. `new_samples(steps, batch, r)` is how many *new* examples a task has
# taken if a share $r$ of each batch was old.

# %% nbgrader={"grade": false, "grade_id": "effort", "locked": false, "schema_version": 3, "solution": true, "task": false}
def savings(first, again):
    ### BEGIN SOLUTION
    return 1 - again / first
    ### END SOLUTION


def new_samples(steps, batch, r):
    ### BEGIN SOLUTION
    return steps * batch * (1 - r)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "effort-savings", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("savings"):
    assert np.isclose(savings(50, 40), 0.2), f"a fifth is saved; you have {savings(50, 40)}"
    ### BEGIN HIDDEN TESTS
    for first, again, wanted in ((40, 50, -0.25), (30, 30, 0), (80, 20, 0.75)):
        got = savings(first, again)
        assert np.isclose(got, wanted), f"{first} steps first, {again} again: {wanted}; you have {got}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "effort-samples", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("new samples"):
    got = new_samples(50, 64, 0.0)
    assert np.isclose(got, 3200), f"without rehearsal all are new: 3200; you have {got}"
    got = new_samples(50, 64, 0.25)
    assert np.isclose(got, 2400), f"a quarter of each batch was old: 2400; you have {got}"
    ### BEGIN HIDDEN TESTS
    for steps, batch, r, wanted in ((70, 64, 0.5, 2240), (10, 20, 0.9, 20)):
        got = new_samples(steps, batch, r)
        assert np.isclose(got, wanted), f"{steps} steps of {batch}, a share of {r} old: {wanted}; you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 5. What may be said (15 minutes)
#
# The ledger also covers other methods, and how the gain depends on the number of tasks, the size of the network and the
# setting:

# %%
labs.ledger("schedules/beats-regularisers", "schedules/beats-exponential", "schedules/number-of-tasks", "schedules/model-size",
            "schedules/class-incremental", "schedules/combined")

# %% [markdown]
# Facts are tasks, too. In a small knowledge base some facts stay, some change, some are new. The ratio of what is
# forgotten to what is updated and acquired is called FUAR:
#
# FUAR = loss on facts that should stay ÷ (gain on changed facts + gain on new facts)
#
# Each of the three is a share of its group (the groups differ in size, so FUAR does not count facts); 1 is break-even.
# The survey by Shi and others (2024) calls learning across slices of time and across domains *horizontal*, and learning
# from the general to the special *vertical*. Forgetting has the same two directions:

# %%
labs.ledger("continual/fuar", "continual/vertical-horizontal")

# %% [markdown]
# **What this toy does not show.** Shuffled digits are not life: tasks here share nothing but the read-out, whereas in the
# world things come up again in clusters, and in contexts. The tables in the paper of Gandhi and others could not be read;
# where no text gives a number, the ledger's bound was set from a pilot before measuring, and the ledger says so.
# Comparisons at equal numbers of steps favour networks that do not rehearse; a project that *adds* rehearsal to the same
# number of new samples will report larger gains. And the exponents in section 2 are recalled from memory and still to be
# checked.
#
# ### Exercise 5: discussion
# *difficulty 3/5, importance 5/5, 10 minutes, marked by hand.* A company fine-tunes one model on a new product each month
# and keeps none of the old data. In at most 150 words: which schedule and what share would you advise, and by which test
# would you judge it? Cite a figure and a number from your own runs, and give one reason why they may not carry over.

# %% [markdown] nbgrader={"grade": true, "grade_id": "discussion", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# *A good answer* advises that some share of the old data be rehearsed (a tenth already brings most of the gain). It says
# why uniform is the safe choice when all products are asked for equally often, and that a power law may do as well when
# the newest are asked for far more often (at an exponent of 2, thirty seeds, not in the ledger, put it ahead by less than
# a percentage point: too little for one run to show). It judges by the odds with which customers ask, not by a flat mean
# alone; cites a number with its seeds; and names a limit (tasks here share nothing, ten phases only). One point each for
# three of these.

# %% [markdown]
# **References.** Gandhi and others 2024, arXiv:2401.10393 (power-law environments). Anderson and Schooler 1991,
# Psychological Science 2 (the statistics of the environment). Anderson and Tweney 1997, Memory and Cognition 25 (averaged
# curves). Chaudhry and others 2018, arXiv:1801.10112 (forgetting). Shi and others 2024, arXiv:2404.16789 (survey).
# Ebbinghaus 1885 (savings). McCloskey and Cohen 1989, Psychology of Learning and Motivation 24 (interference).
