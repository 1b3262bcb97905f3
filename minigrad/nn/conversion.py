"""Changing the dtype and device of a module's members, in place: the Parameter objects stay the same."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import dtypes
from .._device import as_device
from ..backend import backend_for
from ..engine.mode import no_grad
from ..engine.node import TensorBase, wrap
from ..errors import ArgumentTypeError
from .parameter import is_lazy

Converter = Callable[[Any], Any]


def convert(module: Any, fn: Converter, recurse: bool) -> None:
    """Put fn(member) in the place of each parameter's and gradient's memory, and of each buffer."""
    if recurse:
        for child in module.children():
            child._apply(fn)
    with no_grad():
        for parameter in module._parameters.values():
            if parameter is None:
                continue
            replace(parameter, fn)
            if parameter._grad is not None:
                replace(parameter._grad, fn)
        for name, buffer in module._buffers.items():
            if is_lazy(buffer):
                replace(buffer, fn)                  # it stays one that waits for its size
            elif buffer is not None:
                module.__dict__[name] = fn(buffer)


def replace(t: Any, fn: Converter) -> None:
    """t.data = fn(t), but where fn changes nothing t keeps its memory and what is known of it."""
    new = fn(t.detach())
    if new.array is not t.array:
        t.data = new


def read_to(*args: Any, **kwargs: Any) -> tuple[Any, Any, bool, Any]:
    """The arguments of `Module.to`: device, dtype, non_blocking, memory format."""
    non_blocking, memory_format = kwargs.pop("non_blocking", False), kwargs.pop("memory_format", None)
    dtype, device = kwargs.pop("dtype", None), kwargs.pop("device", None)
    tensor = kwargs.pop("tensor", None)
    if kwargs:
        raise ArgumentTypeError(f"to: got an unexpected keyword argument {next(iter(kwargs))!r}; "
                                "it takes device, dtype, tensor, non_blocking")
    for arg in args:
        if isinstance(arg, TensorBase):
            tensor = arg
        elif isinstance(arg, dtypes.dtype) or arg in (float, int, complex):
            dtype = arg
        elif isinstance(arg, bool):
            non_blocking = arg
        elif arg is not None:
            device = as_device(arg)
    if tensor is not None:
        dtype, device = tensor.dtype, tensor.device
    return None if device is None else as_device(device), dtype, non_blocking, memory_format


def converter(*args: Any, **kwargs: Any) -> Converter:
    """What `Module.to` does to each member; its arguments are those of `Tensor.to`."""
    device, dtype, _, _ = read_to(*args, **kwargs)
    if dtype is not None:
        kind = dtypes.to_numpy_dtype(dtype)
        if kind.kind not in "fc":
            raise ArgumentTypeError(f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}")

    def to(t: Any) -> Any:
        return t.to(device, dtype if t.array.dtype.kind in "fc" else None)
    return to


def floating(dtype: dtypes.dtype) -> Converter:
    """Floating-point tensors to one dtype, others as they are."""
    return lambda t: t.to(dtype) if t.array.dtype.kind == "f" else t


def emptier(device: Any) -> Converter:
    """Tensors of the same shape and dtype with unfilled memory on a device."""
    where = as_device(device)
    return lambda t: wrap(backend_for(where).xp.empty(t.array.shape, t.array.dtype))
