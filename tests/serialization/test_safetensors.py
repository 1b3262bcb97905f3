"""save and load: what goes in comes out, and a damaged file says so."""
from __future__ import annotations

import io
import json
import math
import os
from collections import Counter, OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

import minigrad as mg
from minigrad import serialization
from minigrad.errors import CheckpointError


def round_trip(value: Any, path: Path) -> Any:
    mg.save(value, path)
    return mg.load(path)


@pytest.mark.parametrize("dtype", mg.dtypes.ALL, ids=lambda d: d.name)
def test_tensors_of_every_dtype(dtype: Any, tmp_path: Path) -> None:
    for shape in ((), (0, 3), (2, 3)):
        array = (np.arange(math.prod(shape)).reshape(shape) * (1 + 2j if dtype.is_complex else 1)).astype(dtype.numpy)
        back = round_trip(mg.tensor(array), tmp_path / "t.safetensors")
        assert back.dtype is dtype
        np.testing.assert_array_equal(back.numpy(), array)


def test_a_file_whose_header_is_as_long_as_a_pickle_begins() -> None:
    first_bytes = set()
    for length in range(0, 256, 4):                  # a header's length is the first thing in the file, in steps of 8
        file = io.BytesIO()
        mg.save({"k" * length: mg.ones(2)}, file)
        first_bytes.add(file.getvalue()[:1])
        assert mg.load(io.BytesIO(file.getvalue()))["k" * length].tolist() == [1, 1]
    assert b"\x80" in first_bytes


def test_structure_comes_back_as_it_was(tmp_path: Path) -> None:
    value = {"a": [1, 2.5, None, True, "text", (1, (2,))], 3: {"nested": OrderedDict(x=mg.ones(2))}, "inf": [math.inf, -math.inf],
             "c": Counter([2, 2, 5]), "bytes": b"\x00\xff", "size": mg.Size([2, 3]), "dtype": mg.float16, "complex": 1 - 2j,
             "set": {1, 2}, "device": mg.device("cpu"), "big": 2**80, (1, "key"): "tuple key"}
    back = round_trip(value, tmp_path / "s.safetensors")
    assert back.keys() == value.keys()
    assert back["a"] == value["a"]
    assert type(back["a"][5]) is tuple
    assert type(back[3]["nested"]) is OrderedDict
    assert back[3]["nested"]["x"].tolist() == [1.0, 1.0]
    for key in ("inf", "c", "bytes", "size", "dtype", "complex", "set", "device", "big", (1, "key")):
        assert back[key] == value[key]
        assert type(back[key]) is type(value[key])


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner)))
def test_any_plain_structure(value: Any) -> None:
    file = io.BytesIO()
    mg.save(value, file)
    file.seek(0)
    assert mg.load(file) == value


def test_what_contains_itself_is_refused() -> None:
    inner: list[Any] = [1]
    inner.append((inner,))
    with pytest.raises(CheckpointError, match=r"save: the list at model contains itself, at model\.1\.0"):
        mg.save({"model": inner}, io.BytesIO())
    twice = [1, 2]
    file = io.BytesIO()
    mg.save([twice, twice], file)
    assert mg.load(io.BytesIO(file.getvalue())) == [[1, 2], [1, 2]]


def test_nan_survives() -> None:
    file = io.BytesIO()
    mg.save([math.nan, mg.tensor([math.nan])], file)
    file.seek(0)
    number, t = mg.load(file)
    assert math.isnan(number)
    assert math.isnan(t.item())


def test_strided_and_requires_grad(tmp_path: Path) -> None:
    x = mg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    back = round_trip({"x": x, "t": x.detach().T}, tmp_path / "t.safetensors")
    assert back["x"].requires_grad
    assert back["x"].is_leaf
    assert not back["t"].requires_grad
    assert back["t"].tolist() == [[1.0, 3.0], [2.0, 4.0]]


def test_shared_memory_is_stored_once_and_shared_again(tmp_path: Path) -> None:
    w = mg.ones(100, 100)
    path = tmp_path / "tied.safetensors"
    back = round_trip({"encoder": w, "decoder": w}, path)
    assert path.stat().st_size < 60_000
    back["encoder"].fill_(2.0)
    assert back["decoder"][0, 0].item() == 2.0


