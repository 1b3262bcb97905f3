"""Triangular systems, and what a Cholesky factor solves."""
from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from numpy import broadcast_shapes

from ..backend import backend_of
from ..engine.op import op
from ..errors import DtypeError, ShapeError, describe
from . import lapack, results
from .delivery import casts_out, takes_out
from .matmul import matmul
from .matrices import check_matrix, eye, lower, upper
from .raw import adjoint, raw

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- on arrays
def substitute(a: Any, b: Any, up: bool, unit: bool) -> Any:
    """X with a X = b for a triangular a, by halves: solve for one, take its share off the other, solve for that.

    A zero on the diagonal gives inf and nan, as in BLAS; the array libraries' solvers would raise, or look at the other triangle.
    """
    n = a.shape[-1]
    if not n:
        return backend_of(b).xp.zeros(broadcast_shapes(a.shape[:-2], b.shape[:-2]) + b.shape[-2:], b.dtype)
    if n == 1:
        return b * a ** 0 if unit else b / a
    half = n // 2
    first, second = slice(half), slice(half, None)
    if up:
        first, second = second, first
    x = substitute(a[..., first, first], b[..., first, :], up, unit)
    y = substitute(a[..., second, second], b[..., second, :] - a[..., second, first] @ x, up, unit)
    return backend_of(x).xp.concatenate((y, x) if up else (x, y), -2)


def solved(a: Any, b: Any, up: bool, unit: bool) -> Any:
    """X with a X = b: few matrices of the host one by one, many small ones, and those of a device, all at a time."""
    n = a.shape[-1]
    few = max(prod(a.shape[:-2]), prod(b.shape[:-2])) < 2 * n and n > 3      # the latter takes 2 n steps
    return lapack.solve_triangle(a, b, up, unit) if few and b.size and backend_of(a).on_host else substitute(a, b, up, unit)


# ---------------------------------------------------------------- the op
def system_rule(g: Any, A: Any, up: bool, left: bool, unit: bool) -> Any:
    """Gradient for the right-hand side: the adjoint system."""
    return solve_triangular(adjoint(A), g, upper=not up, left=left, unitriangular=unit)


def matrix_rule(g: Any, A: Any, out: Any, up: bool, left: bool, unit: bool) -> Any:
    """Gradient for the matrix, in the triangle that was read."""
    gb = system_rule(g, A, up, left, unit)
    full = -matmul(gb, adjoint(out)) if left else -matmul(adjoint(out), gb)
    if up:
        return upper(full, 1 if unit else 0)
    return lower(full, -1 if unit else 0)


@op(broadcast=True, promotes="same",
    A=lambda g, A, out, upper, left, unitriangular: matrix_rule(g, A, out, upper, left, unitriangular),
    B=lambda g, A, upper, left, unitriangular: system_rule(g, A, upper, left, unitriangular))
def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """X with A X = B (or X A = B, if not `left`) for a triangular A, of which only that triangle is read.

    A (..., n, n), B (..., n, k) or (..., k, n); batches broadcast. unitriangular: the diagonal counts as ones. A zero on the
    diagonal gives inf and nan.
    """
    a: Any = A
    b: Any = B
    check_matrix("linalg.solve_triangular", a)
    if b.ndim < 2:
        raise ShapeError(f"linalg.solve_triangular: The input tensor B must have at least 2 dimensions; got {describe(b)}")
    if b.shape[-2 if left else -1] != a.shape[-1]:
        equation = "AX = B" if left else "XA = B"
        raise ShapeError(f"linalg.solve_triangular: Incompatible shapes of A and B for the equation {equation}; got A {describe(a)}, B "
                         f"{describe(b)}")
    if left:
        return solved(a, b, upper, unitriangular)
    return solved(a.swapaxes(-1, -2), b.swapaxes(-1, -2), not upper, unitriangular).swapaxes(-1, -2)


@takes_out
def triangular_solve(b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False,
                     unitriangular: bool = False) -> results.triangular_solve:
    """X with A X = b for a triangular A, and a copy of A; PyTorch's older name of `linalg.solve_triangular`."""
    system = A.swapaxes(-1, -2) if transpose else A
    return results.triangular_solve(solve_triangular(system, b, upper=upper != transpose, unitriangular=unitriangular), A.clone())


@casts_out
def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """X with A X = B, from the Cholesky factor of A: L with A = L L^H or, with `upper`, A = L^H L."""
    if raw(B).dtype != raw(L).dtype:
        raise DtypeError(f"cholesky_solve: expected B and L to have the same dtype; got {describe(B)} and {describe(L)}")
    if upper:
        return solve_triangular(L, solve_triangular(adjoint(L), B, upper=False), upper=True)
    return solve_triangular(adjoint(L), solve_triangular(L, B, upper=False), upper=True)


@casts_out
def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of A, from its Cholesky factor."""
    check_matrix("cholesky_inverse", raw(L))
    return cholesky_solve(eye(L), L, upper)
