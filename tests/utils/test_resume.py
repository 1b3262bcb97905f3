"""Going on in the middle of an epoch, with PyTorch as the oracle."""
from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import rng
from minigrad.errors import CheckpointError
from minigrad.utils import data as ours
from minigrad.utils.data import DataLoader, IterableDataset

from .sides import Squares, drawn, plain


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
