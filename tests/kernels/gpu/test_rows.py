"""GPU kernels that work row by row, run on the CPU, against the reference kernels."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.kernels import gpu, reference
from minigrad.kernels.gpu import norm
from tests.kernels.both import Array
from tests.strict_arrays import StrictArray, host, to_device

pytestmark = pytest.mark.usefixtures("on_host")
FLOATS = [np.float32, np.float64, np.float16]


def normal(seed: int, *shape: int, dtype: Any = np.float64) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def near(found: Any, expected: Array, tolerance: float) -> None:
    """Equal but for rounding, in shape and dtype too."""
    found = host(found)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found.astype("d"), expected.astype("d"), rtol=tolerance, atol=tolerance, strict=True)


def check(kernel: str, dtype: Any, *arguments: Any, tolerance: float | None = None) -> None:
    """GPU's result in a dtype against the reference in float64."""
    tolerance = tolerance or 200 * float(np.finfo(dtype).eps)
    small = [a.astype(dtype) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in arguments]
    wide = [a.astype("d") if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in small]
    expected = getattr(reference, kernel)(*wide)
    found = getattr(gpu, kernel)(*[to_device(a) if isinstance(a, np.ndarray) else a for a in small])
    for f, e in zip(found, expected, strict=True) if isinstance(expected, tuple) else [(found, expected)]:
        near(f, e.astype(dtype) if isinstance(e, np.ndarray) else np.array(e, dtype), tolerance)


# ---------------------------------------------------------------- normalization
@given(st.integers(1, 40), st.sampled_from([1, 5, 32, 100, 5000]), st.sampled_from(FLOATS), st.booleans())
def test_layer_norm(rows: int, width: int, dtype: Any, affine: bool) -> None:
    x, g, w, b = normal(0, rows, width) + 3, normal(1, rows, width), normal(2, width), normal(3, width)
    check("layer_norm", dtype, x, w if affine else None, b if affine else None, 1e-3)
    _, mean, var = reference.layer_norm(x.astype(dtype).astype("d"), None, None, 1e-3)
    check("layer_norm_input", dtype, g, x, w if affine else None, mean, var, 1e-3, tolerance=4000 * float(np.finfo(dtype).eps))
    check("layer_norm_weight", dtype, g, x, mean, var, 1e-3, tolerance=4000 * float(np.finfo(dtype).eps))


@given(st.integers(1, 5), st.integers(1, 7), st.sampled_from([1, 6, 49, 3000]), st.sampled_from(FLOATS), st.booleans())
def test_batch_norm(n: int, channels: int, places: int, dtype: Any, affine: bool) -> None:
    x, g = normal(0, n, channels, places) + 3, normal(1, n, channels, places)
    w, b = (normal(2, channels), normal(3, channels)) if affine else (None, None)
    check("batch_norm", dtype, x, w, b, 1e-3)
    _, mean, var = reference.batch_norm(x.astype(dtype).astype("d"), None, None, 1e-3)
    check("batch_norm_input", dtype, g, x, w, mean, var, 1e-3, tolerance=4000 * float(np.finfo(dtype).eps))
    check("batch_norm_weight", dtype, g, x, mean, var, 1e-3, tolerance=40000 * float(np.finfo(dtype).eps))


def test_few_long_rows_are_shared_among_blocks() -> None:
    assert norm.side_by_side(normal(0, 2, 50_000))["parts"][0] == 12
    assert norm.side_by_side(normal(0, 2000, 64))["parts"][0] == 1
    check("layer_norm", np.float32, normal(0, 2, 50_000) + 1000, None, None, 1e-5, tolerance=2e-3)


def test_sums_are_the_same_in_every_run() -> None:
    x = normal(0, 3, 20_000, dtype=np.float32)
    first, second = (host(gpu.layer_norm(StrictArray(x), None, None, 1e-5)[1]) for _ in range(2))
    np.testing.assert_array_equal(first, second)


# ---------------------------------------------------------------- softmax and losses
SHAPES = [((5, 7), 1), ((5, 700), 1), ((5, 700), 0), ((3, 4, 5), 1), ((2, 40, 3), 1), ((1, 1), 0), ((4,), 0), ((3, 4, 40), -1)]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
@pytest.mark.parametrize("kernel", ["softmax", "log_softmax"])
def test_softmax(kernel: str, shape: tuple[int, ...], axis: int, dtype: Any) -> None:
    x, g = 5 * normal(0, *shape), normal(1, *shape)
    check(kernel, dtype, x, axis)
    check(f"{kernel}_input", dtype, g, getattr(reference, kernel)(x, axis), axis, tolerance=2000 * float(np.finfo(dtype).eps))


