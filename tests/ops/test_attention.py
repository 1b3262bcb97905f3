"""Scaled dot-product attention against PyTorch: masks, queries that see nothing, shared heads, refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)
Q, K, V = (RNG.normal(size=s) for s in ((2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 7)))
VISIBLE = RNG.random((4, 6)) < 0.5
VISIBLE[1] = False                                   # query 1 sees no key


def call(mask: np.ndarray | None = None, **options: Any) -> Any:
    """PyTorch's plain implementation: its fused ones have no second gradient and other error texts."""
    def run(lib: Any, *operands: Any) -> Any:
        given = {} if mask is None else {"attn_mask": lib.tensor(mask)}
        if hasattr(lib, "_C"):
            attention = pytest.importorskip("torch.nn.attention")
            with attention.sdpa_kernel(attention.SDPBackend.MATH):
                return lib.F.scaled_dot_product_attention(*operands, **given, **options)
        return lib.F.scaled_dot_product_attention(*operands, **given, **options)
    return run


@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"scale": 0.3}, {"mask": VISIBLE}, {"mask": VISIBLE[None, None]},
                                     {"mask": np.where(VISIBLE, 0, -np.inf)}, {"mask": RNG.random((2, 1, 4, 6)) < 0.5}], ids=range(7))
def test_values_and_gradients(options: dict[str, Any]) -> None:
    same(call(**options), Q, K, V, second=True)
    if "mask" in options and options["mask"].dtype == "f8":
        options = {"mask": options["mask"].astype("f4")}
    same(call(**options), *[a.astype("f4") for a in (Q, K, V)], rtol=1e-5)


def test_a_mask_of_floats_gets_a_gradient() -> None:
    same(lambda lib, q, k, v, m: call()(lib, q, k, v, m), Q, K, V, RNG.normal(size=(2, 1, 1, 6)), second=True)


def test_shapes() -> None:
    same(call(), Q[0, 0], K[0, 0], V[0, 0])
    same(call(), Q, K[:, :1], V[:, :1])              # heads broadcast
    same(call(enable_gqa=True), RNG.normal(size=(2, 6, 4, 5)), K, V, second=True)
    same(call(), Q[:, :, :0], K, V)                  # no query
    same(call(), Q, K[:, :, :0], V[:, :, :0])        # no key


def test_dropout_draws_what_pytorch_draws() -> None:
    def run(lib: Any, *operands: Any) -> Any:
        lib.manual_seed(4)
        return call(dropout_p=0.4)(lib, *operands)
    same(run, Q, K, V)


def test_refusals() -> None:
    same_error(call(), *[np.ones(5)] * 3, match="to all be at least 2 dimensional; got query float64 \\(5,\\)")
    same_error(call(), Q, K[..., :4], V, match="query and key must agree in the last size")
    same_error(call(), Q.astype("f4"), K, V, match="to have the same floating-point dtype; got query float32")
    same_error(call(), *[a.astype(int) for a in (Q, K, V)], match="to have the same floating-point dtype")
    same_error(call(np.ones((4, 6), int)), Q, K, V, match="to be bool or float or to match query dtype; got attn_mask int64")
    same_error(call(np.ones((5, 6), bool)), Q, K, V, match=r"attn_mask must broadcast to the scores \[2, 3, 4, 6\]")
    same_error(call(np.ones((5, 6))), Q, K, V, match="the size of tensor a \\(4\\) must match the size of tensor b \\(5\\)")
    same_error(call(np.ones((4, 6)), is_causal=True), Q, K, V, match="Explicit attn_mask should not be set when is_causal=True")
    same_error(call(dropout_p=1.5), Q, K, V, match="dropout probability has to be between 0 and 1, but got 1.5")
    same_error(call(enable_gqa=True), RNG.normal(size=(2, 4, 4, 5)), K, V, match="Number of heads in key and value must divide")
