"""save and load: one safetensors file whose metadata says how the tensors belong together.

Tensors lie in the file under readable names (`model.conv1.weight`), so any safetensors reader gets at them; the structure
around them (dicts, lists, numbers, strings, ...) is JSON in the metadata. No pickle: a file can hold data, never code.
A file is written beside its target, flushed to disk and renamed, so a crash leaves the old file or the new one.
PyTorch's own zip checkpoints, read and written too, stand in `checkpoints/`.
"""
from __future__ import annotations

import base64
import io
import json
import os
import tempfile
import warnings
from collections import Counter, OrderedDict
from pathlib import Path
from typing import IO, Any

import numpy as np

from . import dtypes
from ._device import device
from ._size import Size
from ._tensor import Tensor
from .backend import backend_for, backend_of
from .checkpoints.allowed import add_safe_globals as add_safe_globals
from .checkpoints.allowed import clear_safe_globals as clear_safe_globals
from .checkpoints.allowed import get_safe_globals as get_safe_globals
from .checkpoints.allowed import safe_globals as safe_globals
from .checkpoints.archive import is_zip
from .checkpoints.keys import Keys
from .checkpoints.locations import placer
from .checkpoints.reader import load as load_torch
from .engine.node import wrap
from .errors import ArgumentError, ArgumentTypeError, CheckpointError

FORMAT = "minigrad 2"                                # who wrote the structure, and in which version
KEY = "minigrad"                                     # its one key in the metadata: safetensors writes several in any order
FIRST_FORMAT = "minigrad 1"                          # stood in a second key, "format"; KEY held the bare structure

FileLike = str | os.PathLike[str] | IO[bytes]
FILE_LIKE = FileLike
MAP_LOCATION = Any                                   # a device, a dictionary of devices, or a function of (storage, location)


