"""From tensors and containers to a file that `torch.load(weights_only=True)` takes.

The pickle is written operation by operation: the names in it are PyTorch's, which need not be installed. Equal states give equal
bytes: nothing depends on addresses or on the order of sets.
"""
from __future__ import annotations

import math
import struct
import sys
from collections import Counter, OrderedDict
from typing import Any

import numpy as np

from .. import dtypes
from .._device import device
from .._size import Size
from .._tensor import Tensor
from ..backend import backend_of
from ..errors import ArgumentTypeError
from ..nn.parameter import Parameter
from . import archive
from .reader import STORAGES

STORAGE_OF = {d.numpy: name for name, d in STORAGES.items()}
EMPTY_ORDERED = b"ccollections\nOrderedDict\n)R"


def to_bytes(value: Any) -> bytes:
    """The file for a value. Raises ArgumentTypeError for what PyTorch would not read back without running code."""
    pickler = _Pickler(value)
    pickler.write(value, "")
    pickle = b"\x80\x02" + bytes(pickler.out) + b"."
    records: list[tuple[str, bytes | memoryview]] = [
        ("data.pkl", pickle), (".format_version", b"1"), (".storage_alignment", str(archive.ALIGNMENT).encode()),
        ("byteorder", sys.byteorder.encode())]
    records += [(f"data/{s.key}", s.filled().data) for s in pickler.storages]
    return archive.write([*records, ("version", b"3\n")])


