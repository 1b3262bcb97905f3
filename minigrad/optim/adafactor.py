"""Adafactor."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import backend_of
from ..engine.node import wrap
from ..errors import ArgumentError, DtypeError
from .group import one_element
from .optimizer import Group, Optimizer
from .pointwise import number, zeros

Array = Any


class Adafactor(Optimizer):
    """Adam without a mean of g, and with v kept as the means of its rows and of its columns. Shazeer and Stern, 2018.

    A parameter of two or more dimensions (..., n, m) needs memory for n + m numbers instead of n * m. Steps are relative to the size of
    the parameter: lr bounds the relative size. beta2_decay: after n steps, the mean of g**2 takes n**beta2_decay of the new one.
    eps: the smallest sqrt(v), by default that of the dtype, and the smallest size of a parameter. d: what the root mean square of a
    step, before lr, is clipped to. weight_decay: shrinks p by lr * weight_decay.
    """

    def __init__(self, params: Any, lr: float = 1e-2, beta2_decay: float = -0.8, eps: tuple[float | None, float] = (None, 1e-3),
                 d: float = 1.0, weight_decay: float = 0.0, *, foreach: bool | None = None, maximize: bool = False) -> None:
        one_element(lr)
        if not float(lr) >= 0.0:
            raise ArgumentError(f"Learning rate should be >= 0 but is: {lr}")
        if not beta2_decay <= 0.0:
            raise ArgumentError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        if eps[0] is not None and not eps[0] >= 0.0:
            raise ArgumentError(f"epsilon1 should be >= 0 but is: {eps[0]}")
        if not eps[1] >= 0.0:
            raise ArgumentError(f"epsilon2 should be >= 0 but is: {eps[1]}")
        if not d >= 1.0:
            raise ArgumentError(f"Clipping threshold d should be >= 1 but is: {d}")
        if not weight_decay >= 0.0:
            raise ArgumentError(f"weight_decay should be >= 0 but is: {weight_decay}")
        super().__init__(params, {"lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d, "weight_decay": weight_decay,
                                  "foreach": foreach, "maximize": maximize})

    def begin(self, p: Any) -> dict[str, Any]:
        """The state of a parameter before its first step."""
        w = p.array
        if w.ndim < 2:
            return {"step": number(), "variance": zeros(p)}
        xp = backend_of(w).xp
        return {"step": number(), "row_var": wrap(xp.zeros((*w.shape[:-1], 1), w.dtype)),
                "col_var": wrap(xp.zeros((*w.shape[:-2], 1, w.shape[-1]), w.dtype))}

    def update(self, group: Group, p: Any, gradient: Any) -> None:
        w = p.array
        if w.dtype.kind == "c":
            raise DtypeError(f"Adafactor does not support complex parameters; got {w.dtype} {w.shape}; give view_as_real of it")
        state = self.state[p]
        if not state:
            state.update(self.begin(p))
        counter = state["step"].array
        counter += 1
        if not w.size:
            return
        n, xp, lr = counter.item(), backend_of(w).xp, float(group["lr"])
        eps, smallest = group["eps"]
        eps = float(np.finfo(w.dtype).eps) if eps is None else eps
        g = gradient.astype("f4") if w.dtype.char == "e" else gradient
        step = min(lr, n ** -0.5) * xp.maximum(smallest, root_mean_square(xp, w))
        if group["weight_decay"]:
            w *= 1 - lr * group["weight_decay"]
        along = self.variance(xp, state, g, n ** group["beta2_decay"], eps)
        xp.sqrt(xp.maximum(along, eps * eps, out=along), out=along)
        xp.divide(g, along, out=along)
        along *= step / xp.maximum(1.0, root_mean_square(xp, along) / group["d"])
        w -= along

    def variance(self, xp: Any, state: dict[str, Any], g: Array, more: float, eps: float) -> Array:
        """The estimate of g**2, a new array, after its means have moved towards g**2 by the part `more`."""
        square = xp.multiply(g, g, out=xp.empty_like(g))
        if g.ndim < 2:
            v = state["variance"].array
            v += more * (square - v)
            square[...] = v
            return square
        row, column = state["row_var"].array, state["col_var"].array      # (..., n, 1), (..., 1, m)
        row += more * (square.mean(-1, keepdims=True) - row)
        column += more * (square.mean(-2, keepdims=True) - column)
        whole = xp.maximum(row.mean(-2, keepdims=True), eps)              # (..., 1, 1)
        return xp.multiply(row, column / whole, out=square)


def root_mean_square(xp: Any, x: Array) -> Array:
    """sqrt(mean(x**2)) of all elements, of dimension 0."""
    flat = x.reshape(-1)
    flat = flat.astype("f4") if flat.dtype.char == "e" else flat
    return xp.sqrt(flat.dot(flat) / flat.size)
