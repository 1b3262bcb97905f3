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


def deep_convnet(nn: Any) -> Any:
    """The network of the example, in any library with PyTorch's names."""
    def conv(inputs: int, outputs: int, padding: int = 1) -> list[Any]:
        return [nn.Conv2d(inputs, outputs, 3, padding=padding), nn.ReLU()]
    model = nn.Sequential(
        *conv(1, 16), *conv(16, 16), nn.MaxPool2d(2), *conv(16, 32), *conv(32, 32, padding=2), nn.MaxPool2d(2),
        *conv(32, 64), *conv(64, 64), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1024, 50), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(50, 10), nn.Dropout(0.5))
    for layer in model:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", default="minigrad", choices=("minigrad", "torch"))
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
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
    model = deep_convnet(torch.nn)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)
    history = []
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
        history.append({"epoch": epoch, "loss": total / len(t_train), "test_accuracy": right / len(t_test), "seconds": seconds})
        print(args.library, args.seed, history[-1], flush=True)
        if args.json:
            args.json.write_text(json.dumps(history, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
