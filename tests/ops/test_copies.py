"""Views as copies, unsafe splits, and resizing, against PyTorch."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from tests.agree import agree, agree_after, lines, refuse
from tests.ops.oracle import same


@pytest.mark.parametrize("line", lines("""
    torch.alias_copy(x)
    torch.as_strided_copy(x, (2, 2), (1, 4), 1)
    torch.diagonal_copy(x, 1, 0, 2)
    torch.expand_copy(x[:, :1], (2, 3, 4))
    torch.permute_copy(x, (2, 0, 1))
    torch.select_copy(x, 1, -1)
    torch.split_with_sizes_copy(x, (1, 2), 1)
    torch.squeeze_copy(x[:1])
    torch.squeeze_copy(x[:1], 0)
    torch.t_copy(x[0])
    torch.transpose_copy(x, 0, 2)
    torch.unbind_copy(x, 1)
    torch.unfold_copy(x, 2, 2, 1)
    torch.unsqueeze_copy(x, 1)
    torch.view_copy(x, (4, 6))
    torch.t_copy(x[0])._base is None
    torch.unsafe_split(x, 2, 1)
    torch.unsafe_chunk(x, 2, 1)
    torch.unsafe_split_with_sizes(x, (1, 2), 1)
    torch.unsafe_chunk(x[:0], 3)
    torch.nonzero_static(i > 2, size=2)
    torch.nonzero_static(i > 2, size=5, fill_value=9)
    x.detach().new(2, 3).shape
    x.detach().new([1, 2])
    x.new_empty_strided((2, 3), (1, 2)).stride()
"""))
def test_values_and_gradients(line: str) -> None:
    agree(line)


def test_pieces_of_an_unsafe_split_may_be_written() -> None:
    x = mg.ones(4, requires_grad=True)
    y = x * 1
    a, b = mg.unsafe_chunk(y, 2)
    a.mul_(3)
    (y.sum() + b.sum()).backward()
    assert x.grad is not None
    assert x.grad.tolist() == [3.0, 3.0, 2.0, 2.0]


@pytest.mark.parametrize("line", lines("""
    x.resize_(2, 3)
    x.resize_((4, 3, 2))
    x.resize_as_(torch.zeros(5))
    x.resize_(2, 3); x[0] = 7
"""))
def test_a_smaller_size(line: str) -> None:
    agree_after(line, "int64")


def test_a_larger_size_keeps_the_elements() -> None:
    x = mg.arange(4).view(2, 2)
    x.resize_(3, 3)
    assert x.view(-1)[:4].tolist() == [0, 1, 2, 3]
    refuse("x.resize_(2)", "cannot resize variables that require grad")


def test_ranges_splits_and_parts() -> None:
    x = np.arange(12.0).reshape(3, 4)
    same(lambda lib, t: lib.slice_copy(t, 1, 0, 3, 2), x)
    same(lambda lib, t: lib.slice_copy(t, -2, -2), x)
    same(lambda lib, t: lib.split_copy(t, 3, 1)[1], x)
    same(lambda lib, t: lib.detach_copy(t.detach()), x)
    same(lambda lib, t: lib.view_as_real_copy(lib.view_as_complex_copy(t.detach().reshape(3, 2, 2))), x)
    for name, args in (("slice_copy", (0, 1)), ("split_copy", (2,)), ("detach_copy", ())):
        t = mg.tensor(x)
        out = getattr(mg, name)(t, *args)
        assert not any(np.shares_memory(t.numpy(), o.numpy()) for o in (out if isinstance(out, tuple) else (out,)))
