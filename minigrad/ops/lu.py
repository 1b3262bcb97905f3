"""A = P L U: factorization with exchanged rows, and systems solved by it."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import backend_of
from ..engine.node import wrap
from ..engine.op import op
from ..errors import DtypeError, ShapeError, UnsupportedDtypeError, UnsupportedError, describe
from ..naming import called
from . import lapack, results
from .delivery import deliver
from .join import cat
from .lookup import gather
from .matmul import matmul
from .matrices import eye, lower, upper
from .operands import need_tensors
from .raw import adjoint as adjoint_of
from .raw import like, raw
from .triangular import solve_triangular

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- rows and their exchange
def order_of(pivots: Any, rows: int, back: bool = False) -> Any:
    """(..., rows): the row of A that each row of L U came from, or, `back`, the row of L U that each row of A went to."""
    backend = backend_of(pivots)
    exchanged = backend.to_host(pivots)
    orders = []
    for exchanges in exchanged.reshape(-1, exchanged.shape[-1]).tolist() if exchanged.size else ():
        row = list(range(rows))
        for i, there in enumerate(exchanges):        # counted from 1
            row[i], row[there - 1] = row[there - 1], row[i]
        orders.append(row)
    order = np.array(orders or np.arange(rows), np.int64)
    order = order.reshape(*exchanged.shape[:-1], rows) if orders else np.broadcast_to(order, (*exchanged.shape[:-1], rows))
    return backend.from_host(np.argsort(order, -1) if back else order, backend.device_of(pivots))


def reordered(x: Any, order: Any) -> Any:
    """The rows of x in another order; batches broadcast."""
    array = raw(x)
    xp = backend_of(array).xp
    shape = np.broadcast_shapes(array.shape[:-2], order.shape[:-1])
    at = xp.broadcast_to(order[..., None], (*shape, order.shape[-1], array.shape[-1]))
    if array.shape[:-2] != shape:
        x = x + like(x, xp.zeros((*shape, 1, 1), array.dtype))
    return gather(x, array.ndim - 2 if array.shape[:-2] == shape else len(shape), like(x, at))


def permutation(pivots: Any, rows: int, dtype: Any) -> Any:
    """P of A = P L U."""
    order = order_of(pivots, rows)
    return (backend_of(order).xp.arange(rows)[:, None] == order[..., None, :]).astype(dtype)


# ---------------------------------------------------------------- the factorization
def packed_rule(g: Any, packed: Any, pivots: Any) -> Any:
    """P L^-H (tril(L^H gL, -1) + triu(gU U^H)) U^-H for the square part, which what is right of it or below depends on.

    Source: the differential of L U, sorted by triangles: Walter 2010, On Evaluating Higher-Order Derivatives of the QR Decomposition.
    """
    m, n = packed.shape[-2:]
    k = min(m, n)
    square = packed[..., :k, :k]
    inside = g[..., :k, :k]
    ones_lower = lower(square, -1) + eye(square)
    rest: Any = None
    below = matmul(adjoint_of(ones_lower), lower(inside, -1))
    above = matmul(upper(inside), adjoint_of(upper(square)))
    if n > m:
        rest = g[..., :, k:]
        below = below - matmul(rest, adjoint_of(packed[..., :, k:]))
        rest = solve_triangular(adjoint_of(ones_lower), rest, upper=True, unitriangular=True)
    elif m > n:
        rest = g[..., k:, :]
        above = above - matmul(adjoint_of(packed[..., k:, :]), rest)
        rest = solve_triangular(adjoint_of(square), rest, upper=False, left=False)
    middle = solve_triangular(adjoint_of(ones_lower), lower(below, -1) + upper(above), upper=True, unitriangular=True)
    middle = solve_triangular(adjoint_of(square), middle, upper=False, left=False)
    if rest is not None:
        middle = cat((middle, rest), -1 if n > m else -2)
    return reordered(middle, order_of(pivots, m, back=True))


@op(A=lambda g, out, pivots: packed_rule(g, out, pivots), kept=("pivots", "info"), returns=results.linalg_lu_factor_ex)
def lu_packed(A: Tensor) -> Tensor:
    """L below the diagonal and U above, pivots, and what is wrong. What `linalg.lu_factor_ex` is."""
    return tuple(lapack.factor_lu(A))                # type: ignore[return-value]


def factored(name: str, A: Tensor, pivot: bool) -> results.linalg_lu_factor_ex:
    """`lu_packed` with its checks."""
    if A.ndim < 2:
        raise ShapeError(f"{name}: Expected tensor with 2 or more dimensions. Got size: {list(A.shape)} instead")
    if A.array.dtype.kind not in "fc" or A.array.dtype.char == "e":
        raise UnsupportedDtypeError(f"{name}: not implemented for {A.array.dtype}; got {describe(A)}; convert it with .float()")
    if not pivot:
        raise UnsupportedError(f"{name}: LU without pivoting is not implemented on the CPU; leave pivot=True")
    return lu_packed(A)                              # type: ignore[return-value]


ZERO = ("U[{0},{0}] is zero and using it on lu_solve would result in a division by zero. If you still want to perform the factorization, "
        "consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)")


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False, out: Any = None) -> results.linalg_lu_factor_ex:
    """L and U of A = P L U in one matrix, (..., m, n); pivots, int32 (..., k), k = min(m, n); info, int32 (...).

    pivots: the row, from 1, that each was exchanged with. info: which diagonal element of U is 0, from 1; 0 if none.
    """
    need_tensors("lu_factor_ex", A=A)
    found = factored("linalg.lu_factor_ex", A, pivot)
    if check_errors:
        lapack.check_info("linalg.lu_factor_ex", found.info.array, ZERO)
    return deliver("linalg.lu_factor_ex", out, found)


def lu_factor(A: Tensor, *, pivot: bool = True, out: Any = None) -> results.linalg_lu_factor:
    """L and U of A = P L U in one matrix, and pivots. Raises LinalgError where a diagonal element of U is 0."""
    need_tensors("lu_factor", A=A)
    found = factored("linalg.lu_factor", A, pivot)
    lapack.check_info("linalg.lu_factor", found.info.array, ZERO)
    return deliver("linalg.lu_factor", out, results.linalg_lu_factor(found.LU, found.pivots))


def lu(A: Tensor, *, pivot: bool = True, out: Any = None) -> results.linalg_lu:
    """A = P L U: a permutation (..., m, m), L (..., m, k) with ones on the diagonal, U (..., k, n); k = min(m, n)."""
    need_tensors("lu", A=A)
    found = factored("linalg.lu", A, pivot)
    return deliver("linalg.lu", out, results.linalg_lu(*unpacked(found.LU, found.pivots)))


@called("lu")
def lu_with_pivots(A: Tensor, pivot: bool = True, get_infos: bool = False, out: Any = None) -> Any:
    """L and U in one matrix, pivots and, if asked for, what is wrong; PyTorch's older name of `linalg.lu_factor_ex`: `torch.lu`."""
    need_tensors("lu", A=A)
    found = factored("lu", A, pivot)
    return deliver("lu", out, found if get_infos else tuple(found[:2]))


