"""Check a built wheel: pure Python, every module typed, under 1.25 MB of code as it is downloaded, bundled data and its notice inside.

    python tools/check_wheel.py dist/minigrad-*.whl
"""
from __future__ import annotations

import sys
import zipfile

CODE_LIMIT = 1_250_000                               # bytes, compressed as they lie in the wheel (docs/decisions/0013)
NEEDED = ("minigrad/py.typed", "minigrad/__init__.py", "minigrad/vision/datasets/", "minigrad/viz/page.html")


def problems(path: str) -> list[str]:
    found = []
    if not path.endswith("-py3-none-any.whl"):
        found.append(f"{path} is not a pure py3-none-any wheel")
    with zipfile.ZipFile(path) as wheel:
        modules = [info for info in wheel.infolist() if info.filename.endswith(".py")]
        code = sum(info.compress_size for info in modules)
        names = wheel.namelist()
    print(f"{path}: {len(names)} files, {code / 1e3:.0f} kB of code, {sum(info.file_size for info in modules) / 1e3:.0f} kB unpacked")
    if code > CODE_LIMIT:
        found.append(f"{code:,} bytes of code; the limit is {CODE_LIMIT:,}")
    found += [f"{name} is missing" for name in NEEDED if not any(n.startswith(name) for n in names)]
    found += [f"{name} does not belong into a wheel" for name in names if name.endswith((".nbi", ".nbc", ".so", ".pyc"))]
    if not any("NOTICE" in name for name in names):
        found.append("the notice of the bundled MNIST images is missing")
    return found


if __name__ == "__main__":
    wrong = problems(sys.argv[1])
    print("\n".join(wrong))
    sys.exit(bool(wrong))
