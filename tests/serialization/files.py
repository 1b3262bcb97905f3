"""Files as bytes, written by PyTorch and by us, and read back."""
from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import minigrad as mg


def theirs(value: Any, **options: Any) -> bytes:
    import torch
    file = io.BytesIO()
    torch.save(value, file, **options)
    return file.getvalue()


def torch_load(data: bytes) -> Any:
    import torch
    return torch.load(io.BytesIO(data), weights_only=True)


def ours(value: Any, format: str = "torch") -> bytes:
    file = io.BytesIO()
    mg.save(value, file, format=format)
    return file.getvalue()


def load(data: bytes) -> Any:
    return mg.load(io.BytesIO(data))


def rewritten(data: bytes, changes: dict[str, Callable[[bytes], bytes | None]], **options: Any) -> bytes:
    """The same archive with some records changed, or left out (None)."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", **options) as new:
        for name in old.namelist():
            record = changes.get(name.partition("/")[2], lambda b: b)(old.read(name))
            if record is not None:
                new.writestr(name, record)
    return file.getvalue()
