"""Pictures to look at: images side by side, with boxes, masks or points drawn on them, and optical flow in colours."""
from __future__ import annotations

import math
import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import creation, dtypes
from .._tensor import Tensor
from ..engine.mode import no_grad
from ..errors import ArgumentError, ArgumentTypeError, describe
from ..introspection import is_tensor
from ..ops.join import stack
from ._pillow import channels_first, pillow
from .transforms import functional as T

Colour = str | tuple[int, int, int]
Colours = Colour | Sequence[Colour] | None
OPACITY = 100                                        # of filled boxes, out of 255
# Steps from red to yellow, green, cyan, blue, magenta and back. Source: Baker et al., Database and Evaluation Methodology for Optical Flow
WHEEL = (15, 6, 4, 11, 13, 6)


# ---------------------------------------------------------------- images side by side
@no_grad()
def make_grid(tensor: Any, nrow: int = 8, padding: int = 2, normalize: bool = False, value_range: tuple[float, float] | None = None,
              scale_each: bool = False, pad_value: float = 0.0) -> Tensor:
    """Images (B, C, H, W), or a list of images (C, H, W), as one image, `nrow` in a row; grey ones get three channels.

    padding: pixels of `pad_value` around each. normalize: from value_range, by default the least and largest value of all, or of each
    image with scale_each, to 0 .. 1. A single image comes back without a frame. Raises TypeError for what is no tensor.
    """
    images = _batch(tensor)
    if normalize:
        if value_range is not None and not isinstance(value_range, tuple):
            raise ArgumentTypeError("make_grid: value_range has to be a tuple (min, max) if specified. min and max are numbers; got "
                                    f"{describe(value_range)}")
        images = stack([_normalized(image, value_range) for image in images]) if scale_each else _normalized(images, value_range)
    if images.shape[0] == 1:
        return images.squeeze(0)
    n, channels, height, width = images.shape
    columns = min(nrow, n)
    height, width = height + padding, width + padding
    grid = images.new_full((channels, height * math.ceil(n / columns) + padding, width * columns + padding), pad_value)
    for k in range(n):
        y, x = k // columns * height + padding, k % columns * width + padding
        grid[:, y:y + height - padding, x:x + width - padding] = images[k]
    return grid


def _batch(tensor: Any) -> Tensor:
    """(B, C, H, W) with three channels where there was one."""
    if isinstance(tensor, list):
        if wrong := [t for t in tensor if not is_tensor(t)]:
            raise ArgumentTypeError(f"make_grid: tensor or list of tensors expected, got a list containing {type(wrong[0]).__name__}")
        tensor = stack(tensor)
    if not is_tensor(tensor):
        raise ArgumentTypeError(f"make_grid: tensor or list of tensors expected, got {type(tensor).__name__}")
    images: Tensor = tensor[(None,) * (4 - tensor.ndim)] if tensor.ndim in (2, 3) else tensor
    if images.ndim != 4:
        raise ArgumentError(f"make_grid: expected images (B, C, H, W), (C, H, W) or (H, W); got {describe(images)}")
    return images.repeat(1, 3, 1, 1) if images.shape[1] == 1 else images


def _normalized(image: Tensor, value_range: tuple[float, float] | None) -> Tensor:
    low, high = value_range or (float(image.min()), float(image.max()))
    return (image.clamp(low, high) - low) / max(high - low, 1e-5)


@no_grad()
def save_image(tensor: Any, fp: Any, format: str | None = None, **kwargs: Any) -> None:
    """`make_grid` of images with values in 0 .. 1, in a file whose name says the format. kwargs: those of `make_grid`."""
    pixels = make_grid(tensor, **kwargs).mul(255).add_(0.5).clamp_(0, 255).permute(1, 2, 0).cpu().to(dtypes.uint8).numpy()
    pillow("save_image").fromarray(np.ascontiguousarray(pixels)).save(os.fspath(fp) if isinstance(fp, os.PathLike) else fp, format=format)


# ---------------------------------------------------------------- drawing
def _check_image(name: str, image: Any, channels: tuple[int, ...]) -> None:
    if not isinstance(image, Tensor):
        raise ArgumentTypeError(f"{name}: Tensor expected, got {type(image).__name__}")
    if image.dtype is not dtypes.uint8 and not image.is_floating_point():
        raise ArgumentError(f"{name}: The image dtype must be uint8 or float, got {image.dtype}")
    if image.ndim != 3:
        raise ArgumentError(f"{name}: Pass individual images, not batches; got {describe(image)}")
    if image.shape[0] not in channels:
        raise ArgumentError(f"{name}: Only {'grayscale and ' * (1 in channels)}RGB images are supported; got {describe(image)}")


def _picture(image: Tensor) -> Any:
    """uint8, or floats in 0 .. 1, (1 or 3, H, W) -> PIL image in RGB."""
    pixels = T.convert_image_dtype(image.detach().cpu(), dtypes.uint8).permute(1, 2, 0).numpy()
    return pillow("drawing").fromarray(np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3))))


