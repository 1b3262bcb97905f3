"""Modules of PyTorch's that programs use beside tensors: hub, multiprocessing, types, settings, devices that are not there."""
from __future__ import annotations

import hashlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

import minigrad
from minigrad import hub
from minigrad import multiprocessing as mp


# ---------------------------------------------------------------- hub
@pytest.fixture
def hub_folder(tmp_path: Path) -> Any:
    before = hub._folder
    hub.set_dir(tmp_path / "hub")
    yield tmp_path
    hub._folder = before


def test_weights_by_address_are_fetched_once(hub_folder: Path) -> None:
    source = hub_folder / "source.pth"
    minigrad.save({"w": minigrad.arange(3.0)}, source)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    named = hub_folder / f"net-{digest[:8]}.pth"
    source.rename(named)
    found = hub.load_state_dict_from_url(named.as_uri(), progress=False, check_hash=True)
    assert found["w"].tolist() == [0.0, 1.0, 2.0]
    named.unlink()
    again = hub.load_state_dict_from_url(named.as_uri(), check_hash=True)
    assert again["w"].tolist() == [0.0, 1.0, 2.0]
    assert [p.name for p in (hub_folder / "hub" / "checkpoints").iterdir()] == [named.name]


def test_wrong_content_is_not_kept(hub_folder: Path) -> None:
    source = hub_folder / "net-00000000.pth"
    source.write_bytes(b"something else")
    with pytest.raises(RuntimeError, match=r'invalid hash value .expected "00000000"'):
        hub.load_state_dict_from_url(source.as_uri(), progress=False, check_hash=True)
    assert list((hub_folder / "hub" / "checkpoints").iterdir()) == []
    with pytest.raises(OSError, match=r"cannot be fetched.*put the file at"):
        hub.download_url_to_file((hub_folder / "nothing").as_uri(), hub_folder / "x", progress=False)


def test_models_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "hubconf.py").write_text(
        "dependencies = ['numpy']\nfrom helper import size\nfrom minigrad import nn\n\n"
        "def net(n=1):\n    'A layer.'\n    return nn.Linear(size, n)\n\ndef _hidden():\n    pass\n")
    (tmp_path / "helper.py").write_text("size = 4\n")
    assert hub.load(str(tmp_path), "net", source="local", n=2).weight.shape == (2, 4)
    assert hub.list(str(tmp_path)) == ["net"] or "net" in hub.list(str(tmp_path))
    assert hub.help(str(tmp_path), "net") == "A layer."
    assert str(tmp_path) not in sys.path
    with pytest.raises(RuntimeError, match=r"Cannot find callable nut in hubconf; it has .*net"):
        hub.load(str(tmp_path), "nut", source="local")
    with pytest.raises(ValueError, match='Unknown source: "foo"'):
        hub.load("a/b", "x", source="foo")
    with pytest.raises(NotImplementedError, match=r"git clone https://github.com/a/b"):
        hub.load("a/b", "x")
    with pytest.raises(FileNotFoundError):
        hub.load(str(tmp_path / "none"), "x", source="local")


def test_where_files_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_folder", None)
    monkeypatch.setenv("TORCH_HOME", "/somewhere")
    assert hub.get_dir() == "/somewhere/hub"
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert hub.get_dir() == "/cache/torch/hub"
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    assert hub.get_dir() == torch.hub.get_dir()


# ---------------------------------------------------------------- processes
def add_index(i: int, shared: Any) -> None:
    shared[i] += i + 1


def fail(i: int) -> None:
    if i == 1:
        raise ValueError("from process 1")


