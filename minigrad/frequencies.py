"""The frequencies that the points of a discrete Fourier transform stand for."""
from __future__ import annotations

from typing import Any

from . import dtypes
from ._data import Where, check_layout, finished, sizes
from ._device import as_device
from ._layout import layout as Layout
from ._tensor import Tensor
from .backend import backend_for, backend_of
from .dtypes import dtype as DType
from .engine.node import wrap
from .errors import DtypeError
from .ops.delivery import deliver


def fftfreq(n: int, d: float = 1.0, *, out: Tensor | None = None, dtype: DType | None = None, layout: Layout | None = None,
            device: Where = None, requires_grad: bool = False) -> Tensor:
    """0, 1, ..., -2, -1 over n * d: cycles per unit of time of each of n points, which are d apart.

    >>> fftfreq(4, 0.5)
    tensor([ 0.0000,  0.5000, -1.0000, -0.5000])
    """
    return over_length("fft.fftfreq", n, d, lambda xp: (xp.arange(n) + n // 2) % n - n // 2, out, dtype, layout, device, requires_grad)


def rfftfreq(n: int, d: float = 1.0, *, out: Tensor | None = None, dtype: DType | None = None, layout: Layout | None = None,
             device: Where = None, requires_grad: bool = False) -> Tensor:
    """0, 1, ..., n // 2 over n * d: the frequencies of `fft.rfft`."""
    return over_length("fft.rfftfreq", n, d, lambda xp: xp.arange(n // 2 + 1), out, dtype, layout, device, requires_grad)


def over_length(name: str, n: int, d: float, cycles: Any, out: Any, dtype: DType | None, layout: Layout | None, device: Where,
                requires_grad: bool) -> Tensor:
    """Cycles per window as cycles per unit of time."""
    check_layout(name, layout)
    sizes(name, (n,))
    to = out.array.dtype if out is not None else dtypes.get_default_numpy() if dtype is None else dtypes.to_numpy_dtype(dtype)
    if to.kind not in "fc":
        raise DtypeError(f"{name}: requires a floating point or complex dtype; got {to}")
    xp = (backend_of(out.array) if out is not None else backend_for(as_device(device))).xp
    made = (cycles(xp) / xp.asarray(n * float(d))).astype(to)
    return finished(made, requires_grad) if out is None else deliver(name, out, wrap(made))
