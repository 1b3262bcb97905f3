"""DeepConvNet on MNIST, the same script for minigrad and PyTorch: accuracy per epoch and seed.

    python -m benchmarks.mnist --library torch --seed 0 --data-dir ~/mnist

The network, its initialisation, Adam, the learning-rate schedule and the order of the batches are those of `examples/deep_convnet.py`.
"""
from __future__ import annotations

import argparse
import importlib
import json
import time
from pathlib import Path
from typing import Any

from minigrad.vision.datasets import mnist_arrays

from .nets import deep_convnet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", default="minigrad", choices=("minigrad", "torch"))
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--until", type=float, default=1.0, help="stop after the first epoch with this test accuracy")
    parser.add_argument("--json", type=Path, help="write the history to this file")
    args = parser.parse_args()
    torch = importlib.import_module(args.library)
    F = importlib.import_module(f"{args.library}.nn.functional")
    data = importlib.import_module(f"{args.library}.utils.data")
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)

    def arrays(train: bool) -> tuple[Any, Any]:
        pixels, labels, _ = mnist_arrays(args.data_dir, train=train)
        return torch.tensor(pixels).float().div(255).unsqueeze(1), torch.tensor(labels)
    (x_train, t_train), (x_test, t_test) = arrays(True), arrays(False)
    loader = data.DataLoader(data.TensorDataset(x_train, t_train), batch_size=100, shuffle=True)
    model = deep_convnet(torch)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)
    history: list[dict[str, float]] = []
    wall, cpu = time.perf_counter(), time.process_time()
    for epoch in range(1, args.epochs + 1):
        started, total = time.perf_counter(), 0.0
        for x, t in loader:
            loss = F.cross_entropy(model(x), t)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(t)
        scheduler.step()
        seconds = time.perf_counter() - started
        model.eval()
        with torch.no_grad():
            right = sum(int((model(x).argmax(1) == t).sum()) for x, t in zip(x_test.split(500), t_test.split(500), strict=True))
        model.train()
        history.append({"epoch": epoch, "loss": total / len(t_train), "test_accuracy": right / len(t_test), "seconds": seconds,
                        "elapsed": time.perf_counter() - wall, "cpu": time.process_time() - cpu})
        print(json.dumps({"library": args.library, "seed": args.seed, **history[-1]}), flush=True)
        if args.json:
            args.json.write_text(json.dumps(history, indent=1) + "\n", encoding="utf-8")
        if right / len(t_test) >= args.until:
            break


if __name__ == "__main__":
    main()
