"""Transforms of whole samples: image, boxes and masks stay together, draws come from minigrad's generator alone."""
from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import rng
from minigrad.utils.data import DataLoader
from minigrad.vision import tv_tensors
from minigrad.vision.transforms import InterpolationMode, v2
from minigrad.vision.transforms.v2 import functional as F

Image = pytest.importorskip("PIL.Image")
BILINEAR = InterpolationMode.BILINEAR
H, W = 40, 60
GEOMETRY: dict[str, Any] = {
    "horizontal flip": lambda: v2.RandomHorizontalFlip(1.0),
    "vertical flip": lambda: v2.RandomVerticalFlip(1.0),
    "rotation": lambda: v2.RandomRotation(40),
    "rotation, expand": lambda: v2.RandomRotation((20, 70), expand=True),
    "rotation, center": lambda: v2.RandomRotation((20, 40), center=(20, 10)),
    "quarter turn": lambda: v2.RandomRotation((90, 90), expand=True),
    "shift": lambda: v2.RandomAffine(0, translate=(0.2, 0.3)),
    "scale": lambda: v2.RandomAffine(0, scale=(0.6, 1.4)),
    "shear": lambda: v2.RandomAffine(0, shear=(-20, 20, -20, 20)),
    "affine": lambda: v2.RandomAffine(30, (0.1, 0.1), (0.8, 1.2), 10),
    "stretch": lambda: v2.RandomStretch((0.5, 1.5), (0.5, 1.5)),
    "crop": lambda: v2.RandomCrop((30, 40)),
    "crop, padding": lambda: v2.RandomCrop((44, 50), padding=(7, 5), pad_if_needed=True),
    "resized crop": lambda: v2.RandomResizedCrop((50, 30), scale=(0.4, 1.0)),
    "center crop": lambda: v2.CenterCrop((35, 71)),
    "pad": lambda: v2.Pad((1, 2, 3, 4)),
    "resize": lambda: v2.Resize((80, 90)),
    "resize, shorter edge": lambda: v2.Resize(30),
    "elastic": lambda: v2.ElasticTransform(30.0, 6.0),
}


def sample(kind: str = "tensor", box: tuple[int, int, int, int] = (15, 10, 35, 26), format: str = "XYXY") -> dict[str, Any]:
    """A bright box on black, as image, mask and box."""
    x1, y1, x2, y2 = box
    pixels = np.zeros((3, H, W), np.uint8)
    pixels[:, y1:y2, x1:x2] = 200
    image = Image.fromarray(pixels.transpose(1, 2, 0)) if kind == "PIL" else tv_tensors.Image(mg.from_numpy(pixels))
    boxes = tv_tensors.BoundingBoxes([[float(v) for v in box]], format="XYXY", canvas_size=(H, W))
    return {"image": image, "mask": tv_tensors.Mask(mg.from_numpy((pixels[0] > 0).astype(np.int64))),
            "boxes": F.convert_bounding_box_format(boxes, new_format=format), "label": mg.tensor(3), "name": "a"}


def pixels_of(image: Any) -> Any:
    array = image.numpy() if hasattr(image, "numpy") else np.asarray(image).transpose(2, 0, 1)
    return array[0]


def around(shown: Any) -> list[float]:
    """The box around what is there."""
    rows, columns = np.nonzero(shown)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


@pytest.mark.parametrize("kind", ["tensor", "PIL"])
@pytest.mark.parametrize("format", ["XYXY", "XYWH", "CXCYWH"])
@pytest.mark.parametrize("name", GEOMETRY)
def test_image_mask_and_boxes_move_together(name: str, format: str, kind: str) -> None:
    transform = GEOMETRY[name]()
    for seed in range(4):
        rng.manual_seed(seed)
        out = transform(sample(kind, format=format))
        shown, mask, boxes = pixels_of(out["image"]) > 100, out["mask"].numpy(), out["boxes"]
        assert shown.shape == mask.shape == boxes.canvas_size
        assert (type(out["mask"]), type(boxes), boxes.format.value) == (tv_tensors.Mask, tv_tensors.BoundingBoxes, format)
        assert mask.any()
        assert (shown != (mask > 0)).sum() <= 0.25 * mask.sum() + 12         # the image is smoothed, the mask is not
        corners = F.convert_bounding_box_format(boxes, new_format="XYXY").numpy()[0]
        slack = 4.5 if name == "elastic" else 2.0
        np.testing.assert_allclose(corners, around(mask), atol=slack)
        assert out["label"].item() == 3
        assert out["name"] == "a"


