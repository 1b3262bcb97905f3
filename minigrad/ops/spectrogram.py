"""Short-time Fourier transforms: spectra of overlapping frames of a signal, and the signal back from them."""
from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..dtypes import complex_of
from ..engine.casting import autocasts
from ..engine.node import wrap
from ..errors import DtypeError, ShapeError, describe
from .complex import view_as_real
from .fourier import from_half_spectrum, half_spectrum, transform
from .padding import pad, pad_constant
from .parts import unfold_dim, window_sum
from .raw import in_dtype, is_complex, raw

if TYPE_CHECKING:
    from .._tensor import Tensor

SMALLEST = 1e-11                                     # what overlapping windows must add up to, for a signal to come back


def frame_options(name: str, x: Any, n_fft: int, hop_length: int | None, win_length: int | None, window: Any) -> tuple[int, int, Any]:
    """Hop, window length, and the window as (n_fft,): in the middle of zeros where it is shorter; None for ones."""
    hop = n_fft // 4 if hop_length is None else hop_length
    width = n_fft if win_length is None else win_length
    if hop <= 0:
        raise ShapeError(f"{name}: expected hop_length > 0, but got hop_length={hop}")
    if not 0 < width <= n_fft:
        raise ShapeError(f"{name}: expected 0 < win_length <= n_fft, but got win_length={width}, n_fft={n_fft}")
    if window is None:
        warnings.warn(f"{name}: A window was not provided. A rectangular window will be applied, which leaks between frequencies; pass "
                      "window=hann_window(...), or ones(...) to silence this", stacklevel=3)
    elif window.ndim != 1 or window.shape[0] != width:
        raise ShapeError(f"{name}: expected a 1D window tensor of size equal to win_length={width}, but got window with size "
                         f"{list(window.shape)}")
    if width < n_fft:
        array = raw(x)
        left = (n_fft - width) // 2
        window = wrap(backend_of(array).xp.ones(width, array.real.dtype)) if window is None else window
        window = pad_constant(window, ((left, n_fft - width - left),), 0)
    return hop, width, window


