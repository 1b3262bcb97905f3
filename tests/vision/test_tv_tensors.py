"""Tensors that say what they are, and functionals that look at it."""
from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.utils.data import default_collate
from minigrad.vision import tv_tensors
from minigrad.vision.transforms import v2
from minigrad.vision.transforms.v2 import functional as F

Image = pytest.importorskip("PIL.Image")


def boxes(**options: Any) -> Any:
    return tv_tensors.BoundingBoxes([[1.0, 2.0, 5.0, 6.0]], **{"format": "XYXY", "canvas_size": (8, 10), **options})


KINDS: list[Any] = [boxes(), tv_tensors.Image(mg.rand(3, 4, 5)), tv_tensors.Mask(mg.ones(4, 5)), tv_tensors.Video(mg.rand(2, 3, 4, 5)),
                    tv_tensors.KeyPoints([[1.0, 2.0]], canvas_size=(8, 10))]


@pytest.mark.parametrize("t", KINDS, ids=lambda t: type(t).__name__)
def test_kinds_are_kept_where_pytorch_keeps_them(t: Any) -> None:
    known = vars(t)
    for same in (t.clone(), t.to(mg.float64), t.detach(), copy.deepcopy(t), pickle.loads(pickle.dumps(t)), tv_tensors.wrap(t + 1, like=t)):
        assert type(same) is type(t)
        assert vars(same) == known
    for plain in (t + 1, t[..., 0], t.double(), t.as_subclass(mg.Tensor), mg.stack([t, t])):
        assert type(plain) is mg.Tensor
    assert type(default_collate([t, t])) is mg.Tensor
    assert repr(t).startswith(type(t).__name__ + "(")


def test_gradients_go_through() -> None:
    x = mg.rand(3, 8, 8, requires_grad=True)
    (F.resize(tv_tensors.Image(x), [4, 4]) * 2).sum().backward()
    assert x.grad is not None
    assert x.grad.sum().item() == pytest.approx(96, rel=1e-5)
    image = tv_tensors.Image(mg.rand(3, 8, 8), requires_grad=True)
    (F.horizontal_flip(image) * 3).sum().backward()
    assert image.grad is not None
    assert image.grad.numpy().tolist() == np.full((3, 8, 8), 3.0).tolist()


def test_what_they_are_made_of() -> None:
    assert tuple(tv_tensors.Image(mg.zeros(4, 5)).shape) == (1, 4, 5)
    assert tuple(tv_tensors.Image(Image.new("RGB", (5, 4))).shape) == (3, 4, 5)
    assert tuple(boxes().wrap(mg.zeros(2, 4), boxes(), format="XYWH").shape) == (2, 4)
    assert tv_tensors.is_rotated_bounding_format("XYWHR")
    assert not tv_tensors.is_rotated_bounding_format(tv_tensors.BoundingBoxFormat.XYWH)
    with tv_tensors.set_return_type("Tensor"):
        pass
    wrong: list[tuple[Any, type, str]] = [
        (lambda: tv_tensors.Image(mg.zeros(3)), ValueError, "two dimensions or more"),
        (lambda: tv_tensors.Video(mg.zeros(3, 4, 5)), ValueError, "four dimensions"),
        (lambda: tv_tensors.KeyPoints([[1.0, 2.0, 3.0]], canvas_size=(4, 4)), ValueError, r"shape \(\.\.\., 2\)"),
        (lambda: boxes(format="XYWHR"), ValueError, r"\(N, 5\) for XYWHR; got .*write .reshape\(-1, 5\)"),
        (lambda: boxes(clamping_mode="firm"), ValueError, "clamping_mode must be None, soft, hard; got 'firm'"),
        (lambda: tv_tensors.BoundingBoxes([[1, 2, 3, 4, 5]], format="XYWHR", canvas_size=(8, 8)), ValueError, "should be floating point"),
        (lambda: tv_tensors.set_return_type("TVTensor"), NotImplementedError, "tv_tensors.wrap"),
        (lambda: tv_tensors.set_return_type("x"), ValueError, "'TVTensor' or 'Tensor'; got 'x'"),
        (lambda: F.convert_bounding_box_format(boxes()), TypeError, "missing new_format"),
        (lambda: F.convert_bounding_box_format(boxes(), "XYXY", "XYWH"), ValueError, "knows its format"),
        (lambda: F.convert_bounding_box_format(mg.zeros(1, 4), new_format="XYWH"), ValueError, "the format has to be passed"),
        (lambda: F.convert_bounding_box_format(boxes(), new_format="XYWHR"), ValueError, "between rotated and unrotated"),
        (lambda: F.clamp_bounding_boxes(mg.zeros(1, 4), "XYXY"), ValueError, "canvas_size has to be passed"),
        (lambda: F.pad(boxes(), 1, padding_mode="edge"), ValueError, "padding_mode='constant' alone"),
        (lambda: F.pad(tv_tensors.Mask(mg.zeros(4, 4)), 1, [1, 2]), ValueError, "one number as fill"),
        (lambda: F.adjust_brightness(boxes(), 2.0), TypeError, r"takes PIL images, tensors and Image, Video; got .*BoundingBoxes")]
    for make, kind, text in wrong:
        with pytest.raises(kind, match=text):
            make()


