"""Matrices as products of simpler ones: Cholesky, QR, singular values, eigenvalues.

The array library factorizes. Source of the rules: Giles 2008, Collected Matrix Derivative Results for Forward and Reverse Mode
Algorithmic Differentiation; Seeger et al. 2017, Auto-Differentiating Linear Algebra; here for batches and complex numbers.
Vectors of equal singular values or eigenvalues are not unique, so gradients that depend on them are infinite there.
"""
from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..dtypes import complex_of
from ..engine.node import wrap
from ..engine.op import op
from ..errors import LinalgError, ShapeError, UnsupportedError
from ..naming import called
from . import lapack, results
from .delivery import casts_out, deliver, takes_out
from .join import cat
from .matmul import matmul
from .matrices import attempt, check_matrix, column, eye, lower, on_diagonal, over_gaps, per_matrix, row, upper
from .operands import need_tensors
from .raw import adjoint, conj, is_complex, like, raw
from .select import choose
from .systems import solve_matrix
from .triangular import solve_triangular

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- Cholesky
def cholesky_rule(g: Any, out: Any, up: bool) -> Any:
    """L^-H (P + P^H) L^-1 / 2, with P the lower triangle of L^H g, its diagonal halved."""
    if up:
        g, out = adjoint(g), adjoint(out)
    p = lower(matmul(adjoint(out), g)) * (1 - 0.5 * eye(out))
    p = solve_triangular(adjoint(out), p + adjoint(p), upper=True)
    return 0.5 * solve_triangular(out, p, upper=False, left=False)


@called("linalg.cholesky")
@op(A=lambda g, out, upper: cholesky_rule(g, out, upper))
def linalg_cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """L with A = L L^H, lower triangular, for Hermitian positive-definite A, of which only that triangle is read; with `upper`, L^H."""
    x: Any = A
    check_matrix("linalg.cholesky", x)
    rule = "The factorization could not be completed because the input is not positive-definite"
    factor = attempt("linalg.cholesky", rule, backend_of(x).xp.linalg.cholesky, adjoint(x) if upper else x)
    return adjoint(factor) if upper else factor


@casts_out
def cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """The Cholesky factor; PyTorch's older name of `linalg.cholesky`."""
    return linalg_cholesky(input, upper=upper)


def refused_too(x: Any, info: Any) -> Any:
    """info, with the last minor for matrices that only the array library refuses: where rounding decides, it and LAPACK may differ."""
    xp, info = backend_of(x).xp, info.copy()
    for i in product(*map(range, info.shape)):
        try:
            if info[i] == 0:
                xp.linalg.cholesky(x[i])
        except xp.linalg.LinAlgError:
            info[i] = x.shape[-1]
    return info


def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False, out: Any = None) -> results.linalg_cholesky_ex:
    """The Cholesky factor, and info, int32 (...): the order of the first leading minor that is not positive, 0 if all are.

    The factor of a matrix that is not positive-definite is as far as LAPACK came; its gradient is 0.
    """
    need_tensors("linalg.cholesky_ex", A=A)
    x = raw(A)
    check_matrix("linalg.cholesky_ex", x)
    xp = backend_of(x).xp
    try:
        factor: Any = linalg_cholesky(A, upper=upper)
        info = xp.zeros(x.shape[:-2], "i4")
    except LinalgError:
        part, info = lapack.factor_cholesky(adjoint(x) if upper else x)
        info = refused_too(x, info)
        if check_errors:
            lapack.check_info("linalg.cholesky_ex", info, "The factorization could not be completed because the input is not "
                                                          "positive-definite (the leading minor of order {} is not positive-definite).")
        bad = wrap(per_matrix(info != 0))
        factor = choose(bad, wrap(adjoint(part) if upper else part), linalg_cholesky(choose(bad, eye(A), A), upper=upper))
    return deliver("linalg.cholesky_ex", out, results.linalg_cholesky_ex(factor, wrap(info)))


# ---------------------------------------------------------------- QR
def qr_rule(g: Any, q: Any, r: Any) -> Any:
    """Gradient of A = Q R for A, whose first columns alone make Q."""
    gq, gr = g
    m, n = q.shape[-2], r.shape[-1]
    if q.shape[-1] != r.shape[-2] or q.shape[-1] > n:
        raise UnsupportedError("linalg.qr: the QR decomposition is not differentiable when mode='complete' and nrows > ncols; use "
                               "mode='reduced'")
    if m < n:                                        # A = [X Y], X = Q R1, Y = Q R2
        y = matmul(q, r[..., m:])
        gx = qr_rule((gq + matmul(y, adjoint(gr[..., m:])), gr[..., :m]), q, r[..., :m])
        return cat((gx, matmul(q, gr[..., m:])), -1)
    s = upper(matmul(gr, adjoint(r)) - matmul(adjoint(q), gq))
    s = (s + adjoint(s)) * (1 - 0.5 * eye(s))
    return solve_triangular(adjoint(r), gq + matmul(q, s), upper=False, left=False)


