"""Activations: PyTorch's values, gradients at kinks, in-place forms and refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from tests.ops.oracle import COMPLEX, SPECIAL, libraries, same, same_error

NAMES = """relu relu6 leaky_relu elu selu celu gelu silu mish softplus softsign hardtanh hardsigmoid hardswish hardshrink softshrink
tanhshrink logsigmoid sigmoid tanh rrelu""".split()
WITH_OPTIONS = {
    "leaky_relu, steep": lambda lib, x: lib.F.leaky_relu(x, 2.0),
    "leaky_relu, negative": lambda lib, x: lib.F.leaky_relu(x, negative_slope=-0.3),
    "elu": lambda lib, x: lib.F.elu(x, 2.0), "elu, negative": lambda lib, x: lib.F.elu(x, -1.0), "celu": lambda lib, x: lib.F.celu(x, 2.0),
    "gelu": lambda lib, x: lib.F.gelu(x, approximate="tanh"), "softplus": lambda lib, x: lib.F.softplus(x, 2.0, 3.0),
    "hardtanh": lambda lib, x: lib.F.hardtanh(x, -0.5, 3.0), "hardshrink": lambda lib, x: lib.F.hardshrink(x, 2.0),
    "softshrink": lambda lib, x: lib.F.softshrink(x, 2.0), "threshold": lambda lib, x: lib.F.threshold(x, 0.5, 7.0),
    "rrelu": lambda lib, x: lib.F.rrelu(x, 0.2, 0.4),
}
KINKS = np.array([-6.0, -3, -2, -1, -0.5, 0, 0.5, 1, 2, 3, 6])


@pytest.mark.parametrize("name", NAMES)
def test_values_and_gradients(name: str) -> None:
    def call(lib: Any, x: Any) -> Any:
        return getattr(lib.F, name)(x)
    same(call, np.resize(SPECIAL[np.isfinite(SPECIAL)], (70, 70)))                   # large enough for every way it is computed
    same(call, SPECIAL[np.isfinite(SPECIAL)].astype("f4"))
    for values in (KINKS, np.array(0.7), np.zeros((0, 4))):
        same(call, values)
    same(lambda lib, x: call(lib, x.detach()), SPECIAL)                              # inf and nan
    if name != "hardsigmoid":                        # PyTorch has no second derivative of it
        same(call, np.array([-4.0, -2.5, -0.7, 0.3, 1.2, 4.0, 7.0]), second=True)


@pytest.mark.parametrize("name", WITH_OPTIONS)
def test_options(name: str) -> None:
    same(WITH_OPTIONS[name], KINKS)
    same(WITH_OPTIONS[name], SPECIAL[np.isfinite(SPECIAL)].astype("f4"))
    same(WITH_OPTIONS[name], np.array([-4.1, -0.7, 0.3, 4.0]), second=True)


@pytest.mark.parametrize("name", ["relu", "selu", "celu", "prelu", "rrelu", "hardshrink", "threshold"])
def test_names_in_the_main_namespace(name: str) -> None:
    options: tuple[Any, ...] = {"threshold": (0.5, 2.0), "prelu": ()}.get(name, ())
    same(lambda lib, x: getattr(lib, name)(x, *([x[:1].abs()] if name == "prelu" else options)), KINKS)


TAKE_INTEGERS = ("relu", "relu6", "hardtanh", "softsign", "tanhshrink", "sigmoid", "tanh")


@pytest.mark.parametrize("name", [n for n in NAMES if n not in TAKE_INTEGERS])
def test_integers_are_refused_where_pytorch_does(name: str) -> None:
    for values in (np.arange(3), np.array([True])):
        same_error(lambda lib, x: getattr(lib.F, name)(x), values, match="not implemented for (int64|bool)")


@pytest.mark.parametrize("name", TAKE_INTEGERS)
def test_integers_are_taken_where_pytorch_does(name: str) -> None:
    for dtype in ("i8", "i1"):
        same(lambda lib, x: getattr(lib.F, name)(x), np.arange(-3, 9).astype(dtype))
    same(lambda lib, x: lib.F.threshold(x, 1, 5), np.arange(3))


def test_complex_numbers() -> None:
    same(lambda lib, x: lib.F.silu(x.detach()), COMPLEX)
    for name in ("softsign", "tanhshrink", "sigmoid", "tanh"):
        same(lambda lib, x, n=name: getattr(lib.F, n)(x), COMPLEX)
    for name in ("relu", "gelu", "elu", "hardtanh"):
        same_error(lambda lib, x, n=name: getattr(lib.F, n)(x), COMPLEX, match="not implemented for complex128")


@pytest.mark.parametrize("name", "relu relu6 leaky_relu elu selu celu silu mish hardtanh hardsigmoid hardswish rrelu".split())
def test_inplace(name: str) -> None:
    same(lambda lib, x: getattr(lib.F, name)(x * 1, inplace=True), KINKS)
    x = mg.tensor([-1.0, 2.0])
    assert getattr(F, name)(x, inplace=True) is x
    np.testing.assert_allclose(x.numpy(), getattr(F, name)(mg.tensor([-1.0, 2.0])).numpy())
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used in an in-place operation"):
        getattr(F, name)(mg.ones(2, requires_grad=True), inplace=True)


def test_inplace_by_position() -> None:
    for call in (lambda x: F.relu(x, True), lambda x: F.elu(x, 1.0, True), lambda x: F.hardtanh(x, -1.0, 1.0, True),
                 lambda x: F.threshold(x, 0.5, 2.0, True)):
        x = mg.tensor([-0.5, 2.0])
        assert call(x) is x


@pytest.mark.parametrize("name", ["relu_", "elu_", "selu_", "celu_", "leaky_relu_", "hardtanh_", "rrelu_"])
def test_functions_that_write(name: str) -> None:
    same(lambda lib, x: getattr(lib.F, name)(x * 1), KINKS)


def test_inplace_wants_a_tensor() -> None:
    with pytest.raises(TypeError, match=r"^elu: input must be a Tensor; got float 2.0"):
        F.elu(2.0, inplace=True)                     # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^relu: input must be a Tensor; got float 2.0"):
        F.relu(2.0)                                  # type: ignore[arg-type]


def test_prelu() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    for weight in (np.array([0.3]), np.array([0.3, -0.5, 2.0]), np.array(0.3)):
        same(lambda lib, a, w: lib.F.prelu(a, w), x, weight)
        same(lambda lib, a, w: lib.F.prelu(a, w), x, weight, second=True)
    same(lambda lib, a, w: lib.F.prelu(a, w), np.array([-1.0, 0.0, 2.0]), np.array([0.3]))
    same(lambda lib, a, w: a.prelu(w), np.array(-1.0), np.array([0.3]))
    same(lambda lib, a, w: lib.F.prelu(a, w), np.zeros((0, 3)), np.array([0.3, 0.4, 0.5]))


@pytest.mark.parametrize(("x", "w", "match"), [
    (np.ones((2, 3)), np.ones(2), "Found parameter numbers = 2 and channel size = 3; got x float64 \\(2, 3\\)"),
    (np.ones(3), np.ones(3), "Found parameter numbers = 3 and channel size = 1"),
    (np.ones((2, 3)), np.ones((1, 1)), "expected weight to be a scalar or 1D tensor, but got ndim = 2"),
    (np.array(1.0), np.ones(3), "not allow zero-dim input tensor"),
    (np.ones((2, 3)), np.ones(3, "f4"), "prelu: expected all operands to have the same dtype"),
    (np.ones((2, 3), "i8"), np.ones(3, "i8"), "prelu: not implemented for int64"),
])
def test_prelu_refuses(x: np.ndarray, w: np.ndarray, match: str) -> None:
    same_error(lambda lib, a, b: lib.F.prelu(a, b), x, w, match=f"{match}|{match.capitalize()}")


def test_rrelu_in_training() -> None:
    x = mg.tensor(np.linspace(-1, 1, 1001), requires_grad=True)
    out = F.rrelu(x, 0.1, 0.3, training=True)
    out.sum().backward()
    slopes = x.grad.numpy()
    np.testing.assert_allclose(out.detach().numpy(), slopes * x.detach().numpy())
    negative = slopes[x.detach().numpy() < 0]
    assert (slopes[x.detach().numpy() > 0] == 1).all()
    assert 0.1 <= negative.min() < 0.12
    assert 0.28 < negative.max() <= 0.3
    assert abs(negative.mean() - 0.2) < 0.01


def test_rrelu_draws_pytorchs_numbers() -> None:
    theirs, ours = libraries()
    for dtype in ("f8", "f4"):
        values = np.random.default_rng(0).normal(size=100).astype(dtype)
        outs = []
        for lib in (theirs, ours):
            lib.manual_seed(3)
            outs.append(lib.F.rrelu(lib.tensor(values), training=True).numpy())
        np.testing.assert_allclose(outs[1], outs[0], rtol=1e-6)


def test_glu() -> None:
    x = np.random.default_rng(0).normal(size=(2, 4, 6))
    for dim in (-1, 1, 0, -3):
        same(lambda lib, a, d=dim: lib.F.glu(a, d), x)
    same(lambda lib, a: lib.F.glu(a), x, second=True)
    same_error(lambda lib, a: lib.F.glu(a), np.ones(3), match="glu: Halving dimension must be even, but dimension 0 is size 3")
    same_error(lambda lib, a: lib.F.glu(a), np.array(1.0), match="glu: does not support 0-dimensional tensors")
    same_error(lambda lib, a: lib.F.glu(a, 2), np.ones((4, 2)), match="glu: Dimension out of range")


def test_options_that_make_no_sense() -> None:
    x = np.ones(2)
    same_error(lambda lib, a: lib.F.hardtanh(a, 2.0, 1.0), x, match="hardtanh: min_val cannot be greater than max_val; got 2.0 and 1.0")
    same_error(lambda lib, a: lib.F.hardtanh(a), np.ones(2, "u1"),
               match="hardtanh: cannot do hardtanh on an unsigned type with negative limits")
    same_error(lambda lib, a: lib.F.softshrink(a, -1.0), x, match="softshrink: lambda must be greater or equal to 0, but found to be -1.0")
    same_error(lambda lib, a: lib.F.celu(a, 0.0), x,
               match="ZeroDivisionError: alpha cannot be 0 for CELU")
    same_error(lambda lib, a: lib.F.gelu(a, approximate="fast"), x,
               match="gelu: approximate argument must be either none or tanh; got 'fast'")
    same_error(lambda lib, a: lib.F.rrelu(a, 0.5, 0.1), x, match="rrelu: Lower bound should be less than or equal to the upper bound")
    same_error(lambda lib, a: lib.F.relu(a), np.array([True]), match="Boolean inputs not supported for relu")


def test_relu_keeps_no_mask_and_passes_nan_gradients() -> None:
    x = mg.tensor([-1.0, 0.0, 2.0, float("nan")], requires_grad=True)
    mg.relu(x).backward(mg.ones(4))
    assert x.grad.tolist() == [0.0, 0.0, 1.0, 1.0]


def test_float16_goes_through_float32() -> None:
    values = np.array([-20.0, -12, -5, -0.1, 0.1, 5, 12, 20], "f2")
    for name in ("gelu", "silu", "mish", "softplus", "logsigmoid", "elu", "sigmoid"):
        same(lambda lib, x, n=name: getattr(lib.F, n)(x.detach()), values, rtol=2e-3)


def test_large_arrays_are_computed_another_way_and_as_exactly() -> None:
    for dtype in ("f4", "f8"):
        x = np.concatenate([-np.geomspace(1e-30, 80, 5000), np.geomspace(1e-30, 80, 5000), [0.0, -0.0]]).astype(dtype)
        wide, ulp = x.astype("g"), np.finfo(dtype).eps
        for name, expected in (("elu", np.where(wide > 0, wide, np.expm1(wide))),
                               ("softplus", np.where(wide > 20, wide, np.logaddexp(wide, 0))),
                               ("logsigmoid", -np.logaddexp(-wide, 0))):
            got = getattr(F, name)(mg.tensor(x)).numpy()
            np.testing.assert_allclose(got, expected.astype(dtype), rtol=4 * ulp)


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_on_both_sides_of_its_kernel(approximate: str) -> None:
    for n in (100, 5000):
        for dtype, rtol in (("f4", 2e-6), ("f8", 1e-12)):
            same(lambda lib, x: lib.F.gelu(x, approximate=approximate), np.linspace(-6, 6, n).astype(dtype), rtol=rtol)
    same(lambda lib, x: lib.F.gelu(x, approximate=approximate), np.linspace(-6, 6, 31), second=True)
