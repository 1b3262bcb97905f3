"""Data sets, samplers, collation and the loader, with PyTorch as the oracle."""
from __future__ import annotations

import collections
import random
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import minigrad
from minigrad import rng
from minigrad.errors import CheckpointError, MinigradError
from minigrad.utils import data as ours
from minigrad.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset
from minigrad.utils.data.fetch import rows_at

torch = pytest.importorskip("torch")
from torch.utils import data as theirs  # noqa: E402

SIDES = {"ours": (ours, minigrad), "theirs": (theirs, torch)}


@pytest.fixture(autouse=True)
def own_streams() -> Iterator[None]:
    """Seeds set here stay here."""
    with rng.fork_rng(), torch.random.fork_rng(devices=[]):
        yield


def plain(value: Any) -> Any:
    """A batch with its tensors as (dtype, nested list), to compare across the two libraries."""
    if hasattr(value, "dtype") and hasattr(value, "numpy"):
        array = value.numpy()
        return str(array.dtype), array.tolist()
    if isinstance(value, np.ndarray):
        return "ndarray", str(value.dtype), value.tolist()
    if isinstance(value, Mapping):
        return type(value).__name__, {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value).__name__, [plain(item) for item in value]
    if isinstance(value, (list, tuple, collections.UserList)):
        return type(value).__name__, [plain(item) for item in value]
    return value


def drawn(lib: Any) -> list[float]:
    """The default generator's next numbers."""
    mine = lib is minigrad
    return rng.continuous.uniform(rng.default_generator, (3,), np.float32).tolist() if mine else lib.rand(3).tolist()


def rows(lib: Any, *shapes: tuple[int, ...]) -> list[Any]:
    return [lib.from_numpy(np.arange(np.prod(shape), dtype=np.float32).reshape(shape)) for shape in shapes]


def both(make: Callable[[Any, Any], Any]) -> Any:
    """What `make(utils.data, library)` gives on both sides; asserted equal, errors included."""
    results = []
    for data, lib in SIDES.values():
        try:
            results.append(make(data, lib))
        except Exception as error:
            results.append(error)
    mine, wanted = results
    if isinstance(wanted, Exception):
        assert isinstance(mine, type(wanted)), f"PyTorch raises {wanted!r}; we gave {mine!r}"
        assert isinstance(mine, MinigradError) or not str(wanted)
        return mine
    if isinstance(mine, Exception):
        raise mine
    assert mine == wanted
    return mine


