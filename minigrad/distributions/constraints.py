"""Constraints: which values a parameter may have, and which a distribution can give.

`check(value)` says of each event in a tensor whether it is allowed; `event_dim` is the number of dimensions of an event,
`is_discrete` whether the allowed values are isolated.

>>> import minigrad
>>> interval(0, 1).check(minigrad.tensor([0.5, 2.0])).tolist()
[True, False]
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..creation import full
from ..dtypes import finfo
from ..errors import ArgumentError, AssertedArgumentError, UnsupportedError, describe
from ..ops.compare import isclose
from ..ops.factorizations import cholesky_ex, eigvalsh
from ..ops.join import cat as join
from ..ops.join import stack as pile
from ..ops.magnitude import vector_norm

if TYPE_CHECKING:
    from .._tensor import Tensor

__all__ = ["Constraint", "MixtureSameFamilyConstraint", "boolean", "cat", "corr_cholesky", "dependent", "dependent_property",
           "greater_than", "greater_than_eq", "half_open_interval", "independent", "integer_interval", "interval", "is_dependent",
           "less_than", "lower_cholesky", "lower_triangular", "multinomial", "nonnegative", "nonnegative_integer", "one_hot", "positive",
           "positive_definite", "positive_integer", "positive_semidefinite", "real", "real_vector", "simplex", "square", "stack",
           "symmetric", "unit_interval"]

SUM_OF_PROBABILITIES = 1e-6                          # how far from 1 it may be
UNIT_ROW = 10                                        # how many eps per element the norm of a row may be off


class Constraint:
    """A set of allowed values."""
    is_discrete: Any = False
    event_dim: Any = 0
    shown: Sequence[str] = ()                        # the attributes that `repr` tells

    def check(self, value: Tensor) -> Tensor:
        """Which events of a tensor are allowed: bool, of the value's shape without the dimensions of an event."""
        raise UnsupportedError(f"{type(self).__name__}: does not implement check")

    def __repr__(self) -> str:
        return f"{type(self).__name__[1:]}({', '.join([f'{name}={getattr(self, name)}' for name in self.shown])})"


def constraint_of(op: str, value: Any) -> Constraint:
    """A constraint, or an error."""
    if not isinstance(value, Constraint):
        raise AssertedArgumentError(f"{op}: must be a Constraint; got {describe(value)}")
    return value


# ---------------------------------------------------------------- what depends on other parameters
class _Dependent(Constraint):
    """Stands for a constraint that depends on the values of other parameters; what is known without them is given here."""

    def __init__(self, *, is_discrete: Any = NotImplemented, event_dim: Any = NotImplemented) -> None:
        self._is_discrete, self._event_dim = is_discrete, event_dim

    @property
    def is_discrete(self) -> Any:
        if self._is_discrete is NotImplemented:
            raise UnsupportedError("is_discrete: cannot be determined statically; ask an instance of the distribution")
        return self._is_discrete

    @property
    def event_dim(self) -> Any:
        if self._event_dim is NotImplemented:
            raise UnsupportedError("event_dim: cannot be determined statically; ask an instance of the distribution")
        return self._event_dim

    def __call__(self, *, is_discrete: Any = NotImplemented, event_dim: Any = NotImplemented) -> _Dependent:
        """The same, with more known."""
        return _Dependent(is_discrete=self._is_discrete if is_discrete is NotImplemented else is_discrete,
                          event_dim=self._event_dim if event_dim is NotImplemented else event_dim)

    def check(self, value: Tensor) -> Tensor:
        raise ArgumentError("constraint: Cannot determine validity of a dependent constraint; ask an instance of the distribution")


class _DependentProperty(property, _Dependent):
    """A property on an instance, a dependent constraint on its class.

        @constraints.dependent_property(is_discrete=False, event_dim=0)
        def support(self):
            return constraints.interval(self.low, self.high)
    """

    def __init__(self, fn: Callable[..., Any] | None = None, *, is_discrete: Any = NotImplemented, event_dim: Any = NotImplemented) -> None:
        property.__init__(self, fn)
        _Dependent.__init__(self, is_discrete=is_discrete, event_dim=event_dim)

    def __call__(self, fn: Callable[..., Any]) -> _DependentProperty:                  # type: ignore[override]
        return _DependentProperty(fn, is_discrete=self._is_discrete, event_dim=self._event_dim)


def is_dependent(constraint: Constraint) -> bool:
    """True for a constraint that depends on other parameters."""
    return isinstance(constraint, _Dependent)


# ---------------------------------------------------------------- constraints of constraints
def all_rightmost(allowed: Tensor, kept: int) -> Tensor:
    """Which of the first `kept` dimensions' entries are allowed throughout."""
    return allowed.reshape((*allowed.shape[:kept], -1)).all(-1)


