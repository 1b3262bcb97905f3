"""Tensors in memory that several processes see."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from .backend import backend_of
from .errors import UnsupportedError, describe


def share_memory_(x: Any) -> Any:
    """Move x into memory that processes share which are started with it, as an argument or by fork: what one writes, all see.

    Raises UnsupportedError for a view, and for a tensor on a GPU. Sent through a queue, x is copied.
    """
    if is_shared(x):
        return x
    if x.base is not None or not backend_of(x.array).on_host:
        raise UnsupportedError(f"share_memory_: whole tensors in the computer's memory can be shared; got {describe(x)}, "
                               f"{'a view: share its base' if x.base is not None else 'on a GPU: call cpu() first'}, or a clone()")
    from multiprocessing.sharedctypes import RawArray
    x.array = shared(RawArray("b", max(x.array.nbytes, 1)), x.array.dtype, x.array.shape, x.array)
    return x


def shared(memory: Any, dtype: Any, shape: tuple[int, ...], values: Any = None) -> np.ndarray[Any, Any]:
    """An array over shared memory, filled with values."""
    size = math.prod(shape)
    array = np.frombuffer(memory, np.uint8)[:size * dtype.itemsize].view(dtype).reshape(shape)
    if values is not None:
        array[...] = values
    return array


def shared_memory(x: Any) -> Any:
    """The shared memory that x lies in as a whole; None if it does not."""
    base = x.array
    while isinstance(base, (np.ndarray, memoryview)):
        base = base.obj if isinstance(base, memoryview) else base.base
    return base if hasattr(base, "_wrapper") else None           # what multiprocessing marks its arrays with


def is_shared(x: Any) -> bool:
    """Whether `share_memory_` was called."""
    return shared_memory(x) is not None
