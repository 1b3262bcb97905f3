"""Adagrad."""
from __future__ import annotations

from typing import Any

from ..backend import backend_of
from ..engine.node import wrap
from .group import non_negative, tensor_or_float
from .optimizer import Group
from .pointwise import Numbers, Pointwise, State, decayed, number


class Adagrad(Pointwise):
    """p -= lr * g / (sqrt(v) + eps), v being the sum of all g**2 so far. Duchi et al., 2011.

    lr_decay: after n steps the rate is lr / (1 + n * lr_decay). weight_decay: adds weight_decay * p to g.
    """
    compiled = "adagrad"

    def __init__(self, params: Any, lr: float = 1e-2, lr_decay: float = 0, weight_decay: float = 0, initial_accumulator_value: float = 0,
                 eps: float = 1e-10, foreach: bool | None = None, *, maximize: bool = False, differentiable: bool = False,
                 fused: bool | None = None) -> None:
        non_negative("learning rate", lr)
        non_negative("lr_decay value", lr_decay)
        non_negative("weight_decay value", weight_decay)
        non_negative("initial_accumulator_value value", initial_accumulator_value)
        non_negative("epsilon value", eps)
        super().__init__(params, {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
                                  "initial_accumulator_value": initial_accumulator_value, "foreach": foreach, "maximize": maximize,
                                  "differentiable": differentiable, "fused": fused})
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p] = self.begin(group, p)

    def begin(self, group: Group, p: Any) -> State:
        start = group["initial_accumulator_value"]
        start = complex(start, start) if p.array.dtype.kind == "c" else start
        return {"step": number(), "sum": wrap(backend_of(p.array).xp.full(p.array.shape, start, p.array.dtype))}

    def uses(self, group: Group) -> tuple[str, ...]:
        return ("sum",)

    def numbers(self, group: Group, state: State, n: float) -> Numbers:
        return group["weight_decay"], tensor_or_float(group, "lr") / (1 + (n - 1) * group["lr_decay"]), group["eps"]

    def formula(self, xp: Any, c: Numbers, w: Any, g: Any, *state: Any) -> None:
        decay, lr, eps = c
        v, t, s = state
        g = decayed(xp, w, g, decay, s)
        v += xp.multiply(g, g, t)
        xp.add(xp.sqrt(v, t), eps, t)
        w -= xp.multiply(xp.divide(g, t, t), lr, t)
