"""A linear layer and its cross entropy in one call, against PyTorch."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.nn import LinearCrossEntropyOptions

from .oracle import same, same_error

rng = np.random.default_rng(0)
X, W, B, T = rng.standard_normal((5, 4)), rng.standard_normal((3, 4)), rng.standard_normal(3), np.array([0, 2, 1, -100, 2])


def loss(t: np.ndarray = T, **options: Any) -> Any:
    def expression(lib: Any, x: Any, w: Any, *b: Any) -> Any:
        return lib.F.linear_cross_entropy(x, w, lib.tensor(t), linear_bias=b[0] if b else None, **options)
    return expression


@pytest.mark.parametrize("options", [{}, {"reduction": "none"}, {"reduction": "sum", "label_smoothing": 0.1}, {"ignore_index": 2}])
def test_class_indices(options: dict[str, Any]) -> None:
    t = np.where(T < 0, 0, T) if "ignore_index" in options else T
    same(loss(t, **options), X, W)
    same(loss(t, **options), X, W, B)


def test_probabilities_places_and_no_batch() -> None:
    same(loss(rng.random((5, 3))), X, W, B)
    same(loss(rng.integers(0, 3, (5, 2))), X, rng.standard_normal((3, 2, 4)), rng.standard_normal((3, 2)))
    same(loss(np.array(1)), X[0], W)


def test_options_change_nothing() -> None:
    x, w, t = mg.tensor(X), mg.tensor(W), mg.tensor(T)
    plain = F.linear_cross_entropy(x, w, t)
    assert F.linear_cross_entropy(x, w, t, options=LinearCrossEntropyOptions(batch_chunk_size=2)).item() == plain.item()


def test_refusals() -> None:
    same_error(loss(), X[None], W, match="expected input with dimensionality 1 or 2")
    same_error(loss(), X, W[0], match="expected linear_weight with dimensionality at least 2")
    same_error(loss(), X, W[:, :3], match="expected equal input and linear_weight last dimensions")
    same_error(loss(), X, W, B[:2], match=r"expected linear_bias shape \(3,\), got \(2,\)")
    same_error(loss(rng.random((5, 3)), ignore_index=1), X, W, match="ignore_index cannot be specified when target contains probabilities")
