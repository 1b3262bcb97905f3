"""Discrete Fourier transforms over one, two or any dimensions, each linear and so the gradient of another.

Three ops do the work: complex to complex (`transform`), real to the non-redundant half of its spectrum (`half_spectrum`), and back
(`from_half_spectrum`). The adjoint of a transform is the one in the other direction with the scale on the other side.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..backend import backend_of
from ..dtypes import complex_of, get_default_numpy
from ..engine.op import op
from ..errors import ArgumentTypeError, DtypeError, OutOfRangeError, ShapeError, describe
from .delivery import deliver
from .dims import many_dims, one_dim
from .operands import need_tensors
from .padding import pad_constant
from .raw import conj, in_dtype, raw
from .tile import roll

if TYPE_CHECKING:
    from .._tensor import Tensor

Axes = tuple[int, ...]
SWAPPED = {"backward": "forward", "ortho": "ortho", "forward": "backward"}     # which direction divides by the number of points


# ---------------------------------------------------------------- the ops
@op(x=lambda g, x_dtype, axes, norm, inverse: in_dtype(transform(g, axes, SWAPPED[norm], not inverse), x_dtype))
def transform(input: Tensor, axes: Axes, norm: str, inverse: bool) -> Tensor:
    """sum over t of x[t] exp(-2 pi i k t / n), or with the other sign if `inverse`; complex."""
    x: Any = input
    if not axes:
        return x.astype(complex_of(x.dtype))
    fft = backend_of(x).fft
    if len(axes) == 1:                               # half the overhead of the general one
        out = (fft.ifft if inverse else fft.fft)(x, None, axes[0], norm)
    else:
        out = (fft.ifftn if inverse else fft.fftn)(x, None, axes, norm)
    if x.dtype.kind != "c":
        out.imag += 0.0                              # a sum of real numbers is 6+0j, not 6-0j
    return out


def adjoint_of_half(g: Any, axes: Axes, norm: str, n: int) -> Any:
    """Gradient of real numbers, n along the last axis, from that of half their spectrum."""
    return from_half_spectrum(inside(g, axes[-1], n, 0.5), axes, SWAPPED[norm], n)


@op(x=lambda g, x_shape, axes, norm: adjoint_of_half(g, axes, norm, x_shape[axes[-1]]))
def half_spectrum(input: Tensor, axes: Axes, norm: str) -> Tensor:
    """The spectrum of real numbers: n // 2 + 1 frequencies of the last axis, whose others are conjugates of these."""
    fft = backend_of(input).fft
    return fft.rfft(input, None, axes[0], norm) if len(axes) == 1 else fft.rfftn(input, None, axes, norm)


@op(x=lambda g, axes, norm, n: inside(half_spectrum(g, axes, SWAPPED[norm]), axes[-1], n, 2.0))
def from_half_spectrum(input: Tensor, axes: Axes, norm: str, n: int) -> Tensor:
    """The n real numbers along the last axis that have this spectrum, with the exponent's sign turned."""
    x: Any = input
    fft = backend_of(x).fft
    if len(axes) == 1:
        return fft.irfft(x, n, axes[0], norm)
    return fft.irfftn(x, (*[x.shape[d] for d in axes[:-1]], n), axes, norm)