def vanish(i: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_memory_is_shared_with_processes_that_are_started_with_it() -> None:
    x = minigrad.zeros(2, requires_grad=True).detach().share_memory_()
    assert x.is_shared()
    assert not minigrad.ones(2).is_shared()
    assert mp.start_processes(add_index, (x,), nprocs=2, start_method="fork") is None
    assert x.tolist() == [1.0, 2.0]
    model = minigrad.nn.Linear(2, 2)
    assert model.share_memory() is model
    assert model.weight.is_shared()
    assert isinstance(model.weight, minigrad.nn.Parameter)
    with pytest.raises(NotImplementedError, match="a view: share its base"):
        minigrad.ones(4)[:2].share_memory_()


@pytest.mark.slow
def test_memory_is_shared_with_fresh_interpreters() -> None:
    x = minigrad.zeros(2).share_memory_()
    mp.spawn(add_index, (x,), nprocs=2)
    assert x.tolist() == [1.0, 2.0]


def test_processes_that_fail() -> None:
    with pytest.raises(mp.ProcessRaisedException, match=r"(?s)-- Process 1 terminated with the following error.*from process 1") as told:
        mp.start_processes(fail, nprocs=2, start_method="fork")
    assert told.value.error_index == 1
    with pytest.raises(mp.ProcessExitedException, match="terminated with signal SIGKILL") as gone:
        mp.start_processes(vanish, nprocs=1, start_method="fork")
    assert gone.value.exit_code == -signal.SIGKILL


def test_it_is_pythons_multiprocessing() -> None:
    import multiprocessing
    assert mp.Process is multiprocessing.Process
    assert mp.get_context("spawn").get_start_method() == "spawn"
    mp.set_sharing_strategy("file_system")
    assert mp.get_sharing_strategy() in mp.get_all_sharing_strategies()
    with pytest.raises(AssertionError, match="must be one of"):
        mp.set_sharing_strategy("telepathy")


# ---------------------------------------------------------------- tensors for tests
@pytest.mark.parametrize("name", ["float32", "float64", "float16", "int64", "int8", "uint8", "bool", "complex64"])
def test_make_tensor(name: str) -> None:
    dtype = getattr(minigrad, name)
    minigrad.manual_seed(0)
    t = minigrad.testing.make_tensor((2, 3), dtype=dtype, device="cpu")
    assert t.dtype == dtype
    assert t.shape == (2, 3)
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    theirs = torch.testing.make_tensor((2, 3), dtype=getattr(torch, name), device="cpu")
    assert t.tolist() == theirs.tolist()
    strided = minigrad.testing.make_tensor(4, dtype=dtype, device="cpu", noncontiguous=True, exclude_zero=True)
    assert strided.stride() == (2,)
    assert (strided != 0).all()


def test_make_tensor_refuses_what_cannot_be() -> None:
    def make(**options: Any) -> Any:
        return minigrad.testing.make_tensor(2, device="cpu", **{"dtype": minigrad.int64, **options})
    with pytest.raises(ValueError, match="`low` must be less than `high`, but got 5 >= 5"):
        make(low=5, high=5)
    with pytest.raises(ValueError, match="requires_grad=True` is not supported"):
        make(requires_grad=True)
    assert make(dtype=minigrad.float32, requires_grad=True).requires_grad
    with pytest.warns(FutureWarning, match="assert_close"):
        minigrad.testing.assert_allclose([1.0], [1.0])


# ---------------------------------------------------------------- settings and devices that are not there
def test_devices_that_are_not_there_answer_as_pytorchs_do() -> None:
    torch = pytest.importorskip("torch")
    for name in ("xpu", "mps", "mtia"):
        ours, theirs = getattr(minigrad, name), getattr(torch, name)
        assert ours.is_available() is theirs.is_available() is False
        assert ours.device_count() == theirs.device_count() == 0
    for library in (minigrad, torch):
        with pytest.raises(AssertionError):
            library.xpu.current_device()
        with pytest.raises(RuntimeError):
            library.mps.synchronize()
        assert library.cpu.device_count() == 1
        assert library.cpu.current_device() == "cpu"
    if not minigrad.accelerator.is_available():
        with pytest.raises(RuntimeError, match="when none is available"):
            minigrad.accelerator.synchronize()


def test_settings_can_be_set_under_pytorchs_names() -> None:
    program = """
import torch, torch._dynamo, torch._inductor, torch.utils.checkpoint, torch.multiprocessing as mp
from torch.types import Number, Device
from torch.nn.utils.convert_parameters import parameters_to_vector
from torch.nn.utils.weight_norm import weight_norm
torch._dynamo.config.suppress_errors = True
torch._inductor.config.fx_graph_cache = True
with torch._dynamo.config.patch(cache_size_limit=1):
    assert torch._dynamo.config.cache_size_limit == 1
assert torch._dynamo.config.cache_size_limit is None
torch._dynamo.reset()
torch.backends.opt_einsum.enabled = False
torch.backends.quantized.engine = "none"
with torch.backends.cuda.sdp_kernel(enable_flash=False):
    assert not torch.backends.cuda.flash_sdp_enabled()
assert torch.backends.cuda.flash_sdp_enabled()
assert torch.backends.cpu.get_cpu_capability() in ("AVX512", "AVX2", "DEFAULT")
torch.compiler.set_stance("force_eager")
assert not torch.xpu.is_available()
assert torch.return_types.max is type(torch.ones(2, 2).max(0))
"""
    with minigrad.as_torch():
        exec(program, {})
