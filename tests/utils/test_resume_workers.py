"""Going on in the middle of an epoch with worker processes."""
from __future__ import annotations

import os
from typing import Any

import pytest

from minigrad import rng
from minigrad.errors import CheckpointError
from minigrad.utils.data import DataLoader

from .reading import Draws, Stream, all_of, plain

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="these data sets are not importable by a spawned process")


@pytest.mark.parametrize("options", [{}, {"persistent_workers": True}, {"shuffle": False}, {"prefetch_factor": 5}])
@pytest.mark.parametrize("stop", [0, 1, 3])
def test_resume_in_the_middle_of_the_second_epoch(options: dict[str, Any], stop: int) -> None:
    def make() -> DataLoader[Any]:
        return DataLoader(Draws(), **{"batch_size": 3, "shuffle": True, "num_workers": 2, **options})

    rng.manual_seed(0)
    first = make()
    all_of(first)
    begun = iter(first)
    for _ in range(stop):
        next(begun)
    state, stream = first.state_dict(), rng.get_rng_state()
    wanted = [plain(batch) for batch in begun], all_of(first)
    rng.manual_seed(99)
    second = make()
    second.load_state_dict(state)
    begun = iter(second)
    rng.set_rng_state(stream)
    assert ([plain(batch) for batch in begun], all_of(second)) == wanted


def test_resume_with_another_number_of_workers() -> None:
    rng.manual_seed(0)
    first = DataLoader(Draws(), 3, True, num_workers=2)
    begun = iter(first)
    next(begun)
    state, wanted = first.state_dict(), [plain(batch) for batch in begun]
    for workers in (0, 1):
        second = DataLoader(Draws(), 3, True, num_workers=workers, sample_seeds=True)
        second.load_state_dict(state)
        assert all_of(second) == wanted


def test_resume_between_epochs_of_persistent_workers() -> None:
    def make() -> DataLoader[Any]:
        return DataLoader(Draws(), 3, True, num_workers=1, persistent_workers=True)

    first = make()
    all_of(first, epochs=2)
    state, stream = first.state_dict(), rng.get_rng_state()
    wanted = all_of(first, epochs=2)
    second = make()
    second.load_state_dict(state)
    rng.set_rng_state(stream)
    assert all_of(second, epochs=2) == wanted


def test_streams_resume_by_reading_on() -> None:
    first = DataLoader(Stream(11, noise=True), 2, num_workers=2)
    begun = iter(first)
    next(begun), next(begun), next(begun)
    state, wanted = first.state_dict(), [plain(batch) for batch in begun]
    second = DataLoader(Stream(11, noise=True), 2, num_workers=2)
    second.load_state_dict(state)
    assert all_of(second) == wanted
    state["batches"] = 50
    second.load_state_dict(state)
    with pytest.raises(CheckpointError, match="50 batches were given, but the data end after 6"):
        iter(second)
