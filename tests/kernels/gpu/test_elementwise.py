"""Elementwise ops, optimizer steps and random numbers of the GPU, run on the CPU."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minigrad.kernels import cpu, gpu
from minigrad.kernels.cpu import elementwise as compiled
from minigrad.kernels.gpu import elementwise, machine, updates
from tests.kernels.both import Array
from tests.strict_arrays import StrictArray, host

pytestmark = pytest.mark.usefixtures("on_host")
NUMBERS = {"clamp": (-0.5, 0.7), "clamp_input": (-0.5, 0.7), "hardtanh_input": (-1.0, 1.0), "leaky_relu": (0.1,), "add_number": (2.5,),
           "leaky_relu_input": (0.1,), "mul_number": (2.5,), "div_number": (2.5,), "add_multiple": (0.3,), "elu": (1.5, 1.1, 0.7),
           "elu_input": (1.5, 1.1, 0.7), "softplus": (2.0, 20.0, 0.5), "softplus_input": (2.0, 20.0, 0.5)}


def operands(kinds: str, size: int, dtype: Any = np.float32) -> list[Array]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 2, size).astype(bool) if kind == "?" else (2 * rng.standard_normal(size)).astype(dtype) for kind in kinds]


@pytest.mark.parametrize("name", sorted(compiled.OPS))
def test_an_op_means_what_it_means_on_the_cpu(name: str) -> None:
    formula = elementwise.formulas()[name]
    assert (formula.kinds, formula.numbers) == (compiled.OPS[name].kinds, compiled.OPS[name].numbers)
    arrays = operands(formula.kinds, 50_000)
    if name == "log":
        arrays[0] = abs(arrays[0])
    expected = cpu.each(name, tuple(arrays), NUMBERS.get(name, ()))
    if expected is None:                             # on one core the CPU leaves sums and products to NumPy
        threads = compiled.threads_for
        compiled.threads_for = lambda work: 2        # type: ignore[assignment]
        try:
            expected = cpu.each(name, tuple(arrays), NUMBERS.get(name, ()))
        finally:
            compiled.threads_for = threads
    found = gpu.each(name, tuple(StrictArray(a) for a in arrays), NUMBERS.get(name, ()))
    np.testing.assert_allclose(host(found), expected, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("dtype", [np.float64, np.float16])
def test_other_dtypes(dtype: Any) -> None:
    x, y = operands("ff", 1000, dtype)
    np.testing.assert_array_equal(host(gpu.each("add", (StrictArray(x), StrictArray(y)))), x + y)
    assert gpu.each("add", (StrictArray(x), StrictArray(y.astype("f")))) is None
    assert gpu.each("relu", (StrictArray(x.astype("i")),)) is None


def test_an_op_in_place() -> None:
    x, y = operands("ff", 1000)
    out = StrictArray(x.copy())
    assert gpu.each("mul", (out, StrictArray(y)), out=out) is out
    np.testing.assert_array_equal(host(out), x * y)


@pytest.mark.parametrize(("shape", "other"), [((4, 5, 6), (5, 1)), ((4, 5, 6), (6,)), ((4, 5, 6), (5, 6)), ((4, 5), (1,)), ((3, 2), (3, 1)),
                                              ((4, 5, 6), (4, 1, 1)), ((4,), ()), ((2, 3, 4, 5), (3, 4, 1))])
def test_the_second_array_broadcasts(shape: tuple[int, ...], other: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal(shape).astype("f"), rng.standard_normal(other).astype("f")
    np.testing.assert_array_equal(host(gpu.each("sub", (StrictArray(x), StrictArray(y)))), x - y)


@pytest.mark.parametrize(("shape", "other"), [((4, 5, 6), (4, 1, 6)), ((4, 5), (2, 4, 5)), ((1, 5), (4, 5))])
def test_what_a_kernel_cannot_is_left_to_others(shape: tuple[int, ...], other: tuple[int, ...]) -> None:
    assert gpu.each("sub", (StrictArray(np.zeros(shape, "f")), StrictArray(np.zeros(other, "f")))) is None


# ---------------------------------------------------------------- optimizers
STEPS = {"sgd": (-1.0, 0.1, 0.01, 0.9, 0.8, 1.0), "adam": (1.0, 0.1, 0.99, 0.01, 0.1, 0.9, 0.1, 1e-3, 1.0),
         "nadam": (1.0, 0.1, 0.99, 0.1, 0.9, 0.1, 1e-3, 0.02, 0.03), "radam": (1.0, 0.1, 0.99, 0.1, 0.9, 0.1, 1e-3, 0.02, 1.0),
         "adamax": (1.0, 0.1, 0.01, 0.1, 0.9, 1e-3), "adagrad": (1.0, 0.1, 0.01, 1e-3), "adadelta": (1.0, 0.1, 0.5, 1e-3, 0.9, 0.1),
         "rmsprop": (1.0, 0.1, 0.01, 1e-3, 0.9, 0.1, 0.9, 1.0), "asgd": (1.0, 0.1, 0.99, 0.01, 0.5), "rprop": (1.0, 0.5, 1.2, 1e-6, 50.0)}
OTHERS = {"sgd": (1.0, 0.0, 0.01, 0.0, 0.0, 0.0), "adam": (1.0, 0.0, 1.0, 0.01, 0.1, 0.9, 0.1, 1e-3, 0.0),
          "radam": (1.0, 0.1, 0.99, 0.1, 0.9, 0.1, 1e-3, 0.02, 0.0), "rmsprop": (1.0, 0.0, 0.01, 1e-3, 0.9, 0.1, 0.0, 0.0)}


def test_every_step_of_the_cpu_is_there() -> None:
    assert set(machine.kernels_of("updates")) == set(STEPS)


@pytest.mark.parametrize(("name", "numbers"), [*STEPS.items(), *OTHERS.items()])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_optimizers(name: str, numbers: tuple[float, ...], dtype: Any) -> None:
    rng = np.random.default_rng(0)
    sizes = [1, 300, 7, 64]
    columns = [[abs(rng.standard_normal(n)).astype(dtype) for n in sizes] for _ in range(4)]
    gradients = [rng.standard_normal(n).astype(dtype) for n in sizes]
    copies = [[a.copy() for a in column] for column in columns]
    ends = np.cumsum(sizes)
    for _ in range(2):
        cpu.update(name, cpu.table(columns), ends, gradients, np.array(numbers, dtype))
    device = [[StrictArray(a) for a in column] for column in copies]
    table = updates.table(device)
    for _ in range(2):
        updates.update(name, table, ends, [StrictArray(g) for g in gradients], np.array(numbers, dtype))
    for column, other in zip(columns, copies, strict=True):
        for a, b in zip(column, other, strict=True):
            np.testing.assert_allclose(b, a, rtol=20 * np.finfo(dtype).eps, atol=20 * np.finfo(dtype).eps)


def test_addresses_are_sent_only_when_they_are_others() -> None:
    w, g = StrictArray(np.ones(4, "f")), StrictArray(np.ones(4, "f"))
    table = updates.table([[w]])
    ends = np.array([4])
    for gradient, same in ((g, False), (g, True), (StrictArray(np.ones(4, "f")), False)):
        before = table.sent
        updates.update("sgd", table, ends, [gradient], np.array(STEPS["sgd"]))
        assert (table.sent is before) == same


# ---------------------------------------------------------------- random numbers
def test_philox_gives_the_published_words() -> None:
    """The known answers of Random123 for Philox 4x32-10: a counter and a key of zeros."""
    found = host(gpu.words(4, 0, 0))
    assert [f"{word:08x}" for word in found] == ["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]


def test_words_go_on_where_others_ended() -> None:
    whole = host(gpu.words(400, 7, 0))
    np.testing.assert_array_equal(host(gpu.words(200, 7, 50)), whole[200:])
    assert len(set(whole.tolist())) == 400
    assert (host(gpu.words(400, 8, 0)) != whole).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_coins(dtype: Any) -> None:
    found = host(gpu.coins((301, 100), np.dtype(dtype), 0.3, 2.5, 42, 0))
    assert found.dtype == dtype
    assert set(np.unique(found)) == {0, 2.5}
    assert abs((found > 0).mean() - 0.3) < 5 * (0.3 * 0.7 / found.size) ** 0.5
    assert (host(gpu.coins((50,), np.dtype(dtype), 1.0, 1.0, 1, 0)) == 1).all()
    assert (host(gpu.coins((50,), np.dtype(dtype), 0.0, 1.0, 1, 0)) == 0).all()
