"""What rules ask of a value that may be a tensor or an array, where no op is meant."""
from __future__ import annotations

from typing import Any

from ..backend import backend_of
from ..engine.node import TensorBase, wrap
from .cast import cast
from .half import converted


def raw(x: Any) -> Any:
    """The array: of a tensor its values, of an array itself. What is computed from it is a constant to the rule."""
    return x.array if isinstance(x, TensorBase) else x


def shown(array: Any) -> str:
    """An array in an error message: `float32 (3, 4)`."""
    return f"{array.dtype} {tuple(array.shape)}"


def like(x: Any, array: Any) -> Any:
    """A constant array as an operand of x: a tensor where x is one."""
    return wrap(array) if isinstance(x, TensorBase) else array


def in_dtype(x: Any, dtype: Any) -> Any:
    """A tensor or an array in a NumPy dtype; of complex numbers, for a real dtype, the real part."""
    if isinstance(x, TensorBase):
        return x if x.array.dtype == dtype else cast(x, dtype)   # type: ignore[arg-type]
    return x if x.dtype == dtype else converted(x.real if x.dtype.kind == "c" and dtype.kind != "c" else x, dtype)


def is_complex(x: Any) -> bool:
    """True for complex elements."""
    return raw(x).dtype.kind == "c"


def conj(x: Any) -> Any:
    """The complex conjugate; a real x is its own, without a copy."""
    return x.conj() if is_complex(x) else x


def adjoint(x: Any) -> Any:
    """The conjugate transpose of the last two dimensions; a view where x is real."""
    if (x.array if isinstance(x, TensorBase) else x).dtype.kind == "c":
        x = x.conj()
    return x.swapaxes(-1, -2)


def fresh(x: Any) -> Any:
    """A copy to be written into. In rules NumPy's 0-d results are scalars, whose own copy() is one, too."""
    return backend_of(x).xp.array(x)
