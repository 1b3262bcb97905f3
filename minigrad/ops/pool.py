"""Pooling: the largest value, or the mean, of each window.

The ops work on images (N, C, H, W); signals are images of height 1, volumes are pooled over height and width first and
over depth then. Each op's rule is its adjoint, and the adjoint's rule leads back.
"""
from __future__ import annotations

from collections.abc import Sequence
from math import inf, prod
from typing import TYPE_CHECKING, Any, NamedTuple

from ..backend import backend_of
from ..engine.casting import autocasts
from ..engine.node import wrap
from ..engine.op import op
from ..errors import RefusedArgumentError, ShapeError, UnsupportedDtypeError, operand
from .powers import pow
from .select import choose
from .unpool import put_planes
from .windows import numbers

if TYPE_CHECKING:
    from .._tensor import Tensor

Ints = int | Sequence[int]
Pair = tuple[int, ...]                               # (height, width)
Pads = tuple[Pair, Pair]                             # ((top, bottom), (left, right))


# ---------------------------------------------------------------- the largest of each window
class MaxPool(NamedTuple):
    """Largest values, and where they stand in the flattened plane."""
    output: Tensor
    indices: Tensor


@op(x=lambda g, k, x_shape, kernel, stride, padding, dilation: max_pool_input(g, k, x_shape, kernel, stride, padding, dilation),
    kept=("k",))
def max_pool(input: Tensor, kernel: Pair, stride: Pair, padding: Pads, dilation: Pair, out_size: Pair) -> Tensor:
    """(N, C, H, W) -> (N, C, *out_size), and the tap k of the window at which each value was found."""
    return backend_of(input).kernels.max_pool2d(input, kernel, stride, padding, dilation, out_size)


@op(x=lambda g, indices, x_shape: put_planes(g, indices, x_shape[2:]),
    kept=("indices",), returns=MaxPool)
def max_pool_with_indices(input: Tensor, kernel: Pair, stride: Pair, padding: Pads, dilation: Pair, out_size: Pair) -> Tensor:
    """`max_pool`, and where the values stand in the flattened plane, as int64."""
    x: Any = input
    kernels = backend_of(x).kernels
    y, k = kernels.max_pool2d(x, kernel, stride, padding, dilation, out_size)
    return y, kernels.max_pool2d_flat(k, x.shape, kernel, stride, padding, dilation)   # type: ignore[return-value]


@op(y=lambda g, taps, kernel, stride, padding, dilation: max_pool_gather(g, taps, kernel, stride, padding, dilation))
def max_pool_input(other: Tensor, taps: Any, shape: tuple[int, ...], kernel: Pair, stride: Pair, padding: Pads, dilation: Pair) -> Tensor:
    """The adjoint of `max_pool`: each gradient goes to where the largest value was found."""
    return backend_of(other).kernels.max_pool2d_input(other, taps, shape, kernel, stride, padding, dilation)


@op(x=lambda g, taps, x_shape, kernel, stride, padding, dilation: max_pool_input(g, taps, x_shape, kernel, stride, padding, dilation))
def max_pool_gather(input: Tensor, taps: Any, kernel: Pair, stride: Pair, padding: Pads, dilation: Pair) -> Tensor:
    """The values at the taps, the largest or not: the adjoint of `max_pool_input`."""
    return backend_of(input).kernels.max_pool2d_gather(input, taps, kernel, stride, padding, dilation)


# ---------------------------------------------------------------- the mean of each window
@op(x=lambda g, x_shape, kernel, stride, padding, out_size, count_include_pad, divisor_override:
    avg_pool_input(g, x_shape, kernel, stride, padding, out_size, count_include_pad, divisor_override))
def avg_pool(input: Tensor, kernel: Pair, stride: Pair, padding: Pads, out_size: Pair, count_include_pad: bool,
             divisor_override: int | None) -> Tensor:
    """(N, C, H, W) -> (N, C, *out_size)."""
    return backend_of(input).kernels.avg_pool2d(input, kernel, stride, padding, out_size, count_include_pad, divisor_override)


@op(y=lambda g, kernel, stride, padding, out_size, count_include_pad, divisor_override:
    avg_pool(g, kernel, stride, padding, out_size, count_include_pad, divisor_override))
def avg_pool_input(other: Tensor, shape: tuple[int, ...], kernel: Pair, stride: Pair, padding: Pads, out_size: Pair,
                   count_include_pad: bool, divisor_override: int | None) -> Tensor:
    """The adjoint of `avg_pool`: each gradient is shared by its window."""
    return backend_of(other).kernels.avg_pool2d_input(other, shape, kernel, stride, padding, out_size, count_include_pad,
                                                      divisor_override)


