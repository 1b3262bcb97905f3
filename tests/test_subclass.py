"""Classes below Tensor: made over memory that is there, with options of their own."""
from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import minigrad
from minigrad import nn

torch = pytest.importorskip("torch")


class Point(minigrad.Tensor):
    """A tensor that knows more than its values."""
    space: str

    def __new__(cls, *data: Any, space: str = "flat", requires_grad: bool = False) -> Any:
        t = minigrad.Tensor._make_subclass(cls, data[0] if isinstance(data[0], minigrad.Tensor) else minigrad.Tensor(*data), requires_grad)
        t.space = space
        return t


class PointParameter(Point, nn.Parameter):
    """The same for modules."""

    def __new__(cls, data: Any, space: str = "flat", requires_grad: bool = True) -> Any:
        t = Point._make_subclass(cls, data, requires_grad)
        t.space = space
        return t


def test_a_class_with_a_new_of_its_own() -> None:
    values = minigrad.ones(2)
    p = Point(values, space="curved")
    assert type(p) is Point
    assert p.space == "curved"
    values.add_(1)
    assert p.tolist() == [2, 2]
    assert not p.requires_grad
    assert Point([1, 2], requires_grad=True).requires_grad
    net = nn.Module()
    net.p = PointParameter(values, space="curved")
    assert list(net.state_dict()) == ["p"]
    assert net.p.space == "curved"
    (net.p * 3).sum().backward()
    assert net.p.grad.tolist() == [3, 3]


def test_copies_keep_the_class() -> None:
    p = Point([1, 2], space="curved")
    for twin in (copy.deepcopy(p), pickle.loads(pickle.dumps(p))):
        assert type(twin) is Point
        assert twin.space == "curved"
        assert twin.tolist() == [1, 2]


@pytest.mark.parametrize("m", [minigrad, torch])
def test_as_subclass_is_a_view_in_the_graph(m: Any) -> None:
    cls = type("Metres", (m.Tensor,), {})
    x = m.ones(2, 3, requires_grad=True)
    y = (x * 2).t().as_subclass(cls)
    assert type(y) is cls
    assert y.shape == (3, 2)
    (y * y).sum().backward()
    assert x.grad.tolist() == [[8, 8, 8], [8, 8, 8]]
    z = m.zeros(2)
    z.as_subclass(cls).add_(1)
    assert z.tolist() == [1, 1]
    assert not x.as_subclass(cls).is_leaf
    assert m.nn.Parameter(z).as_subclass(m.Tensor).requires_grad


@pytest.mark.parametrize("m", [minigrad, torch])
def test_what_is_no_class_of_tensors(m: Any) -> None:
    with pytest.raises(TypeError):
        m.ones(2).as_subclass(int)
    with pytest.raises(TypeError):
        m.Tensor._make_subclass(m.nn.Parameter, [1, 2])


def test_errors_say_what_came() -> None:
    with pytest.raises(TypeError, match="as_subclass: cls must be a class that inherits from Tensor; got int"):
        minigrad.ones(2).as_subclass(int)
    with pytest.raises(TypeError, match="_make_subclass: needs a Tensor; got list"):
        minigrad.Tensor._make_subclass(Point, [1, 2])
    with pytest.raises(TypeError, match="Tensor: got an unexpected keyword argument 'space'"):
        minigrad.Tensor(2, space="flat")


def test_an_init_with_arguments_of_its_own() -> None:
    class Named(minigrad.Tensor):
        def __init__(self, data: Any, label: str) -> None:
            super().__init__(data)
            self.label = label

    t = Named([1, 2], label="a")
    assert t.label == "a"
    assert type(t * 2) is minigrad.Tensor
    assert (t * 2).tolist() == [2, 4]
