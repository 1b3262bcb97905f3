"""Averaged stochastic gradient descent."""
from __future__ import annotations

from typing import Any

import numpy as np

from .group import non_negative
from .optimizer import Group
from .pointwise import Numbers, Pointwise, State, decayed, number, zeros


class ASGD(Pointwise):
    """Gradient descent with a falling rate, which also keeps the average of the parameters, state["ax"]. Polyak and Juditsky, 1992.

    After n steps the rate is lr / (1 + lambd * lr * n) ** alpha; averaging begins after t0 steps.
    """
    compiled, alike = "asgd", False

    def __init__(self, params: Any, lr: float = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6, weight_decay: float = 0,
                 foreach: bool | None = None, maximize: bool = False, differentiable: bool = False, capturable: bool = False) -> None:
        non_negative("learning rate", lr)
        non_negative("weight_decay value", weight_decay)
        super().__init__(params, {"lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "foreach": foreach,
                                  "maximize": maximize, "differentiable": differentiable, "capturable": capturable})

    def begin(self, group: Group, p: Any) -> State:
        return {"step": number(), "eta": number(float(group["lr"])), "mu": number(1.0), "ax": zeros(p)}

    def uses(self, group: Group) -> tuple[str, ...]:
        return ("ax",)

    def numbers(self, group: Group, state: State, n: float) -> Numbers:
        lr, lambd = float(group["lr"]), group["lambd"]
        eta, mu = state["eta"].array.item(), state["mu"].array.item()
        # those of the next step. PyTorch keeps both as float32, whatever the parameters are
        state["eta"].array[...] = np.float32(lr / (1 + lambd * lr * n) ** group["alpha"])
        state["mu"].array[...] = np.float32(1 / max(1, n - group["t0"]))
        return group["weight_decay"], 1 - lambd * eta, eta, mu

    def formula(self, xp: Any, c: Numbers, w: Any, g: Any, *state: Any) -> None:
        decay, shrink, eta, mu = c
        mean, t, s = state
        g = decayed(xp, w, g, decay, s)
        w *= shrink
        w -= xp.multiply(g, eta, t)
        if mu == 1:
            mean[...] = w
        else:
            mean += xp.multiply(xp.subtract(w, mean, t), mu, t)
