"""Images read between their pixels: against PyTorch, second gradients against central differences."""
from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.autograd.gradcheck import gradgradcheck

from .oracle import same, same_error

rng = np.random.default_rng(0)
IMAGE, GRID = rng.standard_normal((2, 3, 5, 6)), rng.uniform(-1.6, 1.6, (2, 4, 3, 2))
VOLUME, GRID3 = rng.standard_normal((2, 2, 3, 4, 5)), rng.uniform(-1.6, 1.6, (2, 2, 3, 2, 3))


def sample(**options: Any) -> Any:
    return lambda lib, x, grid: lib.F.grid_sample(x, grid, **options)


@pytest.mark.parametrize(("mode", "padding_mode", "align_corners"),
                         list(itertools.product(("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection"), (False, True))))
def test_grid_sample(mode: str, padding_mode: str, align_corners: bool) -> None:
    read = sample(mode=mode, padding_mode=padding_mode, align_corners=align_corners)
    same(read, IMAGE, GRID)
    same(read, IMAGE[:, :, :1, :1], GRID)            # one pixel: all that lies outside is it, or 0
    same(read, IMAGE.astype("f4"), GRID.astype("f4") * 3, rtol=1e-3)
    if mode != "bicubic":
        same(read, VOLUME, GRID3)


def test_pixels_themselves() -> None:
    """A grid of the pixels' centers gives the image back, for either meaning of -1 and 1."""
    x = mg.tensor(IMAGE)
    for corners in (False, True):
        grid = F.affine_grid(mg.eye(2, 3, dtype=mg.float64).expand(2, 2, 3), (2, 3, 5, 6), align_corners=corners)
        np.testing.assert_allclose(F.grid_sample(x, grid, align_corners=corners).numpy(), IMAGE, atol=1e-12)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_second_gradients(mode: str) -> None:
    x = mg.tensor(IMAGE[:1, :1, :3, :3]).requires_grad_()
    grid = mg.tensor(rng.uniform(-0.9, 0.9, (1, 2, 2, 2))).requires_grad_()
    assert gradgradcheck(lambda a, b: F.grid_sample(a, b, mode, "reflection", False), (x, grid))


def test_affine_grid() -> None:
    theta, theta3 = rng.standard_normal((2, 2, 3)), rng.standard_normal((2, 3, 4))
    for corners in (False, True):
        same(lambda lib, t, c=corners: lib.F.affine_grid(t, (2, 3, 4, 5), align_corners=c), theta)
        same(lambda lib, t, c=corners: lib.F.affine_grid(t, (2, 3, 4, 5, 2), align_corners=c), theta3)
    same(lambda lib, t: lib.F.affine_grid(t, (2, 3, 1, 5), align_corners=False), theta)


def test_refusals() -> None:
    same_error(sample(mode="cubic"), IMAGE, GRID, match="expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: 'cubic'")
    same_error(sample(padding_mode="zero"), IMAGE, GRID, match="expected padding_mode to be 'zeros', 'border', or 'reflection'")
    same_error(sample(), IMAGE[0], GRID, match="grid_sample: expected 4D or 5D input and grid with same number of dimensions")
    same_error(sample(), IMAGE[:1], GRID, match="grid_sample: expected grid and input to have same batch size")
    same_error(sample(), IMAGE, GRID[..., :1], match="expected grid to have size 2 in last dimension")
    same_error(sample(), IMAGE[:, :, :0], GRID, match="expected input to have non-empty spatial dimensions")
    same_error(sample(), IMAGE, GRID.astype("f4"), match="expected input and grid to have the same floating-point dtype")
    same_error(lambda lib, t: lib.F.affine_grid(t, (2, 3, 4, 5)), GRID[:, 0], match="Expected a batch of 2 affine matrices of shape 2x3")
    same_error(lambda lib, t: lib.F.affine_grid(t, (2, 3, 0, 5)), rng.standard_normal((2, 2, 3)), match="non-zero, positive output size")
    with pytest.raises(mg.errors.UnsupportedError, match="bicubic interpolation only supports 4D input"):
        F.grid_sample(mg.tensor(VOLUME), mg.tensor(GRID3), "bicubic")


def test_a_default_that_changed_is_told() -> None:
    with pytest.warns(UserWarning, match="align_corners=False since 1.3.0"):
        F.grid_sample(mg.tensor(IMAGE), mg.tensor(GRID))
