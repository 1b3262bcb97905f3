"""Trees of lists, tuples, dictionaries and registered classes, under the names that PyTorch's programs use.

>>> tree_map(lambda x: x * 2, {"a": 1, "b": [2, (3,)]})
{'a': 2, 'b': [4, (6,)]}
"""
from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any

from .._size import Size
from ..batching.trees import LEAF, MAPPINGS, NODES, NodeDef, broadcast, flatten, is_namedtuple_class, kind_of, mapped, namedtuple, register
from ..batching.trees import GetAttrKey as GetAttrKey
from ..batching.trees import IsLeaf as IsLeaf
from ..batching.trees import MappingKey as MappingKey
from ..batching.trees import SequenceKey as SequenceKey
from ..batching.trees import TreeSpec as TreeSpec
from ..errors import ArgumentError, ArgumentTypeError, describe

PyTree = Context = Any
KeyPath = tuple[Any, ...]
SUPPORTED_NODES = NODES
NODES.setdefault(Size, NodeDef(lambda size: (list(size), None), lambda parts, _: Size(parts), NODES[tuple].keys, "torch.Size"))


class _LeafType(type):
    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, TreeSpec) and value.is_leaf()

    def __call__(cls) -> TreeSpec:
        return LEAF


class LeafSpec(metaclass=_LeafType):
    """The shape of a leaf."""


# ---------------------------------------------------------------- apart and together
def tree_flatten(tree: Any, is_leaf: IsLeaf | None = None) -> tuple[list[Any], TreeSpec]:
    """The leaves of a tree, and its shape. None is a leaf, and so is what `is_leaf` says."""
    return flatten(tree, is_leaf)


def tree_unflatten(leaves: Iterable[Any], treespec: TreeSpec) -> Any:
    """A tree of this shape. Raises ValueError for another number of leaves, TypeError for what is no shape."""
    if not isinstance(treespec, TreeSpec):
        raise ArgumentTypeError(f"tree_unflatten: Expected `treespec` to be an instance of TreeSpec; got {describe(treespec)}; is it "
                                "tree_unflatten(leaves, treespec)?")
    return treespec.unflatten(leaves)


def tree_leaves(tree: Any, is_leaf: IsLeaf | None = None) -> list[Any]:
    """The leaves of a tree."""
    return flatten(tree, is_leaf)[0]


def tree_iter(tree: Any, is_leaf: IsLeaf | None = None) -> Iterator[Any]:
    """The leaves of a tree, one by one."""
    yield from flatten(tree, is_leaf)[0]


def tree_structure(tree: Any, is_leaf: IsLeaf | None = None) -> TreeSpec:
    """The shape of a tree."""
    return flatten(tree, is_leaf)[1]


def arg_tree_leaves(*args: Any, **kwargs: Any) -> list[Any]:
    """The leaves of all arguments."""
    return [leaf for value in (*args, *kwargs.values()) for leaf in flatten(value)[0]]


def tree_is_leaf(tree: Any, is_leaf: IsLeaf | None = None) -> bool:
    """True for what is no node of a tree."""
    return kind_of(tree) is None or is_leaf is not None and is_leaf(tree)


# ---------------------------------------------------------------- functions of leaves
def tree_map(func: Callable[..., Any], tree: Any, *rests: Any, is_leaf: IsLeaf | None = None) -> Any:
    """A tree with `func(leaf, *those of rests at its place)` for each leaf. Raises ValueError for rests of another shape."""
    return mapped(func, tree, *rests, is_leaf=is_leaf)


def tree_map_(func: Callable[..., Any], tree: Any, *rests: Any, is_leaf: IsLeaf | None = None) -> Any:
    """Call `func` for each leaf, for its effect, and return the tree itself."""
    mapped(func, tree, *rests, is_leaf=is_leaf)
    return tree


def map_only(type_or_types_or_pred: Any, /) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """A decorator: the function for values of a type, of one of several, or for which a predicate is true; others are left as they are."""
    if isinstance(type_or_types_or_pred, type) or not callable(type_or_types_or_pred):
        def chosen(value: Any) -> bool:
            return isinstance(value, type_or_types_or_pred)
    else:
        chosen = type_or_types_or_pred
    return lambda func: lambda value: func(value) if chosen(value) else value


def tree_map_only(type_or_types_or_pred: Any, /, func: Callable[[Any], Any], tree: Any, is_leaf: IsLeaf | None = None) -> Any:
    """`tree_map` of some leaves: those of a type, or for which a predicate is true."""
    return mapped(map_only(type_or_types_or_pred)(func), tree, is_leaf=is_leaf)


