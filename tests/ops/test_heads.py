"""Attention with several heads: against PyTorch, by options."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F

from .oracle import same, same_error

rng = np.random.default_rng(0)
Q, K, V = rng.standard_normal((3, 2, 4)), rng.standard_normal((5, 2, 4)), rng.standard_normal((5, 2, 4))
W, B, O, C = (rng.standard_normal(s) / 2 for s in ((12, 4), (12,), (4, 4), (4,)))
PADDING = np.array([[False, False, True, False, False], [False, True, False, False, True]])
CAUSAL = np.triu(np.ones((3, 5), bool), 1)


def attention(which: int = 0, heads: int = 2, zero: bool = False, **options: Any) -> Any:
    """Attention as an expression of (q, k, v, w, b, o, c, *masks); its output (0) or its weights (1)."""
    def expression(lib: Any, q: Any, k: Any, v: Any, w: Any, b: Any, o: Any, c: Any, *rest: Any) -> Any:
        given = {n: r for n, r in zip(("key_padding_mask", "attn_mask", "bias_k", "bias_v"), rest, strict=False) if r.ndim}
        bias_k, bias_v = given.pop("bias_k", None), given.pop("bias_v", None)
        return lib.F.multi_head_attention_forward(q, k, v, 4, heads, w, b, bias_k, bias_v, zero, 0.0, o, c, **given, **options)[which]
    return expression


NONE = np.array(True)                                # stands for no mask


@pytest.mark.parametrize("options", [
    {}, {"which": 1}, {"which": 1, "average_attn_weights": False}, {"need_weights": False}, {"zero": True}, {"zero": True, "which": 1},
    {"heads": 1}, {"heads": 4, "training": False}])
@pytest.mark.parametrize("masks", [(), (PADDING,), (NONE, CAUSAL), (PADDING, CAUSAL), (NONE, rng.standard_normal((3, 5)))])
def test_options_and_masks(options: dict[str, Any], masks: Any) -> None:
    same(attention(**options), Q, K, V, W, B, O, C, *masks)


def test_without_a_batch_and_with_a_learned_key() -> None:
    same(attention(), Q[:, 0], K[:, 0], V[:, 0], W, B, O, C, PADDING[0])
    same(attention(1), Q[:, 0], K[:, 0], V[:, 0], W, B, O, C)
    same(attention(), Q, K, V, W, B, O, C, PADDING, CAUSAL, rng.standard_normal((1, 1, 4)), rng.standard_normal((1, 1, 4)))
    same(attention(need_weights=False, is_causal=True), Q, K[:3], V[:3], W, B, O, C, NONE, CAUSAL[:, :3])


def test_three_weights_and_static_keys() -> None:
    def separate(lib: Any, q: Any, k: Any, v: Any, wq: Any, wk: Any, wv: Any, o: Any) -> Any:
        return lib.F.multi_head_attention_forward(q, k, v, 4, 2, None, None, None, None, False, 0.0, o, None, use_separate_proj_weight=True,
                                                  q_proj_weight=wq, k_proj_weight=wk, v_proj_weight=wv)[0]
    same(separate, Q, rng.standard_normal((5, 2, 3)), rng.standard_normal((5, 2, 6)), W[:4], rng.standard_normal((4, 3)),
         rng.standard_normal((4, 6)), O)

    def static(lib: Any, q: Any, k: Any, v: Any, w: Any, b: Any, o: Any, c: Any, sk: Any, sv: Any) -> Any:
        return lib.F.multi_head_attention_forward(q, k, v, 4, 2, w, b, None, None, False, 0.0, o, c, static_k=sk, static_v=sv)[0]
    same(static, Q, K, V, W, B, O, C, rng.standard_normal((4, 5, 2)), rng.standard_normal((4, 5, 2)))


def test_refusals() -> None:
    same_error(attention(), Q[:, :, :2], K, V, W, B, O, C, match="was expecting embedding dimension of 4, but got 2")
    same_error(attention(heads=3), Q, K, V, W, B, O, C, match="embed_dim 4 not divisible by num_heads 3")
    same_error(attention(is_causal=True), Q, K, V, W, B, O, C, match="Need attn_mask if specifying the is_causal hint")
    same_error(attention(), Q, K, V, W, B, O, C, NONE, CAUSAL[:2], match=r"the 2D attn_mask is \(2, 5\), but should be \(3, 5\)")
    same_error(attention(), Q, K[:, 0], V, W, B, O, C, match="For batched .* `query`, expected `key` to be 3-D")
    same_error(attention(), Q, K, V[:2], W, B, O, C, match="do not match value's")


def test_dropout_of_weights() -> None:
    ones = [mg.tensor(a) for a in (Q, K, V, W, B)]
    out = [F.multi_head_attention_forward(*ones[:3], 4, 2, *ones[3:], None, None, False, 0.5, mg.tensor(O), mg.tensor(C), training=t)
           for t in (True, False, False)]
    assert not np.allclose(out[0][0].numpy(), out[1][0].numpy())
    np.testing.assert_array_equal(out[1][0].numpy(), out[2][0].numpy())
