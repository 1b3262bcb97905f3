"""Gamma, binomial and Poisson numbers from compiled loops: those of Python, and the stream goes on from the same place."""
from __future__ import annotations

import numpy as np
import pytest

from minigrad.kernels import cpu
from minigrad.rng import Generator, discrete, rejection
from minigrad.rng.generator import MUCH

pytestmark = pytest.mark.skipif(not hasattr(cpu, "draw"), reason="no compiled kernels")

SHAPES = np.array([0.0, 0.01, 0.3, 1.0, 2.5, 30.0, 1e5, np.nan, np.inf, -1.0])
COUNTS = np.array([0.0, 1.0, 5.0, 40.0, 1000.0, 1e6, 30.0, 30.0, 30.0])
PROBS = np.array([0.5, 0.3, 0.9, 0.02, 0.4, 0.7, 0.0, 1.0, np.nan])


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> tuple[Generator, Generator]:
    """Two generators of one seed, of which the first draws in Python."""
    python, compiled = Generator().manual_seed(3), Generator().manual_seed(3)

    class InPython(Generator):
        __slots__ = ()
        kernels = staticmethod(lambda: None)

    python = InPython().manual_seed(3)
    monkeypatch.setattr(Generator, "kernels", staticmethod(lambda: cpu))
    monkeypatch.setattr(Generator, "_drawn", MUCH)   # enough for loops to pay
    return python, compiled


def same_place(a: Generator, b: Generator) -> None:
    np.testing.assert_array_equal(a.clone_state().words(9), b.clone_state().words(9))
    assert a.spare_normal == b.spare_normal


def test_gamma(both: tuple[Generator, Generator]) -> None:
    for n in (1, 7, 700):                            # the last refills the twister
        drawn = [rejection.standard_gamma(g, np.resize(SHAPES, (n, 3))) for g in both]
        np.testing.assert_allclose(drawn[1], drawn[0], rtol=1e-13)
        same_place(*both)
    assert rejection.standard_gamma(both[1], np.empty((0, 3))).shape == (0, 3)
    same_place(*both)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_binomial(both: tuple[Generator, Generator], dtype: type) -> None:
    for n in (1, 9, 900):
        drawn = [rejection.binomial(g, np.resize(COUNTS, n).astype(dtype), np.resize(PROBS, n).astype(dtype)) for g in both]
        np.testing.assert_array_equal(drawn[1], drawn[0])
        assert drawn[1].dtype == dtype
        same_place(*both)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_poisson(both: tuple[Generator, Generator], dtype: type) -> None:
    for n in (1, 9, 900):
        drawn = [discrete.poisson(g, np.resize([0.5, 0.0, 3.0, 9.99, 10.0, 77.7, 1e3, 2e4], n).astype(dtype)) for g in both]
        np.testing.assert_array_equal(drawn[1], drawn[0])
        assert drawn[1].dtype == dtype
        same_place(*both)
