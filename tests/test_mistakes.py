"""The mistake guard: each mistake gets one warning, at the line that made it; what only looks like one gets none."""
from __future__ import annotations

import inspect
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import pytest

import minigrad
from minigrad import MistakeWarning, nn, optim
from minigrad.nn import functional as F

X, CLASSES = minigrad.randn(6, 4), minigrad.tensor([0, 1, 2, 0, 1, 2])


def told(program: Callable[[], Any]) -> list[warnings.WarningMessage]:
    """The mistakes that a program is told of."""
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("default")
        program()
    return [w for w in record if issubclass(w.category, MistakeWarning)]


def line(text: str) -> int:
    """The number of the line of this file that ends in a mark."""
    return next(i for i, code in enumerate(inspect.getsource(sys.modules[__name__]).splitlines(), 1) if code.endswith(text))


def only(program: Callable[[], Any], pattern: str, mark: str) -> None:
    """One warning, with this text, from the line of this file with the mark."""
    found = told(program)
    assert [re.search(pattern, str(w.message)) is not None for w in found] == [True], [str(w.message) for w in found]
    assert (found[0].filename, found[0].lineno) == (__file__, line(mark))
    assert "minigrad.guard(False)" in str(found[0].message)


# ---------------------------------------------------------------- softmax before cross_entropy
@pytest.mark.parametrize("end", [
    lambda z: z.softmax(1), lambda z: F.softmax(z, 1), nn.Softmax(1), lambda z: nn.Sequential(nn.Identity(), nn.Softmax(-1))(z),
    lambda z: z.softmax(1).view(6, 3), lambda z: z.unsqueeze(-1).softmax(1).squeeze(-1), lambda z: z.double().softmax(1).float(),
])
def test_softmax_before_cross_entropy(end: Any) -> None:
    model = nn.Linear(4, 3)

    def program() -> None:
        for _ in range(3):
            z = end(model(X))
            F.cross_entropy(z, CLASSES)  # mark: twice
    only(program, r"cross_entropy: the input comes out of softmax.*pass it what went into softmax at .*test_mistakes\.py:\d+",
         "# mark: twice")
    assert len(told(lambda: nn.CrossEntropyLoss()(end(model(X)), CLASSES))) == 1


def test_sigmoid_before_the_loss_of_logits() -> None:
    z = nn.Linear(4, 3)(X)
    only(lambda: F.binary_cross_entropy_with_logits(z.sigmoid(), minigrad.ones(6, 3)),  # mark: sigmoid
         "binary_cross_entropy_with_logits: the input comes out of sigmoid", "# mark: sigmoid")


def test_what_is_no_softmax_before_cross_entropy() -> None:
    z = nn.Linear(4, 3)(X)
    targets = z.detach().softmax(1)

    def program() -> None:
        F.cross_entropy(z, CLASSES)
        F.cross_entropy(z, targets)                                      # a teacher's probabilities
        F.cross_entropy(z / 2, (z / 4).softmax(1).detach())
        F.nll_loss(z.log_softmax(1), CLASSES)
        F.cross_entropy(z.log_softmax(1), CLASSES)                       # once more changes nothing
        F.cross_entropy(z * z.softmax(1), CLASSES)                       # a gate
        F.kl_div(z.log_softmax(1), targets, reduction="batchmean")
        F.binary_cross_entropy(z.sigmoid(), minigrad.ones(6, 3))
        F.binary_cross_entropy_with_logits(z, z.sigmoid().detach())
        F.cross_entropy(X[:, :3], CLASSES)                               # a leaf
    assert told(program) == []


# ---------------------------------------------------------------- targets that broadcast
@pytest.mark.parametrize("loss", [F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss, nn.MSELoss(), F.soft_margin_loss,
                                  F.poisson_nll_loss, F.kl_div])
@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")
def test_a_target_that_broadcasts(loss: Any) -> None:
    x, t = minigrad.randn(5, 1), minigrad.randn(5)
    found = told(lambda: loss(x, t))
    assert len(found) == 1
    text = r"target size \(.*\[5\]\)\) .* input size \(.*\[5, 1\]\)\).*broadcast to \[5, 5\]; use squeeze\(\)"
    assert re.search(text, str(found[0].message))
    assert found[0].filename == __file__
    assert told(lambda: loss(x, t.unsqueeze(1))) == []


def test_a_target_for_all_samples_is_none_where_pytorch_says_nothing() -> None:
    x = nn.Linear(4, 3)(X).log_softmax(1)
    assert told(lambda: F.kl_div(x, minigrad.full((3,), 1 / 3), reduction="batchmean")) == []
    assert told(lambda: F.poisson_nll_loss(x, minigrad.ones(3))) == []
    assert len(told(lambda: F.mse_loss(x, minigrad.ones(3)))) == 1


