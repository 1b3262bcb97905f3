"""What `importlib.metadata` says of PyTorch while minigrad stands in."""
from __future__ import annotations

from importlib.metadata import Distribution
from pathlib import PurePosixPath
from typing import Any


class StoodIn(Distribution):
    """The metadata of a package that is stood in for: name and version; it has no files."""

    def __init__(self, name: str, version: str) -> None:
        self._text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"

    def read_text(self, filename: str) -> str | None:
        return self._text if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Any:
        return PurePosixPath(path)
