"""Adamax."""
from __future__ import annotations

from typing import Any

from .group import check_betas, non_negative, tensor_or_float
from .optimizer import Group
from .pointwise import Numbers, Pointwise, State, decayed, number, zeros


class Adamax(Pointwise):
    """Adam with u = max(beta2 * u, |g| + eps) in place of sqrt(v). Kingma and Ba, 2015, section 7."""
    compiled = "adamax"

    def __init__(self, params: Any, lr: float = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0, foreach: bool | None = None, *, maximize: bool = False, differentiable: bool = False,
                 capturable: bool = False) -> None:
        non_negative("learning rate", lr)
        non_negative("epsilon value", eps)
        check_betas(betas)
        non_negative("weight_decay value", weight_decay)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach,
                                  "maximize": maximize, "differentiable": differentiable, "capturable": capturable})

    def begin(self, group: Group, p: Any) -> State:
        return {"step": number(), "exp_avg": zeros(p), "exp_inf": zeros(p)}

    def uses(self, group: Group) -> tuple[str, ...]:
        return "exp_avg", "exp_inf"

    def numbers(self, group: Group, state: State, n: float) -> Numbers:
        beta1, beta2 = group["betas"]
        return group["weight_decay"], tensor_or_float(group, "lr") / (1 - beta1 ** n), 1 - beta1, beta2, group["eps"]

    def formula(self, xp: Any, c: Numbers, w: Any, g: Any, *state: Any) -> None:
        decay, step, more_m, keep_u, eps = c
        m, u, t, s = state
        g = decayed(xp, w, g, decay, s)
        m += xp.multiply(xp.subtract(g, m, t), more_m, t)
        u *= keep_u
        xp.maximum(u, xp.add(xp.abs(g, t), eps, t), out=u)
        w -= xp.multiply(xp.divide(m, u, t), step, t)