class Squares(Dataset[int]):
    """Sample i is i squared; remembers what was read."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.read: list[int] = []

    def __getitem__(self, i: int) -> int:
        self.read.append(i)
        return i * i

    def __len__(self) -> int:
        return self.n


def stream_of(base: type, n: int) -> Any:
    class Stream(base):  # type: ignore[misc]
        def __iter__(self) -> Iterator[int]:
            return iter(range(n))

        def __len__(self) -> int:
            return n
    return Stream()


# ---------------------------------------------------------------- order
SHUFFLED: dict[str, Callable[[Any, Any], Any]] = {
    "shuffle": lambda d, lib: d.DataLoader(range(103), batch_size=10, shuffle=True),
    "shuffle, drop last": lambda d, lib: d.DataLoader(range(103), batch_size=10, shuffle=True, drop_last=True),
    "in order": lambda d, lib: d.DataLoader(range(103), batch_size=10),
    "loader generator": lambda d, lib: d.DataLoader(range(103), 10, True, generator=lib.Generator().manual_seed(5)),
    "sampler generator": lambda d, lib: d.DataLoader(
        range(103), 10, sampler=d.RandomSampler(range(103), generator=lib.Generator().manual_seed(5))),
    "replacement": lambda d, lib: d.DataLoader(range(103), 10, sampler=d.RandomSampler(range(103), True, num_samples=77)),
    "replacement, generator": lambda d, lib: d.DataLoader(range(103), 10, sampler=d.RandomSampler(
        range(103), replacement=True, generator=lib.Generator().manual_seed(5))),
    "fewer": lambda d, lib: d.DataLoader(range(103), 10, sampler=d.RandomSampler(range(103), num_samples=50)),
    "more than once": lambda d, lib: d.DataLoader(range(10), 10, sampler=d.RandomSampler(range(10), num_samples=25)),
    "twice exactly, generator": lambda d, lib: d.DataLoader(range(10), 10, sampler=d.RandomSampler(
        range(10), num_samples=20, generator=lib.Generator().manual_seed(5))),
    "subset": lambda d, lib: d.DataLoader(range(103), 10, sampler=d.SubsetRandomSampler(range(3, 80))),
    "subset, generator": lambda d, lib: d.DataLoader(
        range(103), 10, sampler=d.SubsetRandomSampler([5, 3, 8, 1], lib.Generator().manual_seed(5))),
    "weighted": lambda d, lib: d.DataLoader(
        range(5), 10, sampler=d.WeightedRandomSampler([0.1, 3, 0, 0.5, 1], num_samples=40)),
    "weighted, no replacement": lambda d, lib: d.DataLoader(range(5), 2, sampler=d.WeightedRandomSampler(
        [0.1, 3, 0.2, 0.5, 1], 4, replacement=False, generator=lib.Generator().manual_seed(5))),
    "batch sampler": lambda d, lib: d.DataLoader(
        range(103), batch_sampler=d.BatchSampler(d.RandomSampler(range(103)), batch_size=7, drop_last=True)),
    "single samples": lambda d, lib: d.DataLoader(range(103), batch_size=None, shuffle=True),
    "large": lambda d, lib: d.DataLoader(range(60_000), batch_size=1000, shuffle=True),
}


@pytest.mark.parametrize("name", SHUFFLED)
def test_order_is_pytorchs_over_three_epochs(name: str) -> None:
    def epochs(data: Any, lib: Any) -> Any:
        lib.manual_seed(42)
        batches = SHUFFLED[name](data, lib)
        # what is left of the stream must agree as well: a model's dropout draws from it
        return [[plain(batch) for batch in batches] for _ in range(3)], len(batches), drawn(lib)
    both(epochs)


def test_two_iterators_at_once_are_independent() -> None:
    def interleaved(data: Any, lib: Any) -> Any:
        lib.manual_seed(1)
        batches = data.DataLoader(range(20), 3, shuffle=True)
        return [(plain(a), plain(b)) for a, b in zip(batches, batches, strict=True)]
    both(interleaved)


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


# ---------------------------------------------------------------- collation
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


# ---------------------------------------------------------------- data sets
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


# ---------------------------------------------------------------- samplers
@pytest.mark.parametrize("make", [
    lambda d: d.RandomSampler(range(3), replacement=1),
    lambda d: d.RandomSampler(range(3), num_samples=0),
    lambda d: d.RandomSampler(range(3), num_samples=2.0),
    lambda d: d.RandomSampler([]),
    lambda d: d.WeightedRandomSampler([1, 2], 0),
    lambda d: d.WeightedRandomSampler([1, 2], True),
    lambda d: d.WeightedRandomSampler([1, 2], 2, replacement=0),
    lambda d: d.WeightedRandomSampler([[1, 2]], 2),
    lambda d: d.BatchSampler(range(3), 0, False),
    lambda d: d.BatchSampler(range(3), True, False),
    lambda d: d.BatchSampler(range(3), 2.0, False),
    lambda d: d.BatchSampler(range(3), 2, 1),
])
def test_samplers_refuse_what_pytorch_refuses(make: Callable[[Any], Any]) -> None:
    assert isinstance(both(lambda data, lib: make(data)), MinigradError)


def test_sampler_messages() -> None:
    with pytest.raises(ValueError, match="RandomSampler: num_samples should be a positive integer value; got num_samples=0"):
        ours.RandomSampler([])
    with pytest.raises(ValueError, match="WeightedRandomSampler: weights should be a 1d sequence; got float64 "):
        ours.WeightedRandomSampler([[1.0]], 1)


@pytest.mark.parametrize("n", [0, 1, 9, 10, 11])
@pytest.mark.parametrize("drop_last", [False, True])
def test_batch_sampler(n: int, drop_last: bool) -> None:
    def look(data: Any, lib: Any) -> Any:
        made = data.BatchSampler(data.SequentialSampler(range(n)), 5, drop_last)
        return list(made), len(made)
    both(look)


def test_random_sampler_follows_the_length_of_its_data() -> None:
    growing = [0]
    sampler = ours.RandomSampler(growing)
    growing += range(9)
    assert len(sampler) == 10
    assert sorted(sampler) == list(range(10))


# ---------------------------------------------------------------- the loader's arguments
@pytest.mark.parametrize("arguments", [
    {"num_workers": -1}, {"timeout": -1}, {"prefetch_factor": 2}, {"num_workers": 1, "prefetch_factor": -1},
    {"persistent_workers": True}, {"multiprocessing_context": "spawn"},
    {"num_workers": 1, "multiprocessing_context": "nonsense"}, {"num_workers": 1, "multiprocessing_context": 3},
    {"sampler": [1], "shuffle": True}, {"batch_sampler": [[1]], "batch_size": 2}, {"batch_sampler": [[1]], "shuffle": True},
    {"batch_sampler": [[1]], "sampler": [1]}, {"batch_sampler": [[1]], "drop_last": True},
    {"batch_size": None, "drop_last": True}, {"batch_size": 0}, {"batch_size": 2.0}, {"batch_size": True},
    {"drop_last": 1},
])
def test_loader_refuses_what_pytorch_refuses(arguments: dict[str, Any]) -> None:
    assert isinstance(both(lambda data, lib: data.DataLoader(range(5), **arguments)), MinigradError)


@pytest.mark.parametrize("arguments", [{"shuffle": True}, {"sampler": [1]}, {"batch_sampler": [[1]]}])
def test_loader_of_a_stream_refuses(arguments: dict[str, Any]) -> None:
    error = both(lambda data, lib: data.DataLoader(stream_of(data.IterableDataset, 5), **arguments))
    assert f"expected unspecified {next(iter(arguments))} option" in str(error)


@pytest.mark.parametrize("name", ["batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"])
def test_loader_attributes_are_frozen(name: str) -> None:
    error = both(lambda data, lib: setattr(data.DataLoader(range(5)), name, None))
    assert str(error).startswith(f"{name} attribute should not be set after DataLoader is initialized")


def test_timeout_needs_workers() -> None:
    assert isinstance(both(lambda data, lib: iter(data.DataLoader(range(5), timeout=1))), AssertionError)


def test_attributes_are_pytorchs() -> None:
    def look(data: Any, lib: Any) -> Any:
        made = [data.DataLoader(range(5), 2), data.DataLoader(range(5), None), data.DataLoader(range(5), batch_sampler=[[1]])]
        return [(m.batch_size, m.drop_last, m.num_workers, m.prefetch_factor, m.pin_memory, m.timeout, m.generator,
                 type(m.sampler).__name__, type(m.batch_sampler).__name__, m.collate_fn.__name__) for m in made]
    both(look)


# ---------------------------------------------------------------- what the loader gives
@pytest.mark.parametrize("batch_size", [None, 1, 3, 7])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("n", [0, 7])
def test_streams(batch_size: int | None, drop_last: bool, n: int) -> None:
    def look(data: Any, lib: Any) -> Any:
        made = data.DataLoader(stream_of(data.IterableDataset, n), batch_size, drop_last=drop_last and batch_size is not None)
        return [[plain(batch) for batch in made] for _ in range(2)], len(made)
    both(look)


def test_a_stream_longer_than_it_said_is_reported() -> None:
    class Long(IterableDataset[int]):
        def __iter__(self) -> Iterator[int]:
            return iter(range(3))

        def __len__(self) -> int:
            return 2

    batches = DataLoader(Long(), batch_size=None)
    assert [sample for sample in batches] == [0, 1, 2]  # noqa: C416  nothing is said as long as nobody asked; list() asks
    assert len(batches) == 2
    with pytest.warns(UserWarning, match="was reported to be 2 .*but 3 samples have been fetched"):
        list(batches)


@pytest.mark.parametrize("arguments", [
    {"batch_size": 4}, {"batch_size": 4, "drop_last": True}, {"batch_size": None}, {"batch_size": 1},
    {"batch_sampler": [[4, 0], [1], [2, 2, 2]]}, {"sampler": [3, -1, 0], "batch_size": 2},
    {"batch_size": 4, "collate_fn": list}, {"sampler": [], "batch_size": 2},
])
@pytest.mark.parametrize("kind", ["tensors", "subset", "dicts", "stacked", "numbers"])
def test_batches(kind: str, arguments: dict[str, Any]) -> None:
    def look(data: Any, lib: Any) -> Any:
        a, b = rows(lib, (10, 2, 3), (10,))
        dataset = {
            "tensors": lambda: data.TensorDataset(a, b),
            "subset": lambda: data.Subset(data.Subset(data.TensorDataset(a, b), range(9)), [5, 1, 8, 0, 5]),
            "dicts": lambda: [{"a": a[i], "n": i, "s": str(i)} for i in range(10)],
            "stacked": lambda: data.StackDataset(data.TensorDataset(a, b), data.Subset(range(20), range(10))),
            "numbers": lambda: np.arange(10.0),
        }[kind]()
        made = data.DataLoader(dataset, **arguments)
        return [plain(batch) for batch in made], len(made)
    both(look)


def test_rows_are_read_at_once_only_where_that_is_the_same() -> None:
    a, b = rows(minigrad, (5, 2), (5,))
    base = TensorDataset(a, b)
    assert plain(rows_at(base, [3, -1])) == plain(ours.default_collate([base[3], base[-1]]))
    assert rows_at(Subset(base, [4, 2]), [1]) is not None
    assert rows_at([1, 2], [0]) is None
    assert rows_at(base, [slice(2)]) is None
    assert rows_at(base, [True]) is None

    class Noisy(TensorDataset):
        def __getitem__(self, index: Any) -> Any:
            return tuple(column + 100 for column in super().__getitem__(index))

    class Whole(TensorDataset):
        def __getitems__(self, indices: list[int]) -> list[int]:
            return [-index for index in indices]

    assert rows_at(Noisy(a, b), [0]) is None
    assert next(iter(DataLoader(Noisy(a, b))))[1].numpy().tolist() == [100]
    assert next(iter(DataLoader(Whole(a, b), sampler=[3], batch_size=1))).numpy().tolist() == [-3]


def test_a_batch_shares_no_memory_with_the_data() -> None:
    a, = rows(minigrad, (4, 2))
    for batch, in DataLoader(TensorDataset(a), batch_size=4):
        batch.numpy()[:] = -1
    assert a.numpy().min() == 0


def test_an_index_error_in_the_data_reaches_the_user() -> None:
    with pytest.raises(IndexError):
        list(DataLoader(TensorDataset(*rows(minigrad, (3,))), sampler=[7]))


# ---------------------------------------------------------------- going on in the middle
def resumable(name: str, dataset: Any = None) -> DataLoader[Any]:
    dataset = dataset if dataset is not None else Squares(23)
    own = minigrad.Generator().manual_seed(8)
    return {
        "in order": lambda: DataLoader(dataset, 4),
        "shuffle": lambda: DataLoader(dataset, 4, shuffle=True),
        "loader generator": lambda: DataLoader(dataset, 4, shuffle=True, generator=own),
        "sampler generator": lambda: DataLoader(dataset, 4, sampler=ours.RandomSampler(range(23), True, 40, own)),
        "two generators": lambda: DataLoader(
            dataset, 4, sampler=ours.SubsetRandomSampler(range(23), own), generator=minigrad.Generator().manual_seed(1)),
        "lazy draws": lambda: DataLoader(dataset, 4, sampler=ours.RandomSampler(range(5), num_samples=23, generator=own)),
        "batch sampler": lambda: DataLoader(
            dataset, batch_sampler=ours.BatchSampler(ours.RandomSampler(range(23), generator=own), 4, False)),
        "weighted": lambda: DataLoader(dataset, 4, sampler=ours.WeightedRandomSampler(np.ones(23), 23)),
        "single": lambda: DataLoader(dataset, None, shuffle=True),
        "persistent": lambda: DataLoader(dataset, 4, shuffle=True, num_workers=1, persistent_workers=True),
    }[name]()


RESUMABLE = ["in order", "shuffle", "loader generator", "sampler generator", "two generators", "lazy draws", "batch sampler",
             "weighted", "single", "persistent"]


def epoch_of(batches: Iterator[Any]) -> list[Any]:
    """The batches, with a draw from the default generator after each, as a model's dropout would make it."""
    return [(plain(batch), drawn(minigrad)) for batch in batches]


