"""scatter and its reductions, against PyTorch."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.agree import agree, agree_after, lines, refuse

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("line", lines("""
    torch.scatter(x, 1, torch.zeros(2, 1, 4, dtype=torch.long), 5.)
    torch.scatter(x, 1, torch.zeros(2, 1, 4, dtype=torch.int32), 5.)
    torch.scatter(x, 1, torch.zeros(2, 1, 4, dtype=torch.long), value=2)
    torch.scatter(x, 1, torch.zeros(2, 1, 4, dtype=torch.long), torch.ones(2, 1, 4).double())
    torch.scatter(x, -1, torch.tensor([[[3, 1]]]), src=torch.ones(2, 3, 4).double())
    torch.scatter(x, 1, torch.zeros(0, dtype=torch.long), torch.ones(2, 3, 4).double())
    torch.scatter(torch.tensor(1.), 0, torch.tensor(0), 5.)
    torch.scatter(i, 1, torch.zeros(2, 1, dtype=torch.long), 5.5)
    torch.scatter(x.detach(), 1, torch.zeros(2, 1, 4, dtype=torch.long), 2, reduce='add')
    torch.scatter(x.detach(), 1, torch.zeros(2, 2, 4, dtype=torch.long), torch.full((2, 2, 4), 3.).double(), reduce='multiply')
    torch.scatter_add(x, 1, torch.zeros(2, 2, 4, dtype=torch.long), torch.ones(2, 3, 4).double())
    torch.scatter_add(x, 1, torch.zeros(2, 2, 2, dtype=torch.long), torch.ones(2, 3, 4).double())
    torch.scatter_add(x, 1, torch.zeros(0, dtype=torch.long), torch.ones(2, 3, 4).double())
    torch.scatter_reduce(i, 1, torch.tensor([[0, 0], [1, 1]]), torch.tensor([[-3, -4], [-5, 6]]), 'mean')
    torch.scatter_reduce(i, 1, torch.tensor([[0, 0], [1, 1]]), torch.tensor([[-3, -4], [-5, 6]]), 'mean', include_self=False)
    torch.scatter_reduce(i, 1, torch.tensor([[0, 0], [1, 1]]), torch.tensor([[-3, -4], [-5, 6]]), 'amin', include_self=False)
    torch.scatter_reduce(i, 1, torch.tensor([[0, 0], [1, 1]]), torch.tensor([[-3, -4], [-5, 6]]), 'amax', include_self=False)
    torch.scatter_reduce(i, 1, torch.tensor([[0, 0], [1, 1]]), torch.tensor([[-3, -4], [-5, 6]]), 'prod', include_self=False)
    torch.put(x, torch.tensor([0, -1]), torch.tensor([9., 8.]).double())
    torch.put(x, torch.tensor([[0, 0]]), torch.tensor([9., 8.]).double(), accumulate=True)
"""))
def test_values_and_gradients(line: str) -> None:
    agree(line)


@pytest.mark.parametrize("reduce", ["sum", "prod", "mean", "amax", "amin"])
@pytest.mark.parametrize("include_self", [True, False])
def test_gradients_of_reductions_at_ties_and_zeros(reduce: str, include_self: bool) -> None:
    """Equal values share the gradient of an extremum; the only 0 of a product gets the product of the others."""
    index = np.array([[0, 0, 1, 1, 2], [3, 3, 3, 1, 1]])
    values = np.array([[2.0, 2.0, 0.0, 3.0, 0.0], [1.0, 0.0, 0.0, 4.0, 0.5]])
    x = np.array([[2.0, 5.0, 0.0, 1.0], [1.0, 4.0, 2.0, 0.0]])
    found = []
    for library in (torch, mg):
        xs, src = library.tensor(x).requires_grad_(), library.tensor(values).requires_grad_()
        out = library.scatter_reduce(xs, 1, library.tensor(index), src, reduce, include_self=include_self)
        seed = library.arange(1.0, 9.0, dtype=library.float64).view(2, 4)
        found.append([out.detach().numpy(), *[g.numpy() for g in library.autograd.grad(out, (xs, src), seed)]])
    for ours, theirs in zip(found[1], found[0], strict=True):
        np.testing.assert_allclose(ours, theirs)


@pytest.mark.parametrize("dtype", ["float64", "int64"])
@pytest.mark.parametrize("line", lines("""
    x.scatter_(1, torch.zeros(2, 1, 4, dtype=torch.long), 7)
    x.scatter_(1, torch.zeros(2, 1, 4, dtype=torch.long), v(2, 1, 4))
    x.scatter_add_(1, torch.zeros(2, 3, 4, dtype=torch.long), v(2, 3, 4))
    x.transpose(0, 2).scatter_(1, torch.zeros(4, 1, 2, dtype=torch.long), 7)
    x.transpose(0, 2).scatter_add_(1, torch.zeros(4, 1, 2, dtype=torch.long), v(4, 1, 2))
    x.scatter_reduce_(1, torch.zeros(2, 1, 4, dtype=torch.long), v(2, 1, 4), 'amax')
    x.put_(torch.tensor([1, -2]), v(2), accumulate=True)
    x.transpose(0, 2).put_(torch.tensor([1, -2]), v(2))
