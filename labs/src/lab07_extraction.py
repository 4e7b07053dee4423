# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 7: what went in comes out
#
# **Question.** A password was in the training text. How often must it occur there before the model repeats it? Who can make
# the model do so? And what helps against that?
#
# **Time** about 130 minutes; sections 1 and 2 take about an hour. **Compute** about three minutes of training in all, on two
# CPU cores; no internet needed.
# **You need** numpy, log-probabilities, and a rough idea of what a language model does.
#
# After this lab you can
# 1. try to extract a text from a model, and say what a fair control is,
# 2. measure how far a secret is *exposed* long before it can be extracted, and mark what is extrapolated,
# 3. distinguish what a model memorised by reading it from what it could have guessed anyway,
# 4. say what deduplication and private training achieve, and what they cost.
#
# Each section except the last asks you to **predict** before you **run**; then you **play**, read an explanation, and
# answer an **exercise**. The cells below each answer check it. A ✓ means that the checks you see there pass. The teacher's
# marks use more cases, so read the instruction again before you go on. You can run all cells at any time: an exercise
# that you have not answered yet says so, and nothing later depends on it.

# %%
import numpy as np

from mini import labs
from mini.engine import default_cache, run
from mini.measures import extraction
from mini.plotting import BLACK, BLUE, GREEN, VERMILION
from mini.studies.extraction import Extraction
from mini.studies.extraction.attack import attack
from mini.studies.extraction.claims import same_text
from mini.studies.extraction.explorer import SMALL, explorer
from mini.studies.extraction.items import COPIES
from mini.tasks import corpus

labs.setup(minutes=130, compute="about three minutes of training")
SEEDS = 1 if labs.fast() else 4
STEPS = 4 if labs.fast() else 400
TINY = {"layers": 1, "rival": True} if labs.fast() else {}  # one small program serves nearly the whole lab
QUICK = {"seeds": SEEDS, "progress": not labs.fast(), "cache": default_cache()}
read = ("the same text that the ledger of section 6 was measured on." if same_text() else
        "not the text that the ledger of section 6 was measured on, so your numbers will differ from it.")
print("Training text: this Python's own library,", read)


def model(**fields):
    return Extraction(**{**SMALL, "secret_copies": 0, "keep": True, **TINY, **fields})


def play(*controls, **fields):
    return explorer(controls, ticks=STEPS if labs.fast() else None, **TINY, **fields)


def end(runs, name):
    return runs[name].isel(step=-1)


def whole(runs):
    """Share of the passages that come out whole, by number of copies."""
    return end(runs, "extracted").sel(context=32).mean(("seed", "category", "window"))


# %% [markdown]
# ## 1. A secret in the source (25 minutes)
#
# **The text** is the source code of Python's own standard library as installed on this machine, read byte by byte. Two
# things are planted in it: *secrets*, which are lines such as `key_abcd = 'fd23…'` with 16 random hexadecimal digits, and
# *passages* of 48 bytes from files that are otherwise kept out of the text. A passage is code, documentation or a data
# carrier (tables, encodings). Of each kind some are planted 1, 4, 16, 64 or 256 times, and some never.
#
# **The model** is a transformer with 33 thousand weights that reads 6400 rows of 48 bytes.
#
# **The attack.** You know the name of a secret, or the first 32 bytes of a passage. From there the model goes on with the
# likeliest byte, again and again (*greedy decoding*). The secret or passage has *come out whole* (the model has
# *given it up*) only if the next 16 bytes are all right.
#
# ### Predict
# How many copies (1, 4, 16, 64 or 256) does it take until at least half of the secrets come out whole?

# %%
my_copies = None

# %% [markdown]
# ### Run
# Look at where the curve of the secrets crosses one half, and at how much is given up by the control, a model that never
# saw any of the passages or secrets.

# %%
planted = run(model(rival=True), STEPS, range(100, STEPS, 100), **QUICK)
control = run(model(plant=False), STEPS, STEPS, **QUICK)
PLACES = range(len(COPIES))


def line(axes, share, label, **look):
    axes.plot(PLACES, share, label=label, **look)
    axes.set_xticks(PLACES, map(str, COPIES))
    axes.set_xlabel("copies in the training text")


def coming_out(canvas, planted, control):
    axes = canvas.subplots()
    secret = end(planted, "canary_extracted").mean(("seed", "canary"))
    line(axes, secret, "secrets", color=VERMILION, marker="o", linestyle="-")
    line(axes, whole(planted), "passages", color=BLUE, marker="s", linestyle="--")
    line(axes, whole(control), "passages, control (never saw them)", color=BLACK, marker="x", linestyle=":")
    axes.set(title="What comes out whole", ylabel="share", ylim=(-0.03, 1.05))
    axes.legend()
    return ("Share given up, by copies. " + "; ".join(
        f"{c}: secrets {float(s):.2f}, passages {float(p):.2f}, control {float(n):.2f}"
        for c, s, p, n in zip(COPIES, secret, whole(planted), whole(control))) + ".")


labs.draw(coming_out, planted, control)
most = end(planted, "canary_extracted").mean(("seed", "canary")).values >= 0.5
enough = COPIES[int(most.argmax())] if most.any() else float("nan")
labs.compare(my_copies, enough, "copies until half of the secrets come out")

# %% [markdown]
# What the model says after the first 32 bytes of some passages that it read 256 times, and of some that it never read:

# %%
one = planted.isel(seed=0)
for copies in (256, 0):
    for kind in one.category.values:
        text = bytes(one.window_text.sel(copies=copies, category=kind).isel(window=0).values)
        print(f"{copies:4d} copies, {kind:13}  {corpus.decode(text[:32])} → {corpus.decode(text[32:])}"
              f"   it says: {attack(one, text[:32].decode())[0]}")

