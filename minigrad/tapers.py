"""Windows for signal processing: weights that fade a stretch of a signal in and out.

Each family's formula stands once, as a function of the positions 0 ... M - 1 and the width of the window. A symmetric window ends where
it began; a periodic one is the symmetric window of M + 1 points without its last. Values are computed in double precision.

Source of the formulas: Harris 1978, On the Use of Windows for Harmonic Analysis with the Discrete Fourier Transform.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from . import dtypes
from ._data import Where, check_layout, finished
from ._device import as_device
from ._layout import layout as Layout
from ._layout import strided
from ._tensor import Tensor
from .backend import backend_for, backend_of
from .dtypes import dtype as DType
from .errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError, describe

Options = tuple[DType | None, Layout | None, Where, bool]    # dtype, layout, device, requires_grad
HAMMING = (0.54, 0.46)
HANN = (0.5, 0.5)
BLACKMAN = (0.42, 0.5, 0.08)
NUTTALL = (0.3635819, 0.4891775, 0.1365995, 0.0106411)


# ---------------------------------------------------------------- formulas: positions and width to weights
def cosines(i: Any, width: float, a: Sequence[float]) -> Any:
    """a[0] - a[1] cos(t) + a[2] cos(2t) - ..., with one period over the width."""
    xp = backend_of(i).xp
    t = i * (2 * math.pi / width)
    return sum([(-1) ** k * weight * xp.cos(k * t) for k, weight in enumerate(a)])


def triangle(i: Any, width: float) -> Any:
    """From 0 up to 1 and down again, straight."""
    return 1 - abs(i * (2 / width) - 1)


def bell(i: Any, width: float, std: float) -> Any:
    """A Gaussian around the middle."""
    return backend_of(i).xp.exp(-0.5 * ((i - width / 2) / std) ** 2)


def decay(i: Any, center: float, tau: float) -> Any:
    """exp(-|distance| / tau)."""
    return backend_of(i).xp.exp(-abs(i - center) / tau)


def kaiser_bessel(i: Any, width: float, beta: float) -> Any:
    """I0(beta sqrt(1 - t**2)) / I0(beta) for t from -1 to 1."""
    backend = backend_of(i)
    t = i * (2 / width) - 1
    return backend.special.i0(beta * backend.xp.sqrt(abs(1 - t * t))) / float(backend.special.i0(backend.asarray(beta)))


# ---------------------------------------------------------------- how windows are made
def windowed(name: str, M: int, sym: bool, formula: Callable[..., Any], arguments: tuple[Any, ...], to: Any, where: Where,
             requires_grad: bool) -> Tensor:
    """M weights by a formula; one weight is 1."""
    xp = backend_for(as_device(where)).xp
    if not hasattr(M, "__index__"):
        raise ArgumentTypeError(f"{name}: the window's length must be an int; got {describe(M)}")
    i = xp.arange(M, dtype="f8")
    weights = formula(i, M - 1 if sym else M, *arguments) if M > 1 else xp.ones(M)
    return finished(weights.astype(to), requires_grad)


def signal_window(name: str, M: int, sym: bool, formula: Callable[..., Any], arguments: tuple[Any, ...], options: Options) -> Tensor:
    """A window of `signal.windows`, with its checks."""
    dtype, layout, device, requires_grad = options
    to = dtypes.get_default_dtype() if dtype is None else dtype
    if M < 0:
        raise ArgumentError(f"{name}: requires non-negative window length, got M={M}")
    if layout is not None and layout is not strided:
        raise ArgumentError(f"{name}: is implemented for strided tensors only, got: {layout}")
    if to not in (dtypes.float32, dtypes.float64):
        raise ArgumentError(f"{name}: expects float32 or float64 dtypes, got: {to}")
    return windowed(name, M, sym, formula, arguments, to.numpy, device, requires_grad)


def older_window(name: str, window_length: int, periodic: bool, formula: Callable[..., Any], arguments: tuple[Any, ...],
                 options: Options) -> Tensor:
    """A window of PyTorch's older functions, periodic unless told otherwise, with its checks."""
    dtype, layout, device, requires_grad = options
    check_layout(name, layout)
    to = dtypes.get_default_dtype() if dtype is None else dtype
    if not to.is_floating_point:
        raise DtypeError(f"{name}: expects floating point dtypes, got: {to}")
    if not hasattr(window_length, "__index__"):
        raise ArgumentTypeError(f"{name}: argument 'window_length' must be int; got {describe(window_length)}")
    if window_length < 0:
        raise ShapeError(f"{name}: requires non-negative window_length, got window_length={window_length}")
    return windowed(name, window_length, not periodic, formula, arguments, to.numpy, device, requires_grad)


