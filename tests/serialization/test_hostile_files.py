"""Whatever is wrong with a file ends in one exception, soon and in little memory; nothing in a file is ever run."""
from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.checkpoints import archive
from minigrad.errors import CheckpointError

from .files import load, rewritten
from .zoo import FILES, GOOD, GOOD_SAFETENSORS, structured, with_pickle

MEGABYTES = 64                                       # more than any file of the zoo has, and needs to be refused


@pytest.mark.parametrize("name", FILES)
def test_hostile_files(name: str) -> None:
    data, text = FILES[name]
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError, match=text) as caught:
            load(data)
        assert tracemalloc.get_traced_memory()[1] < MEGABYTES * 10**6 + 10 * len(data)
    finally:
        tracemalloc.stop()
    assert len(str(caught.value)) < 600


LIMITED = """
import resource, sys
sys.path[:0] = [{root!r}]
import minigrad as mg
from minigrad.errors import CheckpointError
from tests.serialization.files import load, ours
from tests.serialization.zoo import FILES
for format in "torch", "safetensors":                # what is imported late is not the file's
    load(ours({{"a": [1, mg.ones(2)]}}, format))
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + {megabytes} * 10**6,) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
for name, (data, _) in FILES.items():
    try:
        load(data)
    except CheckpointError:
        continue
    except BaseException as error:
        print(name, type(error).__name__, error)
    else:
        print(name, "was loaded")
try:
    bytearray({megabytes} * 2 * 10**6)
except MemoryError:
    print("limited")
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc to set the limit")
def test_hostile_files_need_little_memory_and_time() -> None:
    """All of them in a process that the system gives few megabytes more than it has, and few seconds."""
    root = str(Path(__file__).parents[2])
    code = LIMITED.format(root=root, megabytes=MEGABYTES)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120,
                         env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    assert (ran.stdout, ran.returncode) == ("limited\n", 0), ran.stderr[-2000:]


def test_a_memo_index_of_four_billion_costs_nothing() -> None:
    assert load(with_pickle(b"\x80\x02Nr\xff\xff\xff\xff.")) is None


def test_deep_nesting_loads() -> None:
    value = load(with_pickle(b"\x80\x02" + b"(" * 10**5 + b"t" * 10**5 + b"."))
    assert type(value) is tuple


def test_torchscript_is_named() -> None:
    data = archive.write([("data.pkl", b"\x80\x02N."), ("constants.pkl", b"\x80\x02).")])
    with pytest.raises(CheckpointError, match="TorchScript archive, which holds code"):
        load(data)


def test_encrypted_and_doubled_records() -> None:
    at = GOOD.index(b"PK\x01\x02")
    with pytest.raises(CheckpointError, match="compressed or encrypted"):
        load(GOOD[:at + 8] + b"\x01" + GOOD[at + 9:])
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = archive.write([("data.pkl", b"\x80\x02N."), ("data.pkl", b"\x80\x02].")])
    with pytest.raises(CheckpointError, match="two records of one name"):
        load(data)


def test_no_code_runs(tmp_path: Any) -> None:
    mark = tmp_path / "mark"
    body = pickle.dumps(Writes(str(mark)), 2)
    with pytest.raises(CheckpointError):
        load(with_pickle(body))
    assert not mark.exists()
    pickle.loads(body)                               # the file is as hostile as it should be
    assert mark.exists()


class Writes:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return open, (self.path, "w")


@pytest.mark.parametrize("whole", [GOOD, GOOD_SAFETENSORS], ids=["torch", "safetensors"])
def test_truncated_files_are_refused_at_every_length(whole: bytes) -> None:
    for length in [*range(0, len(whole), 7), len(whole) - 1]:
        with pytest.raises(CheckpointError):
            load(whole[:length])


def loads_or_says_so(data: bytes) -> None:
    try:
        load(data)
    except CheckpointError:
        pass


@given(st.sampled_from([GOOD, GOOD_SAFETENSORS]), st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 255)), min_size=1, max_size=6))
@settings(max_examples=300, deadline=None)
def test_changed_files_load_or_say_so(whole: bytes, changes: list[tuple[int, int]]) -> None:
    data = bytearray(whole)
    for at, byte in changes:
        data[at % len(data)] = byte
    loads_or_says_so(bytes(data))


LENGTH = int.from_bytes(GOOD_SAFETENSORS[:8], "little")


@given(st.integers(0, LENGTH), st.integers(0, 20), st.text(st.characters(codec="utf-8"),
max_size=10) | st.sampled_from(list('[]{},:"0123456789-.e')))
@settings(max_examples=300, deadline=None)
def test_changed_headers_load_or_say_so(at: int, removed: int, inserted: str) -> None:
    header = GOOD_SAFETENSORS[8:8 + LENGTH]
    changed = header[:at] + inserted.encode() + header[at + removed:]
    loads_or_says_so(len(changed).to_bytes(8, "little") + changed + GOOD_SAFETENSORS[8 + LENGTH:])


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["w", "float32",
"complex64"]),
                    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
                        ["tensor", "array", "dict", "list", "tuple", "set", "Counter", "Size", "float", "int", "complex", "bytes", "dtype",
                         "device", "requires_grad", "bool"]), inner, max_size=3)))
@settings(max_examples=300, deadline=None)
def test_structures_made_up_load_or_say_so(structure: Any) -> None:
    loads_or_says_so(structured(json.dumps(structure)))


PICKLE = zipfile.ZipFile(io.BytesIO(GOOD)).read("archive/data.pkl")


@pytest.mark.filterwarnings("ignore:invalid escape sequence")
@given(st.integers(0, len(PICKLE)), st.integers(0, 20), st.binary(max_size=20))
@settings(max_examples=300, deadline=None)
def test_changed_pickles_load_or_say_so(at: int, removed: int, inserted: bytes) -> None:
    loads_or_says_so(rewritten(GOOD, {"data.pkl": lambda b: PICKLE[:at] + inserted + PICKLE[at + removed:]}))
