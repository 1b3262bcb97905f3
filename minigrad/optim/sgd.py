"""Stochastic gradient descent."""
from __future__ import annotations

from typing import Any

from ..errors import ArgumentError
from .group import non_negative, tensor_or_float
from .optimizer import Group
from .pointwise import Numbers, Pointwise, State, decayed, zeros


class SGD(Pointwise):
    """p -= lr * v, with velocity v = momentum * v + (1 - dampening) * g.

    weight_decay: adds weight_decay * p to g. nesterov: steps along g + momentum * v (Sutskever et al., 2013).
    maximize: climbs.
    """
    compiled = "sgd"

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

    def uses(self, group: Group) -> tuple[str, ...]:
        return ("momentum_buffer",) if group["momentum"] else ("",)

    def advance(self, group: Group, params: list[Any]) -> tuple[list[State], list[float]]:
        """Steps are not counted; the first one, 0, is where the velocity begins."""
        if not group["momentum"]:
            return [{}] * len(params), [1.0] * len(params)
        states: list[State] = [self.state[p] for p in params]
        steps = []
        for p, state in zip(params, states):
            first = state.get("momentum_buffer") is None
            if first:
                state["momentum_buffer"] = zeros(p)
            steps.append(0.0 if first else 1.0)
        return states, steps

    def numbers(self, group: Group, state: State, n: float) -> Numbers:
        momentum = group["momentum"]
        more = 1 - group["dampening"] if n else 1    # the first gradient is the velocity
        return group["weight_decay"], tensor_or_float(group, "lr"), momentum, more, group["nesterov"]

    def formula(self, xp: Any, c: Numbers, w: Any, g: Any, *state: Any) -> None:
        decay, lr, momentum, more, nesterov = c
        v, t, s = state
        along = decayed(xp, w, g, decay, s)
        if momentum:
            v *= momentum
            v += along if more == 1 else xp.multiply(along, more, t)
            along = xp.add(xp.multiply(v, momentum, t), along, t) if nesterov else v
        w -= xp.multiply(along, lr, t)
