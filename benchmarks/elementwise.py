"""Elementwise functions and sums of a million numbers, forward and backward."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .family import Family, Workloads, both_ways

FAMILY = Family("Elementwise and sums", "Float32, (1000, 1000); `+ row` broadcasts (1000,). Forward under `no_grad`, and backward alone.")


def functions(lib: Any) -> dict[str, tuple[Callable[..., Any], int]]:
    """Function, and how many tensors it takes."""
    F = lib.nn.functional
    return {
        "x + y": (lambda x, y: x + y, 2),
        "x * y": (lambda x, y: x * y, 2),
        "x / y": (lambda x, y: x / y, 2),
        "x + row": (lambda x, y: x + y[0], 2),
        "exp": (lambda x: x.exp(), 1),
        "log": (lambda x: x.log(), 1),
        "sqrt": (lambda x: x.sqrt(), 1),
        "tanh": (lambda x: x.tanh(), 1),
        "sigmoid": (lambda x: x.sigmoid(), 1),
        "relu": (F.relu, 1),
        "gelu": (F.gelu, 1),
        "x * sigmoid(x) + x": (lambda x: x * x.sigmoid() + x, 1),
        "sum": (lambda x: x.sum(), 1),
        "sum of columns": (lambda x: x.sum(0), 1),
        "mean of rows": (lambda x: x.mean(1), 1),
        "max of rows": (lambda x: x.amax(1), 1),
        "var of rows": (lambda x: x.var(1), 1),
    }


def workloads(lib: Any) -> Workloads:
    works: Workloads = {}
    for name, (function, inputs) in functions(lib).items():
        works |= both_ways(lib, name, function, lambda n=inputs: tuple(
            (lib.rand(1000, 1000) + 0.5).requires_grad_() for _ in range(n)))
    return works
