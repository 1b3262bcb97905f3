"""What transforms do to one part of a sample, whatever its kind: `torchvision.transforms.v2.functional`."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .... import dtypes
from ...._tensor import Tensor
from ....errors import ArgumentTypeError, describe
from ... import tv_tensors
from .. import colour, filters, images, tones
from ..boxes import clamp_bounding_boxes as clamp_bounding_boxes
from ..boxes import clamp_keypoints as clamp_keypoints
from ..boxes import convert_bounding_box_format as convert_bounding_box_format
from ..boxes import sanitize_bounding_boxes as sanitize_bounding_boxes
from ..boxes import sanitize_keypoints as sanitize_keypoints
from ..images import InterpolationMode as InterpolationMode
from ..images import convert_image_dtype as convert_image_dtype
from ..images import pil_to_tensor as pil_to_tensor
from ..images import to_pil_image as to_pil_image
from ..images import to_tensor as to_tensor
from .dispatch import ALL, IMAGES, dispatched, pixels
from .dispatch import is_pure_tensor as is_pure_tensor
from .dispatch import register_kernel as register_kernel
from .moves import affine as affine
from .moves import center_crop as center_crop
from .moves import crop as crop
from .moves import elastic as elastic
from .moves import elastic_transform as elastic_transform
from .moves import five_crop as five_crop
from .moves import get_size as get_size
from .moves import hflip as hflip
from .moves import horizontal_flip as horizontal_flip
from .moves import pad as pad
from .moves import perspective as perspective
from .moves import resize as resize
from .moves import resized_crop as resized_crop
from .moves import rotate as rotate
from .moves import ten_crop as ten_crop
from .moves import vertical_flip as vertical_flip
from .moves import vflip as vflip

adjust_brightness = pixels(colour.adjust_brightness)
adjust_contrast = pixels(colour.adjust_contrast)
adjust_gamma = pixels(tones.adjust_gamma)
adjust_hue = pixels(colour.adjust_hue)
adjust_saturation = pixels(colour.adjust_saturation)
adjust_sharpness = pixels(filters.adjust_sharpness)
autocontrast = pixels(tones.autocontrast)
equalize = pixels(tones.equalize)
gaussian_blur = pixels(filters.gaussian_blur)
gaussian_noise = pixels(filters.gaussian_noise)
grayscale_to_rgb = pixels(colour.grayscale_to_rgb)
invert = pixels(tones.invert)
jpeg = pixels(filters.jpeg)
normalize = pixels(images.normalize)
permute_channels = pixels(tones.permute_channels)
posterize = pixels(tones.posterize)
rgb_to_grayscale = to_grayscale = pixels(colour.rgb_to_grayscale)
solarize = pixels(tones.solarize)
get_dimensions = dispatched(*IMAGES)(images.get_dimensions)
get_num_channels = get_image_num_channels = dispatched(*IMAGES)(images.get_image_num_channels)
get_image_size = dispatched(*IMAGES)(images.get_image_size)


@pixels
def erase(inpt: Any, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Any:
    """An image with the box of size (h, w) at (i, j) overwritten by v."""
    if images.is_pil(inpt):
        return to_pil_image(filters.erase(pil_to_tensor(inpt), i, j, h, w, v), inpt.mode)
    return filters.erase(inpt, i, j, h, w, v, inplace)


@dispatched(*ALL)
def to_dtype(inpt: Any, dtype: dtypes.dtype = dtypes.float32, scale: bool = False) -> Any:
    """Another dtype; with `scale`, an image's floats run from 0 to 1 and its integers to their largest value."""
    if isinstance(inpt, tv_tensors.TVTensor) and not isinstance(inpt, IMAGES):
        return inpt.to(dtype)
    if not isinstance(inpt, Tensor):
        raise ArgumentTypeError(f"to_dtype: takes tensors; got {describe(inpt)}; put ToImage before it")
    return tv_tensors.wrap(convert_image_dtype(inpt, dtype) if scale else inpt.to(dtype), like=inpt)


def to_image(inpt: Any) -> tv_tensors.Image:
    """A PIL image, an ndarray (H, W, C) or (H, W), or a tensor (..., C, H, W) as an `Image`, values unchanged."""
    if isinstance(inpt, np.ndarray):
        inpt = np.atleast_3d(inpt).transpose(2, 0, 1).copy()
    elif not (isinstance(inpt, Tensor) or images.is_pil(inpt)):
        raise ArgumentTypeError(f"to_image: input can either be a Tensor, an ndarray or a PIL image; got {describe(inpt)}")
    return tv_tensors.Image(inpt)


@dispatched(tv_tensors.Video)
def get_num_frames(inpt: Tensor) -> int:
    """The size of the fourth dimension from behind."""
    return int(inpt.shape[-4])


@dispatched(tv_tensors.Video)
def uniform_temporal_subsample(inpt: Tensor, num_samples: int) -> Any:
    """`num_samples` frames (..., T, C, H, W) at even distances, the first and the last among them."""
    frames = np.linspace(0, inpt.shape[-4] - 1, num_samples, dtype=np.float32).astype(np.int64)
    return tv_tensors.wrap(inpt[..., frames, :, :, :], like=inpt)


def fill_for(inpt: Any, fill: Any) -> Any:
    """What `fill` is for this part, where it may be {kind: fill, "others": fill}."""
    return fill.get(type(inpt), fill.get("others")) if isinstance(fill, Mapping) else fill
