"""The region in which ops are autocast, and `autograd.Function`s in it."""
from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from .. import dtypes
from .._device import device
from ..accelerator import is_available
from ..backend import backend_of
from ..dtypes import dtype as DType
from ..dtypes import to_numpy_dtype
from ..engine.mode import Watch, local
from ..engine.node import TensorBase
from ..engine.promotion import converted
from ..errors import ArgumentError
from .state import get_autocast_dtype, is_autocast_enabled, state

F = TypeVar("F", bound=Callable[..., Any])

_told: set[str] = set()                              # notices that are given once


class autocast:
    """Ops inside run in float16 where that is safe, and in float32 where it is not: context manager and decorator, thread-local.

    Convolutions, linear layers and matrix products take float16 operands (and add up in float32), losses float32 ones, the rest
    what comes (`lists.py`). A float32 weight is cast once per region, and its gradient is float32. `enabled=False` makes an island
    without casts. dtype: float16, which is also what is taken, with one notice, for the CPU's default in PyTorch, bfloat16.
    Anything else, and a GPU that is not there, switches the region off with a warning, as in PyTorch.

    >>> import minigrad
    >>> model = minigrad.nn.Linear(4, 2)
    >>> with minigrad.autocast("cpu", dtype=minigrad.float16):
    ...     y = model(minigrad.ones(3, 4))
    >>> y.dtype, model.weight.dtype
    (minigrad.float16, minigrad.float32)
    """

    def __init__(self, device_type: str, dtype: DType | None = None, enabled: bool = True, cache_enabled: bool | None = None) -> None:
        if not isinstance(device_type, str):
            raise ArgumentError(f"autocast: Expected `device_type` of type `str`, got: `{type(device_type)}`; write 'cpu' or 'cuda'")
        self.device = device(device_type).type
        if dtype is not None and not isinstance(dtype, dtypes.NamedDtype):
            to_numpy_dtype(dtype)                    # says what is no dtype
        if enabled and self.device == "cuda" and not is_available():
            warnings.warn("autocast: CUDA is not available; switched off", stacklevel=2)
            enabled = False
        elif enabled and dtype is not None and dtype is not dtypes.float16:
            warnings.warn(f"autocast: computes in float16 only; got {dtype}; switched off: dtypes stay as they are", stacklevel=2)
            enabled = False
        elif enabled and dtype is None and self.device == "cpu" and "cpu" not in _told:
            _told.add("cpu")
            warnings.warn("autocast: PyTorch's dtype on the CPU is bfloat16, which NumPy has not; computing in float16, whose gradients "
                          "need a GradScaler; say dtype=minigrad.float16 (told once)", stacklevel=2)
        self.fast_dtype = dtype if dtype is not None else get_autocast_dtype(self.device)
        self._enabled, self._cache_enabled = enabled, cache_enabled
        self._before: list[tuple[bool, Any, bool, Watch | None]] = []

    def __enter__(self) -> autocast:
        s = state()
        kind = self.device
        self._before.append((s.enabled[kind], s.dtype[kind], s.caching, local.mode.watch))
        s.enabled[kind] = self._enabled
        if not isinstance(self.fast_dtype, dtypes.NamedDtype):           # of those autocast is off
            s.dtype[kind] = self.fast_dtype.numpy
        s.caching = s.caching if self._cache_enabled is None else self._cache_enabled
        s.nesting += 1
        s.turned()
        return self

    def __exit__(self, *error: object) -> None:
        s = state()
        s.nesting -= 1
        s.enabled[self.device], s.dtype[self.device], s.caching, local.mode.watch = self._before.pop()
        if not s.nesting:
            s.cast.clear()
            s.settle()

    def __call__(self, func: F) -> F:
        @functools.wraps(func)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self._again():
                return func(*args, **kwargs)
        return inside                                # type: ignore[return-value]

    def _again(self) -> autocast:
        """One of the same, as calls of a decorated function may overlap in threads."""
        other = object.__new__(autocast)
        other.__dict__.update(self.__dict__, _before=[])
        return other


# ---------------------------------------------------------------- in an autograd.Function
def custom_fwd(fwd: F | None = None, *, device_type: str, cast_inputs: DType | None = None) -> Any:
    """Decorate `forward` of an `autograd.Function`: under autocast it gets its floating-point tensors in `cast_inputs`, and runs
    without autocast; without `cast_inputs` it runs as it is, and `custom_bwd` runs `backward` under the same settings."""
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def forward(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        ctx._dtype = get_autocast_dtype(device_type)
        enabled = is_autocast_enabled(device_type)
        ctx._fwd_used_autocast = enabled and cast_inputs is None
        if cast_inputs is None or not enabled:
            return fwd(ctx, *args, **kwargs)
        with autocast(device_type, enabled=False):
            return fwd(ctx, *cast(args, device_type, cast_inputs), **cast(kwargs, device_type, cast_inputs))
    return forward


def custom_bwd(bwd: F | None = None, *, device_type: str) -> Any:
    """Decorate `backward` of an `autograd.Function` whose `forward` has `custom_fwd`: autocast as that was."""
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def backward(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        with autocast(device_type, ctx._dtype, ctx._fwd_used_autocast):
            return bwd(ctx, *args, **kwargs)
    return backward


def cast(value: Any, device_type: str, dtype: DType) -> Any:
    """Arguments with the floating-point tensors on a device, but for float64, in a dtype."""
    if isinstance(value, TensorBase):
        array = value.array
        eligible = array.dtype.kind == "f" and array.dtype.char != "d" and backend_of(array).device_of(array).type == device_type
        return converted(value, dtype.numpy) if eligible else value
    if isinstance(value, Mapping):
        return {cast(k, device_type, dtype): cast(v, device_type, dtype) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([cast(v, device_type, dtype) for v in value])
    return value
