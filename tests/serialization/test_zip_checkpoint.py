"""PyTorch's zip checkpoints: read and written as PyTorch does."""
from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter, OrderedDict, defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.errors import CheckpointError

from .files import load, ours, rewritten, theirs, torch_load

torch = pytest.importorskip("torch")
DTYPES = [d.name for d in mg.dtypes.ALL]


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


# ---------------------------------------------------------------- what PyTorch writes and minigrad does not build
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
    "a storage": (lambda: torch.ones(2).untyped_storage(), r"torch\.storage\.UntypedStorage"),
    "conj": (lambda: torch.ones(2, dtype=torch.complex64).conj(), "conj; call resolve_conj"),
    "the class itself": (OrderedDict, r"collections\.OrderedDict as a value"),
    "a storage type": (torch.FloatStorage, "FloatStorage as a value"),
}


@pytest.mark.parametrize("name", THEIR_ZOO)
def test_anything_else_is_named(name: str) -> None:
    value, text = THEIR_ZOO[name]
    value = value() if callable(value) and type(value).__name__ == "function" else value
    with pytest.raises(CheckpointError, match=text):
        load(theirs({"a": [value]}))
