"""Freed memory is used again, unless that is not wanted."""
from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")

FAULTS = """
import resource, numpy, minigrad
from minigrad.allocation import keep_freed_memory
for _ in range(3):
    numpy.ones(2_000_000, "f4")
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    numpy.ones(2_000_000, "f4")
print(keep_freed_memory(), resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def run(**environment: str) -> tuple[bool, int]:
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_", "MINIGRAD_"))}
    done = subprocess.run([sys.executable, "-c", FAULTS], env=plain | environment, capture_output=True, text=True, check=True)
    kept, faults = done.stdout.split()
    return kept == "True", int(faults)


def test_a_freed_array_is_used_again() -> None:
    kept, faults = run()
    if not kept:
        pytest.skip("no mallopt in this C library")
    assert faults < 2000                             # ten arrays of 2,000 pages each would be 20,000


def test_what_the_user_says_about_memory_holds() -> None:
    assert not run(MINIGRAD_KEEP_MEMORY="0")[0]
    assert not run(MALLOC_TRIM_THRESHOLD_="131072")[0]
