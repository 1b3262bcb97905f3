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


# ---------------------------------------------------------------- minigrad.special
ALL = "entr erfcx i0e i1 i1e log_ndtr ndtr ndtri sinc".split()
NO_GRADIENT_THERE = """airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 modified_bessel_i0 modified_bessel_i1 modified_bessel_k0
modified_bessel_k1 scaled_modified_bessel_k0 scaled_modified_bessel_k1 spherical_bessel_j0""".split()
POLYNOMIALS = [f"{shift}chebyshev_polynomial_{kind}" for shift in ("", "shifted_") for kind in "tuvw"] + [
    "hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p"]
AROUND_0 = np.array([-3.0, -1, -0.3, 0, 0.2, 0.7, 1, 2.5])


@pytest.mark.parametrize("name", ALL)
def test_functions_of_one_input(name: str) -> None:
    same(lambda lib, x: getattr(lib.special, name)(x), AROUND_0)
    same(lambda lib, x: getattr(lib.special, name)(x), AROUND_0.astype("f4"), rtol=1e-5)
    same(lambda lib, x: getattr(lib.special, name)(x), np.arange(3))
    same(lambda lib, x: getattr(lib.special, name)(x), np.array([0.2, 0.7]), second=True)
    if name != "sinc":
        same_error(lambda lib, x: getattr(lib.special, name)(x), COMPLEX, match="not implemented for complex128")


@pytest.mark.parametrize("name", NO_GRADIENT_THERE)
def test_functions_without_gradients_in_pytorch(name: str) -> None:
    with mg.no_grad():
        expected = getattr(pytest.importorskip("torch").special, name)(pytest.importorskip("torch").tensor(AROUND_0)).numpy()
    np.testing.assert_allclose(getattr(mg.special, name)(mg.tensor(AROUND_0)).numpy(), expected, rtol=1e-6)
    assert getattr(mg.special, name)(mg.tensor([1.0], requires_grad=True)).requires_grad
    assert getattr(mg.special, name)(mg.tensor([1.0]).half()).dtype == mg.float16


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials(name: str) -> None:
    degrees = np.array([[-1.0], [0], [1], [2.9], [3], [-0.5], [9]])
    same(lambda lib, x, n: getattr(lib.special, name)(x.detach(), n.detach()), AROUND_0, degrees)
    same(lambda lib, x: getattr(lib.special, name)(x.detach(), 4), AROUND_0.astype("f4"), rtol=1e-5)
    same(lambda lib, n: getattr(lib.special, name)(0.3, n), np.arange(4))
    same_error(lambda lib, x: getattr(lib.special, name)(x, 2), COMPLEX, match="not implemented for complex128")


def test_second_derivatives_at_0() -> None:
    """sinc is 1 - (pi x)**2 / 6 + ..., and the others are odd."""
    for name, expected in (("sinc", -np.pi ** 2 / 3), ("i1", 0.0), ("bessel_j1", 0.0), ("spherical_bessel_j0", -1 / 3)):
        x = mg.tensor(0.0, dtype=mg.float64, requires_grad=True)
        slope, = mg.autograd.grad(getattr(mg.special, name)(x), x, create_graph=True)
        assert mg.autograd.grad(slope, x)[0].item() == pytest.approx(expected)


def test_logarithms_that_know_0_log_0() -> None:
    x, y = np.array([0.0, 0, 0, 1, 2, np.nan]), np.array([0.0, -1, np.nan, 3, 0, 2])
    for name, shift in (("xlogy", 0), ("xlog1py", 1)):
        same(lambda lib, x, y, name=name: getattr(lib.special, name)(x, y), x, y - shift)
        same(lambda lib, x, name=name: getattr(lib.special, name)(x, 2), np.arange(3))
        same(lambda lib, y, name=name: getattr(lib.special, name)(0.5, y), POSITIVE, second=True)
        same(lambda lib, x, y, name=name: getattr(lib.special, name)(x, y), POSITIVE, POSITIVE[::-1].copy(), second=True)


def test_incomplete_gamma_and_zeta() -> None:
    a, x = np.array([0.0, 1, -1, 2, 0, 3, 0.5]), np.array([1.0, 0, 1, -1, 0, 2, 0.7])
    for name in ("igamma", "igammac"):
        same(lambda lib, a, x, name=name: getattr(lib, name)(a.detach(), x.detach()), a, x)
        same(lambda lib, x, name=name: getattr(lib, name)(lib.full_like(x.detach(), 1.5), x), POSITIVE, second=True)
        same_error(lambda lib, a, name=name: getattr(lib, name)(a, a), np.arange(3), match="not implemented for int64")
    same(lambda lib, a, x: lib.special.zeta(a.detach(), x.detach()), np.array([2.0, 1, 0.5, 3, 2]), np.array([1.0, 2, 1, -1, -1.5]))
    same(lambda lib, x: lib.special.zeta(2, x), POSITIVE, second=True)
    same(lambda lib, x: lib.special.zeta(x, 2), np.arange(2, 5))


@pytest.mark.parametrize("name", ["igamma", "igammac", "special.zeta"])
def test_derivatives_that_nobody_has(name: str) -> None:
    def slope(lib: object, x: object) -> None:
        function = lib
        for part in name.split("."):
            function = getattr(function, part)
        function(x.requires_grad_(), x.detach() + 1).sum().backward()            # type: ignore[attr-defined, operator]
    same_error(slope, POSITIVE, match="the derivative for .* is not implemented")


def test_multivariate_gamma() -> None:
    for p in (1, 2, 4):
        same(lambda lib, x, p=p: lib.mvlgamma(x, p), POSITIVE + p, second=True)
        same(lambda lib, x, p=p: x.mvlgamma(p), np.arange(3, 6), rtol=1e-5)
    same_error(lambda lib, x: lib.special.multigammaln(x, 0), POSITIVE, match="p has to be greater than or equal to 1")


def test_other_names() -> None:
    for ours, name in ((mg.special.expit, "sigmoid"), (mg.special.psi, "digamma"), (mg.special.gammaln, "lgamma"),
                       (mg.special.gammainc, "igamma"), (mg.special.gammaincc, "igammac"), (mg.special.multigammaln, "mvlgamma")):
        assert ours is getattr(mg, name)
