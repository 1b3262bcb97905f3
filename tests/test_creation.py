"""Tensors from nothing: one value everywhere, sequences, PyTorch's old constructors; against PyTorch."""
from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from tests.agree import agree, lines, refuse

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("line", lines("""
    torch.zeros(2, 3)
    torch.zeros((2, 3))
    torch.zeros([2, 3])
    torch.zeros(())
    torch.zeros(size=(2,))
    torch.zeros(torch.tensor(2))
    torch.zeros((np.int64(3), 2))
    torch.zeros(2, dtype=torch.int64)
    torch.zeros(2, out=torch.ones(2))
    torch.zeros(2, layout=torch.strided)
    torch.ones(2, dtype=torch.complex64)
    torch.ones(2, requires_grad=True).requires_grad
    torch.empty(2, 3).shape
    torch.empty(2, memory_format=torch.contiguous_format).shape
    torch.empty_strided((2, 3), (1, 2)).stride()
    torch.empty_permuted((2, 3), (1, 0)).stride()
    torch.full((2,), 3)
    torch.full((2,), 3.)
    torch.full((2,), True)
    torch.full((2,), 1j)
    torch.full((2,), 3, dtype=torch.float32)
    torch.full((2,), torch.tensor(3.))
    torch.full((2,), float('nan')).isnan()
    torch.full((2,), 2.5, dtype=torch.int64)
    torch.full((), 5)
    torch.full(size=(2,), fill_value=1)
    torch.zeros_like(x)
    torch.zeros_like(x, dtype=torch.int32)
    torch.ones_like(x.transpose(0, 1)).stride()
    torch.ones_like(x.transpose(0, 1))
    torch.full_like(x, 2, dtype=torch.int64)
    torch.full_like(i, 2.5)
    torch.full_like(x, torch.tensor(2.))
    torch.zeros_like(x, requires_grad=True).requires_grad
    torch.empty_like(x, memory_format=torch.preserve_format).shape
    x.new_zeros(2, 3)
    x.new_zeros((2, 3))
    x.new_zeros(())
    i.new_ones(2)
    i.new_full((2,), 2.5)
    x.new_full((2,), 5)
    x.new_empty((2,), dtype=torch.int64).dtype
    x.new_tensor([1, 2])
    i.new_tensor([1.5])
    x.new_tensor(torch.tensor(1))
    x.new_zeros(2, requires_grad=True).requires_grad
"""))
def test_one_value_everywhere(line: str) -> None:
    agree(line)


@pytest.mark.parametrize("line", lines("""
    torch.arange(5)
    torch.arange(5.)
    torch.arange(1, 5)
    torch.arange(1, 5, 2)
    torch.arange(0, 1, 0.3)
    torch.arange(0, 1, 0.1)
    torch.arange(1, 2, 0.1)
    torch.arange(5, 0, -1)
    torch.arange(0, -3, -2)
    torch.arange(end=3)
    torch.arange(start=1, end=3)
    torch.arange(2, end=5)
    torch.arange(1, 3, dtype=torch.float32)
    torch.arange(2.5)
    torch.arange(2.5, dtype=torch.int64)
    torch.arange(0.5, 3.2, dtype=torch.int64)
    torch.arange(0.5, 3.2, dtype=torch.int32)
    torch.arange(0, 2.5, dtype=torch.int32)
    torch.arange(0, 10, 2.5, dtype=torch.int64)
    torch.arange(0, 10, 2.5, dtype=torch.int32)
    torch.arange(300, dtype=torch.uint8)
    torch.arange(True)
    torch.arange(torch.tensor(3.))
    torch.arange(0)
    torch.arange(3, dtype=torch.float16)
    torch.arange(2**53, 2**53 + 3)
    torch.arange(0, 3, out=torch.zeros(3))
    torch.range(1, 3)
    torch.range(0, 1, 0.25, dtype=torch.float64)
    torch.linspace(0, 1, 5)
    torch.linspace(0, 1, 1)
    torch.linspace(0, 1, 0)
    torch.linspace(1, 1, 4)
    torch.linspace(0.1, 0.9, 7)
    torch.linspace(0, 10, 4, dtype=torch.int64)
    torch.linspace(-3, 10, 4, dtype=torch.int64)
    torch.linspace(3, -10, 7, dtype=torch.int32)
    torch.linspace(0, 1j, 3)
    torch.linspace(0, 1, 5, dtype=torch.float16)
    torch.linspace(torch.tensor(0.), torch.tensor(1.), 3)
    torch.logspace(0, 2, 3)
    torch.logspace(0, 2, 3, base=2)
    torch.logspace(0, 3, 4, dtype=torch.int64)
    torch.eye(2)
    torch.eye(2, 3)
    torch.eye(0)
    torch.eye(2, m=3, dtype=torch.int64)
    torch.tril_indices(3, 3)
    torch.tril_indices(3, 4, -1, dtype=torch.int32)
    torch.triu_indices(3, 4, 1)
    torch.triu_indices(0, 3)
"""))
def test_sequences(line: str) -> None:
    agree(line)


