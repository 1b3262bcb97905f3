"""Products of Householder reflectors I - tau v v^H: the Q of a QR decomposition before it is written out.

k of them multiply to I - V T V^H with a triangular T = (I + D striu(V^H V))^-1 D, D = diag(tau).
Source: Schreiber and Van Loan 1989, A Storage-Efficient WY Representation for Products of Householder Transformations.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.node import wrap
from ..engine.op import op
from ..errors import DtypeError, ShapeError, describe
from . import results
from .delivery import deliver
from .matmul import matmul
from .matrices import check_matrix, column, eye, lower, on_diagonal, upper
from .raw import adjoint, raw
from .special import unknown
from .triangular import solve_triangular

if TYPE_CHECKING:
    from .._tensor import Tensor


def as_block(input: Any, tau: Any) -> tuple[Any, Any]:
    """V (..., m, k) and T (..., k, k) of the reflectors that stand below the diagonal of `input`."""
    k = tau.shape[-1]
    array = raw(input)
    ones = wrap(backend_of(array).xp.eye(array.shape[-2], k, dtype=array.dtype))
    v = lower(input[..., :k], -1) + ones
    products = upper(matmul(adjoint(v), v), 1)
    return v, solve_triangular(eye(products) + column(tau) * products, on_diagonal(tau), upper=True, unitriangular=True)


def check_reflectors(name: str, input: Any, tau: Any) -> None:
    """Refuse what does not belong together."""
    if input.ndim < 2:
        raise ShapeError(f"{name}: input must have at least 2 dimensions; got {describe(input)}")
    if input.ndim - tau.ndim != 1:
        raise ShapeError(f"{name}: Expected tau to have one dimension less than input, but got tau.ndim equal to {tau.ndim} and input.ndim "
                         f"is equal to {input.ndim}")
    if tuple(tau.shape[:-1]) != tuple(input.shape[:-2]):
        raise ShapeError(f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2]; got {describe(tau)} and "
                         f"{describe(input)}")
    if raw(tau).dtype != raw(input).dtype:
        raise DtypeError(f"{name}: tau dtype {raw(tau).dtype} does not match input dtype {raw(input).dtype}")
    check_matrix(name, raw(input), square=False)


def householder_product(A: Tensor, tau: Tensor, *, out: Any = None) -> Tensor:
    """The first n columns of the product of k reflectors; A (..., m, n) holds their vectors below its diagonal, tau (..., k) their factors.

    m >= n >= k.
    """
    name = "linalg.householder_product"
    check_reflectors(name, A, tau)
    m, n = A.shape[-2:]
    if m < n:
        raise ShapeError(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]; got {describe(A)}")
    if n < tau.shape[-1]:
        raise ShapeError(f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]; got {describe(A)} and {describe(tau)}")
    v, t = as_block(A, tau)
    ones = wrap(backend_of(A.array).xp.eye(m, n, dtype=A.array.dtype))
    return deliver(name, out, ones - matmul(v, matmul(t, adjoint(v[..., :n, :]))), casts=True)


orgqr = householder_product


def ormqr(input: Tensor, tau: Tensor, other: Tensor, left: bool = True, transpose: bool = False, *, out: Any = None) -> Tensor:
    """Q @ other, or other @ Q if not `left`, for the (m, m) product Q of the reflectors in `input`; for Q^H if `transpose`."""
    name = "ormqr"
    check_reflectors(name, input, tau)
    if other.ndim < 2:
        raise ShapeError(f"{name}: other must have at least 2 dimensions; got {describe(other)}")
    side = -2 if left else -1
    if other.shape[side] < tau.shape[-1]:
        raise ShapeError(f"{name}: other.shape[{side}] must be greater than or equal to tau.shape[-1]; got {describe(other)} and "
                         f"{describe(tau)}")
    if other.shape[side] != input.shape[-2]:
        raise ShapeError(f"{name}: other.shape[{side}] must be equal to input.shape[-2]; got {describe(other)} and {describe(input)}")
    if tau.shape[-1] > input.shape[-1]:
        raise ShapeError(f"{name}: tau.shape[-1] must be equal to min(other.shape[{side}], input.shape[-1]); got {describe(tau)}")
    if tuple(other.shape[:-2]) != tuple(input.shape[:-2]):
        raise ShapeError(f"{name}: Expected batch dimensions of other to be equal to input.shape[:-2]; got {describe(other)} and "
                         f"{describe(input)}")
    if raw(other).dtype != raw(input).dtype:
        raise DtypeError(f"{name}: Expected input and other to have the same dtype; got {describe(input)} and {describe(other)}")
    v, t = as_block(input, tau)
    t = adjoint(t) if transpose else t
    if left:
        return deliver(name, out, other - matmul(v, matmul(t, matmul(adjoint(v), other))))
    return deliver(name, out, other - matmul(matmul(matmul(other, v), t), adjoint(v)))


@op(several=True, returns=results.geqrf, x=unknown("geqrf"))
def geqrf(input: Tensor) -> tuple[Tensor, Tensor]:
    """R in and above the diagonal, the vectors of the reflectors that make Q below it, and their factors. No gradient."""
    x: Any = input
    check_matrix("geqrf", x, square=False)
    a, tau = backend_of(x).xp.linalg.qr(x, "raw")
    return a.swapaxes(-1, -2).copy(), tau
