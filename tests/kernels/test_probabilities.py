"""Softmax and the loss of classification: the compiled kernels against the reference, and the reference against SciPy."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special

from minigrad.kernels import reference
from minigrad.kernels.cpu import threads

from .both import KERNELS

RNG = np.random.default_rng(0)
SHAPES = [(3, 5), (100, 10), (1, 300), (7, 1), (2, 3, 4), (4,), (0, 3), (3, 0), (2, 3, 200), (3, 2, 128)]
TOLERANCE = {"f4": 2e-6, "f8": 1e-14, "f2": 5e-3}


def near(got: Any, expected: Any, dtype: str) -> None:
    assert got.dtype == np.dtype(dtype)
    np.testing.assert_allclose(got, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("shape", SHAPES)
def test_forward(kernels: Any, dtype: str, shape: tuple[int, ...]) -> None:
    x = (RNG.normal(size=shape) * 5).astype(dtype)
    for axis in range(-1, len(shape)):
        near(kernels.softmax(x, axis), special.softmax(x, axis) if x.size else x, dtype)
        near(kernels.log_softmax(x, axis), special.log_softmax(x, axis) if x.size else x, dtype)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("shape", SHAPES)
def test_gradients(kernels: Any, dtype: str, shape: tuple[int, ...]) -> None:
    """By the Jacobian's formula, in double precision."""
    x, g = (RNG.normal(size=shape).astype(dtype) for _ in range(2))
    for axis in range(-1, len(shape)):
        y = reference.softmax(x, axis)
        near(kernels.softmax_input(g, y, axis), y * (g - (g.astype("f8") * y).sum(axis, keepdims=True)), dtype)
        near(kernels.log_softmax_input(g, reference.log_softmax(x, axis), axis), g - y * g.astype("f8").sum(axis, keepdims=True), dtype)


@pytest.mark.parametrize("kernels", KERNELS)
def test_infinities_and_nan(kernels: Any) -> None:
    x = np.array([[0, -np.inf, 0], [1, np.nan, 2], [np.inf, 1, 2], [-np.inf] * 3], "f4")
    expected = np.full((4, 3), np.nan)
    expected[0] = [0.5, 0, 0.5]
    np.testing.assert_array_equal(kernels.softmax(x, 1), expected.astype("f4"))
    np.testing.assert_allclose(kernels.log_softmax(x, 1)[0], [-np.log(2), -np.inf, -np.log(2)], rtol=1e-6)
    losses, d, _ = kernels.class_loss(x, np.array([0, 0, 1, 0]), -100, False)
    np.testing.assert_allclose(losses[0], np.log(2), rtol=1e-6)
    np.testing.assert_array_equal(d[0], [-0.5, 0, 0.5])
    assert np.isnan(losses[1:]).all()
    assert np.isnan(d[1:]).all()


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("mean", [True, False])
@pytest.mark.parametrize(("rows", "classes"), [(3, 5), (100, 10), (1, 300), (5, 1), (0, 4)])
def test_class_loss(kernels: Any, dtype: str, mean: bool, rows: int, classes: int) -> None:
    x, t = (RNG.normal(size=(rows, classes)) * 3).astype(dtype), RNG.integers(0, classes, rows)
    for ignore in (-100, 0):
        used = t != ignore
        losses, d, count = kernels.class_loss(x, t, ignore, mean)
        logp = special.log_softmax(x.astype("f8"), 1) if x.size else x
        near(losses, np.where(used, -logp[np.arange(rows), t], 0), dtype)
        expected = (np.exp(logp) - np.eye(classes)[t]) * used[:, None]
        near(d, expected / max(used.sum(), 1) if mean else expected, dtype)
        assert count == used.sum()


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("shape", [(2, 5, 300), (3, 4, 7, 20), (1, 3, 1), (2, 1, 128), (1, 2, 129)])
def test_class_loss_of_rows_side_by_side(kernels: Any, dtype: str, shape: tuple[int, ...]) -> None:
    """(N, K, ...) is what (N * ..., K) is."""
    x = (RNG.normal(size=shape) * 3).astype(dtype)
    t = RNG.integers(0, shape[1], (shape[0], *shape[2:]))
    x[0, 0, 0] = -np.inf
    x[-1, :, -1] = np.nan if shape[1] > 2 else 0
    t[0, ..., -1] = 0
    flat = np.moveaxis(x, 1, -1).reshape(-1, shape[1])
    for ignore in (-100, 0):
        losses, d, count = kernels.class_loss(x, t, ignore, True)
        expected = reference.class_loss(flat, t.reshape(-1), ignore, True)
        assert expected is not None
        near(losses.reshape(-1), expected[0], dtype)
        near(np.moveaxis(d, 1, -1).reshape(-1, shape[1]), expected[1], dtype)
        assert count == expected[2]
    t[-1, ..., 0] = shape[1]
    assert kernels.class_loss(x, t, -100, True) is None


@pytest.mark.parametrize("kernels", KERNELS)
def test_class_loss_says_none_to_what_is_no_class(kernels: Any) -> None:
    x = np.ones((3, 4), "f4")
    for t in ([0, 1, 4], [0, 1, -1], [2**40, 0, 0]):
        assert kernels.class_loss(x, np.array(t), -100, True) is None
    assert kernels.class_loss(x, np.array([0, 1, 4]), 4, True)[2] == 2


@pytest.mark.parametrize("kernels", KERNELS)
def test_other_memory(kernels: Any) -> None:
    """Transposed, strided and read-only arrays."""
    x = RNG.normal(size=(6, 8)).astype("f4")
    frozen = x.copy()
    frozen.flags.writeable = False
    for view in (np.asfortranarray(x), np.repeat(x, 2, 1)[:, ::2], frozen):
        near(kernels.softmax(view, 1), special.softmax(x, 1), "f4")
        near(kernels.softmax_input(view, view, 1), reference.softmax_input(x, x, 1), "f4")
        near(kernels.class_loss(view, np.zeros(6, int), -100, True)[1], reference.class_loss(x, np.zeros(6, int), -100, True)[1], "f4")


@pytest.mark.parametrize("kernels", KERNELS[1:])
def test_several_threads_give_the_same(kernels: Any) -> None:
    x, t = RNG.normal(size=(2000, 300)).astype("f4"), RNG.integers(0, 300, 2000)
    before = threads.get_num_threads()
    results = []
    for count in (1, 2):
        threads.set_num_threads(count)
        results.append((kernels.softmax(x, 1), kernels.log_softmax(x, 1), kernels.softmax_input(x, x, 1),
                        *kernels.class_loss(x, t, 3, True)))
    threads.set_num_threads(before)
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)
