"""Convolution kernels: compiled against reference, reference against PyTorch, and the rules that bind the three."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minigrad.kernels import cpu, reference
from minigrad.kernels.cpu.threads import get_num_threads, set_num_threads

from .both import KERNELS, Array, assert_same, compiled, odd_layouts, whole


@dataclass(frozen=True)
class Case:
    """Shapes and options of one convolution."""
    batch: int
    channels: int        # per group
    filters: int         # per group
    size: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    surplus: tuple[int, int] = (0, 0)       # output rows and columns that the caller leaves out

    @property
    def options(self) -> tuple[Any, ...]:
        return self.stride, self.padding, self.dilation, self.groups

    def arrays(self, dtype: Any = np.float64) -> tuple[Array, Array, Array, Array]:
        """x, w, b and a gradient of the output."""
        rng = np.random.default_rng(0)
        rows, columns = reference.conv_size(self.size, self.kernel, self.stride, self.padding, self.dilation)
        out = max(rows - self.surplus[0], 1), max(columns - self.surplus[1], 1)
        filters = self.filters * self.groups
        return (whole(rng, (self.batch, self.channels * self.groups, *self.size), dtype),
                whole(rng, (filters, self.channels, *self.kernel), dtype), whole(rng, (filters,), dtype),
                whole(rng, (self.batch, filters, *out), dtype))


def sizes(largest: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(1, largest), st.integers(1, largest))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    kernel, dilation, stride = draw(sizes(4)), draw(sizes(3)), draw(sizes(3))
    padding = tuple(draw(st.tuples(st.integers(-2, 4), st.integers(-2, 4))) for _ in range(2))
    # at least as much as one window needs, and nothing cut off that is not there
    size = tuple(max(d * (k - 1) + 1 - sum(p), 1 - min(p), 1 - sum(min(side, 0) for side in p)) + draw(st.integers(0, 9))
                 for k, d, p in zip(kernel, dilation, padding, strict=True))
    return Case(draw(st.integers(0, 3)), draw(st.integers(1, 5)), draw(st.integers(1, 6)), size, kernel, stride,    # type: ignore[arg-type]
                padding, dilation, draw(st.integers(1, 3)), draw(st.sampled_from([(0, 0), (1, 0), (0, 1)])))    # type: ignore[arg-type]


SAME = ((1, 1), (1, 1))
SPECIAL = [
    Case(1, 1, 1, (1, 1), (1, 1)),                                              # one pixel
    Case(0, 3, 4, (8, 8), (3, 3), padding=SAME),                                # no image
    Case(9, 3, 5, (8, 8), (3, 3), padding=SAME),                                # several images per tile
    Case(2, 2, 8, (60, 45), (3, 3), padding=SAME),                              # several bands of rows per image
    Case(1, 1, 2, (1, 2500), (1, 9), padding=((0, 0), (4, 4))),                 # several bands of columns: conv1d
    Case(1, 1, 1, (1, 1300), (1, 1200)),                                        # a window longer than a tile
    Case(2, 300, 3, (6, 6), (1, 1)),                                            # many planes, so small tiles
    Case(2, 1, 1, (9, 9), (3, 3), padding=SAME, groups=6),                      # depthwise
    Case(2, 4, 3, (9, 10), (4, 2), padding=((1, 2), (0, 1))),                   # 'same' with even windows
    Case(2, 3, 4, (9, 9), (1, 1), stride=(2, 2)),                               # phases that no tap meets
    Case(2, 3, 4, (10, 9), (3, 2), stride=(3, 4), dilation=(2, 3), padding=((2, 0), (0, 3))),
    Case(2, 3, 4, (9, 9), (3, 3), padding=((-2, -1), (-3, 0))),                 # negative padding cuts
    Case(2, 1, 1, (1, 1), (1, 2), padding=((0, 0), (1, 1)), surplus=(0, 1)),    # the gradient ends before the padding
    Case(2, 2, 2, (2, 2), (1, 1), padding=((3, 4), (4, 3))),                    # more padding than picture
]


@compiled
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", SPECIAL, ids=str)
def test_compiled_kernels_equal_the_reference(case: Case, dtype: Any) -> None:
    check_against_reference(case, dtype)


@compiled
@given(cases(), st.sampled_from([np.float32, np.float64]))
def test_compiled_kernels_equal_the_reference_anywhere(case: Case, dtype: Any) -> None:
    check_against_reference(case, dtype)


def check_against_reference(case: Case, dtype: Any) -> None:
    x, w, b, g = case.arrays(dtype)
    for bias in (b, None):
        assert_same(cpu.conv2d(x, w, bias, *case.options), reference.conv2d(x, w, bias, *case.options))
    assert_same(cpu.conv2d_input(g, w, x.shape, *case.options), reference.conv2d_input(g, w, x.shape, *case.options))
    assert_same(cpu.conv2d_weight(g, x, w.shape, *case.options), reference.conv2d_weight(g, x, w.shape, *case.options))


@given(cases())
@example(SPECIAL[-2])
@example(SPECIAL[-3])
def test_input_and_weight_kernels_are_the_adjoints(case: Case) -> None:
    """<g, conv(x, w)> = <conv_input(g, w), x> = <conv_weight(g, x), w>."""
    x, w, _, g = case.arrays()
    y = reference.conv2d(x, w, None, *case.options)[:, :, :g.shape[2], :g.shape[3]]
    product = np.vdot(g, y)
    assert product == np.vdot(reference.conv2d_input(g, w, x.shape, *case.options), x)
    assert product == np.vdot(reference.conv2d_weight(g, x, w.shape, *case.options), w)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("case", [
    Case(2, 3, 4, (9, 8), (3, 3), padding=SAME),
    Case(2, 3, 2, (11, 8), (3, 2), stride=(2, 3), padding=((2, 0), (1, 3)), dilation=(2, 1), groups=2),
    Case(3, 1, 2, (7, 7), (3, 3), stride=(2, 2), padding=SAME, groups=4),
], ids=str)
def test_equals_pytorch(kernels: Any, case: Case) -> None:
    torch = pytest.importorskip("torch")
    x, w, b, g = case.arrays()
    tx, tw = torch.tensor(x, requires_grad=True), torch.tensor(w, requires_grad=True)
    padded = torch.nn.functional.pad(tx, (*case.padding[1], *case.padding[0]))
    ty = torch.nn.functional.conv2d(padded, tw, torch.tensor(b), case.stride, 0, case.dilation, case.groups)
    ty.backward(torch.tensor(g))
    assert_same(kernels.conv2d(x, w, b, *case.options), ty.detach().numpy())
    assert_same(kernels.conv2d_input(g, w, x.shape, *case.options), tx.grad.numpy())
    assert_same(kernels.conv2d_weight(g, x, w.shape, *case.options), tw.grad.numpy())


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize(("stride", "padding", "output_padding", "dilation"), [
    ((1, 1), (0, 0), (0, 0), (1, 1)),
    ((2, 3), (1, 2), (1, 2), (1, 1)),
    ((1, 2), (2, 0), (2, 1), (3, 2)),                # output_padding above stride - 1: rows that no window reaches
])
def test_input_kernel_is_pytorchs_conv_transpose(kernels: Any, stride: Any, padding: Any, output_padding: Any,
                                                 dilation: Any) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, w = whole(rng, (2, 4, 5, 6)), whole(rng, (4, 3, 3, 2))
    expected = torch.nn.functional.conv_transpose2d(torch.tensor(x), torch.tensor(w), None, stride, padding,
                                                    output_padding, 2, dilation).numpy()
    pairs = tuple((p, p) for p in padding)
    assert_same(kernels.conv2d_input(x, w, expected.shape, stride, pairs, dilation, 2), expected)


@pytest.mark.parametrize("kernels", KERNELS)
def test_any_memory_layout_is_read_and_none_is_written(kernels: Any) -> None:
    case = Case(2, 3, 4, (7, 6), (3, 3), stride=(1, 2), padding=SAME)
    x, w, b, g = case.arrays(np.float32)
    y, dx, dw = (kernels.conv2d(x, w, b, *case.options), kernels.conv2d_input(g, w, x.shape, *case.options),
                 kernels.conv2d_weight(g, x, w.shape, *case.options))
    for xs, ws, gs in zip(odd_layouts(x), odd_layouts(w), odd_layouts(g), strict=True):
        assert_same(kernels.conv2d(xs, ws, np.repeat(b, 2)[::2], *case.options), y)
        assert_same(kernels.conv2d_input(gs, ws, x.shape, *case.options), dx)
        assert_same(kernels.conv2d_weight(gs, xs, w.shape, *case.options), dw)
        assert_same(xs, x)
        assert_same(ws, w)
        assert_same(gs, g)


@pytest.mark.parametrize("kernels", KERNELS)
def test_float16_is_computed_in_float32_and_rounded_once(kernels: Any) -> None:
    rng = np.random.default_rng(0)
    case = Case(2, 40, 4, (7, 6), (3, 3), padding=SAME)
    x, w, b, g = (rng.integers(-20, 21, a.shape).astype(np.float16) for a in case.arrays())
    wide = [a.astype(np.float32) for a in (x, w, b, g)]
    got = [kernels.conv2d(x, w, b, *case.options), kernels.conv2d_input(g, w, x.shape, *case.options),
           kernels.conv2d_weight(g, x, w.shape, *case.options)]
    exact = [reference.conv2d(*wide[:3], *case.options), reference.conv2d_input(wide[3], wide[1], x.shape, *case.options),
             reference.conv2d_weight(wide[3], wide[0], w.shape, *case.options)]
    for one, other in zip(got, exact, strict=True):
        assert np.abs(other).max() > 2048                        # where float16 cannot hold every whole number
        assert_same(one, other.astype(np.float16))


@compiled
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("place", [(0, 0), (0, 7), (8, 0), (8, 7), (4, 3)])
@pytest.mark.parametrize("padding", [((0, 0), (0, 0)), SAME])
def test_an_infinite_pixel_reaches_what_sees_it_and_nothing_else(value: float, place: tuple[int, int],
                                                                 padding: Any) -> None:
    case = Case(3, 2, 5, (9, 8), (3, 3), padding=padding)
    x, w, b, g = case.arrays(np.float32)
    x[1, 0, place[0], place[1]] = value
    with np.errstate(invalid="ignore"):
        y, dw = reference.conv2d(x, w, b, *case.options), reference.conv2d_weight(g, x, w.shape, *case.options)
    assert np.isfinite(dw).any()
    assert not np.isfinite(dw).all()
    assert_same(cpu.conv2d(x, w, b, *case.options), y)
    assert_same(cpu.conv2d_weight(g, x, w.shape, *case.options), dw)


@compiled
@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_an_infinite_gradient_reaches_what_it_should(value: float) -> None:
    case = Case(3, 2, 5, (9, 8), (3, 3), stride=(2, 1))
    x, w, _, g = case.arrays(np.float32)
    g[1, 2, 3, 5] = value
    with np.errstate(invalid="ignore"):
        dx, dw = (reference.conv2d_input(g, w, x.shape, *case.options),
                  reference.conv2d_weight(g, x, w.shape, *case.options))
    assert_same(cpu.conv2d_input(g, w, x.shape, *case.options), dx)
    assert_same(cpu.conv2d_weight(g, x, w.shape, *case.options), dw)


@compiled
@pytest.mark.parametrize("case", [
    Case(8, 16, 16, (14, 14), (3, 3), padding=SAME),
    Case(1, 8, 16, (28, 28), (3, 3), padding=SAME),             # one image: threads share its rows
    Case(1, 128, 64, (4, 4), (3, 3), padding=((2, 0), (1, 1))),   # one small image: they share rows and filters
    Case(2, 4, 8, (28, 28), (3, 3), stride=(2, 2), padding=SAME, groups=6),
], ids=str)
def test_results_do_not_depend_on_the_number_of_threads(case: Case) -> None:
    before = get_num_threads()
    x, w, b, g = case.arrays(np.float32)
    assert 2 * g.size * w[0].size > 1_000_000                   # else one thread does it all
    try:
        for count in (1, 2, 3):
            set_num_threads(count)
            assert_same(cpu.conv2d(x, w, b, *case.options), reference.conv2d(x, w, b, *case.options))
            assert_same(cpu.conv2d_input(g, w, x.shape, *case.options),
                        reference.conv2d_input(g, w, x.shape, *case.options))
            assert_same(cpu.conv2d_weight(g, x, w.shape, *case.options),
                        reference.conv2d_weight(g, x, w.shape, *case.options))
    finally:
        set_num_threads(before)


@compiled
def test_the_same_call_gives_the_same_bits() -> None:
    rng = np.random.default_rng(0)
    x, g = rng.standard_normal((20, 8, 14, 14), np.float32), rng.standard_normal((20, 8, 14, 14), np.float32)
    options = (1, 1), SAME, (1, 1), 1
    first = cpu.conv2d_weight(g, x, (8, 8, 3, 3), *options)
    for _ in range(5):
        assert_same(cpu.conv2d_weight(g, x, (8, 8, 3, 3), *options), first)
    np.testing.assert_allclose(first, reference.conv2d_weight(g, x, (8, 8, 3, 3), *options), rtol=1e-4, atol=1e-3)
