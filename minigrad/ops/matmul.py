"""Matrix products."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from ..engine.run import sum_to
from ..errors import ShapeError, UnsupportedDtypeError, operand
from .half import half, single
from .raw import adjoint, conj

if TYPE_CHECKING:
    from .._tensor import Tensor


LARGE = 500_000                                      # multiplications that may be worth a kernel of our own
SMALL = 1024                                         # numbers in x: not worth asking whether there are so many


# ---------------------------------------------------------------- on arrays
def product(op: str, x: Any, y: Any) -> Any:
    """x @ y: large ones by the kernels, float16 through float32, no product of bools."""
    kind = x.dtype.char
    if kind == "f" and x.ndim > 1 < y.ndim and x.size * y.shape[-1] >= LARGE:
        return backend_of(x).kernels.matmul(x, y)
    if kind == "e":
        return half(product(op, single(x), single(y)))
    if kind == "?":
        raise UnsupportedDtypeError(f"{op}: not implemented for bool; got x {operand(x)}, y {operand(y)}; convert with .int() or "
                                    ".float()")
    return times(x, y)


def times(x: Any, y: Any) -> Any:
    """x @ y: `dot` of matrices begins sooner, and asks BLAS for an outer product too."""
    return x.dot(y) if x.ndim == y.ndim == 2 else x @ y


def mismatch(op: str, x: Any, y: Any) -> ShapeError:
    """Why two operands have no matrix product."""
    if not x.ndim or not y.ndim:
        return ShapeError(f"{op}: both arguments to matmul need to be at least 1D, but they are {x.ndim}D and {y.ndim}D; "
                          f"got x {operand(x)}, y {operand(y)}; use * for a scalar")
    if x.shape[-1] != y.shape[-2 if y.ndim > 1 else 0]:
        hint = "; transpose y?" if y.ndim > 1 and x.shape[-1] == y.shape[-1] else ""
        return ShapeError(f"{op}: mat1 and mat2 shapes cannot be multiplied ({by(x)} and {by(y)}): last axis of x must equal "
                          f"second-last of y; got x {operand(x)}, y {operand(y)}{hint}")
    return ShapeError(f"{op}: the batch dimensions do not broadcast; got x {operand(x)}, y {operand(y)}")


def by(x: Any) -> str:
    """A shape as PyTorch writes it: 2x3."""
    return "x".join(map(str, x.shape))


# ---------------------------------------------------------------- any shapes
def matmul_x(g: Any, x: Any, y: Any) -> Any:
    """Gradient of x @ y for x, in x's shape."""
    if x.ndim == y.ndim == 2:
        return matmul(g, adjoint(y))
    if y.ndim == 1:                                  # (..., n, k) @ (k,) -> (..., n)
        return (g if x.ndim == 1 else g.reshape((*g.shape, 1))) * conj(y)
    if x.ndim == 1:                                  # (k,) @ (..., k, m) -> (..., m)
        return sum_to(matmul(conj(y), g.reshape((*g.shape, 1))).reshape(tuple(y.shape[:-1])), tuple(x.shape))
    return sum_to(matmul(g, adjoint(y)), tuple(x.shape))


def matmul_y(g: Any, x: Any, y: Any) -> Any:
    """Gradient of x @ y for y, in y's shape."""
    if x.ndim == y.ndim == 2:
        return matmul(adjoint(x), g)
    if x.ndim == 1:
        x = conj(x)
        return x * g if y.ndim == 1 else sum_to(x.reshape((-1, 1)) * g.reshape((*g.shape[:-1], 1, g.shape[-1])), tuple(y.shape))
    if y.ndim == 1:
        return sum_to(matmul(adjoint(x), g.reshape((*g.shape, 1))).reshape((*x.shape[:-2], x.shape[-1])), tuple(y.shape))
    return sum_to(matmul(adjoint(x), g), tuple(y.shape))