# ---------------------------------------------------------------- arguments
class Windows(NamedTuple):
    """The options of a pooling, one number per spatial dimension, and how many windows there are."""
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    count: tuple[int, ...]                           # type: ignore[assignment]   # tuple.count, which nobody calls

    def pads(self, first: int = 0) -> Pads:
        """Padding before and after the two dimensions from `first` on."""
        p, q = self.padding[first:first + 2]
        return (p, p), (q, q)


def windows_of(name: str, n: int, x: Any, kernel_size: Ints, stride: Ints | None, padding: Ints, dilation: Ints,
               ceil_mode: bool) -> Windows:
    """Everything per dimension, checked. With `ceil_mode` a last window may reach beyond the padding, if it starts before that."""
    kernel = numbers(f"{name}: kernel_size", kernel_size, n, 1)
    strides = kernel if stride is None or stride == [] or stride == () else numbers(f"{name}: stride", stride, n, 1)
    pads, dilations = numbers(f"{name}: padding", padding, n, 0), numbers(f"{name}: dilation", dilation, n, 1)
    if x.ndim not in (n + 1, n + 2) or not prod(x.shape[-n - 1:]):
        raise ShapeError(f"{name}: Expected {n + 1}D or {n + 2}D (batch mode) tensor with optional 0 dim batch size for input, but got: "
                         f"{list(x.shape)} ({operand(x)})")
    count = []
    for size, k, s, p, d in zip(x.shape[-n:], kernel, strides, pads, dilations, strict=True):
        reach = d * (k - 1) + 1
        if p > reach // 2:
            raise RefusedArgumentError(f"{name}: pad should be at most half of effective kernel size, but got pad={p}, kernel_size={k} "
                                       f"and dilation={d}")
        windows = (size + 2 * p - reach + (s - 1 if ceil_mode else 0)) // s + 1
        if ceil_mode and (windows - 1) * s >= size + p:
            windows -= 1                             # it would see padding only
        if windows < 1:
            raise ShapeError(f"{name}: Output size is too small: no window of {kernel} fits into {operand(x)} with padding {pads} and "
                             f"dilation {dilations}")
        count.append(windows)
    return Windows(kernel, strides, pads, dilations, tuple(count))


def need_numbers(name: str, x: Any, kinds: str) -> None:
    """Refuse dtypes that have no order, or no mean."""
    if x.dtype.kind not in kinds:
        raise UnsupportedDtypeError(f"{name}: not implemented for {x.dtype}; got {operand(x)}; convert it with .float()")


# ---------------------------------------------------------------- what users call
def max_pool1d(input: Tensor, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, dilation: Ints = 1,
               ceil_mode: bool = False, return_indices: bool = False) -> Any:
    """The largest value of each window: (N, C, L) or (C, L) -> (N, C, windows). Options and errors as in `max_pool2d`."""
    x = input.array
    need_numbers("max_pool1d", x, "fiu")
    w = windows_of("max_pool1d", 1, x, kernel_size, stride, padding, dilation, ceil_mode)
    image = input.reshape((-1, x.shape[-2], 1, x.shape[-1]))
    p, = w.padding
    pool: Any = max_pool_with_indices if return_indices else max_pool
    found = pool(image, (1, *w.kernel), (1, *w.stride), ((0, 0), (p, p)), (1, *w.dilation), (1, *w.count))
    shape = (*x.shape[:-1], *w.count)
    return (found[0].reshape(shape), found[1].reshape(shape)) if return_indices else found.reshape(shape)


def max_pool2d(input: Tensor, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, dilation: Ints = 1,
               ceil_mode: bool = False, return_indices: bool = False) -> Any:
    """The largest value of each window: (N, C, H, W) or (C, H, W) -> (N, C, rows, columns).

    stride: kernel_size by default. Padding is -inf. The gradient goes to the first of equal values. With
    `return_indices`, also where each value stands in its flattened plane, which is what `max_unpool2d` wants.
    Raises ShapeError where no window fits, ArgumentError for padding of more than half the kernel.
    """
    x = input.array
    need_numbers("max_pool2d", x, "fiu")
    w = windows_of("max_pool2d", 2, x, kernel_size, stride, padding, dilation, ceil_mode)
    pool: Any = max_pool_with_indices if return_indices else max_pool
    options = w.kernel, w.stride, w.pads(), w.dilation, w.count
    if x.ndim == 4:
        found = pool(input, *options)
        return tuple(found) if return_indices else found
    found = pool(input.unsqueeze(0), *options)
    return (found[0].squeeze(0), found[1].squeeze(0)) if return_indices else found.squeeze(0)


