"""Views of parts, and writing back to them, against PyTorch."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.agree import agree, agree_after, lines, refuse


@pytest.mark.parametrize("line", lines("""
    torch.select(x, 1, 2)
    x.select(-1, torch.tensor(1))
    x.select(0, -1)
    torch.narrow(x, 1, 1, 2)
    x.narrow(1, -1, 1)
    x.narrow(1, 3, 0)
    x.narrow(1, torch.tensor(1), 1)
    torch.narrow_copy(x, 1, 1, 2)
    x.unfold(2, 2, 1)
    x.unfold(-1, 3, 2)
    x.unfold(0, 2, 1)
    x.unfold(2, 0, 1)
    torch.tensor(3.).unfold(0, 1, 1)
    torch.diagonal(x)
    torch.diagonal(x, 1, 0, 2)
    torch.diagonal(x, -1, dim1=1, dim2=2)
    torch.diagonal(x, 10)
    torch.diagonal(x.transpose(0, 2), 1)
    torch.diag(x[0])
    torch.diag(x[0], -1)
    torch.diag(x[0, 0], 1)
    x[0, :2, :2].diagflat(1)
    torch.diagflat(torch.tensor(1.))
    torch.diag_embed(x[0], 1)
    torch.diag_embed(x[0], 0, 0, 2)
    x.as_strided((2, 2), (1, 2))
    x.as_strided((2, 2), (1, 2), 3)
    x.as_strided((3, 3), (1, 1))
    x.as_strided((2, 2), (0, 0))
    x.transpose(0, 2).as_strided((2, 3), (3, 1))
    x.detach()[1].as_strided((2,), (1,))
    x.detach()[1].as_strided((2,), (1,), 0)
    torch.select_scatter(x, torch.ones(3, 4).double(), 0, 1)
    torch.slice_scatter(x, torch.ones(1, 3, 4).double(), 0, 1, 2)
    torch.slice_scatter(x, torch.ones(2, 3, 2).double(), 2, 0, 4, 2)
    torch.diagonal_scatter(x[0], torch.ones(3).double())
    torch.as_strided_scatter(x.detach(), torch.ones(2, 2).double(), (2, 2), (1, 4), 2)
"""))
def test_values_and_gradients(line: str) -> None:
    agree(line)


def test_as_strided_scatter_has_no_gradient_where_it_wrote() -> None:
    """PyTorch's is the other way round."""
    x = mg.zeros(2, 3, requires_grad=True)
    mg.as_strided_scatter(x, mg.ones(2), (2,), (3,), 1).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[1.0, 0.0, 1.0], [1.0, 0.0, 1.0]]


@pytest.mark.parametrize("line", lines("""
    x.select(1, 0).fill_(3)
    x.narrow(2, 1, 2).mul_(v(2))
    x.diagonal(0, 1, 2).copy_(v(3))
    x[0].diagonal(1).add_(v(3))
    x.unfold(2, 2, 2)[..., 0].zero_()
    x.as_strided((2, 2), (1, 4), 2).copy_(v(2, 2))
    x[0].diagonal()[1] = v()
"""))
def test_writes_through_views(line: str) -> None:
    agree_after(line)


@pytest.mark.parametrize(("line", "match"), [
    ("x.select(1, 3)", "index 3 out of range for tensor of size \\[2, 3, 4\\] at dimension 1"),
    ("torch.select(torch.tensor(1.), 0, 0)", "0-dim tensor"),
    ("x.narrow(1, 1, 3)", "start \\(1\\) \\+ length \\(3\\) exceeds dimension size \\(3\\)"),
    ("x.narrow(1, 4, 0)", "start out of range"),
    ("x.narrow(1, 0, -1)", "length must be non-negative"),
    ("torch.narrow(torch.tensor(1.), 0, 0, 1)", "0-dim tensor"),
    ("x.unfold(2, 5, 1)", "maximum size for tensor at dimension 2 is 4 but size is 5"),
    ("x.unfold(2, 2, 0)", "step is 0 but must be > 0"),
    ("x.unfold(0, -1, 2)", "size is -1 but must be >= 0"),
    ("x.diagonal(0, 1, 1)", "identical 1, 1"),
    ("x[0, 0].diagonal()", "Dimension out of range"),
    ("torch.diag(x)", "1D or 2D tensors. Got 3D"),
    ("torch.diag_embed(x[0], 0, 0, 0)", "identical 0, 0"),
    ("torch.diag_embed(torch.tensor(1.))", "Dimension out of range"),
    ("x.as_strided((2, 2), (1, 200))", "requiring a storage of 202 elements are out of bounds for storage of 24"),
    ("x.as_strided((2,), (1, 2))", "mismatch in length of strides and shape"),
    ("x.as_strided((2,), (-1,))", "negative"),
    ("torch.select_scatter(x, torch.ones(4).double(), 0, 1)", "src size = \\[4\\], slice size = \\[3, 4\\]"),
    ("torch.diagonal_scatter(x[0], torch.ones(4).double())", "src size = \\[4\\], slice size = \\[3\\]"),
])
def test_refusals(line: str, match: str) -> None:
    refuse(line, match)


def test_as_strided_of_a_view_is_one_of_its_base() -> None:
    x = mg.zeros(4, requires_grad=True)
    y = x * 1
    y[2:].as_strided((2,), (1,), 0).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [1.0, 1.0, 0.0, 0.0]


def test_strides_of_memory_with_gaps_are_refused() -> None:
    with pytest.raises(NotImplementedError, match="the memory of this tensor has gaps"):
        mg.from_numpy(np.zeros((4, 4))[:, ::2]).as_strided((2,), (1,))


@given(st.integers(1, 8), st.integers(1, 8), st.integers(1, 4))
def test_windows_and_their_sum_are_adjoint(n: int, size: int, step: int) -> None:
    if size > n:
        size = n
    x = mg.from_numpy(np.arange(1.0, n + 1)).requires_grad_()
    windows = x.unfold(0, size, step)
    y = mg.from_numpy(np.random.default_rng(0).normal(size=tuple(windows.shape)))
    (windows * y).sum().backward()
    assert x.grad is not None
    assert (x.grad * x.detach()).sum().item() == pytest.approx((windows.detach() * y).sum().item())
