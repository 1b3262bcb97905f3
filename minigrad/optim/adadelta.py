"""Adadelta."""
from __future__ import annotations

from typing import Any

from ..errors import ArgumentError
from .group import non_negative, tensor_or_float
from .optimizer import Group
from .pointwise import Numbers, Pointwise, State, decayed, number, zeros


class Adadelta(Pointwise):
    """p -= lr * d with d = g * sqrt(u + eps) / sqrt(v + eps), v and u being running means of g**2 and d**2. Zeiler, 2012.

    rho: how much the means keep per step. weight_decay: adds weight_decay * p to g.
    """
    compiled = "adadelta"

    def __init__(self, params: Any, lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0,
                 foreach: bool | None = None, *, capturable: bool = False, maximize: bool = False, differentiable: bool = False) -> None:
        non_negative("learning rate", lr)
        if not 0.0 <= rho <= 1.0:
            raise ArgumentError(f"Invalid rho value: {rho}")
        non_negative("epsilon value", eps)
        non_negative("weight_decay value", weight_decay)
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
                                  "capturable": capturable, "foreach": foreach, "differentiable": differentiable})

    def begin(self, group: Group, p: Any) -> State:
        return {"step": number(), "square_avg": zeros(p), "acc_delta": zeros(p)}

    def uses(self, group: Group) -> tuple[str, ...]:
        return "square_avg", "acc_delta"

    def numbers(self, group: Group, state: State, n: float) -> Numbers:
        return group["weight_decay"], tensor_or_float(group, "lr"), group["eps"], group["rho"], 1 - group["rho"]

    def formula(self, xp: Any, c: Numbers, w: Any, g: Any, *state: Any) -> None:
        decay, lr, eps, keep, more = c
        v, u, t, d = state
        g = decayed(xp, w, g, decay, d)
        v *= keep
        v += xp.multiply(xp.multiply(g, g, t), more, t)
        xp.sqrt(xp.add(v, eps, t), t)
        xp.divide(g, t, d)
        d *= xp.sqrt(xp.add(u, eps, t), t)
        u *= keep
        u += xp.multiply(xp.multiply(d, d, t), more, t)
        w -= xp.multiply(d, lr, t)
