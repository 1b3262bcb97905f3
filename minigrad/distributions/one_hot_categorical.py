"""The categorical distribution, over one-hot vectors."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .._size import Size
from ..creation import eye
from ..engine.mode import no_grad
from ..ops.lookup import one_hot
from . import constraints
from .categorical import Categorical
from .distribution import NO_SHAPE, Distribution

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Shape


class OneHotCategorical(Distribution):
    """A `Categorical` whose values are vectors with a 1 at the index that was drawn."""
    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.one_hot
    has_enumerate_support = True
    _parts: ClassVar = {"_categorical": 0}

    def __init__(self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None) -> None:
        self._categorical = Categorical(probs, logits)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args=validate_args)

    @property
    def _param(self) -> Tensor:
        return self._categorical._param

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities."""
        return self._categorical.logits

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter."""
        return self._categorical.param_shape

    @property
    def mean(self) -> Tensor:
        return self._categorical.probs

    @property
    def mode(self) -> Tensor:
        return self._vectors(self._categorical.mode)

    @property
    def variance(self) -> Tensor:
        return self._categorical.probs * (1 - self._categorical.probs)

    def _vectors(self, index: Tensor) -> Tensor:
        """(...) indices -> (..., n), in the dtype of the parameter."""
        return one_hot(index, self._categorical._num_events).to(self._param.dtype)

    def sample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        with no_grad():
            return self._vectors(self._categorical.sample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return self._categorical.log_prob(value.argmax(-1))

    def entropy(self) -> Tensor:
        return self._categorical.entropy()

    def enumerate_support(self, expand: bool = True) -> Tensor:
        n = self.event_shape[0]
        values = eye(n, dtype=self._param.dtype, device=self._param.device)
        values = values.reshape((n, *[1] * len(self.batch_shape), n))
        return values.expand((n, *self.batch_shape, n)) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """A `OneHotCategorical` whose draws have the gradient of the probabilities.

    Source: Y. Bengio, N. Leonard and A. Courville (2013), Estimating or propagating gradients through stochastic neurons.
    """
    has_rsample: Any = True

    def rsample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        probs = self._categorical.probs              # kept, and so in the graph
        return self.sample(sample_shape) + (probs - probs.detach())
