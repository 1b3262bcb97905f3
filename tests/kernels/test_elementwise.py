"""Ops on large arrays: the compiled loops against the array forms in float64, and what neither may do."""
from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad.backend import NUMPY
from minigrad.kernels.cpu import threads
from minigrad.nn import functional as F
from minigrad.ops import elementwise, large

from .both import compiled

N = 200_003                                          # elements; what else a loop asks for is set by `calls`
ONE = {
    "add a number": lambda x: x + 1.5, "mul by a number": lambda x: x * 1.5, "div by a number": lambda x: x / 1.5,
    "sub a number": lambda x: x - 1.5, "exp": lambda x: x.exp(), "expm1": lambda x: x.expm1(), "log": lambda x: x.abs().log(),
    "tanh": lambda x: x.tanh(), "sigmoid": lambda x: x.sigmoid(), "relu": lambda x: x.relu(), "abs": lambda x: x.abs(),
    "clamp": lambda x: x.clamp(-0.5, 0.25), "clamp above": lambda x: x.clamp(max=0.25), "clamp below": lambda x: x.clamp(-0.5),
    "hardtanh": lambda x: F.hardtanh(x, -0.5, 0.25), "relu6": lambda x: F.relu6(x * 6), "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "steep leaky_relu": lambda x: F.leaky_relu(x, 1.5), "elu": lambda x: F.elu(x, 0.7), "selu": lambda x: F.selu(x),
    "celu": lambda x: F.celu(x, 2.0), "softplus": lambda x: F.softplus(x), "softplus with options": lambda x: F.softplus(x, 2.0, 1.0),
    "logsigmoid": lambda x: F.logsigmoid(x), "silu": lambda x: F.silu(x), "mish": lambda x: F.mish(x * 8), "sum": lambda x: x.sum(),
    "sum, kept": lambda x: x.sum(dim=None, keepdim=True), "mean": lambda x: x.mean(), "where": lambda x: minigrad.where(x > 0, x, x * 3),
    "masked_fill": lambda x: x.masked_fill(x > 0, 7.0),
}
TWO = {
    "add": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y, "div": lambda x, y: x / (y + 9),
    "add, alpha": lambda x, y: x.add(y, alpha=0.3), "sub, alpha": lambda x, y: x.sub(y, alpha=0.3),
    "where": lambda x, y: minigrad.where(x > y, x, y),
}
ACROSS = {                                           # x is (3, 200, 7, 30)
    "a row": (30,), "a matrix": (7, 30), "numbers of channels": (200, 1, 1), "a column": (7, 1), "of the batch": (3, 1, 1, 1),
    "several in the middle": (200, 7, 1), "with ones": (1, 1, 7, 30),
}
APART = {"a gap": (200, 1, 30), "not the whole": (3, 1, 7, 30), "larger": (2, 1, 1, 1, 30), "one": (1,)}
IN_PLACE = {
    "add_": lambda x, y: x.add_(y), "add_, alpha": lambda x, y: x.add_(y, alpha=-0.3), "sub_": lambda x, y: x.sub_(y),
    "mul_": lambda x, y: x.mul_(y), "div_": lambda x, y: x.div_(y + 9), "add_ a number": lambda x, y: x.add_(2),
    "mul_ by a number": lambda x, y: x.mul_(0.3), "div_ by a number": lambda x, y: x.div_(3), "sub_ a number": lambda x, y: x.sub_(2.5),
    "exp_": lambda x, y: x.exp_(), "tanh_": lambda x, y: x.tanh_(), "sigmoid_": lambda x, y: x.sigmoid_(), "relu_": lambda x, y: x.relu_(),
    "clamp_": lambda x, y: x.clamp_(-0.5, 0.5), "itself": lambda x, y: x.add_(x), "half of it": lambda x, y: x[1:].add_(x[:-1]),
}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the compiled loops that ran, on two threads."""
    found: list[str] = []
    each, total = NUMPY.kernels.each, NUMPY.kernels.total

    def spy(name: str, done: Any) -> Any:
        if done is not None:
            found.append(name)
        return done

    monkeypatch.setattr(NUMPY.kernels, "each", lambda name, *args: spy(name, each(name, *args)))
    monkeypatch.setattr(NUMPY.kernels, "total", lambda *args: spy("total", total(*args)))
    monkeypatch.setattr(NUMPY.kernels, "worthwhile", lambda: 0)
    monkeypatch.setattr(threads, "PARALLEL_WORK", 0)
    monkeypatch.setattr(threads._now, "count", 2)
    monkeypatch.setattr(elementwise, "SINGLE", 0)
    return found


def numbers(seed: int, dtype: Any = np.float32) -> np.ndarray:
    x = np.random.default_rng(seed).normal(size=(1, N)).astype(np.float32)
    x[0, :4] = 0.0, 0.25, -0.5, 2.0                  # kinks
    return x.astype(dtype)


def values_and_gradients(function: Callable[..., Any], dtype: Any, count: int) -> list[np.ndarray]:
    inputs = [minigrad.tensor(numbers(i, dtype)).requires_grad_() for i in range(count)]
    out = function(*inputs)
    out.backward(minigrad.ones(*out.shape, dtype=out.dtype) if out.ndim else None)
    return [out.detach().numpy(), *[x.grad.numpy() for x in inputs]]


@compiled
@pytest.mark.parametrize(("function", "count"), [*[(f, 1) for f in ONE.values()], *[(f, 2) for f in TWO.values()]],
                         ids=[*ONE, *[f"{name} of two" for name in TWO]])
def test_values_and_gradients(function: Callable[..., Any], count: int, calls: list[str]) -> None:
    expected = values_and_gradients(function, np.float64, count)
    assert not calls                                 # loops are for float32
    got = values_and_gradients(function, np.float32, count)
    assert calls
    for a, b in zip(got, expected):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=3e-6, atol=3e-6 if a.size > 1 else 3e-3)


@compiled
@pytest.mark.parametrize("shape", [*ACROSS.values(), *APART.values()], ids=[*ACROSS, *APART])
@pytest.mark.parametrize("name", ["add", "div"])
def test_broadcasting(name: str, shape: tuple[int, ...], calls: list[str]) -> None:
    """An array beside a large one that repeats it in a regular way; else the array form runs."""
    results = []
    for dtype in (np.float32, np.float64):
        x = minigrad.tensor(numbers(0, dtype)[0, :126_000].reshape(3, 200, 7, 30)).requires_grad_()
        y = minigrad.tensor(numbers(1, dtype)[0, :int(np.prod(shape))].reshape(shape) + 9).requires_grad_()
        out = getattr(minigrad, name)(x, y)
        if dtype is np.float32:
            assert (name in calls) == (shape in ACROSS.values())
        (out * out).sum().backward()
        z = x.detach().clone()
        if len(shape) < 5:
            getattr(z, f"{name}_")(y.detach())
        results.append([out.detach().numpy(), x.grad.numpy(), y.grad.numpy(), z.numpy()])
    for a, b in zip(*results):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@compiled
@pytest.mark.parametrize("dim", [-1, 2, (1, 2), (0, 1, 2), (2, 1), (-1, -2), None, 0, 1, (0, 2)], ids=str)
@pytest.mark.parametrize("keepdim", [False, True])
def test_sums_over_the_last_dimensions(dim: Any, keepdim: bool, calls: list[str]) -> None:
    x = numbers(0)[0, :200_000].reshape(20, 100, 100)
    axes = tuple(dim) if isinstance(dim, tuple) else dim
    for name in ("sum", "mean"):
        calls.clear()
        got = getattr(minigrad.tensor(x), name)(dim, keepdim)
        expected = getattr(x.astype(np.float64), name)(axis=axes, keepdims=keepdim)
        np.testing.assert_allclose(got.numpy(), expected, rtol=1e-5, atol=1e-4)
        assert got.shape == expected.shape
        assert bool(calls) == (dim not in (0, 1, (0, 2)))


@compiled
@pytest.mark.parametrize("function", IN_PLACE.values(), ids=list(IN_PLACE))
def test_in_place(function: Callable[..., Any], calls: list[str]) -> None:
    results = []
    for dtype in (np.float64, np.float32):
        x, y = minigrad.tensor(numbers(0, dtype).reshape(-1)), minigrad.tensor(numbers(1, dtype).reshape(-1))
        memory = x.array
        assert function(x, y).dtype == x.dtype
        assert x.array is memory
        results.append(x.numpy())
    np.testing.assert_allclose(results[1], results[0], rtol=3e-6, atol=3e-6)


@compiled
def test_nan_and_infinity_pass_as_in_small_arrays(calls: list[str]) -> None:
    odd = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, 3e38, -3e38] * 3000, np.float32)
    ones = np.ones_like(odd)
    for name, function in ONE.items():
        if name in ("sum", "sum, kept", "mean", "mish", "relu6"):
            continue
        got = []
        for x in (odd[:8], odd):
            t = minigrad.tensor(x).requires_grad_()
            out = function(t)
            out.backward(minigrad.tensor(ones[:len(x)]))
            got.append((out.detach().numpy()[:8], t.grad.numpy()[:8]))
        np.testing.assert_allclose(got[1][0], got[0][0], 3e-6, 1e-30, err_msg=name)
        np.testing.assert_allclose(got[1][1], got[0][1], 3e-6, 1e-30, err_msg=f"gradient of {name}")


@compiled
def test_arrays_that_loops_cannot_take(calls: list[str]) -> None:
    """Transposed, broadcast, of mixed or other dtypes: the array form runs."""
    x, y = minigrad.tensor(numbers(0)).expand(3, N), minigrad.tensor(numbers(1)).reshape(N, 1).expand(N, 3).T
    wide = minigrad.tensor(numbers(2, np.float64))
    whole = minigrad.ones(N, dtype=minigrad.int64)
    for out in (x + y, x * y, x.tanh(), y.relu(), wide + x[:1], whole + whole, whole * 2, x[:1] + 1j, wide.exp(), x > y, 2.0 * whole):
        assert out.shape
    assert calls == []


@compiled
def test_memory_that_must_not_be_written(calls: list[str]) -> None:
    x = minigrad.tensor(numbers(0))
    x.array.flags.writeable = False
    for write in (lambda: x.add_(1), lambda: x.tanh_(), lambda: x.clamp_(0, 1)):
        with pytest.raises((ValueError, RuntimeError)):
            write()
    np.testing.assert_array_equal(x.numpy(), numbers(0))
    assert (x.tanh() * 2).shape == x.shape           # reading is allowed
    assert "tanh" in calls


@compiled
def test_second_gradients_come_from_the_array_form(calls: list[str]) -> None:
    x = minigrad.tensor(numbers(0)).requires_grad_()
    (g,) = minigrad.autograd.grad(x.tanh().sum(), x, create_graph=True)
    (gg,) = minigrad.autograd.grad(g.sum(), x)
    t = np.tanh(numbers(0).astype(np.float64))
    np.testing.assert_allclose(gg.numpy(), -2 * t * (1 - t * t), rtol=1e-5, atol=1e-6)


def test_small_arrays_ask_for_no_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """No import of Numba for small work, and none for the first moderately large one."""
    monkeypatch.setattr(NUMPY.kernels, "each", lambda *_: pytest.fail("asked for a compiled loop"))
    monkeypatch.setattr(NUMPY.kernels, "worthwhile", lambda: sys.maxsize)
    for n in (10, large.SINGLE + 1):
        x = minigrad.ones(n).requires_grad_()
        (x.tanh() + x * 2).relu().sum().backward()
        assert x.grad.shape == (n,)


@compiled
@pytest.mark.parametrize("dtype", ["f4", "f2"])
@pytest.mark.parametrize("width", [1, 7, 49, 1023, 1024, 1025, 5000])
def test_sums_of_rows(width: int, dtype: str) -> None:
    """Rows of one run of numbers, and of several."""
    x = (np.random.default_rng(width).normal(size=(17, 3, width)) + 1).astype(dtype)
    for dims in (1, 2):
        found = NUMPY.kernels.total(x, dims)
        expected = x.astype("f8").sum(tuple(range(3 - dims, 3)))
        assert found.dtype == x.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-5 if dtype == "f4" else 2e-3, atol=1e-2)
