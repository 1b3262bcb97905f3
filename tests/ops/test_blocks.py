"""NumPy's ways to join and to split, against PyTorch."""
from __future__ import annotations

import pytest

from tests.agree import agree, lines, refuse


@pytest.mark.parametrize("line", lines("""
    torch.hstack([torch.tensor(1.), torch.ones(2)])
    torch.hstack([x, x])
    torch.vstack([torch.tensor(1.), torch.ones(1)])
    torch.vstack([x[0, 0], x[0]])
    torch.row_stack([torch.ones(2), torch.ones(3, 2)])
    torch.dstack([x[0, 0], x[1, 1]])
    torch.dstack([x, x])
    torch.column_stack([torch.tensor(1.), torch.tensor(2.)])
    torch.column_stack([x[0, :, 0], x[1]])
    torch.column_stack([x, x])
    torch.tensor_split(torch.arange(7), 3)
    torch.tensor_split(torch.arange(7), (1, 5, 4, 9))
    torch.tensor_split(torch.arange(7), (-3,))
    torch.tensor_split(torch.arange(7), torch.tensor([1, 5]))
    torch.tensor_split(torch.arange(7), torch.tensor(3))
    torch.tensor_split(torch.arange(7), indices=(2,))
    torch.tensor_split(torch.arange(7), sections=2)
    x.tensor_split(2, 1)
    x.hsplit(3)
    torch.hsplit(torch.arange(4), 2)
    x.hsplit([1, 2])
    x.vsplit(2)
    x.dsplit((1, 3))
    torch.block_diag(x[0], torch.tensor(3.), torch.ones(3))
    torch.block_diag(torch.ones(1, 1, dtype=torch.int64), torch.ones(1, 1))
    torch.block_diag()
"""))
def test_values_and_gradients(line: str) -> None:
    agree(line)


@pytest.mark.parametrize(("line", "match"), [
    ("torch.hstack([])", "hstack: expects a non-empty TensorList"),
    ("torch.tensor_split(torch.arange(7), 0)", "number of sections must be larger than 0, got 0"),
    ("torch.tensor_split(torch.tensor(1.), 3)", "at least a 1-dimensional tensor"),
    ("x.hsplit(2)", "size of the dimension 3 is not divisible by the split_size 2"),
    ("torch.hsplit(torch.tensor(1.), 2)", "at least 1 dimension"),
    ("torch.vsplit(torch.arange(4), 2)", "at least 2 dimension"),
    ("x[0].dsplit(2)", "at least 3 dimension"),
    ("torch.block_diag(x)", "Input 0 has 3 dimensions"),
])
def test_refusals(line: str, match: str) -> None:
    refuse(line, match)
