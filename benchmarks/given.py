"""What minigrad's side of a workload begins with, as NumPy arrays: other libraries begin with the same."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import minigrad

from . import matmul, models
from .family import Step, Workloads

Arrays = list[Any]


def arrays(*tensors: Any) -> Arrays:
    return [t.detach().numpy() for t in tensors]


def products(step: Callable[[Arrays], Step]) -> Workloads:
    """Two matrices for each product of `matmul`."""
    def build(a: tuple[int, ...], b: tuple[int, ...]) -> Step:
        minigrad.manual_seed(0)
        return step(arrays(minigrad.randn(*a), minigrad.randn(*b)))
    return {f"forward: {matmul.product_name(a, b)}": lambda a=a, b=b: build(a, b) for a, b in matmul.PRODUCTS}


def elementwise(functions: dict[str, tuple[Callable[..., Any], int]], step: Callable[[Callable[..., Any], Arrays], Step]) -> Workloads:
    """So many (1000, 1000) arrays as each function takes, as in `elementwise`."""
    def build(function: Callable[..., Any], inputs: int) -> Step:
        minigrad.manual_seed(0)
        return step(function, arrays(*(minigrad.rand(1000, 1000) + 0.5 for _ in range(inputs))))
    return {f"forward: {name}": lambda f=f, n=n: build(f, n) for name, (f, n) in functions.items()}


def network(make: Callable[[Any], tuple[Any, Any, Any]], step: Callable[[Arrays, Any, Any], Step]) -> Callable[[], Step]:
    """A builder from a network of `models`: its weights and biases in order, a batch, its labels."""
    def build() -> Step:
        minigrad.manual_seed(0)
        model, x, t = make(minigrad)
        return step(arrays(*model.parameters()), *arrays(x, t))
    return build


def networks(train: Callable[[Arrays, Any, Any], Step], use: Callable[[Arrays, Any, Any], Step],
             convolve: Callable[[Arrays, Any, Any], Step]) -> Workloads:
    """Training and inference of the two-layer network, and inference of DeepConvNet."""
    return {
        "training: MLP 784-50-10, batch 100, SGD": network(models.two_layer_net, train),
        "inference: MLP 784-50-10, batch 100": network(models.two_layer_net, use),
        "inference: DeepConvNet, batch 100": network(models.deep_convnet, convolve),
    }


def pairs(weights: Arrays) -> list[tuple[Any, Any]]:
    """Weight and bias of each layer."""
    return list(zip(weights[::2], weights[1::2], strict=True))


PADDINGS = (1, 1, 1, 2, 1, 1)                        # of DeepConvNet's convolutions; 2x2 pooling follows every second one