# ---------------------------------------------------------------- structure <-> JSON
class _Writer:
    """Turns an object into JSON and a dictionary of arrays."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray[Any, Any]] = {}
        self._names: dict[Any, str] = {}             # memory that is in the file already -> its name
        self._inside: dict[int, str] = {}            # the containers around what is being written -> their paths

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
                return {kind: self.encode_container(value, path)}
        remedy = "save its state_dict()" if hasattr(value, "state_dict") else "save the tensors and numbers that make it up"
        raise ArgumentTypeError(f"save: cannot save {type(value).__module__}.{type(value).__qualname__} at {path or 'the top'}; {remedy}")

    def encode_container(self, value: Any, path: str) -> list[Any]:
        if id(value) in self._inside:
            raise CheckpointError(f"save: the {type(value).__name__} at {self._inside[id(value)]} contains itself, at {path}; JSON cannot "
                                  "say that: save it without, or in PyTorch's format, format='torch'")
        self._inside[id(value)] = path or "the top"
        items = self.encode_items(value, path)
        del self._inside[id(value)]
        return items

    def encode_items(self, value: Any, path: str) -> list[Any]:
        if isinstance(value, set):                   # in an order of its own each time; equal states shall give equal bytes
            value = sorted(value, key=lambda item: (type(item).__name__, repr(item)))
        if isinstance(value, dict):
            if any(isinstance(k, Tensor) for k in value):
                raise ArgumentTypeError(f"save: cannot save a Tensor as a key, at {path or 'the top'}; name it by a string")
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

    def __init__(self, arrays: dict[str, np.ndarray[Any, Any]], where: device, source: str) -> None:
        self.arrays, self.where, self.source = arrays, where, source
        self.key = Keys(lambda text: CheckpointError(f"load: {source} {text}")).checked
        self._placed: dict[tuple[str, str], Tensor] = {}

    def decode(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        kind = next(iter(value), "")
        body = value.get(kind)
        if kind == "tensor":
            t: Tensor = self.placed(str(body), value["dtype"])
            return t.requires_grad_() if value.get("requires_grad") else t
        if kind == "array":
            return self.host(str(body), value["dtype"])
        if kind in _CONTAINERS and isinstance(body, list):
            made = _CONTAINERS[kind]
            if issubclass(made, dict):
                return made({self.key(self.decode(k)): self.decode(v) for k, v in body})
            return made([self.key(self.decode(v)) if made is set else self.decode(v) for v in body])
        if kind in _DECODE:
            return _DECODE[kind](body)
        raise CheckpointError(f"load: {self.source} holds a {kind!r}, which this version does not know; "
                              "was it written by a newer minigrad?")

    def host(self, name: str, dtype_name: str) -> np.ndarray[Any, Any]:
        if name not in self.arrays:
            raise CheckpointError(f"load: {self.source} lacks the tensor {name!r} that its structure names; the file is damaged")
        array = self.arrays[name]
        if dtypes.by_name(dtype_name).is_complex:
            if array.shape[-1:] != (2,):
                raise CheckpointError(f"load: {self.source} holds {name[:80]!r} of shape {array.shape} as {dtype_name}, which must end in "
                                      "a dimension of 2; the file is damaged")
            return (array[..., 0] + 1j * array[..., 1]).astype(dtype_name)
        return array

    def placed(self, name: str, dtype_name: str) -> Tensor:
        """The tensor on its device; those that shared memory when saved share it again, and count writes together."""
        key = (name, dtype_name)
        if key not in self._placed:
            self._placed[key] = wrap(backend_for(self.where).from_host(self.host(name, dtype_name), self.where))
        return self._placed[key].detach()


_DECODE: dict[str, Any] = {
    "float": float.fromhex, "int": int, "bool": bool, "complex": lambda v: complex(float.fromhex(v[0]), float.fromhex(v[1])),
    "bytes": base64.b64decode, "dtype": dtypes.by_name, "device": device,
}


# ---------------------------------------------------------------- files
def save(obj: Any, f: FileLike, pickle_module: Any = None, pickle_protocol: int = 2, _use_new_zipfile_serialization: bool = True, *,
         format: str | None = None) -> None:
    """Write tensors, numbers, strings, and dicts, lists, tuples and sets of them, to a file.

    f: a path, or a binary file open for writing. A path is replaced only when everything is safely on disk.
    format: "safetensors", or "torch" for a file that `torch.load(weights_only=True)` takes. By default "torch" for a path that ends in
    .pt, .pth, .ckpt, .bin or .tar, and in programs that run as PyTorch's; else "safetensors". Equal states give equal bytes.
    pickle_module, pickle_protocol, _use_new_zipfile_serialization: taken, and without effect.
    Raises ArgumentTypeError for anything else in `obj`, naming where it is; nothing is written then.

    >>> import minigrad
    >>> minigrad.save({"w": minigrad.ones(2), "epoch": 3}, "/tmp/doctest.safetensors")
    >>> minigrad.load("/tmp/doctest.safetensors")
    {'w': tensor([1., 1.]), 'epoch': 3}
    """
    if format is None:
        format = "safetensors" if str(f).endswith(".safetensors") else "torch" if _is_for_torch(f) else "safetensors"
    if format == "torch":
        from .checkpoints.writer import to_bytes as to_torch
        data = to_torch(obj)
    elif format == "safetensors":
        from safetensors.numpy import save as to_bytes
        writer = _Writer()
        structure = {"format": FORMAT, "structure": writer.encode(obj, "")}
        data = to_bytes(writer.arrays, {KEY: json.dumps(structure, separators=(",", ":"))})
    else:
        raise ArgumentError(f"save: format must be 'safetensors' or 'torch'; got {format!r}")
    if hasattr(f, "write"):
        f.write(data)
    else:
        write_atomically(Path(f), data)


TORCH_ENDINGS = (".pt", ".pth", ".ckpt", ".bin", ".tar")


def _is_for_torch(f: FileLike) -> bool:
    """Whether who reads the file will expect PyTorch's format: by its name, or because the program is one of PyTorch's."""
    return dtypes.dtype.prefix == "torch" or isinstance(f, (str, os.PathLike)) and str(f).endswith(TORCH_ENDINGS)


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` into a file so that, whenever the machine stops, the old content or the new is there, whole.

    A symbolic link stays one, and its target is replaced. What is no file (a pipe, a device) is written to.
    """
    path = Path(os.path.realpath(path))
    if not path.parent.is_dir():
        raise CheckpointError(f"save: Parent directory {path.parent} does not exist; make it first")
    if path.exists() and not path.is_file() and not path.is_dir():
        path.write_bytes(data)
        return
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


