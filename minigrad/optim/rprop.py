"""Rprop."""
from __future__ import annotations

from typing import Any

from ..backend import backend_of
from ..engine.node import wrap
from ..errors import ArgumentError
from .group import non_negative
from .optimizer import Group
from .pointwise import Numbers, Pointwise, State, number, zeros


class Rprop(Pointwise):
    """Each element has a step size of its own, which grows while the sign of g stays and shrinks where it changes.

    Riedmiller and Braun, 1993. etas: factors of shrinking and growing. step_sizes: bounds. Made for gradients of all data at once.
    """
    compiled = "rprop"

    def __init__(self, params: Any, lr: float = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
                 step_sizes: tuple[float, float] = (1e-6, 50), *, capturable: bool = False, foreach: bool | None = None,
                 maximize: bool = False, differentiable: bool = False) -> None:
        non_negative("learning rate", lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ArgumentError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        super().__init__(params, {"lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach, "maximize": maximize,
                                  "differentiable": differentiable, "capturable": capturable})

    def begin(self, group: Group, p: Any) -> State:
        lr = float(group["lr"])
        start = complex(lr, lr) if p.array.dtype.kind == "c" else lr
        return {"step": number(), "prev": zeros(p), "step_size": wrap(backend_of(p.array).xp.full(p.array.shape, start, p.array.dtype))}

    def uses(self, group: Group) -> tuple[str, ...]:
        return "prev", "step_size"

    def numbers(self, group: Group, state: State, n: float) -> Numbers:
        return *group["etas"], *group["step_sizes"]

    def formula(self, xp: Any, c: Numbers, w: Any, g: Any, *state: Any) -> None:
        shrink, grow, least, most = c
        before, size, t, _ = state
        agreement = xp.multiply(g, before, t)
        turned = agreement < 0
        size *= xp.where(turned, shrink, xp.where(agreement > 0, grow, 1)).astype(size.dtype)
        xp.clip(size, least, most, out=size)
        before[...] = g
        before[turned] = 0                           # stays there this step, and is free in the next
        w -= xp.multiply(xp.sign(before, t), size, t)
