"""Detectors: what they take and give, what they are trained with, and that they learn."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.vision import models
from minigrad.vision.models import detection
from minigrad.vision.models.detection.matching import BalancedPositiveNegativeSampler, BoxCoder, Matcher
from minigrad.vision.models.detection.transform import GeneralizedRCNNTransform, paste_masks_in_image
from minigrad.vision.ops import MultiScaleRoIAlign, box_iou


class Eye(nn.Module):
    """A small backbone: one map with 16 channels, an eighth of the image's size."""
    out_channels = 16

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(*[m for i, o in ((3, 8), (8, 16), (16, 16))
                                      for m in (nn.Conv2d(i, o, 3, 2, 1), nn.BatchNorm2d(o), nn.ReLU())])

    def forward(self, x: mg.Tensor) -> Any:
        return self.layers(x)


def small(kind: Any = detection.FasterRCNN, **options: Any) -> Any:
    anchors = detection.AnchorGenerator(((16, 32),), ((1.0,),))
    pool = MultiScaleRoIAlign(["0"], 5, 2)
    extra = {"mask_roi_pool": MultiScaleRoIAlign(["0"], 6, 2)} if kind is detection.MaskRCNN else {}
    return kind(Eye(), 2, min_size=64, max_size=96, rpn_anchor_generator=anchors, box_roi_pool=pool, image_mean=[0.0] * 3,
                image_std=[1.0] * 3, **extra, **options)


def squares(n: int, seed: int = 0) -> tuple[list[mg.Tensor], list[dict[str, Any]]]:
    """Images of 64 by 64 with a bright square, and where it is."""
    rng, images, targets = np.random.default_rng(seed), [], []
    for _ in range(n):
        size = int(rng.integers(16, 30))
        x, y = rng.integers(0, 64 - size, 2)
        image = (rng.random((3, 64, 64)) * 0.2).astype("f4")
        image[:, y:y + size, x:x + size] = 1
        images.append(mg.tensor(image))
        masks = mg.zeros(1, 64, 64, dtype=mg.uint8)
        masks[0, int(y):int(y) + size, int(x):int(x) + size] = 1
        box = mg.tensor([[float(x), float(y), float(x + size), float(y + size)]])
        targets.append({"boxes": box, "labels": mg.tensor([1]), "masks": masks})
    return images, targets


@pytest.mark.slow
def test_a_detector_learns_to_find_squares() -> None:
    mg.manual_seed(0)
    model = small(box_batch_size_per_image=32, rpn_batch_size_per_image=32, rpn_post_nms_top_n_train=60, rpn_post_nms_top_n_test=30)
    optimizer = mg.optim.Adam(model.parameters(), 2e-3)
    for step in range(60):
        images, targets = squares(4, step)
        losses = model(images, targets)
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
    images, targets = squares(8, 999)
    with mg.no_grad():
        found = model.eval()(images)
    overlaps = [float(box_iou(f["boxes"][:1], t["boxes"])[0, 0]) if len(f["boxes"]) else 0.0 for f, t in zip(found, targets, strict=True)]
    assert np.mean(overlaps) > 0.5


@pytest.mark.parametrize("kind", [detection.FasterRCNN, detection.MaskRCNN])
def test_losses_in_training_findings_after(kind: Any) -> None:
    mg.manual_seed(1)
    model = small(kind, box_score_thresh=0.0, box_detections_per_img=5, box_batch_size_per_image=16)
    images, targets = squares(2)
    nothing = {"boxes": mg.zeros(0, 4), "labels": mg.zeros(0, dtype=mg.int64), "masks": mg.zeros(0, 64, 64, dtype=mg.uint8)}
    targets[1] = nothing
    losses = model(images, targets)
    masks = ["loss_mask"] if kind is detection.MaskRCNN else []
    assert list(losses) == ["loss_classifier", "loss_box_reg", *masks, "loss_objectness", "loss_rpn_box_reg"]
    sum(losses.values()).backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in model.parameters())
    assert targets[0]["boxes"].shape == (1, 4)       # the caller's targets stay as they are
    with mg.no_grad():
        found = model.eval()([images[0], mg.rand(3, 50, 80)])
    for f, (height, width) in zip(found, ((64, 64), (50, 80)), strict=True):
        n = len(f["boxes"])
        assert 0 < n <= 5
        assert f["labels"].tolist() == [1] * n
        assert f["scores"].tolist() == sorted(f["scores"].tolist(), reverse=True)
        assert bool(((f["boxes"] >= 0) & (f["boxes"] <= mg.tensor([width, height] * 2))).all())
        if masks:
            assert f["masks"].shape == (n, 1, height, width)
            assert 0 <= f["masks"].min() <= f["masks"].max() <= 1


