"""Pictures of learning: what is drawn is what the values are."""
from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim, viz
from minigrad.viz.learning.curves import smoothed
from minigrad.viz.learning.paths import walked

pytest.importorskip("matplotlib")


def images(figure: Any) -> list[np.ndarray[Any, Any]]:
    return [np.asarray(ax.images[0].get_array()) for ax in figure.axes if ax.images]


def titles(figure: Any) -> list[str]:
    return [ax.get_title() for ax in figure.axes if ax.images or ax.patches or ax.lines]


def drawn(figure: Any) -> bytes:
    """The figure as PNG: that it can be drawn at all is a test of its own."""
    to = BytesIO()
    figure.savefig(to, format="png", dpi=30)
    return to.getvalue()


# ---------------------------------------------------------------- curves
def test_curves() -> None:
    figure = viz.learning_curve({"training": [0.5, 0.2, 0.1], "test": mg.tensor([0.6, 0.3, 0.2])}, ylabel="error")
    axes, = figure.axes
    assert [line.get_label() for line in axes.lines] == ["training", "test"]
    assert axes.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert axes.lines[0].get_ydata().tolist() == [0.5, 0.2, 0.1]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "error")
    assert drawn(figure).startswith(b"\x89PNG")
    assert viz.learning_curve({"a": [1.0, 0.1]}, logarithmic=True).axes[0].get_yscale() == "log"


def test_smoothing_starts_at_the_first_value() -> None:
    assert smoothed(np.array([2.0, 4.0]), 0.5).tolist() == [2.0, pytest.approx((0.5 * 2 + 4) / 1.5)]
    assert smoothed(np.ones(100), 0.99) == pytest.approx(np.ones(100))
    axes = viz.learning_curve({"loss": [3.0, 1.0]}, smoothing=0.5).axes[0]
    raw, smooth = axes.lines
    assert raw.get_ydata().tolist() == [3.0, 1.0]
    assert raw.get_alpha() < 1
    assert smooth.get_ydata()[1] == pytest.approx((0.5 * 3 + 1) / 1.5)
    with pytest.raises(ValueError, match=r"learning_curve: smoothing must be at least 0 and below 1; got 1\.0"):
        viz.learning_curve({"a": [1.0]}, smoothing=1.0)


# ---------------------------------------------------------------- images
def test_filters_in_grey_and_in_colour() -> None:
    conv = nn.Conv2d(2, 5, 3)
    grey = viz.filters(conv)
    assert [a.shape for a in images(grey)] == [(3, 3)] * 5
    assert (images(grey)[4] == conv.weight[4, 0].detach().numpy()).all()
    assert {im.get_clim() for ax in grey.axes for im in ax.images} == {(conv.weight[:, 0].min().item(), conv.weight[:, 0].max().item())}
    colour = images(viz.filters(mg.rand(4, 3, 5, 5), limit=2))
    assert [a.shape for a in colour] == [(5, 5, 3)] * 2
    assert min(a.min() for a in colour) >= 0
    assert max(a.max() for a in colour) <= 1
    drawn(grey)
    with pytest.raises(RuntimeError, match=r"filters: weight must be 4D \(filters, channels, height, width\); got .*float32 \(3, 3\)"):
        viz.filters(mg.rand(3, 3))


def test_feature_maps() -> None:
    model = nn.Sequential(nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU()), nn.Flatten())
    x = mg.randn(2, 1, 6, 6)
    figure = viz.feature_maps(model, x, "0.1")
    expected = model[0](x)[0].detach().numpy()
    assert all((a == b).all() for a, b in zip(images(figure), expected, strict=True))
    assert figure.get_suptitle() == "0.1: ReLU (3 channels)"
    assert not model[0][1]._forward_hooks
    with pytest.raises(RuntimeError, match=r"feature_maps: the output of '1' must be 4D .*; got .*float32 \(2, 48\)"):
        viz.feature_maps(model, x, "1")
    with pytest.raises(AttributeError, match="nothing"):
        viz.feature_maps(model, x, "nothing")


def test_feature_maps_of_one_image_leave_the_model_as_it_was() -> None:
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Dropout(0.5), nn.Flatten(1), nn.Linear(48, 2))
    model[2].eval()
    figure = viz.feature_maps(model, mg.randn(1, 6, 6), "1")
    assert len(images(figure)) == 3
    assert [layer.training for layer in model] == [True, True, False, True, True]
    assert model[1].num_batches_tracked.item() == 0


