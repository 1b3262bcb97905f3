"""Nested lists, tuples and dictionaries of tensors: taken apart into leaves, and put together again."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any


class Tree:
    """The shape of a nested structure. kind: its type, or None for a leaf; keys: of a dictionary; parts: its children."""
    __slots__ = ("kind", "keys", "parts", "count")
    count: int

    def __init__(self, kind: Any, keys: Any, parts: list[Tree]) -> None:
        self.kind, self.keys, self.parts = kind, keys, parts
        self.count = 1 if kind is None else sum([p.count for p in parts])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tree) and (self.kind, self.keys, self.parts) == (other.kind, other.keys, other.parts)

    __hash__ = None                                  # type: ignore[assignment]


LEAF = Tree(None, None, [])


def children(value: Any) -> tuple[Any, Any] | None:
    """The keys and values of a node; None for a leaf."""
    kind = type(value)
    if kind in (dict, OrderedDict):
        return tuple(value), list(value.values())
    if kind in (list, tuple) or isinstance(value, tuple) and hasattr(value, "_fields"):
        return None, list(value)
    return None


def flatten(value: Any) -> tuple[list[Any], Tree]:
    """The leaves of a structure, and its shape. Everything that is no list, tuple or dictionary is a leaf."""
    node = children(value)
    if node is None:
        return [value], LEAF
    keys, values = node
    leaves: list[Any] = []
    parts = []
    for v in values:
        found, tree = flatten(v)
        leaves += found
        parts.append(tree)
    return leaves, Tree(type(value), keys, parts)


def unflatten(leaves: list[Any], tree: Tree) -> Any:
    """The inverse of `flatten`."""
    if tree.kind is None:
        return leaves[0]
    parts = []
    at = 0
    for part in tree.parts:
        parts.append(unflatten(leaves[at:at + part.count], part))
        at += part.count
    if tree.keys is not None:
        return tree.kind(zip(tree.keys, parts))
    return tree.kind(*parts) if hasattr(tree.kind, "_fields") else tree.kind(parts)


def mapped(function: Callable[[Any], Any], value: Any) -> Any:
    """A structure with a function applied to each leaf."""
    leaves, tree = flatten(value)
    return unflatten([function(leaf) for leaf in leaves], tree)


def broadcast(prefix: Any, tree: Tree) -> list[Any] | None:
    """A leaf for each of a tree's, from a structure that may stop early: what stands there goes for all below. None: no fit."""
    if children(prefix) is None or tree.kind is None:
        return [prefix] * tree.count if children(prefix) is None else None
    keys, values = children(prefix) or (None, [])
    if type(prefix) is not tree.kind or keys != tree.keys or len(values) != len(tree.parts):
        return None
    found: list[Any] = []
    for value, part in zip(values, tree.parts):
        below = broadcast(value, part)
        if below is None:
            return None
        found += below
    return found
