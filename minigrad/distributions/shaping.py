"""Transforms of vectors and matrices, and of shapes."""
from __future__ import annotations

import math
from math import prod
from typing import TYPE_CHECKING, Any

from .._size import Size
from ..creation import arange
from ..creation import eye as identity
from ..errors import ArgumentError
from ..ops.activation import logsigmoid, softplus
from ..ops.factorizations import linalg_cholesky
from ..ops.padding import pad
from . import constraints
from .pointwise import Parameterless, clipped_sigmoid
from .transform import Transform
from .utils import extremes, tril_matrix_to_vec, vec_to_tril_matrix

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Shape


def ones_before(x: Tensor) -> Tensor:
    """(..., n) -> (..., n + 1): a one in front of each row."""
    return pad(x, [1, 0], value=1)


def need_dims(op: str, shape: Shape, dims: int) -> None:
    """Raise for a shape with fewer dimensions."""
    if len(shape) < dims:
        raise ArgumentError(f"{op}: Too few dimensions on input: needs {dims}; got shape {tuple(shape)}")


class ReshapeTransform(Transform):
    """The last dimensions in another shape, in the same order."""
    bijective = True

    def __init__(self, in_shape: Shape, out_shape: Shape, cache_size: int = 0) -> None:
        self.in_shape, self.out_shape = Size(in_shape), Size(out_shape)
        if prod(self.in_shape) != prod(self.out_shape):
            raise ArgumentError("ReshapeTransform: in_shape, out_shape have different numbers of elements; got "
                                f"{tuple(in_shape)} and {tuple(out_shape)}")
        super().__init__(cache_size=cache_size)

    @property
    def domain(self) -> Any:
        return constraints.independent(constraints.real, len(self.in_shape))

    @property
    def codomain(self) -> Any:
        return constraints.independent(constraints.real, len(self.out_shape))

    def with_cache(self, cache_size: int = 1) -> Any:
        return self if self._cache_size == cache_size else ReshapeTransform(self.in_shape, self.out_shape, cache_size=cache_size)

    def _call(self, x: Tensor) -> Tensor:
        return x.reshape((*x.shape[:x.dim() - len(self.in_shape)], *self.out_shape))

    def _inverse(self, y: Tensor) -> Tensor:
        return y.reshape((*y.shape[:y.dim() - len(self.out_shape)], *self.in_shape))

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return x.new_zeros(x.shape[:x.dim() - len(self.in_shape)])

    def forward_shape(self, shape: Shape) -> Any:
        return self._replaced(shape, self.in_shape, self.out_shape)

    def inverse_shape(self, shape: Shape) -> Any:
        return self._replaced(shape, self.out_shape, self.in_shape)

    def _replaced(self, shape: Shape, old: Size, new: Size) -> tuple[int, ...]:
        need_dims("ReshapeTransform", shape, len(old))
        cut = len(shape) - len(old)
        if tuple(shape[cut:]) != tuple(old):
            raise ArgumentError(f"ReshapeTransform: Shape mismatch: expected {tuple(old)}; got {tuple(shape[cut:])}")
        return (*shape[:cut], *new)


class SoftmaxTransform(Parameterless):
    """y = exp(x) over its sum along the last dimension; the inverse is log(y). Not bijective, so without a determinant."""
    domain = constraints.real_vector
    codomain = constraints.simplex

    def _call(self, x: Tensor) -> Tensor:
        odds = (x - x.max(-1, True)[0]).exp()
        return odds / odds.sum(-1, True)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def forward_shape(self, shape: Shape) -> Any:
        need_dims("SoftmaxTransform", shape, 1)
        return shape

    inverse_shape = forward_shape


