"""Normalization against PyTorch: running statistics, mixed precision, far-off means, refusals."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from tests.ops.oracle import libraries, same, same_error

RNG = np.random.default_rng(0)
W, B, MEAN, VAR = RNG.normal(size=3), RNG.normal(size=3), RNG.normal(size=3), RNG.random(3) + 0.5


def draw(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape) * 2 + 1


# ---------------------------------------------------------------- over the batch
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5), (4, 3, 2, 3), (2, 3, 2, 2, 2)])
def test_batch_norm(shape: tuple[int, ...], training: bool) -> None:
    def call(lib: Any, x: Any, *affine: Any) -> Any:
        running = [lib.tensor(a.astype(x.detach().numpy().dtype)) for a in (MEAN, VAR)]
        return lib.F.batch_norm(x, *running, *affine, training=training, momentum=0.3, eps=0.01)
    x = draw(*shape)
    same(call, x, W, B, second=True)
    same(call, x, second=True)
    same(call, x, W)
    same(lambda lib, x, b: call(lib, x, None, b), x, B)
    same(call, *[a.astype("f4") for a in (x * 100 + 3000, W, B)], rtol=2e-2)     # the variance is not lost in the mean
    same(lambda lib, x, w: lib.F.batch_norm(x, None, None, w, training=True), x, W, second=True)


@pytest.mark.parametrize("name", ["batch_norm", "instance_norm"])
def test_running_statistics_move_towards_the_batch(name: str) -> None:
    x = draw(4, 3, 5)
    found = []
    for lib in libraries():
        mean, var = lib.tensor(MEAN.copy()), lib.tensor(VAR.copy())
        on = {"training": True} if name == "batch_norm" else {"use_input_stats": True}
        for momentum in (0.1, 0.7):
            getattr(lib.F, name)(lib.tensor(x), mean, var, momentum=momentum, **on)
        found.append((mean.numpy(), var.numpy()))
    np.testing.assert_allclose(found[1], found[0])
    assert not np.allclose(found[1][0], MEAN)


def test_running_statistics_are_the_callers_memory_and_stay_in_evaluation() -> None:
    mean, var = mg.tensor(MEAN), mg.tensor(VAR)
    memory, version = mean.numpy(), mean._version
    F.batch_norm(mg.tensor(draw(4, 3)), mean, var)
    np.testing.assert_array_equal(memory, MEAN)
    F.batch_norm(mg.tensor(draw(4, 3)), mean, var, training=True)
    assert not np.allclose(memory, MEAN)
    assert mean._version > version


def test_a_graph_in_evaluation_keeps_the_statistics_it_was_made_with() -> None:
    x = mg.tensor(draw(4, 3), requires_grad=True)
    mean, var = mg.tensor(MEAN), mg.tensor(VAR)
    out = F.batch_norm(x, mean, var)
    F.batch_norm(mg.tensor(draw(4, 3)), mean, var, training=True)                # moves them before the backward pass
    out.sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), np.broadcast_to(1 / np.sqrt(VAR + 1e-5), (4, 3)), rtol=1e-6)


def test_batch_norm_in_half_precision_with_float32_parameters() -> None:
    def call(lib: Any, x: Any, w: Any) -> Any:
        return lib.F.batch_norm(x, lib.zeros(3), lib.ones(3), w, training=True)
    same(call, draw(4, 3).astype("f2"), W.astype("f4"), rtol=1e-2)


def test_batch_norm_refuses() -> None:
    def call(running: tuple[Any, Any] = (np.zeros(3), np.ones(3)), **options: Any) -> Any:
        return lambda lib, x, *affine: lib.F.batch_norm(x, *[r if r is None else lib.tensor(r) for r in running], *affine, **options)
    for shape in ((1, 3), (1, 3, 1)):
        same_error(call(training=True), np.ones(shape), match="Expected more than 1 value per channel when training, got input size "
                   rf"minigrad.Size\({list(shape)}\)".replace("[", r"\[").replace("]", r"\]"))
    same_error(call(), np.ones(3), match="expected at least 2 dimensions")
    same_error(call(), np.ones((4, 5)), match=r"running_mean should contain one element per channel, \[5\], but got .* of shape \[3\]")
    same_error(call(), np.ones((4, 3)), np.ones(4), match="weight should contain one element per channel")
    same_error(call((None, None)), np.ones((4, 3)), match="running_mean must be defined in evaluation mode")
    same_error(call((np.zeros(3), None), training=True), np.ones((4, 3)), match="must either both be None or neither be None")
    same_error(call((np.zeros(3, "f4"), np.ones(3, "f4"))), np.ones((4, 3)), match="mixed dtype: all inputs must share same datatype")
    same_error(call((None, None), training=True), np.ones((4, 3), int), match="batch_norm: not implemented for int64")
    same_error(call(training=True, eps=-1.0), np.ones((4, 3)), match="batch_norm eps must be positive during training, but got -1.0")


# ---------------------------------------------------------------- over each sample
@pytest.mark.parametrize("shape", [(3,), (4, 3)])
def test_layer_norm_and_rms_norm(shape: tuple[int, ...]) -> None:
    x, w, b = draw(2, 4, 3), draw(*shape), draw(*shape)
    same(lambda lib, x, w, b: lib.F.layer_norm(x, shape, w, b, 0.1), x, w, b, second=True)
    same(lambda lib, x: lib.F.layer_norm(x, shape), x, second=True)
    same(lambda lib, x, b: lib.F.layer_norm(x, shape, None, b), x, b)
    same(lambda lib, x, w: lib.F.rms_norm(x, shape, w), x, w, second=True)
    same(lambda lib, x: lib.F.rms_norm(x, shape, eps=0.1), x, second=True)
    for factor in (1, 1e-4):                         # the default eps is that of the dtype
        same(lambda lib, x: lib.F.rms_norm(x, shape), (x * factor).astype("f4"), rtol=1e-4)
    for precision in ("f2", "f4"):
        same(lambda lib, x, w: lib.F.layer_norm(x, shape, w), x.astype("f2"), w.astype(precision), rtol=1e-2)


@pytest.mark.parametrize("name", ["layer_norm", "rms_norm"])
def test_layer_norm_and_rms_norm_refuse(name: str) -> None:
    def call(shape: Any) -> Any:
        return lambda lib, x, *affine: getattr(lib.F, name)(x, shape, *affine)
    same_error(call(3), draw(4, 3), match="normalized_shape must be a tuple of ints; got 3")
    same_error(call((4,)), draw(4, 3), match=r"expected input with shape \[\*, 4\], but got input of size\[4, 3\]")
    same_error(call(()), draw(4, 3), match="Expected normalized_shape to be at least 1-dimensional")
    same_error(call((3,)), draw(4, 3), draw(4), match="Expected weight to be of same shape as normalized_shape")
    same_error(call((3,)), draw(4, 3).astype(int), match="not implemented for int64")


def test_rms_norm_refuses_a_weight_of_another_dtype() -> None:
    """PyTorch promotes, with a warning."""
    with pytest.raises(RuntimeError, match="rms_norm: mixed dtype: all inputs must share same datatype; got x float64"):
        F.rms_norm(mg.tensor(draw(4, 3)), (3,), mg.ones(3))


def test_an_empty_batch_leaves_running_statistics_alone() -> None:
    """PyTorch's instance_norm makes them nan."""
    for name, on in (("batch_norm", {"training": True}), ("instance_norm", {})):
        mean, var = mg.tensor(MEAN), mg.tensor(VAR)
        out = getattr(F, name)(mg.zeros(0, 3, 5, dtype=mg.float64), mean, var, **on)
        assert out.shape == (0, 3, 5)
        np.testing.assert_array_equal(mean.numpy(), MEAN)
        np.testing.assert_array_equal(var.numpy(), VAR)


