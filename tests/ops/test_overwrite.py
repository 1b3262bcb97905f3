"""Filling and copying in place, against PyTorch."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from tests.agree import agree, agree_after, lines, refuse
from tests.ops.oracle import same, same_error


@pytest.mark.parametrize("dtype", ["float64", "int64", "uint8", "bool"])
@pytest.mark.parametrize("line", lines("""
    x.fill_(2.5)
    x.fill_(v())
    x.fill_(-1)
    x.zero_()
    x[0].fill_(3)
    x[:, 1].zero_()
    x.copy_(v(4))
    x.copy_(v(3, 4, dtype='float32'))
    x.copy_(5)
    x[:, 1].copy_(v(4))
    x[0].copy_(x[1])
    x[0].fill_diagonal_(9)
    x.view(4, 6).fill_diagonal_(7)
    x.view(8, 3).fill_diagonal_(7)
    x.view(8, 3).fill_diagonal_(7, wrap=True)
    x[:, :2, :2].fill_diagonal_(7)
"""))
def test_in_place(line: str, dtype: str) -> None:
    agree_after(line, dtype)


def test_fill_as_a_function() -> None:
    agree("torch.fill(x, 2.)")
    agree("torch.fill(i, 2.7)")


@pytest.mark.parametrize(("line", "match"), [
    ("x.detach().fill_(torch.tensor([3.]))", "0-dimensional value tensor"),
    ("x.detach().fill_(1j)", "without overflow"),
    ("u.fill_(256)", "cannot be converted to type uint8 without overflow; got 256"),
    ("x.detach().copy_(torch.ones(5))", "does not broadcast to \\[2, 3, 4\\]"),
    ("x.detach().copy_(torch.ones(5, 2, 3, 4))", "doesn't match the broadcast shape \\[5, 2, 3, 4\\]"),
    ("x.detach().fill_diagonal_(7)", "must be of equal length"),
    ("x.detach().view(24).fill_diagonal_(7)", "larger than 1"),
    ("x.zero_()", "leaf Variable"),
])
def test_refusals(line: str, match: str) -> None:
    refuse(line, match)


def test_a_value_that_was_saved_and_then_overwritten_is_found() -> None:
    x = mg.ones(3, requires_grad=True)
    y = x * 2
    z = y * y
    y.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


def test_what_is_overwritten_has_no_gradient_but_a_graph() -> None:
    x = mg.ones(3, requires_grad=True)
    y = x * 2
    y.fill_(5)
    assert y.requires_grad
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0.0, 0.0, 0.0]


def test_python_functions_of_elements() -> None:
    x = np.arange(6.0).reshape(2, 3)
    same(lambda lib, t: t.detach().apply_(lambda v: v * v + 1), x)
    same(lambda lib, t: t.clone().apply_(lambda v: v + 1.5), np.arange(3))
    same(lambda lib, t, u: t.detach().t().map_(u.detach(), lambda a, b: a - b), x, x.T * 2)
    same(lambda lib, t, u: t.detach().map2_(u.detach(), u.detach(), lambda a, b, c: a * b + c), x, x + 1)
    same_error(lambda lib, t: t.requires_grad_().apply_(abs), x, match="apply_: can't be called on a Tensor that requires grad")
