"""RMSprop."""
from __future__ import annotations

from typing import Any

from .group import non_negative, tensor_or_float
from .optimizer import Group
from .pointwise import Numbers, Pointwise, State, decayed, number, zeros


class RMSprop(Pointwise):
    """p -= lr * g / (sqrt(v) + eps), v being a running mean of g**2. Tieleman and Hinton, 2012.

    alpha: how much v keeps per step. centered: v is the variance, without the squared mean of g (Graves, 2013).
    momentum: steps along a velocity. weight_decay: adds weight_decay * p to g.
    """
    compiled = "rmsprop"

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

    def begin(self, group: Group, p: Any) -> State:
        state = {"step": number(), "square_avg": zeros(p)}
        if group["momentum"] > 0:
            state["momentum_buffer"] = zeros(p)
        if group["centered"]:
            state["grad_avg"] = zeros(p)
        return state

    def uses(self, group: Group) -> tuple[str, ...]:
        return "square_avg", "momentum_buffer" if group["momentum"] > 0 else "", "grad_avg" if group["centered"] else ""

    def numbers(self, group: Group, state: State, n: float) -> Numbers:
        alpha = group["alpha"]
        return group["weight_decay"], tensor_or_float(group, "lr"), group["eps"], alpha, 1 - alpha, group["momentum"], group["centered"]

    def formula(self, xp: Any, c: Numbers, w: Any, g: Any, *state: Any) -> None:
        decay, lr, eps, keep, more, momentum, centered = c
        v, velocity, mean, t, s = state
        g = decayed(xp, w, g, decay, s)
        v *= keep
        v += xp.multiply(xp.multiply(g, g, t), more, t)
        if centered:
            mean += xp.multiply(xp.subtract(g, mean, t), more, t)
            v = xp.subtract(v, xp.multiply(mean, mean, t), t)
        xp.add(xp.sqrt(v, t), eps, t)
        step = xp.divide(g, t, t)
        if momentum > 0:
            velocity *= momentum
            velocity += step
            step = velocity
        w -= xp.multiply(step, lr, t)