@op(promotes="same", x=matmul_x, y=matmul_y)
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product over the last two dimensions; leading ones broadcast, a vector counts as a row or a column.

    (..., n, k) and (..., k, m) -> (..., n, m); (k,) and (k,) -> (). Raises ShapeError where sizes do not fit, DtypeError
    on mixed dtypes.
    """
    x: Any = input
    y: Any = other
    try:
        return times(x, y) if x.size < SMALL and x.dtype.char in "fdFD" else product("matmul", x, y)
    except ValueError:
        raise mismatch("matmul", x, y) from None


# ---------------------------------------------------------------- stated shapes
@op(promotes="same", x=lambda g, mat2: matmul(g, adjoint(mat2)), mat2=lambda g, x: matmul(adjoint(x), g))
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices, (n, k) and (k, m) -> (n, m)."""
    x: Any = input
    y: Any = mat2
    if x.ndim != 2 or y.ndim != 2:
        raise ShapeError(f"mm: {'self' if x.ndim != 2 else 'mat2'} must be a matrix; got x {operand(x)}, mat2 {operand(y)}; "
                         "use matmul for other shapes")
    try:
        return product("mm", x, y)
    except ValueError:
        raise mismatch("mm", x, y) from None


@op(promotes="same", x=lambda g, mat2: matmul(g, adjoint(mat2)), mat2=lambda g, x: matmul(adjoint(x), g))
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two batches of matrices, (b, n, k) and (b, k, m) -> (b, n, m); nothing broadcasts."""
    x: Any = input
    y: Any = mat2
    if x.ndim != 3 or y.ndim != 3:
        raise ShapeError(f"bmm: batch{1 if x.ndim != 3 else 2} must be a 3D tensor; got x {operand(x)}, mat2 {operand(y)}")
    if x.shape[0] != y.shape[0] or x.shape[2] != y.shape[1]:
        raise ShapeError(f"bmm: Expected size for first two dimensions of batch2 tensor to be: [{x.shape[0]}, {x.shape[2]}] but got: "
                         f"[{y.shape[0]}, {y.shape[1]}]; got x {operand(x)}, mat2 {operand(y)}")
    return product("bmm", x, y)


@op(promotes="same",
    x=lambda g, vec: g.reshape((-1, 1)) * conj(vec),
    vec=lambda g, x: matmul(adjoint(x), g))
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """The product of a matrix and a vector, (n, k) and (k,) -> (n,)."""
    x: Any = input
    y: Any = vec
    if x.ndim != 2 or y.ndim != 1:
        raise ShapeError(f"mv: vector + matrix @ vector expected; got x {operand(x)}, vec {operand(y)}")
    if x.shape[1] != y.shape[0]:
        raise ShapeError(f"mv: size mismatch, got mat ({by(x)}), vec ({by(y)}): got x {operand(x)}, vec {operand(y)}")
    return product("mv", x, y)


def check_vectors(op: str, x: Any, y: Any) -> None:
    """Refuse what is not two vectors of one length."""
    if x.ndim != 1 or y.ndim != 1:
        raise ShapeError(f"{op}: 1D tensors expected, but got {x.ndim}D and {y.ndim}D tensors; use matmul for other shapes")
    if x.shape != y.shape:
        raise ShapeError(f"{op}: inconsistent tensor size, expected tensor [{x.shape[0]}] and src [{y.shape[0]}] to have the same number "
                         "of elements")


@op(promotes="same", x=lambda g, tensor: g * conj(tensor), tensor=lambda g, x: g * conj(x))
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The sum of products of two vectors of one length; nothing is conjugated."""
    x: Any = input
    y: Any = tensor
    check_vectors("dot", x, y)
    return product("dot", x, y)


@op(promotes="same", x=lambda g, y: conj(g) * y, y=lambda g, x: g * x)
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """The sum of products of two vectors of one length, the first conjugated."""
    x: Any = input
    y: Any = other
    check_vectors("vdot", x, y)
    return product("vdot", x.conj() if x.dtype.kind == "c" else x, y)
