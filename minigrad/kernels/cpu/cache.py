"""Compiled kernels on disk: one file each, named after everything that its machine code depends on.

That is the text of the kernel's file and of all that it imports from this package; the constants in capitals in these
(another file, a switch or the CPU may decide them) and in closures; the types of the arguments; the versions of Python, NumPy,
Numba and LLVM; how Numba is told to compile; the CPU. So nothing stale is ever loaded, and what a kernel is put together
from may stand in other files than the kernel. Processes may write at the same time.
"""
from __future__ import annotations

import hashlib
import os
import pickle
import re
import sys
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core import caching, compiler, serialize, sigutils

from ... import config

MOST = 1024                           # files to keep; those that were not loaded for longest go first
COMPILER = "OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "BOUNDSCHECK", "DEBUGINFO_DEFAULT"
IMPORT = re.compile(r"^[ \t]*from (\.*)([\w.]*) import ([^(\n]*)", re.MULTILINE)
HERE = Path(__file__).parent

tally = {"loaded": 0, "compiled": 0, "lost": 0}             # kernels of this process; lost: compiled, and could not be kept
_told: set[str] = set()


class Kept(caching.NullCache):
    """What Numba asks for the machine code of one kernel, and hands it to."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The kernel compiled for arguments of these types; None where there is none."""
        target_context.refresh()
        try:
            path = folder() / name_of(self.function, sig, target_context.codegen())
            content = path.read_bytes()
        except (OSError, RuntimeError):
            return None
        digest, data = content[:32], content[32:]
        if hashlib.sha256(data).digest() != digest:          # cut short: a full disk, a machine that went down
            return None
        try:
            os.utime(path)                                   # it was used today
        except OSError:
            pass                                             # in a folder that cannot be written nothing is removed either
        tally["loaded"] += 1
        return compiler.CompileResult._rebuild(target_context, *pickle.loads(data))   # type: ignore[no-untyped-call]

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled, if that can be."""
        tally["compiled"] += 1
        if data.library.has_dynamic_globals:                 # addresses of this process
            return
        content = serialize.dumps(data._reduce())     # type: ignore[no-untyped-call]
        try:
            path = folder() / name_of(self.function, sig, data.codegen)
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, hashlib.sha256(content).digest() + content)
            remove_old(path.parent)
        except (OSError, RuntimeError) as error:             # RuntimeError: nobody knows a home folder
            tally["lost"] += 1
            tell(f"compiled kernels cannot be kept ({error}), so each process compiles them again; "
                 "set NUMBA_CACHE_DIR or MINIGRAD_CACHE to a folder that can be written")


def folder() -> Path:
    """Where compiled kernels lie: where Numba is told to keep them, or with everything else that minigrad keeps."""
    told = numba.config.CACHE_DIR                            # type: ignore[attr-defined]
    return (Path(told) / "minigrad" if told else config.cache_dir()) / "kernels"


def name_of(function: Any, sig: Any, codegen: Any) -> str:
    """The file of a kernel compiled for these types: its name and a digest of all that it depends on."""
    kinds, _ = sigutils.normalize_signature(sig)             # type: ignore[no-untyped-call]
    key = [*kinds, codegen.magic_tuple(), *surroundings(), function.__code__.co_firstlineno, *values_in(function),
           *constants(function.__globals__)]
    for file in files_behind(Path(function.__code__.co_filename)):
        key += file.name, digest_of(file)
        module = sys.modules.get(f"{__package__}.{file.stem}") if file.parent == HERE else None
        key += constants(vars(module)) if module else []
    return f"{Path(function.__code__.co_filename).stem}.{function.__name__}-{hashlib.sha256(repr(key).encode()).hexdigest()[:40]}"


@cache
def surroundings() -> list[Any]:
    """Versions, and how Numba compiles."""
    return [sys.implementation.cache_tag, np.__version__, numba.__version__, llvmlite.__version__,
            *(getattr(numba.config, name, None) for name in COMPILER)]


@cache
def files_behind(path: Path) -> list[Path]:
    """A file, and all files of this package that it imports, directly or not."""
    found, todo = set(), [path]
    while todo:
        file = todo.pop()
        if file not in found:
            found.add(file)
            for dots, module, names in IMPORT.findall(file.read_text(encoding="utf-8")):
                base = (file.parents[len(dots) - 1] if dots else HERE.parents[2]).joinpath(*filter(None, module.split(".")))
                others = [base.with_suffix(".py"), *(base / f"{name}.py" for name in re.findall(r"\w+", names))]
                todo += [other for other in others if other.parent == HERE and other.is_file()]
    return sorted(found)


@cache
def digest_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def values_in(function: Any) -> Iterator[str]:
    """Names of a function and of the functions in its closure, and what else their closures hold."""
    function = getattr(function, "py_func", None) or getattr(function, "__wrapped__", function)
    if isinstance(function, FunctionType):
        yield f"{function.__module__}.{function.__qualname__}"
        for cell in function.__closure__ or ():
            yield from [repr(cell.cell_contents)] if plain(cell.cell_contents) else values_in(cell.cell_contents)


def constants(names: dict[str, Any]) -> list[str]:
    """What names in capitals stand for."""
    return [f"{name}={value!r}" for name, value in sorted(names.items()) if name.isupper() and plain(value)]


def plain(value: Any) -> bool:
    """A number, a word, a type, or a tuple of such."""
    if isinstance(value, tuple):
        return all(map(plain, value))
    return isinstance(value, (bool, int, float, complex, str, bytes, np.generic, np.dtype, type, type(None)))


def write(path: Path, content: bytes) -> None:
    """All or nothing: another process never sees half of a file."""
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        draft.write_bytes(content)
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


@cache                                                       # once per process
def remove_old(where: Path) -> None:
    """Remove what was not used for longest, where there is too much."""
    ages = []
    for file in where.iterdir():
        try:
            ages.append((file.stat().st_mtime, file))
        except OSError:                                      # another process removes, too
            pass
    for _, file in sorted(ages)[:-MOST]:
        file.unlink(missing_ok=True)


def tell(message: str) -> None:
    """One line on stderr, once per process."""
    if message not in _told:
        _told.add(message)
        print(f"minigrad: {message}", file=sys.stderr)
