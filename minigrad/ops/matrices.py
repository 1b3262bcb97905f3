"""What the ops of linear algebra share: checks, and small matrices and masks for arrays and tensors."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..backend import backend_of
from ..dtypes import real_of
from ..errors import DtypeError, LinalgError, ShapeError, operand
from .raw import like, raw


# ---------------------------------------------------------------- checks
def check_matrix(op: str, x: Any, square: bool = True) -> None:
    """Refuse what is no batch of (square) floating-point matrices."""
    if x.ndim < 2:
        raise ShapeError(f"{op}: The input tensor A must have at least 2 dimensions; got {operand(x)}")
    if square and x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"{op}: A must be batches of square matrices, but they are {x.shape[-2]} by {x.shape[-1]} matrices; got "
                         f"{operand(x)}")
    if x.dtype.kind not in "fc":
        raise DtypeError(f"{op}: Expected a floating point or complex tensor as input; got {operand(x)}; convert it with .float()")
    if x.dtype.char == "e":
        raise DtypeError(f"{op}: Low precision dtypes not supported; got {operand(x)}; convert it with .float()")


def attempt(op: str, rule: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """A function of the array library's linalg, with its failure in our words."""
    try:
        return function(*args, **kwargs)
    except ValueError as error:                      # NumPy's LinAlgError is one
        raise LinalgError(f"{op}: {rule}; got {operand(args[0])} ({error})") from None


# ---------------------------------------------------------------- made of arrays or tensors
def eye(x: Any, n: int | None = None) -> Any:
    """The identity of x's last size, in its dtype and kind."""
    return like(x, backend_of(raw(x)).xp.eye(n or x.shape[-1], dtype=raw(x).dtype))


def lower(x: Any, k: int = 0) -> Any:
    """x with zeros above diagonal k."""
    return x * like(x, backend_of(raw(x)).xp.tri(x.shape[-2], x.shape[-1], k, dtype=real_of(raw(x).dtype)))


def upper(x: Any, k: int = 0) -> Any:
    """x with zeros below diagonal k."""
    return x * like(x, 1 - backend_of(raw(x)).xp.tri(x.shape[-2], x.shape[-1], k - 1, dtype=real_of(raw(x).dtype)))


def column(v: Any) -> Any:
    """(..., n) -> (..., n, 1)."""
    return v.reshape((*v.shape, 1))


def row(v: Any) -> Any:
    """(..., n) -> (..., 1, n)."""
    return v.reshape((*v.shape[:-1], 1, v.shape[-1]))


def on_diagonal(v: Any) -> Any:
    """(..., n) -> (..., n, n), zeros elsewhere."""
    return column(v) * eye(v)


def over_gaps(x: Any, v: Any) -> Any:
    """x[i, j] / (v[j] - v[i]), and zeros on the diagonal. Between equal values 0 stays 0, and anything else is infinite."""
    x = x * (1 - eye(v))
    gap = row(v) - column(v)
    array = raw(gap)
    return x / (gap + like(v, ((array == 0) & (raw(x) == 0)).astype(array.dtype)))


def per_matrix(v: Any) -> Any:
    """(...) -> (..., 1, 1)."""
    return v.reshape((*v.shape, 1, 1))
