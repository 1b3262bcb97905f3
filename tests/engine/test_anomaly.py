"""`detect_anomaly`: the op that made the first NaN or Inf is named, forward or backward, and nothing else is."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import autograd, nn
from minigrad.engine.anomaly import finite
from minigrad.engine.mode import local
from minigrad.errors import NonFiniteError

WAYS = {"closely": {}, "sampled": {"sampled": True}}


@pytest.fixture(params=list(WAYS))
def way(request: pytest.FixtureRequest) -> dict[str, Any]:
    return WAYS[request.param]


def leaf(*values: float) -> mg.Tensor:
    return mg.tensor(values, requires_grad=True)


def message(program: Callable[[], Any], **options: Any) -> str:
    with autograd.detect_anomaly(**options), pytest.raises(NonFiniteError) as info:
        program()
    return str(info.value)


# ---------------------------------------------------------------- forward
def test_a_forward_op_is_named_with_its_line(way: dict[str, Any]) -> None:
    def program() -> None:
        y = leaf(1.0, -1.0) * 2.0
        z = y.log()
        (z + 1.0).sum().backward()
    assert (text := message(program, **way)).startswith("log: the result float32 (2,) holds NaN (1 of 2 elements)")
    assert "test_anomaly.py:" in text
    assert text.endswith("`z = y.log()`")


def test_the_first_inf_is_named_though_a_nan_follows(way: dict[str, Any]) -> None:
    def program() -> None:
        y = leaf(100.0).exp()
        (y - y).sum().backward()
    assert message(program, **way).startswith("exp: the result float32 (1,) holds Inf (1 of 1 element)")


def test_in_a_model_the_module_is_named(way: dict[str, Any]) -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 3), nn.ReLU()), nn.Linear(3, 1))
    nn.init.constant_(model[0].weight, 1e20)
    nn.init.constant_(model[1][0].weight, 1e20)
    text = message(lambda: model(mg.ones(4, 2)).sum().backward(), **way)
    assert text.startswith("linear: the result float32 (4, 3) holds Inf (12 of 12 elements)")
    assert text.endswith("in 1.0")


def test_ops_whose_results_nobody_kept_are_computed_again() -> None:
    x, y = leaf(3e38), leaf(1.0)
    assert message(lambda: (x + (x + y)).sum().backward(), sampled=True).startswith("add: the result float32 (1,) holds Inf")


def test_under_no_grad_too() -> None:
    with mg.no_grad():
        assert message(lambda: mg.tensor([0.0]).log()).startswith("log: the result float32 (1,) holds Inf")


def test_what_came_in_from_outside(way: dict[str, Any]) -> None:
    data, w = mg.tensor([1.0, float("nan")]), leaf(1.0, 2.0)
    text = message(lambda: (w * data).sum().backward(), **way)
    assert text.startswith("mul:")
    assert "came in from outside" in text
    assert "NaN (1 of 2 elements)" in text


def test_a_parameter_that_was_bad_already() -> None:
    w = leaf(1.0, float("nan"))
    assert "a leaf, float32 (2,), holds NaN" in message(lambda: (w * w).sum().backward(), sampled=True)
    assert "as its operand input does" in message(lambda: (w * w).sum().backward())


def test_operands_by_keyword_are_named() -> None:
    assert "as its operand other does" in message(lambda: mg.add(mg.ones(1), other=mg.tensor([float("nan")])))


def test_writes_in_place_are_seen() -> None:
    with mg.no_grad():
        assert message(lambda: mg.zeros(2).log_()).startswith("log: the result float32 (2,) holds Inf (2 of 2 elements)")
        assert message(lambda: mg.ones(2).div_(0.0)).startswith("div: the result")


def test_masks_with_infinity_are_no_accident(way: dict[str, Any]) -> None:
    scores = mg.randn(3, 3, requires_grad=True)
    with autograd.detect_anomaly(**way):
        scores.masked_fill(mg.ones(3, 3).triu(1).bool(), -float("inf")).softmax(1).square().sum().backward()
        (scores + mg.full((3, 3), -float("inf")).triu(1).nan_to_num(0.0, 0.0, -float("inf"))).exp().sum().backward()
    assert np.isfinite(scores.grad.numpy()).all()


def test_check_inf_false_lets_inf_pass_and_stops_at_nan() -> None:
    with autograd.detect_anomaly(check_inf=False):
        y = leaf(0.0).log()
    assert y.item() == -float("inf")
    assert message(lambda: (y - y).sum(), check_inf=False).startswith("sub:")


# ---------------------------------------------------------------- backward
def test_a_gradient_is_named_with_the_forward_line(way: dict[str, Any]) -> None:
    def program() -> None:
        y = leaf(1.0, 0.0)
        z = (y * 3.0).sqrt()
        z.sum().backward()
    text = message(program, **way)
    assert text.startswith("Function 'SqrtBackward0' returned inf values in its 0th output: the gradient of sqrt for input, float32 (2,), "
                           "holds Inf (1 of 2 elements); the gradient that came to it was finite; the op ran at ")
    assert text.endswith("`z = (y * 3.0).sqrt()`")


def test_grad_and_chosen_inputs(way: dict[str, Any]) -> None:
    x = leaf(0.0)
    assert "SqrtBackward0" in message(lambda: mg.autograd.grad(x.sqrt().sum(), x), **way)
    assert "SqrtBackward0" in message(lambda: x.sqrt().sum().backward(inputs=[x]), **way)


def test_a_hook_that_makes_it() -> None:
    x = leaf(1.0)

    def program() -> None:
        y = x * 2.0
        y.register_hook(lambda g: g * float("inf"))
        y.sum().backward()
    assert "no rule made it" in message(program, sampled=True)


def test_a_function_of_the_user_s(way: dict[str, Any]) -> None:
    class Bad(autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: mg.Tensor) -> mg.Tensor:
            return x * 1.0

        @staticmethod
        def backward(ctx: Any, g: mg.Tensor) -> mg.Tensor:
            return g * float("nan")
    x = leaf(1.0)
    assert "Function 'BadBackward0' returned nan values in its 0th output" in message(lambda: Bad.apply(x).sum().backward(), **way)


def test_pytorch_names_the_same_function() -> None:
    torch = pytest.importorskip("torch")
    t = torch.tensor([0.0], requires_grad=True)
    with pytest.warns(UserWarning, match="Anomaly|SqrtBackward"), torch.autograd.detect_anomaly(), pytest.raises(RuntimeError) as info:
        (t.sqrt() * 0.0).sum().backward()
    assert str(info.value) == "Function 'SqrtBackward0' returned nan values in its 0th output."
    x = leaf(0.0)
    assert message(lambda: (x.sqrt() * 0.0).sum().backward()).startswith("Function 'SqrtBackward0' returned nan values in its 0th output")


# ---------------------------------------------------------------- nothing changes where nothing is found
def test_gradients_and_freed_buffers_are_as_without(way: dict[str, Any]) -> None:
    def run() -> tuple[np.ndarray[Any, Any], mg.Tensor]:
        x = leaf(1.0, 2.0)
        loss = (x.exp() * x.sin()).sum()
        loss.backward()
        return x.grad.numpy(), loss
    plain, _ = run()
    with autograd.detect_anomaly(**way):
        watched, loss = run()
    assert (plain == watched).all()
    with pytest.raises(RuntimeError, match="a second time"):
        loss.backward()


def test_a_retained_graph_stays(way: dict[str, Any]) -> None:
    x = leaf(2.0)
    with autograd.detect_anomaly(**way):
        y = (x * x).sum()
        y.backward(retain_graph=True)
        y.backward()
        g, = mg.autograd.grad((x ** 3).sum(), x, create_graph=True)
        g.sum().backward()
    assert x.grad.tolist() == [4.0 + 4.0 + 12.0]


def test_switching() -> None:
    assert (mg.is_anomaly_enabled(), mg.is_anomaly_check_nan_enabled()) == (False, True)
    with autograd.detect_anomaly(check_nan=False):
        assert (mg.is_anomaly_enabled(), mg.is_anomaly_check_nan_enabled()) == (True, False)
        leaf(-1.0).log().sum().backward()
        with autograd.set_detect_anomaly(False):
            assert not mg.is_anomaly_enabled()
        assert mg.is_anomaly_enabled()
    autograd.set_detect_anomaly(True)
    with pytest.raises(NonFiniteError):
        leaf(-1.0).log()
    autograd.set_detect_anomaly(False)
    assert not mg.is_anomaly_enabled()
    assert local.mode.watch is None
    with pytest.raises(TypeError, match="set_detect_anomaly: mode must be True or False; got int 1"):
        autograd.set_detect_anomaly(1)       # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64])
def test_finite(dtype: Any) -> None:
    a = np.full((4, 5), 60000.0, dtype)              # its square is infinite in float16
    assert finite(a)
    assert finite(a.T)
    assert finite(np.zeros((0, 3), dtype))
    assert finite(np.full(3, np.finfo(dtype).max, dtype))
    for bad in (np.nan, np.inf, -np.inf):
        a[2, 3] = bad
        assert not finite(a)
        assert not finite(a.T)
    assert finite(np.array([1, 2]))
    assert finite(np.array([True]))
