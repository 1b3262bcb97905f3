"""3 x 3 convolutions by Winograd's minimal filtering: exact on whole numbers, near elsewhere, right where values are not finite."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.kernels import reference
from tests.kernels.both import assert_same, compiled, whole
from tests.kernels.processes import python

pytestmark = compiled
ONE = (1, 1)


def winograd() -> Any:
    """Imported late: a machine without Numba skips."""
    from minigrad.kernels.cpu import winograd as module
    return module


@st.composite
def problems(draw: Any) -> tuple[Any, ...]:
    groups = draw(st.sampled_from([1, 1, 2]))
    channels, filters = draw(st.integers(4, 9)) * groups, draw(st.integers(4, 10)) * groups
    padding = tuple((draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in "yx")
    height, width = draw(st.integers(4, 19)), draw(st.integers(7, 37))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x = whole(rng, (draw(st.integers(1, 5)), channels, height, width), np.float32)
    w = whole(rng, (filters, channels // groups, 3, 3), np.float32)
    return x, w, whole(rng, (filters,), np.float32), padding, groups


@given(problems())
def test_equals_the_reference_on_whole_numbers(problem: tuple[Any, ...]) -> None:
    x, w, b, padding, groups = problem
    size = reference.conv_size(x.shape[2:], w.shape[2:], ONE, padding, ONE)
    if not winograd().usable(x.dtype, w.shape, ONE, padding, ONE, groups, 999, size):
        return
    options = ONE, padding, ONE, groups
    for rectify in (False, True):
        assert_same(winograd().correlate(x, w, b, padding, size, groups, rectify), reference.conv2d(x, w, b, *options, rectify))
    g = whole(np.random.default_rng(1), (len(x), len(w), *size), np.float32)
    assert_same(winograd().correlate_input(g, w, x.shape, padding, groups), reference.conv2d_input(g, w, x.shape, *options))
    assert_same(winograd().correlate_weight(g, x, w.shape, padding, groups), reference.conv2d_weight(g, x, w.shape, *options))


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan, 3e38])
def test_what_is_not_finite_reaches_what_it_should_and_no_more(bad: float) -> None:
    from minigrad.kernels import cpu
    rng = np.random.default_rng(0)
    x, w = whole(rng, (4, 8, 12, 12), np.float32), whole(rng, (8, 8, 3, 3), np.float32)
    w[w == 0] = 1
    x[1, 3, 5, 6] = bad
    g = whole(rng, (4, 8, 12, 12), np.float32)
    options = ONE, (ONE, ONE), ONE, 1
    expected = reference.conv2d(x, w, None, *options)
    assert not np.isfinite(expected).all()
    np.testing.assert_array_equal(cpu.conv2d(x, w, None, *options), expected)
    np.testing.assert_array_equal(cpu.conv2d_weight(g, x, w.shape, *options), reference.conv2d_weight(g, x, w.shape, *options))
    g[0, 2, 4, 4] = bad
    np.testing.assert_array_equal(cpu.conv2d_input(g, w, x.shape, *options), reference.conv2d_input(g, w, x.shape, *options))


@pytest.mark.parametrize(("channels", "filters", "size"), [(16, 16, 28), (64, 64, 8), (32, 48, 15)])
def test_error_is_within_four_times_that_of_pytorch(channels: int, filters: int, size: int) -> None:
    """Both against float64, plus two units in the last place of the largest result."""
    torch = pytest.importorskip("torch")
    from minigrad.kernels import cpu
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((9, channels, size, size)), rng.standard_normal((filters, channels, 3, 3))
    g = rng.standard_normal((9, filters, size, size))
    options = ONE, (ONE, ONE), ONE, 1
    x32, w32, g32 = (a.astype("f4") for a in (x, w, g))
    x, w, g = (a.astype("f8") for a in (x32, w32, g32))
    exact = reference.conv2d(x, w, None, *options), reference.conv2d_input(g, w, x.shape, *options), \
        reference.conv2d_weight(g, x, w.shape, *options)
    ours = cpu.conv2d(x32, w32, None, *options), cpu.conv2d_input(g32, w32, x.shape, *options), \
        cpu.conv2d_weight(g32, x32, w.shape, *options)
    tx, tw = torch.tensor(x32, requires_grad=True), torch.tensor(w32, requires_grad=True)
    ty = torch.nn.functional.conv2d(tx, tw, padding=1)
    ty.backward(torch.tensor(g32))
    theirs = ty.detach().numpy(), tx.grad.numpy(), tw.grad.numpy()
    for right, mine, other in zip(exact, ours, theirs, strict=True):
        allowed = 4 * np.abs(other - right).max() + 2 * np.spacing(np.float32(np.abs(right).max()))
        assert np.abs(mine - right).max() <= allowed


def test_the_same_bits_each_time() -> None:
    from minigrad.kernels import cpu
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((9, 16, 14, 14), "f4"), rng.standard_normal((12, 16, 3, 3), "f4")
    g = rng.standard_normal((9, 12, 14, 14), "f4")
    options = ONE, (ONE, ONE), ONE, 1
    for _ in range(3):
        assert_same(cpu.conv2d(x, w, None, *options), cpu.conv2d(x, w, None, *options))
        assert_same(cpu.conv2d_weight(g, x, w.shape, *options), cpu.conv2d_weight(g, x, w.shape, *options))


NARROWER = """
import numpy as np
from minigrad.kernels import cpu, reference
from minigrad.kernels.cpu import vectors
rng = np.random.default_rng(0)
assert vectors.BITS == 128, vectors.BITS
for shape, filters, kernel, stride, groups in (((3, 6, 9, 11), 7, 3, 1, 1), ((2, 4, 12, 9), 6, 3, 2, 2), ((2, 3, 8, 8), 3, 3, 1, 3),
                                               ((3, 8, 14, 14), 12, 3, 1, 1)):
    for dtype in "fd":
        x = rng.integers(-4, 5, shape).astype(dtype)
        w = rng.integers(-4, 5, (filters, shape[1] // groups, kernel, kernel)).astype(dtype)
        options = (stride, stride), ((1, 1), (1, 1)), (1, 1), groups
        y = reference.conv2d(x, w, None, *options)
        g = rng.integers(-4, 5, y.shape).astype(dtype)
        assert (cpu.conv2d(x, w, None, *options) == y).all()
        assert (cpu.conv2d_input(g, w, x.shape, *options) == reference.conv2d_input(g, w, x.shape, *options)).all()
        assert (cpu.conv2d_weight(g, x, w.shape, *options) == reference.conv2d_weight(g, x, w.shape, *options)).all()
x = rng.integers(-4, 5, (2, 3, 12, 20)).astype("f")
pool = (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1)
y, k = cpu.max_pool2d(x, *pool, (6, 10))
assert (y == reference.max_pool2d(x, *pool, (6, 10))[0]).all()
assert (cpu.max_pool2d_input(y, k, x.shape, *pool) == reference.max_pool2d_input(y, k, x.shape, *pool)).all()
"""


@pytest.mark.slow
def test_narrower_registers_give_the_same() -> None:
    """Registers of 128 bits, which every processor has, NEON's among them."""
    python(NARROWER, MINIGRAD_VECTOR_BITS="128")


def test_a_width_that_is_not_there_is_refused() -> None:
    from minigrad.errors import ArgumentError
    from minigrad.kernels.cpu import vectors
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINIGRAD_VECTOR_BITS", "384")
        with pytest.raises(ArgumentError, match="128, 256 or 512"):
            vectors._host()
