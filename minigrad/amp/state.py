"""What autocast is set to in each thread, PyTorch's functions that ask and set it, and what it makes of an op's operands."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .. import dtypes
from .._device import device
from ..backend import backend_of
from ..dtypes import NumpyDtype, from_numpy_dtype, to_numpy_dtype
from ..dtypes import dtype as DType
from ..engine import mode as modes
from ..engine.mode import local
from ..engine.node import COUNT, Leaf, TensorBase
from ..engine.promotion import converted
from ..errors import DtypeError
from .lists import LISTS, REFUSED, SINGLE, WIDEST

F16, F32 = dtypes.float16.numpy, dtypes.float32.numpy
DEVICES = ("cpu", "cuda")


class State:
    """Autocast's settings in one thread.

    enabled: device type -> whether ops on it are cast. dtype: device type -> to what. nesting: how many regions are open.
    cast: id of a weight -> (the weight, its write count, its values in the other dtype); emptied when the outermost region ends.
    """

    def __init__(self) -> None:
        self.enabled = dict.fromkeys(DEVICES, False)
        self.dtype = dict.fromkeys(DEVICES, F16)
        self.caching = True
        self.nesting = 0
        self.cast: dict[tuple[int, NumpyDtype, bool], tuple[Any, int, Any]] = {}

    def run(self, name: str, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call an op with its operands in the dtype that its list asks for; as it is if it stands in none."""
        kind, to = self.wanted(name, args, kwargs)
        if kind is None or kwargs.get("out") is not None:
            return call(*args, **kwargs)
        if kind is REFUSED:
            raise DtypeError(f"{name}: binary cross entropy of probabilities is unsafe to autocast: its gradient overflows float16; "
                             "use binary_cross_entropy_with_logits, or a region with enabled=False")
        if kind is SINGLE or kind is WIDEST and any(t.array.dtype == F32 for t in tensors_in((*args, *kwargs.values()))):
            to = F32
        args = tuple([self.converted(a, to) for a in args])
        return call(*args, **{option: self.converted(a, to) for option, a in kwargs.items()})

    def run_function(self, name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The same for a function of several ops, which then take what it gives them."""
        def apart(*args: Any, **kwargs: Any) -> Any:
            mode = local.mode
            before, mode.watch = mode.watch, modes.without(watch, mode.watch)
            try:
                return function(*args, **kwargs)
            finally:
                mode.watch = before
        return self.run(name, function if self.wanted(name, args, kwargs)[0] is None else apart, args, kwargs)

    def wanted(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str | None, NumpyDtype]:
        """Which list an op stands in on the device of its first tensor, None where its ops are not cast; and the dtype to compute in."""
        for t in tensors_in((*args, *kwargs.values())):
            array = t.array
            kind = backend_of(array).device_of(array).type
            return LISTS[kind].get(name) if self.enabled[kind] else None, self.dtype[kind]
        return None, F32

    def converted(self, value: Any, to: NumpyDtype) -> Any:
        """An operand in a dtype, of a sequence each element. float64, integers and what is no tensor stay as they are."""
        if isinstance(value, TensorBase):
            have = value.array.dtype
            return value if have is to or have not in (F16, F32) else self.cast_of(value, to)
        if type(value) in (list, tuple):
            return type(value)([self.converted(v, to) for v in value])
        return value

    def cast_of(self, tensor: Any, to: NumpyDtype) -> Any:
        """A tensor cast; a weight only once per region, so that all uses share one cast and its gradient adds up there."""
        if to == F32 or not (self.caching and self.nesting and isinstance(tensor.node, Leaf) and tensor.base is None):
            return converted(tensor, to)
        key = id(tensor), to, local.mode.recording
        known = self.cast.get(key)
        if known is None or known[1] != tensor.cell[COUNT]:
            self.cast[key] = known = tensor, tensor.cell[COUNT], converted(tensor, to)
        return known[2]

    def turned(self) -> None:
        """Stand in front of ops, or no longer, after `enabled` has changed."""
        mode = local.mode
        mode.watch = modes.without(watch, mode.watch)
        if any(self.enabled.values()):
            mode.watch = modes.in_front(watch, mode.watch)

    def settle(self) -> None:
        """Leave nothing behind where all is as it was in the beginning."""
        if (self.enabled, self.dtype, self.caching, self.nesting) == (UNTOUCHED.enabled, UNTOUCHED.dtype, True, 0):
            local.mode.autocast = None


def tensors_in(values: tuple[Any, ...]) -> Iterator[Any]:
    """The tensors among arguments, also those in a list."""
    for value in values:
        if isinstance(value, TensorBase):
            yield value
        elif type(value) in (list, tuple):
            for v in value:
                if isinstance(v, TensorBase):
                    yield v


def watch(op: Any, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Autocast in front of every op."""
    return state().run(op.name, call, args, kwargs)


def state() -> State:
    """The settings of this thread, to change them."""
    mode = local.mode
    if mode.autocast is None:
        mode.autocast = State()
    found: State = mode.autocast
    return found


def known() -> State:
    """The settings of this thread, to read them."""
    found: State = local.mode.autocast or UNTOUCHED
    return found


UNTOUCHED = State()


# ---------------------------------------------------------------- what users ask and set
def is_autocast_available(device_type: str) -> bool:
    """True for the devices that autocast knows: "cpu" and "cuda"."""
    return device(device_type).type in DEVICES


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether ops on such a device are autocast in this thread, at this place."""
    return known().enabled[device(device_type).type]


def set_autocast_enabled(device_type: str | bool, enabled: bool | None = None) -> None:
    """Switch autocast for a device type on or off in this thread; with one argument, for "cuda"."""
    kind, on = ("cuda", device_type) if isinstance(device_type, bool) else (device_type, bool(enabled))
    s = state()
    s.enabled[device(kind).type] = on
    s.turned()
    s.settle()


def get_autocast_dtype(device_type: str) -> DType:
    """The dtype that autocast computes in on such a device: float16, as there is no bfloat16."""
    return from_numpy_dtype(known().dtype[device(device_type).type])


def set_autocast_dtype(device_type: str, dtype: DType) -> None:
    """Set the dtype that autocast computes in on such a device."""
    s = state()
    s.dtype[device(device_type).type] = to_numpy_dtype(dtype)
    s.settle()


def is_autocast_cache_enabled() -> bool:
    """Whether a weight is cast once per region, and not at each use."""
    return known().caching


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Say whether a weight is cast once per region, and not at each use."""
    s = state()
    s.caching = bool(enabled)
    s.settle()


def clear_autocast_cache() -> None:
    """Forget the weights that are cast."""
    known().cast.clear()


def autocast_increment_nesting() -> int:
    """Count one region more; how many are open."""
    s = state()
    s.nesting += 1
    return s.nesting


def autocast_decrement_nesting() -> int:
    """Count one region less; how many are open."""
    s = state()
    s.nesting -= 1
    s.settle()
    return s.nesting


def get_autocast_cpu_dtype() -> DType:
    """`get_autocast_dtype("cpu")`, as it was once called."""
    return get_autocast_dtype("cpu")


def get_autocast_gpu_dtype() -> DType:
    """`get_autocast_dtype("cuda")`, as it was once called."""
    return get_autocast_dtype("cuda")


def is_autocast_cpu_enabled() -> bool:
    """`is_autocast_enabled("cpu")`, as it was once called."""
    return is_autocast_enabled("cpu")


def set_autocast_cpu_enabled(enabled: bool) -> None:
    """`set_autocast_enabled("cpu", enabled)`, as it was once called."""
    set_autocast_enabled("cpu", enabled)


def set_autocast_cpu_dtype(dtype: DType) -> None:
    """`set_autocast_dtype("cpu", dtype)`, as it was once called."""
    set_autocast_dtype("cpu", dtype)


def set_autocast_gpu_dtype(dtype: DType) -> None:
    """`set_autocast_dtype("cuda", dtype)`, as it was once called."""
    set_autocast_dtype("cuda", dtype)