@op(several=True, A=lambda g, q, r: qr_rule(g, q, r),
    kept={"q": lambda A, mode: linalg_qr(A, mode)[0], "r": lambda A, mode: linalg_qr(A, mode)[1]})
def qr_factors(A: Tensor, mode: str = "reduced") -> tuple[Tensor, Tensor]:
    """Q and R. What `linalg.qr` is."""
    x: Any = A
    if mode not in ("reduced", "complete", "r"):
        raise ShapeError(f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'")
    check_matrix("linalg.qr", x, square=False)
    xp = backend_of(x).xp
    found = xp.linalg.qr(x, mode)
    q, r = (xp.zeros((0,), x.dtype), found) if mode == "r" else found
    return (q, r), q, r                              # type: ignore[return-value]


@called("linalg.qr")
@takes_out
def linalg_qr(A: Tensor, mode: str = "reduced") -> results.linalg_qr:
    """A = Q R: Q (..., m, k) with orthonormal columns and R (..., k, n) upper triangular, k = min(m, n).

    mode: "complete" for k = m; "r" for R alone, with an empty Q.
    """
    return results.linalg_qr(*qr_factors(A, mode))


@takes_out
def qr(input: Tensor, some: bool = True) -> Any:
    """A = Q R; PyTorch's older name of `linalg.qr`."""
    return results.qr(*linalg_qr(input, "reduced" if some else "complete"))


# ---------------------------------------------------------------- singular values
def skew(x: Any) -> Any:
    """x - x^H."""
    return x - adjoint(x)


def svd_rule(g: Any, u: Any, s: Any, vh: Any) -> Any:
    """Gradient of A = U diag(S) Vh for A."""
    k = s.shape[-1]
    gu, gs, gvh = g
    u, vh, gu, gvh = u[..., :k], vh[..., :k, :], gu[..., :k], gvh[..., :k, :]
    inner_u, inner_v = matmul(adjoint(u), gu), matmul(gvh, adjoint(vh))
    middle = on_diagonal(gs) + over_gaps(skew(inner_u), s * s) * row(s) + column(s) * over_gaps(skew(adjoint(inner_v)), s * s)
    if is_complex(u):
        middle = middle + on_diagonal_of(skew(inner_u)) / (2 * row(s))
    out = matmul(u, matmul(middle, vh))
    if u.shape[-2] > k:                              # the part of gu outside of U's columns
        out = out + matmul((gu - matmul(u, inner_u)) / row(s), vh)
    if vh.shape[-1] > k:
        out = out + matmul(u / row(s), gvh - matmul(inner_v, vh))
    return out


def on_diagonal_of(x: Any) -> Any:
    """x with zeros off its diagonal."""
    return x * eye(x)


@op(several=True, A=lambda g, u, s, vh: svd_rule(g, u, s, vh),
    kept={"u": lambda A, full_matrices: linalg_svd(A, full_matrices)[0], "s": lambda A, full_matrices: linalg_svd(A, full_matrices)[1],
          "vh": lambda A, full_matrices: linalg_svd(A, full_matrices)[2]})
def svd_factors(A: Tensor, full_matrices: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    """U, S and Vh. What `linalg.svd` is."""
    x: Any = A
    check_matrix("linalg.svd", x, square=False)
    u, s, vh = attempt("linalg.svd", "The algorithm failed to converge", backend_of(x).xp.linalg.svd, x, full_matrices)
    return (u, s, vh), u, s, vh                      # type: ignore[return-value]


@called("linalg.svd")
@takes_out
def linalg_svd(A: Tensor, full_matrices: bool = True) -> results.linalg_svd:
    """A = U diag(S) Vh: S descending, U (..., m, m) and Vh (..., n, n) or, without `full_matrices`, (..., m, k) and (..., k, n).

    Gradients go through the first k = min(m, n) columns of U and rows of Vh.
    """
    return results.linalg_svd(*svd_factors(A, full_matrices))


@op(A=lambda g, u, vh: matmul(u * row(g), vh),
    kept={"u": lambda A: linalg_svd(A, False)[0], "vh": lambda A: linalg_svd(A, False)[2]})
def svdvals(A: Tensor) -> Tensor:
    """The singular values of A, descending. Their gradient exists also where some are equal."""
    x: Any = A
    check_matrix("linalg.svdvals", x, square=False)
    u, s, vh = attempt("linalg.svdvals", "The algorithm failed to converge", backend_of(x).xp.linalg.svd, x, False)
    return s, u, vh                                  # type: ignore[return-value]


@takes_out
def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """A = U diag(S) V^H; PyTorch's older name of `linalg.svd`. Without `compute_uv`, U and V are zeros."""
    if compute_uv:
        u, s, vh = linalg_svd(input, not some)
        return results.svd(u, s, adjoint(vh))
    x = raw(input)
    xp, (m, n) = backend_of(x).xp, x.shape[-2:]
    u, v = [like(input, xp.zeros((*x.shape[:-2], size, size), x.dtype)) for size in (m, n)]
    return results.svd(u, svdvals(input), v)


# ---------------------------------------------------------------- eigenvalues of Hermitian matrices
def eigh_rule(g: Any, w: Any, v: Any) -> Any:
    """V (diag(gw) + (V^H gv - gv^H V) / 2 (w[j] - w[i])) V^H, which is Hermitian."""
    gw, gv = g
    mixed = over_gaps(skew(matmul(adjoint(v), gv)) * 0.5, w)
    return matmul(v, matmul(mixed + on_diagonal(gw), adjoint(v)))


def hermitian_eigen(op: str, x: Any, UPLO: str) -> tuple[Any, Any]:
    """Eigenvalues and eigenvectors of an array of Hermitian matrices, of which one triangle is read."""
    if UPLO not in ("L", "U", "l", "u"):
        raise ShapeError(f"{op}: Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    check_matrix(op, x)
    return attempt(op, "The algorithm failed to converge", backend_of(x).xp.linalg.eigh, x, UPLO.upper())


@op(several=True, A=lambda g, w, v: eigh_rule(g, w, v),
    kept={"w": lambda A, UPLO: eigh(A, UPLO)[0], "v": lambda A, UPLO: eigh(A, UPLO)[1]})
def eigh_factors(A: Tensor, UPLO: str = "L") -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors. What `linalg.eigh` is."""
    w, v = hermitian_eigen("linalg.eigh", A, UPLO)
    return (w, v), w, v                              # type: ignore[return-value]


@takes_out
def eigh(A: Tensor, UPLO: str = "L") -> results.linalg_eigh:
    """Eigenvalues, ascending, and eigenvectors, as columns, of a Hermitian matrix, of which the lower ("L") or upper triangle is read."""
    return results.linalg_eigh(*eigh_factors(A, UPLO))


@op(A=lambda g, v: matmul(v * row(g), adjoint(v)), kept={"v": lambda A, UPLO: eigh(A, UPLO)[1]})
def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of a Hermitian matrix, ascending. Their gradient exists also where some are equal."""
    return hermitian_eigen("linalg.eigvalsh", A, UPLO)       # type: ignore[return-value]


# ---------------------------------------------------------------- eigenvalues of any square matrix
def eig_rule(g: Any, w: Any, v: Any, dtype: Any) -> Any:
    """V^-H (diag(gw) + (V^H gv - V^H V diag(Re(V^H gv))) / conj(w[j] - w[i])) V^H; of a real A, the real part."""
    gw, gv = g
    vh = adjoint(v)
    mixed = matmul(vh, gv)
    mixed = mixed - matmul(vh, v * row((mixed * eye(v)).sum(-1).real))
    return returned(matmul(over_gaps(mixed, conj(w)) + on_diagonal(gw), vh), vh, dtype)


def returned(middle: Any, vh: Any, dtype: Any) -> Any:
    """V^-H middle, real for a real input."""
    out = solve_matrix(vh, middle)
    return out if dtype.kind == "c" else out.real


def general_eigen(op: str, x: Any) -> tuple[Any, Any]:
    """Complex eigenvalues and eigenvectors of an array of square matrices."""
    check_matrix(op, x)
    to = complex_of(x.dtype)
    w, v = attempt(op, "The algorithm failed to converge", backend_of(x).xp.linalg.eig, x)
    return w.astype(to), v.astype(to)


@op(several=True, A=lambda g, w, v, A_dtype: eig_rule(g, w, v, A_dtype),
    kept={"w": lambda A: eig(A)[0], "v": lambda A: eig(A)[1]})
def eig_factors(A: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors. What `linalg.eig` is."""
    w, v = general_eigen("linalg.eig", A)
    return (w, v), w, v                              # type: ignore[return-value]


@takes_out
def eig(A: Tensor) -> results.linalg_eig:
    """Eigenvalues, in no order, and eigenvectors of norm 1, as columns, of a square matrix; complex."""
    return results.linalg_eig(*eig_factors(A))


@op(A=lambda g, v, A_dtype: returned(matmul(on_diagonal(g), adjoint(v)), adjoint(v), A_dtype), casts_out=True,
    kept={"v": lambda A: eig(A)[1]})
def eigvals(A: Tensor) -> Tensor:
    """The eigenvalues of a square matrix, in no order; complex."""
    return general_eigen("linalg.eigvals", A)        # type: ignore[return-value]
