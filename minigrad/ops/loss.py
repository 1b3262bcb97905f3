"""What all losses share: how elements are reduced to one number, and checks of sizes."""
from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import config, mistakes
from ..engine.inplace import node_of
from ..engine.node import TensorBase
from ..engine.spec import clash
from ..errors import ArgumentError, DeviceError, DtypeError, GraphError, ShapeError, describe, operand
from .operands import need_tensors
from .reduce import add_up, mean, sum

if TYPE_CHECKING:
    from .._tensor import Tensor

REDUCTIONS = ("none", "mean", "sum")


# ---------------------------------------------------------------- arguments
def reduction_of(name: str, reduction: str, size_average: bool | None, reduce: bool | None) -> str:
    """The reduction that a call asks for, the two arguments that `reduction` replaced among them."""
    if size_average is not None or reduce is not None:
        reduction = "none" if reduce is False else "sum" if size_average is False else "mean"
        warnings.warn(f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
                      UserWarning, stacklevel=3)
    elif reduction not in REDUCTIONS:
        raise ArgumentError(f"{name}: {reduction} is not a valid value for reduction; it is one of {', '.join(REDUCTIONS)}")
    return reduction


def refuse_gradient(name: str, **values: Any) -> None:
    """Refuse a tensor that requires grad where the op has no gradient for it."""
    for which, value in values.items():
        if isinstance(value, TensorBase) and node_of(value) is not None:
            raise GraphError(f"{name}: the derivative for '{which}' is not implemented; detach() it; got {describe(value)}")


def need_one_device(name: str, **values: Any) -> None:
    """Refuse tensors on different devices, where one of them goes to an op as an option."""
    first, second = values.values()
    if type(first.array) is not type(second.array):
        here, there = first.device, second.device
        raise DeviceError(f"{name}: expected all tensors to be on the same device; got {' and '.join(values)} on {here} and {there}; "
                          f"move one with .to({str(here)!r})")


def need_common_shape(name: str, **values: Any) -> None:
    """Refuse tensors that do not broadcast together."""
    arrays = [value.array for value in values.values()]
    try:
        np.broadcast_shapes(*[a.shape for a in arrays])
    except ValueError:
        raise ShapeError(f"{name}: {clash(arrays)}; got {', '.join(f'{n} {operand(a)}' for n, a in zip(values, arrays))}") from None


def warn_of_broadcast(name: str, x: Any, t: Any, target_may: bool = False) -> None:
    """Say that input and target differ in size: a wrong loss, far more often than a wish. target_may: only the input must keep its size."""
    if x.array.shape != t.array.shape:
        need_common_shape(name, input=x, target=t)
        shape = np.broadcast_shapes(x.array.shape, t.array.shape)
        if config.GUARD and not (target_may and shape == x.array.shape):
            mistakes.tell(f"Using a target size ({t.shape}) that is different to the input size ({x.shape}). This will likely lead to "
                          "incorrect results due to broadcasting. Please ensure they have the same size. "
                          f"{name}: they broadcast to {list(shape)}; use squeeze(), unsqueeze() or view_as()")


def need_same_size(name: str, x: Any, t: Any) -> None:
    """Refuse a target of another size than the input."""
    if x.array.shape != t.array.shape:
        raise ArgumentError(f"{name}: Target size ({t.shape}) must be the same as input size ({x.shape})"
                            + remedy(t.array.shape, x.array.shape))


def remedy(given: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """What gives a target the wanted shape, if one dimension of size 1 is too many or missing."""
    for d in reversed(range(len(given))):
        if given[d] == 1 and given[:d] + given[d + 1:] == wanted:
            return f"; write target.squeeze({d})"
    for d in reversed(range(len(wanted))):
        if wanted[d] == 1 and wanted[:d] + wanted[d + 1:] == given:
            return f"; write target.unsqueeze({d})"
    return ""


def need_weights(name: str, weight: Any, x: Any) -> None:
    """Refuse weights that are not one number per element."""
    need_tensors(name, weight=weight)
    if weight.array.shape != x.array.shape:
        raise ArgumentError(f"{name}: Weights and input must have the same size; got weight {describe(weight)}, x {describe(x)}")


def need_weight_of(name: str, weight: Any, count: int, x: Any) -> None:
    """Refuse class weights that are not one number per class, in x's dtype."""
    if weight.array.dtype != x.array.dtype:
        raise DtypeError(f"{name}: expected weight to have the input's dtype; got x {describe(x)}, weight {describe(weight)}")
    if tuple(weight.shape) != (count,):
        raise ShapeError(f"{name}: weight tensor should be defined either for all {count} classes or no classes but got weight tensor "
                         f"of shape: {list(weight.shape)}; x is {describe(x)}")


# ---------------------------------------------------------------- from elements to one number
def reduced(losses: Any, reduction: str) -> Any:
    """An array of losses, its mean or its sum."""
    if reduction == "none":
        return losses
    return add_up(losses, None, False, None, losses.size if reduction == "mean" else 1)


def share(g: Any, reduction: str, shape: tuple[int, ...]) -> Any:
    """The gradient that reaches each element of `shape`: g is that of the reduced loss."""
    return g / math.prod(shape) if reduction == "mean" else g


def reduce_loss(losses: Tensor, reduction: str) -> Tensor:
    """`reduced`, recorded: for losses that are made of several ops."""
    return mean(losses) if reduction == "mean" else sum(losses) if reduction == "sum" else losses


def weighted(name: str, losses: Tensor, weight: Tensor, input: Tensor, reduction: str) -> Tensor:
    """Losses times one weight each; their mean is over the weights. Raises ArgumentError for weights of another size."""
    need_weights(name, weight, input)
    total = losses * weight
    return sum(total) / sum(weight) if reduction == "mean" else reduce_loss(total, reduction)


def pointwise(op: Any, input: Tensor, target: Tensor, reduction: str, **options: Any) -> Tensor:
    """Call a fused loss; the mean with default options, which most ask for, by its shortest call path."""
    if reduction == "mean" and not options:
        return op(input, target)
    return op(input, target, reduction=reduction, **options)
