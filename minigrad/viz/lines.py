"""The line of the program that made a node."""
from __future__ import annotations

import linecache
from functools import lru_cache
from pathlib import PurePath
from types import CodeType

from ..engine.mode import BackwardScope
from ..engine.node import OURS, Node, line_of


def place_of(node: Node) -> tuple[str, str]:
    """`file.py:12` and the text of that line: the innermost one outside this package."""
    code, lasti, scope = node.code, node.lasti, node.scope
    if isinstance(scope, BackwardScope):             # the rule of an op: the line of the op
        code = None
    while scope is not None and (code is None or OURS[code.co_filename]):
        code, lasti, scope = scope.code, scope.lasti, scope.parent
    return decoded(code, lasti) if code is not None and not OURS[code.co_filename] else ("", "")


@lru_cache(maxsize=100_000)
def decoded(code: CodeType, lasti: int) -> tuple[str, str]:
    """File name without its folder, line, and text."""
    name, _, number = line_of(code, lasti).rpartition(":")
    if not number.isdigit():
        return PurePath(name).name, ""
    return f"{PurePath(name).name}:{number}", linecache.getline(name, int(number)).strip()
