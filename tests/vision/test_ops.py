"""Boxes, their overlaps and losses, and the blocks that networks share."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import UnsupportedError
from minigrad.vision import ops

rng = np.random.default_rng(0)


def boxes(n: int, dtype: Any = "f4", size: float = 50, scale: float = 20) -> Any:
    first = rng.uniform(0, size, (n, 2))
    return np.concatenate([first, first + rng.uniform(0.5, scale, (n, 2))], 1).astype(dtype)


def overlap(a: Any, b: Any) -> float:
    """Intersection over union, by hand."""
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(w, 0) * max(h, 0)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


# ---------------------------------------------------------------- overlaps and formats
def test_overlaps() -> None:
    a, b = boxes(5, "f8"), boxes(4, "f8")
    found = ops.box_iou(mg.tensor(a), mg.tensor(b))
    np.testing.assert_allclose(found.numpy(), [[overlap(x, y) for y in b] for x in a])
    np.testing.assert_allclose(ops.box_area(mg.tensor(a)).numpy(), (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1]))
    same = ops.box_convert(mg.tensor(a), "xyxy", "cxcywh"), ops.box_convert(mg.tensor(b), "xyxy", "cxcywh")
    np.testing.assert_allclose(ops.box_iou(*same, fmt="cxcywh").numpy(), found.numpy())
    batches = ops.box_iou(mg.tensor(a[:4].reshape(2, 2, 4)), mg.tensor(b.reshape(2, 2, 4)))
    np.testing.assert_allclose(batches[1].numpy(), found.numpy()[2:4, 2:])


def test_overlaps_of_far_boxes_and_of_one_with_itself() -> None:
    two = mg.tensor([[0.0, 0, 2, 2], [6, 0, 8, 2]])
    assert ops.box_iou(two, two).tolist() == [[1, 0], [0, 1]]
    np.testing.assert_allclose(ops.generalized_box_iou(two, two)[0].numpy(), [1, -0.5])          # half of the 8 by 2 around is empty
    np.testing.assert_allclose(ops.distance_box_iou(two, two)[0].numpy(), [1, -36 / 68], rtol=1e-6)
    np.testing.assert_allclose(ops.complete_box_iou(two, two)[0].numpy(), [1, -36 / 68], rtol=1e-6)
    wide = mg.tensor([[0.0, 0, 4, 1]])               # other ratios cost more
    assert ops.complete_box_iou(two, wide)[0, 0] < ops.distance_box_iou(two, wide)[0, 0]


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i2", "i4", "i8", "u1"])
def test_products_of_small_dtypes_do_not_overflow(dtype: str) -> None:
    area = ops.box_area(mg.tensor(np.array([[0, 0, 200, 250]]).astype("i2" if dtype == "u1" else dtype)))
    assert area.tolist() == [50000]
    assert area.array.dtype == {"f2": "f4", "i2": "i4", "u1": "i4"}.get(dtype, dtype)


def test_formats_lead_back() -> None:
    x = mg.tensor(boxes(6, "f8"))
    for fmt in ("xywh", "cxcywh", "xyxy"):
        np.testing.assert_allclose(ops.box_convert(ops.box_convert(x, "xyxy", fmt), fmt, "xyxy").numpy(), x.numpy())
    turned = mg.tensor(np.concatenate([boxes(6, "f8"), rng.uniform(-80, 80, (6, 1))], 1))
    for fmt in ("cxcywhr", "xyxyxyxy"):
        np.testing.assert_allclose(ops.box_convert(ops.box_convert(turned, "xywhr", fmt), fmt, "xywhr").numpy(), turned.numpy())
    corners = ops.box_convert(mg.tensor([[10.0, 10, 4, 2, 90]]), "cxcywhr", "xyxyxyxy")          # a quarter turn, counter-clockwise
    np.testing.assert_allclose(corners.numpy(), [[9, 12, 9, 8, 11, 8, 11, 12]], atol=1e-5)
    assert ops.box_convert(x, "xyxy", "xyxy") is not x
    with pytest.raises(ValueError, match="box_convert: Unsupported Bounding Box Conversions for given in_fmt xyxy and out_fmt yx"):
        ops.box_convert(x, "xyxy", "yx")
    with pytest.raises(UnsupportedError, match="one has a rotation, the other none"):
        ops.box_convert(x, "xyxy", "xywhr")


def test_boxes_on_an_image() -> None:
    x = mg.tensor([[-3.0, 2, 5, 30], [1, 1, 2, 2]])
    assert ops.clip_boxes_to_image(x, (20, 4)).tolist() == [[0, 2, 4, 20], [1, 1, 2, 2]]
    assert ops.remove_small_boxes(x, 1.5).tolist() == [0]
    masks = mg.zeros(3, 6, 7, dtype=mg.bool)
    masks[0, 2:4, 1:6] = True
    masks[2, 5, 6] = True
    assert ops.masks_to_boxes(masks).tolist() == [[1, 2, 5, 3], [0, 0, 0, 0], [6, 5, 6, 5]]
    assert ops.masks_to_boxes(masks[:0]).shape == (0, 4)


# ---------------------------------------------------------------- suppression
def kept_one_by_one(x: Any, scores: Any, threshold: float) -> list[int]:
    kept: list[int] = []
    for i in np.argsort(-scores, kind="stable"):
        if all(overlap(x[i], x[j]) <= threshold for j in kept):
            kept.append(int(i))
    return kept


@pytest.mark.parametrize("n", [0, 1, 7, 128, 129, 400])
@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.7])
def test_nms_keeps_the_best_of_those_that_overlap(n: int, threshold: float) -> None:
    x, scores = boxes(n), rng.random(n).astype("f4").round(2)            # some scores are equal
    found = ops.nms(mg.tensor(x), mg.tensor(scores), threshold)
    assert found.dtype is mg.int64
    assert found.tolist() == kept_one_by_one(x, scores, threshold)


def test_nms_of_boxes_without_area() -> None:
    point = mg.zeros(3, 4)
    assert ops.nms(point, mg.tensor([0.1, 0.3, 0.2]), 0.5).tolist() == [1, 2, 0]     # 0 / 0 is above no threshold


@pytest.mark.parametrize("n", [0, 50, 1500])
def test_batched_nms_looks_at_each_class_alone(n: int) -> None:
    x, scores, classes = boxes(n, "f8", 300), rng.random(n), rng.integers(0, 4, n)
    found = ops.batched_nms(mg.tensor(x), mg.tensor(scores), mg.tensor(classes), 0.2).tolist()
    kept: list[int] = []
    for c in range(4):
        places = np.flatnonzero(classes == c)
        kept += places[ops.nms(mg.tensor(x[places]), mg.tensor(scores[places]), 0.2).numpy()].tolist()
    assert found == sorted(kept, key=lambda i: -scores[i])


@pytest.mark.parametrize(("x", "scores", "message"), [
    (mg.zeros(4), mg.zeros(4), "boxes should be a 2d tensor, got 1D"),
    (mg.zeros(2, 5), mg.zeros(2), "boxes should have 4 elements in dimension 1, got 5"),
    (mg.zeros(2, 4), mg.zeros(2, 1), "scores should be a 1d tensor, got 2D"),
    (mg.zeros(2, 4), mg.zeros(3), r"boxes and scores should have same number of elements in dimension 0, got 2 and 3; .*\(2, 4\)"),
    (mg.zeros(2, 4).long(), mg.zeros(2), "not implemented for integers"),
])
def test_nms_refuses(x: Any, scores: Any, message: str) -> None:
    with pytest.raises(RuntimeError, match=f"nms: {message}"):
        ops.nms(x, scores, 0.5)


# ---------------------------------------------------------------- losses
LOSSES = {"generalized_box_iou_loss": ops.generalized_box_iou, "distance_box_iou_loss": ops.distance_box_iou,
          "complete_box_iou_loss": ops.complete_box_iou}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_one_minus_overlaps(name: str) -> None:
    a, b = mg.tensor(boxes(6, "f8")), mg.tensor(boxes(6, "f8"))
    loss, wanted = getattr(ops, name), 1 - LOSSES[name](a, b).diagonal()
    np.testing.assert_allclose(loss(a, b).numpy(), wanted.numpy(), atol=1e-6)
    np.testing.assert_allclose(loss(a, b, "sum").item(), wanted.sum().item(), rtol=1e-6)
    np.testing.assert_allclose(loss(a, b, reduction="mean").item(), wanted.mean().item(), rtol=1e-6)
    assert loss(a[:0], b[:0], "mean").item() == 0
    assert loss(a.long(), b.long()).dtype is mg.float32
    if name != "complete_box_iou_loss":              # whose weight of the ratio is a constant
        assert mg.autograd.gradcheck(loss, (a.requires_grad_(), b.requires_grad_()))
    with pytest.raises(ValueError, match=f"{name}: Invalid Value for arg 'reduction': 'all'"):
        loss(a, b, "all")


def test_a_box_learns_to_cover_another() -> None:
    box, right = mg.tensor([[0.0, 0, 3, 3]], requires_grad=True), mg.tensor([[10.0, 12, 18, 17]])
    optimizer = mg.optim.Adam([box], 0.3)
    for _ in range(150):                             # they do not touch at first: plain overlap would have no gradient
        optimizer.zero_grad()
        ops.complete_box_iou_loss(box, right, "sum").backward()
        optimizer.step()
    assert ops.box_iou(box, right).item() > 0.9


def test_focal_loss() -> None:
    logits, right = mg.tensor(rng.standard_normal((3, 4)), requires_grad=True), mg.tensor((rng.random((3, 4)) > 0.5).astype("f8"))
    plain = nn.functional.binary_cross_entropy_with_logits(logits, right)
    np.testing.assert_allclose(ops.sigmoid_focal_loss(logits, right, -1, 0, "mean").item(), plain.item())
    p = 1 / (1 + np.exp(-logits.detach().numpy()))
    p = np.where(right.numpy() == 1, p, 1 - p)
    wanted = np.where(right.numpy() == 1, 0.25, 0.75) * (1 - p) ** 2 * -np.log(p)
    np.testing.assert_allclose(ops.sigmoid_focal_loss(logits, right).detach().numpy(), wanted)
    assert mg.autograd.gradcheck(lambda x: ops.sigmoid_focal_loss(x, right), (logits,))
    with pytest.raises(ValueError, match=r"Invalid alpha value: 1\.5"):
        ops.sigmoid_focal_loss(logits, right, 1.5)


# ---------------------------------------------------------------- blocks
def test_frozen_normalisation_is_that_of_eval() -> None:
    norm, frozen, x = nn.BatchNorm2d(3), ops.FrozenBatchNorm2d(3), mg.randn(2, 3, 4, 4)
    norm(x)
    frozen.load_state_dict(norm.state_dict())        # which has num_batches_tracked too
    np.testing.assert_allclose(frozen(x).numpy(), norm.eval()(x).detach().numpy(), atol=1e-6)
    assert not list(frozen.parameters())
    assert repr(frozen) == "FrozenBatchNorm2d(3, eps=1e-05)"


def test_a_convolution_with_its_normalisation() -> None:
    block = ops.Conv2dNormActivation(3, 8, 5, 2, dilation=2, activation_layer=nn.SiLU)
    assert block(mg.zeros(1, 3, 16, 16)).shape == (1, 8, 8, 8)
    assert [type(m) for m in block] == [nn.Conv2d, nn.BatchNorm2d, nn.SiLU]
    assert block[0].bias is None
    bare = ops.Conv2dNormActivation(3, 8, (1, 3), norm_layer=None, activation_layer=None)
    assert bare[0].bias is not None
    assert bare[0].padding == (0, 1)
    assert ops.Conv3dNormActivation(1, 2)(mg.zeros(1, 1, 4, 4, 4)).shape == (1, 2, 4, 4, 4)
    assert [type(m).__name__ for m in ops.MLP(3, [4, 5], nn.LayerNorm)] == ["Linear", "LayerNorm", "ReLU", "Dropout", "Linear", "Dropout"]
    assert ops.SqueezeExcitation(8, 2)(mg.ones(1, 8, 3, 3)).shape == (1, 8, 3, 3)
    assert ops.Permute([0, 2, 1])(mg.zeros(2, 3, 4)).shape == (2, 4, 3)


def test_stochastic_depth() -> None:
    x = mg.ones(1000, 3)
    rows = ops.stochastic_depth(x, 0.25, "row")
    assert set(rows.unique().tolist()) == {0.0, np.float32(1 / 0.75)}
    assert 0.65 < (rows[:, 0] > 0).float().mean().item() < 0.85
    assert (rows[:, :1] == rows).all()
    assert len(ops.stochastic_depth(x, 0.5, "batch").unique()) == 1
    assert ops.StochasticDepth(0.5, "row").eval()(x) is x
    assert ops.stochastic_depth(x, 1.0, "row").abs().sum() == 0
    with pytest.raises(ValueError, match="mode has to be either 'batch' or 'row', but got col"):
        ops.stochastic_depth(x, 0.5, "col")
    with pytest.raises(ValueError, match="between 0 and 1, but got 2"):
        ops.stochastic_depth(x, 2, "row")


def test_dropped_blocks_are_square() -> None:
    mg.manual_seed(0)
    x = mg.ones(1, 1, 40, 40)
    y = ops.drop_block2d(x, 0.1, 5)
    assert 0.02 < (y == 0).float().mean().item() < 0.25
    np.testing.assert_allclose(y.mean().item(), 1, rtol=1e-5)            # what is left makes up for it
    gone = (y[0, 0] == 0).float()[None, None]
    opened = -nn.functional.max_pool2d(-gone, 5, 1)                      # 1 where a whole 5 by 5 is gone
    assert (nn.functional.max_pool2d(nn.functional.pad(opened, [4] * 4), 5, 1) == gone).all()
    assert ops.drop_block3d(mg.ones(1, 1, 9, 9, 9), 0.2, 3).shape == (1, 1, 9, 9, 9)
    assert ops.DropBlock2d(0.1, 3).eval()(x) is x
    with pytest.raises(ValueError, match=r"block size should be odd\. Got 4 which is even"):
        ops.drop_block2d(x, 0.1, 4)


def test_feature_pyramid() -> None:
    maps = {"fine": mg.randn(1, 3, 16, 16), "coarse": mg.randn(1, 6, 8, 8)}
    net = ops.FeaturePyramidNetwork([3, 6], 4, ops.LastLevelP6P7(6, 4))
    assert {name: tuple(m.shape) for name, m in net(maps).items()} == {
        "fine": (1, 4, 16, 16), "coarse": (1, 4, 8, 8), "p6": (1, 4, 4, 4), "p7": (1, 4, 2, 2)}
    assert list(ops.FeaturePyramidNetwork([3, 6], 4, ops.LastLevelMaxPool())(maps)) == ["fine", "coarse", "pool"]
    old = {key.replace(".0.weight", ".weight").replace(".0.bias", ".bias") if "block" in key else key: t
           for key, t in net.state_dict().items()}
    net.load_state_dict(old)                         # as files from before 2022 have it
    with pytest.raises(TypeError, match="extra_blocks should be of type ExtraFPNBlock not Linear"):
        ops.FeaturePyramidNetwork([3], 4, nn.Linear(1, 1))
