# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 5: too often is worse than once
#
# **Question.** Half of what a language model reads is new; the other half is the same few pages again and again. What
# does the model lose, how much of it, and does it come back?
#
# **Time** about 110 minutes; sections 1 and 2 take about an hour. **Compute** about three minutes of training in all, on two
# CPU cores; no internet needed.
# **You need** numpy, cross-entropy, and to have seen a transformer's attention once.
#
# After this lab you can
# 1. say what an induction head does, and find one with a single number,
# 2. name the two controls without which "repeats hurt" means nothing,
# 3. say how large a clean model would do equally well, and when that cannot be said,
# 4. find the same curve, with its peak, in a regression that fits on a page of algebra.
#
# Each section except the last asks you to **predict** before you **run**; then you **play**, read an explanation, and
# answer an **exercise**. The cells below each answer check it. A ✓ means that the checks you see there pass. The teacher's
# marks use more cases, so read the instruction again before you go on. You can run all cells at any time: an exercise
# that you have not answered yet says so, and nothing later depends on it.

# %%
import numpy as np

from mini import labs
from mini.engine import default_cache, run
from mini.measures.effective_size import effective_size as clean_size
from mini.plotting import BLACK, BLUE, GREEN, VERMILION, band
from mini.studies.repeated_data import Duplicates, RepeatedData
from mini.studies.repeated_data.explorer import SMALL, explorer

labs.setup(minutes=110, compute="about three minutes of training")
SEEDS = 1 if labs.fast() else 3
STEPS = 4 if labs.fast() else 600
QUICK = {"seeds": SEEDS, "progress": not labs.fast(), "cache": default_cache()}


def model(**fields):
    return RepeatedData(maps=True, **{**SMALL, "pool_size": 32, **fields})


def ends(runs, name):
    return runs[name].isel(step=-1).values  # one for each seed


def end(runs, name):
    return float(ends(runs, name).mean())


# %% [markdown]
# ## 1. A head that copies (25 minutes)
#
# **The text** consists of sequences of 48 tokens, from a vocabulary of 32. Each sequence is one piece of 6 to 16 tokens,
# repeated over and over. Half of the pieces come from a Markov chain, the other half are purely random. So nobody can
# predict much of the first copy. But once a second copy has begun, a reader who looks back can predict *everything* that follows.
#
# **The model** is a transformer of width 32: two layers of two attention heads each, and nothing else.
#
# **Copying loss** is the mean loss on the second and later copies of *random* tokens, which no knowledge of the text can
# predict. Without looking back nobody does better than chance, $\log 32 = 3.47$ nats.
#
# ### Predict
# We train for 600 steps of 24 sequences, none of them read twice. What is the copying loss at the end, in nats, from 0 to
# 3.47? And *how* will it fall: bit by bit, or all at once? Write the second answer in words, and compare it with the
# figure yourself.

# %%
my_copying_loss = None
my_shape = None  # "bit by bit" or "all at once"

# %% [markdown]
# ### Run
# Look at the copying curve on the left: does it fall as you predicted? On the right, brighter means more attention: which
# places does each place look at? Layers and heads are numbered from 0, so layer 1 is the second.

# %%
unique = run(model(repeated_share=0.0), STEPS, 10, **QUICK)


def learning(canvas, runs):
    left, right = canvas.subplots(1, 2)
    band(left, runs.fresh_loss, "fresh sequences", color=BLUE)
    band(left, runs.copying_loss, "copying", color=GREEN, linestyle="-.")
    left.axhline(np.log(32), color=BLACK, linestyle=":", label="chance")
    left.set(title="Loss", xlabel="step", ylabel="nats a token", ylim=(0, None))
    left.legend()
    look = runs.attention.isel(seed=0, step=-1)
    share = runs.prefix_matching.isel(seed=0, step=-1)
    layer, head = np.unravel_index(share.values.argmax(), share.shape)
    right.imshow(look.isel(layer=layer, head=head), cmap="magma", vmin=0, vmax=1)
    right.set(title=f"Where head {head} of layer {layer} looks", xlabel="place looked at", ylabel="place")
    right.grid(False)
    return (f"Copying loss ends at {end(runs, 'copying_loss'):.2f} nats, loss on fresh sequences at "
            f"{end(runs, 'fresh_loss'):.2f}. On the right, the attention of the head with the most prefix matching "
            f"({float(share.max()):.2f}): bright lines one period back.")


