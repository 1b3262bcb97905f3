"""Mantissa, exponent, neighbours, divisors and angles: PyTorch's values, gradients and refusals."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import COMPLEX, same, same_error

VALUES = np.array([1.0, 0, -3, np.inf, -np.inf, np.nan, 1e-300, 0.1])


def test_frexp() -> None:
    for values in (VALUES[[0, 1, 2, 3, 4, 5, 7]], np.array([3.0], "f2"), np.array(5.0, "f4"), np.zeros((0, 2))):
        same(lambda lib, x: lib.frexp(x).mantissa, values)
        same(lambda lib, x: lib.frexp(x.detach())[1], values)
    same(lambda lib, x: x.frexp()[0] * x, VALUES[[0, 2, 7]], second=True)
    assert repr(mg.frexp(mg.tensor([8.0]))) == ("minigrad.return_types.frexp(\nmantissa=tensor([0.5000]),\n"
                                                "exponent=tensor([4], dtype=minigrad.int32))")
    same_error(lambda lib, x: lib.frexp(x), np.arange(3), match="only supports floating-point dtypes")


def test_ldexp() -> None:
    same(lambda lib, x, n: lib.ldexp(x.detach(), n), VALUES, np.arange(-4, 4))
    same(lambda lib, x, n: lib.ldexp(x, n), VALUES[:4], np.arange(4))
    same(lambda lib, x, n: lib.ldexp(x, n), np.arange(3), np.arange(3))
    same(lambda lib, x, n: lib.ldexp(x, n), np.array([1.0, 2]), np.array([0.5, 3]), second=True)
    same(lambda lib, x, n: x.detach().clone().ldexp_(n), np.array([1.0, 2]), np.array([3, -1]))
    same_error(lambda lib, x: lib.ldexp(x, 3), VALUES, match="ldexp: other must be a Tensor; got int 3")


def test_the_gradient_of_ldexp_for_negative_exponents() -> None:
    """Stated in docs/differences.md: PyTorch's is 0."""
    x = mg.ones(2, requires_grad=True)
    mg.ldexp(x, mg.tensor([-1, -2])).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0.5, 0.25]


def test_nextafter() -> None:
    same(lambda lib, x, y: lib.nextafter(x, y), VALUES, VALUES[::-1].copy())
    same(lambda lib, x, y: lib.nextafter(x, y), np.array([1.0, 2], "f4"), np.array([2.0, 2]))
    same_error(lambda lib, x: lib.nextafter(x, x), np.arange(3), match="not implemented for int64")


@pytest.mark.parametrize("name", ["gcd", "lcm"])
def test_divisors(name: str) -> None:
    a, b = np.array([4, 6, 0, -8, 0]), np.array([6, -9, 5, 12, 0])
    same(lambda lib, a, b: getattr(lib, name)(a, b), a, b)
    same(lambda lib, a, b: getattr(lib, name)(a, b), a.astype("i2"), b[:, None])
    same(lambda lib, a, b: getattr(lib, name)(a, b), a[[0, 1]].astype("u1"), b[[0, 3]])
    same(lambda lib, a, b: getattr(a, f"{name}_")(b), a, b)
    for refused in (np.array([4.0]), np.array([True])):
        same_error(lambda lib, a: getattr(lib, name)(a, a), refused, match="not implemented for")
    same_error(lambda lib, a: getattr(lib, name)(a, 6), a, match="other must be a Tensor")


@pytest.mark.parametrize("name", ["deg2rad", "rad2deg"])
def test_angles(name: str) -> None:
    same(lambda lib, x: getattr(lib, name)(x), VALUES, second=True)
    same(lambda lib, x: getattr(lib, name)(x), np.array([180, 90]))
    same(lambda lib, x: getattr(lib, name)(x), np.array([True]))
    same_error(lambda lib, x: getattr(lib, name)(x), COMPLEX, match="is not supported for complex tensors")
