"""float16 in compiled kernels: every bit pattern, and results that are those of float32, rounded once."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minigrad.kernels import reference

from .both import compiled

F16, F32 = np.dtype("f2"), np.dtype("f4")
PATTERNS = np.arange(2 ** 16, dtype=np.uint16).view(F16)                 # every float16 there is


def halves(*shape: int, seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).standard_normal(shape).astype(F16)


@pytest.fixture(params=["by registers", "without the instruction"])
def kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The kernels, also as they are on a processor that does not convert."""
    cpu = pytest.importorskip("minigrad.kernels.cpu")
    half = pytest.importorskip("minigrad.kernels.cpu.half")
    elementwise = pytest.importorskip("minigrad.kernels.cpu.elementwise")
    if request.param == "without the instruction":
        monkeypatch.setattr(half, "FAST", False)
        monkeypatch.setattr(elementwise, "FAST", False)
    elif not half.FAST:
        pytest.skip("this processor does not convert")
    return cpu


@compiled
def test_every_float16_is_widened_as_numpy_does(kernels: Any) -> None:
    np.testing.assert_array_equal(kernels.convert(PATTERNS, F32), PATTERNS.astype(F32))


@compiled
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_rounding_is_numpys(kernels: Any) -> None:
    """To even at ties, to numbers below the normal ones, to infinity beyond the largest."""
    finite = PATTERNS[np.isfinite(PATTERNS)].astype(F32)
    finite.sort()
    ties = (finite[:-1] + finite[1:]) / 2                                # exact in float32
    edges = np.array([65504, 65519.996, 65520, 1e30, -1e30, np.inf, -np.inf, np.nan, 2e-8, 2.98e-8, 3e-8, -0.0], F32)
    near = np.concatenate([ties, np.nextafter(ties, np.inf), np.nextafter(ties, -np.inf), edges]).astype(F32)
    found, expected = kernels.convert(near, F16), near.astype(F16)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(expected) | np.isnan(near) & np.signbit(found))


@compiled
def test_what_lies_in_memory_in_another_way(kernels: Any) -> None:
    x = halves(40, 30)
    frozen = x.copy()
    frozen.flags.writeable = False
    for other in (x.T, x[::2, ::-1], frozen, x[:0], np.array(1.5, F16), np.broadcast_to(x[0], (5, 30))):
        found = kernels.convert(other, F32)
        assert found.dtype == F32
        np.testing.assert_array_equal(found, other.astype(F32))
    assert kernels.convert(x, np.dtype("f8")).dtype == np.float64
    assert kernels.convert(np.arange(3), F16).dtype == F16


CONVOLUTIONS = {
    "Winograd": ((4, 8, 12, 12), (8, 8, 3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), 1),
    "Winograd, short rows": ((9, 8, 5, 7), (5, 8, 3, 3), (1, 1), ((2, 0), (0, 2)), (1, 1), 1),
    "direct": ((2, 3, 13, 11), (7, 3, 5, 4), (1, 1), ((2, 1), (0, 3)), (1, 1), 1),
    "stride 2": ((2, 4, 14, 15), (6, 4, 3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1), 1),
    "stride 3, dilated": ((2, 4, 17, 15), (6, 2, 3, 2), (3, 1), ((1, 1), (0, 0)), (2, 2), 2),
    "depthwise": ((2, 6, 9, 40), (6, 1, 3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), 6),
    "1 x 1": ((2, 6, 9, 9), (5, 6, 1, 1), (1, 1), ((0, 0), (0, 0)), (1, 1), 1),
}


@compiled
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolution_is_float32s_rounded_once(name: str, kernels: Any) -> None:
    """Whole numbers: all sums are exact, in whatever order."""
    x_shape, w_shape, stride, padding, dilation, groups = CONVOLUTIONS[name]
    rng = np.random.default_rng(0)
    x, w = (rng.integers(-9, 10, shape).astype(F16) for shape in (x_shape, w_shape))
    b = rng.integers(-9, 10, w_shape[0]).astype(F16)
    options = stride, padding, dilation, groups
    y = kernels.conv2d(x, w, b, *options)
    g = rng.integers(-9, 10, y.shape).astype(F16)
    wide = [a.astype(F32) for a in (x, w, b, g)]
    for found, expected in (
            (y, reference.conv2d(*wide[:3], *options)),
            (kernels.conv2d(x, w, b, *options, True), np.maximum(reference.conv2d(*wide[:3], *options), 0)),
            (kernels.conv2d_input(g, w, x_shape, *options), reference.conv2d_input(wide[3], wide[1], x_shape, *options)),
            (kernels.conv2d_weight(g, x, w_shape, *options), reference.conv2d_weight(wide[3], wide[0], w_shape, *options))):
        assert found.dtype == F16
        np.testing.assert_array_equal(found, expected.astype(F16))


@compiled
@pytest.mark.parametrize("shape", [(3, 2, 8, 16), (2, 3, 9, 13), (1, 2, 6, 5), (4, 1, 2, 2), (2, 2, 8, 8)])
def test_pooling_side_by_side(shape: tuple[int, ...], kernels: Any) -> None:
    x = halves(*shape)
    x[0, 0, 0, :2] = np.nan, np.inf
    size = (shape[2] // 2, shape[3] // 2)
    places = ((2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1))
    (y, k), (ry, rk) = kernels.max_pool2d(x, *places, size), reference.max_pool2d(x, *places, size)
    np.testing.assert_array_equal(y, ry)
    np.testing.assert_array_equal(k, rk)
    g = halves(*y.shape, seed=1)
    np.testing.assert_array_equal(kernels.max_pool2d_input(g, k, shape, *places), reference.max_pool2d_input(g, k, shape, *places))


@compiled
def test_loops_over_elements_round_once(kernels: Any) -> None:
    x, y = halves(300, 33), halves(300, 33, seed=1)
    row, mask = halves(33, seed=2), x > 0
    wide = [a.astype(F32) for a in (x, y, row)]
    for name, arrays, numbers, expected in (
            ("add", (x, y), (), wide[0] + wide[1]), ("mul", (x, row), (), wide[0] * wide[2]),
            ("mul_number", (x,), (0.1,), wide[0] * F32.type(0.1)),
            ("add_multiple", (x, y), (0.3,), wide[0] + F32.type(0.3) * wide[1]), ("relu", (x,), (), np.maximum(wide[0], 0)),
            ("masked", (x, mask), (), wide[0] * mask), ("where", (mask, x, y), (), np.where(mask, wide[0], wide[1]))):
        found = kernels.each(name, arrays, numbers)
        if found is None:                            # without the instruction, or on one core: the array form's business
            continue
        assert found.dtype == F16
        np.testing.assert_allclose(found.astype(F32), expected.astype(F16).astype(F32), rtol=2 ** -10 if name == "add_multiple" else 0)
    assert kernels.each("add", (x, wide[1])) is None                     # mixed dtypes are not its business
    assert kernels.each("relu", (x.T,)) is None


@compiled
def test_sums_are_float32s(kernels: Any) -> None:
    x = halves(64, 1000)
    for dims, expected in ((1, x.astype("f8").sum(1)), (2, x.astype("f8").sum())):
        found = kernels.total(x, dims)
        if found is not None:
            assert found.dtype == F16
            np.testing.assert_allclose(found.astype("f8"), expected, rtol=2 ** -10, atol=1e-4)
