"""The rounding of the Box-Muller transform."""
from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minigrad.rng import gaussian
from minigrad.rng.gaussian import fma64

SMALL = 1e-280                           # below it the lost bits are no longer representable


@given(st.floats(-1e10, 1e10), st.floats(-1e10, 1e10), st.floats(-1e10, 1e10))
@example(3.0, -2863311530.8426886, -7.707964577273921e-46)               # the product lies between two numbers, the shift decides
def test_fma_rounds_once(x: float, scale: float, shift: float) -> None:
    exact = Fraction(x) * Fraction(scale) + Fraction(shift)
    got = float(fma64(np.array([x]), scale, shift)[0])
    if min(abs(exact), abs(x * scale)) > SMALL:
        assert got == float(exact)


@pytest.mark.parametrize(("x", "scale", "shift", "expected"), [
    (2.0, np.inf, 1.0, np.inf), (1e300, 1e300, 1.0, np.inf), (1.0, 2.0, -np.inf, -np.inf),
    (0.75, 1.5e308, 1e307, 1.225e308)])
def test_fma_of_huge_and_infinite(x: float, scale: float, shift: float, expected: float) -> None:
    assert fma64(np.array([x]), scale, shift)[0] == pytest.approx(expected)


def test_float32_logarithm_and_circle_functions_are_right_to_an_ulp_or_two() -> None:
    x = np.random.RandomState(0).rand(200_000).astype(np.float32)
    x = x[x > 0]
    np.testing.assert_allclose(gaussian._log(x), np.log(x.astype(np.float64)), rtol=2e-7)
    circle = gaussian.TWO_PI * x
    sine, cosine = gaussian._sincos(circle)
    np.testing.assert_allclose(sine, np.sin(circle.astype(np.float64)), rtol=0, atol=1.2e-7)
    np.testing.assert_allclose(cosine, np.cos(circle.astype(np.float64)), rtol=0, atol=1.2e-7)


def test_ends_of_the_unit_interval_are_finite() -> None:
    ends = np.zeros(16, np.float32)
    ends[:8] = 1 - 2.0 ** -24
    for u in (ends, ends[::-1].copy(), np.zeros(16, np.float32)):
        assert np.isfinite(gaussian.box_muller32(u, 0.0, 1.0)).all()
        assert np.isfinite(gaussian.box_muller64(u.astype(np.float64), 0.0, 1.0)).all()
        assert np.isfinite(gaussian.box_muller_pairs(u.astype(np.float64))).all()