class _IndependentConstraint(Constraint):
    """Another constraint for all of the last dimensions at once."""

    def __init__(self, base_constraint: Constraint, reinterpreted_batch_ndims: int) -> None:
        self.base_constraint = constraint_of("independent: base_constraint", base_constraint)
        if not isinstance(reinterpreted_batch_ndims, int) or reinterpreted_batch_ndims < 0:
            raise AssertedArgumentError("independent: reinterpreted_batch_ndims must be a non-negative int; "
                                        f"got {describe(reinterpreted_batch_ndims)}")
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims

    @property
    def is_discrete(self) -> Any:
        return self.base_constraint.is_discrete

    @property
    def event_dim(self) -> Any:
        return self.base_constraint.event_dim + self.reinterpreted_batch_ndims

    def check(self, value: Tensor) -> Tensor:
        allowed = self.base_constraint.check(value)
        if allowed.dim() < self.reinterpreted_batch_ndims:
            raise ArgumentError(f"independent: Expected value.dim() >= {self.event_dim}; got {describe(value)}")
        return all_rightmost(allowed, allowed.dim() - self.reinterpreted_batch_ndims)

    def __repr__(self) -> str:
        return f"{type(self).__name__[1:]}({self.base_constraint!r}, {self.reinterpreted_batch_ndims})"


class MixtureSameFamilyConstraint(Constraint):
    """The constraint of a mixture's components, for values that lack the dimension of the components."""

    def __init__(self, base_constraint: Constraint) -> None:
        self.base_constraint = constraint_of("MixtureSameFamilyConstraint: base_constraint", base_constraint)

    @property
    def is_discrete(self) -> Any:
        return self.base_constraint.is_discrete

    @property
    def event_dim(self) -> Any:
        return self.base_constraint.event_dim

    def check(self, value: Tensor) -> Tensor:
        if value.dim() < self.event_dim:
            raise ArgumentError(f"MixtureSameFamilyConstraint: Expected value.dim() >= {self.event_dim}; got {describe(value)}")
        allowed = self.base_constraint.check(value.unsqueeze(-1 - self.event_dim))
        return all_rightmost(allowed, value.dim() - self.event_dim)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_constraint!r})"


class _Several(Constraint):
    """Constraints, each for a part of the value."""

    def __init__(self, cseq: Sequence[Constraint], dim: int) -> None:
        self.cseq = [constraint_of("cseq", c) for c in cseq]
        self.dim = dim

    @property
    def is_discrete(self) -> Any:
        return any(c.is_discrete for c in self.cseq)

    def check_dim(self, value: Tensor) -> None:
        if not -value.dim() <= self.dim < value.dim():
            raise AssertedArgumentError(f"constraint: the value must have dimension {self.dim}; got {describe(value)}")


class _Cat(_Several):
    """Constraints for parts of the given lengths, as `cat` joins them along a dimension."""

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0, lengths: Sequence[int] | None = None) -> None:
        super().__init__(cseq, dim)
        self.lengths = [1] * len(self.cseq) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.cseq):
            raise AssertedArgumentError(f"cat: needs a length for each constraint; got {len(self.lengths)} for {len(self.cseq)}")

    @property
    def event_dim(self) -> Any:
        return max(c.event_dim for c in self.cseq)

    def check(self, value: Tensor) -> Tensor:
        self.check_dim(value)
        starts = [sum(self.lengths[:i]) for i in range(len(self.lengths))]
        return join([c.check(value.narrow(self.dim, start, n)) for c, start, n in zip(self.cseq, starts, self.lengths)], self.dim)


class _Stack(_Several):
    """Constraints for parts, as `stack` joins them along a new dimension."""

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0) -> None:
        super().__init__(cseq, dim)

    @property
    def event_dim(self) -> Any:
        most = max(c.event_dim for c in self.cseq)
        return most + 1 if self.dim + most < 0 else most

    def check(self, value: Tensor) -> Tensor:
        self.check_dim(value)
        return pile([c.check(part) for c, part in zip(self.cseq, value.unbind(self.dim))], self.dim)


# ---------------------------------------------------------------- numbers
class _Boolean(Constraint):
    """0 or 1."""
    is_discrete = True

    def check(self, value: Tensor) -> Tensor:
        return (value == 0) | (value == 1)


class _IntegerInterval(Constraint):
    """Integers from a least to a largest one."""
    is_discrete = True
    shown = ("lower_bound", "upper_bound")

    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        self.lower_bound, self.upper_bound = lower_bound, upper_bound

    def check(self, value: Tensor) -> Tensor:
        return (value % 1 == 0) & (self.lower_bound <= value) & (value <= self.upper_bound)


class _IntegerLessThan(Constraint):
    """Integers up to a largest one."""
    is_discrete = True
    shown = ("upper_bound",)

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound

    def check(self, value: Tensor) -> Tensor:
        return (value % 1 == 0) & (value <= self.upper_bound)


class _IntegerGreaterThan(Constraint):
    """Integers from a least one on."""
    is_discrete = True
    shown = ("lower_bound",)

    def __init__(self, lower_bound: Any) -> None:
        self.lower_bound = lower_bound

    def check(self, value: Tensor) -> Tensor:
        return (value % 1 == 0) & (value >= self.lower_bound)


class _Real(Constraint):
    """All numbers but nan."""

    def check(self, value: Tensor) -> Tensor:
        return value == value


