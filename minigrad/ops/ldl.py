"""A = L D L^T of symmetric (or Hermitian) matrices that need not be positive: factorization, and systems solved by it. No gradients."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy import broadcast_shapes

from ..backend import backend_of
from ..engine.op import op
from ..errors import DtypeError, ShapeError, describe
from . import lapack, results
from .delivery import deliver
from .matrices import check_matrix
from .special import unknown

if TYPE_CHECKING:
    from .._tensor import Tensor


@op(A=unknown("linalg.ldl_factor"), kept=("pivots", "info"), returns=results.linalg_ldl_factor_ex)
def ldl_packed(A: Tensor, hermitian: bool = False) -> Tensor:
    """L and D in one lower triangle, pivots, and what is wrong. What `linalg.ldl_factor_ex` is."""
    check_matrix("linalg.ldl_factor", A)
    return tuple(lapack.factor_ldl(A, hermitian))    # type: ignore[return-value]


ZERO = "D[{0},{0}] is zero and using it on ldl_solve would result in a division by zero"


def ldl_factor_ex(A: Tensor, *, hermitian: bool = False, check_errors: bool = False, out: Any = None) -> results.linalg_ldl_factor_ex:
    """L and D of A = L D L^T, or L D L^H if `hermitian`, in LAPACK's form: D has blocks of 1 or 2 on its diagonal.

    Of A (..., n, n) the lower triangle is read. pivots: int32 (..., n), negative for blocks of 2; info: which element of D is 0, from 1.
    """
    found: Any = ldl_packed(A, hermitian)
    if check_errors:
        lapack.check_info("linalg.ldl_factor_ex", found.info.array, ZERO)
    return deliver("linalg.ldl_factor_ex", out, found)


def ldl_factor(A: Tensor, *, hermitian: bool = False, out: Any = None) -> results.linalg_ldl_factor:
    """L and D of A = L D L^T, and pivots; see `ldl_factor_ex`. Raises LinalgError where D has a 0."""
    found: Any = ldl_packed(A, hermitian)
    lapack.check_info("linalg.ldl_factor", found.info.array, ZERO)
    return deliver("linalg.ldl_factor", out, results.linalg_ldl_factor(found.LD, found.pivots))


@op(LD=unknown("linalg.ldl_solve"), B=unknown("linalg.ldl_solve"))
def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False) -> Tensor:
    """X with A X = B, from `ldl_factor(A)`. LD (..., n, n), pivots (..., n), B (..., n, k); batches broadcast."""
    x: Any = LD
    p: Any = pivots
    b: Any = B
    check_matrix("linalg.ldl_solve", x)
    if b.ndim < 2:
        raise ShapeError(f"linalg.ldl_solve: Expected B to have at least 2 dimensions, but it has {b.ndim} dimensions instead; got "
                         f"{describe(b)}")
    if b.shape[-2] != x.shape[-1]:
        raise ShapeError(f"linalg.ldl_solve: Incompatible matrix sizes; got LD {describe(x)} and B {describe(b)}")
    if p.shape != x.shape[:-1]:
        raise ShapeError(f"linalg.ldl_solve: Expected LD.shape[:-1] and pivots.shape to be the same; got {describe(x)} and {describe(p)}")
    if p.dtype.kind not in "iu":
        raise DtypeError(f"linalg.ldl_solve: Expected pivots to be integers; got {describe(p)}")
    if x.dtype != b.dtype:
        raise DtypeError(f"linalg.ldl_solve: Expected B and LD to have the same dtype; got {describe(b)} and {describe(x)}")
    xp = backend_of(x).xp
    batch = broadcast_shapes(x.shape[:-2], b.shape[:-2])
    x, p, b = [xp.broadcast_to(a, batch + tail) for a, tail in ((x, x.shape[-2:]), (p, p.shape[-1:]), (b, b.shape[-2:]))]
    return lapack.solve_ldl(x, p.astype("i4"), b, hermitian)