@pytest.mark.parametrize("groups", [1, 2, 6])
@pytest.mark.parametrize("shape", [(2, 6, 4), (3, 6, 2, 3)])
def test_group_norm(shape: tuple[int, ...], groups: int) -> None:
    same(lambda lib, x, w, b: lib.F.group_norm(x, groups, w, b, 0.1), draw(*shape), draw(6), draw(6), second=True)
    same(lambda lib, x: lib.F.group_norm(x, groups), draw(*shape), second=True)
    same(lambda lib, x, w: lib.F.group_norm(x, groups, w), draw(*shape).astype("f2"), draw(6).astype("f4"), rtol=1e-2)


def test_group_norm_refuses() -> None:
    def call(groups: int) -> Any:
        return lambda lib, x, *affine: lib.F.group_norm(x, groups, *affine)
    same_error(call(3), draw(6), match="Expected at least 2 dimensions for input tensor but received 1")
    same_error(call(4), draw(2, 6, 4), match=r"divisible by num_groups, but got input of shape \[2, 6, 4\] and num_groups=4")
    same_error(call(3), draw(2, 6, 4), draw(3), match="Expected weight to be a vector of size equal to the number of channels in input")
    same_error(call(6), draw(1, 6), match=r"Expected more than 1 value per channel when training, got input size \[1, 6\]")
    with pytest.raises(RuntimeError, match="num_groups=0"):
        F.group_norm(mg.ones(2, 6), 0)


def test_instance_norm() -> None:
    for shape in ((2, 3, 4), (2, 3, 2, 3)):
        same(lambda lib, x, w, b: lib.F.instance_norm(x, weight=w, bias=b, eps=0.1), draw(*shape), W, B, second=True)
        same(lambda lib, x: lib.F.instance_norm(x), draw(*shape), second=True)
        same(lambda lib, x: lib.F.instance_norm(x, lib.tensor(MEAN), lib.tensor(VAR), use_input_stats=False), draw(*shape), second=True)
    same_error(lambda lib, x: lib.F.instance_norm(x), draw(2, 3, 1), match="Expected more than 1 spatial element when training")
    same_error(lambda lib, x: lib.F.instance_norm(x, use_input_stats=False), draw(2, 3, 4), match="defined when use_input_stats is false")


def test_local_response_norm() -> None:
    for shape, size in (((2, 5, 4), 3), ((2, 5, 4, 3), 4), ((2, 5, 4, 3, 2), 2), ((2, 5, 4), 9)):
        same(lambda lib, x, size=size: lib.F.local_response_norm(x, size, 0.5, 0.3, 2.0), draw(*shape), second=True)
    same(lambda lib, x: lib.F.local_response_norm(x, 3), draw(0, 5, 4))
    same_error(lambda lib, x: lib.F.local_response_norm(x, 3), draw(2, 5), match=r"Expected 3D or higher dimensionality input \(got 2")
    same_error(lambda lib, x: lib.F.local_response_norm(x, 0), draw(2, 5, 4), match="size should be greater than zero; got 0")
