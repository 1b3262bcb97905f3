"""lerp, addcmul, addcdiv: PyTorch's values, gradients and refusals."""
from __future__ import annotations

import numpy as np
import pytest

from tests.ops.oracle import COMPLEX, same, same_error

RNG = np.random.default_rng(3)
X, Y, Z = (RNG.normal(size=(4, 3)) for _ in range(3))


@pytest.mark.parametrize("weight", [0.0, 0.25, 0.5, 0.75, 1, 2.5, -1.0, True])
def test_lerp_by_a_number(weight: float) -> None:
    same(lambda lib, x, y: lib.lerp(x, y, weight), X, Y)
    same(lambda lib, x, y: lib.lerp(x, y, weight), X.astype("f4"), Y[0].astype("f4"))


def test_lerp_by_a_tensor() -> None:
    same(lambda lib, x, y, w: lib.lerp(x, y, w), X, Y, Z)
    same(lambda lib, x, y, w: x.lerp(y, w), X, Y[:1], Z[:, :1])
    same(lambda lib, x, y, w: lib.lerp(x, y, w), X, Y, Z, second=True)
    same(lambda lib, x, y: lib.lerp(x, y, 0.3), COMPLEX, COMPLEX[::-1].copy())
    same(lambda lib, x, y, w: (x * 1).lerp_(y, w), X, Y, Z)


def test_lerp_meets_its_ends() -> None:
    a, b = np.array([0.1, 1e8], "f4"), np.array([0.7, 1.0], "f4")
    same(lambda lib, x, y: lib.lerp(x, y, 1.0) - y, a, b, rtol=0)
    same(lambda lib, x, y: lib.lerp(x, y, 0.0) - x, a, b, rtol=0)


def test_lerp_refuses() -> None:
    same_error(lambda lib, x, y: lib.lerp(x, y, 0.5), X, Y.astype("f4"), match="lerp: expected all operands to have the same dtype")
    same_error(lambda lib, x, y, w: lib.lerp(x, y, w), X, Y, Z.astype("f4"), match="lerp: expected all operands to have the same dtype")
    same_error(lambda lib, x: lib.lerp(x, x, 0.5), np.arange(3), match="lerp: not implemented for int64")


@pytest.mark.parametrize("name", ["addcmul", "addcdiv"])
@pytest.mark.parametrize("value", [1, 2, -0.5])
def test_addc(name: str, value: float) -> None:
    same(lambda lib, x, y, z: getattr(lib, name)(x, y, z, value=value), X, Y, Z)
    same(lambda lib, x, y, z: getattr(lib, name)(x, y, z, value=value), X, Y[0], Z[:, :1], second=True)
    same(lambda lib, x, y, z: getattr(lib, name)(x, y, z, value=value), X.astype("f4"), Y, Z)
    same(lambda lib, x, y, z: getattr(lib, name)(x, y, z, value=value), COMPLEX, COMPLEX, COMPLEX)
    same(lambda lib, x, y, z: getattr(x * 1, f"{name}_")(y, z, value=value), X, Y, Z)


def test_addc_of_integers() -> None:
    for value in (1, 3, 2.5):                        # a factor that is not whole is cut off
        same(lambda lib, x, y, z, v=value: lib.addcmul(x, y, z, value=v), np.arange(3), np.arange(3), np.arange(1, 4))
    same(lambda lib, x, y, z: lib.addcdiv(x, y.detach(), z), np.arange(3), np.arange(3.0), np.arange(1, 4))
    for x in (np.arange(3), np.arange(3.0)):
        same_error(lambda lib, x, y, z: lib.addcdiv(x, y, z), x, np.arange(3), np.arange(1, 4),
                   match="addcdiv: Integer division with addcdiv is no longer supported")
    same_error(lambda lib, b: lib.addcmul(b, b, b), np.array([True]), match="addcmul: not implemented for bool")
