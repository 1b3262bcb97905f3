"""Python's operators: numbers on either side, arrays, and operands of classes that tensors know nothing of."""
from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import minigrad as mg


class Foreign:
    """Knows what to do with a tensor on its left."""

    def __radd__(self, other: Any) -> str:
        return "reflected"
    __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = __rpow__ = __rmatmul__ = __radd__
    __rand__ = __ror__ = __rxor__ = __rlshift__ = __rrshift__ = __gt__ = __lt__ = __ge__ = __le__ = __radd__

    def __eq__(self, other: Any) -> Any:
        return "reflected"

    def __ne__(self, other: Any) -> Any:
        return "reflected"
    __hash__ = object.__hash__


ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")
BITS = ("and_", "or_", "xor", "lshift", "rshift")
ORDER = ("lt", "le", "gt", "ge")


@pytest.mark.parametrize("name", ARITHMETIC + BITS + ORDER + ("eq", "ne"))
def test_a_foreign_operand_gets_its_turn(name: str) -> None:
    assert getattr(operator, name)(mg.tensor([1, 2]), Foreign()) == "reflected"


@pytest.mark.parametrize("name", ARITHMETIC + BITS + ORDER)
@pytest.mark.parametrize("other", [object(), None, "a", [1, 2]])
def test_an_operand_that_nobody_knows_is_a_type_error(name: str, other: Any) -> None:
    with pytest.raises(TypeError, match=r"not supported between|unsupported operand|multiply sequence|converted to an index"):
        getattr(operator, name)(mg.tensor([1, 2]), other)


@pytest.mark.parametrize("name", "iadd isub imul itruediv ifloordiv imod ipow iand ior ixor ilshift irshift".split())
def test_augmented_assignment_gives_way_too(name: str) -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        getattr(operator, name)(mg.tensor([1, 2]), object())


def test_equality_with_anything_is_no_error() -> None:
    t = mg.tensor([1.0, 2.0])
    for other in (None, "a", [1.0, 2.0], object()):
        assert (t == other) is False
        assert (t != other) is True
    assert t.__eq__(None) is NotImplemented


def test_tensors_are_hashed_by_identity() -> None:
    a, b = mg.tensor([1.0]), mg.tensor([1.0])
    assert len({a, b, a}) == 2


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow"])
def test_numbers_on_either_side(name: str) -> None:
    f = getattr(operator, name)
    values = np.array([1.0, 2.0, 3.0], "f4")
    t = mg.tensor(values)
    for number in (2, 2.5, True) if name != "sub" else (2, 2.5):
        for n in (number, np.asarray(number)[()]):   # NumPy scalars are numbers
            np.testing.assert_allclose(f(t, n).numpy(), f(values, np.float32(number)), rtol=1e-6)
            np.testing.assert_allclose(f(n, t).numpy(), f(np.float32(number), values), rtol=1e-6)
            assert f(t, n).dtype == f(n, t).dtype == mg.float32


def test_integers_and_bools_on_either_side() -> None:
    t = mg.tensor([1, 2, 3])
    assert (2 & t).tolist() == [0, 2, 2]
    assert (2 | t).tolist() == [3, 2, 3]
    assert (2 ^ t).tolist() == [3, 0, 1]
    assert (2 << t).tolist() == [4, 8, 16]
    assert (16 >> t).tolist() == [8, 4, 2]
    assert (~mg.tensor([True, False])).tolist() == [False, True]
    assert (~t).tolist() == [-2, -3, -4]


def test_augmented_assignment_writes_in_place() -> None:
    t = mg.tensor([6.0, 9.0])
    same = t
    t += 2
    t -= 1
    t *= 3
    t /= 2
    t //= 1
    t %= 7
    t **= 2
    assert same is t
    assert t.tolist() == [9.0, 1.0]
    mask = other = mg.tensor([True, False])
    mask &= True
    mask |= mg.tensor([False, True])
    mask ^= mg.tensor([True, False])
    assert other is mask
    assert mask.tolist() == [False, True]
    shifted = mg.tensor([1, 2])
    shifted <<= 3
    shifted >>= 1
    assert shifted.tolist() == [4, 8]


def test_unary_operators() -> None:
    t = mg.tensor([-1.0, 2.0])
    assert (-t).tolist() == [1.0, -2.0]
    assert abs(t).tolist() == [1.0, 2.0]
    assert (+t) is t
    with pytest.raises(TypeError, match=r"~ \(operator.invert\) is only implemented on integer and Boolean-type tensors"):
        operator.invert(t)


def test_an_ndarray_on_the_right_is_a_constant() -> None:
    t = mg.tensor([1.0, 2.0])
    out = t + np.array([1.0, 2.0])
    assert out.tolist() == [2.0, 4.0]
    assert out.dtype == mg.float64
    assert (t == np.array([1.0, 3.0])).tolist() == [True, False]
    with pytest.raises(RuntimeError, match=r"Can't call numpy\(\) on Tensor that requires grad"):
        t.requires_grad_() * np.array([1.0, 2.0])


@pytest.mark.parametrize("name", ["add", "sub", "mul", "matmul", "pow", "mod"])
def test_an_ndarray_on_the_left_is_refused(name: str) -> None:
    with pytest.raises(TypeError):                   # NumPy's words
        getattr(operator, name)(np.ones(2), mg.ones(2))


@pytest.mark.parametrize("name", ORDER)
def test_an_ndarray_is_not_compared(name: str) -> None:
    with pytest.raises(TypeError, match="not supported between"):
        getattr(operator, name)(mg.ones(2), np.ones(2))


def test_an_ndarray_of_no_dtype_of_ours_is_refused() -> None:
    with pytest.raises(TypeError, match="can't convert an array of <U1"):
        mg.ones(2) + np.array(["a", "b"])


def test_functions_refuse_arrays_that_operators_take() -> None:
    with pytest.raises(TypeError, match=r"add: other must be a Tensor; got .*; make one with minigrad.from_numpy"):
        mg.add(mg.ones(2), np.ones(2))               # type: ignore[arg-type]


def test_operators_and_reflected_ones_pass_gradients() -> None:
    t = mg.tensor([2.0, 3.0], requires_grad=True)
    (((1 - t) * 3 + 6 / t - 2 ** t) ** 2).sum().backward()
    x = np.array([2.0, 3.0])
    inner, slope = (1 - x) * 3 + 6 / x - 2 ** x, -3 - 6 / x ** 2 - 2 ** x * np.log(2)
    np.testing.assert_allclose(t.grad.numpy(), 2 * inner * slope, rtol=1e-6)
