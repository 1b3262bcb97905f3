"""The zip file around a PyTorch checkpoint: named records, stored uncompressed under one folder.

Nothing here believes a size that a file claims: a record is read only after its size was compared with what there is.
"""
from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Iterable
from typing import IO, Any

import numpy as np

from ..errors import CheckpointError

SIGNATURE = b"PK\x03\x04"
ALIGNMENT = 64                                       # bytes; PyTorch starts records there so that they can be mapped
CHUNK = 1 << 20

Fail = Callable[[str], CheckpointError]              # makes the error, with the file's name in it


def is_zip(head: bytes) -> bool:
    """Whether a file that begins with these 9 bytes is a zip file.

    A safetensors file may begin with the same 4 bytes, which are then the length of its header; the header begins with `{`.
    """
    return head[:4] == SIGNATURE and head[8:9] != b"{"


class Archive:
    """The records of a zip file that is open for reading."""

    def __init__(self, file: IO[bytes], fail: Fail) -> None:
        self.fail = fail
        size = file.seek(0, io.SEEK_END)
        self._zip = zipfile.ZipFile(file)
        records = self._zip.infolist()
        for record in records:
            if record.compress_type != zipfile.ZIP_STORED or record.compress_size != record.file_size or record.flag_bits & 1:
                raise fail(f"has a compressed or encrypted record {record.filename[:80]!r}; PyTorch stores records as they are")
        if sum([record.file_size for record in records]) > size:
            raise fail(f"has {size} bytes, fewer than its records claim; the file is damaged")
        self._records = {record.filename: record for record in records}
        if len(self._records) != len(records):
            raise fail("has two records of one name; the file is damaged")
        tops = [name for name in self._records if name.count("/") == 1 and name.endswith("/data.pkl")]
        if len(tops) != 1:
            raise fail(f"is a zip file, but no PyTorch checkpoint: it has {len(tops)} records */data.pkl, not one")
        self._folder = tops[0].removesuffix("data.pkl")
        if "constants.pkl" in self:
            raise fail("is a TorchScript archive, which holds code; save the state_dict() with torch.save instead")

    def __contains__(self, name: str) -> bool:
        return self._folder + name in self._records

    def size(self, name: str) -> int:
        """The bytes in a record."""
        if name not in self:
            raise self.fail(f"lacks the record {name[:80]!r}; the file is damaged")
        return self._records[self._folder + name].file_size

    def read(self, name: str) -> np.ndarray[Any, Any]:
        """A record as an array of bytes, in memory of its own. Raises zipfile.BadZipFile where its checksum is wrong."""
        out = np.empty(self.size(name), np.uint8)
        record, at = self._records[self._folder + name], 0
        if record.CRC == 0:
            del record.CRC                           # PyTorch wrote none, on request (set_crc32_options(False))
        with self._zip.open(record) as stream:
            while chunk := stream.read(CHUNK):
                out[at:at + len(chunk)] = np.frombuffer(chunk, np.uint8)
                at += len(chunk)
        if at != out.size:
            raise self.fail(f"ends within the record {name[:80]!r}; the file is damaged")
        return out


def write(records: Iterable[tuple[str, bytes | memoryview]]) -> bytes:
    """A zip file of these records, each beginning at a multiple of ALIGNMENT; equal records give equal bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, data in records:
            record = zipfile.ZipInfo(f"archive/{name}", (1980, 1, 1, 0, 0, 0))
            gap = -(file.tell() + 30 + len(record.filename) + 4) % ALIGNMENT         # 30: a local header; 4: of an extra field
            record.extra = struct.pack("<2sH", b"FB", gap) + b"Z" * gap
            archive.writestr(record, data)
    return file.getvalue()