# ---------------------------------------------------------------- steps
def loss_of(model: Any) -> Any:
    return F.cross_entropy(model(X), CLASSES)


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "Muon"])
def test_backward_forgotten(kind: str) -> None:
    model = nn.Linear(4, 3, bias=False)
    optimizer = getattr(optim, kind)(model.parameters())

    def program() -> None:
        for _ in range(3):
            optimizer.zero_grad()
            loss = loss_of(model)
            optimizer.step()  # mark: no backward
        del loss
    only(program, rf"{kind}\.step: none of the 1 parameters has a gradient; call loss\.backward\(\) before step", "# mark: no backward")


def test_zero_grad_after_backward() -> None:
    model = nn.Linear(4, 3)
    optimizer = optim.SGD(model.parameters())

    def program() -> None:
        loss = loss_of(model)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()  # mark: zeroed
    only(program, r"none of the 2 parameters .*zero_grad\(\) before backward\(\), not after", "# mark: zeroed")


def test_an_optimizer_of_another_model() -> None:
    old, model = nn.Linear(4, 3), nn.Linear(4, 3)
    optimizer = optim.SGD(old.parameters())

    def program() -> None:
        for _ in range(20):
            optimizer.zero_grad()
            loss_of(model).backward()
            optimizer.step()  # mark: old
    only(program, "no loss has ever reached them: was the optimizer made with the parameters of the model", "# mark: old")


def test_stale_gradients() -> None:
    model = nn.Linear(4, 3)
    optimizer = optim.Adam(model.parameters())

    def program() -> None:
        loss_of(model).backward()
        for _ in range(6):
            loss = loss_of(model)
            optimizer.step()  # mark: stale
        del loss
    only(program, r"Adam\.step: all gradients are those of the step before; call loss\.backward\(\)", "# mark: stale")


def step(optimizer: Any, loss: Any, set_to_none: bool = True) -> None:
    optimizer.zero_grad(set_to_none)
    loss.backward()
    optimizer.step()


def accumulation() -> None:
    model = nn.Linear(4, 3)
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for i in range(12):
        loss = loss_of(model)
        loss.backward()
        if i % 4 == 3:
            optimizer.step()
            optimizer.zero_grad()


def never_zeroed() -> None:
    model = nn.Linear(4, 3)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(5):
        loss = loss_of(model)
        loss.backward()
        optimizer.step()


def zeroed_in_place() -> None:
    model = nn.Linear(4, 3)
    optimizer = optim.Adam(model.parameters())
    for _ in range(5):
        step(optimizer, loss_of(model), set_to_none=False)


def frozen_layers() -> None:
    model = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 3))
    model[0].requires_grad_(False)
    optimizer = optim.Adam(model.parameters())
    for _ in range(5):
        step(optimizer, loss_of(model))
    model.requires_grad_(False)
    everything_frozen = optim.SGD(model.parameters())
    for _ in range(15):
        everything_frozen.step()


def adversaries() -> None:
    maker, judge = nn.Linear(2, 4), nn.Linear(4, 1)
    makes, judges = optim.Adam(maker.parameters()), optim.Adam(judge.parameters())
    real, ones, zeros = minigrad.randn(6, 4), minigrad.ones(6, 1), minigrad.zeros(6, 1)
    for _ in range(4):
        fake = maker(minigrad.randn(6, 2))
        judges.zero_grad()
        (F.binary_cross_entropy_with_logits(judge(real), ones)
         + F.binary_cross_entropy_with_logits(judge(fake.detach()), zeros)).backward()
        judges.step()
        step(makes, F.binary_cross_entropy_with_logits(judge(fake), ones))


def lbfgs() -> None:
    model = nn.Linear(4, 3)
    optimizer = optim.LBFGS(model.parameters(), max_iter=3)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        return loss
    for _ in range(3):
        optimizer.step(closure)


def closures() -> None:
    model = nn.Linear(4, 3)
    optimizer = optim.SGD(model.parameters())

    def closure() -> Any:
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        return loss
    for _ in range(4):
        optimizer.step(closure)


def a_schedule_alone() -> None:
    optimizer = optim.SGD(nn.Linear(4, 3).parameters(), lr=1.0)
    scheduler = optim.lr_scheduler.StepLR(optimizer, 5)
    for _ in range(30):
        optimizer.step()
        scheduler.step()