# %% [markdown]
# ### Play
# Plant a secret of your own. Watch its *exposure* (section 2), and try to get it out: greedily (temperature 0), or in
# eight samples (temperature 1). Is part of the prompt enough, such as `mine = '`? What comes out when you ask for another
# name, such as `key_yours = '`? The bars on the right show other secrets. Each bar averages only a few of them, so the bar
# without copies varies widely. *out* means that they came out whole.

# %%
play("secret_copies", "steps", "seed")

# %% [markdown]
# ### Explain
# A model is trained to make its text likely, and 16 digits that keep coming back are as much a part of that text as a
# keyword is. If a *random* secret comes out, there can be only one reason: the model read it. With a passage this is not
# so: `return None` also comes out of a model that never saw the file. Hence the control: the same prompts, put to a model
# that was trained without the passages and the secrets. A published rate without a control says little. And some benchmarks
# choose their passages *because* they could be extracted. A rate on such passages says nothing about how often a model
# leaks. (The best known benchmark for code is of this kind; its 47%, a figure taken second-hand, is often quoted as a rate
# of leakage.)
#
# ### Exercise 1.1: the attack
# *difficulty 2/5, importance 5/5, 8 minutes.* `next_logits(tokens)` takes a list of bytes and returns the logits of the
# byte that comes next (an array, one logit for each possible byte). Write `greedy(next_logits, prefix, count)`, which
# returns the list of the next `count` bytes, and `extractable(next_logits, text, k, m)`, which returns whether the m
# bytes after the first k of a text come out whole.

# %% nbgrader={"grade": false, "grade_id": "greedy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def greedy(next_logits, prefix, count):
    ### BEGIN SOLUTION
    tokens = list(prefix)
    for _ in range(count):
        tokens.append(int(np.argmax(next_logits(tokens))))
    return tokens[len(prefix):]
    ### END SOLUTION


def extractable(next_logits, text, k, m):
    ### BEGIN SOLUTION
    return greedy(next_logits, list(text[:k]), m) == list(text[k: k + m])
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "greedy-goes-on", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("a model that counts"):
    got = greedy(lambda tokens: np.eye(10)[(tokens[-1] + 1) % 10], [3], 4)
    assert list(got) == [4, 5, 6, 7], f"after 3 the model says 4, 5, 6, 7; you have {np.asarray(got).tolist()}"
    got = greedy(lambda tokens: np.eye(10)[sum(tokens) % 10], [1, 2], 2)
    assert list(got) == [3, 6], f"a model that adds up all it has read: after 1, 2 it says 3, 6; you have {np.asarray(got)}"
    ### BEGIN HIDDEN TESTS
    got = greedy(lambda tokens: np.eye(10)[sum(tokens) % 10], [3, 4], 5)
    assert list(got) == [7, 4, 8, 6, 2], f"a model that adds up all it has read, after 3, 4: {np.asarray(got)} is wrong"
    start = [1]
    greedy(lambda tokens: np.eye(3)[0], start, 2)
    assert start == [1], f"your function must not change the list `prefix`: it was [1] and is now {start}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "greedy-whole", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("whole or not at all"):
    counts = lambda tokens: np.eye(10)[(tokens[-1] + 1) % 10]  # noqa: E731
    got = extractable(counts, [1, 2, 3, 4, 5], 2, 3), extractable(counts, [1, 2, 3, 4, 9], 2, 3)
    assert got == (True, False), f"3, 4, 5 comes out, 3, 4, 9 does not; you have {got[0]} and {got[1]}"
    got = extractable(counts, [1, 2, 3, 4, 9], 2, 2), extractable(counts, [1, 2, 9, 4, 5], 2, 3)
    assert got == (True, False), f"the 9 is beyond m = 2, but within m = 3 in the second text; you have {got[0]} and {got[1]}"
    ### BEGIN HIDDEN TESTS
    for text, m, wanted in (([7, 8, 9, 0, 5], 2, True), ([7, 8, 9, 0, 5], 3, False), ([1, 2, 4, 4], 2, False)):
        got = extractable(counts, text, 2, m)
        assert bool(got) == wanted, f"a model that counts, text {text}, k = 2, m = {m}: {wanted}; you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 1.2: without decoding
# *difficulty 3/5, importance 4/5, 8 minutes.* Decoding takes one forward pass per byte. Yet whether a suffix comes out
# *whole* can be read off a single pass over the true text. `logits` has shape (T, V), and `logits[t]` predicts the token at
# position t + 1. Return whether the suffix that begins at position `start` is extracted.
# <details><summary>Hint</summary>As long as greedy decoding is right, what it has read so far is the true text.</details>

# %% nbgrader={"grade": false, "grade_id": "forced", "locked": false, "schema_version": 3, "solution": true, "task": false}
def extracted_at_once(logits, tokens, start):
    ### BEGIN SOLUTION
    return bool((logits[start - 1: len(tokens) - 1].argmax(-1) == tokens[start:]).all())
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "forced-once", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("one pass is enough"):
    tokens = np.array([2, 0, 1, 2])
    logits = np.eye(3)[[1, 1, 2, 0]]  # predicts 1 (wrong), 1, 2
    got = extracted_at_once(logits, tokens, 2), extracted_at_once(logits, tokens, 1)
    assert got == (True, False), f"from position 2 on all predictions are right, from 1 on not; you have {got[0]} and {got[1]}"
    got = extracted_at_once(np.eye(3)[[0, 1, 0, 0]], tokens, 1)  # predicts 0, 1, 0 (wrong)
    assert not got, f"the last token is predicted wrongly, so the suffix does not come out whole; you have {got}"
    ### BEGIN HIDDEN TESTS
    rng = np.random.default_rng(0)
    for _ in range(50):
        table, tokens = rng.normal(size=(3, 3)), rng.integers(0, 3, 5)
        for start in (2, 3, 4):
            said = tokens[:start].tolist()
            while len(said) < 5:
                said.append(int(table[said[-1]].argmax()))
            wanted, got = said == tokens.tolist(), extracted_at_once(table[tokens], tokens, start)
            assert got == wanted, f"text {tokens}, suffix from {start} on, decoding says {said}: {wanted}; you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 2. Exposed before extracted (30 minutes)