labs.draw(learning, unique)
labs.compare(my_copying_loss, end(unique, "copying_loss"), "copying loss, all unique", " nats")

# %% [markdown]
# ### Play
# Each time you release a slider, a model is trained afresh. *Look back* takes you to any step: at which one do the bright
# lines appear? Is it the same step for every seed? Here all of the text is unique.

# %%
explorer(("seed", "ticks"), ticks=STEPS, repeated_share=0.0)

# %% [markdown]
# ### Explain
# The bright lines are an **induction head** (Elhage and others 2021, Olsson and others 2022). At each place it looks for
# an earlier occurrence of the current token, and attends to the place *after* it: what followed then will follow now.
# This takes two layers. A head in the first layer (layer 0) marks every place with the token before it; a head in the
# second (layer 1) finds the places marked with the current token. Neither half is of any use alone, which is why nothing
# happens for a long time, and then everything at once.
#
# ### Exercise 1.1: prefix matching
# *difficulty 3/5, importance 5/5, 12 minutes.* `followers(tokens)` takes a sequence of T tokens and returns a T by T
# Boolean array: entry `[t, s]` is true where $s \ge 1$, $s \le t$ and token $s - 1$ equals token $t$.
# `prefix_matching(attention, tokens)` returns the attention to these places: sum it over s, then average over those t
# that have at least one such place.
# <details><summary>Hint</summary>A head that attends to the earlier place of the <em>same</em> token is something else, a
# "duplicate-token" head; public code sometimes confuses the two.</details>

# %% nbgrader={"grade": false, "grade_id": "prefix", "locked": false, "schema_version": 3, "solution": true, "task": false}
def followers(tokens):
    ### BEGIN SOLUTION
    places = np.arange(len(tokens))
    before = np.r_[-1, tokens[:-1]]  # the token before each place; none before the first
    return (before[None, :] == np.asarray(tokens)[:, None]) & (places[None, :] <= places[:, None])
    ### END SOLUTION


