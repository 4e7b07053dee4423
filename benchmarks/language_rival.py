"""The language model of `benchmarks/language.py` in plain PyTorch, in its best fair form."""

import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.rivals import trainer
from benchmarks.timing import Contender


class Block(nn.Module):
    """Causal attention by PyTorch's fused kernel, positions in queries and keys only; then a hidden layer."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.before, self.between = nn.RMSNorm(width), nn.RMSNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)
        self.heads = heads

    def forward(self, x, position):
        width = x.shape[-1]
        q, k, v = self.qkv(self.before(x)).split(width, -1)
        shift = F.linear(position, self.qkv.weight[: 2 * width])
        q, k = q + shift[:, :width], k + shift[:, width:]
        q, k, v = (y.unflatten(-1, (self.heads, -1)).transpose(1, 2) for y in (q, k, v))
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(seen.transpose(1, 2).flatten(2))
        return x + self.down(F.relu(self.up(self.between(x))))


class Model(nn.Module):
    def __init__(self, width: int, length: int, vocabulary: int, layers: int, heads: int):
        super().__init__()
        self.embedding, self.position = nn.Embedding(vocabulary, width), nn.Parameter(torch.randn(length, width))
        self.blocks = nn.ModuleList([Block(width, heads) for _ in range(layers)])
        self.norm, self.readout = nn.RMSNorm(width), nn.Linear(width, vocabulary, bias=False)

    def forward(self, tokens):
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, self.position)
        return self.readout(self.norm(x))


def transformer(width: int, length: int, vocabulary: int, layers: int, heads: int, batch: int, fused: bool) -> Contender:
    """The model in training, on next-token cross-entropy of one batch."""
    torch.manual_seed(0)
    tokens = torch.randint(0, vocabulary, (batch, length))

    def loss(model):
        return F.cross_entropy(model(tokens)[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())

    return trainer(Model(width, length, vocabulary, layers, heads), loss, fused, lr=0.005, betas=(0.9, 0.98),
                   weight_decay=0.0)