def test_what_a_detector_refuses() -> None:
    model, (images, targets) = small(), squares(1)
    with pytest.raises(AssertionError, match="targets should not be none when in training mode"):
        model(images)
    with pytest.raises(AssertionError, match=r"Expected target boxes to be a tensor of shape \[N, 4\], got .*\(4,\)"):
        model(images, [{**targets[0], "boxes": mg.zeros(4)}])
    with pytest.raises(AssertionError, match=r"Found invalid box \[1.0, 2.0, 1.0, 9.0\] for target at index 0"):
        model(images, [{**targets[0], "boxes": mg.tensor([[1.0, 2, 1, 9]])}])
    with pytest.raises(TypeError, match=r"target labels must of int64 type, instead got .*float32"):
        model(images, [{**targets[0], "labels": mg.ones(1)}])
    with pytest.raises(TypeError, match="images to be of floating type"):
        model([mg.zeros(3, 8, 8, dtype=mg.uint8)], targets)
    with pytest.raises(ValueError, match="backbone should contain an attribute out_channels"):
        detection.FasterRCNN(nn.Flatten(), 2)
    with pytest.raises(ValueError, match="num_classes should not be None when box_predictor is not specified"):
        detection.FasterRCNN(Eye())
    with pytest.warns(UserWarning, match="trainable_backbone_layers has no effect"):
        models.detection.backbone_utils.layers_to_train(False, 3, 5, 3)


def test_layers_of_a_trained_backbone_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    backbone = detection.resnet_fpn_backbone(backbone_name="resnet18", weights=None, trainable_layers=2)
    learns = {name.split(".")[1] for name, p in backbone.named_parameters() if p.requires_grad and name.startswith("body")}
    assert learns == {"layer3", "layer4"}
    assert list(backbone(mg.zeros(1, 3, 64, 64))) == ["0", "1", "2", "3", "pool"]
    flat = detection.mobilenet_backbone(backbone_name="mobilenet_v3_small", weights=None, fpn=False, trainable_layers=0)
    assert flat(mg.zeros(1, 3, 64, 64)).shape == (1, flat.out_channels, 2, 2)


# ---------------------------------------------------------------- parts
def test_boxes_are_matched() -> None:
    overlaps = mg.tensor([[0.9, 0.5, 0.1, 0.3], [0.1, 0.6, 0.2, 0.4]])
    assert Matcher(0.7, 0.3)(overlaps).tolist() == [0, -2, -1, -2]
    assert Matcher(0.7, 0.3, True)(overlaps).tolist() == [0, 1, -1, -2]  # the second object's best
    with pytest.raises(ValueError, match="No ground-truth boxes"):
        Matcher(0.7, 0.3)(mg.zeros(0, 4))


def test_few_objects_leave_room_for_background() -> None:
    labels = mg.tensor([1] * 3 + [0] * 50 + [-1] * 10)
    objects, others = BalancedPositiveNegativeSampler(20, 0.5)([labels])
    assert (objects[0].nonzero()[:, 0].tolist(), int(others[0].sum())) == ([0, 1, 2], 17)
    assert set(labels[others[0]].tolist()) == {0}


def test_relative_boxes_lead_back() -> None:
    rng = np.random.default_rng(0)
    first = rng.uniform(0, 50, (2, 6, 2))
    boxes = mg.tensor(np.concatenate([first, first + rng.uniform(5, 30, (2, 6, 2))], 2))
    coder = BoxCoder((10.0, 10.0, 5.0, 5.0))
    codes, = coder.encode([boxes[0]], [boxes[1]])
    np.testing.assert_allclose(coder.decode(codes, [boxes[1]])[:, 0].numpy(), boxes[0].numpy())
    assert coder.decode(mg.full((1, 4), 1e6), [mg.tensor([[0.0, 0, 8, 8]])]).isfinite().all()


def test_anchors_stand_at_every_place() -> None:
    generator = detection.AnchorGenerator(((4,), (8, 16)), ((1.0,), (0.5, 2.0)))
    images = detection.ImageList(mg.zeros(1, 3, 16, 32), [(16, 32)])
    anchors, = generator(images, [mg.zeros(1, 1, 4, 8), mg.zeros(1, 1, 2, 4)])
    assert len(anchors) == 4 * 8 * 1 + 2 * 4 * 4
    assert anchors[:2].tolist() == [[-2, -2, 2, 2], [2, -2, 6, 2]]
    assert generator.num_anchors_per_location() == [1, 4]
    wide, tall = anchors[32], anchors[34]            # of ratio 0.5 and 2
    assert wide[2] - wide[0] > wide[3] - wide[1]
    assert tall[2] - tall[0] < tall[3] - tall[1]


def test_images_of_several_sizes_become_a_batch() -> None:
    transform = GeneralizedRCNNTransform(40, 60, [0.5] * 3, [0.25] * 3).eval()
    boxes = [{"boxes": mg.tensor([[2.0, 2, 10, 10]])}, {"boxes": mg.zeros(1, 4)}]
    images, targets = transform([mg.ones(3, 20, 30), mg.ones(3, 80, 200)], boxes)
    assert images.image_sizes == [(40, 60), (24, 60)]                    # twice as large; the longer edge at most 60
    assert images.tensors.shape == (2, 3, 64, 64)
    assert targets[0]["boxes"].tolist() == [[4, 4, 20, 20]]
    assert images.tensors[1, 0, 10, 10] == 2
    assert images.tensors[1, 0, 30, 10] == 0


def test_masks_are_pasted_where_their_boxes_are() -> None:
    pasted = paste_masks_in_image(mg.ones(2, 1, 28, 28), mg.tensor([[4.0, 2, 16, 10], [-5, -5, 6, 6]]), (20, 24))
    assert pasted.shape == (2, 1, 20, 24)
    assert pasted[0, 0, 4:9, 6:14].min() > 0.99
    assert pasted[0, 0, 12:].max() == 0
    assert pasted[1, 0, 0, 0] == 1
