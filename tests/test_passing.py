"""What programs touch in passing: CUDA that is not there, backends, compilers, determinism, threads, mixed precision."""
from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import amp, nn
from minigrad.errors import DeviceError, UnsupportedError
from minigrad.kernels.cpu import threads as kernel_threads
from minigrad.version import Version

# Expressions with one answer on a machine without a GPU, whoever is asked.
SAME = """
torch.cuda.is_available()
torch.cuda.device_count()
torch.cuda.is_initialized()
torch.cuda.is_bf16_supported()
torch.cuda.get_arch_list()
torch.cuda.get_rng_state_all()
torch.cuda.set_rng_state_all([])
torch.cuda.manual_seed(3), torch.cuda.manual_seed_all(3), torch.cuda.seed(), torch.cuda.seed_all()
torch.cuda.memory_allocated(), torch.cuda.max_memory_allocated(), torch.cuda.memory_reserved(), torch.cuda.max_memory_reserved()
torch.cuda.empty_cache()
torch.cuda.set_device(-1)
torch.cuda.device(-1).__enter__()
torch.backends.cudnn.enabled, torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic, torch.backends.cudnn.allow_tf32
torch.backends.cudnn.is_available(), torch.backends.cudnn.version()
torch.backends.cuda.is_built(), torch.backends.cuda.matmul.allow_tf32
torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction, torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction
torch.backends.cuda.flash_sdp_enabled(), torch.backends.cuda.math_sdp_enabled(), torch.backends.cuda.mem_efficient_sdp_enabled()
torch.backends.mps.is_available(), torch.backends.mps.is_built()
torch.accelerator.is_available(), torch.accelerator.current_accelerator(), torch.accelerator.device_count()
torch.compiler.is_compiling(), torch.compiler.is_dynamo_compiling(), torch.compiler.is_exporting()
torch.jit.is_scripting(), torch.jit.is_tracing(), torch.jit.annotate(int, 3)
torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
torch.get_deterministic_debug_mode()
torch.get_float32_matmul_precision()
torch.version.cuda, torch.version.hip, torch.version.xpu, torch.version.debug
torch.amp.GradScaler("cuda", enabled=False).is_enabled(), torch.amp.GradScaler("cuda", enabled=False).state_dict()
torch.amp.GradScaler("cpu", enabled=False).get_scale(), torch.amp.GradScaler("cpu", enabled=False).scale(2.5)
type(torch.__config__.show()), type(torch.__config__.parallel_info())
""".strip().splitlines()


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    minigrad.use_deterministic_algorithms(False)
    minigrad.set_float32_matmul_precision("highest")


@pytest.mark.parametrize("expression", SAME)
def test_answers_are_pytorch_s(expression: str) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("PyTorch has a GPU here")
    assert eval(expression, {"torch": minigrad}) == eval(expression, {"torch": torch})


