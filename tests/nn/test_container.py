"""Containers behave and print as PyTorch's, errors included."""
from __future__ import annotations

from collections import OrderedDict

import pytest

import minigrad
from minigrad import nn

torch = pytest.importorskip("torch")


def shown(value):
    """What can be compared across the two libraries."""
    if isinstance(value, (nn.Module, torch.nn.Module)):
        return repr(value)
    if isinstance(value, (minigrad.Tensor, torch.Tensor)):
        return tuple(value.shape), type(value).__name__
    if isinstance(value, (list, tuple)):
        return [shown(v) for v in value]
    if isinstance(value, dict):
        return {k: shown(v) for k, v in value.items()}
    if value is None or isinstance(value, (int, float, str)):
        return value
    return [shown(v) for v in value]


def outcome(act, t, n):
    try:
        return shown(act(n, t))
    except Exception as error:
        return type(error), error


def same(act) -> None:
    ours, theirs = outcome(act, minigrad, nn), outcome(act, torch, torch.nn)
    if isinstance(theirs, tuple) and isinstance(theirs[1], Exception):
        assert isinstance(ours[1], theirs[0]), ours
        wanted = str(theirs[1]).replace("torch.nn.modules.", "minigrad.nn.").rstrip(".").replace("isint",
            "is int").split("Open an issue")[0].strip(" .\"'")
        assert wanted in str(ours[1])
    else:
        assert ours == (theirs.replace("torch.", "minigrad.") if isinstance(theirs, str) else theirs)


def seq(n):
    return n.Sequential(n.Identity(), n.Flatten(), n.Dropout(0.25))


def then(value, *acts):
    for act in acts:
        act(value)
    return value


SEQUENTIAL = [
    lambda n, t: seq(n), lambda n, t: n.Sequential(), lambda n, t: n.Sequential(OrderedDict(a=n.Identity(), b=n.Flatten())), lambda n,
    t: seq(n)[0], lambda n, t: seq(n)[-1], lambda n, t: seq(n)[1:], lambda n, t: seq(n)[::2], lambda n, t: seq(n)[5], lambda n,
    t: seq(n)["a"], lambda n, t: len(seq(n)), lambda n, t: list(seq(n)), lambda n, t: seq(n) + seq(n), lambda n, t: seq(n) + 3, lambda n,
    t: seq(n) * 2, lambda n, t: 2 * seq(n), lambda n, t: seq(n) * 2.0, lambda n, t: seq(n) * 0, lambda n,
    t: then(seq(n), lambda s: s.append(n.Tanh())), lambda n, t: then(seq(n), lambda s: s.insert(1, n.Tanh())), lambda n,
    t: then(seq(n), lambda s: s.insert(-1, n.Tanh())), lambda n, t: then(seq(n), lambda s: s.insert(3, n.Tanh())), lambda n,
    t: seq(n).insert(9, n.Tanh()), lambda n, t: seq(n).extend([n.Tanh()]), lambda n, t: seq(n).extend(seq(n)), lambda n,
    t: seq(n).extend(3), lambda n, t: seq(n).append(3), lambda n, t: seq(n).pop(1), lambda n, t: then(seq(n), lambda s: s.pop(1)),
    lambda n, t: seq(n).pop(7), lambda n, t: then(seq(n), lambda s: s.__delitem__(0)), lambda n,
    t: then(seq(n), lambda s: s.__delitem__(slice(0, 2))), lambda n, t: then(seq(n), lambda s: s.__setitem__(-1, n.Tanh())), lambda n,
    t: then(seq(n), lambda s: s.__setitem__(7, n.Tanh())), lambda n, t: then(seq(n), lambda s: s.__iadd__(seq(n))), lambda n,
    t: then(seq(n), lambda s: s.__imul__(2)), lambda n, t: n.Sequential(3), lambda n, t: n.Sequential([n.Tanh()]), lambda n,
    t: list(n.Sequential(seq(n), seq(n)).state_dict()), lambda n, t: [name for name, _ in n.Sequential(seq(n)).named_modules()], lambda n,
    t: seq(n)(t.ones(2, 3, 4)).shape,
]


