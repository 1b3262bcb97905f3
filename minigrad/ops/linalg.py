"""Functions of matrices: powers, exponentials, pseudo-inverses, rank and condition."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.casting import autocasts
from ..engine.node import wrap
from ..engine.op import op
from ..errors import ArgumentError, DtypeError, LinalgError, ShapeError, describe
from ..naming import called
from . import results
from .delivery import casts_out, takes_out
from .dims import Number
from .elementwise import zeros_as
from .factorizations import svdvals
from .join import cat
from .magnitude import linalg_norm
from .matmul import matmul
from .matrices import check_matrix, column
from .operands import need_tensors
from .parts import diagonal
from .raw import adjoint, conj, like, raw
from .reduce import sum as sum_of
from .systems import inv, solve

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- powers
@casts_out
def matrix_power(A: Tensor, n: int) -> Tensor:
    """A times itself n times, by repeated squaring; the identity for 0, of the inverse for negative n."""
    x = raw(A)
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"linalg.matrix_power: A must be batches of square matrices; got {describe(A)}")
    if n < 0:
        return matrix_power(inv(A), -n)
    if n == 0:
        xp = backend_of(x).xp
        return zeros_as(A) + like(A, xp.eye(x.shape[-1], dtype=x.dtype))
    out: Any = None
    square: Any = A
    while n:
        if n % 2:
            out = square if out is None else matmul(out, square)
        n //= 2
        square = matmul(square, square) if n else square
    return out.clone() if out is A else out


# Taylor polynomials of this many terms are exact to rounding where the 1-norm is below the bound.
TERMS, BOUND = 18, 0.5


@op(A=lambda g, A: expm_adjoint(g, A))
def matrix_exp(A: Tensor) -> Tensor:
    """e to the power of a square matrix: sum of A^k / k!, scaled down by a power of 2 first and squared back up."""
    x: Any = A
    check_matrix("linalg.matrix_exp", x)
    xp = backend_of(x).xp
    if not x.size:
        return x.copy()
    largest = float(abs(x).sum(axis=-2).max())
    if not math.isfinite(largest):
        return xp.full_like(x, math.nan)
    squarings = max(0, math.ceil(math.log2(largest / BOUND))) if largest > BOUND else 0
    x = x / 2 ** squarings
    out = one = xp.eye(x.shape[-1], dtype=x.dtype)
    for k in range(TERMS, 0, -1):                    # Horner: I + A (I + A (I + ...) / 2) / 1
        out = one + x @ out / k
    for _ in range(squarings):
        out = out @ out
    return out


def expm_adjoint(g: Any, A: Any) -> Any:
    """The gradient: the upper right block of exp([[A^H, g], [0, A^H]]). Source: Mathias 1996, A chain rule for matrix functions."""
    a = adjoint(A)
    n = a.shape[-1]
    block = cat((cat((a, g), -1), cat((g * 0, a), -1)), -2)
    return matrix_exp(block)[..., :n, n:]


# ---------------------------------------------------------------- pseudo-inverse and least squares
def pinv_rule(g: Any, x: Any, out: Any) -> Any:
    """Source: Golub and Pereyra 1973, The differentiation of pseudo-inverses."""
    gh, p, ph = adjoint(g), out, adjoint(out)
    if x.shape[-2] <= x.shape[-1]:
        k = matmul(gh, p)
        kph = matmul(k, ph)
        return kph - adjoint(matmul(p, k)) - matmul(matmul(x, p), kph) + matmul(matmul(ph, p), gh - matmul(k, x))
    k = matmul(p, gh)
    phk = matmul(ph, k)
    return phk - adjoint(matmul(k, p)) + matmul(matmul(gh - matmul(x, k), p), ph) - matmul(matmul(phk, p), x)


@op(x=pinv_rule)
def pseudo_inverse(input: Tensor, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> Tensor:
    """The Moore-Penrose inverse: singular values above max(atol, rtol * largest) inverted, the others zero. What `linalg.pinv` is."""
    x: Any = input
    check_matrix("linalg.pinv", x, square=hermitian)
    xp = backend_of(x).xp
    if not x.size:
        return xp.zeros((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype)
    if hermitian:
        s, v = xp.linalg.eigh(x)
        u, vh = v, adjoint(v)
    else:
        u, s, vh = xp.linalg.svd(x, False)
    large = abs(s) > threshold(x, abs(s), atol, rtol)
    inverted = xp.where(large, 1, 0) / xp.where(large, s, 1)
    return (adjoint(vh) * inverted[..., None, :].astype(x.dtype)) @ adjoint(u)


def threshold(x: Any, sizes: Any, atol: Any, rtol: Any) -> Any:
    """The size up to which singular values count as zero, per matrix: (..., 1)."""
    xp = backend_of(x).xp
    if rtol is None:
        rtol = 0.0 if atol is not None and bool((xp.asarray(atol) > 0).all()) else float(xp.finfo(x.dtype).eps) * max(x.shape[-2:])
    relative = sizes.max(axis=-1, keepdims=True) * per_matrix(rtol)
    return relative if atol is None else xp.maximum(relative, per_matrix(atol))


def per_matrix(tolerance: Any) -> Any:
    """A tolerance as a number, or as an array with one for each matrix."""
    return tolerance[..., None] if hasattr(tolerance, "ndim") else tolerance


@casts_out
def pinv(A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """The Moore-Penrose inverse. Singular values up to max(atol, rtol * largest) count as zero; by default rtol is
    max(m, n) times the precision of the dtype. hermitian: A is, which is faster. rcond: an older name of rtol."""
    return pseudo_inverse(A, raw(atol), raw(rtol if rcond is None else rcond), hermitian)


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The Moore-Penrose inverse; PyTorch's older name of `linalg.pinv`."""
    return pseudo_inverse(input, None, rcond, False)


DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


@autocasts
@takes_out
def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> results.linalg_lstsq:
    """The X that minimizes |A X - B|, of all such the shortest.

    A (..., m, n); B (..., m, k) or (..., m). Beside the solution: squared residuals, rank and singular values, of which each
    driver ("gelsy", by default, "gels", "gelsd", "gelss") reports those that it knows, and the others empty.
    """
    check_matrix("linalg.lstsq", raw(A), square=False)
    driver = "gelsy" if driver is None else driver
    if driver not in DRIVERS:
        raise ShapeError(f"linalg.lstsq: parameter `driver` should be one of ({', '.join(DRIVERS)}); got {driver!r}")
    if raw(A).dtype != raw(B).dtype:
        raise DtypeError(f"linalg.lstsq: Expected input and other to have the same dtype; got {describe(A)} and {describe(B)}")
    is_vector = B.ndim == 1 or A.ndim - 1 == B.ndim and tuple(B.shape) == tuple(A.shape[:-1])
    b: Any = column(B) if is_vector else B
    if b.shape[-2] != A.shape[-2]:
        raise ShapeError(f"linalg.lstsq: input.size(-2) should match other.size(-2); got {describe(A)} and {describe(B)}")
    x, xp = raw(A), backend_of(raw(A)).xp
    solution = matmul(pseudo_inverse(A, None, rcond), b)
    s = xp.linalg.svd(x, compute_uv=False)
    full = (s > threshold(x, s, None, rcond)).sum(axis=-1) if x.size else xp.zeros(x.shape[:-2], "i8")
    m, n = x.shape[-2:]
    nothing = xp.zeros((0,), s.dtype)
    known = driver != "gelsy" and m > n and bool((full == n).all())
    off = b - matmul(A, solution) if known else wrap(nothing)
    return results.linalg_lstsq(solution.reshape(solution.shape[:-1]) if is_vector else solution,
                                sum_of((off * conj(off)).real, -2) if known else off,
                                wrap(xp.zeros((0,), "i8") if driver == "gels" else full),
                                wrap(s if driver in ("gelsd", "gelss") else nothing))


