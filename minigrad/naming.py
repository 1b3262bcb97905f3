"""Which function a user called: what an error message begins with, whatever raised inside.

Asked only while an error is made, so it may look at the stack. Ops run other ops: `binary_cross_entropy` one that is called
`bernoulli_nll`, `softmin` a negation. What the user knows is the outermost function of `ops/`.
"""
from __future__ import annotations

import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

ROOT = __file__[:-len("naming.py")]
THROUGH = (*[ROOT + part for part in ("ops/", "engine/", "kernels/", "_", "backend.py", "dtypes.py", "errors.py")], __file__)
HOME = f"{ROOT}ops/"                                 # of functions that users call
NAMESPACES = ("", ".nn.functional", ".linalg", ".special", ".fft")
PREFIX = re.compile(r"([A-Za-z_][\w.]*)(?:\(\))?: ")

PUBLIC: dict[str, str] = {}                          # the names of functions that users know by another one


def called(name: str) -> Callable[[F], F]:
    """Say under which name users know a function, where it is not its own: a method, or one of several namespaces."""
    def note(function: F) -> F:
        PUBLIC[function.__name__] = name
        return function
    return note


def is_public(name: str) -> bool:
    """True for the name of a function or a method that users can call."""
    package = __name__.partition(".")[0]
    top = sys.modules.get(package)
    return not name.startswith("_") and (hasattr(getattr(top, "Tensor", None), name) or name in getattr(top, "LAZY_NAMES", ()) or any(
        name in vars(sys.modules[package + below]) for below in NAMESPACES if package + below in sys.modules))


def entry(frame: FrameType | None) -> str | None:
    """The name of the outermost function of `ops/` on the way to a frame; None for there is none, or it is a gradient rule at work."""
    found = None
    while frame is not None and frame.f_code.co_filename.startswith(THROUGH):
        code = frame.f_code
        if code.co_filename == f"{ROOT}engine/run.py":
            return None
        name = None
        if code.co_filename.startswith(HOME) and "." not in code.co_qualname:
            name = code.co_name
        elif code.co_name in ("call", "plain") and code.co_filename.startswith(f"{ROOT}engine/"):
            name = getattr(frame.f_locals.get("op"), "name", None)
        if name is not None:
            name = PUBLIC.get(name, name)
            found = name if is_public(name.rpartition(".")[2]) else found
        frame = frame.f_back
    return found


def named(text: str) -> str:
    """A message that begins with the function that the user called."""
    match = PREFIX.match(text)
    if match is not None and match[1] in PUBLIC:
        text = PUBLIC[match[1]] + text[match.end(1):]
        match = PREFIX.match(text)
    name = entry(sys._getframe(2))
    if name is None or match is not None and match[1].rpartition(".")[2].rstrip("_") == name.rpartition(".")[2].rstrip("_"):
        return text
    if match is not None:
        return f"{name}: {text[match.end():]}"
    return text if name.rpartition(".")[2] in text.partition(";")[0] else f"{name}: {text}"
