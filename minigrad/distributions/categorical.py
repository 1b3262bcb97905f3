"""The categorical distribution."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from .. import dtypes
from .._size import Size
from ..creation import arange
from ..engine.mode import no_grad
from ..errors import ArgumentError, describe
from ..ops.draws import multinomial
from ..ops.lookup import gather
from ..ops.reduce import logsumexp
from ..ops.shape import broadcast_tensors
from . import constraints
from .distribution import NO_SHAPE, Distribution
from .utils import either, lazy_property, logits_to_probs, probs_to_logits

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Shape


class Categorical(Distribution):
    """An index k with probability probs[..., k], from odds in any scale; or with log odds logits[..., k].

    `probs` is normalized to a sum of 1, `logits` to a sum of exponentials of 1.

    >>> import minigrad
    >>> Categorical(minigrad.tensor([1.0, 3.0])).probs
    tensor([0.2500, 0.7500])
    """
    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True
    _parts: ClassVar = {"probs": 1, "logits": 1, "_param": 1, "_num_events": 0}

    def __init__(self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None) -> None:
        either("Categorical", probs=probs, logits=logits)
        for name, given in (("probs", probs), ("logits", logits)):
            if given is not None and given.dim() < 1:
                raise ArgumentError(f"Categorical: `{name}` parameter must be at least one-dimensional; got {describe(given)}")
        if probs is not None:
            self.probs = probs / probs.sum(-1, keepdim=True)
        elif logits is not None:
            self.logits = logits - logsumexp(logits, dim=-1, keepdim=True)
        self._param = self.probs if probs is not None else self.logits
        self._num_events = self._param.shape[-1]
        super().__init__(self._param.shape[:-1], validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        return constraints.integer_interval(0, self._num_events - 1)

    @lazy_property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities."""
        return probs_to_logits(self.probs)

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities."""
        return logits_to_probs(self.logits)

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter."""
        return self._param.shape

    @property
    def mean(self) -> Tensor:
        return self._param.new_full(self._extended_shape(), math.nan)

    @property
    def mode(self) -> Tensor:
        return self.probs.argmax(-1)

    @property
    def variance(self) -> Tensor:
        return self._param.new_full(self._extended_shape(), math.nan)

    def sample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        n = Size(sample_shape).numel()
        with no_grad():
            drawn = multinomial(self.probs.reshape((-1, self._num_events)), n, True)     # (batch, n)
            return drawn.t().reshape(self._extended_shape(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        index, logits = broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return gather(logits, -1, index[..., :1]).squeeze(-1)

    def entropy(self) -> Tensor:
        least = dtypes.finfo(self.logits.dtype).min                      # of a logit -inf, whose product with 0 is nan
        return -(self.logits.clamp(min=least) * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        return self._enumerated(arange(self._num_events, dtype=dtypes.int64, device=self._param.device), expand)
