"""Bags of rows of a table, against PyTorch."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F

from .oracle import same, same_error

rng = np.random.default_rng(0)
TABLE, WORDS, FLAT, STARTS = rng.standard_normal((7, 3)), rng.integers(0, 7, (4, 5)), rng.integers(0, 7, 9), np.array([0, 2, 2, 6])


def bags(words: np.ndarray, starts: np.ndarray | None = None, **options: Any) -> Any:
    def expression(lib: Any, table: Any, *factors: Any) -> Any:
        named = {"per_sample_weights": factors[0]} if factors else {}
        offsets = None if starts is None else lib.tensor(starts)
        return lib.F.embedding_bag(lib.tensor(words), table, offsets, **named, **options)
    return expression


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_modes(mode: str) -> None:
    same(bags(WORDS, mode=mode), TABLE)
    same(bags(FLAT, STARTS, mode=mode), TABLE)       # the second bag is empty
    same(bags(FLAT, np.array([0, 2, 9]), mode=mode, include_last_offset=True), TABLE)
    same(bags(WORDS, mode=mode, padding_idx=int(WORDS[0, 0])), TABLE)
    same(bags(FLAT, STARTS, mode=mode, padding_idx=-7), TABLE)
    same(bags(FLAT[:0], np.array([0, 0]), mode=mode), TABLE)


def test_factors_and_norms() -> None:
    same(bags(WORDS, mode="sum"), TABLE, rng.standard_normal(WORDS.shape))
    same(bags(FLAT, STARTS, mode="sum", padding_idx=2), TABLE, rng.standard_normal(FLAT.shape))
    x = mg.tensor(TABLE).requires_grad_()
    F.embedding_bag(mg.tensor([[2, 2, 5, 6]]), x, mode="sum", scale_grad_by_freq=True).sum().backward()
    assert x.grad[:, 0].tolist() == [0, 0, 1, 0, 0, 1, 1]


def test_refusals() -> None:
    same_error(bags(WORDS, STARTS), TABLE, match="if input is 2D, then offsets has to be None")
    same_error(bags(FLAT), TABLE, match="offsets has to be a 1D Tensor but got None")
    same_error(bags(FLAT, np.array([1, 3])), TABLE, match=r"offsets\[0\] has to be 0")
    same_error(bags(FLAT, np.array([0, 30])), TABLE, match="offsets.* can not be greater than input's length 9; got 30")
    same_error(bags(WORDS, mode="product"), TABLE, match="mode has to be one of sum, mean or max")
    same_error(bags(WORDS), TABLE, np.ones((4, 5)), match="per_sample_weights is only supported for mode='sum'")
    same_error(bags(WORDS, mode="sum"), TABLE, np.ones(5), match="per_sample_weights must have the same shape as the input")
