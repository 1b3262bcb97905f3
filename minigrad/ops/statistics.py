"""Variance, standard deviation, covariance, correlation."""
from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from ..errors import ArgumentTypeError, DtypeError, RefusedArgumentError, ShapeError, describe
from .dims import Dims, Number
from .half import half, single
from .matmul import matmul
from .operands import need_tensors
from .raw import conj, is_complex, like, raw
from .reduce import add_up, axes_of, count, mean, spread, with_ones
from .reduce import sum as sum_of

if TYPE_CHECKING:
    from .._tensor import Tensor

Spread = tuple[Dims, Number]                         # the dims to reduce, and what is taken off their count


# ---------------------------------------------------------------- variance
def settled(op: str, dim: Any, unbiased: bool | None, correction: Number | None) -> Spread:
    """What the overloads mean: `var(x, unbiased)`, `var(x, dim, unbiased, keepdim)`, `var(x, dim, *, correction, keepdim)`."""
    if isinstance(dim, bool):
        if unbiased is not None:
            raise ArgumentTypeError(f"{op}: dim must be an int or a tuple of ints; got {dim}")
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        raise ArgumentTypeError(f"{op}: takes unbiased or correction, not both; got unbiased={unbiased}, correction={correction}")
    if isinstance(dim, (tuple, list)) and not dim:
        dim = None
    return dim, int(unbiased) if unbiased is not None else 1 if correction is None else correction


def freedom(shape: tuple[int, ...], dim: Dims, correction: Any) -> Any:
    """What the sum of squares is divided by: the count less the correction, never below zero."""
    n: Any = count(shape, dim) - correction
    return n if n > 0 else 0


def squares(op: str, x: Any, dim: Dims, correction: Number, keepdim: bool) -> Any:
    """The variance of an array, in two passes: mean first, as a sum of squares alone loses digits."""
    if x.dtype.kind not in "fc":
        raise DtypeError(f"{op}: std and var only support floating point and complex dtypes; got {describe(x)}; convert it with .float()")
    if x.dtype.char == "e":
        return half(squares(op, single(x), dim, correction, keepdim))
    axes = axes_of(op, dim, x.ndim)
    add = backend_of(x).xp.add.reduce
    off = x - add(x, axes, None, None, True) / count(x.shape, dim)
    off = (off * off.conj()).real if x.dtype.kind == "c" else off * off
    return add(off, axes, None, None, keepdim) / freedom(x.shape, dim, correction)


def var_rule(g: Any, x: Any, dim: Any, unbiased: bool | None, keepdim: bool, correction: Number | None) -> Any:
    """g 2 (x - mean) / (n - correction)."""
    dim, correction = settled("var", dim, unbiased, correction)
    shape = tuple(x.shape)
    n = freedom(shape, dim, correction)
    if not keepdim and dim is not None:
        g = g.reshape(with_ones(shape, dim))
    return (x - mean(x, dim, True)) * (g * (2 / n if n else float("inf")))


@op(x=var_rule, casts_out=True)
def var(input: Tensor, dim: Dims | bool = None, unbiased: bool | None = None, keepdim: bool = False, *,
        correction: Number | None = None) -> Tensor:
    """The variance over `dim`, all dimensions by default.

    correction: taken off the count that squares are divided by; 1 by default, as is `unbiased=True`; 0 is `unbiased=False`.
    nan where no more elements than that are left. Raises DtypeError for integers.
    """
    dim, correction = settled("var", dim, unbiased, correction)
    return squares("var", input, dim, correction, keepdim)


def std_rule(g: Any, x: Any, out: Any, dim: Any, unbiased: bool | None, keepdim: bool, correction: Number | None) -> Any:
    """The rule of var, by g / (2 std); zero where std is, as in PyTorch."""
    at_zero = like(out, (raw(out) == 0).astype(raw(out).dtype))
    return var_rule(g * (1 - at_zero) / (2 * (out + at_zero)), x, dim, unbiased, keepdim, correction)


@op(x=std_rule, casts_out=True)
def std(input: Tensor, dim: Dims | bool = None, unbiased: bool | None = None, keepdim: bool = False, *,
        correction: Number | None = None) -> Tensor:
    """The standard deviation over `dim`, all dimensions by default: the root of `var`, with its arguments."""
    x: Any = input
    dim, correction = settled("std", dim, unbiased, correction)
    return backend_of(x).xp.sqrt(squares("std", x, dim, correction, keepdim))


def mean_rule(g: Any, x: Any, dim: Any, keepdim: bool) -> Any:
    """The rule of mean."""
    dim = None if isinstance(dim, bool) or isinstance(dim, (tuple, list)) and not dim else dim
    return spread(g / count(tuple(x.shape), dim), tuple(x.shape), dim, keepdim)


