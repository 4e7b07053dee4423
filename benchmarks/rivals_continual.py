"""Learning a stream of tasks in plain PyTorch loops: naive, EWC and replay, each in its best fair form.

Imported only where PyTorch is. Tensors are sliced by hand (no DataLoader); Adam is fused.
"""

import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call, grad, vmap

FISHER_ROWS = 200


def model(features: int, width: int) -> nn.Module:
    return nn.Sequential(nn.Linear(features, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10))


def learn(stream, point, method: str, tasks: int) -> torch.Tensor:
    """The accuracy matrix of the first tasks of a stream (x, y, test x, test y), learned in sequence."""
    x, y, test_x, test_y = stream
    network = model(x.shape[-1], point.width)
    held, buffer, rows = None, Reservoir(point.buffer, x.shape[-1]), [accuracy(network, test_x, test_y)]
    for t in range(tasks):
        optimiser = torch.optim.Adam(network.parameters(), float(point.learning_rate), fused=True)
        for _ in range(point.steps):
            place = torch.randint(x.shape[1], (point.batch_size,))
            batch_x, batch_y = x[t, place], y[t, place]
            loss = F.cross_entropy(network(batch_x), batch_y)
            if method == "replay" and buffer.seen:
                old_x, old_y = buffer.draw(point.batch_size)
                loss = loss + F.cross_entropy(network(old_x), old_y)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            if held:
                for p, (weight, pull) in zip(network.parameters(), held):
                    p.grad.add_(weight * p.detach() - pull, alpha=10.0)
            optimiser.step()
            if method == "replay":
                buffer.offer(batch_x, batch_y)
        if method == "ewc":
            held = consolidate(network, x[t, :FISHER_ROWS], held)
        rows.append(accuracy(network, test_x, test_y))
    return torch.stack(rows)


@torch.no_grad()
def accuracy(network, x, y) -> torch.Tensor:
    return (network(x.flatten(0, 1)).argmax(1).view_as(y) == y).float().mean(1)


def fisher(network, x) -> list[torch.Tensor]:
    """Exact, example by example, by one vectorised call over examples and classes."""
    params = {name: p.detach() for name, p in network.named_parameters()}

    def said(params, row, chosen):
        return functional_call(network, params, (row[None],))[0].log_softmax(0) @ chosen

    slopes = vmap(vmap(grad(said), (None, None, 0)), (None, 0, None))(params, x, torch.eye(10))
    with torch.no_grad():
        p = network(x).softmax(1)
        return [torch.einsum("rc,rc...->...", p, s.square()) / len(x) for s in slopes.values()]


def consolidate(network, x, held):
    """The two sums that stand for all tasks, with one more."""
    new = [(f, f * p.detach()) for f, p in zip(fisher(network, x), network.parameters())]
    return new if held is None else [(a + f, b + g) for (a, b), (f, g) in zip(held, new)]


class Reservoir:
    """Copies of a fair sample of all examples seen."""

    def __init__(self, slots: int, features: int):
        self.x, self.y, self.seen = torch.zeros(slots, features), torch.zeros(slots, dtype=torch.long), 0

    def offer(self, x, y) -> None:
        number = self.seen + torch.arange(len(y))
        slot = torch.where(number < len(self.y), number, (torch.rand(len(y)) * (number + 1)).long())
        kept = slot < len(self.y)
        self.x[slot[kept]], self.y[slot[kept]] = x[kept], y[kept]
        self.seen += len(y)

    def draw(self, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
        place = torch.randint(min(self.seen, len(self.y)), (rows,))
        return self.x[place], self.y[place]
