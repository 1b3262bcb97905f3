"""Adding rows at repeated positions: every way gives the reference's sum."""
from __future__ import annotations

import numpy as np
import pytest

from minigrad.kernels import reference
from minigrad.kernels.cpu.rows import SMALL, add_rows


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
