"""Complex numbers: their parts, and how they are made of reals."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..backend import backend_of
from ..dtypes import complex_of
from ..engine.node import TensorBase
from ..engine.op import op
from ..errors import ArgumentTypeError, DtypeError, ShapeError, describe
from .elementwise import zeros_as
from .raw import in_dtype, raw, shown
from .select import masked
from .trigonometry import cos, sin

if TYPE_CHECKING:
    from .._tensor import Tensor


# ---------------------------------------------------------------- parts
@op(view=True, x=lambda g, x_dtype: in_dtype(g, x_dtype))
def real(input: Tensor) -> Tensor:
    """The real part; a view. Real tensors are their own."""
    return input.real


@op(view=True, x=lambda g: g * 1j)
def imag(input: Tensor) -> Tensor:
    """The imaginary part; a view. Raises DtypeError for real tensors."""
    x: Any = input
    if x.dtype.kind != "c":
        raise DtypeError(f"imag: is not implemented for tensors with non-complex dtypes; got {shown(x)}")
    return x.imag


def set_real(self: Tensor, value: Any) -> None:
    """`x.real = value`."""
    real(self)[...] = value


def set_imag(self: Tensor, value: Any) -> None:
    """`x.imag = value`."""
    imag(self)[...] = value


@op(x=lambda g: g.conj())
def conj_physical(input: Tensor) -> Tensor:
    """The complex conjugate, in memory of its own."""
    x: Any = input
    return x.conj() if x.dtype.kind == "c" else x.copy()


def conj(input: Tensor) -> Tensor:
    """The complex conjugate; of a real tensor, itself. Computed at once, where PyTorch puts it off."""
    return conj_physical(input) if input.array.dtype.kind == "c" else input


def resolve_conj(input: Tensor) -> Tensor:
    """The input: no conjugation is ever put off."""
    return input


def is_conj(input: Tensor) -> bool:
    """False: no conjugation is ever put off."""
    return False


resolve_neg, is_neg = resolve_conj, is_conj


def turn(g: Any, x: Any) -> Any:
    """Gradient of angle(x): g times i x / |x|**2, at a right angle to x; 0 at 0, and everywhere for real x."""
    if raw(x).dtype.kind != "c":
        return zeros_as(g)
    return masked(g * 1j * x / (x * x.conjugate()).real, raw(x) != 0)


@op(promotes="to_float", x=lambda g, x: turn(g, x))
def angle(input: Tensor) -> Tensor:
    """The angle of each complex number in radians; of real ones, pi below 0 and else 0."""
    x: Any = input
    xp = backend_of(x).xp
    if x.dtype.kind == "c":
        return xp.arctan2(x.imag, x.real)
    return xp.where(x != x, x, (x < 0) * x.dtype.type(np.pi))


# ---------------------------------------------------------------- real pairs
@op(view=True, x=lambda g: complex(g[..., 0], g[..., 1]))
def view_as_real(input: Tensor) -> Tensor:
    """(...) complex -> (..., 2) real: real and imaginary parts in the same memory."""
    x: Any = input
    if x.dtype.kind != "c":
        raise DtypeError(f"view_as_real: is only supported for complex tensors; got {shown(x)}")
    return x[..., None].view(f"f{x.itemsize // 2}")


@op(view=True, x=lambda g: pairs(g))
def view_as_complex(input: Tensor) -> Tensor:
    """(..., 2) real -> (...) complex, in the same memory."""
    x: Any = input
    if x.dtype.kind != "f" or x.itemsize < 4:
        raise DtypeError(f"view_as_complex: is only supported for float and double tensors; got {shown(x)}")
    if not x.ndim or x.shape[-1] != 2:
        raise ShapeError(f"view_as_complex: Tensor must have a last dimension of size 2; got {shown(x)}")
    if x.size and (x.strides[-1] != x.itemsize or any(s % (2 * x.itemsize) for s in x.strides[:-1])):
        raise ShapeError(f"view_as_complex: Tensor must have a last dimension with stride 1, and others divisible by 2; got {shown(x)}, "
                         f"stride {tuple(s // x.itemsize for s in x.strides)}; use contiguous()")
    return x.view(f"c{x.itemsize * 2}")[..., 0]


@op(x=lambda g: complex(g[..., 0], g[..., 1]))
def pairs(input: Tensor) -> Tensor:
    """(...) complex -> (..., 2) real, in memory of its own, whatever the input's is like."""
    x: Any = input
    return backend_of(x).xp.stack((x.real, x.imag), -1)


# ---------------------------------------------------------------- made of reals
def of_parts(name: str, x: Any, y: Any) -> Any:
    """Uninitialised complex numbers for the parts x and y."""
    if x.dtype.kind != "f":
        raise DtypeError(f"{name}: expected both inputs to be Half, Float or Double tensors; got {shown(x)} and {shown(y)}")
    return backend_of(x).xp.empty(np.broadcast_shapes(x.shape, y.shape), complex_of(x.dtype))


@op(broadcast=True, promotes="same",
    real=lambda g: real(g),
    imag=lambda g: imag(g))
def complex(real: Tensor, imag: Tensor) -> Tensor:
    """real + i * imag. Both of one dtype, which decides that of the result: float32 makes complex64."""
    out = of_parts("complex", real, imag)
    out.real[...] = real
    out.imag[...] = imag
    return out


@op(broadcast=True, promotes="same",
    abs=lambda g, angle: (g.conjugate() * complex(cos(angle), sin(angle))).real,
    angle=lambda g, out: (g.conjugate() * out * 1j).real)
def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """abs * (cos(angle) + i * sin(angle))."""
    xp = backend_of(abs).xp
    out = of_parts("polar", abs, angle)
    out.real[...] = abs * xp.cos(angle)
    out.imag[...] = abs * xp.sin(angle)
    return out


# ---------------------------------------------------------------- questions
def kind_of(name: str, input: Tensor) -> str:
    """NumPy's letter for the kind of a tensor's dtype."""
    if not isinstance(input, TensorBase):
        raise ArgumentTypeError(f"{name}: input must be a Tensor; got {describe(input)}")
    return str(input.array.dtype.kind)


def is_floating_point(input: Tensor) -> bool:
    """True for float16, float32 and float64."""
    return kind_of("is_floating_point", input) == "f"


def is_complex(input: Tensor) -> bool:
    """True for complex64 and complex128."""
    return kind_of("is_complex", input) == "c"


def is_signed(input: Tensor) -> bool:
    """True for dtypes with negative numbers."""
    return kind_of("is_signed", input) in "ifc"
