"""Pooling kernels: compiled against reference, reference against PyTorch, ties, NaN, padding and overhang."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.kernels import cpu, reference

from .both import KERNELS, Array, assert_same, compiled, odd_layouts, whole

NONE = ((0, 0), (0, 0))
FLOATS = [np.float16, np.float32, np.float64]


@dataclass(frozen=True)
class Case:
    """Shapes and options of one pooling."""
    shape: tuple[int, int, int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[tuple[int, int], tuple[int, int]] = NONE
    dilation: tuple[int, int] = (1, 1)
    ceil: bool = False

    @property
    def out_size(self) -> tuple[int, int]:
        """PyTorch's rule: with ceil_mode a last window may overhang, but must start in the input or its front padding."""
        def along(n: int, k: int, s: int, p: tuple[int, int], d: int) -> int:
            reach = n + sum(p) - d * (k - 1) - 1 + (s - 1 if self.ceil else 0)
            count = reach // s + 1
            return count - 1 if self.ceil and (count - 1) * s >= n + p[0] else count
        rows, columns = map(along, self.shape[2:], self.kernel, self.stride, self.padding, self.dilation)
        return rows, columns

    @property
    def windows(self) -> tuple[Any, ...]:
        return self.kernel, self.stride, self.padding, self.dilation

    def arrays(self, dtype: Any) -> tuple[Array, Array]:
        """x (with many ties) and a gradient of the output."""
        rng = np.random.default_rng(0)
        return whole(rng, self.shape, dtype), whole(rng, (*self.shape[:2], *self.out_size), dtype)


def pairs(low: int, high: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(low, high), st.integers(low, high))


