"""Binary search, bincount, histograms, against PyTorch."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import same, same_error

SEQUENCE = np.array([1, 3, 3, 5])
ROWS = np.array([[1.0, 3, 5], [2, 2, 6], [0, 1, 2]])
VALUES = np.array([[0.0, 3, 6], [2, 5, 9], [1, -1, np.nan]])


@pytest.mark.parametrize("right", [False, True])
def test_searchsorted(right: bool) -> None:
    same(lambda lib, s, v: lib.searchsorted(s, v, right=right), SEQUENCE, np.array([[0, 3], [4, 9]]))
    same(lambda lib, s, v: lib.searchsorted(s, v, right=right), ROWS, VALUES)
    same(lambda lib, s, v: lib.searchsorted(s, v, right=right), ROWS[0], VALUES)
    same(lambda lib, s: lib.searchsorted(s, 3, right=right), SEQUENCE)
    same(lambda lib, s, v: lib.searchsorted(s, v, side="right" if right else "left", out_int32=True), ROWS, VALUES)
    same(lambda lib, s, v: lib.bucketize(v, s, right=right), SEQUENCE, VALUES)
    same(lambda lib, s: lib.bucketize(3, s, right=right), SEQUENCE)
    same(lambda lib, s, v: lib.searchsorted(s, v, right=right), np.zeros((2, 0)), np.zeros((2, 3)))


def test_sorter() -> None:
    same(lambda lib, s, v, order: lib.searchsorted(s, v, sorter=order), np.array([5.0, 1, 3]), np.array([2.0, 4]), np.array([1, 2, 0]))
    same(lambda lib, s, v, order: lib.searchsorted(s, v, sorter=order), ROWS[:, ::-1].copy(), VALUES, np.array([[2, 1, 0]] * 3))


def test_bincount() -> None:
    x = np.array([1, 1, 3])
    same(lambda lib, x: lib.bincount(x), x)
    same(lambda lib, x: lib.bincount(x, minlength=6), x.astype("u1"))
    same(lambda lib, x: lib.bincount(x, minlength=2), np.zeros(0, "i8"))
    for dtype in ("f4", "f8", "i8"):
        same(lambda lib, x, w: lib.bincount(x, w.detach()), x, np.array([1, 2, 4], dtype))


@pytest.mark.parametrize("options", [(3,), (3, 1, 4), (100,), (2, 0, 0), (4, -1, 9)], ids=str)
@pytest.mark.parametrize("values", [np.arange(6.0), np.array([1.0, 1.0], "f4"), np.zeros((0, 2)), np.array([[0.5, 2.0], [3.0, 8.5]])],
                         ids=str)
def test_histc(options: tuple[int, ...], values: np.ndarray) -> None:
    same(lambda lib, x: lib.histc(x.detach(), *options), values)


def test_nan_is_not_counted() -> None:
    assert mg.histc(mg.tensor([np.nan, 1.0]), 2, 0, 2).tolist() == [0.0, 1.0]


def test_refusals() -> None:
    same_error(lambda lib, s: lib.searchsorted(s, 3, side="left", right=True), SEQUENCE, match="side of left while right was True")
    same_error(lambda lib, s: lib.searchsorted(s, 3, side="up"), SEQUENCE, match="side can only be 'left' or 'right' but got up")
    same_error(lambda lib, s: lib.searchsorted(s, 3), ROWS, match="input value can be a scalar only when boundaries tensor dimension is 1")
    same_error(lambda lib, s, v: lib.searchsorted(s, v), ROWS, VALUES[:2], match="the first N-1 dimensions")
    same_error(lambda lib, s, v: lib.bucketize(v, s), ROWS, VALUES, match="boundaries tensor must be 1 dimension")
    same_error(lambda lib, x: lib.bincount(x), np.array([-1]), match="1-d non-negative integral inputs")
    same_error(lambda lib, x: lib.bincount(x), np.array([[1]]), match="1-d non-negative integral inputs")
    same_error(lambda lib, x: lib.bincount(x), np.array([1.0]), match="not implemented for float64")
    same_error(lambda lib, x, w: lib.bincount(x, w), np.array([1]), np.array([1.0, 2.0]), match="same length as input")
    same_error(lambda lib, x: lib.bincount(x, minlength=-1), np.array([1]), match="minlength should be >= 0")
    same_error(lambda lib, x: lib.histc(x, 0), np.array([1.0]), match="bins must be > 0")
    same_error(lambda lib, x: lib.histc(x, 3, 4, 1), np.array([1.0]), match="max must be larger than min")
    same_error(lambda lib, x: lib.histc(x), np.array([1.0, np.inf]), match="is not finite")
    same_error(lambda lib, x: lib.histc(x), np.array([1]), match="not implemented for int64")


@pytest.mark.parametrize("field", [0, 1])
def test_histogram(field: int) -> None:
    x = np.array([[1.0, 2, 4], [3, 5, 9]])
    edges = np.array([0.0, 2, 5, 9])
    same(lambda lib, x: lib.histogram(x.detach(), 3)[field], x)
    same(lambda lib, x: lib.histogram(x.detach(), 3, range=(0.0, 4.0), density=True)[field], x)
    same(lambda lib, x: lib.histogram(x.detach(), 4, weight=x.detach())[field], x.astype("f4"))
    same(lambda lib, x, e: x.detach().histogram(e.detach(), weight=x.detach(), density=True)[field], x, edges)
    same_error(lambda lib, x: lib.histogram(x, 3), np.array([1]), match="not implemented for int64")


def test_histograms_of_points() -> None:
    points = np.random.default_rng(1).standard_normal((3, 5, 2))

    def of(**options: Any) -> Any:
        return lambda lib, x: lib.histogramdd(x.detach(), **options).hist
    for options in ({"bins": [3, 4]}, {"bins": 3}, {"bins": [2, 3], "range": [-1.0, 1.0, -2.0, 0.5]}, {"bins": [2, 2], "density": True}):
        same(of(**options), points)
    edges = [np.array([-1.0, 0, 2]), np.array([0.0, 1])]
    same(lambda lib, x: lib.histogramdd(x.detach(), bins=[lib.tensor(e) for e in edges]).hist, points)
    same(lambda lib, x: lib.histogramdd(x.detach(), bins=[3, 4]).bin_edges[1], points)
    same_error(of(bins=[3]), points, match="expected 2 sequences of bin edges for a 2-dimensional histogram but got 1")
    same_error(of(bins=[3]), points[0, :, 0], match="input tensor should have at least 2 dimensions")


def test_edges_are_computed_in_the_dtype() -> None:
    """In float32 the middle edge around one value may lie above it, as in PyTorch."""
    for value in (-3.710007905960083, -1.8522015810012817):
        same(lambda lib, x: lib.histogram(x.detach(), 2).hist, np.array([value], "f4"))


@pytest.mark.parametrize(("bounds", "words"), [((2.0, 1.0), "min should not exceed max"), ((np.nan, 1.0), "is not finite")])
def test_ranges_that_make_no_sense(bounds: tuple[float, float], words: str) -> None:
    same_error(lambda lib, x: lib.histogram(x.detach(), 2, range=bounds), np.arange(3.0), match=words)
