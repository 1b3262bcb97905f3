"""Draw the graph on the README's first screen: docs/images/graph.svg.

    python tools/make_readme_picture.py
"""
from __future__ import annotations

from pathlib import Path

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn, viz


class Block(nn.Module):
    """Convolution, ReLU and a shortcut around them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        return x + F.relu(self.conv(x))


def main() -> None:
    mg.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 8, 5, stride=2), Block(8), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8 * 6 * 6, 10))
    loss = F.cross_entropy(model(mg.rand(100, 1, 28, 28)), mg.randint(10, (100,)))
    folder = Path(__file__).parent.parent / "docs" / "images"
    folder.mkdir(exist_ok=True)
    picture = viz.draw_graph(loss, params=dict(model.named_parameters()))
    picture.save(folder / "graph.svg")


if __name__ == "__main__":
    main()
