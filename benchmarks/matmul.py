"""Matrix products and linear layers."""
from __future__ import annotations

from typing import Any

from .family import Family, Workloads, both_ways

ABOUT = ("`a @ b`, float32 unless said, forward under `no_grad`; `F.linear` with bias, and causal `F.scaled_dot_product_attention`, "
         "forward and backward.")
FAMILY = Family("Matrix products", ABOUT)

PRODUCTS: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((64, 64), (64, 64)), ((100, 1024), (1024, 50)), ((256, 784), (784, 512)), ((512, 512), (512, 512)), ((1024, 1024), (1024, 1024)),
    ((1024, 1024), (1024,)), ((64, 128, 64), (64, 64, 128)), ((32, 8, 64, 64), (32, 8, 64, 32)),
)
LAYERS = ((100, 784, 50), (128, 784, 512), (512, 256, 1024), (1024, 1024, 1024))


def product_name(a: tuple[int, ...], b: tuple[int, ...]) -> str:
    return f"{a} @ {b}"


def workloads(lib: Any) -> Workloads:
    F = lib.nn.functional
    works: Workloads = {}
    for a, b in PRODUCTS:
        name = product_name(a, b)
        works[f"forward: {name}"] = both_ways(lib, name, lib.matmul, lambda a=a, b=b: (lib.randn(*a), lib.randn(*b)))[f"forward: {name}"]
    name = "float64 (512, 512) @ (512, 512)"
    works[f"forward: {name}"] = both_ways(lib, name, lib.matmul, lambda: (
        lib.randn(512, 512).to(lib.float64), lib.randn(512, 512).to(lib.float64)))[f"forward: {name}"]
    for rows, inputs, outputs in LAYERS:
        works |= both_ways(lib, f"linear ({rows}, {inputs}) -> {outputs}", F.linear, lambda n=rows, i=inputs, o=outputs: (
            lib.randn(n, i, requires_grad=True), lib.randn(o, i, requires_grad=True), lib.randn(o, requires_grad=True)))
    works |= both_ways(lib, "attention (8, 8, 128, 32)", lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
                       lambda: tuple(lib.randn(8, 8, 128, 32, requires_grad=True) for _ in range(3)))
    return works
