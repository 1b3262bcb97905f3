"""Dropout: elements, or whole channels, replaced at random in training.

The masks are drawn from the default generator, in the order in which the input lies in memory: the same seed drops the
same elements as in PyTorch.
"""
from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine import inplace as in_place
from ..engine.op import op
from ..errors import DtypeError, RefusedArgumentError, ShapeError, operand
from ..rng import counted_stream, default_generator
from .axes import inverse
from .large import PRODUCT, SINGLE, each
from .operands import need_tensors
from .raw import like

if TYPE_CHECKING:
    from .._tensor import Tensor

SATURATED = -1.7580993408473766                      # selu(-inf), what alpha dropout puts in the place of what it drops


# ---------------------------------------------------------------- masks
def kept_elements(x: Any, shape: tuple[int, ...], p: float, yes: float = 1) -> Any:
    """`yes` with probability 1 - p, else 0, in x's dtype, of a shape that goes with x.

    A device that can count out numbers makes them itself; others get the host's.
    """
    kernels = backend_of(x).kernels
    counted = getattr(kernels, "coins", None)
    if counted is not None:
        return counted(shape, x.dtype, 1 - p, yes, *counted_stream.take(kernels.groups(shape)))
    from ..rng.discrete import coins  # numpy.random is slow to import
    order = memory_order(x) if shape == x.shape else None
    if order is None:
        return backend_of(x).asarray(coins(default_generator, 1 - p, shape, x.dtype, yes))
    drawn = coins(default_generator, 1 - p, tuple([shape[d] for d in order]), x.dtype, yes)
    return backend_of(x).asarray(drawn).transpose(inverse(order))


def memory_order(x: Any) -> list[int] | None:
    """The dimensions from the slowest to the fastest in memory; None where that is their order."""
    if x.flags.c_contiguous or 0 in x.strides:
        return None
    return sorted(range(x.ndim), key=lambda d: -x.strides[d])


def channel_shape(x: Any) -> tuple[int, ...]:
    """(N, C, 1, ...): one decision per channel of each sample."""
    if x.ndim < 2:
        raise ShapeError(f"feature_dropout: Feature dropout requires at least 2 dimensions in the input; got {operand(x)}")
    return (*x.shape[:2], *[1] * (x.ndim - 2))


# ---------------------------------------------------------------- the ops
@op(x=lambda g, noise: g * like(g, noise), kept=("noise",), large={"x": PRODUCT})
def drop(input: Tensor, p: float, shape: tuple[int, ...]) -> Tensor:
    """The input times a mask of `shape` that is 0 with probability p, else 1 / (1 - p)."""
    x: Any = input
    noise = kept_elements(x, shape, p, (x.dtype.type(1) / x.dtype.type(1 - p)).item())      # rounded as a division of elements
    done = each("mul", x, noise) if x.size >= SINGLE else None
    return (x * noise if done is None else done), noise              # type: ignore[return-value]


@op(x=lambda g, noise: g * like(g, noise), kept=("noise",))
def alpha_drop(input: Tensor, p: float, shape: tuple[int, ...]) -> Tensor:
    """What is dropped becomes selu(-inf); all is then scaled and shifted back to mean 0 and variance 1."""
    x: Any = input
    a = 1 / math.sqrt((SATURATED * SATURATED * p + 1) * (1 - p))
    noise = kept_elements(x, shape, p)
    shift = (noise - 1) * (-SATURATED * a) + (-SATURATED * a * p)
    noise *= a
    return x * noise + shift, noise                  # type: ignore[return-value]


@op(x=lambda g: g * 0.0)
def drop_all(input: Tensor) -> Tensor:
    """The input times 0: nan stays, and inf becomes it."""
    return input * 0.0


# ---------------------------------------------------------------- what users call
def dropped(name: str, input: Tensor, p: float, training: bool, inplace: bool, op: Any, by_channel: bool) -> Tensor:
    """What all kinds do: nothing outside training or for p = 0, all for p = 1."""
    need_tensors(name, input=input)
    if not 0 <= p <= 1:
        raise RefusedArgumentError(f"{name}: dropout probability has to be between 0 and 1, but got {p}")
    x = input.array
    if not training or p == 0 or not x.size:
        return input
    if x.dtype.kind != "f":
        raise DtypeError(f"{name}: result type Float can't be cast to the desired output type {x.dtype}; got x {operand(x)}; "
                         "convert it with .float()")
    if p == 1:
        return in_place.write(input, drop_all) if inplace else drop_all(input)
    shape = channel_shape(x) if by_channel else x.shape
    return in_place.write(input, op, p, shape) if inplace else op(input, p, shape)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element 0 with probability p, else divided by 1 - p, so that the expected value stays. Only in training.

    Raises ArgumentError unless 0 <= p <= 1, DtypeError for integers. Source: Srivastava et al. 2014, Dropout.
    """
    return dropped("dropout", input, p, training, inplace, drop, False)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout that keeps mean 0 and variance 1, for networks with `selu`.

    Errors as in `dropout`. Source: Klambauer et al. 2017, Self-Normalizing Neural Networks.
    """
    return dropped("alpha_dropout", input, p, training, inplace, alpha_drop, False)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels: input (N, C, ...)."""
    return dropped("feature_alpha_dropout", input, p, training, inplace, alpha_drop, True)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Dropout of whole channels: input (N, C, L), or (C, L) for one sample. Raises ShapeError for others."""
    need_tensors("dropout1d", input=input)
    if input.ndim not in (2, 3):
        raise ShapeError(f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input: channels are dropped of inputs with one "
                         f"spatial dimension, a channel dimension and an optional batch dimension; got {operand(input)}")
    return by_sample("dropout1d", input, p, training, inplace, 3)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Dropout of whole channels: input (N, C, H, W). A 3D input is taken as (N, C, L), with PyTorch's warning."""
    need_tensors("dropout2d", input=input)
    if input.ndim not in (3, 4):
        warn_of_dimensions("dropout2d", input.ndim, 2, "3D or 4D")
    if input.ndim == 3:
        warnings.warn("dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired - input "
                      "is interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a future release to "
                      "interpret the input as one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D channel-wise dropout "
                      "behavior, please switch to using dropout1d instead.", UserWarning, stacklevel=2)
    return dropped("dropout2d", input, p, training, inplace, drop, True)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Dropout of whole channels: input (N, C, D, H, W), or (C, D, H, W) for one sample."""
    need_tensors("dropout3d", input=input)
    if input.ndim not in (4, 5):
        warn_of_dimensions("dropout3d", input.ndim, 3, "4D or 5D")
    return by_sample("dropout3d", input, p, training, inplace, 5)


def by_sample(name: str, input: Tensor, p: float, training: bool, inplace: bool, batched: int) -> Tensor:
    """Channel dropout of an input with so many dimensions, or of one sample with one less."""
    if input.ndim == batched:
        return dropped(name, input, p, training, inplace, drop, True)
    out = dropped(name, input.unsqueeze(0), p, training, inplace, drop, True).squeeze(0)
    return input if inplace else out


def warn_of_dimensions(name: str, ndim: int, spatial: int, expected: str) -> None:
    """PyTorch's warning about an input with other dimensions than the function is for."""
    warnings.warn(f"{name}: Received a {ndim}-D input to {name}, which is deprecated and will result in an error in a future release. To "
                  f"retain the behavior and silence this warning, please use dropout instead. Note that {name} exists to provide "
                  f"channel-wise dropout on inputs with {spatial} spatial dimensions, a channel dimension, and an optional batch dimension "
                  f"(i.e. {expected} inputs).", UserWarning, stacklevel=3)
