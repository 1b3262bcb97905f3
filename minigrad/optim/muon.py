"""Muon."""
from __future__ import annotations

import math
from typing import Any

from ..backend import backend_of
from ..errors import ArgumentError, DtypeError
from .group import one_element
from .optimizer import Group, Optimizer
from .pointwise import zeros

Array = Any
Coefficients = tuple[float, float, float]


class Muon(Optimizer):
    """Momentum whose steps are made orthogonal, so that they change a matrix in all directions alike. Jordan, 2024.

    For matrices of hidden layers; leave biases, embeddings and the last layer to AdamW. weight_decay: shrinks p by lr * weight_decay.
    ns_coefficients, ns_steps: the polynomial of the Newton-Schulz iteration that makes a matrix nearly orthogonal, and how often it
    runs. eps: the smallest norm to divide by. adjust_lr_fn: how lr depends on the shape (n, m): "original", the default, takes
    sqrt(max(1, n / m)); "match_rms_adamw" takes 0.2 * sqrt(max(n, m)), for rates that suit AdamW (Liu et al., 2025).
    """

    def __init__(self, params: Any, lr: float = 1e-3, weight_decay: float = 0.1, momentum: float = 0.95, nesterov: bool = True,
                 ns_coefficients: Coefficients = (3.4445, -4.7750, 2.0315), eps: float = 1e-7, ns_steps: int = 5,
                 adjust_lr_fn: str | None = None) -> None:
        one_element(lr)
        if not float(lr) >= 0.0:
            raise ArgumentError(f"Learning rate should be >= 0 but is: {lr}")
        if not momentum >= 0.0:
            raise ArgumentError(f"momentum should be >= 0 but is: {momentum}")
        if not weight_decay >= 0.0:
            raise ArgumentError(f"weight decay should be >= 0 but is: {weight_decay}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ArgumentError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov,
                                  "ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps, "adjust_lr_fn": adjust_lr_fn})
        for group in self.param_groups:
            for p in group["params"]:
                if p.array.ndim != 2:
                    raise ArgumentError(f"Muon only supports 2D parameters whereas we found a parameter with size: {p.shape}")

    def update(self, group: Group, p: Any, gradient: Any) -> None:
        w, state, momentum, lr = p.array, self.state[p], group["momentum"], float(group["lr"])
        if w.dtype.kind == "c":
            raise DtypeError(f"Muon does not support complex parameters; got {w.dtype} {w.shape}; leave it to AdamW")
        if gradient.ndim != 2:
            raise ArgumentError(f"Muon: the gradient must be a 2D matrix; got {gradient.shape}")
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = zeros(p)
        mean = state["momentum_buffer"].array
        mean += (1 - momentum) * (gradient - mean)
        along = mean + (1 - momentum) * (gradient - mean) if group["nesterov"] else mean
        along = orthogonal(along, group["ns_coefficients"], group["ns_steps"], group["eps"])
        w *= 1 - lr * group["weight_decay"]
        w -= (lr * shape_factor(group["adjust_lr_fn"], *w.shape) * along).astype(w.dtype)


def shape_factor(name: str | None, n: int, m: int) -> float:
    """What the rate is multiplied by for a matrix of n rows and m columns."""
    if name == "match_rms_adamw":
        return 0.2 * math.sqrt(max(n, m))
    return math.sqrt(max(1, n / m))


def orthogonal(x: Array, coefficients: Coefficients, steps: int, eps: float) -> Array:
    """A matrix with the singular vectors of x and singular values near 1, in float32.

    Each step takes a * x + (b * x @ x.T + c * (x @ x.T) @ (x @ x.T)) @ x. As in PyTorch, what each operation
    gives is rounded to bfloat16, whose range and precision suffice.
    """
    if steps >= 100:
        raise ArgumentError(f"Number of steps must be less than 100 for computational efficiency; got ns_steps={steps}")
    if len(coefficients) != 3:
        raise ArgumentError(f"Coefficients must be a tuple of exactly 3 values; got ns_coefficients={coefficients}")
    (a, b, c), xp = coefficients, backend_of(x).xp
    tall = x.shape[0] > x.shape[1]
    x = rounded(xp, (x.T if tall else x).astype("f4"))
    norm = rounded(xp, xp.sqrt((x * x).sum(keepdims=True)))
    x = rounded(xp, x / xp.maximum(norm, rounded(xp, xp.full((1, 1), eps, "f4"))))     # the largest singular value is at most 1
    for _ in range(steps):
        gram = rounded(xp, x @ x.T)
        polynomial = rounded(xp, b * gram + c * (gram @ gram))
        x = rounded(xp, a * x + polynomial @ x)
    return x.T if tall else x


def rounded(xp: Any, x: Array) -> Array:
    """float32 values rounded to those that bfloat16 has, the upper 16 bits, ties to even."""
    bits = xp.ascontiguousarray(x).view("u4")
    up = ((bits >> 16) & 1) + 0x7FFF
    return xp.where(xp.isfinite(x), ((bits + up) & 0xFFFF0000).view("f4"), x)
