"""Tones and filters of images: PIL images by Pillow, tensors by the same rules."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import rng
from minigrad.vision import transforms as T
from minigrad.vision import tv_tensors
from minigrad.vision.transforms import InterpolationMode, v2
from minigrad.vision.transforms import functional as F
from minigrad.vision.transforms.v2 import functional as F2

Image = pytest.importorskip("PIL.Image")


@pytest.fixture(autouse=True)
def own_stream() -> Iterator[None]:
    """Seeds set here stay here."""
    with rng.fork_rng():
        yield


def picture(seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(30, 220, (13, 17, 3), np.uint8)


TONES: dict[str, Callable[[Any], Any]] = {
    "invert": F.invert, "posterize": lambda img: F.posterize(img, 3), "posterize all": lambda img: F.posterize(img, 8),
    "solarize": lambda img: F.solarize(img, 100), "autocontrast": F.autocontrast, "equalize": F.equalize,
    "grey": lambda img: F.rgb_to_grayscale(img, 3), "hflip": F.hflip, "vflip": F.vflip,
    "permute": lambda img: F2.permute_channels(img, [2, 0, 1]),
}


@pytest.mark.parametrize("name", TONES)
def test_tensors_and_pil_images_are_equal(name: str) -> None:
    for seed in range(5):
        image = Image.fromarray(picture(seed))
        wanted = np.asarray(TONES[name](image)).transpose(2, 0, 1).astype(int)
        got = TONES[name](F.pil_to_tensor(image)).numpy().astype(int)
        assert np.abs(got - wanted).max() <= (1 if name in ("autocontrast", "grey") else 0)


def test_tones_of_floats() -> None:
    x = mg.tensor([[[0.0, 0.25, 0.5, 1.0]]])
    assert F.invert(x).tolist() == [[[1.0, 0.75, 0.5, 0.0]]]
    assert F.posterize(x, 1).tolist() == [[[0.0, 0.0, 0.5, 0.5]]]
    assert F.solarize(x, 0.5).tolist() == [[[0.0, 0.25, 0.5, 0.0]]]
    assert F.autocontrast(x * 0.5 + 0.25).numpy() == pytest.approx(x.numpy(), abs=1e-6)
    assert F.adjust_gamma(x, 2.0).tolist() == [[[0.0, 0.0625, 0.25, 1.0]]]
    assert F.adjust_gamma(x, 1.0, 2.0).tolist() == [[[0.0, 0.5, 1.0, 1.0]]]
    assert F.equalize(mg.full((1, 4, 4), 0.5)).numpy() == pytest.approx(0.5, abs=0.01)      # one grey: nothing to spread


def test_blur_of_a_point_is_a_bell() -> None:
    x = np.zeros((1, 11, 11), np.float32)
    x[0, 5, 5] = 1
    rows = np.exp(-0.5 * (np.arange(-2, 3) / 1.5) ** 2)
    wanted = np.outer(rows, rows) / rows.sum() ** 2
    out = F.gaussian_blur(mg.from_numpy(x), 5, 1.5).numpy()[0]
    assert out[3:8, 3:8] == pytest.approx(wanted, abs=1e-6)
    assert F.gaussian_blur(mg.from_numpy(x), [5, 1], [1.5, 1.0]).numpy()[0, 5, 3:8] == pytest.approx(rows / rows.sum(), abs=1e-6)
    flat = mg.full((2, 3, 6, 5), 77, dtype=mg.uint8)
    assert F.gaussian_blur(flat, 23).tolist() == flat.tolist()       # wider than the image
    assert np.asarray(F.gaussian_blur(Image.new("L", (8, 8), 9), 3)).tolist() == [[9] * 8] * 8


def test_sharpness() -> None:
    x = F.pil_to_tensor(Image.fromarray(picture()))
    assert F.adjust_sharpness(x, 1.0).tolist() == x.tolist()
    soft = F.adjust_sharpness(x.float() / 255, 0.0).numpy() * 255
    window = x.numpy()[:, 3:6, 4:7].astype(float)
    assert soft[:, 4, 5] == pytest.approx((window.sum((1, 2)) + 4 * window[:, 1, 1]) / 13, abs=1e-3)
    assert soft[:, 0] == pytest.approx(x.numpy()[:, 0], abs=1e-3)


def test_noise_is_normal_and_kept_in_range() -> None:
    rng.manual_seed(0)
    out = F2.gaussian_noise(mg.full((3, 64, 64), 0.5), 0.1, 0.05).numpy()
    assert (out.mean(), out.std()) == (pytest.approx(0.6, abs=2e-3), pytest.approx(0.05, abs=2e-3))
    loud = F2.gaussian_noise(mg.full((3, 64, 64), 250, dtype=mg.uint8), sigma=0.2).numpy()
    assert loud.max() == 255
    assert 0 < loud.min() < 240
    assert F2.gaussian_noise(mg.ones(8, 8), sigma=0.5, clip=False).numpy().max() > 1


def test_jpeg_loses_little_at_a_high_quality() -> None:
    smooth = np.asarray(Image.fromarray(picture()).resize((40, 32), 2))
    for given in (Image.fromarray(smooth), mg.from_numpy(smooth.transpose(2, 0, 1).copy())):
        out = v2.JPEG(95)(given)
        got = np.asarray(out) if F.is_pil(out) else out.numpy().transpose(1, 2, 0)
        assert type(out) is type(given)
        assert 0 < np.abs(got.astype(int) - smooth).mean() < 16
    batch = mg.from_numpy(np.stack([smooth.transpose(2, 0, 1)] * 2))
    assert tuple(v2.JPEG((20, 30))(batch).shape) == tuple(batch.shape)


def test_five_and_ten_crops() -> None:
    x = mg.arange(30).reshape(1, 5, 6)
    parts = T.FiveCrop((2, 3))(x)
    assert [part.numpy()[0, 0, 0] for part in parts] == [0, 3, 18, 21, 14]
    assert [part.numpy()[0, 0, 0] for part in T.TenCrop((2, 3))(x)[5:]] == [5, 2, 23, 20, 15]
    assert np.asarray(T.TenCrop(2)(Image.fromarray(picture()))[9]).shape == (2, 2, 3)


def test_linear_transformation_whitens() -> None:
    x = mg.rand(200, 1, 2, 3)
    flat = x.reshape(200, 6).numpy()
    values, vectors = np.linalg.eigh(np.cov(flat.T))
    white = T.LinearTransformation(mg.from_numpy((vectors / np.sqrt(values)).astype(np.float32)), mg.from_numpy(flat.mean(0)))
    assert np.cov(white(x).reshape(200, 6).numpy().T) == pytest.approx(np.eye(6), abs=1e-3)


def test_erase_and_random_erasing_of_v1() -> None:
    x = mg.zeros(3, 6, 6)
    assert F.erase(x, 1, 2, 2, 3, mg.ones(3, 1, 1)).sum().item() == 18
    assert x.sum().item() == 0
    assert F.erase(x, 1, 2, 2, 3, mg.ones(3, 1, 1), True) is x
    top, left, h, w, v = T.RandomErasing.get_params(mg.zeros(3, 40, 40), (0.1, 0.2), (0.5, 2.0), [1.0])
    assert 0 <= top <= 40 - h
    assert 0 <= left <= 40 - w
    assert tuple(v.shape) == (1, 1, 1)


def test_get_params_are_there_for_those_who_write_their_own() -> None:
    image = Image.fromarray(picture())
    top, left, h, w = T.RandomResizedCrop.get_params(image, [0.5, 1.0], [0.75, 1.33])
    assert 0 <= top <= 13 - h
    assert 0 <= left <= 17 - w
    assert T.RandomCrop.get_params(image, (13, 17)) == (0, 0, 13, 17)
    assert -10 <= T.RandomRotation.get_params([-10.0, 10.0]) <= 10
    angle, shift, scale, shear = T.RandomAffine.get_params([0.0, 5.0], (0.1, 0.1), (1.0, 2.0), [-3.0, 3.0], (17, 13))
    assert (0 <= angle <= 5, abs(shift[0]) <= 2, 1 <= scale <= 2, shear[1]) == (True, True, True, 0.0)
    order, b, c, s, hue = T.ColorJitter.get_params((0.5, 1.5), None, None, (-0.1, 0.1))
    assert sorted(order.tolist()) == [0, 1, 2, 3]
    assert (0.5 <= b <= 1.5, c, s, -0.1 <= hue <= 0.1) == (True, None, None, True)
    start, end = T.RandomPerspective.get_params(17, 13, 0.5)
    assert start == [[0, 0], [16, 0], [16, 12], [0, 12]]
    assert len(end) == 4
    assert 0.1 <= T.GaussianBlur.get_params(0.1, 2.0) <= 2.0
    assert tuple(T.ElasticTransform.get_params([5.0, 5.0], [2.0, 2.0], [13, 17]).shape) == (1, 13, 17, 2)
    assert len(T.AutoAugment.get_params(25)) == 3


def test_a_perspective_takes_corners_to_corners() -> None:
    start, end = [[0, 0], [59, 0], [59, 39], [0, 39]], [[6, 4], [50, 2], [55, 36], [3, 30]]
    dots = np.zeros((1, 40, 60), np.float32)
    for x, y in start:
        dots[0, max(y - 1, 0):y + 2, max(x - 1, 0):x + 2] = 1
    out = F.perspective(mg.from_numpy(dots), start, end, InterpolationMode.NEAREST).numpy()[0]
    for x, y in end:
        assert out[y - 2:y + 3, x - 2:x + 3].max() == 1
    points = mg.tensor([[float(v) for v in p] for p in start])
    moved = F2.perspective(tv_tensors.KeyPoints(points, canvas_size=(40, 60)), start, end)
    assert moved.numpy() == pytest.approx(np.array(end, float), abs=1e-3)


@pytest.mark.parametrize(("call", "kind", "text"), [
    (lambda: F.posterize(mg.zeros(1, 2, 2), 9), TypeError, r"bits must be an integer in the range \[0, 8\]; got 9"),
    (lambda: F.solarize(mg.zeros(1, 2, 2), 2.0), TypeError, "threshold should be at most 1 for"),
    (lambda: F.adjust_gamma(mg.zeros(1, 2, 2), -1), ValueError, "gamma should be a non-negative"),
    (lambda: F.autocontrast(mg.zeros(2, 2, 2)), TypeError, "1 or 3 channels; got 2"),
    (lambda: F.invert(3), TypeError, "invert: img should be PIL Image or Tensor; got int 3"),
    (lambda: F.gaussian_blur(mg.zeros(1, 9, 9), 4), ValueError, "odd and positive integers; got 4"),
    (lambda: F.gaussian_blur(mg.zeros(1, 9, 9), 3, -1.0), ValueError, "positive numbers; got -1"),
    (lambda: F.gaussian_blur(mg.zeros(1, 9, 9), 3, "x"), TypeError, "sigma should be a number"),
    (lambda: F.adjust_sharpness(mg.zeros(1, 9, 9), -1), ValueError, "non-negative; got -1"),
    (lambda: F2.gaussian_noise(Image.new("L", (2, 2))), ValueError, "put ToImage before it"),
    (lambda: F.erase(Image.new("L", (2, 2)), 0, 0, 1, 1, mg.zeros(1)), TypeError, "put ToTensor before it"),
    (lambda: F.five_crop(mg.zeros(1, 4, 4), 5), ValueError, r"crop size \(5, 5\) is bigger than input size \(4, 4\)"),
    (lambda: F.perspective(mg.zeros(1, 4, 4), None, None), ValueError, "startpoints and endpoints, or coefficients"),
    (lambda: F.affine(mg.zeros(1, 4, 4), 0, [1], 1.0, 0.0), ValueError, "sequence of length 2"),
    (lambda: F.affine(mg.zeros(1, 4, 4), "x", [0, 0], 1.0, 0.0), TypeError, "angle should be int or float; got str 'x'"),
    (lambda: F.affine(mg.zeros(3, 4, 4), 0, [0, 0], 1.0, 0.0, fill=[1, 2]), ValueError, "should be 1 or 3, the channels"),
    (lambda: F.pad(mg.zeros(3, 4, 4), 1, [1, 2, 3], "edge"), ValueError, "takes one number as fill"),
    (lambda: T.GaussianBlur(4), ValueError, "odd and positive number; got 4"),
    (lambda: T.GaussianBlur(3, (2.0, 1.0)), ValueError, "the smaller first"),
    (lambda: T.RandAugment(-1), ValueError, "num_ops should be a non-negative integer"),
    (lambda: T.RandAugment(magnitude=31), ValueError, "one of 0 ... 30; got 31"),
    (lambda: T.AugMix(severity=11), ValueError, "severity must be between 1 and 10"),
    (lambda: T.AutoAugment("imagenet"), ValueError, "should be an AutoAugmentPolicy; got 'imagenet'"),
    (lambda: T.RandomPerspective(2.0), ValueError, "between 0 and 1; got 2.0"),
    (lambda: T.RandomRotation([1, 2, 3]), ValueError, "should have 2 numbers"),
    (lambda: T.RandomAffine(0, shear=[1, 2, 3]), ValueError, "should have 2 or 4 numbers"),
    (lambda: T.ElasticTransform([1, 2, 3]), ValueError, "1 or 2 numbers"),
    (lambda: T.RandomResizedCrop(5, scale=0.5), TypeError, "scale should be a sequence"),
    (lambda: T.ColorJitter([1, 2, 3]), TypeError, "a single number or two"),
    (lambda: T.LinearTransformation(mg.zeros(2, 3), mg.zeros(2)), ValueError, "should be square"),
    (lambda: v2.JPEG(0), ValueError, "integers from 1 to 100"),
    (lambda: T.Resize(5, "cubic")(mg.zeros(1, 9, 9)), TypeError, "an InterpolationMode, its name or Pillow's number; got 'cubic'"),
])
def test_wrong_use(call: Callable[[], Any], kind: type, text: str) -> None:
    with pytest.raises(kind, match=text):
        call()
