"""Attention: values mixed by how well their keys match a query."""
from __future__ import annotations

import math
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

from ..backend import backend_of, has_values
from ..engine.inplace import node_of
from ..engine.mode import local
from ..errors import DtypeError, RefusedArgumentError, ShapeError, operand
from .compare import logical_not
from .composed import needed
from .dropout import dropout
from .operands import need_tensors
from .rnn import loops
from .scores import by_scores
from .tiled_attention import coins_for, tiled_attention

if TYPE_CHECKING:
    from .._tensor import Tensor

FEW = 16384                           # pairs of queries and keys from which on a compiled kernel pays, which takes seconds to compile
MANY = 2 ** 22                        # the same where there is none: what tiles save is memory


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
    hidden, added = None, None
    if is_causal and attn_mask is not None:
        raise RefusedArgumentError(f"{name}: Explicit attn_mask should not be set when is_causal=True")
    if attn_mask is not None:
        need_tensors(name, attn_mask=attn_mask)
        mask = attn_mask.array
        if mask.dtype.kind == "b":
            hidden = logical_not(attn_mask).array
        elif mask.dtype == q.dtype or mask.dtype == "f4":
            added = attn_mask
        else:
            raise DtypeError(f"{name}: Expected attn_mask dtype to be bool or float or to match query dtype; got attn_mask "
                             f"{operand(mask)}, query {operand(q)}")
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    if enable_gqa:
        check_heads(name, k, v, q, got)
    if in_tiles(q, k, v, attn_mask, dropout_p, enable_gqa):
        return of_four(query, key, value, hidden if added is None else added.array, is_causal, scale, dropout_p)
    return by_scores(query, key, value, hidden, added, is_causal, enable_gqa, scale, partial(dropout, p=dropout_p) if dropout_p else None)


def in_tiles(q: Any, k: Any, v: Any, mask: Tensor | None, p: float, shared: bool) -> bool:
    """Whether the op that never makes the whole matrix of scores can do it; it has one gradient for query, key and value only."""
    lead, mode = q.shape[:-2], local.mode
    if mode.batch is not None or mode.autocast is not None or mode.written is not None or not (has_values(q) and backend_of(q).on_host):
        return False
    if prod(lead) * q.shape[-2] * k.shape[-2] < (FEW if q.dtype.itemsize < 8 and loops(q) is not None else MANY):
        return False
    if not (0 <= p < 1 and q.size and v.size) or k.shape[:-2] != v.shape[:-2] or k.shape[:-2] != lead and not (
            shared and len(lead) > 1 and k.shape[:-3] == lead[:-1]):
        return False
    if mask is None:
        return True
    full = (*lead, q.shape[-2], k.shape[-2])
    return q.ndim <= 4 and mask.ndim <= q.ndim and node_of(mask) is None and all(
        m in (1, n) for m, n in zip(mask.shape[::-1], full[::-1], strict=False))


def of_four(query: Tensor, key: Tensor, value: Tensor, mask: Any, is_causal: bool, scale: float, p: float) -> Tensor:
    """`tiled_attention` of any leading dimensions, as a batch and heads."""
    lead, operands = query.shape[:-2], [query, key, value]
    if query.ndim != 4:
        operands = [t.reshape((prod(t.shape[:-3]), t.shape[-3] if t.ndim > 2 else 1, *t.shape[-2:])) for t in operands]
    bits = coins_for(query.array, (prod(lead), query.shape[-2], key.shape[-2]), p) if p else None
    out = tiled_attention(operands, needed(operands), mask, is_causal, float(scale), bits, float(p))
    return out if len(lead) == 2 else out.reshape((*lead, *out.shape[-2:]))


def check_heads(name: str, k: Any, v: Any, q: Any, got: str) -> None:
    """Several heads of queries may share one of keys and values."""
    heads = q.shape[-3] if q.ndim > 2 else 1
    for x in (k, v):
        few = x.shape[-3] if x.ndim > 2 else 0
        if not few or heads % few:
            raise ShapeError(f"{name}: Number of heads in key and value must divide the number of heads in query; {got}")
