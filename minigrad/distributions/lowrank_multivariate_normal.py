"""The normal distribution of vectors whose covariance is of low rank, but for the diagonal."""
from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..errors import ArgumentError, describe
from ..ops.factorizations import linalg_cholesky
from ..ops.shape import broadcast_shapes
from ..ops.triangular import solve_triangular
from . import constraints
from .distribution import AS_IT_IS, NO_SHAPE, Distribution
from .multivariate_normal import LOG_2_PI, identity_like, log_diagonal, squared_length, times
from .utils import lazy_property, standard_normal

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Shape


def capacitance_tril(factor: Tensor, diag: Tensor) -> Tensor:
    """The Cholesky factor of 1 + W^T D^-1 W, for W (..., n, r) and D (..., n)."""
    inside = factor.mT @ (factor / diag.unsqueeze(-1))
    return linalg_cholesky(inside + identity_like(inside))


def log_determinant(diag: Tensor, capacitance: Tensor) -> Tensor:
    """log det(W W^T + D), by the matrix determinant lemma."""
    return 2 * log_diagonal(capacitance) + diag.log().sum(-1)


def squared_distance(factor: Tensor, diag: Tensor, x: Tensor, capacitance: Tensor) -> Tensor:
    """x^T (W W^T + D)^-1 x, by the Woodbury identity."""
    return (x ** 2 / diag).sum(-1) - squared_length(capacitance, times(factor.mT, x / diag))


class LowRankMultivariateNormal(Distribution):
    """A `MultivariateNormal` with the covariance W W^T + D, for W = cov_factor (n, r) and the diagonal D = cov_diag (n,).

    Work grows with r**2 n in place of n**3.
    """
    arg_constraints: ClassVar = {"loc": constraints.real_vector, "cov_factor": constraints.independent(constraints.real, 2),
                                 "cov_diag": constraints.independent(constraints.positive, 1)}
    support = constraints.real_vector
    has_rsample = True
    _parts: ClassVar = {"loc": 1, "cov_factor": 2, "cov_diag": 1, "_unbroadcasted_cov_factor": AS_IT_IS,
                        "_unbroadcasted_cov_diag": AS_IT_IS, "_capacitance_tril": AS_IT_IS}

    def __init__(self, loc: Tensor, cov_factor: Tensor, cov_diag: Tensor, validate_args: bool | None = None) -> None:
        if loc.dim() < 1:
            raise ArgumentError("LowRankMultivariateNormal: loc must be at least one-dimensional; got a single number")
        n = loc.shape[-1]
        if cov_factor.dim() < 2:
            raise ArgumentError("LowRankMultivariateNormal: cov_factor must be at least two-dimensional, with optional leading batch "
                                f"dimensions; got {describe(cov_factor)}")
        if cov_factor.shape[-2] != n:
            raise ArgumentError(f"LowRankMultivariateNormal: cov_factor must be a batch of matrices with shape {n} x m; got "
                                f"{describe(cov_factor)}")
        if tuple(cov_diag.shape[-1:]) != (n,):
            raise ArgumentError(f"LowRankMultivariateNormal: cov_diag must be a batch of vectors with shape ({n},); got "
                                f"{describe(cov_diag)}")
        try:
            batch_shape = broadcast_shapes(loc.shape[:-1], cov_factor.shape[:-2], cov_diag.shape[:-1])
        except RuntimeError as error:
            raise ArgumentError(f"LowRankMultivariateNormal: Incompatible batch shapes: loc {tuple(loc.shape)}, cov_factor "
                                f"{tuple(cov_factor.shape)}, cov_diag {tuple(cov_diag.shape)}") from error
        self.loc = loc.expand((*batch_shape, n))
        self.cov_factor = cov_factor.expand((*batch_shape, *cov_factor.shape[-2:]))
        self.cov_diag = cov_diag.expand((*batch_shape, n))
        self._unbroadcasted_cov_factor, self._unbroadcasted_cov_diag = cov_factor, cov_diag
        self._capacitance_tril = capacitance_tril(cov_factor, cov_diag)
        super().__init__(batch_shape, (n,), validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @lazy_property
    def variance(self) -> Tensor:
        variance = (self._unbroadcasted_cov_factor ** 2).sum(-1) + self._unbroadcasted_cov_diag
        return variance.expand(self._batch_shape + self._event_shape)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The Cholesky factor of the covariances: D**(1/2) times that of 1 + V V^T, with V = D**(-1/2) W."""
        root = self._unbroadcasted_cov_diag.sqrt().unsqueeze(-1)
        inside = self._unbroadcasted_cov_factor / root
        inside = inside @ inside.mT
        lower = root * linalg_cholesky(inside + identity_like(inside))
        return lower.expand(self._batch_shape + self._event_shape + self._event_shape)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariances."""
        factor = self._unbroadcasted_cov_factor
        covariance = factor @ factor.mT + self._unbroadcasted_cov_diag.diag_embed()
        return covariance.expand(self._batch_shape + self._event_shape + self._event_shape)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariances, by the Woodbury identity."""
        inverse = self._unbroadcasted_cov_diag.reciprocal()
        half = solve_triangular(self._capacitance_tril, self._unbroadcasted_cov_factor.mT * inverse.unsqueeze(-2), upper=False)
        precision = inverse.diag_embed() - half.mT @ half
        return precision.expand(self._batch_shape + self._event_shape + self._event_shape)

    def rsample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        shape = self._extended_shape(sample_shape)
        low = standard_normal(shape[:-1] + self.cov_factor.shape[-1:], self.loc)
        each = standard_normal(shape, self.loc)
        return self.loc + times(self._unbroadcasted_cov_factor, low) + self._unbroadcasted_cov_diag.sqrt() * each

    def _log_determinant(self) -> Tensor:
        return log_determinant(self._unbroadcasted_cov_diag, self._capacitance_tril)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        distance = squared_distance(self._unbroadcasted_cov_factor, self._unbroadcasted_cov_diag, value - self.loc, self._capacitance_tril)
        return -0.5 * (self._event_shape[0] * LOG_2_PI + self._log_determinant() + distance)

    def entropy(self) -> Tensor:
        entropy = 0.5 * (self._event_shape[0] * (1.0 + LOG_2_PI) + self._log_determinant())
        return entropy.expand(self._batch_shape)
