"""Smaller pictures of the same graph: repeated blocks drawn once, modules closed, kinds of boxes left out."""
from __future__ import annotations

import pytest

import minigrad as mg
from minigrad import nn, viz
from minigrad.viz.model import Graph
from minigrad.viz.repeats import span


def titles(graph: Graph) -> list[str]:
    return [f"{b.title}{f' ×{b.times}' if b.times > 1 else ''}" for b in sorted(graph.boxes.values(), key=lambda b: b.order)]


def frames(graph: Graph) -> list[str]:
    return [f"{c.title or 'group'}{f' ×{c.times}' if c.times > 1 else ''}" for c in graph.clusters.values()]


def joined(graph: Graph) -> set[tuple[str, str]]:
    return {(graph.boxes[a.source].title, graph.boxes[a.target].title) for a in graph.arrows}


# ---------------------------------------------------------------- folding
def test_equal_layers_in_a_row_are_one() -> None:
    model = nn.Sequential(nn.Linear(3, 4), *[nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(12)], nn.Linear(4, 2))
    picture = viz.draw_graph(model(mg.ones(1, 3)).sum())
    assert frames(picture.graph) == ["Sequential", "0: Linear", "1…12: Sequential ×12", "0: Linear", "13: Linear"]
    assert [b.path for b in picture.graph.boxes.values() if b.kind == "parameter"][2:4] == ["1…12.0.weight", "1…12.0.bias"]
    assert picture.graph.summary() == viz.draw_graph(model(mg.ones(1, 3)).sum(), fold=False).graph.summary()
    assert ("linear", "relu") in joined(picture.graph)


def test_layers_of_other_shapes_are_not() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 5), nn.Linear(5, 6))
    assert len(frames(viz.draw_graph(model(mg.ones(1, 3)).sum()).graph)) == 4


def test_a_loop_of_ops_is_a_group() -> None:
    w, h = mg.ones(4, 4, requires_grad=True), mg.ones(2, 4)
    for _ in range(10):
        h = mg.tanh(h @ w)
    graph = viz.draw_graph(h.sum(), params={"w": w}).graph
    assert frames(graph) == ["group ×10"]
    assert titles(graph) == ["input", "w", "matmul", "tanh", "sum", "output"]
    assert joined(graph) == {("input", "matmul"), ("w", "matmul"), ("matmul", "tanh"), ("tanh", "sum"), ("sum", "output")}


def test_a_loop_whose_turns_take_something_new_each() -> None:
    w, h = mg.ones(4, 4, requires_grad=True), mg.ones(2, 4)
    for t in range(10):
        h = mg.tanh(h @ w + mg.full((2, 4), float(t)))
    assert titles(viz.draw_graph(h.sum(), params={"w": w}).graph) == ["input", "w", "matmul", "other", "add", "tanh", "sum", "output"]


def test_options_that_differ_show_the_first_and_the_last() -> None:
    x = mg.ones(6, 2, requires_grad=True)
    y = mg.zeros(2)
    for i in range(6):
        y = y + x[i]
    graph = viz.draw_graph(y.sum()).graph
    getitem, = [b for b in graph.boxes.values() if b.title == "getitem"]
    assert getitem.options == ("index=0…5",)


def test_branches_side_by_side_fold_only_if_they_end_in_the_same_place() -> None:
    x = mg.ones(4, requires_grad=True)
    heads = mg.stack([x.exp() for _ in range(5)]).sum()
    assert "exp ×5" in titles(viz.draw_graph(heads).graph)
    q, k, v = x.exp(), x.exp(), x.exp()              # three of a kind, but with three roles
    assert "exp ×3" not in titles(viz.draw_graph((q * k).sum() + v.sin().sum()).graph)


def test_blocks_joined_in_another_way_are_not_equal() -> None:
    x = mg.ones(3, requires_grad=True)
    a = x.exp()
    b = a.exp()
    c = b.exp()
    d = b.exp()                                      # not from c
    assert "exp ×4" not in titles(viz.draw_graph((c * d).sum()).graph)


