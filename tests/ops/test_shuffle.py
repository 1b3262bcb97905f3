"""Moving elements between channels and pixels, against PyTorch."""
from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad.nn import functional as F

torch = pytest.importorskip("torch")

CASES = [
    ("pixel_shuffle", (2, 8, 3, 5), 2), ("pixel_shuffle", (9, 2, 2), 3), ("pixel_shuffle", (2, 3, 4, 1, 2), 2),
    ("pixel_shuffle", (1, 3, 2, 2), 1), ("pixel_unshuffle", (2, 3, 4, 6), 2), ("pixel_unshuffle", (1, 9, 3), 3),
    ("pixel_unshuffle", (3, 2, 2), 2), ("channel_shuffle", (2, 6, 3), 3), ("channel_shuffle", (1, 4, 2, 3, 2), 2),
    ("channel_shuffle", (0, 4, 2, 2), 4),
]


@pytest.mark.parametrize(("name", "shape", "factor"), CASES)
def test_values_and_gradients(name: str, shape: tuple[int, ...], factor: int) -> None:
    array = np.random.default_rng(0).normal(size=shape)
    x, y = minigrad.tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
    a, b = getattr(F, name)(x, factor), getattr(torch.nn.functional, name)(y, factor)
    np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())
    (a * a * a).sum().backward()
    (b * b * b).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.grad.numpy())
    assert getattr(minigrad, name) is getattr(F, name)


def test_an_empty_tensor_is_reshaped_like_any_other() -> None:
    assert F.pixel_unshuffle(minigrad.ones(0, 4, 2, 6), 2).shape == (0, 16, 1, 3)    # PyTorch returns it as it is


def test_other_dtypes_and_layouts() -> None:
    array = np.arange(32).reshape(4, 4, 2).transpose(1, 0, 2)
    for name in ("pixel_shuffle", "channel_shuffle"):
        found = getattr(F, name)(minigrad.tensor(array), 2)
        assert found.dtype == minigrad.int64
        np.testing.assert_array_equal(found.numpy(), getattr(torch.nn.functional, name)(torch.tensor(array), 2).numpy())


@pytest.mark.parametrize(("name", "shape", "factor"), [
    ("pixel_shuffle", (1, 4, 3, 4), 3), ("pixel_shuffle", (1, 4, 3, 4), 0), ("pixel_shuffle", (3, 3), 1),
    ("pixel_unshuffle", (1, 4, 3, 4), 3), ("pixel_unshuffle", (1, 4, 3, 4), 2), ("pixel_unshuffle", (1, 4, 3, 4), -1),
    ("channel_shuffle", (1, 4, 3), 3), ("channel_shuffle", (1, 4, 3), 0), ("channel_shuffle", (4, 3), 2),
])
def test_errors(name: str, shape: tuple[int, ...], factor: int) -> None:
    with pytest.raises(RuntimeError) as theirs:
        getattr(torch.nn.functional, name)(torch.ones(shape), factor)
    with pytest.raises(RuntimeError) as ours:
        getattr(F, name)(minigrad.ones(shape), factor)
    assert str(theirs.value) in str(ours.value)