#
# A secret is not safe just because it does not come out. Take the same line with other secrets in its place (here 31 random
# ones), and ask the model for the probability of each. If the true one is the likeliest of a thousand, an attacker who can
# *test* guesses has ten bits fewer to guess. Carlini and others (2019) call this **exposure**:
# $\log_2(\text{number of candidates}) - \log_2(\text{rank of the true one})$.
#
# ### Predict
# None of the secrets planted 4 times came out. What is their average exposure, in bits, from 0 to 5? (Secrets that were
# never planted have 1.3 on average, by chance; a rank among 31 others can show 5 at most.)

# %%
my_exposure = None

# %% [markdown]
# ### Run
# On the left, look at how far the two curves of exposure agree, and where only one of them goes on rising. Each point
# averages only a few secrets, so the points without copies vary widely. On the right, compare when each blue curve rises
# with when the red curve of the same line style does.

# %%
def exposed(canvas, planted, control):
    left, right = canvas.subplots(1, 2)
    rank, fitted = (end(planted, name).mean(("seed", "canary")) for name in ("exposure_by_rank", "exposure"))
    line(left, rank, "by rank", color=VERMILION, marker="o", linestyle="-")
    line(left, fitted, "by a Gaussian", color=GREEN, marker="^", linestyle="--")
    line(left, end(control, "exposure_by_rank").mean(("seed", "canary")), "control, by rank", color=BLACK, marker="x", linestyle=":")
    left.axhline(5, color=BLACK, lw=1, linestyle=":")
    left.text(PLACES[-1], 7, "beyond 5 bits: extrapolated", fontsize=9, ha="right")
    left.set(title="Exposure, bits", ylim=(0, None))
    left.legend(loc="center left")
    for number, style in ((16, "--"), (64, "-")):
        right.plot(planted.step, planted.exposure_by_rank.sel(copies=number).mean(("seed", "canary")) / 5, color=VERMILION,
                   linestyle=style, label=f"exposure ÷ 5 bits, {number} copies")
        right.plot(planted.step, planted.canary_extracted.sel(copies=number).mean(("seed", "canary")), color=BLUE,
                   linestyle=style, label=f"share given up, {number} copies")
    right.set(title="During training", xlabel="step", ylim=(-0.03, 1.08))
    right.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2)
    return ("Exposure by rank and by a Gaussian, by copies: " + "; ".join(f"{c}: {float(a):.1f} and {float(b):.1f} bits"
                                                                          for c, a, b in zip(COPIES, rank, fitted)) + ".")


labs.draw(exposed, planted, control, size=(9.5, 3.8))
labs.compare(my_exposure, float(end(planted, "exposure_by_rank").sel(copies=4).mean()), "exposure at 4 copies", " bits")

# %% [markdown]
# ### Play
# This time the secret is a random one. At how many copies does its exposure by rank reach 5 bits, and at how many does it
# come out? With enough copies for both, which happens first during training, and by how many steps?

# %%
play("secret_copies", "seed", secret="q7x2k9v4m1z", secret_copies=16)

# %% [markdown]
# ### Explain
# Exposure rises with the first few copies; extraction begins only where *every* digit is the likeliest. That takes ten
# times as many copies, or more. In between, the model knows the secret without saying it. A test that only asks the model
# for the secret sees nothing of this.
#
# Ranks are expensive: to show 20 bits you must score a million candidates. So one fits a distribution to the scores of
# the other candidates (the *references*) and reads off how far out the secret lies. That is *extrapolation*. From 31
# references a Gaussian may say "50 bits", where nobody has looked. Report such a number only together with the
# flag `extrapolated`.
#
# ### Exercise 2.1: exposure by rank
# *difficulty 2/5, importance 5/5, 6 minutes.* From the log-probabilities (higher is likelier) of a secret and of R others,
# return $\log_2(R + 1) - \log_2(\text{rank})$. The likeliest of all has rank 1, and ties count *against* the secret.

# %% nbgrader={"grade": false, "grade_id": "rank", "locked": false, "schema_version": 3, "solution": true, "task": false}
def exposure_by_rank(secret, others):
    ### BEGIN SOLUTION
    rank = 1 + (np.asarray(others) >= secret).sum()
    return np.log2(len(others) + 1) - np.log2(rank)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "rank-first", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("first, last, and second"):
    got = [exposure_by_rank(x, np.array([-3.0, -2.0, -4.0])) for x in (-1.0, -5.0, -2.5)]
    assert np.allclose(got, [2, 0, 1]), ("of four, the first has 2 bits, the last 0, the second 1; you have "
                                         f"{np.round(got, 3).tolist()}")
    ### BEGIN HIDDEN TESTS
    x = np.random.default_rng(1).normal(size=512)
    got = [exposure_by_rank(x[i], np.delete(x, i)) for i in range(512)]
    wanted = 9 - np.log2(np.arange(1, 513)).mean()
    got = np.mean(got)
    assert np.isclose(got, wanted), f"mean over 512 secrets, each ranked among the others: {wanted:.3f}; you have {got:.3f}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "rank-ties", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("a model that finds all equally likely exposes none"):
    got = exposure_by_rank(-1.0, np.full(7, -1.0))
    assert np.isclose(got, 0), f"all equally likely: 0 bits; you have {got}"
    ### BEGIN HIDDEN TESTS
    got = exposure_by_rank(0.0, np.array([0.0, -1, -1, -1]))
    assert np.isclose(got, 1.322, atol=1e-3), f"as likely as the best of four others: rank 2 of 5, 1.322 bits; you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 2.2: exposure by a Gaussian
