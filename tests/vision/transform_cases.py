"""What is done to a picture, boxes, points and masks in the comparison with torchvision, and a few numbers that stand for the result."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

H, W = 31, 44
PROBES = 12
Make = Callable[[Any, Any], Any]                     # (transforms, InterpolationMode) -> a transform

BOTH: dict[str, Make] = {                            # in transforms and in transforms.v2
    "horizontal flip": lambda t, m: t.RandomHorizontalFlip(),
    "vertical flip": lambda t, m: t.RandomVerticalFlip(),
    "resize": lambda t, m: t.Resize((17, 23)),
    "resize bicubic": lambda t, m: t.Resize((40, 50), m.BICUBIC),
    "resize shorter edge": lambda t, m: t.Resize(20, max_size=25),
    "resized crop": lambda t, m: t.RandomResizedCrop(24),
    "crop": lambda t, m: t.RandomCrop(24, padding=4),
    "center crop": lambda t, m: t.CenterCrop((20, 50)),
    "pad": lambda t, m: t.Pad((1, 2, 3, 4), fill=7),
    "pad symmetric": lambda t, m: t.Pad(3, padding_mode="symmetric"),
    "five crops": lambda t, m: t.FiveCrop(12),
    "ten crops": lambda t, m: t.TenCrop((12, 13), vertical_flip=True),
    "rotation": lambda t, m: t.RandomRotation(60, m.BILINEAR),
    "rotation expand": lambda t, m: t.RandomRotation((20, 80), expand=True),
    "rotation center": lambda t, m: t.RandomRotation(60, center=(10, 5)),
    "affine": lambda t, m: t.RandomAffine(30, (0.1, 0.2), (0.7, 1.3), (-10, 10, -5, 5)),
    "affine bilinear": lambda t, m: t.RandomAffine(30, (0.1, 0.2), (0.7, 1.3), 10, m.BILINEAR, fill=(1, 2, 3)),
    "perspective": lambda t, m: t.RandomPerspective(0.6, 0.9),
    "elastic": lambda t, m: t.ElasticTransform(80.0, 4.0),
    "colour jitter": lambda t, m: t.ColorJitter(0.4, 0.4, 0.4, 0.3),
    "grey": lambda t, m: t.RandomGrayscale(0.5),
    "blur": lambda t, m: t.GaussianBlur((5, 9), (0.1, 2.0)),
    "sharper": lambda t, m: t.RandomAdjustSharpness(2, 0.8),
    "invert": lambda t, m: t.RandomInvert(0.6),
    "autocontrast": lambda t, m: t.RandomAutocontrast(0.8),
    "apply": lambda t, m: t.RandomApply([t.RandomHorizontalFlip(), t.ColorJitter(0.2)], 0.6),
    # only for integers
    "posterize": lambda t, m: t.RandomPosterize(3, 0.8),
    "solarize": lambda t, m: t.RandomSolarize(128, 0.8),
    "equalize": lambda t, m: t.RandomEqualize(0.8),
    "auto augment": lambda t, m: t.AutoAugment(),
    "auto augment svhn": lambda t, m: t.AutoAugment(t.AutoAugmentPolicy.SVHN, fill=10),
    "rand augment": lambda t, m: t.RandAugment(3, 20, interpolation=m.BILINEAR),
    "trivial augment": lambda t, m: t.TrivialAugmentWide(),
    "augmix": lambda t, m: t.AugMix(),
}
INTEGERS = tuple(BOTH)[-8:]
V2: dict[str, Make] = {
    "erasing": lambda t, m: t.RandomErasing(0.9, value="random"),
    "photometric distort": lambda t, m: t.RandomPhotometricDistort(),
    "channel permutation": lambda t, m: t.RandomChannelPermutation(),
    "scale jitter": lambda t, m: t.ScaleJitter((40, 40), (0.5, 1.5)),
    "shortest size": lambda t, m: t.RandomShortestSize([20, 25, 30], 38),
    "random resize": lambda t, m: t.RandomResize(15, 40),
    "zoom out": lambda t, m: t.RandomZoomOut(fill={"others": 3}),
    "choice": lambda t, m: t.RandomChoice([t.RandomHorizontalFlip(1.0), t.RandomVerticalFlip(1.0)], [0.3, 0.7]),
    "order": lambda t, m: t.RandomOrder([t.RandomRotation(20), t.ColorJitter(0.3)]),
}
SAMPLES: dict[str, Make] = {                         # of image, boxes, points and masks
    "horizontal flip": lambda t, m: t.RandomHorizontalFlip(1.0),
    "vertical flip": lambda t, m: t.RandomVerticalFlip(1.0),
    "resize": lambda t, m: t.Resize((17, 23)),
    "resized crop": lambda t, m: t.RandomResizedCrop(24),
    "crop": lambda t, m: t.RandomCrop(24, padding=4),
    "not cut": lambda t, m: t.Compose([t.SetClampingMode(None), t.RandomCrop(18)]),
    "pad": lambda t, m: t.Pad((1, 2, 3, 4)),
    "rotation": lambda t, m: t.RandomRotation(60),
    "affine": lambda t, m: t.RandomAffine(30, (0.1, 0.2), (0.7, 1.3), (-10, 10, -5, 5)),
    "perspective": lambda t, m: t.RandomPerspective(0.6, 1.0),
    "elastic": lambda t, m: t.ElasticTransform(80.0, 4.0),
    "iou crop": lambda t, m: t.RandomIoUCrop(),
    "zoom out": lambda t, m: t.RandomZoomOut(p=1.0),
    "sanitize": lambda t, m: t.Compose([t.RandomCrop(18), t.SanitizeBoundingBoxes()]),
}
TURNED = ("horizontal flip", "vertical flip", "resize", "pad", "rotation", "affine", "perspective")
BOXES = {
    "XYXY": [[5, 4, 20, 18], [0, 0, 44, 31], [30, 10, 43, 30]], "XYWH": [[5, 4, 15, 14], [0, 0, 44, 31], [30, 10, 13, 20]],
    "CXCYWH": [[12, 11, 15, 14], [22, 15.5, 44, 31], [36.5, 20, 13, 20]], "XYWHR": [[15, 12, 6, 4, 20], [20, 18, 5, 4, 75]],
    "CXCYWHR": [[18, 13, 6, 4, 20], [21, 16, 5, 4, 75]],
}


def picture() -> np.ndarray:
    """(H, W, 3) uint8, smooth, made of integers alone."""
    y, x, c = np.ogrid[:H, :W, :3]
    return np.abs((x * 19 + y * 11 + x * y // 8 + c * 60) % 510 - 255).astype(np.uint8)


def sample(tv: Any, from_numpy: Any, format: str) -> dict[str, Any]:
    """A whole sample of tv_tensors."""
    boxes = np.array(BOXES[format], np.float32)
    n = len(boxes)
    masks = (np.arange(n * H * W).reshape(n, H, W) // 7 % 3).astype(np.uint8)
    points = np.stack([np.arange(6) * 7, np.arange(6) * 5], -1).astype(np.float32)
    return {"image": tv.Image(from_numpy(picture().transpose(2, 0, 1).copy())),
            "boxes": tv.BoundingBoxes(from_numpy(boxes), format=format, canvas_size=(H, W)), "masks": tv.Mask(from_numpy(masks)),
            "points": tv.KeyPoints(from_numpy(points), canvas_size=(H, W)), "labels": from_numpy(np.arange(n))}


def summary(out: Any) -> dict[str, Any]:
    """The shape of an array, or of several, and numbers from all over it."""
    parts = [np.asarray(part.numpy() if hasattr(part, "numpy") else part) for part in (out if isinstance(out, tuple) else (out,))]
    flat = np.concatenate([part.reshape(-1) for part in parts]).astype(float)
    at = (np.arange(PROBES) * 2654435761 % 2 ** 32 * len(flat)) >> 32
    return {"shape": [list(part.shape) for part in parts], "values": [round(float(v), 4) for v in flat[at]] if len(flat) else []}
