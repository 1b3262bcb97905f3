"""Products made of others: outer, inner, Kronecker, tensor dot, cross, chains of matrices."""
from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.casting import autocasts
from ..engine.node import TensorBase
from ..engine.op import op
from ..errors import ArgumentTypeError, DtypeError, ShapeError, UnsupportedDtypeError, describe
from ..naming import called
from .axes import permute
from .delivery import casts_out, takes_out
from .dims import one_dim
from .matmul import matmul
from .raw import conj, like, raw
from .reduce import sum as sum_of

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- of vectors
@casts_out
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Every element of one vector times every element of another, (n,) and (m,) -> (n, m)."""
    for name, x in (("self", input), ("vec2", vec2)):
        if x.ndim != 1:
            raise ShapeError(f"outer: Expected 1-D argument {name}, but got {x.ndim}-D; got {describe(input)} and {describe(vec2)}")
    return input.reshape((-1, 1) if input.numel() else (0, 1)) * vec2


ger = outer


@casts_out
def inner(input: Tensor, other: Tensor) -> Tensor:
    """Sums of products over the last dimension of both, (..., k) and (other..., k) -> (..., other...); a 0-d tensor scales."""
    if not input.ndim or not other.ndim:
        return input * other
    if input.shape[-1] != other.shape[-1]:
        raise ShapeError(f"inner() the last dimension must match on both input tensors but got shapes {list(input.shape)} and "
                         f"{list(other.shape)}")
    return tensordot(input, other, ([-1], [-1]))


@op(broadcast=True, promotes="arithmetic",
    x=lambda g, y, dim: cross_along(conj(y), g, dim),
    y=lambda g, x, dim: cross_along(g, conj(x), dim))
def cross_along(input: Tensor, other: Tensor, dim: int = -1) -> Tensor:
    """The cross product of vectors of three elements along `dim`; other dimensions broadcast. What `cross` is."""
    x: Any = input
    y: Any = other
    x, y = x.swapaxes(dim, -1), y.swapaxes(dim, -1)
    (x0, x1, x2), (y0, y1, y2) = [[v[..., i] for i in range(3)] for v in (x, y)]
    return backend_of(x).xp.stack((x1 * y2 - x2 * y1, x2 * y0 - x0 * y2, x0 * y1 - x1 * y0), -1).swapaxes(dim, -1)


@takes_out
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The cross product along `dim`, by default the first dimension of size 3."""
    if dim is None:
        dim = next((d for d, n in enumerate(input.shape) if n == 3), None)
        if dim is None:
            raise ShapeError(f"cross: no dimension of size 3 in input; got {describe(input)}")
    return linalg_cross(input, other, dim=dim)


@called("linalg.cross")
@takes_out
def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The cross product of vectors of three elements along `dim`; other dimensions broadcast."""
    if input.ndim != other.ndim:
        raise ShapeError(f"linalg.cross: inputs must have the same number of dimensions; got {describe(input)} and {describe(other)}")
    d = one_dim("linalg.cross", dim, input.ndim)
    if not input.ndim or input.shape[d] != 3 or other.shape[d] != 3:
        raise ShapeError(f"linalg.cross: inputs dimension {dim} must have length 3; got {describe(input)} and {describe(other)}")
    return cross_along(input, other, d - input.ndim)


@autocasts
@takes_out
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """Sums of products along `dim`, the first operand conjugated; other dimensions broadcast."""
    return sum_of(conj(x) * y, dim)


# ---------------------------------------------------------------- of matrices
@op(x=lambda g, x_shape: g * like(g, backend_of(raw(g)).xp.eye(*x_shape, dtype=raw(g).dtype)))
def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix."""
    x: Any = input
    if x.ndim != 2:
        raise ShapeError(f"trace: expected a matrix, but got tensor with dim {x.ndim}; got {describe(x)}")
    if x.dtype.kind == "b":
        raise UnsupportedDtypeError(f"trace: not implemented for bool; got {describe(x)}")
    return x.trace(0, 0, 1, "i8" if x.dtype.kind in "iu" else None)


@casts_out
def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: each element of one times the whole other, sizes multiplied dimension by dimension."""
    n = max(input.ndim, other.ndim)
    xs, ys = [(1,) * (n - v.ndim) + tuple(v.shape) for v in (input, other)]
    out = input.reshape([s for x in xs for s in (x, 1)]) * other.reshape([s for y in ys for s in (1, y)])
    return out.reshape([x * y for x, y in zip(xs, ys, strict=True)])


@takes_out
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Sums of products over several dimensions.

    dims: how many (the last of a, the first of b), or two lists of dimensions that pair up. The other dimensions of a, then
    those of b, remain.
    """
    first, second = paired_dims(a, b, dims)
    if raw(a).dtype != raw(b).dtype:
        raise DtypeError(f"tensordot: both inputs should have same dtype; got a {describe(a)}, b {describe(b)}; convert one with "
                         ".to(dtype)")
    for i, j in zip(first, second, strict=True):
        if a.shape[i] != b.shape[j]:
            if a.shape[i] == 1:
                b = sum_of(b, j, True)
            elif b.shape[j] == 1:
                a = sum_of(a, i, True)
            else:
                raise ShapeError(f"tensordot: contracted dimensions need to match, but first has size {a.shape[i]} in dim {i} and second "
                                 f"has size {b.shape[j]} in dim {j}; got a {describe(a)}, b {describe(b)}")
    rest_a, rest_b = [d for d in range(a.ndim) if d not in first], [d for d in range(b.ndim) if d not in second]
    sizes_a, sizes_b, k = [a.shape[d] for d in rest_a], [b.shape[d] for d in rest_b], prod(a.shape[d] for d in first)
    rows = permute(a, (*rest_a, *first)).reshape((prod(sizes_a), k))
    columns = permute(b, (*second, *rest_b)).reshape((k, prod(sizes_b)))
    return matmul(rows, columns).reshape((*sizes_a, *sizes_b))


