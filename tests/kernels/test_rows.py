"""Adding rows at repeated positions: every way gives the reference's sum."""
from __future__ import annotations

import numpy as np
import pytest

from minigrad.kernels import reference
from minigrad.kernels.cpu import threads
from minigrad.kernels.cpu.rows import SMALL, add_rows

from .both import compiled


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8", "i8"])
@pytest.mark.parametrize(("rows", "width"), [(5, 3), (SMALL // 16, 1), (SMALL // 16, 64)])
def test_sums(rows: int, width: int, dtype: str) -> None:
    rng = np.random.default_rng(0)
    at = rng.integers(0, 7, rows)
    values = rng.integers(-3, 4, (rows, width)).astype(dtype)        # whole numbers: exact in any order
    out = np.ones((9, width), dtype)
    expected = np.ones((9, width), dtype)
    for i, place in enumerate(at):
        expected[place] += values[i]
    other = out.copy()
    add_rows(out, at, values)
    reference.add_rows(other, at, values)
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(other, expected)


@compiled
def test_threads_share_the_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "PARALLEL_WORK", 0)
    monkeypatch.setattr(threads._now, "count", 2)
    rng = np.random.default_rng(0)
    at, values = rng.integers(0, 50, 1000), rng.integers(-3, 4, (1000, 257)).astype("f4")
    out, expected = np.zeros((50, 257), "f4"), np.zeros((50, 257), "f4")
    add_rows(out, at.astype("i4"), values[:, ::-1])
    reference.add_rows(expected, at, values[:, ::-1])
    np.testing.assert_array_equal(out, expected)
