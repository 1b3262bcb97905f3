"""Nested lists, tuples, dictionaries and what else is registered: taken apart into leaves, and put together again."""
from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..errors import ArgumentError, ArgumentTypeError, describe

IsLeaf = Callable[[Any], bool]


class NodeDef(NamedTuple):
    """How a type of nodes is taken apart: flatten(value) -> (children, context); unflatten(children, context) -> value.

    keys(value): what stands in the path to each child. name: for files.
    """
    flatten: Callable[[Any], tuple[list[Any], Any]]
    unflatten: Callable[[Iterable[Any], Any], Any]
    keys: Callable[[Any], list[Any]] | None = None
    name: str | None = None


class SequenceKey(NamedTuple):
    """The path into a sequence: `[0]`."""
    idx: int

    def __str__(self) -> str:
        return f"[{self.idx!r}]"

    def get(self, obj: Any) -> Any:
        return obj[self.idx]


class MappingKey(NamedTuple):
    """The path into a mapping: `['a']`."""
    key: Any

    def __str__(self) -> str:
        return f"[{self.key!r}]"

    def get(self, obj: Any) -> Any:
        return obj[self.key]


class GetAttrKey(NamedTuple):
    """The path into an attribute: `.a`."""
    name: str

    def __str__(self) -> str:
        return f".{self.name}"

    def get(self, obj: Any) -> Any:
        return getattr(obj, self.name)


def _sequence_keys(value: Any) -> list[Any]:
    return [SequenceKey(i) for i in range(len(value))]


def _mapping_keys(value: Any) -> list[Any]:
    return [MappingKey(k) for k in value]


def is_namedtuple_class(cls: Any) -> bool:
    """True for a class made by `namedtuple` or `NamedTuple`."""
    return isinstance(cls, type) and issubclass(cls, tuple) and isinstance(getattr(cls, "_fields", None), tuple)


class namedtuple:
    """What all named tuples are registered as; their class is the context."""


NODES: dict[type, NodeDef] = {
    tuple: NodeDef(lambda t: (list(t), None), lambda parts, _: tuple(parts), _sequence_keys, "builtins.tuple"),
    list: NodeDef(lambda t: (t, None), lambda parts, _: list(parts), _sequence_keys, "builtins.list"),
    dict: NodeDef(lambda d: (list(d.values()), list(d)), lambda parts, keys: dict(zip(keys, parts)), _mapping_keys, "builtins.dict"),
    namedtuple: NodeDef(lambda t: (list(t), type(t)), lambda parts, cls: cls(*parts), lambda t: [GetAttrKey(name) for name in t._fields],
                        "collections.namedtuple"),
    OrderedDict: NodeDef(lambda d: (list(d.values()), list(d)), lambda parts, keys: OrderedDict(zip(keys, parts)), _mapping_keys,
                         "collections.OrderedDict"),
    defaultdict: NodeDef(lambda d: (list(d.values()), [d.default_factory, list(d)]),
                         lambda parts, context: defaultdict(context[0], zip(context[1], parts)), _mapping_keys, "collections.defaultdict"),
    deque: NodeDef(lambda d: (list(d), d.maxlen), lambda parts, length: deque(parts, maxlen=length), _sequence_keys, "collections.deque"),
}
MAPPINGS = (dict, OrderedDict, defaultdict)


def kind_of(value: Any) -> type | None:
    """What a value is registered as; None for a leaf."""
    kind = type(value)
    if kind in NODES:
        return kind
    return namedtuple if is_namedtuple_class(kind) else None