class _GreaterThan(Constraint):
    """Numbers > lower_bound."""
    shown = ("lower_bound",)

    def __init__(self, lower_bound: Any) -> None:
        self.lower_bound = lower_bound

    def check(self, value: Tensor) -> Tensor:
        return self.lower_bound < value


class _GreaterThanEq(_GreaterThan):
    """Numbers >= lower_bound."""

    def check(self, value: Tensor) -> Tensor:
        return self.lower_bound <= value


class _LessThan(Constraint):
    """Numbers < upper_bound."""
    shown = ("upper_bound",)

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound

    def check(self, value: Tensor) -> Tensor:
        return value < self.upper_bound


class _Interval(Constraint):
    """Numbers of [lower_bound, upper_bound]."""
    shown = ("lower_bound", "upper_bound")

    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        self.lower_bound, self.upper_bound = lower_bound, upper_bound

    def check(self, value: Tensor) -> Tensor:
        return (self.lower_bound <= value) & (value <= self.upper_bound)


class _HalfOpenInterval(_Interval):
    """Numbers of [lower_bound, upper_bound)."""

    def check(self, value: Tensor) -> Tensor:
        return (self.lower_bound <= value) & (value < self.upper_bound)


# ---------------------------------------------------------------- vectors
class _OneHot(Constraint):
    """Vectors of one 1, and else 0."""
    is_discrete = True
    event_dim = 1

    def check(self, value: Tensor) -> Tensor:
        return ((value == 0) | (value == 1)).all(-1) & (value.sum(-1) == 1)


class _Simplex(Constraint):
    """Non-negative vectors whose sum is 1."""
    event_dim = 1

    def check(self, value: Tensor) -> Tensor:
        return (value >= 0).all(-1) & ((value.sum(-1) - 1).abs() < SUM_OF_PROBABILITIES)


class _Multinomial(Constraint):
    """Vectors of counts >= 0 whose sum is at most upper_bound."""
    is_discrete = True
    event_dim = 1

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound

    def check(self, value: Tensor) -> Tensor:
        return (value >= 0).all(-1) & (value.sum(-1) <= self.upper_bound)


# ---------------------------------------------------------------- matrices
class _LowerTriangular(Constraint):
    """Matrices with zeros above the diagonal."""
    event_dim = 2

    def check(self, value: Tensor) -> Tensor:
        return all_rightmost(value.tril() == value, value.dim() - 2)


class _LowerCholesky(_LowerTriangular):
    """Lower triangular matrices with a positive diagonal."""

    def check(self, value: Tensor) -> Tensor:
        return super().check(value) & (value.diagonal(dim1=-2, dim2=-1) > 0).all(-1)


class _CorrCholesky(_LowerCholesky):
    """Lower triangular matrices with a positive diagonal and rows of length 1: Cholesky factors of correlation matrices."""

    def check(self, value: Tensor) -> Tensor:
        tolerance = finfo(value.dtype).eps * value.shape[-1] * UNIT_ROW
        return super().check(value) & ((vector_norm(value.detach(), dim=-1) - 1).abs() <= tolerance).all(-1)


class _Square(Constraint):
    """Square matrices."""
    event_dim = 2

    def check(self, value: Tensor) -> Tensor:
        return full(value.shape[:-2], value.shape[-2] == value.shape[-1], device=value.device)


class _Symmetric(_Square):
    """Symmetric matrices."""

    def check(self, value: Tensor) -> Tensor:
        square = super().check(value)
        return isclose(value, value.mT, atol=1e-6).all(-1).all(-1) if square.all() else square


class _PositiveSemidefinite(_Symmetric):
    """Symmetric matrices without negative eigenvalues."""

    def check(self, value: Tensor) -> Tensor:
        symmetric = super().check(value)
        return (eigvalsh(value) >= 0).all(-1) if symmetric.all() else symmetric


class _PositiveDefinite(_Symmetric):
    """Symmetric matrices with positive eigenvalues."""

    def check(self, value: Tensor) -> Tensor:
        symmetric = super().check(value)
        return cholesky_ex(value).info == 0 if symmetric.all() else symmetric


# ---------------------------------------------------------------- the public names
dependent = _Dependent()
dependent_property = _DependentProperty
independent = _IndependentConstraint
cat, stack = _Cat, _Stack

boolean = _Boolean()
integer_interval = _IntegerInterval
nonnegative_integer, positive_integer = _IntegerGreaterThan(0), _IntegerGreaterThan(1)
real, positive, nonnegative = _Real(), _GreaterThan(0.0), _GreaterThanEq(0.0)
greater_than, greater_than_eq, less_than = _GreaterThan, _GreaterThanEq, _LessThan
interval, half_open_interval, unit_interval = _Interval, _HalfOpenInterval, _Interval(0.0, 1.0)

one_hot, simplex, multinomial = _OneHot(), _Simplex(), _Multinomial
real_vector = independent(real, 1)

lower_triangular, lower_cholesky, corr_cholesky = _LowerTriangular(), _LowerCholesky(), _CorrCholesky()
square, symmetric = _Square(), _Symmetric()
positive_semidefinite, positive_definite = _PositiveSemidefinite(), _PositiveDefinite()
