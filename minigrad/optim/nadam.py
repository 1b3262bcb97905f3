"""NAdam."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend import backend_of
from ..engine.node import wrap
from .group import check_betas, non_negative
from .optimizer import Group, Optimizer


class NAdam(Optimizer):
    """Adam with Nesterov's momentum: the step looks ahead along the next momentum. Dozat, 2016.

    momentum_decay: the momentum of step n is beta1 * (1 - 0.96 ** (n * momentum_decay) / 2).
    """

    def __init__(self, params: Any, lr: float = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0, momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False, *,
                 foreach: bool | None = None, maximize: bool = False, capturable: bool = False, differentiable: bool = False) -> None:
        non_negative("learning rate", lr)
        non_negative("epsilon value", eps)
        check_betas(betas)
        non_negative("weight_decay value", weight_decay)
        non_negative("momentum_decay value", momentum_decay)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
                                  "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize, "foreach": foreach,
                                  "capturable": capturable, "differentiable": differentiable})

    def update(self, group: Group, p: Any, gradient: Any) -> None:
        xp = backend_of(gradient).xp
        lr, (beta1, beta2), decay, decoupled = float(group["lr"]), group["betas"], group["weight_decay"], group["decoupled_weight_decay"]
        state = self.state[p]
        if not state:
            state["step"] = self._counter()
            state["mu_product"] = wrap(np.ones((), np.float32))
            state["exp_avg"] = self._zeros(p)
            state["exp_avg_sq"] = self._zeros(p)
        n = self._count(state)
        mu = beta1 * (1 - 0.5 * 0.96 ** (n * group["momentum_decay"]))
        mu_next = beta1 * (1 - 0.5 * 0.96 ** ((n + 1) * group["momentum_decay"]))
        state["mu_product"].array[...] *= mu
        product = state["mu_product"].array.item()
        root = math.sqrt(1 - beta2 ** n)
        along_g = lr * (1 - mu) / (1 - product) * root
        along_m = lr * mu_next / (1 - product * mu_next) * root
        for w, g, m, v, t, s in self.pieces(2, p.array, gradient, state["exp_avg"].array, state["exp_avg_sq"].array):
            if decay and decoupled:
                w *= 1 - lr * decay
            elif decay:
                g = xp.add(xp.multiply(w, decay, s), g, s)
            m += xp.multiply(xp.subtract(g, m, t), 1 - beta1, t)
            v *= beta2
            v += xp.multiply(xp.multiply(g, g, t), 1 - beta2, t)
            xp.add(xp.sqrt(v, t), group["eps"] * root, t)
            step = xp.multiply(g, along_g, s)
            step += m * along_m
            w -= xp.divide(step, t, t)
