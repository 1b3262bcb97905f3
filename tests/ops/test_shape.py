"""Views of another shape, broadcasting and copies, against PyTorch."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.agree import agree, lines, refuse


@pytest.mark.parametrize("line", lines("""
    x.view(4, -1)
    x.view([4, 6])
    x.view(torch.Size([4, 6]))
    x.view(size=(4, 6))
    x.view(torch.tensor(24))
    torch.tensor(3.).view(1, 1)
    torch.zeros(0, 3).view(-1, 3)
    torch.zeros(0, 3).view(3, -1)
    x[:, :, None].view(2, 3, 4)
    x.reshape(-1)
    x.reshape(shape=(4, 6))
    torch.reshape(x, (4, 6))
    x.transpose(0, 1).reshape(6, 4)
    x.transpose(0, 1).reshape(3, 8)
    x.transpose(0, 1).reshape(3, 2, 2, 2)
    x.view_as(torch.zeros(6, 4))
    x.reshape_as(torch.zeros(6, 4))
    torch.flatten(x)
    torch.flatten(x, 1)
    torch.flatten(x, 0, 1)
    torch.flatten(x, -2, -1)
    torch.flatten(x, 1, 1)
    torch.flatten(torch.tensor(3.))
    x.transpose(0, 2).flatten()
    torch.ravel(x)
    torch.zeros(0, 3).ravel()
    torch.unflatten(x, 2, (2, -1))
    x.unflatten(2, (2, 2))
    x.unflatten(-1, [2, 2])
    torch.unflatten(x, dim=1, sizes=(3, 1))
    x.unsqueeze(0)
    x.unsqueeze(-1)
    x.unsqueeze(2)
    x[:1, :, :1].squeeze()
    x[:1].squeeze(0)
    x.squeeze(0)
    x[:1, :, :1].squeeze((0, 2))
    x[:1, :, :1].squeeze(0, 2)
    x[:1].squeeze(())
    torch.tensor(3.).squeeze(0)
    torch.atleast_1d(torch.tensor(1.))
    torch.atleast_2d(torch.ones(3))
    torch.atleast_3d(torch.ones(3))
    torch.atleast_3d(torch.ones(3, 4))
    torch.atleast_1d(torch.tensor(1.), x)
    torch.atleast_2d([torch.tensor(1.), torch.ones(3)])
    torch.atleast_1d()
"""))
def test_shapes(line: str) -> None:
    agree(line)


@pytest.mark.parametrize("line", lines("""
    x.expand(2, 2, 3, 4)
    x.expand(-1, 3, 4)
    x.expand(size=(2, 3, 4))
    x[:, :1].expand(2, 5, 4)
    x[:, :1].expand(2, 0, 4)
    x[:, :1].transpose(0, 2).expand(4, 5, 2)
    torch.tensor(3.).expand(2, 2)
    torch.broadcast_to(x, (2, 2, 3, 4))
    x.expand_as(torch.zeros(2, 2, 3, 4))
    torch.broadcast_tensors(x, x[0])
    torch.broadcast_tensors(x[:, :1], x[0, 0])
    torch.broadcast_shapes((2, 3), (3,), (1, 1, 3))
    torch.broadcast_shapes((2, 1), 3)
    torch.broadcast_shapes()
    x.sum_to_size(1, 3, 4)
    x.sum_to_size((3, 1))
    x.sum_to_size(())