def test_softmax_of_infinities_and_nan() -> None:
    for x in ([[0.0, -np.inf, -np.inf] * 20], [[np.nan, 0, 1] * 20], [[1e30, 0, -1e30] * 20]):
        check("softmax", np.float32, np.array(x), 1)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("mean", [True, False])
@pytest.mark.parametrize(("shape", "labels"), [((6, 10), (6,)), ((6, 100), (6,)), ((3, 4, 5), (3, 5)), ((2, 40, 2, 3), (2, 2, 3))])
def test_class_loss(shape: tuple[int, ...], labels: tuple[int, ...], mean: bool, dtype: Any) -> None:
    t = np.random.default_rng(1).integers(0, shape[1], labels)
    t.reshape(-1)[0] = -100
    check("class_loss", dtype, 3 * normal(0, *shape), t, -100, mean)


def test_a_label_that_is_no_class_has_the_loss_nan() -> None:
    losses, d, count = gpu.class_loss(StrictArray(normal(0, 3, 4, dtype="f")), StrictArray(np.array([1, 4, -1])), -100, True)
    assert np.isnan(host(losses)).tolist() == [False, True, True]
    assert np.isnan(host(d)).any(1).tolist() == [False, True, True]
    assert host(count) == 3


# ---------------------------------------------------------------- rows, gates
@given(st.integers(1, 8), st.integers(0, 30), st.integers(1, 5), st.sampled_from(FLOATS))
def test_add_rows(rows: int, count: int, width: int, dtype: Any) -> None:
    rng = np.random.default_rng(0)
    at, values = rng.integers(-rows, rows, count), rng.integers(-4, 5, (count, width)).astype(dtype)
    for make in (np.ascontiguousarray, np.asfortranarray):
        found, expected = make(np.ones((rows, width), dtype)), np.ones((rows, width), dtype)
        gpu.add_rows(StrictArray(found), StrictArray(at), StrictArray(values))
        reference.add_rows(expected, at % rows, values)
        np.testing.assert_array_equal(found, expected)
        few = min(count, 5)                          # products grow out of what float16 holds
        gpu.multiply_rows(StrictArray(found), StrictArray(at[:few]), StrictArray(values[:few]))
        reference.multiply_rows(expected, at[:few], values[:few])
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("tanh", [True, False])
@pytest.mark.parametrize("dtype", FLOATS)
def test_gelu(tanh: bool, dtype: Any) -> None:
    x = np.linspace(-9, 9, 301)
    check("gelu", dtype, x, tanh)
    check("gelu_input", dtype, normal(0, 301), x, tanh)


@pytest.mark.parametrize("dtype", FLOATS)
def test_linear(dtype: Any) -> None:
    check("linear", dtype, normal(0, 4, 6), normal(1, 3, 6), normal(2, 3))
    check("linear", dtype, normal(0, 4, 6), normal(1, 3, 6), None)


# ---------------------------------------------------------------- recurrent cells
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("bias", [True, False])
def test_cells_equal_the_array_form(bias: bool, dtype: Any) -> None:
    """The array form: the same step of the same layer with the reference kernels."""
    import minigrad as mg
    from minigrad.engine.node import wrap
    n, width, tolerance = 5, 7, 40 * float(np.finfo(dtype).eps)
    for cell in (mg.nn.LSTMCell(3, width, bias=bias), mg.nn.GRUCell(3, width, bias=bias)):
        cell = cell.to(mg.tensor(np.zeros(1, dtype)).dtype)
        x, h, c = (normal(k, n, m, dtype=dtype) for k, m in enumerate((3, width, width)))
        results = []
        for make in (np.array, StrictArray):
            moved = mg.nn.Module._apply(cell, lambda t, make=make: wrap(make(host(t.array).copy())))
            moved.zero_grad()
            states = tuple(wrap(make(a)).requires_grad_() for a in (h, c))
            out = moved(wrap(make(x)), states if isinstance(cell, mg.nn.LSTMCell) else states[0])
            out = out if isinstance(out, tuple) else (out,)
            sum((y * y).sum() for y in out).backward()
            results.append([host(t.array) for t in (*out, *[p.grad for p in moved.parameters()],
                                                    *[s.grad for s in states if s.grad is not None])])
        for found, expected in zip(*reversed(results), strict=True):
            near(found, expected, tolerance * 4)
