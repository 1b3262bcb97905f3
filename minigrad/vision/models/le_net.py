"""LeNet-5 (LeCun et al., Gradient-based learning applied to document recognition, 1998), with today's ReLU and max-pools."""
from __future__ import annotations

from typing import Any

from ... import nn
from ..._tensor import Tensor
from .registry import register_model


class LeNet(nn.Module):
    """(N, in_channels, 28, 28) -> (N, num_classes). torchvision has no LeNet; this one is our own.

    >>> import minigrad
    >>> LeNet()(minigrad.zeros(2, 1, 28, 28)).shape
    minigrad.Size([2, 10])
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 6, 5, padding=2)     # the paper's images were 32 by 32
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.relu = nn.ReLU()
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.relu(self.conv1(x)))      # (N, 6, 14, 14)
        x = self.pool(self.relu(self.conv2(x)))      # (N, 16, 5, 5)
        x = self.relu(self.fc2(self.relu(self.fc1(x.flatten(1)))))
        y: Tensor = self.fc3(x)
        return y


@register_model
def lenet(**kwargs: Any) -> LeNet:
    """LeNet-5, 61,706 parameters. kwargs: those of `LeNet`."""
    return LeNet(**kwargs)
