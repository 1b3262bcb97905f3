"""Questions about a value, and PyTorch's older spellings, answered as PyTorch answers them."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import minigrad
from minigrad.autograd import Variable
from minigrad.errors import ArgumentTypeError

QUESTIONS = """
torch.result_type(torch.ones(1), 1.5)
torch.result_type(torch.ones(1, dtype=torch.int32), torch.tensor(1.))
torch.result_type(torch.ones(1, dtype=torch.float16), torch.tensor(1., dtype=torch.float64))
torch.result_type(torch.tensor(1), torch.ones(1, dtype=torch.int8))
torch.result_type(1, 2)
torch.result_type(1.5, torch.ones(1, dtype=torch.int8))
torch.result_type(True, torch.ones(1, dtype=torch.int8))
torch.result_type(1j, torch.ones(1, dtype=torch.float64))
torch.numel(torch.ones(2, 3)), torch.numel(torch.tensor(1)), torch.numel(torch.ones(0))
torch.is_tensor(torch.ones(1)), torch.is_tensor([1]), torch.is_tensor(torch.nn.Parameter(torch.ones(1)))
torch.typename(3), torch.typename(int), torch.typename(len), torch.typename("a"), torch.typename(None)
torch.e, torch.pi, torch.inf, torch.newaxis
torch.autograd.Variable(x).requires_grad, torch.autograd.Variable(x).is_leaf, torch.autograd.Variable(x * 2).grad_fn
torch.autograd.Variable(torch.ones(2), True).requires_grad, torch.autograd.Variable(data=torch.ones(2), requires_grad=True).is_leaf
torch.autograd.Variable().shape, torch.autograd.Variable(None).dtype
isinstance(x, torch.autograd.Variable), isinstance(torch.nn.Parameter(x), torch.autograd.Variable), isinstance(3, torch.autograd.Variable)
torch.distributed.is_initialized(), torch.is_autocast_enabled()
""".strip().splitlines()


@pytest.fixture(autouse=True)
def _default_dtype() -> Iterator[None]:
    yield
    minigrad.set_default_dtype(minigrad.float32)


@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_are_pytorch_s(question: str) -> None:
    torch = pytest.importorskip("torch")
    answers = [repr(eval(question, {"torch": library, "x": library.ones(2, requires_grad=True)})) for library in (minigrad, torch)]
    assert answers[0].replace("minigrad.", "torch.") == answers[1]


def test_names_of_types() -> None:
    assert minigrad.typename(minigrad.ones(1)) == "minigrad.FloatTensor"
    assert minigrad.typename(minigrad.nn.Sequential()) == "minigrad.nn.container.Sequential"
    with minigrad.as_torch():
        assert minigrad.typename(minigrad.ones(1)) == "torch.FloatTensor"


def test_wrong_questions() -> None:
    with pytest.raises(TypeError, match="numel: input must be a Tensor; got int 3"):
        minigrad.numel(3)                            # type: ignore[arg-type]
    with pytest.raises(TypeError, match="result_type: takes tensors and numbers; got str 'a'"):
        minigrad.result_type("a", 1)


def test_a_variable_shares_memory() -> None:
    x = minigrad.ones(2)
    y = Variable(x, requires_grad=True)
    x[0] = 5
    assert y.tolist() == [5, 1]
    (y * y).sum().backward()
    assert y.grad is not None
    assert y.grad.tolist() == [10, 2]
    assert x.grad is None


def test_wrong_variables() -> None:
    with pytest.raises(TypeError, match=r"Variable: data has to be a tensor; got list of 2; minigrad.tensor\(...\) makes one"):
        Variable([1, 2])                             # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="only Tensors of floating point and complex dtype can require gradients"):
        Variable(minigrad.tensor([1]), requires_grad=True)
    with pytest.warns(UserWarning, match="Variable: volatile has no effect"):
        Variable(minigrad.ones(1), volatile=True)


@pytest.mark.parametrize(("argument", "dtype"), [
    ("torch.DoubleTensor", minigrad.float64), ("minigrad.HalfTensor", minigrad.float16), (minigrad.DoubleTensor, minigrad.float64)])
def test_the_default_tensor_type(argument: Any, dtype: Any) -> None:
    minigrad.set_default_tensor_type(argument)
    assert minigrad.zeros(1).dtype is dtype


@pytest.mark.parametrize("argument", ["torch.IntTensor", "FloatTensor", "other.FloatTensor", 3, minigrad.LongTensor, minigrad.float64])
def test_no_default_tensor_type(argument: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="set_default_tensor_type: only floating-point types are supported as the default type"):
        minigrad.set_default_tensor_type(argument)
