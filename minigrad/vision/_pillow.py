"""Pillow, imported when first needed."""
from __future__ import annotations

from typing import Any

from ..errors import missing


def pillow(purpose: str, module: str = "Image") -> Any:
    """PIL's module `Image` (or another one), or an error that says what `purpose` needs."""
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise missing("Pillow", purpose, "examples") from error
    return {"Image": Image, "ImageOps": ImageOps}[module]