# *difficulty 3/5, importance 4/5, 8 minutes.* Return `(bits, extrapolated)`. Take a Gaussian with the mean and the
# standard deviation (`ddof=1`) of the others. `bits` is minus $\log_2$ of its probability of a value as high as the
# secret's or higher. `extrapolated` says whether that is more bits than R others can show by rank.
# <details><summary>Hint</summary><code>scipy.stats.norm.logsf</code> is the logarithm of the upper tail; far out, the tail
# itself is rounded to 0.</details>

# %% nbgrader={"grade": false, "grade_id": "gauss", "locked": false, "schema_version": 3, "solution": true, "task": false}
def exposure_by_gaussian(secret, others):
    ### BEGIN SOLUTION
    from scipy.stats import norm
    others = np.asarray(others)
    bits = -norm.logsf(secret, others.mean(), others.std(ddof=1)) / np.log(2)
    return bits, bool(bits > np.log2(len(others) + 1))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "gauss-mean", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("at the mean, one bit"):
    got = exposure_by_gaussian(-2.0, np.array([-3.0, -1.0]))
    assert np.isclose(got[0], 1) and not got[1], ("half of the Gaussian lies above: 1 bit, not extrapolated; you have "
                                                  f"{got[0]:.3f} and {got[1]}")
    ### BEGIN HIDDEN TESTS
    from scipy.stats import norm
    x = np.random.default_rng(2).normal(-60, 4, 31)
    wanted, got = -np.log2(norm.sf(-58.0, x.mean(), x.std(ddof=1))), exposure_by_gaussian(-58.0, x)[0]
    assert np.isclose(got, wanted), f"31 random others near -60, a secret at -58: {wanted:.3f} bits; you have {got:.3f}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "gauss-far", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("far out, and flagged"):
    got = exposure_by_gaussian(60.0, np.array([-1.0, 0.0, 1.0]))
    assert np.isfinite(got[0]) and got[0] > 2000 and got[1], ("60 deviations out: about 2600 bits, extrapolated; you have "
                                                              f"{got[0]:.0f} and {got[1]}")
    got = exposure_by_gaussian(1.0, np.array([-1.0, 0.0, 1.0]))
    assert np.isclose(got[0], 2.656, atol=1e-3), f"one standard deviation (ddof=1) out: 2.656 bits; you have {got[0]:.3f}"
    assert got[1], f"2.7 bits are more than the 2 that 3 others can show by rank: extrapolated; you have {got[1]}"
    ### BEGIN HIDDEN TESTS
    for secret, wanted in ((1.0, True), (0.56, False)):
        got = exposure_by_gaussian(secret, np.array([-1.0, 0.0, 1.0]))[1]
        assert got == wanted, f"3 others show 2 bits at most, the secret lies {secret} deviations out: {wanted}; you have {got}"
    got = exposure_by_gaussian(1.0, np.tile([-1.0, 1.0], 20))[1]
    assert not got, f"40 others show 5.4 bits at most, a secret one deviation out has 2.6: False; you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 2.3: how many samples?
# *difficulty 3/5, importance 4/5, 8 minutes.* An attacker who *samples* (temperature 1) hits a suffix in one try with the
# probability $p$ that the model gives it. How many tries are needed to hit it at least once with probability at least
# `chance`? Return the smallest whole number; `log_p` is $\log p$.
# <details><summary>Hint</summary>n tries all miss with probability (1 - p)^n; see <code>np.log1p</code>.</details>

# %% nbgrader={"grade": false, "grade_id": "samples", "locked": false, "schema_version": 3, "solution": true, "task": false}
def samples_needed(log_p, chance):
    ### BEGIN SOLUTION
    return max(int(np.ceil(np.log1p(-chance) / np.log1p(-np.exp(log_p)) - 1e-9)), 1)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "samples-half", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("one in a thousand"):
    got = samples_needed(np.log(0.001), 0.5)
    assert got == 693, f"693 samples find it with probability 1/2 (500 are too few: some find it twice); you have {got}"
    got = samples_needed(np.log(0.2), 0.9)
    assert got == 11, f"p = 0.2: 10 tries find it with probability 0.893, 11 with 0.914; for 0.9 you have {got}"
    ### BEGIN HIDDEN TESTS
    for p, c in ((0.07, 0.9), (0.3, 0.5), (1e-5, 0.99)):
        n = samples_needed(np.log(p), c)
        assert 1 - (1 - p) ** n >= c - 1e-9, f"p = {p}, chance {c}: your {n} tries are too few"
        assert n == 1 or 1 - (1 - p) ** (n - 1) < c, f"p = {p}, chance {c}: your {n} tries are more than are needed"
    got = samples_needed(np.log(0.9), 0.5)
    assert got == 1, f"p = 0.9: one try finds it with probability 0.9, enough for 0.5; you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 3. Which texts, which models (20 minutes)
