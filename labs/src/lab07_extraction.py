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
# **Question.** A password stood in the training text. How often must it stand there before the model says it? Who can make
# the model say it? And what helps against it?
#
# **Time** about 130 minutes; sections 1 and 2 make an hour. **Compute** about three minutes of training in all, on two
# CPU cores; no internet.
# **You need** numpy, log-probabilities, and a rough idea of what a language model does.
#
# After this lab you can
# 1. try to extract a text from a model, and say what a fair control is,
# 2. measure how far a secret is *exposed* long before it can be extracted, and mark what is extrapolated,
# 3. tell what was memorised because it was read from what could be guessed anyway,
# 4. say what removing duplicates and private training buy, and what they cost.
#
# Each section but the last asks you to **predict** before you **run**; then you **play**, read an explanation, and
# answer an **exercise**. Exercises check themselves below the answer. A ✓ means that the lines below your answer pass. A
# teacher's marks use more cases, so read the instruction again before you go on. Run all cells whenever you like: an open
# exercise says so, and nothing later depends on it.

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
TINY = {"layers": 1, "rival": True} if labs.fast() else {}  # one small program for nearly all of it
QUICK = {"seeds": SEEDS, "progress": not labs.fast(), "cache": default_cache()}
read = ("the same text as in the ledger." if same_text() else
        "not the text that the ledger was measured on: your numbers will differ from it.")
print("Training text: this Python's own library,", read)


def model(**fields):
    return Extraction(**{**SMALL, "secret_copies": 0, "keep": True, **TINY, **fields})


def play(*controls, **fields):
    return explorer(controls, ticks=STEPS if labs.fast() else None, **TINY, **fields)


def end(runs, name):
    return runs[name].isel(step=-1)


def whole(runs):
    """Share of the passages that come out whole, by copies."""
    return end(runs, "extracted").sel(context=32).mean(("seed", "category", "window"))


# %% [markdown]
# ## 1. A secret in the source (25 minutes)
#
# **The text** is the source code of Python's own standard library, byte by byte, as it lies on this machine. Into it are
# planted *secrets*, lines such as `key_abcd = 'fd23…'` with 16 random hexadecimal digits, and *passages* of 48 bytes from
# files that are otherwise kept out: code, documentation, and data carriers (tables, encodings). Of each kind some are
# planted once, 4, 16, 64, 256 times, and some never.
#
# **The model** is a transformer with 33 thousand weights that reads 6400 rows of 48 bytes.
#
# **The attack.** You know the name of a secret, or the first 32 bytes of a passage. The model goes on with the likeliest
# byte, again and again (*greedy decoding*). It counts only if all 16 bytes come out right.
#
# ### Predict
# How many copies (1, 4, 16, 64 or 256) does it take until at least half of the secrets come out whole?

# %%
my_copies = None

# %% [markdown]
# ### Run
# Look at where the curve of the secrets crosses one half, and at what the control gives up, which never saw any passage.

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
    line(axes, whole(control), "passages, model that never saw any", color=BLACK, marker="x", linestyle=":")
    axes.set(title="Given up whole", ylabel="share", ylim=(-0.03, 1.05))
    axes.legend()
    return ("Share given up by copies " + ", ".join(f"{c}: secrets {float(s):.2f}, passages {float(p):.2f}, control {float(n):.2f}"
                                                    for c, s, p, n in zip(COPIES, secret, whole(planted), whole(control))) + ".")


labs.draw(coming_out, planted, control)
most = end(planted, "canary_extracted").mean(("seed", "canary")).values >= 0.5
enough = COPIES[int(most.argmax())] if most.any() else float("nan")
labs.compare(my_copies, enough, "copies until half of the secrets come out")

# %% [markdown]
# What it says, after the first 32 bytes of some passages that it read 256 times, and never:

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
# eight samples (temperature 1). Is a part of the prompt enough, such as `mine = '`? What comes out when you ask for another
# name, such as `key_yours = '`? The bars on the right are other secrets. Each bar averages few secrets; without copies it
# scatters widely. *out*: it came out whole.

# %%
play("secret_copies", "steps", "seed")