# ---------------------------------------------------------------- formats
@pytest.mark.parametrize("format", ["XYXY", "XYWH", "CXCYWH", "XYWHR", "CXCYWHR", "XYXYXYXY"])
def test_formats_there_and_back(format: str) -> None:
    turned = tv_tensors.is_rotated_bounding_format(format)
    start = tv_tensors.BoundingBoxes([[9.0, 7.0, 5.0, 3.0, 25.0]] if turned else [[2.0, 3.0, 7.0, 9.0]],
                                     format="CXCYWHR" if turned else "XYXY", canvas_size=(20, 30))
    there = F.convert_bounding_box_format(start, new_format=format)
    assert there.format.value == format
    assert F.convert_bounding_box_format(there, new_format=start.format).numpy() == pytest.approx(start.numpy(), abs=1e-5)
    plain = F.convert_bounding_box_format(mg.tensor(there.tolist()), format, start.format)
    assert type(plain) is mg.Tensor
    assert plain.numpy() == pytest.approx(start.numpy(), abs=1e-5)


def test_a_turned_box_turns_with_its_image() -> None:
    box = tv_tensors.BoundingBoxes([[15.0, 10.0, 8.0, 4.0, 20.0]], format="CXCYWHR", canvas_size=(20, 30))
    assert F.rotate(box, 30).tolist()[0] == pytest.approx([15.0, 10.0, 8.0, 4.0, 50.0], abs=1e-4)
    assert F.horizontal_flip(box).tolist()[0][:4] == pytest.approx([15.0, 10.0, 8.0, 4.0], abs=1e-4)
    assert F.horizontal_flip(box).tolist()[0][4] % 180 == pytest.approx(160.0, abs=1e-3)
    assert F.clamp_bounding_boxes(box).tolist() == box.tolist()
    around = F.resize(box, [20, 60])                 # a sheared rectangle: the one around it holds all corners
    corners = F.convert_bounding_box_format(box, new_format="XYXYXYXY").numpy().reshape(4, 2) * [2, 1]
    cx, cy, w, h, degrees = around.tolist()[0]
    turn = np.deg2rad(degrees)
    along = (corners - [cx, cy]) @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    assert np.abs(along).max(0) == pytest.approx([w / 2, h / 2], abs=1e-3)


def test_boxes_are_cut_only_where_asked() -> None:
    wide = boxes(clamping_mode=None)
    assert F.crop(boxes(), 3, 2, 2, 2).tolist() == [[0, 0, 2, 2]]
    assert F.crop(wide, 3, 2, 2, 2).tolist() == [[-1, -1, 3, 3]]
    assert v2.ClampBoundingBoxes("hard")(F.crop(wide, 3, 2, 2, 2)).tolist() == [[0, 0, 2, 2]]
    assert v2.SetClampingMode(None)(boxes()).clamping_mode is None
    points = tv_tensors.KeyPoints([[-1.0, 3.0], [4.0, 9.0]], canvas_size=(6, 5))
    assert v2.ClampKeyPoints()(points).tolist() == [[0, 3], [4, 5]]


# ---------------------------------------------------------------- kinds of one's own
class Arrow(tv_tensors.TVTensor):
    """Something that a user has thought of."""


@F.register_kernel(functional="hflip", tv_tensor_cls=Arrow)
def flipped(arrow: Any, *args: Any, **kwargs: Any) -> Any:
    return tv_tensors.wrap(-arrow, like=arrow)


def test_a_kind_of_ones_own() -> None:
    arrow = Arrow([1.0, 2.0])
    out = v2.RandomHorizontalFlip(1.0)({"image": mg.zeros(3, 4, 4), "arrow": arrow})
    assert isinstance(out["arrow"], Arrow)
    assert out["arrow"].tolist() == [-1.0, -2.0]
    assert F.horizontal_flip(arrow).tolist() == [-1.0, -2.0]
    assert v2.RandomVerticalFlip(1.0)(arrow) is arrow            # no kernel: passed through
    with pytest.raises(TypeError, match="register_kernel adds kinds of your own"):
        F.vertical_flip(arrow)
    for functional, kind, text in (("hflip", Arrow, "already has a kernel"), ("hflip", tv_tensors.Image, "class of your own"),
                                   ("nothing", Arrow, "expected a functional"), (print, Arrow, "expected a functional")):
        with pytest.raises(ValueError, match=text):
            F.register_kernel(functional, kind)
