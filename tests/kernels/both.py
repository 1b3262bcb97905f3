"""The two implementations side by side, and cases for them."""
from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from minigrad.kernels import cpu, reference

Array = np.ndarray[Any, Any]

compiled = pytest.mark.skipif(find_spec("numba") is None or os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"),
                              reason="no Numba: the reference kernels run")
KERNELS = [pytest.param(reference, id="reference"), pytest.param(cpu, id="cpu", marks=compiled)]


def whole(rng: np.random.Generator, shape: tuple[int, ...], dtype: Any = np.float64) -> Array:
    """Small whole numbers: their sums and products are exact, so any order of summing gives equal bits."""
    return rng.integers(-4, 5, shape).astype(dtype)


def odd_layouts(x: Array) -> list[Array]:
    """The same values in other memory: transposed, every second element, backwards, read-only."""
    spaced = np.empty((*x.shape[:-1], x.shape[-1] * 2), x.dtype)
    spaced[..., ::2] = x
    frozen = x.copy()
    frozen.flags.writeable = False
    return [np.asfortranarray(x), spaced[..., ::2], x[:, :, ::-1].copy()[:, :, ::-1], frozen]


def assert_same(got: Array, expected: Array) -> None:
    """Equal dtype, shape and every element; NaN equals NaN."""
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected, strict=True)
