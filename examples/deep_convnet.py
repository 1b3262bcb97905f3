"""Train DeepConvNet on MNIST.

The network of "Deep Learning from Scratch", chapter 8: six 3x3 convolutions in three stages of 16, 32 and 64 filters, each stage
closed by max-pooling, then two linear layers with dropout. Without `--data-dir` it trains on the images that come with minigrad.

    python examples/deep_convnet.py --epochs 20 --data-dir ~/mnist

Everything lands in `--out`: weights, the learning curve, the first layer's filters, the misclassified images, the computation
graph, and a checkpoint. Ctrl-C stops after the running batch; `--resume` goes on with the next one, bit for bit.
"""
from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn, optim, viz
from minigrad.utils.data import DataLoader, TensorDataset
from minigrad.vision.datasets import mnist_arrays


class DeepConvNet(nn.Sequential):
    """(N, 1, 28, 28) -> (N, 10) logits. He initialisation: ReLU follows every layer but the last."""

    def __init__(self) -> None:
        def conv(inputs: int, outputs: int, padding: int = 1) -> list[nn.Module]:
            return [nn.Conv2d(inputs, outputs, 3, padding=padding), nn.ReLU()]
        super().__init__(
            *conv(1, 16), *conv(16, 16), nn.MaxPool2d(2),               # 28 -> 14
            *conv(16, 32), *conv(32, 32, padding=2), nn.MaxPool2d(2),   # 14 -> 16 -> 8
            *conv(32, 64), *conv(64, 64), nn.MaxPool2d(2),              # 8 -> 4
            nn.Flatten(), nn.Linear(64 * 4 * 4, 50), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(50, 10), nn.Dropout(0.5))
        for layer in self:
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)


