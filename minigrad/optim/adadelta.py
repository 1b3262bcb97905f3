"""Adadelta."""
from __future__ import annotations

from typing import Any

from ..backend import backend_of
from ..errors import ArgumentError
from .group import non_negative
from .optimizer import Group, Optimizer


class Adadelta(Optimizer):
    """p -= lr * d with d = g * sqrt(u + eps) / sqrt(v + eps), v and u being running means of g**2 and d**2. Zeiler, 2012.

    rho: how much the means keep per step. weight_decay: adds weight_decay * p to g.
    """

    def __init__(self, params: Any, lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0,
                 foreach: bool | None = None, *, capturable: bool = False, maximize: bool = False, differentiable: bool = False) -> None:
        non_negative("learning rate", lr)
        if not 0.0 <= rho <= 1.0:
            raise ArgumentError(f"Invalid rho value: {rho}")
        non_negative("epsilon value", eps)
        non_negative("weight_decay value", weight_decay)
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
                                  "capturable": capturable, "foreach": foreach, "differentiable": differentiable})

    def update(self, group: Group, p: Any, gradient: Any) -> None:
        xp = backend_of(gradient).xp
        lr, rho, eps, decay = float(group["lr"]), group["rho"], group["eps"], group["weight_decay"]
        state = self.state[p]
        if not state:
            state["step"] = self._counter()
            state["square_avg"] = self._zeros(p)
            state["acc_delta"] = self._zeros(p)
        self._count(state)
        for w, g, v, u, t, d in self.pieces(2, p.array, gradient, state["square_avg"].array, state["acc_delta"].array):
            g = xp.add(xp.multiply(w, decay, d), g, d) if decay else g
            v *= rho
            v += xp.multiply(xp.multiply(g, g, t), 1 - rho, t)
            xp.sqrt(xp.add(v, eps, t), t)
            xp.divide(g, t, d)
            d *= xp.sqrt(xp.add(u, eps, t), t)
            u *= rho
            u += xp.multiply(xp.multiply(d, d, t), 1 - rho, t)
            w -= xp.multiply(d, lr, t)
