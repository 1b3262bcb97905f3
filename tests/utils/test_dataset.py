"""Data sets, with PyTorch as the oracle."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad.utils import data as ours
from minigrad.utils.data import Dataset

from .sides import both, plain, rows, stream_of


def test_tensor_dataset() -> None:
    def look(data: Any, lib: Any) -> Any:
        a, b = rows(lib, (5, 2), (5,))
        made = data.TensorDataset(a, b)
        return len(made), plain(made[1]), plain(made[-1]), plain(made[1:3]), plain(made[[0, 4]])
    both(look)
    error = both(lambda data, lib: data.TensorDataset(*rows(lib, (5, 2), (4,))))
    assert isinstance(error, AssertionError)
    assert "one first dimension; got float32 (5, 2), float32 (4,)" in str(error)


@pytest.mark.parametrize("index", [0, 4, 5, 8, -1, -9])
def test_concat_dataset(index: int) -> None:
    both(lambda data, lib: data.ConcatDataset([range(5), [7, 8], range(2)])[index])


def test_concat_and_chain_know_their_kinds() -> None:
    both(lambda data, lib: data.ConcatDataset([range(5)])[-6])
    both(lambda data, lib: data.ConcatDataset([range(5), [7]]).cumulative_sizes)
    both(lambda data, lib: data.ConcatDataset([]))
    both(lambda data, lib: data.ConcatDataset([stream_of(data.IterableDataset, 3)]))
    both(lambda data, lib: list(data.ChainDataset([stream_of(data.IterableDataset, n) for n in (3, 2)])))
    both(lambda data, lib: len(data.ChainDataset([stream_of(data.IterableDataset, n) for n in (3, 2)])))
    both(lambda data, lib: list(data.ChainDataset([range(3)])))
    both(lambda data, lib: list(stream_of(data.IterableDataset, 2) + stream_of(data.IterableDataset, 1)))
    both(lambda data, lib: len(data.TensorDataset(*rows(lib, (3,))) + data.TensorDataset(*rows(lib, (2,)))))
    with pytest.raises(IndexError, match="index 5 is out of range for 5 samples"):
        ours.ConcatDataset([range(5)])[5]


def test_stack_dataset() -> None:
    both(lambda data, lib: (data.StackDataset(range(3), [4, 5, 6])[1], len(data.StackDataset(range(3)))))
    both(lambda data, lib: data.StackDataset(a=range(3), b=[4, 5, 6])[1])
    both(lambda data, lib: data.StackDataset(a=data.Subset(range(9), [5, 3]), b="xy").__getitems__([1, 0]))
    both(lambda data, lib: data.StackDataset(data.Subset(range(9), [5, 3]), "xy").__getitems__([1, 0]))
    for args, kwargs in (((), {}), ((range(2), range(3)), {}), ((range(2),), {"a": range(2)})):
        both(lambda data, lib, args=args, kwargs=kwargs: data.StackDataset(*args, **kwargs))

    class Wrong(list[int]):
        def __getitems__(self, indices: list[int]) -> list[int]:
            return []

    error = both(lambda data, lib: data.StackDataset(Wrong([1, 2])).__getitems__([0, 1]))
    assert "output size mismatch" in str(error)
    assert "expected 2, got 0" in str(error)


def test_subset() -> None:
    both(lambda data, lib: (list(data.Subset("abcd", [3, 1])), data.Subset("abcd", [3, 1]).__getitems__([1, 0])))
    both(lambda data, lib: plain(data.Subset(data.TensorDataset(*rows(lib, (5,))), [3, 1, 0])[[0, 2]]))

    def half_done(data: Any, lib: Any) -> Any:
        return type("Half", (data.Subset,), {"__getitem__": lambda self, i: i})("abc", [1])
    assert "Half does not" in str(both(half_done))


def test_a_dataset_without_getitem_says_so() -> None:
    with pytest.raises(NotImplementedError, match="Bare must define __getitem__"):
        type("Bare", (Dataset,), {})()[0]




def test_random_split_is_pytorchs() -> None:
    for lengths in ([70, 30], [0.5, 0.3, 0.2], [0.33, 0.33, 0.34], [100], [0.999, 0.001], [1.0]):
        def split(data: Any, lib: Any, lengths: list[float] = lengths) -> Any:
            lib.manual_seed(3)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                parts = data.random_split(range(100), lengths)
                again = data.random_split(range(100), lengths, generator=lib.Generator().manual_seed(9))
            return [list(part) for part in (*parts, *again)], len(caught), [part.indices for part in parts]
        both(split)


@pytest.mark.parametrize(("lengths", "text"), [
    ([70, 31], "sum of input lengths does not equal the length of the input dataset; got .*sum 101, for 100"),
    ([0.6, 0.6], "sum of input lengths"),
    ([1.5, -0.5], "fraction at index 0 is not between 0 and 1; got 1.5"),
])
def test_random_split_refuses(lengths: list[float], text: str) -> None:
    error = both(lambda data, lib: data.random_split(range(100), lengths))
    with pytest.raises(ValueError, match=text):
        raise error


@pytest.mark.parametrize(("parts", "text"), [
    ((np.ones(3),), r"TensorDataset: argument 0 must be a Tensor; got ndarray float64 \(3,\); use as_tensor\(array\)"),
    ((minigrad.ones(2), [1, 2]), "argument 1 must be a Tensor; got list of 2"),
])
def test_a_tensor_dataset_wants_tensors(parts: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        ours.TensorDataset(*parts)
