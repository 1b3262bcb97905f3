"""Regions of feature maps: against their definitions, point by point."""
from __future__ import annotations

from math import ceil, floor
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.vision import ops

rng = np.random.default_rng(0)


def between(plane: Any, y: float, x: float) -> float:
    """A value between pixels; the edge up to one pixel outside, 0 further away."""
    height, width = plane.shape
    if y < -1 or y > height or x < -1 or x > width:
        return 0.0
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    y0, x0 = int(y), int(x)
    y1, x1 = min(y0 + 1, height - 1), min(x0 + 1, width - 1)
    v, u = y - y0, x - x0
    return (1 - v) * ((1 - u) * plane[y0, x0] + u * plane[y0, x1]) + v * ((1 - u) * plane[y1, x0] + u * plane[y1, x1])


def aligned_by_hand(x: Any, regions: Any, size: tuple[int, int], scale: float, ratio: int, aligned: bool) -> Any:
    out = np.zeros((len(regions), x.shape[1], *size))
    for k, (image, *corners) in enumerate(regions):
        x1, y1, x2, y2 = np.array(corners) * scale - (0.5 if aligned else 0)
        w, h = (x2 - x1, y2 - y1) if aligned else (max(x2 - x1, 1), max(y2 - y1, 1))
        rows, columns = (ratio, ratio) if ratio > 0 else (ceil(h / size[0]), ceil(w / size[1]))
        for c, i, j in np.ndindex(*out.shape[1:]):
            points = [between(x[int(image), c], y1 + (i + (a + 0.5) / rows) * h / size[0], x1 + (j + (b + 0.5) / columns) * w / size[1])
                      for a in range(rows) for b in range(columns)]
            out[k, c, i, j] = np.sum(points) / max(rows * columns, 1)
    return out


def some_regions(n: int = 6) -> Any:
    first = rng.uniform(-3, 14, (n, 2))
    found = np.concatenate([rng.integers(0, 2, (n, 1)), first, first + rng.uniform(0.3, 12, (n, 2))], 1)
    found[0, 1:] = [-30, -30, -20, -20]              # outside
    found[1, 1:] = [2, 2, 2, 2]                      # a point
    return found


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize(("ratio", "scale"), [(-1, 1.0), (0, 0.5), (1, 1.0), (2, 0.5), (3, 1.0)])
def test_roi_align(ratio: int, scale: float, aligned: bool) -> None:
    x, regions = rng.standard_normal((2, 3, 9, 11)), some_regions()
    found = ops.roi_align(mg.tensor(x), mg.tensor(regions), (3, 2), scale, ratio, aligned)
    np.testing.assert_allclose(found.numpy(), aligned_by_hand(x, regions, (3, 2), scale, ratio, aligned), atol=1e-12)


def test_roi_align_has_gradients() -> None:
    x, regions = mg.tensor(rng.standard_normal((2, 2, 6, 5)), requires_grad=True), mg.tensor(some_regions(4))
    assert mg.autograd.gradcheck(lambda x: ops.roi_align(x, regions, 2, 0.5, 2), (x,))
    assert mg.autograd.gradgradcheck(lambda x: ops.roi_align(x, regions, 2, 0.5) ** 2, (x,))


def test_roi_align_of_many_boxes_goes_through_the_compiled_sums() -> None:
    x, regions = rng.standard_normal((2, 16, 20, 20)).astype("f4"), np.repeat(some_regions(), 4, 0).astype("f4")
    t = mg.tensor(x, requires_grad=True)
    y = ops.roi_align(t, mg.tensor(regions), 4, 1.0, 2)
    np.testing.assert_allclose(y.detach().numpy()[::4, :2], aligned_by_hand(x[:, :2], regions[::4], (4, 4), 1.0, 2, False), atol=1e-5)
    y.sum().backward()
    flat = mg.tensor(x.astype("f8"), requires_grad=True)
    ops.roi_align(flat, mg.tensor(regions.astype("f8")), 4, 1.0, 2).sum().backward()
    np.testing.assert_allclose(t.grad.numpy(), flat.grad.numpy(), atol=1e-3)


def test_boxes_as_a_list() -> None:
    x, first, second = mg.randn(2, 3, 8, 8), mg.tensor([[0.0, 0, 4, 4]]), mg.tensor([[1.0, 1, 7, 5], [2, 2, 3, 3]])
    joined = mg.tensor([[0.0, 0, 0, 4, 4], [1, 1, 1, 7, 5], [1, 2, 2, 3, 3]])
    for pool in (ops.roi_align, ops.roi_pool):
        assert mg.equal(pool(x, [first, second], 2), pool(x, joined, 2))
        assert pool(x, [first[:0], second[:0]], 2).shape == (0, 3, 2, 2)
    with pytest.raises(AssertionError, match=r"roi_align: The boxes tensor shape is not correct as Tensor\[K, 5\]; got .*\(1, 4\)"):
        ops.roi_align(x, first, 2)
    with pytest.raises(AssertionError, match=r"not correct as List\[Tensor\[L, 4\]\]"):
        ops.roi_pool(x, [joined], 2)


