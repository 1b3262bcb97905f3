"""Transfer what a network learned on many digits 0 to 4 to digits 5 to 9, of which there are 20 images each.

Three ways to learn the new digits, with the same images, steps and network:

- scratch: all weights begin at random
- frozen: the convolutions come from the old digits and stay; only a new head learns
- fine-tuned: the same, and the convolutions follow with a tenth of the head's step size

    python examples/transfer_learning.py --data-dir ~/mnist
"""
from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

import minigrad as mg
from minigrad import nn, optim
from minigrad.train import Trainer
from minigrad.train.callbacks import Callback, Freeze
from minigrad.vision.datasets import mnist_arrays

Digits = tuple[mg.Tensor, mg.Tensor]


class Net(nn.Module):
    """(N, 1, 28, 28) -> (N, 5): three convolutions that see, and a head that decides."""

    def __init__(self) -> None:
        def conv(inputs: int, outputs: int) -> list[nn.Module]:
            return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
        super().__init__()
        self.features = nn.Sequential(*conv(1, 16), *conv(16, 32), *conv(32, 64), nn.Flatten())   # 28 -> 14 -> 7 -> 3
        self.head = nn.Linear(64 * 3 * 3, 5)

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        return self.head(self.features(x))


def digits(data_dir: Path | None, train: bool, low: int) -> Digits:
    """The images (N, 1, 28, 28) of five digits from `low` on, and their labels, from 0 on."""
    pixels, labels, _ = mnist_arrays(data_dir, train=train)
    chosen = (labels >= low) & (labels < low + 5)
    return mg.tensor(pixels[chosen]).float().div(255).unsqueeze(1), mg.tensor(labels[chosen] - low)


def few(data: Digits, per_class: int) -> Digits:
    """So many images of each class, drawn at random."""
    images, labels = data
    order = mg.randperm(len(labels))
    chosen = mg.cat([order[labels[order] == digit][:per_class] for digit in range(5)])
    return images[chosen], labels[chosen]


def learn(model: Net, groups: list[dict[str, object]], data: Digits, test: Digits, epochs: int, *callbacks: Callback) -> float:
    """Train the parameters in `groups`; the accuracy on the test images afterwards."""
    trainer = Trainer(model, "cross_entropy", optim.Adam(groups), metrics=["accuracy"], callbacks=callbacks)
    trainer.fit(data, epochs=epochs, batch_size=20)
    return trainer.evaluate(test)["accuracy"]


def transfer(way: str, old: Net, data: Digits, test: Digits, epochs: int, lr: float) -> float:
    """Learn new digits in one of the three ways; the accuracy on their test images."""
    model = Net()                                    # its head is new
    if way != "scratch":
        model.features.load_state_dict(old.features.state_dict())
    groups: list[dict[str, object]] = [{"params": model.head.parameters(), "lr": lr},
                                       {"params": model.features.parameters(), "lr": lr / 10 if way == "fine-tuned" else lr}]
    return learn(model, groups, data, test, epochs, *([Freeze(model.features)] if way == "frozen" else []))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data-dir", type=Path, help="folder with MNIST's four IDX files; without it, the bundled images")
    parser.add_argument("--per-class", type=int, default=20, help="images of each new digit")
    parser.add_argument("--epochs", type=int, default=30, help="with the new digits")
    parser.add_argument("--old-epochs", type=int, default=3, help="with the old digits")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--repeats", type=int, default=5, help="draws of the new images")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(arguments)
    mg.manual_seed(args.seed)
    old = Net()
    images, labels = digits(args.data_dir, True, 0)
    accuracy = learn(old, [{"params": old.parameters(), "lr": args.lr}], (images, labels), digits(args.data_dir, False, 0), args.old_epochs)
    print(f"digits 0 to 4, {len(labels):,} images: accuracy {accuracy:.4f}")
    new, test = digits(args.data_dir, True, 5), digits(args.data_dir, False, 5)
    print(f"digits 5 to 9, {args.per_class} images each, {args.repeats} draws; accuracy on {len(test[1]):,} test images, mean and range")
    for way in ("scratch", "frozen", "fine-tuned"):
        found = []
        for repeat in range(args.repeats):
            mg.manual_seed(args.seed + 1 + repeat)   # the same images and the same head for each way
            data = few(new, args.per_class)
            found.append(transfer(way, old, data, test, args.epochs, args.lr))
        print(f"{way:<11}{statistics.mean(found):.4f}  ({min(found):.4f} to {max(found):.4f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
