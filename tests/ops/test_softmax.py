"""softmax and its kind against PyTorch: dtypes, dimensions, infinities, refusals, samples."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from tests.ops.oracle import same, same_error

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
def test_values_and_gradients(name: str) -> None:
    def call(dim: int) -> Any:
        return lambda lib, x: getattr(lib.F, name)(x, dim)
    for shape, dim in (((3, 4), 1), ((3, 4), 0), ((2, 3, 4), -2), ((), 0), ((), -1), ((3, 0), 1), ((0, 3), 1)):
        same(call(dim), RNG.normal(size=shape), second=True)
    same(call(1), RNG.normal(size=(3, 4)).astype("f4") * 300)                    # no overflow
    same(call(1), RNG.normal(size=(3, 4)).astype("f2"), rtol=2e-3)
    same(call(1), np.array([[np.inf, 1.0], [-np.inf, -np.inf], [0, -np.inf]]))
    same_error(call(2), np.ones((3, 4)), match=r"Dimension out of range \(expected to be in range of \[-2, 1\], but got 2\)")
    same_error(call(1), np.ones((3, 4), int), match="not implemented for int64: takes floating-point input; got int64 \\(3, 4\\)")


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
def test_dtype_is_that_of_the_computation_and_the_gradient_comes_back(name: str) -> None:
    same(lambda lib, x: getattr(lib.F, name)(x, 1, dtype=lib.float64), RNG.normal(size=(3, 4)).astype("f4"))
    same(lambda lib, x: getattr(lib.F, name)(x, 1, dtype=lib.float32), RNG.integers(0, 9, (3, 4)))
    same_error(lambda lib, x: getattr(lib.F, name)(x, 1, dtype=lib.int32), np.ones((3, 4)), match="not implemented for int32")


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
@pytest.mark.parametrize(("shape", "dim"), [((4,), 0), ((3, 4), 1), ((2, 3, 4), 0), ((1, 2, 3, 4), 1)])
def test_without_a_dim_the_old_choice_is_taken_with_a_warning(name: str, shape: tuple[int, ...], dim: int) -> None:
    x = mg.tensor(RNG.normal(size=shape))
    with pytest.warns(UserWarning, match=f"Implicit dimension choice for {name} has been deprecated"):
        out = getattr(F, name)(x)
    np.testing.assert_array_equal(out.numpy(), getattr(F, name)(x, dim).numpy())


def test_one_function_under_three_names() -> None:
    assert F.softmax is mg.softmax is mg.Tensor.softmax
    assert F.log_softmax is mg.log_softmax is mg.Tensor.log_softmax


def test_gumbel_softmax_draws_what_pytorch_draws() -> None:
    torch = pytest.importorskip("torch")
    x = RNG.normal(size=(5, 4)).astype("f4")
    for options in ({}, {"tau": 0.3, "dim": 0}, {"hard": True}):
        mg.manual_seed(1)
        torch.manual_seed(1)
        np.testing.assert_allclose(F.gumbel_softmax(mg.tensor(x), **options).numpy(),
                                   torch.nn.functional.gumbel_softmax(torch.tensor(x), **options).numpy(), rtol=1e-5, atol=1e-7)


def test_a_hard_gumbel_sample_is_one_hot_and_has_the_soft_gradient() -> None:
    x = mg.tensor(RNG.normal(size=(5, 4)), requires_grad=True)
    weight = mg.tensor(RNG.normal(size=(5, 4)))
    gradients = []
    for hard in (True, False):
        mg.manual_seed(2)
        out = F.gumbel_softmax(x, hard=hard)
        gradients.append(mg.autograd.grad((out * weight).sum(), x)[0].numpy())
        if hard:
            assert out.max(1).values.tolist() == [1.0] * 5
            assert out.sum().item() == 5.0
    np.testing.assert_allclose(*gradients)
    with pytest.raises(TypeError, match="gumbel_softmax: logits must be a Tensor; got list of 1"):
        F.gumbel_softmax([1.0])                      # type: ignore[arg-type]
