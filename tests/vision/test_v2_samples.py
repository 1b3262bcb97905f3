"""Whole samples: geometry agrees between image, mask, boxes and points; what else is in a sample; transforms of one's own."""
from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn, rng
from minigrad.utils.data import DataLoader, default_collate
from minigrad.vision import tv_tensors
from minigrad.vision.transforms import v2
from minigrad.vision.transforms.v2 import functional as F

H, W = 40, 60


@pytest.fixture(autouse=True)
def own_stream() -> Iterator[None]:
    """Seeds set here stay here."""
    with rng.fork_rng():
        yield


# ---------------------------------------------------------------- agreement
def box_in(canvas: tuple[int, int]) -> st.SearchStrategy[tuple[int, int, int, int]]:
    h, w = canvas
    return st.tuples(st.integers(0, w - 9), st.integers(0, h - 9), st.integers(8, 25), st.integers(8, 25)).map(
        lambda b: (b[0], b[1], min(b[0] + b[2], w), min(b[1] + b[3], h)))


small, angle = st.integers(-9, 9), st.floats(-80, 80)
MOVES: dict[str, st.SearchStrategy[Callable[[Any], Any]]] = {
    "crop": st.tuples(small, small, st.integers(30, 50), st.integers(40, 70)).map(lambda a: lambda t: F.crop(t, *a)),
    "center crop": st.tuples(st.integers(30, 50), st.integers(40, 70)).map(lambda a: lambda t: F.center_crop(t, a)),
    "pad": st.tuples(*[st.integers(0, 9)] * 4).map(lambda a: lambda t: F.pad(t, list(a))),
    "resize": st.tuples(st.integers(30, 90), st.integers(30, 90)).map(lambda a: lambda t: F.resize(t, a)),
    "rotate": st.tuples(angle, st.booleans()).map(lambda a: lambda t: F.rotate(t, a[0], expand=a[1])),
    "affine": st.tuples(angle, st.tuples(small, small), st.floats(0.7, 1.4), st.tuples(st.floats(-20, 20), st.floats(-20, 20))).map(
        lambda a: lambda t: F.affine(t, *a)),
    "perspective": st.tuples(*[st.integers(0, 6)] * 8).map(
        lambda a: lambda t: F.perspective(t, [[0, 0], [59, 0], [59, 39], [0, 39]],
                                          [[a[0], a[1]], [59 - a[2], a[3]], [59 - a[4], 39 - a[5]], [a[6], 39 - a[7]]])),
    "flip both": st.just(lambda t: F.vertical_flip(F.horizontal_flip(t))),
}


@pytest.mark.parametrize("name", MOVES)
@given(data=st.data())
def test_a_box_moves_like_the_mask_that_it_was_drawn_around(name: str, data: st.DataObject) -> None:
    move, (x1, y1, x2, y2) = data.draw(MOVES[name]), data.draw(box_in((H, W)))
    drawn = np.zeros((H, W), np.uint8)
    drawn[y1:y2, x1:x2] = 1
    mask = move(tv_tensors.Mask(mg.from_numpy(drawn)))
    box = move(tv_tensors.BoundingBoxes([[float(x1), y1, x2, y2]], format="XYXY", canvas_size=(H, W)))
    assert tuple(mask.shape) == box.canvas_size
    rows, columns = np.nonzero(mask.numpy())
    bx1, by1, bx2, by2 = box.numpy()[0]
    if len(rows) == 0:                               # gone, or a sliver that no pixel's middle is in
        assert min(bx2 - bx1, by2 - by1) < 2
        return
    seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    outside = np.array([bx1 - seen[0], by1 - seen[1], seen[2] - bx2, seen[3] - by2])
    assert outside.max() <= 1.5                      # all of the mask is in the box
    if name not in ("rotate", "affine", "perspective"):
        assert outside.min() >= -1.5                 # and all of the box is needed
    # a point in the middle is in the mask, unless it has left the canvas
    middle = move(tv_tensors.KeyPoints([[(x1 + x2) / 2, (y1 + y2) / 2]], canvas_size=(H, W))).numpy()[0]
    x, y = np.floor(middle).astype(int)
    if 0 <= x < mask.shape[1] and 0 <= y < mask.shape[0]:
        assert mask.numpy()[max(y - 1, 0):y + 2, max(x - 1, 0):x + 2].any()


