"""The Wishart distribution."""
from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any, ClassVar

from .._size import Size
from ..creation import arange, tensor
from ..errors import ArgumentError, AssertedArgumentError, describe
from ..ops.einsum import einsum
from ..ops.factorizations import linalg_cholesky
from ..ops.select import where
from ..ops.shape import broadcast_shapes
from ..ops.special import mvlgamma
from ..ops.systems import linalg_slogdet
from ..ops.triangular import cholesky_solve
from ..random import randn
from . import constraints
from .chi2 import Chi2
from .distribution import NO_SHAPE
from .exp_family import ExponentialFamily
from .multivariate_normal import identity_like, log_diagonal, precision_to_scale_tril
from .utils import extremes, is_number, lazy_property, vec_to_tril_matrix

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Parameter, Shape

LOG_2 = math.log(2)
TRIES = 10                                           # draws in place of a singular one


def mvdigamma(x: Tensor, p: int) -> Tensor:
    """The derivative of the logarithm of the p-variate gamma function."""
    return (x.unsqueeze(-1) - arange(p, dtype=x.dtype, device=x.device) / 2).digamma().sum(-1)


class Wishart(ExponentialFamily):
    """X X^T for df columns of X, normal with mean 0 and covariance V, in any number df > p - 1 of degrees of freedom.

    Density det(x)**((df - p - 1) / 2) exp(-tr(V^-1 x) / 2) / (2**(df p / 2) det(V)**(df / 2) gamma_p(df / 2)), for positive definite
    x (p, p). Drawn by M. Bartlett's decomposition: a triangle of normal and chi numbers.
    """
    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0
    _parts: ClassVar = {"df": 0, "covariance_matrix": 2, "precision_matrix": 2, "scale_tril": 2, "_unbroadcasted_scale_tril": 2,
                        "_dist_chi2": 1}

    def __init__(self, df: Parameter, covariance_matrix: Tensor | None = None, precision_matrix: Tensor | None = None,
                 scale_tril: Tensor | None = None, validate_args: bool | None = None) -> None:
        given = {"covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix, "scale_tril": scale_tril}
        named: list[tuple[str, Any]] = [(name, matrix) for name, matrix in given.items() if matrix is not None]
        if len(named) != 1:
            raise AssertedArgumentError("Wishart: Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified; "
                                        f"got {len(named)}")
        (name, matrix), = named
        if matrix.dim() < 2:
            raise ArgumentError(f"Wishart: {name} must be at least two-dimensional, with optional leading batch dimensions; got "
                                f"{describe(matrix)}")
        if is_number(df):
            batch_shape = Size(matrix.shape[:-2])
            self.df = tensor(df, dtype=matrix.dtype, device=matrix.device)
        else:
            batch_shape = Size(broadcast_shapes(matrix.shape[:-2], df.shape))
            self.df = df.expand(batch_shape)
        p = matrix.shape[-1]
        if (self.df <= p - 1).any():
            raise ArgumentError(f"Wishart: Value of df={df} expected to be greater than ndim - 1 = {p - 1}")
        if (self.df < p).any():
            warnings.warn("Low df values detected. Singular samples are highly likely to occur for ndim - 1 < df < ndim.", stacklevel=2)
        setattr(self, name, matrix.expand((*batch_shape, p, p)))
        super().__init__(batch_shape, (p, p), validate_args=validate_args)
        if scale_tril is not None:
            self._unbroadcasted_scale_tril = scale_tril
        elif covariance_matrix is not None:
            self._unbroadcasted_scale_tril = linalg_cholesky(covariance_matrix)
        else:
            self._unbroadcasted_scale_tril = precision_to_scale_tril(matrix)
        self._dist_chi2 = Chi2((self.df.unsqueeze(-1) - arange(p, dtype=matrix.dtype, device=matrix.device)).expand((*batch_shape, p)))

    @property
    def arg_constraints(self) -> dict[str, constraints.Constraint]:
        return {"covariance_matrix": constraints.positive_definite, "precision_matrix": constraints.positive_definite,
                "scale_tril": constraints.lower_cholesky, "df": constraints.greater_than(self.event_shape[-1] - 1)}

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The Cholesky factor of V."""
        return self._unbroadcasted_scale_tril.expand(self._batch_shape + self._event_shape)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """V."""
        lower = self._unbroadcasted_scale_tril
        return (lower @ lower.mT).expand(self._batch_shape + self._event_shape)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of V."""
        lower = self._unbroadcasted_scale_tril
        return cholesky_solve(identity_like(lower), lower).expand(self._batch_shape + self._event_shape)

    def _per_matrix(self, value: Tensor) -> Tensor:
        return value.reshape((*self._batch_shape, 1, 1))

    @property
    def mean(self) -> Tensor:
        return self._per_matrix(self.df) * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        factor = self.df - self._event_shape[-1] - 1
        return self._per_matrix(where(factor > 0, factor, math.nan)) * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        v = self.covariance_matrix
        diagonal = v.diagonal(dim1=-2, dim2=-1)
        return self._per_matrix(self.df) * (v ** 2 + einsum("...i,...j->...ij", diagonal, diagonal))

    def _bartlett_sampling(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        p = self._event_shape[-1]
        chi = self._dist_chi2.rsample(sample_shape).sqrt()
        diagonal = chi.clamp(min=extremes(chi.dtype)[1]).diag_embed(dim1=-2, dim2=-1)
        below = randn((*sample_shape, *self._batch_shape, p * (p - 1) // 2), dtype=chi.dtype, device=chi.device)
        lower = self._unbroadcasted_scale_tril @ (diagonal + vec_to_tril_matrix(below, diag=-1))
        return lower @ lower.mT

    def _is_singular(self, sample: Tensor) -> Tensor:
        """(*sample_shape,) whether any matrix of the batch is."""
        singular = ~self.support.check(sample)
        return singular.amax([-1 - i for i in range(len(self._batch_shape))]) if self._batch_shape else singular

    def rsample(self, sample_shape: Shape = NO_SHAPE, max_try_correction: int | None = None) -> Tensor:
        """Draws; singular ones, which come with few degrees of freedom, are drawn again up to `max_try_correction` (10) times."""
        sample_shape = Size(sample_shape)
        sample = self._bartlett_sampling(sample_shape)
        singular = self._is_singular(sample)
        if singular.any():
            warnings.warn("Singular sample detected.", stacklevel=2)
            for _ in range(TRIES if max_try_correction is None else max_try_correction):
                again = self._bartlett_sampling(sample_shape)
                sample = where(singular.reshape((*sample_shape, *[1] * (sample.dim() - len(sample_shape)))), again, sample)
                singular = self._is_singular(sample)
                if not singular.any():
                    break
        return sample

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        df, p, lower = self.df, self._event_shape[-1], self._unbroadcasted_scale_tril
        trace = cholesky_solve(value, lower).diagonal(dim1=-2, dim2=-1).sum(-1)
        return (-df * (p * LOG_2 / 2 + log_diagonal(lower)) - mvlgamma(df / 2, p) + (df - p - 1) / 2 * linalg_slogdet(value).logabsdet
                - trace / 2)

    def entropy(self) -> Tensor:
        df, p = self.df, self._event_shape[-1]
        return ((p + 1) * (p * LOG_2 / 2 + log_diagonal(self._unbroadcasted_scale_tril)) + mvlgamma(df / 2, p)
                - (df - p - 1) / 2 * mvdigamma(df / 2, p) + df * p / 2)

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return -self.precision_matrix / 2, (self.df - self._event_shape[-1] - 1) / 2

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:           # type: ignore[override]
        p = self._event_shape[-1]
        half = y + (p + 1) / 2
        return half * (p * LOG_2 - linalg_slogdet(-2 * x).logabsdet) + mvlgamma(half, p)