# ---------------------------------------------------------------- what it is for
def unpacked(LU: Any, pivots: Any) -> tuple[Any, Any, Any]:
    """P, L and U."""
    k = min(LU.shape[-2:])
    left = LU[..., :k]
    ones = backend_of(LU.array).xp.eye(LU.shape[-2], k, dtype=LU.array.dtype)
    return wrap(permutation(pivots.array, LU.shape[-2], LU.array.dtype)), lower(left, -1) + wrap(ones), upper(LU[..., :k, :])


def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True, *,
              out: Any = None) -> results.lu_unpack:
    """P, L and U from what `lu_factor` gives; empty tensors for what is not asked for."""
    data: Any = LU_data
    if unpack_pivots:
        p = LU_pivots.array
        if p.dtype != np.int32:
            raise DtypeError(f"lu_unpack: LU_pivots is expected to be a contiguous tensor of int32 dtype, as lu_factor makes it; got "
                             f"{describe(LU_pivots)}")
        if p.shape[-1:] != (min(data.shape[-2:]),) or p.size and not bool(((p > 0) & (p <= data.shape[-2])).all()):
            raise ShapeError("lu_unpack: pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive, one for each of "
                             f"min(LU.shape[-2:]); got {describe(LU_pivots)} for {describe(data)}; pass what lu_factor gives")
    parts = list(unpacked(data, LU_pivots if unpack_pivots else wrap(backend_of(data.array).xp.zeros((0,), "i4"))))
    empty = wrap(backend_of(data.array).xp.zeros((0,), data.array.dtype))
    if not unpack_pivots:
        parts[0] = empty
    if not unpack_data:
        parts[1:] = empty, empty
    return deliver("lu_unpack", out, results.lu_unpack(*parts))


@called("linalg.lu_solve")
def linalg_lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False, out: Any = None) -> Tensor:
    """X with A X = B, from `lu_factor(A)`; X A = B if not `left`; for the conjugate transpose of A if `adjoint`."""
    name = "linalg.lu_solve"
    if LU.ndim < 2 or LU.shape[-1] != LU.shape[-2]:
        raise ShapeError(f"{name}: A must be batches of square matrices; got LU {describe(LU)}")
    if pivots.array.dtype != np.int32:
        raise DtypeError(f"{name}: pivots should be a Tensor of scalar type int32; got {describe(pivots)}")
    if LU.array.dtype != B.array.dtype:
        raise DtypeError(f"{name}: Expected LU and B to have the same dtype; got {describe(LU)} and {describe(B)}")
    if B.ndim < 2:
        raise ShapeError(f"{name}: The input tensor B must have at least 2 dimensions; got {describe(B)}")
    if B.shape[-2 if left else -1] != LU.shape[-1]:
        raise ShapeError(f"{name}: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'}; got {describe(LU)} "
                         f"and {describe(B)}")
    if pivots.shape[-1] != LU.shape[-1]:
        raise ShapeError(f"{name}: Number of pivots per batch should be same as the dimension of the matrix; got {describe(pivots)} for "
                         f"{describe(LU)}")
    if pivots.shape[:-1] != LU.shape[:-2]:
        raise ShapeError(f"{name}: Expected LU.shape[:-1] and pivots.shape to be the same; got {describe(LU)} and {describe(pivots)}")
    if left:
        x = solve_factored(LU, pivots.array, B, adjoint)
    else:                                            # X A = B  <=>  A^H X^H = B^H
        x = adjoint_of(solve_factored(LU, pivots.array, adjoint_of(B), not adjoint))
    return deliver(name, out, x)


def solve_factored(LU: Any, pivots: Any, b: Any, adjoint: bool) -> Any:
    """X with A X = b, or A^H X = b, for A = P L U."""
    n = LU.shape[-1]
    if not adjoint:
        y = solve_triangular(LU, reordered(b, order_of(pivots, n)), upper=False, unitriangular=True)
        return solve_triangular(LU, y, upper=True)
    y = solve_triangular(adjoint_of(LU), b, upper=False)
    y = solve_triangular(adjoint_of(LU), y, upper=True, unitriangular=True)
    return reordered(y, order_of(pivots, n, back=True))


def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Any = None) -> Tensor:
    """X with A X = b; PyTorch's older name of `linalg.lu_solve`."""
    return linalg_lu_solve(LU_data, LU_pivots, b, out=out)
