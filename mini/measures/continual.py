"""What is read off a matrix of scores: learning, forgetting and transfer over a stream of tasks.

R[i, j] is the score on task j (from 0) after phase i; row 0 belongs to the untrained network, so that task j
is learned in phase j + 1. Any score will do so long as more is better. T tasks; R is (T + 1, T).

A value that is not defined comes back as `Undefined`, with its reason; as a number it is NaN.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from mini.errors import wrong


@dataclass(frozen=True)
class Undefined:
    """What stands where a value is not defined.

    >>> float(Undefined("one task")), str(Undefined("one task"))
    (nan, 'not defined: one task')
    """

    reason: str

    def __float__(self) -> float:
        return float("nan")

    def __str__(self) -> str:
        return f"not defined: {self.reason}"


Value = float | Undefined


def _matrix(scores) -> np.ndarray | Undefined:
    r = np.asarray(scores, float)
    if r.ndim != 2 or r.shape[0] != r.shape[1] + 1:
        return Undefined(f"a matrix of shape {r.shape} has not one row more than columns, the first untrained")
    return r


def _read(scores, cells: Callable[[int], np.ndarray], tasks: int = 1) -> np.ndarray | Undefined:
    """The matrix, if the cells that a measure reads are there; `cells` makes a mask of them, (T + 1, T), from T."""
    r = _matrix(scores)
    if isinstance(r, Undefined):
        return r
    if r.shape[1] < tasks:
        return Undefined(f"takes at least {tasks} tasks, there {'is' if r.shape[1] == 1 else 'are'} {r.shape[1]}")
    missing = np.argwhere(cells(r.shape[1]) & ~np.isfinite(r))
    if len(missing):
        i, j = missing[0]
        return Undefined(f"the score on task {j} after phase {i} is missing")
    return r


def _last(t):
    return np.arange(t + 1)[:, None] == np.full(t, t)


def _diagonal(t):
    return np.eye(t + 1, t, -1, dtype=bool)


def _learned(t):
    return np.tri(t + 1, t, -1, dtype=bool)


def average_accuracy(scores) -> Value:
    """ACC: the mean score on all tasks at the end, mean_j R[T, j] (Lopez-Paz and Ranzato 2017, eq. 2).

    >>> average_accuracy([[0.1, 0.1], [0.9, 0.2], [0.5, 0.9]])
    0.7
    """
    r = _read(scores, _last)
    return r if isinstance(r, Undefined) else float(r[-1].mean())


def incremental_accuracy(scores) -> Value:
    """The mean over phases i of the mean score on the tasks learned by then (Rebuffi and others 2017).

    >>> incremental_accuracy([[0.1, 0.1], [0.9, 0.2], [0.5, 0.9]])
    0.8
    """
    r = _read(scores, _learned)
    if isinstance(r, Undefined):
        return r
    return float(np.mean([r[i, :i].mean() for i in range(1, len(r))]))


def learning_accuracy(scores) -> Value:
    """The mean score on each task just after it was learned, mean_j R[j + 1, j] (Riemer and others 2019).

    >>> learning_accuracy([[0.1, 0.1], [0.9, 0.2], [0.5, 0.7]])
    0.8
    """
    r = _read(scores, _diagonal)
    return r if isinstance(r, Undefined) else float(np.diagonal(r, -1).mean())


def backward_transfer(scores) -> Value:
    """BWT: how far scores at the end lie above those just after learning, mean_{j < T - 1} (R[T, j] - R[j + 1, j]),
    usually below 0 (Lopez-Paz and Ranzato 2017, eq. 3).

    >>> round(backward_transfer([[0.1, 0.1], [0.9, 0.2], [0.5, 0.9]]), 6)
    -0.4
    """
    r = _read(scores, lambda t: _diagonal(t) | _last(t), 2)
    return r if isinstance(r, Undefined) else float((r[-1] - np.diagonal(r, -1))[:-1].mean())


def forward_transfer(scores) -> Value:
    """FWT: how far the score on a task just before it is learned lies above the untrained network's,
    mean_{j > 0} (R[j, j] - R[0, j]) (Lopez-Paz and Ranzato 2017, eq. 4).

    >>> round(forward_transfer([[0.1, 0.1], [0.9, 0.2], [0.5, 0.9]]), 6)
    0.1
    """
    r = _read(scores, lambda t: np.eye(t + 1, t, dtype=bool) | (np.arange(t + 1) == 0)[:, None], 2)
    return r if isinstance(r, Undefined) else float((np.diagonal(r)[1:] - r[0, 1:]).mean())


def forgetting(scores) -> Value:
    """F: the fall from a task's best score, after it was learned and before the last phase, to its score at the end,
    mean_{j < T - 1} (max_{j < l < T} R[l, j] - R[T, j]) (Chaudhry and others 2018, eq. 3); below 0 where a task still gains.

    It is never less than -BWT. Libraries that count the first phase, or the last, among these measure something else.

    >>> round(forgetting([[0.1, 0.1], [0.9, 0.2], [0.5, 0.9]]), 6)
    0.4
    """
    r = _read(scores, _learned, 2)
    if isinstance(r, Undefined):
        return r
    t = r.shape[1]
    return float(np.mean([r[j + 1: t, j].max() - r[t, j] for j in range(t - 1)]))


def intransigence(scores, reference) -> Value:
    """What learning in a stream costs a task, mean_j (reference_j - R[j + 1, j]) (Chaudhry and others 2018, eq. 5).

    Args:
      reference: (T,) scores of a network that has learned each task with all that came before, or alone.

    >>> round(intransigence([[0.1, 0.1], [0.9, 0.2], [0.5, 0.7]], [0.9, 0.9]), 6)
    0.1
    """
    r, best = _read(scores, _diagonal), np.asarray(reference, float)
    if isinstance(r, Undefined):
        return r
    if best.shape != (r.shape[1],) or not np.isfinite(best).all():
        return Undefined(f"takes a reference score for each of the {r.shape[1]} tasks")
    return float((best - np.diagonal(r, -1)).mean())


def stability_gap(scores, within) -> Value:
    """How far old tasks dip while a new one is learned: the mean over phases i > 1 and tasks j < i - 1 of
    R[i - 1, j] - min_k W[i, k, j] (De Lange and others 2023, as the drop to the minimum).

    Args:
      within: (T + 1, K, T) scores at K moments inside each phase; those of row 0 are not read.

    >>> round(stability_gap([[0.1, 0.1], [0.9, 0.2], [0.8, 0.9]], [[[0, 0]], [[0.9, 0.2]], [[0.5, 0.6]]]), 6)
    0.4
    """
    r, w = _read(scores, _learned, 2), np.asarray(within, float)
    if isinstance(r, Undefined):
        return r
    if w.ndim != 3 or w.shape[1] == 0 or (w.shape[0], w.shape[2]) != r.shape:
        return Undefined("takes scores at moments within the phases")
    drops = np.concatenate([r[i - 1, : i - 1] - w[i, :, : i - 1].min(0) for i in range(2, len(r))])
    return float(drops.mean()) if np.isfinite(drops).all() else Undefined("a score within a phase is missing")


def need_weighted(scores, exponent: float = 1.0) -> Value:
    """The mean score at the end, each task weighted by the odds that it is needed next, lag ** -exponent
    (Anderson and Schooler 1991), where the newest task has lag 1.

    >>> need_weighted([[0.1, 0.1], [0.9, 0.2], [0.25, 1.0]], 1.0)
    0.75
    """
    r = _read(scores, _last)
    if isinstance(r, Undefined):
        return r
    weights = np.arange(r.shape[1], 0, -1.0) ** -exponent
    return float(r[-1] @ weights / weights.sum())


def retention(scores) -> np.ndarray | Undefined:
    """The mean score on what was learned `lag` phases ago, (T,) for lags 0, 1, ..., over all phases where there is one.

    >>> retention([[0.1, 0.1], [0.9, 0.2], [0.5, 0.7]]).tolist()
    [0.8, 0.5]
    """
    r = _read(scores, _learned)
    if isinstance(r, Undefined):
        return r
    return np.array([np.diagonal(r, -1 - lag).mean() for lag in range(r.shape[1])])


def steps_to(curve, criterion: float, steps) -> Value:
    """The first of the moments `steps` at which a curve has reached a criterion.

    >>> steps_to([0.2, 0.8, 0.95], 0.8, [10, 20, 30]), str(steps_to([0.2], 0.8, [10]))
    (20.0, 'not defined: the criterion 0.8 is never reached')
    """
    reached = np.asarray(curve, float) >= criterion
    if not reached.any():
        return Undefined(f"the criterion {criterion:g} is never reached")
    return float(np.asarray(steps)[reached.argmax()])


def savings(first, again) -> Value:
    """Ebbinghaus's savings, 1 - again / first, from the effort to learn and to relearn to one criterion.

    >>> savings(50.0, 25.0), str(savings(Undefined("never"), 40.0))
    (0.5, 'not defined: never')
    """
    for effort in (first, again):
        if isinstance(effort, Undefined):
            return effort
    return Undefined("the first learning took no effort") if first == 0 else float(1 - again / first)


def facilitation(efforts) -> Value:
    """How much less effort the later tasks take than the first, 1 - mean_{j > 1} e_j / e_1; below 0 where they take more.

    Efforts in steps and in new samples tell different stories, where steps are shared with old tasks.

    >>> facilitation([50.0, 30.0, 20.0])
    0.5
    """
    for effort in efforts:
        if isinstance(effort, Undefined):
            return effort
    e = np.asarray(efforts, float)
    if len(e) < 2 or not np.isfinite(e).all():
        return Undefined("takes the efforts of two tasks or more")
    return savings(float(e[0]), float(e[1:].mean()))


def fuar(kept_before, kept_after, updated_gain, new_gain) -> Value:
    """Forgotten over updated and acquired: max(0, loss on what stays true) / (max(0, gain on what changed) +
    max(0, gain on what is new)) (Jang and others 2022, eq. 1); 1 is break-even, 0 is free.

    >>> fuar(1.0, 0.5, 0.5, 0.5), str(fuar(1.0, 0.5, 0.0, 0.0))
    (0.5, 'not defined: nothing was updated or acquired')
    """
    gain = max(0.0, float(updated_gain)) + max(0.0, float(new_gain))
    return float(max(0.0, float(kept_before) - float(kept_after)) / gain) if gain > 0 else \
        Undefined("nothing was updated or acquired")


def stale_rate(answers, before, now) -> Value:
    """Share of changed facts that are still answered as they were; arrays (R,) of answers.

    >>> stale_rate([1, 2, 3], [1, 1, 1], [2, 2, 1])
    0.5
    """
    answers, before, now = map(np.asarray, (answers, before, now))
    changed = before != now
    return float((answers == before)[changed].mean()) if changed.any() else Undefined("no fact has changed")


def over(scores: xr.DataArray, measure: Callable, *arguments, dims=("after_task", "task")) -> xr.DataArray:
    """A measure of every run of a result with two dims (..., rows, columns) of its own; NaN where it is not defined.

    Runs with fewer tasks, which an outer join has padded, are cut back to their own.

    Raises:
      UsageError: a result that lacks one of the dims.
    """
    if missing := [dim for dim in dims if dim not in scores.dims]:
        raise wrong("scores", scores.dims, f"a result with the dim {missing[0]!r}, or other names as dims=(rows, columns)")

    def one(r):
        rows, columns = (np.flatnonzero(np.isfinite(r).any(axis)).max(initial=-1) + 1 for axis in (1, 0))
        return np.asarray(measure(r[:rows, :columns], *arguments), float)

    return xr.apply_ufunc(one, scores, input_core_dims=[list(dims)], vectorize=True)
