"""`torch.hub`: files of weights by their address, kept in a folder, and models from a folder with a `hubconf.py`.

Files are fetched over the network when they are not in the folder yet. Repositories are not: their code is run, so it is you who puts it on
this machine, with git, and names its folder.
"""
from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import sys
import tempfile
import urllib.request
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlparse

from .errors import ArgumentError, ChecksumError, DownloadError, MissingDependencyError, RefusedArgumentError, UnsupportedError
from .serialization import load as load_file

HASH = re.compile(r"-([a-f0-9]*)\.")                 # resnet18-f37072fd.pth: what its SHA-256 begins with
CHUNK = 1 << 18                                      # bytes per read
_folder: str | None = None


def get_dir() -> str:
    """Where files are kept: what `set_dir` said, else $TORCH_HOME/hub, else $XDG_CACHE_HOME/torch/hub, else ~/.cache/torch/hub."""
    if _folder is not None:
        return _folder
    home = os.environ.get("TORCH_HOME", os.path.join(os.environ.get("XDG_CACHE_HOME", "~/.cache"), "torch"))
    return os.path.join(os.path.expanduser(home), "hub")


def set_dir(d: str | os.PathLike[str]) -> None:
    """Keep files in this folder."""
    global _folder
    _folder = os.path.expanduser(d)


# ---------------------------------------------------------------- files
def download_url_to_file(url: str, dst: str | os.PathLike[str], hash_prefix: str | None = None, progress: bool = True) -> None:
    """Fetch an address into a file, which appears when it is complete and right.

    hash_prefix: what the SHA-256 of the content must begin with. progress: show how much is there, on stderr.
    Raises ChecksumError (a RuntimeError) for another content, DownloadError (an OSError) for an address that gives none.
    """
    target = Path(dst).expanduser()
    digest, done = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=target.name + ".", suffix=".partial", delete=False) as file:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers={"User-Agent": "minigrad"}), timeout=20) as reply:
                size = int(reply.headers.get("Content-Length") or 0)
                while piece := reply.read(CHUNK):
                    file.write(piece)
                    digest.update(piece)
                    done += len(piece)
                    if progress:
                        of = f" of {size / 1e6:.1f}" if size else ""
                        print(f"\r{target.name}: {done / 1e6:.1f}{of} MB", end="", file=sys.stderr, flush=True)
            if progress:
                print(file=sys.stderr)
            file.close()
            found = digest.hexdigest()
            if hash_prefix is not None and not found.startswith(hash_prefix):
                raise ChecksumError(f'download_url_to_file: invalid hash value (expected "{hash_prefix}", got "{found}"): {url} gave '
                                    "something else, or the transfer was broken; nothing is kept")
            shutil.move(file.name, target)
        except (OSError, ValueError) as error:
            if isinstance(error, ChecksumError):
                raise
            raise DownloadError(f"download_url_to_file: {url} cannot be fetched: {error}; without a network, put the file at {target} "
                                "yourself") from error
        finally:
            Path(file.name).unlink(missing_ok=True)


def load_state_dict_from_url(url: str, model_dir: str | None = None, map_location: Any = None, progress: bool = True,
                             check_hash: bool = False, file_name: str | None = None, weights_only: bool = False) -> Any:
    """What is in a file of weights: from `model_dir` (by default checkpoints/ in `get_dir()`), or fetched into it first.

    check_hash: the file name holds what the SHA-256 of the file begins with, name-<hash>.pth, and it must be true of what is fetched.
    Files are read by `minigrad.load`, which runs no code, whatever `weights_only` says.
    """
    folder = model_dir or os.path.join(get_dir(), "checkpoints")
    os.makedirs(folder, exist_ok=True)
    name = file_name or os.path.basename(urlparse(url).path)
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        found = HASH.search(name) if check_hash else None
        print(f'Downloading: "{url}" to {path}', file=sys.stderr)
        download_url_to_file(url, path, found.group(1) if found else None, progress)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) == 1 and not names[0].endswith("data.pkl"):    # a checkpoint in a zip file
                path = archive.extract(names[0], folder)
    return load_file(path, map_location)


# ---------------------------------------------------------------- models
def load(repo_or_dir: str, model: str, *args: Any, source: str = "github", trust_repo: Any = "check", force_reload: bool = False,
         verbose: bool = True, skip_validation: bool = False, **kwargs: Any) -> Any:
    """Call the function `model` of a folder's hubconf.py: `load(folder, "resnet18", source="local", pretrained=True)`.

    Raises UnsupportedError for source="github": code is not fetched; clone the repository and name its folder.
    """
    return _entry(_hubconf(repo_or_dir, source), model)(*args, **kwargs)


def list(github: str, force_reload: bool = False, skip_validation: bool = False, trust_repo: Any = "check", verbose: bool = True, *,
         source: str | None = None) -> Any:
    """The names of the models in a folder's hubconf.py."""
    hubconf = _hubconf(github, source or _guess(github))
    return [name for name, value in vars(hubconf).items() if callable(value) and not name.startswith("_")]


def help(github: str, model: str, force_reload: bool = False, skip_validation: bool = False, trust_repo: Any = "check", *,
         source: str | None = None) -> str | None:
    """The docstring of a model in a folder's hubconf.py."""
    doc: str | None = _entry(_hubconf(github, source or _guess(github)), model).__doc__
    return doc


def _guess(where: str) -> str:
    return "local" if os.path.isdir(where) else "github"


def _hubconf(where: str, source: str) -> ModuleType:
    if source not in ("github", "local"):
        raise ArgumentError(f'hub.load: Unknown source: "{source}". Allowed values: "github" | "local".')
    if source == "github":
        raise UnsupportedError(f"hub.load: repositories are not fetched, as their code would run; git clone https://github.com/{where} and "
                               'say load(folder, model, source="local")')
    folder = os.path.abspath(os.path.expanduser(where))
    path = os.path.join(folder, "hubconf.py")
    spec = importlib.util.spec_from_file_location("hubconf", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)              # FileNotFoundError names the file
    finally:
        sys.path.remove(folder)
    missing = [name for name in getattr(module, "dependencies", ()) if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingDependencyError(f"hub.load: {path} needs {', '.join(missing)}, not installed; pip install {' '.join(missing)}")
    return module


def _entry(hubconf: ModuleType, model: str) -> Any:
    if not isinstance(model, str):
        raise ArgumentError(f"hub.load: Invalid input: model should be a string of function name; got {model!r}")
    found = getattr(hubconf, model, None)
    if not callable(found):
        names = [name for name, value in vars(hubconf).items() if callable(value) and not name.startswith("_")]
        raise RefusedArgumentError(f"hub.load: Cannot find callable {model} in hubconf; it has {', '.join(names) or 'none'}")
    return found
