"""Attention: values mixed by how well their keys match a query."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.op import op
from ..errors import DtypeError, RefusedArgumentError, ShapeError, operand
from .compare import logical_not
from .dropout import dropout
from .half import rounded, single
from .loss import need_tensors
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


def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0,
                                 is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False) -> Tensor:
    """softmax(query @ key.T * scale) @ value: query (..., L, E), key (..., S, E), value (..., S, V) -> (..., L, V).

    attn_mask: broadcasts to (..., L, S); bool, true where a query may look, or floats that are added to the scores.
    is_causal: query i looks at keys 0 .. i. A query that may look nowhere gets 0. scale: 1 / sqrt(E) by default.
    dropout_p: of the weights; always on, pass 0 in evaluation. enable_gqa: fewer heads (third dimension from the end) of keys
    and values than of queries, each used by several. Raises DtypeError on mixed dtypes, ShapeError where sizes do not fit.
    Source: Vaswani et al. 2017, Attention Is All You Need.
    """
    name = "scaled_dot_product_attention"
    need_tensors(name, query=query, key=key, value=value)
    q, k, v = query.array, key.array, value.array
    got = f"got query {operand(q)}, key {operand(k)}, value {operand(v)}"
    if min(q.ndim, k.ndim, v.ndim) < 2:
        raise ShapeError(f"{name}: Expected query, key, and value to all be at least 2 dimensional; {got}")
    if not q.dtype == k.dtype == v.dtype or q.dtype.kind != "f":
        raise DtypeError(f"{name}: Expected query, key, and value to have the same floating-point dtype; {got}")
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ShapeError(f"{name}: query and key must agree in the last size, key and value in the last but one; {got}")
    if enable_gqa:
        key, value = [shared_heads(name, t, q.shape[-3] if q.ndim > 2 else 1, got) for t in (key, value)]
    scores = matmul(query * (1 / math.sqrt(q.shape[-1]) if scale is None else scale), key.transpose(-2, -1))
    hidden = None
    masked = False
    if is_causal:
        if attn_mask is not None:
            raise RefusedArgumentError(f"{name}: Explicit attn_mask should not be set when is_causal=True")
        xp = backend_of(q).xp
        hidden = xp.arange(q.shape[-2])[:, None] < xp.arange(k.shape[-2])
    elif attn_mask is not None:
        need_tensors(name, attn_mask=attn_mask)
        mask = attn_mask.array
        if mask.dtype.kind == "b":
            hidden = broadcastable(name, logical_not(attn_mask).array, scores)
        elif mask.dtype == q.dtype or mask.dtype == "f4":
            scores, masked = scores + attn_mask, True
        else:
            raise DtypeError(f"{name}: Expected attn_mask dtype to be bool or float or to match query dtype; got attn_mask "
                             f"{operand(mask)}, query {operand(q)}")
    weights = attend(scores, hidden, masked)
    if dropout_p:
        weights = dropout(weights, dropout_p)
    return matmul(weights, value)


def shared_heads(name: str, t: Tensor, heads: int, got: str) -> Tensor:
    """(..., few, S, E) -> (..., heads, S, E): each head repeated, neighbours alike."""
    few = t.shape[-3] if t.ndim > 2 else 0
    if not few or heads % few:
        raise ShapeError(f"{name}: Number of heads in key and value must divide the number of heads in query; {got}")
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
