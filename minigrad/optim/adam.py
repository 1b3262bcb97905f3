"""Adam and AdamW."""
from __future__ import annotations

from typing import Any

from ..engine.node import TensorBase
from ..errors import ArgumentError
from .group import check_betas, non_negative, one_element, tensor_or_float
from .optimizer import Group
from .pointwise import Numbers, Pointwise, State, decayed, number, zeros


class Adam(Pointwise):
    """p -= lr * m / (sqrt(v) + eps), m and v being running means of g and g**2 without their bias towards zero. Kingma and Ba, 2015.

    betas: how much m and v keep per step. weight_decay: adds weight_decay * p to g; with decoupled_weight_decay p shrinks by
    lr * weight_decay instead. amsgrad: v never falls (Reddi et al., 2018).
    """
    compiled = "adam"

    def __init__(self, params: Any, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0, amsgrad: bool = False, *, foreach: bool | None = None, maximize: bool = False,
                 capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
                 decoupled_weight_decay: bool = False) -> None:
        check_tensors({"lr": lr, "betas[0]": betas[0], "betas[1]": betas[1]}, bool(foreach) and not capturable)
        non_negative("learning rate", lr)
        non_negative("epsilon value", eps)
        check_betas(betas)
        non_negative("weight_decay value", weight_decay)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
                                  "maximize": maximize, "foreach": foreach, "capturable": capturable, "differentiable": differentiable,
                                  "fused": fused, "decoupled_weight_decay": decoupled_weight_decay})

    def begin(self, group: Group, p: Any) -> State:
        means = {"step": number(), "exp_avg": zeros(p), "exp_avg_sq": zeros(p)}
        return {**means, "max_exp_avg_sq": zeros(p)} if group["amsgrad"] else means

    def uses(self, group: Group) -> tuple[str, ...]:
        return "exp_avg", "exp_avg_sq", "max_exp_avg_sq" if group["amsgrad"] else ""

    def numbers(self, group: Group, state: State, n: float) -> Numbers:
        lr = tensor_or_float(group, "lr")
        beta1, beta2 = group["betas"] if group["differentiable"] else map(float, group["betas"])
        decay, decoupled = group["weight_decay"], group["decoupled_weight_decay"]
        # m / (1 - beta1**n) and sqrt(v / (1 - beta2**n)): the factors move into the step and eps
        root = (1 - beta2 ** n) ** 0.5
        return (0 if decoupled else decay, 1 - lr * decay if decoupled else 1, lr * root / (1 - beta1 ** n), 1 - beta1,
                beta2, 1 - beta2, group["eps"] * root, group["amsgrad"])

    def formula(self, xp: Any, c: Numbers, w: Any, g: Any, *state: Any) -> None:
        decay, shrink, step, more_m, keep_v, more_v, eps, amsgrad = c
        m, v, top, t, s = state
        if shrink != 1:
            w *= shrink
        g = decayed(xp, w, g, decay, s)
        m += xp.multiply(xp.subtract(g, m, t), more_m, t)
        v *= keep_v
        v += xp.multiply(xp.multiply(g, g, t), more_v, t)
        if amsgrad:
            v = xp.maximum(v, top, out=top)
        xp.add(xp.sqrt(v, t), eps, t)
        w -= xp.multiply(xp.divide(m, t, t), step, t)


class AdamW(Adam):
    """Adam whose weight decay shrinks p by lr * weight_decay instead of entering g. Loshchilov and Hutter, 2019."""

    def __init__(self, params: Any, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False, foreach: bool | None = None,
                 capturable: bool = False, differentiable: bool = False, fused: bool | None = None) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize, capturable=capturable,
              differentiable=differentiable, fused=fused, decoupled_weight_decay=True)


def check_tensors(options: dict[str, Any], refused: bool) -> None:
    """Raise ArgumentError for rates and betas that may not be tensors, or not such ones."""
    tensors = [name for name, value in options.items() if isinstance(value, TensorBase)]
    for name in tensors:
        if refused:
            raise ArgumentError(f"{name} as a Tensor is not supported for capturable=False and foreach=True")
        one_element(options[name], name)
    if sum(name.startswith("betas") for name in tensors) == 1:
        raise ArgumentError("betas must be either both floats or both Tensors")
