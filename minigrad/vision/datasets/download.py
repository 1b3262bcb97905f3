"""Fetch a gzip-compressed file from the first mirror that gives what is wanted, and put it in place all at once."""
from __future__ import annotations

import gzip
import hashlib
import http.client
import io
import urllib.request
import zlib
from collections.abc import Sequence
from pathlib import Path

from ...errors import DatasetError
from ...serialization import write_atomically

_CHUNK = 1 << 18                 # bytes per read
_SLACK = 1024                    # bytes by which gzip may make a tiny file longer


def fetch_unzipped(
    urls: Sequence[str], target: Path, *, nbytes: int, sha256: str, timeout: float = 20.0
) -> None:
    """Write to `target` the decompressed content of the first of `urls` that has `nbytes` bytes and this SHA-256.

    `timeout` (seconds) is how long a server may stay silent. Raises `DatasetError` with one reason per address when
    none gives the content, or when `target` cannot be written.
    """
    reasons = []
    for url in urls:
        try:
            content = _unzip(_fetch(url, nbytes + _SLACK, timeout), nbytes)
        except (OSError, EOFError, zlib.error, http.client.HTTPException, ValueError) as error:
            reasons.append(f"{url}: {error or type(error).__name__}")
            continue
        if (got := hashlib.sha256(content).hexdigest()) == sha256:
            return _write(target, content)
        reasons.append(f"{url}: {len(content):,} bytes with SHA-256 {got[:12]}..., wanted {nbytes:,} with {sha256[:12]}...")
    raise DatasetError(
        f"download: no address gave {target.name}:\n  " + "\n  ".join(reasons) +
        f"\nfetch it by hand, compressed (.gz) or not, and put it into {target.parent}"
    )


def _fetch(url: str, limit: int, timeout: float) -> bytes:
    """What the server sends, if that is at most `limit` bytes."""
    request = urllib.request.Request(url, headers={"User-Agent": "minigrad"})
    parts, total = [], 0
    with urllib.request.urlopen(request, timeout=timeout) as reply:
        while piece := reply.read(_CHUNK):
            parts.append(piece)
            total += len(piece)
            if total > limit:
                raise ValueError(f"it sends more than {limit:,} bytes")
    return b"".join(parts)


def _unzip(content: bytes, nbytes: int) -> bytes:
    """Decompress, but never to more than one byte beyond what is wanted."""
    with gzip.open(io.BytesIO(content)) as stream:
        return stream.read(nbytes + 1)


def _write(target: Path, content: bytes) -> None:
    """Put `content` at `target`, in folders made for it."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, content)
    except OSError as error:
        raise DatasetError(
            f"download: {target} cannot be written ({error.strerror or error}); give another root"
        ) from error