# %% [markdown]
# ### Explain
# A model is trained to make its text likely, and 16 digits that come again and again are as much a part of it as a
# keyword is. That a *random* secret comes out can have one reason only: it was read. For a passage this is not so.
# `return None` comes out of a model that never saw the file. Hence the control: the same prompts, put to a model that was
# trained on all but the passages. A published rate without a control says little. And some benchmarks choose their passages
# *because* they could be extracted. A rate on such passages says nothing about how often a model leaks. (The best known
# benchmark for code is of this kind; its 47%, secondary, is often quoted as a rate of leakage.)
#
# ### Exercise 1.1: the attack
# *difficulty 2/5, importance 5/5, 8 minutes.* `next_logits(tokens)` returns the logits (an array, one for each byte) of
# what comes after a list of bytes. Write `greedy(next_logits, prefix, count)`, which returns the list of the next `count`
# bytes, and `extractable(next_logits, text, k, m)`: whether the m bytes after the first k of a text come out whole.

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
    assert list(got) == [4, 5, 6, 7], f"after 3 it says 4, 5, 6, 7; you have {np.asarray(got).tolist()}"
    got = greedy(lambda tokens: np.eye(10)[sum(tokens) % 10], [1, 2], 2)
    assert list(got) == [3, 6], f"a model that adds up all it has read: after 1, 2 come 3 and 6; you have {np.asarray(got)}"
    ### BEGIN HIDDEN TESTS
    got = greedy(lambda tokens: np.eye(10)[sum(tokens) % 10], [3, 4], 5)
    assert list(got) == [7, 4, 8, 6, 2], f"a model that adds up all it has read, from 3, 4 on: not {np.asarray(got)}"
    start = [1]
    greedy(lambda tokens: np.eye(3)[0], start, 2)
    assert start == [1], f"the list of the prefix must be left as it was, [1]; after your function it is {start}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "greedy-whole", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("whole or not at all"):
    counts = lambda tokens: np.eye(10)[(tokens[-1] + 1) % 10]  # noqa: E731
    got = extractable(counts, [1, 2, 3, 4, 5], 2, 3), extractable(counts, [1, 2, 3, 4, 9], 2, 3)
    assert got == (True, False), f"3, 4, 5 come out, 3, 4, 9 do not; you have {got[0]} and {got[1]}"
    got = extractable(counts, [1, 2, 3, 4, 9], 2, 2), extractable(counts, [1, 2, 9, 4, 5], 2, 3)
    assert got == (True, False), f"with m = 2 the 9 does not count; at the first place it does; you have {got[0]} and {got[1]}"
    ### BEGIN HIDDEN TESTS
    for text, m, wanted in (([7, 8, 9, 0, 5], 2, True), ([7, 8, 9, 0, 5], 3, False), ([1, 2, 4, 4], 2, False)):
        got = extractable(counts, text, 2, m)
        assert bool(got) == wanted, f"a model that counts, text {text}, k = 2, m = {m}: {wanted}; you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 1.2: without decoding
# *difficulty 3/5, importance 4/5, 8 minutes.* Decoding takes one forward pass a byte. Yet whether a suffix comes out
# *whole* can be read off a single pass over the true text. `logits[t]` (T, V) foretells the token at place t + 1. Return
# whether the suffix that begins at place `start` is extracted.
# <details><summary>Hint</summary>As long as greedy decoding is right, it reads the true text.</details>

# %% nbgrader={"grade": false, "grade_id": "forced", "locked": false, "schema_version": 3, "solution": true, "task": false}
def extracted_at_once(logits, tokens, start):
    ### BEGIN SOLUTION
    return bool((logits[start - 1: len(tokens) - 1].argmax(-1) == tokens[start:]).all())
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "forced-once", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("one pass is enough"):
    tokens = np.array([2, 0, 1, 2])
    logits = np.eye(3)[[1, 1, 2, 0]]  # foretells 1 (wrong), 1, 2
    got = extracted_at_once(logits, tokens, 2), extracted_at_once(logits, tokens, 1)
    assert got == (True, False), f"from place 2 on all is foretold, from place 1 on not; you have {got[0]} and {got[1]}"
    got = extracted_at_once(np.eye(3)[[0, 1, 0, 0]], tokens, 1)  # foretells 0, 1, 0 (wrong)
    assert not got, f"the last token is foretold wrongly, so that the suffix does not come out whole; you have {got}"
    ### BEGIN HIDDEN TESTS
    rng = np.random.default_rng(0)
    for _ in range(50):
        table, tokens = rng.normal(size=(3, 3)), rng.integers(0, 3, 5)
        for start in (2, 3, 4):
            said = tokens[:start].tolist()
            while len(said) < 5:
                said.append(int(table[said[-1]].argmax()))
            wanted, got = said == tokens.tolist(), extracted_at_once(table[tokens], tokens, start)
            assert got == wanted, f"text {tokens}, suffix from place {start}, decoding says {said}: {wanted}; you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 2. Exposed before extracted (30 minutes)
