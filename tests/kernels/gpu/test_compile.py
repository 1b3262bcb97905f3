"""Every kernel's source is compiled for real devices by NVIDIA's own compiler, which needs no GPU."""
from __future__ import annotations

import ctypes
import glob
import sys
from pathlib import Path
from typing import Any

import pytest

from minigrad.kernels.gpu import elementwise, machine

ARCHITECTURES = ["sm_75", "sm_80", "sm_90"]
FILES = sorted(path.stem for path in machine.SOURCE.glob("*.cu"))
TAPS = "typedef unsigned char TAP;\n#define LOWEST ((T)(-1.0f / 0.0f))\n"


def nvrtc() -> Any:
    """NVIDIA's run-time compiler, from its wheel or from an installed toolkit."""
    for folder in [*sys.path, "/usr/local/cuda/lib64"]:
        for found in glob.glob(str(Path(folder, "nvidia", "c*", "lib", "libnvrtc.so.*"))) + glob.glob(str(Path(folder, "libnvrtc.so.*"))):
            return ctypes.CDLL(found)
    pytest.skip("NVRTC is not there: pip install nvidia-cuda-nvrtc")


def compile_for(architecture: str, text: str, label: str) -> bytes:
    """The machine code of a program; what the compiler says is in the error."""
    library, program = nvrtc(), ctypes.c_void_p()
    assert library.nvrtcCreateProgram(ctypes.byref(program), text.encode(), label.encode(), 0, None, None) == 0
    options = [f"--gpu-architecture={architecture}".encode(), b"-std=c++17"]
    failed = library.nvrtcCompileProgram(program, len(options), (ctypes.c_char_p * len(options))(*options))
    if failed:
        size = ctypes.c_size_t()
        library.nvrtcGetProgramLogSize(program, ctypes.byref(size))
        log = ctypes.create_string_buffer(size.value)
        library.nvrtcGetProgramLog(program, log)
        raise AssertionError(log.value.decode())
    size = ctypes.c_size_t()
    assert library.nvrtcGetCUBINSize(program, ctypes.byref(size)) == 0
    code = ctypes.create_string_buffer(size.value)
    assert library.nvrtcGetCUBIN(program, code) == 0
    library.nvrtcDestroyProgram(ctypes.byref(program))
    return code.raw


def before(file: str) -> str:
    return TAPS if file == "pool" else ""


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("file", [file for file in FILES if file != "elementwise"])
def test_compiles(file: str, architecture: str) -> None:
    for char in "efd" if architecture == "sm_80" else "f":
        code = compile_for(architecture, machine.source(file, char, before=before(file)), f"{file}.cu")
        for name in machine.kernels_of(file):
            assert name.encode() in code


@pytest.mark.parametrize("file", ["conv", "pool"])
def test_compiles_for_more_elements_than_32_bits_count(file: str) -> None:
    assert compile_for("sm_80", machine.source(file, "f", True, before(file)), f"{file}.cu")


@pytest.mark.parametrize("char", "ilB")
def test_pooling_compiles_for_integers(char: str) -> None:
    assert compile_for("sm_80", machine.source("pool", char, before="typedef unsigned short TAP;\n#define LOWEST 0\n"), "pool.cu")


@pytest.mark.parametrize("name", sorted(elementwise.formulas()))
def test_elementwise_ops_compile(name: str) -> None:
    text = machine.source("elementwise", "f", before=elementwise.program(name))
    assert compile_for("sm_80", text, "elementwise.cu")


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(AssertionError, match="undefined"):
        compile_for("sm_80", machine.source("gates", "f").replace("erfc(", "erfx("), "gates.cu")