def paired_dims(a: Tensor, b: Tensor, dims: Any) -> tuple[list[int], list[int]]:
    """What `dims` of tensordot means, counted from the front."""
    if isinstance(dims, TensorBase):
        dims = dims.array.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise ShapeError(f"tensordot: expects dims >= 0, but got dims={dims}")
        if dims > min(a.ndim, b.ndim):
            raise ShapeError(f"tensordot: expects dims < ndim_a or ndim_b, but got dims={dims}; got a {describe(a)}, b {describe(b)}")
        return list(range(a.ndim - dims, a.ndim)), list(range(dims))
    if not isinstance(dims, (tuple, list)) or len(dims) != 2:
        raise ArgumentTypeError(f"tensordot: dims must be an int or two lists of ints; got {describe(dims)}")
    first, second = [[d] if isinstance(d, int) else list(d) for d in dims]
    if len(first) != len(second):
        raise ShapeError(f"tensordot: both dimension lists should have same length; got {first} and {second}")
    first, second = [one_dim("tensordot", d, a.ndim) for d in first], [one_dim("tensordot", d, b.ndim) for d in second]
    for name, chosen in (("a", first), ("b", second)):
        if len(set(chosen)) < len(chosen):
            raise ShapeError(f"tensordot: a dim appears multiple times in the list of dims of {name}: {chosen}")
    return first, second


# ---------------------------------------------------------------- of many matrices
@takes_out
def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of two or more matrices in the order that multiplies least; the first and the last may be vectors."""
    if len(tensors) < 2:
        raise ShapeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    for i, x in enumerate(tensors):
        edge = "first" if i == 0 else "last" if i == len(tensors) - 1 else ""
        if x.ndim != 2 and not (edge and x.ndim == 1):
            raise ShapeError(f"multi_dot(): {f'the {edge} tensor must be 1D or 2D' if edge else f'tensor {i} must be 2D'} but got "
                             f"{x.ndim}D")
        if raw(x).dtype != raw(tensors[0]).dtype:
            raise DtypeError(f"multi_dot(): all tensors must have be the same dtype but tensor 0 is {describe(tensors[0])} and tensor {i} "
                             f"{describe(x)}")
    first, last = tensors[0], tensors[-1]
    matrices = [*tensors]
    if first.ndim == 1:
        matrices[0] = first.reshape((1, first.shape[0]))
    if last.ndim == 1:
        matrices[-1] = last.reshape((last.shape[0], 1))
    for i, (x, y) in enumerate(pairwise(matrices)):
        if x.shape[1] != y.shape[0]:
            raise ShapeError(f"multi_dot(): tensors {i} and {i + 1} with shapes {list(tensors[i].shape)} and {list(tensors[i + 1].shape)} "
                             f"cannot be multiplied")
    out = chained(matrices)
    return out.reshape((*first.shape[:-1], *last.shape[1:])) if first.ndim == 1 or last.ndim == 1 else out


def chained(matrices: Sequence[Tensor]) -> Tensor:
    """The product in the cheapest order. Source: Cormen et al., Introduction to Algorithms, matrix-chain order."""
    n = len(matrices)
    sizes = [m.shape[0] for m in matrices] + [matrices[-1].shape[1]]
    cost = {(i, i): 0 for i in range(n)}
    cut: dict[tuple[int, int], int] = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            options = {k: cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j)}
            cut[i, j] = min(options, key=options.__getitem__)
            cost[i, j] = options[cut[i, j]]

    def product_of(i: int, j: int) -> Tensor:
        return matrices[i] if i == j else matmul(product_of(i, cut[i, j]), product_of(cut[i, j] + 1, j))
    return product_of(0, n - 1)


@takes_out
def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of matrices in the order that multiplies least; PyTorch's older name of `linalg.multi_dot`."""
    if not matrices:
        raise ShapeError("chain_matmul(): Expected one or more matrices")
    for x in matrices:
        if x.ndim != 2:
            raise ShapeError(f"chain_matmul(): Tensor dimension is {x.ndim}, expected 2 instead; got {describe(x)}")
    return matrices[0] if len(matrices) == 1 else multi_dot(matrices)


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x1[..., i] weight[o, i, j] x2[..., j] + bias[o], summed over i and j.

    input1 (..., n), input2 (..., m), weight (out, n, m), bias (out,) -> (..., out).
    """
    for i, x in ((1, input1), (2, input2)):
        if weight.ndim != 3 or x.shape[-1] != weight.shape[i]:
            raise ShapeError(f"bilinear(): input{i} size does not match weight size: got {x.shape[-1]} but expected {weight.shape[i]}; "
                             f"got input1 {describe(input1)}, input2 {describe(input2)}, weight {describe(weight)}")
    if input1.shape[:-1] != input2.shape[:-1]:
        raise ShapeError(f"bilinear(): input batch dimensions do not match; got input1 {describe(input1)}, input2 {describe(input2)}")
    outs, n, m = weight.shape
    mixed = matmul(input1, permute(weight, (1, 0, 2)).reshape((n, outs * m)))        # (..., out * m)
    out = sum_of(mixed.reshape((*input1.shape[:-1], outs, m)) * input2.reshape((*input2.shape[:-1], 1, m)), -1)
    return out if bias is None else out + bias