def refused(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Exception:
    with pytest.raises(Exception) as error:
        call(*args, **kwargs)
    return error.value


@pytest.mark.parametrize(("expression", "text"), [
    ("torch.use_deterministic_algorithms(1)", "use_deterministic_algorithms: mode must be a bool; got int 1"),
    ("torch.set_deterministic_debug_mode('loud')", "expected 0, 1, 2 or one of default, warn, error; got 'loud'"),
    ("torch.set_deterministic_debug_mode(7)", "expected 0, 1, 2 or one of default, warn, error; got 7"),
    ("torch.set_deterministic_debug_mode(1.5)", "takes an int or a string; got float 1.5"),
    ("torch.set_num_threads(0)", "set_num_threads: expects a positive int; got int 0"),
    ("torch.set_num_threads('2')", "set_num_threads: expects a positive int; got str '2'"),
    ("torch.set_num_threads(True)", "set_num_threads: expects a positive int; got bool True"),
    ("torch.set_num_interop_threads(0)", "set_num_interop_threads: expects a positive int; got int 0"),
    ("torch.autocast('bakery')", "'bakery' is no device"),
])
def test_refusals(expression: str, text: str) -> None:
    error = refused(eval, expression, {"torch": minigrad})
    assert text in str(error)
    torch = pytest.importorskip("torch")
    theirs = refused(eval, expression, {"torch": torch})
    assert isinstance(error, next(kind for kind in type(theirs).__mro__ if kind.__module__ == "builtins"))


# ---------------------------------------------------------------- CUDA
@pytest.mark.parametrize("name", ["current_device", "get_device_name", "get_device_properties", "get_device_capability", "mem_get_info",
                                  "current_stream", "Stream", "Event", "init"])
def test_what_needs_a_gpu_says_so(name: str) -> None:
    with pytest.raises(DeviceError, match=rf"^cuda\.{name}: needs a CUDA device: .*; ask cuda.is_available\(\) first"):
        getattr(minigrad.cuda, name)()


def test_choosing_a_device_that_is_not_there() -> None:
    with pytest.raises(DeviceError, match=r"cuda\.set_device: needs a CUDA device"):
        minigrad.cuda.set_device(0)
    with pytest.raises(DeviceError, match=r"cuda\.set_device: needs a CUDA device"), minigrad.cuda.device("cuda:1"):
        pass
    with minigrad.cuda.device(None):
        pass


def test_seeding_the_gpus_leaves_the_stream_alone() -> None:
    state = minigrad.default_generator.state_array()
    minigrad.cuda.manual_seed_all(99)
    minigrad.cuda.seed()
    assert (minigrad.default_generator.state_array() == state).all()


def test_house_keeping_does_nothing() -> None:
    minigrad.cuda.synchronize()
    minigrad.cuda.ipc_collect()
    minigrad.cuda.reset_peak_memory_stats()
    assert minigrad.cuda.max_memory_allocated() == 0


# ---------------------------------------------------------------- backends
def test_settings_can_be_made() -> None:
    matmul = minigrad.backends.cuda.matmul
    matmul.allow_tf32 = True
    assert matmul.allow_tf32
    matmul.allow_tf32 = False
    with pytest.raises(AttributeError):
        matmul.alow_tf32 = True                      # type: ignore[attr-defined]
    minigrad.backends.cuda.enable_flash_sdp(False)
    assert not minigrad.backends.cuda.flash_sdp_enabled()
    minigrad.backends.cuda.enable_flash_sdp(True)


def test_cudnn_flags() -> None:
    cudnn = minigrad.backends.cudnn
    with cudnn.flags(enabled=False, benchmark=True):
        assert (cudnn.enabled, cudnn.benchmark, cudnn.allow_tf32) == (False, True, True)
        cudnn.set_flags(benchmark=False, deterministic=True, allow_tf32=None)
        assert (cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32) == (False, True, True)
    assert (cudnn.enabled, cudnn.benchmark, cudnn.deterministic, cudnn.benchmark_limit) == (True, False, False, None)


# ---------------------------------------------------------------- compilers
def test_compile_returns_what_it_gets() -> None:
    model = nn.Sequential()
    assert minigrad.compile(model) is model
    assert minigrad.compile(model, fullgraph=True, dynamic=False, backend="eager", mode="max-autotune") is model

    @minigrad.compile
    def one() -> int:
        return 1

    @minigrad.compile(dynamic=True, options={"trace.enabled": True})
    def two() -> int:
        return 2

    @minigrad.compiler.disable(reason="a test")
    def three() -> int:
        return 3

    @minigrad.jit.script
    def four() -> int:
        return 4

    @minigrad.jit.ignore(drop=True)
    def five() -> int:
        return 5
    assert (one(), two(), three(), four(), five()) == (1, 2, 3, 4, 5)
    assert minigrad.jit.trace(model, (minigrad.zeros(1),)) is model
    minigrad.compiler.reset()


def test_compile_refuses_what_pytorch_refuses() -> None:
    with pytest.raises(RuntimeError, match=r"mode must be one of default, lite, reduce-overhead, max-autotune, .*; got 'fast'"):
        minigrad.compile(mode="fast")
    with pytest.raises(RuntimeError, match="either mode or options can be given; got both"):
        minigrad.compile(len, mode="default", options={})
    with pytest.raises(AssertionError, match="compile: a module or a function is expected; got int 3"):
        minigrad.compile(3)
    with pytest.raises(TypeError, match="unexpected keyword argument 'speed'"):
        minigrad.compile(len, speed=9)               # type: ignore[call-arg]


def test_torchscript_files_are_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"jit.save: minigrad writes no TorchScript files; minigrad.save\(model.state_dict"):
        minigrad.jit.save(nn.Sequential(), "model.pt")
    with pytest.raises(UnsupportedError, match=r"jit\.load: minigrad reads no TorchScript files"):
        minigrad.jit.load("model.pt")


# ---------------------------------------------------------------- determinism, precision, threads
def test_determinism_is_remembered() -> None:
    torch = pytest.importorskip("torch")
    try:
        for name, argument in (("use_deterministic_algorithms", True), ("set_deterministic_debug_mode", "warn"),
                               ("set_deterministic_debug_mode", 2), ("set_deterministic_debug_mode", "default")):
            seen = []
            for library in (minigrad, torch):
                getattr(library, name)(argument)
                seen.append((library.are_deterministic_algorithms_enabled(), library.is_deterministic_algorithms_warn_only_enabled(),
                             library.get_deterministic_debug_mode()))
            assert seen[0] == seen[1]
    finally:
        torch.use_deterministic_algorithms(False)


def test_precision_is_remembered() -> None:
    minigrad.set_float32_matmul_precision("medium")
    assert minigrad.get_float32_matmul_precision() == "medium"
    with pytest.warns(UserWarning, match="'low' is not one of highest, high, medium; it stays 'medium'"):
        minigrad.set_float32_matmul_precision("low")
    assert minigrad.get_float32_matmul_precision() == "medium"
    assert minigrad.set_flush_denormal(True) is False