@st.composite
def cases(draw: st.DrawFn, dilated: bool = True) -> Case:
    kernel, stride = draw(pairs(1, 5)), draw(pairs(1, 4))
    dilation = draw(pairs(1, 3)) if dilated else (1, 1)
    padding = tuple(draw(st.tuples(st.integers(0, k // 2), st.integers(0, k // 2))) for k in kernel)
    size = [max(1, d * (k - 1) + 1 - sum(p)) + draw(st.integers(0, 12))
            for k, d, p in zip(kernel, dilation, padding, strict=True)]
    return Case((draw(st.integers(0, 2)), draw(st.integers(1, 3)), *size), kernel, stride, padding, dilation,    # type: ignore[arg-type]
                draw(st.booleans()))


SPECIAL = [
    Case((1, 1, 1, 1), (1, 1), (1, 1)),                                           # one pixel
    Case((0, 2, 4, 4), (2, 2), (2, 2)),                                           # no image
    Case((2, 3, 8, 8), (2, 2), (2, 2)),                                           # side by side
    Case((2, 3, 9, 7), (2, 2), (2, 2), ceil=True),                                # the last windows overhang
    Case((2, 3, 9, 7), (3, 3), (2, 2), ((1, 1), (1, 1))),                         # overlapping
    Case((2, 3, 9, 7), (2, 3), (3, 4)),                                           # gaps between windows
    Case((2, 3, 9, 7), (2, 2), (1, 1), ((1, 0), (0, 1))),                         # 'same' with an even window
    Case((2, 3, 9, 9), (3, 2), (2, 1), ((1, 1), (1, 0)), (2, 3)),                 # dilated
    Case((2, 3, 8, 8), (8, 8), (1, 1)),                                           # the whole plane
    Case((1, 2, 20, 18), (17, 16), (1, 1), ((8, 8), (8, 8))),                     # taps beyond 255
    Case((1, 1, 1, 5), (1, 2), (1, 1), ((0, 0), (1, 1)), (1, 4)),
    Case((1, 1, 3, 1), (1, 2), (1, 1), ((0, 0), (2, 2)), (1, 4)),                 # a window that sees padding only
]


@compiled
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("case", SPECIAL, ids=str)
def test_max_pool_equals_the_reference(case: Case, dtype: Any) -> None:
    check_max_pool(case, dtype)


@compiled
@given(cases(), st.sampled_from(FLOATS))
def test_max_pool_equals_the_reference_anywhere(case: Case, dtype: Any) -> None:
    check_max_pool(case, dtype)


def check_max_pool(case: Case, dtype: Any) -> None:
    x, g = case.arrays(dtype)
    y, k = reference.max_pool2d(x, *case.windows, case.out_size)
    got, taps = cpu.max_pool2d(x, *case.windows, case.out_size)
    assert_same(got, y)
    assert_same(taps, k)
    assert_same(cpu.max_pool2d_input(g, k, x.shape, *case.windows),
                reference.max_pool2d_input(g, k, x.shape, *case.windows))
    assert_same(cpu.max_pool2d_gather(x, k, *case.windows), reference.max_pool2d_gather(x, k, *case.windows))


@compiled
@given(cases(dilated=False), st.sampled_from(FLOATS), st.booleans(), st.none() | st.integers(1, 9))
def test_avg_pool_equals_the_reference(case: Case, dtype: Any, include_pad: bool, divisor: int | None) -> None:
    x, g = case.arrays(dtype)
    options = case.kernel, case.stride, case.padding, case.out_size, include_pad, divisor
    assert_same(cpu.avg_pool2d(x, *options), reference.avg_pool2d(x, *options))
    one = 0.01 if dtype is np.float16 else 1e-5
    np.testing.assert_allclose(cpu.avg_pool2d_input(g, x.shape, *options),
                               reference.avg_pool2d_input(g, x.shape, *options), rtol=one, atol=one)


@compiled
@given(st.tuples(*[st.integers(0, 2), st.integers(1, 3), st.integers(1, 9), st.integers(1, 9)]), pairs(1, 11),
       st.sampled_from(FLOATS))
def test_adaptive_pool_equals_the_reference(shape: Any, out_size: tuple[int, int], dtype: Any) -> None:
    rng = np.random.default_rng(0)
    x, g = whole(rng, shape, dtype), whole(rng, (*shape[:2], *out_size), dtype)
    assert_same(cpu.adaptive_avg_pool2d(x, out_size), reference.adaptive_avg_pool2d(x, out_size))
    one = 0.01 if dtype is np.float16 else 1e-5
    np.testing.assert_allclose(cpu.adaptive_avg_pool2d_input(g, shape),
                               reference.adaptive_avg_pool2d_input(g, shape), rtol=one, atol=one)


@given(cases(), st.booleans(), st.none() | st.integers(1, 9))
def test_gradient_kernels_are_the_adjoints(case: Case, include_pad: bool, divisor: int | None) -> None:
    """<g, pool(x)> = <pool_input(g), x>, for the winners as they are."""
    x, g = case.arrays(np.float64)
    _, k = reference.max_pool2d(x, *case.windows, case.out_size)
    assert np.vdot(g, reference.max_pool2d_gather(x, k, *case.windows)) == np.vdot(
        reference.max_pool2d_input(g, k, x.shape, *case.windows), x)
    options = case.out_size, include_pad, divisor
    if case.dilation == (1, 1):
        np.testing.assert_allclose(np.vdot(g, reference.avg_pool2d(x, *case.windows[:3], *options)),
                                   np.vdot(reference.avg_pool2d_input(g, x.shape, *case.windows[:3], *options), x),
                                   rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(np.vdot(g, reference.adaptive_avg_pool2d(x, case.out_size)),
                               np.vdot(reference.adaptive_avg_pool2d_input(g, x.shape), x), rtol=1e-12, atol=1e-9)


TORCH_CASES = [c for c in SPECIAL if c.shape[0] and all(a == b for a, b in c.padding)]


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("case", [c for c in TORCH_CASES if c.dilation != (1, 4)], ids=str)
def test_max_pool_equals_pytorch(kernels: Any, case: Case) -> None:
    torch = pytest.importorskip("torch")
    x, g = case.arrays(np.float64)
    tx = torch.tensor(x, requires_grad=True)
    ty, where = torch.nn.functional.max_pool2d(tx, case.kernel, case.stride, [p[0] for p in case.padding],
                                               case.dilation, case.ceil, return_indices=True)
    ty.backward(torch.tensor(g))
    y, k = kernels.max_pool2d(x, *case.windows, case.out_size)
    assert_same(y, ty.detach().numpy())
    assert_same(kernels.max_pool2d_flat(k, x.shape, *case.windows), where.numpy())
    assert_same(kernels.max_pool2d_input(g, k, x.shape, *case.windows), tx.grad.numpy())


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("include_pad", [True, False])
@pytest.mark.parametrize("divisor", [None, 3])
@pytest.mark.parametrize("case", [c for c in TORCH_CASES if c.dilation == (1, 1)] + [
    Case((1, 2, 7, 8), (3, 4), (2, 3), ((1, 1), (2, 2)), ceil=True),                # overhang and padding together
    Case((1, 2, 6, 6), (4, 4), (3, 3), ((2, 2), (1, 1)), ceil=True),
], ids=str)
def test_avg_pool_equals_pytorch(kernels: Any, case: Case, include_pad: bool, divisor: int | None) -> None:
    torch = pytest.importorskip("torch")
    x, g = case.arrays(np.float64)
    tx = torch.tensor(x, requires_grad=True)
    ty = torch.nn.functional.avg_pool2d(tx, case.kernel, case.stride, [p[0] for p in case.padding], case.ceil,
                                        include_pad, divisor)
    ty.backward(torch.tensor(g))
    options = case.kernel, case.stride, case.padding, case.out_size, include_pad, divisor
    assert_same(kernels.avg_pool2d(x, *options), ty.detach().numpy())
    np.testing.assert_allclose(kernels.avg_pool2d_input(g, x.shape, *options), tx.grad.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("out_size", [(1, 1), (3, 2), (7, 8), (9, 11)])
def test_adaptive_pool_equals_pytorch(kernels: Any, out_size: tuple[int, int]) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, g = whole(rng, (2, 3, 7, 8)), whole(rng, (2, 3, *out_size))
    tx = torch.tensor(x, requires_grad=True)
    ty = torch.nn.functional.adaptive_avg_pool2d(tx, out_size)
    ty.backward(torch.tensor(g))
    np.testing.assert_allclose(kernels.adaptive_avg_pool2d(x, out_size), ty.detach().numpy(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(kernels.adaptive_avg_pool2d_input(g, x.shape), tx.grad.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_max_pool_picks_pytorchs_winner(kernels: Any, dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x = rng.choice(np.array([np.nan, -np.inf, -np.inf, 0.0, 1.0, np.inf], dtype), (3, 4, 8, 9))
    for kernel, padding in (((2, 2), NONE), ((3, 3), ((1, 1), (1, 1)))):
        case = Case(x.shape, kernel, (2, 2), padding)
        ty, where = torch.nn.functional.max_pool2d(torch.tensor(x), kernel, 2, padding[0][0], return_indices=True)
        y, k = kernels.max_pool2d(x, *case.windows, case.out_size)
        assert_same(y, ty.numpy())
        assert_same(kernels.max_pool2d_flat(k, x.shape, *case.windows), where.numpy())


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64])
def test_max_pool_of_integers(kernels: Any, dtype: Any) -> None:
    case = Case((2, 3, 7, 8), (3, 3), (2, 2), ((1, 1), (1, 1)))
    x = np.random.default_rng(0).integers(np.iinfo(dtype).min, np.iinfo(dtype).max, case.shape, dtype, endpoint=True)
    y, k = kernels.max_pool2d(x, *case.windows, case.out_size)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)),
                                                              constant_values=np.iinfo(dtype).min), (3, 3), (2, 3))
    assert_same(y, windows[:, :, ::2, ::2].max((4, 5)))
    assert_same(kernels.max_pool2d_gather(x, k, *case.windows), y)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize(("kernel", "dtype"), [((16, 16), np.uint8), ((16, 17), np.uint16)])
def test_taps_have_the_smallest_dtype(kernels: Any, kernel: tuple[int, int], dtype: Any) -> None:
    x = np.zeros((1, 1, 20, 20), np.float32)
    x[0, 0, -1, -1] = 1
    _, k = kernels.max_pool2d(x, kernel, (1, 1), NONE, (1, 1), (21 - kernel[0], 21 - kernel[1]))
    assert k.dtype == dtype
    assert k[0, 0, -1, -1] == kernel[0] * kernel[1] - 1


@compiled
@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_an_infinite_pixel_reaches_only_its_windows(value: float) -> None:
    x = np.ones((2, 2, 7, 8), np.float32)
    x[0, 1, 3, 4] = value
    options = (2, 2), (2, 2), ((0, 0), (1, 0)), (3, 4), True, None
    assert_same(cpu.avg_pool2d(x, *options), reference.avg_pool2d(x, *options))
    for out_size in ((3, 3), (9, 10)):
        got, expected = cpu.adaptive_avg_pool2d(x, out_size), reference.adaptive_avg_pool2d(x, out_size)
        assert 0 < np.isfinite(expected[0, 1]).sum() < expected[0, 1].size
        assert_same(got, expected)
        assert_same(np.isnan(cpu.adaptive_avg_pool2d_input(x, (2, 2, *out_size))),
                    np.isnan(reference.adaptive_avg_pool2d_input(x, (2, 2, *out_size))))


@pytest.mark.parametrize("kernels", KERNELS)
def test_any_memory_layout_is_read_and_none_is_written(kernels: Any) -> None:
    case = Case((2, 3, 8, 7), (2, 3), (2, 2), ((0, 0), (1, 1)))
    x, g = case.arrays(np.float32)
    y, k = kernels.max_pool2d(x, *case.windows, case.out_size)
    average = case.kernel, case.stride, case.padding, case.out_size, False, None
    for xs, gs, ks in zip(odd_layouts(x), odd_layouts(g), odd_layouts(k), strict=True):
        assert_same(kernels.max_pool2d(xs, *case.windows, case.out_size)[0], y)
        assert_same(kernels.max_pool2d_gather(xs, ks, *case.windows), y)
        assert_same(kernels.max_pool2d_input(gs, ks, x.shape, *case.windows),
                    kernels.max_pool2d_input(g, k, x.shape, *case.windows))
        assert_same(kernels.avg_pool2d(xs, *average), kernels.avg_pool2d(x, *average))
        assert_same(kernels.avg_pool2d_input(gs, x.shape, *average), kernels.avg_pool2d_input(g, x.shape, *average))
        assert_same(kernels.adaptive_avg_pool2d(xs, (3, 2)), kernels.adaptive_avg_pool2d(x, (3, 2)))
        assert_same(kernels.adaptive_avg_pool2d_input(gs, x.shape), kernels.adaptive_avg_pool2d_input(g, x.shape))
        for same, source in ((xs, x), (gs, g), (ks, k)):
            assert_same(same, source)


@compiled
def test_large_pools_on_several_threads_equal_the_reference() -> None:
    case = Case((40, 16, 28, 28), (2, 2), (2, 2))
    x, g = case.arrays(np.float32)
    y, k = reference.max_pool2d(x, *case.windows, case.out_size)
    got, taps = cpu.max_pool2d(x, *case.windows, case.out_size)
    assert_same(got, y)
    assert_same(taps, k)
    assert_same(cpu.max_pool2d_input(g, k, x.shape, *case.windows),
                reference.max_pool2d_input(g, k, x.shape, *case.windows))
    assert_same(cpu.max_pool2d_gather(x, k, *case.windows), y)
    average = case.kernel, case.stride, case.padding, case.out_size, True, None
    assert_same(cpu.avg_pool2d(x, *average), reference.avg_pool2d(x, *average))
    assert_same(cpu.avg_pool2d_input(g, x.shape, *average), reference.avg_pool2d_input(g, x.shape, *average))
    assert_same(cpu.adaptive_avg_pool2d(x, (4, 4)), reference.adaptive_avg_pool2d(x, (4, 4)))
