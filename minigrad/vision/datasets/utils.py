"""torchvision's helpers for data sets of one's own: fetch files, compare their MD5, unpack archives."""
from __future__ import annotations

import gzip
import os
import shutil
import zipfile
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from ...errors import ArgumentError, DatasetError
from .download import extract_tar, fetch_file, md5_of

Location = str | os.PathLike[str]


def calculate_md5(fpath: Location, chunk_size: int = 1 << 20) -> str:
    """The MD5 of a file, as hexadecimal digits."""
    return md5_of(Path(fpath))


def check_md5(fpath: Location, md5: str) -> bool:
    """Whether a file has this MD5."""
    return md5 == calculate_md5(fpath)


def check_integrity(fpath: Location, md5: str | None = None) -> bool:
    """Whether a file is there, and has this MD5."""
    return os.path.isfile(fpath) and (md5 is None or check_md5(fpath, md5))


def download_url(url: str, root: Location, filename: Location | None = None, md5: str | None = None, max_redirect_hops: int = 3) -> None:
    """Fetch a file into the folder `root`, under its own name or another, unless it is there already and has this MD5.

    Raises DatasetError (a RuntimeError) where it cannot be had, or has another MD5.
    """
    target = Path(root).expanduser() / (filename or PurePosixPath(unquote(urlsplit(url).path)).name)
    fetch_file([url], target, md5=md5)


def extract_archive(from_path: Location, to_path: Location | None = None, remove_finished: bool = False) -> Location:
    """Unpack a .zip, a .tar, compressed or not, or a .gz; where to, by default beside it.

    Raises ValueError for another ending, DatasetError for a broken archive.
    """
    source = Path(from_path)
    target = Path(to_path) if to_path is not None else source.parent
    endings = source.suffixes[-2:]
    if source.suffix in (".tgz", ".tbz2", ".tbz", ".txz") or ".tar" in endings:
        extract_tar(source, target)
    elif source.suffix == ".zip":
        try:
            with zipfile.ZipFile(source) as packed:
                packed.extractall(target)
        except zipfile.BadZipFile as error:
            raise DatasetError(f"{source}: it cannot be unpacked ({error}); delete the file and fetch it again") from error
    elif source.suffix == ".gz":
        target = Path(to_path) if to_path is not None else source.with_suffix("")
        with gzip.open(source) as packed_file, open(target, "wb") as file:
            shutil.copyfileobj(packed_file, file)
    else:
        raise ArgumentError(f"extract_archive: the file must end in .zip, .gz, .tar, .tar.gz, .tar.bz2, .tar.xz or .tgz; got {source}")
    if remove_finished:
        source.unlink()
    return to_path if to_path is not None else str(target)


def download_and_extract_archive(
    url: str, download_root: Location, extract_root: Location | None = None, filename: Location | None = None, md5: str | None = None,
    remove_finished: bool = False,
) -> None:
    """`download_url` and `extract_archive`, into `extract_root` or beside the archive."""
    folder = Path(download_root).expanduser()
    name = filename or PurePosixPath(unquote(urlsplit(url).path)).name
    download_url(url, folder, name, md5)
    extract_archive(folder / name, extract_root if extract_root is not None else folder, remove_finished)
