"""Matrix products added to something: beta * input + alpha * product."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..engine.op import op
from ..errors import ShapeError, operand
from .dims import Number
from .matmul import by, matmul, product
from .raw import adjoint, conj

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- what all share
def times(x: Any, factor: Number) -> Any:
    """factor x, without work where the factor is 1."""
    return x if factor == 1 else x * factor


def scaled(g: Any, factor: Number) -> Any:
    """The gradient of what was multiplied by a factor."""
    return g if factor == 1 else g * factor.conjugate()


def plus(op: str, input: Any, out: Any, beta: Number, alpha: Number) -> Any:
    """beta * input + alpha * out on arrays, in out's memory. beta = 0 ignores the input, nan and all."""
    if out.dtype.kind == "b":
        return out & bool(alpha) | input if beta else out & bool(alpha)
    if out.dtype.kind in "iu":
        beta, alpha = int(beta), int(alpha)          # type: ignore[arg-type]   # as PyTorch: 0.5 counts as 0
    if alpha != 1:
        out = out * alpha
    if beta == 0:
        return out
    try:
        out += times(input, beta)
    except ValueError:
        raise ShapeError(f"{op}: The expanded size of the tensor {tuple(out.shape)} must match the existing size {tuple(input.shape)}: the "
                         f"input must broadcast to the shape of the product; got x {operand(input)}") from None
    return out


def check_matrices(op: str, **operands: Any) -> None:
    """Refuse operands without the number of dimensions that their names say: mat 2, vec 1, batch 3."""
    for name, x in operands.items():
        wanted = {"m": 2, "v": 1, "b": 3}[name[0]]
        if x.ndim != wanted:
            raise ShapeError(f"{op}: {name} must be a {('vector', 'matrix', '3D tensor')[wanted - 1]}, got {x.ndim}-D tensor; "
                             f"got {', '.join(f'{n} {operand(v)}' for n, v in operands.items())}")
    (a, x), (b, y) = operands.items()
    if op == "addr":
        return
    if x.shape[-1] != y.shape[0 if y.ndim == 1 else -2] or x.ndim == 3 and x.shape[0] != y.shape[0]:
        rule = "size mismatch" if y.ndim == 1 else "mat1 and mat2 shapes cannot be multiplied" if x.ndim == 2 else \
            (f"Expected size for first two dimensions of batch2 tensor to be: [{x.shape[0]}, {x.shape[2]}] "
             f"but got: [{y.shape[0]}, {y.shape[1]}]")
        raise ShapeError(f"{op}: {rule} ({by(x)} and {by(y)}); got {a} {operand(x)}, {b} {operand(y)}")


# ---------------------------------------------------------------- the ops
@op(broadcast=True, promotes="same",
    x=lambda g, beta: scaled(g, beta),
    mat1=lambda g, mat2, alpha: scaled(matmul(g, adjoint(mat2)), alpha),
    mat2=lambda g, mat1, alpha: scaled(matmul(adjoint(mat1), g), alpha))
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2); the input broadcasts to (n, m)."""
    x: Any = mat1
    y: Any = mat2
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[0]:
        check_matrices("addmm", mat1=x, mat2=y)
    return plus("addmm", input, product("addmm", x, y), beta, alpha)


@op(broadcast=True, promotes="same",
    x=lambda g, beta: scaled(g, beta),
    mat=lambda g, vec, alpha: scaled(g.reshape((-1, 1)) * conj(vec), alpha),
    vec=lambda g, mat, alpha: scaled(matmul(adjoint(mat), g), alpha))
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta * input + alpha * (mat @ vec); the input broadcasts to (n,)."""
    check_matrices("addmv", mat=mat, vec=vec)
    return plus("addmv", input, product("addmv", mat, vec), beta, alpha)


@op(broadcast=True, promotes="arithmetic",
    x=lambda g, beta: scaled(g, beta),
    vec1=lambda g, vec2, alpha: scaled(matmul(g, conj(vec2)), alpha),
    vec2=lambda g, vec1, alpha: scaled(matmul(conj(vec1), g), alpha))
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta * input + alpha * (vec1 x vec2), the outer product; the input broadcasts to (n, m)."""
    x: Any = vec1
    check_matrices("addr", vec1=x, vec2=vec2)
    return plus("addr", input, x.reshape((-1, 1)) * vec2, beta, alpha)


@op(broadcast=True, promotes="same",
    x=lambda g, beta: scaled(g, beta),
    batch1=lambda g, batch2, alpha: scaled(matmul(g, adjoint(batch2)), alpha),
    batch2=lambda g, batch1, alpha: scaled(matmul(adjoint(batch1), g), alpha))
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta * input + alpha * (batch1 @ batch2), matrix by matrix; the input broadcasts to (b, n, m)."""
    check_matrices("baddbmm", batch1=batch1, batch2=batch2)
    return plus("baddbmm", input, product("baddbmm", batch1, batch2), beta, alpha)


@op(broadcast=True, promotes="same",
    x=lambda g, beta: scaled(g, beta),
    batch1=lambda g, batch2, alpha: scaled(matmul(g, adjoint(batch2)), alpha),
    batch2=lambda g, batch1, alpha: scaled(matmul(adjoint(batch1), g), alpha))
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """beta * input + alpha * sum(batch1 @ batch2), over the batch; the input broadcasts to (n, m)."""
    check_matrices("addbmm", batch1=batch1, batch2=batch2)
    x: Any = batch1
    y: Any = batch2
    # one product with the batch as part of the contracted dimension: (n, b k) @ (b k, m)
    wide, tall = x.transpose((1, 0, 2)).reshape((x.shape[1], -1)), y.reshape((-1, y.shape[2]))
    if not x.size:
        wide, tall = wide.reshape((x.shape[1], 0)), tall.reshape((0, y.shape[2]))
    return plus("addbmm", input, product("addbmm", wide, tall), beta, alpha)