def test_mistakes() -> None:
    x, labels, predictions = mg.rand(5, 1, 8, 8), mg.tensor([0, 1, 2, 1, 2]), mg.tensor([0, 1, 2, 0, 0])
    figure = viz.mistakes(x, labels, predictions)
    assert titles(figure) == ["1 → 0", "2 → 0"]
    assert (images(figure)[0] == x[3, 0].numpy()).all()
    assert titles(viz.mistakes(x[:, 0], labels, predictions, classes=["cat", "dog", "eel"], limit=1)) == ["dog → cat"]
    assert images(viz.mistakes(mg.rand(2, 3, 8, 8), mg.tensor([0, 1]), mg.tensor([1, 1])))[0].shape == (8, 8, 3)
    none = viz.mistakes(x, labels, labels)
    assert images(none) == []
    drawn(none)
    with pytest.raises(RuntimeError, match="mistakes: images, labels and predictions must be as many"):
        viz.mistakes(x, labels, predictions[:3])


def test_confusions() -> None:
    figure = viz.confusion_matrix(mg.tensor([0, 0, 1, 1, 2]), mg.tensor([0, 1, 1, 1, 0]))
    axes, = figure.axes
    texts = {tuple(round(v) for v in t.get_position()): t.get_text() for t in axes.texts}
    assert texts == {(0, 0): "1", (1, 0): "1", (1, 1): "2", (0, 2): "1"}         # (prediction, label)
    assert axes.get_title() == "60.0% of 5 right"
    assert np.ma.getmaskarray(axes.images[0].get_array()).diagonal().all()
    shares = viz.confusion_matrix(mg.tensor([0, 0, 1]), mg.tensor([0, 1, 1]), classes=["cat", "mouse"], normalize=True)
    assert sorted(t.get_text() for t in shares.axes[0].texts) == [".50", ".50", "1"]
    assert [t.get_text() for t in shares.axes[0].get_xticklabels()] == ["cat", "mouse"]
    drawn(shares)
    with pytest.raises(RuntimeError, match="confusion_matrix: labels and predictions must be as many"):
        viz.confusion_matrix(mg.tensor([0]), mg.tensor([0, 1]))


# ---------------------------------------------------------------- values in layers
def test_activations() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Sequential(nn.Tanh()))
    x = mg.randn(50, 4)
    figure = viz.activation_histograms(model, x)
    assert titles(figure) == ["0: Linear", "1: ReLU", "2.0: Tanh"]
    relu = figure.axes[1]
    assert sum(bar.get_height() for bar in relu.patches) == pytest.approx(100)
    values = model[1](model[0](x)).detach().numpy()
    assert relu.get_xlabel() == f"mean {values.mean():.2g}, std {values.std():.2g}, {np.mean(values == 0):.0%} are 0"
    chosen = viz.activation_histograms(model, x, layers=["1"], bins=10, range=(0, 1))
    assert len(chosen.axes[0].patches) == 10
    assert not any(m._forward_hooks for m in model.modules())
    drawn(figure)
    with pytest.raises(ValueError, match="activation_histograms: no layer returned a tensor"):
        viz.activation_histograms(model, x, layers=[])


def test_gradient_flow() -> None:
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 1))
    with pytest.raises(RuntimeError, match=r"gradient_flow: no parameter has a gradient; call loss\.backward\(\) first"):
        viz.gradient_flow(model)
    model(mg.ones(3, 2)).sum().backward()
    axes, = viz.gradient_flow(model).axes
    assert [t.get_text() for t in axes.get_yticklabels()] == ["0.weight", "1.weight", "1.bias"]
    largest = [bar.get_x() + bar.get_width() for bar in axes.patches[:3]]
    assert largest == pytest.approx([p.grad.abs().max().item() for p in model.parameters()])
    assert axes.get_xscale() == "log"
    model.zero_grad(set_to_none=False)
    zero = viz.gradient_flow(model)
    assert [t.get_text() for t in zero.axes[0].texts] == ["0"] * 3
    drawn(zero)


# ---------------------------------------------------------------- optimizers
def valley(x: mg.Tensor, y: mg.Tensor) -> mg.Tensor:
    return x ** 2 / 20 + y ** 2


def test_the_path_of_an_optimizer() -> None:
    points = walked(valley, lambda p: optim.SGD(p, lr=0.5), (-7.0, 2.0), 2)
    assert points == pytest.approx(np.array([(-7, 2), (-7 * 0.95, 0), (-7 * 0.95 ** 2, 0)]), abs=1e-6)
    figure = viz.optimizer_paths(valley, {"SGD": lambda p: optim.SGD(p, lr=0.5), "LBFGS": optim.LBFGS,
                                          "Adam": lambda p: optim.Adam(p, lr=0.3)}, start=(-7, 2), steps=5)
    assert titles(figure) == ["SGD", "LBFGS", "Adam"]
    assert len(figure.axes[0].lines[0].get_xdata()) == 6
    lowest = figure.axes[0].lines[2]
    assert (abs(lowest.get_xdata()[0]), abs(lowest.get_ydata()[0])) < (0.06, 0.03)
    drawn(figure)
    with pytest.raises(ValueError, match="optimizer_paths: got no optimizer"):
        viz.optimizer_paths(valley, {}, start=(0, 0))


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"a picture of learning needs Matplotlib, .*pip install 'minigrad\[examples\]'"):
        viz.learning_curve({"a": [1.0]})
