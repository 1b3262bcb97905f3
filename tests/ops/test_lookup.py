"""gather, take, embedding, one_hot and nonzero, against PyTorch."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from tests.agree import agree, lines, refuse


@pytest.mark.parametrize("line", lines("""
    torch.gather(x, 1, torch.tensor([[[1]]]))
    torch.gather(x, 1, torch.tensor([[[2, 0, 2, 1]], [[0, 0, 1, 1]]]))
    torch.gather(x, -1, torch.tensor([[[3, 3, 0]]]))
    torch.gather(x, 0, torch.zeros(5, 2, 1, dtype=torch.int32))
    torch.gather(x.transpose(0, 2), 1, torch.tensor([[[2, 0], [1, 1]]]))
    torch.gather(torch.tensor(3.), 0, torch.tensor(0))
    torch.gather(torch.tensor(3.), 0, torch.tensor([0, 0]))
    torch.gather(torch.tensor([3., 4.]), 0, torch.tensor(1))
    torch.gather(x, 1, torch.zeros(0, dtype=torch.long))
    torch.gather(x, dim=1, index=torch.zeros(2, 0, 4, dtype=torch.long), sparse_grad=False)
    torch.take_along_dim(x, torch.tensor([[[0, 1, 2, 1]]]), 1)
    torch.take_along_dim(x, torch.tensor([[[-1]]]), 1)
    torch.take_along_dim(x, torch.tensor([5, 0]))
    torch.take(x, torch.tensor([[0, -1], [3, 3]]))
    x.take(torch.tensor(5))
    torch.nonzero(i > 2)
    torch.nonzero(i > 2, as_tuple=True)
    torch.nonzero(torch.tensor(1.))
    torch.nonzero(torch.tensor(0.))
    torch.nonzero(torch.tensor(1.), as_tuple=True)
    torch.argwhere(x[0] > 9)
    x[torch.nonzero(x > 20, as_tuple=True)]
    torch.unravel_index(torch.tensor([5, 7]), (3, 4))
    F.one_hot(torch.tensor([0, 2]))
    F.one_hot(torch.tensor([[0], [1]]), 3)
    F.one_hot(torch.tensor(2), 4)
    F.one_hot(torch.tensor([], dtype=torch.long), 3)
"""))
def test_values_and_gradients(line: str) -> None:
    agree(line)


@pytest.mark.parametrize(("line", "match"), [
    ("torch.gather(x, 1, torch.tensor([[[5]]]))", "index 5 is out of bounds for dimension 1 with size 3"),
    ("torch.gather(x, 1, torch.tensor([[[-1]]]))", "index -1 is out of bounds for dimension 1 with size 3"),
    ("torch.gather(x, 1, torch.tensor([[1]]))", "same number of dimensions as input tensor"),
    ("torch.gather(x, 1, torch.zeros(3, 1, 1, dtype=torch.long))", "at dimension 0 expected index \\[3, 1, 1\\] to be no larger"),
    ("torch.gather(x, 3, torch.zeros(1, 1, 1, dtype=torch.long))", "Dimension out of range"),
    ("torch.gather(x, 1, torch.zeros(1, 1, 1))", "expected dtype int32/int64 for index; got float32"),
    ("torch.gather(x, 1, torch.zeros(1, 1, 1, dtype=torch.int16))", "expected dtype int32/int64 for index; got int16"),
    ("torch.take(x, torch.tensor([24]))", "out of range: tried to access"),
    ("torch.take(x, torch.tensor([0], dtype=torch.int32))", "expected dtype int64"),
    ("torch.take_along_dim(x, torch.tensor([1]), 1)", "same number of dimensions, but got 3 dimensions"),
    ("torch.take_along_dim(x, torch.zeros(2, 1, 4), 1)", "should be int64 but got float32"),
    ("F.one_hot(torch.tensor([0, 2]), 2)", "must be smaller than num_classes; got 2 and num_classes 2"),
    ("F.one_hot(torch.tensor([0, -2]))", "must be non-negative; got -2"),
    ("F.one_hot(torch.tensor([0.]))", "only applicable to index tensor of type int64"),
    ("F.one_hot(torch.tensor([], dtype=torch.long))", "can not infer total number of classes"),
    ("F.embedding(torch.tensor([0, 5]), x[0])", "index 5 is out of bounds"),
    ("F.embedding(torch.tensor([0, -1]), x[0])", "index out of range in self"),
    ("F.embedding(torch.tensor([0.]), x[0])", "int64 for index"),
    ("F.embedding(torch.tensor([0]), x[0], padding_idx=5)", "padding_idx must be within num_embeddings, 3; got 5"),
    ("F.embedding(torch.tensor([0]), x)", "'weight' must be 2-D"),
])
def test_refusals(line: str, match: str) -> None:
    refuse(line, match)


def test_an_index_out_of_range_is_an_error_where_pytorch_returns_nonsense() -> None:
    with pytest.raises(RuntimeError, match=r"indices must lie in 0 \.\.\. 11"):
        mg.unravel_index(mg.tensor([12]), (3, 4))


@pytest.mark.parametrize("line", lines("""
    F.embedding(torch.tensor([[0, 2], [2, 2]]), x[0])
    F.embedding(torch.tensor(1), x[0])
    F.embedding(torch.tensor([0, 2, 0], dtype=torch.int32), x[0])
    F.embedding(torch.tensor([0, 2, 0]), x[0], padding_idx=2)
    F.embedding(torch.tensor([0, 2, 0]), x[0], padding_idx=-1)
    F.embedding(torch.tensor([0, 2, 0]), x[0], scale_grad_by_freq=True)
    F.embedding(torch.tensor([0, 2, 0]), x[0], 0, None, 2.0, True)
    w = x.detach()[0].clone(); out = F.embedding(torch.tensor([0, 2, 2]), w, max_norm=3.0); (out, w)
    w = x.detach()[0].clone(); out = F.embedding(torch.tensor([1, 2, 2]), w, max_norm=1.5, norm_type=1.0); (out, w)
"""))
def test_embedding(line: str) -> None:
    agree(line)


def test_a_large_table_collects_its_gradient_by_another_way() -> None:
    """Above some size the rows are added up by a sparse product; the sum must be the same."""
    rng = np.random.default_rng(0)
    index, g = rng.integers(0, 50, 400), rng.normal(size=(400, 64))
    weight = mg.zeros(50, 64, dtype=mg.float64, requires_grad=True)
    F.embedding(mg.from_numpy(index), weight).backward(mg.from_numpy(g))
    expected = np.zeros((50, 64))
    np.add.at(expected, index, g)
    assert weight.grad is not None
    np.testing.assert_allclose(weight.grad.numpy(), expected, rtol=1e-12)