#
# Four published statements: larger models give up more, and so do models given longer prompts (Carlini and others 2023);
# data carriers are given up more than code or documentation; different architectures give up different texts (both from
# Al-Kaswan and others 2024). The transformer has two rivals here: a recurrent network (GRU) with as many weights, and an
# n-gram model that has merely counted runs of up to seven bytes in the very same rows.
#
# ### Predict
# What share of the secrets planted *once* does the n-gram model give up, from 0 to 1? The transformer gave up none.

# %%
my_ngram_share = None

# %% [markdown]
# ### Run
# Look at the left end of each panel, at one copy and at none. In the panel on the right, compare the kinds of text twice:
# where there are no copies at all, and where there are many.

# %%
gru = run(model(model="gru", width=56), STEPS, STEPS, **QUICK)


def rivals(canvas, planted, gru):
    panels = canvas.subplots(1, 3, sharey=True)
    for axes, kind in zip(panels, ("secrets", "passages")):
        names = {"transformer": (planted, "canary_extracted" if kind == "secrets" else "extracted"),
                 "GRU": (gru, "canary_extracted" if kind == "secrets" else "extracted"),
                 "n-gram": (planted, "rival_canary_extracted" if kind == "secrets" else "rival_extracted")}
        for (name, (runs, measured)), look in zip(names.items(), ((VERMILION, "-", "o"), (BLUE, "--", "s"), (GREEN, ":", "^"))):
            share = runs[measured].isel(step=-1) if "step" in runs[measured].dims else runs[measured]
            share = share.sel(context=32) if "context" in share.dims else share
            line(axes, share.mean([d for d in share.dims if d != "copies"]), name, color=look[0], linestyle=look[1], marker=look[2])
        axes.set_title(f"{kind.capitalize()}, by model")
    panels[0].set(ylabel="share that comes out whole", ylim=(-0.03, 1.05))
    panels[1].legend(loc="upper left")
    share = end(planted, "extracted").sel(context=32).mean(("seed", "window"))
    for kind, look in zip(planted.category.values, ((BLUE, "--", "s"), (GREEN, "-.", "^"), (VERMILION, "-", "o"))):
        line(panels[2], share.sel(category=kind), kind, color=look[0], linestyle=look[1], marker=look[2])
    panels[2].set_title("Passages, by kind")
    panels[2].legend()
    once = planted.rival_canary_extracted.mean(("seed", "canary"))
    return ("Secrets given up by the n-gram model, by copies: " + ", ".join(f"{c}: {float(v):.2f}" for c, v in zip(COPIES, once))
            + ". Passages given up at 64 copies, by kind: " + ", ".join(f"{k} {float(share.sel(copies=64, category=k)):.2f}"
                                                              for k in planted.category.values) + ".")


labs.draw(rivals, planted, gru, size=(11, 3.8))
labs.compare(my_ngram_share, float(planted.rival_canary_extracted.sel(copies=1).mean()), "secrets planted once, n-gram model")

# %% [markdown]
# ### Play
# Let the GRU read your secret, or a narrower and a wider transformer. How many copies does each need?

# %%
play("model", "width", "secret_copies", "seed")

# %% [markdown]
# ### Explain
# For an n-gram model, a continuation that it met once *is* the likeliest, since it met no other: it memorises at first
# sight and hardly generalises at all. A network must move weights that everything else needs too, and one reading moves
# them little. So "the model memorised it" is a statement about the text, the number of copies *and* the learner.
#
# The overlap of two learners means little by itself; compare it with the overlap of two trainings of the *same*
# architecture. There are two measures. Jaccard's overlap (exercise 3.2) counts all items that *either* learner gives up,
# and is the share of these that *both* give up. It is small whenever one learner gives up far fewer items, even if the
# other gives up all of these as well. So the ledger's claim in section 6 uses the *overlap coefficient*: the share of the
# *smaller* set that both give up.
#
# ### Exercise 3.1: beyond what can be guessed
# *difficulty 2/5, importance 5/5, 5 minutes.* Two Boolean arrays (kind, passage) say which passages come out of the model
# that read them, and which out of the control. Return, as an array, how far the model's share exceeds the control's for
# each kind.

# %% nbgrader={"grade": false, "grade_id": "beyond", "locked": false, "schema_version": 3, "solution": true, "task": false}
def beyond_control(model_gives, control_gives):
    ### BEGIN SOLUTION
    return np.asarray(model_gives).mean(1) - np.asarray(control_gives).mean(1)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "beyond-kinds", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("a table that can be guessed"):
    got = beyond_control(np.array([[1, 1, 0, 0], [1, 1, 1, 0]]), np.array([[0, 0, 0, 0], [1, 1, 0, 0]]))
    assert np.allclose(got, [0.5, 0.25]), f"1/2 for the first kind; 1/4 for the second, guessed more often; you have {got}"
    ### BEGIN HIDDEN TESTS
    a, b = np.random.default_rng(3).random((2, 3, 50)) < 0.4
    wanted, got = np.array([x.mean() - y.mean() for x, y in zip(a, b)]), beyond_control(a, b)
    assert np.allclose(got, wanted), f"three kinds of 50 random passages: {wanted.round(3)}; you have {np.round(got, 3)}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 3.2: overlap
# *difficulty 2/5, importance 4/5, 6 minutes.* Write `overlap(a, b)` for two Boolean arrays: of the items that *either*
# learner gives up, the share that *both* give up (`nan` where neither gives up any). And write
# `differ(first, second, other)`: the overlap of two trainings of one architecture minus the overlap of the first of them
# with another architecture.

