"""Joining and splitting, against PyTorch."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.agree import agree, lines, refuse


@pytest.mark.parametrize("line", lines("""
    torch.cat([x, x])
    torch.cat((x, x[:, :1]), 1)
    torch.cat((x, x), dim=-1)
    torch.cat((x, x), axis=-1)
    torch.concat((x, x), -1)
    torch.concatenate((x, x), -1)
    torch.cat([x])
    torch.cat([x, torch.zeros(0)], 2)
    torch.cat([torch.zeros(0), x], 2)
    torch.cat([torch.zeros(0), torch.zeros(0)], 1)
    torch.cat([x[:0], x])
    torch.cat([x, i[:, :, None].expand(2, 3, 4)])
    torch.cat([torch.zeros(2, dtype=torch.int8), torch.zeros(2, dtype=torch.uint8)])
    torch.cat([torch.zeros(2, dtype=torch.bool), torch.zeros(2, dtype=torch.int8)])
    torch.cat([torch.ones(2), torch.ones(2, dtype=torch.complex64)])
    torch.stack([x, x], -1)
    torch.stack((x, x), dim=1)
    torch.stack([torch.tensor(1), torch.tensor(1.5)])
    x.split(2, 1)
    x.split(5, 1)
    x.split(2, dim=2)[1]
    x.split([2, 2], -1)
    torch.split(x[:0], 0)
    torch.split(x[:0], 2)
    torch.split_with_sizes(x, [1, 1], 0)
    torch.chunk(x, 2, 1)
    x.chunk(3, -1)
    len(torch.chunk(torch.arange(6), 4))
    len(torch.chunk(torch.arange(7), 4))
    len(torch.chunk(x[:0], 3))
    torch.unbind(x, 1)
    x.unbind()[1]
    torch.unbind(x, -1)[2]
"""))
def test_values_and_gradients(line: str) -> None:
    agree(line)


@pytest.mark.parametrize(("line", "match"), [
    ("torch.cat([])", "expected a non-empty list of Tensors"),
    ("torch.cat([x, torch.zeros(2, 3, 5)])", "Expected size 4 but got size 5 for tensor number 1"),
    ("torch.cat([x, torch.zeros(2, 3)])", "same number of dimensions: got 3 and 2"),
    ("torch.cat([torch.tensor(1.)])", "zero-dimensional tensor \\(at position 0\\)"),
    ("torch.cat([x, 1])", "every element of tensors must be a Tensor; got int 1"),
    ("torch.cat(x)", "must be a tuple or list of Tensors"),
    ("torch.cat((x, x), dim=3)", "Dimension out of range"),
    ("torch.cat([torch.zeros(0), x], 5)", "Dimension out of range"),
    ("torch.stack([])", "non-empty TensorList"),
    ("torch.stack([x, x[0]])", "but got \\[2, 3, 4\\] at entry 0 and \\[3, 4\\] at entry 1"),
    ("torch.stack([x, x], 4)", "Dimension out of range"),
    ("x.split(0, 1)", "split_size can only be 0 if dimension size is 0, but got dimension size of 3"),
    ("x.split(-1, 1)", "split_size be non-negative"),
    ("x.split([1, 1], 1)", "sum exactly to 3 .* but got split_sizes=\\[1, 1\\]"),
    ("x.split([4, -1], 1)", "only non-negative entries"),
    ("x.split(2.0)", "must be an int or a list of ints, not float"),
    ("torch.split(torch.tensor(1.), 1)", "at least a 1-dimensional tensor"),
    ("x.chunk(0)", "`chunks` to be greater than 0, got: 0"),
    ("torch.unbind(torch.tensor(1.))", "tensor has no dimensions"),
    ("x.unbind(5)", "Dimension out of range"),
])
def test_refusals(line: str, match: str) -> None:
    refuse(line, match)


def test_pieces_share_memory_and_may_not_be_written_while_recording() -> None:
    x = mg.zeros(4)
    a, b = x.chunk(2)
    b.fill_(1)                                       # nothing is recorded: fine
    assert x.tolist() == [0.0, 0.0, 1.0, 1.0]
    y = mg.zeros(4, requires_grad=True) * 1
    with pytest.raises(RuntimeError, match="output of split_with_sizes, which returns several views"):
        y.chunk(2)[0].fill_(1)
    assert a.tolist() == [0.0, 0.0]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=5), st.integers(0, 2))
def test_cat_undoes_split(sizes: list[int], dim: int) -> None:
    shape = [2, 3, 2]
    shape[dim] = sum(sizes)
    x = mg.from_numpy(np.arange(float(np.prod(shape))).reshape(shape)).requires_grad_()
    out = mg.cat(x.split(sizes, dim), dim)
    np.testing.assert_array_equal(out.detach().numpy(), x.detach().numpy())
    out.backward(x.detach() + 1)
    assert x.grad is not None
    np.testing.assert_array_equal(x.grad.numpy(), x.detach().numpy() + 1)


def test_the_names_of_split_s_size() -> None:
    """The method and the function call it differently."""
    x = mg.arange(5)
    for parts in x.split(split_size=2), mg.split(x, split_size_or_sections=2):
        assert [part.tolist() for part in parts] == [[0, 1], [2, 3], [4]]
    assert [p.tolist() for p in x.split(split_size=(1, 4), dim=0)] == [[0], [1, 2, 3, 4]]
