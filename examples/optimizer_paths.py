"""The way that optimizers take down a long valley: "Deep Learning from Scratch", chapter 6.

    python examples/optimizer_paths.py
"""
from __future__ import annotations

import argparse
from pathlib import Path

import minigrad as mg
from minigrad import optim, viz

OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.95),
    "Momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
    "AdaGrad": lambda p: optim.Adagrad(p, lr=1.5),
    "Adam": lambda p: optim.Adam(p, lr=0.3),
}


def valley(x: mg.Tensor, y: mg.Tensor) -> mg.Tensor:
    """x² / 20 + y²: steep across, flat along."""
    return x ** 2 / 20 + y ** 2


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("runs/optimizer_paths.png"))
    args = parser.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    viz.optimizer_paths(valley, OPTIMIZERS, start=(-7.0, 2.0), steps=30).savefig(args.out)
    print(f"picture in {args.out}")


if __name__ == "__main__":
    main()
