"""tril and triu, against PyTorch."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from tests.agree import agree, agree_after, lines, refuse


@pytest.mark.parametrize("line", lines("""
    torch.tril(x, 1)
    torch.triu(x[0], -1)
    x.tril(diagonal=-5)
    i.triu(2)
    torch.tril(i > 2)
    torch.triu(torch.zeros(0, 3))
    torch.tril(x.transpose(0, 2))
"""))
def test_values_and_gradients(line: str) -> None:
    agree(line)


@pytest.mark.parametrize("line", lines("""
    x.tril_()
    x.triu_(1)
    x[0].tril_(-1)
"""))
def test_in_place(line: str) -> None:
    agree_after(line)


def test_large_ones_take_another_way_to_the_same_values() -> None:
    array = np.random.default_rng(0).normal(size=(2, 80, 90)).astype("f4")
    array[0, 3, 5] = np.inf
    np.testing.assert_array_equal(mg.tensor(array).tril(2).numpy(), np.tril(array, 2))
    np.testing.assert_array_equal(mg.tensor(array).triu(-3).numpy(), np.triu(array, -3))


def test_refusals() -> None:
    refuse("torch.tril(x[0, 0])", "at least 2 dimensions; got x float64 \\(4,\\)")
