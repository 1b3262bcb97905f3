"""`pad`: constant, reflected, replicated or circular borders."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import backend_of
from ..engine.node import wrap
from ..engine.op import op
from ..errors import ArgumentTypeError, ShapeError, UnsupportedError, describe
from .dims import Number
from .index import getitem
from .rows import index_select
from .scalars import fitting

if TYPE_CHECKING:
    from .._tensor import Tensor

Pads = tuple[tuple[int, int], ...]                   # (before, after) per dimension; negative ones cut off


@op(x=lambda g, pads: pad_constant(g, tuple([(-before, -after) for before, after in pads]), 0))
def pad_constant(input: Tensor, pads: Pads, value: Number) -> Tensor:
    """A border of one value."""
    x: Any = input
    shape = tuple([n + before + after for n, (before, after) in zip(x.shape, pads)])
    if min(shape, default=0) < 0:
        raise ShapeError(f"pad: cuts off more than there is; got x {x.shape}, pads {pads}")
    xp = backend_of(x).xp
    fill = fitting("pad", value, x.dtype)
    out = xp.zeros(shape, x.dtype) if fill == 0 else xp.full(shape, fill, x.dtype)
    inside = tuple([slice(max(before, 0), n - max(after, 0)) for n, (before, after) in zip(shape, pads)])
    kept = tuple([slice(max(-before, 0), n - max(-after, 0)) for n, (before, after) in zip(x.shape, pads)])
    out[inside] = x[kept]
    return out


def reflected(n: int, before: int, after: int) -> Any:
    """Positions of n elements with a border mirrored at the first and the last, which are not repeated."""
    return np.concatenate((np.arange(before, 0, -1), np.arange(n), np.arange(n - 2, n - 2 - after, -1)))


def replicated(n: int, before: int, after: int) -> Any:
    """Positions of n elements with the first and the last repeated."""
    return np.arange(-before, n + after).clip(0, n - 1)


def wrapped(n: int, before: int, after: int) -> Any:
    """Positions of n elements continued from the other end."""
    return np.arange(-before, n + after) % n


BORDERS = {"reflect": reflected, "replicate": replicated, "circular": wrapped}


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Borders around the last dimensions: pad = (before last, after last, before second-last, ...); negative ones cut off.

    mode: 'constant' with `value` (0), for any number of dimensions; 'reflect', 'replicate', 'circular' for the last 1
    to 3 of an input with one or two leading ones. Raises ShapeError where a border asks for more than there is.
    """
    if not isinstance(pad, (tuple, list)):
        raise ArgumentTypeError(f"pad: argument 'pad' must be tuple of ints, not {type(pad).__name__}")
    ndim, n = input.ndim, len(pad)
    if n % 2:
        raise ShapeError(f"pad: padding length must be divisible by 2; got pad {tuple(pad)}")
    if n > 2 * ndim:
        raise ShapeError(f"pad: padding length should be less than or equal to two times the input dimension but got padding length {n} "
                         f"and input of dimension {ndim}")
    pairs = [(pad[i].__index__(), pad[i + 1].__index__()) for i in range(0, n, 2)]    # last dimension first
    if mode == "constant":
        return pad_constant(input, ((0, 0),) * (ndim - len(pairs)) + tuple(pairs[::-1]), 0 if value is None else value)
    if mode not in BORDERS:
        raise UnsupportedError(f"pad: unrecognised padding mode {mode}; it may be constant, reflect, replicate or circular")
    if value:
        raise ShapeError(f"pad: padding mode {mode!r} doesn't take in value argument; got {value}")
    if ndim - len(pairs) not in (1, 2) or len(pairs) > 3:
        raise UnsupportedError(f"pad: padding size {n} is not supported for {ndim}D input tensor; mode {mode!r} pads the last 1 to 3 "
                               f"dimensions of an input with 1 or 2 leading ones; got {describe(input)}")
    for i, (before, after) in enumerate(pairs):
        input = with_border(input, ndim - 1 - i, before, after, mode)
    return input


def with_border(x: Any, d: int, before: int, after: int, mode: str) -> Any:
    """x with a border along one dimension."""
    n = x.shape[d]
    if mode == "replicate" and n and n + before + after > 0:   # cutting off moves no end: what is repeated is the input's
        return index_select(x, d, wrap(backend_of(x.array).asarray(replicated(n, before, after))))
    if before < 0 or after < 0:                      # cut off first: the border continues what is left
        x = getitem(x, (*(slice(None),) * d, slice(max(-before, 0), n - max(-after, 0))))
        before, after, n = max(before, 0), max(after, 0), x.shape[d]
    if not n:
        raise ShapeError(f"pad: mode {mode!r} has nothing to repeat along dimension {d}; got {describe(x)}")
    if mode == "reflect" and max(before, after) >= n:
        raise ShapeError(f"pad: padding size should be less than the corresponding input dimension, but got: padding ({before}, {after}) "
                         f"at dimension {d} of input {list(x.shape)}")
    if mode == "circular" and max(before, after) > n:
        raise ShapeError(f"pad: padding value causes wrapping around more than once; got padding ({before}, {after}) at dimension {d} of "
                         f"input {list(x.shape)}")
    if not before and not after:
        return x
    return index_select(x, d, wrap(backend_of(x.array).asarray(BORDERS[mode](n, before, after))))


def constant_pad_nd(input: Tensor, pad: Sequence[int], value: float = 0) -> Tensor:
    """`pad` with one value, under the name that it has beside `nn.functional`."""
    return pad_with(input, pad, "constant", value)


pad_with = pad                                       # for functions with a parameter of its name
