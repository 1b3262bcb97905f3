"""Attention by its matrix of scores: how well each query matches each key."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from ..errors import ShapeError, operand
from .half import rounded, single
from .matmul import matmul
from .shape import expand
from .softmax import softmax_rule

if TYPE_CHECKING:
    from .._tensor import Tensor


@op(x=lambda g, out, x_dtype: softmax_rule(g, out, -1, x_dtype))
def attend(input: Tensor, hidden: Any, masked: bool) -> Tensor:
    """softmax of scores (..., L, S) over keys; 0 where `hidden`, a mask that broadcasts, is true.

    masked: scores may be -inf. A query whose keys all are, or all are hidden, gets 0 everywhere.
    """
    x: Any = input
    xp, kernels = backend_of(x).xp, backend_of(x).kernels
    if not x.size:
        return x.copy()
    z = single(x)
    if hidden is not None:
        z = xp.where(hidden, -math.inf, z)
    if hidden is None and not masked:
        return rounded(kernels.softmax(z, -1), x.dtype)
    blind = z.max(axis=-1, keepdims=True) == -math.inf
    y = kernels.softmax(xp.where(blind, 0, z), -1)
    y *= ~blind
    return rounded(y, x.dtype)


def by_scores(query: Tensor, key: Tensor, value: Tensor, hidden: Any, added: Tensor | None, is_causal: bool, shared: bool, scale: float,
              thinned: Callable[[Tensor], Tensor] | None) -> Tensor:
    """Attention by the whole matrix of scores; shared: several heads of queries may use one of keys; thinned: dropout of weights."""
    q, k = query.array, key.array
    if shared:
        key, value = [shared_heads(t, q.shape[-3] if q.ndim > 2 else 1) for t in (key, value)]
    scores = matmul(query * scale, key.transpose(-2, -1))
    if is_causal:
        xp = backend_of(q).xp
        hidden = xp.arange(q.shape[-2])[:, None] < xp.arange(k.shape[-2])
    elif hidden is not None:
        hidden = broadcastable("scaled_dot_product_attention", hidden, scores)
    weights = attend(scores if added is None else scores + added, hidden, added is not None)
    return matmul(weights if thinned is None else thinned(weights), value)


def shared_heads(t: Tensor, heads: int) -> Tensor:
    """(..., few, S, E) -> (..., heads, S, E): each head repeated, neighbours alike."""
    few = t.shape[-3]
    if few == heads:
        return t
    lead, tail = t.shape[:-2], t.shape[-2:]
    return expand(t.unsqueeze(-3), (*lead, heads // few, *tail)).reshape((*lead[:-1], heads, *tail))


def broadcastable(name: str, mask: Any, scores: Tensor) -> Any:
    """A mask that goes with the scores without making them larger."""
    shape = scores.shape
    if mask.ndim > len(shape) or any(m not in (1, n) for m, n in zip(mask.shape[::-1], shape[::-1], strict=False)):
        raise ShapeError(f"{name}: attn_mask must broadcast to the scores {list(shape)} (..., queries, keys); got {operand(mask)}")
    return mask
