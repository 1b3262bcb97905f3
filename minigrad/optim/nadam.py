"""NAdam."""
from __future__ import annotations

import math
from typing import Any

from .group import check_betas, non_negative, tensor_or_float
from .optimizer import Group
from .pointwise import Numbers, Pointwise, State, decayed, number, zeros


class NAdam(Pointwise):
    """Adam with Nesterov's momentum: the step looks ahead along the next momentum. Dozat, 2016.

    momentum_decay: the momentum of step n is beta1 * (1 - 0.96 ** (n * momentum_decay) / 2).
    """
    compiled, alike = "nadam", False

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

    def begin(self, group: Group, p: Any) -> State:
        return {"step": number(), "mu_product": number(1.0), "exp_avg": zeros(p), "exp_avg_sq": zeros(p)}

    def uses(self, group: Group) -> tuple[str, ...]:
        return "exp_avg", "exp_avg_sq"

    def numbers(self, group: Group, state: State, n: float) -> Numbers:
        lr, (beta1, beta2) = tensor_or_float(group, "lr"), group["betas"]
        decay, decoupled = group["weight_decay"], group["decoupled_weight_decay"]
        mu = beta1 * (1 - 0.5 * 0.96 ** (n * group["momentum_decay"]))
        mu_next = beta1 * (1 - 0.5 * 0.96 ** ((n + 1) * group["momentum_decay"]))
        state["mu_product"].array[...] *= mu
        product = state["mu_product"].array.item()
        root = math.sqrt(1 - beta2 ** n)
        return (0 if decoupled else decay, 1 - lr * decay if decoupled else 1, 1 - beta1, beta2, 1 - beta2, group["eps"] * root,
                lr * (1 - mu) / (1 - product) * root, lr * mu_next / (1 - product * mu_next) * root)

    def formula(self, xp: Any, c: Numbers, w: Any, g: Any, *state: Any) -> None:
        decay, shrink, more_m, keep_v, more_v, eps, along_g, along_m = c
        m, v, t, s = state
        if shrink != 1:
            w *= shrink
        g = decayed(xp, w, g, decay, s)
        m += xp.multiply(xp.subtract(g, m, t), more_m, t)
        v *= keep_v
        v += xp.multiply(xp.multiply(g, g, t), more_v, t)
        xp.add(xp.sqrt(v, t), eps, t)
        step = xp.multiply(g, along_g, s)
        step += m * along_m
        w -= xp.divide(step, t, t)
