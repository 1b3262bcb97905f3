"""Flickr30k and Flickr8k: pictures with five captions each."""
from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ...errors import DatasetError
from .base import Transform, VisionDataset
from .folder import pil_loader


class Flickr30k(VisionDataset):
    """Pictures in `root`, and `ann_file` with a line "name.jpg#0<tab>sentence" per caption (results_20130124.token, Flickr8k.token.txt).

    Indexing gives `(RGB PIL image, list of sentences)`, by the pictures' sorted names. Raises DatasetError for another line.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        ann_file: str | os.PathLike[str],
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ) -> None:
        super().__init__(root, None, transform, target_transform)
        self.ann_file = os.path.expanduser(ann_file)
        self.annotations: dict[str, list[str]] = {}
        for number, line in enumerate(Path(self.ann_file).read_text(encoding="utf-8").splitlines(), 1):
            name, tab, caption = line.strip().partition("\t")
            if line.strip():
                if not tab:
                    raise DatasetError(f"{self.ann_file}: line {number} is not 'name.jpg#0<tab>sentence'; got {line!r:.80}")
                self.annotations.setdefault(name.rpartition("#")[0], []).append(caption)
        self.ids = sorted(self.annotations)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        name = self.ids[index]
        return self.transformed(pil_loader(os.path.join(self.root or "", name)), self.annotations[name])

    def __len__(self) -> int:
        return len(self.ids)
