"""The normal distribution of vectors."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from ..creation import eye
from ..errors import ArgumentError, describe
from ..ops.factorizations import linalg_cholesky
from ..ops.shape import broadcast_shapes
from ..ops.tile import flip
from ..ops.triangular import cholesky_solve, solve_triangular
from . import constraints
from .distribution import AS_IT_IS, NO_SHAPE, Distribution
from .utils import lazy_property, standard_normal

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Shape

LOG_2_PI = math.log(2 * math.pi)


def times(matrix: Tensor, vector: Tensor) -> Tensor:
    """Matrices (..., n, m) times vectors (..., m)."""
    return (matrix @ vector.unsqueeze(-1)).squeeze(-1)


def squared_length(lower: Tensor, x: Tensor) -> Tensor:
    """|L^-1 x|**2: the squared Mahalanobis distance of vectors x (..., n) for the covariance L L^T, L (batch, n, n).

    Vectors that share a matrix become columns of one system.
    """
    batch, n = lower.dim() - 2, x.shape[-1]
    if x.dim() - 1 < batch:
        x = x.expand((*broadcast_shapes(lower.shape[:-2], x.shape[:-1]), n))
    lead = x.shape[:x.dim() - 1 - batch]
    columns = x.reshape((-1, *x.shape[len(lead):])).movedim(0, -1)       # (batch, n, number of vectors)
    lengths = (solve_triangular(lower, columns, upper=False) ** 2).sum(-2).movedim(-1, 0)
    return lengths.reshape((*lead, *lengths.shape[1:]))


def log_diagonal(lower: Tensor) -> Tensor:
    """The sum of the logarithms on the diagonal: half the logarithm of the determinant of L L^T."""
    return lower.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def precision_to_scale_tril(precision: Tensor) -> Tensor:
    """The L of L L^T = P^-1: P = U^T U with U = L^-1, whose transpose, turned around, is a Cholesky factor."""
    inverse = flip(linalg_cholesky(flip(precision, (-2, -1))), (-2, -1)).mT
    return solve_triangular(inverse, identity_like(precision), upper=False)


def identity_like(matrix: Tensor) -> Tensor:
    """The identity of a matrix's size, dtype and device."""
    return eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)


class MultivariateNormal(Distribution):
    """Density exp(-(x - loc)^T C^-1 (x - loc) / 2) / sqrt((2 pi)**n det C), with C one of
    covariance_matrix, precision_matrix^-1, scale_tril scale_tril^T; the last is the cheapest to give.
    """
    arg_constraints: ClassVar = {"loc": constraints.real_vector, "covariance_matrix": constraints.positive_definite,
                                 "precision_matrix": constraints.positive_definite, "scale_tril": constraints.lower_cholesky}
    support = constraints.real_vector
    has_rsample = True
    _parts: ClassVar = {"loc": 1, "covariance_matrix": 2, "precision_matrix": 2, "scale_tril": 2, "_unbroadcasted_scale_tril": AS_IT_IS}

    def __init__(self, loc: Tensor, covariance_matrix: Tensor | None = None, precision_matrix: Tensor | None = None,
                 scale_tril: Tensor | None = None, validate_args: bool | None = None) -> None:
        if loc.dim() < 1:
            raise ArgumentError("MultivariateNormal: loc must be at least one-dimensional; got a single number")
        given = {"covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix, "scale_tril": scale_tril}
        named: list[tuple[str, Any]] = [(name, matrix) for name, matrix in given.items() if matrix is not None]
        if len(named) != 1:
            raise ArgumentError("MultivariateNormal: Exactly one of covariance_matrix or precision_matrix or scale_tril may be "
                                f"specified; got {len(named)}")
        (name, matrix), = named
        if matrix.dim() < 2:
            raise ArgumentError(f"MultivariateNormal: {name} must be at least two-dimensional, with optional leading batch dimensions; "
                                f"got {describe(matrix)}")
        batch_shape = broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        setattr(self, name, matrix.expand((*batch_shape, *matrix.shape[-2:])))
        self.loc = loc.expand((*batch_shape, loc.shape[-1]))
        super().__init__(batch_shape, self.loc.shape[-1:], validate_args=validate_args)
        if scale_tril is not None:
            self._unbroadcasted_scale_tril = scale_tril
        elif covariance_matrix is not None:
            self._unbroadcasted_scale_tril = linalg_cholesky(covariance_matrix)
        else:
            self._unbroadcasted_scale_tril = precision_to_scale_tril(matrix)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The Cholesky factor of the covariances."""
        return self._unbroadcasted_scale_tril.expand(self._batch_shape + self._event_shape + self._event_shape)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariances."""
        lower = self._unbroadcasted_scale_tril
        return (lower @ lower.mT).expand(self._batch_shape + self._event_shape + self._event_shape)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariances."""
        lower = self._unbroadcasted_scale_tril
        return cholesky_solve(identity_like(lower), lower).expand(self._batch_shape + self._event_shape + self._event_shape)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return (self._unbroadcasted_scale_tril ** 2).sum(-1).expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        return self.loc + times(self._unbroadcasted_scale_tril, standard_normal(self._extended_shape(sample_shape), self.loc))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        distance = squared_length(self._unbroadcasted_scale_tril, value - self.loc)
        return -0.5 * (self._event_shape[0] * LOG_2_PI + distance) - log_diagonal(self._unbroadcasted_scale_tril)

    def entropy(self) -> Tensor:
        entropy = 0.5 * self._event_shape[0] * (1.0 + LOG_2_PI) + log_diagonal(self._unbroadcasted_scale_tril)
        return entropy.expand(self._batch_shape)
