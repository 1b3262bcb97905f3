"""Bags of words: the sum, mean or maximum of rows of a table."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.node import TensorBase, wrap
from ..errors import ArgumentError, ArgumentTypeError, DtypeError, RefusedArgumentError, UnsupportedError, describe
from .lookup import embedding
from .operands import need_tensors
from .rows import index_add
from .scatters import scatter_reduce

if TYPE_CHECKING:
    from .._tensor import Tensor

NAME = "embedding_bag"


def embedding_bag(input: Tensor, weight: Tensor, offsets: Tensor | None = None, max_norm: float | None = None, norm_type: float = 2,
                  scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, per_sample_weights: Tensor | None = None,
                  include_last_offset: bool = False, padding_idx: int | None = None) -> Tensor:
    """Rows of a table, reduced per bag: indices (bags, words), weight (num, dim) -> (bags, dim).

    Indices of one dimension need `offsets`, where each bag begins; with `include_last_offset`, also where the last one ends. mode: 'sum',
    'mean' or 'max'; an empty bag gives 0. per_sample_weights, for 'sum': a factor for each row. padding_idx: a row that counts nowhere.
    max_norm, norm_type, scale_grad_by_freq, sparse: as in `embedding`. Raises ArgumentError where indices and offsets do not fit.
    """
    need_tensors(NAME, input=input, weight=weight)
    if weight.array.dtype.kind in "iu" and input.array.dtype.kind == "f":
        raise ArgumentTypeError(f"{NAME}: the order of arguments is (input, weight, offsets); got {describe(input)}, {describe(weight)}")
    if mode not in ("sum", "mean", "max"):
        raise ArgumentError(f"{NAME}: mode has to be one of sum, mean or max; got {mode!r}")
    if per_sample_weights is not None:
        check_sample_weights(input, weight, per_sample_weights, mode)
    if mode == "max" and (scale_grad_by_freq or sparse):
        raise RefusedArgumentError(f"{NAME}: max mode does not support scaling the gradient by the frequency, or sparse weights")
    words, bag, count = bags_of(input, offsets, include_last_offset)
    factors = None if per_sample_weights is None else per_sample_weights.reshape((-1,))
    if padding_idx is not None:
        if not -weight.shape[0] <= padding_idx < weight.shape[0]:
            raise RefusedArgumentError(f"{NAME}: padding_idx must be within the number of embeddings, {weight.shape[0]}; got {padding_idx}")
        kept = words != padding_idx % weight.shape[0]
        words, bag = words[kept], bag[kept]
        factors = None if factors is None else factors[wrap(kept)]
    rows = embedding(wrap(words), weight, None, max_norm, norm_type, scale_grad_by_freq)
    xp = backend_of(words).xp
    empty: Any = wrap(xp.zeros((count, weight.shape[1]), weight.array.dtype))
    if mode == "max":
        index = wrap(xp.broadcast_to(bag[:, None], rows.array.shape))
        return scatter_reduce(empty, 0, index, rows, "amax", include_self=False)
    total = index_add(empty, 0, wrap(bag), rows if factors is None else rows * factors.unsqueeze(1))
    if mode == "sum":
        return total
    sizes = xp.maximum(xp.bincount(bag, minlength=count), 1).astype(weight.array.dtype)
    return total / wrap(sizes[:, None])


def bags_of(input: Any, offsets: Any, include_last_offset: bool) -> tuple[Any, Any, int]:
    """On arrays: the words in one row, the bag of each, and how many bags there are."""
    words = input.array
    xp = backend_of(words).xp
    if words.ndim not in (1, 2):
        raise ArgumentError(f"{NAME}: input has to be 1D or 2D Tensor, but got Tensor of dimension {words.ndim}")
    if words.ndim == 2:
        if offsets is not None:
            raise ArgumentError(f"{NAME}: if input is 2D, then offsets has to be None, as input is treated as a mini-batch of fixed length "
                                f"sequences; got offsets {describe(offsets)}")
        n, length = words.shape
        return words.reshape(-1), xp.repeat(xp.arange(n), length), n
    if offsets is None:
        raise ArgumentError(f"{NAME}: offsets has to be a 1D Tensor but got None")
    starts = offsets.array if isinstance(offsets, TensorBase) else None
    if starts is None or starts.ndim != 1:
        raise ArgumentError(f"{NAME}: offsets has to be a 1D Tensor; got {describe(offsets)}")
    if starts.dtype.kind not in "iu":
        raise DtypeError(f"{NAME}: offsets must be int32 or int64; got {describe(offsets)}")
    if include_last_offset and not starts.size:
        raise RefusedArgumentError(f"{NAME}: with include_last_offset, offsets must hold at least one number")
    if starts.size and int(starts[0]) != 0:
        raise RefusedArgumentError(f"{NAME}: offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from "
                                   f"position 0; got {int(starts[0])}")
    if starts.size and int(starts[-1]) > words.size:
        raise RefusedArgumentError(f"{NAME}: offsets[-1] can not be greater than input's length {words.size}; got {int(starts[-1])}")
    if include_last_offset:
        words, starts = words[:int(starts[-1])], starts[:-1]
    return words, xp.searchsorted(starts, xp.arange(words.size), side="right") - 1, int(starts.size)


def check_sample_weights(input: Any, weight: Any, factors: Any, mode: str) -> None:
    """Refuse factors that are not one per word, or in a mode that has none."""
    if mode != "sum":
        raise UnsupportedError(f"{NAME}: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' "
                               f"(got mode='{mode}')")
    if factors.array.shape != input.array.shape:
        raise ArgumentError(f"{NAME}: per_sample_weights must have the same shape as the input; got {describe(factors)}, {describe(input)}")
    if factors.array.dtype != weight.array.dtype:
        raise DtypeError(f"{NAME}: expected per_sample_weights to have the weight's dtype; got {describe(factors)}, {describe(weight)}")