# ---------------------------------------------------------------- rank and condition
@casts_out
def matrix_rank(A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """How many singular values are above max(atol, rtol * largest); `tol` is an older name of an absolute one."""
    need_tensors("matrix_rank", A=A)
    x = raw(A)
    check_matrix("linalg.matrix_rank", x, square=hermitian)
    xp = backend_of(x).xp
    if not x.size:
        return wrap(xp.zeros(x.shape[:-2], "i8"))
    sizes = abs(xp.linalg.eigvalsh(x)) if hermitian else xp.linalg.svd(x, compute_uv=False)
    if tol is not None:
        return wrap((sizes > per_matrix(raw(tol))).sum(axis=-1))
    return wrap((sizes > threshold(x, sizes, raw(atol), raw(rtol))).sum(axis=-1))


@casts_out
def cond(A: Tensor, p: Number | str | None = None) -> Tensor:
    """The condition number |A| |A^-1| in a matrix norm; without one, the ratio of the extreme singular values; inf if A is singular."""
    need_tensors("cond", A=A)
    check_matrix("linalg.cond", raw(A), square=p not in (None, 2, -2))
    if p in (None, 2, -2):
        s = svdvals(A)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    try:
        return linalg_norm(A, p, (-2, -1)) * linalg_norm(inv(A), p, (-2, -1))
    except LinalgError:
        xp = backend_of(raw(A)).xp
        return wrap(xp.full(raw(A).shape[:-2], math.inf, raw(A).real.dtype))


# ---------------------------------------------------------------- tensors as matrices
@called("linalg.diagonal")
def linalg_diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of the matrices in two dimensions, the last two by default; a view: `linalg.diagonal`."""
    return diagonal(A, offset, dim1, dim2)


def vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """Powers 0 to N - 1 of each element as a row, (..., n) -> (..., n, N); N is n by default."""
    need_tensors("linalg.vander", x=x)
    n = N if N is not None else x.shape[-1] if x.ndim else 1
    if n <= 1 and (N is not None or not x.ndim):
        raise ShapeError(f"linalg.vander: N must be greater than 1; got {n} for {describe(x)}")
    powers = wrap(backend_of(raw(x)).xp.arange(n))
    return column(x if x.ndim else x.reshape((1,))) ** powers


@called("vander")
def vander_of_vector(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """Powers N - 1 to 0 of each element of a vector as a row, or 0 to N - 1 if `increasing`: `torch.vander`."""
    need_tensors("vander", x=x)
    if x.ndim != 1:
        raise ShapeError(f"vander: x must be a one-dimensional tensor; got {describe(x)}")
    powers = backend_of(raw(x)).xp.arange(x.shape[0] if N is None else N)
    return column(x) ** wrap(powers if increasing else powers[::-1].copy())


@casts_out
def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse of A as a map from its last dimensions to its first `ind`; their sizes multiply to the same number."""
    need_tensors("linalg.tensorinv", A=A)
    if ind <= 0:
        raise ArgumentError(f"linalg.tensorinv: Expected a strictly positive integer for 'ind'; got {ind}")
    first, last = tuple(A.shape[:ind]), tuple(A.shape[ind:])
    n = math.prod(last)
    if math.prod(first) != n:
        raise ShapeError(f"linalg.tensorinv: Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]); "
                         f"got {describe(A)}, ind={ind}")
    return inv(A.reshape((n, n))).reshape((*last, *first))


@casts_out
def tensorsolve(A: Tensor, B: Tensor, dims: Any = None) -> Tensor:
    """X with tensordot(A, X, X.ndim) = B; `dims` of A are moved to the end first."""
    if dims is not None:
        A = A.permute((*[d for d in range(A.ndim) if d not in {i % A.ndim for i in dims}], *[i % A.ndim for i in dims]))
    rest = tuple(A.shape[B.ndim:])
    n = math.prod(rest)
    if math.prod(A.shape[:B.ndim]) != n:
        raise ShapeError(f"linalg.tensorsolve: Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
                         f"prod(self.shape[:other.ndim]); got {describe(A)} and {describe(B)}")
    return solve(A.reshape((n, n)), B.reshape((n,))).reshape(rest)
