"""SimpleConvNet of "Deep Learning from Scratch", chapter 7: convolution, ReLU, pooling, two linear layers.

30 filters of 5x5, 100 hidden units, Adam with step 0.001.

    python examples/simple_convnet.py
"""
from __future__ import annotations

import argparse
from pathlib import Path

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn, optim
from minigrad.utils.data import DataLoader, TensorDataset
from minigrad.vision.datasets import mnist_arrays


class SimpleConvNet(nn.Module):
    """(N, 1, 28, 28) -> (N, 10) logits."""

    def __init__(self, filters: int = 30, hidden: int = 100) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, filters, 5)         # 28 -> 24
        self.pool = nn.MaxPool2d(2)                  # 24 -> 12
        self.fc1 = nn.Linear(filters * 12 * 12, hidden)
        self.fc2 = nn.Linear(hidden, 10)

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        x = self.pool(F.relu(self.conv(x)))
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def images(data_dir: Path | None, train: bool) -> TensorDataset:
    pixels, labels, _ = mnist_arrays(data_dir, train=train)
    return TensorDataset(mg.tensor(pixels).float().unsqueeze(1) / 255, mg.tensor(labels))


@mg.no_grad()
def accuracy(model: nn.Module, loader: DataLoader) -> float:
    right = [(model(x).argmax(1) == t).float() for x, t in loader]
    return mg.cat(right).mean().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--data-dir", type=Path)
    args = parser.parse_args()
    mg.manual_seed(0)
    train, test = (images(args.data_dir, train) for train in (True, False))
    loader, test_loader = DataLoader(train, batch_size=100, shuffle=True), DataLoader(test, batch_size=500)
    model = SimpleConvNet()
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    print(model)
    for epoch in range(1, args.epochs + 1):
        for x, t in loader:
            loss = F.cross_entropy(model(x), t)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch}: loss {loss.item():.4f}, test accuracy {accuracy(model, test_loader):.4f}")


if __name__ == "__main__":
    main()
