"""Worker processes: the same batches as without them, PyTorch's order and seeds, streams, options."""
from __future__ import annotations

import os
import random
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import rng
from minigrad.errors import UnsupportedError, WorkerError
from minigrad.utils import data as ours
from minigrad.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset, pool

from .reading import Draws, Stream, all_of, plain

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="these data sets are not importable by a spawned process")


class Where(Dataset[Any]):
    """Sample i is i, the worker that read it, its process, and its seed."""

    def __getitem__(self, i: int) -> Any:
        info = ours.get_worker_info()
        assert info is not None
        assert info.dataset is self
        return i, info.id, info.num_workers, os.getpid(), info.seed

    def __len__(self) -> int:
        return 12


# ---------------------------------------------------------------- the same batches
KINDS: dict[str, Any] = {
    "rows": lambda: TensorDataset(mg.arange(26.0).reshape(13, 2), mg.arange(13)),
    "large rows": lambda: TensorDataset(mg.arange(13.0 * 4000).reshape(13, 4000)),
    "subset": lambda: Subset(range(20), list(range(3, 16))),
    "growing": lambda: [mg.ones(1 + 3000 * i) for i in range(13)],
    "mixed": lambda: [{"a": np.arange(i, i + 3), "s": str(i), "t": (mg.ones(2, 0), i)} for i in range(13)],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{"batch_size": 3}, {"batch_size": 3, "drop_last": True}, {"batch_size": None},
                                     {"batch_size": 3, "shuffle": True, "prefetch_factor": 1}])
def test_batches_are_those_without_workers(kind: str, options: dict[str, Any]) -> None:
    if kind == "growing":
        options = {**options, **({} if options["batch_size"] is None else {"collate_fn": list})}
    found = []
    for workers, more in ((0, {}), (1, {}), (2, {}), (2, {"persistent_workers": True})):
        rng.manual_seed(3)
        given = {key: value for key, value in options.items() if workers or key != "prefetch_factor"}
        found.append(all_of(DataLoader(KINDS[kind](), num_workers=workers, **given, **more), epochs=2))  # type: ignore[arg-type]
    assert len(found[0]) >= 8
    assert found[0] == found[1] == found[2]
    if not options.get("shuffle"):
        assert found[3] == found[0]


def test_batches_can_be_written_and_outlive_the_workers() -> None:
    batches = list(DataLoader(TensorDataset(mg.arange(40_000.0).reshape(4, 10_000)), num_workers=2))
    for i, (batch,) in enumerate(batches):
        batch += 1
        assert batch[0, 0].item() == 10_000 * i + 1


def test_workers_take_turns_and_have_pytorchs_seeds() -> None:
    rng.manual_seed(5)
    batches = all_of(DataLoader(Where(), 3, num_workers=2))
    assert [set(batch[1]) for batch in batches] == [{0}, {1}, {0}, {1}]
    assert all(set(batch[2]) == {2} for batch in batches)
    assert len({pid for batch in batches for pid in batch[3]} | {os.getpid()}) == 3
    torch = pytest.importorskip("torch")
    state = torch.get_rng_state()
    torch.manual_seed(5)
    base = int(torch.empty((), dtype=torch.int64).random_())
    torch.set_rng_state(state)
    assert [batch[4][0] - base for batch in batches] == [0, 1, 0, 1]
    assert ours.get_worker_info() is None


@pytest.mark.parametrize("shuffle", [False, True])
def test_draws_are_pytorchs_where_workers_have_one_seed_each(shuffle: bool) -> None:
    torch = pytest.importorskip("torch")

    class Theirs(torch.utils.data.Dataset):  # type: ignore[misc,name-defined]
        def __getitem__(self, i: int) -> Any:
            return i, torch.rand(2), np.random.rand(), random.random()

        def __len__(self) -> int:
            return 13

    rng.manual_seed(1)
    mine = all_of(DataLoader(Draws(), 2, shuffle, num_workers=2, sample_seeds=False), epochs=2)
    state = torch.get_rng_state()
    torch.manual_seed(1)
    theirs = all_of(torch.utils.data.DataLoader(Theirs(), 2, shuffle, num_workers=2), epochs=2)
    torch.set_rng_state(state)
    assert mine == theirs


def test_an_epoch_takes_as_much_of_the_default_stream_as_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    found = []
    for lib, data in ((mg, ours), (torch, torch.utils.data)):
        state = lib.get_rng_state()
        lib.manual_seed(2)
        seen = []
        for options in ({}, {"persistent_workers": True}, {"sampler": data.SubsetRandomSampler(range(9))}):
            loader = data.DataLoader(range(9), 2, num_workers=2, **options)
            for _ in range(3):
                seen.append([(plain(batch), plain(lib.rand(2))) for batch in loader])
        found.append(seen)
        lib.set_rng_state(state)
    assert found[0] == found[1]


