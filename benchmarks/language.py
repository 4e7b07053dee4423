"""A step of the two-layer language model, beside the same one with PyTorch's own attention, and the machine's peak;
and how long the copying head of `repeated_data` takes to come."""

import time

import numpy as np

from benchmarks.timing import beside_jax, find_torch, peak, peak_speed, race, row, stepper
from mini.engine import live
from mini.plan import Plan
from mini.studies.repeated_data.experiment import RepeatedData

SIZES = ((32, 64, 64), (64, 64, 128), (128, 64, 128))  # width, length, vocabulary
BATCH, LAYERS, HEADS = 32, 2, 4
PHASE_SECONDS = 15


def run(quick: bool) -> list[dict]:
    """Several sizes, each a race of its own, and the phase change by the clock."""
    lines = [line for size in (SIZES[:1] if quick else SIZES) for line in _one(*size, rounds=3 if quick else 7)]
    return [*lines, _phase_change()]


def operations(width: int, length: int, vocabulary: int) -> float:
    """Floating-point operations of the products of one step, forward and backward, attention's masked half counted."""
    dense = LAYERS * 12 * width**2 + vocabulary * width
    return 6.0 * BATCH * length * (dense + LAYERS * 2 * length * width)


def _one(width: int, length: int, vocabulary: int, rounds: int) -> list[dict]:
    shape = {"width": width, "length": length, "vocabulary": vocabulary, "heads": HEADS, "layers": LAYERS}
    contenders = {"ours": stepper(RepeatedData(**shape, hidden_ratio=4, batch_size=BATCH)), **peak()}
    if find_torch():
        from benchmarks import language_rival
        with beside_jax():
            contenders |= {f"PyTorch, fused attention, {'fused' if fused else 'foreach'} AdamW":
                           language_rival.transformer(**shape, batch=BATCH, fused=fused) for fused in (True, False)}
    times = race(contenders, rounds)
    step, note = times["ours"], f"median {times['ours'].median:.2f}"
    name = f"language step, ({width}, {length}, {vocabulary}), batch {BATCH}"
    rivals = {k: t for k, t in times.items() if k.startswith("PyTorch,")}
    ideal = operations(width, length, vocabulary) / peak_speed(times)
    table = [row(name, step.least, "its products at the machine's peak", ideal, note=note)]
    table += [row(name, step.least, rival, t.least, note=note) for rival, t in rivals.items()]
    if rivals:
        best = min(rivals, key=lambda k: rivals[k].least)
        table.append(row(f"{name}, against the better form", step.least, best, rivals[best].least, at_most=1.0, note=note))
    return table


def _phase_change() -> dict:
    """All tokens unique: seconds until copying costs half of chance, by the clock, compilation included."""
    start = time.perf_counter()
    for partial in live(Plan(RepeatedData(repeated_share=0.0), 1000, 25, seeds=1), progress=False):
        copying = partial["copying_loss"].values if "copying_loss" in partial else np.array([np.nan])
        if np.nanmin(np.where(np.isnan(copying), np.inf, copying)) < np.log(64) / 2:
            break
    return row("induction recipe: until copying costs half of chance", 1e3 * (time.perf_counter() - start),
               at_most=1e3 * PHASE_SECONDS, of="ours", note="compilation included")