def refuse(name: str, wrong: bool, rule: str) -> None:
    """Raise ArgumentError where an argument is wrong."""
    if wrong:
        raise ArgumentError(f"{name}: {rule}")


# ---------------------------------------------------------------- signal.windows
def general_cosine(M: int, *, a: Sequence[float], sym: bool = True, dtype: DType | None = None, layout: Layout | None = None,
                   device: Where = None, requires_grad: bool = False) -> Tensor:
    """A weighted sum of cosines: a[0] - a[1] cos(t) + a[2] cos(2t) - ..."""
    if not isinstance(a, (list, tuple)):
        raise ArgumentTypeError(f"general_cosine: Coefficients must be a list/tuple; got {describe(a)}")
    refuse("general_cosine", not a, "Coefficients cannot be empty")
    if any(isinstance(weight, complex) for weight in a):
        raise ArgumentTypeError(f"general_cosine: coefficients must be real numbers; got {a}")
    return signal_window("general_cosine", M, sym, cosines, (a,), (dtype, layout, device, requires_grad))


def general_hamming(M: int, *, alpha: float = 0.54, sym: bool = True, dtype: DType | None = None, layout: Layout | None = None,
                    device: Where = None, requires_grad: bool = False) -> Tensor:
    """A raised cosine: alpha - (1 - alpha) cos(t)."""
    return general_cosine(M, a=(alpha, 1 - alpha), sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad)


def hamming(M: int, *, sym: bool = True, dtype: DType | None = None, layout: Layout | None = None, device: Where = None,
            requires_grad: bool = False) -> Tensor:
    """The Hamming window, a raised cosine whose ends are 0.08."""
    return general_cosine(M, a=HAMMING, sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad)


def hann(M: int, *, sym: bool = True, dtype: DType | None = None, layout: Layout | None = None, device: Where = None,
         requires_grad: bool = False) -> Tensor:
    """The Hann window, a raised cosine whose ends are 0."""
    return general_cosine(M, a=HANN, sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad)


def blackman(M: int, *, sym: bool = True, dtype: DType | None = None, layout: Layout | None = None, device: Where = None,
             requires_grad: bool = False) -> Tensor:
    """The Blackman window, of two cosines."""
    return general_cosine(M, a=BLACKMAN, sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad)


def nuttall(M: int, *, sym: bool = True, dtype: DType | None = None, layout: Layout | None = None, device: Where = None,
            requires_grad: bool = False) -> Tensor:
    """Nuttall's window of three cosines with the lowest side lobes. Source: Nuttall 1981, Some Windows with Very Good Sidelobe Behavior."""
    return general_cosine(M, a=NUTTALL, sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad)


def bartlett(M: int, *, sym: bool = True, dtype: DType | None = None, layout: Layout | None = None, device: Where = None,
             requires_grad: bool = False) -> Tensor:
    """A triangle."""
    return signal_window("bartlett", M, sym, triangle, (), (dtype, layout, device, requires_grad))