@autocasts
def max_pool3d(input: Tensor, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, dilation: Ints = 1,
               ceil_mode: bool = False, return_indices: bool = False) -> Any:
    """The largest value of each window: (N, C, D, H, W) or (C, D, H, W) -> (N, C, *windows). Options and errors as in `max_pool2d`."""
    x = input.array
    need_numbers("max_pool3d", x, "fiu")
    w = windows_of("max_pool3d", 3, x, kernel_size, stride, padding, dilation, ceil_mode)
    depth, height, width = x.shape[-3:]
    planes, places = max_pool_with_indices(input.reshape((1, -1, height, width)), w.kernel[1:], w.stride[1:], w.pads(1), w.dilation[1:],
                                           w.count[1:])
    columns = planes.reshape((1, -1, depth, prod(w.count[1:])))          # then along depth, at each place of the plane
    p = w.padding[0]
    found, slices = max_pool_with_indices(columns, (w.kernel[0], 1), (w.stride[0], 1), ((p, p), (0, 0)), (w.dilation[0], 1),
                                          (w.count[0], columns.shape[-1]))
    shape = (*x.shape[:-3], *w.count)
    if not return_indices:
        return found.reshape(shape)
    return found.reshape(shape), wrap(volume_indices(places.array, slices.array, depth, height * width).reshape(shape))


def volume_indices(places: Any, slices: Any, depth: int, plane: int) -> Any:
    """Places in volumes, from those in each plane and from which plane won."""
    at = places.reshape(-1, depth, slices.shape[-1])                     # (N * C, D, windows of a plane)
    slices = slices.reshape(at.shape[0], -1, at.shape[-1])               # depth * windows + window
    xp = backend_of(at).xp
    return xp.take_along_axis(at.reshape(at.shape[0], -1), slices.reshape(at.shape[0], -1), 1).reshape(slices.shape) \
        + slices // at.shape[-1] * plane


def avg_pool1d(input: Tensor, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, ceil_mode: bool = False,
               count_include_pad: bool = True) -> Tensor:
    """The mean of each window: (N, C, L) or (C, L) -> (N, C, windows). Options and errors as in `avg_pool2d`."""
    x = input.array
    if x.dtype == "i8":
        return cut_off(avg_pool1d(input.double(), kernel_size, stride, padding, ceil_mode, count_include_pad))
    need_numbers("avg_pool1d", x, "f")
    w = windows_of("avg_pool1d", 1, x, kernel_size, stride, padding, 1, ceil_mode)
    p, = w.padding
    y = avg_pool(input.reshape((-1, x.shape[-2], 1, x.shape[-1])), (1, *w.kernel), (1, *w.stride), ((0, 0), (p, p)), (1, *w.count),
                 count_include_pad, None)
    return y.reshape((*x.shape[:-1], *w.count))


def avg_pool2d(input: Tensor, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, ceil_mode: bool = False,
               count_include_pad: bool = True, divisor_override: int | None = None) -> Tensor:
    """The mean of each window: (N, C, H, W) or (C, H, W) -> (N, C, rows, columns).

    Padding is 0, and counts in the mean if `count_include_pad`; `divisor_override` divides the sum instead.
    Raises ShapeError where no window fits, ArgumentError for padding of more than half the kernel.
    """
    x = input.array
    if x.dtype == "i8":
        return cut_off(avg_pool2d(input.double(), kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override))
    need_numbers("avg_pool2d", x, "f")
    w = windows_of("avg_pool2d", 2, x, kernel_size, stride, padding, 1, ceil_mode)
    check_divisor("avg_pool2d", divisor_override)
    options: Any = w.kernel, w.stride, w.pads(), w.count, count_include_pad, divisor_override
    return avg_pool(input, *options) if x.ndim == 4 else avg_pool(input.unsqueeze(0), *options).squeeze(0)


@autocasts
def avg_pool3d(input: Tensor, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, ceil_mode: bool = False,
               count_include_pad: bool = True, divisor_override: int | None = None) -> Tensor:
    """The mean of each window: (N, C, D, H, W) or (C, D, H, W) -> (N, C, *windows). Options and errors as in `avg_pool2d`."""
    x = input.array
    if x.dtype == "i8":
        return cut_off(avg_pool3d(input.double(), kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override))
    need_numbers("avg_pool3d", x, "f")
    w = windows_of("avg_pool3d", 3, x, kernel_size, stride, padding, 1, ceil_mode)
    check_divisor("avg_pool3d", divisor_override)
    depth, height, width = x.shape[-3:]
    p, once = w.padding[0], None if divisor_override is None else 1      # an override divides once, in the second step
    planes = avg_pool(input.reshape((1, -1, height, width)), w.kernel[1:], w.stride[1:], w.pads(1), w.count[1:], count_include_pad,
                      once)
    columns = planes.reshape((1, -1, depth, prod(w.count[1:])))
    y = avg_pool(columns, (w.kernel[0], 1), (w.stride[0], 1), ((p, p), (0, 0)), (w.count[0], columns.shape[-1]), count_include_pad,
                 divisor_override)
    return y.reshape((*x.shape[:-3], *w.count))


