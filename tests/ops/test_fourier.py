"""Fourier transforms against PyTorch: every function, sizes, scales, gradients to second order, refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)
REAL = RNG.standard_normal((3, 4, 5))
COMPLEX = REAL + 1j * RNG.standard_normal((3, 4, 5))
FROM_REAL = ("rfft", "ihfft", "rfft2", "ihfft2", "rfftn", "ihfftn")
FROM_ANY = ("fft", "ifft", "irfft", "hfft", "fft2", "ifft2", "irfft2", "hfft2", "fftn", "ifftn", "irfftn", "hfftn")


def call(name: str, *args: Any, **options: Any) -> Any:
    return lambda lib, x: getattr(lib.fft, name)(x, *args, **options)


def options_of(name: str) -> list[dict[str, Any]]:
    if name[-1] == "t":
        return [{}, {"n": 6}, {"n": 3, "dim": 1}, {"dim": 0, "norm": "ortho"}, {"norm": "forward"}]
    several: list[dict[str, Any]] = [{}, {"s": (6, 3)}, {"dim": (0, 1), "norm": "ortho"}, {"s": (-1, 2), "dim": (2, 0), "norm": "forward"}]
    return several if name[-1] == "2" else [*several, {"s": 4}, {"dim": 1}]


@pytest.mark.parametrize("name", FROM_REAL + FROM_ANY)
def test_values_and_gradients(name: str) -> None:
    for options in options_of(name):
        same(call(name, **options), REAL, second=True)
        same(call(name, **options), REAL.astype("f4"), rtol=1e-4)
        if name in FROM_ANY:
            same(call(name, **options), COMPLEX, second=True)
            same(call(name, **options), COMPLEX.astype("c8"), rtol=1e-4)


def test_integers_become_the_default_dtype() -> None:
    for name in ("fft", "rfft", "hfft", "ifftn"):
        same(call(name), np.arange(12).reshape(3, 4))
        same(call(name), np.array([True, False, True]))


def test_no_dimensions_and_none_to_transform() -> None:
    same(call("fftn"), np.array(2.0))
    same(call("fftn", dim=()), REAL)
    same_error(call("rfftn", dim=()), REAL, match="must transform at least one axis")
    same_error(call("fft"), np.array(2.0), match="Dimension specified as -1 but tensor has no dimensions")
    same_error(call("fftn", dim=(0,)), np.array(2.0), match="Dimension specified as 0 but tensor has no dimensions")


@pytest.mark.parametrize(("name", "options", "text"), [
    ("fft", {"n": 0}, r"Invalid number of data points \(0\) specified"),
    ("irfft", {"n": 0}, r"Invalid number of data points \(0\) specified"),
    ("fftn", {"s": (2, 2, 2, 2)}, "Got shape with 4 values but input tensor only has 3 dimensions"),
    ("fftn", {"s": (2,), "dim": (0, 1)}, "dim and shape arguments must have the same length"),
    ("fft2", {"dim": (1, 1)}, "FFT dims must be unique"),
    ("fft2", {"dim": None}, "argument 'dim' must be tuple of ints, not NoneType"),
    ("fft", {"dim": 3}, "Dimension out of range"),
    ("fft", {"norm": "both"}, 'Invalid normalization mode: "both"'),
    ("fft", {"n": 2.0}, r"must be ints|must be int, not float")])
def test_refusals(name: str, options: dict[str, Any], text: str) -> None:
    same_error(call(name, **options), REAL, match=text)


def test_dtypes_without_a_transform() -> None:
    same_error(call("fft"), REAL.astype("f2"), match="Unsupported dtype")
    same_error(call("rfft"), COMPLEX, match="expects a real input tensor")
    same_error(call("irfft"), np.ones((2, 1)), match=r"Invalid number of data points \(0\)")


def test_out() -> None:
    x = mg.tensor(REAL)
    out = mg.empty(0, dtype=mg.complex128)
    assert mg.fft.rfft(x, out=out) is out
    np.testing.assert_allclose(out.numpy(), np.fft.rfft(REAL))
    with pytest.raises(RuntimeError, match="can't be cast"):
        mg.fft.fft(x, out=mg.empty(3, 4, 5))


def test_shifts() -> None:
    for name in ("fftshift", "ifftshift"):
        same(call(name), REAL, second=True)
        same(call(name, dim=1), REAL)
        same(call(name, (0, 2)), REAL)
        same_error(call(name, dim=3), REAL, match="Dimension out of range")


def test_frequencies() -> None:
    for lib_call in (lambda lib, _: lib.fft.fftfreq(5), lambda lib, _: lib.fft.fftfreq(4, 0.5, dtype=lib.float64),
                     lambda lib, _: lib.fft.rfftfreq(5, 2), lambda lib, _: lib.fft.rfftfreq(6, d=0.1), lambda lib, _: lib.fft.fftfreq(0),
                     lambda lib, _: lib.fft.fftfreq(4, 2.0, out=lib.zeros(4))):
        same(lib_call, REAL)
    with pytest.raises(RuntimeError, match="negative dimension -1"):
        mg.fft.rfftfreq(-1)
    same_error(lambda lib, _: lib.fft.fftfreq(4, dtype=lib.int64), REAL, match="requires a floating point or complex dtype")
