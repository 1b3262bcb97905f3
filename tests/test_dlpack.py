"""DLPack: the same memory here and in NumPy and PyTorch, proven by writing; what may not be shared says so."""
from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ExchangeError
from minigrad.utils.dlpack import DLDeviceType, from_dlpack, to_dlpack

DTYPES = [d.numpy for d in mg.dtypes.ALL]


def theirs_of(library: str) -> Any:
    return np if library == "numpy" else pytest.importorskip("torch")


def numpy_of(x: Any) -> np.ndarray:
    return x if isinstance(x, np.ndarray) else x.numpy()


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)], ids=str)
def test_every_dtype_goes_both_ways_without_a_copy(library: str, dtype: Any, shape: tuple[int, ...]) -> None:
    lib = theirs_of(library)
    ours = mg.from_numpy(np.ones(shape, dtype))
    theirs = lib.from_dlpack(ours)
    assert tuple(theirs.shape) == shape
    theirs[...] = 0
    assert not ours.any()
    back = mg.from_dlpack(theirs)
    assert (back.dtype, back.shape, back.device.type) == (ours.dtype, ours.shape, "cpu")
    back.fill_(1)
    assert numpy_of(theirs).all()
    assert ours.all()


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_strides_are_kept(library: str) -> None:
    lib = theirs_of(library)
    x = mg.arange(24.0).view(2, 3, 4)
    for view in (x.mT, x[:, 1:, ::2], x.permute(2, 0, 1), x[1], x[:1].expand(5, 3, 4)):
        theirs = lib.from_dlpack(view)
        np.testing.assert_array_equal(numpy_of(theirs), view.numpy())
        back = mg.from_dlpack(theirs)
        assert back.stride() == view.stride()
        assert back.data_ptr() == view.data_ptr()


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_either_side_may_die_first(library: str) -> None:
    lib = theirs_of(library)
    ours = mg.arange(1000.0)
    theirs = lib.from_dlpack(ours)
    gone = weakref.ref(ours)
    del ours
    gc.collect()
    assert gone() is None
    assert float(theirs[999]) == 999
    back = mg.from_dlpack(theirs)
    del theirs
    gc.collect()
    scratch = [mg.zeros(1000) for _ in range(10)]    # would stand where freed memory was
    assert back[999].item() == 999
    del scratch


def test_memory_is_freed_once_nobody_has_it() -> None:
    array = np.zeros(10)
    freed = weakref.ref(array)
    t = mg.from_dlpack(array)
    del array
    gc.collect()
    assert freed() is not None
    del t
    gc.collect()
    assert freed() is None


def test_capsules() -> None:
    torch = pytest.importorskip("torch")
    x = mg.zeros(3)
    torch.from_dlpack(to_dlpack(x))[1] = 5
    assert x.tolist() == [0, 5, 0]
    for capsule in (torch.utils.dlpack.to_dlpack(torch.ones(3)), torch.ones(3).__dlpack__(max_version=(1, 0)), x.__dlpack__()):
        t = from_dlpack(capsule)
        t[0] = 7                                     # writable in the older form, too, which cannot say so
        assert t[0].item() == 7
        with pytest.raises(RuntimeError, match=r"invalid capsule, 'used_dltensor\w*'. .* can be consumed only once"):
            from_dlpack(capsule)
    assert x[0].item() == 7
    assert from_dlpack is mg.from_dlpack


def test_a_capsule_of_the_older_form_keeps_its_memory() -> None:
    x = mg.arange(1000.0)
    t = mg.from_dlpack(to_dlpack(x))
    del x
    gc.collect()
    assert t.sum().item() == 499500
    assert mg.from_dlpack(t).data_ptr() == t.data_ptr()


