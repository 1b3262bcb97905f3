"""Transforms of each element by itself."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..engine.node import TensorBase
from ..ops.activation import softplus
from ..ops.compare import eq
from ..ops.shape import broadcast_shapes
from . import constraints
from .transform import Transform
from .utils import extremes

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .distribution import Distribution
    from .utils import Parameter, Shape

LOG_2 = math.log(2)


def shape_of(value: Parameter) -> tuple[int, ...]:
    """The shape of a tensor; of a number ()."""
    return tuple(value.shape) if isinstance(value, TensorBase) else ()   # type: ignore[attr-defined]


def same_value(a: Parameter, b: Parameter) -> bool:
    """Whether two parameters, each a tensor or a number, are equal throughout."""
    if isinstance(a, TensorBase) or isinstance(b, TensorBase):
        equal: Any = eq(a, b) if isinstance(a, TensorBase) else eq(b, a)
        return bool(equal.all())
    return bool(a == b)


def sign_of(value: Parameter) -> Any:
    """1, 0 or -1, of a tensor or a number."""
    return value.sign() if isinstance(value, TensorBase) else (value > 0) - (value < 0)      # type: ignore[attr-defined]


def clipped_sigmoid(x: Tensor) -> Tensor:
    """sigmoid, kept off 0 and 1."""
    tiny, eps = extremes(x.dtype)
    return x.sigmoid().clamp(min=tiny, max=1 - eps)


class Parameterless(Transform):
    """A transform without parameters: equal to any other of its class."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self))

    __hash__ = Transform.__hash__


class ExpTransform(Parameterless):
    """y = exp(x)."""
    domain = constraints.real
    codomain = constraints.positive
    bijective = True
    sign = +1

    def _call(self, x: Tensor) -> Tensor:
        return x.exp()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return x


class PowerTransform(Transform):
    """y = x ** exponent, for x > 0."""
    domain = constraints.positive
    codomain = constraints.positive
    bijective = True

    def __init__(self, exponent: Parameter, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        self.exponent = exponent

    def with_cache(self, cache_size: int = 1) -> Any:
        return self if self._cache_size == cache_size else PowerTransform(self.exponent, cache_size=cache_size)

    @property
    def sign(self) -> Any:
        return sign_of(self.exponent)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PowerTransform) and same_value(self.exponent, other.exponent)

    __hash__ = Transform.__hash__

    def _call(self, x: Tensor) -> Tensor:
        return x.pow(self.exponent)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.pow(1 / self.exponent)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        slope: Any = self.exponent * y / x
        return slope.abs().log()

    def forward_shape(self, shape: Shape) -> Any:
        return broadcast_shapes(shape, shape_of(self.exponent))

    inverse_shape = forward_shape


class SigmoidTransform(Parameterless):
    """y = 1 / (1 + exp(-x))."""
    domain = constraints.real
    codomain = constraints.unit_interval
    bijective = True
    sign = +1

    def _call(self, x: Tensor) -> Tensor:
        return clipped_sigmoid(x)

    def _inverse(self, y: Tensor) -> Tensor:
        tiny, eps = extremes(y.dtype)
        y = y.clamp(min=tiny, max=1 - eps)
        return y.log() - (-y).log1p()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -softplus(-x) - softplus(x)


class SoftplusTransform(Parameterless):
    """y = log(1 + exp(x)); x itself above 20."""
    domain = constraints.real
    codomain = constraints.positive
    bijective = True
    sign = +1

    def _call(self, x: Tensor) -> Tensor:
        return softplus(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return (-(-y).expm1()).log() + y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -softplus(-x)


class TanhTransform(Parameterless):
    """y = tanh(x). Better behaved than a sigmoid and an affine transform in a chain; use a cache, as its inverse is not exact near 1."""
    domain = constraints.real
    codomain = constraints.interval(-1.0, 1.0)
    bijective = True
    sign = +1

    def _call(self, x: Tensor) -> Tensor:
        return x.tanh()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.atanh()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        # log(1 - tanh(x)**2), without the loss of digits where tanh(x) is near 1
        return (LOG_2 - x - softplus(x * -2.0)) * 2.0


class AbsTransform(Parameterless):
    """y = |x|; of the two arguments of a value, `inv` gives the positive one."""
    domain = constraints.real
    codomain = constraints.positive

    def _call(self, x: Tensor) -> Tensor:
        return x.abs()

    def _inverse(self, y: Tensor) -> Tensor:
        return y


class AffineTransform(Transform):
    """y = loc + scale * x; event_dim of the last dimensions are one event."""
    bijective = True

    def __init__(self, loc: Parameter, scale: Parameter, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        self.loc, self.scale, self._event_dim = loc, scale, event_dim

    @property
    def event_dim(self) -> int:
        return self._event_dim

    def with_cache(self, cache_size: int = 1) -> Any:
        return self if self._cache_size == cache_size else AffineTransform(self.loc, self.scale, self.event_dim, cache_size=cache_size)

    @property
    def domain(self) -> Any:
        return constraints.independent(constraints.real, self.event_dim) if self.event_dim else constraints.real

    codomain = domain

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AffineTransform) and same_value(self.loc, other.loc) and same_value(self.scale, other.scale)

    __hash__ = Transform.__hash__

    @property
    def sign(self) -> Any:
        return sign_of(self.scale)

    def _call(self, x: Tensor) -> Tensor:
        return self.loc + self.scale * x

    def _inverse(self, y: Tensor) -> Tensor:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        is_tensor = isinstance(self.scale, TensorBase)
        stretch: Any = self.scale.abs().log() if is_tensor else x.new_full(x.shape, math.log(abs(self.scale)))
        shape = x.shape
        if self.event_dim:
            stretch = stretch.expand(broadcast_shapes(stretch.shape, shape))
            stretch = stretch.reshape((*stretch.shape[:-self.event_dim], -1)).sum(-1)
            shape = shape[:-self.event_dim]
        return stretch.expand(broadcast_shapes(tuple(stretch.shape), tuple(shape)))

    def forward_shape(self, shape: Shape) -> Any:
        return broadcast_shapes(shape, shape_of(self.loc), shape_of(self.scale))

    inverse_shape = forward_shape


class CumulativeDistributionTransform(Transform):
    """y = the distribution function of a distribution at x: from its support to [0, 1]."""
    bijective = True
    codomain = constraints.unit_interval
    sign = +1

    def __init__(self, distribution: Distribution, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        self.distribution = distribution

    @property
    def domain(self) -> Any:
        return self.distribution.support

    def _call(self, x: Tensor) -> Tensor:
        return self.distribution.cdf(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return self.distribution.icdf(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return self.distribution.log_prob(x)

    def with_cache(self, cache_size: int = 1) -> Any:
        return self if self._cache_size == cache_size else CumulativeDistributionTransform(self.distribution, cache_size=cache_size)