@pytest.mark.parametrize("name", RESUMABLE)
@pytest.mark.parametrize("stop", [1, 2, 5])
def test_resume_gives_the_very_next_batch_and_the_same_later_epochs(name: str, stop: int) -> None:
    rng.manual_seed(0)
    whole = resumable(name)
    wanted = [epoch_of(iter(whole)) for _ in range(4)]

    rng.manual_seed(0)
    first = resumable(name)
    assert epoch_of(iter(first)) == wanted[0]
    begun = iter(first)
    head = [epoch_of([next(begun)])[0] for _ in range(stop)]
    state, stream = first.state_dict(), rng.get_rng_state()

    rng.manual_seed(999)                             # another process: nothing is as it was
    data = Squares(23)
    second = resumable(name, data)
    second.load_state_dict(state)
    rng.set_rng_state(stream)
    assert head + epoch_of(iter(second)) == wanted[1]
    assert [epoch_of(iter(second)) for _ in range(2)] == wanted[2:]
    assert [plain(batch) for batch in begun] == [batch for batch, _ in wanted[1][stop:]]     # the first one is undisturbed


def test_resume_reads_nothing_that_was_read_before() -> None:
    first = resumable("in order")
    begun = iter(first)
    next(begun), next(begun)
    data = Squares(23)
    second = resumable("in order", data)
    second.load_state_dict(first.state_dict())
    next(iter(second))
    assert data.read == [8, 9, 10, 11]