class Old:
    """An array of a library that knows the first version of the protocol only."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __dlpack__(self, stream: Any = None) -> Any:
        return self.array.__dlpack__()

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()


def test_older_libraries() -> None:
    array = np.zeros(3)
    mg.from_dlpack(Old(array))[0] = 2
    assert array.tolist() == [2, 0, 0]


def test_read_only_memory_stays_so() -> None:
    array = np.zeros(3)
    array.flags.writeable = False
    with pytest.warns(UserWarning, match="the given array is not writable, and writing to the tensor will fail; copy=True"):
        t = mg.from_dlpack(array)
    with pytest.raises(mg.errors.MinigradError, match="fill: assignment destination is read-only"):
        t.fill_(1)
    assert array.sum() == 0
    with pytest.raises(BufferError, match=r"readonly.*; got float64 \(3,\); clone\(\) it first"):
        to_dlpack(t)                                 # this form cannot say that it is read-only
    assert np.from_dlpack(t).flags.writeable is False


def test_a_tensor_that_requires_grad_is_refused() -> None:
    leaf = mg.ones(2, requires_grad=True)
    for x in (leaf, leaf * 2):
        for take in (np.from_dlpack, to_dlpack, lambda x: x.__dlpack__()):
            with pytest.raises(ExchangeError, match=r"Can't export tensors that require gradient, use tensor\.detach\(\)"):
                take(x)
    np.from_dlpack(leaf.detach())[0] = 3
    assert leaf[0].item() == 3
    assert issubclass(ExchangeError, BufferError)


def test_devices_and_copies() -> None:
    array = np.zeros(3)
    assert mg.ones(2).__dlpack_device__() == (DLDeviceType.kDLCPU, 0)
    mg.from_dlpack(array, copy=True)[0] = 1
    mg.from_dlpack(array, device="cpu", copy=False)[1] = 1
    assert array.tolist() == [0, 1, 0]
    with pytest.raises(mg.errors.ArgumentError, match=r"memory of cpu is not shared with cuda:0; let copy be None or True"):
        mg.from_dlpack(array, device="cuda:0", copy=False)


class Elsewhere(Old):
    """An array that says that it is on another device."""
    kind = (8, 0)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.kind


def test_other_devices_are_named() -> None:
    with pytest.raises(RuntimeError, match=r"on a device of kind kDLMetal; minigrad has cpu and cuda; move it there first"):
        mg.from_dlpack(Elsewhere(np.zeros(2)))


def test_what_cannot_be_shared_is_named() -> None:
    with pytest.raises(RuntimeError, match=r"takes an array with __dlpack__, or a DLPack capsule; got int 3"):
        mg.from_dlpack(3)
    with pytest.raises(mg.errors.ArgumentError, match="stride in the given array is negative"):
        mg.from_dlpack(np.arange(3)[::-1])
    with pytest.raises(TypeError, match="can't convert an array of uint32"):
        mg.from_dlpack(np.zeros(2, np.uint32))
    with pytest.raises(BufferError, match="native byte order"):
        mg.from_dlpack(np.zeros(2, ">f4"))
    with pytest.raises(TypeError, match=r"stream must be int or None; got float 1\.5"):
        mg.ones(2).__dlpack__(stream=1.5)
    with pytest.raises(AssertionError, match="stream should be None on the CPU"):
        mg.ones(2).__dlpack__(stream=2)


def test_bfloat16_is_named() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(mg.errors.UnsupportedDtypeError, match=r"from_dlpack: Unsupported dtype in DLTensor.*; minigrad has float16"):
        mg.from_dlpack(torch.zeros(2, dtype=torch.bfloat16))


# ---------------------------------------------------------------- arrays of a device, by a stand-in for CuPy's
class OnDevice(Elsewhere):
    kind = (2, 0)

    def __dlpack__(self, **options: Any) -> Any:     # type: ignore[override]
        self.options = options
        return "a capsule of the device"


class FakeBackend:
    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.xp = self

    def from_dlpack(self, offered: Any) -> np.ndarray:
        self.asked.append(offered)
        return np.zeros(2)


def test_device_arrays_are_taken_by_their_own_library(monkeypatch: pytest.MonkeyPatch) -> None:
    from minigrad import _dlpack
    backend, array = FakeBackend(), OnDevice(np.zeros(2))
    monkeypatch.setattr(_dlpack, "backend_for", lambda where: backend)
    assert mg.from_dlpack(array, device="cuda:0").shape == (2,)
    assert backend.asked == [array]                  # the array itself, which it asks in the stream that it works in


def test_device_arrays_make_their_own_capsules(monkeypatch: pytest.MonkeyPatch) -> None:
    from minigrad.engine.node import wrap
    from tests.strict_arrays import StrictArray
    asked = []
    monkeypatch.setattr(StrictArray, "__dlpack__", lambda self, **options: asked.append(options), raising=False)
    x = wrap(StrictArray(np.zeros(2)))
    assert x.__dlpack_device__() == (DLDeviceType.kDLCUDA, 0)
    x.__dlpack__(stream=1, max_version=(1, 0))
    assert asked == [{"stream": 1, "max_version": (1, 0), "dl_device": None, "copy": None}]
