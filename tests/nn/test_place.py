"""Where in the model an op ran: paths on nodes and errors, and modules that nobody would find."""
from __future__ import annotations

import re
import threading
import warnings
from pathlib import Path

import pytest

import minigrad
import minigrad.nn.functional as F
from minigrad import nn
from minigrad.engine.mode import local
from minigrad.errors import MinigradError
from minigrad.nn import place


class Scale(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(minigrad.tensor(2.0))

    def forward(self, x):
        return x * self.factor


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(Scale(), nn.Sequential(Scale()))
        self.head = Scale()
        self.loose = [Scale()]

    def forward(self, x, loose: bool = False):
        x = self.head(self.features(x))
        return self.loose[0](x) if loose else x.exp()


def scopes(node) -> list[tuple[str, str]]:
    found = []
    scope = node.scope
    while scope is not None:
        found.append((scope.path, scope.kind))
        scope = scope.parent
    return found


@pytest.fixture
def net() -> Net:
    place.warned.add(Net)
    return Net()


def test_a_node_knows_its_module(net: Net) -> None:
    out = net(minigrad.tensor(1.0))
    assert scopes(out.grad_fn) == [("", "Net")]
    head = out.grad_fn.next_functions[0][0]
    assert scopes(head) == [("head", "Scale"), ("", "Net")]
    inner = head.next_functions[0][0]
    assert scopes(inner) == [("features.1.0", "Scale"), ("features.1", "Sequential"), ("features", "Sequential"), ("", "Net")]
    assert scopes(inner.next_functions[0][0]) == [("features.0", "Scale"), ("features", "Sequential"), ("", "Net")]
    assert local.mode.scope is None
    assert local.mode.module is None


def test_a_node_knows_the_user_s_line(net: Net) -> None:
    out = net(minigrad.tensor(1.0))
    assert out.grad_fn.where().startswith(f"{Path(__file__)}:")
    model = nn.Sequential(nn.Linear(2, 2))
    node = model(minigrad.ones(1, 2)).grad_fn
    assert re.fullmatch(rf"{re.escape(__file__)}:\d+ `node = model\(minigrad\.ones\(1, 2\)\)\.grad_fn` in 0", node.where())
    assert node.where().endswith(" in 0")


def test_the_path_follows_changes_of_the_model(net: Net) -> None:
    x = minigrad.tensor(1.0)
    net(x)
    net.head = nn.Sequential(Scale())
    out = net(x)
    assert scopes(out.grad_fn.next_functions[0][0])[:2] == [("head.0", "Scale"), ("head", "Sequential")]
    net.features[1] = nn.Identity()
    net(x)


def test_a_module_that_is_not_below_the_caller(net: Net) -> None:
    out = net(minigrad.tensor(1.0), loose=True)
    assert scopes(out.grad_fn) == [("<Scale>", "Scale"), ("", "Net")]

    class Temporary(nn.Module):
        def forward(self, x):
            return nn.Sequential(Scale())(x)
    assert [path for path, _ in scopes(Temporary()(minigrad.tensor(1.0)).grad_fn)] == ["<Sequential>.0", "<Sequential>", ""]


def test_a_module_that_calls_itself() -> None:
    class Twice(nn.Module):
        def forward(self, x, again: bool = True):
            return self(x, again=False) if again else x * 2
    assert [path for path, _ in scopes(Twice()(minigrad.tensor(1.0, requires_grad=True)).grad_fn)] == ["", ""]


def test_threads_do_not_see_each_other(net: Net) -> None:
    inside, outside = threading.Event(), threading.Event()

    class Waiting(nn.Module):
        def forward(self, x):
            inside.set()
            assert outside.wait(10)
            return x
    thread = threading.Thread(target=Waiting(), args=(1,))
    thread.start()
    assert inside.wait(10)
    assert local.mode.scope is None
    assert scopes(net(minigrad.tensor(1.0)).grad_fn) == [("", "Net")]
    outside.set()
    thread.join()


def test_errors_say_where() -> None:
    net = nn.Sequential(nn.Identity(), nn.Sequential(nn.Linear(3, 2)))
    with pytest.raises(RuntimeError, match="linear") as info:
        net(minigrad.ones(1, 4))
    notes = [note for note in info.value.__notes__ if "minigrad: in 1.0 (Linear)" in note]
    assert len(notes) == 1
    assert len([note for note in info.value.__notes__ if "called at" in note]) == 1
    assert local.mode.scope is None
    assert local.mode.module is None


class Way(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.stage = nn.Sequential(nn.Sequential(nn.BatchNorm2d(4), nn.ReLU()), nn.Conv2d(4, 2, 1))
        self.fc = nn.Linear(100, 10)

    def forward(self, x):
        x = F.max_pool2d(self.stage(self.conv(x)), 2)
        return self.fc(x.flatten(1))


def way(call) -> str:
    with pytest.raises(MinigradError) as info:
        call()
    text, = [note for note in info.value.__notes__ if "on the way" in note]
    return text.removeprefix("minigrad: shapes on the way: ")


def test_errors_tell_the_shapes_on_the_way() -> None:
    net, x = Way(), minigrad.ones(2, 1, 28, 28)
    assert way(lambda: net(x)) == ("input (2, 1, 28, 28) → conv: Conv2d (2, 4, 26, 26) → stage.0.0: BatchNorm2d (2, 4, 26, 26) → "
                                   "stage.0.1: ReLU (2, 4, 26, 26) → stage.1: Conv2d (2, 2, 26, 26) → max_pool (2, 2, 13, 13) → "
                                   "view (2, 338) → fc: Linear gets (2, 338)")
    with minigrad.no_grad():                         # no graph to read it from
        assert way(lambda: net(x)) == "input (2, 1, 28, 28) → fc: Linear gets (2, 338)"
        assert way(lambda: net(minigrad.ones(2, 3, 9, 9))) == "input (2, 3, 9, 9) → conv: Conv2d gets (2, 3, 9, 9)"


def test_the_way_inside_a_module_of_ops() -> None:
    class Add(nn.Module):
        def forward(self, x, y):
            return x.exp().sum(0) + y
    assert way(lambda: Add()(minigrad.ones(2, 3, requires_grad=True), minigrad.ones(4))) == "input (2, 3), (4,) → exp (2, 3) → sum (3,)"


def test_a_long_way_is_cut() -> None:
    net = nn.Sequential(*[nn.Linear(3, 3) for _ in range(20)], nn.Linear(4, 4))
    text = way(lambda: net(minigrad.ones(1, 3)))
    assert text.startswith("input (1, 3) → ... → 9: Linear (1, 3) → 10: Linear (1, 3)")
    assert text.endswith("→ 19: Linear (1, 3) → 20: Linear gets (1, 3)")


# ---------------------------------------------------------------- hidden modules
def hiding(value):
    class Hiding(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.known = nn.Identity()
            self.things = value(self)

        def forward(self, x):
            return x
    return Hiding()


@pytest.mark.parametrize(("value", "text"), [
    (lambda self: [nn.Identity()], r"Hiding: attribute 'things' is a plain list that holds a Identity.*make it an nn\.ModuleList"),
    (lambda self: {"a": nn.Identity()}, r"plain dict that holds a Identity.*make it an nn\.ModuleDict"),
    (lambda self: (1, nn.Identity()), r"plain tuple .*nn\.ModuleList"),
    (lambda self: [nn.Parameter(minigrad.ones(1))], r"plain list that holds a Parameter.*nn\.ParameterList"),
    (lambda self: {"a": nn.Parameter(minigrad.ones(1))}, r"nn\.ParameterDict"),
])
def test_hidden_modules_get_a_warning_once(value, text: str) -> None:
    module = hiding(value)
    with pytest.warns(UserWarning, match=text) as record:
        module(1)
    assert record[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        module(1)
        type(module)()(1)


@pytest.mark.parametrize("value", [
    lambda self: [self.known], lambda self: [1, "a"], lambda self: [], lambda self: nn.ModuleList([nn.Identity()]),
    lambda self: {"a": minigrad.ones(1)},
])
def test_what_is_not_hidden_gets_none(value) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hiding(value)(1)
