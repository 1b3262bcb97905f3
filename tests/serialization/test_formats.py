"""Which format a file gets, where its tensors go, and what may stand for a file."""
from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import minigrad as mg
from minigrad.errors import CheckpointError, DeviceError

from .files import ours

ZIP = b"PK\x03\x04"


@pytest.mark.parametrize(("name", "zipped"), [
    ("model.pt", True), ("model.pth", True), ("last.ckpt", True), ("pytorch_model.bin", True), ("checkpoint.pth.tar", True),
    ("model.safetensors", False), ("model", False), ("model.pt.safetensors", False)])
def test_the_name_of_a_file_says_its_format(name: str, zipped: bool, tmp_path: Path) -> None:
    for path in (tmp_path / name, str(tmp_path / name)):
        mg.save({"w": mg.ones(2), "n": [1, (2.5, None)]}, path)
        assert (Path(path).read_bytes()[:4] == ZIP) == zipped
        back = mg.load(path)
        assert (back["w"].tolist(), back["n"]) == ([1, 1], [1, (2.5, None)])
    mg.save(1, path, format="torch")
    assert Path(path).read_bytes()[:4] == ZIP


def test_streams_and_programs_of_pytorch() -> None:
    native, pretending = io.BytesIO(), io.BytesIO()
    mg.save(mg.ones(2), native)
    with mg.as_torch():
        import torch
        torch.save(torch.ones(2), pretending)
    assert (native.getvalue()[:4] == ZIP, pretending.getvalue()[:4] == ZIP) == (False, True)


PROGRAM = """
import sys, torch
model = torch.nn.Linear(2, 3)
torch.save({"model": model.state_dict(), "epoch": 3}, sys.argv[1], _use_new_zipfile_serialization=True, pickle_protocol=2)
state = torch.load(sys.argv[1], map_location=lambda storage, loc: storage)
print(sorted(state["model"]), state["epoch"])
"""


def test_what_a_program_of_pytorch_saves_pytorch_reads(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    program, file = tmp_path / "program.py", tmp_path / "checkpoint"
    program.write_text(PROGRAM)
    ran = subprocess.run([sys.executable, "-m", "minigrad", "run", str(program), str(file)], capture_output=True, text=True)
    assert ran.stdout == "['bias', 'weight'] 3\n", ran.stderr
    state = torch.load(file, weights_only=True)
    torch.nn.Linear(2, 3).load_state_dict(state["model"])


def moved(storage: Any, location: str) -> Any:
    return storage.cpu() if location == "cpu" else None


PLACES = [None, "cpu", mg.device("cpu"), {"cuda:0": "cpu"}, {"cpu": "cpu"}, lambda storage, location: storage,
          lambda storage, location: None, lambda storage, location: "cpu", moved]


@pytest.mark.parametrize("map_location", PLACES, ids=range(len(PLACES)))
@pytest.mark.parametrize("format", ["torch", "safetensors"])
def test_places(map_location: Any, format: str) -> None:
    t = mg.load(io.BytesIO(ours({"w": mg.ones(2)}, format)), map_location)["w"]
    assert (t.device.type, t.tolist()) == ("cpu", [1, 1])


@pytest.mark.parametrize("map_location", ["cuda:7", {"cpu": "cuda:7"}, lambda storage, location: storage.cuda(7)],
                         ids=["name", "dict", "function"])
@pytest.mark.parametrize("format", ["torch", "safetensors"])
def test_a_place_that_is_not_there_is_not_the_files_fault(map_location: Any, format: str) -> None:
    with pytest.raises(DeviceError, match="cuda:7"):
        mg.load(io.BytesIO(ours({"w": mg.ones(2)}, format)), map_location)


def test_what_is_no_place() -> None:
    with pytest.raises(TypeError, match=r"map_location must be a device, a dictionary or a function; got float 1\.5"):
        mg.load(io.BytesIO(ours(1)), 1.5)

    def fails(storage: Any, location: str) -> Any:
        raise KeyError("mine")
    with pytest.raises(KeyError, match="mine"):
        mg.load(io.BytesIO(ours({"w": mg.ones(2)})), fails)


def test_arguments_of_pytorch_are_taken(tmp_path: Path) -> None:
    import pickle
    mg.save(mg.ones(2), tmp_path / "a.pt", pickle, 4, False)
    assert mg.load(tmp_path / "a.pt", "cpu", pickle, weights_only=False, mmap=True, encoding="latin1").tolist() == [1, 1]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"save: Parent directory .*nowhere does not exist; make it first"):
        mg.save(1, tmp_path / "nowhere" / "a.pt")


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs symbolic links")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    target, link = tmp_path / "kept" / "epoch3.pt", tmp_path / "last.pt"
    link.symlink_to(target)
    for n in (1, 2):
        mg.save(n, link)
        assert link.is_symlink()
        assert mg.load(target) == n
    assert [p.name for p in target.parent.iterdir()] == ["epoch3.pt"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    import threading
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    mg.save({"w": mg.ones(2)}, pipe)
    reader.join()
    assert mg.load(io.BytesIO(read[0]))["w"].tolist() == [1, 1]
    assert pipe.is_fifo()
    mg.save(1, os.devnull)


@pytest.mark.parametrize("save", [lambda value: ours(value, "safetensors")])
def test_tensors_are_no_keys(save: Callable[[Any], bytes]) -> None:
    with pytest.raises(TypeError, match=r"save: cannot save a Tensor as a key, at state\.0; name it by a string"):
        save({"state": [{mg.ones(2): 1}]})


def test_many_equal_keys_are_no_attack() -> None:
    value = [{0: i, 1.5: i, (1, 2): i, None: i, -1: i, -2: i, 2**80: i} for i in range(300)]
    for format in ("torch", "safetensors"):
        assert mg.load(io.BytesIO(ours(value, format))) == value
    with pytest.raises(CheckpointError, match="more than 64 keys with one hash"):
        mg.load(io.BytesIO(ours({k * (2**61 - 1): 0 for k in range(100)})))
