"""The picture of an error."""
from __future__ import annotations

from typing import Any

import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn, viz
from minigrad.viz.model import Box


def failed(picture: viz.GraphPicture) -> Box:
    found, = [b for b in picture.graph.boxes.values() if b.flag == "failed"]
    return found


def explained(program: Any) -> viz.GraphPicture:
    with pytest.raises(Exception) as caught:
        program()
    return viz.explain(caught.value)


def test_a_layer_that_does_not_fit_shows_the_graph_up_to_it_and_the_shapes() -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(100, 10))
    picture = explained(lambda: model(mg.ones(2, 3, 8, 8)))
    box = failed(picture)
    assert (box.title, box.path) == ("linear", "3")
    assert box.options == ("input: float32 (2, 288)", "weight: float32 (10, 100)", "bias: float32 (10,)")
    assert box.line.startswith("test_failure.py:")
    assert picture.graph.clusters[box.scope].title == "3: Linear"
    assert [b.title for b in picture.graph.boxes.values() if b.kind == "op"] == ["conv2d", "relu", "view", "linear"]
    assert {picture.graph.boxes[a.source].title: a.label for a in picture.graph.arrows if a.target == "failed"} == {
        "view": "2 × 288", "3.weight": "10 × 100", "3.bias": "10"}
    assert picture.graph.message.startswith("ShapeError: linear: mat1 and mat2 shapes cannot be multiplied")
    assert picture.text().startswith("ShapeError: linear")


@pytest.mark.parametrize(("program", "title", "operands"), [
    (lambda: mg.ones(2, 3) + mg.ones(4), "add", ["input: float32 (2, 3)", "other: float32 (4,)"]),
    (lambda: mg.ones(2, 3) @ mg.ones(4, 5), "matmul", ["input: float32 (2, 3)", "other: float32 (4, 5)"]),
    (lambda: mg.cat([mg.ones(2, 3), mg.ones(3, 4)]), "cat", ["tensors[0]: float32 (2, 3)", "tensors[1]: float32 (3, 4)"]),
    (lambda: mg.ones(2, 3).reshape(7), "reshape", ["input: float32 (2, 3)"]),
    (lambda: mg.ones(2, 3).sum(5), "sum", ["input: float32 (2, 3)"]),
    (lambda: F.conv2d(mg.ones(1, 3, 8, 8), mg.ones(4, 2, 3, 3)), "conv2d", ["input: float32 (1, 3, 8, 8)", "weight: float32 (4, 2, 3, 3)"]),
    (lambda: F.cross_entropy(mg.ones(2, 3), mg.tensor([0, 1, 2])), "cross_entropy", ["input: float32 (2, 3)", "target: int64 (3,)"])])
def test_ops_of_all_kinds(program: Any, title: str, operands: list[str]) -> None:
    box = failed(explained(program))
    assert box.title in (title, "view")              # a reshape is a view
    assert [o for o in box.options if o in operands] == operands


def test_an_error_in_a_backward_pass_marks_the_op() -> None:
    class Bad(mg.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: mg.Tensor) -> mg.Tensor:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: mg.Tensor) -> mg.Tensor:
            raise ZeroDivisionError("nothing left")
    x = mg.ones(3, requires_grad=True)
    loss = Bad.apply(x.exp()).sin().sum()
    picture = explained(loss.backward)
    assert failed(picture).title == "Bad"
    assert failed(picture).note == "in its gradient: nothing left"
    assert [b.title for b in picture.graph.boxes.values() if b.kind != "input"] == ["exp", "Bad", "sin", "sum", "output"]


def test_a_graph_that_was_freed() -> None:
    x = mg.ones(3, requires_grad=True)
    loss = (x * x).sum()
    loss.backward()
    assert failed(explained(loss.backward)).title == "mul"


def test_under_no_grad_there_are_the_operands_at_least() -> None:
    with mg.no_grad():
        picture = explained(lambda: mg.ones(2, 3) + mg.ones(4))
    assert {b.shape for b in picture.graph.boxes.values() if b.kind == "constant"} == {"2 × 3", "4"}


def test_errors_of_other_things_are_refused() -> None:
    with pytest.raises(ValueError, match="explain: there is no op in this error's traceback"):
        explained(lambda: int("x"))
    with pytest.raises(TypeError, match=r"explain: expects the error that was raised; got int 3; use it after `except ... as error`"):
        viz.explain(3)  # type: ignore[arg-type]
