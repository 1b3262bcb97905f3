"""What minigrad finds on this machine, and what is wrong with it: behind `python -m minigrad doctor`."""
from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterator
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from .. import config
from ..backend import NUMPY
from ..cupy_arrays import count, why_not
from ..kernels.cpu import threads as kernel_threads
from ..threads import get_num_threads

REQUIRED = ("numpy", "scipy", "numba", "llvmlite", "safetensors", "graphviz")

# What each extra adds; `test` and `parity` are for those who work on minigrad.
ADDS = {
    "examples": "the example programs, pictures of learning, graphs as SVG and PNG without Graphviz, images in data sets",
    "cuda": "tensors on a GPU",
    "tensorboard": "utils.tensorboard: SummaryWriter",
    "train": "progress bars, learning curves and the search for hyperparameters",
    "viz": "graphs as SVG, PNG and PDF without Graphviz",
    "onnx": "export to ONNX",
    "test": "what the tests need",
    "dev": "type checker and linter",
    "parity": "comparison with an installed PyTorch",
}

Line = tuple[str, str]


class Findings:
    """What was found: sections of (label, value), and problems, each with its remedy."""

    def __init__(self) -> None:
        self.sections: list[tuple[str, list[Line]]] = []
        self.problems: list[str] = []

    def __str__(self) -> str:
        blocks = []
        for title, lines in self.sections:
            width = max([len(label) for label, _ in lines], default=0)
            blocks.append("\n".join([title, *[f"  {label.ljust(width)}  {value}".rstrip() for label, value in lines]]))
        if self.problems:
            blocks.append("\n".join(["What to look at", *[f"  - {problem}" for problem in self.problems]]))
        else:
            blocks.append("Nothing is wrong.")
        return "\n\n".join(blocks)


def examine() -> Findings:
    """Look at everything. Loads the kernels, and CuPy where it is installed."""
    found = Findings()
    for title, part in (("Versions", versions), ("CPU", cpu), ("Compiled kernels", compiled), ("GPU", gpu), ("Extras", extras),
                        ("Switches", switches)):
        found.sections.append((title, list(part(found.problems))))
    return found


def version_of(name: str) -> str:
    """The version of a distribution; "" where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def versions(problems: list[str]) -> Iterator[Line]:
    """minigrad, Python, and what minigrad stands on."""
    yield "minigrad", f"{version_of('minigrad') or 'not installed: run from its folder'}, {Path(__file__).parents[1]}"
    yield "Python", f"{platform.python_version()} ({platform.python_implementation()}) on {platform.platform()}"
    for name in REQUIRED:
        version = version_of(name)
        if not version:
            problems.append(f"{name} is not installed; pip install {name}")
        yield name, version or "not installed"


def cpu(problems: list[str]) -> Iterator[Line]:
    """The processor, BLAS and threads."""
    yield "processor", f"{processor()}, {kernel_threads.cores()} cores for this process"
    blas: Any = np.show_config(mode="dicts")
    blas = blas["Build Dependencies"]["blas"]
    yield "BLAS of NumPy", f"{blas['name']} {blas['version']}"
    yield "threads", f"{get_num_threads()} at most per kernel and per product of matrices"
    told = {name: value for name in ("MINIGRAD_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
            if (value := os.environ.get(name))}
    if told:
        yield "", ", ".join(f"{name}={value}" for name, value in told.items())
    if get_num_threads() > kernel_threads.cores():
        problems.append(f"more threads ({get_num_threads()}) than cores ({kernel_threads.cores()}): they wait for each other; "
                        "minigrad.set_num_threads(cores)")


def processor() -> str:
    """The processor's name."""
    try:
        found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def compiled(problems: list[str]) -> Iterator[Line]:
    """Which kernels are in use, how wide their vectors are, and where they are kept."""
    kernels: ModuleType = NUMPY.kernels
    if kernels.__name__.endswith(".reference"):
        why = "MINIGRAD_KERNELS=reference" if config.KERNELS == "reference" else \
            "NUMBA_DISABLE_JIT" if find_spec("numba") else "Numba is not installed"
        yield "kernels", f"reference: NumPy, slow ({why})"
        if config.KERNELS != "reference":
            problems.append(f"convolutions and much else run on the slow reference kernels: {why}; pip install numba, or unset the switch")
        return
    from ..kernels.cpu import cache, vectors
    yield "kernels", "compiled for this CPU by Numba"
    yield "vectors", f"{vectors.BITS} bits: {vectors.BITS // 32} float32 at a time"
    folder = cache.folder()
    files = [f for f in folder.iterdir() if f.is_file()] if folder.is_dir() else []
    size = sum(f.stat().st_size for f in files) / 2 ** 20
    yield "kept in", f"{folder}: {len(files)} files, {size:.1f} MB"
    if not can_write(folder):
        problems.append(f"compiled kernels cannot be kept in {folder}, so each process compiles them again; set MINIGRAD_CACHE to a folder "
                        "that can be written")
    elif not files:
        yield "", "none yet: the first use of each compiles it; python -m minigrad warmup does it ahead"


def can_write(folder: Path) -> bool:
    """True where a folder can be written, or made."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK)


def gpu(problems: list[str]) -> Iterator[Line]:
    """CuPy and the GPUs that it sees, or what is missing."""
    if reason := why_not():
        yield "CUDA", f"tensors live on the CPU: {reason}"
        if find_spec("cupy") is not None:            # who installed it wants it
            problems.append(f"CuPy is installed, and no GPU can be used: {reason}")
        return
    cupy: Any = import_module("cupy")
    yield "CuPy", f"{cupy.__version__}, CUDA {cupy.cuda.runtime.runtimeGetVersion()}"
    for i in range(count()):
        properties = cupy.cuda.runtime.getDeviceProperties(i)
        yield f"cuda:{i}", f"{properties['name'].decode()}, {properties['totalGlobalMem'] / 2 ** 30:.0f} GB"


def extras(problems: list[str]) -> Iterator[Line]:
    """Each extra: there, or what it would add and what is missing for it."""
    for extra, needs in sorted(extra_requirements().items()):
        lacking = [name for name in needs if not version_of(name)]
        adds = ADDS.get(extra, ", ".join(needs))
        yield extra, f"{adds}: " + (f"lacks {', '.join(lacking)}; pip install 'minigrad[{extra}]'" if lacking else "installed")


def extra_requirements() -> dict[str, list[str]]:
    """Extra -> the distributions that it names."""
    try:
        lines = metadata.requires("minigrad") or []
    except metadata.PackageNotFoundError:
        return {}
    found: dict[str, list[str]] = {}
    for line in lines:
        if match := re.match(r"""([\w.-]+).*extra == ['"]([\w-]+)['"]""", line):
            found.setdefault(match[2], []).append(match[1])
    return found


def switches(problems: list[str]) -> Iterator[Line]:
    """The environment's MINIGRAD_* variables."""
    told = sorted(name for name in os.environ if name.startswith("MINIGRAD_"))
    for name in told:
        yield name, os.environ[name]
    if not told:
        yield "", "no MINIGRAD_* variable is set"
    if config.DEBUG:
        problems.append(f"MINIGRAD_DEBUG={config.DEBUG} watches every op, which is slow; unset it when you are done")
    if sys.flags.optimize:
        problems.append("Python runs with -O: assertions that guard minigrad's own mistakes are off")
