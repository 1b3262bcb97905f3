"""Random numbers per sample: the same for any number of workers, batch size and order."""
from __future__ import annotations

import os
import random
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import rng
from minigrad.utils import data as ours
from minigrad.utils.data import DataLoader, Subset
from minigrad.utils.data.seeding import Places, mixed

from .reading import Draws, all_of, plain

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="these data sets are not importable by a spawned process")


def by_index(loader: Any) -> list[Any]:
    return sorted([list(row) for batch in loader for row in zip(*map(plain, batch), strict=True)], key=lambda row: row[0])


def test_draws_do_not_depend_on_the_number_of_workers() -> None:
    found = []
    for workers in (0, 1, 2):
        rng.manual_seed(7)
        loader = DataLoader(Draws(), 4, shuffle=True, num_workers=workers, sample_seeds=True)
        found.append(all_of(loader, epochs=2))
    assert found[0] == found[1] == found[2]
    first, second = found[0][:4], found[0][4:]
    values = [number for batch in first for number in batch[2]] + [number for batch in second for number in batch[2]]
    assert len(set(values)) == 26                    # no sample draws what another one drew, in either epoch


def test_draws_of_a_sample_do_not_depend_on_batch_size_or_order() -> None:
    found = []
    for batch_size, order in ((4, range(13)), (5, range(12, -1, -1)), (None, [3, 1, 2, 0, *range(4, 13)])):
        rng.manual_seed(7)
        loader = DataLoader(Draws(), batch_size, sampler=order, num_workers=2)
        rows = [plain(row) for row in loader] if batch_size is None else by_index(loader)
        found.append(sorted(rows, key=lambda row: row[0]))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("wrap", [lambda d: Subset(Subset(d, range(13)), range(13)), lambda d: ours.ConcatDataset([d])])
def test_draws_pass_through_wrapped_data_sets(wrap: Any) -> None:
    found = []
    for dataset in (Draws(), wrap(Draws())):
        rng.manual_seed(7)
        found.append(all_of(DataLoader(dataset, 4, num_workers=2)))
    assert found[0] == found[1]


def test_a_sample_that_is_drawn_twice_is_augmented_in_two_ways() -> None:
    batch = next(iter(DataLoader(Draws(), 3, sampler=[5, 5, 5], num_workers=1)))
    assert len(set(plain(batch[2]))) == len(set(plain(batch[3]))) == 3


def test_collating_has_streams_of_its_own() -> None:
    found = []
    for workers in (0, 1, 2):
        rng.manual_seed(7)
        loader = DataLoader(range(9), 3, num_workers=workers, sample_seeds=True, collate_fn=lambda batch: mg.rand(2))
        found.append(all_of(loader))
    assert found[0] == found[1] == found[2]
    assert len({tuple(row) for row in found[0]}) == 3


def test_seeding_in_this_process_leaves_the_programs_streams_alone() -> None:
    def draw() -> list[Any]:
        random.seed(1), np.random.seed(1), rng.manual_seed(1)
        loader = iter(DataLoader(Draws(4), sample_seeds=True)) if on else iter(DataLoader(Draws(4), sampler=[]))
        list(loader)
        return [random.random(), np.random.rand(), mg.rand(2).tolist()]

    kept = random.getstate(), np.random.get_state()
    on = True
    seeded = draw()
    on = False
    assert seeded == draw()
    random.setstate(kept[0])
    np.random.set_state(kept[1])


def test_places() -> None:
    places = Places()
    assert places.of([3, np.int64(3), -1]) == [(3, 0), (3, 1), (-1, 0)]
    assert places.of(["a", 3]) == [(~3, 0), (3, 2)]
    words = {mixed(seed, epoch, index, n) for seed in range(4) for epoch in range(4) for index in range(100) for n in range(2)}
    assert len(words) == 3200
    assert 0.45 < sum(bin(word).count("1") for word in words) / (64 * 3200) < 0.55
