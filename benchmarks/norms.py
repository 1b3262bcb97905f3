"""Normalization, softmax and cross entropy, forward and backward."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .family import Family, Workloads, both_ways

ABOUT = ("Forward under `no_grad`, and backward (input, weight and bias) alone. Batch normalization in training, with running statistics.")
FAMILY = Family("Normalization, softmax, cross entropy", ABOUT)


def workloads(lib: Any) -> Workloads:
    F = lib.nn.functional

    def batch_norm(x: Any, w: Any, b: Any, mean: Any, var: Any) -> Any:
        return F.batch_norm(x, mean, var, w, b, training=True)

    def fixed_batch_norm(x: Any, w: Any, b: Any, mean: Any, var: Any) -> Any:
        return F.batch_norm(x, mean, var, w, b)

    def make(shape: tuple[int, ...], features: int = 0, statistics: bool = False) -> Callable[[], tuple[Any, ...]]:
        def tensors() -> tuple[Any, ...]:
            x = lib.randn(*shape, requires_grad=True)
            weights = (lib.rand(features, requires_grad=True), lib.rand(features, requires_grad=True)) if features else ()
            return (x, *weights, *((lib.zeros(features), lib.ones(features)) if statistics else ()))
        return tensors
    rows, images, wide = (16, 128, 256), (100, 16, 28, 28), (16, 64, 56, 56)
    cases: dict[str, tuple[Callable[..., Any], Callable[[], tuple[Any, ...]]]] = {
        f"batch norm {images}": (batch_norm, make(images, 16, True)),
        f"batch norm {wide}": (batch_norm, make(wide, 64, True)),
        f"batch norm in eval {wide}": (fixed_batch_norm, make(wide, 64, True)),
        "batch norm (256, 512)": (batch_norm, make((256, 512), 512, True)),
        f"layer norm {rows}": (lambda x, w, b: F.layer_norm(x, (256,), w, b), make(rows, 256)),
        "layer norm (32, 64)": (lambda x, w, b: F.layer_norm(x, (64,), w, b), make((32, 64), 64)),
        f"layer norm without bias {rows}": (lambda x, w: F.layer_norm(x, (256,), w), lambda: make(rows, 256)()[:2]),
        f"RMS norm {rows}": (lambda x: F.rms_norm(x, (256,)), make(rows)),
        f"RMS norm with weight {rows}": (lambda x, w: F.rms_norm(x, (256,), w), lambda: make(rows, 256)()[:2]),
        f"group norm, 8 groups {wide}": (lambda x, w, b: F.group_norm(x, 8, w, b), make(wide, 64)),
        "group norm, 32 groups (8, 128, 16, 16)": (lambda x, w, b: F.group_norm(x, 32, w, b), make((8, 128, 16, 16), 128)),
        f"instance norm {images}": (F.instance_norm, make(images)),
        f"instance norm with weights {wide}": (lambda x, w, b: F.instance_norm(x, None, None, w, b), make(wide, 64)),
        "softmax (100, 10)": (lambda x: F.softmax(x, 1), make((100, 10))),
        "softmax (1024, 1000)": (lambda x: F.softmax(x, 1), make((1024, 1000))),
        "softmax (16, 8, 128, 128)": (lambda x: F.softmax(x, -1), make((16, 8, 128, 128))),
        "softmax over channels (8, 32, 64, 64)": (lambda x: F.softmax(x, 1), make((8, 32, 64, 64))),
        "log softmax (1024, 1000)": (lambda x: F.log_softmax(x, 1), make((1024, 1000))),
        "cross entropy (100, 10)": (F.cross_entropy, lambda: (lib.randn(100, 10, requires_grad=True), lib.randint(10, (100,)))),
        "cross entropy (1024, 1000)": (F.cross_entropy, lambda: (lib.randn(1024, 1000, requires_grad=True), lib.randint(1000, (1024,)))),
    }
    works: Workloads = {}
    for name, (function, tensors) in cases.items():
        works |= both_ways(lib, name, function, tensors)
    return works
