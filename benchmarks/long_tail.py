"""The estimator: 2000 networks (64-32-10, 700 of 1000 digits, 40 epochs), beside one after another in PyTorch.

The public demonstration of the estimator trains as many networks in sequence, in hours on a GPU.
"""

import time

from benchmarks.timing import find_torch, row
from mini.engine import run as train
from mini.machine import cores
from mini.studies.long_tail import Estimator
from mini.tasks import digits

NETWORKS, SECONDS = 2000, 30
POINT = Estimator()
RIVAL = "PyTorch, one after another, one thread"


def ours(networks: int) -> float:
    """Milliseconds of so many networks in all, as one run for each core, compiled before."""
    start = time.perf_counter()
    train(POINT, networks // cores(), networks // cores(), seeds=cores(), progress=False)
    return 1e3 * (time.perf_counter() - start)


def run(quick: bool) -> list[dict]:
    """Few networks of the rival are timed, in turn with ours, and scaled up."""
    counts = (250, 500) if quick else (250, 500, 1000, NETWORKS)
    ours(cores())
    loop = _rival() if find_torch() else None
    spent = {count: ours(count) for count in counts}
    theirs = loop(4) * NETWORKS if loop else None
    least = counts[0]
    table = [row(f"estimator, {count} networks against {count // least} times {least}", ms, f"{count // least} times {least}",
                 spent[least] * count / least, at_most=1.1, note=f"{ms / count:.1f} ms a network")
             for count, ms in spent.items() if count > least]
    whole = spent[counts[-1]] * NETWORKS / counts[-1]
    table.append(row(f"estimator, {NETWORKS} networks", whole, at_most=1e3 * SECONDS, of="ours",
                     note="scaled up from fewer" if quick else f"{cores()} runs side by side"))
    if theirs:
        table.append(row(f"estimator, {NETWORKS} networks", whole, RIVAL, theirs, note="scaled up from 4 networks"))
    return table


def _rival():
    """A plain loop: the same network, data, optimiser and steps; milliseconds a network."""
    import torch
    from torch import nn

    x, y = (torch.from_numpy(a) for a in digits.load())
    x, y, m, batch = x[: POINT.examples], y[: POINT.examples].long(), POINT.subset_size, POINT.batch_size

    def network() -> None:
        model = nn.Sequential(nn.Linear(64, POINT.width), nn.ReLU(), nn.Linear(POINT.width, 10))
        optimiser = torch.optim.SGD(model.parameters(), POINT.learning_rate, POINT.momentum)
        subset = torch.randperm(len(y))[:m]
        for _ in range(POINT.train_epochs):
            for rows in subset[torch.randperm(m)].split(batch):
                optimiser.zero_grad()
                nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
                optimiser.step()

    def go(count: int) -> float:
        torch.set_num_threads(1)
        network()
        start = time.perf_counter()
        for _ in range(count):
            network()
        spent = 1e3 * (time.perf_counter() - start) / count
        torch.set_num_threads(cores())
        return spent

    return go
