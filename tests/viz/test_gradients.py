"""Gradients in the picture."""
from __future__ import annotations

import math

import pytest

import minigrad as mg
from minigrad import nn, viz


def by_title(picture: viz.GraphPicture) -> dict[str, viz.model.Box]:
    return {b.title: b for b in picture.graph.boxes.values()}


def branches() -> tuple[mg.Tensor, mg.Tensor]:
    """3 x + exp(x), summed: the gradients that reach x from the two are known."""
    x = mg.zeros(4, requires_grad=True)
    return x, (x * 3 + x.exp()).sum()


def arrows(picture: viz.GraphPicture) -> dict[tuple[str, str], float | None]:
    title = {k: b.title for k, b in picture.graph.boxes.items()}
    return {(title[a.source], title[a.target]): a.gradient for a in picture.graph.arrows}


EXPECTED = {("x", "mul"): 6.0, ("x", "exp"): 2.0, ("mul", "add"): 2.0, ("exp", "add"): 2.0, ("add", "sum"): 2.0, ("sum", "output"): None}


def test_every_arrow_has_the_norm_of_its_own_gradient() -> None:
    x, loss = branches()
    with viz.record_gradients():
        loss.backward()
    assert arrows(viz.draw_graph(loss, params={"x": x})) == pytest.approx(EXPECTED)
    assert by_title(viz.draw_graph(loss, params={"x": x}))["x"].gradient == pytest.approx(8.0)


def test_a_pass_for_the_picture_alone_leaves_the_graph_and_grad_as_they_are() -> None:
    x, loss = branches()
    picture = viz.draw_graph(loss, params={"x": x}, gradients=True)
    assert arrows(picture) == pytest.approx(EXPECTED)
    assert by_title(picture)["x"].gradient == pytest.approx(8.0)
    assert x.grad is None
    loss.backward()
    assert mg.equal(x.grad, mg.full((4,), 4.0))
    with pytest.raises(RuntimeError, match=r"has freed what it kept; draw it before backward\(\), or run backward\(\) inside viz.record"):
        viz.draw_graph(loss, gradients=True)


def test_the_roots_of_a_pass_for_the_picture_need_not_be_scalars() -> None:
    x = mg.ones(2, 3, requires_grad=True)
    assert arrows(viz.draw_graph([x * 2, x * 3], params={"x": x}, gradients=True))["x", "mul"] == pytest.approx(math.sqrt(6) * 3)


def test_gradients_through_broadcasting_and_of_sequences() -> None:
    b, c = mg.ones(3, requires_grad=True), mg.ones(1, 3, requires_grad=True)
    loss = mg.cat([mg.ones(2, 3) + b, c]).sum()
    found = arrows(viz.draw_graph(loss, params={"b": b, "c": c}, gradients=True))
    assert found["b", "add"] == pytest.approx(math.sqrt(12))          # 2 for each of three
    assert found["add", "cat"] == pytest.approx(math.sqrt(6))
    assert found["c", "cat"] == pytest.approx(math.sqrt(3))


def test_without_any_preparation_parameters_show_their_grad() -> None:
    model = nn.Linear(2, 1, bias=False)
    loss = model(mg.ones(1, 2)).sum()
    loss.backward()
    assert by_title(viz.draw_graph(loss))["weight"].gradient == pytest.approx(math.sqrt(2))


def test_nan_is_red() -> None:
    x = mg.zeros(2, requires_grad=True)
    loss = (x.sqrt() * 0).sum()                      # 0 * inf
    picture = viz.draw_graph(loss, params={"x": x}, gradients=True)
    assert by_title(picture)["x"].flag == "not finite"
    assert 'color="#e5202e", penwidth=4, tooltip="gradient norm NaN"' in picture.source
    assert "gradient NaN" in picture.text()


def test_parameters_that_got_no_gradient_are_marked_also_those_outside_the_graph() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.unused = nn.Linear(2, 2), nn.Linear(2, 2)

        def forward(self, x: mg.Tensor) -> mg.Tensor:
            return self.used(x)
    model = Model()
    loss = model(mg.ones(1, 2)).sum()
    assert "unused.weight" not in by_title(viz.draw_graph(loss))      # nothing was trained yet: nothing to complain of
    loss.backward()
    found = by_title(viz.draw_graph(loss))
    assert [found[n].flag for n in ("used.weight", "unused.weight", "unused.bias")] == ["", "no gradient", "no gradient"]
    assert "!! no gradient: not in this graph" in viz.draw_graph(loss).text()


def test_a_detached_part_is_marked() -> None:
    a, b = mg.ones(2, requires_grad=True), mg.ones(2, requires_grad=True)
    loss = (a * 2 + b * 0).sum()
    mg.autograd.backward(loss, inputs=[a])
    assert by_title(viz.draw_graph(loss, params={"a": a, "b": b}))["b"].flag == "no gradient"


def test_widths_grow_with_the_logarithm() -> None:
    x = mg.ones(1, requires_grad=True)
    picture = viz.draw_graph(((x * 10) * 10) * 10, params={"x": x}, gradients=True, fold=False)
    scale = viz.labels.Scale(picture.graph)
    widths = [scale.of(a)[1] for a in picture.graph.arrows if a.gradient]
    assert widths == pytest.approx([4.8, 3.0, 1.2])
