"""GPU convolution and pooling, run on the CPU, against the reference kernels."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.kernels import gpu, reference
from minigrad.kernels.gpu import conv
from tests.kernels import test_conv, test_pool
from tests.kernels.both import Array, assert_same, odd_layouts, whole
from tests.strict_arrays import StrictArray, host, to_device

pytestmark = pytest.mark.usefixtures("on_host")
DTYPES = [np.float32, np.float64, np.float16]


def check(kernel: str, *arguments: Any) -> Any:
    """The same numbers from both, bit for bit: all are whole."""
    given = [to_device(a) if isinstance(a, np.ndarray) else a for a in arguments]
    expected, found = getattr(reference, kernel)(*arguments), getattr(gpu, kernel)(*given)
    if not isinstance(expected, tuple):
        assert_same(host(found), expected)
    else:
        for f, e in zip(found, expected, strict=True):
            assert_same(host(f), e)
    return expected


# ---------------------------------------------------------------- convolution
def check_convolution(case: test_conv.Case, dtype: Any) -> None:
    x, w, b, g = case.arrays(dtype)
    for rectify in (False, True):
        check("conv2d", x, w, b, *case.options, rectify)
    check("conv2d", x, w, None, *case.options)
    check("conv2d_input", g, w, x.shape, *case.options)
    check("conv2d_weight", g, x, w.shape, *case.options)
    check("conv2d_bias", g)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", [c for c in test_conv.SPECIAL if c.size[0] * c.size[1] < 1000], ids=str)
def test_convolution(case: test_conv.Case, dtype: Any) -> None:
    check_convolution(case, dtype)


@given(test_conv.cases(), st.sampled_from(DTYPES))
def test_convolution_anywhere(case: test_conv.Case, dtype: Any) -> None:
    check_convolution(case, dtype)


@pytest.mark.parametrize("groups", [1, 2])
def test_images_that_do_not_fit_the_workspace_are_done_in_parts(monkeypatch: pytest.MonkeyPatch, groups: int) -> None:
    monkeypatch.setattr(conv, "WORKSPACE", 20_000)
    check_convolution(test_conv.Case(7, 4, 3, (8, 9), (3, 3), padding=test_conv.SAME, groups=groups), np.float32)


def test_the_products_stay_few(compiler: Any) -> None:
    """A convolution is one filling of columns, one product and one pass behind it, however many images there are."""
    x, w, b, _ = test_conv.Case(50, 3, 4, (8, 8), (3, 3)).arrays(np.float32)
    before = compiler.launches
    gpu.conv2d(StrictArray(x), StrictArray(w), StrictArray(b), (1, 1), ((0, 0), (0, 0)), (1, 1), 1)
    assert compiler.launches - before == 3


def test_filters_of_one_tap_need_no_columns(compiler: Any) -> None:
    x, w, _, _ = test_conv.Case(5, 3, 4, (8, 8), (1, 1)).arrays(np.float32)
    before = compiler.launches
    gpu.conv2d(StrictArray(x), StrictArray(w), None, (1, 1), ((0, 0), (0, 0)), (1, 1), 1)
    assert compiler.launches - before == 1


def test_arrays_in_any_order() -> None:
    x, w, b, _ = test_conv.Case(2, 3, 4, (6, 7), (3, 2)).arrays(np.float32)
    options = (1, 1), ((0, 0), (0, 0)), (1, 1), 1
    expected = reference.conv2d(x, w, b, *options)
    for other in odd_layouts(x):
        assert_same(host(gpu.conv2d(StrictArray(other), StrictArray(w), StrictArray(b), *options)), expected)


# ---------------------------------------------------------------- pooling
@given(test_pool.cases(), st.sampled_from([*DTYPES, np.int64, np.uint8]))
def test_max_pooling(case: test_pool.Case, dtype: Any) -> None:
    x, g = case.arrays(dtype)
    _, taps = check("max_pool2d", x, *case.windows, case.out_size)
    check("max_pool2d_input", g, taps, x.shape, *case.windows)
    check("max_pool2d_gather", x, taps, *case.windows)
    check("max_pool2d_flat", taps, x.shape, *case.windows)


def test_nan_and_infinity_in_max_pooling() -> None:
    x = np.zeros((1, 1, 4, 6), np.float32)
    x[0, 0, 0] = [np.nan, 1, -np.inf, -np.inf, np.nan, np.nan]
    x[0, 0, 1] = [2, np.nan, -np.inf, -np.inf, np.inf, 0]
    check("max_pool2d", x, (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1), (2, 3))


@given(test_pool.cases(dilated=False), st.sampled_from(DTYPES), st.booleans(), st.sampled_from([None, 4]))
def test_average_pooling(case: test_pool.Case, dtype: Any, include: bool, divisor: int | None) -> None:
    x, g = case.arrays(np.float64)
    windows = case.kernel, case.stride, case.padding, case.out_size, include, divisor
    near("avg_pool2d", dtype, x, *windows)
    near("avg_pool2d_input", dtype, g, x.shape, *windows)


@given(st.tuples(*[st.integers(1, 3)] * 2, *[st.integers(1, 12)] * 2), st.tuples(st.integers(1, 14), st.integers(1, 14)),
       st.sampled_from(DTYPES))
def test_adaptive_average_pooling(shape: tuple[int, ...], out_size: tuple[int, int], dtype: Any) -> None:
    rng = np.random.default_rng(0)
    near("adaptive_avg_pool2d", dtype, whole(rng, shape), out_size)
    near("adaptive_avg_pool2d_input", dtype, whole(rng, (*shape[:2], *out_size)), shape)


def near(kernel: str, dtype: Any, x: Array, *options: Any) -> None:
    """The same but for rounding."""
    x = x.astype(dtype)
    found, expected = host(getattr(gpu, kernel)(StrictArray(x), *options)), getattr(reference, kernel)(x, *options)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=4 * np.finfo(dtype).eps, atol=8 * np.finfo(dtype).eps, strict=True)


def test_a_dtype_without_device_code_is_named() -> None:
    from minigrad.errors import UnsupportedDtypeError
    with pytest.raises(UnsupportedDtypeError, match=r"avg_pool.*complex64.*GPU"):
        gpu.avg_pool2d(StrictArray(np.zeros((1, 1, 2, 2), "F")), (1, 1), (1, 1), ((0, 0), (0, 0)), (2, 2), True, None)
