"""From a PyTorch checkpoint to tensors: the names that may stand in one, and what each of them builds."""
from __future__ import annotations

import warnings
from collections import Counter, OrderedDict
from typing import IO, Any

import numpy as np

from .. import dtypes
from .._device import device
from .._size import Size
from .._tensor import Tensor
from ..backend import backend_for, strided
from ..engine.node import Cell, wrap
from ..errors import CheckpointError
from ..nn.parameter import Parameter
from .archive import Archive
from .locations import Place
from .unpickler import Function, Unpickler

STORAGES = {"FloatStorage": dtypes.float32, "DoubleStorage": dtypes.float64, "HalfStorage": dtypes.float16, "LongStorage": dtypes.int64,
            "IntStorage": dtypes.int32, "ShortStorage": dtypes.int16, "CharStorage": dtypes.int8, "ByteStorage": dtypes.uint8,
            "BoolStorage": dtypes.bool_, "ComplexFloatStorage": dtypes.complex64, "ComplexDoubleStorage": dtypes.complex128}
BFLOAT16 = "BFloat16Storage"
BUILDS = {Tensor, Parameter, OrderedDict, Counter, Size, dtypes.dtype, device, dict, list, tuple, set,
          type(None), bool, int, float, complex, str, bytes}


class StorageType:
    """The kind of elements in a storage, by PyTorch's name for it."""
    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Storage:
    """The memory that several tensors may be strided windows into."""
    __slots__ = ("kind", "array", "cell")

    def __init__(self, kind: str, array: Any) -> None:
        self.kind, self.array = kind, array          # flat, on its device
        self.cell: Cell = [0, 0, None]               # one clock for all of them, so that a write through one is seen by the others


def load(file: IO[bytes], place: Place, source: str) -> Any:
    """The object in a PyTorch zip checkpoint. place: the device for tensors that were on another.

    Raises CheckpointError for a file that is damaged, or that holds anything but tensors, containers, numbers and strings.
    """
    misplaced: list[Exception] = []                  # what the user's own map_location raises is not the file's fault

    def placed(location: str) -> device:
        try:
            return place(location)
        except Exception as error:
            misplaced.append(error)
            raise
    try:
        reader = _Reader(file, placed, source)
        value = reader.load()
    except (CheckpointError, MemoryError):
        raise
    except Exception as error:                       # a file may be damaged in more ways than zipfile and NumPy have exceptions for
        if misplaced:
            raise
        raise CheckpointError(f"load: {source} is no PyTorch zip checkpoint, or a damaged one "
                              f"({type(error).__name__}: {str(error)[:200]})") from error
    if reader.widened:
        warnings.warn(f"load: {source} holds bfloat16, which NumPy has not; widened to float32", stacklevel=3)
    return value


