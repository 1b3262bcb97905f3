"""From DOT to pictures, by whatever layout program is there."""
from __future__ import annotations

import shutil
import subprocess
import warnings
from importlib.util import find_spec

from ..errors import ArgumentError, MissingDependencyError

FORMATS = ("svg", "png", "pdf")


def render(dot: str, format: str) -> bytes:
    """A picture of a DOT text: with Graphviz's `dot` program, else with the copy of it inside the pygraphviz wheel.

    Raises ArgumentError for a format other than svg, png, pdf; MissingDependencyError where neither is installed.
    """
    if format not in FORMATS:
        raise ArgumentError(f"draw_graph: cannot draw {format!r}; formats are {', '.join(FORMATS)}, and dot for the text")
    if program := shutil.which("dot"):
        return subprocess.run([program, f"-T{format}"], input=dot.encode(), capture_output=True, check=True).stdout
    if find_spec("pygraphviz") is not None:
        import pygraphviz
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)          # it repeats what Graphviz says about missing fonts
            drawn = pygraphviz.AGraph(string=dot).draw(format=format, prog="dot")
        return bytes(drawn)
    raise MissingDependencyError("draw_graph: a picture needs a layout program: install Graphviz (`apt install graphviz`, `brew install "
                                 "graphviz`), or pip install 'minigrad[examples]'; the DOT text itself needs neither: use .source")
