"""RAdam."""
from __future__ import annotations

import math
from typing import Any

from .group import check_betas, non_negative, tensor_or_float
from .optimizer import Group
from .pointwise import Numbers, Pointwise, State, decayed, number, zeros


class RAdam(Pointwise):
    """Adam that follows the mean gradient alone until v has seen enough steps to be trusted. Liu et al., 2020."""
    compiled = "radam"

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

    def begin(self, group: Group, p: Any) -> State:
        return {"step": number(), "exp_avg": zeros(p), "exp_avg_sq": zeros(p)}

    def uses(self, group: Group) -> tuple[str, ...]:
        return "exp_avg", "exp_avg_sq"

    def numbers(self, group: Group, state: State, n: float) -> Numbers:
        lr, (beta1, beta2) = tensor_or_float(group, "lr"), group["betas"]
        decay, decoupled = group["weight_decay"], group["decoupled_weight_decay"]
        rectified = rectification(beta2, n)
        step = lr * rectified / (1 - beta1 ** n)
        adaptive = rectified != 1
        return (0 if decoupled else decay, 1 - lr * decay if decoupled else 1, 1 - beta1, beta2, 1 - beta2, group["eps"],
                step * math.sqrt(1 - beta2 ** n) if adaptive else step, adaptive)

    def formula(self, xp: Any, c: Numbers, w: Any, g: Any, *state: Any) -> None:
        decay, shrink, more_m, keep_v, more_v, eps, step, adaptive = c
        m, v, t, s = state
        if shrink != 1:
            w *= shrink
        g = decayed(xp, w, g, decay, s)
        m += xp.multiply(xp.subtract(g, m, t), more_m, t)
        v *= keep_v
        v += xp.multiply(xp.multiply(g, g, t), more_v, t)
        along = xp.divide(m, xp.add(xp.sqrt(v, t), eps, t), t) if adaptive else m
        w -= xp.multiply(along, step, t)


def rectification(beta2: float, n: float) -> float:
    """The factor r of step n; 1 while the variance of the adaptive rate is intractable, and v is left out."""
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * n * beta2 ** n / (1 - beta2 ** n)
    if length <= 5:
        return 1.0
    return math.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
