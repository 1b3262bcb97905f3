"""Tests that need a CUDA device: `pytest -m gpu`."""
from __future__ import annotations

import pytest

from minigrad.cupy_arrays import why_not


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "gpu" in item.path.parts and item.path.parts[-2] == "gpu" and item.path.parts[-3] == "tests":
            item.add_marker(pytest.mark.gpu)


@pytest.fixture(autouse=True)
def device() -> str:
    if reason := why_not():
        pytest.skip(reason)
    return "cuda"
