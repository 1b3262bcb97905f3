"""Pillow, imported when first needed, and its images as tensors."""
from __future__ import annotations

import importlib
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import creation
from .._tensor import Tensor
from ..errors import ArgumentTypeError, describe, missing


def pillow(purpose: str, module: str = "Image") -> Any:
    """PIL's module `Image` (or another one), or an error that says what `purpose` needs."""
    try:
        importlib.import_module("PIL")
        return importlib.import_module(f"PIL.{module}")
    except ImportError as error:
        raise missing("Pillow", purpose, "examples") from error


def is_pil(img: Any) -> bool:
    """Whether this is a PIL image; without Pillow loaded nothing is."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(img, module.Image)


def channels_first(pixels: NDArray[Any]) -> NDArray[Any]:
    """(H, W) or (H, W, C) -> contiguous (C, H, W)."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1) if pixels.ndim == 3 else pixels[None])


def pil_to_tensor(pic: Any) -> Tensor:
    """PIL image -> tensor (C, H, W) with the values unchanged; a 16-bit image becomes int32, as there is no uint16."""
    if not is_pil(pic):
        raise ArgumentTypeError(f"pil_to_tensor: pic should be PIL Image; got {describe(pic)}")
    pixels = np.array(pic)
    return creation.from_numpy(channels_first(pixels if pixels.dtype.name != "uint16" else pixels.astype(np.int32)))
