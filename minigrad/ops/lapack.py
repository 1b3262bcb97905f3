"""LAPACK's factorizations and solvers that the array libraries lack, matrix by matrix on the host; through SciPy.

Arrays of a device are copied there and back.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ..backend import backend_of
from ..errors import LinalgError
from ..kernels.cpu.threads import limit_blas

Shape = tuple[int, ...]


@cache
def routine(name: str, dtype: Any) -> Any:
    """LAPACK's or BLAS's routine for a dtype."""
    from scipy.linalg import get_blas_funcs, get_lapack_funcs
    limit_blas()
    return (get_blas_funcs if name == "trsm" else get_lapack_funcs)(name, dtype=dtype)


def each(x: Any, outputs: list[tuple[Shape, Any]], function: Callable[..., tuple[Any, ...]], *others: Any) -> list[Any]:
    """`function` of every matrix of x, and of the same part of each other array, stacked; outputs: shape and dtype of each for one
    matrix. Empty matrices stay zero."""
    backend = backend_of(x)
    host, *rest = [backend_of(a).to_host(a) for a in (x, *others)]
    batch = host.shape[:-2]
    made = [np.zeros(batch + shape, dtype) for shape, dtype in outputs]
    if host.size:
        for i in np.ndindex(*batch):
            for whole, part in zip(made, function(host[i], *[a[i] for a in rest]), strict=True):
                whole[i] = part
    where = backend.device_of(x)
    return [backend.from_host(whole, where) for whole in made]


def check_info(name: str, info: Any, rule: str) -> None:
    """Raise LinalgError for the first matrix of a batch with something wrong; `{}` in the rule is its number."""
    host = backend_of(info).to_host(info)
    if host.any():
        first = int(np.flatnonzero(host)[0])
        where = f"(Batch element {first}): " if host.ndim else ""
        raise LinalgError(f"{name}: {where}{rule.format(int(host.reshape(-1)[first]))}")


# ---------------------------------------------------------------- factorizations
def factor_lu(x: Any) -> list[Any]:
    """L and U in one matrix, the row that each was exchanged with (from 1), and which diagonal element of U is 0 (from 1; 0: none)."""
    def one(a: Any) -> tuple[Any, Any, int]:
        lu, pivots, info = routine("getrf", a.dtype)(a)
        return lu, pivots + 1, max(info, 0)
    m, n = x.shape[-2:]
    return each(x, [((m, n), x.dtype), ((min(m, n),), "i4"), ((), "i4")], one)


def factor_ldl(x: Any, hermitian: bool) -> list[Any]:
    """L and D in one lower triangle, LAPACK's pivots, and which diagonal element of D is 0 (from 1; 0: none)."""
    def one(a: Any) -> tuple[Any, Any, int]:
        ld, pivots, info = routine("hetrf" if hermitian and a.dtype.kind == "c" else "sytrf", a.dtype)(a, lower=1)
        return np.tril(ld), pivots, max(info, 0)
    n = x.shape[-1]
    return each(x, [((n, n), x.dtype), ((n,), "i4"), ((), "i4")], one)


def solve_ldl(x: Any, pivots: Any, b: Any, hermitian: bool) -> Any:
    """X with A X = b, from what `factor_ldl` gives."""
    def one(a: Any, p: Any, c: Any) -> tuple[Any]:
        return (routine("hetrs" if hermitian and a.dtype.kind == "c" else "sytrs", a.dtype)(a, p, c, lower=1)[0],)
    return each(x, [(b.shape[-2:], b.dtype)], one, pivots, b)[0]


def solve_triangle(x: Any, b: Any, up: bool, unit: bool) -> Any:
    """X with A X = b for triangular A, of host arrays. BLAS wants columns side by side, so it is given X^T A^T = b^T."""
    trsm = routine("trsm", x.dtype)
    batch = np.broadcast_shapes(x.shape[:-2], b.shape[:-2])
    x, b = np.broadcast_to(x, batch + x.shape[-2:]), np.broadcast_to(b, batch + b.shape[-2:])
    out = np.empty(b.shape, b.dtype)
    for i in np.ndindex(*batch):
        out[i] = trsm(1.0, x[i].T, b[i].T, side=1, lower=up, diag=unit).T
    return out


def factor_cholesky(x: Any) -> list[Any]:
    """The lower factor as far as it goes, and the order of the first leading minor that is not positive (0: none)."""
    def one(a: Any) -> tuple[Any, int]:
        factor, info = routine("potrf", a.dtype)(a, lower=1, clean=1)
        return factor, info
    n = x.shape[-1]
    return each(x, [((n, n), x.dtype), ((), "i4")], one)