@pytest.mark.parametrize("act", SEQUENTIAL)
def test_sequential(act) -> None:
    torch.manual_seed(0)
    same(act)


def several(n):
    return n.ModuleList([n.Tanh(), n.Tanh(), n.Identity(), n.Sequential(n.Tanh()), n.Sequential(n.Tanh())])


MODULE_LIST = [
    lambda n, t: several(n), lambda n, t: n.ModuleList(), lambda n, t: several(n)[0], lambda n, t: several(n)[-1], lambda n,
    t: several(n)[1:3], lambda n, t: several(n)[9], lambda n, t: several(n)["a"], lambda n, t: len(several(n)), lambda n,
    t: list(several(n)), lambda n, t: several(n) + [n.Identity()], lambda n, t: several(n) + 3, lambda n, t: several(n) + [3], lambda n,
    t: several(n).append(n.Tanh()), lambda n, t: several(n).append(None), lambda n, t: several(n).append(3), lambda n,
    t: several(n).extend([n.Tanh()]), lambda n, t: several(n).extend(3), lambda n,
    t: then(several(n), lambda s: s.insert(0, n.Identity())), lambda n, t: several(n).pop(0), lambda n, t: several(n).pop(-1), lambda n,
    t: then(several(n), lambda s: s.pop(2)), lambda n, t: several(n)(3), lambda n,
    t: then(several(n), lambda s: s.__setitem__(1, n.Identity())), lambda n,
    t: then(several(n), lambda s: s.__setitem__("a", n.Identity())), lambda n, t: then(several(n), lambda s: s.__delitem__(0)), lambda n,
    t: then(several(n), lambda s: s.__delitem__(slice(1, 3))), lambda n, t: then(several(n), lambda s: s.__iadd__([n.Tanh()])),
]


@pytest.mark.parametrize("act", MODULE_LIST)
def test_module_list(act) -> None:
    same(act)


def named(n):
    return n.ModuleDict({"b": n.Tanh(), "a": n.Sequential(n.Identity())})


MODULE_DICT = [
    lambda n, t: named(n), lambda n, t: n.ModuleDict(), lambda n, t: named(n)["a"], lambda n, t: named(n)["x"], lambda n,
    t: len(named(n)), lambda n, t: list(named(n)), lambda n, t: "a" in named(n), lambda n, t: list(named(n).keys()), lambda n,
    t: list(named(n).values()), lambda n, t: dict(named(n).items()), lambda n, t: named(n).pop("a"), lambda n, t: named(n).pop("x"),
    lambda n, t: then(named(n), lambda d: d.clear()), lambda n, t: then(named(n), lambda d: d.update({"c": n.Identity()})), lambda n,
    t: then(named(n), lambda d: d.update([("c", n.Identity())])), lambda n,
    t: then(named(n), lambda d: d.update(n.ModuleDict({"a": n.Tanh()}))), lambda n, t: named(n).update(3), lambda n,
    t: named(n).update([1]), lambda n, t: named(n).update([(1, 2, 3)]), lambda n, t: named(n).update({"z": 3}), lambda n,
    t: then(named(n), lambda d: d.__delitem__("a")), lambda n, t: named(n).__delitem__("x"), lambda n,
    t: named(n).__setitem__("keys", n.Tanh()), lambda n, t: then(named(n), lambda d: d.__setitem__("b", n.Identity())), lambda n,
    t: n.ModuleDict([["a", n.Tanh()]]),
]


@pytest.mark.parametrize("act", MODULE_DICT)
def test_module_dict(act) -> None:
    same(act)


def listed(n, t):
    return n.ParameterList([t.ones(2, 3), n.Parameter(t.ones(1)), 5, "hi", t.zeros(())])