def load(f: FileLike, map_location: Any = None, pickle_module: Any = None, *, weights_only: bool = True, mmap: bool | None = None,
         **pickle_load_args: Any) -> Any:
    """What `save` or PyTorch's `torch.save` wrote; of a safetensors file by others, a dict of tensors.

    f: a path, or a binary file open for reading. map_location: the device for all tensors (default: the CPU); or, as in PyTorch, a
    dictionary from the devices in the file, or a function of (storage, location).
    weights_only, mmap, pickle_module, ...: accepted as in PyTorch; only data is ever read, code never, and the file is read whole.
    Of a PyTorch file, tensors, parameters, containers, numbers, strings, dtypes and devices are built; anything else is an error
    that names it.
    Raises CheckpointError for a file that is damaged or of another kind, FileNotFoundError for none.
    """
    place = placer(map_location)
    source = str(getattr(f, "name", "the stream")) if hasattr(f, "read") else str(f)
    with io.BytesIO(f.read()) if hasattr(f, "read") else open(f, "rb") as file:
        head = file.read(9)
        if is_zip(head):
            return load_torch(file, place, source)
        data = head + file.read()
    arrays, metadata = _parse(data, source)
    reader = _Reader(arrays, place("cpu"), source)
    if KEY not in metadata:
        return {name: reader.placed(name, array.dtype.name) for name, array in arrays.items()}
    try:
        structure = json.loads(metadata[KEY])
        if "format" in metadata:
            found = metadata["format"]
        else:
            found, structure = structure["format"], structure["structure"]
        if found not in (FORMAT, FIRST_FORMAT):
            raise CheckpointError(f"load: {source} has format {found!r}; this version reads {FORMAT!r}")
        return reader.decode(structure)
    except (CheckpointError, MemoryError):
        raise
    except Exception as error:                       # what is wrong may come out as any of JSON's, NumPy's and our own exceptions
        raise CheckpointError(f"load: the structure in {source} is damaged ({str(error)[:200]})") from error


def _parse(data: bytes, source: str) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, str]]:
    """Arrays and metadata of a safetensors file."""
    from safetensors import SafetensorError, deserialize
    try:
        entries = deserialize(data)                 # type: ignore[no-untyped-call]
        header = json.loads(data[8:8 + int.from_bytes(data[:8], "little")])
    except (SafetensorError, ValueError) as error:   # only now look at the first bytes: a header's length may be any of these
        if data[:1] == b"\x80":
            raise CheckpointError(f"load: {source} is a bare pickle (PyTorch's format before 1.6), which may run code when read; "
                                  "save it again with today's torch.save") from error
        raise CheckpointError(f"load: {source} is no safetensors file and no checkpoint of PyTorch, or a damaged one ({error}; "
                              f"{len(data)} bytes)") from error
    arrays = {}
    for name, entry in entries:
        try:
            arrays[name] = _array(entry, name, source)
        except (ValueError, OverflowError) as error: # more dimensions, or larger ones, than NumPy has
            raise CheckpointError(f"load: tensor {name[:80]!r} in {source} is damaged ({str(error)[:200]})") from error
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
    if kind == "BOOL":                               # any other byte would be neither True nor False
        return (np.frombuffer(data, np.uint8) != 0).reshape(shape)
    array = np.frombuffer(bytearray(data) if not isinstance(data, bytearray) else data, np.dtype(_NUMPY_NAMES[kind]).newbyteorder("<"))
    return array.astype(array.dtype.newbyteorder("="), copy=False).reshape(shape)