def tree_map_only_(type_or_types_or_pred: Any, /, func: Callable[[Any], Any], tree: Any, is_leaf: IsLeaf | None = None) -> Any:
    """`tree_map_` of some leaves."""
    return tree_map_(map_only(type_or_types_or_pred)(func), tree, is_leaf=is_leaf)


def tree_all(pred: Callable[[Any], bool], tree: Any, is_leaf: IsLeaf | None = None) -> bool:
    """True if a predicate is true of all leaves."""
    return all(map(pred, tree_iter(tree, is_leaf)))


def tree_any(pred: Callable[[Any], bool], tree: Any, is_leaf: IsLeaf | None = None) -> bool:
    """True if a predicate is true of some leaf."""
    return any(map(pred, tree_iter(tree, is_leaf)))


def tree_all_only(type_or_types: Any, /, pred: Callable[[Any], bool], tree: Any, is_leaf: IsLeaf | None = None) -> bool:
    """True if a predicate is true of all leaves of a type."""
    return all(pred(leaf) for leaf in tree_iter(tree, is_leaf) if isinstance(leaf, type_or_types))


def tree_any_only(type_or_types: Any, /, pred: Callable[[Any], bool], tree: Any, is_leaf: IsLeaf | None = None) -> bool:
    """True if a predicate is true of some leaf of a type."""
    return any(pred(leaf) for leaf in tree_iter(tree, is_leaf) if isinstance(leaf, type_or_types))


# ---------------------------------------------------------------- paths
def tree_flatten_with_path(tree: Any, is_leaf: IsLeaf | None = None) -> tuple[list[tuple[KeyPath, Any]], TreeSpec]:
    """Pairs of path and leaf, and the shape. Raises ValueError for a registered class without keys."""
    leaves, spec = flatten(tree, is_leaf)
    return list(zip(_paths((), tree, is_leaf), leaves)), spec


def tree_leaves_with_path(tree: Any, is_leaf: IsLeaf | None = None) -> list[tuple[KeyPath, Any]]:
    """Pairs of path and leaf."""
    return tree_flatten_with_path(tree, is_leaf)[0]


def tree_map_with_path(func: Callable[..., Any], tree: Any, *rests: Any, is_leaf: IsLeaf | None = None) -> Any:
    """`tree_map` of `func(path, leaf, ...)`."""
    paths = iter(list(_paths((), tree, is_leaf)))
    return mapped(lambda *leaves: func(next(paths), *leaves), tree, *rests, is_leaf=is_leaf)


def _paths(path: KeyPath, value: Any, is_leaf: IsLeaf | None) -> Iterator[KeyPath]:
    if tree_is_leaf(value, is_leaf):
        yield path
        return
    node = NODES[kind_of(value)]                     # type: ignore[index]
    if node.keys is None:
        raise ArgumentError(f"tree_flatten_with_path: no flatten_with_keys is registered for type {type(value)}; give it to "
                            "register_pytree_node as flatten_with_keys_fn")
    for key, child in zip(node.keys(value), node.flatten(value)[0]):
        yield from _paths((*path, key), child, is_leaf)


def keystr(kp: KeyPath) -> str:
    """A path as one writes it.

    >>> keystr(tree_leaves_with_path({"a": [1, 2]})[1][0])
    "['a'][1]"
    """
    return "".join(map(str, kp))


def key_get(obj: Any, kp: KeyPath) -> Any:
    """What stands at a path."""
    for key in kp:
        obj = key.get(obj)
    return obj


# ---------------------------------------------------------------- types of nodes
def register_pytree_node(cls: type, flatten_fn: Callable[[Any], tuple[list[Any], Any]],
                         unflatten_fn: Callable[[Iterable[Any], Any], Any], *,
                         serialized_type_name: str | None = None, to_dumpable_context: Any = None, from_dumpable_context: Any = None,
                         flatten_with_keys_fn: Callable[[Any], tuple[list[tuple[Any, Any]], Any]] | None = None) -> None:
    """Let instances of a class be nodes: flatten_fn(value) -> (children, context), unflatten_fn(children, context) -> value.

    flatten_with_keys_fn: the same with pairs of key and child, for paths. Raises ValueError for a class that is registered.
    """
    keys = None if flatten_with_keys_fn is None else lambda value: [key for key, _ in flatten_with_keys_fn(value)[0]]
    register(cls, NodeDef(lambda value: (list((found := flatten_fn(value))[0]), found[1]), unflatten_fn, keys, serialized_type_name))