@op(x=lambda g, d, n, factor: inside(g, d, n, factor))
def inside(input: Tensor, d: int, n: int, factor: float) -> Tensor:
    """Half a spectrum of n points with the frequencies that stand for two, all but 0 and n / 2, weighted."""
    x: Any = input
    out = x * factor
    lead = (slice(None),) * d
    for once in (0, n // 2) if n % 2 == 0 else (0,):
        out[(*lead, once)] = x[(*lead, once)]
    return out


# ---------------------------------------------------------------- arguments
def resized(name: str, x: Any, axes: Axes, sizes: Sequence[int]) -> Any:
    """x cut off, or continued with zeros, to `sizes` along `axes`."""
    pads = [(0, 0)] * x.ndim
    for d, n in zip(axes, sizes, strict=True):
        if n < 1:
            raise ShapeError(f"{name}: Invalid number of data points ({n}) specified; got {describe(x)}")
        pads[d] = (0, n - x.shape[d])
    return pad_constant(x, tuple(pads), 0) if any(after for _, after in pads) else x


def scale(name: str, norm: str | None) -> str:
    """A normalization mode; None is "backward": divide where the exponent is positive."""
    norm = "backward" if norm is None else norm
    if norm not in SWAPPED:
        raise ShapeError(f'{name}: Invalid normalization mode: "{norm}"; it may be {", ".join(SWAPPED)}')
    return norm


def floating(name: str, x: Any, real: bool = False) -> Any:
    """x as floating-point or complex numbers that have a transform."""
    need_tensors(name, input=x)
    kind = x.array.dtype.kind
    if x.array.dtype.char == "e":
        raise DtypeError(f"{name}: Unsupported dtype float16; got {describe(x)}; convert it with .float()")
    if real and kind == "c":
        raise DtypeError(f"{name}: expects a real input tensor; got {describe(x)}")
    return x if kind in "fc" else in_dtype(x, get_default_numpy())


def one_axis(name: str, x: Any, n: int | None, dim: int) -> tuple[Axes, list[int | None]]:
    """The axis, and its size where one is asked for."""
    need_tensors(name, input=x)
    if not x.ndim:
        raise no_dimensions(name, dim)
    return (one_dim(name, dim, x.ndim),), [whole(name, n)]


def no_dimensions(name: str, dim: int) -> OutOfRangeError:
    """The error for a dimension of a 0-d tensor."""
    return OutOfRangeError(f"{name}: Dimension specified as {dim} but tensor has no dimensions")


def whole(name: str, n: Any) -> int | None:
    """A size, or None."""
    if n is not None and not hasattr(n, "__index__"):
        raise ArgumentTypeError(f"{name}: sizes must be ints; got {n!r} ({type(n).__name__})")
    return n if n is None else n.__index__()


def several_axes(name: str, x: Any, s: Any, dim: Any) -> tuple[Axes, list[int | None]]:
    """The axes, all by default or as many last ones as there are sizes, and their sizes; -1 is the size that is there."""
    need_tensors(name, input=x)
    s = (s,) if s is not None and not isinstance(s, (tuple, list)) else s
    dim = (dim,) if dim is not None and not isinstance(dim, (tuple, list)) else dim
    if dim is None:
        n = x.ndim if s is None else len(s)
        if n > x.ndim:
            raise ShapeError(f"{name}: Got shape with {n} values but input tensor only has {x.ndim} dimensions.")
        axes = tuple(range(x.ndim - n, x.ndim))
    else:
        if s is not None and len(s) != len(dim):
            raise ShapeError(f"{name}: When given, dim and shape arguments must have the same length; got dim {dim}, s {s}")
        if dim and not x.ndim:
            raise no_dimensions(name, dim[0])
        if len({one_dim(name, d, x.ndim) for d in dim}) < len(dim):
            raise ShapeError(f"{name}: FFT dims must be unique; got {dim}")
        axes = many_dims(name, dim, x.ndim) if dim else ()
    return axes, [None if n == -1 else whole(name, n) for n in s] if s is not None else [None] * len(axes)


# ---------------------------------------------------------------- what the kinds of transforms do with them
def to_all(name: str, x: Any, axes: Axes, sizes: list[int | None], norm: str, inverse: bool) -> Any:
    """Complex to complex."""
    x = floating(name, x)
    return transform(resized(name, x, axes, [x.shape[d] if n is None else n for d, n in zip(axes, sizes)]), axes, norm, inverse)


def to_half(name: str, x: Any, axes: Axes, sizes: list[int | None], norm: str, inverse: bool) -> Any:
    """Real to half a spectrum; inverse, its conjugate with the other scale: what numbers have this Hermitian half."""
    x = floating(name, x, real=True)
    if not axes:
        raise ShapeError(f"{name}: must transform at least one axis")
    x = resized(name, x, axes, [x.shape[d] if n is None else n for d, n in zip(axes, sizes)])
    return conj(half_spectrum(x, axes, SWAPPED[norm])) if inverse else half_spectrum(x, axes, norm)


def to_real(name: str, x: Any, axes: Axes, sizes: list[int | None], norm: str, inverse: bool) -> Any:
    """Half a spectrum to real; not inverse, from the conjugate with the other scale: the spectrum of a Hermitian half."""
    x = floating(name, x)
    if not axes:
        raise ShapeError(f"{name}: must transform at least one axis")
    last = 2 * (x.shape[axes[-1]] - 1) if sizes[-1] is None else sizes[-1]
    if last < 1:
        raise ShapeError(f"{name}: Invalid number of data points ({last}) specified; got {describe(x)}")
    there = [x.shape[d] if n is None else n for d, n in zip(axes[:-1], sizes)]
    x = in_dtype(resized(name, x, axes, [*there, last // 2 + 1]), complex_of(raw(x).dtype))
    return from_half_spectrum(x, axes, norm, last) if inverse else from_half_spectrum(conj(x), axes, SWAPPED[norm], last)


# ---------------------------------------------------------------- what users call
Kind = Callable[[str, Any, Axes, list[int | None], str, bool], Any]


def over_one(name: str, kind: Kind, inverse: bool, doc: str) -> Callable[..., Tensor]:
    """A transform over one dimension."""
    def function(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
        title = f"fft.{name}"
        return deliver(title, out, kind(title, input, *one_axis(title, input, n, dim), scale(title, norm), inverse), casts=True)
    return titled(function, name, doc)


def over_two(name: str, kind: Kind, inverse: bool, doc: str) -> Callable[..., Tensor]:
    """A transform over two dimensions, the last ones by default."""
    def function(input: Tensor, s: Sequence[int] | None = None, dim: int | Sequence[int] = (-2, -1), norm: str | None = None, *,
                 out: Tensor | None = None) -> Tensor:
        title = f"fft.{name}"
        if dim is None:
            raise ArgumentTypeError(f"{title}: argument 'dim' must be tuple of ints, not NoneType")
        return deliver(title, out, kind(title, input, *several_axes(title, input, s, dim), scale(title, norm), inverse), casts=True)
    return titled(function, name, doc)


def over_any(name: str, kind: Kind, inverse: bool, doc: str) -> Callable[..., Tensor]:
    """A transform over any dimensions."""
    def function(input: Tensor, s: Sequence[int] | None = None, dim: int | Sequence[int] | None = None, norm: str | None = None, *,
                 out: Tensor | None = None) -> Tensor:
        title = f"fft.{name}"
        return deliver(title, out, kind(title, input, *several_axes(title, input, s, dim), scale(title, norm), inverse), casts=True)
    return titled(function, name, doc)


def titled(function: Callable[..., Tensor], name: str, doc: str) -> Callable[..., Tensor]:
    """A function under its own name."""
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{doc}

    n, s: sizes to which the dimensions are cut off or continued with zeros first. norm: which direction divides by the number of
    points: "backward" (the default) the inverse one, "forward" this one, "ortho" both by its root.
    """
    return function


fft = over_one("fft", to_all, False, "The discrete Fourier transform over one dimension.")
ifft = over_one("ifft", to_all, True, "The inverse of `fft`.")
rfft = over_one("rfft", to_half, False, "The transform of real numbers: its n // 2 + 1 frequencies from 0 up.")
irfft = over_one("irfft", to_real, True, "The inverse of `rfft`: n real numbers, by default an even number, 2 * (frequencies - 1).")
hfft = over_one("hfft", to_real, False, "The real transform of numbers with x[-t] = conj(x[t]), of which half are given.")
ihfft = over_one("ihfft", to_half, True, "The inverse of `hfft`.")

fft2 = over_two("fft2", to_all, False, "The discrete Fourier transform over two dimensions.")
ifft2 = over_two("ifft2", to_all, True, "The inverse of `fft2`.")
rfft2 = over_two("rfft2", to_half, False, "The transform of real numbers over two dimensions: half of the frequencies of the last.")
irfft2 = over_two("irfft2", to_real, True, "The inverse of `rfft2`.")
hfft2 = over_two("hfft2", to_real, False, "The real transform of Hermitian-symmetric numbers over two dimensions.")
ihfft2 = over_two("ihfft2", to_half, True, "The inverse of `hfft2`.")

fftn = over_any("fftn", to_all, False, "The discrete Fourier transform over any dimensions, all by default.")
ifftn = over_any("ifftn", to_all, True, "The inverse of `fftn`.")
rfftn = over_any("rfftn", to_half, False, "The transform of real numbers over any dimensions: half of the frequencies of the last.")
irfftn = over_any("irfftn", to_real, True, "The inverse of `rfftn`.")
hfftn = over_any("hfftn", to_real, False, "The real transform of Hermitian-symmetric numbers over any dimensions.")
ihfftn = over_any("ihfftn", to_half, True, "The inverse of `hfftn`.")


# ---------------------------------------------------------------- the order of frequencies
def fftshift(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """Frequency 0 moved to the middle of the dimensions, all by default: rolled by n // 2."""
    need_tensors("fft.fftshift", input=input)
    axes = many_dims("fft.fftshift", dim, input.ndim)
    return roll(input, tuple([input.shape[d] // 2 for d in axes]), axes)


def ifftshift(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """The inverse of `fftshift`: rolled by (n + 1) // 2."""
    need_tensors("fft.ifftshift", input=input)
    axes = many_dims("fft.ifftshift", dim, input.ndim)
    return roll(input, tuple([(input.shape[d] + 1) // 2 for d in axes]), axes)
