"""The von Mises distribution."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from .. import dtypes
from ..engine.mode import no_grad
from ..ops.bessel import i0e, i1e
from ..ops.select import where
from ..random import rand
from . import constraints
from .distribution import NO_SHAPE, Distribution
from .utils import broadcast_all, lazy_property

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Parameter, Shape

FLAT = 1e-5                                          # concentrations below have a proposal by Taylor's series


class VonMises(Distribution):
    """Angles in radians, modulo 2 pi: density exp(k cos(x - loc)) / (2 pi i0(k)); k is the concentration.

    `mean` and `variance` are the circular ones. Drawn by rejection, in float64.
    Source: D. Best and N. Fisher (1979), Efficient simulation of the von Mises distribution.
    """
    arg_constraints: ClassVar = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    has_rsample = False
    _parts: ClassVar = {"loc": 0, "concentration": 0}

    def __init__(self, loc: Parameter, concentration: Parameter, validate_args: bool | None = None) -> None:
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        k = self.concentration
        return k * ((value - self.loc).cos() - 1) - math.log(2 * math.pi) - i0e(k).log()

    @lazy_property
    def _proposal_r(self) -> Tensor:
        """The parameter of the wrapped Cauchy distribution that proposes angles."""
        k = self.concentration.to(dtypes.float64)
        tau = 1 + (1 + 4 * k ** 2).sqrt()
        rho = (tau - (2 * tau).sqrt()) / (2 * k)
        return where(k < FLAT, 1 / k + k, (1 + rho ** 2) / (2 * rho))

    def sample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        with no_grad():
            shape = self._extended_shape(sample_shape)
            k, r, loc = self.concentration.to(dtypes.float64), self._proposal_r, self.loc.to(dtypes.float64)
            angle = loc.new_zeros(shape)
            done = angle != 0
            while not done.all():
                u1, u2, u3 = rand((3, *shape), dtype=dtypes.float64, device=loc.device).unbind()
                z = (math.pi * u1).cos()
                f = (1 + r * z) / (r + z)
                c = k * (r - f)
                accepted = (c * (2 - c) - u2 > 0) | ((c / u2).log() + 1 - c >= 0)
                angle = where(accepted, (u3 - 0.5).sign() * f.acos(), angle)
                done = done | accepted
            return ((angle + math.pi + loc) % (2 * math.pi) - math.pi).to(self.loc.dtype)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @lazy_property
    def variance(self) -> Tensor:
        return 1 - i1e(self.concentration) / i0e(self.concentration)
