"""The same program gives the same bytes: pictures as text, compared with files.

After a change that is meant: `python -m tests.viz.test_golden` writes the files anew; look at the difference.
"""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from minigrad.backend import NUMPY
from tests.viz.programs import PROGRAMS

GOLDEN = Path(__file__).parent / "golden"
FORMATS = ("dot", "mmd", "txt")
FILES = [(name, format) for name in PROGRAMS for format in FORMATS if (name, format) != ("resnet50", "dot")]     # has lines of resnet.py
compiled = not NUMPY.kernels.__name__.endswith(".reference")      # what a kernel keeps for its backward is part of the picture


@pytest.mark.skipif(not compiled, reason="the files are those of the compiled kernels, which keep other things for backward")
@pytest.mark.parametrize(("name", "format"), FILES)
def test_pictures_are_those_of_the_files(name: str, format: str) -> None:
    assert drawn(name, format) == (GOLDEN / f"{name}.{format}").read_text(encoding="utf-8")


def drawn(name: str, format: str) -> str:
    """A picture, without line numbers in files that are not about pictures."""
    return re.sub(r"resnet\.py:\d+(…\d+)?", "resnet.py", PROGRAMS[name]().pipe(format).decode())


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_second_run_gives_the_same_bytes(name: str) -> None:
    first, second = PROGRAMS[name](), PROGRAMS[name]()
    assert [first.pipe(f) for f in FORMATS] == [second.pipe(f) for f in FORMATS]


if __name__ == "__main__":
    for name, format in FILES:
        (GOLDEN / f"{name}.{format}").write_text(drawn(name, format), encoding="utf-8")