# ---------------------------------------------------------------- there
@autocasts
def stft(input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None, window: Tensor | None = None,
         center: bool = True, pad_mode: str = "reflect", normalized: bool = False, onesided: bool | None = None,
         return_complex: bool | None = None, align_to_window: bool | None = None) -> Tensor:
    """The spectra of windowed frames, `hop_length` (n_fft // 4) apart: (time) or (batch, time) -> (..., frequencies, frames).

    center: frame t is centred at t * hop_length, the signal continued at both ends by `pad_mode`; else frames begin there. normalized:
    divided by the root of n_fft. onesided: only frequencies 0 to n_fft // 2, the default for real signals. return_complex must be
    given for these; False gives (..., frequencies, frames, 2). align_to_window: without `center`, frames begin where a window that
    is shorter than n_fft does.
    """
    is_real = not is_complex(input) and not (window is not None and is_complex(window))
    if align_to_window is not None and center:
        raise ShapeError(f"stft: align_to_window should only be set when center = false; got {align_to_window}")
    check_return(is_real, return_complex)
    if raw(input).dtype.kind not in "fc":
        raise DtypeError(f"stft: expected a tensor of floating point or complex values; got {describe(input)}")
    if input.ndim not in (1, 2):
        raise ShapeError(f"stft: expected a 1D or 2D tensor; got {describe(input)}")
    if onesided and not is_real:
        raise DtypeError(f"stft: Cannot have onesided output if window or input is complex; got {describe(input)}")
    x: Any = input if input.ndim == 2 else input.reshape((1, *input.shape))
    if center:
        x = pad(x, (n_fft // 2, n_fft // 2), pad_mode)
    hop, width, taper = frame_options("stft", x, n_fft, hop_length, win_length, window)
    if align_to_window:
        x = pad(x, ((n_fft - width) // 2, (n_fft - width + 1) // 2))
    if not 0 < n_fft <= x.shape[-1]:
        raise ShapeError(f"stft: expected 0 < n_fft <= {x.shape[-1]}, but got n_fft={n_fft} for {describe(input)}")
    frames = unfold_dim(x, -1, n_fft, hop)           # (N, frames, n_fft)
    if taper is not None:
        frames = frames * taper
    norm = "ortho" if normalized else "backward"
    half = is_real if onesided is None else onesided
    spectra = (half_spectrum(frames, (2,), norm) if half else transform(frames, (2,), norm, False)).transpose(1, 2)
    spectra = spectra if input.ndim == 2 else spectra.squeeze(0)
    return spectra if return_complex or return_complex is None else view_as_real(spectra.contiguous())


def check_return(is_real: bool, return_complex: bool | None) -> None:
    """Real signals must say whether they want complex numbers; PyTorch once gave pairs of reals."""
    if return_complex is None and is_real:
        raise DtypeError("stft: requires the return_complex parameter be given for real inputs; pass return_complex=True")
    if return_complex is False:
        warnings.warn("stft: with return_complex=False is deprecated; use return_complex=True and view_as_real(...)", stacklevel=3)


# ---------------------------------------------------------------- and back
def istft(input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None, window: Tensor | None = None,
          center: bool = True, normalized: bool = False, onesided: bool | None = None, length: int | None = None,
          return_complex: bool = False) -> Tensor:
    """The signal that has these short-time spectra, (..., frequencies, frames) -> (..., time): frames added up where they overlap, over
    the sum of the squares of their windows, which must not be 0 anywhere.

    The options are those of `stft`. length: of the signal; without it, what the frames cover.
    """
    x: Any = input
    if not is_complex(x):
        raise DtypeError("istft: requires a complex-valued input tensor matching the output from stft with return_complex=True; got "
                         f"{describe(x)}")
    if x.ndim not in (2, 3):
        raise ShapeError(f"istft: expected a tensor with 2 or 3 dimensions; got {describe(x)}")
    if not raw(x).size:
        raise ShapeError(f"istft: input tensor cannot be empty; got {describe(x)}")
    frequencies, count = x.shape[-2:]
    half = frequencies != n_fft if onesided is None else onesided
    if frequencies != (n_fft // 2 + 1 if half else n_fft):
        raise ShapeError(f"istft: expected the frequency dimension (the second-last) of the input tensor to match n_fft{' / 2 + 1' * half} "
                         f"when onesided={half}, but got {frequencies}, n_fft={n_fft}")
    if window is not None and is_complex(window) and not return_complex:
        raise DtypeError("istft: Complex windows are incompatible with return_complex=False")
    if return_complex and half:
        raise DtypeError(f"istft: Cannot have onesided output if window or input is complex; got {describe(x)} and return_complex=True")
    hop, width, taper = frame_options("istft", x, n_fft, hop_length, win_length, window)
    if hop > width:
        raise ShapeError(f"istft: expected 0 < hop_length <= win_length; got hop_length={hop}, win_length={width}")
    frames = framed(x if x.ndim == 3 else x.reshape((1, frequencies, count)), n_fft, "ortho" if normalized else "backward",
                    return_complex)
    if taper is None:
        taper = wrap(backend_of(raw(x)).xp.ones(n_fft, raw(x).real.dtype))
    out = overlapped(frames * taper, taper, n_fft, hop, center, length)
    return out if x.ndim == 3 else out.squeeze(0)


def framed(x: Any, n_fft: int, norm: str, return_complex: bool) -> Any:
    """(N, frequencies, frames) -> (N, frames, n_fft). Real frames are made of the first half of the frequencies."""
    x = x.transpose(1, 2)
    return transform(x, (2,), norm, True) if return_complex else from_half_spectrum(x[..., :n_fft // 2 + 1], (2,), norm, n_fft)


def overlapped(frames: Any, taper: Any, n_fft: int, hop: int, center: bool, length: int | None) -> Any:
    """(N, frames, n_fft) -> (N, time): frames added up, over the sum of the squares of their windows."""
    batch, count = frames.shape[:2]
    total = n_fft + hop * (count - 1)
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else total - start
    frames = in_dtype(frames, complex_of(raw(frames).dtype)) if is_complex(taper) else frames
    added = window_sum(frames, 1, n_fft, hop, (batch, total))[:, start:end]
    weights = window_sum((taper * taper).expand(1, count, n_fft), 1, n_fft, hop, (1, total))[:, start:end]
    smallest = abs(raw(weights)).min() if raw(weights).size else 0
    if smallest <= SMALLEST:
        raise ShapeError(f"istft: the squares of overlapping windows must add up to more than {SMALLEST} everywhere (window overlap add "
                         f"min); got {float(smallest):.3g}; use a smaller hop_length, or center=True")
    out = added / weights
    if end <= total:
        return out
    warnings.warn("istft: The length of signal is shorter than the length parameter. Result is being padded with zeros in the tail. Please "
                  "check your center and hop_length settings", stacklevel=3)
    return pad_constant(out, ((0, 0), (0, end - total)), 0)
