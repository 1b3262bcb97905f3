"""The guard against leaking state sees what it should, and puts it back."""
from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import _printing, config, rng
from tests import leaks

LEAKS: dict[str, Callable[[], Any]] = {
    "mode of the thread": lambda: minigrad.set_grad_enabled(False),
    "default dtype": lambda: minigrad.set_default_dtype(minigrad.float64),
    "default device": lambda: minigrad.set_default_device("cuda"),
    "default generator": lambda: setattr(rng, "default_generator", rng.Generator()),
    "print options": lambda: _printing.set_printoptions(precision=9),
    "switches of minigrad.config": lambda: setattr(config, "KERNELS", "something"),
    "NumPy's floating-point error handling": lambda: np.seterr(all="raise"),
}


@pytest.mark.parametrize("name", LEAKS)
def test_each_leak_is_seen_named_and_put_back(name: str) -> None:
    before = leaks.snapshot()
    LEAKS[name]()
    leaked = leaks.put_back(before)
    assert [text.startswith(name) and " became " in text for text in leaked] == [True]
    assert leaks.put_back(before) == []
    assert leaks.snapshot() == before


def test_pytorchs_defaults_are_watched_once_it_is_imported() -> None:
    torch = pytest.importorskip("torch")
    before = leaks.snapshot()
    torch.set_default_dtype(torch.float64)
    assert [text.split(":")[0] for text in leaks.put_back(before)] == ["PyTorch's defaults"]
    assert torch.get_default_dtype() == torch.float32


class Mine(UserWarning):
    pass


def test_warning_filters_are_seen_unless_an_import_set_them(monkeypatch: pytest.MonkeyPatch) -> None:
    with warnings.catch_warnings():
        filters = leaks.WarningFilters()
        assert filters.leaked() == []
        warnings.filters.append(warnings.filters.pop(0))
        assert filters.leaked() == ["the order of the warning filters"]
        warnings.simplefilter("ignore", Mine)
        assert ["Mine" in text for text in filters.leaked()] == [True]
        monkeypatch.setitem(sys.modules, "a_module_imported_just_now", sys)
        assert filters.leaked() == []


@pytest.mark.parametrize("_again", range(2))
def test_every_test_draws_from_seed_zero(_again: int) -> None:
    assert rng.default_generator.initial_seed() == 0
    first = rng.default_generator.words(3)
    np.testing.assert_array_equal(first, rng.Generator().manual_seed(0).words(3))
