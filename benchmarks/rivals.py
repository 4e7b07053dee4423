"""The same networks in plain PyTorch, each in its best fair form; imported only where PyTorch is."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.timing import Contender


def data(p: int, share: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pairs to train on and their sums: a, b, label, each (rows,)."""
    torch.manual_seed(0)
    pair = torch.randperm(p * p)[: round(share * p * p)].sort().values
    a, b = pair // p, pair % p
    return a, b, (a + b) % p


def trainer(model: nn.Module, loss: Callable, fused: bool, compiled: bool = False, **adamw) -> Contender:
    """Full-batch AdamW steps on `loss(model)`; `fused` or for each tensor at once."""
    how = {"fused": True} if fused else {"foreach": True}
    optimiser = torch.optim.AdamW(model.parameters(), **adamw, **how)
    objective = torch.compile(loss) if compiled else loss
    queued = next(model.parameters()).is_cuda

    def go(count: int) -> None:
        for _ in range(count):
            optimiser.zero_grad(set_to_none=True)
            objective(model).backward()
            optimiser.step()
        if queued:
            torch.cuda.synchronize()

    return go


class OneHot(nn.Module):
    """The quadratic network as a product with the two one-hot vectors side by side."""

    def __init__(self, p: int, width: int):
        super().__init__()
        std = (16 * width) ** (-1 / 3)
        self.into = nn.Parameter(std * torch.randn(2 * p, width))
        self.out = nn.Parameter(std * torch.randn(width, p))
        self.p = p

    def inputs(self, a, b):
        return torch.cat([F.one_hot(a, self.p), F.one_hot(b, self.p)], 1).float()

    def forward(self, x):
        return (x @ self.into).square() @ self.out


class LookUp(OneHot):
    """The same with rows looked up by plain indexing."""

    def inputs(self, a, b):
        return torch.stack([a, b + self.p])

    def forward(self, x):
        return (self.into[x[0]] + self.into[x[1]]).square() @ self.out


class Embedding(LookUp):
    """The same with rows looked up by the call made for it, whose gradient is cheaper."""

    def forward(self, x):
        return (F.embedding(x[0], self.into) + F.embedding(x[1], self.into)).square() @ self.out


class Bag(LookUp):
    """The same with rows looked up and summed in one call."""

    def inputs(self, a, b):
        return torch.stack([a, b + self.p], 1)

    def forward(self, x):
        return F.embedding_bag(x, self.into, mode="sum").square() @ self.out


PLAIN = {"one-hot": OneHot, "look-up by index": LookUp}
MLPS = PLAIN | {"embedding": Embedding, "embedding in one call": Bag}


def mlp(form: str, p: int, width: int, share: float, fused: bool, compiled: bool = False) -> Contender:
    """A form of the quadratic network in training, on squared error."""
    a, b, label = data(p, share)
    model = MLPS[form](p, width)
    x, target = model.inputs(a, b), F.one_hot(label, p).float()
    return trainer(model, lambda m: F.mse_loss(m(x), target), fused, compiled, lr=0.01, betas=(0.9, 0.98),
                   weight_decay=5.0)


class Transformer(nn.Module):
    """One causal block on two tokens, with PyTorch's own attention; answers at the last position.

    `last` computes queries, hidden layer and read-out there only, which changes nothing else.
    """

    def __init__(self, p: int, width: int, heads: int, ratio: int, last: bool):
        super().__init__()
        self.embedding, self.position = nn.Embedding(p, width), nn.Parameter(torch.randn(2, width))
        self.query, self.key, self.value, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.up, self.down = nn.Linear(width, ratio * width, bias=False), nn.Linear(ratio * width, width, bias=False)
        self.readout = nn.Linear(width, p, bias=False)
        self.heads, self.last = heads, last

    def forward(self, tokens):
        x = self.embedding(tokens) + self.position  # (R, T, D)
        read = x[:, -1:] if self.last else x
        q, k, v = (f(y).unflatten(-1, (self.heads, -1)).transpose(1, 2)
                   for f, y in ((self.query, read), (self.key, x), (self.value, x)))  # (R, H, T, E)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=not self.last, scale=1 / q.shape[-1])
        x = read + self.out(seen.transpose(1, 2).flatten(2))
        x = x + self.down(F.relu(self.up(x)))
        return self.readout(x[:, -1]) / x.shape[-1]


def transformer(p: int, width: int, share: float, last: bool, fused: bool, compiled: bool = False,
                heads: int = 4, ratio: int = 4) -> Contender:
    """The transformer in training, on cross-entropy."""
    a, b, label = data(p, share)
    tokens = torch.stack([a, b], 1)
    return trainer(Transformer(p, width, heads, ratio, last), lambda m: F.cross_entropy(m(tokens), label),
                   fused, compiled, lr=0.01, betas=(0.9, 0.98), weight_decay=0.5)


def _classifier(features: int, width: int) -> nn.Module:
    return nn.Sequential(nn.Linear(features, width), nn.ReLU(), nn.Linear(width, 10))


def early_learning(x, given, test, point, epochs: int) -> nn.Module:
    """Early-learning regularisation as a plain loop over slices of tensors, looked at after every epoch as ours is."""
    model = _classifier(x.shape[1], point.width)
    optimiser = torch.optim.SGD(model.parameters(), point.learning_rate, point.momentum)
    memory = torch.zeros(len(x), 10)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(point.batch_size):
            logits = model(x[rows])
            loss, memory[rows] = elr_loss(logits, given[rows], memory[rows], point)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
        with torch.no_grad():
            model(x).argmax(1), model(test).argmax(1)
    return model


def elr_loss(logits, given, memory, point, strength: float = 3.0):
    """The loss of one batch and the memory renewed, written from the paper's formulas."""
    p = logits.softmax(1).clamp(1e-4, 1 - 1e-4)
    p = p / p.sum(1, keepdim=True)
    memory = point.target_momentum * memory + (1 - point.target_momentum) * p.detach()
    return F.cross_entropy(logits, given) + strength * (1 - (p * memory).sum(1)).log().mean(), memory


class PublishedElr(nn.Module):
    """The loss in the form of the authors' repository: a module that holds the memory and is given the indices."""

    def __init__(self, examples: int, point):
        super().__init__()
        self.memory, self.point = torch.zeros(examples, 10), point

    def forward(self, rows, logits, given):
        loss, self.memory[rows] = elr_loss(logits, given, self.memory[rows], self.point)
        return loss


def published_elr(x, given, test, point, epochs: int) -> nn.Module:
    """The same with that module, fed by a DataLoader of (example, label, index), as published code is."""
    model, loss = _classifier(x.shape[1], point.width), PublishedElr(len(x), point)
    optimiser = torch.optim.SGD(model.parameters(), point.learning_rate, point.momentum)
    data = torch.utils.data.TensorDataset(x, given, torch.arange(len(x)))
    batches = torch.utils.data.DataLoader(data, batch_size=point.batch_size, shuffle=True)
    for _ in range(epochs):
        for rows, labels, index in batches:
            optimiser.zero_grad()
            loss(index, model(rows), labels).backward()
            optimiser.step()
        with torch.no_grad():
            model(x).argmax(1), model(test).argmax(1)
    return model