def gradients_by_hand() -> None:
    p = nn.Parameter(minigrad.ones(3))
    p.grad = minigrad.ones(3)
    optimizer = optim.Adam([p])
    for _ in range(10):
        optimizer.step()


def two_tasks() -> None:
    """Each step has a loss for one of two heads, and both optimizers step; nothing is zeroed."""
    trunk, heads = nn.Linear(4, 4), [nn.Linear(4, 3), nn.Linear(4, 3)]
    optimizers = [optim.SGD([*trunk.parameters(), *head.parameters()], lr=0.01) for head in heads]
    single = [optim.SGD(head.parameters(), lr=0.01) for head in heads]
    for i in range(12):
        loss = loss_of(nn.Sequential(trunk, heads[i % 2]))
        loss.backward()
        for optimizer in optimizers + single[i % 2:i % 2 + 1]:
            optimizer.step()


def twice_with_one_gradient() -> None:
    model = nn.Linear(4, 3)
    optimizer = optim.SGD(model.parameters())
    for _ in range(4):
        loss = loss_of(model)
        step(optimizer, loss)
        optimizer.step()


def clipped_and_scaled() -> None:
    model = nn.Linear(4, 3)
    optimizer = optim.Adam(model.parameters())
    for _ in range(4):
        loss_of(model).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()
        model.zero_grad()


@pytest.mark.parametrize("program", [accumulation, never_zeroed, zeroed_in_place, frozen_layers, adversaries, lbfgs, closures,
                                     a_schedule_alone, gradients_by_hand, two_tasks, twice_with_one_gradient, clipped_and_scaled])
def test_programs_without_a_mistake(program: Callable[[], None]) -> None:
    assert [str(w.message) for w in told(program)] == []


def test_an_optimizer_can_still_be_copied_and_saved() -> None:
    import copy
    import pickle
    model = nn.Linear(4, 3)
    optimizer = optim.Adam(model.parameters())
    step(optimizer, loss_of(model))
    for again in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        again.step()


# ---------------------------------------------------------------- parameters that the loss does not reach
class Detached(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last, self.spare = nn.Linear(4, 4), nn.Linear(4, 3), nn.Linear(1, 1)
        self.spare.requires_grad_(False)

    def forward(self, x: Any) -> Any:
        return self.last(self.first(x).detach())


def test_unreached_parameters() -> None:
    model = Detached()
    loss = loss_of(model)
    only(lambda: minigrad.unreached(loss, model),  # mark: unreached
         r"the loss does not depend on first\.weight, first\.bias: .*detach\(\)", "# mark: unreached")
    with minigrad.guard(False):
        assert minigrad.unreached(loss, model) == ["first.weight", "first.bias"]
        loss.backward()
        assert minigrad.unreached(loss, model.named_parameters()) == ["first.weight", "first.bias"]
        assert minigrad.unreached(loss, model.last.parameters()) == []
        assert minigrad.unreached(minigrad.ones(()), model.last.parameters()) == ["0", "1"]
    assert told(lambda: minigrad.unreached(loss, model.last)) == []
    with pytest.raises(TypeError, match=r"unreached: loss must be a Tensor; got"):
        minigrad.unreached(1.0, model)


# ---------------------------------------------------------------- the switch
class Hiding(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = [nn.Linear(4, 3)]

    def forward(self, x: Any) -> Any:
        return self.layers[0](x).softmax(1)


def many_mistakes() -> None:
    model = Hiding()
    optimizer = optim.SGD(model.layers[0].parameters())
    loss = F.cross_entropy(model(X), CLASSES)
    optimizer.step()
    F.mse_loss(loss, minigrad.ones(1))


def test_the_switch() -> None:
    with minigrad.guard(False):
        assert told(many_mistakes) == []
        with minigrad.guard():
            assert len(told(many_mistakes)) == 4
        assert told(many_mistakes) == []
    assert minigrad.config.GUARD
    minigrad.guard(False)
    try:
        assert told(many_mistakes) == []
    finally:
        minigrad.guard(True)
    with warnings.catch_warnings():
        warnings.simplefilter("error", MistakeWarning)
        with pytest.raises(MistakeWarning, match="cross_entropy"):
            many_mistakes()


@pytest.mark.parametrize(("setting", "expected"), [("0", "False"), ("1", "True"), ("", "True")])
def test_the_environment_decides_how_it_begins(setting: str, expected: str) -> None:
    import os
    code = "import minigrad; print(minigrad.config.GUARD)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "MINIGRAD_GUARD": setting})
    assert done.stdout.strip() == expected, done.stderr
