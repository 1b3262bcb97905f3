"""A few eigenvalues, the largest or the smallest, of symmetric matrices, also of pairs of them."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError, AssertedArgumentError, DtypeError, describe
from .factorizations import cholesky, eigh_factors
from .operands import need_tensors
from .raw import adjoint
from .triangular import solve_triangular

if TYPE_CHECKING:
    from .._tensor import Tensor


def lobpcg(A: Tensor, k: int | None = None, B: Tensor | None = None, X: Tensor | None = None, n: int | None = None,
           iK: Tensor | None = None, niter: int | None = None, tol: float | None = None, largest: bool | None = None,
           method: str | None = None, tracker: Any = None, ortho_iparams: Any = None, ortho_fparams: Any = None,
           ortho_bparams: Any = None) -> tuple[Tensor, Tensor]:
    """The k largest eigenvalues of A, descending, or with largest=False the smallest, ascending, and eigenvectors: A x = e x, or e B x.

    A (..., m, m) symmetric, B positive definite -> (..., k), (..., m, k), with x^T B x = 1. k: by default the columns of X, or 1. They come
    from a full decomposition, exact to rounding and differentiable; so the first guess X, the preconditioner iK, and what steers an
    iteration (n, niter, tol, method, tracker, ortho_...) have no effect. Raises ArgumentError where A has fewer than 3 k rows.
    """
    need_tensors("lobpcg", A=A)
    if A.ndim < 2 or A.shape[-1] != A.shape[-2]:
        raise AssertedArgumentError(f"lobpcg: A must be square; got {describe(A)}")
    if A.array.dtype.kind != "f":
        raise DtypeError(f"lobpcg: takes real floating-point matrices; got A {describe(A)}; convert it with .double()")
    k = (1 if X is None else X.shape[-1]) if k is None else k
    if k < 1:
        raise ArgumentError(f"lobpcg: k must be at least 1; got {k}")
    if A.shape[-1] < 3 * k:
        raise ArgumentError(f"lobpcg: not applicable when the number of A rows (={A.shape[-1]}) is smaller than 3 x the number of "
                            f"requested eigenpairs (={k}); use linalg.eigh")
    if B is None:
        values, vectors = eigh_factors((A + adjoint(A)) / 2)
    else:                                            # with B = L L^T and y = L^T x: (L^-1 A L^-T) y = e y
        lower = cholesky(B)
        inside = solve_triangular(lower, adjoint(solve_triangular(lower, A, upper=False)), upper=False)
        values, vectors = eigh_factors((inside + adjoint(inside)) / 2)
        vectors = solve_triangular(adjoint(lower), vectors, upper=True)
    if largest is None or largest:
        values, vectors = values.flip(-1), vectors.flip(-1)
    return values[..., :k], vectors[..., :k]
