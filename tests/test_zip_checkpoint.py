"""PyTorch's zip checkpoints: read and written as PyTorch does, and whatever is wrong with a file ends in one exception."""
from __future__ import annotations

import io
import os
import pickle
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.checkpoints import archive
from minigrad.errors import CheckpointError

torch = pytest.importorskip("torch")
DTYPES = [d.name for d in mg.dtypes.ALL]


def theirs(value: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, **options)
    return file.getvalue()


def ours(value: Any) -> bytes:
    file = io.BytesIO()
    mg.save(value, file, format="torch")
    return file.getvalue()


def load(data: bytes) -> Any:
    return mg.load(io.BytesIO(data))


def torch_load(data: bytes) -> Any:
    return torch.load(io.BytesIO(data), weights_only=True)


def array(name: str, shape: tuple[int, ...]) -> np.ndarray:
    values = np.arange(np.prod(shape)).reshape(shape)
    return (values * (1 + 2j) if name.startswith("complex") else values).astype(name)


# ---------------------------------------------------------------- from PyTorch
@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_every_dtype_comes_from_pytorch_and_goes_back(name: str, shape: tuple[int, ...]) -> None:
    values = array(name, shape)
    back = load(theirs(torch.tensor(values)))
    assert back.dtype.name == name
    np.testing.assert_array_equal(back.numpy(), values)
    again = torch_load(ours(back))
    assert str(again.dtype) == f"torch.{name}"
    np.testing.assert_array_equal(again.numpy(), values)


def structure(t: Any) -> dict[Any, Any]:
    return {"a": [1, -1, 2.5, None, True, False, "text é\ud800", (1, (2,)), ()], 3: OrderedDict(x=2**31, y=-2**80), "inf": float("-inf"),
            "counter": Counter([2, 2, 5]), "bytes": b"\x00\xff", "none": b"", "size": t.Size([2, 3]), "dtype": t.float16, "complex": 1 - 2j,
            "set": {1, "b"}, "empty": set(), "device": t.device("cuda", 1), (1, "key"): "tuple key", "many": list(range(300))}


@pytest.mark.parametrize("protocol", [2, 4])
def test_structure_comes_from_pytorch(protocol: int) -> None:
    back, wanted = load(theirs(structure(torch), pickle_protocol=protocol)), structure(mg)
    assert back == wanted
    for key, value in wanted.items():
        assert type(back[key]) is type(value)


def test_structure_goes_to_pytorch() -> None:
    back, wanted = torch_load(ours(structure(mg))), structure(torch)
    assert back == wanted
    for key, value in wanted.items():
        assert type(back[key]) is type(value)


def test_strided_and_shared_storages_stay_so() -> None:
    x = torch.arange(12.0).reshape(3, 4)
    value = {"x": x, "t": x.T, "row": x[1], "column": x[:, 2], "expanded": torch.ones(1, 1).expand(3, 5), "same": x}
    data = theirs(value)
    for back in (load(data), torch_load(ours(load(data)))):
        for key, wanted in value.items():
            np.testing.assert_array_equal(back[key].numpy(), wanted.numpy(), err_msg=key)
            assert tuple(back[key].stride()) == wanted.stride()
        assert back["same"] is back["x"]
        back["row"].fill_(-1.0)
        assert back["t"][:, 1].tolist() == [-1.0] * 4
        assert back["column"].tolist() == [2.0, -1.0, 10.0]


def test_a_write_through_one_makes_the_graph_of_the_other_stale() -> None:
    x = torch.ones(4, requires_grad=True)
    back = load(theirs([x, x.detach()]))
    y = (back[0] * back[0]).sum()
    back[1].fill_(3.0)
    with pytest.raises(mg.errors.InplaceError):
        y.backward()


def test_parameters_and_requires_grad_come_and_go() -> None:
    value = {"p": torch.nn.Parameter(torch.ones(2)), "frozen": torch.nn.Parameter(torch.ones(2), False),
             "x": torch.ones(2, requires_grad=True)}
    back = load(theirs(value))
    again = torch_load(ours(back))
    for key, wanted in value.items():
        for got, kind in ((back[key], mg.nn.Parameter), (again[key], torch.nn.Parameter)):
            assert got.requires_grad == wanted.requires_grad
            assert got.is_leaf
            assert isinstance(got, kind) == isinstance(wanted, torch.nn.Parameter)


def network(t: Any) -> Any:
    return t.nn.Sequential(t.nn.Conv2d(2, 3, 3), t.nn.BatchNorm2d(3), t.nn.ReLU(), t.nn.Flatten(), t.nn.Linear(12, 2))


