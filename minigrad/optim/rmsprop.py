"""RMSprop."""
from __future__ import annotations

from typing import Any

from ..backend import backend_of
from .group import non_negative
from .optimizer import Group, Optimizer


class RMSprop(Optimizer):
    """p -= lr * g / (sqrt(v) + eps), v being a running mean of g**2. Tieleman and Hinton, 2012.

    alpha: how much v keeps per step. centered: v is the variance, without the squared mean of g (Graves, 2013).
    momentum: steps along a velocity. weight_decay: adds weight_decay * p to g.
    """

    def __init__(self, params: Any, lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0,
                 momentum: float = 0, centered: bool = False, capturable: bool = False, foreach: bool | None = None,
                 maximize: bool = False, differentiable: bool = False) -> None:
        non_negative("learning rate", lr)
        non_negative("epsilon value", eps)
        non_negative("momentum value", momentum)
        non_negative("weight_decay value", weight_decay)
        non_negative("alpha value", alpha)
        super().__init__(params, {"lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
                                  "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach, "maximize": maximize,
                                  "differentiable": differentiable})

    def update(self, group: Group, p: Any, gradient: Any) -> None:
        xp = backend_of(gradient).xp
        lr, alpha, decay = float(group["lr"]), group["alpha"], group["weight_decay"]
        momentum, centered = group["momentum"], group["centered"]
        state = self.state[p]
        if not state:
            state["step"] = self._counter()
            state["square_avg"] = self._zeros(p)
            if momentum > 0:
                state["momentum_buffer"] = self._zeros(p)
            if centered:
                state["grad_avg"] = self._zeros(p)
        self._count(state)
        more = [state[name].array for name, wanted in (("momentum_buffer", momentum > 0), ("grad_avg", centered)) if wanted]
        for w, g, v, *extra, t, s in self.pieces(2, p.array, gradient, state["square_avg"].array, *more):
            if decay:
                g = xp.add(xp.multiply(w, decay, s), g, s)
            v *= alpha
            v += xp.multiply(xp.multiply(g, g, t), 1 - alpha, t)
            if centered:
                mean = extra[-1]
                mean += xp.multiply(xp.subtract(g, mean, t), 1 - alpha, t)
                v = xp.subtract(v, xp.multiply(mean, mean, t), t)
            xp.add(xp.sqrt(v, t), group["eps"], t)
            xp.divide(g, t, t)
            if momentum > 0:
                velocity = extra[0]
                velocity *= momentum
                velocity += t
                xp.multiply(velocity, lr, t)
            else:
                xp.multiply(t, lr, t)
            w -= t
