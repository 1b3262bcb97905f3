"""From samples to batches, with PyTorch as the oracle."""
from __future__ import annotations

import collections
import re
import traceback
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest

import minigrad
from minigrad.utils import data as ours
from minigrad.utils.data.collate import collate, default_collate_fn_map

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


A, B = minigrad.ones(3, 2), minigrad.ones(4, 2)


@pytest.mark.parametrize(("batch", "kind", "text"), [
    ([None], TypeError, "batch must contain tensors, numpy arrays, numbers, dicts or lists; found <class 'NoneType'>; give a value"),
    ([(1, None)], TypeError, "found <class 'NoneType'> in sample[1]; give a value instead, or pass a collate_fn that leaves"),
    ([np.array(["a"])], TypeError, "found <U1; pass a collate_fn"),
    ([{1}], TypeError, "found <class 'set'>; pass a collate_fn that knows it"),
    ([A, B], RuntimeError, "default_collate: stack expects each tensor to be equal size, but got [3, 2] at entry 0 and [4, 2] at entry 1; "
                           "bring them to one shape in the data set (images: Resize, CenterCrop), or give the DataLoader a collate_fn"),
    ([(0, A)] * 3 + [(1, B)], RuntimeError, "got [3, 2] at entry 0 and [4, 2] at entry 3 in sample[1]; bring them to one shape"),
    ([{"x": [A]}, {"x": [B]}], RuntimeError, "in sample['x'][0]; bring them"),
    ([Point(0, A), Point(0, B)], RuntimeError, "in sample.y; bring them"),
    ([np.ones(2), np.ones((2, 1))], RuntimeError, "but got [2] at entry 0 and [2, 1] at entry 1; bring them"),
    ([[1, 2], [3]], RuntimeError, "each element in list of batch should be of equal size; got lengths 2 at entry 0 and 1 at entry 1; give"),
    ([A, 1], TypeError, "the samples must be of one kind; got Tensor at entry 0 and int at entry 1; convert them in the data set"),
    ([(0, 1), (0, None)], TypeError, "got int at entry 0 and None at entry 1 in sample[1]; convert"),
    ([{"a": 1}, {"b": 1}], KeyError, "the key 'a' of entry 0 is missing in entry 1; give all samples the same keys"),
])
def test_an_error_says_which_samples_and_where(batch: list[Any], kind: Any, text: str) -> None:
    with pytest.raises(kind, match=re.escape(text)):
        ours.default_collate(batch)


def test_an_image_wants_to_be_a_tensor() -> None:
    image = pytest.importorskip("PIL.Image").new("L", (2, 2))
    with pytest.raises(TypeError, match=r"found <class 'PIL.Image.Image'> in sample\[0\]; give the data set transform=ToTensor\(\)"):
        ours.default_collate([(image, 1)])


def test_classes_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def sets(batch: Any, *, collate_fn_map: Any) -> Any:
        return collate([sum(sample) for sample in batch], collate_fn_map=collate_fn_map)

    monkeypatch.setitem(default_collate_fn_map, (set, frozenset), sets)
    assert plain(ours.default_collate([({1, 2}, "a"), ({3}, "b")])) == plain([minigrad.tensor([3, 3]), ("a", "b")])
    with pytest.raises(TypeError, match="unsupported operand") as told:      # the function's own error, not explained away
        ours.default_collate([{"a"}])
    assert not hasattr(told.value, "entries")
    with pytest.raises(TypeError, match="found <class 'int'>"):
        collate([1])


@pytest.mark.parametrize("arguments", [{}, {"num_workers": 1}])
def test_the_loader_names_the_indices(arguments: dict[str, Any]) -> None:
    with pytest.raises(RuntimeError) as told:
        list(ours.DataLoader([A, A, B], 3, sampler=[1, 0, 2], **arguments))
    text = "".join(traceback.format_exception(told.value))
    assert "entry 0 is sample index 1; entry 2 is sample index 2" in text
    assert "making the batch of sample indices [1, 0, 2]" in text


@pytest.mark.parametrize("sampler", [[0, 5, 1], (0, 5, 1)])
def test_the_loader_names_the_index_that_fails(sampler: Any) -> None:
    with pytest.raises(IndexError) as told:
        list(ours.DataLoader([1, 2], 3, sampler=sampler))
    assert told.value.__notes__ == ["DataLoader: reading sample index 5"]


def test_collating_records_gradients() -> None:
    x, y = (minigrad.ones(3, requires_grad=True) for _ in range(2))
    ours.default_collate([x, y]).sum().backward()
    assert x.grad is not None
    assert x.grad.numpy().tolist() == [1, 1, 1]


@pytest.mark.parametrize("dtypes", [("float32", "float64"), ("float32", "int64"), ("uint8", "int8"), ("bool", "uint8")])
def test_tensors_of_several_dtypes_and_layouts(dtypes: tuple[str, str]) -> None:
    both(lambda data, lib: plain(data.default_collate([lib.ones(2, 3, dtype=getattr(lib, dtype)).t() for dtype in dtypes])))
    both(lambda data, lib: plain(data.default_collate([lib.ones((), dtype=getattr(lib, dtype)) for dtype in dtypes])))


def test_views_of_what_records_keep_their_gradients() -> None:
    x = minigrad.ones(3, 2, requires_grad=True)
    (ours.default_collate([x[0], x[2]]) * minigrad.tensor([[1.0], [2.0]])).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[1, 1], [0, 0], [2, 2]]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64, np.complex128, np.bool_])
@pytest.mark.parametrize("skip", [0, 1, 8, 16, 40])
def test_large_samples_whatever_their_address(dtype: Any, skip: int) -> None:
    """Among them memory at odd addresses, as of a file that is mapped: the batch lies as the dtype wants it."""
    size = 3 * 40 * 40 * np.dtype(dtype).itemsize
    memory = np.random.default_rng(0).integers(0, 2, 4 * (size + 5) + skip, np.uint8)
    samples = [memory[skip + i * (size + 5):][:size].view(dtype).reshape(3, 40, 40) for i in range(4)]
    batch = ours.default_collate([minigrad.from_numpy(x) for x in samples])
    assert batch.array.dtype == dtype
    assert batch.array.flags.c_contiguous
    assert batch.array.flags.aligned
    assert batch.array.flags.writeable
    assert np.array_equal(batch.array, np.stack(samples))
    strided = ours.default_collate([minigrad.from_numpy(np.asfortranarray(x[:, ::2])) for x in samples])
    assert np.array_equal(strided.array, np.stack(samples)[:, :, ::2])
