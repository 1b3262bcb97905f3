"""Train DeepConvNet in float32, under autocast, and with float16 weights, and compare memory, time and accuracy.

    python examples/half_precision.py --epochs 2 --data-dir ~/mnist

float32    the usual way.
autocast   float32 weights; convolutions and linear layers in float16, the loss in float32; `GradScaler` keeps gradients from
           vanishing.
float16    float16 weights and activations; the optimizer steps float32 copies of the weights, as a step of 0.001 is too small
           for a float16 weight of 1, whose neighbours are 0.0005 and 0.001 away.

Each runs in a process of its own, so that its peak memory is its own. docs/half_precision.md explains what is seen.
"""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deep_convnet import DeepConvNet, images

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn, optim
from minigrad.utils.data import DataLoader, TensorDataset

WAYS = ("float32", "autocast", "float16")
Step = Callable[[mg.Tensor, mg.Tensor], mg.Tensor]


def in_float32(model: nn.Module, lr: float) -> Step:
    """One step of training: images, labels -> loss."""
    optimizer = optim.Adam(model.parameters(), lr=lr)

    def step(x: mg.Tensor, t: mg.Tensor) -> mg.Tensor:
        loss = F.cross_entropy(model(x), t)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss
    return step


def under_autocast(model: nn.Module, lr: float) -> Step:
    """The same with the forward pass under autocast."""
    optimizer, scaler = optim.Adam(model.parameters(), lr=lr), mg.amp.GradScaler("cpu")

    def step(x: mg.Tensor, t: mg.Tensor) -> mg.Tensor:
        with mg.autocast("cpu", dtype=mg.float16):
            loss = F.cross_entropy(model(x), t)
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        return loss
    return step


def in_float16(model: nn.Module, lr: float) -> Step:
    """The same with float16 weights, whose float32 copies are what the optimizer knows."""
    weights = list(model.half().parameters())
    masters = [w.detach().float().requires_grad_() for w in weights]
    optimizer, scaler = optim.Adam(masters, lr=lr), mg.amp.GradScaler("cpu")

    def step(x: mg.Tensor, t: mg.Tensor) -> mg.Tensor:
        loss = F.cross_entropy(model(x.half()).float(), t)
        model.zero_grad()
        scaler.scale(loss).backward()
        for w, master in zip(weights, masters, strict=True):
            master.grad = w.grad.float()
        scaler.step(optimizer)
        scaler.update()
        with mg.no_grad():
            for w, master in zip(weights, masters, strict=True):
                w.copy_(master)
        return loss
    return step


MAKERS = dict(zip(WAYS, (in_float32, under_autocast, in_float16), strict=True))


@mg.no_grad()
def accuracy(model: nn.Module, x: mg.Tensor, t: mg.Tensor, way: str) -> float:
    """The share of test images that the model sees right."""
    model.eval()
    with mg.autocast("cpu", dtype=mg.float16, enabled=way == "autocast"):
        found = mg.cat([model(part.half() if way == "float16" else part).argmax(1) for part in x.split(500)])
    model.train()
    return (found == t).float().mean().item()


def kept_bytes(loss: mg.Tensor, model: nn.Module) -> int:
    """What the graph of a loss keeps for the backward pass, weights aside, each block of memory counted once."""
    blocks = {address(p.array): 0 for p in model.parameters()}
    waiting, seen = [loss.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        waiting += [following for following, _ in node.next_functions]
        for value in node.saved or ():
            if hasattr(value, "nbytes"):
                blocks.setdefault(address(value), value.nbytes)
    return sum(blocks.values())


def address(array: Any) -> int:
    """Where an array's memory starts."""
    return int(array.__array_interface__["data"][0])


def peak_bytes() -> int:
    """The most memory that this process has held so far."""
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def train(args: argparse.Namespace) -> dict[str, Any]:
    """Train in one way; what is to be told of it."""
    mg.manual_seed(args.seed)
    mg.set_num_threads(args.threads)
    x, t, _ = images(args.data_dir, train=True)
    test_x, test_t, _ = images(args.data_dir, train=False)
    loader = DataLoader(TensorDataset(x, t), batch_size=args.batch_size, shuffle=True)
    model = DeepConvNet()
    step = MAKERS[args.way](model, args.lr)
    loss, seconds, steps, before = None, 0.0, 0, peak_bytes()
    for _ in range(args.epochs):
        for batch_x, batch_t in loader:
            started = time.process_time()
            loss = step(batch_x, batch_t)
            seconds, steps = seconds + time.process_time() - started, steps + 1
    peak = peak_bytes() - before
    return {"way": args.way, "accuracy": accuracy(model, test_x, test_t, args.way), "step": seconds / steps,
            "weights": sum(p.numel() * p.element_size() for p in model.parameters()), "kept": measured(args, model), "peak": peak,
            "loss": loss.item()}


def measured(args: argparse.Namespace, model: nn.Module) -> int:
    """What one batch keeps for the backward pass."""
    x, t = mg.rand(args.batch_size, 1, 28, 28), mg.zeros(args.batch_size, dtype=mg.int64)
    with mg.autocast("cpu", dtype=mg.float16, enabled=args.way == "autocast"):
        y = model(x.half() if args.way == "float16" else x)
        return kept_bytes(F.cross_entropy(y.float(), t), model)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--data-dir", type=Path, help="folder with MNIST's four IDX files; without it, the bundled images")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--way", choices=WAYS, help="train in this way only, and print the result as JSON")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    args = parse(arguments)
    if args.way:
        print(json.dumps(train(args)))
        return
    print(f"{'':10} {'step':>9} {'weights':>9} {'kept for':>11} {'peak above':>10} {'test':>9}")
    print(f"{'':10} {'CPU ms':>9} {'KB':>9} {'backward MB':>11} {'start MB':>10} {'accuracy':>9}")
    for way in WAYS:
        command = [sys.executable, __file__, *(sys.argv[1:] if arguments is None else arguments), "--way", way]
        r = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(f"{way:10} {r['step'] * 1e3:9.1f} {r['weights'] / 1e3:9.1f} {r['kept'] / 1e6:11.1f} {r['peak'] / 1e6:10.1f} "
              f"{r['accuracy']:9.4f}")


if __name__ == "__main__":
    main()