@given(format=st.sampled_from(["XYXY", "XYWH", "CXCYWH"]), name=st.sampled_from(sorted(MOVES)), data=st.data())
def test_all_formats_move_alike(format: str, name: str, data: st.DataObject) -> None:
    move, box = data.draw(MOVES[name]), data.draw(box_in((H, W)))
    corners = tv_tensors.BoundingBoxes([[float(v) for v in box]], format="XYXY", canvas_size=(H, W))
    wanted = move(corners).numpy()
    got = F.convert_bounding_box_format(move(F.convert_bounding_box_format(corners, new_format=format)), new_format="XYXY")
    assert got.numpy() == pytest.approx(wanted, abs=1e-3)


# ---------------------------------------------------------------- samples
class Pair(NamedTuple):
    """A sample as a named tuple."""
    image: Any
    label: Any


def detection() -> dict[str, Any]:
    return {"image": tv_tensors.Image(mg.rand(3, H, W)), "masks": tv_tensors.Mask(mg.ones(3, H, W, dtype=mg.uint8)),
            "boxes": tv_tensors.BoundingBoxes([[5.0, 4.0, 20.0, 18.0], [0.0, 0.0, 60.0, 40.0], [30.0, 10.0, 30.5, 30.0]], format="XYXY",
                                              canvas_size=(H, W)),
            "labels": mg.tensor([1, 2, 3]), "area": mg.rand(3), "id": 7}


def test_any_nest_keeps_its_form() -> None:
    flip = v2.RandomHorizontalFlip(1.0)
    x = mg.arange(6.0).reshape(1, 2, 3)
    for nest in (x, (x, 3), [x, None], {"a": x}, OrderedDict(a=x), Pair(x, "cat"), ({"a": [x]}, mg.zeros(2))):
        out = flip(nest)
        assert type(out) is type(nest)
    assert flip(Pair(x, "cat")).label == "cat"
    assert flip((x, x))[1] is x                      # of plain tensors the first is the image
    image, label = flip(x, 3)
    assert image.tolist() == [[[2.0, 1.0, 0.0], [5.0, 4.0, 3.0]]]
    assert label == 3