class Interrupt:
    """Ctrl-C asks to stop after the running batch; a second one stops at once."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


class Job:
    """All that changes while training, so that all of it can be saved and put back."""

    def __init__(self, args: argparse.Namespace) -> None:
        mg.manual_seed(args.seed)
        self.device = mg.device(args.device)
        self.train_images, self.train_labels, self.source = images(args.data_dir, train=True)
        self.test_images, self.test_labels, _ = images(args.data_dir, train=False)
        self.loader = DataLoader(TensorDataset(self.train_images, self.train_labels), batch_size=args.batch_size, shuffle=True)
        self.model = DeepConvNet().to(self.device)
        self.optimizer = optim.Adam(self.model.parameters(), lr=args.lr)
        self.scheduler = optim.lr_scheduler.CosineAnnealingLR(self.optimizer, T_max=args.epochs)
        self.history: list[dict[str, float]] = []    # one entry per finished epoch
        self.running = {"batches": 0, "loss": 0.0, "right": 0, "seen": 0}

    def state_dict(self) -> dict[str, Any]:
        return {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "scheduler": self.scheduler.state_dict(),
                "loader": self.loader.state_dict(), "rng": mg.get_rng_state(), "history": self.history, "running": self.running}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name in ("model", "optimizer", "scheduler", "loader"):
            getattr(self, name).load_state_dict(state[name])
        self.history, self.running = state["history"], state["running"]
        mg.set_rng_state(state["rng"])

    def train_step(self, x: mg.Tensor, t: mg.Tensor) -> None:
        y = self.model(x.to(self.device))
        t = t.to(self.device)
        loss = F.cross_entropy(y, t)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.running["batches"] += 1
        self.running["loss"] += loss.item() * len(t)
        self.running["right"] += int((y.argmax(1) == t).sum())
        self.running["seen"] += len(t)

    @mg.no_grad()
    def predictions(self) -> mg.Tensor:
        """The class that the model sees in each test image."""
        self.model.eval()
        found = [self.model(x.to(self.device)).argmax(1).cpu() for x in self.test_images.split(500)]
        self.model.train()
        return mg.cat(found)

    def finish_epoch(self, seconds: float) -> dict[str, float]:
        self.scheduler.step()
        test = (self.predictions() == self.test_labels).float().mean().item()
        seen = self.running["seen"]
        entry = {"epoch": len(self.history) + 1, "loss": self.running["loss"] / seen, "train_accuracy": self.running["right"] / seen,
                 "test_accuracy": test, "seconds": seconds}
        self.history.append(entry)
        self.running = {"batches": 0, "loss": 0.0, "right": 0, "seen": 0}
        return entry


def images(data_dir: Path | None, train: bool) -> tuple[mg.Tensor, mg.Tensor, str]:
    """Images (N, 1, 28, 28) in [0, 1], labels (N,), and where they came from."""
    pixels, labels, source = mnist_arrays(data_dir, train=train)
    return mg.tensor(pixels).float().div(255).unsqueeze(1), mg.tensor(labels), source


def train(job: Job, args: argparse.Namespace, interrupt: Interrupt) -> bool:
    """Train until `--epochs` are done; False if Ctrl-C came before."""
    columns = (SpinnerColumn(), TextColumn("epoch {task.fields[epoch]:>2}"), BarColumn(), TextColumn("{task.completed}/{task.total}"),
               TextColumn("loss {task.fields[loss]:.4f}  accuracy {task.fields[accuracy]:.4f}  {task.fields[rate]:,.0f} images/s"),
               TimeRemainingColumn())
    with Progress(*columns) as progress:
        while len(job.history) < args.epochs:
            bar = progress.add_task("", total=len(job.loader), completed=job.running["batches"], epoch=len(job.history) + 1,
                                    loss=0.0, accuracy=0.0, rate=0.0)
            started, before = time.perf_counter(), job.running["seen"]
            for x, t in job.loader:
                job.train_step(x, t)
                seen = job.running["seen"]
                progress.update(bar, advance=1, loss=job.running["loss"] / seen, accuracy=job.running["right"] / seen,
                                rate=(seen - before) / (time.perf_counter() - started))
                if interrupt.asked:
                    return False
            entry = job.finish_epoch(time.perf_counter() - started)
            progress.remove_task(bar)
            progress.console.print("epoch {epoch:>2}: loss {loss:.4f}, training accuracy {train_accuracy:.4f}, "
                                   "test accuracy {test_accuracy:.4f}, {seconds:.1f} s".format(**entry))
            mg.save(job.state_dict(), args.out / "checkpoint.safetensors")
    return True


def draw(job: Job, out: Path) -> None:
    """The pictures: learning curve, filters, mistakes, graph."""
    viz.learning_curve({"training": [e["train_accuracy"] for e in job.history], "test": [e["test_accuracy"] for e in job.history]},
                       ylabel="accuracy").savefig(out / "learning_curve.png")
    viz.filters(job.model[0].weight).savefig(out / "filters.png")
    viz.mistakes(job.test_images, job.test_labels, job.predictions()).savefig(out / "mistakes.png")
    loss = F.cross_entropy(job.model(job.test_images[:2]), job.test_labels[:2])
    viz.draw_graph(loss, params=dict(job.model.named_parameters())).save(out / "graph.svg")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--lr", type=float, default=1e-3, help="Adam's step size at the start; it falls to 0 along a cosine")
    parser.add_argument("--data-dir", type=Path, help="folder with MNIST's four IDX files; without it, the bundled images")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, help="CPU threads (default: all cores)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/deep_convnet"), help="where results go")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    parser.add_argument("--min-accuracy", type=float, default=0.0, help="fail if the last epoch's test accuracy is below this")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    args = parse(arguments)
    if args.threads:
        mg.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    interrupt = Interrupt()
    job = Job(args)
    print(f"DeepConvNet, {sum(p.numel() for p in job.model.parameters()):,} parameters; "
          f"{len(job.train_labels):,} training and {len(job.test_labels):,} test images ({job.source}); seed {args.seed}")
    checkpoint = args.out / "checkpoint.safetensors"
    if args.resume:
        job.load_state_dict(mg.load(checkpoint))
        print(f"resuming in epoch {len(job.history) + 1} after batch {job.running['batches']}")
    if not train(job, args, interrupt):
        mg.save(job.state_dict(), checkpoint)
        print(f"stopped in epoch {len(job.history) + 1} after batch {job.running['batches']}; go on with --resume")
        return 130
    mg.save(job.model.state_dict(), args.out / "weights.safetensors")
    (args.out / "history.json").write_text(json.dumps(job.history, indent=1) + "\n", encoding="utf-8")
    draw(job, args.out)
    final = job.history[-1]["test_accuracy"]
    print(f"test accuracy {final:.4f} after epoch {len(job.history)}; results in {args.out}/")
    if final < args.min_accuracy:
        print(f"that is below --min-accuracy {args.min_accuracy}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
