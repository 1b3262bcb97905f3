"""`utils._pytree`: trees of tensors, under PyTorch's names."""
from __future__ import annotations

from collections import OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass
from typing import Any

import pytest

import minigrad
from minigrad.utils import _pytree as pytree

Pair = namedtuple("Pair", "a b")


def a_tree() -> Any:
    return {"b": [1, (2, None)], "a": OrderedDict(z=Pair(3, 4)), "c": deque([5, 6], maxlen=3), "d": defaultdict(list, {"k": 7}), "e": []}


class Point:
    def __init__(self, x: Any, y: Any) -> None:
        self.x, self.y = x, y


def test_apart_and_together() -> None:
    leaves, spec = pytree.tree_flatten(a_tree())
    assert leaves == [1, 2, None, 3, 4, 5, 6, 7] == pytree.tree_leaves(a_tree()) == list(pytree.tree_iter(a_tree()))
    again = pytree.tree_unflatten(leaves, spec)
    assert again == a_tree()
    assert type(again["a"]) is OrderedDict
    assert again["c"].maxlen == 3
    assert again["d"].default_factory is list
    assert (spec.num_leaves, spec.num_nodes, spec.num_children, spec.is_leaf()) == (8, 16, 5, False)
    assert spec == pytree.tree_structure(a_tree())
    assert pytree.tree_structure({"a": 1, "b": 2}) != pytree.tree_structure({"b": 1, "a": 2})
    assert pytree.tree_leaves(minigrad.Size([2, 3])) == [2, 3]
    assert isinstance(pytree.tree_structure(3), pytree.LeafSpec)
    assert pytree.tree_flatten([1, [2]], is_leaf=lambda v: v == [2])[0] == [1, [2]]


def test_maps() -> None:
    assert pytree.tree_map(lambda a, b: a + b, [1, (2, 3)], [4, (5, 6)]) == [5, (7, 9)]
    assert pytree.tree_map(lambda a, b: a + b, {"a": 1, "b": 2}, {"b": 20, "a": 10}) == {"a": 11, "b": 22}
    assert pytree.tree_map_only(int, lambda v: v + 1, [1, 2.0, "s"]) == [2, 2.0, "s"]
    assert pytree.tree_map_only((int, str), lambda v: v * 2, [1, 2.0, "s"]) == [2, 2.0, "ss"]
    assert pytree.tree_map_only(lambda v: v == 1, lambda v: v * 2, [1, 3]) == [2, 3]
    seen: list[Any] = []
    tree = [1, [2]]
    assert pytree.tree_map_(seen.append, tree) is tree
    assert seen == [1, 2]
    assert pytree.tree_all(bool, [1, 2])
    assert not pytree.tree_any(lambda v: v > 2, [1, 2])
    assert pytree.tree_all_only(int, lambda v: v > 0, [1, -2.0])
    assert not pytree.tree_any_only(int, lambda v: v < 0, [1, -2.0])
    assert pytree.arg_tree_leaves(1, [2], k=(3,)) == [1, 2, 3]
    moved = pytree.tree_map(lambda t: t.double(), {"x": minigrad.ones(2), "y": [minigrad.zeros(1)]})
    assert moved["y"][0].dtype == minigrad.float64


@pytest.mark.parametrize(("rest", "text"), [
    ([4, (5,)], "Node arity mismatch; expected 2, but got 1"),
    ([4, 5], "Node type mismatch; expected <class 'tuple'>, but got <class 'int'>")])
def test_trees_of_another_shape(rest: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        pytree.tree_map(lambda a, b: a, [1, (2, 3)], rest)
    with pytest.raises(ValueError, match="has length 2 but the spec refers to a pytree that holds 1 items"):
        pytree.tree_unflatten([1, 2], pytree.tree_structure([1]))
    with pytest.raises(TypeError, match="to be an instance of TreeSpec"):
        pytree.tree_unflatten(pytree.tree_structure([1]), [1])                       # type: ignore[arg-type]
    with pytest.raises(ValueError, match="missing key"):
        pytree.tree_map(lambda a, b: a, {"a": 1}, {"b": 1})


def test_paths() -> None:
    found = pytree.tree_leaves_with_path({"a": [1, Pair(2, 3)]})
    assert [pytree.keystr(path) for path, _ in found] == ["['a'][0]", "['a'][1].a", "['a'][1].b"]
    assert pytree.key_get({"a": [1, Pair(2, 3)]}, found[2][0]) == 3
    assert pytree.tree_map_with_path(lambda path, v: f"{pytree.keystr(path)}={v}", {"a": [1]}) == {"a": ["['a'][0]=1"]}


def test_classes_of_ones_own() -> None:
    assert len(pytree.tree_leaves(Point(1, 2))) == 1
    pytree.register_pytree_node(Point, lambda p: ([p.x, p.y], "context"), lambda parts, context: Point(*parts))
    try:
        assert pytree.tree_leaves([Point(1, [2, 3])]) == [1, 2, 3]
        moved = pytree.tree_map(lambda v: v + 1, Point(1, 2))
        assert (moved.x, moved.y) == (2, 3)
        g = minigrad.func.grad(lambda p: (p.x * p.y).sum())(Point(minigrad.ones(2), minigrad.full((2,), 3.0)))
        assert g.x.tolist() == [3.0, 3.0]
        with pytest.raises(ValueError, match="already registered"):
            pytree.register_pytree_node(Point, lambda p: ([p.x], None), lambda parts, _: Point(*parts))
        with pytest.raises(ValueError, match="no flatten_with_keys"):
            pytree.tree_leaves_with_path(Point(1, 2))
    finally:
        pytree._deregister_pytree_node(Point)

    @dataclass
    class Batch:
        images: Any
        labels: Any

    pytree.register_dataclass(Batch)
    try:
        assert pytree.tree_map(lambda v: v * 2, Batch(1, [2])) == Batch(2, [4])
        assert pytree.keystr(pytree.tree_leaves_with_path(Batch(1, [2]))[1][0]) == ".labels[0]"
    finally:
        pytree._deregister_pytree_node(Batch)


def test_shapes_as_text() -> None:
    spec = pytree.tree_structure([1, {"a": (2, Pair(3, 4))}])
    assert pytree.treespec_loads(pytree.treespec_dumps(spec)) == spec
    assert str(spec).startswith("TreeSpec(list, None, [*,\n  TreeSpec(dict, ['a'], [TreeSpec(tuple,")
    torch = pytest.importorskip("torch")
    theirs = torch.utils._pytree
    tree = [1, {"a": (2, OrderedDict(z=3))}, deque([4])]
    assert str(pytree.tree_structure(tree)) == str(theirs.tree_structure(tree))
    plain = tree[:2]
    assert pytree.treespec_dumps(pytree.tree_structure(plain)) == theirs.treespec_dumps(theirs.tree_structure(plain))


def test_programs_find_it() -> None:
    with minigrad.as_torch():
        import torch.utils._pytree as found
        assert found.tree_map(lambda v: v + 1, [1]) == [2]


def test_a_prefix_goes_for_all_below() -> None:
    spec = pytree.tree_structure([1, (2, 3)])
    assert pytree._broadcast_to_and_flatten(0, spec) == [0, 0, 0]
    assert pytree._broadcast_to_and_flatten([0, 1], spec) == [0, 1, 1]
    assert pytree._broadcast_to_and_flatten([0], spec) is None
