"""Exponentials and logarithms of our own against those of float64, over all that a float32 can be."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .both import compiled

pytestmark = compiled

EVERYTHING = np.arange(0, 2 ** 32, 10_007, dtype=np.uint32).view(np.float32)          # 430,000 of all floats, evenly by their bits
FRACTIONS = np.linspace(0, 1, 100_001, dtype=np.float32)
NEAR = np.linspace(-20, 20, 200_001, dtype=np.float32)
SPECIAL = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1e-45, -1e-45, 88.72, 88.73, -87.4, -103.9, -104.1, 1e-38, 3e38], np.float32)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def apply(name: str, x: np.ndarray) -> np.ndarray:
    """A function of `functions.py` for every element."""
    from minigrad.kernels.cpu import functions
    from minigrad.kernels.cpu.jit import jit
    function: Any = getattr(functions, name)

    @jit
    def run(out: Any, x: Any) -> None:
        for i in range(x.size):
            out[i] = function(x[i])

    out = np.empty_like(x)
    run(out, x)
    return out


@pytest.mark.parametrize(("name", "exact", "numbers", "units"), [
    ("exp", np.exp, EVERYTHING, 1.1), ("exp", np.exp, NEAR, 1.1), ("expm1", np.expm1, EVERYTHING, 1.7), ("expm1", np.expm1, NEAR, 1.7),
    ("log", np.log, EVERYTHING, 1.1), ("log", np.log, abs(NEAR), 1.1), ("tanh", np.tanh, EVERYTHING, 2.5), ("tanh", np.tanh, NEAR, 2.5),
    ("sigmoid", sigmoid, EVERYTHING, 2.5), ("sigmoid", sigmoid, NEAR, 2.5), ("log1p_of_fraction", np.log1p, FRACTIONS, 1.7),
])
def test_within_units_in_the_last_place(name: str, exact: Any, numbers: np.ndarray, units: float) -> None:
    """Also where results are below the normal numbers; but a sigmoid of less than -88.7 is 0, as 1 / (1 + inf)."""
    numbers = numbers if name == "log1p_of_fraction" else np.concatenate([numbers, SPECIAL])
    if name == "sigmoid":
        numbers = numbers[~((numbers < -88.7) & (numbers > -104))]
    with np.errstate(all="ignore"):
        got, expected = apply(name, numbers), exact(numbers.astype(np.float64))
        rounded = expected.astype(np.float32)
        same = (got == rounded) | (np.isnan(got) & np.isnan(rounded))
        off = abs(got - expected)[~same] / np.spacing(abs(rounded[~same])).astype(np.float64)
    assert off.max(initial=0) < units


def test_exponentials_of_negative_numbers_end_at_the_normal_ones() -> None:
    x = np.concatenate([-abs(EVERYTHING), -abs(NEAR), np.linspace(-90, -80, 10_001, dtype=np.float32), [np.nan, -np.inf, 0, -0.0]])
    x = x.astype(np.float32)
    got, expected = apply("flushed_exp", x), np.exp(x.astype(np.float64))
    normal = ~(expected < 1.2e-38)
    np.testing.assert_allclose(got[normal], expected[normal], rtol=1.3e-7)
    assert (got[~normal] <= 1.2e-38).all()


@pytest.mark.parametrize(("name", "zero"), [("expm1", -0.0), ("tanh", -0.0), ("expm1", 0.0), ("tanh", 0.0)])
def test_the_sign_of_zero_stays(name: str, zero: float) -> None:
    got = apply(name, np.array([zero], np.float32))
    assert got[0] == 0
    assert np.signbit(got[0]) == np.signbit(zero)
