"""What a module is made of: members, paths, modes, dtypes, printing."""
from __future__ import annotations

import copy
import functools
import gc
import pickle
import weakref
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import nn

torch = pytest.importorskip("torch")


def leaf(m, nn_):
    class Leaf(nn_.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn_.Parameter(m.ones(2, 3))
            self.register_parameter("bias", None)
            self.register_buffer("count", m.zeros(1))
            self.register_buffer("hidden", m.zeros(2), persistent=False)
            self.register_buffer("nothing", None)

        def forward(self, x):
            return x * self.weight
    return Leaf()


def tree(m, nn_):
    class Tree(nn_.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn_.Parameter(m.ones(1))
            self.left = leaf(m, nn_)
            self.right = nn_.Sequential(leaf(m, nn_), nn_.Identity())
            self.tied = self.left
            self.absent = None

        def forward(self, x):
            return self.right(self.left(x)) * self.scale
    return Tree()


def both():
    return tree(minigrad, nn), tree(torch, torch.nn)


def error_of(f):
    try:
        f()
    except Exception as error:
        return error
    return None


# ---------------------------------------------------------------- walking
WALKS = [
    lambda m: [name for name, _ in m.named_parameters()], lambda m: [name for name, _ in m.named_parameters(prefix="p", recurse=False)],
    lambda m: [name for name, _ in m.named_parameters(remove_duplicate=False)], lambda m: [name for name, _ in m.named_buffers()],
    lambda m: [name for name, _ in m.named_buffers(remove_duplicate=False)], lambda m: [name for name, _ in m.named_modules()],
    lambda m: [name for name, _ in m.named_modules(prefix="x", remove_duplicate=False)],
    lambda m: [name for name, _ in m.named_children()], lambda m: len(list(m.parameters())), lambda m: len(list(m.buffers())),
    lambda m: len(list(m.modules())), lambda m: len(list(m.children())), lambda m: [type(module).__name__ for module in m.modules()],
    lambda m: list(m.state_dict()), lambda m: list(m.state_dict(prefix="a.")), lambda m: dict(m.state_dict()._metadata),
    lambda m: sorted(m.state_dict(keep_vars=True)), lambda m: list(m._modules), lambda m: list(m._parameters), lambda m: list(m._buffers),
    lambda m: list(m.left._parameters.items())[1], lambda m: repr(m), lambda m: m.right._get_name(),
    lambda m: [type(m.get_submodule(path)).__name__ for path in ("", "left", "right", "right.0", "right.1")],
    lambda m: tuple(m.get_parameter("right.0.weight").shape), lambda m: tuple(m.get_buffer("left.count").shape),
    lambda m: [name for name in dir(m) if name in ("scale", "left", "forward", "training")], lambda m: hasattr(m, "absent") and m.absent,
    lambda m: m.left is m.tied, lambda m: m.right is m._modules["right"],
]


@pytest.mark.parametrize("walk", WALKS)
def test_walks_find_what_pytorch_finds(walk) -> None:
    ours, theirs = both()
    assert walk(ours) == walk(theirs)


ERRORS = [
    lambda m, t, n: setattr(m, "scale", t.ones(1)), lambda m, t, n: setattr(m, "left", 3), lambda m, t, n: setattr(m.left, "count", 3),
    lambda m, t, n: m.register_parameter("a.b", None), lambda m, t, n: m.register_parameter("", None), lambda m, t,
    n: m.register_parameter(3, None), lambda m, t, n: m.register_parameter("train", None), lambda m, t,
    n: m.register_parameter("q", t.ones(2)), lambda m, t, n: m.register_buffer("a.b", None), lambda m, t, n: m.register_buffer("", None),
    lambda m, t, n: m.register_buffer(3, None), lambda m, t, n: m.register_buffer("train", None), lambda m, t,
    n: m.register_buffer("q", 3), lambda m, t, n: m.add_module("a.b", None), lambda m, t, n: m.add_module("", None), lambda m, t,
    n: m.add_module(3, None), lambda m, t, n: m.add_module("train", None), lambda m, t, n: m.add_module("q", 3), lambda m, t, n: m.nope,
    lambda m, t, n: delattr(m, "nope"), lambda m, t, n: m.get_submodule("left.x"), lambda m, t, n: m.get_submodule("scale"), lambda m, t,
    n: m.get_parameter("left.x"), lambda m, t, n: m.get_parameter("left.count"), lambda m, t, n: m.get_buffer("x"), lambda m, t,
    n: m.get_buffer("scale"), lambda m, t, n: m.set_submodule("", n.Module()), lambda m, t, n: m.set_submodule("scale", n.Module()),
    lambda m, t, n: n.Module()(3), lambda m, t, n: m.train(3), lambda m, t, n: m.to(t.int32), lambda m, t, n: m.load_state_dict(3),
    lambda m, t, n: n.Module(3), lambda m, t, n: n.Module(a=3), lambda m, t, n: n.Parameter(t.ones(2, dtype=t.int32)), lambda m, t,
    n: broken(n, lambda self: setattr(self, "p", n.Parameter(t.ones(2)))), lambda m, t, n: broken(n, lambda self: self.x), lambda m, t,
    n: broken(n, lambda self: setattr(self, "p", n.Module())), lambda m, t,
    n: broken(n, lambda self: self.register_buffer("b", t.ones(1))),
]


def broken(nn_, act):
    class Broken(nn_.Module):
        def __init__(self) -> None:
            act(self)
    return Broken()


@pytest.mark.parametrize("act", ERRORS)
def test_errors_are_pytorch_s(act) -> None:
    ours, theirs = both()
    expected = error_of(lambda: act(theirs, torch, torch.nn))
    found = error_of(lambda: act(ours, minigrad, nn))
    assert isinstance(expected, Exception)
    assert isinstance(found, type(expected))
    wanted = str(expected).strip("'\"").replace("torch", "minigrad").replace("Only Tensors", "only Tensors").replace("\\'", "'").rstrip(".")
    assert wanted.split("minigrad.int32")[0] in str(found).replace("\\'", "'")


VALUES = {
    "number": lambda t, n: 3, "none": lambda t, n: None, "tensor": lambda t, n: t.ones(2), "parameter": lambda t,
    n: n.Parameter(t.ones(1)), "module": lambda t, n: n.Identity(), "buffer": lambda t, n: n.Buffer(t.ones(2)), "fleeting": lambda t,
    n: n.Buffer(t.ones(2), persistent=False),
}


@pytest.mark.parametrize("second", VALUES)
@pytest.mark.parametrize("first", VALUES)
def test_attributes_change_their_kind(first: str, second: str) -> None:
    found = []
    for t, n in ((minigrad, nn), (torch, torch.nn)):
        module = n.Module()
        module.x = VALUES[first](t, n)
        error = error_of(functools.partial(setattr, module, "x", VALUES[second](t, n)))
        found.append([list(module._parameters), list(module._buffers), list(module._modules), sorted(module._non_persistent_buffers_set),
                      type(module.x).__name__.replace("Buffer", "Tensor"), isinstance(error, TypeError)])
        del module.x
        assert not hasattr(module, "x")
    assert found[0] == found[1]


def test_the_dictionaries_of_members_are_live() -> None:
    for m, nn_ in ((minigrad, nn), (torch, torch.nn)):
        module = tree(m, nn_)
        module._modules["left"] = nn_.Identity()
        assert isinstance(module.left, nn_.Identity)
        module._parameters["extra"] = nn_.Parameter(m.ones(7))
        assert module.extra.shape == (7,)
        del module._parameters["scale"]
        assert not hasattr(module, "scale")
        assert [name for name, _ in module.named_parameters(recurse=False)] == ["extra"]
        module._modules = {}
        assert list(module.children()) == []


def test_a_class_may_fall_back_to_what_it_wraps() -> None:
    class Wrapper(nn.Module):
        def __init__(self, module: nn.Module) -> None:
            super().__init__()
            self.module = module

        def __getattr__(self, name: str):
            try:
                return super().__getattr__(name)
            except AttributeError:
                return getattr(self.module, name)

    wrapper = Wrapper(tree(minigrad, nn))
    assert wrapper.scale is wrapper.module.scale
    with pytest.raises(AttributeError, match="'Tree' object has no attribute 'nope'"):
        _ = wrapper.nope


# ---------------------------------------------------------------- modes, gradients, dtypes
def test_modes_reach_every_module() -> None:
    module = tree(minigrad, nn)
    assert module.eval() is module
    assert not any(m.training for m in module.modules())
    module.right.train()
    assert [m.training for m in module.modules()] == [False, False, True, True, True]


def test_gradients_are_switched_and_forgotten() -> None:
    module = tree(minigrad, nn)
    module(minigrad.ones(2, 3)).sum().backward()
    assert module.scale.grad.item() == 6
    module.zero_grad(set_to_none=False)
    assert module.scale.grad.item() == 0
    module.zero_grad()
    assert all(p.grad is None for p in module.parameters())
    assert not any(p.requires_grad for p in module.requires_grad_(False).parameters())


@pytest.mark.parametrize("change", [
    lambda m, t: m.double(), lambda m, t: m.half(), lambda m, t: m.to(t.float64), lambda m, t: m.to("cpu", t.float16), lambda m,
    t: m.to(dtype=t.float64, device="cpu"), lambda m, t: m.to(t.ones(1, dtype=t.float16)), lambda m, t: m.type(t.float64), lambda m,
    t: m.cpu(), lambda m, t: m.double().float(),
])
def test_conversions_keep_the_parameters(change) -> None:
    found = []
    for m, nn_ in ((minigrad, nn), (torch, torch.nn)):
        module = tree(m, nn_)
        module.register_buffer("whole", m.ones(2, dtype=m.int64))
        module.scale.grad = m.ones(1)
        before = list(module.parameters())
        assert change(module, m) is module
        assert all(a is b for a, b in zip(before, module.parameters()))
        assert all(p.requires_grad and p.is_leaf for p in module.parameters())
        found.append([str(t.dtype).split(".")[1] for t in [*module.parameters(), *module.buffers(), module.scale.grad]])
    assert found[0] == found[1]


def test_a_converted_module_still_trains() -> None:
    module = tree(minigrad, nn).double()
    module(minigrad.ones(2, 3, dtype=minigrad.float64)).sum().backward()
    assert module.left.weight.grad.dtype == minigrad.float64


def test_to_empty_gives_memory_of_the_same_shape() -> None:
    module = tree(minigrad, nn)
    before = module.left.weight
    module.to_empty(device="cpu")
    assert module.left.weight is before
    assert before.shape == (2, 3)


def test_apply_goes_from_the_leaves_up() -> None:
    orders = []
    for module in both():
        seen: list[str] = []
        module.apply(lambda m, seen=seen: seen.append(type(m).__name__))
        orders.append(seen)
    assert orders[0] == orders[1]


# ---------------------------------------------------------------- copies
def test_deepcopy_has_members_of_its_own() -> None:
    module = tree(minigrad, nn)
    module(minigrad.ones(2, 3)).sum().backward()
    twin = copy.deepcopy(module)
    assert twin.tied is twin.left
    assert twin.left.weight is not module.left.weight
    assert twin.left.weight.grad is None
    with minigrad.no_grad():
        module.left.weight.mul_(2)
    assert twin.left.weight.sum().item() == 6
    assert [name for name, _ in twin.named_parameters()] == [name for name, _ in module.named_parameters()]
    twin(minigrad.ones(2, 3))


class Pickled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Identity())
        self.weight = nn.Parameter(minigrad.tensor([1.0, 2.0]))
        self.register_buffer("count", minigrad.tensor(3), persistent=False)

    def forward(self, x):
        return self.inner(x) * self.weight


def test_pickle() -> None:
    module = Pickled()
    module(minigrad.ones(2))
    twin = pickle.loads(pickle.dumps(module))
    assert repr(twin) == repr(module)
    assert isinstance(twin.weight, nn.Parameter)
    assert twin.weight.requires_grad
    assert twin.count.item() == 3
    assert list(twin.state_dict()) == ["weight"]
    np.testing.assert_array_equal(twin(minigrad.ones(2)).detach().numpy(), [1, 2])


def test_a_module_dies_without_the_garbage_collector() -> None:
    gc.disable()
    try:
        module = tree(minigrad, nn)
        module(minigrad.ones(2, 3))
        weak = weakref.ref(module)
        del module
        assert weak() is None
    finally:
        gc.enable()


# ---------------------------------------------------------------- parameters
def test_a_parameter_is_a_leaf_over_the_same_memory() -> None:
    data = minigrad.tensor([1.0, 2.0])
    p = nn.Parameter(data)
    assert isinstance(p, minigrad.Tensor)
    assert p.is_leaf
    assert p.requires_grad
    assert not data.requires_grad
    assert type(p * 2) is minigrad.Tensor
    assert type(p.data) is minigrad.Tensor
    with minigrad.no_grad():
        p.add_(1)
    assert data.tolist() == [2, 3]
    assert not nn.Parameter(minigrad.tensor(3), requires_grad=False).requires_grad
    assert nn.Parameter(p * 2).is_leaf
    assert repr(p) == "Parameter containing:\n" + repr(torch.nn.Parameter(torch.tensor([2.0, 3.0]))).split("\n", 1)[1]


def test_buffers() -> None:
    buffer = nn.Buffer(minigrad.ones(2), persistent=False)
    assert isinstance(buffer, nn.Buffer)
    assert not buffer.persistent
    assert not buffer.requires_grad
    assert repr(buffer) == "tensor([1., 1.])"


def test_parameters_take_tensors() -> None:
    with pytest.raises(TypeError, match=r"Parameter: data must be a Tensor; got list of 1; make one with minigrad.tensor"):
        nn.Parameter([1.0])
    with pytest.raises(TypeError, match="Parameter: data must be a Tensor"):
        nn.Parameter(np.ones(2))


# ---------------------------------------------------------------- classes with a __getattr__ of their own
def test_a_getattr_of_ones_own_is_asked_for_members_as_well() -> None:
    asked = []

    class Watched(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(minigrad.ones(2))
            self.child = nn.Linear(1, 1)
            self.register_buffer("mean", minigrad.zeros(1))
            self.plain = 3

        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            return super().__getattr__(name)

    class Derived(Watched):
        """Inherits it."""

    model = Derived()
    asked.clear()
    assert (model.plain, model.training) == (3, True)
    assert asked == []
    assert model.weight is dict(model.named_parameters())["weight"]
    assert model.child is next(model.children())
    assert model.mean is dict(model.named_buffers())["mean"]
    assert asked == ["weight", "child", "mean"]
    with pytest.raises(AttributeError, match="'Derived' object has no attribute 'missing'"):
        _ = model.missing


def test_a_wrapper_hands_on_what_it_lacks_itself() -> None:
    class Wrapper(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(super().__getattr__("inner"), name) if name != "inner" else super().__getattr__(name)

    wrapper = Wrapper(nn.Linear(2, 3))
    assert (wrapper.in_features, wrapper.out_features) == (2, 3)
    assert wrapper.weight is wrapper.inner.weight
    assert list(wrapper.state_dict()) == ["inner.weight", "inner.bias"]


@pytest.mark.parametrize("look", [
    lambda d: list(reversed(d)), lambda d: list(reversed(d.keys())), lambda d: list(reversed(d.values())),
    lambda d: list(reversed(d.items())), lambda d: d | {"x": 1}, lambda d: list({"x": 1} | d), lambda d: [d.popitem(), list(d)],
    lambda d: d.pop("none", 3), lambda d: d == dict(d),
    lambda d: [d.keys() & {"0"}, len(d.items()), list(d.values())], lambda d: d.__ior__({"2": None}) is d, lambda d: d.setdefault("0"),
    lambda d: type(copy.copy(d)), lambda d: type(pickle.loads(pickle.dumps(d))), lambda d: repr(d), lambda d: d | 1,
])
def test_members_are_what_dictionaries_are(look) -> None:
    def found(nn_):
        members = nn_.Sequential(nn_.Identity(), nn_.ReLU())._modules
        try:
            return repr(look(members))
        except Exception as error:
            return type(error)
    assert found(nn) == found(torch.nn)


def test_members_written_through_or_reach_the_module_and_copies_do_not() -> None:
    model = nn.Sequential(nn.Identity(), nn.ReLU())
    model._modules |= {"2": nn.Tanh()}
    assert isinstance(model[2], nn.Tanh)
    twin = copy.deepcopy(model._modules)
    assert list(twin) == ["0", "1", "2"]
    assert twin["1"] is not model[1]
    del twin["0"]
    model._modules.popitem()
    assert list(model._modules) == ["0", "1"]
