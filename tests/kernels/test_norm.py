"""Normalization: the compiled kernels against formulas in double precision."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minigrad.kernels.cpu import threads

from .both import KERNELS

RNG = np.random.default_rng(0)
EPS = 1e-3


def draw(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    return (RNG.normal(size=shape) * 2 + 3).astype(dtype)


def near(got: Any, expected: Any, dtype: str) -> None:
    assert got.dtype == np.dtype(dtype)
    tolerance = 1e-4 if dtype == "f4" else 1e-12
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance * max(1, abs(expected).max()))


def formulas(g: Any, x: Any, w: Any, b: Any, axes: Any) -> tuple[Any, ...]:
    """Output, mean, variance, and the gradients for x and w, of arrays in double precision."""
    mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    z = (x - mean) / np.sqrt(var + EPS)
    gw = g * w
    dx = (gw - gw.mean(axes, keepdims=True) - z * (gw * z).mean(axes, keepdims=True)) / np.sqrt(var + EPS)
    return z * w + b, mean, var, dx, g * z


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("shape", [(3, 5), (100, 16), (1, 300), (50, 1000)])
def test_rows(kernels: Any, dtype: str, shape: tuple[int, int]) -> None:
    g, x, w, b = draw(shape, dtype), draw(shape, dtype), draw(shape[1:], dtype), draw(shape[1:], dtype)
    for weight, bias in ((w, b), (w, None), (None, None)):
        y, mean, var, dx, products = formulas(*(a.astype("f8") for a in (g, x)), 1 if weight is None else w, 0 if bias is None else b, 1)
        out = kernels.layer_norm(x, weight, bias, EPS)
        for got, expected in zip(out, (y, mean, var), strict=True):
            near(got, expected, dtype)
        near(kernels.layer_norm_input(g, x, weight, *out[1:], EPS), dx, dtype)
        near(kernels.layer_norm_weight(g, x, *out[1:], EPS), products.sum(0), dtype)
        found = kernels.layer_norm_gradients(g, x, weight, *out[1:], EPS)
        for got, expected in zip(found, (dx, products.sum(0), g.sum(0, "f8")), strict=True):
            near(got, expected, dtype)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("shape", [(3, 5), (100, 16), (50, 1000)])
def test_rows_by_their_mean_square(kernels: Any, dtype: str, shape: tuple[int, int]) -> None:
    g, x, w = draw(shape, dtype), draw(shape, dtype), draw(shape[1:], dtype)
    wide, gw = x.astype("f8"), g.astype("f8")
    r = 1 / np.sqrt((wide * wide).mean(1, keepdims=True) + EPS)
    for weight in (w, None):
        factor = 1 if weight is None else weight.astype("f8")
        y, rates = kernels.rms_norm(x, weight, EPS)
        near(y, wide * r * factor, dtype)
        near(rates, r, dtype)
        dx, dw = kernels.rms_norm_gradients(g, x, weight, rates)
        near(dx, (gw * factor - wide * (gw * factor * wide).mean(1, keepdims=True) * r * r) * r, dtype)
        near(dw, (gw * wide * r).sum(0), dtype)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("shape", [(4, 3, 1), (50, 130, 1), (4, 3, 20), (32, 16, 256), (1, 2, 9)])
def test_channels(kernels: Any, dtype: str, shape: tuple[int, int, int]) -> None:
    g, x, w, b = draw(shape, dtype), draw(shape, dtype), draw(shape[1:2], dtype), draw(shape[1:2], dtype)
    for weight, bias in ((w, b), (w, None), (None, None)):
        y, mean, var, dx, products = formulas(*(a.astype("f8") for a in (g, x)), 1 if weight is None else w[:, None],
                                              0 if bias is None else b[:, None], (0, 2))
        out = kernels.batch_norm(x, weight, bias, EPS)
        for got, expected in zip(out, (y, mean, var), strict=True):
            near(got, expected, dtype)
        near(kernels.batch_norm_input(g, x, weight, *out[1:], EPS), dx, dtype)
        near(kernels.batch_norm_weight(g, x, *out[1:], EPS), products.sum((0, 2)), dtype)
        found = kernels.batch_norm_gradients(g, x, weight, *out[1:], EPS)
        for got, expected in zip(found, (dx, products.sum((0, 2)), g.sum((0, 2), "f8")), strict=True):
            near(got, expected, dtype)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("shape", [(4, 3, 1), (4, 3, 20), (32, 16, 256)])
def test_channels_by_given_statistics(kernels: Any, dtype: str, shape: tuple[int, int, int]) -> None:
    g, x, w, b = draw(shape, dtype), draw(shape, dtype), draw(shape[1:2], dtype), draw(shape[1:2], dtype)
    mean, var = draw((1, shape[1], 1), dtype), abs(draw((1, shape[1], 1), dtype))
    z = (x.astype("f8") - mean) / np.sqrt(var.astype("f8") + EPS)
    for weight, bias in ((w, b), (w, None), (None, b), (None, None)):
        factor, shift = 1 if weight is None else weight[:, None].astype("f8"), 0 if bias is None else bias[:, None].astype("f8")
        near(kernels.fixed_norm(x, weight, bias, mean, var, EPS), z * factor + shift, dtype)
        found = kernels.fixed_norm_gradients(g, x, weight, mean, var, EPS)
        dx = g * factor / np.sqrt(var.astype("f8") + EPS)
        for got, expected in zip(found, (dx, (g * z).sum((0, 2)), g.sum((0, 2), "f8")), strict=True):
            near(got, expected, dtype)


@pytest.mark.parametrize("kernels", KERNELS)
def test_given_statistics_leave_infinities_to_their_places(kernels: Any) -> None:
    """The gradient for x does not look at x."""
    x = np.ones((2, 3, 16), "f4")
    x[0, 1, 5], x[1, 2, 3] = np.inf, np.nan
    mean, var = np.zeros((1, 3, 1), "f4"), np.ones((1, 3, 1), "f4")
    np.testing.assert_allclose(kernels.fixed_norm_gradients(np.ones_like(x), x, None, mean, var, 0.0)[0], np.ones_like(x))
    assert np.isfinite(kernels.fixed_norm(x, None, None, mean, var, 0.0)).sum() == x.size - 2


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(("shape", "groups"), [((3, 6, 5), 2), ((4, 6, 20), 3), ((2, 4, 9), 4), ((1, 8, 300), 1), ((2, 6, 1), 3)])
def test_groups(kernels: Any, dtype: str, shape: tuple[int, int, int], groups: int) -> None:
    g, x, w, b = draw(shape, dtype), draw(shape, dtype), draw(shape[1:2], dtype), draw(shape[1:2], dtype)
    apart = (shape[0], groups, -1, shape[2])
    for weight, bias in ((w, b), (w, None), (None, b), (None, None)):
        scale, shift = (default if v is None else v.astype("f8").reshape(1, groups, -1, 1) for v, default in ((weight, 1), (bias, 0)))
        y, mean, var, dx, products = formulas(*(a.astype("f8").reshape(apart) for a in (g, x)), scale, shift, (2, 3))
        out = kernels.group_norm(x, groups, weight, bias, EPS)
        near(out[0], y.reshape(shape), dtype)
        near(out[1], mean.reshape(-1, groups, 1), dtype)
        near(out[2], var.reshape(-1, groups, 1), dtype)
        found = kernels.group_norm_gradients(g, x, groups, weight, *out[1:], EPS)
        for got, expected in zip(found, (dx.reshape(shape), products.reshape(shape).sum((0, 2)), g.astype("f8").sum((0, 2))), strict=True):
            near(got, expected, dtype)


@pytest.mark.parametrize("kernels", KERNELS)
def test_a_mean_far_away_does_not_eat_the_variance(kernels: Any) -> None:
    x = (RNG.normal(size=(64, 4, 100)) + 3000).astype("f4")
    np.testing.assert_allclose(kernels.batch_norm(x, None, None, 0.0)[2], x.astype("f8").var((0, 2), keepdims=True), rtol=1e-3)
    rows = x.reshape(-1, 100)
    np.testing.assert_allclose(kernels.layer_norm(rows, None, None, 0.0)[2], rows.astype("f8").var(1, keepdims=True), rtol=1e-3)


@pytest.mark.parametrize("kernels", KERNELS)
def test_other_memory(kernels: Any) -> None:
    x = draw((6, 8), "f4")
    frozen = x.copy()
    frozen.flags.writeable = False
    y, mean, var = kernels.layer_norm(x, None, None, EPS)
    for view in (np.asfortranarray(x), np.repeat(x, 2, 1)[:, ::2], frozen):
        near(kernels.layer_norm(view, None, None, EPS)[0], y, "f4")
        near(kernels.layer_norm_input(view, view, None, mean, var, EPS), kernels.layer_norm_input(x, x, None, mean, var, EPS), "f4")


@pytest.mark.parametrize("kernels", KERNELS[1:])
def test_several_threads(kernels: Any) -> None:
    """Equal but for the order in which threads' sums are added."""
    g, x, w = draw((2000, 256), "f4"), draw((2000, 256), "f4"), draw((256,), "f4")
    before = threads.get_num_threads()
    results = []
    for count in (1, 2):
        threads.set_num_threads(count)
        y, mean, var = kernels.layer_norm(x, w, w, EPS)
        planes = x.reshape(100, 20, 256)
        z, m, v = kernels.batch_norm(planes, None, None, EPS)
        gp = g.reshape(planes.shape)
        results.append((y, kernels.layer_norm_input(g, x, w, mean, var, EPS), z, kernels.batch_norm_input(gp, planes, None, m, v, EPS),
                        kernels.batch_norm_weight(gp, planes, m, v, EPS)))
        columns, gc = x[:, :, None], g[:, :, None]
        c = kernels.batch_norm(columns, w, None, EPS)
        results[-1] += (*c, *kernels.batch_norm_gradients(gc, columns, w, *c[1:], EPS))
        c = kernels.group_norm(planes, 5, None, None, EPS)
        y, rates = kernels.rms_norm(x, w, EPS)
        results[-1] += (*c, *kernels.group_norm_gradients(gp, planes, 5, None, *c[1:], EPS),
                        *kernels.batch_norm_gradients(gp, planes, None, m, v, EPS),
                        kernels.fixed_norm(planes, None, None, m, v, EPS),
                        *kernels.fixed_norm_gradients(gp, planes, None, m, v, EPS),
                        kernels.layer_norm_gradients(g, x, w, mean, var, EPS)[0], y, rates, kernels.rms_norm_gradients(g, x, w, rates)[0])
        weights = kernels.layer_norm_weight(g, x, mean, var, EPS)
        np.testing.assert_allclose(kernels.layer_norm_gradients(g, x, w, mean, var, EPS)[1], weights, rtol=1e-3, atol=1e-2)
        np.testing.assert_allclose(weights, (g * ((x - mean) / np.sqrt(var + EPS))).astype("f8").sum(0), rtol=1e-3, atol=1e-2)
    threads.set_num_threads(before)
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)