def test_a_write_through_a_tied_tensor_makes_the_graph_stale(tmp_path: Path) -> None:
    w = mg.ones(3, requires_grad=True)
    back = round_trip({"encoder": w, "decoder": w.detach()}, tmp_path / "tied.safetensors")
    y = (back["encoder"] * back["encoder"]).sum()
    back["decoder"].fill_(2.0)
    with pytest.raises(mg.errors.InplaceError):
        y.backward()


def test_other_readers_find_the_tensors_by_name(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    mg.save({"model": {"conv.weight": mg.ones(2)}, "epoch": 3}, path)
    assert list(load_file(path)) == ["model.conv.weight"]


def test_files_of_others_load_as_a_dict(tmp_path: Path) -> None:
    path = tmp_path / "theirs.safetensors"
    save_file({"a": np.arange(3.0), "b": np.ones((2, 2), np.float16)}, path)
    back = mg.load(path)
    assert back["a"].tolist() == [0.0, 1.0, 2.0]
    assert back["b"].dtype is mg.float16


def bfloat16_file(values: np.ndarray) -> bytes:
    data = (values.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    header = json.dumps({"w": {"dtype": "BF16", "shape": list(values.shape), "data_offsets": [0, len(data)]}}).encode()
    return len(header).to_bytes(8, "little") + header + data


def test_bfloat16_is_widened_with_one_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serialization, "_notified", False)
    data = bfloat16_file(np.array([1.0, -2.5, 3.0]))
    with pytest.warns(UserWarning, match="bfloat16, which NumPy has not; widened to float32"):
        back = mg.load(io.BytesIO(data))
    assert back["w"].tolist() == [1.0, -2.5, 3.0]
    mg.load(io.BytesIO(data))                        # a second warning would be an error here


def test_what_cannot_be_saved_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    with pytest.raises(TypeError, match=r"save: cannot save .*Linear at model\.0; save its state_dict\(\)"):
        mg.save({"model": [mg.nn.Linear(2, 2)]}, path)
    with pytest.raises(TypeError, match="at the top"):
        mg.save(object(), path)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.safetensors"
    mg.save({"v": 1}, path)

    def fail(*args: Any) -> None:
        raise OSError("disk full")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        mg.save({"v": 2}, path)
    monkeypatch.undo()
    assert mg.load(path) == {"v": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_files_of_the_first_format_load(tmp_path: Path) -> None:
    path = tmp_path / "old.safetensors"
    structure = '{"dict": [["w", {"tensor": "w", "requires_grad": true, "dtype": "float32"}], ["t", {"tuple": [1]}]]}'
    save_file({"w": np.ones(2, np.float32)}, path, {"format": "minigrad 1", "minigrad": structure})
    back = mg.load(path)
    assert back["w"].tolist() == [1, 1]
    assert back["w"].requires_grad
    assert back["t"] == (1,)


def test_files_of_a_later_format_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "new.safetensors"
    save_file({}, path, {"minigrad": '{"format": "minigrad 3", "structure": 1}'})
    with pytest.raises(CheckpointError, match="has format 'minigrad 3'; this version reads 'minigrad 2'"):
        mg.load(path)


@pytest.mark.parametrize("format", ["safetensors", "torch"])
def test_equal_states_give_equal_bytes(format: str) -> None:
    def state() -> dict[str, Any]:
        names = [f"name{i}" for i in range(20)]
        return {"w": mg.ones(3), "set": set(names), "same": [mg.zeros(2)] * 2, "n": 1.5}

    def data(value: Any) -> bytes:
        file = io.BytesIO()
        mg.save(value, file, format=format)
        return file.getvalue()
    other = state()
    other["set"] = {f"name{i}" for i in reversed(range(20))}
    assert len({data(value) for value in [state(), state(), other] * 5}) == 1


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match=r"save: format must be 'safetensors' or 'torch'; got 'onnx'"):
        mg.save(1, io.BytesIO(), format="onnx")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        mg.load(tmp_path / "none")
