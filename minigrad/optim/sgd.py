"""Stochastic gradient descent."""
from __future__ import annotations

from typing import Any

from ..backend import backend_of
from ..engine.node import wrap
from ..errors import ArgumentError
from .group import non_negative
from .optimizer import Group, Optimizer


class SGD(Optimizer):
    """p -= lr * v, with velocity v = momentum * v + (1 - dampening) * g.

    weight_decay: adds weight_decay * p to g. nesterov: steps along g + momentum * v (Sutskever et al., 2013).
    maximize: climbs.
    """

    def __init__(self, params: Any, lr: float = 1e-3, momentum: float = 0, dampening: float = 0, weight_decay: float = 0,
                 nesterov: bool = False, *, maximize: bool = False, foreach: bool | None = None, differentiable: bool = False,
                 fused: bool | None = None) -> None:
        non_negative("learning rate", lr)
        non_negative("momentum value", momentum)
        non_negative("weight_decay value", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ArgumentError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
                                  "nesterov": nesterov, "maximize": maximize, "foreach": foreach, "differentiable": differentiable,
                                  "fused": fused})

    def update(self, group: Group, p: Any, gradient: Any) -> None:
        lr, momentum, decay = float(group["lr"]), group["momentum"], group["weight_decay"]
        xp = backend_of(gradient).xp
        if not momentum:
            for w, g, t in self.pieces(1, p.array, gradient):
                if decay:
                    g = xp.add(xp.multiply(w, decay, t), g, t)
                w -= xp.multiply(g, lr, t)
            return
        state = self.state[p]
        first = state.get("momentum_buffer") is None
        if first:
            state["momentum_buffer"] = wrap(xp.empty(gradient.shape, gradient.dtype))
        for w, g, v, t in self.pieces(1, p.array, gradient, state["momentum_buffer"].array):
            if decay:
                g = xp.add(xp.multiply(w, decay, t), g, t)
            if first:
                v[...] = g
            else:
                v *= momentum
                v += g if not group["dampening"] else xp.multiply(g, 1 - group["dampening"])
            along = xp.add(xp.multiply(v, momentum), g, t) if group["nesterov"] else v
            w -= xp.multiply(along, lr, t)
