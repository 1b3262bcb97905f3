"""Fetch a gzip-compressed file from the first mirror that gives what is wanted, and put it in place all at once."""
from __future__ import annotations

import gzip
import hashlib
import http.client
import io
import tarfile
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


def fetch_file(urls: Sequence[str], target: Path, *, md5: str | None, limit: int = 1 << 33, timeout: float = 20.0) -> None:
    """Write to `target` the content of the first of `urls` that has this MD5 (None: any); nothing is fetched where it is there already.

    `timeout` (seconds) is how long a server may stay silent, `limit` (bytes) how much it may send. Raises `DatasetError` with one
    reason per address, or where `target` cannot be written.
    """
    if target.is_file() and (md5 is None or has_md5(target, md5)):
        return
    reasons = []
    for url in urls:
        part = target.with_name(target.name + ".part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            found = _fetch_to(url, part, limit, timeout)
        except (OSError, http.client.HTTPException, ValueError) as error:
            reasons.append(f"{url}: {error or type(error).__name__}")
            part.unlink(missing_ok=True)
            continue
        if md5 is None or found == md5:
            part.replace(target)
            return
        part.unlink()
        reasons.append(f"{url}: content with MD5 {found}, wanted {md5}")
    raise DatasetError(f"download: no address gave {target.name}:\n  " + "\n  ".join(reasons)
                       + f"\nfetch it by hand and put it into {target.parent}")


def _fetch_to(url: str, target: Path, limit: int, timeout: float) -> str:
    """Write what the server sends, piece by piece; its MD5."""
    request = urllib.request.Request(url, headers={"User-Agent": "minigrad"})
    digest, total = hashlib.md5(usedforsecurity=False), 0
    with urllib.request.urlopen(request, timeout=timeout) as reply, open(target, "wb") as file:
        while piece := reply.read(_CHUNK):
            digest.update(piece)
            file.write(piece)
            total += len(piece)
            if total > limit:
                raise ValueError(f"it sends more than {limit:,} bytes")
    return digest.hexdigest()


def has_md5(path: Path, md5: str) -> bool:
    """Whether a file's content is the one that was published."""
    return md5_of(path) == md5


def md5_of(path: Path) -> str:
    """The MD5 of a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def extract_tar(archive: Path, folder: Path) -> None:
    """Unpack a tar file, compressed or not; what would land outside of `folder` is refused."""
    try:
        with tarfile.open(archive) as tar:
            if hasattr(tarfile, "data_filter"):
                tar.extractall(folder, filter="data")
            else:                                    # Python 3.11.0 to 3.11.3
                tar.extractall(folder, _inside(tar, folder))
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{archive}: it cannot be unpacked ({error}); delete the file and fetch it again") from error


def _inside(tar: tarfile.TarFile, folder: Path) -> list[tarfile.TarInfo]:
    """The files and folders of an archive, if all of them stay in `folder`."""
    members = tar.getmembers()
    for member in members:
        if not (member.isfile() or member.isdir()) or not (folder / member.name).resolve().is_relative_to(folder.resolve()):
            raise tarfile.TarError(f"{member.name!r} is a link, a device, or outside of the folder")
    return members