# ---------------------------------------------------------------- streams
@pytest.mark.parametrize("batch_size", [None, 3])
@pytest.mark.parametrize("drop_last", [False, True])
def test_streams_are_read_in_turn_as_pytorch_does(batch_size: int | None, drop_last: bool) -> None:
    torch = pytest.importorskip("torch")

    class Theirs(torch.utils.data.IterableDataset):  # type: ignore[misc,name-defined]
        def __iter__(self) -> Iterator[int]:
            info = torch.utils.data.get_worker_info()
            return iter(range(5) if info.id else range(10, 22))

    class Mine(IterableDataset[int]):
        def __iter__(self) -> Iterator[int]:
            info = ours.get_worker_info()
            assert info is not None
            return iter(range(5) if info.id else range(10, 22))

    options: dict[str, Any] = {"num_workers": 2, "drop_last": drop_last and batch_size is not None}
    for more in ({}, {"persistent_workers": True}):
        mine = all_of(DataLoader(Mine(), batch_size, **options, **more), epochs=2)
        assert mine == all_of(torch.utils.data.DataLoader(Theirs(), batch_size, **options, **more), epochs=2)
        assert len(mine) > 4


def test_a_stream_longer_than_it_said_is_reported() -> None:
    class Told(Stream):
        def __len__(self) -> int:
            return 2

    loader = DataLoader(Told(4), batch_size=None, num_workers=1)
    assert len(loader) == 2
    with pytest.warns(UserWarning, match="samples have been fetched. For multiprocessing data-loading") as told:
        all_of(loader)
    assert len(told) == 2


# ---------------------------------------------------------------- options
def test_worker_init_fn_and_context() -> None:
    marks: list[int] = []

    class Marked(Dataset[int]):
        def __getitem__(self, i: int) -> int:
            return marks[0]

        def __len__(self) -> int:
            return 4

    loader = DataLoader(Marked(), worker_init_fn=lambda worker: marks.append(worker + 10), num_workers=2,
                        multiprocessing_context="fork")
    assert all_of(loader) == [[10], [11], [10], [11]]
    assert marks == []


@pytest.mark.slow
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_spawned_workers(method: str) -> None:
    rng.manual_seed(0)
    dataset = TensorDataset(mg.arange(12.0))
    wanted = all_of(DataLoader(dataset, 2, shuffle=True))
    rng.manual_seed(0)
    assert all_of(DataLoader(dataset, 2, shuffle=True, num_workers=1, multiprocessing_context=method)) == wanted


def test_batches_of_no_order_are_all_there() -> None:
    class Slow(Dataset[int]):
        def __getitem__(self, i: int) -> int:
            threading.Event().wait(0.3 if i == 0 else 0)
            return i

        def __len__(self) -> int:
            return 6

    loader = DataLoader(Slow(), num_workers=2, in_order=False)
    found = all_of(loader)
    assert sorted(found) == [[i] for i in range(6)]
    assert found[0] != [0]
    with pytest.raises(UnsupportedError, match="come in no order have no place to go on from; use in_order=True"):
        loader.state_dict()


def test_persistent_workers_are_kept_and_a_new_iterator_takes_them_over() -> None:
    loader = DataLoader(Where(), 3, num_workers=2, persistent_workers=True)
    first = {pid for batch in all_of(loader) for pid in batch[3]}
    begun = iter(loader)
    assert {pid for batch in all_of(loader) for pid in batch[3]} == first
    with pytest.raises(WorkerError, match="a newer iterator has taken over the persistent workers"):
        next(begun)


def test_persistent_workers_draw_anew_in_every_epoch() -> None:
    loader = DataLoader(Draws(), 4, num_workers=2, persistent_workers=True)
    found = all_of(loader, epochs=2)
    assert found[0][2] != found[4][2]
    streams = DataLoader(Stream(6, noise=True), None, num_workers=2, persistent_workers=True)
    noise = [sample[1] for _ in range(2) for sample in streams]
    assert len(set(noise)) == 12


def test_more_workers_than_cores_and_pinning_without_a_gpu_are_reported() -> None:
    with pytest.warns(UserWarning, match="will create 1000 worker processes in total"):
        DataLoader(range(4), num_workers=1000)
    if not mg.cuda.is_available():
        with pytest.warns(UserWarning, match="'pin_memory' argument is set as true but no accelerator is found"):
            iter(DataLoader(range(4), pin_memory=True))


def test_early_end_leaves_no_process() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for batch in DataLoader(Where(), 1, num_workers=2):
            pids = plain(batch[3])
            break
        del batch
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.parametrize(("place", "name"), [("os", "posix_fallocate"), ("minigrad.utils.data.shared", "SharedMemory")])
def test_without_shared_memory_batches_come_through_the_pipe(place: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: Any, **options: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"{place}.{name}", full)
    rows = mg.arange(60_000.0).reshape(6, 10_000)
    loader = DataLoader([(row, i) for i, row in enumerate(rows)], 2, num_workers=2)
    for _ in range(2):
        assert all(x.equal(rows[t]) for x, t in loader)


def test_later_epochs_begin_with_memory_of_the_right_size(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[bool] = []
    value = pool.Pool.value
    monkeypatch.setattr(pool.Pool, "value", lambda self, worker, answer: (
        told.append(answer.packed.inline is None), value(self, worker, answer))[1])
    loader = DataLoader(list(mg.zeros(4, 10_000)), 1, num_workers=1, prefetch_factor=2)
    for _ in range(2):
        assert len(list(loader)) == 4
    assert told == [False, False, True, True] + 4 * [True]
