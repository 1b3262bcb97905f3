"""The picture of a graph, from the loss: minigrad's beside torchviz of the same graph, drawn by the same layout engine.

torchviz (`pip install torchviz`) is needed on PyTorch's side. Its boxes have a name and, for leaves, a shape; ours have shapes, options,
modules, lines and memory, which takes its time. "folded" is how we draw by default; torchviz has no such thing and draws all.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import nets
from .family import Family, Step, Workloads

FAMILY = Family("Pictures of graphs", "From the loss to DOT text, and on to SVG with the same layout engine (pygraphviz). The graph exists "
                "already. torchviz on PyTorch's side.", threads=(1,))


def to_dot(lib: Any, loss: Any, model: Any, fold: bool) -> str:
    """The DOT text of either library."""
    if lib.__name__ == "minigrad":
        return str(lib.viz.draw_graph(loss, fold=fold).source)
    import torchviz  # type: ignore[import-not-found, import-untyped, unused-ignore]
    return str(torchviz.make_dot(loss, params=dict(model.named_parameters())).source)


def to_svg(lib: Any, loss: Any, model: Any, fold: bool) -> str:
    """The SVG of either library."""
    if lib.__name__ == "minigrad":
        return str(lib.viz.draw_graph(loss, fold=fold).svg())
    import pygraphviz
    return bytes(pygraphviz.AGraph(string=to_dot(lib, loss, model, fold)).draw(format="svg", prog="dot")).decode()


def workloads(lib: Any) -> Workloads:
    def resnet18() -> tuple[Any, Any]:
        model = nets.resnet18(lib)
        return model, model(lib.rand(2, 3, 64, 64)).sum()

    def lstm() -> tuple[Any, Any]:
        model = nets.lstm_classifier(lib, 8, 16, 4)
        return model, model(lib.rand(50, 2, 8)).sum()

    def chain() -> tuple[Any, Any]:
        model = lib.nn.Linear(4, 4)
        y = model(lib.ones(1, 4))
        for _ in range(300):                         # torchviz is recursive: it ends at about a thousand
            y = (y * 0.5).tanh()
        return model, y.sum()

    def work(make: Callable[[], tuple[Any, Any]], draw: Callable[..., str], fold: bool) -> Step:
        model, loss = make()

        def step() -> int:
            draw(lib, loss, model, fold)
            return 0                                 # the texts differ, of course
        return step
    works: Workloads = {}
    for name, make in (("ResNet-18", resnet18), ("LSTM cell, 50 steps", lstm), ("600 ops in a row", chain)):
        for form, draw in (("DOT", to_dot), ("SVG", to_svg)):
            works[f"{form}: {name}"] = lambda make=make, draw=draw: work(make, draw, False)
            works[f"{form}: {name}, folded"] = lambda make=make, draw=draw: work(make, draw, True)
    return works
