"""A zoo of hostile files: each must end in a CheckpointError with the text beside it, soon, and in little memory."""
from __future__ import annotations

import json
import struct
import zipfile
from typing import Any

import numpy as np

import minigrad as mg
from minigrad.checkpoints import archive
from minigrad.serialization import FIRST_FORMAT, FORMAT, KEY

from .files import ours, rewritten


# ---------------------------------------------------------------- pickles in a PyTorch file
def with_pickle(body: bytes) -> bytes:
    return archive.write([("data.pkl", body), ("byteorder", b"little"), ("data/0", np.ones(4, np.float32).tobytes()), ("version", b"3\n")])


STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK%ctQ"


def tensor_pickle(offset: bytes, size: bytes, stride: bytes, count: int = 4, rest: bytes = b"\x89ccollections\nOrderedDict\n)R") -> bytes:
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + STORAGE.replace(b"%c", bytes([count])) + offset + size + stride + rest + b"tR."


P = 2**61 - 1                                        # Python's hash of k * P is 0, whatever k


def long(n: int) -> bytes:
    data = n.to_bytes(80, "little")
    return b"\x8a" + bytes([len(data)]) + data


ONES = b"K\x04\x85"
PICKLES: dict[str, tuple[bytes, str]] = {
    "out of its storage": (tensor_pickle(b"K\x01", ONES, b"K\x01\x85"), "leaves its storage"),
    "far strides": (tensor_pickle(b"K\x00", b"K\x02\x85", b"\x8a\x08" + b"\xff" * 7 + b"\x3f\x85"), "leaves its storage"),
    "negative stride": (tensor_pickle(b"K\x00", ONES, b"J\xff\xff\xff\xff\x85"), "sizes and strides are numbers >= 0"),
    "negative offset": (tensor_pickle(b"J\xff\xff\xff\xff", ONES, b"K\x01\x85"), "sizes and strides are numbers >= 0"),
    "a float for a size": (tensor_pickle(b"K\x00", b"G" + struct.pack(">d", 4) + b"\x85", b"K\x01\x85"), "sizes and strides"),
    "more elements than bytes": (tensor_pickle(b"K\x00", ONES, b"K\x01\x85", 200), "has 16 bytes in 'data/0' for a FloatStorage of 200"),
    "virtually huge": (tensor_pickle(b"K\x00", b"\x8a\x09" + b"\xff" * 8 + b"\x00\x85", b"K\x00\x85"), "damaged"),
    "hooks": (tensor_pickle(b"K\x00", ONES, b"K\x01\x85", rest=b"\x89]K\x01a"), "backward hooks"),
    "no such storage": (tensor_pickle(b"K\x00", ONES, b"K\x01\x85").replace(
        b"X\x01\x00\x00\x000", b"X\x05\x00\x00\x00../.."), r"lacks the record 'data/\.\./\.\.'"),
    "calls a tensor": (b"\x80\x02K\x01)R.", "calls a int"),
    "attributes": (b"\x80\x02ccollections\nOrderedDict\n)R}X\x04\x00\x00\x00keysK\x01sb.", "only a state_dict's _metadata"),
    "setstate": (b"\x80\x02]}b.", "sets attributes of a list"),
    "instance": (b"\x80\x02(ios\nsystem\n.", "INST"),
    "object": (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "NEWOBJ"),
    "extension": (b"\x80\x02\x82\x01.", "EXT1"),
    "a text persistent id": (b"\x80\x02P0\n.", "PERSID"),
    "a hash that takes for ever": (b"\x80\x02)" + b"q\x00h\x00\x86" * 90 + b"q\x01}h\x01K\x01s.", "has a key of type tuple"),
    "a hash that ends the stack": (b"\x80\x02})" + b"\x85" * 10**5 + b"K\x01s.", "has a key of type tuple"),
    "keys that collide": (b"\x80\x02}(" + b"".join(long(k * P) + b"N" for k in range(1000)) + b"u.", "more than 64 keys with one hash"),
    "tuples that collide": (b"\x80\x02}(" + b"".join(long(k * P) + b"\x85N" for k in range(1000)) + b"u.",
    "more than 64 keys with one hash"),
    "an unhashable key": (b"\x80\x02}]K\x01s.", "has a key of type list"),
    "copies without end": (
        b"\x80\x02" + b"]q\x00(" + b"K\x01" * 100 + b"e0" + b"c__builtin__\nset\nh\x00\x85R0" * 200 + b"N.", "again and again"),
    "a length of 2**62": (b"\x80\x04\x8e" + (2**62).to_bytes(8, "little") + b"x.", "damaged"),
    "a memo index of 2**32": (b"\x80\x02Nj\xff\xff\xff\xff.", "KeyError"),
    "an empty stack": (b"\x80\x020.", "is no PyTorch zip checkpoint, or a damaged one"),
    "no end": (b"\x80\x02]", "damaged"),
    "an int of a million digits": (b"\x80\x02L" + b"9" * 10**6 + b"L\n.", "damaged"),
    "an unknown operation": (b"\xff\xff\xff", "damaged"),
    "a long name": (b"\x80\x02c" + b"a" * 10**6 + b"\nb\n.", "a{80}.b,"),
}


