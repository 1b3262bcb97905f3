"""Adam and AdamW."""
from __future__ import annotations

import math
from typing import Any

from ..backend import backend_of
from ..errors import RefusedArgumentError
from .group import check_betas, non_negative
from .optimizer import Group, Optimizer


class Adam(Optimizer):
    """p -= lr * m / (sqrt(v) + eps), m and v being running means of g and g**2 without their bias towards zero. Kingma and Ba, 2015.

    betas: how much m and v keep per step. weight_decay: adds weight_decay * p to g; with decoupled_weight_decay p shrinks by
    lr * weight_decay instead. amsgrad: v never falls (Reddi et al., 2018).
    """

    def __init__(self, params: Any, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0, amsgrad: bool = False, *, foreach: bool | None = None, maximize: bool = False,
                 capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
                 decoupled_weight_decay: bool = False) -> None:
        non_negative("learning rate", lr)
        non_negative("epsilon value", eps)
        check_betas(betas)
        non_negative("weight_decay value", weight_decay)
        if fused and foreach:
            raise RefusedArgumentError("`fused` and `foreach` cannot be `True` together.")
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
                                  "maximize": maximize, "foreach": foreach, "capturable": capturable, "differentiable": differentiable,
                                  "fused": fused, "decoupled_weight_decay": decoupled_weight_decay})

    def update(self, group: Group, p: Any, gradient: Any) -> None:
        xp = backend_of(gradient).xp
        (beta1, beta2), decay, amsgrad, decoupled = group["betas"], group["weight_decay"], group["amsgrad"], group["decoupled_weight_decay"]
        lr = float(group["lr"])
        state = self.state[p]
        if not state:
            state["step"] = self._counter()
            state["exp_avg"] = self._zeros(p)
            state["exp_avg_sq"] = self._zeros(p)
            if amsgrad:
                state["max_exp_avg_sq"] = self._zeros(p)
        n = self._count(state)
        # m / (1 - beta1**n) and sqrt(v / (1 - beta2**n)): the factors move into the step and eps
        root = math.sqrt(1 - beta2 ** n)
        step = lr * root / (1 - beta1 ** n)
        eps = group["eps"] * root
        tops = (state["max_exp_avg_sq"].array,) if amsgrad else ()
        for w, g, m, v, *top, t, s in self.pieces(2, p.array, gradient, state["exp_avg"].array, state["exp_avg_sq"].array, *tops):
            if decay and decoupled:
                w *= 1 - lr * decay
            elif decay:
                g = xp.add(xp.multiply(w, decay, s), g, s)
            m += xp.multiply(xp.subtract(g, m, t), 1 - beta1, t)
            v *= beta2
            v += xp.multiply(xp.multiply(g, g, t), 1 - beta2, t)
            if amsgrad:
                v = xp.maximum(v, top[0], out=top[0])
            xp.add(xp.sqrt(v, t), eps, t)
            w -= xp.multiply(xp.divide(m, t, t), step, t)


class AdamW(Adam):
    """Adam whose weight decay shrinks p by lr * weight_decay instead of entering g. Loshchilov and Hutter, 2019."""

    def __init__(self, params: Any, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False, foreach: bool | None = None,
                 capturable: bool = False, differentiable: bool = False, fused: bool | None = None) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize, capturable=capturable,
              differentiable=differentiable, fused=fused, decoupled_weight_decay=True)
