"""Every op, every layer and whole training runs on a GPU, against the CPU."""
from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.nn import functional as F
from tests.kernels import test_conv, test_pool
from tests.kernels.gpu.test_training import IMAGES, LABELS, WORDS, convnet, train, transformer
from tests.ops.test_contract import NAMES, check_on_device


@pytest.mark.parametrize("name", NAMES)
def test_op(name: str) -> None:
    cupy = import_module("cupy")
    mg.zeros(1, device="cuda")                       # opens the device
    check_on_device(name, cupy.ndarray, cupy.asarray, cupy.asnumpy, 1e-7)


@pytest.mark.parametrize("make", [lambda p: optim.SGD(p, 0.1, momentum=0.9), lambda p: optim.Adam(p, 1e-2), lambda p: optim.Adamax(p),
                                  lambda p: optim.RMSprop(p, 1e-2), lambda p: optim.Adagrad(p), lambda p: optim.Adadelta(p),
                                  lambda p: optim.NAdam(p), lambda p: optim.RAdam(p), lambda p: optim.ASGD(p), lambda p: optim.Rprop(p)])
@pytest.mark.parametrize(("build", "data"), [(convnet, IMAGES), (transformer, WORDS)], ids=["convnet", "transformer"])
def test_training(build: Callable[[], nn.Module], data: Any, make: Any) -> None:
    expected = train(build(), mg.tensor(data), mg.tensor(LABELS), make)
    found = train(build().to("cuda"), mg.tensor(data, device="cuda"), mg.tensor(LABELS).cuda(), make)
    np.testing.assert_allclose(found, expected, rtol=1e-3)


@pytest.mark.parametrize("dtype", [mg.float32, mg.float64, mg.float16])
@pytest.mark.parametrize("case", [c for c in test_conv.SPECIAL if min(c.stride) > 0 and not any(min(p) < 0 for p in c.padding)], ids=str)
def test_convolution(case: test_conv.Case, dtype: Any) -> None:
    from minigrad.kernels import gpu, reference
    cupy = import_module("cupy")
    x, w, b, g = (a.astype(mg.zeros(0, dtype=dtype).numpy().dtype) for a in case.arrays())
    on = [cupy.asarray(a) for a in (x, w, b, g)]
    for kernel, args, others in (("conv2d", (x, w, b), (on[0], on[1], on[2])), ("conv2d_input", (g, w, x.shape), (on[3], on[1], x.shape)),
                                 ("conv2d_weight", (g, x, w.shape), (on[3], on[0], w.shape))):
        expected = getattr(reference, kernel)(*args, *case.options)
        np.testing.assert_allclose(cupy.asnumpy(getattr(gpu, kernel)(*others, *case.options)), expected, rtol=2e-3, atol=2e-3)


def test_max_pooling_of_integers() -> None:
    case = test_pool.Case((2, 3, 8, 9), (3, 2), (2, 2))
    x = mg.tensor(case.arrays(np.int64)[0])
    assert (F.max_pool2d(x.cuda(), (3, 2), 2).cpu() == F.max_pool2d(x, (3, 2), 2)).all()


def test_memory_streams_and_events() -> None:
    before = mg.cuda.memory_allocated()
    mg.cuda.reset_peak_memory_stats()
    x = mg.zeros(1000, 1000, device="cuda")
    assert mg.cuda.memory_allocated() - before >= x.nbytes
    del x
    assert mg.cuda.max_memory_allocated() - before >= 4_000_000 > mg.cuda.memory_allocated() - before
    start, end = mg.cuda.Event(enable_timing=True), mg.cuda.Event(enable_timing=True)
    with mg.cuda.stream(mg.cuda.Stream()):
        start.record()
        mg.ones(100, device="cuda").sum()
        end.record()
    end.synchronize()
    assert end.query()
    assert start.elapsed_time(end) >= 0


def test_out_of_memory_is_an_error_and_the_process_goes_on() -> None:
    with pytest.raises(mg.cuda.OutOfMemoryError, match=r"tried to allocate .* bytes; of"):
        mg.zeros(1 << 46, dtype=mg.uint8, device="cuda")
    assert mg.ones(3, device="cuda").sum().item() == 3


def test_mixed_devices_are_refused() -> None:
    with pytest.raises(mg.errors.DeviceError, match="device"):
        mg.ones(3) + mg.ones(3, device="cuda")


def test_a_step_is_recorded_and_started_again() -> None:
    model = convnet().to("cuda")
    optimizer = optim.SGD(model.parameters(), 0.1)
    x, t = mg.tensor(IMAGES, device="cuda"), mg.tensor(LABELS, device="cuda")

    def step() -> Any:
        optimizer.zero_grad(set_to_none=False)
        loss = F.cross_entropy(model(x), t)
        loss.backward()
        optimizer.step()
        return loss.detach()

    replay = mg.cuda.capture(step)
    first = replay().item()
    for _ in range(20):
        last = replay()
    assert last.item() < first


def test_pinned_memory() -> None:
    x = mg.ones(5).pin_memory()
    assert x.is_pinned()
    assert not mg.ones(5).is_pinned()
    assert x.to("cuda", non_blocking=True).sum().item() == 5