def prefix_matching(attention, tokens):
    ### BEGIN SOLUTION
    there = followers(tokens)
    looked = (attention * there).sum(1)
    return looked[there.any(1)].mean()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "prefix-followers", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("what followed earlier occurrences"):
    got = np.asarray(followers(np.array([5, 6, 5, 6]))).astype(int)
    assert got.tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], (
        f"5, 6, 5, 6: the first 5 was followed by 6 at place 1, so [2, 1] is true; you have {got.tolist()}")
    got = np.asarray(followers(np.array([5, 5]))).astype(int)
    assert got.tolist() == [[0, 0], [0, 1]], f"5, 5: place 1 itself follows an earlier 5, so s = t counts too; you have {got}"
    ### BEGIN HIDDEN TESTS
    tokens = np.random.default_rng(0).integers(0, 4, 20)
    got = np.asarray(followers(tokens)).astype(bool)
    for t, s in np.ndindex(20, 20):
        wanted = 1 <= s <= t and tokens[s - 1] == tokens[t]
        assert got[t, s] == wanted, f"tokens {tokens}, place t = {t}, s = {s}: {wanted}; you have {got[t, s]}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "prefix-heads", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("heads made by hand"):
    tokens = np.tile(np.arange(4), 2)
    perfect, duplicate = np.eye(8), np.eye(8)
    perfect[4:], duplicate[4:] = np.eye(8)[1:5], np.eye(8)[:4]
    got = prefix_matching(perfect, tokens), prefix_matching(duplicate, tokens)
    assert np.allclose(got, [1, 0]), ("an induction head scores 1, a duplicate-token head 0; you have "
                                      f"{np.round(got, 3).tolist()}")
    got = prefix_matching(np.array([[1, 0, 0], [1 / 2, 1 / 2, 0], [1 / 3, 1 / 3, 1 / 3]]), np.zeros(3, int))
    assert np.isclose(got, 7 / 12), f"0, 0, 0: place 1 gives 1/2, place 2 gives 2/3, the mean is 7/12; you have {got:.3f}"
    ### BEGIN HIDDEN TESTS
    even = np.tril(np.ones((12, 12))) / np.arange(1, 13)[:, None]
    tokens = np.tile(np.arange(3), 4)
    wanted, got = np.mean([(t // 3) / (t + 1) for t in range(3, 12)]), prefix_matching(even, tokens)
    assert np.isclose(got, wanted), f"uniform attention, 0, 1, 2 four times over: {wanted:.3f}; you have {got:.3f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 1.2: what can be predicted
# *difficulty 2/5, importance 4/5, 6 minutes.* `losses[t]` is the loss of the token at place t (the first token is not
# predicted, so `losses[0]` is `nan`). The tokens repeat with the given `period`. From which place on can a head that
# looks back predict every token? Return the mean loss from there on.
# <details><summary>Hint</summary>To predict the token at place t, the head must recognise the token at t - 1, so that one
# must have occurred before.</details>

# %% nbgrader={"grade": false, "grade_id": "copying", "locked": false, "schema_version": 3, "solution": true, "task": false}
def copying_loss(losses, period):
    ### BEGIN SOLUTION
    return losses[period + 1:].mean()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "copying-from", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("from the second token of the second copy on"):
    got = copying_loss(np.array([np.nan, 3.0, 3.0, 3.0, 0.1, 0.3]), 3)
    assert np.isclose(got, 0.2), f"period 3: places 4 and 5 count, their mean is 0.2; you have {got}"
    got = copying_loss(np.array([np.nan, 3.0, 3.0, 0.1, 0.3, 0.5]), 2)
    assert np.isclose(got, 0.3), f"period 2: places 3, 4 and 5 count, their mean is 0.3; you have {got}"
    ### BEGIN HIDDEN TESTS
    x = np.random.default_rng(1).random(30)
    for period, wanted in ((7, x[8:].mean()), (28, x[29])):
        got = copying_loss(x, period)
        assert np.isclose(got, wanted), f"30 random losses, period {period}: {wanted:.4f}; you have {got:.4f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 2. The same pages again (30 minutes)
#
# Now half of every batch is drawn from a **pool** of a few sequences. If a share $f$ of each batch of $B$ sequences comes
# from a pool of $S$, then after $n$ steps each sequence in the pool has been read $r = f B n / S$ times on average.
#
# We need two controls. *All unique*: the same number of tokens, none repeated. Doing worse than this may only mean that
# there was less new text. *Unique alone*: only the new half (the pool's rows have no weight in the loss). Compared with
# this, repeats may look harmless, because the pool adds some text. Only a run worse than **both** shows damage.
#
# ### Predict
# We train with pools of 2, 8, 32, 128 and 1024 sequences. For which of these five is copying worst? And how large is the
# copying loss there, in nats (from 0 to 3.47, which is chance)?

# %%
my_worst_pool = None
my_worst_copying_loss = None

# %% [markdown]
# ### Run
# Look at each pool beside *both* controls, dot by dot: every dot is one seed. Then compare the panel on the right with
# the first.

# %%
SIZES = (32, 1024) if labs.fast() else (2, 8, 32, 128, 1024)
pools = run(model(), STEPS, 10, sweep={"pool_size": SIZES}, **QUICK)
alone = run(model(pool_weight=0.0), STEPS, 10, **QUICK)


# The kinds of run side by side: two controls, and a pool of each size.
KINDS = [("unique\nalone", alone), *((str(size), pools.sel(pool_size=size)) for size in SIZES), ("all\nunique", unique)]
LOOKS = [(GREEN, "^", "unique alone"), *[(VERMILION, "o", "half from a pool")] * len(SIZES), (BLUE, "s", "all unique")]


def by_pool(canvas):
    panels = canvas.subplots(1, 3, width_ratios=[1, 1, 0.75])
    for axes, name, title in zip(panels, ("copying_loss", "best_prefix_matching", "pool_loss"),
                                 ("Copying loss, nats", "Prefix matching", "Loss on the pool, nats")):
        shown = range(1, len(KINDS) - 1) if name == "pool_loss" else range(len(KINDS))
        for place in shown:
            (_, runs), (colour, mark, label) = KINDS[place], LOOKS[place]
            values = ends(runs, name)
            axes.plot(place + np.linspace(-0.15, 0.15, len(values) + 2)[1:-1], values, mark, color=colour, alpha=0.8,
                      label=label if place in (0, 1, len(KINDS) - 1) else None)
        axes.set_xticks(list(shown), [KINDS[place][0] for place in shown], fontsize=9)
        axes.set(title=title, xlabel="sequences in the pool", ylim=(0, None))
    panels[0].axhline(np.log(32), color=BLACK, linestyle=":", label="chance")
    canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    said = ("the unique tokens alone", *(f"a pool of {size}" for size in SIZES), "all unique")
    return "Copying loss, seed by seed: " + "; ".join(
        f"{kind}: " + ", ".join(f"{v:.2f}" for v in ends(runs, "copying_loss")) for kind, (_, runs) in zip(said, KINDS)) + "."


labs.draw(by_pool, size=(11, 3.8))
worst = pools.copying_loss.isel(step=-1).mean("seed")
labs.compare(my_worst_pool, float(pools.pool_size[int(worst.argmax("pool_size"))]), "worst pool", " sequences")
labs.compare(my_worst_copying_loss, float(worst.max()), "copying loss at the worst pool", " nats")

# %% [markdown]
# ### Play
# Choose the share and the pool yourself. Where is the damage worst, and what is the pool's own loss there? Set
# `pool weight` to 0 for the second control: in how many seeds does the model copy? Use `pool until` to remove the pool
# half-way: does the head come back?

# %%
explorer(("repeated_share", "pool_size", "pool_weight", "pool_until", "seed", "ticks"), ticks=STEPS, seed=1)

# %% [markdown]
# ### Explain
# Each dot is a seed, and hardly any lies half-way: by step 600 the head is either there or not. With only half of the rows
# this is a **lottery**: models trained on the unique tokens alone form the head in some seeds and not in others, even after
# twice as many steps. So a mean says little here, and a single seed says less. (The ledger in section 5 uses a sounder
# setting: sequences are longer, batches larger, and both controls copy in every seed.) The middle pools are no lottery:
# they fail in *every* seed, even in those where both controls copy.
#
# A very large pool is read only a few times, and is as good as new text wherever the head formed. A very small pool is soon
# known by heart. Its loss is then nearly zero, so it no longer changes the weights: what remains is a run on the unique
# half, lottery included. A pool between the two can only just be learned by heart: it takes up most of what the weights can
# hold and most of the training. Its rows contain copies too, but a model that knows a page by heart need not look back, so
# nothing rewards a copying head. So the peak lies near the largest pool that can be learned by heart. The warning sign is
# the loss on the pool, which you can watch in your own training without any control run.
#
# ### Exercise 2.1: how often
# *difficulty 1/5, importance 4/5, 5 minutes.* `repeats` returns how many times each sequence of the pool is read;
# `pool_for` returns the pool size that gives `times` readings.

# %% nbgrader={"grade": false, "grade_id": "repeats", "locked": false, "schema_version": 3, "solution": true, "task": false}
def repeats(share, batch, steps, pool):
    ### BEGIN SOLUTION
    return share * batch * steps / pool
    ### END SOLUTION


def pool_for(share, batch, steps, times):
    ### BEGIN SOLUTION
    return share * batch * steps / times
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "repeats-here", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("how often here"):
    assert np.isclose(repeats(0.5, 24, 600, 32), 225), f"225 times; you have {repeats(0.5, 24, 600, 32)}"
    ### BEGIN HIDDEN TESTS
    for setting, wanted in (((0.1, 1, 100, 0.1), 100), ((0.03, 32, 1000, 64), 15)):
        got = repeats(*setting)
        assert np.isclose(got, wanted), f"share, batch, steps, pool = {setting}: {wanted} times; you have {got}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "repeats-published", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("the published setting"):
    got = pool_for(0.1, 1, 100e9, 100)
    assert np.isclose(got, 1e8), f"a tenth of 100 billion tokens, each read 100 times: 100 million tokens; you have {got:g}"
    got = pool_for(0.5, 24, 600, 225)
    assert np.isclose(got, 32), f"our setting again, 225 readings (the batch matters): a pool of 32; you have {got:g}"
    ### BEGIN HIDDEN TESTS
    for times in (3, 10, 1000):
        got = repeats(0.3, 16, 500, pool_for(0.3, 16, 500, times))
        assert np.isclose(got, times), f"a pool made for {times} readings is read {got:g} times by your own `repeats`"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 2.2: is it damage?
# *difficulty 2/5, importance 5/5, 6 minutes.* The repeated runs and both controls come as arrays of equal length, with one
# loss per seed. Return the damage: the mean over seeds of how far the repeated run lies above the *larger* of its two
# controls. Also return a Boolean: is there damage in *every* seed?

# %% nbgrader={"grade": false, "grade_id": "damage", "locked": false, "schema_version": 3, "solution": true, "task": false}
def damage(repeated, unique, alone):
    ### BEGIN SOLUTION
    above = repeated - np.maximum(unique, alone)
    return above.mean(), bool((above > 0).all())
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "damage-both", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("worse than both"):
    got = damage(np.array([2.0, 2.0]), np.array([0.5, 0.5]), np.array([1.0, 2.5]))
    assert np.isclose(got[0], 0.25) and not got[1], f"1.0 in one seed, -0.5 in the other; you have {got[0]:.3f} and {got[1]}"
    got = damage(np.array([4.0, 4.0]), np.array([1.0, 3.0]), np.array([3.0, 1.0]))
    assert np.isclose(got[0], 1) and got[1], ("each control is the larger one in one seed: compare seed by seed, 4 with 3 in "
                                              f"both, damage 1 in every seed; you have {got[0]:.3f} and {got[1]}")
    ### BEGIN HIDDEN TESTS
    got = damage(np.array([2.0]), np.array([1.0]), np.array([0.0]))
    assert np.isclose(got[0], 1) and got[1], f"one seed, 2 against 1 and 0: 1 and True; you have {got[0]:.3f} and {got[1]}"
    rng = np.random.default_rng(2)
    a, b, c = rng.random((3, 9))
    wanted, got = np.mean([x - max(y, z) for x, y, z in zip(a, b, c)]), damage(a, b, c)[0]
    assert np.isclose(got, wanted), f"nine random seeds: damage {wanted:.4f}; you have {got:.4f}"
    ### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 2.3: bits by heart
# *difficulty 3/5, importance 4/5, 8 minutes.* We know the source of the pool, so we can *weigh* what the model remembers.
# For each of S sequences, `information` holds the loss of its first piece under the true source, and `paid` the loss of
# the same piece under the model, both in nats. Whatever the model saves, it holds in memory. Return how many bits of the
# pool it holds, and how many bits that is per weight.

# %% nbgrader={"grade": false, "grade_id": "bits", "locked": false, "schema_version": 3, "solution": true, "task": false}
def bits_held(information, paid, weights):
    ### BEGIN SOLUTION
    bits = (information - paid).sum() / np.log(2)
    return bits, bits / weights
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "bits-counted", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("bits, not nats"):
    got = bits_held(np.log(2) * np.array([8.0, 8.0]), np.log(2) * np.array([0.0, 4.0]), 6)
    assert np.allclose(got, [12, 2]), f"8 bits and 4 bits, shared by 6 weights; you have {np.round(got, 3).tolist()}"
    got = bits_held(np.log(2) * np.array([8.0, 8.0]), np.log(2) * np.array([0.0, 10.0]), 6)
    assert np.allclose(got, [6, 1]), ("8 bits, and -2 bits where the model pays more than the source: 6 together; you have "
                                      f"{np.round(got, 3).tolist()}")
    ### BEGIN HIDDEN TESTS
    got, wanted = bits_held(np.array([3.0, 1.0]), np.array([3.5, 1.0]), 10), [-0.5 / np.log(2), -0.05 / np.log(2)]
    assert np.allclose(got, wanted), ("3 and 1 nats, of which 3.5 and 1 are still paid, 10 weights; a model may know less than "
                                      f"the source: {np.round(wanted, 3).tolist()}; you have {np.round(got, 3).tolist()}")
    ### END HIDDEN TESTS

# %% [markdown]
# ## 3. As good as a model of what size? (20 minutes)
#
# A loss alone tells most readers little. "As good as a clean model of half the size" tells them more. Train *clean* models
# (all text unique) of several sizes, all on the same number of tokens, and read the curve backwards: from a loss to a size.
#
# ### Predict
# Take the model that read half of its tokens from the worst pool above. How large is a clean model that copies just as
# well, as a share of that model's true size, from 0 to 1?

# %%
my_effective_size = None

# %% [markdown]
# ### Run
# Look at the red marks at the right edge: at which size, if any, is the clean curve as high as each of them? Do the two
# panels agree?

# %%
WIDTHS = (32,) if labs.fast() else (8, 16, 24)
clean = run(model(repeated_share=0.0), STEPS, 100, sweep={"width": WIDTHS}, **QUICK)
sizes = np.array([*clean.parameters.mean("seed").values, float(unique.parameters.mean())])


def curve_of(name):
    return np.array([*clean[name].isel(step=-1).mean("seed").values, end(unique, name)])


def clean_curve(canvas, pools):
    panels = canvas.subplots(1, 2)
    for axes, name, title in zip(panels, ("fresh_loss", "copying_loss"), ("Fresh sequences", "Copying")):
        axes.plot(sizes, curve_of(name), color=BLUE, linestyle="--", marker="o", label="clean models")
        for size, mark in zip(SIZES, "v^sdx"):
            seeds = ends(pools.sel(pool_size=size), name)
            axes.plot(np.full(len(seeds), sizes[-1]), seeds, mark, color=VERMILION, alpha=0.8, label=f"pool of {size}, by seed")
        axes.set(title=title, xlabel="weights", ylabel="nats a token", xscale="log")
    canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=9)
    return "Loss of clean models by size: " + "; ".join(
        f"{int(s)} weights {a:.2f} on fresh sequences, {b:.2f} on copying"
        for s, a, b in zip(sizes, curve_of("fresh_loss"), curve_of("copying_loss"))) + "."


labs.draw(clean_curve, pools, size=(9, 4.2))
found = clean_size(sizes, curve_of("copying_loss"), float(worst.max()))
outside = ", outside the measured range: this is its nearest end" if found.extrapolated else ""
labs.compare(my_effective_size, float(np.clip(found.value, sizes[0], sizes[-1])) / sizes[-1],
             "size of a clean model that copies as well, as a share of the true size" + outside)

# %% [markdown]
# ### Play
# Train a clean model of any width you choose. How well does it copy at half the width, and how does it do on the rest?
# Does the head appear at the same step?

# %%
explorer(("width", "seed", "ticks"), ticks=STEPS, repeated_share=0.0)

# %% [markdown]
# ### Explain
# The published headline (in the abstract) is that a model with 800 million weights did only as well as a clean one
# with 400 million, when a tenth of the tokens came from a part that was read 100 times. This headline is about the loss on
# ordinary text. Another of the paper's experiments, at a repeated share of 3%, finds a far greater loss of effective size
# on copying. Small models show one trap more clearly than large ones: where the damaged model is worse than the *smallest*
# clean one, its effective size is not "1% of the true size". It lies outside the measured range, and a report has to say
# so.
#
# ### Exercise 3: read it backwards
# *difficulty 4/5, importance 4/5, 12 minutes.* The `sizes` of clean models increase, and their `losses` fall. Between
# neighbours the curve is linear in the *logarithm* of the size. Return `(size, outside)`: the size at which the curve has
# the given `loss`, and `False`. If that loss is above the first or below the last, return the size at that end and `True`.
# <details><summary>Hint</summary><code>np.interp</code> only takes increasing x: give it the negated losses.</details>

# %% nbgrader={"grade": false, "grade_id": "effective", "locked": false, "schema_version": 3, "solution": true, "task": false}
def effective_size(sizes, losses, loss):
    ### BEGIN SOLUTION
    outside = bool(loss > losses[0] or loss < losses[-1])
    return float(np.exp(np.interp(-loss, -np.asarray(losses), np.log(sizes)))), outside
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "effective-between", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("between two sizes"):
    got = effective_size(np.array([100, 10000]), np.array([3.0, 1.0]), 2.0)
    assert np.isclose(got[0], 1000) and not got[1], f"half-way in the logarithm is 1000; you have {got[0]:.1f} and {got[1]}"
    got = effective_size(np.array([100, 400, 10000]), np.array([3.0, 2.0, 1.0]), 2.5)
    assert np.isclose(got[0], 200) and not got[1], f"between neighbours, 100 and 400: 200; you have {got[0]:.1f} and {got[1]}"
    ### BEGIN HIDDEN TESTS
    s = np.geomspace(10, 1e4, 301)
    got = effective_size(s, 5 * s**-0.2, 5 * 123.0**-0.2)
    right = np.isclose(got[0], 123, rtol=0.01) and not got[1]
    assert right, f"301 sizes from 10 to 10,000, the loss of size 123: 123 and False; you have {got[0]:.1f} and {got[1]}"
    for one, loss in zip(s[::50], (5 * s**-0.2)[::50]):
        got = effective_size(s, 5 * s**-0.2, loss)[0]
        assert np.isclose(got, one), f"a loss measured at size {one:.1f} gives that size; you have {got:.1f}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "effective-outside", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("outside the measured range"):
    got = effective_size(np.array([100, 10000]), np.array([3.0, 1.0]), 3.5)
    assert np.isclose(got[0], 100) and got[1], f"worse than the smallest: 100 and True; you have {got[0]:.1f} and {got[1]}"
    got = effective_size(np.array([100, 10000]), np.array([3.0, 1.0]), 0.9)
    assert np.isclose(got[0], 10000) and got[1], f"better than the largest: 10000 and True; you have {got[0]:.1f} and {got[1]}"
    ### BEGIN HIDDEN TESTS
    for loss, size in ((6.0, 10), (0.4, 70)):
        got = effective_size(np.array([10, 30, 70]), np.array([5.0, 2.0, 0.5]), loss)
        assert np.isclose(got[0], size) and got[1], (f"losses 5, 2, 0.5 at sizes 10, 30, 70, and a loss of {loss}: {size} and "
                                                     f"True; you have {got[0]:.1f} and {got[1]}")
    for loss in (5.0, 0.5):
        assert not effective_size(np.array([10, 30, 70]), np.array([5.0, 2.0, 0.5]), loss)[1], f"{loss} itself was measured"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 4. The same curve on one page (20 minutes)
#
# Is this peculiar to transformers? Take the simplest learner there is: $y = x \cdot \beta + \sigma \varepsilon$,
# fitted by least squares. Of 600 rows, half are unique; the other half are $m$ different rows, each occurring
# $300 / m$ times, noise included. There are 20 dimensions. (The paper's regression is misspecified; this one is not.)
#
# ### Predict
# For which number of rows $m$ is the fitted $\hat\beta$ farthest from the true one: 1, 10, 50 or 300?

# %%
my_worst_m = None

# %% [markdown]
# ### Run
# Look at where the left curve is highest, and at what happens to the error on the pool's own rows near there.

# %%
linear = run(Duplicates(draws=20 if labs.fast() else 300), **QUICK)


def duplicates(canvas, runs):
    left, right = canvas.subplots(1, 2, sharex=True)
    for axes, name, title in ((left, "risk", "Squared distance from the truth"), (right, "pool_error", "Error on the pool's rows")):
        axes.plot(runs.pool, runs[f"derived_{name}"].isel(seed=0), color=BLACK, label="closed form")
        axes.plot(runs.pool, runs[name].mean("seed"), "o", color=VERMILION, label="simulated")
        axes.set(title=title, xlabel="different rows in the pool", xscale="log")
    left.axhline(float(runs.clean_risk[0]), color=BLUE, linestyle="--", label="all rows unique")
    left.legend()
    risk = runs.derived_risk.isel(seed=0)
    return (f"Squared distance from the truth, by number of different rows in the pool: largest ({float(risk.max()):.3f}) at "
            f"{int(runs.pool[int(risk.argmax('pool'))])}; {float(risk[0]):.3f} at 1 and {float(risk[-1]):.3f} at 300.")


labs.draw(duplicates, linear)
labs.compare(my_worst_m, float(linear.pool[int(linear.derived_risk.isel(seed=0).argmax("pool"))]), "worst number of different rows")

# %% [markdown]
# ### Play
# No model has to be trained here, so play with the cell above: give `Duplicates` other values of `rows`, `dimensions`,
# `noise` and `repeated_share`. Which of them move the peak, and where to? In the transformer below, what plays the part
# of the dimensions? Try it: the width is one of its controls.

# %%
explorer(("width", "repeated_share", "pool_size", "seed", "ticks"), ticks=STEPS)

# %% [markdown]
# ### Explain
# A row that occurs $r$ times is the same as one row with weight $r$. The larger the weight, the more nearly the fit goes
# *through* that row, noise and all. One such row spoils one direction out of 20. Ten spoil ten. With more rows, each is
# repeated less and weighs less; and once they outnumber the dimensions, they cannot all be fitted and their noise averages
# out. In between lies a worst size, here about half the number of dimensions: a pool that is still nearly memorised, and
# as large as such a pool can be. This is related to double descent, with the size of the pool in place of the model's size.
#
# ### Exercise 4: rows with weights
# *difficulty 4/5, importance 4/5, 12 minutes.* Return the coefficients $b$ that minimise
# $\sum_i w_i (y_i - x_i \cdot b)^2 + \lambda |b|^2$, where $w$ is `weight` and $\lambda$ is `ridge`.
# <details><summary>Hint</summary>Set the gradient to zero: $(X^\top W X + \lambda I)\, b = X^\top W y$. Solve this system;
# do not invert the matrix.</details>

# %% nbgrader={"grade": false, "grade_id": "ridge", "locked": false, "schema_version": 3, "solution": true, "task": false}
def weighted_ridge(x, y, weight, ridge):
    ### BEGIN SOLUTION
    return np.linalg.solve((x.T * weight) @ x + ridge * np.eye(x.shape[1]), (x.T * weight) @ y)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "ridge-copies", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("a weight is a number of copies"):
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(6, 2)), rng.normal(size=6)
    got = weighted_ridge(x, y, np.array([3, 1, 1, 1, 1, 1]), 0.1)
    copied = np.r_[x[[0, 0]], x], np.r_[y[[0, 0]], y]
    assert np.allclose(got, weighted_ridge(*copied, np.ones(8), 0.1)), (
        f"weight 3 on the first row should do the same as three copies of it; you have {got}")
    got = weighted_ridge(np.array([[1.0]]), np.array([2.0]), np.array([3.0]), 1.0)
    assert np.allclose(got, 1.5), f"3 (2 - b)^2 + b^2 is least at b = 1.5: the penalty counts too; you have {got}"
    ### BEGIN HIDDEN TESTS
    w = rng.random(6)
    b = np.asarray(weighted_ridge(x, y, w, 0.7))
    gradient = 2 * (x.T * w) @ (x @ b - y) + 2 * 0.7 * b
    assert np.allclose(gradient, 0, atol=1e-9), f"six random rows, lambda 0.7: the gradient at your answer is {gradient}"
    ### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "ridge-through", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
with labs.check("a heavy row is fitted, noise and all"):
    rng = np.random.default_rng(4)
    x = rng.normal(size=(200, 5))
    y = x[:, 0] + rng.normal(size=200)
    b = weighted_ridge(x, y, np.r_[1e6, np.ones(199)], 1e-6)
    assert abs(y[0] - x[0] @ b) < 0.01, f"its residual should be nearly 0; it is {y[0] - x[0] @ b:.3f}"
    ### BEGIN HIDDEN TESTS
    light = weighted_ridge(x, y, np.ones(200), 1e-6)
    assert abs(y[0] - x[0] @ light) > 0.01, "200 rows of weight 1: no row should be fitted exactly; yours fits the first one"
    plain = np.linalg.lstsq(x, y, rcond=None)[0]
    assert np.allclose(light, plain, atol=1e-4), f"all weights 1, hardly any penalty: least squares, {plain}; you have {light}"
    ### END HIDDEN TESTS

# %% [markdown]
# ## 5. What may be said (15 minutes)
#
# For each claim, this project's ledger gives the number measured here, over several seeds, beside the published one:

# %%
labs.ledger("repeated/inverted-u", "repeated/peak-at-memorisation", "repeated/copying-damage", "repeated/prefix-matching",
            "repeated/effective-size", "repeated/double-descent", "repeated/linear-model", "repeated/recovery")

# %% [markdown]
# **What this toy does not show.** Here half of the tokens are repeated, far more than the 3% and the tenth of the
# published figures above, and the head does not form at all before training ends; the paper reports how much smaller a large
# model seems to be. Real text is not a Markov chain, and whether a page deserves to be read twice depends on what is on it.
#
# ### Exercise 5: discussion
# *difficulty 3/5, importance 5/5, 10 minutes, marked by hand.* A colleague has ten million web pages and a thousand pages
# of an excellent textbook, and plans to train a model that reads the textbook 500 times, "because quality matters". In at
# most 150 words: what would you ask about the model before you answer, what would you measure during training that needs
# no second run, and which two control runs would you ask for? Cite a figure and a number from your own runs.

# %% [markdown] nbgrader={"grade": true, "grade_id": "discussion", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# *A good answer* asks how much the model can hold, compared with what the thousand pages contain; watches the loss on the
# textbook itself, since the harm is greatest where that loss comes near zero, and the copying loss or the prefix matching;
# asks for a run on as many tokens, all unique, and for one on the unique tokens alone; and cites a number with its seeds.
# One point each for three of these.

# %% [markdown]
# **References.** Hernandez and others 2022, arXiv:2205.10487 (repeated data). Olsson and others 2022, arXiv:2209.11895,
# and Elhage and others 2021 (induction heads). Chudnovsky and others 2026, *Internal Data Repetition
# Destroys Language Models*, arXiv:2606.24998 (regression with duplicates).
