"""Whole training runs on the digits that come with the package."""
from __future__ import annotations

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn, optim
from minigrad.utils.data import DataLoader, TensorDataset
from minigrad.vision.datasets import mnist_arrays


def digits(train: bool) -> tuple[mg.Tensor, mg.Tensor]:
    images, labels, _ = mnist_arrays(train=train)
    return mg.tensor(images).float() / 255, mg.tensor(labels)


def train(model: nn.Module, optimizer: optim.Optimizer, x: mg.Tensor, t: mg.Tensor, epochs: int) -> None:
    for _ in range(epochs):
        for xs, ts in DataLoader(TensorDataset(x, t), batch_size=100, shuffle=True):
            loss = F.cross_entropy(model(xs), ts)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def accuracy(model: nn.Module, x: mg.Tensor, t: mg.Tensor) -> float:
    model.eval()
    with mg.no_grad():
        return float((model(x).argmax(1) == t).float().mean())


def test_an_mlp_learns_the_digits() -> None:
    mg.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 50), nn.ReLU(), nn.Linear(50, 10))
    train(model, optim.SGD(model.parameters(), lr=0.1, momentum=0.9), *digits(True), epochs=4)
    assert accuracy(model, *digits(False)) > 0.88


def test_a_convolutional_network_with_batch_norm_learns_the_digits() -> None:
    mg.manual_seed(0)
    x, t = digits(True)
    model = nn.Sequential(nn.Conv2d(1, 8, 5, stride=2), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                          nn.Linear(8 * 6 * 6, 10))
    train(model, optim.Adam(model.parameters(), lr=1e-2), x[:3000].unsqueeze(1), t[:3000], epochs=2)
    test_x, test_t = digits(False)
    assert accuracy(model, test_x.unsqueeze(1), test_t) > 0.9