def cut_off(means: Tensor) -> Tensor:
    """Means of integers as integers, the fraction cut off. A mean that is whole may be a rounding error away from it."""
    m: Any = means.array
    xp = backend_of(m).xp
    nearest = xp.rint(m)
    return wrap(xp.where(abs(m - nearest) < 1e-9 * (1 + abs(m)), nearest, xp.trunc(m)).astype("i8"))


def lp_pool1d(input: Tensor, norm_type: float, kernel_size: Ints, stride: Ints | None = None, ceil_mode: bool = False) -> Tensor:
    """sum(x^p)^(1/p) of each window, p = `norm_type`: (N, C, L) or (C, L) -> (N, C, windows)."""
    if norm_type in (inf, -inf):
        return extreme_size(max_pool1d, input, norm_type, kernel_size, stride, ceil_mode)
    means = avg_pool1d(pow(input, norm_type), kernel_size, stride, 0, ceil_mode)
    return root_of_sum(means, norm_type, numbers("lp_pool1d: kernel_size", kernel_size, 1, 1))


def lp_pool2d(input: Tensor, norm_type: float, kernel_size: Ints, stride: Ints | None = None, ceil_mode: bool = False) -> Tensor:
    """sum(x^p)^(1/p) of each window, p = `norm_type`: (N, C, H, W) or (C, H, W) -> (N, C, rows, columns). Errors as in `avg_pool2d`."""
    if norm_type in (inf, -inf):
        return extreme_size(max_pool2d, input, norm_type, kernel_size, stride, ceil_mode)
    means = avg_pool2d(pow(input, norm_type), kernel_size, stride, 0, ceil_mode)
    return root_of_sum(means, norm_type, numbers("lp_pool2d: kernel_size", kernel_size, 2, 1))


def lp_pool3d(input: Tensor, norm_type: float, kernel_size: Ints, stride: Ints | None = None, ceil_mode: bool = False) -> Tensor:
    """sum(x^p)^(1/p) of each window, p = `norm_type`: (N, C, D, H, W) or (C, D, H, W) -> (N, C, *windows)."""
    if norm_type in (inf, -inf):
        return extreme_size(max_pool3d, input, norm_type, kernel_size, stride, ceil_mode)
    means = avg_pool3d(pow(input, norm_type), kernel_size, stride, 0, ceil_mode)
    return root_of_sum(means, norm_type, numbers("lp_pool3d: kernel_size", kernel_size, 3, 1))


def root_of_sum(means: Tensor, p: float, kernel: Sequence[int]) -> Tensor:
    """From the means of powers to the norm of each window; windows cut short by `ceil_mode` count as whole ones, as in PyTorch.

    A window whose powers add up to 0 gets no gradient: that of the root is inf there.
    """
    return pow(choose(means != 0, means, 0) * prod(kernel), 1 / p)


def extreme_size(pool: Any, input: Tensor, p: float, kernel_size: Ints, stride: Ints | None, ceil_mode: bool) -> Tensor:
    """The norms of p = inf and -inf: the largest and the smallest size in each window."""
    size = abs(input)
    if p < 0:
        return -pool(-size, kernel_size, stride, 0, 1, ceil_mode)
    return pool(size, kernel_size, stride, 0, 1, ceil_mode)


def check_divisor(name: str, divisor: int | None) -> None:
    """A divisor must not be 0."""
    if divisor == 0:
        raise RefusedArgumentError(f"{name}: divisor must be not zero; got divisor_override=0")


def max_pool1d_with_indices(input: Tensor, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, dilation: Ints = 1,
                            ceil_mode: bool = False, return_indices: bool = False) -> tuple[Tensor, Tensor]:
    """`max_pool1d` with `return_indices`."""
    return max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool2d_with_indices(input: Tensor, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, dilation: Ints = 1,
                            ceil_mode: bool = False, return_indices: bool = False) -> tuple[Tensor, Tensor]:
    """`max_pool2d` with `return_indices`."""
    return max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


@autocasts
def max_pool3d_with_indices(input: Tensor, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, dilation: Ints = 1,
                            ceil_mode: bool = False, return_indices: bool = False) -> tuple[Tensor, Tensor]:
    """`max_pool3d` with `return_indices`."""
    return max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode, True)
