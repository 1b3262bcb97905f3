"""The picture of a graph: what is in it, and that it is the same each time."""
from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from importlib.util import find_spec
from pathlib import Path

import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn, viz
from minigrad.viz import layout

HAS_LAYOUT = shutil.which("dot") is not None or find_spec("pygraphviz") is not None
needs_layout = pytest.mark.skipif(not HAS_LAYOUT, reason="no layout program: neither Graphviz's dot nor pygraphviz is installed")


def small_network() -> viz.GraphPicture:
    mg.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(18, 4))
    loss = F.cross_entropy(model(mg.ones(5, 1, 8, 8)), mg.tensor([0, 1, 2, 3, 0]))
    return viz.draw_graph(loss, params=dict(model.named_parameters()))


def test_boxes_carry_names_shapes_options_and_scopes() -> None:
    source = small_network().source
    for text in ("convolution\\n5 × 2 × 3 × 3\\nstride=(2, 2)", "0.weight\\n2 × 1 × 3 × 3\\nfloat32", "3.bias\\n4", "relu\\n5 × 2 × 3 × 3",
                 'label="Sequential"', 'label="0: Conv2d"', 'label="3: Linear"', "input\\n5 × 1 × 8 × 8", "output\\nscalar"):
        assert text in source, text


def test_the_same_program_gives_the_same_bytes() -> None:
    assert small_network().source == small_network().source


def test_several_outputs_arrive_with_their_shapes() -> None:
    x = mg.ones(2, 5, requires_grad=True)
    a, b = x.exp().split([2, 3], 1)
    source = viz.draw_graph([a.sum(), b.sum()]).source
    assert "2 × 2, 2 × 3" in source
    assert '[label="2 × 3"]' in source
    assert source.count('"output\\nscalar') == 2


def test_a_deep_graph_needs_no_recursion() -> None:
    x = mg.ones(1, requires_grad=True)
    y = x
    for _ in range(5000):
        y = y * 1.0
    assert viz.draw_graph(y).source.count("mul\\n1") == 5000


def test_names_are_quoted() -> None:
    w = mg.ones(1, requires_grad=True)
    assert 'a\\"b\\\\c' in viz.draw_graph(w * 2.0, params={'a"b\\c': w}).source


def test_a_tensor_without_a_graph_is_refused() -> None:
    with pytest.raises(RuntimeError, match="draw_graph: this tensor, float32 \\(2,\\), has no graph"):
        viz.draw_graph(mg.ones(2))


def test_the_digraph_object_has_the_same_lines() -> None:
    pytest.importorskip("graphviz")
    picture = small_network()
    assert picture.digraph.source.split() == picture.source.split()


@needs_layout
def test_svg_png_and_pdf(tmp_path: Path) -> None:
    picture = small_network()
    svg = picture.save(tmp_path / "g.svg")
    texts = {t.text for t in ET.fromstring(svg.read_bytes()).iter("{http://www.w3.org/2000/svg}text")}
    assert {"convolution", "0.weight", "0: Conv2d"} <= texts
    assert picture.pipe("png").startswith(b"\x89PNG")
    assert picture.pipe("pdf").startswith(b"%PDF")
    assert picture._repr_svg_().lstrip().startswith("<?xml")


def test_without_a_layout_program_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(layout, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"install Graphviz .* pip install 'minigrad\[examples\]'"):
        small_network().save(tmp_path / "g.svg")
    assert (small_network().save(tmp_path / "g.dot")).read_text(encoding="utf-8").startswith("digraph")


def test_unknown_formats_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot draw 'bmp'; formats are svg, png, pdf"):
        small_network().save(tmp_path / "g.bmp")


def test_pictures_of_learning(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    viz.learning_curve({"training": [0.5, 0.2], "test": [0.6, 0.3]}).savefig(tmp_path / "curve.png")
    viz.filters(mg.rand(16, 1, 3, 3)).savefig(tmp_path / "filters.png")
    viz.mistakes(mg.rand(5, 1, 8, 8), mg.tensor([0, 1, 2, 3, 4]), mg.tensor([0, 1, 2, 0, 0])).savefig(tmp_path / "mistakes.png")
    viz.mistakes(mg.rand(2, 8, 8), mg.tensor([0, 1]), mg.tensor([0, 1])).savefig(tmp_path / "none.png")     # nothing wrong: an empty grid
    assert all((tmp_path / f"{name}.png").stat().st_size > 300 for name in ("curve", "filters", "mistakes", "none"))
    with pytest.raises(RuntimeError, match="filters: weight must be 4D"):
        viz.filters(mg.rand(3, 3))
