"""`minigrad.cuda` where there is no device: it says what is missing, and questions have answers."""
from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import minigrad as mg
from minigrad import cupy_arrays
from minigrad.errors import DeviceError

if not cupy_arrays.why_not():
    pytest.skip("there is a CUDA device", allow_module_level=True)


@pytest.fixture
def fresh() -> Iterator[None]:
    """Asks anew what there is, and forgets the answer behind itself."""
    cupy_arrays.why_not.cache_clear()
    yield
    cupy_arrays.why_not.cache_clear()


def install(patch: pytest.MonkeyPatch, builds: list[str], count: Callable[[], int] | None = None) -> None:
    """Let these builds of CuPy be installed; `count` counts devices, None for a build that cannot be imported."""
    cupy: Any = ModuleType("cupy")
    cupy.cuda = SimpleNamespace(runtime=SimpleNamespace(getDeviceCount=count))
    patch.setattr(cupy_arrays, "find_spec", lambda name: object())
    patch.setattr(cupy_arrays, "distributions", lambda: [SimpleNamespace(metadata={"Name": name}) for name in [*builds, "numpy", None]])
    patch.setitem(sys.modules, "cupy", cupy if count else None)


def no_driver() -> int:
    raise RuntimeError("cudaErrorInsufficientDriver")


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(("builds", "count", "reason"), [
    ([], no_driver, "no CUDA driver answers"),
    (["cupy-cuda12x", "cupy-cuda13x"], no_driver, "cupy-cuda12x and cupy-cuda13x are installed, which overwrite each other"),
    (["cupy-cuda13x"], None, "cupy-cuda13x cannot be imported"),
    (["cupy-cuda13x"], no_driver, r"no CUDA driver answers \(cudaErrorInsufficientDriver\): install NVIDIA's driver"),
    (["cupy-cuda13x"], lambda: 0, "the CUDA driver sees no device: check CUDA_VISIBLE_DEVICES"),
])
def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, builds: list[str], count: Any, reason: str) -> None:
    install(monkeypatch, builds, count)
    assert not mg.cuda.is_available()
    assert mg.cuda.device_count() == 0
    with pytest.raises(DeviceError, match=f"device: cuda is not there: .*{reason}.*; or use device 'cpu'"):
        mg.zeros(2, device="cuda")


@pytest.mark.usefixtures("fresh")
def test_a_device_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, ["cupy-cuda13x"], lambda: 2)
    monkeypatch.setattr(cupy_arrays, "_opened", lambda: None)
    with pytest.raises(DeviceError, match=r"cuda:5 is not there: this machine has 2 CUDA devices, cuda:0 to cuda:1"):
        mg.zeros(2, device="cuda:5")


@pytest.mark.parametrize("call", [
    lambda: mg.zeros(2).cuda(), lambda: mg.zeros(2).to("cuda:0"), lambda: mg.tensor([1], device="cuda"), lambda: mg.nn.Linear(2, 2).cuda(),
    lambda: mg.cuda.get_device_name(), lambda: mg.cuda.current_device(), lambda: mg.cuda.set_device(0), lambda: mg.cuda.Stream(),
    lambda: mg.cuda.Event(), lambda: mg.cuda.mem_get_info(), lambda: mg.zeros(2).pin_memory(), lambda: mg.cuda.init()])
def test_what_needs_a_device_says_so(call: Callable[[], Any]) -> None:
    with pytest.raises(DeviceError, match=r"(needs a CUDA device|is not there): "):
        call()


def test_questions_have_answers() -> None:
    assert (mg.cuda.memory_allocated(), mg.cuda.max_memory_allocated(), mg.cuda.memory_reserved()) == (0, 0, 0)
    assert mg.cuda.memory_stats()["allocated_bytes.all.peak"] == 0
    assert not mg.cuda.is_initialized()
    assert not mg.zeros(2).is_pinned()
    mg.cuda.synchronize()
    mg.cuda.empty_cache()
    mg.cuda.reset_peak_memory_stats()
    with mg.cuda.device(None), mg.cuda.device(-1), mg.cuda.device_of(mg.zeros(2)), mg.cuda.stream(None):
        pass


def test_the_devices_stream_of_random_numbers_has_a_state() -> None:
    mg.cuda.manual_seed(7)
    state = mg.cuda.get_rng_state()
    assert state.shape == (16,)
    assert mg.cuda.initial_seed() == 7
    mg.manual_seed(8)
    assert mg.cuda.initial_seed() == 8
    mg.cuda.set_rng_state(state)
    assert mg.cuda.initial_seed() == 7
    with pytest.raises(mg.errors.RandomError, match="expected a state of size 16; got 5056; was it saved by a CPU generator"):
        mg.cuda.set_rng_state(mg.get_rng_state())


def test_tf32_is_one_switch() -> None:
    assert not mg.backends.cuda.matmul.allow_tf32
    mg.set_float32_matmul_precision("high")
    assert mg.backends.cuda.matmul.allow_tf32
    mg.backends.cuda.matmul.allow_tf32 = False
    assert mg.get_float32_matmul_precision() == "highest"