class _Reader:
    def __init__(self, file: IO[bytes], place: Place, source: str) -> None:
        self.place, self.source = place, source
        self.archive = Archive(file, self.fail)
        self.storages: dict[str, Storage] = {}
        self.functions = {names: Function(".".join(names), call) for names, call in self.calls().items()}
        self.left = self.archive.size("data.pkl")    # elements that calls may copy: no honest pickle copies more than it holds
        self.machine = Unpickler(self.find, self.persistent, self.fail)
        self.widened = False
        self.order: Any = "little"
        if "byteorder" in self.archive:
            self.order = self.archive.read("byteorder").tobytes().decode()
            if self.order not in ("little", "big"):
                raise self.fail(f"has byte order {self.order[:80]!r}; the file is damaged")

    def fail(self, text: str) -> CheckpointError:
        return CheckpointError(f"load: {self.source} {text}")

    def load(self) -> Any:
        pickle = self.archive.read("data.pkl").tobytes()
        value = self.machine.load(pickle)
        self.check(value)
        return value

    def check(self, value: Any) -> None:
        """No function, storage or type may be left in what the user gets."""
        seen, todo = {id(value)}, [value]
        while todo:
            item = todo.pop()
            if type(item) not in BUILDS:
                raise self.fail(f"holds {getattr(item, 'name', None) or type(item).__name__} as a value, which cannot be loaded")
            inside: list[Any] = []
            if isinstance(item, dict):
                inside = [*item.values(), *getattr(item, "__dict__", {}).values()]
            elif isinstance(item, (list, tuple)):
                inside = list(item)
            for each in inside:
                if id(each) not in seen:
                    seen.add(id(each))
                    todo.append(each)

    # ---- names
    def calls(self) -> dict[tuple[str, str], Any]:
        return {
            ("torch._utils", "_rebuild_tensor"): self.tensor, ("torch._utils", "_rebuild_tensor_v2"): self.tensor,
            ("torch._utils", "_rebuild_parameter"): self.parameter, ("torch", "Size"): self.make_size,
            ("torch", "device"): self.make_device, ("collections", "OrderedDict"): self.ordered,
            ("collections", "Counter"): self.counter, ("_codecs", "encode"): self.encode,
            **{(module, name): call for module in ("builtins", "__builtin__")
               for name, call in (("set", self.make_set), ("complex", self.make_complex), ("bytes", self.no_bytes))}}

    def find(self, module: str, name: str) -> Any:
        if (module, name) in self.functions:
            return self.functions[module, name]
        if module == "torch" and (name in STORAGES or name == BFLOAT16):
            return StorageType(name)
        if module == "torch" and (name in {d.name for d in dtypes.ALL} or name in dtypes.NAMED):
            return dtypes.by_name(name)
        if (module, name) == ("torch._utils", "_rebuild_tensor_v3"):
            raise self.fail("holds a tensor of a dtype that minigrad does not have (uint16, uint32, uint64, float8, ...): torch._utils."
                            "_rebuild_tensor_v3; convert it before saving")
        what = f"{module[:80]}.{name[:80]}"
        if module.split(".")[0] == "torch" or name.startswith("_"):
            raise self.fail(f"needs {what}, which minigrad does not build; save tensors, numbers, strings and containers of them")
        raise self.fail(f"holds a {what}, which is not built from a file because that may run code; "
                        "save tensors, numbers and strings, of a module its state_dict()")

    # ---- storages and tensors
    def persistent(self, identity: Any) -> Storage:
        tag, kind, key, location, count = identity
        if tag != "storage" or type(kind) is not StorageType or type(count) is not int or not all(type(s) is str for s in (key, location)):
            raise self.fail("names a storage in an unknown way; the file is damaged")
        if key not in self.storages:
            self.storages[key] = Storage(kind.name, self.elements(kind.name, f"data/{key}", count, self.place(location)))
        storage = self.storages[key]
        if storage.kind != kind.name or storage.array.size != count:
            raise self.fail(f"reads the record data/{key[:80]} both as {storage.kind} and as {kind.name}; the file is damaged")
        return storage

    def elements(self, kind: str, name: str, count: int, where: device) -> Any:
        """A record as a flat array of `count` elements on a device."""
        stored = np.dtype(np.uint16) if kind == BFLOAT16 else STORAGES[kind].numpy
        if count * stored.itemsize != self.archive.size(name):
            raise self.fail(f"has {self.archive.size(name)} bytes in {name[:80]!r} for a {kind} of {count}; the file is damaged")
        array = self.archive.read(name).view(stored.newbyteorder(self.order)).astype(stored, copy=False)
        if kind == BFLOAT16:
            self.widened = True
            array = (array.astype(np.uint32) << 16).view(np.float32)
        elif kind == "BoolStorage":
            array = array.view(np.uint8) != 0        # any other byte would be neither True nor False
        return backend_for(where).from_host(array, where)

    def tensor(self, storage: Storage, offset: int, size: Any, stride: Any, requires_grad: bool = False, hooks: Any = None,
               metadata: Any = None) -> Tensor:
        numbers = [offset, *size, *stride]
        if type(storage) is not Storage or len(size) != len(stride) or any(type(n) is not int or n < 0 for n in numbers):
            raise self.fail("describes a tensor that cannot be: sizes and strides are numbers >= 0; the file is damaged")
        if hooks:
            raise self.fail("holds a tensor with backward hooks, which are code; remove them before saving")
        if metadata:
            raise self.fail(f"holds a tensor marked as {', '.join(map(str, metadata))[:80]}; "
                            "call resolve_conj() or resolve_neg() before saving")
        shape, step = tuple(size), storage.array.itemsize
        if 0 in shape:
            array = storage.array[:0].reshape(shape)
        elif offset + sum([(n - 1) * s for n, s in zip(shape, stride)]) >= storage.array.size:
            raise self.fail(f"holds a tensor of shape {shape} with strides {tuple(stride)} from {offset} on, which leaves its storage of "
                            f"{storage.array.size} elements; the file is damaged"[:400])
        else:
            array = strided(storage.array, shape, tuple([s * step for s in stride]), (offset,))
        t: Tensor = wrap(array, None, storage.cell)
        return t.requires_grad_() if requires_grad else t

    def parameter(self, data: Tensor, requires_grad: bool, hooks: Any = None) -> Parameter:
        if type(data) is not Tensor or type(requires_grad) is not bool or hooks:
            raise self.fail("holds a parameter that is no tensor, or has hooks; the file is damaged")
        return Parameter(data, requires_grad)

    # ---- small things
    def copied(self, items: Any) -> Any:
        self.left -= len(items)
        if self.left < 0:
            raise self.fail("copies the same elements again and again; refused")
        return items

    def ordered(self) -> OrderedDict[Any, Any]:
        return OrderedDict()

    def counter(self, items: dict[Any, int] | None = None) -> Counter[Any]:
        if type(items or {}) is not dict:
            raise self.fail(f"makes a Counter of a {type(items).__name__}; the file is damaged")
        return Counter(self.copied(items or {}))

    def make_set(self, items: Any = ()) -> set[Any]:
        if type(items) not in (list, tuple):
            raise self.fail(f"makes a set of a {type(items).__name__}; the file is damaged")
        return {self.machine.key(item) for item in self.copied(items)}

    def make_size(self, items: Any = ()) -> Size:
        if type(items) not in (list, tuple) or any(type(n) is not int for n in items):
            raise self.fail("makes a Size of what are no integers; the file is damaged")
        return Size(self.copied(items))

    def encode(self, text: str, encoding: str) -> bytes:
        if type(text) is not str or encoding not in ("latin1", "latin-1"):
            raise self.fail("makes bytes of what is no latin-1 text; the file is damaged")
        encoded: bytes = self.copied(text).encode("latin-1")
        return encoded

    def make_complex(self, real: float, imag: float) -> complex:
        if type(real) is not float or type(imag) is not float:
            raise self.fail("makes a complex number of what are no floats; the file is damaged")
        return complex(real, imag)

    def no_bytes(self) -> bytes:
        return b""

    def make_device(self, name: str, index: int | None = None) -> device:
        if type(name) is not str or type(index) not in (int, type(None)):
            raise self.fail("holds a device without a name; the file is damaged")
        return device(name, index)
