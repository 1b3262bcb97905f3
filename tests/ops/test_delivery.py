"""`out=`: which dtypes of it each function takes, and what it refuses, against PyTorch."""
from __future__ import annotations

import pytest

import minigrad as mg
from tests.agree import agree, lines, refuse


@pytest.mark.parametrize("line", lines("""
    d = x.detach(); torch.add(d, d, out=torch.empty(2, 3, 4))
    d = x.detach(); torch.exp(d, out=torch.empty(2, 3, 4))
    d = x.detach(); torch.square(d, out=torch.empty(2, 3, 4))
    d = x.detach(); torch.lerp(d, d, 0.5, out=torch.empty(2, 3, 4))
    d = x.detach(); torch.sum(d, 1, out=torch.empty(2, 4))
    d = x.detach(); torch.mean(d, 1, out=torch.empty(2, 4))
    d = x.detach(); torch.std(d, 1, out=torch.empty(2, 4))
    d = x.detach(); torch.nanmean(d, 1, out=torch.empty(2, 4))
    d = x.detach(); torch.cumsum(d, 1, out=torch.empty(2, 3, 4))
    d = x.detach(); torch.diff(d, out=torch.empty(2, 3, 3))
    d = x.detach(); torch.outer(d[0, 0], d[0, 1], out=torch.empty(4, 4))
    d = x.detach(); torch.vstack((d, d), out=torch.empty(4, 3, 4))
    d = x.detach(); torch.column_stack((d, d), out=torch.empty(2, 6, 4))
    d = x.detach(); torch.fft.rfft(d, out=torch.empty(2, 3, 3, dtype=torch.complex64))
    d = x.detach(); torch.slice_scatter(d, d[:1], 0, 0, 1, out=torch.empty(2, 3, 4, dtype=torch.float64))
    d = x.detach(); torch.permute_copy(d, (2, 0, 1), out=torch.empty(4, 2, 3, dtype=torch.float64))
    d = x.detach(); torch.msort(d, out=torch.empty(2, 3, 4, dtype=torch.float64))
    torch.any(m, 1, out=torch.empty(2, 4, dtype=torch.uint8))
    torch.logical_and(m, m, out=torch.empty(2, 3, 4))
    torch.gather(i, 1, i % 3, out=torch.empty(2, 3, dtype=torch.int64))
    torch.zeros(3, out=torch.empty(3, dtype=torch.float64))
"""))
def test_same_as_pytorch(line: str) -> None:
    agree(line)


@pytest.mark.parametrize("line", lines("""
    torch.abs(x.detach(), out=torch.empty(2, 3, 4))
    torch.floor(x.detach(), out=torch.empty(2, 3, 4))
    torch.matmul(x.detach(), x.detach().mT, out=torch.empty(2, 3, 3))
    torch.gather(i.double(), 1, i % 3, out=torch.empty(2, 3))
    torch.take(x.detach(), i, out=torch.empty(2, 3))
    torch.index_select(x.detach(), 1, i[0], out=torch.empty(2, 3, 4))
    torch.amax(x.detach(), 1, out=torch.empty(2, 4))
    torch.argmax(x.detach(), 1, out=torch.empty(2, 4, dtype=torch.int32))
    torch.where(m, x.detach(), x.detach(), out=torch.empty(2, 3, 4))
    torch.softmax(x.detach(), 1, out=torch.empty(2, 3, 4))
    torch.linalg.inv(torch.eye(3).double(), out=torch.empty(3, 3))
    torch.complex(x.detach(), x.detach(), out=torch.empty(2, 3, 4, dtype=torch.complex64))
    torch.tril(x.detach(), out=torch.empty(2, 3, 4))
    torch.norm(x.detach(), dim=1, out=torch.empty(2, 4))
"""))
def test_a_result_is_not_cast(line: str) -> None:
    refuse(line, "expected out tensor to have dtype (float64|int64|complex128), but got")


@pytest.mark.parametrize("line", lines("""
    torch.zeros(3, dtype=torch.float32, out=torch.empty(3, dtype=torch.float64))
    torch.arange(3, dtype=torch.int64, out=torch.empty(3))
    torch.linspace(0, 1, 3, dtype=torch.float64, out=torch.empty(3))
    torch.eye(3, dtype=torch.float64, out=torch.empty(3, 3))
    torch.rand(3, dtype=torch.float64, out=torch.empty(3))
"""))
def test_dtype_and_out_must_not_contradict(line: str) -> None:
    refuse(line, "does not match dtype of out parameter")


def test_several_results_go_into_as_many_tensors() -> None:
    values, indices = mg.empty(2), mg.empty(2, dtype=mg.int64)
    found = mg.max(mg.tensor([[1.0, 3.0], [5.0, 2.0]]), 1, out=(values, indices))
    assert found.values is values
    assert (values.tolist(), indices.tolist()) == ([3.0, 5.0], [1, 0])


def test_out_may_overlap_an_input() -> None:
    x = mg.arange(6.0)
    mg.add(x[:5], 10, out=x[1:])
    assert x.tolist() == [0.0, 10.0, 11.0, 12.0, 13.0, 14.0]
    mg.take(x, mg.tensor([5, 4, 3, 2, 1, 0]), out=x)
    assert x.tolist() == [14.0, 13.0, 12.0, 11.0, 10.0, 0.0]