class _Block:
    """Memory that becomes one storage: what overlapping tensors span together, counted in elements from `low`."""

    def __init__(self, tensor: Tensor) -> None:
        self.key = -1                                # the name of the storage, given when the first tensor is written
        self.dtype = tensor.array.dtype
        self.where = tensor.device
        self.low, self.high = span(tensor)
        self.tensors = [tensor]

    @property
    def apart(self) -> bool:
        """Whether PyTorch has no strides for this memory: it is empty, runs backwards, or steps by parts of an element."""
        t = self.tensors[0].array
        return t.size == 0 or any(s < 0 or s % t.itemsize for s in t.strides)

    @property
    def compact(self) -> bool:
        """Whether the tensor is written row by row: it must be, or nobody shares its memory and that has gaps."""
        return self.apart or (len(self.tensors) == 1 and self.high - self.low > self.tensors[0].array.nbytes)

    @property
    def count(self) -> int:
        """Elements in the storage."""
        return int(self.tensors[0].array.size if self.compact else (self.high - self.low) // self.dtype.itemsize)

    def place(self, tensor: Tensor) -> tuple[int, tuple[int, ...]]:
        """Where a tensor lies in the storage: offset and strides, in elements."""
        t = tensor.array
        if self.compact:
            return 0, tuple([math.prod(t.shape[i + 1:]) for i in range(t.ndim)])
        return (tensor.data_ptr() - self.low) // t.itemsize, tuple([s // t.itemsize for s in t.strides])

    def filled(self) -> np.ndarray[Any, Any]:
        """The storage, with zeros where no tensor has elements."""
        out = np.zeros(self.count, self.dtype)
        for tensor in self.tensors:
            if tensor.array.size:
                offset, strides = self.place(tensor)
                window = np.lib.stride_tricks.as_strided(out[offset:], tensor.array.shape, [s * out.itemsize for s in strides])
                window[...] = backend_of(tensor.array).to_host(tensor.array)
        return out.view(np.uint8)


def span(tensor: Tensor) -> tuple[int, int]:
    """The first address of a tensor's memory and the one after its last."""
    t, at = tensor.array, tensor.data_ptr()
    if t.size == 0:
        return at, at
    steps = [(n - 1) * s for n, s in zip(t.shape, t.strides)]
    return at + sum([s for s in steps if s < 0]), at + sum([s for s in steps if s > 0]) + t.itemsize


def blocks(tensors: list[Tensor]) -> dict[int, _Block]:
    """The block of each tensor, by its id: tensors of one dtype whose memory overlaps share one."""
    found: dict[int, _Block] = {}
    last: dict[Any, _Block] = {}                     # of each dtype and device, the block that reaches highest so far
    for tensor in sorted(tensors, key=span):
        dtypes.from_numpy_dtype(tensor.array.dtype)
        block = _Block(tensor)
        before = last.get((block.dtype, block.where))
        if before and block.low < before.high and not block.apart and (block.low - before.low) % block.dtype.itemsize == 0:
            before.high = max(before.high, block.high)
            before.tensors.append(tensor)
            block = before
        elif not block.apart:
            last[block.dtype, block.where] = block
        found[id(tensor)] = block
    return found


class _Pickler:
    def __init__(self, value: Any) -> None:
        self.out = bytearray()
        self.memo: dict[int, int] = {}               # id of a container or tensor -> its number in the file
        self.kept: list[Any] = []                    # ids are theirs only as long as they live
        self.blocks = blocks(tensors_in(value))
        self.storages: list[_Block] = []             # in the order of their first use

    def write(self, value: Any, path: str) -> None:
        if id(value) in self.memo:
            n = self.memo[id(value)]
            self.out += b"h" + bytes([n]) if n < 256 else b"j" + struct.pack("<I", n)
            return
        for kind, emit in _PLAIN:
            if isinstance(value, kind):
                emit(self, value)
                return
        for kind, emit_container in _CONTAINERS:
            if type(value) is kind or (kind not in (list, set) and isinstance(value, kind)):
                emit_container(self, value, path)
                return
        remedy = ("save its state_dict()" if hasattr(value, "state_dict") else "make it a tensor" if isinstance(value, np.ndarray)
                  else "save the tensors and numbers that make it up")
        raise ArgumentTypeError(f"save: cannot save {type(value).__module__}.{type(value).__qualname__} at {path or 'the top'} "
                                f"for torch.load; {remedy}")

    def remember(self, value: Any) -> None:
        n = self.memo[id(value)] = len(self.memo)
        self.kept.append(value)
        self.out += b"q" + bytes([n]) if n < 256 else b"r" + struct.pack("<I", n)

    # ---- numbers and strings
    def integer(self, value: Any) -> None:
        value = int(value)
        if -2**31 <= value < 2**31:
            self.out += b"J" + struct.pack("<i", value)
            return
        data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
        if len(data) > 255:
            raise ArgumentTypeError(f"save: cannot save an int of {value.bit_length()} bits for torch.load, which takes 2039; "
                                    "save it as a string")
        self.out += b"\x8a" + bytes([len(data)]) + data

    def number(self, value: Any) -> None:
        self.out += b"G" + struct.pack(">d", value)

    def text(self, value: str) -> None:
        data = value.encode("utf-8", "surrogatepass")
        self.out += b"X" + struct.pack("<I", len(data)) + data

    def data(self, value: bytes) -> None:            # protocol 2 has no bytes: they travel as latin-1 text
        self.out += b"c_codecs\nencode\n"
        self.text(value.decode("latin-1"))
        self.text("latin1")
        self.out += b"\x86R"

    def complex_number(self, value: complex) -> None:
        self.out += b"c__builtin__\ncomplex\n"
        self.number(value.real)
        self.number(value.imag)
        self.out += b"\x86R"

    def device_name(self, value: device) -> None:
        self.out += b"ctorch\ndevice\n"
        self.text(str(value))
        self.out += b"\x85R"

    # ---- containers
    def items(self, values: Any, path: str) -> None:
        for i, value in enumerate(values):
            self.write(value, f"{path}.{i}".strip("."))

    def sequence(self, value: list[Any], path: str) -> None:
        self.out += b"]"
        self.remember(value)
        self.out += b"("
        self.items(value, path)
        self.out += b"e"

    def fixed(self, value: tuple[Any, ...], path: str) -> None:
        self.out += b"ctorch\nSize\n(" if isinstance(value, Size) else b"("
        self.items(value, path)
        self.out += b"t\x85R" if isinstance(value, Size) else b"t"
        self.remember(value)

    def mapping(self, value: dict[Any, Any], path: str) -> None:
        ordered, counter = type(value) is OrderedDict, type(value) is Counter
        self.out += EMPTY_ORDERED if ordered else b"ccollections\nCounter\n}" if counter else b"}"
        if not counter:
            self.remember(value)
        self.out += b"("
        for key, item in value.items():
            self.write(key, f"{path} (a key)")
            self.write(item, f"{path}.{key}".strip("."))
        self.out += b"u"
        if counter:
            self.out += b"\x85R"
            self.remember(value)
        if ordered and isinstance(getattr(value, "_metadata", None), dict):
            self.write({"_metadata": value._metadata}, path)   # type: ignore[attr-defined]
            self.out += b"b"

    def unordered(self, value: set[Any], path: str) -> None:
        self.out += b"c__builtin__\nset\n]("
        self.items(sorted(value, key=lambda item: (type(item).__name__, repr(item))), path)
        self.out += b"e\x85R"
        self.remember(value)

    # ---- tensors
    def tensor(self, value: Tensor, path: str) -> None:
        block = self.blocks[id(value)]
        if block.key < 0:
            block.key = len(self.storages)
            self.storages.append(block)
        parameter = isinstance(value, Parameter)
        offset, strides = block.place(value)
        self.out += (b"ctorch._utils\n_rebuild_parameter\n" if parameter else b"") + b"ctorch._utils\n_rebuild_tensor_v2\n(("
        self.text("storage")
        self.out += f"ctorch\n{STORAGE_OF[block.dtype]}\n".encode()
        self.text(str(block.key))
        self.text(str(block.where))
        self.integer(block.count)
        self.out += b"tQ"
        self.integer(offset)
        for numbers in (value.array.shape, strides):
            self.out += b"("
            for n in numbers:
                self.integer(n)
            self.out += b"t"
        self.out += (b"\x88" if value.requires_grad and not parameter else b"\x89") + EMPTY_ORDERED + b"tR"
        if parameter:
            self.out += (b"\x88" if value.requires_grad else b"\x89") + EMPTY_ORDERED + b"\x87R"
        self.remember(value)


_PLAIN: list[tuple[Any, Any]] = [                    # the first that fits
    (type(None), lambda p, v: p.out.extend(b"N")), ((bool, np.bool_), lambda p, v: p.out.extend(b"\x88" if v else b"\x89")),
    (str, _Pickler.text), ((float, np.floating), _Pickler.number), ((int, np.integer), _Pickler.integer),
    (complex, _Pickler.complex_number), (bytes, _Pickler.data), (device, _Pickler.device_name),
    (dtypes.dtype, lambda p, v: p.out.extend(f"ctorch\n{v.name}\n".encode())),
]
_CONTAINERS: list[tuple[Any, Any]] = [(Tensor, _Pickler.tensor), (list, _Pickler.sequence), (tuple, _Pickler.fixed),
                                      (dict, _Pickler.mapping), (set, _Pickler.unordered)]


def tensors_in(value: Any) -> list[Tensor]:
    """The tensors in a value, each once."""
    found: dict[int, Tensor] = {}
    seen, todo = {id(value)}, [value]
    while todo:
        item = todo.pop()
        if isinstance(item, Tensor):
            found[id(item)] = item
        inside = [*item, *item.values()] if isinstance(item, dict) else item if isinstance(item, (list, tuple, set)) else ()
        for each in inside:
            if id(each) not in seen:
                seen.add(id(each))
                todo.append(each)
    return list(found.values())
