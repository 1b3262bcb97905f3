"""stft and istft against PyTorch: every option, gradients for signal and window, refusals."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)
SIGNAL = RNG.standard_normal((2, 20))
WINDOW = RNG.uniform(0.5, 1.5, 8)


def there(**options: Any) -> Any:
    return lambda lib, x, w: lib.stft(x, 8, window=w, return_complex=True, **options)


def back(n_fft: int = 8, **options: Any) -> Any:
    return lambda lib, x, w: lib.istft(x, n_fft, window=w, **options)


@pytest.mark.parametrize("options", [{}, {"hop_length": 3}, {"center": False}, {"pad_mode": "constant"}, {"normalized": True},
                                     {"onesided": False}, {"win_length": 6}, {"win_length": 6, "center": False, "align_to_window": True},
                                     {"win_length": 6, "center": False, "align_to_window": False}], ids=str)
def test_spectra(options: dict[str, Any]) -> None:
    window = WINDOW[:options.get("win_length", 8)]
    same(there(**options), SIGNAL, window, second=True)
    same(there(**options), SIGNAL[0].astype("f4"), window.astype("f4"), rtol=1e-4)


def test_complex_signals_have_two_sides() -> None:
    same(lambda lib, x, w: lib.stft(x, 8, window=w), SIGNAL + 1j, WINDOW, second=True)
    same(there(), SIGNAL, WINDOW + 1j, second=True)
    same_error(there(onesided=True), SIGNAL + 1j, WINDOW, match="Cannot have onesided output if window or input is complex")


@pytest.mark.filterwarnings("ignore")
def test_pairs_of_reals_and_no_window() -> None:
    same(lambda lib, x, w: lib.stft(x, 8, window=w, return_complex=False), SIGNAL, WINDOW, second=True)
    same(lambda lib, x: lib.stft(x, 8, return_complex=True), SIGNAL)
    same(lambda lib, x: x.stft(8, return_complex=True).istft(8), SIGNAL)


def test_frames_aligned_to_a_window_of_any_length() -> None:
    """Stated in docs/differences.md: PyTorch fails where the lengths differ by an odd number."""
    found = mg.stft(mg.tensor(SIGNAL), 8, 3, 5, window=mg.ones(5), center=False, align_to_window=True, return_complex=True)
    np.testing.assert_allclose(found[..., 0, :].real.numpy(), [[row[i:i + 5].sum() for i in range(0, 16, 3)] for row in SIGNAL])


def test_warnings() -> None:
    with pytest.warns(UserWarning, match="A window was not provided"):
        mg.stft(mg.tensor(SIGNAL), 8, return_complex=True)
    with pytest.warns(UserWarning, match="return_complex=False is deprecated"):
        mg.stft(mg.tensor(SIGNAL), 8, window=mg.ones(8), return_complex=False)
    with pytest.warns(UserWarning, match="shorter than the length parameter"):
        mg.istft(mg.ones(5, 3, dtype=mg.complex64), 8, window=mg.ones(8), length=50)


@pytest.mark.parametrize(("options", "text"), [
    ({"win_length": 10}, "expected 0 < win_length <= n_fft"), ({"hop_length": 0}, "expected hop_length > 0"),
    ({"win_length": 6}, "expected a 1D window tensor of size equal to win_length=6"),
    ({"align_to_window": True}, "align_to_window should only be set when center = false")])
def test_refusals(options: dict[str, Any], text: str) -> None:
    same_error(there(**options), SIGNAL, WINDOW, match=text)


def test_refused_signals() -> None:
    same_error(lambda lib, x: lib.stft(x, 8), SIGNAL, match="requires the return_complex parameter")
    same_error(there(), SIGNAL[None], WINDOW, match="expected a 1D or 2D tensor")
    same_error(there(), np.arange(20), WINDOW, match="expected a tensor of floating point or complex values")
    same_error(there(center=False), SIGNAL[:, :5], WINDOW, match="expected 0 < n_fft <= 5")


# ---------------------------------------------------------------- and back
SPECTRA = RNG.standard_normal((2, 5, 6)) + 1j * RNG.standard_normal((2, 5, 6))


@pytest.mark.parametrize("options", [{}, {"hop_length": 3}, {"center": False}, {"normalized": True}, {"length": 7}, {"win_length": 6}],
                         ids=str)
def test_signals(options: dict[str, Any]) -> None:
    window = WINDOW[:options.get("win_length", 8)]
    if options != {"win_length": 6}:
        same(back(**options), SPECTRA, window, second=True)
    same(back(**options), SPECTRA[0], window)


def test_signals_from_two_sides() -> None:
    both = np.concatenate((SPECTRA, SPECTRA[:, :3]), 1)
    same(back(onesided=False), both, WINDOW)
    same(back(), both, WINDOW)
    same(back(return_complex=True), both, WINDOW + 0.5j, second=True)


@pytest.mark.filterwarnings("ignore:.*length of signal is shorter")
def test_longer_than_the_frames() -> None:
    same(back(length=30), SPECTRA, WINDOW)


def test_there_and_back() -> None:
    w = mg.hann_window(16, dtype=mg.float64)
    x = mg.tensor(RNG.standard_normal(100))
    again = mg.istft(mg.stft(x, 16, window=w, return_complex=True), 16, window=w, length=100)
    np.testing.assert_allclose(again.numpy(), x.numpy(), atol=1e-12)


@pytest.mark.parametrize(("options", "text"), [
    ({"n_fft": 7}, "expected the frequency dimension"), ({"onesided": False}, "expected the frequency dimension"),
    ({"return_complex": True}, "Cannot have onesided output"), ({"hop_length": 9}, "expected 0 < hop_length <= win_length"),
    ({"win_length": 9}, "expected 0 < win_length <= n_fft"), ({"win_length": 7}, "window")])
def test_refusals_back(options: dict[str, Any], text: str) -> None:
    same_error(back(**options), SPECTRA, WINDOW, match=text)


def test_refused_spectra() -> None:
    same_error(back(), SPECTRA.real, WINDOW, match="requires a complex-valued input tensor")
    same_error(back(), SPECTRA, WINDOW + 1j, match="Complex windows are incompatible with return_complex=False")
    same_error(back(), SPECTRA[:, :, :0], WINDOW, match="input tensor cannot be empty")
    same_error(back(), SPECTRA, WINDOW * 0, match="window overlap add min")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same_error(lambda lib, x: lib.istft(x.mT, 8), SPECTRA, match="expected the frequency dimension")