_register_pytree_node = register_pytree_node


def _dict_flatten(d: dict[Any, Any]) -> tuple[list[Any], list[Any]]:
    """A dictionary's values, and its keys."""
    return list(d.values()), list(d)


def _dict_flatten_with_keys(d: dict[Any, Any]) -> tuple[list[tuple[MappingKey, Any]], list[Any]]:
    """A dictionary's values, each with its key, and its keys."""
    return [(MappingKey(key), value) for key, value in d.items()], list(d)


def _dict_unflatten(values: Iterable[Any], context: list[Any]) -> dict[Any, Any]:
    """The dictionary of these keys and values."""
    return dict(zip(context, values))


def register_dataclass(cls: type, *, field_names: list[str] | None = None, drop_field_names: list[str] | None = None,
                       serialized_type_name: str | None = None) -> None:
    """Let a dataclass be a node; its fields are the children. field_names: these only, drop_field_names: without these."""
    import dataclasses
    if not dataclasses.is_dataclass(cls) and field_names is None:
        raise ArgumentError(f"register_dataclass: field_names must be given for {cls}, which is no dataclass")
    names = field_names or [f.name for f in dataclasses.fields(cls) if f.init and f.name not in (drop_field_names or ())]
    register(cls, NodeDef(lambda value: ([getattr(value, name) for name in names], names),
                          lambda parts, names: cls(**dict(zip(names, parts))),
                          lambda value: [GetAttrKey(name) for name in names], serialized_type_name))


def _deregister_pytree_node(cls: type) -> None:
    del NODES[cls]


def is_namedtuple(obj: Any) -> bool:
    """True for a named tuple, or a class of them."""
    return is_namedtuple_class(obj if isinstance(obj, type) else type(obj))


def is_namedtuple_instance(obj: Any) -> bool:
    """True for a named tuple."""
    return is_namedtuple_class(type(obj))


# ---------------------------------------------------------------- shapes
def treespec_leaf() -> TreeSpec:
    """The shape of a leaf."""
    return LEAF


def treespec_tuple(iterable: Iterable[TreeSpec] = (), /) -> TreeSpec:
    """The shape of a tuple."""
    return TreeSpec(tuple, None, iterable)


def treespec_dict(mapping: Any = (), /, **kwargs: TreeSpec) -> TreeSpec:
    """The shape of a dictionary."""
    found = dict(mapping, **kwargs)
    return TreeSpec(dict, list(found), found.values())


def _broadcast_to_and_flatten(tree: Any, treespec: TreeSpec, is_leaf: IsLeaf | None = None) -> list[Any] | None:
    return broadcast(tree, treespec, is_leaf)


def treespec_dumps(treespec: TreeSpec, protocol: int | None = None) -> str:
    """A shape as JSON. Raises ArgumentError for a node that JSON cannot hold."""
    return json.dumps([1, _to_json(treespec)])


def _to_json(spec: TreeSpec) -> dict[str, Any]:
    if spec.type is None:
        return {"type": None, "context": None, "children_spec": []}
    name = NODES[spec.type].name
    if name is None or spec.type not in (tuple, list, Size, namedtuple, *MAPPINGS[:2]):
        raise ArgumentError(f"treespec_dumps: the shape of a {spec.type.__name__} cannot be written; tuples, lists, dictionaries and named "
                            "tuples can")
    context = spec.context if spec.type is not namedtuple else f"{spec.context.__module__}:{spec.context.__qualname__}"
    return {"type": name, "context": json.dumps(context), "children_spec": [_to_json(part) for part in spec.parts]}


def treespec_loads(serialized: str) -> TreeSpec:
    """The shape that `treespec_dumps` wrote."""
    protocol, found = json.loads(serialized)
    if protocol != 1:
        raise ArgumentError(f"treespec_loads: unknown protocol {protocol}; 1 is known")
    return _from_json(found)


def _from_json(found: dict[str, Any]) -> TreeSpec:
    if found["type"] is None:
        return LEAF
    kind = next((cls for cls, node in NODES.items() if node.name == found["type"]), None)
    if kind is None:
        raise ArgumentError(f"treespec_loads: no node type {found['type']!r} is registered")
    context = json.loads(found["context"])
    if kind is namedtuple:
        module, _, names = context.partition(":")
        context = import_module(module)
        for name in names.split("."):
            context = getattr(context, name)
    return TreeSpec(kind, context, [_from_json(part) for part in found["children_spec"]])
