"""Read handwritten digits as well as a small network can: augmentation, a learning-rate cycle, averaged weights and an ensemble.

    python examples/mnist_best.py --data-dir ~/mnist --members 3 --epochs 8

Each member is a convolutional network with batch normalisation, of DeepConvNet's size. It sees every image turned, scaled, sheared,
shifted and bent a little differently in each epoch. One image in twelve is held out of the training set: it decides whether the answer
comes from the best member or from all, and from the images alone or from shifted copies, too. The test set is read once, at the end.

Everything lands in `--out`. The same command again goes on where it was stopped, by Ctrl-C or worse.
"""
from __future__ import annotations

import argparse
import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn, optim
from minigrad.train import Trainer
from minigrad.train.callbacks import LambdaCallback
from minigrad.utils.data import DataLoader, TensorDataset
from minigrad.vision.datasets import mnist_arrays


class Net(nn.Sequential):
    """(N, 1, 28, 28) -> (N, 10) logits: five convolutions in three stages, batch normalisation behind each."""

    def __init__(self) -> None:
        def conv(inputs: int, outputs: int) -> list[nn.Module]:
            return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
        super().__init__(
            nn.Conv2d(1, 16, 5, padding=2), nn.MaxPool2d(2), nn.BatchNorm2d(16), nn.ReLU(),   # 28 -> 14
            *conv(16, 32), *conv(32, 32), nn.MaxPool2d(2),                                    # 14 -> 7
            *conv(32, 64), *conv(64, 64), nn.MaxPool2d(2),                                    # 7 -> 3
            nn.Flatten(), nn.Dropout(0.3), nn.Linear(64 * 3 * 3, 10))


def uniform(n: int, bound: float) -> mg.Tensor:
    """n numbers between -bound and bound."""
    return (mg.rand(n) * 2 - 1) * bound


def augmented(images: mg.Tensor) -> mg.Tensor:
    """Each image (N, 1, H, W) through an affine map of its own, and bent by a smooth random field."""
    n, _, height, width = images.shape
    angle, shear = uniform(n, math.radians(12)), uniform(n, 0.15)
    across, down = 1 + uniform(n, 0.12), 1 + uniform(n, 0.12)
    x, y = uniform(n, 4 / width), uniform(n, 4 / height)    # 2 pixels: coordinates run from -1 to 1
    cos, sin = angle.cos(), angle.sin()
    rows = [cos * across, (shear * cos - sin) * down, x, sin * across, (shear * sin + cos) * down, y]
    grid = F.affine_grid(mg.stack(rows, 1).reshape(n, 2, 3), images.shape, align_corners=False)   # (N, H, W, 2)
    bends = F.interpolate(mg.randn(n, 2, 6, 6) * 0.04, size=(height, width), mode="bilinear", align_corners=True)
    return F.grid_sample(images, grid + bends.permute(0, 2, 3, 1), align_corners=False)


class AugmentingTrainer(Trainer):
    """Trains on augmented images, looks at plain ones."""

    def compute(self, batch: Any) -> tuple[Any, Any, Any]:
        images, target = batch
        if not self.model.training:
            return super().compute(batch)
        output = self.model(augmented(images))
        return F.cross_entropy(output, target, label_smoothing=0.05), output, target


def member_trainer(seed: int, steps: int, folder: Path, lr: float) -> Trainer:
    """A trainer for one member. The step size rises for a quarter of the steps, then falls to nearly nothing along a cosine."""
    mg.manual_seed(seed)
    model = Net()
    decayed = [p for p in model.parameters() if p.ndim > 1]
    free = [p for p in model.parameters() if p.ndim <= 1]   # biases, and the scales of batch normalisation
    optimizer = optim.AdamW([{"params": decayed, "weight_decay": 0.05}, {"params": free, "weight_decay": 0.0}], lr=lr)
    schedule = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=lr, total_steps=steps, pct_start=0.25, cycle_momentum=False)

    def say(trainer: Trainer) -> None:
        logs = trainer.history.rows()[-1]
        print(f"{time.strftime('%H:%M:%S')}  member seed {seed}, epoch {trainer.epoch}: loss {logs['loss']:.4f}, "
              f"training accuracy {logs['accuracy']:.4f}, validation accuracy {logs['val_accuracy']:.4f}", flush=True)

    return AugmentingTrainer(model, F.cross_entropy, optimizer, metrics=["accuracy"], scheduler=schedule, schedule="step", ema=0.998,
                             folder=folder, callbacks=[LambdaCallback(on_epoch_end=say)])


def images(data_dir: Path | None, train: bool) -> tuple[mg.Tensor, mg.Tensor, str]:
    """Images (N, 1, 28, 28) in [0, 1], labels (N,), and where they came from."""
    pixels, labels, source = mnist_arrays(data_dir, train=train)
    return mg.tensor(pixels).float().div(255).unsqueeze(1), mg.tensor(labels), source