# %% nbgrader={"grade": false, "grade_id": "overlap", "locked": false, "schema_version": 3, "solution": true, "task": false}
def overlap(a, b):
    ### BEGIN SOLUTION
    either = np.logical_or(a, b).sum()
    return np.logical_and(a, b).sum() / either if either else float("nan")
    ### END SOLUTION


def differ(first, second, other):
    ### BEGIN SOLUTION
    return overlap(first, second) - overlap(first, other)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "overlap-either", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("of the items that either gives up"):
    got = overlap(np.array([1, 1, 0, 0], bool), np.array([0, 1, 1, 0], bool))
    assert np.isclose(got, 1 / 3), f"both give up one of three; you have {got}"
    got = overlap(np.zeros(3, bool), np.zeros(3, bool))
    assert np.isnan(got), f"neither gives up any: nan; you have {got}"
    ### BEGIN HIDDEN TESTS
    for a, b, wanted in (([1, 1, 1], [1, 1, 1], 1), ([1, 0, 0], [0, 0, 1], 0), ([1, 1, 1, 1], [0, 0, 0, 1], 0.25)):
        got = overlap(np.array(a, bool), np.array(b, bool))
        assert np.isclose(got, wanted), f"{a} and {b}: {wanted}; you have {got}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "overlap-differ", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("compared with two trainings of the same"):
    a, b, c = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 1]], bool)
    got = differ(a, b, c)
    assert np.isclose(got, 2 / 3 - 1 / 4), f"2/3 minus 1/4; you have {got}"
    ### BEGIN HIDDEN TESTS
    assert differ(a, b, b) == 0, f"where the other is the same as the second: 0; you have {differ(a, b, b)}"
    got = differ(a, c, b)
    assert np.isclose(got, 1 / 4 - 2 / 3), f"second and other swapped: 1/4 minus 2/3; you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 4. Was it the reading? (20 minutes)
#
# The clean answer is an experiment. Train several models, each on a random half of the items, and compare the models that
# had an item with those that did not: this is **counterfactual memorisation** (Zhang and others 2021). It takes many
# models. With only *one* training run you can compare how much likelier the items that were read became with how much
# likelier the others became: a **difference in differences** (Lesci and others 2024).
#
# ### Predict
# By how many nats does reading a passage 64 times raise the log-probability of its last 16 bytes, all together? (A model
# that knows nothing has a loss of about 78 nats on 16 bytes.)

# %%
my_nats = None

# %% [markdown]
# ### Run
# Look at how far the dots (one model each) scatter around the line (many models).

# %%
MODELS = 2 if labs.fast() else 10
HALVES = {"canaries": 0, "windows": 0, "schedule": 0}  # the same items for all models; each draws which half is planted
halves = run(model(subset_share=0.5), STEPS, STEPS, hold=HALVES, **QUICK | {"seeds": MODELS})
log_p = halves.log_prob.sel(context=32).stack(item=("category", "window")).transpose("step", "seed", "copies", "item").values
inside = halves.planted.stack(item=("category", "window")).transpose("seed", "copies", "item").values > 0


def mean(x):
    return float(np.mean(x)) if np.size(x) else float("nan")


def both_ways(canvas, halves):
    axes = canvas.subplots()
    many, single = [], []
    for g in range(1, len(COPIES)):
        each = extraction.counterfactual(log_p[-1][:, g], inside[:, g]).value  # (item,)
        many.append(mean(each[np.isfinite(each)]))
        rise = log_p[-1] - log_p[0]
        single.append([mean(rise[k, g][inside[k, g]]) - mean(rise[k][~inside[k]]) for k in range(MODELS)])
    place = np.arange(len(COPIES) - 1)
    axes.plot(place, many, color=BLUE, marker="s", label=f"counterfactual, {MODELS} models")
    for k in range(MODELS):
        axes.plot(place + 0.02 * (k - MODELS / 2), [row[k] for row in single], ".", color=VERMILION,
                  label="difference in differences, one model each" if k == 0 else None)
    axes.axhline(0, color=BLACK, lw=1, linestyle=":")
    axes.set_xticks(place, map(str, COPIES[1:]))
    axes.set(title="How much likelier reading makes a passage", xlabel="copies", ylabel="nats for 16 bytes")
    axes.legend()
    told["64 copies"] = many[COPIES.index(64) - 1]
    return ("Counterfactual memorisation by copies: " + ", ".join(f"{c}: {v:.1f} nats" for c, v in zip(COPIES[1:], many))
            + "; difference in differences, mean of single models: "
            + ", ".join(f"{c}: {mean(np.array(v)[np.isfinite(v)]):.1f}" for c, v in zip(COPIES[1:], single)) + ".")


told = {}
labs.draw(both_ways, halves)
labs.compare(my_nats, told["64 copies"], "gain from 64 readings, many models", " nats")

# %% [markdown]
# ### Play
# Your secret is now planted 0 times, so you see the exposure that it has in a model that never read it. Try other seeds,
# and other secrets: a word, random digits. Which of them are exposed without ever having been read, and why? (They are
# ranked against strings of random characters.)

# %%
play("secret_copies", "seed", secret_copies=0)

# %% [markdown]
# ### Explain
# Both methods compare what happened with what would have happened without the reading. For the latter, the first looks at
# other models, the second at other items. So the second needs an assumption: without the reading, both groups would have
# risen by the same amount (*parallel trends*). Here this holds by design, since chance decided which items were planted.
# With real text you must argue for it: what is on the web a thousand times is not like what is there once.
#
# ### Exercise 4.1: counterfactual memorisation
# *difficulty 3/5, importance 5/5, 8 minutes.* `scores` has shape (K models, n items); `inside` (K, n), Boolean, says
# which model had which item. Return for each item the mean score of the models that had it minus the mean score of the
# others; `nan` where all models had it, or none.