PARAMETER_LIST = [
    lambda n, t: listed(n, t), lambda n, t: n.ParameterList(), lambda n, t: listed(n, t)[0], lambda n, t: listed(n, t)[-1], lambda n,
    t: listed(n, t)[1:3], lambda n, t: listed(n, t)[9], lambda n, t: len(listed(n, t)), lambda n, t: list(listed(n, t)), lambda n,
    t: listed(n, t).append(t.ones(4)), lambda n, t: listed(n, t).append(0.5), lambda n,
    t: listed(n, t).extend([t.ones(4), n.Parameter(t.ones(1))]), lambda n, t: listed(n, t).extend(3), lambda n,
    t: listed(n, t).extend(t.ones(3)), lambda n, t: listed(n, t).extend(listed(n, t)), lambda n, t: listed(n, t)(3), lambda n,
    t: list(listed(n, t).state_dict()), lambda n, t: then(listed(n, t), lambda p: p.__setitem__(0, t.ones(5))), lambda n,
    t: then(listed(n, t), lambda p: p.__iadd__([4])), lambda n, t: [name for name, _ in listed(n, t).named_parameters()],
]


@pytest.mark.parametrize("act", PARAMETER_LIST)
def test_parameter_list(act) -> None:
    same(act)


def table(n, t):
    return n.ParameterDict({"b": t.ones(2, 3), "a": n.Parameter(t.ones(1)), "c": 5})


PARAMETER_DICT = [
    lambda n, t: table(n, t), lambda n, t: n.ParameterDict(), lambda n, t: table(n, t)["a"], lambda n, t: table(n, t)["z"], lambda n,
    t: table(n, t).get("z"), lambda n, t: table(n, t).get("z", 3), lambda n, t: table(n, t).setdefault("z", t.ones(1)), lambda n,
    t: table(n, t).popitem(), lambda n, t: table(n, t).pop("b"), lambda n, t: table(n, t).fromkeys(["x", "y"], 3), lambda n,
    t: table(n, t).copy(), lambda n, t: table(n, t) | {"r": 3}, lambda n, t: {"r": 3} | table(n, t), lambda n,
    t: list(table(n, t).keys()), lambda n, t: list(table(n, t).values()), lambda n, t: dict(table(n, t).items()), lambda n,
    t: list(reversed(table(n, t))), lambda n, t: table(n, t).update([(1, 2, 3)]), lambda n,
    t: then(table(n, t), lambda d: d.update({"z": t.ones(1), "d": 2})), lambda n,
    t: then(table(n, t), lambda d: d.update(OrderedDict(z=t.ones(1), d=2))), lambda n,
    t: then(table(n, t), lambda d: d.__ior__({"h": 4})), lambda n, t: then(table(n, t), lambda d: d.clear()), lambda n,
    t: table(n, t).__setitem__(3, t.ones(1)), lambda n, t: table(n, t).__delitem__("x"), lambda n, t: "a" in table(n, t), lambda n,
    t: len(table(n, t)), lambda n, t: list(table(n, t).state_dict()), lambda n, t: table(n, t)(3), lambda n,
    t: n.ParameterDict([("a", t.ones(1))]), lambda n, t: n.ParameterDict(table(n, t)),
]


@pytest.mark.parametrize("act", PARAMETER_DICT)
def test_parameter_dict(act) -> None:
    same(act)


def test_a_chain_shares_its_modules_with_its_slices() -> None:
    chain = nn.Sequential(nn.Tanh(), nn.Identity())
    assert chain[:1][0] is chain[0]
    assert (chain + chain)[2] is chain[0]


def test_a_list_of_modules_inserts_as_lists_do() -> None:
    modules = nn.ModuleList([nn.Tanh()])
    modules.insert(9, nn.Identity())
    assert [name for name, _ in modules.named_children()] == ["0", "1"]


def test_a_child_may_hide_a_method() -> None:
    class Typed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.type = nn.Identity()

        def forward(self, x):
            return self.type(x)
    assert Typed()(3) == 3
