"""Linear systems, inverses and determinants of square matrices."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.node import TensorBase, wrap
from ..engine.op import op
from ..errors import DtypeError, ShapeError, describe
from ..naming import called
from . import lapack, results
from .delivery import deliver, takes_out
from .lu import lu_packed
from .matmul import matmul
from .matrices import attempt, check_matrix, column, eye, per_matrix
from .operands import need_tensors
from .raw import adjoint, conj, is_complex, like, raw
from .select import choose

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- inverse and systems
@op(A=lambda g, out: -matmul(adjoint(out), matmul(g, adjoint(out))))
def inv(A: Tensor) -> Tensor:
    """The inverse of a square matrix. Raises LinalgError if it is singular; where you multiply by it, `solve` is better."""
    x: Any = A
    check_matrix("linalg.inv", x)
    rule = "the inversion could not be completed because the input matrix is singular"
    return attempt("linalg.inv", rule, backend_of(x).xp.linalg.inv, x)


@op(broadcast=True, promotes="same",
    A=lambda g, A, out: -matmul(solve_matrix(adjoint(A), g), adjoint(out)),
    B=lambda g, A: solve_matrix(adjoint(A), g))
def solve_matrix(A: Tensor, B: Tensor) -> Tensor:
    """X with A X = B: (..., n, n) and (..., n, k) -> (..., n, k), batches broadcast. What `linalg.solve` is made of."""
    x: Any = A
    rule = "The solver failed because the input matrix is singular"
    return attempt("torch.linalg.solve", rule, backend_of(x).xp.linalg.solve, x, B)


@takes_out
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X with A X = B or, if not `left`, X A = B. Raises LinalgError if A is singular.

    A (..., n, n); B one vector (n,), one vector per matrix (..., n), or matrices (..., n, k); batches broadcast.
    """
    check_matrix("linalg.solve", raw(A))
    if raw(A).dtype != raw(B).dtype:
        raise DtypeError(f"linalg.solve: Expected A and B to have the same dtype; got A {describe(A)}, B {describe(B)}")
    is_vector = B.ndim == 1 or A.ndim - 1 == B.ndim and tuple(B.shape) == tuple(A.shape[:-1])
    b: Any = column(B) if is_vector else B
    if b.ndim < 2 or b.shape[-2 if left else -1] != A.shape[-1]:
        equation = "AX = B" if left else "XA = B"
        raise ShapeError(f"linalg.solve: Incompatible shapes of A and B for the equation {equation}; got A {describe(A)}, B {describe(B)}")
    x = solve_matrix(A, b) if left else solve_matrix(A.swapaxes(-1, -2), b.swapaxes(-1, -2)).swapaxes(-1, -2)
    return x.reshape(x.shape[:-1]) if is_vector else x


# ---------------------------------------------------------------- with a report instead of an error
def regular(x: Any, info: Any) -> Any:
    """Matrices with the identity in place of the singular ones."""
    return choose(like(x, per_matrix(info != 0)), eye(x), x) if bool((info != 0).any()) else x


def without_singular(out: Any, info: Any) -> Any:
    """Results, and nan for the matrices that were singular. info: with as many dimensions as the results."""
    return choose(like(out, info != 0), float("nan"), out) if bool((info != 0).any()) else out


def singular(name: str, A: Any, check_errors: bool, rule: str) -> Any:
    """int32 (...): which diagonal element of U is 0 in A = P L U, from 1; 0 if none."""
    check_matrix(name, raw(A))
    info = lu_packed(A.detach()).info.array          # type: ignore[attr-defined]
    if check_errors:
        lapack.check_info(name, info, rule)
    return info


def inv_ex(A: Tensor, *, check_errors: bool = False, out: Any = None) -> results.linalg_inv_ex:
    """The inverse, and info, int32 (...): 0, or for a singular matrix, whose inverse is nan, which diagonal element of U is 0."""
    need_tensors("linalg.inv_ex", A=A)
    info = singular("linalg.inv_ex", A, check_errors,
                    "The diagonal element {} is zero, the inversion could not be completed because the input matrix is singular.")
    return deliver("linalg.inv_ex", out, results.linalg_inv_ex(without_singular(inv(regular(A, info)), per_matrix(info)), wrap(info)))


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False, out: Any = None) -> results.linalg_solve_ex:
    """The X of `solve`, and info, int32 (...): 0, or for a singular matrix, whose X is nan, which diagonal element of U is 0."""
    info = singular("linalg.solve_ex", A, check_errors, "The solver failed because the input matrix is singular.")
    x = solve(regular(A, info), B, left=left)
    of_vectors = x.ndim == info.ndim + 1
    return deliver("linalg.solve_ex", out, results.linalg_solve_ex(without_singular(x, column(info) if of_vectors else per_matrix(info)),
                                                                   wrap(info)))


