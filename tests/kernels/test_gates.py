"""gelu kernels: compiled against reference, reference against finite differences, and everything that a float can be."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minigrad.kernels import reference

from .both import KERNELS

EVERYTHING = np.concatenate([np.linspace(-15, 15, 3001), [0.0, -0.0, 1e-30, -1e-30, 100, -100, 1e30, -1e30, np.inf, -np.inf, np.nan]])
GRADIENTS = np.cos(np.arange(EVERYTHING.size))


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("tanh", [False, True])
def test_gelu(kernels: Any, tanh: bool) -> None:
    for dtype, tolerance in ((np.float32, 4e-7), (np.float64, 1e-15)):
        x = EVERYTHING.astype(dtype)
        got, expected = kernels.gelu(x, tanh), reference.gelu(x.astype(np.float64), tanh)
        assert got.dtype == dtype
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("tanh", [False, True])
def test_gelu_input(kernels: Any, tanh: bool) -> None:
    for dtype, tolerance in ((np.float32, 3e-6 if tanh else 6e-7), (np.float64, 1e-15)):
        x, g = EVERYTHING[:-3].astype(dtype), GRADIENTS[:-3].astype(dtype)
        got, expected = kernels.gelu_input(g, x, tanh), reference.gelu_input(g.astype(np.float64), x.astype(np.float64), tanh)
        assert got.dtype == dtype
        finite = np.isfinite(expected)               # the cube of 1e30 overflows in float32
        np.testing.assert_allclose(got[finite & (abs(x) < 1e9)], expected[finite & (abs(x) < 1e9)], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("tanh", [False, True])
def test_the_reference_gradient_is_the_slope(tanh: bool) -> None:
    x, eps = np.linspace(-6, 6, 101), 1e-5
    slope = (reference.gelu(x + eps, tanh) - reference.gelu(x - eps, tanh)) / (2 * eps)
    np.testing.assert_allclose(reference.gelu_input(np.ones_like(x), x, tanh), slope, atol=1e-9)


@pytest.mark.parametrize("kernels", KERNELS)
def test_shapes_and_layouts(kernels: Any) -> None:
    x = np.linspace(-3, 3, 24, dtype=np.float32).reshape(2, 3, 4)
    frozen = x.copy()
    frozen.flags.writeable = False
    for view in (x, x.transpose(2, 0, 1), x[:, ::2], x[..., ::-1], frozen, x[:0], x[0, 0, 0].reshape(())):
        np.testing.assert_allclose(kernels.gelu(view, False), reference.gelu(view, False), atol=4e-7)
        np.testing.assert_allclose(kernels.gelu_input(view, view, False), reference.gelu_input(view, view, False), atol=4e-7)


@pytest.mark.parametrize("kernels", KERNELS)
def test_several_threads_share_the_work(kernels: Any) -> None:
    x = np.linspace(-5, 5, 100_003, dtype=np.float32)
    np.testing.assert_allclose(kernels.gelu(x, False), reference.gelu(x, False), atol=6e-7)
