"""Broadcasting, for any shapes: values against NumPy, gradients against partial derivatives that NumPy sums up."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

import minigrad as mg


class Binary(NamedTuple):
    """An op, what NumPy makes of it, and its derivatives for both operands."""

    ours: Callable[..., Any]
    value: Callable[..., Any]
    x: Callable[..., Any]
    y: Callable[..., Any]


OPS = {
    "add": Binary(lambda x, y: x + y, np.add, lambda x, y: 1 + 0 * x * y, lambda x, y: 1 + 0 * x * y),
    "add with alpha": Binary(lambda x, y: mg.add(x, y, alpha=3), lambda x, y: x + 3 * y, lambda x, y: 1 + 0 * x * y,
                             lambda x, y: 3 + 0 * x * y),
    "sub": Binary(lambda x, y: x - y, np.subtract, lambda x, y: 1 + 0 * x * y, lambda x, y: -1 + 0 * x * y),
    "mul": Binary(lambda x, y: x * y, np.multiply, lambda x, y: y + 0 * x, lambda x, y: x + 0 * y),
    "div": Binary(lambda x, y: x / y, np.divide, lambda x, y: 1 / y + 0 * x, lambda x, y: -x / y ** 2),
    "pow": Binary(lambda x, y: x ** y, np.power, lambda x, y: y * x ** (y - 1), lambda x, y: x ** y * np.log(x)),
    "maximum": Binary(mg.maximum, np.maximum, lambda x, y: 1.0 * (x > y), lambda x, y: 1.0 * (y > x)),
    "atan2": Binary(mg.atan2, np.arctan2, lambda x, y: y / (x ** 2 + y ** 2), lambda x, y: -x / (x ** 2 + y ** 2)),
    "hypot": Binary(mg.hypot, np.hypot, lambda x, y: x / np.hypot(x, y), lambda x, y: y / np.hypot(x, y)),
    "where": Binary(lambda x, y: mg.where(x.detach() > 1.5, x, y), lambda x, y: np.where(x > 1.5, x, y),
                    lambda x, y: 1.0 * (x > 1.5) + 0 * y, lambda x, y: 1.0 * (x <= 1.5) + 0 * y),
    "lerp": Binary(lambda x, y: mg.lerp(x, y, 0.25), lambda x, y: 0.75 * x + 0.25 * y, lambda x, y: 0.75 + 0 * x * y,
                   lambda x, y: 0.25 + 0 * x * y),
}
SHAPES = mutually_broadcastable_shapes(num_shapes=2, min_dims=0, max_dims=4, min_side=0, max_side=3)


def summed(full: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """What a gradient of the broadcast shape adds up to in an operand's own shape, element by element."""
    out = np.zeros(shape)
    lead = full.ndim - len(shape)
    for at in np.ndindex(*full.shape):
        out[tuple(0 if n == 1 else i for i, n in zip(at[lead:], shape, strict=True))] += full[at]
    return out


def laid_out(array: np.ndarray, how: int) -> Any:
    """A tensor of the array's values: row-major, column-major, or every second element of larger memory."""
    if how == 1:
        return mg.from_numpy(np.array(array, order="F"))
    if how == 2:
        wide = np.zeros((*array.shape, 2))
        wide[..., 0] = array
        return mg.from_numpy(wide)[..., 0]
    return mg.from_numpy(array)


def numbers(shape: tuple[int, ...], start: float) -> np.ndarray:
    """Positive, all different, and different for both operands."""
    return np.asarray((np.arange(np.prod(shape)).reshape(shape) * 0.37 + start) % 2.3 + 0.5)


@pytest.mark.parametrize("name", OPS)
@given(SHAPES, st.integers(0, 2), st.integers(0, 2))
def test_any_two_shapes(name: str, shapes: Any, x_layout: int, y_layout: int) -> None:
    op = OPS[name]
    x, y = numbers(shapes.input_shapes[0], 0.0), numbers(shapes.input_shapes[1], 0.11)
    a, b = laid_out(x, x_layout).requires_grad_(), laid_out(y, y_layout).requires_grad_()
    out = op.ours(a, b)
    assert tuple(out.shape) == shapes.result_shape
    np.testing.assert_allclose(out.detach().numpy(), op.value(x, y), rtol=1e-12)
    seed = np.cos(np.arange(out.numel())).reshape(shapes.result_shape)
    ga, gb = mg.autograd.grad(out, (a, b), mg.from_numpy(seed))
    assert (ga.shape, gb.shape) == (a.shape, b.shape)
    np.testing.assert_allclose(ga.numpy(), summed(seed * op.x(x, y), x.shape), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(gb.numpy(), summed(seed * op.y(x, y), y.shape), rtol=1e-9, atol=1e-12)


@given(SHAPES)
def test_in_place_the_first_operand_keeps_its_shape(shapes: Any) -> None:
    x, y = numbers(shapes.input_shapes[0], 0.0), numbers(shapes.input_shapes[1], 0.11)
    a, b = mg.from_numpy(x.copy()), mg.from_numpy(y)
    if shapes.result_shape == x.shape:
        assert a.mul_(b) is a
        np.testing.assert_array_equal(a.numpy(), x * y)
    else:
        with pytest.raises(RuntimeError, match="mul"):
            a.mul_(b)
        np.testing.assert_array_equal(a.numpy(), x)


@given(st.lists(st.integers(0, 3), max_size=3), st.lists(st.integers(0, 3), max_size=3))
def test_shapes_that_do_not_fit_are_refused_as_by_numpy(first: list[int], second: list[int]) -> None:
    try:
        expected = np.broadcast_shapes(tuple(first), tuple(second))
    except ValueError:
        with pytest.raises(RuntimeError, match=r"sub: the size of tensor a \(\d\) must match the size of tensor b \(\d\)"):
            mg.zeros(first) - mg.zeros(second)
        with pytest.raises(RuntimeError):
            mg.broadcast_tensors(mg.zeros(first), mg.zeros(second))
        return
    assert tuple((mg.zeros(first) - mg.zeros(second)).shape) == expected
    assert all(tuple(t.shape) == expected for t in mg.broadcast_tensors(mg.zeros(first), mg.zeros(second)))


@given(mutually_broadcastable_shapes(num_shapes=3, max_dims=3, min_side=0, max_side=3))
def test_three_operands(shapes: Any) -> None:
    arrays = [numbers(s, 0.1 * i) for i, s in enumerate(shapes.input_shapes)]
    leaves = [mg.from_numpy(a).requires_grad_() for a in arrays]
    x, y, w = arrays
    out = mg.addcmul(*leaves, value=2)
    np.testing.assert_allclose(out.detach().numpy(), x + 2 * y * w, rtol=1e-12)
    seed = np.cos(np.arange(out.numel())).reshape(shapes.result_shape)
    found = mg.autograd.grad(out, leaves, mg.from_numpy(seed))
    for g, full, a in zip(found, (seed, seed * 2 * w, seed * 2 * y), arrays, strict=True):
        np.testing.assert_allclose(g.numpy(), summed(full, a.shape), rtol=1e-9, atol=1e-12)
