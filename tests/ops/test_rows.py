"""Slices at a vector of indices, against PyTorch."""
from __future__ import annotations

import pytest

import minigrad as mg
from tests.agree import agree, agree_after, lines, refuse


@pytest.mark.parametrize("line", lines("""
    torch.index_select(x, 1, torch.tensor([0, 2, 0]))
    x.index_select(-1, torch.tensor(1))
    x.index_select(0, torch.tensor([1], dtype=torch.int32))
    torch.index_select(torch.tensor(3.), 0, torch.tensor([0]))
    torch.index_add(x, 1, torch.tensor([0, 2]), torch.ones(2, 2, 4).double(), alpha=2)
    torch.index_add(x, 0, torch.tensor([1, 1, 1]), torch.ones(3, 3, 4).double())
    torch.index_add(x, 1, torch.tensor(0), torch.ones(2, 1, 4).double())
    torch.index_add(torch.tensor(3.), 0, torch.tensor(0), torch.tensor(1.))
    torch.index_add(i, 1, torch.tensor([0]), torch.ones(2, 1, dtype=torch.long), alpha=1.5)
    torch.index_copy(x, 1, torch.tensor([0, 2]), torch.ones(2, 2, 4).double())
    torch.index_copy(torch.tensor(1.), 0, torch.tensor([0]), torch.tensor(5.))
    torch.index_fill(x, 1, torch.tensor([0, -1]), 5.)
    torch.index_fill(x, 2, torch.tensor([0, 2]), torch.tensor(5.).double())
    torch.index_fill(i, 1, torch.tensor([0, 2]), 5.5)
    torch.index_fill(torch.tensor(1.), 0, torch.tensor([0]), 5.)
    torch.index_reduce(x, 1, torch.tensor([0, 0]), torch.full((2, 2, 4), 2.).double(), 'prod')
    torch.index_reduce(x, 2, torch.tensor([0, 3]), torch.ones(2, 3, 2).double(), 'mean', include_self=False)
    torch.index_reduce(x, 0, torch.tensor([1]), torch.ones(1, 3, 4).double(), 'amin')
    torch.index_reduce(i, 1, torch.tensor([0, 0]), torch.ones(2, 2, dtype=torch.long), 'mean')
"""))
def test_values_and_gradients(line: str) -> None:
    agree(line)


@pytest.mark.parametrize("dtype", ["float64", "int64"])
@pytest.mark.parametrize("line", lines("""
    x.index_add_(0, torch.tensor([0, 0]), v(2, 3, 4))
    x.index_add_(1, torch.tensor([0, 2]), v(2, 2, 4), alpha=2)
    x.transpose(0, 2).index_add_(1, torch.tensor([0, 0]), v(4, 2, 2))
    x.index_copy_(0, torch.tensor([1]), v(1, 3, 4))
    x.transpose(0, 2).index_copy_(0, torch.tensor([1, 3]), v(2, 3, 2))
    x.index_fill_(0, torch.tensor([1]), 7)
    x.index_fill_(2, torch.tensor([1, 3, 1]), v())
    x.index_reduce_(2, torch.tensor([1, 2]), v(2, 3, 2), 'amax')
"""))
def test_in_place(line: str, dtype: str) -> None:
    agree_after(line, dtype)


def test_index_fill_counts_negative_indices_from_the_end_in_its_gradient_too() -> None:
    """Of PyTorch's the backward pass fails."""
    x, value = mg.zeros(3, requires_grad=True), mg.tensor(5.0, requires_grad=True)
    out = x.index_fill(0, mg.tensor([-1, 0, 2]), value)
    assert out.tolist() == [5.0, 0.0, 5.0]
    out.sum().backward()
    assert value.grad is not None
    assert value.grad.item() == 2.0


@pytest.mark.parametrize(("line", "match"), [
    ("x.index_select(1, torch.tensor([0, 3]))", "index 3 is out of bounds for dimension 1 with size 3"),
    ("x.index_select(1, torch.tensor([-1]))", "index -1 is out of bounds"),
    ("x.index_select(1, torch.tensor([[1]]))", "supposed to be a vector"),
    ("x.index_select(1, torch.tensor([1.]))", "int64 for index; got float32"),
    ("torch.index_select(torch.tensor(3.), 0, torch.tensor([0, 0]))", "can have only 1 value, got 2"),
    ("torch.index_add(x, 1, torch.tensor([0, 3]), torch.ones(2, 2, 4).double())", "index out of range in self"),
    ("torch.index_add(x, 1, torch.tensor([0, -1]), torch.ones(2, 2, 4).double())", "index out of range in self"),
    ("torch.index_add(x, 1, torch.tensor([0, 2]), torch.ones(2, 3, 4).double())",
     "number of indices \\(2\\) should be equal"),
    ("torch.index_add(x, 1, torch.tensor([0, 2]), torch.ones(1, 2, 4).double())", "source tensor shape must match self tensor shape"),
    ("torch.index_add(x, 1, torch.tensor([0, 2]), torch.ones(2, 2, 4))", "must have the same dtype"),
    ("torch.index_add(x, 1, torch.tensor([[0]]), torch.ones(2, 1, 4).double())", "supposed to be a vector"),
    ("torch.index_add(x, 5, torch.tensor([0]), torch.ones(2, 1, 4).double())", "Dimension out of range"),
    ("torch.index_copy(x, 1, torch.tensor([0, 3]), torch.ones(2, 2, 4).double())", "index 3 is out of bounds"),
    ("torch.index_copy(x, 1, torch.tensor([0, 2]), torch.ones(2, 3, 4).double())", "number of indices \\(2\\)"),
    ("torch.index_copy(x, 1, torch.tensor(1), torch.ones(2, 4).double())", "dimensionality must match"),
    ("torch.index_copy(x, 1, torch.tensor([0, 1]), torch.ones(2, 2, 4))", "must have the same dtype"),
    ("torch.index_fill(x, 1, torch.tensor([0, 3]), 5.)", "index 3 is out of bounds"),
    ("torch.index_fill(x, 1, torch.tensor([0, 2]), torch.tensor([5.]).double())", "0-dimensional value tensor"),
    ("torch.index_reduce(x, 1, torch.tensor([0]), torch.ones(2, 1, 4).double(), 'sum')", "one of prod, mean, amax or amin but got sum"),
])
def test_refusals(line: str, match: str) -> None:
    refuse(line, match)
