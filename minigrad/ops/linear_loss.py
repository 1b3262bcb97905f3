"""The cross entropy of a linear layer, in one call."""
from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from ..errors import RefusedArgumentError, ShapeError, operand
from .cross_entropy import cross_entropy
from .linear import linear
from .operands import need_tensors

if TYPE_CHECKING:
    from .._tensor import Tensor


@dataclass(frozen=True, slots=True)
class LinearCrossEntropyOptions:
    """How PyTorch saves memory in `linear_cross_entropy`; accepted, and without effect here."""
    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: Any = None


def linear_cross_entropy(input: Tensor, linear_weight: Tensor, target: Tensor, *, linear_bias: Tensor | None = None,
                         weight: Tensor | None = None, reduction: str = "mean", ignore_index: int | None = None,
                         label_smoothing: float = 0.0, options: LinearCrossEntropyOptions | None = None) -> Tensor:
    """`cross_entropy(linear(input, linear_weight, linear_bias), target)`: input (N, F) or (F,), linear_weight (C, F) or (C, *places, F).

    Other arguments as in `cross_entropy`; ignore_index is for class indices only. options: accepted, without effect.
    Raises ShapeError where sizes do not fit.
    """
    name = "linear_cross_entropy"
    need_tensors(name, input=input, linear_weight=linear_weight, target=target)
    x, w = input.array, linear_weight.array
    got = f"got input {operand(x)}, linear_weight {operand(w)}"
    if x.ndim not in (1, 2):
        raise ShapeError(f"{name}: expected input with dimensionality 1 or 2; {got}")
    if w.ndim < 2:
        raise ShapeError(f"{name}: expected linear_weight with dimensionality at least 2; {got}")
    if x.shape[-1] != w.shape[-1]:
        raise ShapeError(f"{name}: expected equal input and linear_weight last dimensions (in_features); {got}")
    classes, places = w.shape[0], tuple(w.shape[1:-1])
    if linear_bias is not None and tuple(linear_bias.shape) != (classes, *places):
        raise ShapeError(f"{name}: expected linear_bias shape {(classes, *places)}, got {tuple(linear_bias.shape)}")
    if places and x.ndim == 1:
        raise ShapeError(f"{name}: K-dimensional loss defined by linear_weight shape {tuple(w.shape)} requires batched input; {got}")
    shape = (*x.shape[:-1], classes, *places)
    if tuple(target.shape) == shape and ignore_index is not None:
        raise RefusedArgumentError(f"{name}: ignore_index cannot be specified when target contains probabilities")
    if places:
        linear_weight = linear_weight.reshape((classes * prod(places), w.shape[-1]))
        linear_bias = None if linear_bias is None else linear_bias.reshape((-1,))
    logits = linear(input, linear_weight, linear_bias)
    return cross_entropy(logits.reshape(shape) if places else logits, target, weight, None,
                         -100 if ignore_index is None else ignore_index, None, reduction, label_smoothing)
