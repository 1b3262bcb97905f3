"""A parameter that is a probability, or given as its log odds."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._size import Size
from .utils import broadcast_all, either, lazy_property, logits_to_probs, probs_to_logits

if TYPE_CHECKING:
    from .._tensor import Tensor
    from .utils import Parameter


class Odds:
    """What distributions over successes and failures share: `probs` and `logits`, of which one is given and the other computed."""
    _param: Tensor

    def _given(self, probs: Parameter, logits: Parameter, *others: Any) -> list[Any]:
        """Take one of the two; the others are broadcast with it. Raises ArgumentError unless exactly one is given."""
        either(type(self).__name__, probs=probs, logits=logits)
        if probs is not None:
            *found, self.probs = broadcast_all(*others, probs)
        else:
            *found, self.logits = broadcast_all(*others, logits)
        self._param = self.probs if probs is not None else self.logits
        return found

    @lazy_property
    def logits(self) -> Tensor:
        """The log odds of a success, log(probs / (1 - probs))."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Tensor:
        """The probability of a success."""
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter."""
        return self._param.shape
