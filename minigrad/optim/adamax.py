"""Adamax."""
from __future__ import annotations

from typing import Any

from ..backend import backend_of
from .group import check_betas, non_negative
from .optimizer import Group, Optimizer


class Adamax(Optimizer):
    """Adam with u = max(beta2 * u, |g| + eps) in place of sqrt(v). Kingma and Ba, 2015, section 7."""

    def __init__(self, params: Any, lr: float = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0, foreach: bool | None = None, *, maximize: bool = False, differentiable: bool = False,
                 capturable: bool = False) -> None:
        non_negative("learning rate", lr)
        non_negative("epsilon value", eps)
        check_betas(betas)
        non_negative("weight_decay value", weight_decay)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach,
                                  "maximize": maximize, "differentiable": differentiable, "capturable": capturable})

    def update(self, group: Group, p: Any, gradient: Any) -> None:
        xp = backend_of(gradient).xp
        (beta1, beta2), decay = group["betas"], group["weight_decay"]
        state = self.state[p]
        if not state:
            state["step"] = self._counter()
            state["exp_avg"] = self._zeros(p)
            state["exp_inf"] = self._zeros(p)
        step = float(group["lr"]) / (1 - beta1 ** self._count(state))
        for w, g, m, u, t, s in self.pieces(2, p.array, gradient, state["exp_avg"].array, state["exp_inf"].array):
            if decay:
                g = xp.add(xp.multiply(w, decay, s), g, s)
            m += xp.multiply(xp.subtract(g, m, t), 1 - beta1, t)
            u *= beta2
            xp.maximum(u, xp.add(xp.abs(g, t), group["eps"], t), out=u)
            w -= xp.multiply(xp.divide(m, u, t), step, t)
