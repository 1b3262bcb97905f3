"""Which transform leads from all real numbers into a constraint.

`biject_to(constraint)` gives a bijective one with a determinant, for densities; `transform_to(constraint)` one that need not be
bijective, for parameters that an optimizer moves.

>>> import minigrad
>>> from minigrad.distributions import Normal
>>> transform_to(Normal.arg_constraints["scale"])(minigrad.zeros(1)).tolist()
[1.0]
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import ArgumentTypeError, UnsupportedError, describe
from . import constraints, transforms
from .constraints import Constraint
from .transforms import Transform

__all__ = ["ConstraintRegistry", "biject_to", "transform_to"]


class ConstraintRegistry(Constraint):
    """From classes of constraints to functions that make a transform for a constraint."""

    def __init__(self) -> None:
        self._registry: dict[type[Constraint], Callable[[Any], Transform]] = {}

    def register(self, constraint: Any, factory: Callable[[Any], Transform] | None = None) -> Any:
        """Tell the function for a class of constraints, or for that of a constraint; without a function, a decorator."""
        if factory is None:
            return lambda factory: self.register(constraint, factory)
        kind = type(constraint) if isinstance(constraint, Constraint) else constraint
        if not isinstance(kind, type) or not issubclass(kind, Constraint):
            raise ArgumentTypeError(f"register: Expected constraint to be either a Constraint subclass or instance; got {describe(kind)}")
        self._registry[kind] = factory
        return factory

    def __call__(self, constraint: Constraint) -> Transform:
        """The transform into a constraint. Raises NotImplementedError where none is known."""
        factory = self._registry.get(type(constraint))
        if factory is None:
            raise UnsupportedError(f"Cannot transform {type(constraint).__name__} constraints; tell how with .register()")
        return factory(constraint)


biject_to, transform_to = ConstraintRegistry(), ConstraintRegistry()


def both(*kinds: Any) -> Callable[[Callable[[Any], Transform]], Callable[[Any], Transform]]:
    """Register a function for some constraints in both registries."""
    def register(factory: Callable[[Any], Transform]) -> Callable[[Any], Transform]:
        for kind in kinds:
            biject_to.register(kind, factory)
            transform_to.register(kind, factory)
        return factory
    return register


@both(constraints.real)
def to_real(constraint: Any) -> Transform:
    return transforms.identity_transform


@both(constraints.positive, constraints.nonnegative, constraints.greater_than, constraints.greater_than_eq)
def to_greater_than(constraint: Any) -> Transform:
    return transforms.ComposeTransform([transforms.ExpTransform(), transforms.AffineTransform(constraint.lower_bound, 1)])


@both(constraints.less_than)
def to_less_than(constraint: Any) -> Transform:
    return transforms.ComposeTransform([transforms.ExpTransform(), transforms.AffineTransform(constraint.upper_bound, -1)])


@both(constraints.interval, constraints.half_open_interval)
def to_interval(constraint: Any) -> Transform:
    low, high = constraint.lower_bound, constraint.upper_bound
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and (low, high) == (0, 1):
        return transforms.SigmoidTransform()
    return transforms.ComposeTransform([transforms.SigmoidTransform(), transforms.AffineTransform(low, high - low)])


@both(constraints.corr_cholesky)
def to_corr_cholesky(constraint: Any) -> Transform:
    return transforms.CorrCholeskyTransform()


biject_to.register(constraints.simplex, lambda constraint: transforms.StickBreakingTransform())
transform_to.register(constraints.simplex, lambda constraint: transforms.SoftmaxTransform())
transform_to.register(constraints.lower_cholesky, lambda constraint: transforms.LowerCholeskyTransform())
transform_to.register(constraints.positive_definite, lambda constraint: transforms.PositiveDefiniteTransform())
transform_to.register(constraints.positive_semidefinite, lambda constraint: transforms.PositiveDefiniteTransform())


def for_parts(to: ConstraintRegistry) -> None:
    """Tell a registry of constraints that are made of others."""
    to.register(constraints.independent, lambda c: transforms.IndependentTransform(to(c.base_constraint), c.reinterpreted_batch_ndims))
    to.register(constraints.cat, lambda c: transforms.CatTransform([to(part) for part in c.cseq], c.dim, c.lengths))
    to.register(constraints.stack, lambda c: transforms.StackTransform([to(part) for part in c.cseq], c.dim))


for_parts(biject_to)
for_parts(transform_to)
