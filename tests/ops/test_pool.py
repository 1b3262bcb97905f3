"""Pooling and unpooling against PyTorch: windows of every kind, indices, ties, NaN, bins, refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)
INF = float("inf")
SHAPES = {1: (2, 3, 9), 2: (2, 3, 7, 8), 3: (2, 3, 5, 6, 7)}
DIMENSIONS = pytest.mark.parametrize("n", [1, 2, 3])


def draw(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


def call(name: str, *args: Any, **options: Any) -> Any:
    return lambda lib, x: getattr(lib.F, name)(x, *args, **options)


def part(i: int, name: str, *args: Any, **options: Any) -> Any:
    """One of the two results of return_indices=True."""
    return lambda lib, x: getattr(lib.F, name)(x, *args, return_indices=True, **options)[i]


MAX = [(2, {}), (3, {"stride": 2, "padding": 1}), (3, {"stride": 2, "padding": 1, "dilation": 2, "ceil_mode": True}),
       (2, {"stride": 3, "padding": 1, "ceil_mode": True}), (2, {"stride": []})]


@DIMENSIONS
@pytest.mark.parametrize(("kernel", "options"), MAX)
def test_max_pool(n: int, kernel: int, options: dict[str, Any]) -> None:
    name = f"max_pool{n}d"
    for x in (draw(*SHAPES[n]), draw(*SHAPES[n]).astype("f4"), draw(*SHAPES[n][1:]), np.round(draw(*SHAPES[n]))):    # the last has ties
        same(call(name, kernel, **options), x, second=x.dtype == "f8")
        same(part(0, name, kernel, **options), x)
        same(part(1, name, kernel, **options), x)
    same(call(name, kernel, **options), draw(0, *SHAPES[n][1:]))


def test_max_pool_of_unequal_windows() -> None:
    same(call("max_pool2d", (3, 2), (1, 3), (1, 0), (2, 1)), draw(2, 3, 7, 8), second=True)
    same(part(1, "max_pool3d", (3, 2, 2), (2, 1, 2), (1, 1, 0), (1, 2, 1), True), np.round(draw(2, 3, 5, 6, 7)))


def test_max_pool_of_integers_nan_and_infinity() -> None:
    same(call("max_pool2d", 2), RNG.integers(-9, 9, (2, 3, 7, 8)))
    x = draw(2, 3, 7, 8)
    x[0, 0, :3, :3] = np.nan
    for i in (0, 1):
        same(part(i, "max_pool2d", 2), x)
        same(part(i, "max_pool2d", 3, 2, 1), np.full((1, 1, 5, 5), -np.inf))


AVERAGE = [(2, {}), (3, {"stride": 2, "padding": 1}), (3, {"stride": 2, "padding": 1, "ceil_mode": True}),
           (3, {"stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False})]


@DIMENSIONS
@pytest.mark.parametrize(("kernel", "options"), AVERAGE)
def test_avg_pool(n: int, kernel: int, options: dict[str, Any]) -> None:
    name = f"avg_pool{n}d"
    for x in (draw(*SHAPES[n]), draw(*SHAPES[n]).astype("f4"), draw(*SHAPES[n][1:])):
        same(call(name, kernel, **options), x, second=x.dtype == "f8")
    if n > 1:
        same(call(name, kernel, **options, divisor_override=5), draw(*SHAPES[n]), second=True)


@DIMENSIONS
def test_lp_pool(n: int) -> None:
    for p, kernel, stride, ceil_mode in ((2, 2, None, False), (2.5, 3, 2, True), (1, 2, 1, False)):
        same(call(f"lp_pool{n}d", p, kernel, stride, ceil_mode), RNG.random(SHAPES[n]) + 0.1, second=True)
    for p in (INF, -INF):
        same(call(f"lp_pool{n}d", p, 2, 1), RNG.standard_normal(SHAPES[n]))


@DIMENSIONS
def test_adaptive_pool(n: int) -> None:
    for size in (3, 1, (10, 2, 3)[:n], (None, 2, None)[:n]):
        if n == 1 and size == (None,):
            continue
        for x in (draw(*SHAPES[n]), draw(*SHAPES[n][1:]), draw(*SHAPES[n]).astype("f4")):
            same(call(f"adaptive_avg_pool{n}d", size), x, second=x.dtype == "f8")
            same(call(f"adaptive_max_pool{n}d", size), x, second=x.dtype == "f8")
            same(part(1, f"adaptive_max_pool{n}d", size), np.round(x))           # ties
    assert getattr(F, f"adaptive_avg_pool{n}d")(mg.ones(*SHAPES[n]), 0).shape == (2, 3, *[0] * n)


@DIMENSIONS
def test_max_unpool(n: int) -> None:
    def unpool(**options: Any) -> Any:
        return lambda lib, v: getattr(lib.F, f"max_unpool{n}d")(v, lib.tensor(at), 2, **options)
    for shape in ((2, 3, *(4, 6, 8)[:n]), SHAPES[n]):                            # the second does not divide by 2
        values, indices = getattr(F, f"max_pool{n}d")(mg.tensor(draw(*shape)), 2, return_indices=True)
        at = indices.numpy()
        if shape is not SHAPES[n]:
            same(unpool(), values.numpy(), second=True)
        for size in (shape[2:], shape):
            same(unpool(output_size=size), values.numpy())
    same_error(unpool(output_size=(99,) * n), values.numpy(), match="invalid output_size .*must be between")


def test_refusals_of_windows() -> None:
    x = draw(2, 3, 7, 8)
    for name in ("max_pool2d", "avg_pool2d"):
        same_error(call(name, 3, padding=2), x, match="pad should be at most half of effective kernel size, but got pad=2, kernel_size=3 "
                   "and dilation=1")
        same_error(call(name, 2, padding=-1), x, match="padding must be non-negative; got -1")
        same_error(call(name, 9), x, match=r"Output size is too small: no window of \(9, 9\) fits into float64 \(2, 3, 7, 8\)")
        same_error(call(name, 0), x, match="kernel_size must be greater than zero; got 0")
        same_error(call(name, 2, stride=0), x, match="stride must be greater than zero; got 0")
        same_error(call(name, (2, 3, 4)), x, match="kernel_size must be a single int or a list of 2")
        same_error(call(name, 2), x[:, :0], match=r"Expected 3D or 4D \(batch mode\) tensor with optional 0 dim batch size for input, but "
                   r"got: \[2, 0, 7, 8\]")
    same_error(call("max_pool2d", 2, dilation=0), x, match="dilation must be greater than zero")
    same_error(call("max_pool2d", 2), x > 0, match="max_pool2d: not implemented for bool; got bool \\(2, 3, 7, 8\\)")
    same_error(call("max_pool2d", 2), x[0, 0], match="Expected 3D or 4D")
    same_error(call("max_pool1d", 2), x[0, 0, 0], match="Expected 2D or 3D")
    same_error(call("avg_pool2d", 2, divisor_override=0), x, match="divisor must be not zero; got divisor_override=0")


@pytest.mark.parametrize("options", [(2,), (2, 1, 1), (3, 2, 1, True), (3, 2, 1, True, False)])
def test_means_of_integers_are_cut_off(options: Any) -> None:
    x = np.random.default_rng(0).integers(-50, 50, (2, 3, 7, 8))
    same(call("avg_pool2d", *options), x)
    same(call("avg_pool1d", *options), x[0])
    same(call("avg_pool3d", *options), np.stack([x] * 5, 2))


def test_average_pooling_takes_no_other_integers() -> None:
    same_error(call("avg_pool2d", 2), np.ones((1, 1, 4, 4), "i4"), match="avg_pool2d: not implemented for int32; got int32")


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("shape", [(8, 64, 8, 8), (3, 5, 50, 51)])
def test_global_average_of_large_pictures(shape: tuple[int, ...], dtype: str) -> None:
    x = (draw(*shape) + 3).astype(dtype)
    same(call("adaptive_avg_pool2d", 1), x)
    same(call("adaptive_avg_pool2d", 1), np.asfortranarray(x))


@pytest.mark.parametrize("name", ["adaptive_avg_pool2d", "adaptive_max_pool2d"])
def test_refusals_of_bins(name: str) -> None:
    x = draw(2, 3, 7, 8)
    same_error(call(name, None), x, match=f"{name}: output_size must be an int or 2 of int or None; got None")
    same_error(call(name, 2.5), x, match="output_size must be an int or 2 of int or None; got 2.5")
    same_error(call(name, (3,)), x, match="output_size must be 2 numbers; got \\(3,\\)")
    same_error(call(name, -1), x, match="elements of output_size must be greater than or equal to 0; got -1")
    same_error(call(name, 3), x[0, 0], match=r"Expected 3D or 4D tensor, but got \[7, 8\]")
    same_error(call(name, 3), x[:, :, :0], match="Expected input to have non-zero size for non-batch dimensions")
    same_error(call(name, 3), x.astype(int), match=f"{name}: not implemented for int64")


def test_refusals_of_unpool() -> None:
    values, indices = F.max_pool2d(mg.tensor(draw(2, 3, 7, 8)), 2, return_indices=True)
    at = indices.numpy()

    def unpool(at: np.ndarray, **options: Any) -> Any:
        return lambda lib, v: lib.F.max_unpool2d(v, lib.tensor(at), 2, **options)
    same_error(unpool(at.astype("i4")), values.numpy(), match="elements in indices should be type int64 but got: int32")
    same_error(unpool(at[:1]), values.numpy(), match=r"Expected shape of indices to be same as that of the input tensor \(\[2, 3, 3, 4\]\)")
    same_error(unpool(at + 100), values.numpy(), match=r"Found an invalid max index: \d+ \(output volumes are of size 6x8\)")
    same_error(unpool(at - 100), values.numpy(), match="Found an invalid max index: -")
    same_error(unpool(at, output_size=(7,)), values.numpy(), match="a sequence containing 2 or 4 elements, but it has a length of '1'")


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("name", ["max_pool", "adaptive_max_pool"])
def test_names_that_always_give_indices(name: str, n: int) -> None:
    x = draw(2, 3, *(6, 7, 5)[:n])
    for which in (0, 1):
        same(lambda lib, t, i=which: getattr(lib.F, f"{name}{n}d_with_indices")(t, 2)[i], x)
