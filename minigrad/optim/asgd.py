"""Averaged stochastic gradient descent."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import backend_of
from ..engine.node import wrap
from .group import non_negative
from .optimizer import Group, Optimizer


class ASGD(Optimizer):
    """Gradient descent with a falling rate, which also keeps the average of the parameters, state["ax"]. Polyak and Juditsky, 1992.

    After n steps the rate is lr / (1 + lambd * lr * n) ** alpha; averaging begins after t0 steps.
    """

    def __init__(self, params: Any, lr: float = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6, weight_decay: float = 0,
                 foreach: bool | None = None, maximize: bool = False, differentiable: bool = False, capturable: bool = False) -> None:
        non_negative("learning rate", lr)
        non_negative("weight_decay value", weight_decay)
        super().__init__(params, {"lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "foreach": foreach,
                                  "maximize": maximize, "differentiable": differentiable, "capturable": capturable})

    def update(self, group: Group, p: Any, gradient: Any) -> None:
        xp = backend_of(gradient).xp
        lr, lambd, decay = float(group["lr"]), group["lambd"], group["weight_decay"]
        state = self.state[p]
        if not state:
            state["step"] = self._counter()
            state["eta"] = wrap(np.asarray(lr, np.float32))
            state["mu"] = wrap(np.ones((), np.float32))
            state["ax"] = self._zeros(p)
        n = self._count(state)
        eta, mu = state["eta"].array.item(), state["mu"].array.item()
        for w, g, mean, t, s in self.pieces(2, p.array, gradient, state["ax"].array):
            if decay:
                g = xp.add(xp.multiply(w, decay, s), g, s)
            w *= 1 - lambd * eta
            w -= xp.multiply(g, eta, t)
            if mu == 1:
                mean[...] = w
            else:
                mean += xp.multiply(xp.subtract(w, mean, t), mu, t)
        # PyTorch keeps both as float32, whatever the parameters are
        state["eta"].array[...] = np.float32(lr / (1 + lambd * lr * n) ** group["alpha"])
        state["mu"].array[...] = np.float32(1 / max(1, n - group["t0"]))