def cosine(M: int, *, sym: bool = True, dtype: DType | None = None, layout: Layout | None = None, device: Where = None,
           requires_grad: bool = False) -> Tensor:
    """Half a period of the sine, between its zeros."""
    width = M if sym else M + 1                      # the zeros lie half a step outside
    return signal_window("cosine", M, sym, lambda i, _: backend_of(i).xp.sin((i + 0.5) * (math.pi / width)), (),
                         (dtype, layout, device, requires_grad))


def gaussian(M: int, *, std: float = 1.0, sym: bool = True, dtype: DType | None = None, layout: Layout | None = None, device: Where = None,
             requires_grad: bool = False) -> Tensor:
    """exp(-(distance from the middle / std)**2 / 2)."""
    refuse("gaussian", std <= 0, f"Standard deviation must be positive, got: {std} instead.")
    return signal_window("gaussian", M, sym, bell, (std,), (dtype, layout, device, requires_grad))


def exponential(M: int, *, center: float | None = None, tau: float = 1.0, sym: bool = True, dtype: DType | None = None,
                layout: Layout | None = None, device: Where = None, requires_grad: bool = False) -> Tensor:
    """exp(-distance from the center / tau); the center is the middle, and may be elsewhere only if not `sym`."""
    refuse("exponential", tau <= 0, f"Tau must be positive, got: {tau} instead.")
    refuse("exponential", sym and center is not None, f"Center must be None for symmetric windows; got {center}")
    return signal_window("exponential", M, sym, lambda i, width: decay(i, width / 2 if center is None else center, tau), (),
                         (dtype, layout, device, requires_grad))


def kaiser(M: int, *, beta: float = 12.0, sym: bool = True, dtype: DType | None = None, layout: Layout | None = None, device: Where = None,
           requires_grad: bool = False) -> Tensor:
    """The Kaiser window; a larger beta is narrower."""
    refuse("kaiser", beta < 0, f"beta must be non-negative, got: {beta} instead.")
    return signal_window("kaiser", M, sym, kaiser_bessel, (beta,), (dtype, layout, device, requires_grad))


# ---------------------------------------------------------------- PyTorch's older functions
def hann_window(window_length: int, periodic: bool = True, *, dtype: DType | None = None, layout: Layout | None = None,
                device: Where = None, pin_memory: bool = False, requires_grad: bool = False) -> Tensor:
    """The Hann window, periodic by default."""
    return older_window("hann_window", window_length, periodic, cosines, (HANN,), (dtype, layout, device, requires_grad))


def hamming_window(window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *, dtype: DType | None = None,
                   layout: Layout | None = None, device: Where = None, pin_memory: bool = False, requires_grad: bool = False) -> Tensor:
    """alpha - beta cos(t), periodic by default: the Hamming window."""
    return older_window("hamming_window", window_length, periodic, cosines, ((alpha, beta),), (dtype, layout, device, requires_grad))


def blackman_window(window_length: int, periodic: bool = True, *, dtype: DType | None = None, layout: Layout | None = None,
                    device: Where = None, pin_memory: bool = False, requires_grad: bool = False) -> Tensor:
    """The Blackman window, periodic by default."""
    return older_window("blackman_window", window_length, periodic, cosines, (BLACKMAN,), (dtype, layout, device, requires_grad))


def bartlett_window(window_length: int, periodic: bool = True, *, dtype: DType | None = None, layout: Layout | None = None,
                    device: Where = None, pin_memory: bool = False, requires_grad: bool = False) -> Tensor:
    """A triangle, periodic by default."""
    return older_window("bartlett_window", window_length, periodic, triangle, (), (dtype, layout, device, requires_grad))


def kaiser_window(window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: DType | None = None,
                  layout: Layout | None = None, device: Where = None, pin_memory: bool = False, requires_grad: bool = False) -> Tensor:
    """The Kaiser window, periodic by default."""
    return older_window("kaiser_window", window_length, periodic, kaiser_bessel, (beta,), (dtype, layout, device, requires_grad))
