"""The Dirichlet distribution."""
from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..errors import ArgumentError
from ..ops.implicit import sample_dirichlet
from ..ops.lookup import one_hot
from ..ops.select import where
from . import constraints
from .distribution import NO_SHAPE
from .exp_family import ExponentialFamily

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Shape


class Dirichlet(ExponentialFamily):
    """Vectors x of probabilities, with density gamma(sum of a) prod of x_i**(a_i - 1) / gamma(a_i); a is the concentration.

    Gradients of draws are implicit ones (`minigrad/ops/implicit.py`).
    """
    arg_constraints: ClassVar = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True
    _mean_carrier_measure = 0
    _parts: ClassVar = {"concentration": 1}

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.dim() < 1:
            raise ArgumentError("Dirichlet: concentration parameter must be at least one-dimensional; got a single number")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def mode(self) -> Tensor:
        above = (self.concentration - 1).clamp(min=0.0)
        mode = above / above.sum(-1, True)
        corner = one_hot(above.argmax(-1), above.shape[-1]).to(mode.dtype)     # the first of all corners, where it is infinite
        return where((self.concentration < 1).all(-1, keepdim=True), corner, mode)

    @property
    def variance(self) -> Tensor:
        total = self.concentration.sum(-1, True)
        return self.concentration * (total - self.concentration) / (total ** 2 * (total + 1))

    def rsample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        return sample_dirichlet(self.concentration.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        a = self.concentration
        return (a - 1.0).xlogy(value).sum(-1) + a.sum(-1).lgamma() - a.lgamma().sum(-1)

    def entropy(self) -> Tensor:
        a = self.concentration
        total, k = a.sum(-1), a.shape[-1]
        return a.lgamma().sum(-1) - total.lgamma() - (k - total) * total.digamma() - ((a - 1.0) * a.digamma()).sum(-1)

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.concentration,)

    def _log_normalizer(self, x: Tensor) -> Tensor:                      # type: ignore[override]
        return x.lgamma().sum(-1) - x.sum(-1).lgamma()
