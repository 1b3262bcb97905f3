"""Singular values and principal components of matrices of low rank, from random projections.

Source: Halko, Martinsson and Tropp 2011, Finding Structure with Randomness, algorithms 4.4 and 5.1.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.node import wrap
from ..errors import ArgumentError, describe
from .draws import normal_
from .factorizations import linalg_qr, linalg_svd
from .matmul import matmul
from .raw import adjoint

if TYPE_CHECKING:
    from .._tensor import Tensor


def main_directions(A: Any, q: int, niter: int) -> Any:
    """(..., m, q): orthonormal columns that span most of what A reaches."""
    array = A.array
    start = normal_(wrap(backend_of(array).xp.empty((array.shape[-1], q), array.dtype)))
    found = linalg_qr(matmul(A, start)).Q
    for _ in range(niter):
        found = linalg_qr(matmul(adjoint(A), found)).Q
        found = linalg_qr(matmul(A, found)).Q
    return found


def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """U (..., m, q), S (..., q) and V (..., n, q) with A - M nearly U diag(S) V^H; q a little above the rank.

    niter: power iterations; more of them find singular values that fall off slowly.
    """
    q, niter = 6 if q is None else q, 2 if niter is None else niter
    x: Any = A if M is None else A - M.broadcast_to(A.shape)
    wide = x.shape[-2] < x.shape[-1]
    x = adjoint(x) if wide else x
    basis = main_directions(x, q, niter)
    u, s, vh = linalg_svd(matmul(adjoint(basis), x), False)
    u, v = matmul(basis, u), adjoint(vh)
    return (v, s, u) if wide else (u, s, v)


def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """The q (6) main components of the rows of A, which are centred first: `svd_lowrank` of A - A.mean(-2)."""
    m, n = A.shape[-2:]
    q = min(6, m, n) if q is None else q
    if not 0 <= q <= min(m, n):
        raise ArgumentError(f"pca_lowrank: q(={q}) must be non-negative integer and not greater than min(m, n)={min(m, n)}; got "
                            f"{describe(A)}")
    if niter < 0:
        raise ArgumentError(f"pca_lowrank: niter(={niter}) must be non-negative integer")
    return svd_lowrank(A - A.mean(-2, True) if center else A, q, niter)
