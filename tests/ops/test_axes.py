"""Dimensions in another order, against PyTorch."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.agree import agree, agree_after, lines, refuse


@pytest.mark.parametrize("line", lines("""
    x.permute(2, 0, 1)
    x.permute((2, 0, 1))
    x.permute(-1, 0, -2)
    x.permute(dims=(0, 2, 1))
    torch.permute(x, (2, 0, 1))
    torch.tensor(3.).permute(())
    x.transpose(0, 2)
    x.transpose(dim0=-1, dim1=0)
    torch.tensor(3.).transpose(0, -1)
    torch.swapaxes(x, axis0=0, axis1=1)
    torch.swapdims(x, dim0=0, dim1=1)
    x.swapaxes(0, 1)
    torch.movedim(x, 0, 2)
    torch.movedim(x, (0, 1), (2, 0))
    torch.movedim(x, (-1,), (0,))
    torch.moveaxis(x, 0, -1)
    torch.movedim(torch.tensor(3.), 0, 0)
    x[0].t()
    x[0, 0].t()
    x[0, 0, 0].t()
    x.T
    x[0, 0].T
    x.mT
    x[0].H
    x.mH
    torch.adjoint(x)
    torch.adjoint(torch.tensor([[1 + 2j, 3j]]))
    torch.tensor([[1 + 2j, 3j]]).H
    torch.tensor(3.).mT
"""))
def test_orders(line: str) -> None:
    agree(line)


@pytest.mark.parametrize(("line", "match"), [
    ("x.permute(0, 1)", "input.dim\\(\\) = 3 is not equal to len\\(dims\\) = 2"),
    ("x.permute(0, 1, 1)", "duplicate dims"),
    ("x.permute(0, 1, -2)", "duplicate dims"),
    ("x.permute(0, 1, 5)", "Dimension out of range"),
    ("x.permute()", "missing argument 'dims'"),
    ("torch.permute(x, 0)", "must be tuple of ints"),
    ("x.transpose(0, 3)", "expected to be in range of \\[-3, 2\\], but got 3"),
    ("x.t()", "expects a tensor with <= 2 dimensions"),
    ("x[0, 0].mT", "matrices or batches of matrices"),
    ("x.H", "only supported on matrices"),
    ("x[0, 0].mH", "matrices or batches of matrices"),
    ("torch.movedim(x, (0, 1), (2,))", "same number of dims as destination"),
    ("torch.movedim(x, (0, 0), (2, 1))", "repeated dim in `source`"),
    ("torch.movedim(x, (0, 1), (2, 2))", "repeated dim in `destination`"),
    ("torch.movedim(x, 5, 1)", "Dimension out of range"),
])
def test_refusals(line: str, match: str) -> None:
    refuse(line, match)


@pytest.mark.parametrize("line", lines("""
    x.transpose_(0, 1); x[0] = 3
    x.swapaxes_(0, 1); x[0, 0] = v(4)
    x.unsqueeze_(0); x[0, 0] = 3
    x.squeeze_(); x[0] = v()
    y = x[0]; x.unsqueeze_(0); y[0] = 3
    y = x[0]; y.t_(); y[1] = v(3)
    y = x.transpose(0, 1); y[0] = 4; x[1] = v(3, 4)
"""))
def test_in_place(line: str) -> None:
    agree_after(line)


def test_a_new_shape_is_no_write() -> None:
    """What was saved before is still valid; PyTorch counts it as modified."""
    x = mg.ones(2, 3, requires_grad=True)
    y = x * 2
    z = y * y
    version = y._version
    y.t_()
    assert y._version == version
    z.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[8.0] * 3] * 2


def test_a_leaf_keeps_its_gradient_when_its_shape_changes_under_no_grad() -> None:
    w = mg.ones(2, 3, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        w.t_()
    with mg.no_grad():
        w.t_()
    assert w.is_leaf
    w.sum().backward()
    assert tuple(w.grad.shape) == (3, 2)


@given(st.permutations(range(4)))
def test_a_permutation_and_its_inverse(order: list[int]) -> None:
    x = mg.from_numpy(np.arange(24.0).reshape(1, 2, 3, 4)).requires_grad_()
    out = x.permute(order)
    np.testing.assert_array_equal(out.detach().numpy(), x.detach().numpy().transpose(order))
    out.backward(out.detach().clone())
    assert x.grad is not None
    np.testing.assert_array_equal(x.grad.numpy(), x.detach().numpy())
