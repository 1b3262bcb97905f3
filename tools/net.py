"""The network in the README's picture: its lines are in it."""
from __future__ import annotations

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn


class Block(nn.Module):
    """Convolution, normalisation and ReLU, with a shortcut around them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        y = self.norm(self.conv(x))
        return x + F.relu(y)


class Net(nn.Module):
    """A small residual network for digits."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 16, 5, stride=2)
        self.blocks = nn.Sequential(*[Block(16) for _ in range(6)])
        self.head = nn.Linear(16, 10)

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        x = self.blocks(self.stem(x))
        return self.head(x.mean((2, 3)))


def loss_of(model: nn.Module) -> mg.Tensor:
    """One batch of noise through the network."""
    images, labels = mg.rand(100, 1, 28, 28), mg.randint(10, (100,))
    return F.cross_entropy(model(images), labels)
