"""Special functions: PyTorch's values and gradients."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import COMPLEX, SPECIAL, same, same_error

POSITIVE = np.array([0.1, 0.5, 1.0, 1.5, 2.0, 10.0, 100.0])


@pytest.mark.parametrize("name", ["erf", "erfc", "erfinv"])
def test_error_functions(name: str) -> None:
    for values in (SPECIAL, SPECIAL.astype("f4"), np.arange(-2, 3), np.array(0.3), np.zeros((0, 2))):
        same(lambda lib, x: getattr(lib, name)(x), values)
    same(lambda lib, x: getattr(lib, name)(x), np.linspace(-0.9, 0.9, 7), second=True)


@pytest.mark.parametrize("name", ["lgamma", "digamma"])
def test_gamma_functions(name: str) -> None:
    for values in (POSITIVE, POSITIVE.astype("f4"), np.array([-0.5, -1.5, 0.0]), np.arange(1, 5)):
        same(lambda lib, x: getattr(lib, name)(x), values, rtol=1e-5)
    same(lambda lib, x: getattr(lib, name)(x), POSITIVE, second=True)


@pytest.mark.parametrize("n", range(4))
def test_polygamma(n: int) -> None:
    same(lambda lib, x: lib.polygamma(n, x), POSITIVE, rtol=1e-5)
    same(lambda lib, x: x.polygamma(n), POSITIVE, rtol=1e-5)


def test_polygamma_of_a_negative_order() -> None:
    same_error(lambda lib, x: lib.polygamma(-1, x), POSITIVE, match="polygamma: .* does not support negative n; got -1")


@pytest.mark.parametrize("eps", [None, 0.1, 1e-6])
def test_logit(eps: float | None) -> None:
    values = np.array([0.0, 0.05, 0.1, 0.3, 0.5, 0.9, 0.95, 1.0, -0.5, 2.0, np.nan])
    same(lambda lib, x: lib.logit(x, eps), values)
    same(lambda lib, x: lib.logit(x, eps=eps), values.astype("f4"), rtol=1e-5)
    same(lambda lib, x: lib.logit(x, eps), np.array([0, 1, 2]))


@pytest.mark.parametrize("name", ["erf", "lgamma", "digamma", "logit"])
def test_complex_numbers_are_refused(name: str) -> None:
    same_error(lambda lib, x: getattr(lib, name)(x), COMPLEX, match=f"{name}: not implemented for complex128")


def test_in_place() -> None:
    x = mg.tensor([0.5])
    assert x.erf_() is x
    assert x.item() == pytest.approx(0.5204999)
    assert x.polygamma_(1) is x
    assert x.item() == pytest.approx(4.609, abs=0.001)


def test_polygamma_at_its_poles() -> None:
    """Stated in docs/differences.md."""
    assert mg.polygamma(1, mg.tensor([0.0, -1.0, -2.0])).tolist() == [np.inf] * 3
