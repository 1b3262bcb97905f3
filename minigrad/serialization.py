"""save and load: one safetensors file whose metadata says how the tensors belong together.

Tensors lie in the file under readable names (`model.conv1.weight`), so any safetensors reader gets at them; the structure
around them (dicts, lists, numbers, strings, ...) is JSON in the metadata. No pickle: a file can hold data, never code.
A file is written beside its target, flushed to disk and renamed, so a crash leaves the old file or the new one.
"""
from __future__ import annotations

import base64
import json
import os
import tempfile
import warnings
from collections import Counter, OrderedDict
from pathlib import Path
from typing import IO, Any

import numpy as np

from . import dtypes
from ._device import as_device, device
from ._size import Size
from ._tensor import Tensor
from .backend import backend_for, backend_of
from .engine.node import wrap
from .errors import ArgumentTypeError, CheckpointError, describe

FORMAT = "minigrad 1"                                # in the metadata: who wrote the structure, and in which version
KEY = "minigrad"

FileLike = str | os.PathLike[str] | IO[bytes]


# ---------------------------------------------------------------- structure <-> JSON
class _Writer:
    """Turns an object into JSON and a dictionary of arrays."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray[Any, Any]] = {}
        self._names: dict[Any, str] = {}             # memory that is in the file already -> its name

    def encode(self, value: Any, path: str) -> Any:
        if value is None or isinstance(value, (bool, str)) or type(value) is int:
            return value
        if isinstance(value, Tensor):
            host = backend_of(value.array).to_host(value.array)
            return {"tensor": self.store(host, path), "requires_grad": value.requires_grad, "dtype": host.dtype.name}
        if isinstance(value, np.ndarray):
            return {"array": self.store(value, path), "dtype": value.dtype.name}
        for kind, test, encode in _PLAIN:
            if isinstance(value, test):
                return {kind: encode(value)}
        for kind, container in _CONTAINERS.items():
            if type(value) is container or (kind == "dict" and isinstance(value, dict)) or (kind == "tuple" and isinstance(value, tuple)):
                return {kind: self.encode_items(value, path)}
        remedy = "save its state_dict()" if hasattr(value, "state_dict") else "save the tensors and numbers that make it up"
        raise ArgumentTypeError(f"save: cannot save {type(value).__module__}.{type(value).__qualname__} at {path or 'the top'}; {remedy}")

    def encode_items(self, value: Any, path: str) -> list[Any]:
        if isinstance(value, dict):
            return [[self.encode(k, f"{path} (a key)"), self.encode(v, f"{path}.{k}".strip("."))] for k, v in value.items()]
        return [self.encode(v, f"{path}.{i}".strip(".")) for i, v in enumerate(value)]

    def store(self, array: np.ndarray[Any, Any], path: str) -> str:
        """The name under which an array is in the file; memory shared by several tensors is stored once."""
        dtypes.from_numpy_dtype(array.dtype)         # says what is wrong with object, string, ... arrays
        identity = (array.__array_interface__["data"][0], array.shape, array.strides, array.dtype)
        if array.size and identity in self._names:
            return self._names[identity]
        name, n = path or "tensor", 1
        while name in self.arrays:
            name, n = f"{path or 'tensor'}#{n}", n + 1
        if array.dtype.kind == "c":                  # safetensors has no complex128: a last dimension of (real, imaginary)
            stored = np.stack([array.real, array.imag], -1)
        else:
            stored = array
        self.arrays[name] = np.ascontiguousarray(stored).reshape(stored.shape)
        self._names[identity] = name
        return name


_PLAIN: list[tuple[str, Any, Any]] = [
    ("float", float, lambda v: v.hex()),             # exact, and with names for inf and nan
    ("int", (int, np.integer), int),
    ("bool", np.bool_, bool),
    ("float", np.floating, lambda v: float(v).hex()),
    ("complex", complex, lambda v: [v.real.hex(), v.imag.hex()]),
    ("bytes", bytes, lambda v: base64.b64encode(v).decode()),
    ("dtype", dtypes.dtype, lambda v: v.name),
    ("device", device, str),
]
_CONTAINERS: dict[str, Any] = {"OrderedDict": OrderedDict, "Counter": Counter, "Size": Size, "list": list, "tuple": tuple,
                               "set": set, "dict": dict}


class _Reader:
    """Turns JSON and arrays into the object again."""

    def __init__(self, arrays: dict[str, np.ndarray[Any, Any]], where: Any, source: str) -> None:
        self.arrays, self.where, self.source = arrays, where, source
        self._placed: dict[tuple[str, str], Any] = {}

    def decode(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        kind = next(iter(value), "")
        body = value.get(kind)
        if kind == "tensor":
            t: Tensor = wrap(self.placed(str(body), value["dtype"]))
            return t.requires_grad_() if value.get("requires_grad") else t
        if kind == "array":
            return self.host(str(body), value["dtype"])
        if kind in _CONTAINERS and isinstance(body, list):
            made = _CONTAINERS[kind]
            if issubclass(made, dict):
                return made([(self.decode(k), self.decode(v)) for k, v in body]) if made is not Counter else Counter(
                    {self.decode(k): self.decode(v) for k, v in body})
            return made([self.decode(v) for v in body])
        if kind in _DECODE:
            return _DECODE[kind](body)
        raise CheckpointError(f"load: {self.source} holds a {kind!r}, which this version does not know; "
                              "was it written by a newer minigrad?")

    def host(self, name: str, dtype_name: str) -> np.ndarray[Any, Any]:
        if name not in self.arrays:
            raise CheckpointError(f"load: {self.source} lacks the tensor {name!r} that its structure names; the file is damaged")
        array = self.arrays[name]
        if dtypes.by_name(dtype_name).is_complex:
            return (array[..., 0] + 1j * array[..., 1]).astype(dtype_name)
        return array

    def placed(self, name: str, dtype_name: str) -> Any:
        """The array on its device; tensors that shared memory when saved share it again."""
        key = (name, dtype_name)
        if key not in self._placed:
            target = as_device(self.where) if self.where is not None else as_device("cpu")
            self._placed[key] = backend_for(target).from_host(self.host(name, dtype_name), target)
        return self._placed[key]


_DECODE: dict[str, Any] = {
    "float": float.fromhex, "int": int, "bool": bool, "complex": lambda v: complex(float.fromhex(v[0]), float.fromhex(v[1])),
    "bytes": base64.b64decode, "dtype": dtypes.by_name, "device": device,
}


# ---------------------------------------------------------------- files
def save(obj: Any, f: FileLike) -> None:
    """Write tensors, numbers, strings, and dicts, lists, tuples and sets of them, to a file.

    f: a path, or a binary file open for writing. A path is replaced only when everything is safely on disk.
    Raises ArgumentTypeError for anything else in `obj`, naming where it is; nothing is written then.

    >>> import minigrad
    >>> minigrad.save({"w": minigrad.ones(2), "epoch": 3}, "/tmp/doctest.safetensors")
    >>> minigrad.load("/tmp/doctest.safetensors")
    {'w': tensor([1., 1.]), 'epoch': 3}
    """
    from safetensors.numpy import save as to_bytes
    writer = _Writer()
    structure = json.dumps(writer.encode(obj, ""), separators=(",", ":"))
    data = to_bytes(writer.arrays, {"format": FORMAT, KEY: structure})
    if hasattr(f, "write"):
        f.write(data)
    else:
        write_atomically(Path(f), data)


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` into a file so that, whenever the machine stops, the old content or the new is there, whole."""
    handle, temporary = tempfile.mkstemp(dir=path.parent or ".", prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)          # mkstemp makes files that only the owner can read
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    if hasattr(os, "O_DIRECTORY"):                   # the rename itself, where the system lets us flush a directory
        directory = os.open(path.parent or ".", os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def load(f: FileLike, map_location: Any = None, *, weights_only: bool = True, mmap: bool | None = None) -> Any:
    """What `save` wrote; of a safetensors file by others, a dict of tensors.

    f: a path, or a binary file open for reading. map_location: the device for all tensors (default: the CPU).
    weights_only, mmap: accepted as in PyTorch; a file can only hold data, and is read whole.
    Raises CheckpointError for a file that is damaged or of another kind, FileNotFoundError for none.
    """
    source = str(getattr(f, "name", "the stream")) if hasattr(f, "read") else str(f)
    data = f.read() if hasattr(f, "read") else Path(f).read_bytes()
    arrays, metadata = _parse(data, source)
    if map_location is not None and not isinstance(map_location, (str, device, int)):
        raise ArgumentTypeError(f"load: map_location must be a device; got {describe(map_location)}")
    if KEY not in metadata:
        reader = _Reader(arrays, map_location, source)
        return {name: wrap(reader.placed(name, array.dtype.name)) for name, array in arrays.items()}
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"load: {source} has format {metadata.get('format')!r}; this version reads {FORMAT!r}")
    try:
        return _Reader(arrays, map_location, source).decode(json.loads(metadata[KEY]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"load: the structure in {source} is damaged ({error})") from error


def _parse(data: bytes, source: str) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, str]]:
    """Arrays and metadata of a safetensors file."""
    from safetensors import SafetensorError, deserialize
    try:
        entries = deserialize(data)                 # type: ignore[no-untyped-call]
        header = json.loads(data[8:8 + int.from_bytes(data[:8], "little")])
    except (SafetensorError, ValueError) as error:   # only now look at the first bytes: a header's length may be any of these
        if data[:4] == b"PK\x03\x04":
            raise CheckpointError(f"load: {source} is a zip file, PyTorch's own format; "
                                  "save it from PyTorch with safetensors.torch.save_file(...)") from error
        if data[:1] == b"\x80":
            raise CheckpointError(f"load: {source} is a pickle, which may run code when read; save it again as safetensors") from error
        raise CheckpointError(f"load: {source} is no safetensors file, or a damaged one ({error}; {len(data)} bytes)") from error
    arrays = {}
    for name, entry in entries:
        arrays[name] = _array(entry, name, source)
    return arrays, header.get("__metadata__", {})


_NUMPY_NAMES = {"F64": "f8", "F32": "f4", "F16": "f2", "I64": "i8", "I32": "i4", "I16": "i2", "I8": "i1", "U8": "u1", "BOOL": "?",
                "C64": "c8"}
_notified = False


def _array(entry: dict[str, Any], name: str, source: str) -> np.ndarray[Any, Any]:
    """One tensor of the file. bfloat16 is the upper half of a float32: widened without loss."""
    global _notified
    kind, shape, data = entry["dtype"], entry["shape"], entry["data"]
    if kind == "BF16":
        if not _notified:
            warnings.warn(f"load: {source} holds bfloat16, which NumPy has not; widened to float32 (said once)", stacklevel=5)
            _notified = True
        return (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4").reshape(shape).astype(np.float32, copy=False)
    if kind not in _NUMPY_NAMES:
        raise CheckpointError(f"load: tensor {name!r} in {source} has dtype {kind}, which minigrad does not have")
    array = np.frombuffer(bytearray(data) if not isinstance(data, bytearray) else data, np.dtype(_NUMPY_NAMES[kind]).newbyteorder("<"))
    return array.astype(array.dtype.newbyteorder("="), copy=False).reshape(shape)


