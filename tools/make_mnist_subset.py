"""Make minigrad's bundled MNIST subset from the full set, or check that it is what this script makes.

    python tools/make_mnist_subset.py FOLDER            # FOLDER holds the four IDX files, plain or .gz
    python tools/make_mnist_subset.py FOLDER --check    # writes nothing; exit status 1 if the bundled file differs

The subset is the first 600 training images and the first 100 test images of each digit, kept in the order of the full
set. It is stored as four IDX files one after the other (train images, train labels, test images, test labels) in one
.xz stream. The content is the same bit for bit on every machine; the compressed bytes are so with the same liblzma.
"""
from __future__ import annotations

import argparse
import hashlib
import lzma
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from minigrad.vision.datasets.idx import idx_bytes  # noqa: E402
from minigrad.vision.datasets.mnist import SUBSET_FILE, mnist_arrays  # noqa: E402

PER_DIGIT = {True: 600, False: 100}          # train? -> images per digit
TARGET = ROOT / "minigrad" / "vision" / "datasets" / SUBSET_FILE
# lc=4, lp=0, pb=0: one byte tells much of the next, its position little. Smallest of zlib, bz2 and LZMA's settings.
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 4, "lp": 0, "pb": 0}]


def first_of_each_digit(labels: NDArray[np.int64], count: int) -> NDArray[np.intp]:
    """Positions of the first `count` images of every digit, in rising order."""
    return np.sort(np.concatenate([np.flatnonzero(labels == digit)[:count] for digit in range(10)]))


def subset_content(folder: Path) -> bytes:
    """The uncompressed content of the bundled file."""
    content = b""
    for train, count in PER_DIGIT.items():
        images, labels, _ = mnist_arrays(folder, train)
        chosen = first_of_each_digit(labels, count)
        content += idx_bytes(images[chosen]) + idx_bytes(labels[chosen].astype(np.uint8))
    return content


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    content = subset_content(options.folder)
    packed = lzma.compress(content, format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, filters=FILTERS)
    if not options.check:
        TARGET.write_bytes(packed)
    bundled = TARGET.read_bytes()
    same, same_bytes = lzma.decompress(bundled) == content, bundled == packed
    print(f"{TARGET.name}: {len(bundled):,} bytes, content SHA-256 {hashlib.sha256(content).hexdigest()}")
    print(f"content {'equal' if same else 'DIFFERENT'}, compressed bytes {'equal' if same_bytes else 'different'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
