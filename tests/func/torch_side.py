"""The same function in minigrad and in PyTorch, compared."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad
import minigrad.func
from minigrad.batching.trees import flatten

torch = pytest.importorskip("torch")


class Side:
    """One of the two libraries: `tensor` makes its tensors, `func` is its namespace of function transforms."""

    def __init__(self, library: Any) -> None:
        self.library = library
        self.func: Any = torch.func if library is torch else minigrad.func
        self.F: Any = library.nn.functional

    def tensor(self, value: Any, **options: Any) -> Any:
        return self.library.tensor(value, **options)


SIDES = Side(minigrad), Side(torch)


def agree(program: Callable[[Side], Any], rtol: float = 1e-4) -> None:
    """Both sides return tensors of the same structure, shapes, dtypes and values."""
    found, expected = [flatten(program(side)) for side in SIDES]
    assert len(found[0]) == len(expected[0])
    for a, b in zip(found[0], expected[0], strict=True):
        assert tuple(a.shape) == tuple(b.shape)
        assert str(a.dtype).rpartition(".")[2] == str(b.dtype).rpartition(".")[2]
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=rtol, atol=rtol)


def same_error(program: Callable[[Side], Any], match: str) -> None:
    """Both raise, minigrad an exception of PyTorch's class or of one derived from it, with a text that matches."""
    with pytest.raises(Exception) as theirs:         # whatever it is, is what we compare with
        program(SIDES[1])
    with pytest.raises(theirs.type, match=match):
        program(SIDES[0])
