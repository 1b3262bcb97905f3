"""Comparison, logic and questions: PyTorch's values and refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import COMPLEX, GRID, SPECIAL, same, same_error

BOOLS = np.array([True, False])


@pytest.mark.parametrize("name", ["eq", "ne", "lt", "le", "gt", "ge"])
def test_comparison(name: str) -> None:
    def call(lib: Any, x: Any, y: Any) -> Any:
        return getattr(lib, name)(x, y)
    same(call, *GRID)
    for x, y in ((np.arange(3), np.array([1.0, 0.0, 2.0], "f4")), (BOOLS, np.array([1, 0])), (np.array([200, 3], "u1"), np.array([-56, 3])),
                 (np.ones((3, 1)), np.ones(2)), (np.array(1.0), np.ones(2, "f4")), (np.zeros((0, 2)), np.ones(2))):
        same(call, x, y)
    for number in (1, 0.5, True, np.float32(0.5)):
        same(lambda lib, x, n=number: getattr(lib, name)(x, n), np.array([0.5, 1.0, 2.0]))
        same(lambda lib, x, n=number: getattr(lib, name)(x, n), np.array([0, 1, 2]))
    same(lambda lib, x: getattr(x * 1, f"{name}_")(1), np.array([0, 1, 2]))
    if name in ("eq", "ne"):
        same(call, COMPLEX, COMPLEX)
    else:
        same_error(call, COMPLEX, COMPLEX, match=f"{name}: not implemented for complex128; .*; take abs\\(\\) or .real")


def test_a_number_is_compared_in_the_dtype_of_the_tensor() -> None:
    for number in (300, -1):
        same(lambda lib, x, n=number: x < n, np.array([200, 43, 255], "u1"))
        same(lambda lib, x, n=number: x == n, np.array([44, 43, 255], "u1"))


def test_comparisons_need_a_tensor_first() -> None:
    same_error(lambda lib, x: lib.eq(2, x), np.ones(2), match="eq: input must be a Tensor; got int 2")


@pytest.mark.parametrize("options", [{}, {"rtol": 0.5}, {"atol": 0.5}, {"equal_nan": True}, {"rtol": 0.0, "atol": 0.0}])
def test_isclose_and_allclose(options: dict[str, Any]) -> None:
    for x, y in (GRID, [g.astype("f4") for g in GRID], (COMPLEX, COMPLEX * (1 + 1e-7)), (np.arange(4), np.arange(4) + 1),
                 (BOOLS, ~BOOLS),
                 (np.array([3, 200], "u1"), np.array([5, 199], "u1"))):
        same(lambda lib, a, b: lib.isclose(a, b, **options), x, y)
        same(lambda lib, a, b: lib.tensor(lib.allclose(a, b, **options)), x, y)


def test_isclose_refuses() -> None:
    same_error(lambda lib, x: lib.isclose(x, x.float()), np.ones(2), match="isclose: expected all operands to have the same dtype")
    same_error(lambda lib, x: lib.isclose(x, x, rtol=-1.0), np.ones(2),
               match="isclose: rtol must be greater than or equal to zero, but got -1.0")
    same_error(lambda lib, x: lib.isclose(x, 1.0), np.ones(2), match="isclose: other must be a Tensor; got float 1.0")


def test_equal() -> None:
    a = mg.tensor([1.0, 2.0])
    assert mg.equal(a, mg.tensor([1, 2]))
    assert not mg.equal(a, mg.tensor([1.0, 3.0]))
    assert not mg.equal(a, mg.ones(1))
    assert not mg.equal(a, mg.ones(2, 2))
    assert mg.equal(mg.ones(0), mg.zeros(0))
    with pytest.raises(TypeError, match="equal: other must be a Tensor; got int 1"):
        a.equal(1)                                   # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["logical_and", "logical_or", "logical_xor"])
def test_logic(name: str) -> None:
    for x, y in (GRID, (BOOLS, np.array([3, 0])), (COMPLEX, np.array([1.0, 0, 1, 0, 1])), (np.array([2, 0], "u1"), np.array([4.0, 4.0]))):
        same(lambda lib, a, b: getattr(lib, name)(a, b), x, y)
    same(lambda lib, a, b: getattr(a.clone(), f"{name}_")(b), np.array([1, 0]), np.array([1, 1]))
    same_error(lambda lib, a: getattr(lib, name)(a, 2), np.ones(2), match=f"{name}: other must be a Tensor")


@pytest.mark.parametrize("name", ["isnan", "isinf", "isfinite", "isreal", "logical_not", "isposinf", "isneginf", "signbit"])
def test_questions(name: str) -> None:
    for values in (SPECIAL, SPECIAL.astype("f2"), np.arange(-1, 2), BOOLS, np.array(1.0), np.zeros((0, 2))):
        same(lambda lib, x: getattr(lib, name)(x), values)
    values = np.array([complex(np.nan, 1), complex(1, np.inf), 2 + 0j, 0j, -1j])
    if name in ("isposinf", "isneginf", "signbit"):
        same_error(lambda lib, x: getattr(lib, name)(x), values, match=f"{name}: (does not support complex|not implemented for complex128)")
    else:
        same(lambda lib, x: getattr(lib, name)(x), values)


def test_results_never_require_grad() -> None:
    x = mg.ones(2, requires_grad=True)
    assert not any(t.requires_grad for t in (x == 1, x > 0, mg.isnan(x), mg.logical_not(x), mg.isclose(x, x)))


def test_heaviside() -> None:
    same(lambda lib, x, v: lib.heaviside(x.detach(), v.detach()), SPECIAL, np.array(0.5))
    same(lambda lib, x, v: lib.heaviside(x, v), np.array([-1, 0, 1]), np.array([5, 6, 7]))
    same(lambda lib, x, v: lib.heaviside(x, v), BOOLS, BOOLS)
    same_error(lambda lib, x: lib.heaviside(x, x.float()), np.ones(2), match="heaviside: expected all operands to have the same dtype")
    same_error(lambda lib, x: lib.heaviside(x, x), COMPLEX, match="heaviside: not implemented for complex128")
    with pytest.raises(RuntimeError, match="heaviside: the derivative is not implemented"):
        mg.heaviside(mg.ones(2, requires_grad=True), values=mg.ones(2)).sum().backward()


def test_is_nonzero() -> None:
    assert mg.is_nonzero(mg.tensor([2.0]))
    assert not mg.is_nonzero(mg.tensor(0))
    assert mg.is_nonzero(mg.tensor([[1j]]))
    same_error(lambda lib, x: lib.tensor(lib.is_nonzero(x)), np.ones(2),
               match="Boolean value of Tensor with more than one value is ambiguous")
    same_error(lambda lib, x: lib.tensor(lib.is_nonzero(x)), np.ones(0), match="Boolean value of Tensor with no values is ambiguous")


def test_where_we_differ() -> None:
    """Stated in docs/differences.md."""
    x = mg.ones(2, requires_grad=True) * 1
    assert not x.eq_(1).requires_grad
    assert (mg.ones(2) != np.array([1.0, 2.0])).tolist() == [False, True]
    with pytest.raises(TypeError, match="add: input must be a Tensor; got int 2"):
        mg.add(2, 3)