# ---------------------------------------------------------------- determinants
def cofactors_rule(g: Any, A: Any, out: Any) -> Any:
    """tr(g^H A^-H) C - C g^H A^-H; in an ordinary pass for real matrices without the inverse, so that singular ones are exact, too."""
    if isinstance(A, TensorBase) or is_complex(A) or not A.size:
        w = adjoint(inv(A))
        trace = (conj(g) * w).sum(-1).sum(-1)
        return per_matrix(trace) * out - matmul(out, matmul(adjoint(g), w))
    xp = backend_of(A).xp
    u, s, vh = xp.linalg.svd(A)
    # without i and j: the products that a step in (j, i) multiplies in the basis where A is diagonal
    n = s.shape[-1]
    gone = xp.eye(n, dtype=bool)
    pairs = xp.where(gone[:, None, :] | gone[None, :, :], 1, s[..., None, None, :]).prod(-1) * ~gone
    turned = u.swapaxes(-1, -2) @ g @ vh.swapaxes(-1, -2)
    diagonal = (turned * gone).sum(-1)
    inside = -(turned * pairs).swapaxes(-1, -2) + (pairs @ diagonal[..., None]) * gone
    sign = xp.linalg.det(u) * xp.linalg.det(vh)
    return u @ inside @ vh * sign[..., None, None]


@op(A=cofactors_rule)
def cofactors(A: Tensor) -> Tensor:
    """The gradient of the determinant, conj(det(A)) A^-H, also where A is singular: from singular values, as products without one each."""
    x: Any = A
    if not x.size:
        return x.copy()
    linalg = backend_of(x).xp.linalg
    u, s, vh = linalg.svd(x)
    sign = conj(linalg.det(u) * linalg.det(vh))
    xp = backend_of(x).xp
    rest = xp.where(xp.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]).prod(-1)    # all singular values but one
    return (u * rest[..., None, :]) @ vh * sign[..., None, None]


@op(A=lambda g, A: per_matrix(g) * cofactors(A))
def det(A: Tensor) -> Tensor:
    """The determinant of a square matrix."""
    x: Any = A
    check_matrix("linalg.det", x)
    return backend_of(x).xp.linalg.det(x)


def slogdet_rule(g: Any, A: Any, sign: Any) -> Any:
    """A^-H times the gradient of the logarithm; complex, with the turning of the sign."""
    gsign, glog = g
    if is_complex(A):
        glog = glog - 1j * (conj(gsign) * sign).imag
    return per_matrix(glog) * adjoint(inv(A))


@op(several=True, A=lambda g, A, sign: slogdet_rule(g, A, sign), kept={"sign": lambda A: linalg_slogdet(A)[0]})
def slogdet_parts(A: Tensor) -> tuple[Tensor, Tensor]:
    """Sign and logarithm. What `linalg.slogdet` is."""
    x: Any = A
    check_matrix("linalg.slogdet", x)
    sign, log = backend_of(x).xp.linalg.slogdet(x)
    return (sign, log), sign                         # type: ignore[return-value]


@called("linalg.slogdet")
@takes_out
def linalg_slogdet(A: Tensor) -> results.linalg_slogdet:
    """The determinant as sign and logarithm of its size, which neither overflow; (0, -inf) of a singular matrix."""
    return results.linalg_slogdet(*slogdet_parts(A))


@takes_out
def slogdet(input: Tensor) -> results.slogdet:
    """The determinant as sign and logarithm of its size; PyTorch's older name of `linalg.slogdet`."""
    return results.slogdet(*slogdet_parts(input))


def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant: -inf where it is 0, nan where it is negative."""
    sign, log = slogdet_parts(input)
    if is_complex(sign):
        return log + 1j * sign.angle()
    below = sign < 0
    return choose(below, float("nan"), log)
