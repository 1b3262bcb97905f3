"""Interpolation by a compiled loop against the array form."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad.backend import NUMPY
from minigrad.kernels.cpu import threads
from minigrad.nn import functional as F
from minigrad.ops import resample

from .both import compiled

pytestmark = compiled


@pytest.mark.parametrize(("shape", "size", "options"), [
    ((2, 3, 7), (12,), {"mode": "linear"}), ((2, 3, 7, 9), (12, 4), {"mode": "bilinear"}), ((2, 3, 17, 19), (5, 6), {"mode": "bilinear"}),
    ((2, 3, 7, 9), (12, 4), {"mode": "bicubic", "align_corners": True}), ((1, 2, 17, 19), (5, 6), {"mode": "bicubic", "antialias": True}),
    ((1, 2, 17, 19), (5, 26), {"mode": "bilinear", "antialias": True}), ((1, 2, 4, 5, 6), (7, 3, 9), {"mode": "trilinear"}),
    ((2, 3, 7, 9), (12, 4), {"mode": "nearest"}), ((2, 3, 7, 1), (1, 4), {"mode": "nearest-exact"})])
@pytest.mark.parametrize("dtype", [minigrad.float32, minigrad.float64])
def test_as_on_arrays(shape: tuple[int, ...], size: tuple[int, ...], options: dict[str, Any], dtype: Any,
                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NUMPY.kernels, "worthwhile", lambda: 0)
    monkeypatch.setattr(threads, "PARALLEL_WORK", 0)
    monkeypatch.setattr(threads._now, "count", 2)
    rng = np.random.default_rng(0)
    values, seed = rng.normal(size=shape), rng.normal(size=(*shape[:2], *size))
    found = []
    for least in (0, 10 ** 9):
        monkeypatch.setattr(resample, "MANY", least)
        x = minigrad.tensor(values).to(dtype).requires_grad_()
        y = F.interpolate(x, size, **options)
        y.backward(minigrad.tensor(seed).to(dtype))
        found.append((y.detach().numpy(), x.grad.numpy()))
    for a, b in zip(*found, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-5 if a.itemsize == 4 else 1e-12, atol=1e-5 if a.itemsize == 4 else 1e-12)