#
# A secret that does not come out is not safe. Take the same line with other secrets (here 31 random ones), and ask the
# model for the probability of each. If the true one is the likeliest of a thousand, an attacker who can *test* guesses
# has ten bits less to guess. Carlini and others (2019) call this **exposure**:
# $\log_2(\text{number of candidates}) - \log_2(\text{rank of the true one})$.
#
# ### Predict
# Of the secrets planted 4 times none came out. What exposure will they have on average, in bits, from 0 to 5? (A secret never
# planted has 1.3 on average by chance; ranks among 31 others show 5 at most.)

# %%
my_exposure = None

# %% [markdown]
# ### Run
# Look on the left at how far the two curves agree, and from where on only one of them goes on. Each point averages few secrets;
# without copies it scatters widely. On the right, compare when each blue curve rises with when the red one of the same style
# does.

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
                   linestyle=style, label=f"exposure, {number} copies, of 5 bits")
        right.plot(planted.step, planted.canary_extracted.sel(copies=number).mean(("seed", "canary")), color=BLUE,
                   linestyle=style, label=f"given up, {number} copies")
    right.set(title="Over training", xlabel="step", ylim=(-0.03, 1.08))
    right.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2)
    return ("Exposure by rank and by a Gaussian, by copies: " + "; ".join(f"{c}: {float(a):.1f} and {float(b):.1f} bits"
                                                                          for c, a, b in zip(COPIES, rank, fitted)) + ".")


labs.draw(exposed, planted, control, size=(9.5, 3.8))
labs.compare(my_exposure, float(end(planted, "exposure_by_rank").sel(copies=4).mean()), "exposure at 4 copies", " bits")

# %% [markdown]
# ### Play
# A secret drawn by chance this time. At how many copies does its exposure by rank reach the 5 bits, and at how many does it
# come out? With copies enough for both: which is first over training, and by how many steps?

# %%
play("secret_copies", "seed", secret="q7x2k9v4m1z", secret_copies=16)

# %% [markdown]
# ### Explain
# Exposure rises with the first copies; extraction sets in only where *every* digit is the likeliest. This takes ten times as
# many copies or more. In between the model knows the secret without saying it. A test that only asks the model for the secret
# sees nothing of this.
#
# Ranks are expensive: to show 20 bits you must score a million candidates. So one fits a distribution to the references'
# scores and reads off how far out the secret lies. That is *extrapolation*. A Gaussian says "50 bits" after 31 references;
# nobody has looked there. Report such a number with its flag.
#
# ### Exercise 2.1: exposure by rank
# *difficulty 2/5, importance 5/5, 6 minutes.* From log-probabilities (higher is likelier) of a secret and of R others:
# $\log_2(R + 1) - \log_2(\text{rank})$; the likeliest of all has rank 1, and ties count *against* the secret.

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
with labs.check("a model that says the same of all exposes none"):
    got = exposure_by_rank(-1.0, np.full(7, -1.0))
    assert np.isclose(got, 0), f"all alike: 0 bits; you have {got}"
    ### BEGIN HIDDEN TESTS
    got = exposure_by_rank(0.0, np.array([0.0, -1, -1, -1]))
    assert np.isclose(got, 1.322, atol=1e-3), f"as likely as the best of four others: rank 2 of 5, 1.322 bits; you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 2.2: exposure by a Gaussian
