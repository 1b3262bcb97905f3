"""Arithmetic, exponentials, trigonometry: PyTorch's values, dtypes, gradients and refusals where the contract test does not look."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import COMPLEX, GRID, SPECIAL, same, same_error

UNARY = """exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh sigmoid sqrt rsqrt reciprocal
square neg abs""".split()
BINARY = ("add", "sub", "mul", "true_divide", "atan2", "hypot", "logaddexp", "logaddexp2", "copysign")
INTEGERS = np.arange(-2, 4)


@pytest.mark.parametrize("name", [*UNARY, "sign", "sgn"])
@pytest.mark.parametrize("values", [SPECIAL, SPECIAL.astype("f4"), np.array(0.7), np.zeros((0, 3))], ids=["f8", "f4", "0-d", "empty"])
def test_one_operand_at_special_values(name: str, values: np.ndarray) -> None:
    same(lambda lib, x: getattr(lib, name)(x), values)


@pytest.mark.parametrize("name", [n for n in UNARY if n != "abs"])
def test_second_derivatives_at_special_values(name: str) -> None:
    same(lambda lib, x: getattr(lib, name)(x), SPECIAL, second=True)


@pytest.mark.parametrize("name", [*UNARY, "sgn"])
@pytest.mark.parametrize("values", [COMPLEX, COMPLEX.astype("c8")], ids=["c16", "c8"])
def test_complex_operand(name: str, values: np.ndarray) -> None:
    same(lambda lib, x: getattr(lib, name)(x), values, rtol=1e-5)


@pytest.mark.parametrize("name", UNARY)
def test_integers_become_the_default_dtype_where_they_must(name: str) -> None:
    for dtype in ("i8", "u1", "i1"):
        same(lambda lib, x: getattr(lib, name)(x), INTEGERS.astype(dtype))


@pytest.mark.parametrize("name", BINARY)
def test_two_operands_at_special_values(name: str) -> None:
    same(lambda lib, x, y: getattr(lib, name)(x, y), *GRID)
    same(lambda lib, x, y: getattr(lib, name)(x, y), GRID[0].astype("f4"), GRID[1])     # promotion


@pytest.mark.parametrize("name", ["add", "sub", "mul", "true_divide"])
def test_promotion_of_two_operands(name: str) -> None:
    def call(lib: Any, x: Any, y: Any) -> Any:
        return getattr(lib, name)(x, y)
    arrays = [np.array([3, 2, 7], d) for d in ("u1", "i1", "i4", "i8", "f2", "f4", "f8", "c8", "c16")]
    arrays += [np.array(3, d) for d in ("u1", "i8", "f4", "f8", "c16")]                  # 0-d: the lower rank
    for x in arrays:
        for y in arrays:
            if {x.dtype.char, y.dtype.kind} != {"e", "c"} != {y.dtype.char, x.dtype.kind}:          # no complex numbers of 16 bits here
                same(call, x, y, rtol=1e-3)


@pytest.mark.parametrize("number", [2, 2.5, -3, 0, 300, 1 + 2j, np.float32(2.5), np.int64(3)])
@pytest.mark.parametrize("values", [np.array([1.0, 2.0]), np.array([1.0, 2.0], "f4"), np.array([3, 200], "u1"), np.array([100, -3], "i1"),
                                    np.array([1, 2]), np.array([1 + 1j], "c8"), np.array(2.0, "f4")], ids=lambda a: f"{a.dtype}{a.ndim}")
def test_numbers_do_not_widen_a_tensor(values: np.ndarray, number: Any) -> None:
    for f in (lambda lib, x: x + number, lambda lib, x: number - x, lambda lib, x: x * number, lambda lib, x: number / x):
        same(f, values)


def test_integers_wrap() -> None:
    u = mg.tensor([200, 100, 0], dtype=mg.uint8)
    assert (u + 300).tolist() == [244, 144, 44]
    assert (u - 1).tolist() == [199, 99, 255]
    assert (-u).tolist() == [56, 156, 0]


def test_alpha() -> None:
    same(lambda lib, x, y: lib.add(x, y, alpha=2.5), np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    same(lambda lib, x, y: lib.sub(x, y, alpha=3), np.array([1, 2]), np.array([3, 4]))
    same(lambda lib, x, y: lib.add(x, y, alpha=True), np.array([True, False]), np.array([True, False]))
    same(lambda lib, x, y: lib.rsub(x, y, alpha=2), np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    same_error(lambda lib, x: lib.add(x, x, alpha=2.5), np.array([1]), match="argument alpha must not be a floating point number")
    same_error(lambda lib, x: lib.sub(x, x, alpha=2j), np.array([1.0]), match="argument alpha must not be a complex number")
    same_error(lambda lib, x: lib.add(x, x, alpha=300), np.array([1], "i1"), match="cannot be converted to type int8 without overflow")


BOOLS = np.array([True, False])


@pytest.mark.parametrize("expression", [lambda lib, b: b - b, lambda lib, b: b - 1, lambda lib, b: 1 - b, lambda lib, b: b - True,
                                        lambda lib, b: lib.ones(2) - b, lambda lib, b: b - lib.ones(2), lambda lib, b: lib.rsub(b, 1)])
def test_bools_are_not_subtracted(expression: Any) -> None:
    same_error(expression, BOOLS, match="Subtraction, the `-` operator, with (two|a) bool tensor")


def test_other_arithmetic_of_bools() -> None:
    same(lambda lib, b: b + b, BOOLS)
    same(lambda lib, b: b * b, BOOLS)
    same(lambda lib, b: b / b, BOOLS)
    same(lambda lib, b: b + 1, BOOLS)
    same(lambda lib, b: lib.square(b), BOOLS)
    same(lambda lib, b: lib.exp(b), BOOLS)
    same(lambda lib, b: lib.sign(b), BOOLS)
    same_error(lambda lib, b: -b, BOOLS, match="Negation, the `-` operator, on a bool tensor is not supported")
    same_error(lambda lib, b: +b, BOOLS, match="The `\\+` operator, on a bool tensor is not supported")
    same_error(lambda lib, b: abs(b), BOOLS, match="abs: not implemented for bool; got bool \\(2,\\)")


def test_dtypes_that_an_op_has_no_meaning_for() -> None:
    for name in ("logaddexp", "hypot"):
        same_error(lambda lib, x, n=name: getattr(lib, n)(x, x), INTEGERS, match=f"{name}: not implemented for int64; got int64 \\(6,\\)")
    for name in ("atan2", "hypot", "logaddexp2", "copysign"):
        same_error(lambda lib, x, n=name: getattr(lib, n)(x, x), COMPLEX, match=f"{name}: not implemented for complex128")
    same_error(lambda lib, x: lib.sign(x), COMPLEX, match="sign: not implemented for complex128; .*; use sgn")
    same_error(lambda lib, x: lib.signbit(x), COMPLEX, match="signbit: not implemented for complex128")


def test_operands_must_fit_and_be_tensors() -> None:
    same_error(lambda lib, x: x + lib.ones(4), np.ones(3),
               match="size of tensor a \\(3\\) must match the size of tensor b \\(4\\) at non-singleton dimension 0; got x float64")
    same_error(lambda lib, x: lib.atan2(x, 2.0), np.ones(3), match="atan2: other must be a Tensor; got float 2.0")
    same_error(lambda lib, x: lib.add(x, "a"), np.ones(3), match="add: other must be a Tensor; got str 'a'")
    with pytest.raises(TypeError, match="add: missing argument 'other'"):
        mg.add(mg.ones(3))                           # type: ignore[call-arg]


def test_arguments_by_name() -> None:
    t = mg.ones(2)
    assert mg.add(input=t, other=t).tolist() == t.add(other=t).tolist() == [2.0, 2.0]
    assert mg.exp(input=t).shape == (2,)


@pytest.mark.parametrize("name", ["exp", "sqrt", "neg", "sigmoid", "square", "sign"])
def test_in_place_forms_write_and_record(name: str) -> None:
    same(lambda lib, x: getattr(x * 2, f"{name}_")(), np.array([1.0, 2.0]))
    t = mg.tensor([1.0, 4.0])
    memory = t.numpy()
    assert getattr(t, f"{name}_")() is t
    np.testing.assert_allclose(memory, getattr(mg, name)(mg.tensor([1.0, 4.0])).numpy())


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "true_divide", "atan2"])
def test_in_place_forms_of_two_operands(name: str) -> None:
    same(lambda lib, x, y: getattr(x * 2, f"{name}_")(y), np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, 6.0]))
    same_error(lambda lib, x, y: getattr(x.clone(), f"{name}_")(y), np.ones(2), np.ones((2, 2)), match="does not fit|doesn't match")


def test_a_result_that_does_not_fit_in_place() -> None:
    same_error(lambda lib, x: x.exp_(), INTEGERS, match="exp_: result type float32 can't be cast to the desired output type int64")
    same_error(lambda lib, x: x.div_(2), INTEGERS, match="result type float32 can't be cast to the desired output type int64")
    same(lambda lib, x, y: x.add_(y), np.array([1, 2], "u1"), np.array([300, 4]))       # integers of any size fit into integers


def test_out() -> None:
    out = mg.zeros(2)
    assert mg.add(mg.ones(2), 2, out=out) is out
    assert out.tolist() == [3.0, 3.0]
    assert mg.exp(mg.zeros(2), out=out) is out
    assert out.tolist() == [1.0, 1.0]


def test_no_overflow_and_no_warning_where_the_result_is_finite() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mg.sigmoid(mg.tensor([-80.0, 80.0])).tolist() == pytest.approx([np.exp(-80), 1.0])
        assert mg.logaddexp(mg.tensor([1000.0]), mg.tensor([1000.0])).item() == pytest.approx(1000 + np.log(2))
        assert mg.hypot(mg.tensor([3e38]), mg.tensor([0.0])).item() == pytest.approx(3e38)


def test_float16_is_computed_wide_enough() -> None:
    assert mg.sigmoid(mg.tensor([-12.0]).half()).item() == pytest.approx(6.1e-6, rel=0.02)


def test_poles_give_no_warning() -> None:
    zero = mg.zeros(2, requires_grad=True)
    for f in (mg.log, mg.reciprocal, mg.rsqrt, mg.sqrt, lambda x: 1 / x):
        f(zero).sum().backward()


def test_a_gradient_of_zero_times_infinity_does_not_arise_at_a_mask() -> None:
    """sqrt'(0) is inf: what a mask cuts off must be 0 all the same."""
    for f in (lambda lib, x: lib.relu(x).sqrt(), lambda lib, x: x.clamp(min=0).sqrt(), lambda lib, x: lib.where(x > 0, x, 0 * x).sqrt(),
              lambda lib, x: lib.maximum(x, lib.zeros(3, dtype=lib.float64)).sqrt()):
        same(f, np.array([-1.0, -2.0, 4.0]))
