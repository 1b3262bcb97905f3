"""Pillow, imported when first needed."""
from __future__ import annotations

import importlib
from typing import Any

from ..errors import missing


def pillow(purpose: str, module: str = "Image") -> Any:
    """PIL's module `Image` (or another one), or an error that says what `purpose` needs."""
    try:
        importlib.import_module("PIL")
        return importlib.import_module(f"PIL.{module}")
    except ImportError as error:
        raise missing("Pillow", purpose, "examples") from error
