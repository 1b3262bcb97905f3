"""The example learns in all three ways, and keeps half as much where it says so."""
from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

import minigrad as mg

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Any:
    pytest.importorskip("rich", reason="DeepConvNet's example shows its progress")
    monkeypatch.syspath_prepend(str(EXAMPLES))
    module = importlib.import_module("half_precision")
    pixels, labels, source = module.images(None, train=True)
    monkeypatch.setattr(module, "images", lambda folder, train: (pixels[:80], labels[:80], source))
    return module


def test_it_learns_and_keeps_half(example: Any) -> None:
    threads = mg.get_num_threads()
    try:
        found = {way: example.train(example.parse(["--epochs", "1", "--batch-size", "20", "--way", way, "--threads", "1"]))
                 for way in example.WAYS}
    finally:
        mg.set_num_threads(threads)
    single, cast, half = (found[way] for way in example.WAYS)
    assert cast["weights"] == single["weights"] == 2 * half["weights"]
    assert cast["kept"] < 0.6 * single["kept"]
    assert half["kept"] < 0.55 * single["kept"]
    assert cast["peak"] < 0.75 * single["peak"]
    assert all(0 <= r["accuracy"] <= 1 and r["step"] > 0 for r in found.values())


def test_all_ways_begin_together_and_learn(example: Any) -> None:
    """They begin with the same weights; the first steps may be left out, until the scale is small enough."""
    before, after = [], []
    x, t, _ = example.images(None, True)
    for way in example.WAYS:
        mg.manual_seed(1)
        model = example.DeepConvNet()
        step = example.MAKERS[way](model, 1e-3)
        model.eval()                                 # without dropout: a loss to compare
        before.append(float(example.loss_of(model, way, x[:20], t[:20])))
        for _ in range(12):
            step(x[:20], t[:20])
        after.append(float(example.loss_of(model, way, x[:20], t[:20])))
    assert before[1:] == pytest.approx([before[0]] * 2, rel=0.01)
    assert all(loss < before[0] / 2 for loss in after)
