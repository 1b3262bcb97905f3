"""Normalization: values shifted and scaled to mean 0 and variance 1 over some dimensions, then by learned numbers.

All are one formula, over different dimensions. With d = x - mean and r = 1 / sqrt(var + eps), the output is d * r * w + b,
and the gradient for x is r * (gw - mean(gw) - d * r^2 * mean(gw * d)) with gw = g * w.
"""
from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..dtypes import finfo, from_numpy_dtype
from ..engine.node import TensorBase
from ..engine.op import op
from ..engine.run import sum_to
from ..errors import ArgumentTypeError, DtypeError, RefusedArgumentError, ShapeError, UnsupportedDtypeError, operand
from .dims import kept_shape
from .elementwise import sqrt
from .half import rounded, single
from .raw import in_dtype, raw
from .reduce import add_up, mean

if TYPE_CHECKING:
    from .._tensor import Tensor

Dims = tuple[int, ...]


# ---------------------------------------------------------------- the formula, and its gradients
def variance(x: Any, dims: Dims) -> Any:
    """The variance over dims, of a tensor."""
    d = x - mean(x, dims, True)
    return mean(d * d, dims, True)


def norm_input(g: Any, x: Any, w: Any, m: Any, var: Any, dims: Dims, eps: float) -> Any:
    """Gradient for x where its own statistics were used. w: None or in a shape that goes with x."""
    r = 1 / sqrt(var + eps)
    gw = g if w is None else g * w
    d = x - m
    return (gw - mean(gw, dims, True) - d * (mean(gw * d, dims, True) * (r * r))) * r


def norm_weight(g: Any, x: Any, m: Any, var: Any, eps: float) -> Any:
    """What is summed to the gradient for the weight."""
    return g * ((x - m) * (1 / sqrt(var + eps)))


# ---------------------------------------------------------------- arguments
def check_affine(name: str, x: Any, shape: tuple[int, ...], rule: str, **values: Any) -> None:
    """Weight and bias have this shape, and x's dtype; float32 goes with float16, as mixed precision has it."""
    if x.dtype.kind != "f":
        raise UnsupportedDtypeError(f"{name}: not implemented for {x.dtype}: takes floating-point input; got x {operand(x)}; "
                                    "convert it with .float()")
    for which, value in values.items():
        if value is None:
            continue
        if value.shape != shape:
            raise ShapeError(f"{name}: {rule.format(which)} {list(shape)}, but got {which} of shape {list(value.shape)}; x is {operand(x)}")
        if value.dtype != x.dtype and not (x.dtype == "f2" and value.dtype == "f4"):
            raise DtypeError(f"{name}: mixed dtype: all inputs must share same datatype; got x {operand(x)}, {which} {operand(value)}; "
                             "convert one with .to(dtype)")


def trailing(name: str, x: Any, normalized_shape: Sequence[int], weight: Any, bias: Any) -> Dims:
    """The last dimensions, which `normalized_shape` names; checked."""
    if not isinstance(normalized_shape, (tuple, list)):
        raise ArgumentTypeError(f"{name}: normalized_shape must be a tuple of ints; got {normalized_shape!r}")
    shape = tuple(normalized_shape)
    if not shape:
        raise RefusedArgumentError(f"{name}: Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
                                   "element, but got normalized_shape = []")
    check_affine(name, x, shape, "Expected {} to be of same shape as normalized_shape =", weight=weight, bias=bias)
    if x.shape[-len(shape):] != shape:
        raise ShapeError(f"{name}: Given normalized_shape={list(shape)}, expected input with shape [*, {', '.join(map(str, shape))}], but "
                         f"got input of size{list(x.shape)} ({operand(x)})")
    return last(shape)


def last(shape: Sequence[int]) -> Dims:
    """The dimensions that a trailing shape names, counted from the back."""
    return tuple(range(-len(shape), 0))


