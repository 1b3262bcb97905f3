"""Pooling over windows at random steps: against PyTorch with the same samples."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F

from .oracle import same, same_error

rng = np.random.default_rng(0)
IMAGES, VOLUMES = rng.standard_normal((2, 3, 9, 8)), rng.standard_normal((2, 2, 6, 7, 5))
U2, U3 = rng.random((2, 3, 2)), rng.random((2, 2, 3))


def pool(n: int, u: np.ndarray, which: int, *args: Any, **options: Any) -> Any:
    return lambda lib, x: getattr(lib.F, f"fractional_max_pool{n}d")(x, *args, **options, return_indices=True,
                                                                     _random_samples=lib.tensor(u))[which]


@pytest.mark.parametrize("which", [0, 1])
def test_values_and_places(which: int) -> None:
    same(pool(2, U2, which, 2, (4, 5)), IMAGES)
    same(pool(2, U2, which, (3, 2), output_ratio=(0.5, 0.6)), IMAGES)
    same(pool(2, U2, which, 2, 1), IMAGES)
    same(pool(2, U2[:1], which, 2, 3), IMAGES[0])
    same(pool(3, U3, which, 2, (3, 4, 2)), VOLUMES)
    same(pool(3, U3, which, (2, 3, 1), output_ratio=0.5), VOLUMES)


def test_the_seed_decides() -> None:
    x = mg.tensor(IMAGES)
    mg.manual_seed(3)
    first = F.fractional_max_pool2d(x, 2, 4)
    mg.manual_seed(3)
    np.testing.assert_array_equal(F.fractional_max_pool2d(x, 2, 4).numpy(), first.numpy())
    np.testing.assert_array_equal(F.fractional_max_pool2d_with_indices(x, 2, 1)[0].numpy().shape, (2, 3, 1, 1))


def test_refusals() -> None:
    same_error(pool(2, U2, 0, 2, (9, 5)), IMAGES, match="pool size 2 too large relative to input size 9")
    same_error(pool(2, U2, 0, 2), IMAGES, match="requires specifying either an output_size or an output_ratio")
    same_error(pool(2, U2, 0, 2, 4), IMAGES[0, 0], match="Expected 3D or 4D tensor")
    with pytest.raises(ValueError, match="output_ratio must be 2 numbers between 0 and 1"):
        F.fractional_max_pool2d(mg.tensor(IMAGES), 2, output_ratio=1.5)
