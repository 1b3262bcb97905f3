"""Every class of the scope of `torch.nn`, on PyTorch's samples and ours. Needs PyTorch and expecttest: pip install 'minigrad[parity]'."""
from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("torch", reason="the oracle; pip install 'minigrad[parity]'")
pytest.importorskip("expecttest", reason="PyTorch's database imports it; pip install 'minigrad[parity]'")
pytestmark = pytest.mark.parity

CHECKS = ("signature", "members", "made", "forward", "gradient", "second gradient", "error")


def pytest_generate_tests(metafunc: Any) -> None:
    """The database is loaded, which takes seconds, only where parity tests are asked for."""
    if "layer" in metafunc.fixturenames:
        wanted = "parity" in metafunc.config.option.markexpr and "not parity" not in metafunc.config.option.markexpr
        found = load() if wanted else []
        metafunc.parametrize("layer", found, ids=[layer.name for layer in found])


def load() -> list[Any]:
    from .nn_database import layers
    return layers("in")


@pytest.mark.parametrize("check", CHECKS)
def test_class(layer: Any, check: str) -> None:
    """All samples agree with PyTorch, but for those that a listed difference excuses."""
    import warnings

    from .differences import judge, of
    from .nn_checks import CHECKS as CHECK
    from .nn_differences import DIFFERENCES
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        failed = [r for r in CHECK[check](layer) if r.failure]
    judge(failed, of(layer.name, check, DIFFERENCES), f"{layer.name}, {check}")


def test_every_class_is_in_the_scope() -> None:
    import torch

    from .nn_database import layers, public_classes, scope
    assert sorted(scope()) == sorted(public_classes())
    assert [name for name, (tier, reason) in scope().items() if tier not in ("in", "out") or (tier == "out") != bool(reason)] == []
    assert [layer.name for layer in layers("in") if not layer.samples(torch.float64, True)] == []


def test_differences_are_about_classes_that_exist() -> None:
    from .nn_database import scope
    from .nn_differences import DIFFERENCES
    assert [d for d in DIFFERENCES if d.entry not in scope() or d.check not in CHECKS or not d.reason] == []


def test_a_layer_that_differs_is_found() -> None:
    """What the checks are worth: each sees a layer that was spoiled for it."""
    import torch

    import minigrad

    from . import nn_checks
    from .nn_database import LayerSample, pair_of
    from .translate import recipe
    theirs, ours = pair_of(recipe("Linear", 2, 3))
    assert nn_checks.state_differs(theirs, ours) is None
    with minigrad.no_grad():
        ours.bias.mul_(1 + 2 ** -23)
    assert "to the last bit" in (nn_checks.state_differs(theirs, ours) or "")
    ours.in_features = 5
    assert "in_features is 5" in (nn_checks.attributes_differ(theirs, ours) or "")
    assert "in_features=5" in (nn_checks.repr_differs(theirs, ours) or "")
    ours.register_buffer("more", minigrad.ones(1))
    assert "keys" in (nn_checks.state_differs(theirs, ours) or "")
    assert "keyword" in (nn_checks.signature_differs(lambda a, *, b=1: a, lambda a, b=2: a) or "").lower()
    sample = LayerSample(recipe("Softmax", 1), (torch.randn(2, 3, dtype=torch.float64, requires_grad=True),))
    assert nn_checks.layer_gradients_differ(sample, True, 1) is None
    real, minigrad.nn.Softmax.forward = minigrad.nn.Softmax.forward, lambda self, x: x * 2
    try:
        assert "first gradient 0" in (nn_checks.layer_gradients_differ(sample, True, 1) or "")
    finally:
        minigrad.nn.Softmax.forward = real