def test_order_is_restored_even_if_nobody_restores_the_default_generator() -> None:
    rng.manual_seed(0)
    first = resumable("shuffle")
    begun = iter(first)
    next(begun)
    state = first.state_dict()
    wanted = [plain(batch) for batch in begun]
    rng.manual_seed(12345)
    before = rng.get_rng_state()
    second = resumable("shuffle")
    second.load_state_dict(state)
    assert [plain(batch) for batch in second] == wanted
    np.testing.assert_array_equal(rng.get_rng_state(), before)


def test_state_before_the_first_batch_and_between_epochs() -> None:
    for name in ("shuffle", "loader generator"):
        rng.manual_seed(4)
        first = resumable(name)
        fresh, stream = first.state_dict(), rng.get_rng_state()
        wanted = [plain(batch) for batch in first]
        between, later = first.state_dict(), rng.get_rng_state()
        wanted_next = [plain(batch) for batch in first]
        for state, at, epoch in ((fresh, stream, wanted), (between, later, wanted_next)):
            second = resumable(name)
            second.load_state_dict(state)
            rng.set_rng_state(at)
            assert [plain(batch) for batch in second] == epoch


def test_state_of_an_iterator_that_has_given_nothing_keeps_the_order() -> None:
    rng.manual_seed(4)
    first = resumable("shuffle")
    begun = iter(first)
    state = first.state_dict()
    wanted = [plain(batch) for batch in begun]
    second = resumable("shuffle")
    second.load_state_dict(state)
    assert [plain(batch) for batch in second] == wanted


