"""meshgrid, cartesian_prod and combinations, against PyTorch."""
from __future__ import annotations

import pytest

from tests.agree import agree, lines, refuse


@pytest.mark.parametrize("line", lines("""
    torch.meshgrid(x[0, 0], x[:, 0, 0], indexing='ij')
    torch.meshgrid(x[0, 0], x[:, 0, 0], indexing='xy')
    torch.meshgrid([x[0, 0], x[:, 0, 0], x[0, :, 0]], indexing='xy')
    torch.meshgrid(x[0, 0, 0], x[0, 0], indexing='ij')
    torch.meshgrid(torch.arange(2), torch.arange(3))
    torch.cartesian_prod(torch.arange(2), torch.arange(3))
    torch.cartesian_prod(x[0, 0], x[0, 1], x[:, 0, 0])
    torch.cartesian_prod(torch.arange(2))
    torch.combinations(x[0, 0])
    torch.combinations(torch.arange(4), r=0)
    torch.combinations(torch.arange(2), r=3)
    torch.combinations(torch.arange(3), r=2, with_replacement=True)
"""))
def test_values_and_gradients(line: str) -> None:
    agree(line)


@pytest.mark.parametrize(("line", "match"), [
    ("torch.meshgrid(torch.ones(2), torch.ones(3), indexing='a')", "must be one of \"xy\" or \"ij\", but received: a"),
    ("torch.meshgrid(torch.ones(2), torch.ones(3, 2), indexing='ij')", "0D or 1D tensor"),
    ("torch.meshgrid(torch.tensor(1), torch.ones(3), indexing='ij')", "same dtype; got int64 \\(\\), float32 \\(3,\\)"),
    ("torch.meshgrid()", "non-empty TensorList"),
    ("torch.cartesian_prod(x)", "1D vector, but got shape \\[2, 3, 4\\]"),
    ("torch.combinations(x)", "1D vector"),
    ("torch.combinations(torch.arange(3), -1)", "non-negative number, but got -1"),
])
def test_refusals(line: str, match: str) -> None:
    refuse(line, match)
