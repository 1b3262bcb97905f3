"""The base of all distributions: shapes, validation, and what follows from a distribution's own methods."""
from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, ClassVar

from .._size import Size
from ..engine.mode import no_grad
from ..engine.node import TensorBase
from ..errors import ArgumentError, UnsupportedError, describe
from . import constraints
from .utils import lazy_property

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._tensor import Tensor
    from .utils import Shape

NO_SHAPE = Size()
AS_IT_IS = -1


class Distribution:
    """A batch of probability distributions.

    `batch_shape` is the shape of independent, perhaps different distributions, `event_shape` that of one draw: `sample(sample_shape)`
    has the shape sample_shape + batch_shape + event_shape, and `log_prob` of it sample_shape + batch_shape.
    Unless validation is off, parameters outside `arg_constraints` and values outside `support` raise a ValueError.
    """
    has_rsample: Any = False
    has_enumerate_support: bool = False
    _validate_args: bool = __debug__
    # Of what an instance consists: attribute -> how many dimensions it has beyond the batch, or AS_IT_IS. `expand` goes by it.
    _parts: ClassVar[dict[str, int]]

    def __init__(self, batch_shape: Shape = NO_SHAPE, event_shape: Shape = NO_SHAPE, validate_args: bool | None = None) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._validate_parameters()

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether distributions made from now on validate, unless they are told with `validate_args`. At first: as `assert` does."""
        if value not in (True, False):
            raise ArgumentError(f"set_default_validate_args: value must be True or False; got {describe(value)}")
        Distribution._validate_args = value

    # ------------------------------------------------------------ what a distribution says of itself
    @property
    def batch_shape(self) -> Size:
        """The shape of the batch of distributions."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one draw from one of them."""
        return self._event_shape

    @property
    def arg_constraints(self) -> dict[str, constraints.Constraint]:
        """The constraint of each parameter."""
        raise self._lacks("arg_constraints")

    @property
    def support(self) -> Any:
        """The constraint of what can be drawn."""
        raise self._lacks("support")

    @property
    def mean(self) -> Tensor:
        """The mean."""
        raise self._lacks("mean")

    @property
    def mode(self) -> Tensor:
        """The most likely value."""
        raise self._lacks("mode")

    @property
    def variance(self) -> Tensor:
        """The variance."""
        raise self._lacks("variance")

    @property
    def stddev(self) -> Tensor:
        """The standard deviation."""
        return self.variance.sqrt()

    def _lacks(self, what: str) -> UnsupportedError:
        remedy = "; draws of it have no gradient, use sample()" if what == "rsample" else ""
        return UnsupportedError(f"{type(self).__name__}: does not implement {what}{remedy}")

    # ------------------------------------------------------------ draws
    def sample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        """Draws, outside the graph: shape sample_shape + batch_shape + event_shape."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        """Draws through which gradients reach the parameters; only where `has_rsample`."""
        raise self._lacks("rsample")

    def sample_n(self, n: int) -> Tensor:
        """n draws; the older name of `sample((n,))`."""
        warnings.warn("sample_n(n) will be deprecated. Use .sample((n,)) instead", FutureWarning, stacklevel=2)
        return self.sample(Size((n,)))

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values that a discrete distribution can give, along dimension 0; with `expand` for each of the batch."""
        raise self._lacks("enumerate_support")

    def _enumerated(self, values: Tensor, expand: bool) -> Tensor:
        """(n,) values as `enumerate_support` gives them: (n, 1, ..., 1), or (n, *batch_shape)."""
        values = values.reshape((-1, *[1] * len(self._batch_shape)))
        return values.expand((-1, *self._batch_shape)) if expand else values

    # ------------------------------------------------------------ probabilities
    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density, or of the probability, at a value."""
        raise self._lacks("log_prob")

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of at most this value."""
        raise self._lacks("cdf")

    def icdf(self, value: Tensor) -> Tensor:
        """The value below which this probability lies."""
        raise self._lacks("icdf")

    def entropy(self) -> Tensor:
        """The entropy, in nats."""
        raise self._lacks("entropy")

    def perplexity(self) -> Tensor:
        """exp of the entropy."""
        return self.entropy().exp()

    # ------------------------------------------------------------ other batches
    def expand(self, batch_shape: Shape, _instance: Any = None) -> Any:
        """The same distribution with a larger batch shape, without copies. A subclass with an `__init__` of its own writes its own."""
        owner: Any = next((c for c in type(self).__mro__ if "_parts" in vars(c)), None)
        if owner is None:
            raise self._lacks("expand")
        new = self._get_checked_instance(owner, _instance)
        batch_shape = Size(batch_shape)
        for name, more in owner._parts.items():
            if name in self.__dict__:
                new.__dict__[name] = expanded(self.__dict__[name], batch_shape, more)
        return self._finished(new, batch_shape)

    def _finished(self, new: Any, batch_shape: Shape) -> Any:
        """An expanded instance, of which all but the base is made."""
        Distribution.__init__(new, batch_shape, self._event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    def _get_checked_instance(self, cls: type, _instance: Any = None) -> Any:
        """A bare instance to expand into; an error where a subclass has parameters that `cls` knows nothing of."""
        if _instance is not None:
            return _instance
        if type(self).__init__ is not cls.__init__:                      # type: ignore[misc]
            raise UnsupportedError(f"{type(self).__name__}.expand: a subclass of {cls.__name__} with an __init__ of its own must define "
                                   "expand, too")
        return type(self).__new__(type(self))

    def _extended_shape(self, sample_shape: Shape = NO_SHAPE) -> Size:
        """The shape of draws."""
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    # ------------------------------------------------------------ validation
    def _validate_parameters(self) -> None:
        try:
            arg_constraints = self.arg_constraints
        except NotImplementedError:
            warnings.warn(f"{type(self).__name__} does not define `arg_constraints`. Please set `arg_constraints = {{}}` or initialize "
                          "the distribution with `validate_args=False` to turn off validation.", stacklevel=3)
            return
        for name, constraint in arg_constraints.items():
            if constraints.is_dependent(constraint):
                continue
            if name not in self.__dict__ and isinstance(getattr(type(self), name, None), lazy_property):
                continue                             # the other one of two was given
            value = getattr(self, name)
            if not constraint.check(value).all():
                raise ArgumentError(f"{type(self).__name__}: Expected parameter {name} of shape {tuple(value.shape)} to satisfy the "
                                    f"constraint {constraint!r}, but found invalid values:\n{value}")

    def _validate_sample(self, value: Tensor) -> None:
        """Raise for what is no value of this distribution."""
        name = type(self).__name__
        if not isinstance(value, TensorBase):
            raise ArgumentError(f"{name}: The value argument to log_prob must be a Tensor; got {describe(value)}")
        start = len(value.shape) - len(self._event_shape)
        if tuple(value.shape[start:]) != tuple(self._event_shape):
            raise ArgumentError(f"{name}: The right-most size of value must match event_shape: got {tuple(value.shape)} vs "
                                f"{tuple(self._event_shape)}")
        ours = self._batch_shape + self._event_shape
        for i, j in zip(reversed(value.shape), reversed(ours)):
            if i != 1 and j != 1 and i != j:
                raise ArgumentError(f"{name}: Value is not broadcastable with batch_shape+event_shape: got {tuple(value.shape)} vs "
                                    f"{tuple(ours)}")
        try:
            support = self.support
        except NotImplementedError:
            warnings.warn(f"{name} does not define `support` to enable sample validation. Please initialize the distribution with "
                          "`validate_args=False` to turn off validation.", stacklevel=3)
            return
        if not support.check(value).all():
            raise ArgumentError(f"{name}: Expected value argument of shape {tuple(value.shape)} to be within the support "
                                f"({support!r}) of the distribution {self!r}, but found invalid values:\n{value}")

    def __repr__(self) -> str:
        known: Iterable[str] = [name for name in self.arg_constraints if name in self.__dict__]
        return f"{type(self).__name__}({', '.join([f'{name}: {shown(self.__dict__[name])}' for name in known])})"


def shown(value: Any) -> Any:
    """A parameter in a `repr`: its value if there is one, else its shape."""
    return value if not isinstance(value, TensorBase) or value.array.size == 1 else value.shape       # type: ignore[attr-defined]


def expanded(value: Any, batch_shape: Size, more: int) -> Any:
    """A part of a distribution for a larger batch; what is neither tensor nor distribution stays as it is."""
    if more == AS_IT_IS:
        return value
    if isinstance(value, TensorBase):
        return value.expand((*batch_shape, *value.shape[len(value.shape) - more:]))    # type: ignore[attr-defined]
    if isinstance(value, Distribution):
        return value.expand((*batch_shape, *value.batch_shape[len(value.batch_shape) - more:]))
    return value