# %% nbgrader={"grade": false, "grade_id": "counterfactual", "locked": false, "schema_version": 3, "solution": true, "task": false}
def counterfactual(scores, inside):
    ### BEGIN SOLUTION
    had, had_not = inside.sum(0), (~inside).sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (scores * inside).sum(0) / had - (scores * ~inside).sum(0) / had_not
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "counterfactual-two", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("one memorised, one guessed"):
    got = counterfactual(np.array([[1.0, 1], [1, 1], [0, 1], [0, 1]]), np.array([[1, 1], [1, 0], [0, 1], [0, 0]], bool))
    assert np.allclose(got, [1, 0]), f"only models that had the first know it, all know the second: 1 and 0; you have {got}"
    ### BEGIN HIDDEN TESTS
    rng = np.random.default_rng(4)
    s, i = rng.normal(size=(9, 6)), rng.random((9, 6)) < 0.5
    i[:2] = [[True] * 6, [False] * 6]
    wanted, got = np.array([s[i[:, j], j].mean() - s[~i[:, j], j].mean() for j in range(6)]), counterfactual(s, i)
    assert np.allclose(got, wanted), f"nine random models, six items: {wanted.round(3)}; you have {np.round(got, 3)}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "counterfactual-none", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("where there is nothing to compare"):
    got = counterfactual(np.array([[1.0, 0.5, 0.5], [0.0, 0.5, 0.5]]), np.array([[1, 1, 0], [0, 1, 0]], bool))
    assert got[0] == 1 and np.isnan(got[1:]).all(), f"all models had the second, none the third: 1, nan, nan; you have {got}"
    ### BEGIN HIDDEN TESTS
    got = counterfactual(np.ones((2, 1)), np.zeros((2, 1), bool))
    assert np.isnan(got)[0], f"one item, which neither of two models had: nan; you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 4.2: difference in differences
# *difficulty 2/5, importance 5/5, 5 minutes.* You have the scores, before and after training, of the items that were read
# and of those that were not (arrays over items, of different lengths). Return the mean rise of the items that were read
# minus the mean rise of the others.

# %% nbgrader={"grade": false, "grade_id": "did", "locked": false, "schema_version": 3, "solution": true, "task": false}
def difference_in_differences(read_before, read_after, unread_before, unread_after):
    ### BEGIN SOLUTION
    return (read_after - read_before).mean() - (unread_after - unread_before).mean()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "did-both", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("a rise that both groups share is not memorisation"):
    got = difference_in_differences(np.array([-40.0, -30]), np.array([-20.0, -10]), np.array([-50.0, -20, -20]), np.array([-35.0, -5, -5]))
    assert np.isclose(got, 5), f"one group rose by 20, the other by 15: 5 nats; you have {got}"
    ### BEGIN HIDDEN TESTS
    a, b = np.random.default_rng(5).normal(size=(2, 8))
    c, d = np.random.default_rng(6).normal(size=(2, 5))
    wanted, got = b.mean() - a.mean() - d.mean() + c.mean(), difference_in_differences(a, b, c, d)
    assert np.isclose(got, wanted), f"8 random items read, 5 not: {wanted:.4f}; you have {got:.4f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 5. Defences (20 minutes)
#
# **Deduplication**: of each planted item only one copy stays; fresh source takes the place of the others.
# **Differential privacy**: the gradient of each row is clipped to length 1, and noise is added to the sum (see the lab on the
# long tail), so that no single row can change the model much.
#
# ### Predict
# Both defences keep passages with 256 copies from coming out. By how many nats per byte does private training raise the
# loss on fresh source? (Without a defence the loss is about 2.3; for a model that knows nothing it is 4.9. So the
# answer lies between 0 and 2.6.)

# %%
my_cost = None

# %% [markdown]
# ### Run
# Look at all three panels for each defence: what comes out, what is exposed, and what it costs. A good defence
# resembles the control in the first two and *no defence* in the third.

# %%
once = run(model(deduplicate=True), STEPS, STEPS, **QUICK)
private = run(model(private=True, noise_multiplier=0.5), STEPS, STEPS, **QUICK | {"seeds": min(SEEDS, 2)})


def defended(canvas, *cases):
    panels = canvas.subplots(1, 3)
    names = ("no defence", "deduplicated", "private", "control")
    values = {"Share of passages given up, 256 copies": [float(whole(c).sel(copies=256)) for c in cases],
              "Exposure of secrets, 256 copies, bits": [float(end(c, "exposure_by_rank").sel(copies=256).mean()) for c in cases],
              "Loss on fresh source, nats per byte": [float(end(c, "loss").mean()) for c in cases]}
    for axes, (title, numbers) in zip(panels, values.items()):
        axes.barh(names, numbers, color=[VERMILION, BLUE, GREEN, BLACK], alpha=0.75)
        for i, v in enumerate(numbers):
            axes.text(v, i, f" {v:.2f}", va="center")
        axes.set(xlim=(0, 1.25 * max(*numbers, 0.1)))
        axes.set_title(title, fontsize=10)
        axes.invert_yaxis()
    for axes in panels[1:]:
        axes.set_yticklabels([])
    return "; ".join(f"{title.lower()}: " + ", ".join(f"{n} {v:.2f}" for n, v in zip(names, numbers))
                     for title, numbers in values.items()) + "."


labs.draw(defended, planted, once, private, control, size=(11, 3.2))
labs.compare(my_cost, float(end(private, "loss").mean() - end(planted, "loss").mean()), "cost of privacy", " nats per byte")
print(f"epsilon for one row: {float(private.epsilon[0]):.1f}")

