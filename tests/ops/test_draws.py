"""Random numbers written into tensors, and drawn from the numbers in them: PyTorch's, in PyTorch's order."""
from __future__ import annotations

import pytest

import minigrad as mg
from tests.agree import agree, lines, refuse


@pytest.mark.parametrize("line", lines("""
    torch.zeros(5).uniform_()
    torch.zeros(5).uniform_(-1, 2)
    torch.zeros(5).uniform_(to=0.5)
    torch.zeros(5).uniform_(1, 2, generator=torch.Generator().manual_seed(1))
    torch.zeros(4, 5).t().uniform_()
    torch.zeros(4, 5)[:, ::2].uniform_()
    torch.zeros(5).normal_(1, 2)
    torch.zeros(20).normal_(mean=1, std=2)
    torch.zeros(5, dtype=torch.complex64).normal_()
    torch.zeros(4, 5).t().normal_()
    torch.zeros(4, 10)[:, ::2].normal_()
    torch.zeros(40)[::2].normal_()
    torch.zeros(5).log_normal_()
    torch.zeros(5).log_normal_(0, .5)
    torch.zeros(5).cauchy_(1, 2)
    torch.zeros(5).exponential_()
    torch.zeros(5).exponential_(2.)
    torch.zeros(5).geometric_(0.3)
    torch.zeros(5, dtype=torch.int64).geometric_(0.3)
    torch.zeros(5).random_()
    torch.zeros(5, dtype=torch.int64).random_()
    torch.zeros(5, dtype=torch.int64).random_(10)
    torch.zeros(5, dtype=torch.int64).random_(5, 10)
    torch.zeros(5, dtype=torch.int64).random_(5, to=10)
    torch.zeros(5, dtype=torch.bool).random_()
    torch.zeros(5).bernoulli_()
    torch.zeros(5).bernoulli_(0.3)
    torch.zeros(2, 5).bernoulli_(torch.full((5,), .5))
    torch.zeros(5, 2).t().bernoulli_(torch.full((2, 5), .5))
    torch.zeros(5, dtype=torch.int64).bernoulli_(torch.full((5,), .5, dtype=torch.float64))
    torch.bernoulli(torch.full((5,), .5))
    torch.bernoulli(torch.zeros(5), 0.5)
    torch.full((5,), .5).bernoulli()
    torch.multinomial(torch.tensor([1., 2, 3]), 2)
    torch.multinomial(torch.tensor([1., 2, 3]), 5, True)
    torch.multinomial(torch.tensor([[1., 2, 3], [3, 2, 1]]), 2, replacement=True)
    torch.tensor([1., 2, 3]).multinomial(1)
    torch.poisson(torch.tensor([1., 20, 300]))
    torch.poisson(torch.tensor([1., 2]), torch.Generator().manual_seed(1))
"""))
def test_the_same_numbers(line: str) -> None:
    agree(line, seed=5)


@pytest.mark.parametrize(("line", "match"), [
    ("torch.zeros(5, dtype=torch.int64).uniform_()", "not implemented for int64"),
    ("torch.zeros(5).uniform_(2, 1)", "swap them"),
    ("torch.zeros(5).uniform_(a=1)", "takes from and to"),
    ("torch.zeros(5).normal_(0, -1)", "std must be >= 0"),
    ("torch.zeros(5).log_normal_(0, -.5)", "std must be > 0"),
    ("torch.zeros(5).exponential_(-1)", "lambd must be > 0"),
    ("torch.zeros(5).geometric_(1.5)", "p must lie in"),
    ("torch.zeros(5).random_(10, 5)", "from=10, to=5"),
    ("torch.zeros(5, dtype=torch.uint8).random_(0, 300)", "out of bounds for uint8"),
    ("torch.zeros(5).bernoulli_(1.5)", "p must lie in"),
    ("torch.zeros(5).bernoulli_(torch.full((4,), .5))", "does not broadcast"),
    ("torch.bernoulli(torch.full((5,), 1.5))", "must lie in"),
    ("torch.bernoulli(torch.zeros(3, dtype=torch.int64))", "not implemented for int64"),
    ("torch.multinomial(torch.tensor([1., 2, 3]), 5)", "without replacement"),
    ("torch.multinomial(torch.tensor([-1., 2, 3]), 2)", "finite and >= 0"),
    ("torch.poisson(torch.tensor([1, 2]))", "not implemented for int64"),
    ("torch.poisson(torch.tensor([-1.]))", "must be >= 0"),
    ("torch.ones(3, requires_grad=True).uniform_()", "uniform_: a leaf Variable that requires grad"),
    ("torch.zeros(2, 3).expand(4, 2, 3).normal_()", "clone\\(\\) it"),
])
def test_refusals(line: str, match: str) -> None:
    refuse(line, match)


def test_what_was_there_has_no_gradient() -> None:
    x = mg.ones(3, requires_grad=True)
    y = (x * 2).uniform_()
    assert y.requires_grad
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0.0, 0.0, 0.0]
