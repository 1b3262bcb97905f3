"""Scaled dot-product attention, and a transformer's encoder layer."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .family import Family, Step, Workloads, both_ways

ABOUT = ("Attention (batch, heads, queries, keys, features) forward under `no_grad`, and backward alone. An encoder layer (width, heads, "
         "time, batch), four times as wide inside, gelu: a training step to all parameters, with dropout 0.1 or without, and in use.")
FAMILY = Family("Attention, transformer layers", ABOUT)
PAIRS = ((32, 4, 32, 32, 32), (8, 8, 128, 128, 64), (16, 4, 256, 256, 32), (1, 4, 1024, 1024, 64), (1, 2, 4096, 4096, 64))
LAYERS = ((128, 4, 64, 16), (256, 8, 128, 8), (512, 8, 32, 8), (128, 4, 256, 8))


def workloads(lib: Any) -> Workloads:
    attend = lib.nn.functional.scaled_dot_product_attention

    def operands(b: int, h: int, n: int, m: int, e: int) -> Callable[[], tuple[Any, ...]]:
        return lambda: tuple([lib.randn(b, h, k, e, requires_grad=True) for k in (n, m, m)])
    works: Workloads = {}
    for sizes in PAIRS:
        works |= both_ways(lib, f"attention {sizes}", attend, operands(*sizes))
    works |= both_ways(lib, "causal attention (1, 4, 1024, 1024, 64)", lambda q, k, v: attend(q, k, v, is_causal=True),
                       operands(1, 4, 1024, 1024, 64))
    for layer in LAYERS:
        works[f"encoder layer, training: dropout 0.1 {layer}"] = lambda layer=layer: training(lib, layer, 0.1)   # type: ignore[misc]
        works[f"encoder layer, training: no dropout {layer}"] = lambda layer=layer: training(lib, layer, 0.0)    # type: ignore[misc]
        works[f"encoder layer, in use: {layer}"] = lambda layer=layer: use(lib, layer)                           # type: ignore[misc]
    return works


def made(lib: Any, sizes: tuple[int, ...], dropout: float) -> tuple[Any, Any]:
    width, heads, time, batch = sizes
    return (lib.nn.TransformerEncoderLayer(width, heads, 4 * width, dropout, "gelu", batch_first=True),
            lib.randn(batch, time, width, requires_grad=True))


def training(lib: Any, sizes: tuple[int, ...], dropout: float) -> Step:
    layer, x = made(lib, sizes, dropout)
    g = lib.randn(*x.shape)

    def step() -> Any:
        layer.zero_grad()
        lib.manual_seed(0)
        layer(x).backward(g)
        return layer.linear1.weight.grad
    return step


def use(lib: Any, sizes: tuple[int, ...]) -> Step:
    layer, x = made(lib, sizes, 0.0)
    layer.eval()

    def step() -> Any:
        with lib.no_grad():
            return layer(x)
    return step
