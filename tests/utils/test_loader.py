"""The loader: its order, its arguments, its batches, with PyTorch as the oracle."""
from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad.errors import MinigradError
from minigrad.utils import data as ours
from minigrad.utils.data import DataLoader, IterableDataset, Subset, TensorDataset
from minigrad.utils.data.fetch import rows_at

from .sides import both, drawn, plain, rows, stream_of

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


# ---------------------------------------------------------------- arguments
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


# ---------------------------------------------------------------- batches
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


def test_the_context_can_be_set() -> None:
    def look(data: Any, lib: Any) -> Any:
        loader = data.DataLoader(range(4), 2, num_workers=1, multiprocessing_context="spawn")
        first = loader.multiprocessing_context.get_start_method()
        loader.multiprocessing_context = "fork"
        return first, loader.multiprocessing_context.get_start_method(), [plain(batch) for batch in loader]
    both(look)
    both(lambda data, lib: setattr(data.DataLoader(range(4)), "multiprocessing_context", "fork"))


def test_workers_read_at_least_one_batch_ahead() -> None:
    with pytest.raises(AssertionError, match="DataLoader: prefetch_factor must be greater than 0 with num_workers > 0; got 0"):
        iter(DataLoader(range(4), num_workers=1, prefetch_factor=0))


def test_a_loader_with_running_workers_can_be_copied() -> None:
    loader = DataLoader(range(4), 2, num_workers=1, persistent_workers=True)
    wanted = [plain(batch) for batch in loader]
    for other in (copy.deepcopy(loader), pickle.loads(pickle.dumps(loader))):
        assert [plain(batch) for batch in other] == wanted
    assert [plain(batch) for batch in loader] == wanted
