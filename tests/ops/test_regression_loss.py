"""Squared, absolute and Huber losses against PyTorch: broadcasting with a warning, weights, kinks, refusals."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)
X, Y, W = RNG.normal(size=(3, 4)) * 2, RNG.normal(size=(3, 4)) * 2, RNG.random((3, 4))
CASES: list[tuple[str, dict[str, Any]]] = [("mse_loss", {}), ("l1_loss", {}), ("smooth_l1_loss", {}), ("smooth_l1_loss", {"beta": 0.3}),
                                           ("smooth_l1_loss", {"beta": 0}), ("huber_loss", {}), ("huber_loss", {"delta": 0.7})]


def call(name: str, **options: Any) -> Any:
    def run(lib: Any, x: Any, t: Any) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Using a target size")
            return getattr(lib.F, name)(x, t, **options)
    return run


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_values_and_gradients(name: str, options: dict[str, Any], reduction: str) -> None:
    run = call(name, reduction=reduction, **options)
    same(run, X, Y, second=True)
    same(run, X, Y[:, :1], second=True)              # broadcasting, either way
    same(run, X[:1], Y, second=True)
    same(run, X[0, 0], Y[0, 0])
    same(run, X.astype("f4"), Y.astype("f4"))
    same(run, np.zeros((0, 2)), np.zeros((0, 2)))


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_weights(name: str, reduction: str) -> None:
    same(lambda lib, x, t, w: getattr(lib.F, name)(x, t, reduction=reduction, weight=w), X, Y, W, second=True)


def test_kinks() -> None:
    x, t = np.array([1.0, 2.0, 0.0, 5.0]), np.array([2.0, 2.0, 1.0, 4.0])        # differences of -1, 0 and 1
    for name, options in CASES:
        same(call(name, reduction="sum", **options), x, t)
    same(call("huber_loss", delta=0.5, reduction="sum"), np.array([1.0, 2.0]), np.array([1.5, 1.5]))
    same(call("mse_loss"), np.array([np.nan, 1.0]), np.array([1.0, np.inf]))


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_a_target_of_another_size_warns(name: str) -> None:
    with pytest.warns(UserWarning, match=r"Using a target size \(minigrad.Size\(\[3, 1\]\)\) that is different to the input size "
                                         r"\(minigrad.Size\(\[3, 4\]\)\). This will likely lead to incorrect results due to broadcasting"):
        getattr(F, name)(mg.tensor(X), mg.tensor(Y[:, :1]))


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_refusals(name: str) -> None:
    same_error(call(name), X, Y[:2], match=r"the size of tensor a \(3\) must match the size of tensor b \(2\) at non-singleton dimension 0")
    same_error(call(name), X.astype(int), Y.astype(int), match="not implemented for int64; got x int64 \\(3, 4\\), t int64 \\(3, 4\\)")
    same_error(call(name, reduction="avg"), X, Y, match="avg is not a valid value for reduction")
    with pytest.raises(TypeError, match=f"{name}: target must be a Tensor; got float 1.0; make one with minigrad.tensor"):
        getattr(F, name)(mg.tensor(X), 1.0)


def test_refusals_of_options() -> None:
    same_error(call("smooth_l1_loss", beta=-1), X, Y, match="does not support negative values for beta; got -1")
    same_error(call("huber_loss", delta=0), X, Y, match="does not support non-positive values for delta; got 0")
    for name in ("mse_loss", "l1_loss", "huber_loss"):
        same_error(lambda lib, x, t, w, name=name: getattr(lib.F, name)(x, t, weight=w), X, Y, W[0],
                   match=r"Weights and input must have the same size; got weight float64 \(4,\), x float64 \(3, 4\)")
