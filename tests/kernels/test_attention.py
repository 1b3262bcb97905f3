"""Attention in tiles: the compiled kernel against the matrix of scores, and how much memory it takes."""
from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad.backend import NUMPY
from minigrad.kernels import cpu
from minigrad.kernels.cpu import threads
from minigrad.nn import functional as F
from minigrad.ops import attention
from minigrad.ops.tiled_attention import noise_of, packed_bits

from .both import compiled

pytestmark = compiled


def outcome(dtype: Any, sizes: tuple[int, ...], options: dict[str, Any]) -> list[np.ndarray]:
    """Values and gradients."""
    b, h, few, n, m, e, v = sizes
    rng = np.random.default_rng(n)
    shapes = (b, n, h, e), (b, m, few, e), (b, few, m, v)
    q, k, v_ = (minigrad.tensor(rng.normal(size=s)).to(dtype).requires_grad_() for s in shapes)
    minigrad.manual_seed(3)
    given = {name: o.to(dtype) if name == "attn_mask" and o.is_floating_point() else o for name, o in options.items()}
    out = F.scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v_, enable_gqa=few != h, **given)
    out.backward(minigrad.tensor(rng.normal(size=out.shape)).to(dtype))
    return [out.detach().numpy(), *[t.grad.numpy() for t in (q, k, v_)]]


@pytest.mark.parametrize("sizes", [(2, 2, 2, 5, 7, 4, 3), (1, 3, 3, 130, 270, 24, 40), (2, 4, 2, 33, 140, 64, 64), (1, 1, 1, 257, 1, 8, 8)])
@pytest.mark.parametrize("kind", ["plain", "causal", "hidden", "added", "padding", "dropout"])
def test_tiles_as_the_whole_matrix(sizes: tuple[int, ...], kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NUMPY.kernels, "worthwhile", lambda: 0)
    monkeypatch.setattr(attention, "FEW", 0)
    monkeypatch.setattr(threads, "PARALLEL_WORK", 0)
    monkeypatch.setattr(threads._now, "count", 2)
    calls = set()
    for name in ("attention", "attention_input"):
        kernel = getattr(cpu, name)
        monkeypatch.setattr(NUMPY.kernels, name, lambda *args, name=name, kernel=kernel: calls.add(name) or kernel(*args))
    b, h, _, n, m = sizes[:5]
    rng = np.random.default_rng(0)
    visible = rng.random((n, m)) < 0.5
    visible[0] = False                               # a query that sees no key
    options: dict[str, Any] = {
        "plain": {"scale": 0.3}, "causal": {"is_causal": True}, "hidden": {"attn_mask": minigrad.tensor(visible)},
        "added": {"attn_mask": minigrad.tensor(rng.normal(size=(1, h, n, m)))},
        "padding": {"attn_mask": minigrad.tensor(rng.random((b, 1, 1, m)) < 0.7)}, "dropout": {"dropout_p": 0.3}}[kind]
    got = outcome(minigrad.float32, sizes, options)
    assert calls == {"attention", "attention_input"}
    for x, y in zip(got, outcome(minigrad.float64, sizes, options), strict=True):
        assert x.dtype == np.float32
        np.testing.assert_allclose(x, y, rtol=1e-4, atol=3e-5)


def test_large_and_missing_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NUMPY.kernels, "worthwhile", lambda: 0)
    q, k, v = (minigrad.randn(1, 1, 200, 16) for _ in range(3))
    k[0, 0, 150] *= 1e4                              # a score far above those of the tile before
    found = F.scaled_dot_product_attention(q, k, v)
    whole = F.scaled_dot_product_attention(q.double(), k.double(), v.double())
    np.testing.assert_allclose(found.numpy(), whole.numpy(), rtol=1e-3, atol=1e-4)
    q[0, 0, 3] = float("nan")
    rows = F.scaled_dot_product_attention(q, k, v).isnan().all(-1)[0, 0]
    assert rows.nonzero().flatten().tolist() == [3]


def test_no_matrix_of_all_pairs_is_made() -> None:
    n, d = 4096, 16
    q, k, v = (minigrad.randn(1, 1, n, d).requires_grad_() for _ in range(3))
    F.scaled_dot_product_attention(q[:, :, :64], k, v, dropout_p=0.1).sum().backward()       # compiled before memory is measured
    for p in (0.0, 0.1):
        tracemalloc.start()
        F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=p).sum().backward()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < n * n * 4 / 4, f"{peak} bytes, {n * n * 4} for all pairs, dropout {p}"


@pytest.mark.parametrize("dtype", [minigrad.float64, minigrad.float16])
def test_other_dtypes_take_little_memory_too(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = (1, 2, 2, 300, 400, 8, 8)
    found = []
    for least in (0, 10 ** 9):                       # some queries at a time, or a tile; all at once
        monkeypatch.setattr(attention, "MANY", least)
        monkeypatch.setattr(attention, "FEW", least)
        found.append(outcome(dtype, sizes, {"is_causal": True, "dropout_p": 0.2}))
    for x, y in zip(*found, strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_allclose(x, y, rtol=1e-9 if x.itemsize == 8 else 2e-2, atol=1e-9 if x.itemsize == 8 else 5e-3)


def test_bits_of_dropout() -> None:
    coins = np.random.default_rng(0).random((3, 13, 9)) < 0.5
    bits = packed_bits(coins)
    np.testing.assert_array_equal(cpu.pack_coins(coins.astype(np.float32)), bits)
    np.testing.assert_array_equal(noise_of(bits, (1, 3, 13, 9), 0.5, np.dtype("f4")), 2 * coins[None])