class TreeSpec:
    """The shape of a nested structure.

    type: what the node is registered as, None for a leaf. context: what beside the children makes it again, for example the keys.
    parts: the shapes of its children; num_leaves, num_nodes: below, itself included.
    """
    __slots__ = ("type", "context", "parts", "num_leaves", "num_nodes")

    def __init__(self, type: Any = None, context: Any = None, children_specs: Iterable[TreeSpec] = ()) -> None:
        self.type, self.context, self.parts = type, context, list(children_specs)
        self.num_leaves: int = sum([p.num_leaves for p in self.parts]) if type is not None else 1
        self.num_nodes: int = 1 + sum([p.num_nodes for p in self.parts])

    @property
    def num_children(self) -> int:
        return len(self.parts)

    def children(self) -> list[TreeSpec]:
        """The shapes of the children."""
        return list(self.parts)

    def child(self, index: int) -> TreeSpec:
        """The shape of one child."""
        return self.parts[index]

    def is_leaf(self) -> bool:
        """True for the shape of what is no node."""
        return self.type is None

    def unflatten(self, leaves: Iterable[Any]) -> Any:
        """A structure of this shape. Raises ArgumentError for another number of leaves."""
        found = list(leaves)
        if len(found) != self.num_leaves:
            raise ArgumentError(f"treespec.unflatten(leaves): `leaves` has length {len(found)} but the spec refers to a pytree that holds "
                                f"{self.num_leaves} items ({self}).")
        return unflatten(found, self)

    def flatten_up_to(self, tree: Any) -> list[Any]:
        """What stands in a structure at the places of the leaves; there may be more below. Raises ArgumentError for another shape."""
        if self.type is None:
            return [tree]
        kind = kind_of(tree)
        if kind is not self.type and not (kind in MAPPINGS and self.type in MAPPINGS):
            raise ArgumentError(f"Node type mismatch; expected {self.type}, but got {type(tree)}.")
        values, context = NODES[kind].flatten(tree)
        if len(values) != len(self.parts):
            raise ArgumentError(f"Node arity mismatch; expected {len(self.parts)}, but got {len(values)}.")
        if kind in MAPPINGS:
            keys = self.context if self.type is not defaultdict else self.context[1]
            if set(keys) != set(tree):
                raise ArgumentError(f"Node keys mismatch; missing key(s): {set(keys) - set(tree)}; extra key(s): {set(tree) - set(keys)}.")
            values = [tree[key] for key in keys]
        elif context != self.context and kind is not deque:
            raise ArgumentError(f"Node context mismatch for {self.type}: expected {self.context}, but got {context}.")
        return [v for value, part in zip(values, self.parts) for v in part.flatten_up_to(value)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TreeSpec) and (self.type, self.context, self.parts) == (other.type, other.context, other.parts)

    def __hash__(self) -> int:
        return hash((self.type, str(self.context), tuple(self.parts)))

    def __repr__(self, indent: int = 0) -> str:
        if self.type is None:
            return "*"
        below = f",\n{' ' * (indent + 2)}".join([part.__repr__(indent + 2) for part in self.parts])
        return f"TreeSpec({self.type.__name__}, {self.context}, [{below}])"


LEAF = TreeSpec()


def flatten(value: Any, is_leaf: IsLeaf | None = None) -> tuple[list[Any], TreeSpec]:
    """The leaves of a structure, and its shape. What is not registered is a leaf, and what `is_leaf` says."""
    leaves: list[Any] = []
    return leaves, _flatten_into(leaves, value, is_leaf)


def _flatten_into(leaves: list[Any], value: Any, is_leaf: IsLeaf | None) -> TreeSpec:
    kind = kind_of(value)
    if kind is None or is_leaf is not None and is_leaf(value):
        leaves.append(value)
        return LEAF
    values, context = NODES[kind].flatten(value)
    return TreeSpec(kind, context, [_flatten_into(leaves, v, is_leaf) for v in values])


def unflatten(leaves: list[Any], tree: TreeSpec) -> Any:
    """The inverse of `flatten`."""
    if tree.type is None:
        return leaves[0]
    parts = []
    at = 0
    for part in tree.parts:
        parts.append(unflatten(leaves[at:at + part.num_leaves], part))
        at += part.num_leaves
    return NODES[tree.type].unflatten(parts, tree.context)


def mapped(function: Callable[..., Any], value: Any, *more: Any, is_leaf: IsLeaf | None = None) -> Any:
    """A structure with a function applied to each leaf, and to what stands at its place in other structures of this shape."""
    leaves, tree = flatten(value, is_leaf)
    return unflatten([function(*each) for each in zip(leaves, *[tree.flatten_up_to(other) for other in more])], tree)


def broadcast(prefix: Any, tree: TreeSpec, is_leaf: IsLeaf | None = None) -> list[Any] | None:
    """A leaf for each of a tree's, from a structure that may stop early: what stands there goes for all below. None: no fit."""
    kind = kind_of(prefix) if is_leaf is None or not is_leaf(prefix) else None
    if kind is None or tree.type is None:
        return [prefix] * tree.num_leaves if kind is None else None
    values, context = NODES[kind].flatten(prefix)
    if kind is not tree.type or context != tree.context or len(values) != len(tree.parts):
        return None
    found: list[Any] = []
    for value, part in zip(values, tree.parts):
        below = broadcast(value, part, is_leaf)
        if below is None:
            return None
        found += below
    return found


def register(cls: type, definition: NodeDef) -> None:
    """Let instances of a class be nodes. Raises ArgumentError if they are already."""
    if not isinstance(cls, type):
        raise ArgumentTypeError(f"register_pytree_node: expects a class; got {describe(cls)}")
    if cls in NODES:
        raise ArgumentError(f"register_pytree_node: {cls} is already registered as pytree node.")
    NODES[cls] = definition
