"""Outer, inner, Kronecker, tensordot, cross, chains, bilinear, against PyTorch."""
from __future__ import annotations

import numpy as np
import pytest

from tests.ops.oracle import libraries, same, same_error

RNG = np.random.default_rng(0)


def m(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape)


def test_outer_and_inner() -> None:
    same(lambda lib, x, y: lib.outer(x, y), m(3), m(4), second=True)
    same(lambda lib, x, y: lib.ger(x, y), m(3), m(0))
    same(lambda lib, x, y: lib.outer(x, y), m(3), np.arange(4))      # promotes
    same(lambda lib, x, y: lib.inner(x, y), m(2, 3), m(4, 5, 3), second=True)
    same(lambda lib, x, y: lib.inner(x, y), m(3), m(3))
    same(lambda lib, x, y: lib.inner(x, y), m(2, 3), np.array(2.0))


@pytest.mark.parametrize(("x", "y"), [((2, 3), (4, 5)), ((2, 3), (4,)), ((3,), (2, 2, 2)), ((), (2, 3)), ((0, 2), (3, 1))], ids=str)
def test_kron(x: tuple[int, ...], y: tuple[int, ...]) -> None:
    same(lambda lib, x, y: lib.kron(x, y), m(*x), m(*y), second=True)


@pytest.mark.parametrize("dims", [2, 1, 0, ([0, 1], [0, 1]), ([1], [1]), ([-1, 0], [-1, 0])], ids=str)
def test_tensordot(dims: object) -> None:
    same(lambda lib, x, y: lib.tensordot(x, y, dims), m(3, 3), m(3, 3), second=True)


def test_tensordot_of_more_dims() -> None:
    same(lambda lib, x, y: lib.tensordot(x, y, ([0, 2], [1, 0])), m(2, 3, 4), m(4, 2, 5))
    same(lambda lib, x, y: lib.tensordot(x, y, ([0, 1], [0, 1])), m(2, 3), m(1, 3))      # a size of 1 broadcasts
    same(lambda lib, x, y: lib.tensordot(x, y, dims=lib.tensor([[1], [0]])), m(2, 3), m(3, 4))
    same(lambda lib, x, y: lib.tensordot(x, y), np.arange(6).reshape(2, 3), np.arange(6).reshape(2, 3))


def test_cross() -> None:
    same(lambda lib, x, y: lib.cross(x, y), m(3, 4), m(3, 4), second=True)
    same(lambda lib, x, y: lib.cross(x, y, dim=1), m(3, 3), m(3, 3))
    same(lambda lib, x, y: lib.linalg.cross(x, y), m(4, 3), m(1, 3), second=True)
    same(lambda lib, x, y: lib.linalg.cross(x, y, dim=0), m(3, 2) + 1j, m(3, 2) * 1j)
    same(lambda lib, x, y: lib.cross(x, y), np.arange(3), np.arange(3)[::-1].copy())


def test_trace_and_vecdot() -> None:
    same(lambda lib, x: lib.trace(x), m(2, 4))
    same(lambda lib, x: lib.trace(x), np.arange(9, dtype="i4").reshape(3, 3))
    same(lambda lib, x, y: lib.linalg.vecdot(x, y), m(2, 3) + 1j * m(2, 3), m(2, 3) * 1j)
    same(lambda lib, x, y: lib.linalg.vecdot(x, y, dim=0), m(2, 3), m(2, 1))


def test_chains() -> None:
    same(lambda lib, x, y, z: lib.chain_matmul(x, y, z), m(2, 9), m(9, 3), m(3, 8), second=True)
    same(lambda lib, x: lib.chain_matmul(x), m(2, 3))
    same(lambda lib, *xs: lib.linalg.multi_dot(xs), m(9), m(9, 3), m(3, 8), m(8), second=True)
    same(lambda lib, *xs: lib.linalg.multi_dot(xs), m(4, 9), m(9))


def test_chains_multiply_in_the_cheapest_order() -> None:
    _, mg = libraries()
    x = mg.module.linalg.multi_dot([mg.tensor(m(*s)).requires_grad_() for s in ((100, 2), (2, 100), (100, 3))])
    left, right = x.grad_fn.next_functions
    assert [left[0].name(), right[0].name()] == ["AccumulateGrad", "MatmulBackward0"]      # x (y z), not (x y) z


def test_bilinear() -> None:
    same(lambda lib, x, y, w, b: lib.F.bilinear(x, y, w, b), m(5, 2, 3), m(5, 2, 4), m(6, 3, 4), m(6), second=True)
    same(lambda lib, x, y, w: lib.bilinear(x, y, w, None), m(3), m(4), m(6, 3, 4))


def test_refusals() -> None:
    x = m(2, 3)
    same_error(lambda lib, x: lib.outer(x, x), x, match="Expected 1-D argument self, but got 2-D")
    same_error(lambda lib, x, y: lib.inner(x, y), x, m(2),
               match=r"the last dimension must match on both input tensors but got shapes \[2, 3\] and \[2\]")
    same_error(lambda lib, x: lib.tensordot(x, x, 3), x, match="tensordot: expects dims < ndim_a or ndim_b, but got dims=3")
    same_error(lambda lib, x: lib.tensordot(x, x, ([0], [1])), x, match="first has size 2 in dim 0 and second has size 3 in dim 1")
    same_error(lambda lib, x: lib.tensordot(x, x, ([0, 1], [1])), x, match="both dimension lists should have same length")
    same_error(lambda lib, x, y: lib.tensordot(x, y), x, np.ones((2, 3), "i8"), match="both inputs should have same dtype")
    same_error(lambda lib, x: lib.cross(x, x), m(2, 2), match="no dimension of size 3 in input")
    same_error(lambda lib, x, y: lib.linalg.cross(x, y), x, m(3), match="must have the same number of dimensions")
    same_error(lambda lib, x: lib.linalg.cross(x, x, dim=0), x, match="inputs dimension 0 must have length 3")
    same_error(lambda lib, x: lib.trace(x), m(2, 2, 2), match="expected a matrix, but got tensor with dim 3")
    same_error(lambda lib, x: lib.linalg.multi_dot([x]), x, match="expected at least 2 tensors but got 1")
    same_error(lambda lib, x: lib.linalg.multi_dot([x, x]), x,
               match=r"tensors 0 and 1 with shapes \[2, 3\] and \[2, 3\] cannot be multiplied")
    same_error(lambda lib: lib.chain_matmul(), match="Expected one or more matrices")
    same_error(lambda lib, x, w: lib.F.bilinear(x, x, w), x, m(4, 3, 2),
               match="input2 size does not match weight size: got 3 but expected 2")
