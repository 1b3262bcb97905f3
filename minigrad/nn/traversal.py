"""Walking over a module and all modules below it, and printing what is there."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any


def named_modules(module: Any, memo: set[Any], prefix: str, remove_duplicate: bool) -> Iterator[tuple[str, Any]]:
    """The module and all below, depth first, parents before children."""
    if module in memo:
        return
    if remove_duplicate:
        memo.add(module)
    yield prefix, module
    for name, child in module._modules.items():
        if child is not None:
            yield from child.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)


def named_children(module: Any) -> Iterator[tuple[str, Any]]:
    """The modules directly below, each once."""
    seen = set()
    for name, child in module._modules.items():
        if child is not None and child not in seen:
            seen.add(child)
            yield name, child


def named_members(module: Any, members_of: Callable[[Any], Iterable[tuple[str, Any]]], prefix: str, recurse: bool,
                  remove_duplicate: bool) -> Iterator[tuple[str, Any]]:
    """The members of each module, with their paths; None is left out."""
    seen: set[int] = set()
    modules = module.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, module)]
    for path, owner in modules:
        for name, member in members_of(owner):
            if member is None or id(member) in seen:
                continue
            if remove_duplicate:
                seen.add(id(member))
            yield (f"{path}.{name}" if path else name), member


def zero_grad(parameters: Iterable[Any], set_to_none: bool) -> None:
    """Drop gradients, or detach them and fill them with zeros in place."""
    for p in parameters:
        if p._grad is None:
            continue
        if set_to_none:
            p._grad = None
        else:
            if p._grad.node is not None:
                p._grad = p._grad.detach()
            p._grad.zero_()


def indented(text: str) -> str:
    """All lines but the first two spaces further in."""
    return text.replace("\n", "\n  ")


def module_repr(module: Any) -> str:
    """`Kind(extra)` on one line where there is little to say, else children one per line."""
    extra = module.extra_repr()
    lines = extra.split("\n") if extra else []
    children = [f"({name}): {indented(repr(child))}" for name, child in module._modules.items()]
    return framed(module._get_name(), lines, children)


def framed(name: str, lines: list[str], children: list[str]) -> str:
    """A repr from its extra lines and those of its children."""
    if len(lines) == 1 and not children:
        return f"{name}({lines[0]})"
    body = "".join([f"\n  {line}" for line in [*lines, *children]])
    return f"{name}({body}\n)" if body else f"{name}()"
