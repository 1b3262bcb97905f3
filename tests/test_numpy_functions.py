"""NumPy's functions and operators with tensors among their operands: what PyTorch gives, or its error."""
from __future__ import annotations

import operator

import numpy as np
import pytest

import minigrad
from minigrad.errors import GraphError

ARRAY = np.array([1.0, 4.0, 9.0])


@pytest.mark.parametrize(("function", "wanted"), [(np.sqrt, [1.0, 2.0, 3.0]), (np.negative, [-1.0, -4.0, -9.0])])
def test_a_function_of_numpy_gives_a_tensor(function, wanted) -> None:
    out = function(minigrad.tensor([1.0, 4.0, 9.0]))
    assert type(out) is minigrad.Tensor
    assert out.dtype is minigrad.float32
    assert out.tolist() == wanted


def test_arrays_and_tensors_mix_in_a_function() -> None:
    out = np.maximum(ARRAY, minigrad.full((3,), 4.0))
    assert type(out) is minigrad.Tensor
    assert out.dtype is minigrad.float64
    assert out.tolist() == [4.0, 4.0, 9.0]


def test_a_question_gives_bools() -> None:
    assert np.isnan(minigrad.tensor([1.0, float("nan")])).dtype is minigrad.bool


def test_a_number_stays_a_tensor() -> None:
    out = np.exp(minigrad.tensor(0.0))
    assert type(out) is minigrad.Tensor
    assert out.shape == ()
    assert out.item() == 1.0


def test_what_records_is_no_operand_of_numpy() -> None:
    x = minigrad.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"can't call numpy\(\) on Tensor that requires grad. Use tensor.detach\(\).numpy\(\) instead"):
        np.sqrt(x)
    with pytest.raises(GraphError, match=r"an ndarray was its operand. Use tensor.detach\(\)"):
        ARRAY / x


@pytest.mark.parametrize("left", [ARRAY, np.float64(2), np.int64(2), np.float32(2)])
def test_what_numpy_divides_by_a_tensor(left) -> None:
    t = minigrad.tensor([2.0, 4.0, 8.0])
    out = left / t
    assert type(out) is minigrad.Tensor
    assert out.dtype is (minigrad.float64 if left is ARRAY else minigrad.float32)
    np.testing.assert_allclose(out.numpy(), np.asarray(left) / np.array([2.0, 4.0, 8.0]))


@pytest.mark.filterwarnings("ignore:__array_wrap__")
@pytest.mark.parametrize("act", [operator.truediv, operator.mul, operator.sub, operator.eq, operator.lt])
@pytest.mark.parametrize("left", [ARRAY, np.float64(2), np.float32(2), np.int64(2)], ids=["array", "float64", "float32", "int64"])
def test_as_in_pytorch(act, left) -> None:
    torch = pytest.importorskip("torch")

    def outcome(t):
        try:
            out = act(left, t)
        except TypeError:
            return TypeError
        return str(out.dtype).rpartition(".")[2], [round(v, 6) for v in out.tolist()]
    assert outcome(minigrad.tensor([1.0, 2.0, 3.0])) == outcome(torch.tensor([1.0, 2.0, 3.0]))