"""))
def test_broadcasting(line: str) -> None:
    agree(line)


@pytest.mark.parametrize(("line", "match"), [
    ("x.view(-1, -1)", "only one dimension can be inferred"),
    ("x.view(-2)", "invalid shape dimension -2 at index 0"),
    ("x.view(-1, -2)", "invalid shape dimension -2 at index 1"),
    ("x.view(5)", "is invalid for input of size 24; got float64 \\(2, 3, 4\\)"),
    ("x.view(-1, 5)", "is invalid for input of size 24"),
    ("x.view(())", "is invalid for input of size 24"),
    ("x.view(2.0)", "must be ints"),
    ("x.view(foo=1)", "unexpected keyword argument 'foo'"),
    ("x.transpose(0, 1).view(24)", "not compatible with input tensor's size and stride.*Use .reshape"),
    ("torch.zeros(0, 3).view(-1, 0)", "is ambiguous"),
    ("torch.reshape(x, 24)", "must be tuple of ints, not int"),
    ("x.reshape(7)", "is invalid for input of size 24"),
    ("x.transpose(0, 1).reshape(7)", "is invalid for input of size 24"),
    ("torch.flatten(x, 2, 1)", "start_dim cannot come after end_dim"),
    ("torch.flatten(x, 0, 5)", "Dimension out of range"),
    ("torch.unflatten(x, 2, (3, -1))", "don't multiply up to the size of dim 2 \\(4\\)"),
    ("x.unflatten(2, ())", "sizes must be non-empty"),
    ("x.squeeze(5)", "Dimension out of range"),
    ("x.squeeze((0, 0))", "dim 0 appears multiple times"),
    ("x.unsqueeze(4)", "expected to be in range of \\[-4, 3\\], but got 4"),
    ("x.expand(3, 3, 4)", "must match the existing size \\(2\\) at non-singleton dimension 0"),
    ("x.expand(4)", "must be greater or equal to the number of dimensions"),
    ("x.expand(-1, 2, 3, 4)", "isn't allowed in a leading, non-existing dimension 0"),
    ("x.expand(2, -2, 4)", "must match the existing size"),
    ("torch.broadcast_shapes((2, 3), (4,))", "attempting to broadcast a dimension of length 4 at -1"),
    ("torch.broadcast_shapes((2, -1))", "must not be negative"),
    ("torch.broadcast_tensors(x, torch.zeros(5))", "attempting to broadcast"),
    ("x.sum_to_size(2, 4)", "is not expandable to size"),
])
def test_refusals(line: str, match: str) -> None:
    refuse(line, match)


@pytest.mark.parametrize("line", lines("""
    x.detach().float().view(torch.int32)
    x.detach().float().view(torch.int16)
    x.detach().float().view(torch.float64)
    x.view(torch.int64).requires_grad
    torch.tensor(3.).view(torch.int32)
    x.detach().view(dtype=torch.complex128)
"""))
def test_the_same_bytes_as_another_dtype(line: str) -> None:
    agree(line)


def test_another_item_size_needs_neighbours() -> None:
    refuse("torch.tensor(3.).view(torch.int16)", "cannot be 0")
    refuse("x.detach()[:, :, :3].contiguous().float().view(torch.float64)", "must be divisible by 2")
    refuse("x.detach().transpose(1, 2).view(torch.float32)", "must be 1")


def test_a_view_as_another_dtype_shares_memory() -> None:
    x = mg.zeros(2)
    x.view(mg.int32)[0] = 1065353216                 # the bits of 1.0
    assert x.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("line", lines("""
    x.transpose(0, 1).clone().stride()
    x.transpose(0, 1).clone(memory_format=torch.contiguous_format).stride()
    x.transpose(0, 1).clone(memory_format=torch.preserve_format).stride()
    x.transpose(0, 1).contiguous().stride()
    x.clone() is x
    x.contiguous() is x
    x[:, :1].expand(2, 3, 4).contiguous().stride()
    x.transpose(0, 2).clone()
    x.transpose(0, 2).contiguous()
"""))
def test_copies(line: str) -> None:
    agree(line)


def test_an_expanded_tensor_is_no_place_to_write_but_its_rows_are() -> None:
    x = mg.zeros(3)
    wide = x.expand(2, 3)
    with pytest.raises(RuntimeError, match="one memory cell; clone\\(\\) it first"):
        wide.add_(1)
    wide[0].add_(1)
    assert x.tolist() == [1.0, 1.0, 1.0]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.data())
def test_any_split_of_the_sizes_is_a_view(shape: list[int], data: st.DataObject) -> None:
    n = int(np.prod(shape))
    divisors = [d for d in range(1, n + 1) if n % d == 0] or [1]
    first = data.draw(st.sampled_from(divisors))
    array = np.arange(n, dtype="f8").reshape(shape)
    x = mg.from_numpy(array)
    if n:
        for size in ((first, -1), (-1, first), (first, n // first)):
            out = x.view(*size)
            assert np.shares_memory(out.numpy(), array)
            np.testing.assert_array_equal(out.numpy(), array.reshape(size))
