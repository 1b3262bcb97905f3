"""The distribution of correlation matrices, of D. Lewandowski, D. Kurowicka and H. Joe."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from ..creation import arange
from ..engine.mode import no_grad
from ..errors import ArgumentError
from ..ops.magnitude import vector_norm
from ..ops.special import mvlgamma
from ..random import randn
from . import constraints
from .beta import Beta
from .distribution import NO_SHAPE, Distribution
from .utils import broadcast_all, extremes

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Parameter, Shape


class LKJCholesky(Distribution):
    """Cholesky factors L of (dim, dim) correlation matrices, whose density goes with det(L L^T)**(concentration - 1).

    Concentration 1 is uniform over correlation matrices; larger ones favour weak correlations.
    Source: Lewandowski, Kurowicka and Joe (2009), Generating random correlation matrices based on vines and extended onion method;
    drawn by the onion method, row by row.
    """
    arg_constraints: ClassVar = {"concentration": constraints.positive}
    support = constraints.corr_cholesky
    _parts: ClassVar = {"dim": 0, "concentration": 0, "_beta": 1}
    dim: int

    def __init__(self, dim: int, concentration: Parameter = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ArgumentError(f"LKJCholesky: Expected dim to be an integer greater than or equal to 2; got dim={dim}")
        self.dim = dim
        self.concentration, = broadcast_all(concentration)
        # the squared length of row i below the diagonal: of row 1 as that of row 0, which has none
        before = arange(-1, dim - 1, dtype=self.concentration.dtype, device=self.concentration.device).clamp(min=0)
        self._beta = Beta(before + 0.5, (self.concentration + 0.5 * (dim - 2)).unsqueeze(-1) - 0.5 * before)
        super().__init__(self.concentration.shape, (dim, dim), validate_args=validate_args)

    def sample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        with no_grad():
            squared = self._beta.sample(sample_shape).unsqueeze(-1)
            normal = randn(self._extended_shape(sample_shape), dtype=squared.dtype, device=squared.device).tril(-1)
            length = vector_norm(normal, dim=-1, keepdim=True)
            below = squared.sqrt() * (normal / length.masked_fill(length == 0, 1.0))     # row 0 is empty
            tiny, _ = extremes(below.dtype)
            return below + (1 - (below ** 2).sum(-1)).clamp(min=tiny).sqrt().diag_embed()

    def log_prob(self, value: Tensor) -> Tensor:
        """The determinant is the product of L_ii**2, and L -> L L^T stretches by the product of L_ii**(dim - i)."""
        if self._validate_args:
            self._validate_sample(value)
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        order = 2 * (self.concentration - 1).unsqueeze(-1) + self.dim - arange(2, self.dim + 1, device=self.concentration.device)
        rest = self.dim - 1
        alpha = self.concentration + 0.5 * rest
        normalizer = 0.5 * rest * math.log(math.pi) + mvlgamma(alpha - 0.5, rest) - alpha.lgamma() * rest
        return (order * diagonal.log()).sum(-1) - normalizer
