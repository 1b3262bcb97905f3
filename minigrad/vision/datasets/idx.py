"""IDX, the file format of MNIST and its relatives: a small header, then the numbers of one array.

The header is two zero bytes, one byte for the type of the numbers, one for the number of axes, and one
big-endian uint32 per axis. Files may be gzip-compressed; that is seen from their first bytes, not from their name.
Format: http://yann.lecun.com/exdb/mnist/ (section "the IDX file format").
"""
from __future__ import annotations

import gzip
import hashlib
import math
import os
import struct
import zlib
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import DatasetError

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_MAX_RATIO = 1032           # deflate cannot do better, so a header that promises more is a lie
_CHUNK = 1 << 20                 # bytes per read
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_CODES = {np.dtype(name): code for code, name in _TYPES.items()}
MAX_BYTES = 1 << 31              # of one array; a quarter of a million 28x28 images need a tenth of that


class Readable(Protocol):
    """A stream of bytes: a file, or what gzip or lzma make of one."""

    def read(self, size: int = -1, /) -> bytes: ...


def read_idx(path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> NDArray[Any]:
    """Read the array in an IDX file, plain or gzip-compressed, in native byte order.

    The header is compared with the size of the file before memory is asked for, and a file that is longer or shorter
    than its header says is refused: `DatasetError` names the file, the reason and the remedy.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            zipped = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            if zipped:
                with gzip.open(file, "rb") as stream:
                    return read_idx_stream(stream, str(path), min(max_bytes, _GZIP_MAX_RATIO * size))
            return read_idx_stream(file, str(path), max_bytes, size=size)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise damaged(str(path), f"its gzip stream is broken ({error})") from error
    except OSError as error:
        raise damaged(str(path), f"it cannot be read ({error.strerror or error})") from error


def read_idx_stream(
    stream: Readable, name: str, max_bytes: int, *, size: int | None = None, last: bool = True
) -> NDArray[Any]:
    """Read one IDX array from `stream`, which `name` calls in errors.

    `size` is the length of the whole stream where it is known beforehand; `last=False` leaves what follows unread.
    """
    dtype, shape = _read_header(stream, name)
    need = math.prod(shape) * dtype.itemsize
    header = 4 + 4 * len(shape)
    if size is not None and size - header != need:
        what = "is cut short" if size - header < need else "has trailing bytes"
        raise damaged(name, f"it {what}: its header promises {need:,} bytes of data, the file has {size - header:,}")
    if need > max_bytes:
        raise damaged(name, f"its header promises {need:,} bytes of data, more than the {max_bytes:,} it can hold")
    array = np.empty(shape, dtype)
    target = array.reshape(-1).view(np.uint8)
    done = 0
    while done < need:
        piece = stream.read(min(_CHUNK, need - done))
        if not piece:
            raise damaged(name, f"it is cut short: its header promises {need:,} bytes of data, it has {done:,}")
        target[done:done + len(piece)] = np.frombuffer(piece, np.uint8)
        done += len(piece)
    if last and stream.read(1):              # also makes gzip compare its checksum
        raise damaged(name, f"it has trailing bytes after the {need:,} bytes of data that its header promises")
    return array.astype(dtype.newbyteorder("="), copy=False)


def _read_header(stream: Readable, name: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
    magic = stream.read(4)
    if len(magic) < 4:
        raise damaged(name, f"it is cut short inside its header: {len(magic)} of the first 4 bytes are there")
    zeros, code, ndim = struct.unpack(">HBB", magic)
    if zeros or code not in _TYPES:
        raise damaged(name, f"it is no IDX file: it starts with {magic.hex(' ')}, not with 00 00 and a type from 08 to 0e")
    if ndim > 32:
        raise damaged(name, f"its header promises {ndim} axes; 32 is the most that minigrad reads")
    dims = stream.read(4 * ndim)
    if len(dims) < 4 * ndim:
        raise damaged(name, f"it is cut short inside its header: {len(dims)} of {4 * ndim} bytes of shape are there")
    return np.dtype(_TYPES[code]), struct.unpack(f">{ndim}I", dims)


def damaged(name: str, reason: str) -> DatasetError:
    """The one way to say that a file is no good."""
    return DatasetError(f"{name}: {reason}; delete the file and fetch it again")


def idx_header(array: NDArray[Any]) -> bytes:
    """The header under which `array` is written: `00 00`, type, number of axes, shape."""
    code = _CODES.get(array.dtype.newbyteorder(">"))
    if code is None:
        raise DatasetError(f"idx_header: IDX holds uint8, int8, int16, int32, float32 and float64; got {array.dtype}")
    return struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)


def idx_bytes(array: NDArray[Any]) -> bytes:
    """The content of an IDX file that holds `array`.

    >>> idx_bytes(np.array([7, 9], np.uint8)).hex(" ")
    '00 00 08 01 00 00 00 02 07 09'
    """
    return idx_header(array) + array.astype(array.dtype.newbyteorder(">"), copy=False).tobytes()


def idx_sha256(array: NDArray[Any]) -> str:
    """SHA-256 of `idx_bytes(array)`: what a file's decompressed content must have for the array to be that file's."""
    digest = hashlib.sha256(idx_header(array))
    digest.update(np.ascontiguousarray(array, array.dtype.newbyteorder(">")).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
