"""repeat, tile, repeat_interleave, flip, roll and rot90, against PyTorch."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.agree import agree, lines, refuse


@pytest.mark.parametrize("line", lines("""
    x.repeat(2, 1, 1)
    x.repeat((2, 2, 1, 1))
    x.repeat(2, 1, 0)
    torch.tensor(3.).repeat(2)
    torch.tile(x, (2,))
    torch.tile(x, (2, 1, 1, 1))
    x.tile(2, 2)
    torch.tile(x, ())
    torch.repeat_interleave(x, 2, 1)
    torch.repeat_interleave(x, 2)
    torch.repeat_interleave(x, 0, 1)
    torch.repeat_interleave(x, torch.tensor([1, 2, 0]), 1)
    x.repeat_interleave(torch.tensor([2]), 1)
    x.repeat_interleave(torch.tensor(2), -1)
    torch.repeat_interleave(torch.tensor([1, 2, 0]))
    torch.repeat_interleave(torch.tensor([0, 0]))
    torch.repeat_interleave(x, torch.tensor([1, 2, 0]), 1, output_size=3)
    torch.repeat_interleave(torch.tensor(3.), 2)
    torch.flip(x, (0,))
    x.flip(0, 1)
    x.flip((-1,))
    torch.flip(torch.tensor(3.), ())
    torch.fliplr(x)
    torch.flipud(x[0, 0])
    torch.roll(x, 1)
    torch.roll(x, (1, 2), (0, 1))
    x.roll(-1, -1)
    x.roll(7, 1)
    x.roll((1, 1), (0, 0))
    torch.roll(torch.tensor(3.), 1)
    torch.roll(x[:0], 1, 0)
    torch.rot90(x)
    x.rot90(2, (1, 2))
    torch.rot90(x, -1, (0, 2))
    torch.rot90(x, 4)
"""))
def test_values_and_gradients(line: str) -> None:
    agree(line)


@pytest.mark.parametrize(("line", "match"), [
    ("x.repeat(2)", "can not be smaller than number of dimensions"),
    ("x.repeat(2, 1, -1)", "must not be negative"),
    ("x.repeat()", "missing argument 'repeats'"),
    ("x.repeat_interleave(torch.tensor([1, 2]), 1)", "repeats.size\\(0\\) = 2 and input.size\\(dim\\) = 3"),
    ("x.repeat_interleave(-1, 1)", "non-negative"),
    ("x.repeat_interleave(torch.tensor([-1, 2, 2]), 1)", "can not be negative"),
    ("x.repeat_interleave(torch.tensor([[1, 2]]), 1)", "0-dim or 1-dim"),
    ("x.repeat_interleave([1, 2, 1], 1)", "must be an int or a Tensor; got list of 3"),
    ("torch.repeat_interleave(torch.tensor([1., 2.]))", "must be int32 or int64"),
    ("x.repeat_interleave(torch.tensor([1, 2, 0]), 1, output_size=4)", "output_size 4, needed 3"),
    ("torch.flip(x, (0, 0))", "dim 0 appears multiple times"),
    ("torch.flip(x, 0)", "must be tuple of ints, not int"),
    ("torch.flip(x, (5,))", "Dimension out of range"),
    ("torch.fliplr(x[0, 0])", "must be >= 2-d"),
    ("torch.flipud(torch.tensor(1.))", "must be >= 1-d"),
    ("torch.roll(x, (1, 2), (0,))", "must align. shifts: 2, dims:? ?1"),
    ("torch.roll(torch.tensor(3.), 1, 0)", "tensor has no dimensions"),
    ("torch.rot90(x, 1, (0, 0))", "to be different"),
    ("torch.rot90(x, 1, (0,))", "dims == 2, but got dims = 1"),
    ("torch.rot90(x[0, 0])", "total dims >= 2"),
    ("torch.rot90(x, 1, (0, 3))", "Dimension out of range"),
])
def test_refusals(line: str, match: str) -> None:
    refuse(line, match)


@given(st.lists(st.integers(0, 3), max_size=6))
def test_repeats_one_by_one(repeats: list[int]) -> None:
    x = mg.arange(float(len(repeats)))
    out = x.repeat_interleave(mg.tensor(repeats, dtype=mg.int64), 0)
    np.testing.assert_array_equal(out.numpy(), np.repeat(np.arange(float(len(repeats))), repeats))