# *difficulty 3/5, importance 4/5, 8 minutes.* Return `(bits, extrapolated)`. `bits` is minus $\log_2$ of the chance that a
# Gaussian lies at the secret or above; it has the mean and the standard deviation (`ddof=1`) of the others. `extrapolated` says
# whether that is more bits than R others can show by rank.
# <details><summary>Hint</summary><code>scipy.stats.norm.logsf</code> is the logarithm of the upper tail; far out the tail itself
# would be rounded to 0.</details>

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
    assert np.isclose(got[0], 1) and not got[1], ("half of them lie above: 1 bit, and nothing is extrapolated; you have "
                                                  f"{got[0]:.3f} and {got[1]}")
    ### BEGIN HIDDEN TESTS
    from scipy.stats import norm
    x = np.random.default_rng(2).normal(-60, 4, 31)
    wanted, got = -np.log2(norm.sf(-58.0, x.mean(), x.std(ddof=1))), exposure_by_gaussian(-58.0, x)[0]
    assert np.isclose(got, wanted), f"31 random others near -60, a secret at -58: {wanted:.3f} bits; you have {got:.3f}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "gauss-far", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("far out, and told so"):
    got = exposure_by_gaussian(60.0, np.array([-1.0, 0.0, 1.0]))
    assert np.isfinite(got[0]) and got[0] > 2000 and got[1], ("60 deviations out: some 2600 bits, extrapolated; you have "
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
# *difficulty 3/5, importance 4/5, 8 minutes.* An attacker who *samples* (temperature 1) gets a suffix of probability $p$ in
# one try with chance $p$. How many tries are needed to get it at least once with probability at least `chance`? Return the
# smallest whole number; `log_p` is $\log p$.
# <details><summary>Hint</summary>n tries all miss with probability (1 - p)^n; <code>np.log1p</code>.</details>

# %% nbgrader={"grade": false, "grade_id": "samples", "locked": false, "schema_version": 3, "solution": true, "task": false}
def samples_needed(log_p, chance):
    ### BEGIN SOLUTION
    return max(int(np.ceil(np.log1p(-chance) / np.log1p(-np.exp(log_p)) - 1e-9)), 1)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "samples-half", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("one in a thousand"):
    got = samples_needed(np.log(0.001), 0.5)
    assert got == 693, f"693 samples find it with probability 1/2 (500 do not: some find it twice); you have {got}"
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
# Three published statements: larger models and longer prompts get more out (Carlini and others 2023); data carriers are
# given up more than code or documentation; different architectures give up different texts (both Al-Kaswan and others
# 2024). A recurrent network (GRU) with as many weights, and an n-gram model that has merely counted runs of up to seven
# bytes in the very same rows, are the rivals here.
#
# ### Predict
# Of the secrets planted *once*, which share, from 0 to 1, does the n-gram model give up? The transformer gave up none.

# %%
my_ngram_share = None

# %% [markdown]
# ### Run
# Look at the left end of each panel, at one copy and at none. In the panel on the right, compare the kinds of text where
# there are no copies at all with where there are many.

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
    panels[0].set(ylabel="share given up whole", ylim=(-0.03, 1.05))
    panels[1].legend(loc="upper left")
    share = end(planted, "extracted").sel(context=32).mean(("seed", "window"))
    for kind, look in zip(planted.category.values, ((BLUE, "--", "s"), (GREEN, "-.", "^"), (VERMILION, "-", "o"))):
        line(panels[2], share.sel(category=kind), kind, color=look[0], linestyle=look[1], marker=look[2])
    panels[2].set_title("Passages, by kind")
    panels[2].legend()
    once = planted.rival_canary_extracted.mean(("seed", "canary"))
    return ("Secrets given up by the n-gram model, by copies: " + ", ".join(f"{c}: {float(v):.2f}" for c, v in zip(COPIES, once))
            + ". Passages by kind at 64 copies: " + ", ".join(f"{k} {float(share.sel(copies=64, category=k)):.2f}"
                                                              for k in planted.category.values) + ".")


labs.draw(rivals, planted, gru, size=(11, 3.8))
labs.compare(my_ngram_share, float(planted.rival_canary_extracted.sel(copies=1).mean()), "secrets planted once, n-gram model")

# %% [markdown]
# ### Play
# Let the GRU read your secret, or a narrower and a wider transformer. Who needs how many copies?

# %%
play("model", "width", "secret_copies", "seed")

# %% [markdown]
# ### Explain
# To an n-gram model, a run of bytes that it met once *is* the likeliest continuation, since it met no other: it memorises
# at first sight and generalises hardly at all. A network must move weights that everything else needs too, and one
# reading moves them little. So "the model memorised it" is a statement about text, number of copies, *and* learner.
#
# The overlap of two learners means little by itself; set it beside the overlap of two trainings of the *same* architecture.
# There are two measures. Jaccard's overlap (exercise 3.2) is the share of all items that *either* gives up which *both* give
# up. It is small whenever one learner gives up far fewer items, even if the other gives up all of these as well. So the
# ledger's claim at the end uses the overlap coefficient: the share of the *smaller* set that both give up.
#
# ### Exercise 3.1: beyond what can be guessed
# *difficulty 2/5, importance 5/5, 5 minutes.* From Boolean arrays (kind, passage), for the model that read the passages
# and for the control, return for each kind the share given up by the model beyond the control's share, as an array.

# %% nbgrader={"grade": false, "grade_id": "beyond", "locked": false, "schema_version": 3, "solution": true, "task": false}
def beyond_control(model_gives, control_gives):
    ### BEGIN SOLUTION
    return np.asarray(model_gives).mean(1) - np.asarray(control_gives).mean(1)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "beyond-kinds", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("a table that can be guessed"):
    got = beyond_control(np.array([[1, 1, 0, 0], [1, 1, 1, 0]]), np.array([[0, 0, 0, 0], [1, 1, 0, 0]]))
    assert np.allclose(got, [0.5, 0.25]), f"1/2 of the first kind; 1/4 of the second, which is guessed more; you have {got}"
    ### BEGIN HIDDEN TESTS
    a, b = np.random.default_rng(3).random((2, 3, 50)) < 0.4
    wanted, got = np.array([x.mean() - y.mean() for x, y in zip(a, b)]), beyond_control(a, b)
    assert np.allclose(got, wanted), f"three kinds of 50 random passages: {wanted.round(3)}; you have {np.round(got, 3)}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 3.2: overlap
# *difficulty 2/5, importance 4/5, 6 minutes.* `overlap(a, b)` of two Boolean arrays: of the items that *either* gives up,
# the share that *both* do (not a number where neither gives up any). And `differ(first, second, other)`: the overlap of
# two trainings of one architecture minus the overlap of the first with another architecture.

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
with labs.check("of those that either gives up"):
    got = overlap(np.array([1, 1, 0, 0], bool), np.array([0, 1, 1, 0], bool))
    assert np.isclose(got, 1 / 3), f"one of three; you have {got}"
    got = overlap(np.zeros(3, bool), np.zeros(3, bool))
    assert np.isnan(got), f"neither gives up any: not a number; you have {got}"
    ### BEGIN HIDDEN TESTS
    for a, b, wanted in (([1, 1, 1], [1, 1, 1], 1), ([1, 0, 0], [0, 0, 1], 0), ([1, 1, 1, 1], [0, 0, 0, 1], 0.25)):
        got = overlap(np.array(a, bool), np.array(b, bool))
        assert np.isclose(got, wanted), f"{a} and {b}: {wanted}; you have {got}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "overlap-differ", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("beside two trainings of the same"):
    a, b, c = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 1]], bool)
    got = differ(a, b, c)
    assert np.isclose(got, 2 / 3 - 1 / 4), f"2/3 minus 1/4; you have {got}"
    ### BEGIN HIDDEN TESTS
    assert differ(a, b, b) == 0, f"where the other is the second once more: 0; you have {differ(a, b, b)}"
    got = differ(a, c, b)
    assert np.isclose(got, 1 / 4 - 2 / 3), f"second and other exchanged: 1/4 minus 2/3; you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 4. Was it the reading? (20 minutes)