# ---------------------------------------------------------------- the zip file around one
STATE = {"w": mg.arange(6.0).reshape(2, 3).T, "p": mg.nn.Parameter(mg.ones(2)), "n": [1, 2.5, "x", {1, 2}], "b": b"\xff"}
GOOD = ours(STATE)


def claims(size: int) -> bytes:
    """The good file, whose directory says that its pickle is so long."""
    at = GOOD.index(b"PK\x01\x02")
    return GOOD[:at + 20] + struct.pack("<II", size, size) + GOOD[at + 28:]


def overlapping() -> bytes:
    """A thousand directory entries for the same bytes."""
    big = archive.write([("data.pkl", b"\x80\x02N."), ("data/0", bytes(10**5))])
    at, end = big.index(b"PK\x01\x02"), big.index(b"PK\x05\x06")
    first = big.index(b"PK\x01\x02", at + 4)
    entry = big[first:end]
    entries = big[at:first] + b"".join(entry.replace(b"data/0", b"data/%c" % i) for i in range(65, 165))
    return big[:at] + entries + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 101, 101, len(entries), at, 0)


ARCHIVES: dict[str, tuple[bytes, str]] = {
    "compressed": (rewritten(GOOD, {}, compression=zipfile.ZIP_DEFLATED), "compressed or encrypted record"),
    "a bomb": (rewritten(GOOD, {"data/0": lambda b: bytes(10**7)}, compression=zipfile.ZIP_DEFLATED), "compressed or encrypted record"),
    "a bomb of bzip2": (rewritten(GOOD, {}, compression=zipfile.ZIP_BZIP2), "compressed or encrypted record"),
    "overlapping records": (overlapping(), "fewer than its records claim"),
    "a claim of four gigabytes": (claims(0xFFFFFFF0), "fewer than its records claim"),
    "a claim of a little more": (claims(len(GOOD) // 2), "damaged"),
    "no pickle": (rewritten(GOOD, {"data.pkl": lambda b: None}), "no PyTorch checkpoint"),
    "no storage": (rewritten(GOOD, {"data/0": lambda b: None}), "lacks the record 'data/0'"),
    "a short storage": (rewritten(GOOD, {"data/0": lambda b: b[:-1]}), "has 23 bytes in 'data/0' for a FloatStorage of 6"),
    "a strange byte order": (rewritten(GOOD, {"byteorder": lambda b: b"middle"}), "byte order 'middle'"),
    "a wrong checksum": (GOOD.replace(np.arange(6, dtype="<f4").tobytes(), bytes(24)), "Bad CRC-32"),
    "an ordinary zip": (archive.write([("hello.txt", b"hello")]), "no PyTorch checkpoint: it has 0 records"),
}


# ---------------------------------------------------------------- safetensors files
GOOD_SAFETENSORS = ours(STATE, "safetensors")
F4 = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def file(header: Any, data: bytes = bytes(8), length: int | None = None) -> bytes:
    """A safetensors file; length: what it says of its header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def structured(structure: str, first: bool = False) -> bytes:
    """A file of ours with one tensor, `w`, and this structure."""
    metadata = {"format": FIRST_FORMAT, KEY: structure} if first else {KEY: f'{{"format": "{FORMAT}", "structure": {structure}}}'}
    return file({"__metadata__": metadata, "w": F4})


THREES = file({"__metadata__": {KEY: f'{{"format": "{FORMAT}", "structure": {{"array": "w", "dtype": "complex64"}}}}'},
               "w": {**F4, "shape": [3], "data_offsets": [0, 12]}}, bytes(12))
SAFETENSORS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "no safetensors file"), "three bytes": (b"abc", "no safetensors file"),
    "a header of 2**60 bytes": (file(b"{}", length=2**60), "no safetensors file"),
    "a header of 2**64 - 1 bytes": (file(b"{}", length=2**64 - 1), "no safetensors file"),
    "a header of 90 megabytes": (file(b"{}", length=90_000_001), "no safetensors file"),
    "a header longer than the file": (file({"w": F4}, b"", 1000), "no safetensors file"),
    "a header that is no JSON": (file(b"{{{{"), "no safetensors file"), "a header that is no text": (file(b"\xff\xfe{}"),
    "no safetensors file"),
    "a header that is a list": (file([1]), "no safetensors file"), "a deep header": (file(b"[" * 10**5), "no safetensors file"),
    "a deeper header": (file(b'{"w":' * 10**5), "no safetensors file"),
    "offsets behind the end": (file({"w": {**F4, "shape": [4], "data_offsets": [0, 16]}}), "no safetensors file"),
    "offsets that overlap": (file({"a": F4, "b": {**F4, "data_offsets": [4, 12]}}, bytes(12)), "no safetensors file"),
    "two tensors in one place": (file({"a": F4, "b": F4}), "no safetensors file"),
    "offsets backwards": (file({"w": {**F4, "data_offsets": [8, 0]}}), "no safetensors file"),
    "negative offsets": (file({"w": {**F4, "data_offsets": [-8, 0]}}), "no safetensors file"),
    "a hole": (file({"a": F4, "b": {**F4, "data_offsets": [16, 24]}}, bytes(24)), "no safetensors file"),
    "bytes of nobody": (file({"w": F4}, bytes(1000)), "no safetensors file"),
    "a shape of more than the bytes": (file({"w": {**F4, "shape": [10**9]}}), "no safetensors file"),
    "a shape that overflows": (file({"w": {**F4, "shape": [2**62, 4]}}), "no safetensors file"),
    "a shape that overflows to nothing": (file({"w": {**F4, "shape": [2**33, 2**31], "data_offsets": [0, 0]}}, b""), "no safetensors file"),
    "an empty shape beyond all bounds": (file({"w": {**F4, "shape": [0, 2**63], "data_offsets": [0, 0]}}, b""),
    "damaged|no safetensors file"),
    "a shape of a hundred dimensions": (file({"w": {**F4, "shape": [1] * 99 + [2]}}), "damaged"),
    "a negative shape": (file({"w": {**F4, "shape": [-2]}}), "no safetensors file"), "a fractional shape": (file({"w": {**F4,
    "shape": [2.5]}}), "no safetensors"),
    "an unknown dtype": (file({"w": {**F4, "dtype": "F99"}}), "no safetensors file"), "a dtype of others": (file({"w": {**F4,
    "dtype": "U32"}}), "has dtype U32"),
    "a complex tensor of threes": (THREES, "which must end in a dimension of 2"),
    "metadata that is no text": (file({"__metadata__": {KEY: 3}, "w": F4}), "no safetensors file"),
    "a bare pickle": (b"\x80\x02cos\nsystem\n(S'true'\ntR.", "may run code"), "half a zip": (b"PK\x03\x04zip", "no PyTorch zip checkpoint"),
}
DEEP = "[" * 10**5
STRUCTURES = {
    "no JSON": "{", "no such tensor": '{"tensor": "nowhere", "dtype": "float32"}', "no such kind": '{"unknown": 1}',
    "no dtype": '{"tensor": "w"}',
    "half a pair": '{"dict": [[1]]}', "a number for a number": '{"float": 3}', "a float too large": '{"float": "0x1p99999"}',
    "a device": '{"device": "mps"}',
    "a dtype": '{"dtype": "float12"}', "a name that is a list": '{"tensor": ["w"]}', "deep": DEEP, "deep lists": '{"list": [' * 10**4,
    "an int of a million digits": "9" * 10**6,
    "bytes": '{"bytes": "\u00ff"}',
    "a set of lists": '{"set": [{"list": []}]}', "a dict of lists": '{"dict": [[{"list": []}, 1]]}',
    "a key that is a tensor": '{"dict": [[{"tensor": "w", "dtype": "float32"}, 1]]}',
    "keys that collide": '{"dict": [' + ",".join([f"[{k * P}, 0]" for k in range(10**4)]) + "]}",
    "members that collide": '{"set": [' + ",".join([f'{{"tuple": [{k * P}]}}' for k in range(10**4)]) + "]}",
    "complex keys that collide": '{"dict": [' + ",".join(
        [f'[{{"complex": ["{float(-1000003 * k).hex()}", "{float(k).hex()}"]}}, 0]' for k in range(1, 10**4)]) + "]}",
}
for kind, text in STRUCTURES.items():
    SAFETENSORS[f"structure: {kind}"] = structured(text), "damaged|one hash|newer minigrad|lacks the tensor|has a key of type"
    SAFETENSORS[f"structure of the first format: {kind}"] = (
        structured(text, True), "damaged|one hash|newer minigrad|lacks the tensor|has a key of type")

FILES: dict[str, tuple[bytes, str]] = {
    **{f"pickle: {name}": (with_pickle(body), text) for name, (body, text) in PICKLES.items()},
    **{f"archive: {name}": entry for name, entry in ARCHIVES.items()},
    **{f"safetensors: {name}": entry for name, entry in SAFETENSORS.items()},
}