def test_after_the_last_batch_an_epoch_has_nothing_left() -> None:
    first = resumable("in order")
    for _ in first:
        state = first.state_dict()                   # the last one is taken before the loop has ended
    second = resumable("in order")
    second.load_state_dict(state)
    assert len(list(second)) == 0
    assert len(list(second)) == 6


def test_a_state_that_was_loaded_but_not_used_is_given_on() -> None:
    first = resumable("shuffle")
    next(iter(first))
    state = first.state_dict()
    second = resumable("shuffle")
    second.load_state_dict(state)
    assert second.state_dict()["batches"] == 1


def test_streams_resume_by_reading_on() -> None:
    class Shuffled(IterableDataset[int]):
        def __iter__(self) -> Iterator[int]:
            yield from rng.discrete.permutation(rng.default_generator, 10).tolist()

    rng.manual_seed(2)
    for batch_size in (None, 3):
        first = DataLoader(Shuffled(), batch_size)
        begun = iter(first)
        next(begun), next(begun)
        state = first.state_dict()
        wanted = [plain(batch) for batch in begun]
        second = DataLoader(Shuffled(), batch_size)
        second.load_state_dict(state)
        assert [plain(batch) for batch in second] == wanted


def test_state_is_of_tensors_and_numbers_and_its_loader_is_checked() -> None:
    first = resumable("two generators")
    next(iter(first))
    state = first.state_dict()
    kinds = {type(value) for value in [*state.values(), *state["generators"]]}
    assert kinds <= {int, bool, list, type(None), minigrad.Tensor}
    with pytest.raises(CheckpointError, match=r"of another loader; got {'samples': 23.* this one has {'samples': 20"):
        resumable("two generators", Squares(20)).load_state_dict(state)
    with pytest.raises(CheckpointError, match="the state has 2 generators, this loader 0; pass the same generator"):
        resumable("shuffle").load_state_dict(state)
    with pytest.raises(CheckpointError, match="expected the keys"):
        first.load_state_dict({"epoch": 3})
    state["batches"] = 100
    second = resumable("two generators")
    second.load_state_dict(state)
    with pytest.raises(RuntimeError, match="says that 100 batches were given, but the data end after 6"):
        iter(second)


def test_state_survives_a_file(tmp_path: Path) -> None:
    rng.manual_seed(0)
    first = resumable("two generators")
    begun = iter(first)
    next(begun)
    minigrad.save({"loader": first.state_dict()}, tmp_path / "state.safetensors")
    second = resumable("two generators")
    second.load_state_dict(minigrad.load(tmp_path / "state.safetensors")["loader"])
    assert [plain(batch) for batch in second] == [plain(batch) for batch in begun]


def test_resume_at_random_places() -> None:
    choose = random.Random(0)
    for _ in range(20):
        n, batch_size, drop_last = choose.randint(1, 40), choose.randint(1, 9), choose.random() < 0.5
        rng.manual_seed(choose.randint(0, 10 ** 6))
        first = DataLoader(range(n), batch_size, True, drop_last=drop_last)
        count = choose.randint(0, len(first))
        begun = iter(first)
        for _ in range(count):
            next(begun)
        second = DataLoader(range(n), batch_size, True, drop_last=drop_last)
        second.load_state_dict(first.state_dict())
        assert [plain(batch) for batch in second] == [plain(batch) for batch in begun]
