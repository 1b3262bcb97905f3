"""flex_attention: scores and masks as functions of places, against `scaled_dot_product_attention` and PyTorch."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn.flexible_attention import AuxRequest, and_masks, create_block_mask, create_mask, flex_attention, noop_mask, or_masks


def qkv(heads: int = 2, of_keys: int = 2) -> list[Any]:
    mg.manual_seed(0)
    return [mg.randn(2, n, 5, 4, dtype=mg.float64, requires_grad=True) for n in (heads, of_keys, of_keys)]


def causal(b: Any, h: Any, q: Any, k: Any) -> Any:
    return q >= k


def window(b: Any, h: Any, q: Any, k: Any) -> Any:
    return q - k <= 2


def tilted(s: Any, b: Any, h: Any, q: Any, k: Any) -> Any:
    return s + 0.1 * (q - k) * (h + 1) - 0.2 * b


def test_a_mask_is_that_of_ordinary_attention() -> None:
    q, k, v = qkv()
    out = flex_attention(q, k, v, block_mask=create_block_mask(causal, None, None, 5, 5))
    wanted = mg.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    np.testing.assert_allclose(out.detach().numpy(), wanted.detach().numpy())
    assert mg.autograd.gradcheck(lambda *a: flex_attention(*a, block_mask=create_block_mask(causal, None, None, 5, 5)), (q, k, v))


def test_masks_are_put_together() -> None:
    places = mg.arange(5)
    apart = places[:, None] - places
    assert create_mask(and_masks(causal, window), None, None, 5, 5)[0, 0].equal((apart >= 0) & (apart <= 2))
    assert create_mask(or_masks(causal, window), 2, 3, 5, 5)[1, 2].equal((apart >= 0) | (apart <= 2))
    assert create_mask(noop_mask, None, None, 2, 3).all()


def test_a_query_that_sees_no_key_gets_zeros() -> None:
    q, k, v = qkv()
    out = flex_attention(q, k, v, block_mask=create_block_mask(lambda b, h, q, k: q > k, None, None, 5, 5))
    assert out[:, :, 0].abs().sum().item() == 0
    assert out[:, :, 1].equal(v[:, :, 0])


def test_heads_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="Hq=4 and Hkv=2; Hkv may divide Hq with enable_gqa=True"):
        flex_attention(*qkv(4, 2))


@pytest.mark.parity
@pytest.mark.parametrize("gqa", [False, True])
def test_scores_that_depend_on_places_agree_with_pytorch(gqa: bool) -> None:
    torch: Any = pytest.importorskip("torch")
    theirs = pytest.importorskip("torch.nn.attention.flex_attention")
    arrays = [t.detach().numpy() for t in qkv(4 if gqa else 2)]
    ours = flex_attention(*[mg.tensor(a) for a in arrays], score_mod=tilted,
                          enable_gqa=gqa, scale=0.3, return_aux=AuxRequest(lse=True))
    wanted = theirs.flex_attention(*[torch.tensor(a) for a in arrays], score_mod=tilted,
                                   enable_gqa=gqa, scale=0.3, return_lse=True)
    np.testing.assert_allclose(ours[0].numpy(), wanted[0].numpy(), rtol=1e-6)
    np.testing.assert_allclose(ours[1].lse.numpy(), wanted[1].numpy(), rtol=1e-6)