def test_threads_are_the_kernels() -> None:
    before = kernel_threads.get_num_threads()
    try:
        minigrad.set_num_threads(1)
        assert minigrad.get_num_threads() == 1
        assert kernel_threads.threads_for(10 ** 9) == 1
    finally:
        minigrad.set_num_threads(before)
    minigrad.set_num_interop_threads(2)
    assert minigrad.get_num_interop_threads() == 2
    minigrad.set_num_interop_threads(1)


def test_the_configuration_in_words() -> None:
    assert f"NumPy {np.__version__}" in minigrad.__config__.show()
    assert minigrad.__config__.parallel_info() == f"minigrad's CPU kernels use up to {minigrad.get_num_threads()} threads\n"


# ---------------------------------------------------------------- mixed precision
def test_mixed_precision_for_a_gpu_is_switched_off_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="autocast: CUDA is not available; switched off"):
        autocast = minigrad.autocast("cuda", dtype=minigrad.float16)
    with autocast:
        assert (minigrad.ones(2) * 2).dtype is minigrad.float32
    with pytest.warns(UserWarning, match="GradScaler: CUDA is not available; switched off"):
        scaler = minigrad.cuda.amp.GradScaler()
    assert not scaler.is_enabled()
    with pytest.warns(UserWarning, match="switched off"):
        assert minigrad.cuda.amp.autocast()(len)([1, 2]) == 2


def test_a_scaler_that_is_off_hands_everything_through() -> None:
    scaler = amp.GradScaler("cuda", enabled=False)
    w = nn.Parameter(minigrad.ones(2))
    optimizer = minigrad.optim.SGD([w], lr=0.5)
    with warnings.catch_warnings(), amp.autocast("cpu", enabled=False):
        warnings.simplefilter("error")
        loss = (w * w).sum()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    assert w.tolist() == [0, 0]


# ---------------------------------------------------------------- versions
@pytest.mark.parametrize("other", ["2.2", "2.13", "2.13.0", "2.13.0+cpu", "2.13.0+minigrad", "2.13.1", "3", "2.13.0rc1",
                                   "2.13.0.dev20250101", "2.14.0a0", "2.13.0.post1", "2.9.1", "abc", (2, 13), (1, 8), (2, 14, 0)])
def test_versions_compare_as_pytorch_s(other: Any) -> None:
    theirs = pytest.importorskip("torch.torch_version").TorchVersion
    for text in ("2.13.0+minigrad", "2.14.0.dev2025"):
        for sign in ("<", "<=", ">", ">=", "=="):
            got, wanted = (eval(f"version {sign} other", {"version": kind(text), "other": other}) for kind in (Version, theirs))
            assert got == wanted, (text, sign)
    assert hash(Version("2.13")) == hash("2.13")
    assert Version("2.13.0") != 2


# ---------------------------------------------------------------- DataParallel
def test_data_parallel_is_the_model_itself() -> None:
    torch = pytest.importorskip("torch")
    ours = nn.DataParallel(nn.Sequential(nn.ReLU()), device_ids=[0, 1])
    theirs = torch.nn.DataParallel(torch.nn.Sequential(torch.nn.BatchNorm1d(2)))
    assert ours.device_ids == theirs.device_ids == []
    assert ours(minigrad.tensor([-1.0, 2.0])).tolist() == [0, 2]
    assert nn.DataParallel(nn.Sequential(nn.BatchNorm1d(2))).state_dict().keys() == theirs.state_dict().keys()
    assert repr(nn.DataParallel(nn.ReLU())) == repr(torch.nn.DataParallel(torch.nn.ReLU()))


# ---------------------------------------------------------------- TensorBoard
class Recorder:
    """Stands for tensorboardX's writer."""

    def __init__(self, log_dir: str | None, **options: Any) -> None:
        self.logdir, self.options, self.calls, self.closed = log_dir or "runs/now", options, [], False

    def add_scalars(self, *args: Any, **kwargs: Any) -> None:
        self.calls.append((args, kwargs))

    def close(self) -> None:
        self.closed = True


def test_a_summary_writer_hands_tensors_on_as_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    library = ModuleType("tensorboardX")
    library.SummaryWriter = Recorder                 # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tensorboardX", library)
    with minigrad.as_torch():
        from torch.utils.tensorboard import SummaryWriter
    with SummaryWriter("logs", comment="x") as writer:
        writer.add_scalars("loss", {"train": minigrad.tensor(0.5, requires_grad=True)}, 3, walltime=[minigrad.ones(2)])
        assert writer.log_dir == "logs"
        with pytest.raises(UnsupportedError, match="add_graph: there is no TorchScript graph to write"):
            writer.add_graph(nn.Sequential())
        with pytest.raises(AttributeError):
            writer.add_nonsense(1)
    recorder = writer._writer
    (name, values, step), options = recorder.calls[0]
    assert (name, values, step) == ("loss", {"train": 0.5}, 3)
    assert isinstance(options["walltime"][0], np.ndarray)
    assert recorder.options["comment"] == "x"
    assert recorder.closed


def test_without_tensorboardx_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from minigrad.utils.tensorboard import SummaryWriter
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r"SummaryWriter needs tensorboardX, which .*; pip install 'minigrad\[tensorboard\]'$"):
        SummaryWriter()
