"""Saving and loading the state of modules."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import nn

torch = pytest.importorskip("torch")


def model(t, n):
    class Part(n.Module):
        _version = 3

        def __init__(self) -> None:
            super().__init__()
            self.weight = n.Parameter(t.ones(2, 3))
            self.register_buffer("count", t.tensor(0))
            self.register_buffer("secret", t.zeros(1), persistent=False)
            self.register_parameter("bias", None)

    class Model(n.Module):
        def __init__(self) -> None:
            super().__init__()
            self.part = Part()
            self.parts = n.ModuleList([Part(), n.Identity()])
            self.scale = n.Parameter(t.tensor(2.0))
    return Model()


def worlds():
    return [(minigrad, nn, model(minigrad, nn)), (torch, torch.nn, model(torch, torch.nn))]


def test_layout() -> None:
    ours, theirs = (m.state_dict() for _, _, m in worlds())
    assert list(ours) == list(theirs)
    assert type(ours) is type(theirs)
    assert dict(ours._metadata) == dict(theirs._metadata)
    assert not any(v.requires_grad for v in ours.values())
    m = worlds()[0][2]
    assert m.state_dict(keep_vars=True)["scale"] is m.scale
    destination: dict = {}
    assert m.state_dict(destination=destination, prefix="net.") is destination
    assert list(destination) == [f"net.{key}" for key in ours]
    assert list(m.part.state_dict({}, "p.", False)) == ["p.weight", "p.count"]


def test_the_memory_is_shared_and_loading_copies() -> None:
    m, other = model(minigrad, nn), model(minigrad, nn)
    state = m.state_dict()
    with minigrad.no_grad():
        m.part.weight.mul_(5)
    assert state["part.weight"].sum().item() == 30
    weight = other.part.weight
    assert str(other.load_state_dict(state)) == "<All keys matched successfully>"
    assert other.part.weight is weight
    assert weight.requires_grad
    with minigrad.no_grad():
        m.part.weight.mul_(5)
    assert weight.sum().item() == 30


def changed(t, state, **values):
    for key, value in values.items():
        key = key.replace("__", ".")
        if value is None:
            del state[key]
        else:
            state[key] = value(t)
    return state


BROKEN = [
    {"scale": None}, {"part__weight": None, "part__count": None}, {"extra": lambda t: t.ones(1)},
    {"part__extra": lambda t: 3, "parts__7__x": lambda t: 3}, {"part__weight": lambda t: t.ones(3, 3)},
    {"part__weight": lambda t: t.ones(3, 3), "scale": None, "extra": lambda t: 3}, {"scale": lambda t: "no"},
    {"parts__0__weight": lambda t: 3.0}, {"part__secret": lambda t: t.ones(1)}, {"part__bias": lambda t: t.ones(1)},
]


@pytest.mark.parametrize("changes", BROKEN)
def test_what_does_not_fit_is_said_as_pytorch_says_it(changes: dict) -> None:
    texts, found = [], []
    for t, _, m in worlds():
        with pytest.raises(RuntimeError) as info:
            m.load_state_dict(changed(t, m.state_dict(), **changes))
        texts.append(str(info.value))
        try:
            found.append(tuple(m.load_state_dict(changed(t, m.state_dict(), **changes), strict=False)))
        except RuntimeError as error:
            found.append(str(error).replace("torch.", "minigrad."))
    assert texts[0] == texts[1].replace("torch.", "minigrad.")
    assert found[0] == found[1]


def test_values_change_dtype_to_the_model_s() -> None:
    m = model(minigrad, nn)
    state = {key: value.double() for key, value in m.state_dict().items()}
    m.load_state_dict(state)
    assert m.scale.dtype == minigrad.float32
    assert m.part.count.dtype == minigrad.int64


def test_assign_takes_the_tensors() -> None:
    found = []
    for t, _, m in worlds():
        state = {key: (value * 3).double() for key, value in m.state_dict().items()}
        m.load_state_dict(state, assign=True)
        with t.no_grad():
            state["scale"].mul_(2)
        found.append((m.scale.item(), str(m.scale.dtype)[-7:], m.scale.requires_grad, str(m.part.count.dtype)[-7:],
            len(list(m.parameters()))))
    assert found[0] == found[1] == (12.0, "float64", True, "float64", 3)


def test_a_state_from_pytorch_fits() -> None:
    theirs = {key: minigrad.tensor(value.numpy() * 2) for key, value in model(torch, torch.nn).state_dict().items()}
    m = model(minigrad, nn)
    m.load_state_dict(theirs)
    assert m.scale.item() == 4


def test_extra_state() -> None:
    for n in (nn, torch.nn):
        class Keeper(n.Module):
            def __init__(self, note: str) -> None:
                super().__init__()
                self.note = note

            def get_extra_state(self):
                return {"note": self.note}

            def set_extra_state(self, state) -> None:
                self.note = state["note"]
        a, b = n.Sequential(Keeper("first")), n.Sequential(Keeper("second"))
        assert list(a.state_dict()) == ["0._extra_state"]
        b.load_state_dict(a.state_dict())
        assert b[0].note == "first"
        with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "0._extra_state"'):
            b.load_state_dict({})
        with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "_extra_state"'):
            n.Identity().load_state_dict({"_extra_state": 3})


def test_hooks_of_saving_and_loading() -> None:
    logs = []
    for _, _, m in worlds():
        log: list = []
        m.part.register_state_dict_pre_hook(lambda mod, prefix, keep, log=log: log.append(("saving", prefix, keep)))
        m.part.register_state_dict_post_hook(lambda mod, state, prefix, meta,
            log=log: log.append(("saved", prefix, meta["version"], len(state))))
        m.part.register_load_state_dict_pre_hook(
            lambda mod, state, prefix, meta, strict, missing, unexpected, errors,
            log=log: log.append(("loading", prefix, meta, strict, len(state))))
        m._register_load_state_dict_pre_hook(
            lambda state, prefix, meta, strict, missing, unexpected, errors: state.setdefault("scale", state.pop("old_name", None)))
        m.register_load_state_dict_post_hook(lambda mod, keys: keys.missing_keys.clear())
        state = m.state_dict()
        state["old_name"] = state.pop("scale") * 3
        del state["part.weight"]
        m.load_state_dict(state)
        log.append(m.scale.item())
        logs.append(log)
    assert logs[0] == logs[1]


def test_overriding_how_a_module_loads() -> None:
    class Renamed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.new = nn.Parameter(minigrad.zeros(2))

        def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
            state_dict[f"{prefix}new"] = state_dict.pop(f"{prefix}old")
            super()._load_from_state_dict(state_dict, prefix, *args)
    m = nn.Sequential(Renamed())
    m.load_state_dict({"0.old": minigrad.ones(2)})
    np.testing.assert_array_equal(m[0].new.detach().numpy(), [1, 1])
