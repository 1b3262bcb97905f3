"""From samples to batches, with PyTorch as the oracle."""
from __future__ import annotations

import collections
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest

import minigrad
from minigrad.utils import data as ours

from .sides import both, plain, rows, torch


class Point(NamedTuple):
    x: Any
    y: Any


class Frozen(collections.abc.Mapping):  # type: ignore[type-arg]
    """A mapping that can be made from a dict but not changed."""

    def __init__(self, items: Any) -> None:
        self.items_ = dict(items)

    def __getitem__(self, key: Any) -> Any:
        return self.items_[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items_)

    def __len__(self) -> int:
        return len(self.items_)


class Fixed(Frozen):
    """... and one that cannot be made from a dict either."""

    def __init__(self, **items: Any) -> None:
        super().__init__(items)


def samples(lib: Any) -> dict[str, Sequence[Any]]:
    a, b = rows(lib, (2, 3), (2, 3))
    return {
        "tensors": [a, b],
        "0-d tensors": [a[0, 0], a[0, 1]],
        "arrays": [np.arange(3), np.arange(3) * 2],
        "0-d arrays": [np.array(1.5), np.array(2.5)],
        "bool arrays": [np.array([True]), np.array([False])],
        "numpy numbers": [np.float32(1), np.float32(2)],
        "numpy doubles": [np.float64(1), np.float64(2)],
        "numpy ints": [np.int16(1), np.int16(2)],
        "numpy bools": [np.bool_(True), np.bool_(False)],
        "numpy strings": [np.str_("a"), np.str_("b")],
        "floats": [1.0, 2.5],
        "ints": [1, 2],
        "ints and floats": [1, 2.5],
        "bools": [True, False],
        "strings": ["a", "bc"],
        "bytes": [b"a", b"bc"],
        "tuples": [(1, "a", a), (2, "b", b)],
        "lists": [[1, 2.0], [3, 4.0]],
        "nested": [((1, [2, (3,)]),), ((4, [5, (6,)]),)],
        "dicts": [{"x": 1, "y": a}, {"x": 2, "y": b}],
        "ordered dicts": [collections.OrderedDict(x=1, y=2), collections.OrderedDict(x=3, y=4)],
        "default dicts": [collections.defaultdict(int, x=1), collections.defaultdict(int, x=2)],
        "frozen mappings": [Frozen({"x": 1}), Frozen({"x": 2})],
        "fixed mappings": [Fixed(x=1), Fixed(x=2)],
        "named tuples": [Point(1, (2.0, "a")), Point(3, (4.0, "b"))],
        "user lists": [collections.UserList([1, 2]), collections.UserList([3, 4])],
        "ranges": [range(3), range(3)],
        "empty tuples": [(), ()],
        "more keys in later dicts": [{"x": 1}, {"x": 2, "y": 3}],
        "sizes differ": [[1, 2], [3]],
        "array of strings": [np.array(["a"]), np.array(["b"])],
        "array of objects": [np.array([None]), np.array([None])],
        "None": [None, None],
        "sets": [{1}, {2}],
    }


@pytest.mark.parametrize("name", samples(torch))
def test_default_collate(name: str) -> None:
    both(lambda data, lib: plain(data.default_collate(samples(lib)[name])))


@pytest.mark.parametrize("name", samples(torch))
def test_default_convert(name: str) -> None:
    both(lambda data, lib: plain(data.default_convert(samples(lib)[name])))


@pytest.mark.parametrize(("batch", "text"), [
    ([None], "batch must contain tensors, numpy arrays, numbers, dicts or lists; found <class 'NoneType'>"),
    ([np.array(["a"])], "found <U1"),
])
def test_collate_says_what_it_found(batch: list[Any], text: str) -> None:
    with pytest.raises(TypeError, match=text):
        ours.default_collate(batch)


def test_collate_says_which_lengths_differ() -> None:
    with pytest.raises(RuntimeError, match=r"equal size; got lengths \[1, 2\]; pad the samples"):
        ours.default_collate([[1, 2], [3]])


def test_collating_records_gradients() -> None:
    x, y = (minigrad.ones(3, requires_grad=True) for _ in range(2))
    ours.default_collate([x, y]).sum().backward()
    assert x.grad is not None
    assert x.grad.numpy().tolist() == [1, 1, 1]