@op(several=True,
    x=lambda g, x, dim, unbiased, keepdim, correction:
    var_rule(g[0], x, dim, unbiased, keepdim, correction) + mean_rule(g[1], x, dim, keepdim))
def var_mean(input: Tensor, dim: Dims | bool = None, unbiased: bool | None = None, keepdim: bool = False, *,
             correction: Number | None = None) -> tuple[Tensor, Tensor]:
    """The variance and the mean over `dim`; arguments as in `var`."""
    dim, correction = settled("var_mean", dim, unbiased, correction)
    return squares("var_mean", input, dim, correction, keepdim), mean_of(input, dim, keepdim)


@op(several=True,
    x=lambda g, x, dim, unbiased, keepdim, correction:
    std_rule(g[0], x, std(x, dim, unbiased, keepdim, correction=correction), dim, unbiased, keepdim, correction)
    + mean_rule(g[1], x, dim, keepdim))
def std_mean(input: Tensor, dim: Dims | bool = None, unbiased: bool | None = None, keepdim: bool = False, *,
             correction: Number | None = None) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean over `dim`; arguments as in `var`."""
    dim, correction = settled("std_mean", dim, unbiased, correction)
    xp = backend_of(input).xp
    return xp.sqrt(squares("std_mean", input, dim, correction, keepdim)), mean_of(input, dim, keepdim)


def mean_of(x: Any, dim: Dims, keepdim: bool) -> Any:
    """The mean of an array of floating-point numbers."""
    return add_up(x, axes_of("mean", dim, x.ndim), keepdim, None, count(x.shape, dim))


# ---------------------------------------------------------------- covariance
def cov(input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None) -> Tensor:
    """The covariance matrix of variables (rows) over observations (columns), (n, m) -> (n, n); of one variable, a number.

    fweights: how often each observation counts; aweights: how much. correction: taken off the sum of weights.
    """
    need_tensors("cov", input=input)
    x: Any = input
    if raw(x).dtype.kind == "b":
        raise DtypeError(f"cov(): bool dtype is not supported for input; got {describe(x)}")
    if x.ndim > 2:
        raise ShapeError(f"cov(): expected input to have two or fewer dimensions but got an input with {x.ndim} dimensions; got "
                         f"{describe(x)}")
    x = x if x.ndim == 2 else x.reshape((1, raw(x).size))
    weights = [checked_weights(w, name, x.shape[1]) for w, name in ((fweights, "fweights"), (aweights, "aweights")) if w is not None]
    w: Any = weights[0] if len(weights) == 1 else weights[0] * weights[1] if weights else None
    total: Any = x.shape[1] if w is None else sum_of(w)
    x = x - (mean_as_float(x) if w is None else sum_of(x * w, 1, True) / total)
    factor: Any = total - (correction if aweights is None else correction * sum_of(w * aweights) / total)
    if bool(raw(factor) <= 0):
        warnings.warn("cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.", UserWarning,
                      stacklevel=2)
        factor = 0
    out = matmul(x if w is None else x * w, conj(x).swapaxes(0, 1)) / factor
    return out.reshape(()) if out.shape == (1, 1) else out


def mean_as_float(x: Any) -> Any:
    """The mean of each row, of integers in the default dtype."""
    return sum_of(x, 1, True) / x.shape[1] if x.shape[1] else sum_of(x, 1, True) * float("nan")


def checked_weights(w: Any, name: str, n: int) -> Any:
    """Weights of observations, one for each."""
    if w.ndim > 1 or raw(w).size != n:
        raise ShapeError(f"cov(): expected {name} to be 1-D with one weight for each of {n} observations; got {describe(w)}")
    if name == "fweights" and raw(w).dtype.kind not in "iu":
        raise DtypeError(f"cov(): expected fweights to have integral dtype; got {describe(w)}")
    if name == "aweights" and raw(w).dtype.kind != "f":
        raise DtypeError(f"cov(): expected aweights to have floating point dtype; got {describe(w)}")
    if raw(w).size and bool((raw(w) < 0).any()):
        raise RefusedArgumentError(f"cov(): {name} cannot be negative; got {describe(w)}")
    return w


def corrcoef(input: Tensor) -> Tensor:
    """The matrix of Pearson's correlation coefficients of variables (rows) over observations (columns)."""
    need_tensors("corrcoef", input=input)
    if input.ndim > 2:
        raise ShapeError(f"corrcoef(): expected input to have two or fewer dimensions but got an input with {input.ndim} dimensions")
    c: Any = cov(input)
    if not c.ndim:
        return c / c
    n = c.shape[0]
    eye = like(c, backend_of(raw(c)).xp.eye(n, dtype=raw(c).dtype))
    deviation = sum_of(c * eye, 1).real.sqrt() if is_complex(c) else sum_of(c * eye, 1).sqrt()
    return c / deviation.reshape((n, 1)) / deviation
