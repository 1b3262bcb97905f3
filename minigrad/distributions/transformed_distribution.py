"""What becomes of a distribution when its draws are transformed."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from .._size import Size
from ..engine.mode import no_grad
from ..errors import ArgumentError, describe
from . import constraints
from .distribution import NO_SHAPE, Distribution
from .independent import Independent
from .transforms import ComposeTransform, Transform
from .utils import sum_rightmost

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Shape


class TransformedDistribution(Distribution):
    """The distribution of y = f(x), for x of a base distribution and f one transform or several in a row.

    log p(y) = log p(x) - log |det dy/dx|.

    >>> import minigrad
    >>> from minigrad.distributions import ExpTransform, Normal
    >>> TransformedDistribution(Normal(0.0, 1.0), [ExpTransform()]).log_prob(minigrad.tensor(1.0))
    tensor(-0.9189)
    """
    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    base_dist: Any

    def __init__(self, base_distribution: Distribution, transforms: Transform | Sequence[Transform],
                 validate_args: bool | None = None) -> None:
        self.transforms: list[Transform] = [transforms] if isinstance(transforms, Transform) else self._checked(transforms)
        transform = ComposeTransform(self.transforms)
        shape = base_distribution.batch_shape + base_distribution.event_shape
        taken, given = transform.domain.event_dim, transform.codomain.event_dim
        if len(shape) < taken:
            raise ArgumentError(f"TransformedDistribution: base_distribution needs to have shape with size at least {taken}; got "
                                f"{tuple(shape)}")
        forward_shape = Size(transform.forward_shape(shape))
        whole = Size(transform.inverse_shape(forward_shape))
        event_dim = len(base_distribution.event_shape)
        if tuple(whole) != tuple(shape):             # parameters of a transform broadcast with the base
            base_distribution = base_distribution.expand(whole[:len(whole) - event_dim])
        self.base_dist = Independent(base_distribution, taken - event_dim) if taken > event_dim else base_distribution
        cut = len(forward_shape) - max(given, event_dim + given - taken)
        super().__init__(forward_shape[:cut], forward_shape[cut:], validate_args=validate_args)

    @staticmethod
    def _checked(transforms: Any) -> list[Transform]:
        if not isinstance(transforms, (list, tuple)) or not all(isinstance(t, Transform) for t in transforms):
            raise ArgumentError(f"TransformedDistribution: transforms must be a Transform or a list of Transforms; got "
                                f"{describe(transforms)}")
        return list(transforms)

    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        new = self._get_checked_instance(TransformedDistribution, _instance)
        new.transforms = self.transforms
        shape = Size(batch_shape) + self.event_shape
        for t in reversed(self.transforms):
            shape = t.inverse_shape(shape)
        new.base_dist = self.base_dist.expand(shape[:len(shape) - len(self.base_dist.event_shape)])
        return self._finished(new, batch_shape)

    @constraints.dependent_property(is_discrete=False)
    def support(self) -> Any:
        if not self.transforms:
            return self.base_dist.support
        support = self.transforms[-1].codomain
        more = len(self.event_shape) - support.event_dim
        return constraints.independent(support, more) if more > 0 else support

    @property
    def has_rsample(self) -> Any:
        return self.base_dist.has_rsample

    def sample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        with no_grad():
            return self._forward(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        return self._forward(self.base_dist.rsample(sample_shape))

    def _forward(self, x: Tensor) -> Tensor:
        for t in self.transforms:
            x = t(x)
        return x

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        dims, total, y = len(self.event_shape), None, value
        for t in reversed(self.transforms):
            x = t.inv(y)
            dims += t.domain.event_dim - t.codomain.event_dim
            stretch = sum_rightmost(t.log_abs_det_jacobian(x, y), dims - t.domain.event_dim)
            total = -stretch if total is None else total - stretch
            y = x
        density = sum_rightmost(self.base_dist.log_prob(y), dims - len(self.base_dist.event_shape))
        return density if total is None else total + density

    def _monotonized(self, value: Tensor) -> Tensor:
        """A probability p; 1 - p where the transforms turn the order around."""
        sign: Any = 1
        for t in self.transforms:
            sign = sign * t.sign
        return value if isinstance(sign, int) and sign == 1 else sign * (value - 0.5) + 0.5

    def cdf(self, value: Tensor) -> Tensor:
        for t in reversed(self.transforms):
            value = t.inv(value)
        if self._validate_args:
            self.base_dist._validate_sample(value)
        return self._monotonized(self.base_dist.cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        return self._forward(self.base_dist.icdf(self._monotonized(value)))
