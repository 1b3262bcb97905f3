"""Recurrent layers over whole sequences: LSTM, GRU, RNN, for training and in use."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .family import Family, Step, Workloads

ABOUT = ("Training: forward, and backward from the sum of outputs to all parameters. In use: forward under `no_grad`. Sizes: features, "
         "hidden, time, batch.")
FAMILY = Family("Recurrent layers", ABOUT)
SIZES = ((64, 128, 50, 32), (32, 64, 100, 16), (128, 256, 50, 64), (64, 32, 100, 1), (128, 512, 20, 32), (64, 64, 30, 128))


def workloads(lib: Any) -> Workloads:
    works: Workloads = {}
    for kind in ("LSTM", "GRU", "RNN"):
        for sizes in SIZES:
            works |= training_and_use(lib, f"{kind} {sizes}", kind, sizes)
    works |= training_and_use(lib, "LSTM, 2 layers, both directions (64, 64, 30, 32)", "LSTM", (64, 64, 30, 32), num_layers=2,
                              bidirectional=True)
    return works


def training_and_use(lib: Any, name: str, kind: str, sizes: tuple[int, ...], **options: Any) -> Workloads:
    features, hidden, time, batch = sizes

    def make() -> tuple[Any, Any]:
        return getattr(lib.nn, kind)(features, hidden, **options), lib.randn(time, batch, features)

    def training() -> Step:
        layer, x = make()

        def step() -> Any:
            layer.zero_grad()
            layer(x)[0].sum().backward()
            return layer.weight_hh_l0.grad
        return step

    def use() -> Step:
        layer, x = make()

        def step() -> Any:
            with lib.no_grad():
                return layer(x)[0]
        return step
    found: dict[str, Callable[[], Step]] = {f"training: {name}": training, f"in use: {name}": use}
    return found
