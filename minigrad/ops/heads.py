"""Attention with several heads, projections included: what `nn.MultiheadAttention` computes."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..engine.node import wrap
from ..errors import AssertedArgumentError, DtypeError, RefusedArgumentError, ShapeError, describe
from .attention import scaled_dot_product_attention
from .dropout import dropout
from .join import cat, chunk
from .linear import linear
from .matmul import bmm
from .operands import need_tensors
from .reduce import mean
from .softmax import softmax

if TYPE_CHECKING:
    from .._tensor import Tensor

NAME = "multi_head_attention_forward"


def multi_head_attention_forward(
        query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: int, num_heads: int, in_proj_weight: Tensor | None,
        in_proj_bias: Tensor | None, bias_k: Tensor | None, bias_v: Tensor | None, add_zero_attn: bool, dropout_p: float,
        out_proj_weight: Tensor, out_proj_bias: Tensor | None, training: bool = True, key_padding_mask: Tensor | None = None,
        need_weights: bool = True, attn_mask: Tensor | None = None, use_separate_proj_weight: bool = False,
        q_proj_weight: Tensor | None = None, k_proj_weight: Tensor | None = None, v_proj_weight: Tensor | None = None,
        static_k: Tensor | None = None, static_v: Tensor | None = None, average_attn_weights: bool = True,
        is_causal: bool = False) -> tuple[Tensor, Tensor | None]:
    """Attention over `num_heads` slices of the features: query (L, N, E), key and value (S, N, E) -> (L, N, E) and weights (N, L, S).

    Without a batch, (L, E) and (S, E). in_proj_weight (3 E, E), or one weight each; bias_k, bias_v: one more key and value, learned;
    add_zero_attn: one more of zeros. Masks are bool, true where a query must not look, or floats that are added to the scores:
    key_padding_mask (N, S), attn_mask (L, S) or (N * heads, L, S). is_causal is a hint that attn_mask is causal. static_k, static_v
    (N * heads, S, E / heads) replace the projected ones. Weights are None without `need_weights`, per head unless averaged.
    Source: Vaswani et al. 2017, Attention Is All You Need.
    """
    need_tensors(NAME, query=query, key=key, value=value)
    batched = check_ranks(query, key, value, key_padding_mask, attn_mask)
    if not batched:
        same = query is key, key is value
        query = query.unsqueeze(1)
        key = query if same[0] else key.unsqueeze(1)
        value = key if same[1] else value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, width = query.shape
    if width != embed_dim_to_check:
        raise AssertedArgumentError(f"{NAME}: was expecting embedding dimension of {embed_dim_to_check}, but got {width}")
    if width % num_heads:
        raise AssertedArgumentError(f"{NAME}: embed_dim {width} not divisible by num_heads {num_heads}")
    if is_causal and attn_mask is None:
        raise RefusedArgumentError(f"{NAME}: Need attn_mask if specifying the is_causal hint.")
    padding, mask = as_scores(key_padding_mask, query), as_scores(attn_mask, query)
    causal = is_causal and padding is None and not need_weights
    mask = checked_mask(None if causal else mask, length, key.shape[0], batch * num_heads)

    q, k, v = projected(query, key, value, in_proj_weight, in_proj_bias,
                        (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else None)
    if bias_k is not None and bias_v is not None:
        k, v = cat([k, bias_k.repeat(1, batch, 1)], 0), cat([v, bias_v.repeat(1, batch, 1)], 0)
        mask, padding = one_more(mask), one_more(padding)
    q = by_head(q, batch * num_heads)
    k = by_head(k, batch * num_heads) if static_k is None else check_static("static_k", static_k, batch * num_heads, width // num_heads)
    v = by_head(v, batch * num_heads) if static_v is None else check_static("static_v", static_v, batch * num_heads, width // num_heads)
    if add_zero_attn:
        k, v = [cat([t, t.new_zeros((t.shape[0], 1, t.shape[2]))], 1) for t in (k, v)]
        mask, padding = one_more(mask), one_more(padding)
    mask = merged(mask, padding, batch, num_heads, k.shape[1])

    dropout_p = dropout_p if training else 0.0
    weights: Any = None
    if need_weights:
        scores = bmm(q * math.sqrt(1 / q.shape[-1]), k.transpose(-2, -1))
        weights = softmax(scores if mask is None else scores + mask, -1)
        weights = dropout(weights, dropout_p) if dropout_p else weights
        mixed = bmm(weights, v)                      # (N * heads, L, E / heads)
        weights = weights.reshape((batch, num_heads, length, k.shape[1]))
        weights = mean(weights, 1) if average_attn_weights else weights
    else:
        if mask is not None:
            mask = mask.unsqueeze(0) if mask.shape[0] == 1 else mask.reshape((batch, num_heads, -1, k.shape[1]))
        qh, kh, vh = [t.reshape((batch, num_heads, t.shape[1], t.shape[2])) for t in (q, k, v)]
        mixed = scaled_dot_product_attention(qh, kh, vh, mask, dropout_p, causal).reshape(q.shape)
    out = linear(mixed.transpose(0, 1).reshape((length * batch, width)), out_proj_weight, out_proj_bias).reshape((length, batch, -1))
    return (out, weights) if batched else (out.squeeze(1), None if weights is None else weights.squeeze(0))


# ---------------------------------------------------------------- checks
def check_ranks(query: Any, key: Any, value: Any, padding: Any, mask: Any) -> bool:
    """True for a batch. Raises for tensors that are some of them batches and some not."""
    if query.ndim not in (2, 3):
        raise AssertedArgumentError(f"{NAME}: query should be unbatched 2D or batched 3D tensor but received {query.ndim}-D query tensor")
    batched = query.ndim == 3
    for name, t, rank in (("key", key, query.ndim), ("value", value, query.ndim), ("key_padding_mask", padding, query.ndim - 1)):
        if t is not None and t.ndim != rank:
            raise AssertedArgumentError(f"{NAME}: For {'batched (3-D)' if batched else 'unbatched (2-D)'} `query`, expected `{name}` to be "
                                        f"{rank}-D but found {describe(t)}")
    if mask is not None and mask.ndim not in (2, 3):
        raise ShapeError(f"{NAME}: attn_mask's dimension {mask.ndim} is not supported; it may be (L, S) or (N * heads, L, S)")
    if tuple(key.shape[:-1]) != tuple(value.shape[:-1]):
        raise AssertedArgumentError(f"{NAME}: key's sequence and batch dims {tuple(key.shape[:-1])} do not match value's "
                                    f"{tuple(value.shape[:-1])}")
    return bool(batched)


def check_static(name: str, t: Any, heads: int, width: int) -> Any:
    """A key or value that is given as it shall be used."""
    if t.shape[0] != heads or t.shape[2] != width:
        raise AssertedArgumentError(f"{NAME}: expecting {name} of shape ({heads}, S, {width}); got {describe(t)}")
    return t


# ---------------------------------------------------------------- masks: floats that are added to scores
def as_scores(mask: Any, query: Any) -> Any:
    """A bool mask as -inf where it is true; a float one as it is."""
    if mask is None:
        return None
    kind = mask.array.dtype.kind
    if kind not in "bf":
        raise DtypeError(f"{NAME}: only bool and floating types of masks are supported; got {describe(mask)}")
    if kind == "f":
        return mask
    dtype = query.array.dtype
    return wrap(backend_of(mask.array).xp.where(mask.array, dtype.type(-math.inf), dtype.type(0)))


def checked_mask(mask: Any, length: int, keys: int, heads: int) -> Any:
    """An attention mask of three dimensions."""
    if mask is None:
        return None
    expected = (length, keys) if mask.ndim == 2 else (heads, length, keys)
    if tuple(mask.shape) != expected:
        raise ShapeError(f"{NAME}: The shape of the {mask.ndim}D attn_mask is {tuple(mask.shape)}, but should be {expected}.")
    return mask.unsqueeze(0) if mask.ndim == 2 else mask


def one_more(mask: Any) -> Any:
    """A mask for one more key, at which all may look."""
    return None if mask is None else cat([mask, mask.new_zeros((*mask.shape[:-1], 1))], -1)


def merged(mask: Any, padding: Any, batch: int, heads: int, keys: int) -> Any:
    """Both masks as one, (N * heads, L or 1, S)."""
    if padding is None:
        return mask
    if tuple(padding.shape) != (batch, keys):
        raise AssertedArgumentError(f"{NAME}: expecting key_padding_mask shape of {(batch, keys)}, but got {tuple(padding.shape)}")
    wide = padding.reshape((batch, 1, 1, keys)).expand((-1, heads, -1, -1)).reshape((batch * heads, 1, keys))
    return wide if mask is None else mask + wide


# ---------------------------------------------------------------- features
def projected(query: Any, key: Any, value: Any, weight: Any, bias: Any, separate: Any) -> list[Any]:
    """Query, key and value through their layers: slices of one weight, or three weights. Of one tensor, in one product."""
    if separate is None and weight is not None and query is key and key is value:
        return list(chunk(linear(query, weight, bias), 3, -1))
    weights = separate if separate is not None else (None,) * 3 if weight is None else chunk(weight, 3)
    if any(w is None for w in weights):
        which = "in_proj_weight" if separate is None else "q_proj_weight, k_proj_weight or v_proj_weight"
        raise AssertedArgumentError(f"{NAME}: use_separate_proj_weight is {separate is not None} but {which} is None")
    biases = (None,) * 3 if bias is None else chunk(bias, 3)
    return [linear(t, w, b) for t, w, b in zip((query, key, value), weights, biases, strict=True)]


def by_head(t: Any, heads: int) -> Any:
    """(L, N, E) -> (N * heads, L, E / heads)."""
    return t.reshape((t.shape[0], heads, -1)).transpose(0, 1)
