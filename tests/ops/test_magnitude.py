"""Norms and distances: orders, kinks at zero, empty inputs, against PyTorch."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)
INF = np.inf
X = RNG.standard_normal((3, 4))
ORDERS = [0, 0.5, 1, 1.5, 2, 3, -1, INF, -INF]


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("options", [{}, {"dim": 1}, {"dim": (0, 1), "keepdim": True}], ids=str)
def test_orders(p: float, options: dict[str, Any]) -> None:
    second = p not in (0, 1, INF, -INF)
    same(lambda lib, x: lib.linalg.vector_norm(x, p, **options).sum() + 0 * x.sum(), X, second=second)
    same(lambda lib, x: x.norm(p, **options).sum() + 0 * x.sum(), X)
    same(lambda lib, x: lib.linalg.vector_norm(x, p, **options).sum() + 0 * x.real.sum(), X + 1j * X[::-1], second=second)


@pytest.mark.parametrize("p", [0.5, 1, 1.5, 2, 3, -1, INF, -INF])
@pytest.mark.parametrize("values", [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0, -1.0], [2.0]], ids=str)
def test_gradients_at_zero_and_at_ties(p: float, values: list[float]) -> None:
    same(lambda lib, x: x.norm(p), np.array(values))


@pytest.mark.parametrize("p", [2, 1, 0])
def test_of_nothing_and_of_one_number(p: float) -> None:
    same(lambda lib, x: lib.linalg.vector_norm(x.detach(), p), np.zeros((0, 3)))
    same(lambda lib, x: lib.linalg.vector_norm(x.detach(), p, 0), np.zeros((0, 3)))
    same(lambda lib, x: lib.linalg.vector_norm(x.detach(), p, 0), np.array(-3.0))
    same(lambda lib, x: lib.linalg.vector_norm(x.detach(), INF, 1), np.zeros((0, 3)))


def test_names_of_norms() -> None:
    batch = RNG.standard_normal((2, 3, 4))
    for p in ("fro", "nuc", None):
        same(lambda lib, x, p=p: x.norm(p), X, second=True)
    same(lambda lib, x: x.norm("nuc", (1, 2), True), batch)
    same(lambda lib, x: x.norm("fro"), batch)
    same(lambda lib, x: x.norm(dim=1), X)
    same(lambda lib, x: lib.norm(x, keepdim=True), X)
    same(lambda lib, x: x.norm(dtype=lib.float64), X.astype("f4"))
    same(lambda lib, x: x.norm(), X.astype("f2"), rtol=1e-3)


@pytest.mark.parametrize("ord", ["fro", "nuc", 1, -1, 2, -2, INF, -INF])
def test_matrix_norms(ord: Any) -> None:
    batch = RNG.standard_normal((2, 3, 4))
    same(lambda lib, x: lib.linalg.matrix_norm(x, ord), batch)
    same(lambda lib, x: lib.linalg.matrix_norm(x, ord, (0, 2), True), batch)
    same(lambda lib, x: lib.linalg.matrix_norm(x, ord, (2, 0)), batch)
    same(lambda lib, x: lib.linalg.norm(x, ord), X)
    same(lambda lib, x: lib.linalg.norm(x, ord, (0, 1)), batch)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (2, 0, 3)], ids=str)
def test_matrix_norms_of_nothing_are_zero(shape: tuple[int, ...]) -> None:
    for ord in ("fro", "nuc", 1, 2, INF):
        same(lambda lib, x, o=ord: lib.linalg.matrix_norm(x.detach(), o), np.zeros(shape))


def test_linalg_norm_of_vectors() -> None:
    batch = RNG.standard_normal((2, 3, 4))
    same(lambda lib, x: lib.linalg.norm(x), batch)
    same(lambda lib, x: lib.linalg.norm(x, 3), X[0])
    same(lambda lib, x: lib.linalg.norm(x, 1, 0), X)
    same(lambda lib, x: lib.linalg.norm(x, 2, (1,)), X)
    same(lambda lib, x: lib.linalg.norm(x, dim=(0, 2), keepdim=True), batch)


@pytest.mark.parametrize("p", [0.5, 1, 2, 3, INF])
def test_distances(p: float) -> None:
    x, y = RNG.standard_normal((2, 3, 4)), RNG.standard_normal((5, 4))
    same(lambda lib, x, y: lib.cdist(x, y, p), x, y)
    same(lambda lib, x: lib.F.pdist(x, p), y)
    same(lambda lib, x, y: lib.dist(x, y, p), x, x[::-1].copy())


def test_euclidean_distances_of_many_points_and_second_gradients() -> None:
    x, y = RNG.standard_normal((30, 3)), RNG.standard_normal((4, 3))
    same(lambda lib, x, y: lib.cdist(x, y), x, y, second=False)
    for mode in ("use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist"):
        same(lambda lib, x, y, m=mode: lib.cdist(x, y, compute_mode=m), x, y)
    same(lambda lib, x: lib.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist"), y)         # zeros on the diagonal
    same(lambda lib, x, y: lib.cdist(x, y), np.zeros((2, 0)), np.zeros((3, 0)))
    same(lambda lib, x, y: lib.cdist(x, y), y, np.zeros((0, 3)))


def test_ties_of_the_largest_difference_get_the_whole_gradient_each() -> None:
    x, y = np.array([[1.0, 1.0], [3.0, -3.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [2.0, 1.0]])
    same(lambda lib, x, y: lib.cdist(x, y, INF), x, y)
    same(lambda lib, x: lib.pdist(x, INF), x)


def test_renorm() -> None:
    same(lambda lib, x: lib.renorm(x, 2, 0, 1.5), X, second=True)
    same(lambda lib, x: (x * 1).renorm_(1, 1, 1.0), X)


def test_refusals() -> None:
    empty = np.zeros((0, 3))
    same_error(lambda lib, x: x.norm(), X.astype("i8"), match="Expected a floating point or complex tensor as input")
    same_error(lambda lib, x: x.norm(INF), empty, match="cannot compute the inf norm on an empty tensor")
    same_error(lambda lib, x: lib.linalg.vector_norm(x, -1, 0), empty, match="cannot compute the -1 norm on the dimension 0")
    same_error(lambda lib, x: lib.linalg.vector_norm(x, "fro"), X, match="must be Number, not str")
    same_error(lambda lib, x: x.norm("foo"), X, match="Order foo not supported")
    same_error(lambda lib, x: lib.linalg.matrix_norm(x, 3), X, match="Order 3 not supported")
    same_error(lambda lib, x: lib.linalg.matrix_norm(x), X[0], match="must have at least 2 dimensions")
    same_error(lambda lib, x: lib.linalg.matrix_norm(x, 1, (1, 1)), X, match="dims must be different")
    same_error(lambda lib, x: lib.linalg.norm(x, 2), X[None], match="If dim is not specified but ord is, the input must be 1D or 2D")
    same_error(lambda lib, x: lib.linalg.norm(x, dim=(0, 1, 2)), X[None], match="it must be of length 1 or 2")
    same_error(lambda lib, x: lib.linalg.norm(x, 2, (0, 1, 2)), X[None], match="it must be of length 1 or 2")
    same_error(lambda lib, x, y: lib.cdist(x, y), X, X[:, :2].copy(), match="must have the same number of columns. X1: 4 X2: 2")
    same_error(lambda lib, x: lib.cdist(x, x, -1), X, match="only supports non-negative p values")
    same_error(lambda lib, x: lib.cdist(x, x), X.astype("i8"), match="only supports floating-point dtypes")
    same_error(lambda lib, x: lib.cdist(x, x[0]), X, match="at least 2D tensors, X2 got: 1D")
    same_error(lambda lib, x: lib.cdist(x, x, compute_mode="foo"), X, match="foo is not a valid value for compute_mode")
