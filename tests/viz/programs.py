"""The programs whose pictures are tested: what they return is drawn. Their line numbers are part of the golden files."""
from __future__ import annotations

from collections.abc import Callable

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn, viz
from minigrad.vision import models


def deep_convnet() -> viz.GraphPicture:
    """The DeepConvNet of the examples, on small images."""
    mg.manual_seed(0)
    layers: list[nn.Module] = []
    for channels, before in ((16, 1), (32, 16), (64, 32)):
        layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU(), nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()]
        layers.append(nn.MaxPool2d(2))
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64, 50), nn.ReLU(), nn.Dropout(0.5), nn.Linear(50, 10))
    loss = F.cross_entropy(model(mg.rand(4, 1, 8, 8)), mg.tensor([1, 2, 3, 4]))
    return viz.draw_graph(loss)


def resnet50() -> viz.GraphPicture:
    """Before it was run; from its modules' children on as boxes."""
    return viz.draw_graph(models.resnet50(), (2, 3, 32, 32), depth=2)


class Tagger(nn.Module):
    """An LSTM cell in a loop."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(5, 8)
        self.head = nn.Linear(8, 3)

    def forward(self, words: mg.Tensor) -> mg.Tensor:
        h = c = mg.zeros(words.shape[1], 8)
        for word in words:
            h, c = self.cell(word, (h, c))
        return self.head(h)


def unrolled_lstm() -> viz.GraphPicture:
    tagger = Tagger()
    return viz.draw_graph(tagger(mg.rand(20, 2, 5)).sum())


class Attention(nn.Module):
    """Two heads over words (N, T, 16)."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.qkv, self.out = nn.LayerNorm(16), nn.Linear(16, 48), nn.Linear(16, 16)

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        n, t, _ = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(n, t, 3, 2, 8).permute(2, 0, 3, 1, 4).unbind(0)
        weights = F.softmax(q @ k.transpose(-2, -1) / 8 ** 0.5, -1)
        return x + self.out((weights @ v).transpose(1, 2).reshape(n, t, 16))


class Feed(nn.Sequential):
    """The two layers behind attention."""

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        return x + super().forward(x)


def transformer() -> viz.GraphPicture:
    """Twelve blocks between an embedding and the words that come next."""
    blocks = [nn.Sequential(Attention(), Feed(nn.LayerNorm(16), nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16))) for _ in range(12)]
    model = nn.Sequential(nn.Embedding(40, 16), *blocks, nn.Linear(16, 40))
    words = mg.arange(10).reshape(2, 5)
    return viz.draw_graph(F.cross_entropy(model(words).transpose(1, 2), words))


def double_backward() -> viz.GraphPicture:
    """The penalty of a WGAN: a gradient of a gradient."""
    critic = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    x = mg.rand(2, 3, requires_grad=True)
    slope, = mg.autograd.grad(critic(x).sum(), x, create_graph=True)
    return viz.draw_graph(((slope.norm(2, dim=1) - 1) ** 2).mean())


PROGRAMS: dict[str, Callable[[], viz.GraphPicture]] = {
    f.__name__: f for f in (deep_convnet, resnet50, unrolled_lstm, transformer, double_backward)}