def test_state_dicts_go_both_ways_with_their_versions() -> None:
    a, b, c = network(torch), network(mg), network(torch)
    x = np.random.default_rng(0).standard_normal((4, 2, 4, 4)).astype(np.float32)
    a(torch.tensor(x)).sum().backward()
    optimizer = torch.optim.Adam(a.parameters())
    optimizer.step()
    back = load(theirs({"model": a.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}))
    assert dict(back["model"]._metadata) == dict(a.state_dict()._metadata)
    b.load_state_dict(back["model"])
    a.eval(), b.eval()
    twin = mg.optim.Adam(b.parameters())
    twin.load_state_dict(back["optimizer"])
    assert twin.state_dict()["state"][0]["step"].item() == 1
    np.testing.assert_allclose(b(mg.tensor(x)).detach().numpy(), a(torch.tensor(x)).detach().numpy(), rtol=1e-4, atol=1e-5)
    again = torch_load(ours({"model": b.state_dict(), "optimizer": twin.state_dict()}))
    assert again["model"]._metadata.keys() == a.state_dict()._metadata.keys()
    c.load_state_dict(again["model"])
    torch.optim.Adam(c.parameters()).load_state_dict(again["optimizer"])
    for p, q in zip(a.state_dict().values(), c.state_dict().values()):
        assert torch.equal(p, q)


def test_bfloat16_is_widened_with_a_notice_and_stays_shared() -> None:
    x = torch.tensor([1.0, -2.5, 3.0], dtype=torch.bfloat16)
    with pytest.warns(UserWarning, match="bfloat16, which NumPy has not; widened to float32"):
        back = load(theirs([x, x[1:]]))
    assert back[0].tolist() == [1.0, -2.5, 3.0]
    back[1].fill_(7.0)
    assert back[0].tolist() == [1.0, 7.0, 7.0]


def test_a_file_without_checksums_and_one_from_the_other_end() -> None:
    torch.serialization.set_crc32_options(False)
    try:
        data = theirs(torch.arange(3))
    finally:
        torch.serialization.set_crc32_options(True)
    assert load(data).tolist() == [0, 1, 2]
    swapped = rewritten(theirs([torch.arange(3), torch.ones(2, dtype=torch.complex64)]), {
        "byteorder": lambda b: b"big", "data/0": lambda b: np.frombuffer(b, "<i8").astype(">i8").tobytes(),
        "data/1": lambda b: np.frombuffer(b, "<c8").astype(">c8").tobytes()})
    assert [t.tolist() for t in load(swapped)] == [[0, 1, 2], [1, 1]]


def test_paths_and_locations(tmp_path: Any) -> None:
    path = tmp_path / "model.pt"
    mg.save({"w": mg.ones(2)}, path, format="torch")
    assert mg.load(path, map_location="cpu", weights_only=True)["w"].tolist() == [1, 1]
    assert torch.load(path, weights_only=True, mmap=True)["w"].tolist() == [1, 1]
    with pytest.raises(RuntimeError, match="cuda"):
        mg.load(path, map_location="cuda:7")


def test_gaps_are_not_written_for_a_tensor_alone() -> None:
    column = mg.zeros(1000, 1000)[:, :1]
    assert len(ours(column)) < 10_000
    assert torch_load(ours(column)).shape == (1000, 1)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(-9, 9), inner) | st.tuples(inner, inner)))
@settings(max_examples=40)
def test_any_plain_structure(value: Any) -> None:
    assert load(ours(value)) == value
    assert torch_load(ours(value)) == value
    assert load(theirs(value)) == value


def test_what_pytorch_would_not_read_is_refused_when_written() -> None:
    for value, text in [({"a": [np.ones(2)]}, r"numpy\.ndarray at a\.0 for torch\.load; make it a tensor"),
                        (mg.nn.Linear(2, 2), r"Linear at the top for torch\.load; save its state_dict"),
                        (2**3000, "int of 3001 bits"), (range(3), "range at the top")]:
        with pytest.raises(TypeError, match=text):
            ours(value)


def test_reading_needs_no_pytorch(tmp_path: Any) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes(theirs({"w": torch.ones(2)}))
    code = f"import sys; sys.modules['torch'] = None; import minigrad; print(minigrad.load({str(path)!r})['w'].tolist())"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[1.0, 1.0]\n"