@pytest.mark.parametrize("name", [*GEOMETRY, "colour", "erasing", "apply", "choice", "order", "grey"])
def test_draws_come_from_minigrads_generator_alone(name: str) -> None:
    others: dict[str, Any] = {
        "colour": lambda: v2.ColorJitter(0.5, 0.5, 0.5, 0.3), "erasing": lambda: v2.RandomErasing(0.9, value="random"),
        "apply": lambda: v2.RandomApply([v2.RandomRotation(50)]),
        "choice": lambda: v2.RandomChoice([v2.RandomRotation(50), v2.RandomCrop(9)]),
        "order": lambda: v2.RandomOrder([v2.RandomRotation(50), v2.RandomCrop(9)]), "grey": lambda: v2.RandomGrayscale(0.5)}
    transform = {**GEOMETRY, **others}[name]()
    state = random.getstate(), np.random.get_state()[1].tolist()        # type: ignore[index]
    image = mg.from_numpy(np.random.default_rng(0).random((3, H, W), np.float32))
    found = []
    for seed in (1, 1, 2, 3, 4, 5):
        rng.manual_seed(seed)
        found.append(transform(image).numpy())
    np.testing.assert_array_equal(found[0], found[1])
    if "flip" not in name and name not in ("center crop", "pad", "resize", "resize, shorter edge", "quarter turn"):
        assert any(other.shape != found[0].shape or (other != found[0]).any() for other in found[2:])
    assert state == (random.getstate(), np.random.get_state()[1].tolist())           # type: ignore[index]


def test_pil_images_and_tensors_agree() -> None:
    pixels = np.asarray(Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 12, 3), np.uint8)).resize((W, H)))
    for name, make in GEOMETRY.items():
        found = []
        for image in (Image.fromarray(pixels), mg.from_numpy(pixels.transpose(2, 0, 1).copy())):
            rng.manual_seed(3)
            found.append(pixels_of(make()(image)).astype(int))
        assert found[0].shape == found[1].shape
        assert np.mean(np.abs(found[0] - found[1]) > 3) < 0.06, name


def test_plain_tensors_beside_an_image_are_left_alone() -> None:
    flip = v2.RandomHorizontalFlip(1.0)
    x, other = mg.arange(6.0).reshape(1, 2, 3), mg.arange(6.0).reshape(2, 3)
    out = flip(x, other)
    assert out[0].numpy().tolist() == x.numpy()[..., ::-1].tolist()
    assert out[1] is other
    image, first = flip(tv_tensors.Image(x), other)
    assert isinstance(image, tv_tensors.Image)
    assert first is other


# ---------------------------------------------------------------- boxes
def test_boxes() -> None:
    boxes = tv_tensors.BoundingBoxes([[1, 2, 5, 6]], format="XYXY", canvas_size=(8, 10))
    assert repr(boxes) == "BoundingBoxes([[1, 2, 5, 6]], format=XYXY, canvas_size=(8, 10), clamping_mode=soft)"
    assert F.convert_bounding_box_format(boxes, new_format="XYWH").tolist() == [[1, 2, 4, 4]]
    assert F.convert_bounding_box_format(tv_tensors.wrap(boxes + 4, like=boxes), new_format="CXCYWH").tolist() == [[7, 8, 4, 4]]
    assert F.clamp_bounding_boxes(tv_tensors.wrap(boxes + 4, like=boxes)).tolist() == [[5, 6, 9, 8]]
    assert type(boxes + 1) is mg.Tensor
    assert F.horizontal_flip(boxes).tolist() == [[5, 2, 9, 6]]
    assert F.resize(boxes, [16, 30]).tolist() == [[3, 4, 15, 12]]
    assert F.crop(boxes, 3, 2, 4, 4).tolist() == [[0, 0, 3, 3]]
    empty = tv_tensors.BoundingBoxes(mg.zeros(0, 4), format="XYXY", canvas_size=(8, 10))
    assert tuple(F.rotate(empty, 30).shape) == (0, 4)
    with pytest.raises(ValueError, match=r"expected boxes of shape \(N, 4\)"):
        tv_tensors.BoundingBoxes([[1, 2, 3]], format="XYXY", canvas_size=(8, 10))


def test_masks_of_several_objects_and_from_pillow() -> None:
    mask = tv_tensors.Mask(Image.fromarray(np.eye(4, dtype=np.uint8)))
    assert tuple(mask.shape) == (1, 4, 4)
    assert F.vertical_flip(mask)[0].tolist() == np.eye(4)[::-1].tolist()
    several = tv_tensors.Mask(mg.from_numpy(np.stack([np.eye(4), 1 - np.eye(4)]).astype(np.uint8)))
    assert tuple(F.rotate(several, 90).shape) == (2, 4, 4)
    assert F.rotate(several, 90).numpy()[0].tolist() == np.eye(4)[::-1].tolist()


