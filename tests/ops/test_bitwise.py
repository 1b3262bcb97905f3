"""Bits: PyTorch's values, dtypes and refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import same, same_error

INTEGERS = np.array([0, 1, 5, -3, 100])
BOOLS = np.array([True, False, True])


@pytest.mark.parametrize("name", ["bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift"])
def test_two_operands(name: str) -> None:
    def call(lib: Any, x: Any, y: Any) -> Any:
        return getattr(lib, name)(x, y)
    for x, y in ((INTEGERS, INTEGERS[::-1].copy()), (INTEGERS.astype("u1"), np.array([3, 2, 1, 0, 7], "u1")),
                 (INTEGERS.astype("i1"), np.array(2)),
                 (INTEGERS, np.array([[1], [2]], "i4")), (np.array([True, False]), np.array([1, 2]))):
        same(call, x, y)
    same(lambda lib, x: getattr(lib, name)(x, 3), INTEGERS)
    same(lambda lib, x: getattr(lib, name)(6, x), np.arange(5))
    same(lambda lib, x: getattr(x * 1, f"{name}_")(2), INTEGERS)
    same_error(call, np.ones(2), np.ones(2), match=f"{name}: not implemented for float64; got float64 \\(2,\\)")
    same_error(lambda lib, x: getattr(lib, name)(x, 2.5), INTEGERS, match=f"{name}: not implemented for float32")
    if "shift" in name:
        same_error(call, BOOLS, BOOLS, match=f"{name}: not implemented for bool")
    else:
        same(call, BOOLS, ~BOOLS)
        same(lambda lib, x: getattr(lib, name)(x, True), BOOLS)


@pytest.mark.parametrize("count", [0, 1, 7, 8, 63, 64, -1])
def test_shifts_out_of_range(count: int) -> None:
    for dtype in ("i8", "i1"):
        same(lambda lib, x: x << count, INTEGERS.astype(dtype))
        same(lambda lib, x: x >> count, INTEGERS.astype(dtype))


def test_not() -> None:
    for values in (INTEGERS, INTEGERS.astype("u1"), BOOLS):
        same(lambda lib, x: lib.bitwise_not(x), values)
        same(lambda lib, x: ~x, values)
    same_error(lambda lib, x: lib.bitwise_not(x), np.ones(2), match="bitwise_not: not implemented for float64")
    same_error(lambda lib, x: ~x, np.ones(2), match="only implemented on integer and Boolean-type tensors; got float64 \\(2,\\)")


def test_masks_combine() -> None:
    x = mg.tensor([-1.0, 0.5, 2.0])
    assert ((x > 0) & (x < 1) | (x < 0)).tolist() == [True, True, False]
