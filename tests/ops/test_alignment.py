"""The loss of sequences without alignment, against PyTorch."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.autograd.gradcheck import gradcheck, gradgradcheck

from .oracle import Library, same, same_error

rng = np.random.default_rng(0)
X = rng.standard_normal((8, 3, 5))
TARGETS, SIZES = rng.integers(1, 5, (3, 4)), (4, 2, 0)


def ctc(targets: np.ndarray, times: Any = (8, 6, 7), sizes: Any = SIZES, **options: Any) -> Any:
    return lambda lib, x: lib.F.ctc_loss(lib.log_softmax(x, -1), lib.tensor(targets), times, sizes, **options)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_targets_in_rows_and_in_one_row(reduction: str) -> None:
    same(ctc(TARGETS, reduction=reduction), X)
    same(ctc(np.concatenate([TARGETS[0], TARGETS[1, :2]]), reduction=reduction), X)
    same(lambda lib, x: lib.F.ctc_loss(lib.log_softmax(x, -1), lib.tensor(TARGETS), lib.tensor([8, 6, 7]), lib.tensor(SIZES),
                                       reduction=reduction), X)
    same(ctc(TARGETS[0], (8,), (4,), reduction=reduction), X[:, 0])      # without a batch


def test_repeated_labels_and_another_blank() -> None:
    same(ctc(np.array([[1, 1, 2, 2]] * 3)), X)
    same(ctc(TARGETS - 1, blank=4), X)


def test_targets_that_do_not_fit() -> None:
    same(ctc(TARGETS, (2, 6, 7), reduction="none", zero_infinity=True), X)
    loss = F.ctc_loss(mg.log_softmax(mg.tensor(X), -1), mg.tensor(TARGETS), (2, 6, 7), SIZES, reduction="none")
    assert loss.tolist()[0] == np.inf
    assert np.isfinite(loss.tolist()[1:]).all()


def test_gradients() -> None:
    x = mg.tensor(X[:4, :2]).requires_grad_()

    def loss(x: Any) -> Any:
        return F.ctc_loss(mg.log_softmax(x, -1), mg.tensor(TARGETS[:2, :2]), (4, 3), (2, 1), reduction="sum")
    assert gradcheck(loss, (x,))
    assert gradgradcheck(loss, (x,))


def test_refusals() -> None:
    same_error(ctc(TARGETS, blank=5), X, match="blank must be in label range 0 .. 4; got 5")
    same_error(ctc(TARGETS, (8, 6)), X, match="input_lengths must be of size batch_size, 3; got 2")
    same_error(ctc(TARGETS, (9, 6, 7)), X, match="Expected input_lengths to have value at most 8, but got value 9")
    with pytest.raises(mg.errors.DtypeError, match="targets must be int32 or int64"):
        ctc(TARGETS.astype(float))(Library(mg, F), mg.tensor(X))
    same_error(ctc(TARGETS, sizes=(5, 2, 0)), X, match="Expected tensor to have size at least 5 at dimension 1")
