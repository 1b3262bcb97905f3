"""Masks, against PyTorch."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from tests.agree import agree, agree_after, lines, refuse


@pytest.mark.parametrize("line", lines("""
    torch.masked_fill(x, x > 3, 0)
    x.masked_fill(m, -1.5)
    x.masked_fill(m, torch.tensor(1.))
    x.masked_fill(m[0, 0], 2)
    x[0, 0].masked_fill(torch.ones(3, 1, dtype=torch.bool), 0)
    x.masked_fill(torch.tensor(True), 3)
    i.masked_fill(i > 2, 1.5)
    i.masked_fill(i > 2, torch.tensor(1.5))
    torch.masked_select(x, x > 20)
    x.masked_select(torch.tensor([True, False, True, False]))
    x[0, 0].masked_select(torch.tensor([[True], [False]]))
    torch.masked_scatter(x, m, torch.ones(10).double())
    x.masked_scatter(m[0], torch.arange(24.).double())
"""))
def test_values_and_gradients(line: str) -> None:
    agree(line)


@pytest.mark.parametrize("dtype", ["float64", "int64", "bool"])
@pytest.mark.parametrize("line", lines("""
    x.masked_fill_(m, 2.5)
    x.masked_fill_(m, v())
    x.masked_fill_(m[0, 0], -3)
    x[:, ::2].masked_fill_(m[:, ::2], 4)
    x.masked_scatter_(m, v(10))
    x.masked_scatter_(m[0], v(3, 5))
"""))
def test_in_place(line: str, dtype: str) -> None:
    agree_after(line, dtype)


@pytest.mark.parametrize(("line", "match"), [
    ("x.masked_fill(m, torch.tensor([1.]))", "0-dimensional value tensor, but got tensor with 1 dimension"),
    ("x.masked_fill(torch.ones(5, dtype=torch.bool), 0)", "must match the size of tensor b"),
    ("x.masked_fill(torch.ones(4), 0)", "only supports boolean masks, but got mask float32 \\(4,\\)"),
    ("x.masked_fill(m, 1j)", "without overflow"),
    ("x.detach().masked_fill_(torch.ones(5, 2, 3, 4, dtype=torch.bool), 0)", "doesn't match the broadcast shape \\[5, 2, 3, 4\\]"),
    ("x.detach().masked_fill_(torch.ones(5, dtype=torch.bool), 0)", "masked_fill_: the size of tensor a \\(4\\) must match"),
    ("x.masked_select(torch.ones(4))", "only supports boolean masks"),
    ("x.masked_scatter(m, torch.ones(2).double())", "number of elements of source < number of ones in mask; got 2 and 8"),
    ("x.masked_scatter(m, torch.ones(10))", "same dtypes but got float64 and float32"),
])
def test_refusals(line: str, match: str) -> None:
    refuse(line, match)


def test_large_masks_take_another_way_to_the_same_values() -> None:
    """From some size on, elements are chosen by their bits; inf and nan under the mask must vanish."""
    array = np.random.default_rng(0).normal(size=10000).astype("f4")
    array[::7], array[::11] = np.inf, np.nan
    mask = ~np.isfinite(array)
    x = mg.tensor(array, requires_grad=True)
    expected = np.where(mask, np.float32(2.5), array)
    out = x.masked_fill(mg.from_numpy(mask), 2.5)
    np.testing.assert_array_equal(out.detach().numpy(), expected)
    out.sum().backward()
    assert x.grad is not None
    np.testing.assert_array_equal(x.grad.numpy(), (~mask).astype("f4"))
    written = x.detach().clone().masked_fill_(mg.from_numpy(mask), 2.5)
    np.testing.assert_array_equal(written.numpy(), expected)