def test_a_skip_over_all_layers_stays() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(5)])

        def forward(self, x: mg.Tensor) -> mg.Tensor:
            y = x
            for layer in self.layers:
                y = layer(y)
            return x + y
    net = Net()
    graph = viz.draw_graph(net, (1, 4)).graph
    assert "layers.0…4: Linear ×5" in frames(graph)
    assert {("x", "linear"), ("x", "add"), ("linear", "add")} <= joined(graph)


def test_loops_inside_repeated_modules() -> None:
    class Block(nn.Module):
        def forward(self, x: mg.Tensor) -> mg.Tensor:
            for _ in range(4):
                x = (x * 2).sin()
            return x
    blocks = nn.Sequential(*[Block() for _ in range(3)])
    graph = viz.draw_graph(blocks, (2,)).graph
    assert frames(graph) == ["Sequential", "0…2: Block ×3", "group ×4"]
    assert graph.summary().startswith("24 ops")


@pytest.mark.parametrize(("first", "last", "both"), [
    ("layers.0.weight", "layers.11.weight", "layers.0…11.weight"), ("a.py:9", "a.py:12", "a.py:9…12"), ("same", "same", "same"),
    ("index=10", "index=19", "index=10…19"), ("x", "y", "x…y"), ("net.1.0", "net.1.10", "net.1.0…10")])
def test_spans(first: str, last: str, both: str) -> None:
    assert span(first, last) == both


# ---------------------------------------------------------------- collapsing
def nested() -> viz.GraphPicture:
    inner = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    model = nn.Sequential(nn.Linear(3, 4), nn.Sequential(inner, nn.Linear(4, 4)))
    return viz.draw_graph(model, (1, 3))


def test_depth_counts_from_the_outermost_call() -> None:
    picture = nested()
    assert titles(picture.collapse(0).graph) == ["input", "Sequential", "output"]
    assert titles(picture.collapse(1).graph) == ["input", "0: Linear", "1: Sequential", "output"]
    assert titles(picture.collapse(2).graph) == ["input", "0.weight", "0.bias", "linear", "0: Sequential", "1: Linear", "output"]
    assert titles(picture.collapse(9).graph) == titles(picture.graph)


def test_a_closed_module_counts_what_is_in_it() -> None:
    module = next(b for b in nested().collapse(1).graph.boxes.values() if b.title == "1: Sequential")
    assert (module.ops, module.parameters, module.shape, module.kind) == (3, 40, "1 × 4", "module")
    assert nested().collapse(0).graph.summary() == nested().graph.summary()


def test_folded_modules_are_closed_as_one_box() -> None:
    model = nn.Sequential(*[nn.Linear(4, 4) for _ in range(7)])
    picture = viz.draw_graph(model, (1, 4), depth=1)
    assert titles(picture.graph) == ["input", "0…6: Linear ×7", "output"]
    assert picture.graph.summary().startswith("7 ops · 140 parameters")


def test_arrows_of_a_closed_module_join() -> None:
    assert joined(nested().collapse(1).graph) == {("input", "0: Linear"), ("0: Linear", "1: Sequential"), ("1: Sequential", "output")}


def test_what_failed_stays_in_sight() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.Linear(5, 4)))
    with pytest.raises(RuntimeError) as caught:
        model(mg.ones(1, 3))
    assert "linear" in titles(viz.explain(caught.value, depth=0).graph)


# ---------------------------------------------------------------- leaving out
def test_kinds_families_and_ops_can_be_left_out() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 2))
    picture = viz.draw_graph(model(mg.ones(1, 1, 4, 4)).sum(), hide=("parameter", "constant", "shape"))
    assert titles(picture.graph) == ["conv2d", "linear", "sum", "output"]
    assert ("conv2d", "linear") in joined(picture.graph)              # over the view that is gone
    assert titles(picture.hide("sum").graph) == ["conv2d", "linear", "output"]
