"""A full-batch step of the one-block transformer, beside the same one with PyTorch's own attention."""

from benchmarks.timing import beside_jax, find_torch, race, row, stepper
from mini.studies.grokking.experiment import Grokking

SIZES = ((47, 64, 0.6), (59, 128, 0.4), (97, 128, 0.5))  # p, width, share of the data


def run(quick: bool) -> list[dict]:
    """Several sizes, each a race of its own."""
    return [line for size in (SIZES[:1] if quick else SIZES) for line in _one(*size, rounds=3 if quick else 7)]


def _one(p: int, width: int, share: float, rounds: int) -> list[dict]:
    contenders = {"ours": stepper(Grokking(p=p, width=width, train_fraction=share, model="transformer",
                                           activation="relu", loss="cross_entropy", weight_decay=0.5))}
    if find_torch():
        from benchmarks import rivals
        with beside_jax():
            for last in (False, True):
                for fused in (True, False):
                    label = (f"PyTorch, {'last position' if last else 'all positions'}, "
                             f"{'fused' if fused else 'foreach'} AdamW")
                    contenders[label] = rivals.transformer(p, width, share, last, fused)
    times = race(contenders, rounds)
    step = times.pop("ours")
    name, note = f"transformer step, p={p} d={width}", f"median {step.median:.2f}"
    table = [row(name, step.least, rival, t.least, note=note) for rival, t in times.items()]
    if times:
        best = min(times, key=lambda k: times[k].least)
        table.append(row(f"{name}, against the better form", step.least, best, times[best].least,
                         at_most=1.0, note=note))
    return table or [row(name, step.least, note=note)]