class StickBreakingTransform(Parameterless):
    """From n real numbers to n + 1 probabilities: each breaks a share off what is left of a stick.

    The share is sigmoid(x - log(number of pieces still to come)), so that zeros give equal pieces.
    """
    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = True

    def _log_pieces(self, x: Tensor) -> Tensor:
        """log(n), ..., log(1), for the last dimension of x."""
        return arange(x.shape[-1], 0, -1, dtype=x.dtype, device=x.device).log()

    def _call(self, x: Tensor) -> Tensor:
        share = clipped_sigmoid(x - self._log_pieces(x))
        return pad(share, [0, 1], value=1) * ones_before((1 - share).cumprod(-1))

    def _inverse(self, y: Tensor) -> Tensor:
        pieces = y[..., :-1]
        left = (1 - pieces.cumsum(-1)).clamp(min=extremes(y.dtype)[0])
        return pieces.log() - left.log() + self._log_pieces(pieces)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        x = x - self._log_pieces(x)
        return (-x + logsigmoid(x) + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape: Shape) -> Any:
        need_dims("StickBreakingTransform", shape, 1)
        return (*shape[:-1], shape[-1] + 1)

    def inverse_shape(self, shape: Shape) -> Any:
        need_dims("StickBreakingTransform", shape, 1)
        return (*shape[:-1], shape[-1] - 1)


class CorrCholeskyTransform(Transform):
    """From n (n - 1) / 2 real numbers to the Cholesky factor of an (n, n) correlation matrix.

    tanh of the numbers, row by row below the diagonal, are partial correlations r; each element of a row is r times the root of
    what the elements before it leave of the row's unit length. Source: D. Lewandowski, D. Kurowicka and H. Joe (2009), Generating
    random correlation matrices based on vines and extended onion method.
    """
    domain = constraints.real_vector
    codomain = constraints.corr_cholesky
    bijective = True

    def _call(self, x: Tensor) -> Tensor:
        _, eps = extremes(x.dtype)
        r = vec_to_tril_matrix(x.tanh().clamp(min=-1 + eps, max=1 - eps), diag=-1)
        left = (1 - r * r).sqrt().cumprod(-1)
        return (r + identity(r.shape[-1], dtype=r.dtype, device=r.device)) * ones_before(left[..., :-1])

    def _inverse(self, y: Tensor) -> Tensor:
        left = ones_before((1 - (y * y).cumsum(-1))[..., :-1])
        return (tril_matrix_to_vec(y, diag=-1) / tril_matrix_to_vec(left, diag=-1).sqrt()).atanh()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        left = tril_matrix_to_vec(1 - (y * y).cumsum(-1), diag=-2)
        return 0.5 * left.log().sum(-1) - 2 * (x + softplus(-2 * x) - math.log(2)).sum(-1)

    def forward_shape(self, shape: Shape) -> Any:
        need_dims("CorrCholeskyTransform", shape, 1)
        n = round((0.25 + 2 * shape[-1]) ** 0.5 + 0.5)
        if n * (n - 1) // 2 != shape[-1]:
            raise ArgumentError(f"CorrCholeskyTransform: Input is not a flattened lower-diagonal number: got size {shape[-1]}")
        return (*shape[:-1], n, n)

    def inverse_shape(self, shape: Shape) -> Any:
        need_dims("CorrCholeskyTransform", shape, 2)
        if shape[-2] != shape[-1]:
            raise ArgumentError(f"CorrCholeskyTransform: Input is not square: got shape {tuple(shape)}")
        return (*shape[:-2], shape[-1] * (shape[-1] - 1) // 2)


class LowerCholeskyTransform(Parameterless):
    """From matrices to lower triangular ones with a positive diagonal, exp of what was there."""
    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.lower_cholesky

    def _call(self, x: Tensor) -> Tensor:
        return x.tril(-1) + x.diagonal(dim1=-2, dim2=-1).exp().diag_embed()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.tril(-1) + y.diagonal(dim1=-2, dim2=-1).log().diag_embed()


class PositiveDefiniteTransform(Parameterless):
    """From matrices to positive definite ones: L L^T, with L the `LowerCholeskyTransform` of the matrix."""
    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.positive_definite

    def _call(self, x: Tensor) -> Tensor:
        lower = LowerCholeskyTransform()(x)
        return lower @ lower.mT

    def _inverse(self, y: Tensor) -> Tensor:
        return LowerCholeskyTransform().inv(linalg_cholesky(y))