# ---------------------------------------------------------------- the zoo
def rewritten(data: bytes, changes: dict[str, Callable[[bytes], bytes | None]], **options: Any) -> bytes:
    """The same archive with some records changed, or left out (None)."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", **options) as new:
        for name in old.namelist():
            record = changes.get(name.partition("/")[2], lambda b: b)(old.read(name))
            if record is not None:
                new.writestr(name, record)
    return file.getvalue()


def with_pickle(body: bytes) -> bytes:
    return archive.write([("data.pkl", body), ("byteorder", b"little"), ("data/0", np.ones(4, np.float32).tobytes()), ("version", b"3\n")])


STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK%ctQ"


def tensor_pickle(offset: bytes, size: bytes, stride: bytes, count: int = 4, rest: bytes = b"\x89ccollections\nOrderedDict\n)R") -> bytes:
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + STORAGE.replace(b"%c", bytes([count])) + offset + size + stride + rest + b"tR."


class Runs:
    def __reduce__(self) -> Any:
        return os.system, ("echo hacked > /dev/null; exit 7",)


def around() -> Any:
    """A tuple that holds itself."""
    inner: list[Any] = []
    inner.append((inner,))
    return inner[0]


def test_structures_that_hold_themselves() -> None:
    back = load(theirs(around()))
    assert back[0][0] is back
    listed: list[Any] = []
    listed.append(listed)
    back = load(ours(listed))
    assert back[0] is back


def hooked() -> Any:
    t = torch.ones(2, requires_grad=True)
    t.extra = 3
    return t


THEIR_ZOO: dict[str, tuple[Any, str]] = {
    "code": (Runs(), r"posix\.system|nt\.system"),
    "a module": (lambda: torch.nn.Linear(2, 2), r"torch\.nn\.modules\.linear\.Linear"),
    "a function": (print, "builtins.print|__builtin__.print"),
    "numpy": (np.ones(2), "numpy"),
    "a numpy number": (np.float64(2), "numpy"),
    "defaultdict": (defaultdict(list), r"collections\.defaultdict"),
    "frozenset": (frozenset([1]), "frozenset"),
    "bytearray": (bytearray(b"x"), "bytearray"),
    "a slice": (slice(1), "slice"),
    "attributes": (hooked, "_rebuild_from_type_v2"),
    "sparse": (lambda: torch.ones(2).to_sparse(), "_rebuild_sparse_tensor"),
    "uint16": (lambda: torch.ones(2, dtype=torch.uint16), "uint16, uint32"),
    "float8": (lambda: torch.ones(2).to(torch.float8_e5m2), "float8"),
    "bfloat16 itself": (torch.bfloat16, r"torch\.bfloat16"),
    "a storage": (lambda: torch.ones(2).untyped_storage(), r"torch\.storage\.UntypedStorage"),
    "conj": (lambda: torch.ones(2, dtype=torch.complex64).conj(), "conj; call resolve_conj"),
    "meta": (lambda: torch.device("meta"), "meta"),
    "the class itself": (OrderedDict, r"collections\.OrderedDict as a value"),
    "a storage type": (torch.FloatStorage, "FloatStorage as a value"),
}


@pytest.mark.parametrize("name", THEIR_ZOO)
def test_anything_else_is_named(name: str) -> None:
    value, text = THEIR_ZOO[name]
    value = value() if callable(value) and type(value).__name__ == "function" else value
    with pytest.raises(CheckpointError, match=text):
        load(theirs({"a": [value]}))


ONES = b"K\x04\x85"
ZOO: dict[str, tuple[bytes, str]] = {
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
    "keys that collide": (b"\x80\x02}\x8a\x28" + b"\x7f" * 40 + b"K\x01s.", "has a key of type int"),
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


@pytest.mark.parametrize("name", ZOO)
def test_hostile_pickles(name: str) -> None:
    body, text = ZOO[name]
    data = with_pickle(body)
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError, match=text) as caught:
            load(data)
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()
    assert len(str(caught.value)) < 600


def test_a_memo_index_of_four_billion_costs_nothing() -> None:
    assert load(with_pickle(b"\x80\x02Nr\xff\xff\xff\xff.")) is None


def test_deep_nesting_loads() -> None:
    value = load(with_pickle(b"\x80\x02" + b"(" * 10**5 + b"t" * 10**5 + b"."))
    assert type(value) is tuple


GOOD = theirs({"w": torch.arange(6.0).reshape(2, 3).T, "p": torch.nn.Parameter(torch.ones(2)), "n": [1, 2.5, "x", {1, 2}], "b": b"\xff"})


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


FILES: dict[str, tuple[bytes, str]] = {
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


@pytest.mark.parametrize("name", FILES)
def test_hostile_archives(name: str) -> None:
    data, text = FILES[name]
    with pytest.raises(CheckpointError, match=text):
        load(data)


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


def test_truncated_files_are_refused_at_every_length() -> None:
    for length in [*range(0, len(GOOD), 7), len(GOOD) - 1]:
        with pytest.raises(CheckpointError):
            load(GOOD[:length])


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_changed_files_load_or_say_so(changes: list[tuple[int, int]]) -> None:
    data = bytearray(GOOD)
    for at, byte in changes:
        data[at] = byte
    try:
        load(bytes(data))
    except CheckpointError:
        pass


PICKLE = zipfile.ZipFile(io.BytesIO(GOOD)).read("archive/data.pkl")


@pytest.mark.filterwarnings("ignore:invalid escape sequence")
@given(st.integers(0, len(PICKLE)), st.integers(0, 20), st.binary(max_size=20))
@settings(max_examples=300, deadline=None)
def test_changed_pickles_load_or_say_so(at: int, removed: int, inserted: bytes) -> None:
    data = rewritten(GOOD, {"data.pkl": lambda b: PICKLE[:at] + inserted + PICKLE[at + removed:]})
    try:
        load(data)
    except CheckpointError:
        pass