@pytest.mark.parametrize(("line", "match"), [
    ("torch.zeros()", "missing argument 'size'"),
    ("torch.zeros(2.)", "must be tuple of ints, not float"),
    ("torch.zeros(True)", "must be tuple of ints, not bool"),
    ("torch.zeros(2, (3,))", "must be tuple of ints, not tuple at position 1"),
    ("torch.zeros(-1)", "negative dimension -1"),
    ("torch.zeros(2, foo=1)", "unexpected keyword argument 'foo'"),
    ("torch.zeros(2, dtype=torch.int64, requires_grad=True)", "only Tensors of floating point"),
    ("torch.zeros_like([1])", "must be Tensor, not list of 1"),
    ("torch.full(2, 3)", "must be tuple of ints, not int"),
    ("torch.full((2,), torch.tensor([3.]))", "must be a Number, not float32 \\(1,\\)"),
    ("torch.full((2,), 300, dtype=torch.uint8)", "without overflow; got 300"),
    ("torch.full((2,), 1e300)", "type float32 without overflow"),
    ("torch.full_like(x, 1j)", "without overflow"),
    ("torch.arange(5, 0)", "inconsistent with step sign"),
    ("torch.arange(0, 5, 0)", "step must be nonzero"),
    ("torch.arange(0, float('nan'))", "unsupported range: 0 -> nan"),
    ("torch.arange()", "got 0 positional arguments"),
    ("torch.arange(1, 2, 3, 4)", "got 4 positional arguments"),
    ("torch.arange('a')", "must be a Number, not str 'a'"),
    ("torch.arange(3, dtype=torch.bool)", "not implemented for bool"),
    ("torch.linspace(0, 1, -1)", "non-negative"),
    ("torch.linspace(0, 1, 3.)", "'steps' must be int"),
    ("torch.linspace(0, 1j, 3, dtype=torch.float32)", "can't be safely cast"),
    ("torch.eye(-1)", "negative dimension -1"),
    ("torch.tril_indices(-1, 3)", "must be non-negative, got -1"),
    ("torch.empty_strided((2,), (1, 1))", "must be as many as sizes"),
])
def test_refusals(line: str, match: str) -> None:
    refuse(line, match)


def test_the_default_dtype_and_device() -> None:
    mg.set_default_dtype(mg.float64)
    try:
        assert mg.zeros(1).dtype is mg.tensor(1.0).dtype is mg.arange(1.0).dtype is mg.full((1,), 1.0).dtype is mg.float64
        assert mg.tensor([1j]).dtype is mg.complex128
        assert mg.tensor([1]).dtype is mg.arange(1).dtype is mg.int64
    finally:
        mg.set_default_dtype(mg.float32)
    with pytest.raises(RuntimeError, match="cuda"):
        mg.zeros(1, device="cuda")


@pytest.mark.parametrize("line", lines("""
    torch.FloatTensor(2, 3).shape
    torch.FloatTensor([1, 2])
    torch.FloatTensor([[1, 2], [3, 4]])
    torch.FloatTensor()
    torch.FloatTensor((1, 2))
    torch.FloatTensor(torch.Size([2])).shape
    torch.FloatTensor(np.ones(2))
    torch.FloatTensor(torch.ones(2))
    torch.LongTensor([1.5, 2])
    torch.LongTensor([1, 2])
    torch.BoolTensor([True, 2])
    torch.ByteTensor([1, 2])
    torch.HalfTensor([1, 2])
    torch.DoubleTensor(2).dtype
    torch.IntTensor(3).shape
    isinstance(torch.ones(2), torch.FloatTensor)
    isinstance(torch.ones(2, dtype=torch.int64), torch.FloatTensor)
    isinstance(3, torch.FloatTensor)
"""))
def test_legacy_constructors(line: str) -> None:
    agree(line)


def test_legacy_constructors_refuse() -> None:
    refuse("torch.FloatTensor(2.5)", "data must be a sequence")
    refuse("torch.LongTensor(torch.ones(2))", "expected a tensor of int64, got float32")


@given(st.floats(-50, 50), st.floats(-50, 50), st.sampled_from([0.1, 0.25, 0.3, 1.0, 7.0, -0.5]))
def test_arange_has_pytorchs_length(a: float, b: float, step: float) -> None:
    if (b - a) * step < 0:
        a, b = b, a
    theirs = torch.arange(a, b, step)
    ours = mg.arange(a, b, step)
    assert len(ours) == len(theirs) == math.ceil((b - a) / step)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6, atol=1e-6)
