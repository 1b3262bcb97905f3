"""Norms of vectors and matrices, and distances."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..dtypes import dtype as DType
from ..dtypes import to_numpy_dtype
from ..engine.casting import autocasts
from ..engine.node import wrap
from ..engine.op import op
from ..errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError, describe
from ..naming import called
from .axes import permute
from .delivery import deliver, takes_out
from .dims import Dims, Number, kept_shape, one_dim
from .elementwise import sgn
from .extremum import amax, amin
from .factorizations import svdvals
from .half import half, single
from .matmul import matmul
from .operands import need_tensors
from .raw import in_dtype, like, raw
from .reduce import add_up, axes_of, converted, with_ones
from .reduce import sum as sum_of
from .select import choose

if TYPE_CHECKING:
    from .._tensor import Tensor

INF = math.inf


# ---------------------------------------------------------------- of vectors
def check_norm(x: Any, ord: Any, dim: Dims) -> None:
    """Refuse integers, orders that are no numbers, and the largest of nothing."""
    if x.dtype.kind not in "fc":
        raise DtypeError(f"linalg.vector_norm: Expected a floating point or complex tensor as input; got {describe(x)}; convert it with "
                         ".float()")
    if isinstance(ord, (str, bool)) or not isinstance(ord, (int, float)):
        raise ArgumentTypeError(f"linalg_vector_norm(): argument 'ord' (position 2) must be Number, not {type(ord).__name__}")
    if (ord < 0 or ord == INF) and not x.size:
        empty = "on an empty tensor" if dim is None else f"on the dimension {dim}"
        if dim is None or any(not x.shape[one_dim("vector_norm", d, x.ndim)] for d in ([dim] if isinstance(dim, int) else dim)):
            raise ShapeError(f"linalg.vector_norm cannot compute the {ord} norm {empty} because the operation does not have an identity; "
                             f"got {describe(x)}")


def at_zero(x: Any) -> Any:
    """1 where x is 0, else 0: a constant of its precision, and what makes a division by x safe."""
    array = raw(x)
    return like(x, (array == 0).astype(array.real.dtype))


def vector_norm_rule(g: Any, x: Any, out: Any, ord: Any, dim: Dims, keepdim: bool, dtype: DType | None) -> Any:
    """(|x| / norm)^(p - 1) in the direction of x; zero where the norm is zero; ties of the largest share."""
    source = raw(x).dtype
    if dtype is not None:
        x = in_dtype(x, to_numpy_dtype(dtype))
    if not keepdim and dim is not None:
        shape = with_ones(tuple(x.shape), dim)
        g, out = g.reshape(shape), out.reshape(shape)
    if ord == 0:
        return x * 0
    size = abs(raw(x))
    if abs(ord) == INF:
        best = (size == raw(out)).astype(size.dtype)
        share = best / best.sum(axis=axes_of("norm", dim, best.ndim), keepdims=True)
        return in_dtype(x / (abs(x) + at_zero(x)) * (g * like(x, share)), source)
    gone = at_zero(out)
    scale = g * (1 - gone) / (out + gone)
    if ord == 2:
        return in_dtype(x * scale, source)
    size = abs(x) + at_zero(x)                       # 1 at zero: x / size is 0 there, and no power of 0 is taken
    if ord == 1:
        return in_dtype(x / size * g, source)
    return in_dtype(x / size * (size / (out + gone)) ** (ord - 1) * g * (1 - gone), source)


@op(x=vector_norm_rule)
def vector_norm(x: Tensor, ord: Number = 2, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """sum(|x|^p)^(1/p) over `dim`, all dimensions by default; p = inf: the largest |x|, -inf: the smallest, 0: how many are not 0."""
    array: Any = x
    if dtype is not None:
        array = converted(array, dtype)
    check_norm(array, ord, dim)
    if array.dtype.char == "e":
        return half(vector_norm_of(single(array), ord, dim, keepdim))
    return vector_norm_of(array, ord, dim, keepdim)


def vector_norm_of(x: Any, ord: Any, dim: Dims, keepdim: bool) -> Any:
    """The norm of an array."""
    axes, xp = axes_of("vector_norm", dim, x.ndim), backend_of(x).xp
    if ord == 2:
        square = x * x if x.dtype.kind == "f" else x.real * x.real + x.imag * x.imag
        return xp.sqrt(add_up(square, axes, keepdim))
    size = abs(x)
    if ord == INF:
        return size.max(axis=axes, keepdims=keepdim)
    if ord == -INF:
        return size.min(axis=axes, keepdims=keepdim)
    if ord == 0:
        return add_up(x != 0, axes, keepdim).astype(size.dtype)
    return add_up(size, axes, keepdim) if ord == 1 else add_up(size ** ord, axes, keepdim) ** (1 / ord)


# ---------------------------------------------------------------- of matrices
@takes_out
def matrix_norm(A: Tensor, ord: Number | str = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """A norm of the matrices in two dimensions: "fro" (root of the sum of squares), "nuc" (sum of singular values), inf or -inf
    (largest or smallest sum of a row), 1 or -1 (of a column), 2 or -2 (largest or smallest singular value)."""
    need_tensors("linalg.matrix_norm", A=A)
    x = raw(A)
    if x.ndim < 2:
        raise ShapeError(f"linalg.matrix_norm: The input tensor A must have at least 2 dimensions; got {describe(A)}")
    if not isinstance(dim, (tuple, list)) or len(dim) != 2:
        raise ShapeError(f"linalg.matrix_norm: dim must be a 2-tuple; got {dim}")
    rows, columns = one_dim("linalg.matrix_norm", dim[0], x.ndim), one_dim("linalg.matrix_norm", dim[1], x.ndim)
    if rows == columns:
        raise ShapeError(f"linalg.matrix_norm: dims must be different; got {tuple(dim)}")
    if ord == "fro":
        return vector_norm(A, 2, (rows, columns), keepdim, dtype=dtype)
    if ord != "nuc" and (isinstance(ord, str) or ord not in (1, -1, 2, -2, INF, -INF)):
        raise ShapeError(f"linalg.matrix_norm: Order {ord} not supported; it may be 'fro', 'nuc', inf, -inf, 1, -1, 2 or -2")
    if x.dtype.kind not in "fc":
        raise DtypeError(f"linalg.matrix_norm: Expected a floating point or complex tensor as input; got {describe(A)}; convert it with "
                         ".float()")
    if dtype is not None:
        A = in_dtype(A, to_numpy_dtype(dtype))
    largest = amax if ord in (1, 2, INF) else amin
    if not x.size and ord in (1, 2, INF):            # the largest of nothing counts as 0
        return vector_norm(A, 2, (rows, columns), keepdim)
    if ord in ("nuc", 2, -2):
        values = svdvals(permute(A, (*[d for d in range(x.ndim) if d not in (rows, columns)], rows, columns)))
        out = sum_of(values, -1) if ord == "nuc" else largest(values, -1)
    else:
        along, across = (rows, columns) if abs(ord) == 1 else (columns, rows)    # type: ignore[arg-type]
        out = largest(vector_norm(A, 1, along, True), across, True).reshape([n for d, n in enumerate(x.shape) if d not in (rows, columns)])
    return out.reshape(kept_shape(x.shape, (rows, columns))) if keepdim else out


def norm(input: Tensor, p: Number | str | None = "fro", dim: Dims = None, keepdim: bool = False, out: Tensor | None = None,
         dtype: DType | None = None) -> Tensor:
    """The p-norm over `dim`, of all elements as one vector by default; "fro" is 2, "nuc" the sum of singular values of a matrix.

    See `linalg.vector_norm` and `linalg.matrix_norm`.
    """
    if isinstance(p, str) and p != "fro" or p == "fro" and isinstance(dim, (tuple, list)) and len(dim) > 2:
        dims: Any = tuple(range(input.ndim)) if dim is None else dim
        result = matrix_norm(input, p, dims, keepdim, dtype=dtype)
    else:
        result = vector_norm(input, 2 if p is None or isinstance(p, str) else p, dim, keepdim, dtype=dtype)
    return deliver("norm", out, result)


@called("linalg.norm")
@takes_out
def linalg_norm(A: Tensor, ord: Number | str | None = None, dim: Dims = None, keepdim: bool = False, *,
                dtype: DType | None = None) -> Tensor:
    """A norm of vectors (one `dim`), matrices (two) or, without `ord`, of all elements over any dims: `linalg.norm`."""
    if dim is not None and isinstance(dim, (tuple, list)) and len(dim) not in (1, 2):
        raise ShapeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2; got {list(dim)}")
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    if dim is None:
        if A.ndim not in (1, 2):
            raise ShapeError(f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D; got {describe(A)}")
        dim = tuple(range(A.ndim))
    dims: Any = dim if isinstance(dim, (tuple, list)) else (dim,)
    if len(dims) == 2 or isinstance(ord, str):
        return matrix_norm(A, ord, dims if len(dims) == 2 or A.ndim > 1 else (-2, -1), keepdim, dtype=dtype)
    return vector_norm(A, ord, dims, keepdim, dtype=dtype)


# ---------------------------------------------------------------- distances
def dist(input: Tensor, other: Tensor, p: Number = 2) -> Tensor:
    """The p-norm of input - other."""
    return norm(input - other, p)


@takes_out
def renorm(input: Tensor, p: Number, dim: int, maxnorm: Number) -> Tensor:
    """The input with each slice along `dim` whose p-norm is above `maxnorm` scaled down to it."""
    d = one_dim("renorm", dim, input.ndim)
    if input.ndim < 2:
        raise ShapeError(f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions; got {describe(input)}")
    norms = vector_norm(input, p, tuple(i for i in range(input.ndim) if i != d), True)
    above = norms.array > maxnorm
    return input * choose(wrap(above), maxnorm / (norms + 1e-7), 1.0)


def euclidean_rule(g: Any, x: Any, y: Any, out: Any) -> Any:
    """Gradient of all distances for x: g / distance times (x - y), zero where the distance is."""
    gone = at_zero(out)
    w = g * (1 - gone) / (out + gone)                # (..., P, R)
    return x * sum_of(w, -1, True) - matmul(w, y)


@op(broadcast=True, promotes="same",
    x1=lambda g, x1, x2, out: euclidean_rule(g, x1, x2, out),
    x2=lambda g, x1, x2, out: euclidean_rule(g.swapaxes(-1, -2), x2, x1, out.swapaxes(-1, -2)))
def euclidean(x1: Tensor, x2: Tensor, by_product: bool = False) -> Tensor:
    """All distances between two sets of points, (..., P, M) and (..., R, M) -> (..., P, R).

    by_product: from |x|^2 + |y|^2 - 2 x.y, which is faster for many points and less exact for near ones.
    """
    x: Any = x1
    y: Any = x2
    xp = backend_of(x).xp
    if by_product:
        squares = (x * x).sum(axis=-1, keepdims=True) - 2 * (x @ y.swapaxes(-1, -2)) + (y * y).sum(axis=-1, keepdims=True).swapaxes(-1, -2)
        return xp.sqrt(xp.maximum(squares, 0))
    off = x[..., :, None, :] - y[..., None, :, :]
    return xp.sqrt((off * off).sum(axis=-1))


@op(x=lambda g, x, out: g.reshape((*g.shape, 1)) * sgn(x) * like(x, abs(raw(x)) == raw(out)[..., None]))
def chebyshev(input: Tensor) -> Tensor:
    """The largest |x| over the last dimension: the distance of p = inf. Each of equal ones gets the whole gradient, as in PyTorch."""
    return abs(input).max(axis=-1)


def distance(difference: Any, p: float) -> Any:
    """The p-norm over the last dimension of differences of points."""
    return chebyshev(difference) if p == INF and difference.shape[-1] else vector_norm(difference, p, -1)


COMPUTE_MODES = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")


@autocasts
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = COMPUTE_MODES[0]) -> Tensor:
    """All p-norm distances between two sets of points, (..., P, M) and (..., R, M) -> (..., P, R); batches broadcast."""
    for i, x in ((1, x1), (2, x2)):
        if raw(x).dtype.kind != "f":
            raise DtypeError(f"cdist: only supports floating-point dtypes, X{i} got: {describe(x)}")
        if x.ndim < 2:
            raise ShapeError(f"cdist: only supports at least 2D tensors, X{i} got: {x.ndim}D; got {describe(x)}")
    if x1.shape[-1] != x2.shape[-1]:
        raise ShapeError(f"cdist: X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}; "
                         f"got {describe(x1)} and {describe(x2)}")
    if p < 0:
        raise ShapeError(f"cdist: only supports non-negative p values; got {p}")
    if compute_mode is not None and compute_mode not in COMPUTE_MODES:
        raise ArgumentError(f"{compute_mode} is not a valid value for compute_mode; it may be one of {', '.join(COMPUTE_MODES)}")
    if p == 2:
        many = x1.shape[-2] > 25 or x2.shape[-2] > 25
        return euclidean(x1, x2, compute_mode == COMPUTE_MODES[1] or compute_mode in (None, COMPUTE_MODES[0]) and many)
    x, y = x1.reshape((*x1.shape[:-1], 1, x1.shape[-1])), x2.reshape((*x2.shape[:-2], 1, *x2.shape[-2:]))
    if not x1.shape[-1]:
        return sum_of(x - y, -1)
    return distance(x - y, p)


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The p-norm distances between the rows of a matrix, each pair once: (0, 1), (0, 2), ..., (1, 2), ..."""
    need_tensors("pdist", input=input)
    if input.ndim != 2:
        raise ShapeError(f"pdist: only supports 2D tensors, got: {input.ndim}D; got {describe(input)}")
    xp = backend_of(raw(input)).xp
    n = input.shape[0]
    i, j = xp.nonzero(xp.arange(n).reshape((-1, 1)) < xp.arange(n))
    return distance(input[wrap(i)] - input[wrap(j)], p)
