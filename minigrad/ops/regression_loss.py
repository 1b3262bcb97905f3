"""Losses of numbers against numbers: squared, absolute, and between.

Each is one op with its mean or sum inside, so that its gradient is one pass. Elementwise, with d = x - t:
squared d^2, absolute |d|, Huber d^2 / 2 near 0 and delta * (|d| - delta / 2) beyond delta.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from ..errors import RefusedArgumentError, UnsupportedDtypeError, operand
from .elementwise import sign
from .half import in_single
from .loss import need_weights, pointwise, reduce_loss, reduced, reduction_of, share, warn_of_broadcast, weighted
from .operands import need_tensors
from .select import clamp_to_numbers

if TYPE_CHECKING:
    from .._tensor import Tensor


def difference(name: str, x: Any, t: Any) -> Any:
    """x - t of arrays; refuses what is no floating-point number."""
    if x.dtype.kind != "f" or t.dtype.kind != "f":
        raise UnsupportedDtypeError(f"{name}: not implemented for {x.dtype}; got x {operand(x)}, t {operand(t)}; "
                                    "convert them with .float()")
    return x - t


# ---------------------------------------------------------------- the ops
@in_single
def mse_rule(g: Any, x: Any, t: Any, reduction: str) -> Any:
    """2 * (x - t)"""
    d = x - t
    return d * (share(g, reduction, d.shape) * 2)


@op(broadcast=True, promotes="arithmetic",
    x=lambda g, x, t, reduction: mse_rule(g, x, t, reduction),
    t=lambda g, x, t, reduction: -mse_rule(g, x, t, reduction))
def mse(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """(x - t)^2, reduced."""
    d = difference("mse_loss", input, target)
    d *= d
    return reduced(d, reduction)


@in_single
def l1_rule(g: Any, x: Any, t: Any, reduction: str) -> Any:
    """The sign of x - t; 0 at 0."""
    d = x - t
    return sign(d) * share(g, reduction, d.shape)


@op(broadcast=True, promotes="arithmetic",
    x=lambda g, x, t, reduction: l1_rule(g, x, t, reduction),
    t=lambda g, x, t, reduction: -l1_rule(g, x, t, reduction))
def l1(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """|x - t|, reduced."""
    return reduced(abs(difference("l1_loss", input, target)), reduction)


@in_single
def huber_rule(g: Any, x: Any, t: Any, reduction: str, delta: float) -> Any:
    """x - t, held within -delta .. delta."""
    d = x - t
    return clamp_to_numbers(d, -delta, delta) * share(g, reduction, d.shape)


@op(broadcast=True, promotes="arithmetic",
    x=lambda g, x, t, reduction, delta: huber_rule(g, x, t, reduction, delta),
    t=lambda g, x, t, reduction, delta: -huber_rule(g, x, t, reduction, delta))
def huber(input: Tensor, target: Tensor, *, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """(x - t)^2 / 2 where |x - t| < delta, else delta * (|x - t| - delta / 2), reduced."""
    z: Any = abs(difference("huber_loss", input, target))
    c = backend_of(z).xp.minimum(z, delta)
    return reduced(c * (z - c / 2), reduction)


# ---------------------------------------------------------------- what users call
def mse_loss(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
             weight: Tensor | None = None) -> Tensor:
    """The squared error (input - target)^2: its mean, its sum, or each element's.

    A target of another size broadcasts, with a warning. weight, of the input's size: what each element counts; the mean
    is then over the weights. Raises ArgumentError for another reduction or size of weights.

    >>> import minigrad
    >>> mse_loss(minigrad.tensor([1.0, 2.0]), minigrad.tensor([1.0, 4.0]))
    tensor(2.)
    """
    need_tensors("mse_loss", input=input, target=target)
    warn_of_broadcast("mse_loss", input, target)
    reduction = reduction_of("mse_loss", reduction, size_average, reduce)
    if weight is None:
        return pointwise(mse, input, target, reduction)
    return weighted("mse_loss", mse(input, target, reduction="none"), weight, input, reduction)


def l1_loss(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
            weight: Tensor | None = None) -> Tensor:
    """The absolute error |input - target|. Arguments and errors as in `mse_loss`."""
    need_tensors("l1_loss", input=input, target=target)
    warn_of_broadcast("l1_loss", input, target)
    reduction = reduction_of("l1_loss", reduction, size_average, reduce)
    if weight is None:
        return pointwise(l1, input, target, reduction)
    return weighted("l1_loss", l1(input, target, reduction="none"), weight, input, reduction)


def smooth_l1_loss(input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean",
                   beta: float = 1.0) -> Tensor:
    """`l1_loss` that is squared near 0: d^2 / (2 * beta) where |d| < beta, else |d| - beta / 2.

    Raises ArgumentError for a negative beta; other arguments as in `mse_loss`.
    """
    need_tensors("smooth_l1_loss", input=input, target=target)
    if beta < 0:
        raise RefusedArgumentError(f"smooth_l1_loss: smooth_l1_loss does not support negative values for beta; got {beta}")
    warn_of_broadcast("smooth_l1_loss", input, target)
    reduction = reduction_of("smooth_l1_loss", reduction, size_average, reduce)
    if beta == 0:
        return pointwise(l1, input, target, reduction)
    if beta == 1:
        return pointwise(huber, input, target, reduction)
    return pointwise(huber, input, target, reduction, delta=beta) / beta


def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None) -> Tensor:
    """d^2 / 2 where |d| < delta, else delta * (|d| - delta / 2), with d = input - target.

    The mean of weighted losses is over the elements. Raises ArgumentError for a delta that is not positive; other
    arguments as in `mse_loss`.
    """
    need_tensors("huber_loss", input=input, target=target)
    if delta <= 0:
        raise RefusedArgumentError(f"huber_loss: huber_loss does not support non-positive values for delta; got {delta}")
    warn_of_broadcast("huber_loss", input, target)
    reduction = reduction_of("huber_loss", reduction, None, None)
    options = {} if delta == 1 else {"delta": delta}
    if weight is None:
        return pointwise(huber, input, target, reduction, **options)
    need_weights("huber_loss", weight, input)
    return reduce_loss(huber(input, target, reduction="none", **options) * weight, reduction)
