"""What holds for the tests of data."""
from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from minigrad import rng


@pytest.fixture(autouse=True)
def own_streams() -> Iterator[None]:
    """Seeds set in a test stay there."""
    torch = sys.modules.get("torch")
    with rng.fork_rng(), torch.random.fork_rng(devices=[]) if torch else nullcontext():
        yield
