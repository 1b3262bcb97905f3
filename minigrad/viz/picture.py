"""The picture of a computation graph, in every form it is wanted."""
from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .._tensor import Tensor
from . import dot
from .layout import render
from .model import Model, model_of


class GraphPicture:
    """What `draw_graph` returns. Shows itself in a notebook; `save("graph.svg")` writes a file."""

    def __init__(self, model: Model, name: str = "minigrad") -> None:
        self.model, self.name = model, name

    @property
    def source(self) -> str:
        """The DOT text: the same bytes for the same program."""
        return dot.source(self.model, self.name)

    @property
    def digraph(self) -> Any:
        """A `graphviz.Digraph` to go on working with. Raises MissingDependencyError without that package."""
        try:
            import graphviz  # type: ignore[import-untyped]
        except ImportError:
            from ..errors import missing
            raise missing("graphviz", "a Digraph object", "examples") from None
        return graphviz.Digraph(self.name, body=[f"  {line}\n" for line in dot.body(self.model)])

    def pipe(self, format: str = "svg") -> bytes:
        """The picture as bytes: svg, png or pdf."""
        return self.source.encode() if format in ("dot", "gv") else render(self.source, format)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it; the suffix (.svg, .png, .pdf, .dot) says in which form. Returns the path."""
        target = Path(path)
        target.write_bytes(self.pipe(target.suffix.lstrip(".").lower() or "dot"))
        return target

    def render(self, filename: str, format: str = "svg") -> Path:
        """As graphviz.Digraph: writes `filename.format`."""
        return self.save(f"{filename}.{format}")

    def _repr_svg_(self) -> str:
        return self.pipe("svg").decode()

    def __repr__(self) -> str:
        return f"<GraphPicture of {len(self.model.boxes)} boxes and {len(self.model.arrows)} arrows; .save('graph.svg') draws it>"


def draw_graph(roots: Tensor | Iterable[Tensor], params: Mapping[str, Tensor] | None = None) -> GraphPicture:
    """The computation graph that led to a tensor, or to several.

    Ops stand in the modules they ran in, with options and output shapes; `params`, as in
    `dict(model.named_parameters())`, gives leaves their names. Raises GraphError for a tensor without a graph.

    >>> import minigrad
    >>> w = minigrad.ones(3, requires_grad=True)
    >>> draw_graph((w * 2).sum(), params={"w": w})
    <GraphPicture of 4 boxes and 3 arrows; .save('graph.svg') draws it>
    """
    return GraphPicture(model_of(roots, params))