@mg.no_grad()
def probabilities(model: nn.Module, pixels: mg.Tensor, shifted: bool) -> mg.Tensor:
    """(N, 10): what the model thinks of each image; with `shifted` the mean over it and its copies moved by a pixel, four ways."""
    model.eval()
    moves = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)] if shifted else [(0, 0)]
    batches = [[batch.roll(move, (2, 3)) for move in moves] for batch in pixels.split(500)]   # a digit's margin is 4 pixels wide
    return mg.cat([mg.stack([F.softmax(model(copy), 1) for copy in copies]).mean(0) for copies in batches])


def score(p: mg.Tensor, labels: mg.Tensor) -> tuple[float, float]:
    """Accuracy, and the mean of -log p of the right class, which decides between equal accuracies."""
    return (p.argmax(1) == labels).float().mean().item(), F.nll_loss(p.clamp_min(1e-12).log(), labels).item()


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--members", type=int, default=3, help="networks in the ensemble")
    parser.add_argument("--epochs", type=int, default=8, help="per member")
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--lr", type=float, default=4e-3, help="AdamW's largest step size")
    parser.add_argument("--data-dir", type=Path, help="folder with MNIST's four IDX files; without it, the bundled images")
    parser.add_argument("--threads", type=int, help="CPU threads (default: all cores)")
    parser.add_argument("--seed", type=int, default=0, help="of the first member; the next ones follow")
    parser.add_argument("--out", type=Path, default=Path("runs/mnist_best"), help="where results go")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    args = parse(arguments)
    if args.threads:
        mg.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    pixels, labels, source = images(args.data_dir, train=True)
    order = mg.randperm(len(labels), generator=mg.Generator().manual_seed(args.seed))
    held, rest = order[:len(order) // 12], order[len(order) // 12:]
    validation = pixels[held], labels[held]
    print(f"{len(rest):,} images to train with, {len(held):,} to decide by ({source})", flush=True)
    models = []
    for seed in range(args.seed, args.seed + args.members):
        loader = DataLoader(TensorDataset(pixels[rest], labels[rest]), batch_size=args.batch_size, shuffle=True)
        trainer = member_trainer(seed, args.epochs * len(loader), args.out / f"member-{seed}", args.lr)
        trainer.fit(loader, validation, epochs=args.epochs, save_every=100, resume=True)
        if trainer.epoch < args.epochs:
            print("stopped; the same command goes on")
            return 130
        models.append(trainer.average.module)
        mg.save(models[-1].state_dict(), args.out / f"weights-{seed}.safetensors")
    report(models, validation, args)
    return 0


def report(models: list[nn.Module], validation: tuple[mg.Tensor, mg.Tensor], args: argparse.Namespace) -> None:
    """Choose by the validation images, then say what comes out for the test images."""
    members, every = range(len(models)), list(range(len(models)))
    kinds = {"": False, ", with shifted copies": True}
    ways = {f"{name}{suffix}": (chosen, shifted) for suffix, shifted in kinds.items()
            for name, chosen in [*((f"member {i}", [i]) for i in members), ("ensemble", every)]}
    thoughts = {shifted: [probabilities(model, validation[0], shifted) for model in models] for shifted in kinds.values()}
    scores = {way: score(mg.stack([thoughts[shifted][i] for i in chosen]).mean(0), validation[1])
              for way, (chosen, shifted) in ways.items()}
    for way, (accuracy, loss) in scores.items():
        print(f"validation: {way}: accuracy {accuracy:.4f}, loss {loss:.5f}", flush=True)
    best = min(scores, key=lambda way: (-scores[way][0], scores[way][1]))
    print(f"chosen by the validation images: {best}", flush=True)
    pixels, labels, _ = images(args.data_dir, train=False)
    thoughts = {shifted: [probabilities(model, pixels, shifted) for model in models] for shifted in kinds.values()}
    tests = {way: mg.stack([thoughts[shifted][i] for i in chosen]).mean(0) for way, (chosen, shifted) in ways.items()}
    accuracy, loss = score(tests[best], labels)
    print(f"test accuracy {accuracy:.4f} ({int((tests[best].argmax(1) != labels).sum())} of {len(labels):,} wrong), loss {loss:.5f}")
    others = {way: score(p, labels) for way, p in tests.items()}
    for way, (accuracy_there, _) in others.items():
        print(f"test, for the record: {way}: accuracy {accuracy_there:.4f}")
    result = {"validation": scores, "chosen": best, "test_accuracy": accuracy, "test_loss": loss, "test": others}
    (args.out / "result.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