# %% [markdown]
# ### Play
# Plant your secret 256 times, and switch deduplication on and off. How far does the exposure fall?

# %%
play("secret_copies", "deduplicate", "seed", secret_copies=256)

# %% [markdown]
# ### Explain
# Removing duplicates is cheap. It even helps the model, which reads more new text instead. And it brings both extraction and
# exposure down to the level of chance, in a model that learns little from one reading. But it works only on copies that are
# recognised as copies. Private training comes with a guarantee, paid for in loss. But read the small print: epsilon is
# promised for one *row*. A secret that stands in 256 rows counts as 256 rows, and in the figure it is as exposed as before:
# it does not come out, and yet the model finds it likelier than all its rivals.
#
# ### Exercise 5.1: remove the duplicates
# *difficulty 2/5, importance 3/5, 5 minutes.* Return the rows of an array without repetitions: keep the first of each, in
# the original order.
# <details><summary>Hint</summary><code>row.tobytes()</code> can be kept in a set; <code>np.unique</code> sorts, but can
# also say where each row came first.</details>

# %% nbgrader={"grade": false, "grade_id": "dedup", "locked": false, "schema_version": 3, "solution": true, "task": false}
def deduplicated(rows):
    ### BEGIN SOLUTION
    _, first = np.unique(rows, axis=0, return_index=True)
    return rows[np.sort(first)]
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "dedup-order", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the first of each, in order"):
    got = np.asarray(deduplicated(np.array([[3, 1], [0, 2], [3, 1], [0, 0]])))
    assert got.tolist() == [[3, 1], [0, 2], [0, 0]], f"the third row goes, the order stays; you have {got}"
    ### BEGIN HIDDEN TESTS
    x = np.random.default_rng(7).integers(0, 2, (60, 4))
    expected = []
    for row in x.tolist():
        if row not in expected:
            expected.append(row)
    got = np.asarray(deduplicated(x)).tolist()
    assert got == expected, (f"60 random rows of four bits: {len(expected)} are left, starting {expected[:3]}; you have "
                             f"{len(got)}, starting {got[:3]}")
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 5.2: what a group is promised
# *difficulty 3/5, importance 5/5, 8 minutes.* With a privacy of $\varepsilon$ for one row (and $\delta = 0$), anything
# the model does is at most $e^{\varepsilon}$ times likelier than without that row; with c rows, at most
# $e^{c\varepsilon}$ times. Before the attack, an attacker thinks that a secret is in the training text with probability
# `prior`. Return the highest probability that the attacker can arrive at, whatever the model says.
# <details><summary>Hint</summary>Bayes, in odds: odds after = odds before times the largest factor.</details>

# %% nbgrader={"grade": false, "grade_id": "group", "locked": false, "schema_version": 3, "solution": true, "task": false}
def most_believed(prior, epsilon, copies):
    ### BEGIN SOLUTION
    odds = prior / (1 - prior) * np.exp(copies * epsilon)
    return odds / (1 + odds)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "group-copies", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("one copy, and ten"):
    got = most_believed(0.01, 0.5, 1), most_believed(0.01, 0.5, 10)
    assert np.allclose(got, [0.0164, 0.5999], atol=1e-3), ("from 1% to 1.6% with one copy, to 60% with ten; you have "
                                                           f"{np.round(got, 4).tolist()}")
    ### BEGIN HIDDEN TESTS
    for prior, epsilon, copies, wanted in ((0.3, 0.0, 100, 0.3), (0.5, np.log(3), 1, 0.75), (1e-6, 1.0, 30, 1.0)):
        got = most_believed(prior, epsilon, copies)
        assert np.isclose(got, wanted, atol=1e-4), f"prior {prior}, epsilon {epsilon:.2f}, copies {copies}: {wanted}; you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 6. What may be said (15 minutes)
#
# For each claim, this project's ledger gives the number measured here, over several seeds, beside the published one:

# %%
labs.ledger("extraction/grows-with-copies", "extraction/exposure-precedes-extraction", "extraction/grows-with-size",
            "extraction/grows-with-context", "extraction/data-carriers", "extraction/architectures-differ",
            "extraction/deduplication", "extraction/control")

# %% [markdown]
# **What this toy does not show.** More than two fifths of the rows that the model reads here are planted, and its
# training is short. So 64 copies are a far larger part of the text than they would be of a large corpus. Bytes are not
# word pieces. Unlike large models, one of this size keeps hardly anything that it has read only once.
#
# ### Exercise 6: discussion
# *difficulty 3/5, importance 5/5, 10 minutes, marked by hand.* A company wants to release a code model and reports: "We
# asked it for 1000 known keys, and none came out, so our model does not leak." In at most 150 words: which two
# further measurements would you ask for, and which control? Which change to the training text would you recommend first?
# Cite a figure and a number of your own.

# %% [markdown] nbgrader={"grade": true, "grade_id": "discussion", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# *A good answer* asks for exposure (by rank, with what is extrapolated marked) and for extraction by sampling or from
# longer prompts; asks for the same prompts to a model that never saw the keys; recommends removing duplicates first, and
# names what that does not cover; and cites a number with its seeds. One point each for three of these.

# %% [markdown]
# **References.** Carlini and others 2019, arXiv:1802.08232 (exposure). Carlini and others 2023, arXiv:2202.07646 (copies,
# size, prompt). Al-Kaswan and others 2024, arXiv:2312.11658 (code models). Kandpal and others 2022, arXiv:2202.06539
# (deduplication). Zhang and others 2021, arXiv:2112.12938 (counterfactual memorisation). Lesci and others 2024,
# arXiv:2406.04327 (difference in differences).
