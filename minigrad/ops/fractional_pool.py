"""Max pooling over windows at random steps, so that the size shrinks by any factor. Source: Graham 2014, Fractional Max-Pooling."""
from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.casting import autocasts
from ..engine.node import wrap
from ..errors import ArgumentError, DtypeError, RefusedArgumentError, ShapeError, describe, operand
from ..rng import continuous
from .draws import chosen
from .lookup import gather
from .windows import numbers

if TYPE_CHECKING:
    from .._tensor import Tensor

Ints = int | Sequence[int]


def pooled(name: str, n: int, input: Tensor, kernel_size: Ints, output_size: Ints | None, output_ratio: Any,
           samples: Tensor | None) -> tuple[Tensor, Tensor]:
    """Values and their places in the flattened plane or volume; windows start where `samples`, one number per dimension, say."""
    x = input.array
    if x.ndim not in (n + 1, n + 2) or not prod(x.shape[-n - 1:]):
        raise ShapeError(f"{name}: Expected {n + 1}D or {n + 2}D tensor with non-empty channels and sizes; got {operand(x)}")
    size = x.shape[-n:]
    kernel = numbers(f"{name}: kernel_size", kernel_size, n, 1)
    bins = bins_of(name, n, size, output_size, output_ratio)
    for s, k, b in zip(size, kernel, bins, strict=True):
        if b + k - 1 > s:
            raise ShapeError(f"{name}: pool size {k} too large relative to input size {s} for {b} windows; got {operand(x)}")
    batched = x.ndim == n + 2
    lead = x.shape[:2] if batched else (1, x.shape[0])
    xp = backend_of(x).xp
    u = drawn(name, n, x, lead, samples)
    place = xp.zeros((*lead, *(1,) * 2 * n), "i8")   # (N, C, *bins, *kernel), the last dimension's windows first drawn
    for d in range(n):
        at = starts(u[..., n - 1 - d if n == 2 else d], size[d], kernel[d], bins[d])
        at = at.reshape((*lead, *[b if e == d else 1 for e, b in enumerate(bins)], *(1,) * n))
        taps = xp.arange(kernel[d]).reshape((1, 1, *(1,) * n, *[k if e == d else 1 for e, k in enumerate(kernel)]))
        place = place * size[d] + at + taps
    flat = place.reshape((*lead, prod(bins), prod(kernel)))
    rows = x.reshape((*lead, prod(size)))
    values = xp.take_along_axis(rows, flat.reshape((*lead, prod(bins) * prod(kernel))), -1).reshape(flat.shape)
    best = xp.take_along_axis(flat, values.argmax(-1)[..., None], -1)[..., 0]
    out = gather(input.reshape((*lead, prod(size))), 2, wrap(best))
    shape = (*x.shape[:-n], *bins)
    return out.reshape(shape), wrap(best.reshape(shape))


def bins_of(name: str, n: int, size: tuple[int, ...], output_size: Ints | None, output_ratio: Any) -> tuple[int, ...]:
    """How many windows along each dimension."""
    if output_size is not None:
        return tuple(numbers(f"{name}: output_size", output_size, n, 1))
    if output_ratio is None:
        raise ArgumentError(f"{name}: requires specifying either an output_size or an output_ratio")
    ratios = tuple(output_ratio) if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * n
    if len(ratios) != n or not all(0 < r < 1 for r in ratios):
        raise RefusedArgumentError(f"{name}: output_ratio must be {n} numbers between 0 and 1; got {output_ratio}")
    return tuple([int(s * r) for s, r in zip(size, ratios, strict=True)])


def drawn(name: str, n: int, x: Any, lead: tuple[int, ...], samples: Any) -> Any:
    """(N, C, n) numbers of [0, 1): those given, or new ones."""
    backend = backend_of(x)
    if samples is None:
        made = continuous.uniform(chosen(None), (*lead, n), x.dtype)
        return backend.from_host(made, backend.device_of(x))
    if samples.array.dtype != x.dtype:
        raise DtypeError(f"{name}: expected _random_samples to have the input's dtype; got {describe(samples)}")
    found = samples.array
    if found.ndim != 3 or found.shape[1:] != (*lead[1:], n) or found.shape[0] < lead[0]:
        raise ShapeError(f"{name}: expected _random_samples of shape {(*lead, n)}, or of more rows; got {describe(samples)}")
    return found[:lead[0]]


def starts(u: Any, size: int, kernel: int, bins: int) -> Any:
    """(N, C) -> (N, C, bins): where windows start along one dimension; the last one ends where the input does."""
    xp = backend_of(u).xp
    at = xp.full((*u.shape, bins), size - kernel, "i8")
    if bins > 1:
        alpha = u.dtype.type((size - kernel) / (bins - 1))
        i = xp.arange(bins - 1).astype(u.dtype)
        at[..., :-1] = ((i + u[..., None]) * alpha).astype("i8") - (u[..., None] * alpha).astype("i8")
    return at


# ---------------------------------------------------------------- what users call
@autocasts
def fractional_max_pool2d(input: Tensor, kernel_size: Ints, output_size: Ints | None = None, output_ratio: Any = None,
                          return_indices: bool = False, _random_samples: Tensor | None = None) -> Any:
    """The largest values of windows at random steps: (N, C, H, W) or (C, H, W) -> (N, C, *output_size), or output_ratio of (H, W).

    With `return_indices`, also where each stands in its flattened plane. Raises ShapeError where so many windows do not fit.
    """
    found = pooled("fractional_max_pool2d", 2, input, kernel_size, output_size, output_ratio, _random_samples)
    return found if return_indices else found[0]


@autocasts
def fractional_max_pool2d_with_indices(input: Tensor, kernel_size: Ints, output_size: Ints | None = None, output_ratio: Any = None,
                                       return_indices: bool = False, _random_samples: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """`fractional_max_pool2d` with `return_indices`."""
    return pooled("fractional_max_pool2d", 2, input, kernel_size, output_size, output_ratio, _random_samples)


@autocasts
def fractional_max_pool3d(input: Tensor, kernel_size: Ints, output_size: Ints | None = None, output_ratio: Any = None,
                          return_indices: bool = False, _random_samples: Tensor | None = None) -> Any:
    """The largest values of windows at random steps: (N, C, D, H, W) or (C, D, H, W) -> (N, C, *output_size)."""
    found = pooled("fractional_max_pool3d", 3, input, kernel_size, output_size, output_ratio, _random_samples)
    return found if return_indices else found[0]


@autocasts
def fractional_max_pool3d_with_indices(input: Tensor, kernel_size: Ints, output_size: Ints | None = None, output_ratio: Any = None,
                                       return_indices: bool = False, _random_samples: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """`fractional_max_pool3d` with `return_indices`."""
    return pooled("fractional_max_pool3d", 3, input, kernel_size, output_size, output_ratio, _random_samples)
