"""The picture of a computation graph, in every form it is wanted."""
from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

from .._tensor import Tensor
from ..errors import ArgumentError, ArgumentTypeError, describe, missing
from ..nn.module import Module
from . import dot, layout, mermaid, page, svg, text, trace, walk
from .model import Graph
from .repeats import fold as folded
from .smaller import collapse, inline
from .smaller import hide as without

MOST = 600                                           # boxes in a page; a larger graph is collapsed until there are no more


class GraphPicture:
    """What `draw_graph` returns. Shows itself in a notebook and prints as a tree; `save("graph.svg")` writes a file.

    full: the graph as it is. graph: what is drawn, folded and collapsed to `depth`.
    """

    def __init__(self, full: Graph, name: str = "minigrad", depth: int | None = None, fold: bool = True) -> None:
        self.full, self.name, self.depth = full, name, depth
        self.folded = folded(full) if fold else full
        self.graph = inline(self.folded if depth is None else collapse(self.folded, depth))

    # ------------------------------------------------------------ text
    @property
    def source(self) -> str:
        """The DOT text: the same bytes for the same program."""
        return dot.source(self.graph, self.name)

    @property
    def digraph(self) -> Any:
        """A `graphviz.Digraph` to go on working with. Raises MissingDependencyError without that package."""
        try:
            import graphviz
        except ImportError:
            raise missing("graphviz", "a Digraph object", "viz") from None
        return graphviz.Digraph(self.name, body=[f"  {line}\n" for line in dot.body(self.graph)])

    def mermaid(self) -> str:
        """A flowchart that Markdown pages show between ```mermaid and ```."""
        return mermaid.source(self.graph)

    def text(self) -> str:
        """A tree for the terminal; `print(picture)` shows it."""
        return text.source(self.graph)

    # ------------------------------------------------------------ pictures
    def svg(self) -> str:
        """An SVG for light and dark pages. Raises MissingDependencyError where no layout engine is installed."""
        return svg.draw(self.graph, layout.place(self.graph))

    def html(self) -> str:
        """One page that needs no network: pan, zoom, search, modules that open and close, details at a click, and the passes as a film.

        Modules below `depth` are closed at first. Raises MissingDependencyError where no layout engine is installed.
        """
        graph, depth = inline(self.folded), self.depth
        while len(graph.boxes) > MOST and (levels := graph.levels()) and max(levels.values()) > 0:
            graph = collapse(graph, max(levels.values()))
        return page.source(graph, self.name, depth)

    def pipe(self, format: str = "svg") -> bytes:
        """The picture as bytes: svg, png, pdf, html, dot, mmd (Mermaid), md (the same in Markdown) or txt."""
        writers: dict[str, Callable[[], str]] = {
            "svg": self.svg, "html": self.html, "htm": self.html, "mmd": self.mermaid, "txt": self.text, "dot": lambda: self.source,
            "gv": lambda: self.source, "md": lambda: f"```mermaid\n{self.mermaid()}```\n"}
        if format in writers:
            return writers[format]().encode()
        if format == "json0":
            raise ArgumentError("draw_graph: cannot draw 'json0'; use svg")
        return layout.render(self.source, format)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it; the suffix (.svg, .png, .pdf, .html, .dot, .mmd, .md, .txt) says in which form. Returns the path."""
        target = Path(path)
        target.write_bytes(self.pipe(target.suffix.lstrip(".").lower() or "dot"))
        return target

    def render(self, filename: str, format: str = "svg") -> Path:
        """As graphviz.Digraph: writes `filename.format`."""
        return self.save(f"{filename}.{format}")

    # ------------------------------------------------------------ other views of the same graph
    def collapse(self, depth: int) -> GraphPicture:
        """The same with modules at `depth` as one box each: 0 is the outermost call."""
        return GraphPicture(self.full, self.name, depth, self.folded is not self.full)

    def hide(self, *kinds: str) -> GraphPicture:
        """The same without boxes of some kinds ("parameter", "constant", "input", "output"), families ("shape") or ops by name."""
        return GraphPicture(without(self.full, kinds), self.name, self.depth, self.folded is not self.full)

    # ------------------------------------------------------------ notebooks, terminals
    def _repr_svg_(self) -> str | None:
        return self.svg() if layout.is_there() else None

    def _repr_html_(self) -> str:
        if not layout.is_there():
            return f"<pre>{escape(self.text())}\nFor a picture, {escape(layout.REMEDY)}</pre>"
        return f'<iframe srcdoc="{escape(self.html())}" style="width:100%;height:600px;border:0"></iframe>'

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<GraphPicture of {len(self.graph.boxes)} boxes and {len(self.graph.arrows)} arrows; .save('graph.svg') draws it>"


def draw_graph(what: Tensor | Iterable[Tensor] | Module, inputs: Any = None, *, params: Mapping[str, Tensor] | None = None,
               depth: int | None = None, fold: bool = True, hide: Iterable[str] = (), gradients: bool = False,
               across: bool = False, name: str = "minigrad") -> GraphPicture:
    """The computation graph that led to a tensor or to several; or that of a model for given inputs, before anything was run.

    what: tensors, or a Module; inputs: what a Module is called with, a Tensor, a shape, or a tuple or dict of these. depth: modules
    there are drawn as one box each (0: the outermost). fold: equal blocks in a row are drawn once, with ×12. hide: see
    `GraphPicture.hide`. gradients: run a backward pass for the picture alone, to see the gradients; without it they are seen after a
    `backward()` inside `record_gradients`, and those of parameters after any. across: draw from left to right. params: names of
    leaves that belong to no module.

    Raises GraphError for a tensor without a graph, or one that has freed what gradients need.

    >>> import minigrad
    >>> w = minigrad.ones(3, requires_grad=True)
    >>> draw_graph((w * 2).sum(), params={"w": w})
    <GraphPicture of 4 boxes and 3 arrows; .save('graph.svg') draws it>
    """
    if isinstance(what, Module):
        graph = trace.graph_of(what, inputs, params, gradients)
    elif inputs is not None:
        raise ArgumentTypeError(f"draw_graph: inputs are for a Module, what to call it with; got {describe(inputs)} beside "
                                f"{describe(what)}; names of leaves go to params=")
    else:
        graph = walk.graph_of(what, params, gradients)
    if depth is not None and (not isinstance(depth, int) or depth < 0):
        raise ArgumentError(f"draw_graph: depth must be an int from 0 on; got {describe(depth)}")
    graph.across = across
    picture = GraphPicture(graph, name, depth, fold)
    return picture.hide(*hide) if hide else picture
