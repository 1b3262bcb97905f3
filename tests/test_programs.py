"""Whole programs that say `import torch`: unchanged they print under minigrad what they print under PyTorch.

What PyTorch prints is kept in `programs/expected`; `python -m tests.test_programs` writes it anew, and needs PyTorch.
"""
from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad.vision.datasets.idx import idx_bytes

FOLDER = Path(__file__).parent / "programs"
EXPECTED = FOLDER / "expected"
PROGRAMS = sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))
LACKING: dict[str, str] = {}                         # program: what minigrad has not yet
NUMBER = re.compile(r"[-+]?\b\d+(?:\.\d*)?(?:e[-+]?\d+)?\b")

# Prints {program: what it printed, or how it failed}. One process for all programs: imports take longer than they do.
BY_MINIGRAD = """
import minigrad
minigrad.as_torch()
"""
BY_TORCH = """
import torch
torch.set_num_threads(1)
try:
    import torchvision
except ModuleNotFoundError:
    pass
except RuntimeError:                     # its compiled part, made for GPUs, does not load; then it wants two ops declared
    library = torch.library.Library("torchvision", "FRAGMENT")
    for op in ("nms", "qnms"):
        library.define(op + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
"""
RUN_ALL = """
import contextlib, io, json, runpy, sys, traceback
printed = {}
for path, arguments in json.loads(sys.argv[1]).items():
    sys.argv, out = [path, *arguments], io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            runpy.run_path(path, run_name="__main__")
        except Exception:
            traceback.print_exc(file=out)
    printed[path] = out.getvalue()
print(json.dumps(printed))
"""


def write_digits(folder: Path) -> None:
    """A data set in MNIST's files: 64 + 32 blurry strokes whose angle is the class."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    rows, columns = np.mgrid[-14:14, -14:14] / 14
    for split, n in (("train", 64), ("t10k", 32)):
        labels = (np.arange(n) * 7 % 10).astype(np.uint8)
        angles = labels * np.pi / 10 + 0.05 * np.sin(np.arange(n))
        off_stroke = rows * np.cos(angles)[:, None, None] + columns * np.sin(angles)[:, None, None]
        images = (255 * np.exp(-20 * off_stroke ** 2)).astype(np.uint8)
        (raw / f"{split}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        (raw / f"{split}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("digits")
    write_digits(folder)
    return folder


def arguments(program: str, data: Path) -> list[str]:
    return ["--data", str(data)] if program == "mnist_convnet" else []


def outcome(*command: str) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MINIGRAD_VERIFY_DATA": "0"}    # the digits are our own
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_all(under: str, programs: list[str], data: Path) -> dict[str, str]:
    """What each program prints; `under`: how the process begins."""
    jobs = {str(FOLDER / f"{program}.py"): arguments(program, data) for program in programs}
    printed = json.loads(outcome("-c", under + RUN_ALL, json.dumps(jobs)))
    return {Path(path).stem: text for path, text in printed.items()}


@pytest.fixture(scope="module")
def by_minigrad(data: Path) -> dict[str, str]:
    return run_all(BY_MINIGRAD, PROGRAMS, data)


def expected(program: str) -> str:
    return (EXPECTED / f"{program}.txt").read_text(encoding="utf-8")


def assert_same(got: str, wanted: str) -> None:
    """Line by line the same words and whole numbers, and floats that are close: sums are added up in another order."""
    for got_line, wanted_line in zip(got.splitlines(), wanted.splitlines(), strict=False):
        assert NUMBER.sub("#", got_line).split() == NUMBER.sub("#", wanted_line).split(), got
        for mine, theirs in zip(NUMBER.findall(got_line), NUMBER.findall(wanted_line), strict=True):
            exact = "." not in theirs and "e" not in theirs
            assert float(mine) == pytest.approx(float(theirs), rel=0 if exact else 1e-3, abs=0 if exact else 3e-4), \
                f"{got_line!r} is not {wanted_line!r}"
    assert len(got.splitlines()) == len(wanted.splitlines())


@pytest.mark.parametrize("program", [
    pytest.param(program, marks=pytest.mark.xfail(strict=True, reason=f"minigrad lacks {LACKING[program]}") if program in LACKING else ())
    for program in PROGRAMS])
def test_minigrad_prints_what_pytorch_prints(program: str, by_minigrad: dict[str, str]) -> None:
    assert_same(by_minigrad[program], expected(program))


def test_a_program_with_arguments_from_the_command_line(data: Path) -> None:
    program = FOLDER / "mnist_convnet.py"
    printed = outcome("-m", "minigrad", "run", str(program), *arguments("mnist_convnet", data), "--epochs", "1")
    wanted = expected("mnist_convnet")
    assert_same(printed, wanted[:wanted.index("Train Epoch: 2")])


def uses_portable_stream(torch: Any) -> bool:
    """False on Intel CPUs, where PyTorch draws dropout masks and multinomials from MKL's stream."""
    masks = []
    for library in (torch, minigrad):
        library.manual_seed(1)
        masks.append(library.nn.functional.dropout(library.ones(64)).tolist())
    return masks[0] == masks[1]


def naming(words: str) -> set[str]:
    """The programs with one of these words."""
    return {program for program in PROGRAMS if re.search(words, (FOLDER / f"{program}.py").read_text(encoding="utf-8"), re.I)}


@pytest.mark.slow
def test_what_is_expected_is_what_pytorch_prints(data: Path) -> None:
    torch = pytest.importorskip("torch")
    left_out = set() if find_spec("torchvision") else naming("import torchvision|from torchvision")
    if not uses_portable_stream(torch):
        left_out |= naming("dropout|multinomial|categorical")
    programs = [program for program in PROGRAMS if program not in left_out]
    printed = run_all(BY_TORCH, programs, data)
    for program in programs:
        assert_same(printed[program], expected(program))


def test_a_difference_is_seen() -> None:
    assert_same("loss 0.50001 at 3", "loss 0.5 at 3")
    for got, wanted in (("loss 0.51", "loss 0.5"), ("at 3", "at 4"), ("loss 0.5", "lost 0.5"), ("a", "a\nb"), ("a\nb", "a")):
        with pytest.raises(AssertionError):
            assert_same(got, wanted)


if __name__ == "__main__":
    import tempfile
    with tempfile.TemporaryDirectory() as folder:
        write_digits(Path(folder))
        EXPECTED.mkdir(exist_ok=True)
        for name, text in run_all(BY_TORCH, PROGRAMS, Path(folder)).items():
            assert "Traceback" not in text, text
            (EXPECTED / f"{name}.txt").write_text(text, encoding="utf-8")
