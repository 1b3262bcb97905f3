"""Transforms of the parts of a tensor."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import AssertedArgumentError, describe
from ..ops.join import cat, stack
from . import constraints
from .transform import Transform
from .utils import sum_rightmost

if TYPE_CHECKING:
    from .._tensor import Tensor


class _Parts(Transform):
    """Transforms, each for a part of the tensor along dimension `dim`."""

    def __init__(self, tseq: Sequence[Transform], dim: int, cache_size: int) -> None:
        for transform in tseq:
            if not isinstance(transform, Transform):
                raise AssertedArgumentError(f"{type(self).__name__}: All elements of tseq must be Transforms; got {describe(transform)}")
        super().__init__(cache_size=cache_size)
        self.transforms = [t.with_cache(cache_size) for t in tseq] if cache_size else list(tseq)
        self.dim = dim

    @property
    def bijective(self) -> bool:
        return all(t.bijective for t in self.transforms)

    def _check(self, x: Tensor, size: int) -> None:
        if not -x.dim() <= self.dim < x.dim() or x.shape[self.dim] != size:
            raise AssertedArgumentError(f"{type(self).__name__}: needs size {size} in dimension {self.dim}; got {describe(x)}")


class CatTransform(_Parts):
    """Transforms for parts of the given lengths, as `cat` joins them.

    >>> import minigrad
    >>> from minigrad.distributions import CatTransform, ExpTransform, identity_transform
    >>> CatTransform([ExpTransform(), identity_transform], lengths=[1, 2])(minigrad.zeros(3)).tolist()
    [1.0, 0.0, 0.0]
    """

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, lengths: Sequence[int] | None = None, cache_size: int = 0) -> None:
        super().__init__(tseq, dim, cache_size)
        self.lengths = [1] * len(self.transforms) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.transforms):
            raise AssertedArgumentError(f"CatTransform: needs a length for each transform; got {len(self.lengths)} for "
                                        f"{len(self.transforms)}")

    @property
    def event_dim(self) -> int:
        return max(t.event_dim for t in self.transforms)

    @property
    def length(self) -> int:
        """The size along `dim`."""
        return sum(self.lengths)

    def with_cache(self, cache_size: int = 1) -> Any:
        return self if self._cache_size == cache_size else CatTransform(self.transforms, self.dim, self.lengths, cache_size)

    @property
    def domain(self) -> Any:
        return constraints.cat([t.domain for t in self.transforms], self.dim, self.lengths)

    @property
    def codomain(self) -> Any:
        return constraints.cat([t.codomain for t in self.transforms], self.dim, self.lengths)

    def _call(self, x: Tensor) -> Tensor:
        self._check(x, self.length)
        return cat([t(part) for t, part in zip(self.transforms, x.split(self.lengths, self.dim))], self.dim)

    def _inverse(self, y: Tensor) -> Tensor:
        self._check(y, self.length)
        return cat([t.inv(part) for t, part in zip(self.transforms, y.split(self.lengths, self.dim))], self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        self._check(x, self.length)
        self._check(y, self.length)
        stretches = []
        for t, a, b in zip(self.transforms, x.split(self.lengths, self.dim), y.split(self.lengths, self.dim)):
            stretch = t.log_abs_det_jacobian(a, b)
            stretches.append(sum_rightmost(stretch, self.event_dim - t.event_dim) if t.event_dim < self.event_dim else stretch)
        dim = self.dim if self.dim < 0 else self.dim - x.dim()
        dim += self.event_dim
        if dim < 0:
            return cat(stretches, dim)
        total: Any = stretches[0]                    # the parts are parts of one event
        for stretch in stretches[1:]:
            total = total + stretch
        return total


class StackTransform(_Parts):
    """Transforms for slices, as `stack` joins them.

    >>> import minigrad
    >>> from minigrad.distributions import ExpTransform, StackTransform, identity_transform
    >>> StackTransform([ExpTransform(), identity_transform])(minigrad.zeros(2, 3)).tolist()
    [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]
    """

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(tseq, dim, cache_size)

    def with_cache(self, cache_size: int = 1) -> Any:
        return self if self._cache_size == cache_size else StackTransform(self.transforms, self.dim, cache_size)

    @property
    def domain(self) -> Any:
        return constraints.stack([t.domain for t in self.transforms], self.dim)

    @property
    def codomain(self) -> Any:
        return constraints.stack([t.codomain for t in self.transforms], self.dim)

    def _call(self, x: Tensor) -> Tensor:
        self._check(x, len(self.transforms))
        return stack([t(part) for t, part in zip(self.transforms, x.unbind(self.dim))], self.dim)

    def _inverse(self, y: Tensor) -> Tensor:
        self._check(y, len(self.transforms))
        return stack([t.inv(part) for t, part in zip(self.transforms, y.unbind(self.dim))], self.dim)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        self._check(x, len(self.transforms))
        self._check(y, len(self.transforms))
        return stack([t.log_abs_det_jacobian(a, b) for t, a, b in zip(self.transforms, x.unbind(self.dim), y.unbind(self.dim))], self.dim)
