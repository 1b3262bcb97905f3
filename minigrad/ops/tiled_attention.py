"""Attention as one op, whose memory grows with the number of queries and keys, not with that of their pairs.

Scores are made for some queries at a time, and again on the way back. For float32 a compiled kernel does it tile by tile; the array
form here is for all else. Second gradients are those of the whole matrix of scores. Source: Rabe and Staats 2021, Self-attention does
not need O(n^2) memory; Dao et al. 2022, FlashAttention.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import backend_of
from ..engine.node import TensorBase, wrap
from ..engine.op import op
from ..rng import default_generator
from .composed import through_steps
from .half import rounded, single
from .raw import like
from .rnn import loops
from .scores import by_scores

if TYPE_CHECKING:
    from .._tensor import Tensor

AT_ONCE = 2 ** 20                     # scores, or decisions of dropout, that are made at a time
EIGHT = 8                             # decisions in a byte


# ---------------------------------------------------------------- dropout of weights, one bit each
def coins_for(like: Any, shape: tuple[int, int, int], p: float) -> Any:
    """Which of the weights (heads, L, S) stay with probability 1 - p: bits (heads, ceil(L / 8), S), in PyTorch's order of draws."""
    from ..rng.discrete import coins  # numpy.random is slow to import
    heads, length, size = shape
    bits = np.empty((heads, -(-length // EIGHT), size), np.uint8)
    kernels = loops(like)
    several, rows = max(1, AT_ONCE // (length * size)), max(EIGHT, AT_ONCE // size // EIGHT * EIGHT)
    for head in range(0, heads, several):
        for row in range(0, length, rows):
            drawn = coins(default_generator, 1 - p, (min(several, heads - head), min(rows, length - row), size), np.float32)
            packed = kernels.pack_coins(drawn) if kernels is not None else packed_bits(drawn)
            bits[head:head + several, row // EIGHT:row // EIGHT + packed.shape[1]] = packed
    return bits


def packed_bits(coins: Any) -> Any:
    """(heads, L, S) -> (heads, ceil(L / 8), S), bit i of a byte for query i of eight."""
    heads, length, size = coins.shape
    whole = np.zeros((heads, -(-length // EIGHT) * EIGHT, size), bool)
    whole[:, :length] = coins != 0
    return np.packbits(whole.reshape((heads, -1, EIGHT, size)), 2, bitorder="little")[:, :, 0]


def noise_of(bits: Any, shape: tuple[int, ...], p: float, dtype: Any) -> Any:
    """Bits as factors of the weights (B, H, L, S): 0 or 1 / (1 - p)."""
    flags = ((bits[:, :, None] >> backend_of(bits).xp.arange(EIGHT, dtype="u1")[:, None]) & 1).reshape((len(bits), -1, shape[3]))
    return (flags[:, :shape[2]].reshape(shape) * (1 / (1 - p))).astype(dtype)


# ---------------------------------------------------------------- on arrays, some queries at a time
def pieces(q: Any, k: Any, mask: Any, causal: bool, scale: float, bits: Any, p: float) -> Iterator[tuple[slice, Any, Any]]:
    """Which queries, their scores (B, H', H / H', l, S), and the factors of their weights or None."""
    xp = backend_of(q).xp
    batch, heads, length, _ = q.shape
    few, size = k.shape[1:3]
    q, turned = q.reshape((batch, few, heads // few, length, -1)), k.swapaxes(2, 3)[:, :, None]
    step = max(EIGHT, AT_ONCE // max(batch * heads * size, 1) // EIGHT * EIGHT)
    for start in range(0, length, step):
        some = slice(start, min(start + step, length))
        s = (q[:, :, :, some] * scale) @ turned
        whole = s.reshape((batch, heads, -1, size))
        if mask is not None:
            part = mask.reshape((1,) * (4 - mask.ndim) + mask.shape)
            part = part[:, :, some] if part.shape[2] > 1 else part
            whole = xp.where(part, -xp.inf, whole).astype(s.dtype) if mask.dtype.kind == "b" else whole + part
        if causal:
            whole = xp.where(xp.arange(start, some.stop)[:, None] < xp.arange(size), -xp.inf, whole).astype(s.dtype)
        noise = None
        if bits is not None:
            noise = noise_of(bits[:, start // EIGHT:-(-some.stop // EIGHT)], whole.shape, p, s.dtype).reshape(s.shape)
        yield some, whole.reshape(s.shape), noise


def attention_on_arrays(q: Any, k: Any, v: Any, *how: Any) -> tuple[Any, Any]:
    """The values mixed, and the logarithm of each query's sum of exponentials; 0 where a query sees no key."""
    xp = backend_of(q).xp
    out, sums = xp.empty((*q.shape[:3], v.shape[3]), q.dtype), xp.empty(q.shape[:3], q.dtype)
    for some, s, noise in pieces(q, k, *how):
        largest = s.max(axis=-1, keepdims=True)
        largest = xp.where(largest == -xp.inf, 0, largest).astype(s.dtype)
        e = xp.exp(s - largest)
        total = e.sum(axis=-1, keepdims=True)
        blind = total == 0
        e /= xp.where(blind, 1, total)
        out[:, :, some] = ((e if noise is None else e * noise) @ v[:, :, None]).reshape((*q.shape[:2], -1, v.shape[3]))
        sums[:, :, some] = (xp.log(xp.where(blind, 1, total)) + largest).reshape((*q.shape[:2], -1))
    return out, sums


def pulled_on_arrays(g: Any, q: Any, k: Any, v: Any, out: Any, sums: Any, scale: float, *how: Any) -> list[Any]:
    """The gradients for query, key and value."""
    xp = backend_of(q).xp
    dq, dk, dv = xp.empty(q.shape, q.dtype), xp.zeros(k.shape, k.dtype), xp.zeros(v.shape, v.dtype)
    by_head = (q.shape[0], k.shape[1], q.shape[1] // k.shape[1], q.shape[2], -1)
    q5, g5, inner, sums = (x.reshape(by_head) for x in (q, g, (g * out).sum(axis=-1), sums))
    mask, causal, bits, p = how
    for some, s, noise in pieces(q, k, mask, causal, scale, bits, p):
        weights = xp.exp(s - sums[:, :, :, some])
        mine = g5[:, :, :, some]
        d = mine @ v.swapaxes(2, 3)[:, :, None]
        dv += ((weights if noise is None else weights * noise).swapaxes(3, 4) @ mine).sum(axis=2)
        d = weights * ((d if noise is None else d * noise) - inner[:, :, :, some])
        dq[:, :, some] = (d @ k[:, :, None]).reshape((*q.shape[:2], -1, q.shape[3])) * scale
        dk += (d.swapaxes(3, 4) @ q5[:, :, :, some]).sum(axis=2) * scale
    return [dq, dk, dv]


# ---------------------------------------------------------------- the op
def added_mask(mask: Any) -> Any:
    """What a mask adds to scores, in float32."""
    if mask is None:
        return None
    xp = backend_of(mask).xp
    return xp.where(mask, xp.float32(-xp.inf), xp.float32(0)) if mask.dtype.kind == "b" else mask.astype("f4", copy=False)


def whole(operands: Sequence[Any], mask: Any, causal: bool, scale: float, bits: Any, p: float) -> Any:
    """`tiled_attention` of tensors, by the whole matrix of scores."""
    bools = mask is not None and mask.dtype.kind == "b"

    def thinned(weights: Any) -> Any:
        return weights * like(weights, noise_of(bits, weights.shape, p, weights.array.dtype))
    q, k, v = operands
    added = None if mask is None or bools else wrap(mask.astype(q.array.dtype))
    return by_scores(q, k, v, mask if bools else None, added, causal, k.shape[1] != q.shape[1], scale, None if bits is None else thinned)


def attention_rule(g: Any, operands: Sequence[Any], out: Any, sums: Any, needs: tuple[bool, ...], mask: Any, causal: bool, scale: float,
                   bits: Any, p: float) -> list[Any]:
    """The gradients for query, key and value."""
    if isinstance(g, TensorBase):
        return through_steps(lambda own: (whole(own, mask, causal, scale, bits, p),), (g,), operands, needs)
    g, q, k, v, out = (single(x) for x in (g, *operands, out))
    kernels = loops(q)
    found = kernels and kernels.attention_input(g, q, k, v, out, sums, added_mask(mask), causal, scale, bits, 1 / (1 - p))
    if not found:
        found = pulled_on_arrays(g, q, k, v, out, sums, scale, mask, causal, bits, p)
    return [rounded(d, x.dtype) for d, x in zip(found, operands, strict=True)]


@op(operands=lambda g, operands, out, sums, needs, mask, causal, scale, bits, p:
    attention_rule(g, operands, out, sums, needs, mask, causal, scale, bits, p),
    kept=("sums",))
def tiled_attention(operands: Sequence[Tensor], needs: tuple[bool, ...], mask: Any, causal: bool, scale: float, bits: Any,
                    p: float) -> Tensor:
    """Query (B, H, L, E), key (B, H', S, E), value (B, H', S, V), with H a multiple of H' -> (B, H, L, V).

    mask: added to the scores, or true where a query must not look; broadcasts to (B, H, L, S). bits, p: dropout of weights, as
    `coins_for` draws it.
    """
    arrays: Any = operands
    q, k, v = (single(x) for x in arrays)
    kernels = loops(q)
    found = kernels and kernels.attention(q, k, v, added_mask(mask), causal, scale, bits, 1 / (1 - p))
    out, sums = found or attention_on_arrays(q, k, v, mask, causal, scale, bits, p)
    return rounded(out, arrays[0].dtype), sums                 # type: ignore[return-value]
