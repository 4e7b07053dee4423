"""Eight seeds of early-learning regularisation for 200 epochs (1000 digits, 64-256-10), beside plain PyTorch loops."""

import time

import numpy as np

from benchmarks.timing import find_torch, one_by_one, row
from mini.engine import run as train
from mini.machine import cores
from mini.objectives import OBJECTIVES
from mini.studies.early_learning import EarlyLearning
from mini.tasks import digits

SEEDS, EPOCHS = 8, 200
POINT = EarlyLearning(noise=0.4, objective="elr")


def ours(epochs: int) -> float:
    """Milliseconds of eight seeds, compiled before; looked at after every epoch, as the study does."""
    start = time.perf_counter()
    train(POINT, epochs, seeds=SEEDS, progress=False)
    return 1e3 * (time.perf_counter() - start)


def run(quick: bool) -> list[dict]:
    """PyTorch's loops are timed over a share of the epochs of one seed, in turn with ours, and scaled up."""
    part, rounds = (5, 1) if quick else (20, 3)
    rivals = _rivals() if find_torch() else {}
    ours(2)
    times: dict[str, list[float]] = {name: [] for name in ["ours", *rivals]}
    for loop in rivals.values():
        loop(1)
    for _ in range(rounds):
        times["ours"].append(ours(EPOCHS))
        for name, loop in rivals.items():
            start = time.perf_counter()
            loop(part)
            times[name].append(1e3 * (time.perf_counter() - start) * SEEDS * EPOCHS / part)
    least = {name: min(t) for name, t in times.items()}
    title = f"ELR, {SEEDS} seeds of {EPOCHS} epochs"
    table = [row(title, least["ours"], name, ms) for name, ms in least.items() if name != "ours"]
    if rivals:
        best = min(rivals, key=least.get)
        table.append(row(f"{title}, against the fastest loop", least["ours"], best, least[best], at_most=0.2,
                         note=one_by_one()))
    return table or [row(title, least["ours"])]


def _rivals() -> dict:
    import torch

    from benchmarks import rivals

    x, y = (torch.from_numpy(a[: POINT.examples]) for a in digits.load())
    test = torch.from_numpy(digits.load().x[POINT.examples:])
    keep = torch.from_numpy(np.random.default_rng(0).random(len(y)) < 1 - float(POINT.noise))
    given = torch.where(keep, y, (y + 3) % 10).long()

    _agree(rivals)

    def loop(make, threads):
        def go(epochs):
            torch.set_num_threads(threads)
            make(x, given, test, POINT, epochs)
            torch.set_num_threads(cores())
        return go

    made = {"plain PyTorch": rivals.early_learning, "PyTorch with the published loss and a DataLoader": rivals.published_elr}
    return {f"{name}, {n} thread{'s' if n > 1 else ''}": loop(make, n)
            for name, make in made.items() for n in sorted({1, cores()})}


def _agree(rivals) -> None:
    """Both losses are the same function, or their times would say nothing."""
    import torch

    rng = np.random.default_rng(0)
    logits, memory = rng.normal(size=(POINT.batch_size, 10)), rng.dirichlet(np.ones(10), POINT.batch_size)
    label = rng.integers(0, 10, POINT.batch_size)
    theirs, renewed = rivals.elr_loss(torch.tensor(logits), torch.tensor(label), torch.tensor(memory), POINT)
    ours = OBJECTIVES["elr"].loss(logits, np.eye(10)[label], renewed.numpy(), 3.0).mean()
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)