def pooled_by_hand(x: Any, regions: Any, size: tuple[int, int], scale: float) -> Any:
    out = np.zeros((len(regions), x.shape[1], *size))
    for k, (image, *corners) in enumerate(regions):
        x1, y1, x2, y2 = (floor(abs(v * scale) + 0.5) * (1 if v > 0 else -1) for v in corners)
        h, w = max(y2 - y1 + 1, 1) / size[0], max(x2 - x1 + 1, 1) / size[1]
        for i, j in np.ndindex(*size):
            rows = slice(*np.clip([floor(i * h) + y1, ceil((i + 1) * h) + y1], 0, x.shape[2]))
            columns = slice(*np.clip([floor(j * w) + x1, ceil((j + 1) * w) + x1], 0, x.shape[3]))
            part = x[int(image), :, rows, columns].reshape(x.shape[1], -1)
            out[k, :, i, j] = part.max(1) if part.size else 0
    return out


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_roi_pool(scale: float) -> None:
    x, regions = rng.standard_normal((2, 3, 9, 11)), some_regions(9)
    found = ops.roi_pool(mg.tensor(x), mg.tensor(regions), (3, 4), scale)
    np.testing.assert_array_equal(found.numpy(), pooled_by_hand(x, regions, (3, 4), scale))
    t = mg.tensor(x[:, :1, :5, :5].copy(), requires_grad=True)
    assert mg.autograd.gradcheck(lambda x: ops.roi_pool(x, mg.tensor(regions[2:5]), 2, scale), (t,))


def test_roi_pool_gives_the_gradient_to_the_first_of_equal_values() -> None:
    x = mg.ones(1, 1, 4, 4, requires_grad=True)
    ops.roi_pool(x, mg.tensor([[0.0, 0, 0, 3, 3]]), 2).sum().backward()
    assert x.grad[0, 0].tolist() == [[1, 0, 1, 0], [0] * 4, [1, 0, 1, 0], [0] * 4]


def test_boxes_of_several_sizes_on_a_pyramid() -> None:
    maps = {"0": mg.randn(1, 2, 64, 64), "1": mg.randn(1, 2, 32, 32), "else": mg.zeros(1), "2": mg.randn(1, 2, 16, 16)}
    boxes = mg.tensor([[0.0, 0, 250, 250], [5, 5, 20, 20], [0, 0, 120, 120], [3, 3, 130, 128]])
    pool = ops.MultiScaleRoIAlign(["0", "1", "2"], 3, 2)
    found = pool(maps, [boxes], [(256, 256)])
    assert pool.scales == [0.25, 0.125, 0.0625]
    for i, level in enumerate([2, 0, 1, 1]):         # 4 + log2(side / 224), as the paper has it, rounded down, from 2 on
        alone = ops.roi_align(maps[str(level)], [boxes[i:i + 1]], 3, pool.scales[level], 2)
        np.testing.assert_allclose(found[i].numpy(), alone[0].numpy(), atol=1e-6)
    assert repr(pool) == "MultiScaleRoIAlign(featmap_names=['0', '1', '2'], output_size=(3, 3), sampling_ratio=2)"


# ---------------------------------------------------------------- deformable convolution
def test_without_offsets_it_is_a_convolution() -> None:
    x, weight, bias = mg.randn(2, 4, 7, 8), mg.randn(6, 2, 3, 3), mg.randn(6)
    offset = mg.zeros(2, 18, 4, 4)
    found = ops.deform_conv2d(x, offset, weight, bias, stride=2, padding=(1, 1))
    wanted = mg.nn.functional.conv2d(x, weight, bias, 2, 1, groups=2)
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), atol=1e-5)
    half = ops.deform_conv2d(x, offset, weight, None, 2, 1, mask=mg.full((2, 9, 4, 4), 0.5))
    np.testing.assert_allclose(half.numpy(), (wanted.numpy() - bias.numpy()[:, None, None]) / 2, atol=1e-5)


def test_offsets_of_a_whole_pixel_move_the_image() -> None:
    x, weight = mg.randn(1, 1, 6, 6), mg.randn(1, 1, 1, 1)
    offset = mg.zeros(1, 2, 6, 6)
    offset[:, 0] = 1.0                               # down
    moved = mg.nn.functional.pad(x, (0, 0, 0, 1))[:, :, 1:]
    np.testing.assert_allclose(ops.deform_conv2d(x, offset, weight).numpy(), (moved * weight).numpy(), atol=1e-6)


def test_deformable_convolution_has_all_gradients() -> None:
    x, offset = mg.randn(1, 4, 3, 3, dtype=mg.float64), mg.rand(1, 2 * 2 * 4, 2, 2, dtype=mg.float64) * 0.8 + 0.1
    weight, bias, mask = (mg.randn(*s, dtype=mg.float64) for s in ((2, 2, 2, 2), (2,), (1, 2 * 4, 2, 2)))
    tensors = [t.requires_grad_() for t in (x, offset, weight, bias, mask)]
    assert mg.autograd.gradcheck(lambda x, o, w, b, m: ops.deform_conv2d(x, o, w, b, mask=m), tensors)
    with pytest.raises(RuntimeError, match=r"offset must be of shape .* = \(1, 8 \* offset_groups, 2, 2\)"):
        ops.deform_conv2d(x, offset[:, :5], weight)
    layer = ops.DeformConv2d(4, 2, 3, padding=1, groups=2)
    assert layer(mg.zeros(1, 4, 5, 5), mg.zeros(1, 18, 5, 5)).shape == (1, 2, 5, 5)
    assert repr(layer) == "DeformConv2d(4, 2, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), groups=2)"