def test_sanitize_drops_boxes_with_all_that_belongs_to_them() -> None:
    sample = detection()
    out = v2.SanitizeBoundingBoxes()(sample)
    assert out["boxes"].tolist() == sample["boxes"].tolist()[:2]
    assert out["labels"].tolist() == [1, 2]
    assert tuple(out["masks"].shape) == (2, H, W)
    assert tuple(out["area"].shape) == (3,)
    assert isinstance(out["masks"], tv_tensors.Mask)
    both = v2.SanitizeBoundingBoxes(min_size=20, labels_getter=lambda s: (s["labels"], s["area"]))(sample)
    assert both["labels"].tolist() == [2]
    assert len(both["area"]) == 1
    alone = v2.SanitizeBoundingBoxes(labels_getter=None)({"boxes": sample["boxes"], "x": 3})
    assert len(alone["boxes"]) == 2
    boxes, valid = F.sanitize_bounding_boxes(mg.tensor([[0.0, 0, 5, 5], [0, 0, 90, 5]]), "XYXY", (H, W))
    assert valid.tolist() == [True, False]
    assert len(boxes) == 1
    points = tv_tensors.KeyPoints([[[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [60.0, 4.0]]], canvas_size=(H, W))
    image, kept, labels = v2.SanitizeKeyPoints(lambda s: s[2])((mg.zeros(3, H, W), points, mg.tensor([5, 6])))
    assert (tuple(kept.shape), labels.tolist(), tuple(image.shape)) == ((1, 2, 2), [5], (3, H, W))


def test_iou_crops_overlap_a_box() -> None:
    for seed in range(6):
        rng.manual_seed(seed)
        sample = detection()
        out = v2.Compose([v2.RandomIoUCrop(), v2.SanitizeBoundingBoxes()])(sample)
        assert tuple(out["image"].shape[-2:]) == out["boxes"].canvas_size == tuple(out["masks"].shape[-2:])
        assert len(out["boxes"]) == len(out["labels"]) == len(out["masks"])


def test_dtypes_for_each_kind() -> None:
    sample = {**detection(), "image": tv_tensors.Image(mg.full((3, H, W), 255, dtype=mg.uint8))}
    out = v2.ToDtype(mg.float32, scale=True)(sample)
    assert out["image"].numpy().max() == 1
    assert out["masks"].dtype is mg.uint8
    each = v2.ToDtype({tv_tensors.Image: mg.float32, tv_tensors.Mask: mg.int64, "others": None}, scale=True)(sample)
    assert (each["image"].dtype, each["masks"].dtype, each["boxes"].dtype) == (mg.float32, mg.int64, mg.float32)
    assert each["masks"].numpy().max() == 1
    with pytest.raises(ValueError, match=r"no dtype was specified for Mask; .*add 'others': None"):
        v2.ToDtype({tv_tensors.Image: mg.float32})({"image": sample["image"], "masks": sample["masks"]})
    with pytest.warns(UserWarning, match="no scaling will be done"):
        v2.ToDtype({"others": None}, scale=True)(sample["image"])
    pure = v2.ToPureTensor()(sample)
    assert all(type(pure[name]) is mg.Tensor for name in ("image", "boxes", "masks"))
    array = np.zeros((4, 5, 3), np.uint8)
    assert tuple(v2.ToImage()(array).shape) == (3, 4, 5)
    assert tuple(v2.UniformTemporalSubsample(3)(mg.arange(9).reshape(9, 1, 1, 1)).shape) == (3, 1, 1, 1)
    assert F.uniform_temporal_subsample(mg.arange(9).reshape(9, 1, 1, 1), 3).flatten().tolist() == [0, 4, 8]


def test_fill_for_each_kind() -> None:
    sample = {"image": tv_tensors.Image(mg.zeros(3, 4, 4)), "mask": tv_tensors.Mask(mg.zeros(4, 4))}
    out = v2.Pad(1, fill={tv_tensors.Image: (1.0, 2.0, 3.0), "others": 9})(sample)
    assert out["image"].numpy()[:, 0, 0].tolist() == [1.0, 2.0, 3.0]
    assert out["mask"].numpy()[0, 0] == 9


class Shift(v2.Transform):
    """A user's own transform: brighter by a random step."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        h, _ = v2.query_size(flat_inputs)
        return {"by": mg.randint(0, h, (1,)).item()}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        return tv_tensors.wrap(inpt + params["by"], like=inpt) if isinstance(inpt, tv_tensors.Image) else inpt


def test_a_transform_of_ones_own_is_a_module() -> None:
    steps = nn.Sequential(v2.RandomHorizontalFlip(1.0), Shift())
    image = tv_tensors.Image(mg.zeros(3, H, W))
    assert isinstance(steps(image), tv_tensors.Image)
    assert isinstance(v2.RandomApply(nn.ModuleList([Shift()]), 1.0)(image), tv_tensors.Image)
    out = Shift()({"image": image, "mask": tv_tensors.Mask(mg.zeros(H, W))})
    assert out["mask"].sum().item() == 0
    with pytest.raises(NotImplementedError, match="Nothing must define transform"):
        type("Nothing", (v2.Transform,), {})()(image)


def test_what_a_sample_lacks_is_told() -> None:
    x, boxes = mg.zeros(3, H, W), detection()["boxes"]
    pil = pytest.importorskip("PIL.Image").new("RGB", (W, H))
    wrong: list[tuple[Any, type, str]] = [
        (lambda: v2.RandomCrop(9)("x"), TypeError, "no image, video, mask, bounding boxes or keypoints was found in the sample"),
        (lambda: v2.RandomIoUCrop()(x), TypeError, "expected an image and bounding boxes in the sample; wrap the boxes"),
        (lambda: v2.SanitizeBoundingBoxes()({"labels": mg.zeros(3)}), ValueError, "no bounding boxes were found in the sample; wrap them"),
        (lambda: v2.SanitizeBoundingBoxes()({"boxes": boxes}), ValueError, "could not infer where the labels are"),
        (lambda: v2.SanitizeBoundingBoxes()({"boxes": boxes, "labels": mg.zeros(2)}), ValueError, "expected 3 labels"),
        (lambda: v2.SanitizeBoundingBoxes(0.5), ValueError, "must be >= 1"),
        (lambda: v2.SanitizeBoundingBoxes(labels_getter=3), ValueError, "'default', a callable, or None"),      # type: ignore[arg-type]
        (lambda: v2.Normalize([0.5], [0.5])(pil), TypeError, r"put ToImage and ToDtype\(float32, scale=True\), or ToTensor, before it"),
        (lambda: v2.Normalize([0.5], [0.5])(x.to(mg.uint8)), TypeError, r"v2.ToDtype\(float32, scale=True\) before it"),
        (lambda: v2.RandAugment()(x.to(mg.uint8), boxes), TypeError, "boxes, points and masks are not supported"),
        (lambda: v2.FiveCrop(3)(x, boxes), TypeError, "are not supported"),
        (lambda: v2.ToDtype("float32"), ValueError, "must be a dict or a dtype"),       # type: ignore[arg-type]
        (lambda: v2.RandomZoomOut(side_range=(0.5, 2.0)), ValueError, "1 or more"),
        (lambda: v2.Pad(1, fill="red"), TypeError, "fill should be a number"),
        (lambda: F.to_dtype(pil), TypeError, "put ToImage before it"),
        (lambda: v2.MixUp(num_classes=3)(mg.zeros(2, 3, 4, 4, dtype=mg.uint8), mg.arange(2)), ValueError, "images must be floats")]
    for make, kind, text in wrong:
        with pytest.raises(kind, match=text):
            make()


class Augmented:
    """Samples of one image, augmented."""

    def __init__(self, steps: Any) -> None:
        self.steps = steps

    def __getitem__(self, i: int) -> Any:
        return self.steps(mg.full((3, 16, 16), 100, dtype=mg.uint8).flatten().cumsum(0).reshape(3, 16, 16).to(mg.uint8)), i

    def __len__(self) -> int:
        return 12


@pytest.mark.parametrize("workers", [0, 2])
def test_every_sample_has_draws_of_its_own(workers: int) -> None:
    steps = v2.Compose([v2.RandAugment(), v2.RandomResizedCrop(12), v2.ToDtype(mg.float32, scale=True)])
    mix = v2.RandomChoice([v2.MixUp(num_classes=12), v2.CutMix(num_classes=12)])
    rng.manual_seed(0)
    batches = list(DataLoader(Augmented(steps), 6, num_workers=workers, collate_fn=lambda b: mix(*default_collate(b))))
    assert [tuple(t.shape) for _, t in batches] == [(6, 12)] * 2
    assert all(t.sum(1).numpy() == pytest.approx(np.ones(6)) for _, t in batches)
    rng.manual_seed(0)
    images = np.concatenate([x.numpy() for x, _ in DataLoader(Augmented(steps), 6, num_workers=workers)])
    assert len({image.tobytes() for image in images}) > 9


def test_an_image_without_objects() -> None:
    none = {"image": tv_tensors.Image(mg.rand(3, H, W)), "masks": tv_tensors.Mask(mg.zeros(0, H, W, dtype=mg.uint8)),
            "boxes": tv_tensors.BoundingBoxes(mg.zeros(0, 4), format="CXCYWH", canvas_size=(H, W)), "labels": mg.zeros(0, dtype=mg.int64),
            "points": tv_tensors.KeyPoints(mg.zeros(0, 2), canvas_size=(H, W))}
    for step in (v2.RandomAffine(20), v2.RandomRotation((30, 40), expand=True), v2.RandomPerspective(p=1.0), v2.ElasticTransform(),
                 v2.Resize(9), v2.RandomCrop(9), v2.RandomZoomOut(p=1.0), v2.RandomIoUCrop(), v2.SanitizeBoundingBoxes(),
                 v2.SanitizeKeyPoints()):
        out = step(none)
        size = tuple(out["image"].shape[-2:])
        assert tuple(out["masks"].shape) == (0, *size)
        assert (tuple(out["boxes"].shape), out["boxes"].canvas_size) == ((0, 4), size)
        assert (tuple(out["points"].shape), out["points"].canvas_size) == ((0, 2), size)


def test_all_transforms_go_to_other_processes() -> None:
    steps = [v2.Compose([v2.RandomApply([v2.RandAugment()]), v2.ColorJitter(0.1), v2.SanitizeKeyPoints()]), v2.MixUp(num_classes=3),
             v2.RandomPerspective(fill={tv_tensors.Mask: 1, "others": 0}), v2.ToDtype({mg.Tensor: mg.float32}), v2.RandomErasing()]
    for step in steps:
        assert repr(pickle.loads(pickle.dumps(step))) == repr(step)
