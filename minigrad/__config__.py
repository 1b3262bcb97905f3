"""`torch.__config__`: what computes here, in words for a bug report."""
from __future__ import annotations

import platform

import numpy as np

from .backend import NUMPY
from .threads import get_num_threads


def show() -> str:
    """Python, NumPy with its BLAS, and the kernels in use, one a line."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    lines = [f"Python {platform.python_version()} on {platform.machine()}",
             f"NumPy {np.__version__}, BLAS {blas['name']} {blas['version']}", f"kernels: {NUMPY.kernels.__name__}"]
    return "minigrad computes with:\n" + "".join(f"  - {line}\n" for line in lines)


def parallel_info() -> str:
    """How many threads the CPU kernels use."""
    return f"minigrad's CPU kernels use up to {get_num_threads()} threads\n"
