"""Matrix products, plain and added to something: shapes, dtypes and refusals of PyTorch."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)


def m(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape)


A, B, V, W = m(2, 3), m(3, 4), m(3), m(4)
BATCH, OTHER = m(5, 2, 3), m(5, 3, 4)
SHAPES = [((3,), (3,)), ((3,), (3, 4)), ((2, 3), (3,)), ((3,), (5, 3, 4)), ((5, 2, 3), (3,)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)),
          ((6, 1, 2, 3), (5, 3, 4)), ((0, 3), (3, 4)), ((2, 0), (0, 4)), ((0, 2, 3), (3, 4)), ((1, 1), (1, 1))]


@pytest.mark.parametrize(("x", "y"), SHAPES, ids=str)
def test_matmul_shapes(x: tuple[int, ...], y: tuple[int, ...]) -> None:
    same(lambda lib, x, y: x @ y, m(*x), m(*y), second=True)
    same(lambda lib, x, y: lib.matmul(x, y), m(*x) + 1j * m(*x), m(*y) + 1j * m(*y))


@pytest.mark.parametrize("dtype", ["i8", "i4", "i1", "u1", "f4", "f2", "c8"])
def test_matmul_dtypes(dtype: str) -> None:
    same(lambda lib, x, y: x @ y, (A * 9).astype(dtype), (B * 9).astype(dtype), rtol=1e-2 if dtype == "f2" else 1e-5)


def test_float16_goes_through_float32() -> None:
    x = mg.ones(1, 4096, dtype=mg.float16) * 0.5
    assert (x @ x.T).item() == 1024.0                # in float16, sums of 0.25 stop at 512


def test_products_of_stated_shapes() -> None:
    same(lambda lib, x, y: lib.mm(x, y), A, B, second=True)
    same(lambda lib, x, y: lib.bmm(x, y), BATCH, OTHER, second=True)
    same(lambda lib, x, y: lib.mv(x, y), A, V, second=True)
    same(lambda lib, x, y: lib.dot(x, y), V, V[::-1].copy(), second=True)
    same(lambda lib, x, y: lib.vdot(x, y), V + 1j, V[::-1] * 1j)


@pytest.mark.parametrize("options", [{}, {"beta": 2, "alpha": 0.5}, {"beta": 0}, {"alpha": -1}], ids=str)
def test_products_added_to_something(options: dict[str, float]) -> None:
    for x in (m(2, 4), m(4), m(2, 1), np.array(2.0)):
        same(lambda lib, x, a, b: lib.addmm(x, a, b, **options), x, A, B, second=True)
        same(lambda lib, x, a, b: lib.baddbmm(x, a, b, **options), x, BATCH, OTHER)
        same(lambda lib, x, a, b: lib.addbmm(x, a, b, **options), x, BATCH, OTHER)
    for x in (m(2), np.array(2.0)):
        same(lambda lib, x, a, v: lib.addmv(x, a, v, **options), x, A, V, second=True)
    for x in (m(3, 4), m(4), np.array(2.0)):
        same(lambda lib, x, v, w: lib.addr(x, v, w, **options), x, V, W, second=True)


def test_beta_zero_ignores_even_nan() -> None:
    same(lambda lib, x, a, b: lib.addmm(x.detach(), a, b, beta=0), np.full((2, 4), np.nan), A, B)


def test_factors_of_integers_are_integers() -> None:
    x, a = np.ones((2, 2), "i8"), np.arange(4).reshape(2, 2)
    same(lambda lib, x, a: lib.addmm(x, a, a, alpha=2), x, a)
    same(lambda lib, x, a: lib.addmm(x, a, a, alpha=0.5), x, a)


def test_complex_factors() -> None:
    x, a, b = m(2, 4) + 1j, A * (1 + 2j), B * (1 - 1j)
    same(lambda lib, x, a, b: lib.addmm(x, a, b, beta=1 + 2j, alpha=2 - 3j), x, a, b, second=True)
    same(lambda lib, x, v, w: lib.addr(x, v, w, beta=1j, alpha=2 - 3j), x[0], V * 1j, W + 1j)


def test_outer_product_of_bools() -> None:
    x, v, w = np.eye(3, 4) > 0, np.array([True, False, True]), np.array([True, True, False, False])
    for options in ({}, {"beta": 3, "alpha": 2}, {"beta": 0}, {"alpha": 0}):
        same(lambda lib, x, v, w, o=options: lib.addr(x, v, w, **o), x, v, w)


def test_in_place() -> None:
    same(lambda lib, x, a, b: (x * 1).addmm_(a, b, alpha=2), m(2, 4), A, B)
    same(lambda lib, x, a, v: (x * 1).addmv_(a, v), m(2), A, V)
    same(lambda lib, x, v, w: (x * 1).addr_(v, w), m(3, 4), V, W)
    same(lambda lib, x, a, b: (x * 1).baddbmm_(a, b, beta=0.5), m(5, 2, 4), BATCH, OTHER)
    same(lambda lib, x, a, b: (x * 1).addbmm_(a, b), m(2, 4), BATCH, OTHER)


def test_refusals_say_what_came_and_what_to_do() -> None:
    same_error(lambda lib, x, y: x @ y, A, A,
               match=r"mat1 and mat2 shapes cannot be multiplied \(2x3 and 2x3\).*float64 \(2, 3\).*transpose y\?")
    same_error(lambda lib, x, y: x @ y, A, np.array(1.0), match="both arguments to matmul need to be at least 1D, but they are 2D and 0D")
    same_error(lambda lib, x, y: x @ y, m(2, 2, 3), m(4, 3, 2), match="batch dimensions do not broadcast")
    same_error(lambda lib, x, y: x @ y, A, B.astype("f4"), match="expected all operands to have the same dtype")
    same_error(lambda lib, x, y: x @ y, A > 0, B > 0, match="not implemented for bool")
    same_error(lambda lib, x, y: lib.mm(x, y), A, V, match="mat2 must be a matrix")
    same_error(lambda lib, x, y: lib.mm(x, y), A, A, match=r"cannot be multiplied \(2x3 and 2x3\)")
    same_error(lambda lib, x, y: lib.bmm(x, y), BATCH, BATCH,
               match=r"Expected size for first two dimensions of batch2 tensor to be: \[5, 3\] but got: \[5, 2\]")
    same_error(lambda lib, x, y: lib.bmm(x, y), A, B, match="batch1 must be a 3D tensor")
    same_error(lambda lib, x, y: lib.mv(x, y), A, W, match="size mismatch")
    same_error(lambda lib, x, y: lib.dot(x, y), V, W, match="same number of elements")
    same_error(lambda lib, x, y: lib.dot(x, y), A, A, match="1D tensors expected, but got 2D and 2D tensors")
    same_error(lambda lib, x, y: lib.addmm(x, y, y), m(2, 2), A, match="cannot be multiplied")
    same_error(lambda lib, x, a, b: lib.addmm(x, a, b), m(3), A, B, match="expanded size of the tensor")
    same_error(lambda lib, x, a, b: lib.addmm(x, a, b), m(2, 4), V, B, match="mat1 must be a matrix, got 1-D tensor")
    same_error(lambda lib, x, a, b: lib.addmm(x, a, b), np.ones((2, 4), "i8"), A, B, match="same dtype")
    same_error(lambda lib, x, a, b: lib.addmv(x, a, b), m(2), A, W, match="size mismatch")
