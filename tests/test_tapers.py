"""Windows against PyTorch: symmetric and periodic, short ones, options, refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import same, same_error

OPTIONS: dict[str, dict[str, Any]] = {"bartlett": {}, "blackman": {}, "cosine": {}, "exponential": {"tau": 2.0}, "gaussian": {"std": 1.5},
                                      "general_cosine": {"a": [0.5, 0.3, 0.2]}, "general_hamming": {"alpha": 0.6}, "hamming": {},
                                      "hann": {}, "kaiser": {"beta": 8.0}, "nuttall": {}}
OLDER: dict[str, dict[str, Any]] = {"bartlett_window": {}, "blackman_window": {}, "hamming_window": {"alpha": 0.6, "beta": 0.3},
                                    "hann_window": {}, "kaiser_window": {"beta": 8.0}}
NOTHING = np.zeros(())


@pytest.mark.parametrize("name", OPTIONS)
def test_signal_windows(name: str) -> None:
    for M in (0, 1, 2, 5, 8):
        for sym in (True, False):
            same(lambda lib, _, M=M, sym=sym: getattr(lib.signal.windows, name)(M, sym=sym, dtype=lib.float64, **OPTIONS[name]), NOTHING)
    same(lambda lib, _: getattr(lib.signal.windows, name)(7, **OPTIONS[name]), NOTHING, rtol=1e-5)
    for M, dtype, text in ((-1, "float32", "requires non-negative window length"), (3, "float16", "expects float32 or float64 dtypes"),
                           (3, "int64", "expects float32 or float64 dtypes")):
        same_error(lambda lib, _, M=M, dtype=dtype: getattr(lib.signal.windows, name)(M, dtype=getattr(lib, dtype), **OPTIONS[name]),
                   NOTHING, match=text)


@pytest.mark.parametrize("name", OLDER)
def test_older_windows(name: str) -> None:
    for n in (0, 1, 2, 5, 8):
        for periodic in (True, False):
            same(lambda lib, _, n=n, periodic=periodic: getattr(lib, name)(n, periodic, dtype=lib.float64, **OLDER[name]), NOTHING)
    same(lambda lib, _: getattr(lib, name)(7), NOTHING, rtol=1e-5)
    same_error(lambda lib, _: getattr(lib, name)(-1), NOTHING, match="requires non-negative window_length, got window_length=-1")
    same_error(lambda lib, _: getattr(lib, name)(3, dtype=lib.int32), NOTHING, match="expects floating point dtypes")
    same_error(lambda lib, _: getattr(lib, name)(2.5), NOTHING, match="'window_length' must be int")


def test_a_center_that_is_not_the_middle() -> None:
    same(lambda lib, _: lib.signal.windows.exponential(6, center=1, sym=False, dtype=lib.float64), NOTHING)


@pytest.mark.parametrize(("name", "options", "text"), [
    ("exponential", {"center": 1}, "Center must be None for symmetric windows"), ("exponential", {"tau": 0}, "Tau must be positive"),
    ("gaussian", {"std": 0}, "Standard deviation must be positive"), ("kaiser", {"beta": -1}, "beta must be non-negative"),
    ("general_cosine", {"a": []}, "Coefficients cannot be empty"), ("general_cosine", {"a": 3}, "Coefficients must be a list/tuple"),
    ("general_cosine", {"a": [1j]}, "real number"), ("hann", {"layout": "sparse"}, "strided tensors only|layout")])
def test_refusals(name: str, options: dict[str, Any], text: str) -> None:
    if "layout" in options:
        with pytest.raises(ValueError, match=text):
            mg.signal.windows.hann(3, layout=object())
    else:
        same_error(lambda lib, _: getattr(lib.signal.windows, name)(3, **options), NOTHING, match=text)


def test_a_leaf_that_collects_a_gradient() -> None:
    assert mg.hann_window(4, requires_grad=True).requires_grad
    assert mg.signal.windows.hann(4, requires_grad=True).is_leaf