def summed(g: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """g added up to a shape, in a dtype: of both the wider one while adding."""
    wide = g if raw(g).dtype.itemsize >= dtype.itemsize else in_dtype(g, dtype)
    return in_dtype(sum_to(wide, shape), dtype)


def compiled(x: Any) -> Any:
    """The kernels, where they pay."""
    kernels = backend_of(x).kernels
    return kernels if x.size and x.size >= kernels.worthwhile() else None


# ---------------------------------------------------------------- over the last dimensions
def rows(x: Any, shape: Sequence[int]) -> Any:
    """An array (*lead, *shape) as a matrix with one row per normalization, to compute with."""
    return single(x).reshape((-1, prod(shape)))


def flat(w: Any) -> Any:
    """The weights of a row."""
    return None if w is None else single(w).reshape(-1)


def layer_input(g: Any, x: Any, w: Any, m: Any, var: Any, shape: Sequence[int], eps: float) -> Any:
    """Gradient for x."""
    if isinstance(g, TensorBase) or not x.size:
        return norm_input(g, x, w, m, var, last(shape), eps)
    dx = backend_of(x).kernels.layer_norm_input(rows(g, shape), rows(x, shape), flat(w), m.reshape(-1, 1), var.reshape(-1, 1), eps)
    return dx.reshape(x.shape)


def layer_weight(g: Any, x: Any, m: Any, var: Any, shape: Sequence[int], eps: float, w_dtype: Any) -> Any:
    """Gradient for the weight."""
    if isinstance(g, TensorBase) or not x.size:
        return summed(norm_weight(g, x, m, var, eps), tuple(shape), w_dtype)
    dw = backend_of(x).kernels.layer_norm_weight(rows(g, shape), rows(x, shape), m.reshape(-1, 1), var.reshape(-1, 1), eps)
    return in_dtype(dw, w_dtype).reshape(shape)


def layer_gradients(g: Any, x: Any, w: Any, m: Any, var: Any, shape: Sequence[int], eps: float, *dtypes: Any) -> Any:
    """Gradients for x, the weight and the bias in one visit, in these dtypes; None where there is no kernel for it."""
    if not x.size:
        return None
    found = backend_of(x).kernels.layer_norm_gradients(rows(g, shape), rows(x, shape), flat(w), m.reshape(-1, 1), var.reshape(-1, 1), eps)
    return shaped(found, (x.shape, tuple(shape), tuple(shape)), dtypes)


def shaped(found: Any, shapes: Sequence[tuple[int, ...]], dtypes: Sequence[Any]) -> Any:
    """Gradients from a kernel as their inputs are; None if there are none."""
    return found if found is None else [in_dtype(d, dtype).reshape(s) for d, s, dtype in zip(found, shapes, dtypes)]


@op(x=lambda g, x, w, mean, var, normalized_shape, eps, x_dtype: in_dtype(layer_input(g, x, w, mean, var, normalized_shape, eps), x_dtype),
    w=lambda g, x, mean, var, eps, w_shape, w_dtype: layer_weight(g, x, mean, var, w_shape, eps, w_dtype),
    b=lambda g, b_shape, b_dtype: summed(g, b_shape, b_dtype),
    together=lambda g, x, w, mean, var, normalized_shape, eps, x_dtype, w_dtype, b_dtype:
    layer_gradients(g, x, w, mean, var, normalized_shape, eps, x_dtype, w_dtype, b_dtype),
    kept={"mean": lambda x, normalized_shape: mean(x, last(normalized_shape), True),
          "var": lambda x, normalized_shape: variance(x, last(normalized_shape))})
def layer_norm(input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None,
               eps: float = 1e-05) -> Tensor:
    """Normalized over the last dimensions, those of `normalized_shape`: (x - mean) / sqrt(var + eps) * weight + bias.

    weight, bias: of `normalized_shape`. Raises ShapeError where the shapes do not fit, DtypeError on mixed dtypes.
    Source: Ba et al. 2016, Layer Normalization.
    """
    x: Any = input
    dims = trailing("layer_norm", x, normalized_shape, weight, bias)
    y, m, var = normalize_rows(x, rows(x, normalized_shape), flat(weight), flat(bias), eps)
    shape = kept_shape(x.shape, [d + x.ndim for d in dims])
    return y.reshape(x.shape), m.reshape(shape), var.reshape(shape)   # type: ignore[return-value]


def normalize_rows(x: Any, matrix: Any, w: Any, b: Any, eps: float) -> tuple[Any, Any, Any]:
    """The rows of a matrix normalized, in x's dtype; their means and variances, (rows, 1). Of nothing, nothing."""
    if not matrix.size:
        zeros = backend_of(x).xp.zeros((matrix.shape[0], 1), matrix.dtype)
        return x.copy(), zeros, zeros
    y, m, var = backend_of(x).kernels.layer_norm(matrix, w, b, eps)
    return rounded(y, x.dtype), m, var


def rms_gradients(g: Any, x: Any, w: Any, r: Any, shape: Sequence[int], *dtypes: Any) -> Any:
    """Gradients for x and the weight in one visit, in these dtypes; None where there is no kernel for it."""
    kernels = None if isinstance(g, TensorBase) else compiled(x)
    found = kernels and kernels.rms_norm_gradients(rows(g, shape), rows(x, shape), flat(w), r.reshape(-1, 1))
    return shaped(found, (x.shape, tuple(shape)), dtypes)


def rms_input(g: Any, x: Any, w: Any, r: Any, dims: Dims) -> Any:
    """Gradient of x * r with r = 1 / sqrt(mean(x^2) + eps)."""
    if (found := rms_gradients(g, x, w, r, x.shape[dims[0]:], g.dtype)) is not None:
        return found[0]
    gw = g if w is None else g * w
    return (gw - x * (mean(gw * x, dims, True) * (r * r))) * r


@op(x=lambda g, x, w, r, normalized_shape, x_dtype: in_dtype(rms_input(g, x, w, r, last(normalized_shape)), x_dtype),
    w=lambda g, x, r, w_shape, w_dtype: summed(g * (x * r), w_shape, w_dtype),
    together=lambda g, x, w, r, normalized_shape, x_dtype, w_dtype: rms_gradients(g, x, w, r, normalized_shape, x_dtype, w_dtype),
    kept={"r": lambda x, normalized_shape, eps: rms_reciprocal(x, last(normalized_shape), eps)})
def rms_norm(input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """x / sqrt(mean(x^2) + eps) * weight over the last dimensions, those of `normalized_shape`.

    eps: by default the spacing of numbers at 1 in x's dtype. Errors as in `layer_norm`.
    Source: Zhang and Sennrich 2019, Root Mean Square Layer Normalization.
    """
    x: Any = input
    dims = trailing("rms_norm", x, normalized_shape, weight, None)
    wide = single(x)
    kernels = compiled(x)
    if kernels is not None and (found := kernels.rms_norm(rows(x, normalized_shape), flat(weight), rms_eps(eps, wide))) is not None:
        y, r = found
        return rounded(y.reshape(x.shape), x.dtype), r.reshape(kept_shape(x.shape, [d + x.ndim for d in dims]))   # type: ignore[return-value]
    r = 1 / backend_of(x).xp.sqrt(add_up(wide * wide, dims, True) / prod(normalized_shape) + rms_eps(eps, wide))
    out = wide * r
    if weight is not None:
        out *= weight
    return rounded(out, x.dtype), r        # type: ignore[return-value]


def rms_reciprocal(x: Any, dims: Dims, eps: float | None) -> Any:
    """r = 1 / sqrt(mean(x^2) + eps), of tensors."""
    return 1 / sqrt(mean(x * x, dims, True) + rms_eps(eps, x))


def rms_eps(eps: float | None, x: Any) -> float:
    """The default of eps, in the precision that is computed in."""
    return finfo(from_numpy_dtype(getattr(x, "array", x).dtype)).eps if eps is None else eps