def _as_before(picture: Any, image: Tensor) -> Tensor:
    drawn = creation.from_numpy(channels_first(np.array(picture)))
    return T.convert_image_dtype(drawn, image.dtype).to(image.device)


def colours_of(name: str, colors: Any, count: int) -> list[tuple[int, int, int]]:
    """One colour for each of several things: (r, g, b) in 0 .. 255. None gives each another one."""
    if colors is None:
        colors = [tuple(i * step % 255 for step in (2 ** 25 - 1, 2 ** 15 - 1, 2 ** 21 - 1)) for i in range(count)]
    elif isinstance(colors, list):
        if len(colors) < count:
            raise ArgumentError(f"{name}: Number of colors must be equal or larger than the number of objects, but got {len(colors)} < "
                                f"{count}.")
    elif not isinstance(colors, (tuple, str)):
        raise ArgumentError(f"{name}: colors must be a tuple or a string, or a list thereof, but got {describe(colors)}.")
    elif isinstance(colors, tuple) and len(colors) != 3:
        raise ArgumentError(f"{name}: If passed as tuple, colors should be an RGB triplet, but got {colors}.")
    else:
        colors = [colors] * count
    names = pillow("drawing", "ImageColor")
    return [names.getrgb(color) if isinstance(color, str) else tuple(color) for color in colors]


@no_grad()
def draw_bounding_boxes(image: Tensor, boxes: Tensor, labels: list[str | None] | None = None, colors: Colours = None,
                        fill: bool | None = False, width: int = 1, font: str | None = None, font_size: int | None = None,
                        label_colors: Colours = None, label_background_colors: Colours = None, fill_labels: bool = False) -> Tensor:
    """A copy of an image (1 or 3, H, W), uint8 or floats in 0 .. 1, with boxes on it: the same dtype, three channels.

    boxes: (N, 4) x1, y1, x2, y2, or (N, 8) all four corners, of which the first two are joined by a dashed line. labels: a text for each.
    colors: one, or a list: names, "#FF00FF" or (r, g, b); by default each another. fill: boxes filled with their colour, half transparent.
    font: a TrueType file. fill_labels: texts on a ground of `label_background_colors`. Raises ValueError for boxes with x1 > x2.
    """
    name = "draw_bounding_boxes"
    _check_image(name, image, (1, 3))
    n = boxes.shape[0]
    if boxes.shape[-1] == 4 and bool((boxes[:, :2] > boxes[:, 2:]).any()):
        raise ArgumentError(f"{name}: Boxes need to be in (xmin, ymin, xmax, ymax) format. Use torchvision.ops.box_convert to convert them")
    if not n:
        warnings.warn("boxes doesn't contain any box. No box was drawn", stacklevel=2)
        return image
    if labels is not None and len(labels) != n:
        raise ArgumentError(f"{name}: Number of boxes ({n}) and labels ({len(labels)}) mismatch. Please specify labels for each box.")
    inks = colours_of(name, colors, n)
    texts = colours_of(name, label_colors or "black", n) if label_colors or fill_labels else inks
    grounds = colours_of(name, label_background_colors, n) if fill_labels and label_background_colors else inks
    fonts = pillow("drawing", "ImageFont")
    if font is None and font_size is not None:
        warnings.warn("Argument 'font_size' will be ignored since 'font' is not set.", stacklevel=2)
    letters = fonts.load_default() if font is None else fonts.truetype(font, font_size or 10)
    picture = _picture(image)
    pen = pillow("drawing", "ImageDraw").Draw(picture, "RGBA" if fill else None)
    for i, box in enumerate(boxes.long().tolist()):
        inside = (*inks[i], OPACITY) if fill else None
        if len(box) > 4:
            _draw_turned(pen, box, inks[i], inside, width)
        else:
            pen.rectangle(box, fill=inside, outline=inks[i], width=width)
        if labels is not None and (text := labels[i]) is not None:
            at = (box[0] + width + 1, box[1] + width + 1)
            if fill_labels:
                left, top, right, bottom = pen.textbbox(at, text, font=letters)
                pen.rectangle((left - 1, top - 1, right + 1, bottom + 1), fill=grounds[i])
            pen.text(at, text, fill=texts[i], font=letters)
    return _as_before(picture, image)


def _draw_turned(pen: Any, box: list[int], ink: Any, inside: Any, width: int, dash: int = 5) -> None:
    """A box of four corners; its first edge is dashed."""
    corners = list(zip(box[::2], box[1::2], strict=True))
    (x1, y1), (x2, y2) = corners[:2]
    length = math.hypot(x2 - x1, y2 - y1)
    for start in range(0, math.ceil(length), 2 * dash):
        ends = [(x1 + (x2 - x1) * at / length, y1 + (y2 - y1) * at / length) for at in (start, min(start + dash, length))]
        pen.line(ends, fill=ink, width=width)
    for a, b in zip(corners[1:], [*corners[2:], corners[0]], strict=True):
        pen.line((a, b), fill=ink, width=width)
    pen.polygon(box, fill=inside, outline=None, width=0)


