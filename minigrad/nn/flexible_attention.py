"""Attention whose scores and masks are functions of places: `torch.nn.attention.flex_attention`. All scores are computed, and then masked.

A mask is a function (batch, head, query place, key place) -> bool, a change of scores one of (score, batch, head, query, key) -> score;
both see 0-d tensors.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .._tensor import Tensor
from ..creation import arange
from ..errors import ArgumentError
from ..func import vmap
from ..ops.matmul import matmul
from ..ops.softmax import softmax

_DEFAULT_SPARSE_BLOCK_SIZE = 128
Mod = Callable[..., Any]


class AuxRequest(NamedTuple):
    """What else `flex_attention` shall return: the logarithms of the sums of exponentials, the largest scores."""
    lse: bool = False
    max_scores: bool = False


class AuxOutput(NamedTuple):
    """What `AuxRequest` asked for; None for the rest."""
    lse: Tensor | None = None
    max_scores: Tensor | None = None


def noop_mask(batch: Any, head: Any, token_q: Any, token_kv: Any) -> Any:
    """A mask that lets everything through."""
    return batch == batch


def and_masks(*mask_mods: Mod) -> Mod:
    """What all of these masks let through."""
    def both(*at: Any) -> Any:
        found = mask_mods[0](*at)
        for mask in mask_mods[1:]:
            found = found & mask(*at)
        return found
    return both


def or_masks(*mask_mods: Mod) -> Mod:
    """What any of these masks lets through."""
    def any_of(*at: Any) -> Any:
        found = mask_mods[0](*at)
        for mask in mask_mods[1:]:
            found = found | mask(*at)
        return found
    return any_of


def _at_all_places(mod: Mod, shape: tuple[int, ...], device: Any, *scores: Tensor) -> Tensor:
    """mod(score, b, h, q, k) for all places of (B, H, Q, K); without scores mod(b, h, q, k)."""
    over = (0,) * len(scores)
    for dims in ((None, None, None, 0), (None, None, 0, None), (None, 0, None, None), (0, None, None, None)):
        mod = vmap(mod, in_dims=over + dims)
    found: Tensor = mod(*scores, *[arange(n, device=device) for n in shape])
    return found


def create_mask(mod_fn: Mod, B: int | None, H: int | None, Q_LEN: int, KV_LEN: int, device: Any = "cpu") -> Tensor:
    """The mask of a function as a bool tensor (B, H, Q_LEN, KV_LEN); B and H None: 1."""
    return _at_all_places(mod_fn, (B or 1, H or 1, Q_LEN, KV_LEN), device).expand(B or 1, H or 1, Q_LEN, KV_LEN)


class BlockMask:
    """A mask together with its shape (B, H, Q_LEN, KV_LEN). Blocks, which let PyTorch leave out work, change nothing here."""

    def __init__(self, mask_mod: Mod, shape: tuple[int, int, int, int], device: Any, block_size: Any) -> None:
        self.mask_mod, self.shape, self.BLOCK_SIZE = mask_mod, shape, block_size
        self.seq_lengths = shape[2:]
        self.dense = create_mask(mask_mod, *shape, device=device)

    def to_dense(self) -> Tensor:
        """The mask as a bool tensor (B, H, Q_LEN, KV_LEN)."""
        return self.dense

    def __repr__(self) -> str:
        return f"BlockMask(shape={self.shape})"


def create_block_mask(mask_mod: Mod, B: int | None, H: int | None, Q_LEN: int, KV_LEN: int, device: Any = "cpu",
                      BLOCK_SIZE: Any = _DEFAULT_SPARSE_BLOCK_SIZE, _compile: bool = False) -> BlockMask:
    """A `BlockMask` of a function; B and H None: one mask for all of them."""
    return BlockMask(mask_mod, (B or 1, H or 1, Q_LEN, KV_LEN), device, BLOCK_SIZE)


def flex_attention(query: Tensor, key: Tensor, value: Tensor, score_mod: Mod | None = None, block_mask: BlockMask | None = None,
                   scale: float | None = None, enable_gqa: bool = False, return_lse: bool = False, kernel_options: Any = None, *,
                   return_aux: AuxRequest | None = None) -> Any:
    """softmax(mod(query key^T scale)) value; query (B, H, Q, E), key (B, Hk, K, E), value (B, Hk, K, Ev) -> (B, H, Q, Ev).

    scale: 1 / sqrt(E) by default. enable_gqa: Hk may divide H. return_lse: also the logarithms of the sums of exponentials (B, H, Q);
    return_aux: also an AuxOutput. A query that sees no key gets zeros. Raises ValueError for heads that do not fit.
    """
    heads, of_keys = query.shape[1], key.shape[1]
    if heads != of_keys:
        if not enable_gqa or heads % of_keys:
            raise ArgumentError(f"flex_attention: Expect query and key/value to have the same number of heads, but got Hq={heads} and "
                                f"Hkv={of_keys}; Hkv may divide Hq with enable_gqa=True")
        key, value = key.repeat_interleave(heads // of_keys, 1), value.repeat_interleave(heads // of_keys, 1)
    scores = matmul(query, key.transpose(-2, -1)) * (query.shape[-1] ** -0.5 if scale is None else scale)
    if score_mod is not None:
        scores = _at_all_places(score_mod, tuple(scores.shape), query.device, scores)
    if block_mask is not None:
        mask = block_mask.dense[..., :scores.shape[-2], :scores.shape[-1]]
        scores = scores.masked_fill(~mask, float("-inf"))
    seen = (scores != float("-inf")).any(-1, keepdim=True)
    out = matmul(softmax(scores, -1).masked_fill(~seen, 0), value).to(query.dtype)
    if return_aux is not None:
        return out, AuxOutput(scores.logsumexp(-1) if return_aux.lse else None, scores.amax(-1) if return_aux.max_scores else None)
    return (out, scores.logsumexp(-1)) if return_lse else out