#
# The clean answer is an experiment: train several models, each on a random half of the items, and compare those that had
# an item with those that had not: **counterfactual memorisation** (Zhang and others 2021). It takes many models. From
# *one* training run one can compare how much likelier the items became that were read with how much likelier those became
# that were not: a **difference in differences** (Lesci and others 2024).
#
# ### Predict
# How much likelier does reading a passage 64 times make its last 16 bytes, all together, in nats? (A model that knows nothing
# pays some 78 nats for 16 bytes.)

# %%
my_nats = None

# %% [markdown]
# ### Run
# Look at how far the dots, each of one model, scatter around the line of many models.

# %%
MODELS = 2 if labs.fast() else 10
HALVES = {"canaries": 0, "windows": 0, "schedule": 0}  # the same items for all models; which half is planted is drawn anew
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
    axes.set(title="How much likelier for having been read", xlabel="copies", ylabel="nats, of 16 bytes")
    axes.legend()
    told["64 copies"] = many[COPIES.index(64) - 1]
    return ("Counterfactual memorisation by copies: " + ", ".join(f"{c}: {v:.1f} nats" for c, v in zip(COPIES[1:], many))
            + "; difference in differences, mean of single models: "
            + ", ".join(f"{c}: {mean(np.array(v)[np.isfinite(v)]):.1f}" for c, v in zip(COPIES[1:], single)) + ".")