@no_grad()
def draw_segmentation_masks(image: Tensor, masks: Tensor, alpha: float = 0.8, colors: Colours = None) -> Tensor:
    """A copy of an image (3, H, W), uint8 or floats in 0 .. 1, with bool masks (N, H, W) or (H, W) in colours; black where several meet.

    alpha: how opaque. colors: as in `draw_bounding_boxes`. Raises ValueError for masks of another size or dtype.
    """
    name = "draw_segmentation_masks"
    _check_image(name, image, (3,))
    masks = masks[None] if masks.ndim == 2 else masks
    if masks.ndim != 3:
        raise ArgumentError(f"{name}: masks must be of shape (H, W) or (batch_size, H, W); got {describe(masks)}")
    if masks.dtype is not dtypes.bool_:
        raise ArgumentError(f"{name}: The masks must be of dtype bool. Got {masks.dtype}")
    if masks.shape[1:] != image.shape[1:]:
        raise ArgumentError(f"{name}: The image and the masks must have the same height and width; got {describe(image)}, "
                            f"{describe(masks)}")
    if not masks.shape[0]:
        warnings.warn("masks doesn't contain any mask. No mask was drawn", stacklevel=2)
        return image
    painted = image.detach().clone()
    scale = 255 if image.is_floating_point() else 1
    for mask, ink in zip(masks, colours_of(name, colors, masks.shape[0]), strict=False):
        painted[:, mask] = creation.tensor([v / scale for v in ink], dtype=image.dtype, device=image.device)[:, None]
    painted[:, masks.sum(0) > 1] = 0
    return (image * (1 - alpha) + painted * alpha).to(image.dtype)


@no_grad()
def draw_keypoints(image: Tensor, keypoints: Tensor, connectivity: list[tuple[int, int]] | None = None, colors: Colour | None = None,
                   radius: int = 2, width: int = 3, visibility: Tensor | None = None) -> Tensor:
    """A copy of an image (3, H, W), uint8 or floats in 0 .. 1, with points (N, K, 2), x and y, of N things on it.

    connectivity: pairs of the K that a line joins. colors: of all points. visibility: (N, K), which are drawn.
    """
    name = "draw_keypoints"
    _check_image(name, image, (3,))
    if keypoints.ndim != 3:
        raise ArgumentError(f"{name}: keypoints must be of shape (num_instances, K, 2); got {describe(keypoints)}")
    seen = creation.ones(keypoints.shape[:2]) if visibility is None else visibility
    seen = seen.squeeze(-1) if seen.ndim == 3 else seen
    if seen.shape != keypoints.shape[:2]:
        raise ArgumentError(f"{name}: visibility must be of shape (num_instances, K), as keypoints are; got {describe(seen)}, "
                            f"{describe(keypoints)}")
    picture = _picture(image)
    pen = pillow("drawing", "ImageDraw").Draw(picture)
    for points, visible in zip(keypoints.long().tolist(), seen.bool().tolist(), strict=True):
        for (x, y), drawn in zip(points, visible, strict=True):
            if drawn:
                pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=colors, outline=None, width=0)
        for a, b in connectivity or ():
            if visible[a] and visible[b]:
                pen.line((tuple(points[a]), tuple(points[b])), width=width)
    return _as_before(picture, image)


# ---------------------------------------------------------------- optical flow
@no_grad()
def flow_to_image(flow: Tensor) -> Tensor:
    """Movements (N, 2, H, W) or (2, H, W), float32, as colours: the hue is the direction, pale is slow. uint8 (N, 3, H, W) or (3, H, W)."""
    if flow.dtype is not dtypes.float32:
        raise ArgumentError(f"flow_to_image: Flow should be of dtype torch.float, got {flow.dtype}.")
    if flow.ndim not in (3, 4) or flow.shape[-3] != 2:
        raise ArgumentError(f"flow_to_image: Input flow should have shape (2, H, W) or (N, 2, H, W), got {flow.shape}.")
    wheel = creation.from_numpy(_wheel()).to(flow.device)
    speed = flow.pow(2).sum(-3).sqrt()
    flow = flow / (speed.max() + dtypes.finfo(flow.dtype).eps)
    x, y = flow.unbind(-3)
    at = ((-y).atan2(-x) / math.pi + 1) / 2 * (wheel.shape[0] - 1)
    low = at.floor().long()
    share = (at - low)[..., None]
    hue = (1 - share) * (wheel[low] / 255.0) + share * (wheel[(low + 1) % wheel.shape[0]] / 255.0)       # (..., H, W, 3)
    colours = 1 - flow.pow(2).sum(-3).sqrt()[..., None] * (1 - hue)
    return (255 * colours).floor().to(dtypes.uint8).movedim(-1, -3)


def _wheel() -> Any:
    """The hues in turn, (55, 3) in 0 .. 255: one channel rises, then another falls."""
    wheel = np.zeros((sum(WHEEL), 3), np.float32)
    start = 0
    for i, steps in enumerate(WHEEL):
        part, ramp = wheel[start:start + steps], np.floor(255 * np.arange(steps) / steps)
        full, moving = ((i + 1) // 2 % 3, (1 - i) % 3)
        part[:, full] = 255
        part[:, moving] = 255 - ramp if i % 2 else ramp
        start += steps
    return wheel
