"""RAdam."""
from __future__ import annotations

import math
from typing import Any

from ..backend import backend_of
from .group import check_betas, non_negative
from .optimizer import Group, Optimizer


class RAdam(Optimizer):
    """Adam that follows the mean gradient alone until v has seen enough steps to be trusted. Liu et al., 2020."""

    def __init__(self, params: Any, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0, decoupled_weight_decay: bool = False, *, foreach: bool | None = None, maximize: bool = False,
                 capturable: bool = False, differentiable: bool = False) -> None:
        non_negative("learning rate", lr)
        non_negative("epsilon value", eps)
        check_betas(betas)
        non_negative("weight_decay value", weight_decay)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
                                  "foreach": foreach, "capturable": capturable, "decoupled_weight_decay": decoupled_weight_decay,
                                  "differentiable": differentiable})

    def update(self, group: Group, p: Any, gradient: Any) -> None:
        xp = backend_of(gradient).xp
        lr, (beta1, beta2), decay, decoupled = float(group["lr"]), group["betas"], group["weight_decay"], group["decoupled_weight_decay"]
        state = self.state[p]
        if not state:
            state["step"] = self._counter()
            state["exp_avg"] = self._zeros(p)
            state["exp_avg_sq"] = self._zeros(p)
        n = self._count(state)
        rectified = rectification(beta2, n)
        step = lr * rectified / (1 - beta1 ** n)
        for w, g, m, v, t, s in self.pieces(2, p.array, gradient, state["exp_avg"].array, state["exp_avg_sq"].array):
            if decay and decoupled:
                w *= 1 - lr * decay
            elif decay:
                g = xp.add(xp.multiply(w, decay, s), g, s)
            m += xp.multiply(xp.subtract(g, m, t), 1 - beta1, t)
            v *= beta2
            v += xp.multiply(xp.multiply(g, g, t), 1 - beta2, t)
            if rectified == 1:
                xp.multiply(m, step, t)
            else:
                xp.add(xp.sqrt(v, t), group["eps"], t)
                xp.multiply(xp.divide(m, t, t), step * math.sqrt(1 - beta2 ** n), t)
            w -= t


def rectification(beta2: float, n: float) -> float:
    """The factor r of step n; 1 while the variance of the adaptive rate is intractable, and v is left out."""
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * n * beta2 ** n / (1 - beta2 ** n)
    if length <= 5:
        return 1.0
    return math.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