told = {}
labs.draw(both_ways, halves)
labs.compare(my_nats, told["64 copies"], "read 64 times, by many models", " nats")

# %% [markdown]
# ### Play
# Your secret is planted 0 times now: its exposure is what a model that never read it gives it. Draw other seeds, and other
# secrets: a word, random digits. Which of them are exposed without ever having been read, and why? (They are ranked among
# random characters.)

# %%
play("secret_copies", "seed", secret_copies=0)

# %% [markdown]
# ### Explain
# Both compare what is with what would have been. To know what would have been, the first looks at other models, the second at
# other items. So the second needs an assumption: without reading, both groups would have risen alike (*parallel trends*). Here
# it holds by design, since chance chose which items were planted. With real text one must give reasons for it: what is on the
# web a thousand times is not like what is there once.
#
# ### Exercise 4.1: counterfactual memorisation
# *difficulty 3/5, importance 5/5, 8 minutes.* `scores` (K models, n items) and `inside` (K, n), Boolean. Return for each
# item the mean score of the models that had it minus the mean score of the others; not a number where all had it or none.

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
    assert np.allclose(got, [1, 0]), f"only models that read the first know it, all know the second: 1 and 0; you have {got}"
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
    assert got[0] == 1 and np.isnan(got[1:]).all(), f"all had the second, none the third: 1, nan, nan; you have {got}"
    ### BEGIN HIDDEN TESTS
    got = counterfactual(np.ones((2, 1)), np.zeros((2, 1), bool))
    assert np.isnan(got)[0], f"one item, which neither of two models had: not a number; you have {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 4.2: difference in differences
# *difficulty 2/5, importance 5/5, 5 minutes.* Given are the scores, before and after, of the items that were read and of
# those that were not (arrays over items, of different length). Return the mean rise of the items that were read minus the
# mean rise of the others.

# %% nbgrader={"grade": false, "grade_id": "did", "locked": false, "schema_version": 3, "solution": true, "task": false}
def difference_in_differences(read_before, read_after, unread_before, unread_after):
    ### BEGIN SOLUTION
    return (read_after - read_before).mean() - (unread_after - unread_before).mean()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "did-both", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("what both groups share is no memorisation"):
    got = difference_in_differences(np.array([-40.0, -30]), np.array([-20.0, -10]), np.array([-50.0, -20, -20]), np.array([-35.0, -5, -5]))
    assert np.isclose(got, 5), f"one rose by 20, the other by 15: 5 nats; you have {got}"
    ### BEGIN HIDDEN TESTS
    a, b = np.random.default_rng(5).normal(size=(2, 8))
    c, d = np.random.default_rng(6).normal(size=(2, 5))
    wanted, got = b.mean() - a.mean() - d.mean() + c.mean(), difference_in_differences(a, b, c, d)
    assert np.isclose(got, wanted), f"8 random items read, 5 not: {wanted:.4f}; you have {got:.4f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 5. Defences (20 minutes)
#
# **Deduplication**: each item is planted once, whatever it was; its other places are taken by fresh source.
# **Differential privacy**: the gradient of each row is clipped to length 1, and noise is added to the sum (see the lab on the
# long tail), so that no single row can change the model much.
#
# ### Predict
# Both keep the passages of 256 copies from coming out. By how many nats a byte does private training raise the loss on fresh
# source? (The model without defence is at about 2.3; one that knows nothing, at 4.9. So the answer lies between 0 and 2.6.)

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
    values = {"Passages of 256 copies given up": [float(whole(c).sel(copies=256)) for c in cases],
              "Exposure of secrets, 256 copies, bits": [float(end(c, "exposure_by_rank").sel(copies=256).mean()) for c in cases],
              "Loss on fresh source, nats a byte": [float(end(c, "loss").mean()) for c in cases]}
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
labs.compare(my_cost, float(end(private, "loss").mean() - end(planted, "loss").mean()), "cost of privacy", " nats a byte")
print(f"epsilon of one row: {float(private.epsilon[0]):.1f}")

