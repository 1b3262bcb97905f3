"""Train DeepConvNet in float32, under autocast, and with float16 weights, and compare memory, time and accuracy.

    python examples/half_precision.py --epochs 2 --data-dir ~/mnist

float32    the usual way.
autocast   float32 weights; convolutions and linear layers in float16, the loss in float32; `GradScaler` keeps gradients from
           vanishing.
float16    float16 weights and activations; the optimizer steps float32 copies of the weights, as a step of 0.001 is too small
           for a float16 weight of 1, whose neighbours are 0.0005 and 0.001 away.

Printed are the CPU time of a step; the bytes of the weights, of what the graph keeps for the backward pass, of all arrays at the
peak of a step, and of the whole process; and the share of test images seen right. Each way runs in a process of its own.
docs/half_precision.md explains what is seen.
"""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deep_convnet import DeepConvNet, images

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn, optim
from minigrad.utils.data import DataLoader, TensorDataset

WAYS = ("float32", "autocast", "float16")
Step = Callable[[mg.Tensor, mg.Tensor], None]


def in_float32(model: nn.Module, lr: float) -> Step:
    """One step of training, of images and labels."""
    optimizer = optim.Adam(model.parameters(), lr=lr)

    def step(x: mg.Tensor, t: mg.Tensor) -> None:
        loss = loss_of(model, "float32", x, t)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return step


def under_autocast(model: nn.Module, lr: float) -> Step:
    """The same with the forward pass under autocast."""
    optimizer, scaler = optim.Adam(model.parameters(), lr=lr), mg.amp.GradScaler("cpu")

    def step(x: mg.Tensor, t: mg.Tensor) -> None:
        loss = loss_of(model, "autocast", x, t)
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    return step


def in_float16(model: nn.Module, lr: float) -> Step:
    """The same with float16 weights, whose float32 copies are what the optimizer knows."""
    weights = list(model.half().parameters())
    masters = [w.detach().float().requires_grad_() for w in weights]
    optimizer, scaler = optim.Adam(masters, lr=lr), mg.amp.GradScaler("cpu")

    def step(x: mg.Tensor, t: mg.Tensor) -> None:
        loss = loss_of(model, "float16", x, t)
        model.zero_grad()
        scaler.scale(loss).backward()
        for w, master in zip(weights, masters, strict=True):
            master.grad = w.grad.float()
        scaler.step(optimizer)
        scaler.update()
        with mg.no_grad():
            for w, master in zip(weights, masters, strict=True):
                w.copy_(master)
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


def process_bytes() -> int:
    """The most memory that this process has held so far."""
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def step_bytes(step: Callable[[], Any]) -> int:
    """The most memory that arrays take in one step, beside what they took before it."""
    tracemalloc.start()
    step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def train(args: argparse.Namespace) -> dict[str, Any]:
    """Train in one way; what is to be told of it."""
    mg.manual_seed(args.seed)
    mg.set_num_threads(args.threads)
    x, t, _ = images(args.data_dir, train=True)
    test_x, test_t, _ = images(args.data_dir, train=False)
    loader = DataLoader(TensorDataset(x, t), batch_size=args.batch_size, shuffle=True)
    model = DeepConvNet()
    step = MAKERS[args.way](model, args.lr)
    seconds, steps = 0.0, 0
    for _ in range(args.epochs):
        for batch_x, batch_t in loader:
            started = time.process_time()
            step(batch_x, batch_t)
            seconds, steps = seconds + time.process_time() - started, steps + 1
    whole, batch = process_bytes(), (x[:args.batch_size], t[:args.batch_size])
    return {"step": seconds / steps, "weights": sum(p.numel() * p.element_size() for p in model.parameters()),
            "kept": kept_bytes(loss_of(model, args.way, *batch), model), "peak": step_bytes(lambda: step(*batch)), "process": whole,
            "accuracy": accuracy(model, test_x, test_t, args.way)}


def loss_of(model: nn.Module, way: str, x: mg.Tensor, t: mg.Tensor) -> mg.Tensor:
    """The loss that each way trains with."""
    with mg.autocast("cpu", dtype=mg.float16, enabled=way == "autocast"):
        return F.cross_entropy(model(x.half()).float() if way == "float16" else model(x), t)


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
    columns = {"step": "CPU ms/step", "weights": "weights MB", "kept": "kept MB", "peak": "peak MB/step", "process": "process MB",
               "accuracy": "accuracy"}
    print(" " * 10, *[f"{title:>12}" for title in columns.values()])
    for way in WAYS:
        command = [sys.executable, __file__, *(sys.argv[1:] if arguments is None else arguments), "--way", way]
        r = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        numbers = [r["step"] * 1e3, *[r[name] / 1e6 for name in ("weights", "kept", "peak", "process")]]
        print(f"{way:10}", *[f"{n:12.2f}" for n in numbers], f"{r['accuracy']:12.4f}")


if __name__ == "__main__":
    main()
