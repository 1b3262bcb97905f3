"""Cross entropy and negative log-likelihood against PyTorch: targets, weights, ignored samples, labels that are no class."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)
SHAPES = [(3, 4), (2, 4, 5), (2, 4, 2, 3), (4,), (0, 4), (2, 4, 0)]
WEIGHT = np.array([0.5, 1.0, 2.0, 1.5])


def labels_for(shape: tuple[int, ...], some_ignored: int | None = None) -> np.ndarray:
    t = RNG.integers(0, 4, shape[:1] + shape[2:] if len(shape) > 1 else ())
    return t if some_ignored is None else np.where(RNG.random(t.shape) < 0.4, some_ignored, t)


def call(name: str, t: np.ndarray, weight: Any = None, **options: Any) -> Any:
    def run(lib: Any, x: Any) -> Any:
        w = {} if weight is None else {"weight": lib.tensor(weight)}
        return getattr(lib.F, name)(x, lib.tensor(t), **w, **options)
    return run


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("shape", SHAPES)
def test_class_indices(shape: tuple[int, ...], reduction: str) -> None:
    for weight in (None, WEIGHT):
        for ignored, t in ((-100, labels_for(shape, -100)), (1, labels_for(shape, 1)), (-100, labels_for(shape))):
            options: dict[str, Any] = {"weight": weight, "reduction": reduction, "ignore_index": ignored}
            x = RNG.normal(size=shape)
            same(call("nll_loss", t, **options), x, second=True)
            same(call("cross_entropy", t, **options), x, second=True)
            same(call("cross_entropy", t, label_smoothing=0.3, **options), x, second=True)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("shape", SHAPES)
def test_class_probabilities(shape: tuple[int, ...], reduction: str) -> None:
    for smoothing in (0.0, 0.3):
        def plain(lib: Any, x: Any, t: Any, smoothing: float = smoothing) -> Any:
            return lib.F.cross_entropy(x, t, reduction=reduction, label_smoothing=smoothing)

        def weighted(lib: Any, x: Any, t: Any, w: Any, smoothing: float = smoothing) -> Any:
            return lib.F.cross_entropy(x, t, w, reduction=reduction, label_smoothing=smoothing)
        same(plain, RNG.normal(size=shape), RNG.random(shape), second=True)
        same(weighted, RNG.normal(size=shape), RNG.random(shape), WEIGHT, second=True)     # the weights get a gradient here


def test_dtypes() -> None:
    x, t = RNG.normal(size=(3, 4)), np.array([0, 3, 1])
    same(call("cross_entropy", t), x.astype("f4"))
    same(call("cross_entropy", t), x.astype("f2"), rtol=2e-3)
    same(call("cross_entropy", t.astype("u1")), x)
    same(lambda lib, x, t: lib.F.cross_entropy(x, t), x.astype("f4"), RNG.random((3, 4)))  # promotion


def test_extreme_logits() -> None:
    x = RNG.normal(size=(3, 4)).astype("f4")
    same(call("cross_entropy", np.array([1, 1, 2])), x * 1000)
    x[0, 1] = -np.inf                                # a class that is switched off
    for t in ([0, 1, 2], [1, 1, 2]):
        same(call("cross_entropy", np.array(t)), x)
        same(call("cross_entropy", np.array(t), WEIGHT.astype("f4"), ignore_index=2), x)
        same(call("nll_loss", np.array(t), ignore_index=2), x)


def test_where_no_sample_counts_the_mean_is_nan_and_the_gradient_zero() -> None:
    for name in ("cross_entropy", "nll_loss"):
        x = mg.tensor(RNG.normal(size=(2, 3)), requires_grad=True)
        loss = getattr(F, name)(x, mg.tensor([-100, -100]))
        loss.backward()
        assert np.isnan(loss.item())
        assert not np.any(x.grad.numpy())


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
def test_a_label_that_is_no_class(name: str) -> None:
    x = np.ones((3, 4))
    for t, value in (([0, 1, 10], 10), ([0, 1, -3], -3), ([4, 1, -100], 4)):
        same_error(call(name, np.array(t)), x, match=f"{name}: Target {value} is out of bounds: labels are 0 .. 3 for 4 classes, "
                   "or ignore_index=-100; got t int64 \\(3,\\)")
    same_error(call(name, np.array([0, 1, -100]), ignore_index=1), x, match="Target -100 is out of bounds")
    same_error(call(name, np.array(7)), x[0], match="Target 7 is out of bounds")
    assert np.isfinite(getattr(F, name)(mg.tensor(x), mg.tensor([0, 1, 10]), ignore_index=10).item())


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
def test_refusals(name: str) -> None:
    x, t = np.ones((3, 4)), np.array([0, 1, 2])
    same_error(call(name, t[:2]), x, match=r"Expected input batch_size \(3\) to match target batch_size \(2\)")
    same_error(call(name, t.astype("i4")), x, match="expected target dtype to be Long or Byte, but got int32: class indices are int64")
    same_error(call(name, t > 0), x, match="expected target dtype to be Long or Byte, but got bool")
    same_error(call(name, t[:, None]), x, match="0D or 1D target tensor expected, multi-target not supported")
    same_error(call(name, np.zeros((2, 4, 6), int)), np.ones((2, 3, 4)), match=r"Expected target size \[2, 4\], got \[2, 4, 6\]")
    same_error(call(name, np.zeros((2, 4), int)), np.ones((2, 3, 4, 5)), match=r"Expected target size \[2, 4, 5\], got \[2, 4\]")
    same_error(call(name, t, np.ones(3)), x, match="weight tensor should be defined either for all 4 classes or no classes but got weight "
               r"tensor of shape: \[3\]")
    same_error(call(name, t, WEIGHT.astype("f4")), x, match="expected weight to have the input's dtype")
    same_error(lambda lib, x, w: getattr(lib.F, name)(x, lib.tensor(t), w.requires_grad_()).backward(), x, WEIGHT,
               match="the derivative for 'weight' is not implemented; detach\\(\\) it")
    same_error(call(name, t, reduction="avg"), x, match="avg is not a valid value for reduction; it is one of none, mean, sum")
    same_error(call(name, t), x.astype(int), match=f"{name}: takes floating-point")
    same_error(lambda lib, x: getattr(lib.F, name)(x, [0, 1, 2]), x, match="target must be a Tensor; got list of 3; make one with")


def test_refusals_of_cross_entropy_alone() -> None:
    x, t = np.ones((3, 4)), np.array([0, 1, 2])
    same_error(call("cross_entropy", x.astype(int)), x, match="Expected floating point type for target with class probabilities")
    same_error(call("cross_entropy", x, ignore_index=2), x, match="ignore_index is not supported for floating point target")
    same_error(call("cross_entropy", t, label_smoothing=2), x, match="label_smoothing must be between 0.0 and 1.0. Got: 2")


def test_legacy_arguments_warn_and_count() -> None:
    x, t = mg.tensor(RNG.normal(size=(3, 4))), mg.tensor([0, 1, 2])
    for options, reduction in (({"size_average": False}, "sum"), ({"reduce": False}, "none"), ({"reduce": True}, "mean")):
        with pytest.warns(UserWarning, match=f"will be deprecated, please use reduction='{reduction}' instead"):
            out = F.cross_entropy(x, t, **options)
        np.testing.assert_array_equal(out.numpy(), F.cross_entropy(x, t, reduction=reduction).numpy())


def test_targets_of_another_shape_say_what_to_write() -> None:
    for t, hint in [(mg.zeros(4, 1).long(), "write target.squeeze(1)"), (mg.zeros(4, 3).long(), "target.argmax(1)")]:
        with pytest.raises(RuntimeError, match="target") as caught:
            F.cross_entropy(mg.zeros(4, 3), t)
        assert str(caught.value).endswith(hint)