# %% [markdown]
# ### Play
# Plant your secret 256 times, and tick the deduplication on and off. How far does its exposure fall?

# %%
play("secret_copies", "deduplicate", "seed", secret_copies=256)

# %% [markdown]
# ### Explain
# Removing duplicates is cheap. It even helps the model, which reads more new text instead. And it brings both extraction and
# exposure down to the level of chance, in a model that learns little from one reading. But it works only on copies that it
# recognises as copies. Private training comes with a guarantee, paid for in loss. And read the small print: epsilon is
# promised for one *row*. A secret that stands in 256 rows is 256 rows, and in the figure it is exposed as before: nothing
# comes out, and yet it is the likeliest of its rivals.
#
# ### Exercise 5.1: remove the duplicates
# *difficulty 2/5, importance 3/5, 5 minutes.* Return the rows of an array without repetitions, the first of each kept, in
# their order.
# <details><summary>Hint</summary><code>row.tobytes()</code> can be kept in a set; <code>np.unique</code> sorts, unless told where each came
# first.</details>

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
    assert got == expected, (f"60 random rows of four bits: {len(expected)} are left, first {expected[:3]}; you have "
                             f"{len(got)}, first {got[:3]}")
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 5.2: what a group is promised
# *difficulty 3/5, importance 5/5, 8 minutes.* With a privacy of $\varepsilon$ for one row (and $\delta = 0$), anything the model
# does is at most $e^{\varepsilon}$ times likelier than without the row; with c rows, at most $e^{c\varepsilon}$ times. Before
# the attack, an attacker believes with probability `prior` that a secret is in the training text. Return the highest
# probability that the attacker can come to believe, whatever the model says.
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
        assert np.isclose(got, wanted, atol=1e-4), f"prior {prior}, epsilon {epsilon:.2f}, copies {copies}: {wanted}; not {got}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 6. What may be said (15 minutes)
#
# The committed ledger of this project holds each statement as a number measured over several seeds, beside the
# published one:

# %%
labs.ledger("extraction/grows-with-copies", "extraction/exposure-precedes-extraction", "extraction/grows-with-size",
            "extraction/grows-with-context", "extraction/data-carriers", "extraction/architectures-differ",
            "extraction/deduplication", "extraction/control")

# %% [markdown]
# **What this toy does not show.** More than two fifths of the rows that the model reads here are planted, and its training
# is short. So 64 copies are a far larger part of the text than they are in a large corpus. Bytes are not word pieces. A model
# of this size keeps hardly anything that it has read once; large ones do.
#
# ### Exercise 6: discussion
# *difficulty 3/5, importance 5/5, 10 minutes, marked by hand.* A company wants to release a code model and reports: "We
# asked it for 1000 known keys, and none came out, so our model does not leak." In at most 150 words: which two
# measurements would you ask for besides, which control, and which change to the training text would you recommend first?
# Name a figure and a number of your own.

# %% [markdown] nbgrader={"grade": true, "grade_id": "discussion", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# *A good answer* asks for exposure (by rank, with what is extrapolated marked) and for extraction by sampling or from
# longer prompts; asks for the same prompts on a model that never saw the keys; recommends removing duplicates first, and
# names what that does not cover; and cites a number with its seeds. One point each for three of these.

# %% [markdown]
# **References.** Carlini and others 2019, arXiv:1802.08232 (exposure). Carlini and others 2023, arXiv:2202.07646 (copies,
# size, prompt). Al-Kaswan and others 2024, arXiv:2312.11658 (code models). Kandpal and others 2022, arXiv:2202.06539
# (deduplication). Zhang and others 2021, arXiv:2112.12938 (counterfactual memorisation). Lesci and others 2024,
# arXiv:2406.04327 (difference in differences).
