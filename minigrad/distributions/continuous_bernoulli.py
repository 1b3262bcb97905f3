"""The continuous Bernoulli distribution."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from .._size import Size
from ..errors import ArgumentError
from ..ops.likelihood_loss import binary_cross_entropy_with_logits
from ..ops.select import where
from ..random import rand
from . import constraints
from .distribution import NO_SHAPE
from .exp_family import ExponentialFamily
from .utils import broadcast_all, clamp_probs, either, lazy_property, logits_to_probs, probs_to_logits

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Parameter, Shape


class ContinuousBernoulli(ExponentialFamily):
    """Density C p**x (1 - p)**(1 - x), for 0 <= x <= 1, with C = 2 artanh(1 - 2 p) / (1 - 2 p); p is probs, and not the mean.

    For p within `lims`, around 1/2, where C is 0 / 0, all is worked out from Taylor's series.
    Source: G. Loaiza-Ganem and J. Cunningham (2019), The continuous Bernoulli: fixing a pervasive error in variational autoencoders.
    """
    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    _mean_carrier_measure = 0
    _parts: ClassVar = {"probs": 0, "logits": 0, "_param": 0, "_lims": 0}

    def __init__(self, probs: Parameter = None, logits: Parameter = None, lims: tuple[float, float] = (0.499, 0.501),
                 validate_args: bool | None = None) -> None:
        either("ContinuousBernoulli", probs=probs, logits=logits)
        if probs is not None:
            given, = broadcast_all(probs)
            if validate_args is not None and not constraints.unit_interval.check(given).all():    # before they are clamped
                raise ArgumentError(f"ContinuousBernoulli: The parameter probs has invalid values; got\n{given}")
            self.probs = clamp_probs(given)
        else:
            self.logits, = broadcast_all(logits)
        self._param = self.probs if probs is not None else self.logits
        self._lims = lims
        super().__init__(self._param.shape, validate_args=validate_args)

    @lazy_property
    def logits(self) -> Tensor:
        """log(p / (1 - p))."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Tensor:
        """p."""
        return clamp_probs(logits_to_probs(self.logits, is_binary=True))

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter."""
        return self._param.shape

    def _outside_unstable_region(self) -> Tensor:
        return (self.probs <= self._lims[0]) | (self.probs > self._lims[1])

    def _cut_probs(self) -> Tensor:
        """p, off 1/2."""
        return where(self._outside_unstable_region(), self.probs, self._lims[0])

    def _choose(self, formula: Tensor, taylor: Tensor) -> Tensor:
        """The formula in p, but near 1/2 Taylor's series."""
        return where(self._outside_unstable_region(), formula, taylor)

    def _cont_bern_log_norm(self) -> Tensor:
        """log C, whose two factors have one sign."""
        p, x = self._cut_probs(), (self.probs - 0.5) ** 2
        formula = ((-p).log1p() - p.log()).abs().log() - (1 - 2 * p).abs().log()
        return self._choose(formula, math.log(2) + (4 / 3 + 104 / 45 * x) * x)

    @property
    def mean(self) -> Tensor:
        p, x = self._cut_probs(), self.probs - 0.5
        formula = p / (2 * p - 1) + 1 / ((-p).log1p() - p.log())
        return self._choose(formula, 0.5 + (1 / 3 + 16 / 45 * x ** 2) * x)

    @property
    def variance(self) -> Tensor:
        p, x = self._cut_probs(), (self.probs - 0.5) ** 2
        formula = p * (p - 1) / (1 - 2 * p) ** 2 + 1 / ((-p).log1p() - p.log()) ** 2
        return self._choose(formula, 1 / 12 - (1 / 15 - 128 / 945 * x) * x)

    def rsample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        return self.icdf(rand(self._extended_shape(sample_shape), dtype=self.probs.dtype, device=self.probs.device))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return self._cont_bern_log_norm() - binary_cross_entropy_with_logits(logits, value, reduction="none")

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        p = self._cut_probs()
        formula = (p ** value * (1 - p) ** (1 - value) + p - 1) / (2 * p - 1)
        inside = self._choose(formula, value)
        return where(value <= 0, 0.0, where(value >= 1, 1.0, inside))

    def icdf(self, value: Tensor) -> Tensor:
        p = self._cut_probs()
        log_failure = (-p).log1p()
        return self._choose(((-p + value * (2 * p - 1)).log1p() - log_failure) / (p.log() - log_failure), value)

    def entropy(self) -> Tensor:
        log_failure = (-self.probs).log1p()
        return self.mean * (log_failure - self.probs.log()) - self._cont_bern_log_norm() - log_failure

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.logits,)

    def _log_normalizer(self, x: Tensor) -> Tensor:                      # type: ignore[override]
        """log((exp(x) - 1) / x); near 0 by Taylor's series."""
        outside = (x <= self._lims[0] - 0.5) | (x > self._lims[1] - 0.5)
        at = where(outside, x, self._lims[0] - 0.5)
        return where(outside, at.expm1().abs().log() - at.abs().log(), 0.5 * x + x ** 2 / 24 - x ** 4 / 2880)