"""))
def test_in_place(line: str, dtype: str) -> None:
    agree_after(line, dtype)


def test_scatter_with_a_reduction_has_a_gradient_too() -> None:
    """PyTorch has none for it."""
    x, src = mg.ones(3, requires_grad=True), mg.full((2,), 2.0, requires_grad=True)
    x.scatter(0, mg.tensor([1, 1]), src, reduce="multiply").sum().backward()
    assert x.grad is not None
    assert src.grad is not None
    assert x.grad.tolist() == [1.0, 4.0, 1.0]
    assert src.grad.tolist() == [2.0, 2.0]


@pytest.mark.parametrize(("line", "match"), [
    ("torch.scatter(x, 1, torch.full((2, 1, 4), -1), 5.)", "index -1 is out of bounds for dimension 1 with size 3"),
    ("torch.scatter(x, 1, torch.full((2, 1, 4), 3), 5.)", "index 3 is out of bounds for dimension 1 with size 3"),
    ("torch.scatter(x, 1, torch.zeros(3, 1, 4, dtype=torch.long), 5.)", "to be no larger than self"),
    ("torch.scatter(x, 1, torch.zeros(2, 1, dtype=torch.long), 5.)", "same number of dimensions"),
    ("torch.scatter(x, 1, torch.zeros(2, 1, 4, dtype=torch.long), torch.ones(2, 1, 3).double())", "no larger size than src \\[2, 1, 3\\]"),
    ("torch.scatter(x, 1, torch.zeros(2, 1, 4, dtype=torch.long), torch.ones(2, 1, 4))", "self.dtype to be equal to src.dtype"),
    ("torch.scatter(x, 1, torch.zeros(2, 1, 4, dtype=torch.long), torch.tensor(2.).double())", "same number of dimensions as src"),
    ("torch.scatter(x, 1, torch.zeros(2, 1, 4, dtype=torch.long), 2, reduce='max')", "must be either add or multiply; got max"),
    ("torch.scatter(x, 1, torch.zeros(2, 1, 4, dtype=torch.long))", "either src or value; got neither"),
    ("torch.scatter_add(x, 1, torch.zeros(2, 1, 4, dtype=torch.long), 1.0)", "src must be a Tensor"),
    ("torch.scatter_reduce(x, 1, torch.zeros(2, 1, 4, dtype=torch.long), torch.ones(2, 1, 4).double(), 'foo')", "amin, got foo"),
    ("torch.put(x, torch.tensor([0, -1]), torch.tensor([9.]).double())", "same number of elements, but got source.numel\\(\\) = 1"),
    ("torch.put(x, torch.tensor([0, 24]), torch.tensor([9., 8.]).double())", "out of range"),
    ("torch.put(i, torch.tensor([1, -2]), torch.tensor([3., 4.]))", "self.dtype = int64 and source.dtype = float32"),
])
def test_refusals(line: str, match: str) -> None:
    refuse(line, match)


@given(st.integers(0, 2), st.data())
def test_scatter_add_is_the_adjoint_of_gather(dim: int, data: st.DataObject) -> None:
    """<gather(x), y> = <x, scatter_add(y)> for any index."""
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    shape = [data.draw(st.integers(1, n)) for n in (3, 4, 2)]
    shape[dim] = data.draw(st.integers(1, 5))
    index = mg.from_numpy(rng.integers(0, (3, 4, 2)[dim], shape))
    x, y = mg.from_numpy(rng.normal(size=(3, 4, 2))), mg.from_numpy(rng.normal(size=shape))
    left = (x.gather(dim, index) * y).sum().item()
    right = (x * mg.zeros(3, 4, 2, dtype=mg.float64).scatter_add(dim, index, y)).sum().item()
    assert left == pytest.approx(right)