# ---------------------------------------------------------------- pixels
def test_colours() -> None:
    red = np.zeros((3, 2, 2), np.float32)
    red[0] = 1
    x = mg.from_numpy(red)
    for turn, channel in ((1 / 3, 1), (-1 / 3, 2), (0.0, 0)):
        assert F.adjust_hue(x, turn).numpy()[:, 0, 0] == pytest.approx(np.eye(3)[channel], abs=1e-5)
    assert F.adjust_brightness(x, 0.5).numpy()[:, 0, 0].tolist() == [0.5, 0, 0]
    assert F.adjust_saturation(x, 0.0).numpy()[:, 0, 0] == pytest.approx([0.2989] * 3)
    assert F.adjust_contrast(x, 0.0).numpy()[:, 0, 0] == pytest.approx([0.2989] * 3)
    assert F.adjust_brightness(mg.full((3, 1, 1), 200, dtype=mg.uint8), 2.0).tolist() == [[[255]]] * 3
    assert v2.ColorJitter(hue=0).hue is None
    wrong: list[tuple[Any, str]] = [
        (lambda: v2.ColorJitter(-1), "it must be non negative"), (lambda: v2.ColorJitter(hue=0.7), "hue values should be between"),
        (lambda: F.adjust_hue(x, 0.6), "hue_factor is not in"), (lambda: F.adjust_contrast(x, -1), "should be non-negative"),
        (lambda: v2.RandomErasing(value="none"), "it should be 'random'"), (lambda: v2.RandomErasing(2.0), "in the interval"),
        (lambda: v2.RandomAffine(0, (2, 0)), "between 0 and 1"), (lambda: v2.RandomAffine(0, scale=(0, 1)), "should be positive"),
        (lambda: v2.RandomRotation(-3), "must be positive"), (lambda: v2.RandomVerticalFlip(1.5), "in the interval"),
        (lambda: v2.RandomApply([], 1.0), "at least one transform"), (lambda: v2.RandomChoice([abs], [1, 2]), "length of p"),
        (lambda: v2.RandomCrop(99)(x), "is larger than padded input image size"), (lambda: v2.RandomStretch((0, 1)), "should be positive")]
    for make, text in wrong:
        with pytest.raises(ValueError, match=text):
            make()
    with pytest.raises(ValueError, match="must have one size; found 2"):
        v2.RandomCrop(2)(tv_tensors.Image(x), tv_tensors.Mask(mg.zeros(3, 3)))
    with pytest.raises(TypeError, match="sequence of callables"):
        v2.Compose(3)                                # type: ignore[arg-type]


def test_erasing_overwrites_one_box() -> None:
    x = mg.ones(3, 30, 40)
    for value, wanted in ((0.0, [0, 0, 0]), ([0.1, 0.2, 0.3], [0.1, 0.2, 0.3])):
        out = v2.RandomErasing(1.0, value=value)(x).numpy()
        x1, y1, x2, y2 = around(out[0] != 1)
        assert 0.02 * 0.8 <= (x2 - x1) * (y2 - y1) / 1200 <= 0.33 * 1.2
        np.testing.assert_allclose(out[:, y1:y2, x1:x2], np.broadcast_to(np.reshape(wanted, (3, 1, 1)), (3, y2 - y1, x2 - x1)), rtol=1e-6)
    assert (x.numpy() == 1).all()
    assert v2.RandomErasing(1.0, inplace=True)(x) is x


# ---------------------------------------------------------------- batches
@pytest.mark.parametrize("kind", [v2.MixUp, v2.CutMix])
def test_mixing_shares_images_and_labels_alike(kind: Any) -> None:
    images = mg.arange(4.0).reshape(4, 1, 1, 1).expand(4, 3, 20, 30)         # image i is i everywhere
    for seed in range(5):
        rng.manual_seed(seed)
        x, t = kind(alpha=1.0, num_classes=5)(images, mg.arange(4))
        assert t.sum(1).numpy() == pytest.approx(np.ones(4))
        share = t.numpy()[0, 0]
        means = x.numpy().mean((1, 2, 3))
        assert means == pytest.approx([share * i + (1 - share) * ((i - 1) % 4) for i in range(4)], abs=1e-5)
    parts = kind()((images, mg.eye(4)))[1]
    assert tuple(parts.shape) == (4, 4)
    for args, text in (((images, mg.arange(4)), "num_classes must be passed"), ((images[0], mg.arange(4)), "mix after collating"),
                       ((images, mg.arange(3)), r"labels must be \(B,\)")):
        with pytest.raises(ValueError, match=text):
            kind()(*args)


def test_in_a_loader_the_number_of_workers_does_not_matter() -> None:
    steps = v2.Compose([v2.RandomAffine(20, (0.1, 0.1)), v2.RandomErasing(0.5)])
    images = mg.from_numpy(np.random.default_rng(0).random((8, 1, 12, 12), np.float32))
    found = []
    for workers in (0, 1, 2):
        rng.manual_seed(0)
        dataset = [(images[i], i) for i in range(8)]
        loader = DataLoader(Mapped(dataset, steps), 4, shuffle=True, num_workers=workers, sample_seeds=True)
        found.append([x.numpy().tolist() for x, _ in loader])
    assert found[0] == found[1] == found[2]


class Mapped:
    """A data set through a transform."""

    def __init__(self, dataset: Any, transform: Any) -> None:
        self.dataset, self.transform = dataset, transform

    def __getitem__(self, i: int) -> Any:
        x, t = self.dataset[i]
        return self.transform(x), t

    def __len__(self) -> int:
        return len(self.dataset)
